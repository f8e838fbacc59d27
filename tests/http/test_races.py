"""Races of concurrent calls, over real sockets."""

import asyncio
from collections import Counter

import aiohttp
import pytest
from aiohttp import web

from fake_runway.core.scenario.settings import Limits, Settings
from gateway.config import Config
from gateway.web.app import SERVICE, create_app
from tests.support.fake.waiting import called
from tests.support.servers import SECRET, provisioned_in, serving_fake

RIVALS, AT_ONCE = 10, 40


@pytest.mark.parametrize("sessions", [200, pytest.param(1000, marks=pytest.mark.exhaustive)])
async def test_a_key_works_once_however_many_race(sessions: int) -> None:
    """So many sessions, each consumed by 10 callers at once: exactly one 200 for each."""
    settings = Settings(limits=Limits(concurrency=None))
    async with serving_fake(provisioned_in(1, settings)) as fake:
        ids = [await fake.create() for _ in range(sessions)]
        fake.world.clock.jump(1)
        fake.world.account.advance(fake.world.clock.now())
        account = fake.world.account
        keys = {each: account.session_key(account.sessions[each]) for each in ids}
        answers: dict[str, list[int]] = {}
        gate = asyncio.Semaphore(AT_ONCE)

        async def race(session_id: str) -> None:
            async with gate:
                rivals = [fake.consume(session_id, keys[session_id]) for _ in range(RIVALS)]
                answers[session_id] = [each.status for each in await asyncio.gather(*rivals)]

        await asyncio.gather(*map(race, ids))
    outcomes = Counter(tuple(sorted(statuses)) for statuses in answers.values())
    assert outcomes == {(200, *[400] * (RIVALS - 1)): sessions}


@pytest.mark.parametrize("cancels_handlers", [True, False])
async def test_a_caller_who_hangs_up_costs_no_session(cancels_handlers: bool) -> None:
    """The gateway notices a hang-up on real sockets, with the server's help and without it."""
    async with serving_fake(provisioned_in(99), rate=1) as fake:
        gateway = create_app(Config(secret=SECRET, base_url=fake.url))
        runner = web.AppRunner(
            gateway, access_log=None, handler_cancellation=cancels_handlers, shutdown_timeout=1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/avatar/connect"
        async with aiohttp.ClientSession() as http:
            calling = asyncio.ensure_future(http.post(url, json={"avatarId": "cat-character"}))
            await called(fake, "getSession")
            calling.cancel()
        await called(fake, "deleteSession")
        await gateway[SERVICE].connects.drain()
        states = [each.state.value for each in fake.world.account.sessions.values()]
        await runner.cleanup()
    assert states == ["cancelled"]
