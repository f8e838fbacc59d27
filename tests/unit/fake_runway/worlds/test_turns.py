"""Long work of one world leaves the other worlds their turns."""

import asyncio
from dataclasses import replace
from itertools import pairwise

from fake_runway.clock import next_turn
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import EVENTS_OF_A_TURN, World

SESSIONS = 3_000
MANY = replace(Settings(), limits=Limits(None, None, None), plan=Plan(provision=Fixed(1.0)))


def crowded() -> World:
    """Return a world with a frozen clock and many sessions, all due in a second."""
    worlds = Worlds(seed="0", settings=MANY, source=lambda: 0.0, rate=0.0)
    world = worlds.named("crowded")
    for _ in range(SESSIONS):
        world.account.create(at=world.clock.now())
    return world


async def test_catching_up_takes_many_turns() -> None:
    """No more events are applied at once than others can wait for."""
    world = crowded()
    world.clock.jump(3_600)
    catching_up = asyncio.ensure_future(world.catch_up())
    seen = [world.log.next_number]
    while not catching_up.done():
        await next_turn()
        seen.append(world.log.next_number)
    steps = [after - before for before, after in pairwise(seen)]
    assert sum(steps) >= 2 * SESSIONS  # each is provisioned, and expires
    assert max(steps) <= EVENTS_OF_A_TURN + 2
    assert {each.state for each in world.account.sessions.values()} == {State.FAILED}


async def test_what_comes_in_between_comes_after_all_that_is_due() -> None:
    """Two that catch up at the same time both end with nothing due, and no event is lost."""
    world, calm = crowded(), crowded()
    for each in (world, calm):
        each.clock.jump(3_600)
    calm.account.advance(calm.clock.now())
    ended: list[float | None] = []

    async def call() -> None:
        await world.catch_up()
        ended.append(world.account.next_due_at)

    await asyncio.gather(call(), call(), call())
    assert ended == [None] * 3
    assert list(world.account.sessions.items()) == list(calm.account.sessions.items())
    assert world.log.next_number == calm.log.next_number
    assert list(world.log.moves) == list(calm.log.moves)


async def test_a_long_queue_is_admitted_in_many_turns() -> None:
    """More capacity admits all at the instant at which it came, not all in one turn."""
    few = replace(MANY, limits=Limits(1, None, None))
    whole, world = (
        Worlds(seed="0", settings=few, source=lambda: 0.0, rate=0.0).named("crowded")
        for _ in range(2)
    )
    for each in (whole, world):
        for _ in range(SESSIONS):
            each.account.create(at=each.clock.now())
    seen = [world.log.next_number]
    for each in (whole, world):
        each.account.change_settings(MANY, at=each.clock.now())
        each.clock.jump(0.5)
    seen.append(world.log.next_number)
    whole.account.advance(whole.clock.now())
    catching_up = asyncio.ensure_future(world.catch_up())
    while not catching_up.done():
        await next_turn()
        seen.append(world.log.next_number)
    steps = [after - before for before, after in pairwise(seen)]
    assert max(steps) <= EVENTS_OF_A_TURN + 2
    assert world.account.active == SESSIONS
    assert list(world.log.moves) == list(whole.log.moves)
    assert {each.changed_at for each in world.account.sessions.values()} == {world.epoch}
