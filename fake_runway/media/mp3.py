"""Sounds as MP3: a loop of frames, with a first frame that says how long the sound is."""

from collections.abc import Sequence
from itertools import cycle, islice

SAMPLES = 1152
"""Of one frame."""

_DELAY = 529
"""The samples that a decoder of MP3 is late by, and leaves out at the start."""

_MARK = 4 + 17  # where the mark begins in a frame of one channel


def mp3(loop: Sequence[bytes], seconds: float, *, rate: int, comment: str = "") -> bytes:
    """Return a file of this length. Programs that read the mark of LAME play it to the sample.

    Args:
        loop: frames of equal size, 48 kHz or another `rate`, one channel.
        seconds: how long it is.
        rate: samples a second.
        comment: a text in the file's properties.
    """
    length = max(round(seconds * rate), 1)
    count = -(-(length + _DELAY) // SAMPLES)
    frames = b"".join(islice(cycle(loop), count))
    return _tag(comment) + _information(loop[0], count, len(frames), length) + frames


def _information(frame: bytes, count: int, size: int, length: int) -> bytes:
    """Return a frame of silence with the marks "Info" (frames and bytes) and LAME (padding)."""
    padding = count * SAMPLES - length
    mark = b"Info" + (3).to_bytes(4) + count.to_bytes(4) + (size + len(frame)).to_bytes(4)
    lame = b"LAME3.100".ljust(21, b"\0") + padding.to_bytes(3)  # 12 bits delay, 12 bits padding
    return (frame[:4].ljust(_MARK, b"\0") + mark + lame).ljust(len(frame), b"\0")


def _tag(comment: str) -> bytes:
    """Return an ID3 tag, version 2.4."""
    if not comment:
        return b""
    text = b"\3eng\0" + comment.encode()
    content = b"COMM" + _seven(len(text)) + b"\0\0" + text
    return b"ID3\4\0\0" + _seven(len(content)) + content


def _seven(number: int) -> bytes:
    """Return a number as four bytes of seven bits."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))
