"""The path of a request: split at slashes, then decoded, once and before anything looks at it.

The problem: a path has many spellings. If one reader compares raw text and another decodes it, two
of them disagree on what a request means: a rule that holds for `/__admin` does not hold for
`/%5F_admin`, and an id with an escaped slash becomes two segments. The choice: one place splits and
decodes, and routes, worlds and names are compared by what it returns. Hence `%2F` never separates.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)
_PLAIN_PATH = re.compile(r"(?:/[\w.~-]+)+", re.ASCII)
_SAFE = "!$&'()*+,;=:@~{}"  # what stands in a segment as it is; braces for our templates


class Path(NamedTuple):
    """What the path of a request means.

    Attributes:
        segments: decoded; empty ones do not count, as in a base URL that ends with a slash.
        world: the world that the path names in front of another path, None if it names none.
        in_world: the segments without the world's prefix.
        text: the path without the world, in the one spelling in which the journal has it.
        ends_in_slash: which no template does.
        problem: what cannot be decoded, for people; empty: all can. Such a segment is left as it
            was sent, and equals no name.
    """

    segments: tuple[str, ...]
    world: str | None
    in_world: tuple[str, ...]
    text: str
    ends_in_slash: bool = False
    problem: str = ""


def path_of(target: str) -> Path:
    """Return the path in the target of a request: its path and query, or a whole URL."""
    raw = target.partition("?")[0]
    return _recent(raw) if len(raw) <= _LONGEST_KEPT else _path_of(raw)


def _path_of(raw: str) -> Path:
    if _PLAIN_PATH.fullmatch(raw) and not raw.startswith("/w/"):  # the usual case, in a third
        plain = tuple(raw[1:].split("/"))
        return Path(plain, None, plain, raw)
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
    world, in_world = None, tuple(segments)
    if len(segments) > 2 and segments[0] == "w":
        world, in_world = segments[1], tuple(segments[2:])
    ends_in_slash = raw.endswith("/")
    parts = [_encoded(segment) for segment in in_world]
    text = "/".join(["", *parts, *[""] * (ends_in_slash or not parts)])
    return Path(tuple(segments), world, in_world, text, ends_in_slash, problem)


_LONGEST_KEPT = 200
_recent = lru_cache(maxsize=1024)(_path_of)  # a session is polled many times by one path


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
