"""A soft chord that depends on a seed, and the WAV file of it."""

from array import array
from collections.abc import Iterator, Sequence
from math import pi, sin
from struct import pack

from fake_runway.core.draws import Draws

SAMPLE_RATE = 24_000
"""Samples a second."""

LOOP_S = 1.92
"""How long a chord lasts: at 48 kHz, whole frames of AAC and of MP3."""

_ROOTS = (196.0, 220.0, 246.9, 261.6, 293.7, 329.6)  # in Hz
_CHORDS = ((4, 5, 6), (10, 12, 15), (6, 8, 9))  # the notes' ratios
_LOUDNESS = 0.12


def chord(seed: int, *, index: int = 0, rate: int = SAMPLE_RATE) -> "array[int]":
    """Return one loop: 16 bits a sample, one channel. It swells and fades once."""
    draws = Draws(str(seed), "media")
    root = _ROOTS[int(draws.number("root", index) * len(_ROOTS))]
    ratios = _CHORDS[int(draws.number("chord", index) * len(_CHORDS))]
    return mixed([root * ratio / ratios[0] for ratio in ratios], rate)


def mixed(pitches: Sequence[float], rate: int) -> "array[int]":
    """Return one loop of these pitches, in Hz, tuned so that whole waves fit into it."""
    size = round(LOOP_S * rate)
    wave = [sin(2 * pi * at / size) for at in range(size)]
    steps = [round(pitch * LOOP_S) for pitch in pitches]
    loud = _LOUDNESS * 32767 / len(steps)
    return array(
        "h",
        [
            int(
                loud
                * (0.65 - 0.35 * wave[(at + size // 4) % size])
                * sum([wave[at * step % size] for step in steps])
            )
            for at in range(size)
        ],
    )


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
