"""What is written above the avatar's face: for each call its own, and for little.

Encoding every picture of every call would keep the server's loop busy about three times as long.
But a loop leaves the strip at the top alone, and every segment begins with a keyframe. So only
that one is encoded: the shared portrait with the caption in the strip. All that follows in the
segment moves the face and keeps the strip. While nothing in the caption changes, even that comes
from memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from zlib import decompress

import av
from av.video.codeccontext import VideoCodecContext

from fake_runway.room.media.loops import (
    HEIGHT,
    LINE,
    PORTRAITS,
    PRESETS,
    RATE,
    STRIP,
    WIDTH,
    avatar,
    letters,
)

QUALITY = 20
"""The quantizer of VP8, 0 (best) to 63. All frames have the same: none corrects another."""

FIRST_LETTER, LAST_LETTER = " ", "~"

_MARGIN = 8  # pixels, left and right
_NAME, _SMALL = 0, 1  # the fonts in letters.bin
_NAME_LINES = 2
_LONGEST = 100  # letters of a text that are looked at; no more fit
_GAP = 8  # pixels between the name and the lines
_BRIGHT, _DIM = 235, 170  # luma of the text


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written above the face. What does not fit is cut off; only ASCII is drawn.

    Attributes:
        name: at the left, in two lines if it is long.
        upper: at the right.
        lower: below it.
    """

    name: str = ""
    upper: str = ""
    lower: str = ""


def caption_of(avatar_name: str, *, status: str, now: float, session_id: str) -> Caption:
    """Return what is usually written.

    Args:
        avatar_name: a name, or a preset id, which is written as a name: "Cat Character".
        status: of the session.
        now: the time of its world, in POSIX seconds; written as hours, minutes and seconds, UTC.
        session_id: its id.
    """
    name = avatar_name.replace("-", " ").title() if avatar_name in PRESETS else avatar_name
    clock = datetime.fromtimestamp(now, UTC).strftime("%H:%M:%S")
    return Caption(name, f"{status}  {clock}", session_id)


class Keyframes:
    """The keyframes of one call.

    An encoder takes 3.3 MiB, and a keyframe is the same whatever it has encoded before. So calls of
    a server, which are all on one thread, share one.

    Args:
        preset: of the avatar.
        shared: an encoder of keyframes only; None: one of its own.
    """

    def __init__(self, preset: str, shared: VideoCodecContext | None = None) -> None:
        self._preset = preset
        self._caption: Caption | None = None
        self._made: dict[int, bytes] = {}
        self._encoder = shared or encoder(keyframes_only=True)

    def of(self, portrait: int, caption: Caption) -> bytes:
        """Return the VP8 keyframe of a portrait with a caption. Takes about a millisecond."""
        if caption != self._caption:
            self._caption = caption
            self._made.clear()
        if portrait not in self._made:
            frame = written(_pictures(self._preset)[portrait], caption)
            self._made[portrait] = bytes(self._encoder.encode(frame)[0])
        return self._made[portrait]


def encoder(*, keyframes_only: bool) -> VideoCodecContext:
    """Return an encoder that makes a packet of each picture at once, all of one quality."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base = Fraction(1, RATE)
    codec.bit_rate = 10_000_000  # never the limit: the quality is
    codec.qmin = codec.qmax = QUALITY
    codec.gop_size = 0 if keyframes_only else 1000
    codec.thread_count = 1
    codec.options = {
        "auto-alt-ref": "0",
        "cpu-used": "-16" if keyframes_only else "0",
        "deadline": "realtime" if keyframes_only else "good",
        "error-resilient": "default",
        "lag-in-frames": "0",
        "static-thresh": "0" if keyframes_only else "60",
    }
    return codec


def written(picture: bytes, caption: Caption) -> av.VideoFrame:
    """Return a picture (yuv420p, no padding) with a caption."""
    strip = _Strip(bytearray(picture[: STRIP * WIDTH]))
    strip.write(caption)
    return frame_of(bytes(strip.pixels) + picture[STRIP * WIDTH :])


def frame_of(picture: bytes) -> av.VideoFrame:
    """Return a frame with the planes of a picture: the inverse of `unpadded`."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    at = 0
    for plane in frame.planes:
        size = plane.width * plane.height
        plane.update(_padded(picture[at : at + size], plane.width, plane.line_size))
        at += size
    return frame


