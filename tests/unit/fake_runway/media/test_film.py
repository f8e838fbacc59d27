"""Films and MP3 decode in FFmpeg, and are exactly as long as wanted."""

import re
from dataclasses import replace
from io import BytesIO
from itertools import islice
from math import ceil

import av
import pytest
from av.container import InputContainer
from av.video.frame import PictureType
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from fake_runway.media import encoding, shapes
from fake_runway.media.film import SCALE, Reel
from fake_runway.media.making import make
from fake_runway.media.wanted import MAX_SECONDS, Format, Made, Wanted

FILM = Wanted(format="mp4", width=854, height=480, prompt="A cat.", model="gen4.5", task_id="1-2")


CODECS: dict[Format, str] = {"mp3": "audio/mpeg", "ogg": "audio/ogg"}

BT709 = (
    (0.1826, 0.6142, 0.0620, 16.5),
    (-0.1006, -0.3386, 0.4392, 128.5),
    (0.4392, -0.3989, -0.0403, 128.5),
)
"""Luma and both chromas of red, green, blue. Source: ITU-R BT.709, with 8 bits."""


def read(made: Made) -> InputContainer:
    """Return a file as FFmpeg reads it."""
    found = av.open(BytesIO(made.content))
    assert isinstance(found, InputContainer)
    return found


def samples(made: Made) -> int:
    """Return how many samples of sound are decoded."""
    return sum(frame.samples for frame in read(made).decode(audio=0))


def keyframes(made: Made) -> list[bool]:
    """Return which pictures are keyframes, in the order of the file."""
    packets = read(made).demux(video=0)
    return [packet.is_keyframe for packet in packets if packet.size]


@settings(max_examples=10)
@given(seconds=st.floats(0.1, 12), format=st.sampled_from(["mp4", "mov"]), sound=st.booleans())
def test_a_film_is_exactly_as_long_as_wanted(seconds: float, format: Format, sound: bool) -> None:
    """To a tick, shorter or longer than the loop that it is made of, in both containers."""
    made = make(replace(FILM, seconds=seconds, format=format, sound=sound))
    film = read(made)
    video = film.streams.video[0]
    pictures = list(film.decode(video=0))

    assert video.duration == round(seconds * SCALE)
    assert len(pictures) == video.frames == ceil(round(seconds * SCALE) / 1000)
    assert [one.pts for one in pictures] == [1000 * at for at in range(len(pictures))]
    assert sum(packet.duration or 0 for packet in read(made).demux(video=0)) == video.duration
    assert len(film.streams.audio) == sound
    if sound:
        assert film.streams.audio[0].duration == round(seconds * 48_000)
        assert samples(made) == 1024 * ceil(round(seconds * 48_000) / 1024)
    assert film.metadata["comment"] == "A cat.\ngen4.5  seed 0\n1-2"


def test_a_film_can_be_sought_and_has_no_b_frames() -> None:
    """Each loop begins with a keyframe, which the table of keyframes names, and only that."""
    made = make(replace(FILM, seconds=60))
    found = keyframes(made)

    assert [at for at, key in enumerate(found) if key] == list(range(0, 1440, shapes.PICTURES))
    kinds = {PictureType(one.pict_type).name for one in islice(read(made).decode(video=0), 100)}
    assert kinds == {"I", "P"}
    film = read(made)
    film.seek(50_000_000)
    assert float(next(film.decode(video=0)).time) == 48


def test_each_track_is_as_long_as_the_film() -> None:
    """Its header says so in the film's ticks, whatever its own are."""
    content = make(replace(FILM, seconds=7.5)).content
    headers = [match.end() for match in re.finditer(b"tkhd", content[: content.index(b"mdat")])]

    lengths = [int.from_bytes(content[at + 20 : at + 24]) for at in headers]
    assert lengths == [7.5 * SCALE] * 2


def test_the_tables_come_first() -> None:
    """A player need not have the whole file to show its first picture."""
    for format in ("mp4", "mov"):
        content = make(replace(FILM, format=format)).content
        assert content.index(b"moov") < content.index(b"mdat")
        assert content[4:12] == (b"ftypisom" if format == "mp4" else b"ftypqt  ")


