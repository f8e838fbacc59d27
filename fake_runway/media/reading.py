"""What a file says of itself: type, size and length, from its bytes, in pure Python.

Nothing in a file is believed (`fields.py`), and any bytes are read in little time. Only what
describes the content is read, never the content: a file whose description is fine may still be
damaged further on.
"""

from collections.abc import Callable, Mapping
from struct import Struct

from fake_runway.media.errors import UnreadableMedia
from fake_runway.media.fields import MOST_FRAMES, Description, Fields, boxes, inside
from fake_runway.media.heif import is_heif, read_heif
from fake_runway.media.matroska import read_matroska


def read(content: bytes) -> Description:
    """Return what a file says of itself.

    Size and length are read of PNG, JPEG, WebP, AVIF, HEIC, GIF (size only), MP4, MOV, M4A, 3GP,
    WebM, AVI, WAV, FLAC, MP3, AAC and Ogg, as far as the file has them.

    Raises:
        UnreadableMedia: the type is unknown, or what describes the file is damaged.
    """
    for matches, reader in _READERS:
        if matches(content):
            return reader(content)
    raise UnreadableMedia(
        f"Expected a picture, a film or a sound, got {len(content)} bytes "
        f"that begin with {content[:8].hex(' ') or 'nothing'}."
    )


def _starting(*starts: bytes, at: int = 0) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(starts, at)


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda content: content[:4] == b"RIFF" and content[8:12] == kind


def _png(content: bytes) -> Description:
    fields = Fields(content, "PNG")
    if fields.slice(12, 4) != b"IHDR":
        raise fields.error("the header first", repr(content[12:16]))
    return fields.picture(fields.number(16, 4), fields.number(20, 4), "image/png")


def _gif(content: bytes) -> Description:
    fields = Fields(content, "GIF")
    width, height = fields.number(6, 2, little=True), fields.number(8, 2, little=True)
    return fields.picture(width, height, "image/gif")


_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # segments without content


def _jpeg(content: bytes) -> Description:
    fields, at = Fields(content, "JPEG"), 2
    while True:
        fields.part()
        mark, kind = fields.slice(at, 2)
        if mark != 0xFF:
            raise fields.error(f"a marker at {at}", f"{mark:#04x}")
        if kind == 0xFF:  # a filling byte
            at += 1
        elif kind in _ALONE:
            at += 2
        elif kind in _SIZES:
            return fields.picture(fields.number(at + 7, 2), fields.number(at + 5, 2), "image/jpeg")
        elif kind in (0xD9, 0xDA):
            raise fields.error("a size before the picture", "none")
        else:
            at += 2 + max(fields.number(at + 2, 2), 2)


def _webp(content: bytes) -> Description:
    fields = Fields(content, "WebP")
    match fields.slice(12, 4):
        case b"VP8X":
            width, height = (1 + fields.number(at, 3, little=True) for at in (24, 27))
        case b"VP8L":
            bits = fields.number(21, 4, little=True)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = (fields.number(at, 2, little=True) & 0x3FFF for at in (26, 28))
        case other:
            raise fields.error("a picture first", repr(other))
    return fields.picture(width, height, "image/webp")


def _wav(content: bytes) -> Description:
    fields, at, rate = Fields(content, "WAV"), 12, 0
    while True:
        fields.part()
        kind, size = fields.slice(at, 4), fields.number(at + 4, 4, little=True)
        if kind == b"fmt ":
            rate = fields.number(at + 16, 4, little=True)  # bytes a second
        elif kind == b"data":
            held = min(size, len(content) - at - 8)  # a stream's size is not known when it begins
            return Description("audio/wav", "audio", seconds=fields.seconds(held, rate))
        at += 8 + size + size % 2


# MPEG-4 and QuickTime


_FILMS: Mapping[bytes, str] = {b"qt": "video/quicktime", b"3g": "video/3gpp"}


def _movie(content: bytes) -> Description:
    fields = Fields(content, "MPEG-4")
    brand = content[8:12] if content[4:8] == b"ftyp" else b"qt  "
    movie = inside(fields, (0, len(content)), b"moov")
    header = inside(fields, movie, b"mvhd")
    if movie is None or header is None:
        raise fields.error("a movie's header", "none")
    seconds = _duration(fields, header) or _fragments(fields, movie, header)
    tracks = [(start, end) for kind, start, end in boxes(fields, *movie) if kind == b"trak"][:64]
    sizes = [size for one in tracks if (size := _shown(fields, one))]
    if not sizes:
        return Description("audio/mp4", "audio", seconds=seconds)
    width, height = max(sizes)
    return Description(_FILMS.get(brand[:2], "video/mp4"), "video", width, height, seconds)


