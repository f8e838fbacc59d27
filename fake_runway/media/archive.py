"""Sequences of pictures as a ZIP. Nothing is compressed: a PNG already is."""

from collections.abc import Sequence
from struct import pack
from zlib import crc32

_DAY = 0x21  # 1 January 1980, the first that there is


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of these files: name, content. Equal contents are checked once."""
    sums: dict[bytes, int] = {}
    parts, directory, at = [], [], 0
    for name, content in files:
        if content not in sums:
            sums[content] = crc32(content)
        size = len(content)
        about = pack("<HHHIIIIHH", 20, 0, 0, _DAY << 16, sums[content], size, size, len(name), 0)
        directory.append(
            b"PK\1\2" + pack("<H", 20) + about + pack("<HHHII", 0, 0, 0, 0, at) + name.encode()
        )
        parts += [b"PK\3\4" + about + name.encode(), content]
        at += 4 + len(about) + len(name) + size
    rows = b"".join(directory)
    end = pack("<HHHHIIH", 0, 0, len(files), len(files), len(rows), at, 0)
    return b"".join([*parts, rows, b"PK\5\6", end])
