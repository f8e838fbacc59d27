"""Sounds as FLAC, exact to the sample, in frames that hold their samples as they are.

A verbatim frame is a header, the samples, and a checksum of both. The sound is a loop, so the same
few contents come again and again behind headers that count up. A checksum without a start value is
linear, so that of a whole frame follows from those of its parts, and no byte is looked at twice.

Source: RFC 9639.
"""

from array import array
from collections.abc import Sequence
from hashlib import md5
from struct import pack

from fake_runway.media.sound import SAMPLE_RATE, chord

BLOCK = 4608
"""Samples of a frame; ten are a loop."""
_SYNC = 0xFFF8  # of frames of one size
_CODE_OF_BLOCK, _CODE_FOLLOWS = 0b0101, 0b0111
_CODE_OF_RATE = 0b0111  # 24 kHz: without it FFmpeg gives packets no duration
_BITS_16 = 0b100 << 1
_VERBATIM = b"\x02"


def _table(polynomial: int, width: int) -> tuple[int, ...]:
    top, mask, table = 1 << (width - 1), (1 << width) - 1, []
    for byte in range(256):
        state = byte << (width - 8)
        for _ in range(8):
            state = (state << 1 ^ (polynomial if state & top else 0)) & mask
        table.append(state)
    return tuple(table)


_CRC8, _CRC16 = _table(0x07, 8), _table(0x8005, 16)


def flac(seconds: float, *, seed: int, index: int = 0, comment: str = "") -> bytes:
    """Return a FLAC file of this length: 24 kHz, 16 bits, one channel."""
    count = max(round(seconds * SAMPLE_RATE), 1)
    loop = chord(seed, index=index)
    blocks = [_Block(loop[at : at + BLOCK]) for at in range(0, len(loop), BLOCK)]
    whole, rest = divmod(count, BLOCK)
    frames = [_frame(number, blocks[number % len(blocks)]) for number in range(whole)]
    if rest:
        start = whole % len(blocks) * BLOCK
        frames.append(_frame(whole, _Block(loop[start : start + rest])))
    sound = (pack(f"<{len(loop)}h", *loop) * (count // len(loop) + 1))[: 2 * count]
    return b"".join((b"fLaC", *_metadata(count, sound, comment), *frames))


class _Block:
    """The samples of a frame.

    Attributes:
        content: with the header of the subframe before them.
        crc: of the content alone.
        shifted: what becomes of each bit of a checksum when so many bytes follow it.
    """

    def __init__(self, samples: "array[int]") -> None:
        self.size = len(samples)
        self.content = _VERBATIM + pack(f">{len(samples)}h", *samples)
        self.crc = _crc16(self.content)
        self.shifted = [_crc16(bytes(len(self.content)), 1 << bit) for bit in range(16)]


def _frame(number: int, block: _Block) -> bytes:
    usual = block.size == BLOCK
    code = _CODE_OF_BLOCK if usual else _CODE_FOLLOWS
    head = pack(">HBB", _SYNC, code << 4 | _CODE_OF_RATE, _BITS_16) + _counted(number)
    if not usual:
        head += pack(">H", block.size - 1)
    head += bytes((_crc8(head),))
    crc, before = block.crc, _crc16(head)
    for bit, shifted in enumerate(block.shifted):
        if before >> bit & 1:
            crc ^= shifted
    return b"".join((head, block.content, pack(">H", crc)))


def _counted(number: int) -> bytes:
    """Return a number in the way of UTF-8; there are never so many frames that it needs more."""
    return chr(number).encode("utf-8", "surrogatepass")


def _metadata(count: int, sound: bytes, comment: str) -> Sequence[bytes]:
    rate = SAMPLE_RATE << 44 | (16 - 1) << 36 | count  # one channel
    stream = pack(">HH", BLOCK, BLOCK) + bytes(6) + rate.to_bytes(8)
    stream += md5(sound, usedforsecurity=False).digest()
    vendor, text = b"fake-runway", f"COMMENT={comment}".encode()
    tags = pack("<I", len(vendor)) + vendor
    tags += pack("<II", 1, len(text)) + text if comment else pack("<I", 0)
    return (
        b"\0" + len(stream).to_bytes(3) + stream,
        b"\x84" + len(tags).to_bytes(3) + tags,  # the last one
    )


def _crc8(content: bytes) -> int:
    state = 0
    for byte in content:
        state = _CRC8[state ^ byte]
    return state


def _crc16(content: bytes, state: int = 0) -> int:
    for byte in content:
        state = (state << 8 & 0xFFFF) ^ _CRC16[state >> 8 ^ byte]
    return state
