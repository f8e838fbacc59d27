"""Numbers at places of a file that a client has sent, and what all of them say of it in the end.

Files come from clients, so nothing in them is believed: every number is checked against the bytes
that there are, and every walk through a file has a bound, so that any bytes are read in little
time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from fake_runway.media.errors import UnreadableMedia

Kind = Literal["image", "video", "audio"]

MOST_PARTS = 4096
"""The parts of a file (boxes, chunks, segments) that are looked at; real ones have far fewer."""

MOST_FRAMES = 250_000
"""The frames of an MP3 that are counted: an hour and a half. More are estimated."""

LONGEST_S = 7 * 24 * 3600.0
"""A file that says it is longer is taken for damaged."""

LARGEST = 65_535
"""The same for a side, in pixels."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a file says of itself.

    Attributes:
        content_type: by its first bytes, not by its name.
        kind: what it is used as.
        width, height: in pixels, as it is shown (turned, if the file says so); None if the type
            has none or they are not known.
        seconds: its length; None if the type has none or it is not known.
    """

    content_type: str
    kind: Kind
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    def matches(self, declared: str) -> bool:
        """Return whether a content type that a client declares, without parameters, is this one."""
        return _NAMES.get(declared.lower(), declared.lower()) == self.content_type


_NAMES: Mapping[str, str] = {
    "image/jpg": "image/jpeg",
    **dict.fromkeys(("audio/x-wav", "audio/wave", "audio/vnd.wave"), "audio/wav"),
    **dict.fromkeys(("audio/mp3", "audio/x-mp3", "audio/mpeg3"), "audio/mpeg"),
    **dict.fromkeys(("audio/m4a", "audio/x-m4a"), "audio/mp4"),
    "audio/x-flac": "audio/flac",
    "video/x-matroska": "video/webm",
    "audio/x-matroska": "audio/webm",
    "video/x-m4v": "video/mp4",
}
"""Other names of the same types."""


class Fields:
    """Numbers at places of a file; a place beyond its end is an error."""

    def __init__(self, content: bytes, what: str) -> None:
        self.content, self._what = content, what
        self._parts = 0

    def number(self, at: int, size: int, *, little: bool = False) -> int:
        return int.from_bytes(self.slice(at, size), "little" if little else "big")

    def slice(self, at: int, size: int) -> bytes:
        found = self.content[at : at + size]
        if len(found) < size:
            raise self.error(f"{size} bytes at {at}", f"the end of the file at {len(self.content)}")
        return found

    def part(self) -> None:
        """Count one more part that is looked at."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise self.error(f"at most {MOST_PARTS} parts", "more")

    def error(self, expected: str, got: str) -> UnreadableMedia:
        return UnreadableMedia(f"Expected {expected} in a file of {self._what}, got {got}.")

    def picture(self, width: int, height: int, content_type: str) -> Description:
        if not (0 < width <= LARGEST and 0 < height <= LARGEST):
            raise self.error(f"sides of 1 to {LARGEST} pixels", f"{width} and {height}")
        return Description(content_type, "image", width, height)

    def seconds(self, ticks: float, rate: int) -> float:
        if rate <= 0 or not 0 <= ticks / rate <= LONGEST_S:
            raise self.error("a length of up to a week", f"{ticks} at {rate} a second")
        return ticks / rate


# MPEG-4 and what is built like it


def boxes(fields: Fields, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of a part of a file: kind, where its content begins, and where it ends."""
    at = start
    while at + 8 <= end:
        fields.part()
        size, kind, header = fields.number(at, 4), fields.slice(at + 4, 4), 8
        if size == 1:
            size, header = fields.number(at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < header or at + size > end:
            raise fields.error(f"a box inside of {at} to {end}", f"one of {size} bytes")
        yield kind, at + header, at + size
        at += size


def inside(fields: Fields, place: tuple[int, int] | None, *path: bytes) -> tuple[int, int] | None:
    """Return where the content of a box lies, None if it is not there."""
    for name in path:
        if place is None:
            return None
        found = boxes(fields, *place)
        place = next(((start, end) for kind, start, end in found if kind == name), None)
    return place
