"""Pictures and sounds of the avatars, encoded beforehand by `python -m artwork`.

A loop lasts `LOOP_S` and has `SEGMENTS` segments of `FRAMES` pictures and `PACKETS` packets of
sound. A segment begins with a keyframe; at that instant the mouth is shut and the breath is where
the other loop's is, so the loops, idle and talking, can be exchanged there and nowhere else. One
breath is one loop: in and out look the same, so segments 1 and 5, 2 and 4 share the picture that
they begin with.

**Files.** Each is a row of packets, each with its length before it (two bytes, the higher first).
`<preset>.bin` holds VP8: `PORTRAITS` keyframes, then the rest of the idle segments, then that of
the talking ones. The keyframes are pictures to write on: `caption.py` does that for each call and
encodes the result anew. The rest of a segment goes with any of these, because it leaves the
highest `STRIP` rows alone and takes over nothing but pixels from the frame before
(`error-resilient`). `voice-<kind>.bin` holds Opus: a packet of silence, then the loop.
`letters.bin` holds two fonts, as `caption.py` reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WIDTH, HEIGHT = 320, 180
STRIP = 32
"""The highest rows of a picture, kept for the caption: two rows of VP8's macroblocks.

Pages lay their buttons over the lower edge.
"""

LINE = 3
"""The rows at the lower edge of the strip, all of one colour, whatever the caption.

What VP8 predicts from neighbours above, and smooths with them, is then the same in every call.
"""

RATE = 15
"""Pictures a second."""

FRAMES = 9
SEGMENTS = 6
SEGMENT_S = FRAMES / RATE
LOOP_S = SEGMENTS * SEGMENT_S

PORTRAIT_OF = (0, 1, 2, 3, 2, 1)
"""Which keyframe a segment begins with."""

PORTRAITS = 1 + max(PORTRAIT_OF)

SAMPLE_RATE = 48_000
PACKET_S = 0.06
"""The longest single frame of Opus: fewer packets cost less."""

PACKETS = round(SEGMENT_S / PACKET_S)

PRESETS = (
    "game-character",
    "music-superstar",
    "game-character-man",
    "cat-character",
    "influencer",
    "tennis-coach",
    "human-resource",
    "fashion-designer",
    "cooking-teacher",
)
"""Source: Runway's OpenAPI document, `presetId`."""

CUSTOM = "custom"
"""How any avatar looks that is no preset."""

_LOW = frozenset({"game-character-man", "tennis-coach", "cooking-teacher"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A keyframe's followers.

    Attributes:
        portrait: which keyframe comes first.
        rest: VP8 frames.
    """

    portrait: int
    rest: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Avatar:
    """What an avatar looks and sounds like.

    Attributes:
        portraits: VP8 keyframes.
        idle: one loop.
        talking: one loop.
        silence: an Opus packet.
        voice: one loop; a segment is a tuple of Opus packets.
    """

    portraits: tuple[bytes, ...]
    idle: tuple[Segment, ...]
    talking: tuple[Segment, ...]
    silence: bytes
    voice: tuple[tuple[bytes, ...], ...]


def voice_of(preset: str) -> str:
    """Return the kind of voice: `low` or `high`."""
    return "low" if preset in _LOW else "high"


@cache
def avatar(preset: str) -> Avatar:
    """Return the avatar of a preset; of `CUSTOM` for any other name."""
    if preset not in PRESETS and preset != CUSTOM:
        return avatar(CUSTOM)
    packets = _packets(f"{preset}.bin")
    portraits = tuple(next(packets) for _ in range(PORTRAITS))
    idle, talking = (
        tuple(Segment(one, tuple(next(packets) for _ in range(FRAMES - 1))) for one in PORTRAIT_OF)
        for _ in range(2)
    )
    sounds = _packets(f"voice-{voice_of(preset)}.bin")
    silence = next(sounds)
    voice = tuple(tuple(next(sounds) for _ in range(PACKETS)) for _ in range(SEGMENTS))
    return Avatar(portraits, idle, talking, silence, voice)


@cache
def letters() -> tuple[bytes, ...]:
    """Return the parts of `letters.bin`."""
    return tuple(_packets("letters.bin"))


def pack(packets: Iterator[bytes]) -> bytes:
    """Return the bytes of a file."""
    return b"".join(len(one).to_bytes(2) + one for one in packets)


def _packets(name: str) -> Iterator[bytes]:
    data = files(__name__).joinpath(name).read_bytes()
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        yield data[start:at]
