"""The flow as a library: its results, and the sessions left at the end."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import aiohttp
import pytest

from fake_runway.core.history.journal import Exchange
from gateway import Config, Gateway, GatewayError, Shape, connect
from gateway.clock import LoopClock
from gateway.flow.avatars import AllowList, Avatar
from gateway.flow.connect_flow import Admission, ConnectFlow
from gateway.flow.options import OPTIONS
from gateway.flow.runway_client import RunwayClient
from gateway.limits.queue import FairQueue
from gateway.limits.rates import parse_rate
from gateway.limits.settings import LimitSettings
from gateway.telemetry.metrics import Metrics
from tests.support.fake.waiting import called
from tests.support.servers import SECRET, Fake, StartFake, provisioned_in


def config_for(fake: Fake, grace_s: float = 0.0, **more: Any) -> Config:
    """Return the configuration of a gateway in front of a fake; every option is allowed."""
    settings = {"options": frozenset(OPTIONS), **more}
    return Config(secret=SECRET, base_url=fake.url, grace_s=grace_s, **settings)


async def test_both_shapes_and_options(start_fake: StartFake) -> None:
    """The result has the fields of the endpoint's answer; options reach the upstream."""
    fake = await start_fake(provisioned_in(0), rate=1)
    async with Gateway(config_for(fake)) as gateway:
        credentials = await gateway.connect(
            "music-superstar", personality="A teacher.", max_duration=60
        )
        key = await gateway.connect("music-superstar", shape=Shape.SESSION_KEY)
    once = await connect("music-superstar", config=config_for(fake), start_script="Hello.")
    bodies = [
        each.body
        for each in fake.world.log.entries()
        if isinstance(each, Exchange) and each.operation == "createSession"
    ]
    assert set(credentials.body()) == {"sessionId", "serverUrl", "token", "roomName"}
    assert set(key.body()) == {"sessionId", "sessionKey"}
    assert set(once.body()) == set(credentials.body())
    assert [set(body) - {"model", "avatar"} for body in bodies] == [
        {"personality", "maxDuration"},
        set(),
        {"startScript"},
    ]


async def test_wrong_arguments_are_refused_before_any_request(start_fake: StartFake) -> None:
    """An unknown avatar, an option out of bounds, a gateway that is not open."""
    fake = await start_fake()
    async with Gateway(config_for(fake)) as gateway:
        with pytest.raises(GatewayError) as unknown:
            await gateway.connect("nobody")
        with pytest.raises(GatewayError, match="maxDuration: expected whole seconds"):
            await gateway.connect("music-superstar", max_duration=5)
    with pytest.raises(RuntimeError, match="async with"):
        await gateway.connect("music-superstar")
    assert unknown.value.code == "unknown_avatar"
    assert not fake.world.account.sessions


@pytest.mark.parametrize(
    ("settings", "asked", "code"),
    [
        ({"avatars": AllowList.parse(["cat-character"])}, {}, "unknown_avatar"),
        ({"options": frozenset({"tools"})}, {"max_duration": 60}, "invalid_request"),
        ({"choice": False}, {"shape": Shape.SESSION_KEY}, "invalid_request"),
    ],
)
async def test_a_program_gets_no_more_than_the_operator_allows(
    settings: dict[str, Any], asked: dict[str, Any], code: str, start_fake: StartFake
) -> None:
    """Allow-list, options and shape hold as for callers over HTTP; no upstream request is sent."""
    fake = await start_fake()
    async with Gateway(config_for(fake, **settings)) as gateway:
        with pytest.raises(GatewayError) as refused:
            await gateway.connect("music-superstar", **asked)
        assert refused.value.code == code
        assert not fake.world.account.sessions


async def test_a_program_connects_no_more_often_than_the_operator_allows(
    start_fake: StartFake,
) -> None:
    """Each caller that the program names has the rate for itself."""
    rates = LimitSettings(rates=parse_rate("1/hour"))
    fake = await start_fake(provisioned_in(0), rate=1)
    async with Gateway(config_for(fake, limits=rates)) as gateway:
        await gateway.connect("music-superstar", caller="ann")
        with pytest.raises(GatewayError) as often:
            await gateway.connect("music-superstar", caller="ann")
        await gateway.connect("music-superstar", caller="bob")
    assert often.value.code == "rate_limited"
    assert often.value.retry_after_s


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"limits": LimitSettings(in_flight=1)}, "too_many_sessions"),
        ({"concurrency": 1, "queue": 0}, "overloaded"),
    ],
)
async def test_a_program_has_no_more_in_flight_than_the_operator_allows(
    settings: dict[str, Any], code: str, start_fake: StartFake
) -> None:
    """The in-flight limit and the fair queue refuse as they do over HTTP."""
    fake = await start_fake(provisioned_in(99), rate=1)
    async with Gateway(config_for(fake, **settings)) as gateway:
        task = asyncio.ensure_future(gateway.connect("music-superstar", caller="ann"))
        await called(fake, "getSession")
        with pytest.raises(GatewayError) as refused:
            await gateway.connect("music-superstar", caller="bob")
        task.cancel()
    assert len(fake.world.account.sessions) == 1
    assert refused.value.code == code


