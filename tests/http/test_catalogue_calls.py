"""The catalogue: what the avatar does in a call, seen in a room that writes it down.

The world is that of the server, the room is not: it has neither media nor clients.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from fake_runway.clock import next_turn
from fake_runway.core.sessions.call import ToolUse, Utterance
from fake_runway.room.player import play
from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    PROVISIONED_S,
    Chosen,
    shows,
    shows_each,
)
from tests.support.fake.stage import Tool, WrittenRoom, broken, joins

TOOLS = [
    {"type": "client_event", "name": "show_price", "description": "Shows a price."},
    {"type": "backend_rpc", "name": "look_up_price", "description": "Finds a price."},
]
GREETING = "Welcome."


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a chosen world, in which the clock stands until the test moves it."""

    chosen: Chosen
    room: WrittenRoom

    @property
    def session(self) -> str:
        """The id of its session."""
        return self.room.session_id

    async def lasts(self, seconds: float) -> None:
        """Move the clock, and let the avatar do what it does until then."""
        self.chosen.jump(seconds)
        for _ in range(50):
            await next_turn()
        self.chosen.state(self.session)  # applies what has become due

    @property
    def said(self) -> list[str]:
        """The lines of the avatar, as the world knows them, but for the startScript."""
        transcript = self.chosen.world.account.call(self.session).transcript
        return [each.text for each in transcript if isinstance(each, Utterance)][1:]

    @property
    def used(self) -> list[tuple[str, str | None]]:
        """The tools that the avatar used, each with the error of its answer."""
        transcript = self.chosen.world.account.call(self.session).transcript
        uses = [each for each in transcript if isinstance(each, ToolUse)]
        return [(each.tool, each.answer and each.answer.error) for each in uses]

    def at(self, deed: str) -> float:
        """Return when the avatar did something, in seconds after the join."""
        return next(at for at, each in self.room.written if each == deed)

    def __contains__(self, deed: str) -> bool:
        return deed in self.room.deeds


@asynccontextmanager
async def calling(chosen: Chosen, tools: Mapping[str, Tool] | None = None) -> AsyncIterator[Call]:
    """Create a session with two tools and a startScript, consume it, and join its room."""
    session = await chosen.created(tools=TOOLS, startScript=GREETING)
    chosen.jump(PROVISIONED_S)
    assert (await chosen.consume(session)).status == 200
    joins(chosen.world, session)
    room = WrittenRoom(chosen.world, session, tools)
    playing = asyncio.ensure_future(play(room, chosen.world))
    call = Call(chosen, room)
    await call.lasts(0)
    try:
        yield call
    finally:
        playing.cancel()
        await asyncio.wait({playing})


@shows("call-greets")
async def test_greets(chosen: Chosen) -> None:
    """The startScript, then one line; the session runs on."""
    async with calling(chosen) as call:
        assert call.room.deeds == ["talks", f"assistant 1:{GREETING}"]
        await call.lasts(10)
        assert call.said == ["Hello, good to see you. What can I do for you?"]
        assert "assistant 2: What" in call
        assert call.room.deeds[-1] == "is silent"
        assert await chosen.status(call.session) == "RUNNING"


@shows("call-talks-a-while")
async def test_talks_a_while(chosen: Chosen) -> None:
    """Four lines with pauses of two seconds."""
    async with calling(chosen) as call:
        for _ in range(40 * 4):
            await call.lasts(0.25)
        assert len(call.said) == 4
        talks = [at for at, deed in call.room.written if deed == "talks"][1:]
        silent = [at for at, deed in call.room.written if deed == "is silent"][1:]
        pauses = [begin - end for begin, end in zip(talks[1:], silent, strict=False)]
        assert pauses == pytest.approx([2, 2, 2], abs=0.3)
        assert 25 < silent[-1] < 35


@shows("call-client-event")
async def test_client_event(chosen: Chosen) -> None:
    """A line, then the event, once."""
    async with calling(chosen) as call:
        await call.lasts(10)
        assert call.room.deeds[-2:] == ["is silent", "event show_price {'euros': 25}"]
        assert call.used == [("show_price", None)]


