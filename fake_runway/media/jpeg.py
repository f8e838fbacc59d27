"""Pictures as JPEG, baseline, with half as many pixels of colour.

A transform of 64 pixels in pure Python takes a while, and a large picture has many blocks of 64.
But most blocks have one colour, letters are made of few different blocks, and each different one
is transformed once. The codes of the coefficients are our own: short for the frequent ones, nine
bits for all others. Source: ITU-T T.81, JFIF 1.02.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import cos, pi, sqrt
from operator import mul
from struct import pack

from fake_runway.media.picture import Picture

Bits = tuple[int, int]
"""A number, and how many bits of it are written, the highest first."""

_STEPS = tuple(3 + row + column for row in range(8) for column in range(8))
"""By which each coefficient is divided: higher frequencies are coarser."""

_ZIGZAG = tuple(
    8 * row + column
    for _, _, row, column in sorted(
        (row + column, row if (row + column) % 2 else column, row, column)
        for row in range(8)
        for column in range(8)
    )
)
_WAVES = tuple(
    tuple(
        (sqrt(1 / 8) if wave == 0 else 0.5) * cos((2 * at + 1) * wave * pi / 16) for at in range(8)
    )
    for wave in range(8)
)

_FREQUENT = (0x01, 0x02, 0x11)
_OTHERS = tuple(
    16 * zeros + size
    for zeros in range(16)
    for size in range(1, 11)
    if 16 * zeros + size not in _FREQUENT
)
_END, _ZEROS = 0x00, 0xF0
_RATES: Mapping[int, Sequence[int]] = {2: (_END,), 4: _FREQUENT, 9: (*_OTHERS, _ZEROS)}
_LEVELS: Mapping[int, Sequence[int]] = {4: tuple(range(12))}
"""The symbols by the length of their codes: of coefficients, and of a block's mean."""


