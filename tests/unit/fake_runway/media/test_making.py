"""Files that tasks answer with open in programs of others, at the size and length wanted."""

import wave
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from fake_runway.media.errors import UnknownFormat
from fake_runway.media.making import make
from fake_runway.media.picture import Picture
from fake_runway.media.sound import chord
from fake_runway.media.wanted import (
    FORMATS,
    MAX_PIXELS,
    MAX_SECONDS,
    MAX_SIDE,
    PICTURES,
    Format,
    Wanted,
)

LIGHTHOUSE = Wanted(
    format="png",
    seed=7,
    prompt="A lighthouse at dusk,\n waves \x07 break. " + "And on it goes. " * 20,
    model="gen4_image",
    task_id="17f20503-6c24-4c16-946b-35dbbce2af2f",
)


def opened(content: bytes) -> Image.Image:
    """Return a picture, decoded to its last row."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


@settings(max_examples=15)
@given(width=st.integers(1, 700), height=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_a_picture_has_exactly_the_size_wanted(width: int, height: int, seed: int) -> None:
    """Whatever the size, the picture decodes in each format, has it, and looks the same."""
    wanted = replace(LIGHTHOUSE, width=width, height=height, seed=seed)
    made = {one: make(replace(wanted, format=one)) for one in PICTURES}
    images = {one: opened(file.content).convert("RGB") for one, file in made.items()}

    assert {one: image.size for one, image in images.items()} == dict.fromkeys(
        PICTURES, (width, height)
    )
    assert images["webp"].tobytes() == images["png"].tobytes()
    difference = ImageStat.Stat(ImageChops.difference(images["jpeg"], images["png"]))
    assert max(difference.mean) < 12
    assert {(file.content_type, file.extension) for file in made.values()} == {
        ("image/png", "png"),
        ("image/jpeg", "jpg"),
        ("image/webp", "webp"),
    }


def test_a_jpeg_of_usual_size_looks_like_the_png() -> None:
    """Where blocks are small against the picture, the loss is not seen."""
    png, jpeg = (opened(make(replace(LIGHTHOUSE, format=one)).content) for one in PICTURES[:2])
    difference = ImageChops.difference(jpeg.convert("RGB"), png.convert("RGB"))

    assert max(ImageStat.Stat(difference).mean) < 1.5
    assert jpeg.info["comment"].endswith(b"-35dbbce2af2f")


def test_a_picture_shows_what_it_is_of() -> None:
    """Prompt, model, seed, task id and number change what is seen, and are in its properties."""
    plain = opened(make(LIGHTHOUSE).content)
    others = [
        replace(LIGHTHOUSE, prompt="A cat."),
        replace(LIGHTHOUSE, model="gen4_image_turbo"),
        replace(LIGHTHOUSE, task_id=""),
        replace(LIGHTHOUSE, seed=8),
        replace(LIGHTHOUSE, index=1),
    ]

    seen = {opened(make(one).content).convert("RGB").tobytes() for one in others}
    assert len(seen - {plain.convert("RGB").tobytes()}) == len(others)
    assert plain.info["Comment"].startswith("A lighthouse at dusk, waves break. And")
    assert plain.info["Comment"].endswith(
        "gen4_image  seed 7\n17f20503-6c24-4c16-946b-35dbbce2af2f"
    )


def test_the_picture_above_the_text_depends_on_the_seed_alone() -> None:
    """Another prompt of the same length leaves the landscape as it is."""
    top = (0, 0, 1280, 400)
    one = opened(make(replace(LIGHTHOUSE, prompt="A cat.")).content).convert("RGB").crop(top)
    other = opened(make(replace(LIGHTHOUSE, prompt="A dog.")).content).convert("RGB").crop(top)

    assert one.tobytes() == other.tobytes()
    assert len(one.getcolors() or ()) > 30


@pytest.mark.parametrize("format", FORMATS)
def test_equal_wishes_make_equal_bytes(format: Format) -> None:
    """Nothing but the description decides the bytes."""
    wanted = replace(LIGHTHOUSE, format=format, width=300, height=200, seconds=1)

    assert make(wanted) == make(replace(wanted))
    assert make(wanted) != make(replace(wanted, seed=8))


def test_a_wide_webp_has_the_pixels_of_the_png() -> None:
    """Its runs of one colour are longer than one copy can be."""
    wanted = replace(LIGHTHOUSE, width=9000, height=24)
    png, webp = (opened(make(replace(wanted, format=one)).content) for one in PICTURES[::2])

    assert webp.convert("RGB").tobytes() == png.convert("RGB").tobytes()


def test_a_loop_moves_and_ends_as_it_begins() -> None:
    """The sun and the hills are elsewhere in its midst, the text is not."""
    wanted = replace(LIGHTHOUSE, width=160, height=120)
    plain, written = (Picture(wanted, text=text) for text in (False, True))
    start, midst, end = (list(plain.rows(phase)) for phase in (0.0, 0.5, 1.0))

    assert start == end
    moved = {at for at, (one, other) in enumerate(zip(start, midst, strict=True)) if one != other}
    assert {30, 90} < moved
    assert list(written.rows(0.5))[-20:] == list(written.rows(0.0))[-20:]


def test_a_zip_has_the_pictures_of_a_film() -> None:
    """24 a second, in order, each of exactly the size wanted; they differ, as a film moves."""
    made = make(replace(LIGHTHOUSE, format="zip", width=320, height=180, seconds=1.5))

    with ZipFile(BytesIO(made.content)) as sequence:
        assert sequence.testzip() is None
        assert sequence.namelist() == [f"frame_{at:05}.png" for at in range(1, 37)]
        pictures = [sequence.read(name) for name in sequence.namelist()]
    assert {opened(one).size for one in pictures} == {(320, 180)}
    assert len(set(pictures)) == 9


def test_a_zip_is_bounded() -> None:
    """It has the pictures of 15 seconds at most."""
    made = make(Wanted(format="zip", width=64, height=64, seconds=3600))

    assert len(ZipFile(BytesIO(made.content)).namelist()) == 360


@pytest.mark.parametrize(
    ("width", "height"), [(4096, 4096), (11264, 1408), (704, 5632), (100_000, 50), (40_000, 40_000)]
)
def test_pictures_are_bounded(width: int, height: int) -> None:
    """Large documented sizes are made as they are; what is out of bounds is made smaller."""
    made = make(replace(LIGHTHOUSE, width=width, height=height))

    got = Image.open(BytesIO(made.content)).size
    fits = max(width, height) <= MAX_SIDE and width * height <= MAX_PIXELS
    assert got == (width, height) if fits else got[0] * got[1] <= MAX_PIXELS
    assert abs(got[0] / got[1] / (width / height) - 1) < 0.2
    assert len(made.content) < 500_000


@settings(max_examples=6)
@given(seconds=st.floats(0.1, 20), seed=st.integers(0, 2**32))
def test_a_wav_has_exactly_the_length_wanted(seconds: float, seed: int) -> None:
    """To the sample."""
    made = make(Wanted(format="wav", seconds=seconds, seed=seed, prompt="Hello."))

    with wave.open(BytesIO(made.content)) as sound:
        assert sound.getnframes() == round(seconds * sound.getframerate())
        samples = sound.readframes(sound.getnframes())
    assert len(samples) == 2 * round(seconds * 24_000)
    assert made.content_type == "audio/wav"


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e9, float("inf"), float("nan")])
def test_sounds_are_bounded(seconds: float) -> None:
    """A length that is none becomes the shortest or the longest."""
    with wave.open(BytesIO(make(Wanted(format="wav", seconds=seconds)).content)) as sound:
        assert sound.getnframes() / 24_000 == (MAX_SECONDS if seconds > 1 else 0.1)


def test_a_sound_is_heard_and_soft() -> None:
    """It is neither silent nor clipped, and other seeds sound otherwise."""
    loops = [chord(seed) for seed in range(5)]

    assert len({bytes(loop) for loop in loops}) > 2
    assert all(2000 < max(loop) < 8000 and -8000 < min(loop) < -2000 for loop in loops)


@pytest.mark.parametrize("format", FORMATS)
def test_any_text_can_be_written(format: Format) -> None:
    """Control characters, halves of characters and letters that the font lacks, at any length."""
    strange = "\0\n\x1b[31m\ud800 äß日本 \U0001f3ac" * 300
    wanted = Wanted(format=format, width=64, height=64, seconds=0.1, prompt=strange)

    assert make(replace(wanted, model=strange, task_id=strange)).content


def test_an_unknown_format_is_refused() -> None:
    """The message says which exist."""
    with pytest.raises(UnknownFormat, match=r"Expected a format of png, .*, got 'exr'\."):
        Wanted(format="exr")  # type: ignore[arg-type]  # that is the point
