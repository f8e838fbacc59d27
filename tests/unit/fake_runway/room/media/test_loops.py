"""The files of the avatars."""

from artwork.looks import LOOKS
from contracts.wire.documents import load
from fake_runway.room.media.loops import (
    CUSTOM,
    FRAMES,
    PACKETS,
    PRESETS,
    SEGMENTS,
    avatar,
    pack,
)


def test_every_preset_of_the_api_has_a_look() -> None:
    """And so have the avatars that are no presets."""
    presets = load("runway").raw["components"]["schemas"]["PresetId"]["enum"]
    assert list(PRESETS) == presets
    assert list(LOOKS) == [*PRESETS, CUSTOM]


def test_a_file_holds_what_it_says() -> None:
    """Two loops of segments, each with the frames that follow its keyframe, and a voice as long."""
    loaded = avatar("cat-character")
    assert [len(one.rest) for one in loaded.idle + loaded.talking] == [FRAMES - 1] * SEGMENTS * 2
    assert [len(one) for one in loaded.voice] == [PACKETS] * SEGMENTS
    assert all(loaded.portraits)
    assert avatar("cat-character") is loaded


def test_each_packet_has_its_length_before_it() -> None:
    """Two bytes, the higher first."""
    assert pack(iter([b"ab", b"", b"c" * 300])) == b"\0\2ab\0\0\1\x2c" + b"c" * 300
