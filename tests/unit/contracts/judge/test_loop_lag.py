"""A machine that is late is noticed, so that no target is blamed for it."""

import time

from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.clock import now, sleep
from contracts.judge.loop_lag import NOTED_S, TICK_S, EventLoopLag


@given(st.lists(st.floats(NOTED_S * 1.01, 2.0), max_size=8))
def test_delays_add_up(delays: list[float]) -> None:
    """The lag of a span is the sum of the delays in it; other spans do not include them."""
    lag, at = EventLoopLag(), 1_000.0
    for late in delays:
        lag.note(at, at + TICK_S + late)
        at += TICK_S + late
    assert abs(lag.within(1_000.0, at) - sum(delays)) < 1e-6
    assert lag.within(at + 1, at + 100) == 0
    assert lag.within(0, 999) == 0


async def test_a_blocked_loop_is_seen() -> None:
    """Blocking the process makes it late by that time, less at most a tick."""
    lag, began_at = EventLoopLag(), now()
    async with lag.measured():
        await sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251
        await sleep(TICK_S)
    assert lag.within(began_at, now()) >= 0.5 - TICK_S - NOTED_S
