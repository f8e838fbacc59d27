"""What a file is to be, what comes out, and the bounds of both."""

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from typing import Literal, get_args

from fake_runway.core.values import dataclass
from fake_runway.media.errors import UnknownFormat

Format = Literal["png", "jpeg", "webp", "svg", "mp4", "mov", "zip", "wav", "mp3", "ogg", "flac"]

FORMATS: tuple[Format, ...] = get_args(Format)

CONTENT_TYPES: Mapping[Format, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "zip": "application/zip",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
}

PICTURES: tuple[Format, ...] = ("png", "jpeg", "webp")
"""Those of pixels: an SVG has the same bounds."""

MAX_SIDE = 16_384
MAX_PIXELS = 36_000_000
"""Of a picture. Source of the largest size: `image_upscale`, 25,300,000 (OpenAPI document)."""

MAX_FILM_SIDE = 4096
MAX_FILM_PIXELS = MAX_FILM_SIDE * MAX_FILM_SIDE
"""Of a film, and of the pictures in a ZIP. The largest that is documented has 3840:3840."""

MAX_SECONDS = 300.0
"""Of a film or a sound."""

MAX_FRAMES = 360
"""Of a ZIP: 15 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file that a task is to answer with. Equal values make equal bytes.

    Attributes:
        format: one of `FORMATS`.
        width, height: in pixels; not used for sounds.
        seconds: of a film or a sound.
        seed: decides colours, shapes and tone.
        index: which of several outputs it is, from 0.
        prompt, model, task_id: are written into the file.
        sound: whether a film has sound.
    """

    format: Format
    width: int = 1280
    height: int = 720
    seconds: float = 5.0
    seed: int = 0
    index: int = 0
    prompt: str = ""
    model: str = ""
    task_id: str = ""
    sound: bool = True

    def __post_init__(self) -> None:
        """Check the format.

        Raises:
            UnknownFormat: it is none of `FORMATS`.
        """
        if self.format not in FORMATS:
            raise UnknownFormat(self.format, FORMATS)

    @property
    def title(self) -> str:
        """The prompt in one line, without control characters."""
        return _line(self.prompt)

    @property
    def details(self) -> tuple[str, ...]:
        """Model, seed, number and task id, as they are written."""
        number = f"#{self.index + 1}" if self.index else ""
        first = "  ".join(part for part in (_line(self.model), f"seed {self.seed}", number) if part)
        return tuple(part[:200] for part in (first, _line(self.task_id)) if part)

    def bounded(self) -> "Wanted":
        """Return this with size and length within the bounds; a size keeps its ratio.

        The sides of a film are even, because its colours have half as many pixels.
        """
        if self.format in (*PICTURES, "svg"):
            width, height = _fitted(self.width, self.height, MAX_SIDE, MAX_PIXELS)
        else:
            width, height = _fitted(self.width, self.height, MAX_FILM_SIDE, MAX_FILM_PIXELS)
            if self.format in ("mp4", "mov"):
                width, height = max(width & ~1, 16), max(height & ~1, 16)
        seconds = min(max(self.seconds, 0.1), MAX_SECONDS) if self.seconds > 0 else 0.1
        return replace(self, width=width, height=height, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Made:
    """A file.

    Attributes:
        content: its bytes.
        content_type: for `Content-Type`.
        extension: for its name, without a dot.
    """

    content: bytes
    content_type: str
    extension: str


def made(content: bytes, wanted: Wanted) -> Made:
    """Return a file of the wanted format."""
    extension = "jpg" if wanted.format == "jpeg" else wanted.format
    return Made(content, CONTENT_TYPES[wanted.format], extension)


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text[:1000]).split())


def _fitted(width: int, height: int, side: int, pixels: int) -> tuple[int, int]:
    width, height = max(width, 1), max(height, 1)
    scale = min(1.0, side / width, side / height, sqrt(pixels / (width * height)))
    return max(int(width * scale), 1), max(int(height * scale), 1)
