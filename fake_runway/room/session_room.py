"""The room of one session, wherever its clients connect: what it reports, plays, and when it ends.

The room reports to the core what happens in it (`World.report`), and the core rules the room: as
soon as the session has ended, whatever ended it, the call is over. Who is in it, and how they are
reached, is for the two kinds of rooms: `call.py` has its own clients, `elsewhere.py` a server's.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Generic, TypeVar

from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import TERMINAL, Event
from fake_runway.room.player import play
from fake_runway.room.stage import LateAnswer, Room, ToolFailed, ToolTimeout, ignored
from fake_runway.room.wire import packets
from fake_runway.worlds.waiting import Topic
from fake_runway.worlds.world import World

MOST_DATA_REPORTS = 100
MOST_LATE_TOOLS = 100
"""Tool calls that were given up and may still be answered; of more, the newest."""

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

_PASSED_ON = frozenset(
    {
        packets.UNSUPPORTED_METHOD,
        packets.RECIPIENT_NOT_FOUND,
        packets.RECIPIENT_DISCONNECTED,
        packets.CONNECTION_TIMEOUT,
    }
)
"""Errors after which the next participant is asked."""
_NO_ANSWER = frozenset({*_PASSED_ON, packets.RESPONSE_TIMEOUT} - {packets.UNSUPPORTED_METHOD})
"""Errors that do not come from the participant that was asked."""

_log = logging.getLogger("fake_runway")

Who = TypeVar("Who")
Asked = asyncio.Future[packets.RpcAnswered]
Play = Callable[[Room, World], Awaitable[None]]


class SessionRoom(ABC, Generic[Who]):
    """One room; `Who` is how it knows its participants.

    Args:
        is_current: whether the world is still there.
        play: plays the avatar's part, from the first join of a user on.

    Attributes:
        closed: the call is over.
        data_count: how many packets without a known message came from clients.
    """

    def __init__(
        self, world: World, session_id: str, *, is_current: Callable[[], bool], play: Play = play
    ) -> None:
        self.world = world
        self.session_id = session_id
        self.closed = False
        self.data_count = 0
        self._is_current = is_current
        self._play = play
        self._playing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._listeners: set[asyncio.Future[float]] = set()
        self._texts: dict[tuple[str, int], str] = {}
        self._given_up: deque[Asked] = deque()

    def _report(self, event: str, **fields: Any) -> None:
        try:
            self.world.report(self.session_id, {"event": event, **fields})
        except Refused as refusal:  # the session may have ended meanwhile
            _log.debug("call %s: %s was not reported: %s", self.session_id, event, refusal)

    def _start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # The avatar's part

    def _begin(self, room: Room) -> None:
        """Play the avatar's part, with the first user."""
        if self._playing is None:
            self._playing = self._start(self._perform(room))

    async def _perform(self, room: Room) -> None:
        try:
            await self._play(room, self.world)
        except Exception:
            _log.exception("the script of session %s broke", self.session_id)

    def _text_so_far(self, role: str, turn: int, delta: str) -> str:
        """Return all of a turn's text: LiveKit's own transcriptions repeat it."""
        text = self._texts[role, turn] = self._texts.get((role, turn), "") + delta
        return text

    # What comes from clients

    def _note_speech(self, identity: str, seconds: float) -> None:
        """Note that a user has spoken, and is silent again."""
        self._report("spoke", participant=identity, seconds=round(seconds, 3))
        for listener in self._listeners:
            if not listener.done():
                listener.set_result(seconds)

    async def user_spoke(self) -> float:
        """Wait until a user has spoken and is silent again; return the seconds of speech."""
        listener: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._listeners.add(listener)
        try:
            return await listener
        finally:
            self._listeners.discard(listener)

    def _unknown_data(self, identity: str, size: int) -> None:
        """Note a packet without a known message."""
        self.data_count += 1
        if self.data_count <= MOST_DATA_REPORTS:
            self._report("data", participant=identity, bytes=size, known=False)

    # Tools

    @abstractmethod
    def _servers(self) -> Iterator[Who]:
        """Yield who may serve a tool, in the order in which they are asked."""

    @abstractmethod
    def _ask(self, who: Who, tool: str, args: Mapping[str, Any], timeout_s: float) -> Asked:
        """Call a tool of a participant; cancelling the future gives the call up."""

    async def call_tool(
        self, tool: str, args: Mapping[str, Any], timeout_s: float, late: LateAnswer = ignored
    ) -> Any:
        """Call a tool of the first participant that knows it.

        The answer is its JSON, or its text if that is none. Time passes on the world's clock.

        Args:
            late: called with an answer that comes after `ToolTimeout`, while the call lasts.

        Raises:
            ToolTimeout, ToolFailed.
        """
        deadline = asyncio.ensure_future(self.world.clock.sleep(timeout_s))
        failure = ToolFailed("no participant that could serve it is in the room")
        try:
            for who in self._servers():
                asked = self._ask(who, tool, args, timeout_s)
                waits: set[asyncio.Future[Any]] = {asked, deadline}
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    asked.cancel()
                    raise
                if not asked.done():
                    self._give_up(asked, late)
                    raise ToolTimeout(f"no answer within {timeout_s:g} s")
                answer = asked.result()
                if answer.error is None:
                    return packets.value(answer.payload)
                if answer.code == packets.RESPONSE_TIMEOUT:
                    raise ToolTimeout(answer.error)
                failure = ToolFailed(answer.error)
                if answer.code not in _PASSED_ON:
                    break
            raise failure
        finally:
            deadline.cancel()

    def _give_up(self, asked: Asked, late: LateAnswer) -> None:
        """Wait no longer for an answer, but take it if it comes."""

        def answered(asked: Asked) -> None:
            if asked.cancelled() or asked.exception() is not None:
                return
            answer = asked.result()
            if answer.error is None:
                late(packets.value(answer.payload), None)
            elif answer.code not in _NO_ANSWER:
                late(None, answer.error)

        asked.add_done_callback(answered)
        self._given_up.append(asked)
        if len(self._given_up) > MOST_LATE_TOOLS:
            self._given_up.popleft().cancel()

    # Its end

    async def _ended(self) -> Event | None:
        """Return what has ended the session once it has ended, None if the world is gone."""
        sessions = self.world.account.sessions
        watch = self.world.resources_watched.watching(
            Topic(subject=self.session_id), lambda session: session.state in TERMINAL
        )
        with watch as seen, self.world.kept_up():
            while True:
                session = sessions.get(self.session_id)
                if not self._is_current() or session is None or session.state in TERMINAL:
                    break
                await seen.wait()
                seen.clear()
        return session.event if self._is_current() and session is not None else None

    async def _report_end(self, because: str) -> None:
        """Stop the avatar, so that it reports what it has said, and report why the call is over."""
        playing, self._playing = self._playing, None  # cancelled, it refers back to this room
        if playing is not None and playing is not asyncio.current_task():
            playing.cancel()
            await asyncio.wait({playing})
        if self.data_count > MOST_DATA_REPORTS:
            self._report("data_ignored", count=self.data_count - MOST_DATA_REPORTS)
        self._report("closed", reason=because)

    async def _end_tasks(self) -> None:
        """End everything that the room has started, but the task that asks for it."""
        for asked in self._given_up:
            asked.cancel()
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
