"""When a user speaks, by loudness."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.room.media.hearing import LOUD, SILENCE_S, Hearing
from tests.unit.fake_runway.core.playing import LAW


def utterances(levels: list[float], *, each_s: float = 0.02) -> list[float]:
    """Return the lengths of what was said."""
    hearing, found = Hearing(), []
    for level in levels:
        hearing, spoke_s = hearing.hear(level, each_s)
        if spoke_s is not None:
            found.append(round(spoke_s, 6))
    return found


def test_speech_ends_with_a_silence() -> None:
    """A pause between words is part of it; the silence at its end is not."""
    pause, silence = [0.0] * 10, [0.0] * round(SILENCE_S / 0.02)
    assert utterances([LOUD] * 50 + pause + [LOUD] * 50 + silence) == [2.2]
    assert utterances([LOUD] * 50 + silence + [LOUD] * 10 + silence) == [1.0, 0.2]


def test_noise_is_no_speech() -> None:
    """Nor is a voice that has not ended."""
    assert utterances([LOUD / 2] * 999) == []
    assert utterances([LOUD] * 999) == []


@LAW
@given(st.lists(st.floats(0, 1), max_size=300))
def test_no_more_is_heard_than_there_was(levels: list[float]) -> None:
    """Whatever comes in whatever order."""
    assert sum(utterances(levels)) <= len(levels) * 0.02 + 1e-6
