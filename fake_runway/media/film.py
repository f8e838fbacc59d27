"""Films: a loop of pictures and one of sound, put into MP4 or MOV for any length.

Encoding needs a codec and takes time; writing a container needs neither. So pictures and sounds
are encoded as loops, beforehand or once for a file, and a film of a given length is the loop's
samples, again and again, in a container with tables made for that length: a few milliseconds for
a minute. A loop begins with a keyframe, has no B-frames, and its end leads over to its start, so
it can be cut after any picture, and a player can seek to the start of each loop.

The tables come before the samples ("fast start"): a player shows the first picture before it has
all of the file. Source of the boxes: ISO/IEC 14496-12, -14 and -15; QuickTime File Format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, zip_longest
from struct import pack
from typing import Literal

SCALE = 24_000
"""Ticks a second of films: whole ones for a picture, at 12 or 24 pictures a second."""

AAC_SAMPLES = 1024
"""Of one frame."""

Brand = Literal["mp4", "mov"]


@dataclass(frozen=True, slots=True)
class Reel:
    """A loop of pictures, H.264. The first is a keyframe, the others are none.

    Attributes:
        width, height: in pixels.
        rate: pictures a second; divides `SCALE`.
        setup: the content of `avcC`.
        pictures: each part of one has its length before it (4 bytes).
    """

    width: int
    height: int
    rate: int
    setup: bytes
    pictures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A loop of sound, AAC, one channel.

    Attributes:
        rate: samples a second.
        setup: the AudioSpecificConfig.
        frames: of `AAC_SAMPLES` each.
    """

    rate: int
    setup: bytes
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Samples:
    """A track at the length of the film.

    Attributes:
        loop: the samples that repeat.
        ticks: of one sample; the last one is shorter.
        duration: in ticks.
        scale: ticks a second.
    """

    loop: Sequence[bytes]
    ticks: int
    duration: int
    scale: int

    @property
    def count(self) -> int:
        return -(-self.duration // self.ticks)

    def chunks(self) -> Iterator[tuple[bytes, int]]:
        """Yield the bytes of about a second at a time, and the number of samples."""
        step = max(self.scale // self.ticks, 1)
        samples = cycle(self.loop)
        for start in range(0, self.count, step):
            number = min(step, self.count - start)
            yield b"".join(islice(samples, number)), number


def film(
    reel: Reel, track: Track | None, seconds: float, *, brand: Brand = "mp4", comment: str = ""
) -> bytes:
    """Return a film of exactly this length, to the tick.

    Args:
        reel: its pictures.
        track: its sound.
        seconds: its length.
        brand: the container.
        comment: a text in the file's properties.
    """
    duration = max(round(seconds * SCALE), 1)
    pictures = _Samples(reel.pictures, SCALE // reel.rate, duration, SCALE)
    tracks = [(pictures, _picture_entry(reel), (reel.width, reel.height))]
    if track is not None:
        length = max(round(seconds * track.rate), 1)
        sound = _Samples(track.frames, AAC_SAMPLES, length, track.rate)
        tracks.append((sound, _sound_entry(track, sound), (0, 0)))
    start = _box(b"ftyp", _BRANDS[brand])
    content, chunks = _interleaved([samples for samples, _, _ in tracks])

    def tables(offset: int) -> bytes:
        every = [
            _track(at, samples, entry, size, _placed(chunks[at - 1], offset))
            for at, (samples, entry, size) in enumerate(tracks, 1)
        ]
        return _box(b"moov", _movie_header(duration, len(tracks)), *every, _named(comment, brand))

    head = tables(len(start) + len(tables(0)) + 8)  # their size does not depend on the offset
    return b"".join([start, head, (len(content) + 8).to_bytes(4), b"mdat", content])


_BRANDS: dict[str, bytes] = {
    "mp4": b"isom\x00\x00\x02\x00isomiso2avc1mp41",
    "mov": b"qt  \x00\x00\x02\x00qt  ",
}


def _interleaved(tracks: Sequence[_Samples]) -> tuple[bytes, list[list[tuple[int, int]]]]:
    """Return the samples of all tracks, and each track's chunks: place, number of samples."""
    places: list[list[tuple[int, int]]] = [[] for _ in tracks]
    parts, at = [], 0
    for second in zip_longest(*(track.chunks() for track in tracks)):
        for chunk, own in zip(second, places, strict=True):
            if chunk is not None:
                own.append((at, chunk[1]))
                parts.append(chunk[0])
                at += len(chunk[0])
    return b"".join(parts), places


def _placed(chunks: list[tuple[int, int]], offset: int) -> bytes:
    """Return the boxes that say which samples lie where."""
    runs: list[tuple[int, int, int]] = []
    for at, (_, number) in enumerate(chunks, 1):
        if not runs or runs[-1][1] != number:
            runs.append((at, number, 1))
    where = pack(f">{len(chunks)}I", *(offset + place for place, _ in chunks))
    return _rows(b"stsc", runs) + _full(b"stco", len(chunks).to_bytes(4) + where)


def _movie_header(duration: int, tracks: int) -> bytes:
    times = pack(">IIII", 0, 0, SCALE, duration)
    return _full(
        b"mvhd", times, pack(">IH10x", 0x10000, 0x100), _MATRIX, bytes(24), _u32(tracks + 1)
    )


def _track(at: int, samples: _Samples, entry: bytes, size: tuple[int, int], placed: bytes) -> bytes:
    pictures = size != (0, 0)
    width, height = size
    in_movie = round(samples.duration * SCALE / samples.scale)
    header = _full(
        b"tkhd",
        pack(">IIIII8x", 0, 0, at, 0, in_movie),
        pack(">HHHH", 0, 0, 0 if pictures else 0x100, 0),
        _MATRIX,
        pack(">II", width << 16, height << 16),
        flags=3,
    )
    media = _full(b"mdhd", pack(">IIIIHH", 0, 0, samples.scale, samples.duration, 0x55C4, 0))
    kind, name = (b"vide", b"Pictures\0") if pictures else (b"soun", b"Sound\0")
    handler = _full(b"hdlr", bytes(4), kind, bytes(12), name)
    about = _full(b"vmhd", bytes(8), flags=1) if pictures else _full(b"smhd", bytes(4))
    here = _box(b"dinf", _full(b"dref", _u32(1), _full(b"url ", flags=1)))
    table = _box(b"stbl", _full(b"stsd", _u32(1), entry), *_timed(samples), placed)
    information = _box(b"minf", about, here, table)
    return _box(b"trak", header, _box(b"mdia", media, handler, information))


def _timed(samples: _Samples) -> Iterator[bytes]:
    """Yield the boxes that say how long, how large and of which kind the samples are."""
    last = samples.duration - (samples.count - 1) * samples.ticks
    runs = [(samples.count - 1, samples.ticks), (1, last)]
    yield _rows(b"stts", [run for run in runs if run[0]])
    loop = [len(one) for one in samples.loop]
    sizes = islice(cycle(loop), samples.count)
    yield _full(b"stsz", _u32(0), _u32(samples.count), pack(f">{samples.count}I", *sizes))
    if samples.scale == SCALE:
        yield _rows(b"stss", [(at,) for at in range(1, samples.count + 1, len(loop))])


def _picture_entry(reel: Reel) -> bytes:
    size = pack(">HH", reel.width, reel.height)
    look = pack(">II4xH32xHh", 0x480000, 0x480000, 1, 24, -1)
    colours = _box(b"colr", b"nclx", pack(">HHHB", 1, 1, 1, 0))  # BT.709
    return _box(
        b"avc1", bytes(6), b"\0\1", bytes(16), size, look, _box(b"avcC", reel.setup), colours
    )


def _sound_entry(track: Track, samples: _Samples) -> bytes:
    bits = 8 * sum(map(len, track.frames)) * track.rate // (AAC_SAMPLES * len(track.frames))
    largest = max(map(len, track.frames))
    decoder = bytes((0x40, 0x15)) + largest.to_bytes(3) + pack(">II", 2 * bits, bits)
    config = _descriptor(4, decoder + _descriptor(5, track.setup))
    stream = _descriptor(3, b"\0\1\0" + config + _descriptor(6, b"\2"))
    form = pack(">8xHH4xI", 1, 16, samples.scale << 16)
    return _box(b"mp4a", bytes(6), b"\0\1", form, _full(b"esds", stream))


def _named(comment: str, brand: Brand) -> bytes:
    """Return the box of the file's properties."""
    if not comment:
        return b""
    text = comment.encode()[:60_000]
    if brand == "mov":
        return _box(b"udta", _box(b"\xa9cmt", pack(">HH", len(text), 0x55C4), text))
    item = _box(b"\xa9cmt", _box(b"data", _u32(1), bytes(4), text))
    handler = _full(b"hdlr", bytes(4), b"mdirappl", bytes(9))
    return _box(b"udta", _full(b"meta", handler, _box(b"ilst", item)))


_MATRIX = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # no turning


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return (len(content) + 8).to_bytes(4) + kind + content


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, flags.to_bytes(4), *parts)


def _rows(kind: bytes, rows: Sequence[tuple[int, ...]]) -> bytes:
    """Return a table: the number of rows, then the rows."""
    return _full(kind, _u32(len(rows)), *(pack(f">{len(row)}I", *row) for row in rows))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content  # shorter than 128 bytes: one byte of length


def _u32(number: int) -> bytes:
    return number.to_bytes(4)
