"""What is known of a file that a client sent, and how a journal writes it.

A journal keeps no bytes of files, and a replay needs none: all that is decided by a file follows
from its `FileFacts`, and these stand in the journal in place of the file.
"""

import re
from collections.abc import Mapping

from fake_runway.core.values import dataclass

_NUMBER = r"\d{1,15}(?:\.\d{1,9})?"
_FACTS = re.compile(
    rf"(?P<type>[\w!#$&^.+-]{{1,64}}/[\w!#$&^.+-]{{1,64}});bytes=(?P<size>\d{{1,15}})"
    rf"(?:;width=(?P<width>\d{{1,10}});height=(?P<height>\d{{1,10}}))?(?:;seconds=(?P<seconds>{_NUMBER}))?",
    re.ASCII,
)

TYPES_OF_NAMES: Mapping[str, str] = {
    **{"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"},
    **{"gif": "image/gif", "avif": "image/avif", "heic": "image/heic"},
    **{"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"},
    **{"mkv": "video/webm", "3gp": "video/3gpp", "avi": "video/x-msvideo"},
    **{"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "m4a": "audio/mp4"},
    **{"aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg"},
}
"""The types of pictures, films and sounds by the ending of a file's name; which ones the API knows
is not published."""

UNKNOWN_TYPE = "application/octet-stream"
"""Of bytes that are no picture, film or sound."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file without its bytes.

    Attributes:
        content_type: by its first bytes; `UNKNOWN_TYPE`: they are of no known type.
        size: in bytes.
        width, height: in pixels; None: it has none, or they are not known.
        seconds: its length, likewise.
    """

    content_type: str
    size: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    @property
    def kind(self) -> str:
        """`image`, `video`, `audio`, or `application` where the type is unknown."""
        return self.content_type.partition("/")[0]

    def written(self) -> str:
        """Return this as text, such as `image/png;bytes=1234;width=16;height=9`."""
        text = f"{self.content_type};bytes={self.size}"
        if self.width is not None and self.height is not None:
            text += f";width={self.width};height={self.height}"
        if self.seconds is None:
            return text
        return f"{text};seconds={f'{self.seconds:.6f}'.rstrip('0').rstrip('.')}"


def read_facts(text: str) -> FileFacts | None:
    """Return what `FileFacts.written` has written; None: it is another text."""
    match = _FACTS.fullmatch(text)
    if match is None:
        return None
    width, height, seconds = match["width"], match["height"], match["seconds"]
    return FileFacts(
        match["type"],
        int(match["size"]),
        None if width is None else int(width),
        None if height is None else int(height),
        None if seconds is None else float(seconds),
    )


def type_of_name(name: str) -> str | None:
    """Return the content type that the name of a file promises, None if no known one."""
    return TYPES_OF_NAMES.get(name.rpartition(".")[2].lower()) if "." in name else None
