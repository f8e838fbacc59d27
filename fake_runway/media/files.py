"""The file that an output is: its type, its length, and any part of its bytes.

PNG and WAV are exact in size and length. Other formats are not made yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from fake_runway.core.tasks.task import OutputForm
from fake_runway.media.png import png
from fake_runway.media.wav import Tone

CONTENT_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "zip": "application/zip",
}
MADE = frozenset({"png", "wav"})
"""The formats that this fake can make."""
LARGEST_SIDE = 8_192  # pixels; no documented output is larger
_KEPT = 16  # pictures that were downloaded last


class Content(Protocol):
    """What a file holds."""

    @property
    def length(self) -> int: ...
    def read(self, start: int, stop: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Bytes:
    """Content that is in memory as a whole."""

    raw: bytes

    @property
    def length(self) -> int:
        """Its length in bytes."""
        return len(self.raw)

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, of which the last is left out."""
        return self.raw[start:stop]


class MediaFile(NamedTuple):
    """A file to download."""

    content_type: str
    content: Content


def media_file(form: OutputForm, *, seed: bytes) -> MediaFile | None:
    """Return the file of an output; None: this fake cannot make the format.

    Args:
        seed: 16 bytes; the same gives the same bytes.
    """
    content_type = CONTENT_TYPES.get(form.format, "application/octet-stream")
    if form.format == "png":
        width, height = (max(1, min(LARGEST_SIDE, each)) for each in (form.width, form.height))
        return MediaFile(content_type, _picture(width, height, seed))
    if form.format == "wav":
        return MediaFile(content_type, Tone(form.seconds, seed=seed))
    return None


@lru_cache(maxsize=_KEPT)  # clients ask for the head and for parts, one after the other
def _picture(width: int, height: int, seed: bytes) -> Bytes:
    return Bytes(png(width, height, seed=seed))
