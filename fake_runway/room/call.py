"""One room: the avatar and the clients of one session.

The room reports to the core what happens in it (`World.report`), and the core rules the room: as
soon as the session has ended, whatever ended it, everyone is sent away. A client whose socket is
lost may come back for some seconds of real time; then it has left.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from hashlib import blake2b
from typing import Any

from livekit.protocol.models import TrackInfo

from fake_runway.clock import pause
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import TERMINAL, Event
from fake_runway.core.sessions.script import AvatarAppears, TranscriptForm
from fake_runway.room import packets
from fake_runway.room.caption import Caption, caption_of
from fake_runway.room.loops import CUSTOM
from fake_runway.room.participant import Line, Participant
from fake_runway.room.player import play
from fake_runway.room.signalling import (
    Avatar,
    Joining,
    source_name,
    speaking,
    updated,
    welcome,
)
from fake_runway.room.stage import GRACE_S, ToolFailed, ToolTimeout
from fake_runway.room.tokens import Admission, JoinRefused
from fake_runway.worlds.waiting import Topic
from fake_runway.worlds.world import World

MOST_PARTICIPANTS = 16
MOST_DATA_REPORTS = 100

CLOSING: Mapping[Event | None, tuple[str, str]] = {
    Event.ENDED: ("ended", "ROOM_DELETED"),
    Event.CANCELLED: ("cancelled", "ROOM_DELETED"),
    Event.CAPPED: ("capped", "ROOM_CLOSED"),
    Event.UNPAID: ("unpaid", "ROOM_CLOSED"),
    Event.FAILED: ("failed", "AGENT_ERROR"),
    Event.EXPIRED: ("failed", "AGENT_ERROR"),
    None: ("dropped", "ROOM_DELETED"),
}
"""What ended the session -> what is reported, and the reason that clients get. Assumed: Runway's
own are unknown, and the official client ends the call on each."""

_log = logging.getLogger("fake_runway")

Play = Callable[["Call", World], Awaitable[None]]


class Call:
    """One room.

    Args:
        is_current: whether the world is still there.
        play: plays the avatar's part, from the first join of a user on.
        grace_s: as of `Rooms`.
        over: called once, when the room is closed.

    Attributes:
        refuses_join: it sends away everyone who wants to join.
        announced: the avatar has appeared.
        look: the preset that its face and voice are of.
        transcripts: how pieces of a transcript are sent.
        copies: how often each is sent, and each client event: 0 loses them, 2 doubles them.
        data_count: how many packets without a known message came from clients.
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
    ) -> None:
        self.world = world
        self.session_id = session_id
        self.room_sid = _sid("RM", session_id)
        self.avatar = Avatar(f"worker:{session_id}", _sid("PA", session_id, "avatar"))
        session = world.account.sessions[session_id]
        setup, options = session.plan.call, session.options
        self.refuses_join = setup.refuses_join
        self.announced = setup.avatar is AvatarAppears.AT_ONCE
        self.look = options.avatar if options.avatar and not options.custom else CUSTOM
        self.transcripts = setup.transcript
        self.copies = setup.data.copies
        self.closed = False
        self._sender = packets.Sender(self.avatar.identity, self.avatar.sid)
        self._is_current = is_current
        self._play = play
        self._grace_s = grace_s
        self._over = over
        self._present: dict[str, Participant] = {}  # by identity
        self._graces: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._joins = 0
        self._playing = False
        self._talking = self._frozen = self._muted = False
        self.data_count = 0
        self._asked: dict[str, tuple[Participant, asyncio.Future[packets.RpcAnswered]]] = {}
        self._asked_count = 0
        self._listeners: set[asyncio.Future[float]] = set()
        self._texts: dict[tuple[str, int], str] = {}
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
        if not self._playing:
            self._playing = True
            self._start(self._perform())

    async def _perform(self) -> None:
        try:
            await self._play(self, self.world)
        except Exception:
            _log.exception("the script of session %s broke", self.session_id)

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
                answer.set_result(packets.RpcAnswered("", error="the participant has left"))
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
            case packets.EndCall() if not who.hidden:
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
                self.data_count += 1
                if self.data_count <= MOST_DATA_REPORTS:
                    self._report("data", participant=who.identity, bytes=size, known=False)

    def _refuse_rpc(self, who: Participant, asked: packets.RpcAsked) -> None:
        if asked.targets and self.avatar.identity not in asked.targets:
            code, message = packets.RECIPIENT_NOT_FOUND, "Recipient not found"
        else:
            code, message = packets.UNSUPPORTED_METHOD, "Method not supported at destination"
        who.send(self._sender.rpc_ack(asked, to=who.identity))
        who.send(self._sender.rpc_refusal(asked, to=who.identity, code=code, message=message))

    def spoke(self, who: Participant, seconds: float) -> None:
        """Note that a user has spoken, and is silent again."""
        self._report("spoke", participant=who.identity, seconds=round(seconds, 3))
        for listener in self._listeners:
            if not listener.done():
                listener.set_result(seconds)

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
            text = self._texts[role, turn] = self._texts.get((role, turn), "") + delta
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

    async def call_tool(self, tool: str, args: Mapping[str, Any], timeout_s: float) -> Any:
        """Call a tool of the hidden backend, else of the first participant that knows it.

        The answer is its JSON, or its text if that is none. Time passes on the world's clock.

        Raises:
            ToolTimeout, ToolFailed.
        """
        deadline = asyncio.ensure_future(self.world.clock.sleep(timeout_s))
        present = [who for who in self._present.values() if who.is_up and not who.is_viewer]
        failure = ToolFailed("no participant that could serve it is in the room")
        try:
            for who in sorted(present, key=lambda each: not each.hidden):
                answer = await self._ask(who, tool, args, timeout_s, deadline)
                if answer.error is None:
                    return packets.value(answer.payload)
                failure = ToolFailed(answer.error)
                if answer.code != packets.UNSUPPORTED_METHOD:
                    break
            raise failure
        finally:
            deadline.cancel()

    async def _ask(
        self,
        who: Participant,
        tool: str,
        args: Mapping[str, Any],
        timeout_s: float,
        deadline: "asyncio.Future[None]",
    ) -> packets.RpcAnswered:
        self._asked_count += 1
        request_id = _sid("RPC", self.session_id, str(self._asked_count))
        answer = asyncio.get_running_loop().create_future()
        self._asked[request_id] = who, answer
        try:
            who.send(
                self._sender.rpc_request(
                    request_id, tool, args, to=who.identity, timeout_s=timeout_s
                )
            )
            await asyncio.wait({answer, deadline}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise ToolTimeout(f"{who.identity} did not answer within {timeout_s:g} s")
            received: packets.RpcAnswered = answer.result()
            return received
        finally:
            del self._asked[request_id]

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

    async def user_spoke(self) -> float:
        """Wait until a user has spoken and is silent again; return the seconds of speech."""
        listener: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._listeners.add(listener)
        try:
            return await listener
        finally:
            self._listeners.discard(listener)

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
        self._over(self)
        present, self._present = list(self._present.values()), {}
        for who in present:
            who.dismiss(reason)
        if self.data_count > MOST_DATA_REPORTS:
            self._report("data_ignored", count=self.data_count - MOST_DATA_REPORTS)
        self._report("closed", reason=because)
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _watch(self) -> None:
        """End the room when the session has ended, or the world is gone."""
        account = self.world.account
        watch = self.world.resources_watched.watching(
            Topic(subject=self.session_id), lambda session: session.state in TERMINAL
        )
        with watch as seen, self.world.kept_up():
            while True:
                session = account.sessions.get(self.session_id)
                if not self._is_current() or session is None or session.state in TERMINAL:
                    break
                await seen.wait()
                seen.clear()
        event = session.event if self._is_current() and session is not None else None
        because, reason = CLOSING[event]
        await self.end(reason, because=because)

    def _report(self, event: str, **fields: Any) -> None:
        try:
            self.world.report(self.session_id, {"event": event, **fields})
        except Refused as refusal:  # the session may have ended meanwhile
            _log.debug("call %s: %s was not reported: %s", self.session_id, event, refusal)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _sid(prefix: str, *parts: str) -> str:
    """Return an id in LiveKit's form, the same for the same parts."""
    return f"{prefix}_{blake2b('/'.join(parts).encode(), digest_size=6).hexdigest()}"
