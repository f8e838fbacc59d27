"""One room of the fake's own: the avatar and the clients of one session.

As soon as the session has ended, whatever ended it, everyone is sent away. A client whose socket is
lost may come back for some seconds of real time; then it has left.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from av.video.codeccontext import VideoCodecContext
from livekit.protocol.models import TrackInfo

from fake_runway.clock import pause
from fake_runway.core.sessions.script import AvatarAppears, TranscriptForm
from fake_runway.room.clients.participant import Line, Participant
from fake_runway.room.media.caption import Caption, caption_of, encoder
from fake_runway.room.media.loops import CUSTOM
from fake_runway.room.player import play
from fake_runway.room.session_room import CLOSING, Asked, Play, SessionRoom
from fake_runway.room.stage import GRACE_S
from fake_runway.room.tokens import Admission, JoinRefused
from fake_runway.room.wire import packets
from fake_runway.room.wire.signalling import (
    Avatar,
    Joining,
    source_name,
    speaking,
    updated,
    welcome,
)
from fake_runway.worlds.world import World

MOST_PARTICIPANTS = 16

_GONE = packets.RpcAnswered(
    "", error="the participant has left", code=packets.RECIPIENT_DISCONNECTED
)


class Call(SessionRoom[Participant]):
    """One room.

    Args:
        is_current, play: as of `SessionRoom`.
        grace_s: as of `Rooms`.
        over: called once, when the room is closed.
        keyframes: the encoder that the server's calls share; None: one of its own.

    Attributes:
        refuses_join: it sends away everyone who wants to join.
        announced: the avatar has appeared.
        look: the preset that its face and voice are of.
        encoder: makes the keyframes of its face.
        transcripts: how pieces of a transcript are sent.
        copies: how often each is sent, and each client event: 0 loses them, 2 doubles them.
    """

    def __init__(
        self,
        world: World,
        session_id: str,
        *,
        is_current: Callable[[], bool],
        play: Play = play,
        grace_s: float = GRACE_S,
        over: Callable[["Call"], None] = lambda _: None,
        keyframes: VideoCodecContext | None = None,
    ) -> None:
        super().__init__(world, session_id, is_current=is_current, play=play)
        self.room_sid = _sid("RM", session_id)
        self.avatar = Avatar(f"worker:{session_id}", _sid("PA", session_id, "avatar"))
        session = world.account.sessions[session_id]
        setup, options = session.plan.call, session.options
        self.refuses_join = setup.refuses_join
        self.announced = setup.avatar is AvatarAppears.AT_ONCE
        self.look = options.avatar if options.avatar and not options.custom else CUSTOM
        self.encoder = keyframes or encoder(keyframes_only=True)
        self.transcripts = setup.transcript
        self.copies = setup.data.copies
        self._sender = packets.Sender(self.avatar.identity, self.avatar.sid)
        self._grace_s = grace_s
        self._over = over
        self._present: dict[str, Participant] = {}  # by identity
        self._graces: dict[str, asyncio.Task[None]] = {}
        self._joins = 0
        self._talking = self._frozen = self._muted = False
        self._asked: dict[str, tuple[Participant, Asked]] = {}
        self._asked_count = 0
        self._start(self._watch())

    def __repr__(self) -> str:
        return f"<Call {self.session_id} of {len(self._present)} clients>"

    @property
    def joined_identities(self) -> list[str]:
        """The clients whose media is up."""
        return [who.identity for who in self._present.values() if who.is_up]

    @property
    def identities(self) -> list[str]:
        """The clients who are connected, or are about to be."""
        return list(self._present)

    def caption(self) -> Caption:
        """Return what is written above the avatar's face: name, state, clock, session."""
        session = self.world.account.sessions.get(self.session_id)  # None: evicted
        return caption_of(
            "Custom avatar" if self.look == CUSTOM else self.look,
            status="" if session is None else session.state.value.upper(),
            now=self.world.clock.now(),
            session_id=self.session_id,
        )

    # Clients

    def join(
        self,
        admission: Admission,
        joining: Joining,
        line: Line,
        *,
        kind: type[Participant] = Participant,
    ) -> Participant:
        """Let a client in; its first response is sent.

        Raises:
            JoinRefused: the room is full, or the session's plan says so.
        """
        if self.closed:
            raise JoinRefused(403, "the call is over")
        if self.refuses_join and not admission.viewer:
            raise JoinRefused(403, "the room lets no participant in, as its scenario says")
        before = self._present.pop(admission.identity, None)
        rivals = [each for each in self._present.values() if each.is_viewer == admission.viewer]
        if len(rivals) >= MOST_PARTICIPANTS:
            raise JoinRefused(503, f"the room is full: {MOST_PARTICIPANTS} participants are in it")
        if before is not None:
            before.dismiss("DUPLICATE_IDENTITY")
        self._joins += 1
        sid = _sid("PA", self.session_id, admission.identity, str(self._joins))
        who = kind(self, admission, joining, sid=sid, line=line)
        who.audio.talking = who.video.talking = self._talking
        who.video.frozen, who.audio.muted = self._frozen, self._muted
        avatar = [self.avatar.info()] if self.announced else []
        others = [each.info() for each in self._present.values() if not each.hidden and each.is_up]
        self._present[who.identity] = who
        line.send(
            welcome(
                self.session_id,
                self.room_sid,
                who.info(),
                [*avatar, *others],
                single=joining.single,
            )
        )
        return who

    async def lost(self, who: Participant) -> None:
        """Note that the socket of a client is gone, and end its connections."""
        self.departed(who, "lost")
        await who.close()

    def joined(self, who: Participant) -> None:
        """Note that a client's media is up."""
        if self._present.get(who.identity) is not who or who.is_viewer:
            return
        grace = self._graces.pop(who.identity, None)
        if grace is not None:
            grace.cancel()
            self._report("back", participant=who.identity)
        else:
            self._report("joined", participant=who.identity, hidden=who.hidden)
        for track in who.tracks.values():
            self._report("published", participant=who.identity, source=source_name(track))
        if who.hidden:
            return
        self._tell_others(who)
        self._begin(self)

    def departed(self, who: Participant, how: str) -> None:
        """Note that a client is gone: leave or lost."""
        if self._present.get(who.identity) is not who:
            return  # another one has taken over, or it is known
        del self._present[who.identity]
        if who.is_viewer:
            return
        if who.is_up and not who.hidden:
            self._tell_others(who, gone=True)
        for asked_of, answer in list(self._asked.values()):
            if asked_of is who and not answer.done():
                answer.set_result(_GONE)
        if how != "lost":
            self._leave(who, how)
        elif who.is_up and not who.has_left:
            self._report("away", participant=who.identity)
            self._graces[who.identity] = self._start(self._end_grace(who.identity))

    def _leave(self, who: Participant, how: str) -> None:
        if who.is_up and not who.has_left:
            who.has_left = True
            self._report("left", participant=who.identity, how=how)

    async def _end_grace(self, identity: str) -> None:
        await pause(self._grace_s)
        del self._graces[identity]
        self._report("left", participant=identity, how="lost")

    def _tell_others(self, who: Participant, *, gone: bool = False) -> None:
        news = updated(who.info(gone=gone))
        for each in self._present.values():
            if each is not who:
                each.line.send(news)

    def published(self, who: Participant, track: TrackInfo, *, on: bool) -> None:
        """Note that a client publishes a track, or no longer does."""
        if not who.is_up:
            return  # reported once it has joined
        event = "published" if on else "unpublished"
        self._report(event, participant=who.identity, source=source_name(track))
        if not who.hidden:
            self._tell_others(who)

    def received(self, who: Participant, packet: packets.Received, size: int) -> None:
        """Take a data packet of a client."""
        match packet:
            case packets.HangUp() if not who.hidden:
                self._leave(who, "end_call")  # it stays until it goes, or the session ends
            case packets.RpcAnswered(id=request_id):
                asked_of, answer = self._asked.get(request_id, (None, None))
                if asked_of is who and answer is not None and not answer.done():
                    answer.set_result(packet)
            case packets.RpcAcknowledged():
                pass
            case packets.RpcAsked():
                self._refuse_rpc(who, packet)
            case _:
                self._unknown_data(who.identity, size)

    def _refuse_rpc(self, who: Participant, asked: packets.RpcAsked) -> None:
        if asked.targets and self.avatar.identity not in asked.targets:
            code, message = packets.RECIPIENT_NOT_FOUND, "Recipient not found"
        else:
            code, message = packets.UNSUPPORTED_METHOD, "Method not supported at destination"
        who.send(self._sender.rpc_ack(asked, to=who.identity))
        who.send(self._sender.rpc_refusal(asked, to=who.identity, code=code, message=message))

    def spoke(self, who: Participant, seconds: float) -> None:
        """Note that a user has spoken, and is silent again."""
        self._note_speech(who.identity, seconds)

    # What the avatar does: `stage.Room`

    def announce(self) -> None:
        """Let the avatar appear."""
        if self.announced:
            return
        self.announced = True
        for who in self._present.values():
            who.line.send(updated(self.avatar.info()))
            self._start(who.attach_avatar())

    def talking(self, on: bool) -> None:
        """Move the mouth and sound like a voice, or stop that."""
        self._talking = on
        for who in self._present.values():
            who.audio.talking = who.video.talking = on
            who.line.send(speaking(self.avatar.sid, on=on))

    def transcript(self, role: str, turn: int, delta: str) -> None:
        """Send what was said; turns rise over the whole session."""
        if self.transcripts is not TranscriptForm.NATIVE:
            self._send_all(self._sender.transcript(role, turn, delta), times=self.copies)
        if self.transcripts is not TranscriptForm.DATA:
            text = self._text_so_far(role, turn, delta)
            identity, track = self._speaker(role)
            packet = self._sender.native_transcript(identity, track, turn, text)
            self._send_all(packet, times=self.copies)

    def _speaker(self, role: str) -> tuple[str, str]:
        """Return who speaks in a role, and on which track."""
        if role != "user":
            return self.avatar.identity, self.avatar.audio_sid
        users = [who for who in self._present.values() if not who.hidden]
        for who in users:
            for track in who.tracks.values():
                if source_name(track) == "microphone":
                    return who.identity, track.sid
        return (users[0].identity if users else ""), ""

    def client_event(self, tool: str, args: Mapping[str, Any]) -> None:
        """Send a client event."""
        self._send_all(self._sender.client_event(tool, args), times=self.copies)

    def _servers(self) -> Iterator[Participant]:
        """Yield the hidden backend, and then the others; who has left meanwhile is left out."""
        present = [who for who in self._present.values() if who.is_up and not who.is_viewer]
        for who in sorted(present, key=lambda each: not each.hidden):
            if self._present.get(who.identity) is who:
                yield who

    def _ask(self, who: Participant, tool: str, args: Mapping[str, Any], timeout_s: float) -> Asked:
        self._asked_count += 1
        request_id = _sid("RPC", self.session_id, str(self._asked_count))
        answer: Asked = asyncio.get_running_loop().create_future()
        self._asked[request_id] = who, answer
        answer.add_done_callback(lambda _: self._asked.pop(request_id))
        who.send(
            self._sender.rpc_request(request_id, tool, args, to=who.identity, timeout_s=timeout_s)
        )
        return answer

    def send_raw(self, data: bytes, times: int = 1) -> None:
        """Send a user packet, as often as said."""
        self._send_all(self._sender.user(data), times=times)

    def freeze_video(self, on: bool) -> None:
        """Repeat the last picture, or stop that."""
        self._frozen = on
        for who in self._present.values():
            who.video.frozen = on

    def mute_audio(self, on: bool) -> None:
        """Send silence, or stop that."""
        self._muted = on
        for who in self._present.values():
            who.audio.muted = on

    def drop_socket(self) -> None:
        """Lose the signalling sockets of the users, as a broken network would."""
        for who in self._present.values():
            if not who.hidden:
                who.line.abort()

    async def close(self, reason: str) -> None:
        """Send every participant away; those who were in the call have left it.

        Args:
            reason: the name of a LiveKit DisconnectReason.
        """
        for who in list(self._present.values()):
            who.dismiss(reason)
            self.departed(who, "leave")
        await self.end(reason, because="ended")

    def _send_all(self, packet: bytes, *, times: int) -> None:
        for _ in range(times):
            for who in self._present.values():
                who.send(packet)

    # Its own life

    async def end(self, reason: str, *, because: str) -> None:
        """Send every participant away, and end everything that the room has started.

        Args:
            reason: the name of a LiveKit DisconnectReason.
            because: what is reported.
        """
        if self.closed:
            return
        self.closed = True
        present, self._present = list(self._present.values()), {}
        for who in present:
            who.dismiss(reason)
        await self._report_end(because)
        self._over(self)
        await self._end_tasks()

    async def _watch(self) -> None:
        """End the room when the session has ended, or the world is gone."""
        because, reason = CLOSING[await self._ended()]
        await self.end(reason, because=because)


def _sid(prefix: str, *parts: str) -> str:
    """Return an id in LiveKit's form, the same for the same parts."""
    return f"{prefix}_{blake2b('/'.join(parts).encode(), digest_size=6).hexdigest()}"
