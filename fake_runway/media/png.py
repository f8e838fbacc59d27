"""Pictures as PNG."""

from collections.abc import Iterator
from zlib import compressobj, crc32

from fake_runway.media.picture import Picture

_SAME = b"\x02"  # the filter "up": the difference to the row above
_PLAIN = b"\x00"


def png(picture: Picture, comment: str = "", phase: float = 0.0) -> bytes:
    """Return a picture as a PNG with a palette.

    Args:
        picture: what is drawn.
        comment: a text, which programs show as a property of the file.
        phase: of the picture.
    """
    size = picture.width.to_bytes(4) + picture.height.to_bytes(4)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", size + bytes((8, 3, 0, 0, 0))),
            _chunk(b"iTXt", b"Comment" + bytes(5) + comment.encode()) if comment else b"",
            _chunk(b"PLTE", picture.palette),
            _chunk(b"IDAT", b"".join(_compressed(picture.rows(phase)))),
            _chunk(b"IEND", b""),
        ]
    )


def _compressed(rows: Iterator[bytes]) -> Iterator[bytes]:
    codec = compressobj(1)
    above, same = b"", b""
    for row in rows:
        if row is above:
            same = same or _SAME + bytes(len(row))
            yield codec.compress(same)
        else:
            yield codec.compress(_PLAIN + row)
            above = row
    yield codec.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + crc32(kind + content).to_bytes(4)
