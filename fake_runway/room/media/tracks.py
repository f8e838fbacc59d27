"""The avatar's picture and voice, as tracks that aiortc sends.

Both hand out packets that were encoded beforehand (`loops`), so aiortc only has to wrap and
encrypt them. When a packet is due follows from the start of its track and its number, never from
when the one before went out: so nothing drifts. Media runs on real time, whatever the clock of
the world says.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.video.codeccontext import VideoCodecContext

from fake_runway.clock import loop_now, pause
from fake_runway.room.media.caption import Caption, Keyframes
from fake_runway.room.media.loops import (
    CUSTOM,
    FRAMES,
    PACKET_S,
    PACKETS,
    RATE,
    SAMPLE_RATE,
    SEGMENT_S,
    SEGMENTS,
    Segment,
    avatar,
)

LATE_S = 1.0
"""A track that is later than this leaves out what it missed, in whole segments."""

_VIDEO_CLOCK = 90_000  # RFC 7741


class _Track(MediaStreamTrack):
    """What both tracks share: a number for each packet, and the instant when it is due."""

    def __init__(self, *, period_s: float, in_segment: int) -> None:
        super().__init__()
        self._period_s = period_s
        self._in_segment = in_segment
        self._started_at: float | None = None
        self._next = 0

    async def _due(self) -> int:
        """Wait for the next packet and return its number.

        Raises:
            MediaStreamError: the track was stopped.
        """
        now = loop_now()
        if self._started_at is None:
            self._started_at = now
        late_s = now - self._started_at - self._next * self._period_s
        if late_s > LATE_S:
            self._next += self._in_segment * int(late_s // SEGMENT_S)
        elif late_s < 0:
            await pause(-late_s)
        if self.readyState != "live":
            raise MediaStreamError
        number = self._next
        self._next += 1
        return number


class AvatarVideo(_Track):
    """The face: VP8, 320x180, 15 pictures a second, a keyframe every 0.6 s.

    Args:
        preset: the preset id of an avatar; any other name gets the look of custom avatars.
        caption: asked for what to write above the face, before each keyframe; None: nothing.
        encoder: as of `Keyframes`.

    Attributes:
        talking: whether the mouth moves, from the next keyframe on.
        frozen: whether pictures are held back. The first one after that is a keyframe.
        waiting: whether they are held back because the avatar has yet to appear.
    """

    kind = "video"

    def __init__(
        self,
        preset: str = CUSTOM,
        caption: Callable[[], Caption] | None = None,
        *,
        encoder: VideoCodecContext | None = None,
    ) -> None:
        super().__init__(period_s=1 / RATE, in_segment=FRAMES)
        self.talking = False
        self.frozen = self.waiting = False
        self._avatar = avatar(preset)
        self._keyframes = Keyframes(preset, encoder)
        self._caption = caption or Caption
        self._segment: Segment | None = None  # None: pictures are missing, so wait for a keyframe

    def prepare(self) -> None:
        """Draw the first keyframe, which takes longer than others, while the client is busy."""
        if self._started_at is None:
            self._encoded(self._avatar.idle[0], 0)

    async def recv(self) -> "av.Packet[Any]":
        """Return the next picture when it is due.

        Raises:
            MediaStreamError: the track was stopped.
        """
        while True:
            number = await self._due()
            place = number % FRAMES
            if self.frozen or self.waiting:
                self._segment = None
            elif place == 0:
                loop = self._avatar.talking if self.talking else self._avatar.idle
                self._segment = loop[number // FRAMES % SEGMENTS]
            if self._segment is not None:
                return _packet(self._encoded(self._segment, place), number, RATE, _VIDEO_CLOCK)

    def _encoded(self, segment: Segment, place: int) -> bytes:
        if place == 0:
            return self._keyframes.of(segment.portrait, self._caption())
        return segment.rest[place - 1]


class AvatarAudio(_Track):
    """The voice: Opus, a packet every 60 ms, also while it is silent.

    Args:
        preset: as that of the picture.

    Attributes:
        talking: whether it speaks; the sound begins and ends where the mouth's movement does.
        muted: whether it is silent all the same.
    """

    kind = "audio"

    def __init__(self, preset: str = CUSTOM) -> None:
        super().__init__(period_s=PACKET_S, in_segment=PACKETS)
        self.talking = False
        self.muted = False
        self._avatar = avatar(preset)
        self._speaks = False

    async def recv(self) -> "av.Packet[Any]":
        """Return the next packet of sound when it is due.

        Raises:
            MediaStreamError: the track was stopped.
        """
        number = await self._due()
        place = number % PACKETS
        if place == 0:
            self._speaks = self.talking
        sound = self._avatar.silence
        if self._speaks and not self.muted:
            sound = self._avatar.voice[number // PACKETS % SEGMENTS][place]
        return _packet(sound, number, 1 / PACKET_S, SAMPLE_RATE)


def _packet(data: bytes, number: int, rate: float, clock: int) -> "av.Packet[Any]":
    packet = av.Packet(data)
    packet.pts = packet.dts = number * round(clock / rate)
    packet.time_base = Fraction(1, clock)
    return packet
