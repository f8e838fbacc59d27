"""The avatar as a participant of a room on a LiveKit server.

The fake joins the room of a session as soon as someone has credentials for it, and a room that a
create names with the token that stands there, once the session is READY. It joins by LiveKit's own
client, which encodes pictures and sound anew for each room. It plays the same script as in a room
of its own, and reports what the server tells it. Three things are the server's alone: it decides
who may join, how long a client whose socket is lost may be away, and it tells no client of hidden
participants. So a backend is called by the identity of its credentials, after all others.

Of a room that a create names the avatar is a guest: it ends with the agent that was named, or with
anyone's END_CALL, and the room stays. Assumed: what Runway's worker does there is unpublished.

Source: LiveKit's documentation of its Python client, and of the server API's DeleteRoom.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp
import av
from aiortc.mediastreams import MediaStreamError
from av.video.codeccontext import VideoCodecContext
from livekit import rtc

from fake_runway.core.history.redaction import redacted_text
from fake_runway.core.lifecycles.session import TERMINAL, State
from fake_runway.core.sessions.script import AvatarAppears, TranscriptForm
from fake_runway.core.sessions.session import Session
from fake_runway.room.media.caption import encoder
from fake_runway.room.media.hearing import Hearing
from fake_runway.room.media.loops import CUSTOM, HEIGHT, SAMPLE_RATE, WIDTH
from fake_runway.room.media.tracks import AvatarAudio, AvatarVideo
from fake_runway.room.named import NamedRoom
from fake_runway.room.session_room import CLOSING, Asked, SessionRoom
from fake_runway.room.tokens import LiveKit
from fake_runway.room.voice import AgentVoice
from fake_runway.room.wire import packets
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.waiting import Topic
from fake_runway.worlds.world import World

MOST_AVATARS = 50
"""Avatars of one server at the same time: each encodes a picture and a voice."""
_JOINABLE = frozenset({State.CLAIMED, State.RUNNING})
_NOT_OVER = frozenset(State) - TERMINAL
_NO_ROOM_YET = frozenset({State.QUEUED, State.PROVISIONING})
_AGENT = "worker:"  # no user, but an avatar
_MOST_UNSENT = 1_000
_CLOSE_S = 3.0
_FULL_SCALE = 32_768
_LONGEST_RPC_S = 86_400.0
_SPARE_RPC_S = 10.0  # the world's clock ends a call; the client's only what that leaves
_SOURCES: Mapping[int, str] = {
    rtc.TrackSource.SOURCE_MICROPHONE: "microphone",
    rtc.TrackSource.SOURCE_CAMERA: "camera",
    rtc.TrackSource.SOURCE_SCREENSHARE: "screen_share",
}

_log = logging.getLogger("fake_runway")


class Avatars:
    """The avatars of one server, in the rooms of a LiveKit server.

    Args:
        livekit: the server, and the key pair that signs the avatars' tokens.
    """

    def __init__(self, worlds: Worlds, livekit: LiveKit) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._guests: dict[tuple[str, str], Guest] = {}  # by world and session
        self._encoder = encoder(keyframes_only=True)

    def invite(self, world: World, session_id: str, named: NamedRoom | None = None) -> None:
        """Have the avatar join the room of a session that has a call, unless it is there.

        Args:
            named: the room that its create names; None: the room of the session.
        """
        session = world.account.sessions.get(session_id)
        key = world.name, session_id
        if session is None or key in self._guests:
            return
        if session.state not in (_JOINABLE if named is None else _NOT_OVER):
            return
        if len(self._guests) >= MOST_AVATARS:
            _log.warning("session %s gets no avatar: %d are in calls", session_id, MOST_AVATARS)
            return
        self._guests[key] = Guest(
            world,
            session,
            self._livekit,
            is_current=lambda: self._worlds.get(world.name) is world,
            over=lambda: self._guests.pop(key, None),
            named=named,
            keyframes=self._encoder,
        )

    def get(self, world: str, session_id: str) -> "Guest | None":
        """Return the avatar of a session, None if it is in no room."""
        return self._guests.get((world, session_id))

    async def close(self) -> None:
        """End every call: the server stops."""
        ends = [each.end("server_shutdown") for each in list(self._guests.values())]
        await asyncio.gather(*ends)


class Guest(SessionRoom[str]):
    """The avatar of one session, as a participant of a room that another server has.

    It is a `stage.Room`.

    Args:
        is_current: as of `SessionRoom`.
        over: called once, when it has left.
        make_room: returns LiveKit's client, for tests without a server.
        named: the room that the create names: it is joined once the session is READY, which starts
            the session, and it stays when the avatar leaves it. None: the session's own.
        keyframes: as of `Call`.

    Attributes:
        present: the clients in the room, by identity; those who said END_CALL have left already.
    """

    def __init__(
        self,
        world: World,
        session: Session,
        livekit: LiveKit,
        *,
        is_current: Callable[[], bool],
        over: Callable[[], object] = lambda: None,
        make_room: Callable[[], Any] = rtc.Room,
        named: NamedRoom | None = None,
        keyframes: VideoCodecContext | None = None,
    ) -> None:
        super().__init__(world, session.id, is_current=is_current)
        self.present: set[str] = set()
        self._session = session
        self._livekit = livekit
        self._over = over
        self._make_room = make_room
        self._room: Any = None
        self._setup = session.plan.call
        hidden = self._setup.avatar is not AvatarAppears.AT_ONCE
        look = session.options.avatar if not session.options.custom else CUSTOM
        self._audio = AvatarAudio(look or CUSTOM)
        self._video = AvatarVideo(look or CUSTOM, encoder=keyframes)
        self._microphone = ""  # the id of the avatar's own track
        self._sources: list[Any] = []
        self._unsent: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(_MOST_UNSENT)
        self._named = named
        self._connecting = False
        self._where = livekit.url if named is None else named.server
        join = self._join if named is None else self._join_when_ready
        self._joining = self._start(join(hidden=hidden))
        self._start(self._live())

    def __repr__(self) -> str:
        return f"<Guest {self.session_id} at {self._where}, {len(self.present)} others>"

    # Its life

    async def _live(self) -> None:
        """Be in the room until the session has ended, or the world is gone."""
        self._start(self._send())
        await self.end(CLOSING[await self._ended()][0])

    async def _join_when_ready(self, *, hidden: bool) -> None:
        """Join the room that the create names, unless the session ends before it is READY."""
        sessions = self.world.account.sessions
        watch = self.world.resources_watched.watching(
            Topic(subject=self.session_id), lambda session: session.state not in _NO_ROOM_YET
        )
        with watch as seen, self.world.kept_up():
            while (session := sessions.get(self.session_id)) and session.state in _NO_ROOM_YET:
                await seen.wait()
                seen.clear()
        if session is not None and session.state not in TERMINAL:
            await self._join(hidden=hidden)

    def _credentials(self, *, hidden: bool) -> tuple[str, str]:
        if self._named is not None:
            return self._named.url, self._named.token
        given = self._livekit.avatar(self._session, now=self.world.clock.now(), hidden=hidden)
        return given["url"], given["token"]

    async def _join(self, *, hidden: bool) -> None:
        """Join the room; a hidden avatar sees who is there, and publishes nothing."""
        self._connecting = True
        room = self._make_room()
        url, token = self._credentials(hidden=hidden)
        for event, handler in (
            ("participant_connected", self._came),
            ("participant_disconnected", self._went),
            ("track_published", partial(self._published, on=True)),
            ("track_unpublished", partial(self._published, on=False)),
            ("track_subscribed", self._subscribed),
            ("data_received", self._received),
            ("disconnected", lambda _: self._lost(room)),
        ):
            room.on(event, handler)
        try:
            # pictures of users would be decoded for nothing
            await room.connect(url, token, rtc.RoomOptions(auto_subscribe=False))
            self._room = room
            if self._named is not None:
                self._report("entered", room=self._named.name)
                voice = AgentVoice(self.talking)
                voice.listen(room)
                self._start(voice.play(room))
            if not hidden:
                await self._publish(room)
        except Exception as error:  # what LiveKit's client raises is not documented as a whole
            why = redacted_text(str(error), token)
            _log.warning(
                "the avatar of session %s is not in its room at %s: %s",
                self.session_id,
                self._where,
                why,
            )
            self._start(self.end("failed"))  # so that the next credentials bring another
            return
        for identity in self.present - room.remote_participants.keys():
            self._leave(identity, "lost")  # before the avatar came back to be seen
        for participant in room.remote_participants.values():
            self._came(participant)
            for publication in participant.track_publications.values():
                self._published(publication, participant, on=True)

    async def _publish(self, room: Any) -> None:
        pictures, sound = rtc.VideoSource(WIDTH, HEIGHT), rtc.AudioSource(SAMPLE_RATE, 1)
        video = rtc.LocalVideoTrack.create_video_track("avatar-video", pictures)
        audio = rtc.LocalAudioTrack.create_audio_track("avatar-audio", sound)
        local = room.local_participant
        camera = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False)
        microphone = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self._microphone = (await local.publish_track(audio, microphone)).sid
        await local.publish_track(video, camera)
        self._sources = [pictures, sound]
        self._start(_show(self._video, pictures))
        self._start(_sound(self._audio, sound))

    async def end(self, because: str) -> None:
        """Leave, and send everyone away; report why."""
        if self.closed:
            return
        self.closed = True
        await self._report_end(because)
        self._audio.stop()
        self._video.stop()
        if self._joining is not asyncio.current_task():
            if not self._connecting:  # else wait: LiveKit's client cannot stop halfway
                self._joining.cancel()
            await asyncio.wait({self._joining}, timeout=_CLOSE_S)
        await self._end_tasks()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                if self._room is not None:
                    await self._room.disconnect()
                    if self._named is None:
                        await self._delete_room()
        for source in self._sources:  # an open one may call into a Python that exits, and abort
            await source.aclose()
        self._over()

    async def _delete_room(self) -> None:
        """Have the server send everyone away; its own reason is ROOM_DELETED."""
        url = self._livekit.url.replace("ws", "http", 1).rstrip("/")
        token = self._livekit.closer(self._session, now=self.world.clock.now())
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.post(
                    f"{url}/twirp/livekit.RoomService/DeleteRoom",
                    json={"room": self.session_id},
                    headers={"Authorization": f"Bearer {token}"},
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status
        except aiohttp.ClientError as error:
            _log.debug("room %s was not deleted: %s", self.session_id, type(error).__name__)
            return
        if status not in (200, 404):
            _log.warning("room %s was not deleted: the server said %d", self.session_id, status)

    async def _send(self) -> None:
        """Send one after the other, so that nothing overtakes."""
        while True:
            send = await self._unsent.get()
            try:
                await send()
            except Exception as error:  # perhaps none is there to take it
                _log.debug("session %s: data was not sent: %s", self.session_id, error)

    def _post(self, send: Callable[[Any], Awaitable[None]], *, times: int) -> None:
        for _ in range(times):
            with suppress(asyncio.QueueFull):
                self._unsent.put_nowait(self._sending(send))

    def _sending(self, send: Callable[[Any], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def sent() -> None:
            if self._room is not None:
                await send(self._room.local_participant)

        return sent

    # What the server tells

    def _came(self, participant: Any) -> None:
        identity = participant.identity
        if identity in self.present or self.closed or identity.startswith(_AGENT):
            return
        self.present.add(identity)
        self._report("joined", participant=identity, hidden=False)
        self._begin(self)

    def _went(self, participant: Any) -> None:
        on_purpose = participant.disconnect_reason in (
            None,  # the server did not say
            rtc.DisconnectReason.CLIENT_INITIATED,
        )
        self._leave(participant.identity, "leave" if on_purpose else "lost")

    def _leave(self, identity: str, how: str) -> None:
        if identity in self.present:
            self.present.discard(identity)
            self._report("left", participant=identity, how=how)
            if self._named is not None and identity == self._named.agent:
                self._start(self.end("ended"))

    def _lost(self, room: Any) -> None:
        """Note that the server has sent the avatar away, or is gone: so is the call."""
        if room is self._room and not self.closed:
            _log.warning("the avatar of session %s has lost its room", self.session_id)
            for identity in sorted(self.present):
                self._leave(identity, "lost")
            self._start(self.end("dropped"))

    def _published(self, publication: Any, participant: Any, *, on: bool) -> None:
        if participant.identity not in self.present:
            return
        source = _SOURCES.get(publication.source, "other")
        self._report(
            "published" if on else "unpublished", participant=participant.identity, source=source
        )
        if on and source == "microphone":
            publication.set_subscribed(True)

    def _subscribed(self, track: Any, publication: Any, participant: Any) -> None:
        if publication.source == rtc.TrackSource.SOURCE_MICROPHONE:
            self._start(self._listen(rtc.AudioStream(track), participant.identity))

    async def _listen(self, stream: Any, identity: str) -> None:
        hearing = Hearing()
        try:
            async for event in stream:
                frame = event.frame
                level = max(map(abs, frame.data[::16]), default=0) / _FULL_SCALE
                seconds = frame.samples_per_channel / frame.sample_rate
                hearing, spoke_s = hearing.hear(level, seconds)
                if spoke_s is not None:
                    self._note_speech(identity, spoke_s)
        finally:
            await stream.aclose()

    def _received(self, packet: Any) -> None:
        identity = None if packet.participant is None else packet.participant.identity
        if identity is None:  # of a hidden participant, or of one who is gone
            return
        if isinstance(packets.said(packet.data), packets.HangUp):
            self._leave(identity, "end_call")
            if self._named is not None:  # from the agent or a user
                self._start(self.end("ended"))
            return
        self._unknown_data(identity, len(packet.data))

    # What the avatar does: `stage.Room`

    def announce(self) -> None:
        """Let the avatar appear: it leaves as one whom none sees, and joins again."""
        self._joining = self._start(self._appear())

    async def _appear(self) -> None:
        if self._named is not None:  # its token admits it as one that is seen
            await self._publish(self._room)
            return
        hidden, self._room = self._room, None
        if hidden is not None:
            await hidden.disconnect()
        await self._join(hidden=False)

    def talking(self, on: bool) -> None:
        """Move the mouth and sound like a voice, or stop that; the server tells who speaks."""
        self._audio.talking = self._video.talking = on

    def transcript(self, role: str, turn: int, delta: str) -> None:
        """Send what was said; turns rise over the whole session."""
        copies = self._setup.data.copies
        if self._setup.transcript is not TranscriptForm.NATIVE:
            self._publish_data(packets.transcript(role, turn, delta), times=copies)
        if self._setup.transcript is not TranscriptForm.DATA:
            text = self._text_so_far(role, turn, delta)
            segment = rtc.TranscriptionSegment(
                id=f"turn-{turn}", text=text, start_time=0, end_time=0, language="", final=False
            )
            identity, track = f"worker:{self.session_id}", self._microphone
            if role == "user":
                identity, track = min(self.present, default=""), ""
            said = rtc.Transcription(identity, track, [segment])
            self._post(lambda local: local.publish_transcription(said), times=copies)

    def client_event(self, tool: str, args: Mapping[str, Any]) -> None:
        """Send a client event."""
        self._publish_data(packets.client_event(tool, args), times=self._setup.data.copies)

    def send_raw(self, data: bytes, times: int = 1) -> None:
        """Send a user packet, as often as said."""
        self._publish_data(data, times=times)

    def _publish_data(self, data: bytes, *, times: int) -> None:
        self._post(lambda local: local.publish_data(data), times=times)

    def _servers(self) -> Iterator[str]:
        """Yield users, and then the backend, which the server does not show."""
        yield from sorted(self.present)
        if self._named is None:
            yield f"backend:{self.session_id}"

    def _ask(self, who: str, tool: str, args: Mapping[str, Any], timeout_s: float) -> Asked:
        return self._start(self._perform_rpc(who, tool, args, timeout_s))

    async def _perform_rpc(
        self, who: str, tool: str, args: Mapping[str, Any], timeout_s: float
    ) -> packets.RpcAnswered:
        if self._room is None:
            return packets.RpcAnswered("", error="the avatar is in no room")
        try:
            answer: str = await self._room.local_participant.perform_rpc(
                destination_identity=who,
                method=tool,
                payload=packets.tool_call(args),
                response_timeout=min(timeout_s, _LONGEST_RPC_S) + _SPARE_RPC_S,
            )
        except rtc.RpcError as error:
            return packets.RpcAnswered("", error=error.message, code=error.code)
        return packets.RpcAnswered("", answer)

    def freeze_video(self, on: bool) -> None:
        """Repeat the last picture, or stop that."""
        self._video.frozen = on

    def mute_audio(self, on: bool) -> None:
        """Send silence, or stop that."""
        self._audio.muted = on

    def drop_socket(self) -> None:
        """Say that it cannot: the sockets of users are the server's."""
        _log.warning("session %s: a socket of another server cannot be lost", self.session_id)

    async def close(self, reason: str) -> None:
        """End the call: those who were in it have left it. `reason` is the server's to say."""
        for identity in sorted(self.present):
            self._leave(identity, "leave")
        await self.end("ended")


