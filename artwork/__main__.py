"""Draw the avatars, record their voices, write `fake_runway/room/media/loops/*.bin`.

`python -m artwork` takes a few minutes. `python -m artwork NAME ...` draws these avatars only.
`python -m artwork faces` draws the small picture that pages have of all of them, and no more.

And letters, films and sounds that tasks answer with: `fake_runway/media/shapes/*.bin`.
"""

import sys
from array import array
from collections.abc import Iterator
from fractions import Fraction
from hashlib import shake_128
from math import cos, pi
from pathlib import Path

import av

from artwork import faces, films
from artwork.drawing import Portrait, Pose
from artwork.letters import font, stencils
from artwork.looks import LOOKS, Look
from artwork.voice import mouth, sound
from fake_runway.media import shapes
from fake_runway.room.media import loops
from fake_runway.room.media.caption import encoder, frame_of, unpadded
from fake_runway.room.media.loops import (
    FRAMES,
    HEIGHT,
    LINE,
    LOOP_S,
    PACKET_S,
    PORTRAIT_OF,
    PORTRAITS,
    RATE,
    SAMPLE_RATE,
    SEGMENTS,
    STRIP,
    WIDTH,
    pack,
)

FOLDER = Path(loops.__file__).parent

PITCH = {"low": 118.0, "high": 196.0}
"""Of the voices, in Hz."""

BLINK_S = 1.55
"""When the eyes are shut in each loop."""


def main(names: list[str]) -> None:
    """Write the files."""
    if names == ["faces"]:
        faces.write()
        return
    if not names:
        _write("letters", [font(13, bold=0.35), font(11)])
        for shape, data in _shapes():
            Path(shapes.__file__).with_name(f"{shape}.bin").write_bytes(data)
            sys.stdout.write(f"{shape}: {len(data)} bytes\n")
        for kind, pitch in PITCH.items():
            _write(f"voice-{kind}", _spoken(sound(pitch)))
    for name in names or LOOKS:
        _write(name, _avatar(LOOKS[name]))
    faces.write()


def pose(at: float, *, talking: bool) -> Pose:
    """Return how the face is at an instant of a loop, in seconds."""
    blink = max(0.0, 1 - abs(at - BLINK_S - (0.6 if talking else 0)) / 0.13)
    breath = (1 - cos(2 * pi * at / LOOP_S)) / 2
    if not talking:
        return Pose(breath, blink)
    opened, rounded = mouth(at)
    return Pose(breath, blink, opened, rounded, brow=opened * 0.5)


def _shapes() -> Iterator[tuple[str, bytes]]:
    yield "letters", stencils()
    for number in range(len(shapes.SOUNDS)):
        yield f"sound-{number}", films.sound(number)
    for width, height in shapes.SIZES:
        yield f"film-{width}x{height}", films.film(width, height)


def _avatar(look: Look) -> Iterator[bytes]:
    portraits = [_portrait(look, PORTRAIT_OF.index(at)) for at in range(PORTRAITS)]
    yield from portraits
    pictures = [_decoded(portrait) for portrait in portraits]
    for talking in (False, True):
        for segment in range(SEGMENTS):
            yield from _rest(look, segment, pictures[PORTRAIT_OF[segment]], talking=talking)


def _portrait(look: Look, segment: int) -> bytes:
    start = _drawn(look, segment, 0, talking=False)
    return bytes(encoder(keyframes_only=False).encode(start)[0])


def _rest(look: Look, segment: int, picture: bytes, *, talking: bool) -> Iterator[bytes]:
    """Yield what follows a keyframe.

    Its strip holds noise, so that the encoder finds each part of it in one place only of the frame
    before, where it was: a dark place looks like many others. And what is to follow looks exactly
    like what was encoded, so that there is nothing to correct: a correction would show in captions.
    """
    codec = encoder(keyframes_only=False)
    noise = shake_128(b"strip").digest(WIDTH * (STRIP - LINE))
    start = frame_of(noise + picture[len(noise) :])
    start.pts = 0
    strip = _decoded(bytes(codec.encode(start)[0]))[: STRIP * WIDTH]
    for at in range(1, FRAMES):
        drawn = unpadded(_drawn(look, segment, at, talking=talking))
        following = frame_of(strip + drawn[STRIP * WIDTH :])
        following.pts = at
        yield bytes(codec.encode(following)[0])


def _drawn(look: Look, segment: int, frame: int, *, talking: bool) -> av.VideoFrame:
    at = (segment * FRAMES + frame) / RATE
    picture = Portrait(look, pose(at, talking=talking)).picture()
    rgba = av.VideoFrame.from_bytes(picture.convert("RGBA").tobytes(), WIDTH, HEIGHT, "rgba")
    return rgba.reformat(format="yuv420p")


def _decoded(keyframe: bytes) -> bytes:
    return unpadded(av.CodecContext.create("vp8", "r").decode(av.Packet(keyframe))[0])


def _spoken(samples: "array[int]") -> Iterator[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = SAMPLE_RATE, "mono", "s16"
    codec.bit_rate = 16_000
    codec.time_base = Fraction(1, SAMPLE_RATE)
    codec.options = {"application": "voip", "frame_duration": f"{PACKET_S * 1000:g}"}
    size = round(PACKET_S * SAMPLE_RATE)
    packets = []
    silence = array("h", bytes(2 * len(samples)))
    both = samples + samples + silence  # the second turn follows the first, as it will
    for at in range(0, len(both), size):
        frame = av.AudioFrame("s16", "mono", size)
        frame.planes[0].update(both[at : at + size].tobytes())
        frame.sample_rate, frame.pts = SAMPLE_RATE, at
        packets += [bytes(one) for one in codec.encode(frame)]
    loop = len(samples) // size
    yield packets[-1]  # silence
    yield from packets[loop : 2 * loop]


def _write(name: str, packets: Iterator[bytes] | list[bytes]) -> None:
    data = pack(iter(packets))
    (FOLDER / f"{name}.bin").write_bytes(data)
    sys.stdout.write(f"{name}: {len(data)} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
