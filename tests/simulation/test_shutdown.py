"""Shutdown in the one instant in which a deadline has fired before its connect has resumed."""

import asyncio
import random

import aiohttp
import pytest

from gateway.clock import LoopClock
from gateway.errors import GatewayError
from gateway.flow.avatars import Avatar
from gateway.flow.connect_flow import ConnectFlow
from gateway.flow.credentials import Shape
from gateway.flow.runway_client import RunwayClient
from tests.support.simulation import simulate

DEADLINE_S = 2.0


async def _never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)  # noqa: TID251 - the simulated loop's time
    writer.close()


async def _shut_down_while_expiring() -> GatewayError:
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(_never_answer, "127.0.0.1", 4010)
    async with server, aiohttp.ClientSession() as http:
        connects = ConnectFlow(
            RunwayClient(http, base_url="http://127.0.0.1:4010", secret="x", attempt_s=5),
            deadline_s=DEADLINE_S,
            longest_wait_s=0.2,
            clock=LoopClock(),
            jitter=random.Random(0),
        )
        failures: list[BaseException] = []

        def shut_down() -> None:
            try:
                connects.shut_down()
            except RuntimeError as error:
                failures.append(error)

        # within the loop's resolution: both timers fire in one round, the deadline's first
        loop.call_at(loop.time() + DEADLINE_S + 1e-9, shut_down)
        avatar = Avatar("cat-character", custom=False)
        with pytest.raises(GatewayError) as caught:
            await connects.connect(avatar, Shape.CREDENTIALS)
        await connects.drain()
        await asyncio.sleep(90)  # noqa: TID251 - until the server has closed its connections
    assert not failures
    return caught.value


def test_a_deadline_that_fires_during_shutdown_is_answered_and_drained() -> None:
    """The caller gets an answer, nothing is raised at the server, and nothing is left to do."""
    answer = simulate(_shut_down_while_expiring())
    assert answer.code in ("timeout", "shutting_down")
