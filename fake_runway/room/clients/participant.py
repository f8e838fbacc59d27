"""One client in a room: its signalling, its peer connections, and the avatar's tracks to it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import proxy

from av.video.codeccontext import VideoCodecContext
from livekit.protocol.models import ParticipantInfo, TrackInfo
from livekit.protocol.rtc import SignalResponse

from fake_runway.clock import loop_now, pause
from fake_runway.room.clients.peer import CONNECT_S, Outgoing, Peer
from fake_runway.room.media.caption import Caption
from fake_runway.room.media.hearing import Hearing
from fake_runway.room.media.tracks import AvatarAudio, AvatarVideo
from fake_runway.room.tokens import Admission
from fake_runway.room.wire import packets, sdp
from fake_runway.room.wire.signalling import (
    Action,
    Answer,
    Avatar,
    BadSignal,
    Depart,
    Description,
    Joining,
    Publish,
    Send,
    Settle,
    Signalling,
    client_info,
    described,
    goodbye,
    wants_sections,
)

_ON_ITS_WAY_S = 0.005

_log = logging.getLogger("fake_runway")


class Line(Protocol):
    """The signalling connection with a client, from the room's side."""

    def send(self, response: SignalResponse) -> None:
        """Send a response, some time soon."""

    def finish(self) -> None:
        """Close it once everything is sent."""

    def abort(self) -> None:
        """Lose it at once, as a broken network would."""


class Host(Protocol):
    """The room, from the side of a participant."""

    avatar: Avatar
    announced: bool
    look: str
    encoder: VideoCodecContext

    def caption(self) -> Caption:
        """Return what is written above the avatar's face."""

    def joined(self, who: "Participant") -> None:
        """Its media is up."""

    def departed(self, who: "Participant", how: str) -> None:
        """It is gone: leave or lost."""

    def published(self, who: "Participant", track: TrackInfo, *, on: bool) -> None:
        """It publishes a track, or no longer does."""

    def received(self, who: "Participant", packet: packets.Received, size: int) -> None:
        """A data packet of so many bytes came from it."""

    def spoke(self, who: "Participant", seconds: float) -> None:
        """It has spoken so long, and is silent again."""


