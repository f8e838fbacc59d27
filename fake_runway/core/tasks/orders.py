"""What a body asks a model for, with the model's defaults in place of what the body leaves out.

Prices, outputs and progress all start from an `Order`, so that a default is chosen once. Which
defaults the real models have is mostly unknown: each row of `models.py` says its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any

from fake_runway.core.types import Json
from fake_runway.core.values import dataclass

CHARACTERS_PER_S = 15.0  # of speech in English; assumed
DEFAULT_INPUT_S = 5.0  # of audio and video that was not read; assumed
FOUR_MEGAPIXELS = 4_000_000

_PIXELS_FROM = 64  # of a ratio: "16:9" is none of pixels
_REFERENCES = ("referenceImages", "references")
_VIDEO_SIZES = ((300_000, "360p"), (600_000, "480p"), (1_200_000, "720p"), (4_500_000, "1080p"))
_IMAGE_SIZES = ((2_000_000, "1k"), (6_000_000, "2k"))
_HEIGHTS = {
    **{"360p": 360, "480p": 480, "720p": 720, "768p": 768, "1080p": 1080},
    **{"1k": 1080, "2k": 1440, "4k": 2160},
}
_SIDES = {"1k": 1024, "2k": 2048, "4k": 4096}
_CONTAINERS = {
    "prores": "mov",
    "hdr_prores": "mov",
    "hdr_pq_12bit_master": "mov",
    "hdr10": "mp4",
    "hlg": "mp4",
    "sdr_rec709_10bit": "mp4",
    "ogg_opus": "ogg",
}


class Output(Enum):
    """The kind of a file that a task makes. A sequence of frames is a ZIP."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    ZIP = "zip"


class Length(Enum):
    """What decides how long an output is that no `duration` asks for.

    Attributes:
        ASKED: the model's default duration.
        INPUT: the audio or video that is changed.
        TEXT: the text that is spoken.
    """

    ASKED = "asked"
    INPUT = "input"
    TEXT = "text"


class Property(StrEnum):
    """A property of an order that a price may depend on."""

    RESOLUTION = "resolution"  # of a video: 480p, 720p, ...
    SIZE = "size"  # of an image: 1k, 2k, 4k
    HEIGHT = "height"  # of an image: 720p, 1080p
    EXTENT = "extent"  # of an image: small, or large for 4K and `auto`
    QUALITY = "quality"
    EFFORT = "effort"  # quality, or without one: references or alone
    AUDIO = "audio"  # audio, silent


@dataclass(frozen=True, slots=True)
class InputMedia:
    """What is known of the inputs that a body names; the defaults stand for what was not read.

    Attributes:
        seconds: of the audio or video that is changed.
        references_s: of all reference videos together; None: as long as `seconds` for each.
        frames_per_s: of the video.
        width, height: of the image or video, in pixels.
    """

    seconds: float = DEFAULT_INPUT_S
    references_s: float | None = None
    frames_per_s: float = 24.0
    width: int = 1280
    height: int = 720


NOT_READ = InputMedia()


@dataclass(frozen=True, slots=True)
class Order:
    """What one body asks for.

    Attributes:
        kind: what is made; a sequence of frames is a VIDEO here.
        body: the body, with the model's defaults below it.
        seconds: of the output; 0 for an image.
        asked_s: the duration that the body itself names, if it does.
    """

    kind: Output
    body: Json
    media: InputMedia
    seconds: float
    asked_s: float | None

    @property
    def count(self) -> int:
        """The number of files of the main kind."""
        return int(_number(self.body.get("outputCount", self.body.get("numVariants"))) or 1)

    @property
    def characters(self) -> int:
        """The length of the text, in UTF-16 units, as the API counts."""
        return len(_text(self.body).encode("utf-16-le", "surrogatepass")) // 2

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the output."""
        wide, high = size(self.body, self.media)
        if "scaleFactor" in self.body:
            return round(wide * self.factor), round(high * self.factor)
        return wide, high

    @property
    def factor(self) -> float:
        """How many times as long the sides of an enlarged image are."""
        return _number(self.body.get("scaleFactor")) or 2.0

    @property
    def images(self) -> int:
        """The number of reference images, without a start frame."""
        return sum(_count(self.body.get(key)) for key in _REFERENCES)

    @property
    def frames(self) -> int:
        """The number of images that a video starts from or ends with."""
        return _count(self.body.get("promptImage"))

    @property
    def sounds(self) -> int:
        """The number of audio references."""
        return _count(self.body.get("referenceAudio"))

    @property
    def references_s(self) -> float:
        """The seconds of all reference videos, a `promptVideo` among them."""
        count = _count(self.body.get("referenceVideos")) + ("promptVideo" in self.body)
        if self.media.references_s is None or not count:
            return count * self.media.seconds
        return self.media.references_s

    @property
    def format(self) -> str:
        """The format that the output has, in the body's words, such as `prores` or `png`."""
        default = {Output.VIDEO: "mp4", Output.IMAGE: "png", Output.AUDIO: "mp3"}
        asked = self.body.get("outputFormat", self.body.get("format"))
        return asked if isinstance(asked, str) else default[self.kind]

    @property
    def extension(self) -> str:
        """The extension of the file, such as `mov`."""
        return "zip" if "sequence" in self.format else _CONTAINERS.get(self.format, self.format)

    @property
    def output(self) -> Output:
        """The kind of the main file."""
        return Output.ZIP if self.extension == "zip" else self.kind

    def value(self, of: Property) -> str:
        """Return a property in the words of price tables."""
        match of:
            case Property.RESOLUTION:
                return _named(self.body) or _class(self.pixels, _VIDEO_SIZES)
            case Property.SIZE:
                return _named(self.body) or _class(self.pixels, _IMAGE_SIZES)
            case Property.HEIGHT:
                return "720p" if min(self.pixels) <= 720 else "1080p"
            case Property.EXTENT:
                large = self.body.get("ratio") == "auto" or _is_large(self.pixels)
                return "large" if large else "small"
            case Property.QUALITY:
                return str(self.body.get("quality", ""))
            case Property.EFFORT:
                return str(self.body.get("quality") or ("references" if self.images else "alone"))
            case Property.AUDIO:
                return "audio" if self.body.get("audio", True) else "silent"