def _times(fields: Fields, start: int) -> tuple[int, int]:
    """Return the ticks a second and the duration of a header; of one that is unknown 0."""
    size = 8 if fields.number(start, 1) == 1 else 4
    rate, duration = (
        fields.number(start + 4 + 2 * size, 4),
        fields.number(start + 8 + 2 * size, size),
    )
    return rate, 0 if duration == (1 << 8 * size) - 1 else duration


def _duration(fields: Fields, header: tuple[int, int]) -> float | None:
    rate, duration = _times(fields, header[0])
    return fields.seconds(duration, rate) or None


def _fragments(fields: Fields, movie: tuple[int, int], header: tuple[int, int]) -> float | None:
    """Return the length of a film in fragments, if it says it."""
    extends = inside(fields, movie, b"mvex", b"mehd")
    if extends is None:
        return None
    size = 8 if fields.number(extends[0], 1) == 1 else 4
    return fields.seconds(fields.number(extends[0] + 4, size), _times(fields, header[0])[0]) or None


def _shown(fields: Fields, track: tuple[int, int]) -> tuple[int, int] | None:
    """Return the size of a track of pictures, as it is shown."""
    handler = inside(fields, track, b"mdia", b"hdlr")
    if handler is None or fields.slice(handler[0] + 8, 4) != b"vide":
        return None
    entry = inside(fields, track, b"mdia", b"minf", b"stbl", b"stsd")
    header = inside(fields, track, b"tkhd")
    if entry is None or header is None:
        raise fields.error("a description of each track", "none")
    width, height = fields.number(entry[0] + 8 + 32, 2), fields.number(entry[0] + 8 + 34, 2)
    matrix = header[0] + (52 if fields.number(header[0], 1) == 1 else 40)
    turned = fields.number(matrix, 4) == 0 and fields.number(matrix + 4, 4) != 0
    fields.picture(width, height, "")
    return (height, width) if turned else (width, height)


# Ogg

_SPEEDS: tuple[tuple[bytes, int | None, int], ...] = (
    (b"OpusHead", None, 10),
    (b"\x01vorbis", 12, 0),
    (b"Speex   ", 36, 0),
)
"""How the first packet of a codec begins, where it has samples a second (None: always 48,000), and
where the samples that are not played."""
_UNKNOWN_PLACE = (1 << 64) - 1


def _ogg(content: bytes) -> Description:
    """Read the length of Opus, Vorbis and Speex: where the last page ends; else it is not known."""
    fields = Fields(content, "Ogg")
    for start, rate_at, early_at in _SPEEDS:
        if content.startswith(start, 28):
            last = fields.number(content.rfind(b"OggS") + 6, 8, little=True)
            if last == _UNKNOWN_PLACE:
                break
            rate = 48_000 if rate_at is None else fields.number(28 + rate_at, 4, little=True)
            early = fields.number(28 + early_at, 2, little=True) if early_at else 0
            seconds = fields.seconds(max(last - early, 0), rate)
            return Description("audio/ogg", "audio", seconds=seconds)
    return Description("audio/ogg", "audio")


# MP3

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_BITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HEADER = Struct(">I")
_FAR = 4096
"""How far behind the tag the first frame is looked for."""


def _frame(content: bytes, at: int) -> tuple[int, int, int] | None:
    """Return of a frame of layer III: its bytes, its samples, and samples a second."""
    if at + 4 > len(content):
        return None
    (bits,) = _HEADER.unpack_from(content, at)
    version, rate, kilobits = bits >> 19 & 3, bits >> 10 & 3, bits >> 12 & 15
    if bits >> 21 != 0x7FF or bits >> 17 & 3 != 1 or version == 1 or rate == 3:
        return None
    if kilobits in (0, 15):
        return None
    samples, table = (1152, _BITS_1) if version == 3 else (576, _BITS_2)
    per_second = _RATES[version][rate]
    size = samples // 8 * 1000 * table[kilobits] // per_second + (bits >> 9 & 1)
    return size, samples, per_second


def _behind_tag(content: bytes) -> int:
    """Return where the frames of MP3 or AAC may begin."""
    if content[:3] != b"ID3" or len(content) < 10:
        return 0
    size = 0
    for seven in content[6:10]:
        size = size << 7 | seven & 127
    return 10 + size + (10 if content[5] & 16 else 0)


def _first_frame(content: bytes) -> int | None:
    """Return where the first frame is: one that another follows, or that ends the file."""
    start = _behind_tag(content)
    for at in range(start, min(start + _FAR, len(content))):
        if content[at] == 0xFF and (frame := _frame(content, at)):
            following = at + frame[0]
            if following == len(content) or _frame(content, following):
                return at
    return None


def _is_mp3(content: bytes) -> bool:
    return content[:3] == b"ID3" or (content[:1] == b"\xff" and _first_frame(content) == 0)


