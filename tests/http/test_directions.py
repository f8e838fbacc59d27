"""Telling an avatar at work what to do: the admin API, both clients, and the replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.answers import Conflict, NoSuch
from fake_runway.client.blocking import Admin
from fake_runway.clock import next_turn
from fake_runway.core.lifecycles.session import State
from fake_runway.core.types import Json
from fake_runway.replay.record import record
from fake_runway.replay.rerun import replay
from fake_runway.room.player import play
from fake_runway.room.tokens import LiveKit
from tests.support.fake.stage import WrittenRoom, joins
from tests.support.fake.waiting import WAIT_S
from tests.support.servers import Fake, StartFake

TOOLS = [
    {"type": "client_event", "name": "show", "description": "Shows it."},
    {"type": "backend_rpc", "name": "look_up", "description": "Finds it."},
]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@asynccontextmanager
async def at_work(fake: Fake) -> AsyncIterator[WrittenRoom]:
    """Give the room of a session in which an avatar listens; the world's clock stands still."""
    session_id, key = await fake.ready(tools=TOOLS)
    await fake.consume(session_id, key)
    joins(fake.world, session_id)
    room = WrittenRoom(fake.world, session_id, {"look_up": lambda args: [args]})
    playing = asyncio.ensure_future(play(room, fake.world))
    await next_turn()
    try:
        yield room
    finally:
        playing.cancel()
        await asyncio.wait({playing})


async def done(room: WrittenRoom, deed: str) -> None:
    """Return once the avatar has done something."""
    async with asyncio.timeout(WAIT_S):
        while deed not in room.deeds:
            await next_turn()


async def test_a_client_tells_the_avatar_what_to_do(start_fake: StartFake) -> None:
    """It says, sends and calls what it is told, one after the other, and hangs up."""
    fake = await start_fake()
    client = AsyncAdmin(fake.url, world=fake.world.name)
    async with at_work(fake) as room:
        session = await client.sessions.get(room.session_id)
        assert (await session.say("Hello.", words_per_s=4)).state == "running"
        await session.client_event("show", {"euros": 5})
        await session.call_tool("look_up", {"item": 1}, within="3s")
        await session.direct({"mute_audio": True}, {"freeze_video": True})
        await session.hang_up()
        await done(room, "assistant 1:Hello.")
        fake.world.clock.jump(0.25)
        await done(room, "closed for ROOM_DELETED")
    assert room.deeds[2:] == [
        *("is silent", "event show {'euros': 5}", "calls look_up {'item': 1} for 3s"),
        *("mutes", "freezes", "closed for ROOM_DELETED"),
    ]
    assert fake.world.account.sessions[room.session_id].state is State.COMPLETED


async def test_the_blocking_client_tells_it_too(start_fake: StartFake) -> None:
    """The session of `get` has the same methods."""
    fake = await start_fake()

    def tells(session_id: str) -> None:
        with Admin(fake.url, world=fake.world.name) as client:
            session = client.sessions.get(session_id)
            session.client_event("show")
            session.call_tool("look_up")
            session.hang_up()

    async with at_work(fake) as room:
        await asyncio.to_thread(tells, room.session_id)
        await done(room, "closed for ROOM_DELETED")
    assert room.deeds[:2] == ["event show {}", "calls look_up {} for 4s"]


async def test_a_session_of_get_is_the_view_of_the_session(start_fake: StartFake) -> None:
    """It equals what other calls answer, and has the same hash."""
    fake = await start_fake()
    client = AsyncAdmin(fake.url, world=fake.world.name)
    session_id = await fake.create()
    (view,) = await client.sessions.list()
    session = await client.sessions.get(session_id)
    await client.sessions.occur(session_id, "cancelled")

    assert session == view
    assert hash(session) == hash(view)
    assert session != await client.sessions.get(session_id)
    assert session != session_id


