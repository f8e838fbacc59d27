"""A soft chord that depends on a seed, and the WAV file of it."""

from array import array
from collections.abc import Iterator
from math import pi, sin
from struct import pack

from fake_runway.core.draws import Draws

SAMPLE_RATE = 24_000
"""Samples a second."""

_LOOP_S = 2
_ROOTS = (196, 220, 247, 262, 294, 330)  # in Hz: whole numbers, so that a loop fits
_CHORDS = ((4, 5, 6), (10, 12, 15), (6, 8, 9))  # the notes' ratios
_LOUDNESS = 0.12


def chord(seed: int, *, index: int = 0, rate: int = SAMPLE_RATE) -> "array[int]":
    """Return one loop: 16 bits a sample, one channel. It swells and fades once."""
    draws = Draws(str(seed), "media")
    root = _ROOTS[int(draws.number("root", index) * len(_ROOTS))]
    ratios = _CHORDS[int(draws.number("chord", index) * len(_CHORDS))]
    notes = [_wave(round(root * ratio / ratios[0]), rate) for ratio in ratios]
    size = rate * _LOOP_S
    loud = [_LOUDNESS * 32767 * (0.35 + 0.65 * sin(pi * at / size)) for at in range(size)]
    return array(
        "h",
        [int(loud[at] * sum(note[at % rate] for note in notes) / len(notes)) for at in range(size)],
    )


def _wave(pitch: int, rate: int) -> list[float]:
    """Return a second of one note."""
    return [sin(2 * pi * pitch * at / rate) for at in range(rate)]


def wav(seconds: float, *, seed: int, index: int = 0, comment: str = "") -> bytes:
    """Return a WAV file of this length, to the sample: 24 kHz, 16 bits, one channel."""
    loop = chord(seed, index=index)
    size = 2 * round(seconds * SAMPLE_RATE)
    sample = pack(f"<{len(loop)}h", *loop)
    sound = (sample * (size // len(sample) + 1))[:size]
    kind = pack("<HHIIHH", 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    parts = [_chunk(b"fmt ", kind), *_information(comment), _chunk(b"data", sound)]
    return _chunk(b"RIFF", b"WAVE" + b"".join(parts))


def _information(comment: str) -> Iterator[bytes]:
    if comment:
        yield _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", comment.encode() + b"\0"))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