def _mp3(content: bytes) -> Description:
    fields, first = Fields(content, "MP3"), _first_frame(content)
    if first is None:
        raise fields.error("a frame behind the tag", "none")
    frame = _frame(content, first)
    assert frame is not None
    counted = _counted(content, first, frame)
    return Description("audio/mpeg", "audio", seconds=fields.seconds(*counted))


def _counted(content: bytes, first: int, frame: tuple[int, int, int]) -> tuple[float, int]:
    """Return the samples, and samples a second: by the first frame's mark, or by counting."""
    size, samples, rate = frame
    mark = max(content.find(one, first, first + min(size, 64)) for one in (b"Xing", b"Info"))
    flags = content[mark + 7] if 0 <= mark < len(content) - 12 else 0
    if flags & 1:
        total = int.from_bytes(content[mark + 8 : mark + 12]) * samples
        fields = 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
        lame = mark + 8 + fields  # frames, bytes, places and quality, as far as they are there
        padding = int.from_bytes(content[lame + 21 : lame + 24])
        cut = (padding >> 12) + (padding & 0xFFF)
        written = content[lame : lame + 4] in (b"LAME", b"Lavc", b"Lavf") and cut < total
        return total - cut * written, rate
    return _count(content, first, _frame)


def _count(
    content: bytes, first: int, frame: Callable[[bytes, int], tuple[int, int, int] | None]
) -> tuple[float, int]:
    """Return the samples of all frames, and samples a second; of very many frames estimated."""
    total, at, rate = 0, first, 1
    for _ in range(MOST_FRAMES):
        found = frame(content, at)
        if found is None or at + found[0] > len(content):
            return total, rate
        size, samples, rate = found
        total += samples
        at += size
    return total * (len(content) - first) / (at - first), rate


# AAC, in frames of ADTS

_AAC_RATES = (
    *(96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000),
    *(22_050, 16_000, 12_000, 11_025, 8_000, 7_350),
)


def _aac_frame(content: bytes, at: int) -> tuple[int, int, int] | None:
    """Return of a frame: its bytes, its samples, and samples a second."""
    if at + 7 > len(content):
        return None
    bits = int.from_bytes(content[at : at + 7])
    rate, size = bits >> 34 & 15, bits >> 13 & 0x1FFF
    if bits >> 40 & 0xFFF6 != 0xFFF0 or rate >= len(_AAC_RATES) or size < 7:
        return None
    return size, 1024 * (1 + (bits & 3)), _AAC_RATES[rate]


def _is_aac(content: bytes) -> bool:
    start = _behind_tag(content)
    return content[start : start + 1] == b"\xff" and _aac_frame(content, start) is not None


def _aac(content: bytes) -> Description:
    first = _behind_tag(content)
    seconds = Fields(content, "AAC").seconds(*_count(content, first, _aac_frame))
    return Description("audio/aac", "audio", seconds=seconds or None)


def _avi(content: bytes) -> Description:
    """Read the first header, which stands where it does in every file."""
    if content[12:16] + content[20:28] != b"LISThdrlavih":
        return Description("video/x-msvideo", "video")
    fields = Fields(content, "AVI")
    period_us, frames, width, height = (
        fields.number(32 + at, 4, little=True) for at in (0, 16, 32, 36)
    )
    fields.picture(width, height, "")
    seconds = fields.seconds(frames * period_us, 1_000_000) or None
    return Description("video/x-msvideo", "video", width, height, seconds)


def _flac(content: bytes) -> Description:
    """Read the length that the stream says; 0 stands for an unknown one."""
    fields = Fields(content, "FLAC")
    if fields.number(4, 1) & 127:
        raise fields.error("the description of the stream first", "another block")
    bits = fields.number(18, 8)
    rate, samples = bits >> 44, bits & (1 << 36) - 1
    seconds = fields.seconds(samples, rate) if samples else None
    return Description("audio/flac", "audio", seconds=seconds)


_BRANDS = (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip")

_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Description]], ...] = (
    (_starting(b"\x89PNG\r\n\x1a\n"), _png),
    (_starting(b"\xff\xd8\xff"), _jpeg),
    (_starting(b"GIF87a", b"GIF89a"), _gif),
    (_riff(b"WEBP"), _webp),
    (is_heif, read_heif),
    (_starting(*_BRANDS, at=4), _movie),
    (_riff(b"WAVE"), _wav),
    (_riff(b"AVI "), _avi),
    (_starting(b"\x1a\x45\xdf\xa3"), read_matroska),
    (_starting(b"fLaC"), _flac),
    (_starting(b"OggS"), _ogg),
    (_is_aac, _aac),  # before MP3: both may begin with the same tag
    (_is_mp3, _mp3),
)
