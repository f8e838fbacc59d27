"""A day has the same result at every rate of its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from fake_runway.clock import VirtualClock, loop_time_as_wall_clock
from fake_runway.core.billing import DAY_S
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from tests.support.fake.day import SETTINGS, acting, in_order, outcome, topping_up, visits
from tests.support.fake.runs import START, Player
from tests.support.simulation import simulate

VISITS = visits(260, seed=18)
APART_S = 0.01
"""A timer is late by microseconds of the loop, which are milliseconds at rate 1,000."""


def a_world(clock: VirtualClock) -> tuple[Worlds, World]:
    """Return a world with that clock and a long memory."""
    catalogue = Catalogue.builtin()
    worlds = Worlds(seed="0", settings=SETTINGS, source=lambda: 0.0, catalogue=catalogue)
    world = World(
        "a-day",
        origin="a-day",
        seed="0",
        base=SETTINGS,
        scenario=DEFAULT_SCENARIO,
        catalogue=catalogue,
        clock=clock,
        journal=100_000,
    )
    return worlds, worlds.adopt(world)


def acts(worlds: Worlds, world: World) -> list[Iterator[float]]:
    """Return all visits of a day."""
    come = [acting(visit, Player(worlds, world), START) for visit in VISITS]
    return [*come, topping_up(Player(worlds, world), START)]


@cache
def jumped() -> World:
    """Return the day of a clock that stands and is moved from act to act."""
    worlds, world = a_world(VirtualClock(lambda: 0.0, rate=0.0, start=START))
    for at in in_order(acts(worlds, world)):
        world.clock.jump_to(at)
    world.clock.jump_to(START + DAY_S)
    world.account.advance(world.clock.now())
    return world


async def scheduled(rate: float) -> World:
    """Return the day of visitors who sleep on a clock of that rate."""
    clock = VirtualClock(loop_time_as_wall_clock(), rate=rate, start=START)
    worlds, world = a_world(clock)

    async def until(instant: float) -> None:
        while (left := instant - clock.now()) > 0:
            await clock.sleep(min(left, 40_000.0))  # the simulated loop takes a day for a deadlock

    async def come(visitor: Iterator[float]) -> None:
        for at in visitor:
            await until(at)

    await asyncio.gather(*map(come, acts(worlds, world)))
    await until(START + DAY_S)
    world.account.advance(clock.now())
    return world


def test_the_day_has_everything_in_it() -> None:
    """Queueing, expiry, caps, quota, credits that run out; and no two instants are close."""
    world = jumped()
    entries = world.log.entries()
    assert world.log.complete
    codes = {getattr(each, "code", "") for each in entries}
    assert {"quota_reached", "insufficient_credits", "already_consumed"} <= codes
    events = {each.event.value for each in world.account.sessions.values() if each.event}
    assert {"expired", "capped", "ended", "cancelled", "unpaid"} <= events
    gaps = [two.at - one.at for one, two in pairwise(entries)]
    assert not [gap for gap in gaps if 0 < gap < APART_S]


@pytest.mark.parametrize("rate", [1.0, 100.0, 1_000.0])
def test_a_day_is_the_same_at_every_rate(rate: float) -> None:
    """States, events, their order and credits are those of a clock that was jumped."""
    assert outcome(simulate(scheduled(rate))) == outcome(jumped())
