"""The catalogue: connections that are slow, cut or lost, seen on the connection itself.

All of it runs on the usual loop and on the one that the command uses.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from fake_runway.room.tokens import LiveKit, read
from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    KEY_HOLDS_S,
    PROVISIONED_S,
    Choice,
    Chosen,
    Line,
    Selection,
    choosing,
    is_refusal,
    shown_in,
    shows,
    shows_each,
)

DAY_S = 86_400.0


async def _ready(chosen: Chosen) -> str:
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert chosen.state(session) == "ready"
    return session


def _silent(line: Line, ending: str) -> bool:
    """Return whether the connection ended in this way without a byte."""
    return (line.received, line.ending) == (b"", ending)


# Slow first byte


async def _comes_after_10_s(chosen: Chosen, line: Line) -> None:
    """Move the clock by 10 s; the answer begins, and ends, with the last quarter of a second."""
    assert _silent(line, "")
    chosen.jump(9.75)
    await chosen.settle()
    assert _silent(line, "")
    chosen.jump(0.25)
    await line.until_whole()
    assert (line.status, len(line.body)) == (200, line.promised)


@shows("create-slow-first-byte")
async def test_create_slow_first_byte(chosen: Chosen) -> None:
    """Nothing for 10 s, then the id of the session, which exists since the create arrived."""
    for count in (1, 2):
        async with chosen.held("create") as line:
            assert len(chosen.sessions) == count
            assert chosen.spent == count * CREATE_COSTS
            await _comes_after_10_s(chosen, line)
        session = chosen.sessions[-1]
        assert line.json == {"id": session}
        assert chosen.session(session).ready_at == chosen.session(session).created_at + 1.5
    assert await chosen.status(session) == "READY"


@shows("poll-slow-first-byte")
async def test_poll_slow_first_byte(chosen: Chosen) -> None:
    """Nothing for 10 s, then the status of the session when the poll arrived."""
    session = await chosen.created()
    async with chosen.held("poll", session) as line:
        await _comes_after_10_s(chosen, line)
    assert (line.json["status"], chosen.state(session)) == ("NOT_READY", "ready")
    async with chosen.held("poll", session) as line:
        await _comes_after_10_s(chosen, line)
    assert (line.json["status"], chosen.state(session)) == ("READY", "ready")


@shows("consume-slow-first-byte")
async def test_consume_slow_first_byte(chosen: Chosen) -> None:
    """Nothing for 10 s, then the credentials; RUNNING and billed since the consume arrived."""
    session = await _ready(chosen)
    async with chosen.held("consume", session) as line:
        assert (chosen.state(session), chosen.spent) == ("running", CREATE_COSTS + BLOCK_COSTS)
        await _comes_after_10_s(chosen, line)
    assert line.json["roomName"] == session
    assert await chosen.status(session) == "RUNNING"
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


# Dribbled bodies


async def _dribbles(chosen: Chosen, line: Line, *, size: int, every_s: float) -> None:
    """Receive a dribbled body, of which no byte arrives before its time."""
    await line.until_received(0)
    assert (line.status, line.body) == (200, b"")
    for end in range(size, line.promised + size, size):
        before, drops_at = len(line.body), chosen.world.clock.now() + every_s
        chosen.jump(every_s / 2)
        if end < 4 * size:  # the first ones are enough to see that no byte is early
            await chosen.settle()
            assert len(line.body) == before
        chosen.world.clock.jump_to(drops_at)  # twice the half is not the whole, to the last bit
        await line.until_received(min(end, line.promised))
        assert len(line.body) == min(end, line.promised)
    assert line.ending == ""


@shows("create-dribbled-body")
async def test_create_dribbled_body(chosen: Chosen) -> None:
    """Headers at once, then a byte each 200 ms; the session exists all the time."""
    async with chosen.held("create") as line:
        (session,) = chosen.sessions
        assert (chosen.state(session), chosen.spent) == ("provisioning", CREATE_COSTS)
        await _dribbles(chosen, line, size=1, every_s=0.2)
    assert line.json == {"id": session}
    assert chosen.state(session) == "ready"


@shows("poll-dribbled-body")
async def test_poll_dribbled_body(chosen: Chosen) -> None:
    """Headers at once, then a byte each 100 ms; the session goes its way meanwhile."""
    session = await chosen.created()
    async with chosen.held("poll", session) as line:
        assert chosen.state(session) == "provisioning"
        await _dribbles(chosen, line, size=1, every_s=0.1)
    assert (line.json["status"], chosen.state(session)) == ("NOT_READY", "ready")


@shows("consume-dribbled-body")
async def test_consume_dribbled_body(chosen: Chosen) -> None:
    """Headers at once, then eight bytes each 100 ms; RUNNING and billed from the start."""
    session = await _ready(chosen)
    async with chosen.held("consume", session) as line:
        assert (chosen.state(session), chosen.spent) == ("running", CREATE_COSTS + BLOCK_COSTS)
        await _dribbles(chosen, line, size=8, every_s=0.1)
    assert line.json["roomName"] == session
    assert await chosen.status(session) == "RUNNING"


# Truncated bodies


def _truncated(line: Line) -> bool:
    """Return whether ten bytes of a longer body arrived before an orderly end."""
    return (line.status, len(line.body), line.ending) == (200, 10, "closed") and line.promised > 10


@shows("create-truncated-body")
async def test_create_truncated_body(chosen: Chosen) -> None:
    """Ten bytes of the first create's answer; its session is charged, a second one succeeds."""
    line = await chosen.ended("create")
    assert _truncated(line)
    assert line.body == b'{"id":"' + chosen.sessions[0][:3].encode()
    assert (len(chosen.sessions), chosen.spent) == (1, CREATE_COSTS)
    second = await chosen.created()
    assert (len(chosen.sessions), chosen.sessions[1]) == (2, second)