def order(
    kind: Output, length: Length, defaults: Json, body: Json, media: InputMedia = NOT_READ
) -> Order:
    """Return what a valid `body` asks a model for that makes `kind`."""
    asked_s = _number(body.get("duration"))
    if isinstance(shots := body.get("shots"), list):
        each_s = (_number(shot.get("duration")) for shot in shots if isinstance(shot, Mapping))
        asked_s = sum(seconds or 0.0 for seconds in each_s)
    whole = {**defaults, **body}
    if kind is Output.IMAGE:
        seconds = 0.0
    elif asked_s is not None:
        seconds = asked_s
    elif length is Length.INPUT:
        seconds = media.seconds
    elif length is Length.TEXT:
        seconds = _spoken_s(whole, media)
    else:
        seconds = _number(defaults.get("duration")) or DEFAULT_INPUT_S
    return Order(kind, whole, media, seconds, asked_s)


def size(body: Mapping[str, Any], media: InputMedia = NOT_READ) -> tuple[int, int]:
    """Return the pixels that a body asks for: by its ratio, its resolution, else as the input."""
    ratio = str(body.get("ratio") or body.get("targetAspectRatio") or "")
    width, colon, height = ratio.partition(":")
    known = colon and width.isascii() and height.isascii() and width.isdigit() and height.isdigit()
    wide, high = (int(width), int(height)) if known else (0, 0)
    if min(wide, high) >= _PIXELS_FROM:
        return wide, high
    named = _named(body)
    if "_" in ratio and named in _SIDES:
        return _SIDES[named], _SIDES[named]
    short = _HEIGHTS.get(named, min(media.width, media.height))
    if not (wide and high):
        wide, high = media.width, media.height
    scale = short / min(wide, high)
    return _even(wide * scale), _even(high * scale)


def _named(body: Mapping[str, Any]) -> str:
    """Return the resolution that a body names: `768P` and `auto_720p` are such."""
    named = str(body.get("resolution") or "").lower()
    if named:
        return named
    before, underscore, name = str(body.get("ratio") or "").partition("_")
    return name if before == "auto" and underscore else ""


def _is_large(pixels: tuple[int, int]) -> bool:
    # the ten sizes that are called 4K; 2560:2560, of 6.6 megapixels, is not one of them
    return pixels[0] * pixels[1] > 7_000_000 or max(pixels) >= 3840


def _class(pixels: tuple[int, int], limits: tuple[tuple[int, str], ...]) -> str:
    area = pixels[0] * pixels[1]
    return next((name for below, name in limits if area < below), "4k")


def _spoken_s(body: Json, media: InputMedia) -> float:
    text = _text(body)
    return max(1.0, round(len(text) / CHARACTERS_PER_S, 1)) if text else media.seconds


def _text(body: Json) -> str:
    speech = body.get("speech")
    said = speech.get("text") if isinstance(speech, Mapping) else None
    return str(said or body.get("promptText") or body.get("prompt") or "")


def _count(value: object) -> int:
    """Return how many things a field names that holds one address or a list."""
    return len(value) if isinstance(value, list) else int(isinstance(value, str))


def _number(value: object) -> float | None:
    """Return a number of a body; None for `auto`, for what is left out and what means nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return float(value)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)  # what video codecs take
