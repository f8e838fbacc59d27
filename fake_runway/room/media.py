"""The avatar's tracks: a plain picture, and silence or a tone."""

import math
from fractions import Fraction

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

from fake_runway.clock import loop_now, pause

_FPS = 15
_RATE, _SAMPLES = 48_000, 960


class AvatarVideo(MediaStreamTrack):
    """A picture that changes its brightness while the avatar talks."""

    kind = "video"

    def __init__(self, preset: str = "") -> None:
        super().__init__()
        self.talking = self.frozen = False
        self._count, self._began = 0, 0.0

    async def recv(self) -> VideoFrame:
        """Return the next frame when it is due."""
        self._began = self._began or loop_now()
        await pause(max(0.0, self._began + self._count / _FPS - loop_now()))
        frame = VideoFrame(320, 180, "yuv420p")
        light = 60 + (0 if self.frozen else self._count * 4 % 120)
        for plane, value in zip(frame.planes, (light, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = self._count, Fraction(1, _FPS)
        self._count += 1
        return frame


class AvatarAudio(MediaStreamTrack):
    """A tone while the avatar talks, silence else."""

    kind = "audio"

    def __init__(self, preset: str = "") -> None:
        super().__init__()
        self.talking = self.muted = False
        self._count, self._began = 0, 0.0

    async def recv(self) -> AudioFrame:
        """Return the next 20 ms when they are due."""
        self._began = self._began or loop_now()
        await pause(max(0.0, self._began + self._count * _SAMPLES / _RATE - loop_now()))
        frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        start = self._count * _SAMPLES
        loud = self.talking and not self.muted
        samples = (
            round(8_000 * math.sin(math.tau * 440 * (start + i) / _RATE)) if loud else 0
            for i in range(_SAMPLES)
        )
        frame.planes[0].update(
            b"".join(each.to_bytes(2, "little", signed=True) for each in samples)
        )
        frame.pts, frame.sample_rate, frame.time_base = start, _RATE, Fraction(1, _RATE)
        self._count += 1
        return frame