# Raw pictures and sound, as LiveKit's client takes them


async def _show(track: AvatarVideo, source: Any) -> None:
    decoder = av.CodecContext.create("vp8", "r")
    with suppress(MediaStreamError):
        while True:
            for frame in decoder.decode(await track.recv()):
                source.capture_frame(
                    rtc.VideoFrame(
                        frame.width, frame.height, rtc.VideoBufferType.I420, i420_of(frame)
                    )
                )


async def _sound(track: AvatarAudio, source: Any) -> None:
    decoder = av.CodecContext.create("libopus", "r")
    one_channel = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with suppress(MediaStreamError):
        while True:
            for decoded in decoder.decode(await track.recv()):
                for frame in one_channel.resample(decoded):
                    samples = bytes(frame.planes[0])[: frame.samples * 2]
                    await source.capture_frame(
                        rtc.AudioFrame(samples, SAMPLE_RATE, 1, frame.samples)
                    )


def i420_of(frame: av.VideoFrame) -> bytes:
    """Return a picture's three planes one after the other, without what lies beside its rows."""
    rows: list[bytes] = []
    for plane, width in zip(
        frame.planes, (frame.width, *[(frame.width + 1) // 2] * 2), strict=True
    ):
        pixels = bytes(plane)
        begins = range(0, plane.line_size * plane.height, plane.line_size)
        rows += [pixels[begin : begin + width] for begin in begins]
    return b"".join(rows)
