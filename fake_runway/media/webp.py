"""Pictures as lossless WebP (VP8L).

A picture is runs of one colour, and so is this file: the palette's index of a run, then "as at the
left, so many times"; or, for whole rows, "as above". All codes have about the same length, which
is simple, and small enough for such pictures. Source: RFC 9649.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import ceil, log2

from fake_runway.media.picture import COLOURS, Picture

Bits = tuple[int, int]
"""A number, and how many bits of it are written, the lowest first."""

_RUN = re.compile(rb"(.)\1*", re.DOTALL)
_LONGEST = 4096
_LITERALS, _LENGTHS = 256, 24
_ABOVE, _LEFT = (0, 1), (1, 1)  # codes of the two distances
_ORDER = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)


def webp(picture: Picture, phase: float = 0.0) -> bytes:
    """Return a picture as a WebP without loss. Each side has at most 16,384 pixels."""
    stream = b"".join(_bytes(_stream(picture, phase)))
    content = b"VP8L" + len(stream).to_bytes(4, "little") + stream + b"\0" * (len(stream) % 2)
    return b"RIFF" + (len(content) + 4).to_bytes(4, "little") + b"WEBP" + content


def _stream(picture: Picture, phase: float) -> Iterator[Iterable[Bits]]:
    yield (0x2F, 8), (picture.width - 1, 14), (picture.height - 1, 14), (0, 4)
    yield (1, 1), (3, 2), (COLOURS - 1, 8)  # one transform: indexes of colours
    yield from _palette(picture.palette)
    yield (0, 1), (0, 1), (0, 1)  # no other transform, no cache, one group of codes
    used = [*range(COLOURS), *range(_LITERALS, _LITERALS + _LENGTHS)]
    yield from _described(_lengths(used), _LITERALS + _LENGTHS)
    yield _only(0)  # red
    yield _only(0)  # blue
    yield _only(255)  # alpha
    yield (1, 1), (1, 1), (0, 1), (0, 1), (1, 8)  # distances: above, left
    yield from _pixels(picture.rows(phase), _codes(_lengths(used)))


def _pixels(rows: Iterable[bytes], codes: Sequence[Bits]) -> Iterator[list[Bits]]:
    above, same = b"", 0
    for row in rows:
        if row is above:
            same += len(row)
            continue
        yield _copied(same, _ABOVE, codes)
        above, same = row, 0
        bits = []
        for run in _RUN.finditer(row):
            start, end = run.span()
            bits.append(codes[row[start]])
            bits += _copied(end - start - 1, _LEFT, codes)
        yield bits
    yield _copied(same, _ABOVE, codes)


def _copied(count: int, distance: Bits, codes: Sequence[Bits]) -> list[Bits]:
    bits: list[Bits] = []
    while count:
        length = min(count, _LONGEST)
        symbol, extra = _prefix(length)
        bits += (codes[_LITERALS + symbol], extra, distance)
        count -= length
    return bits


@cache
def _prefix(length: int) -> tuple[int, Bits]:
    """Return the symbol of a length, and the bits that follow it."""
    if length <= 4:
        return length - 1, (0, 0)
    rest = length - 1
    high = rest.bit_length() - 1
    extra = high - 1
    return 2 * high + (rest >> extra & 1), (rest & (1 << extra) - 1, extra)


def _palette(palette: bytes) -> Iterator[list[Bits]]:
    """Yield the palette: a picture of one row, each colour as the difference to the one before."""
    yield [(0, 1)]  # no cache
    eight = dict.fromkeys(range(256), 8)
    yield from _described(eight, _LITERALS + _LENGTHS)  # green
    yield from _described(eight, 256)  # red
    yield from _described(eight, 256)  # blue
    yield [(1, 1), (1, 1), (1, 1), (0, 8), (255, 8)]  # alpha: 0 or 255
    yield _only(0)  # distance
    codes = _codes(eight)
    before = bytes(3)
    for at in range(0, len(palette), 3):
        colour = palette[at : at + 3]
        red, green, blue = ((new - old) % 256 for new, old in zip(colour, before, strict=True))
        yield [codes[green], codes[red], codes[blue], (int(at == 0), 1)]
        before = colour


def _only(symbol: int) -> list[Bits]:
    """Return the description of a code for one symbol, which then takes no bits."""
    return [(1, 1), (0, 1), (1, 1), (symbol, 8)]


def _lengths(used: Sequence[int]) -> dict[int, int]:
    """Return how long the code of each symbol is: some are a bit shorter, so that none is free."""
    bits = ceil(log2(len(used)))
    short = (1 << bits) - len(used)
    return {symbol: bits - (at < short) for at, symbol in enumerate(used)}


def _codes(lengths: dict[int, int]) -> list[Bits]:
    """Return the code of each symbol, by symbol: shorter codes first, then lower symbols."""
    codes = [(0, 0)] * (max(lengths) + 1)
    code, before = 0, 0
    for symbol, length in sorted(lengths.items(), key=lambda one: (one[1], one[0])):
        code <<= length - before
        codes[symbol] = int(f"{code:0{length}b}"[::-1], 2), length
        code, before = code + 1, length
    return codes


def _described(lengths: dict[int, int], symbols: int) -> Iterator[list[Bits]]:
    """Yield the description of a code: the length of each symbol's, in a code of its own."""
    values = sorted({0, *lengths.values()})
    inner = _lengths(values)
    codes = _codes(inner)
    yield [(0, 1), (len(_ORDER) - 4, 4), *((inner.get(one, 0), 3) for one in _ORDER), (0, 1)]
    yield [codes[lengths.get(symbol, 0)] for symbol in range(symbols)]


def _bytes(pieces: Iterable[Iterable[Bits]]) -> Iterator[bytes]:
    """Yield the bytes of all bits."""
    number = size = 0
    for piece in pieces:
        for bits, length in piece:
            number |= bits << size
            size += length
        whole = size // 8
        yield (number & (1 << 8 * whole) - 1).to_bytes(whole, "little")
        number >>= 8 * whole
        size -= 8 * whole
    yield number.to_bytes(1, "little")
