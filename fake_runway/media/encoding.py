"""Encode loops of pictures and sound. Needs PyAV, from the extra `media`; imported late."""

import re
from array import array
from collections.abc import Iterator, Mapping
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from fake_runway.media.film import AAC_SAMPLES, Reel, Track
from fake_runway.media.picture import Picture
from fake_runway.media.wanted import Wanted

FAST: Mapping[str, str] = {"preset": "veryfast", "crf": "30"}

RATE, PICTURES = 24, 48
"""Pictures a second, and of a loop."""

_START = re.compile(rb"\x00{2,3}\x01")  # before each part of an H.264 stream; never inside
_SEQUENCE, _PICTURE, _INFORMATION = 7, 8, 6  # kinds of parts
_BT709 = "colorprim=bt709:transfer=bt709:colormatrix=bt709"
_CONSTANT = "scenecut=0:rc-lookahead=0:sync-lookahead=0:threads=1:force-cfr=1"


def available() -> bool:
    """Return whether this build of PyAV encodes H.264 as it is needed here."""
    return "libx264" in av.codecs_available


def reel_of(wanted: Wanted) -> Reel:
    """Return a loop for a film of exactly this size, with its texts drawn into it."""
    return reel(Picture(wanted), rate=RATE, count=PICTURES)


def reel(picture: Picture, *, rate: int, count: int, options: Mapping[str, str] = FAST) -> Reel:
    """Return a loop of `count` pictures. One of 1280 times 720 takes about 7 ms."""
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, rate), Fraction(rate)
    codec.thread_count = 1  # more give other bytes
    codec.gop_size, codec.max_b_frames = count, 0
    codec.options = {**options, "x264-params": f"{_BT709}:{_CONSTANT}"}
    packets = []
    for at, frame in enumerate(_frames(picture, count)):
        frame.pts = at
        packets += codec.encode(frame)
    packets += codec.encode(None)
    parts = [list(_parts(bytes(one))) for one in packets]
    setup = [part for one in parts for part in one if part[0] & 31 in (_SEQUENCE, _PICTURE)][:2]
    pictures = tuple(
        b"".join(
            len(part).to_bytes(4) + part
            for part in one
            if part[0] & 31 not in (_SEQUENCE, _PICTURE, _INFORMATION)
        )
        for one in parts
    )
    return Reel(picture.width, picture.height, rate, _configuration(*setup), pictures)


def aac(loop: "array[int]", rate: int, bits: int) -> Track:
    """Return a loop of sound, of whole frames, that can follow itself: encode it in its midst."""
    codec = av.CodecContext.create("aac", "w")
    codec.format, codec.flags = "fltp", codec.flags | Flags.global_header
    packets, setup = _sound(loop, codec, rate, bits)
    size = len(loop) // AAC_SAMPLES
    return Track(rate, setup, tuple(packets[size : 2 * size]))


def mp3(loop: "array[int]", rate: int, bits: int) -> tuple[bytes, ...]:
    """Return a loop of frames of MP3; none needs bits of another."""
    codec = av.CodecContext.create("libmp3lame", "w")
    codec.format, codec.options = "s16p", {"reservoir": "0"}
    packets, _ = _sound(loop, codec, rate, bits)
    size = len(loop) // 1152
    return tuple(packets[size : 2 * size])


def opus(loop: "array[int]", rate: int, bits: int) -> tuple[bytes, ...]:
    """Return a loop of packets of Opus, 20 ms each."""
    codec = av.CodecContext.create("libopus", "w")
    codec.format = "s16"
    packets, _ = _sound(loop, codec, rate, bits)
    size = len(loop) * 50 // rate
    return tuple(packets[size : 2 * size])


def _frames(picture: Picture, count: int) -> Iterator[av.VideoFrame]:
    tables = _conversions(picture.palette)
    for at in range(count):
        rows = list(picture.rows(at / count))
        frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
        for plane, table, step in zip(frame.planes, tables, (1, 2, 2), strict=True):
            plane.update(_plane(rows[::step], table, step, plane.line_size))
        yield frame


def _plane(rows: list[bytes], table: bytes, step: int, line: int) -> bytes:
    before, pixels, every = b"", b"", []
    for row in rows:
        if row is not before:
            before, pixels = row, row[::step].translate(table).ljust(line, b"\0")
        every.append(pixels)
    return b"".join(every)


def _conversions(palette: bytes) -> list[bytes]:
    """Return for luma and both chromas a table from the palette's indexes (BT.709)."""
    tables = [bytearray(256), bytearray(256), bytearray(256)]
    for at in range(len(palette) // 3):
        red, green, blue = palette[3 * at : 3 * at + 3]
        luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        tables[0][at] = round(16 + luma * 219 / 255)
        tables[1][at] = round(128 + (blue - luma) / 1.8556 * 224 / 255)
        tables[2][at] = round(128 + (red - luma) / 1.5748 * 224 / 255)
    return [bytes(one) for one in tables]


def _parts(stream: bytes) -> Iterator[bytes]:
    """Yield the parts of an H.264 stream (NAL units)."""
    return (part for part in _START.split(stream) if part)


def _configuration(sequence: bytes, picture: bytes) -> bytes:
    """Return the content of `avcC`."""
    return b"".join(
        [
            b"\1" + sequence[1:4] + b"\xff\xe1",
            len(sequence).to_bytes(2) + sequence,
            b"\1" + len(picture).to_bytes(2) + picture,
        ]
    )


def _sound(
    loop: "array[int]", codec: AudioCodecContext, rate: int, bits: int
) -> tuple[list[bytes], bytes]:
    """Return the packets of three times a loop, and what a decoder has to know."""
    codec.sample_rate, codec.layout, codec.bit_rate = rate, "mono", bits
    codec.time_base = Fraction(1, rate)
    samples = (
        loop if codec.format.name in ("s16", "s16p") else array("f", [one / 32768 for one in loop])
    )
    codec.open()
    size, packets = codec.frame_size, []
    for at in range(0, 3 * len(loop), size):
        frame = av.AudioFrame(codec.format.name, "mono", size)
        start = at % len(loop)
        frame.planes[0].update(samples[start : start + size].tobytes())
        frame.sample_rate, frame.pts = rate, at
        packets += [bytes(one) for one in codec.encode(frame)]
    return packets, codec.extradata or b""
