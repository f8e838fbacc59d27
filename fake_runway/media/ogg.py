"""Sounds as Ogg with Opus: a loop of packets in pages of a second.

Source: RFC 3533 (Ogg), RFC 7845 (Opus in it).
"""

from collections.abc import Sequence
from itertools import cycle, islice
from struct import pack
from zlib import crc32

RATE = 48_000
SAMPLES = 960
"""Of one packet."""

_PACKETS = RATE // SAMPLES  # of a page
_FIRST, _LAST = 2, 4  # flags of pages
_SERIAL = 1
_REVERSED = bytes(int(f"{one:08b}"[::-1], 2) for one in range(256))


def ogg(loop: Sequence[bytes], seconds: float, *, comment: str = "") -> bytes:
    """Return a file of exactly this length.

    Args:
        loop: packets of `SAMPLES` each, one channel.
        seconds: how long it is.
        comment: a text in the file's properties.
    """
    length = max(round(seconds * RATE), 1)
    count = -(-length // SAMPLES)
    head = b"OpusHead" + pack("<BBHIhB", 1, 1, 0, RATE, 0, 0)
    text = b"COMMENT=" + comment.encode()
    tags = b"OpusTags" + pack("<I", 11) + b"fake-runway" + pack("<II", 1, len(text)) + text
    pages = [_page([head], 0, 0, _FIRST), _page([tags], 0, 1, 0)]
    packets = cycle(loop)
    for start in range(0, count, _PACKETS):
        end = min(start + _PACKETS, count)
        place = min(end * SAMPLES, length)  # the last page says how much of its end is cut
        flag = _LAST if end == count else 0
        pages.append(_page(list(islice(packets, end - start)), place, len(pages), flag))
    return b"".join(pages)


def _page(packets: Sequence[bytes], place: int, number: int, flag: int) -> bytes:
    lengths = b"".join(b"\xff" * (len(one) // 255) + bytes((len(one) % 255,)) for one in packets)
    start = b"OggS" + pack("<BBqII", 0, flag, place, _SERIAL, number)
    rest = bytes((len(lengths),)) + lengths + b"".join(packets)
    return start + pack("<I", _sum(start + bytes(4) + rest)) + rest


def _sum(page: bytes) -> int:
    """Return Ogg's checksum: that of zlib with all bits in reverse, and not inverted."""
    bits = ~crc32(page.translate(_REVERSED), 0xFFFF_FFFF) & 0xFFFF_FFFF
    return int(f"{bits:032b}"[::-1], 2)