async def test_a_cancelled_task_leaves_no_session(start_fake: StartFake) -> None:
    """Cancelling the call has its session cancelled, at the latest when the block ends."""
    fake = await start_fake(provisioned_in(99), rate=1)
    async with Gateway(config_for(fake)) as gateway:
        task = asyncio.ensure_future(gateway.connect("music-superstar"))
        await called(fake, "getSession")
        task.cancel()
    states = [session.state.value for session in fake.world.account.sessions.values()]
    assert states == ["cancelled"]


@pytest.mark.parametrize("grace_s", [0.0, 0.05])
async def test_an_unfinished_connect_is_cancelled_when_the_block_ends(
    grace_s: float, start_fake: StartFake
) -> None:
    """A connect that still waits fails, and its session is over before the block is."""
    fake = await start_fake(provisioned_in(99), rate=1)
    async with Gateway(config_for(fake, grace_s)) as gateway:
        task = asyncio.ensure_future(gateway.connect("music-superstar"))
        await called(fake, "getSession")
    states = [session.state.value for session in fake.world.account.sessions.values()]
    with pytest.raises(GatewayError) as ended:
        await task
    assert (states, ended.value.code) == (["cancelled"], "shutting_down")


async def test_an_unforeseen_failure_is_counted(
    caplog: pytest.LogCaptureFixture, start_fake: StartFake
) -> None:
    """A session that could not even be polled is left behind, and log and metrics show it."""
    fake = await start_fake(provisioned_in(99), rate=1)
    async with connecting(fake) as (http, connects, metrics):
        avatar = Avatar("music-superstar", custom=False)
        task = asyncio.ensure_future(connects.connect(avatar, Shape.SESSION_KEY))
        await called(fake, "getSession")
        await http.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connects.drain()
    (session_id,) = fake.world.account.sessions
    assert b"gateway_sessions_left_behind_total 1.0" in metrics.text()[0]
    assert f"session {session_id} could not be cancelled" in caplog.text


async def test_leaving_the_block_lets_connects_finish(start_fake: StartFake) -> None:
    """Within the grace a connect that waits gets a session."""
    fake = await start_fake(provisioned_in(0.3), rate=1)
    async with Gateway(config_for(fake, grace_s=60)) as gateway:
        task = asyncio.ensure_future(gateway.connect("music-superstar"))
        await called(fake, "getSession")
    assert set((await task).body()) >= {"sessionId", "token"}


@pytest.mark.parametrize("ending", ["the caller leaves", "the deadline", "the shutdown"])
async def test_an_end_during_the_release_leaves_no_session(
    ending: str, start_fake: StartFake
) -> None:
    """A connect cancelled while its place is released has handed out nothing, and is cleaned up."""
    leaving = asyncio.Event()

    @asynccontextmanager
    async def slow_to_leave(_caller: str) -> AsyncIterator[None]:
        yield
        leaving.set()
        await asyncio.Event().wait()

    fake = await start_fake(provisioned_in(0), rate=1)
    async with connecting(fake, slow_to_leave) as (_, connects, _):
        avatar = Avatar("music-superstar", custom=False)
        task = asyncio.ensure_future(connects.connect(avatar, Shape.SESSION_KEY))
        await leaving.wait()
        if ending == "the caller leaves":
            task.cancel()
        elif ending == "the shutdown":
            connects.shut_down()
        else:  # the cancellation comes while the place is released, and no earlier
            (deadline,) = connects._open
            deadline.reschedule(LoopClock().now())
        await asyncio.gather(task, return_exceptions=True)
        await connects.drain()
    states = [session.state.value for session in fake.world.account.sessions.values()]
    assert states == ["cancelled"]


async def test_a_hang_up_keeps_the_place_until_the_session_is_over(
    start_fake: StartFake,
) -> None:
    """Hanging up and calling again cannot create more sessions than are allowed."""
    turns = FairQueue(1, most_waiting=0)
    fake = await start_fake(provisioned_in(99), rate=1)
    async with connecting(fake, turns.turn) as (_, connects, metrics):
        avatar = Avatar("music-superstar", custom=False)
        task = asyncio.ensure_future(connects.connect(avatar, Shape.SESSION_KEY))
        await called(fake, "getSession")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(GatewayError) as refused:
            await connects.connect(avatar, Shape.SESSION_KEY)
        await connects.drain()
        async with turns.turn(""):
            states = [each.state.value for each in fake.world.account.sessions.values()]
    assert (refused.value.code, states) == ("overloaded", ["cancelled"])
    assert b"gateway_sessions_created_total 1.0" in metrics.text()[0]


@asynccontextmanager
async def connecting(
    fake: Fake, admission: Admission = lambda caller: nullcontext()
) -> AsyncIterator[tuple[aiohttp.ClientSession, ConnectFlow, Metrics]]:
    """The flow alone, with its HTTP session and its metrics."""
    metrics = Metrics(in_flight=lambda: 0, waiting=lambda: 0)
    async with aiohttp.ClientSession() as http:
        connects = ConnectFlow(
            RunwayClient(http, base_url=fake.url, secret=SECRET, attempt_s=5),
            deadline_s=60.0,
            longest_wait_s=0.2,
            clock=LoopClock(),
            jitter=random.Random(0),
            admission=admission,
            watch=metrics,
        )
        yield http, connects, metrics
