"""The path of a request: split at slashes, then decoded, once and before anything looks at it.

The problem: a path has many spellings. If one reader compares raw text and another decodes it, two
of them disagree on what a request means: a rule that holds for `/__admin` does not hold for
`/%5F_admin`, and an id with an escaped slash becomes two segments. The choice: one place splits and
decodes, and routes, worlds and names are compared by what it returns. Hence `%2F` never separates.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)
_SAFE = "!$&'()*+,;=:@~{}"  # what stands in a segment as it is; braces for our templates


class Path(NamedTuple):
    """What the path of a request means.

    Attributes:
        segments: decoded; empty ones do not count, as in a base URL that ends with a slash.
        ends_in_slash: which no template does.
        problem: what cannot be decoded, for people; empty: all can. Such a segment is left as it
            was sent, and equals no name.
    """

    segments: tuple[str, ...]
    ends_in_slash: bool = False
    problem: str = ""

    @property
    def world(self) -> str | None:
        """The world that the path names in front of another path, None if it names none."""
        return self.segments[1] if self._in_world else None

    @property
    def in_world(self) -> tuple[str, ...]:
        """The segments without the world's prefix."""
        return self.segments[2:] if self._in_world else self.segments

    @property
    def _in_world(self) -> bool:
        return len(self.segments) > 2 and self.segments[0] == "w"

    @property
    def text(self) -> str:
        """The path without the world, in the one spelling in which the journal has it."""
        segments = [_encoded(segment) for segment in self.in_world]
        return "/".join(["", *segments, *[""] * (self.ends_in_slash or not segments)])


def path_of(target: str) -> Path:
    """Return the path in the target of a request: its path and query, or a whole URL."""
    raw = target.partition("?")[0]
    if not raw.startswith("/") and "://" in raw:  # a whole URL, as proxies are asked
        raw = "/" + raw.partition("://")[2].partition("/")[2]
    segments = [segment for segment in raw.split("/") if segment]
    problem = ""
    if "%" in raw or not raw.isascii():
        for index, segment in enumerate(segments):
            try:
                segments[index] = _decoded(segment)
            except ValueError as error:
                problem = problem or f"segment {index + 1}: {error}"
    return Path(tuple(segments), raw.endswith("/"), problem)


def _decoded(segment: str) -> str:
    """Return a segment without its escapes.

    Raises:
        ValueError: an escape is none, or the bytes are no UTF-8.
    """
    if _BAD_ESCAPE.search(segment):
        raise ValueError("expected two hex digits after each %, got another text")
    try:
        # bytes that the HTTP parser could not decode are surrogates in `segment`
        return unquote_to_bytes(segment.encode(errors="surrogateescape")).decode()
    except UnicodeError:
        raise ValueError("expected UTF-8, got other bytes") from None


def _encoded(segment: str) -> str:
    if _PLAIN.fullmatch(segment):  # the usual case
        return segment
    return quote(segment, safe=_SAFE, errors="replace")  # bytes that are no UTF-8