@shows("poll-truncated-body")
async def test_poll_truncated_body(chosen: Chosen) -> None:
    """Ten bytes of the first poll's answer, and all of the next one's."""
    for _ in range(2):
        session = await chosen.created()
        assert _truncated(await chosen.ended("poll", session))
        chosen.jump(PROVISIONED_S)
        assert chosen.state(session) == "ready"
        assert await chosen.status(session) == "READY"


@shows("consume-truncated-body")
async def test_consume_truncated_body(chosen: Chosen) -> None:
    """Ten bytes of the credentials; a retry gets 400, and the session is billed."""
    session = await _ready(chosen)
    assert _truncated(await chosen.ended("consume", session))
    await _used_without_credentials(chosen, session)


async def _used_without_credentials(chosen: Chosen, session: str) -> None:
    assert chosen.state(session) == "running"
    assert is_refusal(await chosen.consume(session), 400)
    assert await chosen.status(session) == "RUNNING"
    chosen.jump(6)
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


# Reset or closed before the server acts


@shows_each({"create-reset-once": "reset", "create-empty-reply": "closed"})
async def test_the_first_create_is_cut(chosen: Chosen, expected: str) -> None:
    """Not a byte, and no trace of the first create; the next one succeeds."""
    assert _silent(await chosen.ended("create"), expected)
    assert (chosen.sessions, chosen.spent, chosen.active) == ([], 0, 0)
    session = await chosen.created()
    assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)


@shows("create-reset-always")
async def test_every_create_is_reset(chosen: Chosen) -> None:
    """Not a byte, and no trace of any create."""
    for _ in range(4):
        assert _silent(await chosen.ended("create"), "reset")
        chosen.jump(DAY_S)
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows_each({"poll-reset-once": "reset", "poll-empty-reply": "closed"})
async def test_the_first_poll_is_cut(chosen: Chosen, expected: str) -> None:
    """Not a byte to the first poll of each session, which goes its way; then its status."""
    for _ in range(2):
        session = await chosen.created()
        assert _silent(await chosen.ended("poll", session), expected)
        assert chosen.state(session) == "provisioning"
        chosen.jump(PROVISIONED_S)
        assert chosen.state(session) == "ready"
        assert await chosen.status(session) == "READY"


