"""Waits of the admin API in a late process: when they end, more events are due."""

import asyncio

import pytest

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldWait
from fake_runway.admin_api.waits import WaitTimedOut, await_session
from fake_runway.room.tokens import LiveKit
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from tests.support.servers import provisioned_in
from tests.support.simulation import simulate


async def _waited(*, late_by_s: float) -> Reply:
    """Wait for five seconds, by the loop's time, for a session that is READY after eight."""
    loop = asyncio.get_running_loop()

    def clock() -> float:
        return loop.time() + (late_by_s if loop.time() > 4 else 0)

    worlds = Worlds(seed="0", settings=provisioned_in(8), source=clock, rate=1.0)
    world = worlds.named("a-world")
    now = world.clock.now()
    world.account.create(at=now)
    body = {"states": ["ready"], "timeout": "5s"}
    assert isinstance(await_session.scope, WorldWait)
    return await await_session.scope.answer(AdminCall(worlds, world, LiveKit(), now, "", body, {}))


def test_an_event_that_is_due_when_a_wait_ends_still_counts() -> None:
    """A stalled process reaches the wait's end before the events that became due meanwhile."""
    assert simulate(_waited(late_by_s=4)).status == 200


def test_a_wait_that_ends_before_the_event_times_out() -> None:
    """It takes its whole timeout, and reports how much time was missing."""
    with pytest.raises(WaitTimedOut, match=r"due in 3\.000s"):
        simulate(_waited(late_by_s=0))
