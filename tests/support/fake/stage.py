"""A room that only writes down what the avatar does, and answers as a test tells it to."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fake_runway.core.lifecycles.session import State
from fake_runway.core.sessions.options import NO_OPTIONS, options_of
from fake_runway.core.sessions.script import TranscriptForm
from fake_runway.core.sessions.session import Plan
from fake_runway.core.types import Json
from fake_runway.room.stage import LateAnswer, ToolFailed, ToolTimeout, ignored
from fake_runway.worlds.world import World

AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}
Tool = Callable[[Mapping[str, Any]], Any]
"""Takes the arguments and returns the answer, or raises ToolFailed."""


class WrittenRoom:
    """A room without media and clients.

    Like every room it obeys the setup of the session's plan: which forms of transcripts it sends,
    and whether the avatar's data is lost or doubled.

    Args:
        tools: how each tool answers, at once; one that is missing never does.

    Attributes:
        written: each thing that was done, with seconds since the room began, by the world's clock.
        late: takes the answers of the tool calls that timed out, in order.
        spoken: set while a user has spoken and the player was not told.
    """

    def __init__(
        self, world: World, session_id: str, tools: Mapping[str, Tool] | None = None
    ) -> None:
        self.session_id = session_id
        self.written: list[tuple[float, str]] = []
        self.late: list[LateAnswer] = []
        self.spoken = asyncio.Event()
        self._world = world
        self._tools = tools or {}
        self._setup = world.account.sessions[session_id].plan.call
        self._began = world.clock.now()

    @property
    def deeds(self) -> list[str]:
        """What was done, without the times."""
        return [deed for _, deed in self.written]

    def _write(self, deed: str) -> None:
        self.written.append((round(self._world.clock.now() - self._began, 3), deed))

    def announce(self) -> None:
        """Write it down."""
        self._write("announced")

    def talking(self, on: bool) -> None:
        """Write it down."""
        self._write("talks" if on else "is silent")

    def transcript(self, role: str, turn: int, delta: str) -> None:
        """Write down each packet that arrives."""
        for _ in range(self._setup.data.copies):
            if self._setup.transcript is not TranscriptForm.NATIVE:
                self._write(f"{role} {turn}:{delta}")
            if self._setup.transcript is not TranscriptForm.DATA:
                self._write(f"native {role} {turn}:{delta}")

    def client_event(self, tool: str, args: Mapping[str, Any]) -> None:
        """Write down each packet that arrives."""
        for _ in range(self._setup.data.copies):
            self._write(f"event {tool} {dict(args)}")

    async def call_tool(
        self, tool: str, args: Mapping[str, Any], timeout_s: float, late: LateAnswer = ignored
    ) -> Any:
        """Answer as the test says."""
        self._write(f"calls {tool} {dict(args)} for {timeout_s:g}s")
        if tool in self._tools:
            return self._tools[tool](args)
        await self._world.clock.sleep(timeout_s)
        self.late.append(late)
        raise ToolTimeout

    def send_raw(self, data: bytes, times: int = 1) -> None:
        """Write it down."""
        self._write(f"sends {data!r} {times} times")

    def freeze_video(self, on: bool) -> None:
        """Write it down."""
        self._write("freezes" if on else "moves")

    def mute_audio(self, on: bool) -> None:
        """Write it down."""
        self._write("mutes" if on else "sounds")

    def drop_socket(self) -> None:
        """Write it down."""
        self._write("drops")

    async def user_spoke(self) -> float:
        """Return when the test says that a user spoke."""
        await self.spoken.wait()
        self.spoken.clear()
        return 1.5

    async def close(self, reason: str) -> None:
        """Write it down."""
        self._write(f"closed for {reason}")


def broken(message: str) -> Tool:
    """Return a tool that answers an error."""

    def answer(_: Mapping[str, Any]) -> Any:
        raise ToolFailed(message)

    return answer


def in_a_call(world: World, plan: Plan, body: Json | None = None) -> str:
    """Return the id of a session whose create had this body, and whose room a user has joined."""
    at = world.clock.now()
    options = NO_OPTIONS if body is None else options_of({"avatar": AVATAR, **body})
    session = world.account.create(at=at, plan=plan, options=options)
    joins(world, session.id)
    return session.id


def joins(world: World, session_id: str) -> None:
    """Let a user consume a READY session and join its room."""
    at = world.clock.now()
    world.account.advance(at)
    session = world.account.sessions[session_id]
    if session.state is State.READY:
        world.account.consume(session_id, world.account.session_key(session), at=at)
    user = f"user:{session_id}"
    world.report(session_id, {"event": "joined", "participant": user, "hidden": False})