@shows("call-backend-tool")
@pytest.mark.parametrize(
    ("tools", "line", "error"),
    [
        ({"look_up_price": lambda _: 25}, "I have found the price.", None),
        ({"look_up_price": broken("no such item")}, "I am not able to look", "no such item"),
        ({}, "That takes too long", "timeout"),
    ],
    ids=["answered", "failed", "timeout"],
)
async def test_backend_tool(chosen: Chosen, tools: Any, line: str, error: str | None) -> None:
    """One request, and a line for what came of it."""
    async with calling(chosen, tools) as call:
        await call.lasts(5)
        await call.lasts(4)
        await call.lasts(5)
        assert "calls look_up_price {'item': 'kettle'} for 4s" in call
        assert call.used == [("look_up_price", error)]
        assert call.said[1].startswith(line)


@shows("call-backend-tool-too-slow")
async def test_backend_tool_too_slow(chosen: Chosen) -> None:
    """After 50 ms without an answer the avatar goes on."""
    async with calling(chosen) as call:
        await call.lasts(1)
        assert call.used == [("look_up_price", None)]
        await call.lasts(0.05)
        assert call.used == [("look_up_price", "timeout")]
        await call.lasts(5)
        assert call.said == ["Nobody answers. Let us go on without it."]


@shows("call-backend-tool-bad-arguments")
@pytest.mark.parametrize(
    ("tool", "line"),
    [(lambda _: 0, "has taken"), (broken("item is missing"), "has refused")],
    ids=["taken", "refused"],
)
async def test_backend_tool_bad_arguments(chosen: Chosen, tool: Tool, line: str) -> None:
    """The backend gets arguments that do not fit, and the avatar says what it made of them."""
    async with calling(chosen, {"look_up_price": tool}) as call:
        await call.lasts(1)
        await call.lasts(5)
        (asked,) = [deed for deed in call.room.deeds if deed.startswith("calls")]
        assert "'item': None" in asked
        assert line in call.said[0]


@shows("call-backend-tool-again-and-again")
async def test_backend_tool_again_and_again(chosen: Chosen) -> None:
    """Three requests, one after the other."""
    async with calling(chosen, {"look_up_price": lambda _: 25}) as call:
        await call.lasts(1)
        asked = [deed for deed in call.room.deeds if deed.startswith("calls")]
        assert [each.split("'")[3] for each in asked] == ["kettle", "lamp", "clock"]
        assert call.used == [("look_up_price", None)] * 3


@shows("call-waits-for-the-user")
@pytest.mark.parametrize("speaks", [True, False])
async def test_waits_for_the_user(chosen: Chosen, speaks: bool) -> None:
    """Nothing is said before the user has spoken, or 30 s have passed."""
    async with calling(chosen) as call:
        await call.lasts(0.4)
        await call.lasts(29)
        assert call.said == []
        if speaks:
            call.room.spoken.set()
        await call.lasts(0.5 if speaks else 1)
        await call.lasts(3)
        assert call.said == ["I am listening. Go on."]


@shows("call-silent-avatar")
async def test_silent_avatar(chosen: Chosen) -> None:
    """Nothing after the startScript, also not what the admin API tells."""
    async with calling(chosen) as call:
        await call.lasts(280)
        assert call.room.deeds[-1] == "is silent"
        assert call.said == []
        assert await chosen.status(call.session) == "RUNNING"


@shows("call-late-avatar")
async def test_late_avatar(chosen: Chosen) -> None:
    """After 5 s it is announced, and only then it speaks; billed from the start."""
    async with calling(chosen) as call:
        await call.lasts(4.75)
        assert call.room.deeds == []
        await call.lasts(0.25)
        assert call.room.deeds[:2] == ["announced", "talks"]
        await call.lasts(5)
        assert call.said == ["Sorry for being late."]
        assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


@shows("call-without-avatar")
async def test_without_avatar(chosen: Chosen) -> None:
    """No avatar, no line, and a session that runs to its end."""
    async with calling(chosen) as call:
        await call.lasts(299)
        assert (call.room.deeds, await chosen.status(call.session)) == ([], "RUNNING")
        await call.lasts(1)
        assert await chosen.status(call.session) == "COMPLETED"


