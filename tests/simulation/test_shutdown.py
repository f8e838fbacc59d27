"""Shutdown: until when it waits, and the one instant in which a deadline fires during it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.errors import GatewayError, Overloaded, ShuttingDown
from gateway.flow.avatars import Avatar
from gateway.flow.connect_flow import Admission, ConnectFlow
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


def _flow(http: aiohttp.ClientSession, admission: Admission) -> ConnectFlow:
    return ConnectFlow(
        RunwayClient(http, base_url="http://127.0.0.1:4010", secret="x", attempt_s=5),
        deadline_s=100.0,
        longest_wait_s=0.2,
        clock=LoopClock(),
        jitter=random.Random(0),
        admission=admission,
    )


@asynccontextmanager
async def _refused_after(caller: str) -> AsyncIterator[None]:
    """Answer a connect after as many seconds as its caller's name says."""
    await LoopClock().sleep(float(caller))
    if caller:  # always: a connect that gets in would need an upstream
        raise Overloaded
    yield


@given(st.lists(st.integers(1, 50), max_size=4), st.integers(0, 60))
def test_finishing_waits_for_the_last_answer(takes: list[int], within_s: int) -> None:
    """It ends with the last answer or when its time is up, and new connects are refused at once."""

    async def main() -> tuple[float, float, list[str]]:
        clock, avatar = LoopClock(), Avatar("cat-character", custom=False)
        async with aiohttp.ClientSession() as http:
            connects = _flow(http, _refused_after)
            calls = [
                asyncio.ensure_future(connects.connect(avatar, Shape.CREDENTIALS, caller=f"{each}"))
                for each in takes
            ]
            await clock.sleep(0)
            began = clock.now()
            assert (connects.closing, connects.in_flight) == (False, len(takes))
            finishing = asyncio.ensure_future(connects.finish(within_s=within_s))
            await clock.sleep(0)
            assert connects.closing
            if takes:  # else nothing was ever in flight, and nothing is waited for
                with pytest.raises(ShuttingDown):
                    await connects.connect(avatar, Shape.CREDENTIALS, caller="0")
            await finishing
            finished_s = clock.now() - began
            connects.shut_down()
            await connects.drain()
            assert connects.in_flight == 0
            drained_s = clock.now() - began
            answers = await asyncio.gather(*calls, return_exceptions=True)
        return finished_s, drained_s, [type(each).__name__ for each in answers]

    finished_s, drained_s, answers = simulate(main())
    assert finished_s == pytest.approx(min(within_s, max(takes, default=0)), abs=1e-6)
    assert drained_s == pytest.approx(finished_s, abs=1e-6)
    late = [each for each in takes if each > within_s]
    assert answers.count("ShuttingDown") >= len(late)
    assert answers.count("Overloaded") >= len(takes) - sum(each >= within_s for each in takes)
