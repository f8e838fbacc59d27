"""Sounds in pure Python: a WAV of any length, with a tone whose pitch a seed chooses.

The tone repeats after a whole number of samples, so an hour of it needs no more memory than a
second, and any part of the file can be made by itself.
"""

import math
import struct

SAMPLES_PER_S = 16_000
_BYTES_OF_A_SAMPLE = 2
_HEADER = 44  # bytes
_LOUDNESS = 6_000  # of 32,767
_LOWEST_HZ = 160
_LONGEST_S = (2**32 - 1 - _HEADER) // (SAMPLES_PER_S * _BYTES_OF_A_SAMPLE)


class Tone:
    """A mono WAV of 16 bits a sample.

    Args:
        seconds: how long it lasts; at most what the format can say, about 37 hours.
        seed: at least one byte, the pitch.
    """

    def __init__(self, seconds: float, *, seed: bytes) -> None:
        samples = round(min(seconds, _LONGEST_S) * SAMPLES_PER_S)
        size = samples * _BYTES_OF_A_SAMPLE
        rate = SAMPLES_PER_S * _BYTES_OF_A_SAMPLE
        form = struct.pack("<IHHIIHH", 16, 1, 1, SAMPLES_PER_S, rate, _BYTES_OF_A_SAMPLE, 16)
        self._head = (
            b"RIFF"
            + struct.pack("<I", _HEADER - 8 + size)
            + b"WAVEfmt "
            + form
            + b"data"
            + struct.pack("<I", size)
        )
        count = SAMPLES_PER_S // (_LOWEST_HZ + seed[0])
        wave = (math.sin(2 * math.pi * index / count) for index in range(count))
        self._period = struct.pack(f"<{count}h", *(round(_LOUDNESS * each) for each in wave))
        self.length = _HEADER + size

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, of which the last is left out."""
        stop = min(stop, self.length)
        head = self._head[start:stop]
        first, last = max(start, _HEADER) - _HEADER, stop - _HEADER
        if last <= first:
            return head
        skipped = first % len(self._period)
        times = -(-(skipped + last - first) // len(self._period))
        return head + (self._period * times)[skipped : skipped + last - first]