@pytest.mark.parametrize("size", shapes.SIZES)
def test_each_size_made_beforehand_is_a_film(size: tuple[int, int]) -> None:
    """It decodes, in its size, and its end leads over to its start."""
    reel = shapes.reel(*size)
    film = read(make(replace(FILM, width=size[0], height=size[1], seconds=0.2, sound=False)))

    assert {(one.width, one.height) for one in film.decode(video=0)} == {size}
    assert (len(reel.pictures), reel.rate) == (shapes.PICTURES, shapes.RATE)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((1280, 720), (1280, 720)),
        ((1920, 1088), (1920, 1080)),
        ((3840, 2160), (1920, 1080)),
        ((2206, 946), (1584, 672)),
        ((640, 640), (960, 960)),
        ((768, 1344), (720, 1280)),
        ((480, 640), (832, 1104)),
        ((100, 4000), (480, 854)),
    ],
)
def test_the_nearest_film_has_the_ratio_and_then_the_size(
    wanted: tuple[int, int], expected: tuple[int, int]
) -> None:
    """The ratio counts more than the number of pixels."""
    assert shapes.nearest(*wanted) == expected


@settings(max_examples=6, deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300), seconds=st.floats(0.1, 5))
def test_with_the_extra_a_film_has_exactly_the_size_wanted(
    width: int, height: int, seconds: float
) -> None:
    """Made even, and at least 16 pixels; the length is as exact as without."""
    made = make(replace(FILM, width=width, height=height, seconds=seconds), encoding.reel_of)
    pictures = list(read(made).decode(video=0))

    size = max(width - width % 2, 16), max(height - height % 2, 16)
    assert {(one.width, one.height) for one in pictures} == {size}
    assert len(pictures) == ceil(round(seconds * SCALE) / 1000)


def test_with_the_extra_a_film_shows_what_it_is_of() -> None:
    """The picture of the PNG is seen, with its text, in its colours; equal wishes, equal bytes."""
    wanted = replace(FILM, width=320, height=180, seconds=0.5)
    film = make(wanted, encoding.reel_of)
    frame = next(read(film).decode(video=0))
    png = Image.open(BytesIO(make(replace(wanted, format="png")).content)).convert("RGB")

    for plane, weights in zip(frame.planes, BT709, strict=True):
        size = plane.width, plane.height
        shown = Image.frombytes("L", size, bytes(plane), "raw", "L", plane.line_size)
        expected = png.convert("L", tuple(weights)).resize(size, Image.Resampling.BOX)
        assert max(ImageStat.Stat(ImageChops.difference(shown, expected)).mean) < 2.5
    assert film == make(wanted, encoding.reel_of)
    others = [replace(wanted, seed=1), replace(wanted, prompt="A dog.")]
    assert len({film.content, *(make(one, encoding.reel_of).content for one in others)}) == 3


@pytest.mark.parametrize(
    "size", [(3840, 3840), (4096, 2304), (2160, 3840), (992, 432), (834, 1112)]
)
def test_documented_sizes_are_not_out_of_bounds(size: tuple[int, int]) -> None:
    """The largest and the oddest of the published ratios."""
    bounded = replace(FILM, width=size[0], height=size[1]).bounded()

    assert (bounded.width, bounded.height) == size


def test_films_are_bounded() -> None:
    """In length, sides, pixels, and so in bytes."""
    asked: list[Wanted] = []

    def reel_of(wanted: Wanted) -> Reel:
        asked.append(wanted)
        return shapes.reel(1920, 1080)

    made = make(replace(FILM, width=20_000, height=10_000, seconds=1e9), reel_of)

    assert read(made).duration == MAX_SECONDS * 1e6
    assert len(made.content) < 16_000_000
    (bounded,) = asked
    assert (bounded.width, bounded.height) == (4096, 2048)


@settings(max_examples=10)
@given(seconds=st.floats(0.1, 20), seed=st.integers(0, 2**32))
def test_mp3_and_opus_are_exactly_as_long_as_wanted(seconds: float, seed: int) -> None:
    """To the sample, for a program that reads how much of the end is padding."""
    for format, content_type in CODECS.items():
        made = make(Wanted(format=format, seconds=seconds, seed=seed, prompt="Hällo."))
        file = read(made)

        assert samples(made) == round(seconds * 48_000)
        metadata = {**file.metadata, **file.streams.audio[0].metadata}
        assert metadata.get("comment", metadata.get("COMMENT", "")).startswith("Hällo.\n")
        assert made.content_type == content_type


@pytest.mark.parametrize("number", range(len(shapes.SOUNDS)))
def test_each_sound_made_beforehand_has_its_loops(number: int) -> None:
    """So many of AAC, MP3 and Opus; those of MP3 are of one size, so that they need no others."""
    sound = shapes.sound(number)

    assert len(sound.aac.frames) == shapes.AAC_FRAMES
    assert len(sound.mp3) == shapes.MP3_FRAMES
    assert len(sound.opus) == shapes.OPUS_PACKETS
    assert {len(one) for one in sound.mp3} == {192}