@shows("poll-reset-always")
async def test_every_poll_is_reset(chosen: Chosen) -> None:
    """Not a byte to any poll, while the session goes its way and expires."""
    session = await chosen.created()
    for state, seconds in (("provisioning", PROVISIONED_S), ("ready", KEY_HOLDS_S), ("failed", 1)):
        assert _silent(await chosen.ended("poll", session), "reset")
        assert chosen.state(session) == state
        chosen.jump(seconds)
    assert chosen.event(session) == "expired"


@shows_each({"consume-reset-once": "reset", "consume-empty-reply": "closed"})
async def test_the_first_consume_is_cut(chosen: Chosen, expected: str) -> None:
    """Not a byte, and the key is not used; the next consume gets the credentials."""
    session = await _ready(chosen)
    assert _silent(await chosen.ended("consume", session), expected)
    assert await chosen.status(session) == "READY"
    assert (chosen.state(session), chosen.spent) == ("ready", CREATE_COSTS)
    answer = await chosen.consume(session)
    assert (answer.status, answer.json["roomName"]) == (200, session)
    assert (chosen.state(session), chosen.spent) == ("running", CREATE_COSTS + BLOCK_COSTS)


@shows("delete-reset-once")
async def test_the_first_delete_is_reset(chosen: Chosen) -> None:
    """Not a byte, and the session lives on until the second delete."""
    session = await chosen.created()
    assert _silent(await chosen.ended("delete", session), "reset")
    chosen.jump(PROVISIONED_S)
    assert await chosen.status(session) == "READY"
    assert (chosen.state(session), chosen.active) == ("ready", 1)
    assert (await chosen.delete(session)).status == 204
    assert (chosen.state(session), chosen.active) == ("cancelled", 0)


@shows("connect-backend-reset-once")
async def test_the_first_backend_call_is_reset(chosen: Chosen) -> None:
    """Not a byte, and nothing changes; the next call gets its credentials."""
    session = await _ready(chosen)
    assert _silent(await chosen.ended("backend", session), "reset")
    assert chosen.path(session) == ["queued", "provisioning", "ready"]
    await _backend_joins(chosen, session)


async def _backend_joins(chosen: Chosen, session: str) -> None:
    answer = await chosen.backend(session)
    assert answer.status == 200
    video = read(answer.json["token"], LiveKit().api_secret)["video"]
    assert (video["room"], video["hidden"]) == (session, True)
    assert chosen.path(session) == ["queued", "provisioning", "ready"]
    assert chosen.spent == CREATE_COSTS


# Lost replies: the server has acted


@shows("create-lost-reply")
async def test_create_lost_reply(chosen: Chosen) -> None:
    """A reset; a session of unknown id is charged and holds capacity until it expires."""
    assert _silent(await chosen.ended("create"), "reset")
    (unknown,) = chosen.sessions
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 1)
    second = await chosen.created()
    assert chosen.sessions == [unknown, second]
    assert (await chosen.delete(second)).status == 204
    chosen.jump(PROVISIONED_S + KEY_HOLDS_S - 0.25)
    assert (chosen.state(unknown), chosen.active) == ("ready", 1)
    chosen.jump(0.25)
    assert (chosen.event(unknown), chosen.active) == ("expired", 0)
    assert chosen.spent == 2 * CREATE_COSTS


@shows("consume-lost-reply")
async def test_consume_lost_reply(chosen: Chosen) -> None:
    """A reset; a retry gets 400, polls show RUNNING, and the session is billed."""
    session = await _ready(chosen)
    assert _silent(await chosen.ended("consume", session), "reset")
    await _used_without_credentials(chosen, session)


