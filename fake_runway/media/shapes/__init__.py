"""Loops of pictures and sound, and letters, made beforehand by `python -m artwork`.

**Files.** Each is a row of packets, each with its length before it (four bytes, the higher
first). `film-<width>x<height>.bin` holds the content of `avcC`, then a loop of H.264.
`sound-<number>.bin` holds an AudioSpecificConfig, a loop of AAC (`AAC_FRAMES`), and the same sound
as loops of MP3 (`MP3_FRAMES`) and Opus. `letters.bin` holds fonts, as `letters.py` reads them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log

from fake_runway.media.film import Reel, Track

SIZES: tuple[tuple[int, int], ...] = (
    *((1280, 720), (1920, 1080), (854, 480)),
    *((720, 1280), (1080, 1920), (480, 854)),
    *((1104, 832), (832, 1104), (1248, 832), (832, 1248)),
    *((960, 960), (1584, 672)),
)
"""Of the films: all sizes of gen4.5 and gen4_turbo, and others near the rest."""

RATE, PICTURES = 24, 96
"""Pictures a second, and of a loop."""

SOUNDS: tuple[tuple[float, ...], ...] = (
    (220.0, 275.0, 330.0),
    (196.0, 261.3, 294.0),
    (246.9, 296.3, 370.4),
)
"""The pitches of each, in Hz."""

SAMPLE_RATE = 48_000
AAC_FRAMES, MP3_FRAMES, OPUS_PACKETS = 90, 80, 96
"""Of a loop."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound in three codecs.

    Attributes:
        aac: a loop.
        mp3: a loop of frames of 1152 samples, 48 kHz, one channel.
        opus: a loop of packets of 960 samples, one channel.
    """

    aac: Track
    mp3: tuple[bytes, ...]
    opus: tuple[bytes, ...]


def nearest(width: int, height: int) -> tuple[int, int]:
    """Return the size that is most like this one, in its ratio before its area."""

    def difference(size: tuple[int, int]) -> float:
        ratio = abs(log(size[0] / size[1] * height / width))
        return 8 * ratio + abs(log(size[0] * size[1] / (width * height)))

    return min(SIZES, key=difference)


@cache
def reel(width: int, height: int) -> Reel:
    """Return the film of one of `SIZES`."""
    setup, *pictures = _packets(f"film-{width}x{height}.bin")
    return Reel(width, height, RATE, setup, tuple(pictures))


@cache
def sound(number: int) -> Sound:
    """Return one of `SOUNDS`."""
    setup, *packets = _packets(f"sound-{number}.bin")
    aac = Track(SAMPLE_RATE, setup, tuple(packets[:AAC_FRAMES]))
    others = tuple(packets[AAC_FRAMES:])
    return Sound(aac, others[:MP3_FRAMES], others[MP3_FRAMES:])


def pack(packets: Iterable[bytes]) -> bytes:
    """Return the bytes of a file."""
    return b"".join(len(one).to_bytes(4) + one for one in packets)


def _packets(name: str) -> Iterator[bytes]:
    data = files(__name__).joinpath(name).read_bytes()
    at = 0
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start])
        yield data[start:at]
