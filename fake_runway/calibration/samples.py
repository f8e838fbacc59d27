"""Files that are sent: a picture, a sound, and one that is neither, as small as they may be."""

import base64
import struct
import zlib

_SIDE = 512
_SAMPLES_PER_S = 8_000


def picture() -> bytes:
    """Return a PNG of 512 x 512 pixels, from dark to light."""
    row = b"\0" + bytes(x * 255 // _SIDE for x in range(_SIDE) for _ in range(3))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(row * _SIDE, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def sound(seconds: float) -> bytes:
    """Return a WAV of silence."""
    data = b"\x80" * round(seconds * _SAMPLES_PER_S)
    form = struct.pack("<HHIIHH", 1, 1, _SAMPLES_PER_S, _SAMPLES_PER_S, 1, 8)
    inner = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    inner += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def data_uri(kind: str, content: bytes) -> str:
    """Return a file as a data URI of a type such as `image/png`."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