@shows("delete-lost-reply")
async def test_delete_lost_reply(chosen: Chosen) -> None:
    """A reset; the session is cancelled, and a retry gets 204."""
    session = await chosen.created()
    assert _silent(await chosen.ended("delete", session), "reset")
    assert (chosen.state(session), chosen.active) == ("cancelled", 0)
    assert (await chosen.delete(session)).status == 204
    assert await chosen.status(session) == "CANCELLED"


@shows("connect-backend-lost-reply")
async def test_connect_backend_lost_reply(chosen: Chosen) -> None:
    """A reset, and nothing changes; the next call gets credentials."""
    session = await _ready(chosen)
    assert _silent(await chosen.ended("backend", session), "reset")
    last = chosen.world.log.exchanges[-1]
    assert (last.operation, last.acted, last.arrives) == ("connectBackend", True, False)
    await _backend_joins(chosen, session)


# Hanging


async def _hangs(chosen: Chosen, call: str, session: str = "") -> None:
    """No byte arrives for a day and the connection stays open, until the client leaves."""
    async with chosen.held(call, session) as line:
        assert _silent(line, "")
        chosen.jump(DAY_S)
        await chosen.settle()
        assert _silent(line, "")
        assert chosen.world.held_back == 1
    await chosen.settle()
    assert chosen.world.held_back == 0


@shows("create-hangs")
async def test_create_hangs(chosen: Chosen) -> None:
    """Creates are never answered and leave no trace."""
    for _ in range(2):
        await _hangs(chosen, "create")
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows("poll-hangs")
async def test_poll_hangs(chosen: Chosen) -> None:
    """Polls are never answered, while the session goes its way and expires."""
    session = await chosen.created()
    async with chosen.held("poll", session) as line:
        for state, seconds in (("provisioning", PROVISIONED_S), ("ready", KEY_HOLDS_S)):
            assert chosen.state(session) == state
            chosen.jump(seconds)
            await chosen.settle()
        assert _silent(line, "")
    assert (chosen.state(session), chosen.event(session)) == ("failed", "expired")
    await chosen.settle()
    await _hangs(chosen, "poll", session)


@shows("consume-hangs")
async def test_consume_hangs(chosen: Chosen) -> None:
    """Consumes are never answered and do not use the key; the session expires."""
    session = await _ready(chosen)
    async with chosen.held("consume", session) as line:
        assert await chosen.status(session) == "READY"
        assert (chosen.state(session), chosen.spent) == ("ready", CREATE_COSTS)
        chosen.jump(KEY_HOLDS_S)
        assert (chosen.state(session), chosen.event(session)) == ("failed", "expired")
        await chosen.settle()
        assert _silent(line, "")
    await chosen.settle()
    await _hangs(chosen, "consume", session)
    assert chosen.spent == CREATE_COSTS


@shows("delete-hangs")
async def test_delete_hangs(chosen: Chosen) -> None:
    """Deletes are never answered and cancel nothing: it holds capacity, and is billed."""
    session = await _ready(chosen)
    assert (await chosen.consume(session)).status == 200
    async with chosen.held("delete", session) as line:
        chosen.jump(6)
        await chosen.settle()
        assert _silent(line, "")
        assert (chosen.state(session), chosen.active) == ("running", 1)
        assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS
    await chosen.settle()
    await _hangs(chosen, "delete", session)
    assert chosen.path(session)[-1] == "completed"


# The loop of the command

SHOWN = [each for each in shown_in(dict(globals())) if each[1].way is Selection.SECRET]


@pytest.mark.parametrize(
    ("test", "choice", "expected"), SHOWN, ids=[choice.name for _, choice, _ in SHOWN]
)
def test_on_the_loop_of_the_command(
    test: Callable[..., Any],
    choice: Choice,
    expected: tuple[Any, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same again, on uvloop."""

    async def run() -> None:
        async with choosing(choice) as chosen:
            await test(chosen, *expected)

    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(run())
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