def unpadded(frame: av.VideoFrame) -> bytes:
    """Return the planes of a yuv420p frame, one after the other."""
    parts = []
    for plane in frame.planes:
        data, wide, step = bytes(plane), plane.width, plane.line_size
        parts += [data[row * step : row * step + wide] for row in range(plane.height)]
    return b"".join(parts)


def _padded(data: bytes, wide: int, step: int) -> bytes:
    if wide == step:
        return data
    rows = range(0, len(data), wide)
    return b"".join(data[row : row + wide].ljust(step, b"\0") for row in rows)


@cache
def _pictures(preset: str) -> tuple[bytes, ...]:
    decoder = av.CodecContext.create("vp8", "r")
    portraits = avatar(preset).portraits
    frames = [decoder.decode(av.Packet(one))[0] for one in portraits[:PORTRAITS]]
    return tuple(unpadded(frame) for frame in frames)


@dataclass(frozen=True, slots=True)
class _Font:
    high: int
    glyphs: tuple[
        tuple[bytes, ...], ...
    ]  # of each letter its rows; a byte is how much ink there is

    def rows_of(self, text: str) -> Iterator[bytes]:
        """Yield the rows of a line of text."""
        glyphs = [self._glyph(letter) for letter in text]
        for row in range(self.high):
            yield b"".join(glyph[row] for glyph in glyphs)

    def width(self, text: str) -> int:
        """Return the pixels that a line of text takes."""
        return sum(len(self._glyph(letter)[0]) for letter in text)

    def _glyph(self, letter: str) -> tuple[bytes, ...]:
        known = letter if FIRST_LETTER <= letter <= LAST_LETTER else "?"
        return self.glyphs[ord(known) - ord(FIRST_LETTER)]


@cache
def _font(which: int) -> _Font:
    """Read a font: the height, the width of each letter, then each letter's rows; a byte each."""
    data = decompress(letters()[which])
    count = ord(LAST_LETTER) - ord(FIRST_LETTER) + 1
    high, widths, at = data[0], data[1 : 1 + count], 1 + count
    glyphs = []
    for wide in widths:
        glyphs.append(tuple(data[at + row * wide : at + (row + 1) * wide] for row in range(high)))
        at += wide * high
    return _Font(high, tuple(glyphs))


class _Strip:
    def __init__(self, pixels: bytearray) -> None:
        self.pixels = pixels
        self._ground = pixels[0]

    def write(self, caption: Caption) -> None:
        name, small = _font(_NAME), _font(_SMALL)
        upper, lower = caption.upper[:_LONGEST], caption.lower[:_LONGEST]
        right = max(small.width(upper), small.width(lower))
        lines = _wrapped(caption.name[:_LONGEST], name, WIDTH - 2 * _MARGIN - _GAP - right)
        for line, top in zip(lines, _tops(len(lines), name), strict=True):
            self._line(line, name, _MARGIN, top, _BRIGHT)
        for line, top, luma in zip((upper, lower), _tops(2, small), (_BRIGHT, _DIM), strict=True):
            self._line(line, small, WIDTH - _MARGIN - small.width(line), top, luma)

    def _line(self, text: str, font: _Font, left: int, top: int, luma: int) -> None:
        ink = bytes(self._ground + (luma - self._ground) * one // 255 for one in range(256))
        left = max(left, 0)
        for row, pixels in enumerate(font.rows_of(text), start=top):
            seen = pixels[: WIDTH - left]
            self.pixels[row * WIDTH + left : row * WIDTH + left + len(seen)] = seen.translate(ink)


def _tops(count: int, font: _Font) -> list[int]:
    """Return the rows where so many lines begin, in the middle of the strip."""
    first = (STRIP - LINE - count * font.high) // 2
    return [first + at * font.high for at in range(count)]


def _wrapped(name: str, font: _Font, room: int) -> list[str]:
    """Return up to two lines of a name, as wide as there is room."""
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.width(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    lines = lines[:_NAME_LINES]
    return [_cut(line, font, room) for line in lines]


def _cut(line: str, font: _Font, room: int) -> str:
    while line and font.width(line) > room:
        line = line[:-1]
    return line
