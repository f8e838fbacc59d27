"""Plays the avatar's part: what the session's plan says, and what the admin API tells it.

A script has a time of its own on the world's clock: each step begins at the instant at which the
one before it ended, so a clock that jumps five minutes plays five minutes of the script, and a
frozen one holds it. Rejected: a sleep for each word, counted from when the one before it returned;
a jump would then end one of them and no more.

What was done is reported to the world, also of a line that the end of the call interrupts. Reports
that it refuses are left out: the session may have ended meanwhile, and the room then ends this.
"""

import asyncio
import logging
import re
from collections.abc import Coroutine, Sequence
from typing import Any

from fake_runway.core.durations import later
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import TERMINAL
from fake_runway.core.sessions.call import Utterance
from fake_runway.core.sessions.options import DEFAULT_TOOL_TIMEOUT_S
from fake_runway.core.sessions.script import (
    AvatarAppears,
    CallTool,
    DropSocket,
    EndCall,
    FreezeVideo,
    Leave,
    MuteAudio,
    Say,
    SendClientEvent,
    SendData,
    StaySilent,
    Step,
    Wait,
    WaitForSpeech,
    why_not,
)
from fake_runway.room.stage import Room, ToolFailed, ToolTimeout
from fake_runway.worlds.world import World

_PIECE = re.compile(r"\s++\S*+|\S++")
NO_ANSWER_ANY_MORE = "The call ended before an answer came."
_MOST_DIRECTIONS = 100  # that wait for the avatar to be free

_log = logging.getLogger("fake_runway")


class _CallOver(Exception):
    """The script has ended the call, or the session has ended before the script goes on."""


def pieces(text: str) -> list[str]:
    """Return `text` word by word, each with the space before it; together they are `text`."""
    found = _PIECE.findall(text)
    if len(found) > 1 and found[-1].isspace():
        found[-2:] = [found[-2] + found[-1]]
    return found or [text]


async def play(room: Room, world: World) -> None:
    """Play the avatar's part in the room of a session, from the first join to the end of the call.

    The `startScript` of its create is said first, then comes the script of its plan. Afterwards,
    and during most waits, the avatar does what arrives in `World.directions`. It returns when the
    script ends the call; else it goes on until its task is cancelled, which is safe at any time.
    """
    directions: asyncio.Queue[tuple[Step, ...]] = asyncio.Queue(_MOST_DIRECTIONS)
    world.directions[room.session_id] = directions
    try:
        await _Performance(room, world, directions).run()
    except _CallOver:
        return
    finally:
        if world.directions.get(room.session_id) is directions:
            del world.directions[room.session_id]


def _in_milliseconds(seconds: float) -> float:
    return round(seconds, 3)