@shows("call-frozen-video")
async def test_frozen_video(chosen: Chosen) -> None:
    """The picture stands, and the avatar goes on."""
    async with calling(chosen) as call:
        for _ in range(40):
            await call.lasts(0.25)
        assert call.at("freezes") == pytest.approx(3.4, abs=0.3)
        assert call.said == ["Can you still see me? I do hear you very well."]
        assert "moves" not in call


@shows("call-video-recovers")
async def test_video_recovers(chosen: Chosen) -> None:
    """The picture stands for 5 s."""
    async with calling(chosen) as call:
        for _ in range(50):
            await call.lasts(0.25)
        assert call.at("moves") - call.at("freezes") == pytest.approx(5, abs=0.3)
        assert call.said == ["There I am again."]


@shows("call-muted-audio")
async def test_muted_audio(chosen: Chosen) -> None:
    """The sound ends before the line, whose mouth and transcript are as usual."""
    async with calling(chosen) as call:
        await call.lasts(10)
        place = call.room.deeds.index("mutes")
        assert call.room.deeds[place + 1 : place + 3] == ["talks", "assistant 2:Can"]
        assert "sounds" not in call


@shows("call-socket-dropped")
async def test_socket_dropped(chosen: Chosen) -> None:
    """The connections break once; later the avatar goes on with the next turn."""
    async with calling(chosen) as call:
        await call.lasts(5)
        assert call.room.deeds[-1] == "drops"
        await call.lasts(8)
        assert (call.said, call.room.deeds.count("drops")) == (["Now where were we?"], 1)
        assert "assistant 2:Now" in call


@shows("call-join-refused")
async def test_join_refused(chosen: Chosen) -> None:
    """The consume is answered as usual, the session runs and is billed, and the plan refuses."""
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert set((await chosen.consume(session)).json) == {"url", "token", "roomName"}
    assert chosen.session(session).plan.call.refuses_join
    chosen.jump(6)
    assert chosen.state(session) == "running"
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


@shows_each(
    {
        "call-ended-by-the-avatar": (3.2, "ROOM_DELETED", "ended"),
        "call-server-shutdown": (5.4, "SERVER_SHUTDOWN", "server_shutdown"),
        "call-participant-removed": (5.4, "PARTICIPANT_REMOVED", "dropped"),
    }
)
async def test_the_call_ends(chosen: Chosen, expected: tuple[float, str, str]) -> None:
    """At its time, with a reason for the clients; the session has the call's duration."""
    after_s, reason, closed = expected
    async with calling(chosen) as call:
        await call.lasts(after_s - 0.2)
        assert await chosen.status(call.session) == "RUNNING"
        await call.lasts(0.2)
        assert call.room.deeds[-1] == f"closed for {reason}"
        body = (await chosen.poll(call.session)).json
        assert (body["status"], body["duration"]) == ("COMPLETED", int(after_s))
        assert chosen.world.account.call(call.session).closed == closed


@shows_each({"call-transcripts-lost": 0, "call-transcripts-doubled": 2})
async def test_data_is_lost_or_doubled(chosen: Chosen, expected: int) -> None:
    """The packets arrive never or twice; what was said is known once."""
    async with calling(chosen) as call:
        await call.lasts(10)
        assert call.room.deeds.count(f"assistant 1:{GREETING}") == expected
        assert call.room.deeds.count("event show_price {'euros': 25}") == expected
        assert len(call.said) == 1
        assert call.used == [("show_price", None)]


@shows_each(
    {
        "call-native-transcripts": ["native assistant 2:This"],
        "call-transcripts-in-both-forms": ["assistant 2:This", "native assistant 2:This"],
    }
)
async def test_forms_of_transcripts(chosen: Chosen, expected: list[str]) -> None:
    """Each piece comes in these forms."""
    async with calling(chosen) as call:
        await call.lasts(5)
        assert [deed for deed in call.room.deeds if deed.endswith("2:This")] == expected


@shows("call-garbage-data")
async def test_garbage_data(chosen: Chosen) -> None:
    """Three kinds of packets, twenty times each, and then a line."""
    async with calling(chosen) as call:
        await call.lasts(5)
        sent = [deed for deed in call.room.deeds if deed.startswith("sends")]
        assert [each.rpartition("' ")[2] for each in sent] == ["20 times"] * 3
        assert call.said == ["That was nothing."]
