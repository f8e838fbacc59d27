"""A soft voice that says nothing, and the mouth that goes with it.

Both follow the same table of syllables. Between the segments of a loop the voice is silent and
the mouth shut, so that any segment can follow any other.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin

from fake_runway.room.media.loops import LOOP_S, SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Syllable:
    """A vowel.

    Attributes:
        at: its middle, in seconds of the loop.
        length: in seconds.
        open: how far the mouth opens, 0 to 1.
        round: 0 (broad) to 1 (an "o").
        formants: the two resonances that make the vowel, in Hz.
        pitch: relative to the voice's own.
    """

    at: float
    length: float
    open: float
    round: float
    formants: tuple[float, float]
    pitch: float

    def strength(self, at: float) -> float:
        """Return how much of it is there at an instant, 0 to 1."""
        along = (at - self.at) / self.length + 0.5
        return float(sin(pi * along) ** 1.2) if 0 < along < 1 else 0.0


_A, _E, _I, _O, _U = (750, 1250), (520, 1800), (320, 2200), (480, 900), (340, 800)

SYLLABLES: Sequence[Syllable] = (
    Syllable(0.15, 0.22, 0.75, 0.1, _A, 1.04),
    Syllable(0.41, 0.24, 0.55, 0.8, _O, 1.10),
    Syllable(0.73, 0.18, 0.45, 0.0, _E, 1.06),
    Syllable(0.90, 0.18, 0.35, 0.0, _I, 1.02),
    Syllable(1.06, 0.17, 0.95, 0.1, _A, 0.98),
    Syllable(1.36, 0.26, 0.50, 0.9, _U, 0.96),
    Syllable(1.61, 0.24, 0.80, 0.1, _A, 1.08),
    Syllable(1.93, 0.20, 0.50, 0.1, _E, 1.12),
    Syllable(2.12, 0.22, 0.70, 0.7, _O, 1.05),
    Syllable(2.54, 0.22, 0.40, 0.0, _I, 1.00),
    Syllable(2.78, 0.26, 1.00, 0.1, _A, 1.06),
    Syllable(3.12, 0.18, 0.50, 0.8, _U, 0.98),
    Syllable(3.33, 0.26, 0.65, 0.1, _E, 0.90),
)


def mouth(at: float) -> tuple[float, float]:
    """Return how open and how round the mouth is at an instant of the loop."""
    parts = [(one.strength(at) * one.open, one.round) for one in SYLLABLES]
    return max(parts)


def sound(pitch: float) -> "array[int]":
    """Return a loop of 16-bit samples, one channel.

    Args:
        pitch: of the voice, in Hz.
    """
    samples = array("h", bytes(2 * round(LOOP_S * SAMPLE_RATE)))
    for syllable in SYLLABLES:
        _speak(samples, syllable, pitch * syllable.pitch)
    return samples


def _speak(samples: "array[int]", syllable: Syllable, pitch: float) -> None:
    first = round((syllable.at - syllable.length / 2) * SAMPLE_RATE)
    overtones = [(number, _resonance(number * pitch, syllable)) for number in range(1, 18)]
    loudest = sum(loud for _, loud in overtones)
    for at in range(round(syllable.length * SAMPLE_RATE)):
        seconds = at / SAMPLE_RATE
        turn = 2 * pi * pitch * (seconds - 0.12 * seconds * seconds / syllable.length)  # it falls
        wave = sum(loud * sin(number * turn + number * number) for number, loud in overtones)
        strength = syllable.strength((first + at) / SAMPLE_RATE)
        samples[first + at] += round(
            14000 * strength * (0.4 + 0.6 * syllable.open) * wave / loudest
        )


def _resonance(frequency: float, syllable: Syllable) -> float:
    """How loud an overtone is: it falls with its height, and rises at the formants."""
    near = sum(1 / (1 + ((frequency - formant) / 120) ** 2) for formant in syllable.formants)
    return float((0.12 + near) / (1 + (frequency / 500) ** 1.2))
