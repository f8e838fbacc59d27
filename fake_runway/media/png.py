"""Pictures in pure Python: a PNG of any size, with a gradient whose colours a seed chooses.

Each line has one colour of a palette, so even 25 megapixels compress to some kilobytes.
"""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256


def png(width: int, height: int, *, seed: bytes) -> bytes:
    """Return a PNG of that many pixels; the same seed gives the same bytes.

    Args:
        seed: at least 6 bytes, the colours of the first and of the last line.
    """
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, by a palette
    packer = zlib.compressobj(level=6)
    parts = []
    for line in range(height):
        colour = line * (_COLOURS - 1) // max(1, height - 1)
        parts.append(packer.compress(b"\x00" + bytes((colour,)) * width))
    parts.append(packer.flush())
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", _palette(seed[:3], seed[3:6])),
            _chunk(b"IDAT", b"".join(parts)),
            _chunk(b"IEND", b""),
        )
    )


def _palette(top: bytes, bottom: bytes) -> bytes:
    last = _COLOURS - 1
    return bytes(
        (first * (last - step) + second * step) // last
        for step in range(_COLOURS)
        for first, second in zip(top, bottom, strict=True)
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