class Participant:
    """One client.

    Attributes:
        is_up: its media is up, so that it counts as joined.
        has_left: it said that it leaves, or is taken to have left.
        tracks: what it publishes, by its own id of the track.
    """

    def __init__(
        self, host: Host, admission: Admission, joining: Joining, *, sid: str, line: Line
    ) -> None:
        self.admission = admission
        self.sid = sid
        self.line = line
        self.is_up = self.has_left = False
        self.tracks: dict[str, TrackInfo] = {}
        self.audio = AvatarAudio(host.look)
        self.video = AvatarVideo(host.look, host.caption, encoder=host.encoder)
        self._preparing: asyncio.Task[None] | None = None
        self._host = host
        self._joining = joining
        self._signalling = Signalling(sid, may_publish=admission.can_publish)
        self._publisher: Peer | None = None
        self._subscriber: Peer | None = None
        self._offers = 0
        self._asked_for_sections = False
        self._sending: frozenset[str] = frozenset()  # the client's ids of what it sends
        self._hearing = Hearing()

    def __repr__(self) -> str:
        return f"<Participant {self.admission.identity} {self.sid}>"

    @property
    def hidden(self) -> bool:
        """Whether others do not see it."""
        return self.admission.hidden

    @property
    def is_viewer(self) -> bool:
        """Whether the room goes on as if it were not there."""
        return self.admission.viewer

    @property
    def identity(self) -> str:
        """Who it is."""
        return self.admission.identity

    def info(self, *, gone: bool = False) -> ParticipantInfo:
        """Return it as others see it."""
        return client_info(self.admission, self.sid, tracks=self.tracks.values(), gone=gone)

    async def begin(self) -> None:
        """Do what its join asks for."""
        try:
            for wanted in self._joining.tracks:
                self._signalling, actions = self._signalling.publish(wanted)
                await self._act(actions)
            if not self._joining.single:
                await self._offer()
            elif self._joining.offer is not None:
                await self._answer(self._joining.offer)
        except (BadSignal, sdp.BadDescription) as error:
            self._refuse(error)

    async def receive(self, raw: bytes) -> None:
        """Do what a frame of its signalling asks for."""
        try:
            self._signalling, actions = self._signalling.receive(
                raw, now_ms=round(loop_now() * 1_000)
            )
            await self._act(actions)
        except (BadSignal, sdp.BadDescription) as error:
            self._refuse(error)

    async def _act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Send(response):
                    self.line.send(response)
                case Answer(offer):
                    await self._answer(offer)
                case Settle(answer) if self._subscriber is not None:
                    await self._subscriber.settle(answer.sdp)
                case Publish(cid, track):
                    self.tracks[cid] = track
                    self._host.published(self, track, on=True)
                case Depart():
                    self._host.departed(self, "leave")
                    self.line.finish()

    def _refuse(self, error: Exception) -> None:
        _log.warning("participant %s is sent away: %s", self.identity, error)
        self.dismiss("STATE_MISMATCH")

    def dismiss(self, reason: str, *, again: bool = False) -> None:
        """Send it away; see `goodbye`."""
        self.line.send(goodbye(reason, again=again))
        self.line.finish()

    # Media

    def _outgoing(self) -> Mapping[str, Outgoing]:
        """Return the avatar's tracks, none before it is announced."""
        return self._avatar_tracks() if self._host.announced else {}

    def _avatar_tracks(self) -> Mapping[str, Outgoing]:
        avatar = self._host.avatar
        return {
            "audio": Outgoing(self.audio, sdp.stream_id(avatar.sid, avatar.audio_sid)),
            "video": Outgoing(self.video, sdp.stream_id(avatar.sid, avatar.video_sid)),
        }

    def _track_sids(self, peer: Peer) -> dict[str, str]:
        return {mid: self._host.avatar.track_sid(kind) for kind, mid in peer.attached.items()}

    def _prepare(self) -> None:
        """Have the first picture ready when the client is, once what was sent is on its way."""
        if self._preparing is None and (not self.hidden or self.is_viewer):
            self._preparing = asyncio.ensure_future(self._draw_first())

    async def _draw_first(self) -> None:
        await pause(_ON_ITS_WAY_S)
        self.video.prepare()

    async def _answer(self, offer: Description) -> None:
        single = self._joining.single
        if self._publisher is None:
            self._publisher = Peer(_Ear(self, primary=single))
        peer = self._publisher
        answer = await peer.answer(offer.sdp, self._outgoing() if single else {})
        self.line.send(described("answer", answer, id=offer.id, tracks=self._track_sids(peer)))
        self._note_what_is_sent(offer.sdp)
        if single:
            self._prepare()
        if single and len(peer.attached) < len(self._outgoing()) and not self._asked_for_sections:
            self._asked_for_sections = True  # the offer left no place for a track
            self.line.send(wants_sections(1))

    async def _offer(self) -> None:
        if self._subscriber is None:
            self._subscriber = Peer(_Ear(self, primary=True))
        self._offers += 1
        self._signalling = self._signalling.offered()
        offer = await self._subscriber.offer(self._outgoing())
        self.line.send(
            described("offer", offer, id=self._offers, tracks=self._track_sids(self._subscriber))
        )
        self._prepare()

    def _note_what_is_sent(self, offer: str) -> None:
        sending = frozenset(each.track for each in sdp.sections(offer)) & self.tracks.keys()
        for cid in self._sending - sending:
            self._host.published(self, self.tracks.pop(cid), on=False)
        self._sending = sending

    async def attach_avatar(self) -> None:
        """Send it the tracks of an avatar that has just appeared."""
        if self._joining.single:
            self.line.send(wants_sections())
            return
        try:
            await self._offer()
        except sdp.BadDescription as error:
            self._refuse(error)

    def send(self, raw: bytes) -> None:
        """Send it a data packet."""
        peer = self._publisher if self._joining.single else self._subscriber
        if peer is not None:
            peer.send(raw)

    async def close(self) -> None:
        """End its connections."""
        for peer in (self._publisher, self._subscriber):
            if peer is not None:
                await peer.close()
        self.audio.stop()
        self.video.stop()
        if self._preparing is not None:
            self._preparing.cancel()

    # Events of its peers

    def on_connected(self) -> None:
        """Take it for joined."""
        self.is_up = True
        self._host.joined(self)

    def on_disconnected(self) -> None:
        """Have it join anew, or send it away if its media never came up."""
        if self.is_up:
            self.dismiss("MEDIA_FAILURE", again=True)
            return
        _log.warning(
            "the media of %s did not come up within %g s: the room is at 127.0.0.1 alone, so that a"
            " client on another machine or before a container's ports needs a LiveKit server"
            " (--livekit-url)",
            self.identity,
            CONNECT_S,
        )
        self.dismiss("CONNECTION_TIMEOUT")

    def on_packet(self, raw: bytes) -> None:
        """Hand a data packet to the room, if it may send any."""
        if self.admission.can_publish_data:
            self._host.received(self, packets.read(raw), len(raw))

    def on_sound(self, level: float, seconds: float) -> None:
        """Listen whether it speaks."""
        self._hearing, spoke_s = self._hearing.hear(level, seconds)
        if spoke_s is not None:
            self._host.spoke(self, spoke_s)


class _Ear:
    """Listens to one peer of a participant.

    The participant has the peer, which has this. So this does not hold the participant: all that a
    call had is free when it is over, before Python looks for circles.

    Args:
        primary: its media makes the participant one who has joined.
    """

    def __init__(self, participant: Participant, *, primary: bool) -> None:
        self._participant: Participant = proxy(participant)
        self._primary = primary

    def connected(self) -> None:
        if self._primary:
            self._participant.on_connected()

    def disconnected(self) -> None:
        self._participant.on_disconnected()

    def received(self, raw: bytes) -> None:
        self._participant.on_packet(raw)

    def heard(self, level: float, seconds: float) -> None:
        self._participant.on_sound(level, seconds)
