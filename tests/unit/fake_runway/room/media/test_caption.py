"""What is written above the face."""

from dataclasses import replace

import pytest

from fake_runway.room.media.caption import (
    Caption,
    Keyframes,
    caption_of,
    encoder,
    frame_of,
    unpadded,
    written,
)
from fake_runway.room.media.loops import CUSTOM, HEIGHT, LINE, PRESETS, STRIP, WIDTH

SESSION = "1f0e6a52-77b1-4c06-9c55-0a1b2c3d4e5f"
DARK = 30
PICTURE = bytes([DARK]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)


def ink(caption: Caption) -> list[tuple[int, int]]:
    """Return where the pixels are bright, as (x, y)."""
    luma = unpadded(written(PICTURE, caption))[: WIDTH * HEIGHT]
    return [(at % WIDTH, at // WIDTH) for at, one in enumerate(luma) if one > DARK + 60]


def test_it_names_the_avatar_the_state_the_clock_and_the_session() -> None:
    """The clock is the world's, in UTC."""
    written = caption_of("cat-character", status="RUNNING", now=86_399.9, session_id="1f0e")
    assert written == Caption("Cat Character", "RUNNING  23:59:59", "1f0e")
    assert caption_of("cat of Ann", status="", now=0, session_id="").name == "cat of Ann"


def test_the_name_stands_at_the_left_and_the_rest_at_the_right() -> None:
    """All of it in the strip."""
    name = ink(Caption("Cat"))
    rest = ink(Caption("", "RUNNING", SESSION))
    assert max(x for x, _ in name) < 60
    assert min(x for x, _ in rest) > 90
    assert max(y for _, y in name + rest) < STRIP - LINE


@pytest.mark.parametrize("long", ["Music Superstar " * 50, "W" * 60])
def test_a_long_name_leaves_the_rest_alone(long: str) -> None:
    """It takes two lines if it has words, and what does not fit is cut off."""
    without, with_it = (ink(Caption(name, "", SESSION)) for name in ("", long))
    added = set(with_it) - set(without)
    assert max(x for x, _ in added) < min(x for x, _ in without)
    rows = max(y for _, y in added) - min(y for _, y in added)
    assert (rows > 16) == (" " in long)


@pytest.mark.parametrize("text", ["x" * 10_000, "\u3042\n\t\x00\U0001f600", ""])
def test_any_text_is_safe(text: str) -> None:
    """Too long, not ASCII, none: the picture keeps its size."""
    assert len(unpadded(written(PICTURE, Caption(text, text, text)))) == len(PICTURE)


def test_a_frame_gives_back_the_planes_it_was_made_of() -> None:
    """Whatever padding it has inside."""
    picture = bytes(at % 251 for at in range(len(PICTURE)))
    assert unpadded(frame_of(picture)) == picture


def test_a_caption_that_stays_is_encoded_once() -> None:
    """The same bytes come from memory, until it changes."""
    keyframes = Keyframes(CUSTOM)
    first = keyframes.of(0, Caption("A"))
    assert keyframes.of(0, Caption("A")) is first
    assert keyframes.of(1, Caption("A")) != first
    assert keyframes.of(0, Caption("B")) != first


def test_a_shared_encoder_makes_the_keyframes_of_one_of_its_own() -> None:
    """Whatever it has encoded before, of which avatar: calls can share one."""
    shared = encoder(keyframes_only=True)
    for preset in (CUSTOM, *PRESETS):
        for portrait in range(2):
            own = Keyframes(preset).of(portrait, Caption(preset))
            assert Keyframes(preset, shared).of(portrait, Caption(preset)) == own


@pytest.mark.parametrize("preset", PRESETS)
def test_the_name_of_each_preset_fits_beside_a_session_id(preset: str) -> None:
    """Nothing is cut off: the last letter of the name makes a difference."""
    whole = caption_of(preset, status="RUNNING", now=0, session_id=SESSION)
    assert ink(whole) != ink(replace(whole, name=whole.name[:-1]))
