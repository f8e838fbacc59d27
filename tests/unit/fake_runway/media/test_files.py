"""The files of outputs: sizes, lengths, types, and the same bytes for the same seed."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.tasks.task import OutputForm
from fake_runway.media.files import MADE, media_file
from fake_runway.media.png import png
from fake_runway.media.wav import SAMPLES_PER_S, Tone
from tests.unit.fake_runway.core.playing import LAW

SEED, OTHER = bytes(range(16)), bytes(range(16, 32))


@LAW
@given(st.integers(1, 70), st.integers(1, 70), st.binary(min_size=16, max_size=16))
def test_a_png_has_its_size_and_every_pixel(width: int, height: int, seed: bytes) -> None:
    """Each chunk is whole; a line has a byte for each pixel, and one in front of them."""
    raw, at = png(width, height, seed=seed), 8
    chunks = {}
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        name, data = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", raw, at + 8 + length) == (zlib.crc32(name + data),)
        chunks[name] = data
        at += 12 + length

    assert [*chunks] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack_from(">II", chunks[b"IHDR"]) == (width, height)
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (width + 1)
    assert chunks[b"PLTE"][:3] == seed[:3]


@LAW
@given(st.floats(0, 3), st.binary(min_size=16, max_size=16), st.data())
def test_a_wav_lasts_as_long_as_asked_and_has_parts(
    seconds: float, seed: bytes, data: st.DataObject
) -> None:
    """The header says its length, and any part is what stands there in the whole."""
    tone = Tone(seconds, seed=seed)
    whole = tone.read(0, tone.length)
    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, SAMPLES_PER_S)
        assert file.getnframes() == round(seconds * SAMPLES_PER_S)
        assert len(file.readframes(file.getnframes())) == 2 * file.getnframes()

    start = data.draw(st.integers(0, tone.length))
    stop = data.draw(st.integers(start, tone.length + 9))
    assert tone.read(start, stop) == whole[start:stop]


def test_an_hour_of_sound_takes_no_memory() -> None:
    """Its length is known, and its end can be read by itself."""
    tone = Tone(3_600, seed=SEED)

    assert tone.length == 44 + 3_600 * SAMPLES_PER_S * 2
    assert len(tone.read(tone.length - 10, tone.length)) == 10


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        (OutputForm("png", 1, 1280, 720), "image/png"),
        (OutputForm("wav", seconds=2.0), "audio/wav"),
    ],
)
def test_a_file_is_the_same_for_the_same_seed(form: OutputForm, content_type: str) -> None:
    """Another seed gives another file of the same type."""
    one, again, other = (media_file(form, seed=seed) for seed in (SEED, SEED, OTHER))

    assert one is not None
    assert again is not None
    assert other is not None
    assert one.content_type == content_type

    first, second, third = (
        each.content.read(0, each.content.length) for each in (one, again, other)
    )
    assert first == second != third


def test_what_cannot_be_made_is_nothing() -> None:
    """It is known which formats can be made."""
    assert media_file(OutputForm("mp4", seconds=5.0), seed=SEED) is None
    assert {"png", "wav"} == MADE