def jpeg(picture: Picture, comment: str = "", phase: float = 0.0) -> bytes:
    """Return a picture as a JPEG.

    Args:
        picture: what is drawn.
        comment: a text in the file.
        phase: of the picture.
    """
    size = pack(">BHHB", 8, picture.height, picture.width, 3)
    parts = bytes((1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))  # luma has twice as many, both ways
    across = -(-picture.width // 16)
    down = -(-picture.height // 16)
    steps = bytes(_STEPS[at] for at in _ZIGZAG)
    strips = _strips(picture.rows(phase), across)
    blocks = _Blocks(picture.palette)
    scans = [blocks.scan(strip, across) for strip in islice(strips, down)]
    marked = [
        scan + (bytes((0xFF, 0xD0 + at % 8)) if at < down - 1 else b"")
        for at, scan in enumerate(scans)
    ]
    return b"".join(
        [
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0" + pack(">BBBHHBB", 1, 2, 0, 1, 1, 0, 0)),
            _segment(0xFE, comment.encode()[:60_000]) if comment else b"",
            _segment(0xDB, b"\0" + steps),
            _segment(0xC0, size + parts),
            _segment(0xC4, b"\0" + _table(_LEVELS) + b"\x10" + _table(_RATES)),
            _segment(0xDD, pack(">H", across)),  # each strip stands for itself
            _segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
            *marked,
            b"\xff\xd9",
        ]
    )


def _segment(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + (len(content) + 2).to_bytes(2) + content


def _table(codes: Mapping[int, Sequence[int]]) -> bytes:
    counts = bytes(len(codes.get(length, ())) for length in range(1, 17))
    return counts + b"".join(bytes(codes[length]) for length in sorted(codes))


def _codes(table: Mapping[int, Sequence[int]]) -> dict[int, Bits]:
    """Return the code of each symbol."""
    codes, code, before = {}, 0, 0
    for length in sorted(table):
        code <<= length - before
        before = length
        for symbol in table[length]:
            codes[symbol] = code, length
            code += 1
    return codes


_LEVEL_CODES: Mapping[int, Bits] = _codes(_LEVELS)
_RATE_CODES: Mapping[int, Bits] = _codes(_RATES)


def _strips(rows: Iterator[bytes], across: int) -> Iterator[tuple[bytes, ...]]:
    """Yield 16 rows at a time, continued to the right and below to whole blocks."""
    before, wide = b"", b""
    strip: list[bytes] = []
    for row in rows:
        if row is not before:
            before, wide = row, row.ljust(16 * across, row[-1:])
        strip.append(wide)
        if len(strip) == 16:
            yield tuple(strip)
            strip = []
    if strip:
        yield tuple(strip + strip[-1:] * (16 - len(strip)))


class _Blocks:
    """The blocks of one picture, each different one transformed once."""

    def __init__(self, palette: bytes) -> None:
        self._tables = _conversions(palette)
        self._known: dict[tuple[int, bytes], tuple[int, Bits]] = {}
        self._macros: dict[bytes, tuple[tuple[int, Bits], ...]] = {}
        self._scans: dict[tuple[bytes, ...], bytes] = {}

    def scan(self, strip: tuple[bytes, ...], across: int) -> bytes:
        """Return the encoded blocks of a strip."""
        if strip not in self._scans:
            if len(self._scans) > 4:
                self._scans.clear()  # only neighbours look alike
            self._scans[strip] = self._scan(strip, across)
        return self._scans[strip]

    def _scan(self, strip: tuple[bytes, ...], across: int) -> bytes:
        number, size, means = 0, 0, [0, 0, 0]
        parts = []
        for at in range(0, 16 * across, 16):
            pixels = b"".join([row[at : at + 16] for row in strip])
            blocks = self._macros.get(pixels)
            if blocks is None:
                blocks = self._macros[pixels] = tuple(self._macro(pixels))
            for part, (mean, (bits, length)) in zip((0, 0, 0, 0, 1, 2), blocks, strict=True):
                code, wide = _LEVEL_BITS[mean - means[part]]
                means[part] = mean
                number = (number << wide | code) << length | bits
                size += wide + length
            if size > 2048:
                parts.append((number >> size % 8).to_bytes(size // 8))
                size %= 8
                number &= (1 << size) - 1
        rest = -size % 8
        parts.append((number << rest | (1 << rest) - 1).to_bytes((size + rest) // 8))
        return b"".join(parts).replace(b"\xff", b"\xff\0")

    def _macro(self, pixels: bytes) -> Iterator[tuple[int, Bits]]:
        """Yield the blocks of 16 times 16 pixels: four of luma, one of each chroma."""
        for top in (0, 8):
            for left in (0, 8):
                starts = range(16 * top + left, 16 * (top + 8), 16)
                yield self._block(0, b"".join([pixels[at : at + 8] for at in starts]))
        fewer = b"".join([pixels[at : at + 16 : 2] for at in range(0, 256, 32)])
        yield self._block(1, fewer)
        yield self._block(2, fewer)

    def _block(self, part: int, pixels: bytes) -> tuple[int, Bits]:
        found = self._known.get((part, pixels))
        if found is None:
            found = self._known[part, pixels] = _encoded(pixels.translate(self._tables[part]))
        return found


def _encoded(values: bytes) -> tuple[int, Bits]:
    """Return the mean of a block, and the bits of its other coefficients."""
    if values.count(values[0]) == 64:
        return round((values[0] - 128) * 8 / _STEPS[0]), _RATE_CODES[_END]
    rows = [values[at : at + 8] for at in range(0, 64, 8)]
    across = [[sum(map(mul, wave, row)) for row in rows] for wave in _WAVES]
    coefficients = [sum(map(mul, wave, column)) for wave in _WAVES for column in across]
    coefficients[0] -= 1024
    levels = [round(coefficients[at] / _STEPS[at]) for at in _ZIGZAG]
    number = size = zeros = 0
    for level in levels[1:]:
        if level == 0:
            zeros += 1
            continue
        while zeros > 15:
            code, wide = _RATE_CODES[_ZEROS]
            number, size, zeros = number << wide | code, size + wide, zeros - 16
        bits, length = _amplitude(level)
        code, wide = _RATE_CODES[16 * zeros + length]
        number = (number << wide | code) << length | bits
        size += wide + length
        zeros = 0
    if zeros:
        code, wide = _RATE_CODES[_END]
        number, size = number << wide | code, size + wide
    return levels[0], (number, size)


def _amplitude(level: int) -> Bits:
    """Return the bits of a number whose size is known: the negative ones begin with a 0."""
    length = abs(level).bit_length()
    return (level if level > 0 else level + (1 << length) - 1), length


def _level(difference: int) -> Bits:
    bits, length = _amplitude(difference)
    code, wide = _LEVEL_CODES[length]
    return code << length | bits, wide + length


_LEVEL_BITS: Mapping[int, Bits] = {at: _level(at) for at in range(-2047, 2048)}


def _conversions(palette: bytes) -> list[bytes]:
    """Return for luma and both chromas a table from the palette's indexes (JFIF)."""
    tables = [bytearray(256), bytearray(256), bytearray(256)]
    for at in range(len(palette) // 3):
        red, green, blue = palette[3 * at : 3 * at + 3]
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        tables[0][at] = round(luma)
        tables[1][at] = min(round(128 + (blue - luma) / 1.772), 255)
        tables[2][at] = min(round(128 + (red - luma) / 1.402), 255)
    return [bytes(one) for one in tables]
