"""The flow as a library: what a program gets, and what is left when it is done."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from fake_runway.core.journal import Exchange
from gateway import Config, Gateway, GatewayError, Shape, connect
from gateway.avatars import Avatar
from gateway.clock import LoopClock
from gateway.connect import Connects, Limits
from gateway.polling import Retries
from gateway.runway_client import RunwayClient
from tests.support.servers import SECRET, Fake, provisioned_in, serving_fake
from tests.support.waiting import called


def config_for(fake: Fake, grace_s: float = 0.0) -> Config:
    """Return the configuration of a gateway in front of a fake."""
    return Config(secret=SECRET, base_url=fake.url, grace_s=grace_s)


async def test_both_shapes_and_options() -> None:
    """What is handed out is what the endpoint answers; options reach the upstream."""
    async with serving_fake(provisioned_in(0), rate=1) as fake:
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


async def test_what_is_wrong_is_told_before_anything_is_asked() -> None:
    """An unknown avatar, an option out of bounds, a gateway that is not open."""
    async with serving_fake() as fake:
        async with Gateway(config_for(fake)) as gateway:
            with pytest.raises(GatewayError) as unknown:
                await gateway.connect("nobody")
            with pytest.raises(GatewayError, match="maxDuration: expected whole seconds"):
                await gateway.connect("music-superstar", max_duration=5)
        with pytest.raises(RuntimeError, match="async with"):
            await gateway.connect("music-superstar")
        assert unknown.value.code == "unknown_avatar"
        assert not fake.world.account.sessions


async def test_a_cancelled_task_leaves_no_session() -> None:
    """Whoever cancels the call has its session cancelled, at the latest when the block ends."""
    async with serving_fake(provisioned_in(99), rate=1) as fake:
        async with Gateway(config_for(fake)) as gateway:
            task = asyncio.ensure_future(gateway.connect("music-superstar"))
            await called(fake, "getSession")
            task.cancel()
        states = [session.state.value for session in fake.world.account.sessions.values()]
    assert states == ["cancelled"]


async def test_leaving_the_block_lets_connects_finish() -> None:
    """Within the grace whoever waits gets a session."""
    async with serving_fake(provisioned_in(0.3), rate=1) as fake:
        async with Gateway(config_for(fake, grace_s=10)) as gateway:
            task = asyncio.ensure_future(gateway.connect("music-superstar"))
            await called(fake, "getSession")
        assert set((await task).body()) >= {"sessionId", "token"}


async def test_a_cancellation_on_the_way_out_leaves_no_session() -> None:
    """Giving back a place takes a moment; who is cancelled then has not handed out anything yet."""
    leaving = asyncio.Event()

    @asynccontextmanager
    async def slow_to_leave(_caller: str) -> AsyncIterator[None]:
        yield
        leaving.set()
        await asyncio.Event().wait()

    async with serving_fake(provisioned_in(0), rate=1) as fake, aiohttp.ClientSession() as http:
        connects = Connects(
            RunwayClient(http, base_url=fake.url, secret=SECRET, attempt_s=5),
            limits=Limits(),
            retries=Retries(),
            clock=LoopClock(),
            jitter=random.Random(0),
            admission=slow_to_leave,
        )
        avatar = Avatar("music-superstar", custom=False)
        task = asyncio.ensure_future(connects.connect(avatar, Shape.SESSION_KEY))
        await leaving.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connects.drain()
        states = [session.state.value for session in fake.world.account.sessions.values()]
    assert states == ["cancelled"]