class _Performance:
    """One avatar at work.

    Attributes:
        _time: where on the world's clock the script is, POSIX seconds.
        _turn: of what was said last; turns rise over the whole session.
    """

    def __init__(
        self, room: Room, world: World, directions: "asyncio.Queue[tuple[Step, ...]]"
    ) -> None:
        self._room = room
        self._world = world
        self._directions = directions
        self._session = world.account.sessions[room.session_id]
        self._time = world.clock.now()
        said = world.account.call(room.session_id).transcript
        self._turn = max((each.turn for each in said if isinstance(each, Utterance)), default=0)

    async def run(self) -> None:
        """Play to the end of the call.

        Raises:
            _CallOver: the script has ended it.
        """
        call, options = self._session.plan.call, self._session.options
        if call.avatar is AvatarAppears.LATE:
            await self._until(later(self._time, call.avatar_after_s))
            self._room.announce()
        if call.avatar is not AvatarAppears.NEVER:
            opening = [Say(options.start_script)] if options.start_script else []
            await self._play((*opening, *self._session.plan.script))
        while True:
            steps = await self._directions.get()
            self._catch_up()
            await self._play(steps, listens=False)

    async def _play(self, steps: Sequence[Step], *, listens: bool = True) -> None:
        """Play some steps.

        Args:
            listens: do during waits what the admin API tells.

        Raises:
            _CallOver: one of them has ended the call.
        """
        room = self._room
        for step in steps:
            match step:
                case Say():
                    await self._say(step)
                case SendClientEvent():
                    self._send_event(step)
                case CallTool():
                    await self._play(await self._call(step), listens=listens)
                case Wait(span_s) if listens:
                    due = later(self._time, span_s)
                    await self._listening(self._sleep_until(due))
                    self._reach(due)
                case Wait(span_s) | StaySilent(span_s):
                    await self._until(later(self._time, span_s))
                case WaitForSpeech(at_most_s):
                    speech = self._speech(at_most_s)
                    await (self._listening(speech) if listens else speech)
                    self._catch_up()
                case FreezeVideo(on):
                    room.freeze_video(on)
                case MuteAudio(on):
                    room.mute_audio(on)
                case SendData(text, times):
                    room.send_raw(text.encode(errors="replace"), times)
                case DropSocket():
                    room.drop_socket()
                case EndCall():
                    await self._end("ended", "ROOM_DELETED")
                case Leave(reason):
                    shutdown = reason == "SERVER_SHUTDOWN"
                    await self._end("server_shutdown" if shutdown else "dropped", reason)

    async def _say(self, step: Say) -> None:
        self._turn += 1
        began = until = self._time
        spoken = ""
        self._room.talking(True)
        try:
            for number, piece in enumerate(pieces(step.text), 1):
                self._room.transcript("assistant", self._turn, piece)
                spoken += piece
                until = later(began, number / step.words_per_s)
                await self._until(until)
        except asyncio.CancelledError:
            self._time = max(self._time, min(until, self._world.clock.now()))
            raise
        finally:
            self._room.talking(False)
            self._report(
                "said",
                role="assistant",
                turn=self._turn,
                text=spoken,
                seconds=_in_milliseconds(self._time - began),
            )

    def _send_event(self, step: SendClientEvent) -> None:
        if wrong := why_not(step, self._session.options):
            self._answered(self._called(step), None, wrong, 0.0)
            return
        self._room.client_event(step.tool, step.args)
        self._report("client_event", tool=step.tool, args=dict(step.args))

    async def _call(self, step: CallTool) -> tuple[Step, ...]:
        """Call a tool, and return what follows."""
        self._catch_up()
        call, began = self._called(step), self._time

        def late(result: Any, error: str | None) -> None:
            self._answered(call, result, error, self._world.clock.now() - began)

        result: Any = None
        error: str | None = None
        after = step.failed
        options = self._session.options
        if wrong := why_not(step, options):
            error = wrong
        else:
            tool, timeout_s = options.tool(step.tool), step.timeout_s
            if timeout_s is None:
                timeout_s = DEFAULT_TOOL_TIMEOUT_S if tool is None else tool.timeout_s
            try:
                result = await self._room.call_tool(step.tool, step.args, timeout_s, late)
                after = step.answered
            except ToolTimeout:
                error, after = "timeout", step.timed_out
            except ToolFailed as failure:
                error = failure.message
            except asyncio.CancelledError:  # no answer is awaited any more
                self._answered(call, None, NO_ANSWER_ANY_MORE, self._until_end() - began)
                raise
        self._catch_up()
        self._answered(call, result, error, self._time - began)
        return after

    def _until_end(self) -> float:
        """Return the instant at which the session has ended, or now."""
        session = self._world.account.sessions.get(self._session.id)
        over = session is not None and session.state in TERMINAL
        return session.changed_at if session is not None and over else self._world.clock.now()

    def _called(self, step: CallTool | SendClientEvent) -> str:
        # every report that is accepted takes a number, so no other call has this one
        call = f"call-{self._world.log.next_number}"
        self._report("tool_called", call=call, tool=step.tool, args=dict(step.args))
        return call

    def _answered(self, call: str, result: Any, error: str | None, seconds: float) -> None:
        self._report(
            "tool_answered",
            call=call,
            result=result,
            error=error,
            seconds=_in_milliseconds(seconds),
        )

    async def _speech(self, at_most_s: float | None) -> None:
        speech = asyncio.ensure_future(self._room.user_spoke())
        waits: set[asyncio.Future[Any]] = {speech}
        if at_most_s is not None:
            limit = self._sleep_until(later(self._time, at_most_s))
            waits.add(asyncio.ensure_future(limit))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if at_most_s is not None and not speech.done():
                self._report("unheard", seconds=_in_milliseconds(at_most_s))
        finally:
            for wait in waits:
                wait.cancel()

    async def _listening(self, wait: Coroutine[Any, Any, None]) -> None:
        """Return after `wait`, and do meanwhile what the admin API tells."""
        waiting = asyncio.ensure_future(wait)
        try:
            while not waiting.done():
                directed = asyncio.ensure_future(self._directions.get())
                try:
                    await asyncio.wait({waiting, directed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    directed.cancel()
                if directed.done() and not directed.cancelled():
                    self._catch_up()
                    await self._play(directed.result(), listens=False)
            await waiting
        finally:
            waiting.cancel()

    async def _end(self, because: str, reason: str) -> None:
        self._report("closed", reason=because)
        await self._room.close(reason)
        raise _CallOver

    async def _until(self, instant: float) -> None:
        await self._sleep_until(instant)
        self._reach(instant)

    def _reach(self, instant: float) -> None:
        """Go on at an instant that has come.

        Raises:
            _CallOver: the session has ended before it, as when a clock jumps over both.
        """
        account = self._world.account
        account.advance(self._world.clock.now())
        session = account.sessions.get(self._session.id)  # None: evicted
        if session is not None and session.state in TERMINAL and session.changed_at < instant:
            self._time = max(self._time, session.changed_at)
            raise _CallOver
        self._time = max(self._time, instant)

    async def _sleep_until(self, instant: float) -> None:
        await self._world.clock.sleep(instant - self._world.clock.now())

    def _catch_up(self) -> None:
        """Go on now: what the script waited for came from outside."""
        self._time = max(self._time, self._world.clock.now())

    def _report(self, event: str, **fields: Any) -> None:
        try:
            self._world.report(self._room.session_id, {"event": event, **fields})
        except Refused as refusal:
            _log.debug("session %s: %s was not reported: %s", self._room.session_id, event, refusal)
