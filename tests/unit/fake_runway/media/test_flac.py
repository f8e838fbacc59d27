"""FLAC and SVG: what others' programs read in them."""

from __future__ import annotations

import xml.etree.ElementTree as XML
from dataclasses import replace
from io import BytesIO
from struct import pack
from typing import Any, cast

import av
import pytest

from fake_runway.media.flac import BLOCK
from fake_runway.media.making import make
from fake_runway.media.reading import read
from fake_runway.media.sound import SAMPLE_RATE, chord
from fake_runway.media.wanted import Wanted

SOUND = Wanted(format="flac", prompt="A bell.", model="eleven_text_to_sound_v2", task_id="1-2")
SVG = "{http://www.w3.org/2000/svg}"


def decoded(content: bytes) -> bytes:
    """Return the samples that FFmpeg decodes; it checks the checksum of each frame."""
    with cast(Any, av.open(BytesIO(content))) as sound:
        sound.streams.audio[0].codec_context.options = {"err_detect": "crccheck+explode"}
        frames = list(sound.decode(audio=0))
    return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in frames)


@pytest.mark.parametrize("count", [2400, BLOCK, BLOCK + 1, 46_080, 700_001])
def test_a_sound_is_exact_to_the_sample(count: int) -> None:
    """The samples are those of the chord, over and over, in frames that FFmpeg takes for whole."""
    content = make(replace(SOUND, seconds=count / SAMPLE_RATE)).content
    loop = pack("<46080h", *chord(0))

    assert decoded(content) == (loop * (count // (len(loop) // 2) + 1))[: 2 * count]
    assert read(content).seconds == pytest.approx(count / SAMPLE_RATE)


def test_a_frame_that_was_changed_is_noticed() -> None:
    """So the checksums are there, and are looked at above."""
    content = bytearray(make(SOUND).content)
    content[-100] ^= 1
    with pytest.raises(av.FFmpegError):
        decoded(bytes(content))


def test_a_sound_says_what_it_is() -> None:
    """Players show the comment."""
    with cast(Any, av.open(BytesIO(make(SOUND).content))) as sound:
        assert sound.metadata["COMMENT"].startswith("A bell.\neleven_text_to_sound_v2")


@pytest.mark.parametrize("prompt", ["A cat.", "</title><script>alert(1)</script>&"])
def test_an_svg_has_its_size_and_texts_and_nothing_that_runs(prompt: str) -> None:
    """Whatever the prompt is, it is text."""
    made = make(Wanted(format="svg", width=640, height=360, seed=3, prompt=prompt, model="vector"))
    root = XML.fromstring(made.content)

    assert (made.content_type, root.tag) == ("image/svg+xml", f"{SVG}svg")
    assert (root.get("width"), root.get("height")) == ("640", "360")
    assert root.findtext(f"{SVG}title") == prompt
    names = {each.tag.removeprefix(SVG) for each in root.iter()}
    shapes = {"rect", "circle", "polygon", "text", "title", "defs", "linearGradient", "stop"}
    assert names == {"svg", *shapes}
    assert made.content != make(Wanted(format="svg", width=640, height=360, seed=4)).content