@pytest.mark.parametrize(
    ("body", "where", "sentence"),
    [
        ({"sya": "Hello."}, "$.sya", "expected one of say, client_event"),
        ({"say": ""}, "$.say", "$.say: expected something in it"),
        ({"say": "x", "steps": []}, "$", "$.steps: expected one of say"),
        ({"steps": {"say": "x"}}, "$.steps", "expected a list, got a mapping"),
        ({"steps": [{"say": "x"}, {"wait": 5}]}, "$.steps[1].wait", "expected a span"),
        (
            {"steps": [{"say": "x"}, {"wait": "99999h"}]},
            "$.steps[1].wait",
            "$.steps[1].wait: expected a span of at most ten years",
        ),
        (
            {"call_tool": {"tool": "show"}},
            "$",
            "expected a backend_rpc tool that the session declared (look_up), got show",
        ),
        (
            {"steps": [{"end": True}, {"client_event": {"tool": "find"}}]},
            "$.steps[1]",
            "$.steps[1]: expected a client_event tool that the session declared (show), got find",
        ),
    ],
)
async def test_wrong_steps_are_refused_with_their_place(
    start_fake: StartFake, body: Json, where: str, sentence: str
) -> None:
    """By the schema of scenarios, and by what the session declared; nothing is done."""
    fake = await start_fake()
    async with at_work(fake) as room:
        acts = len(fake.world.log.acts)
        answer = await fake.admin("POST", f"/sessions/{room.session_id}/script", body)
        assert (answer.status, answer.json["where"]) == (400, where)
        assert sentence in answer.json["error"]
        assert len(fake.world.log.acts) == acts
        await next_turn()
    assert room.deeds == []


async def test_only_an_avatar_at_work_can_be_told_something(start_fake: StartFake) -> None:
    """Others are refused: no such session, no participant so far, a call that is over."""
    fake = await start_fake()
    client = AsyncAdmin(fake.url, world=fake.world.name)
    with pytest.raises(NoSuch):
        await client.sessions.get(UNKNOWN)
    assert (await fake.admin("POST", f"/sessions/{UNKNOWN}/script", {"end": True})).status == 404
    waiting = await client.sessions.get(await fake.create())
    with pytest.raises(Conflict, match="got one that is provisioning and whose room"):
        await waiting.say("Hello.")
    async with at_work(fake) as room:
        session = await client.sessions.get(room.session_id)
        await session.hang_up()
        await done(room, "closed for ROOM_DELETED")
        with pytest.raises(Conflict, match="got one that is completed"):
            await session.say("Hello.")


async def test_an_avatar_can_be_told_only_so_much_ahead(start_fake: StartFake) -> None:
    """A hundred directions wait for it to be free, and no more."""
    fake = await start_fake()
    async with at_work(fake) as room:
        path = f"/sessions/{room.session_id}/script"
        await fake.admin("POST", path, {"silence": "1h"})
        await next_turn()
        await next_turn()
        answers = [await fake.admin("POST", path, {"mute_audio": True}) for _ in range(101)]
    assert [each.status for each in answers] == [200] * 100 + [409]
    assert "100 directions" in answers[-1].json["error"]


async def test_a_replay_writes_a_direction_down_and_repeats_what_came_of_it(
    start_fake: StartFake,
) -> None:
    """No avatar is at work in a replay: its deeds are reports, which are repeated."""
    fake = await start_fake()
    async with at_work(fake) as room:
        steps: Any = [{"client_event": {"tool": "show"}}, {"end": True}]
        await fake.admin("POST", f"/sessions/{room.session_id}/script", {"steps": steps})
        await done(room, "closed for ROOM_DELETED")
    timeline = (await fake.admin("GET", f"/sessions/{room.session_id}/timeline")).json
    acts = [each["act"] for each in timeline["entries"] if each["kind"] == "act"]
    assert acts[-3:] == ["direct", "reportCall", "reportCall"]

    again = replay(record(fake.world), livekit=LiveKit())

    assert again.divergence is None
    assert again.world.account.call(room.session_id) == fake.world.account.call(room.session_id)
    assert again.world.account.sessions[room.session_id].state is State.COMPLETED
