"""A call wakes those who wait for it, and asks for no other condition."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack

import async_solipsism
import pytest

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldWait
from fake_runway.admin_api.waits import await_calls, await_session
from fake_runway.core.draws import Draws
from fake_runway.core.history.journal import Exchange, Resource
from fake_runway.core.lifecycles.session import SESSION, Event
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.waiting import Alarms, Topic
from fake_runway.worlds.world import World

WAITERS = 3_000
IDS = [Draws("0", "ids").uuid("id", number) for number in range(WAITERS)]
GET = "getSession"


def new_worlds() -> Worlds:
    """Return worlds with frozen clocks."""
    return Worlds(seed="0", settings=Settings(), source=lambda: 0.0, rate=0.0)


def a_call(operation: str, session: str) -> Exchange:
    """Return a call about a session."""
    return Exchange(operation, "GET", "/", subject=Subject(SESSION.name, session))


@pytest.mark.parametrize(
    ("topics", "asked"),
    [
        ([Topic(GET, each) for each in IDS], 1),
        ([Topic(subject=each) for each in IDS], 1),
        ([Topic(f"other-{each}") for each in IDS], 0),
        ([Topic("createSession")] * WAITERS, 0),
        ([Topic(GET)] * 5 + [Topic()] * 7 + [Topic(subject=IDS[0])] * 11, 23),
    ],
)
def test_a_call_asks_only_those_who_wait_for_its_like(topics: list[Topic], asked: int) -> None:
    """The conditions that one call evaluates are counted."""
    world = new_worlds().named("a")
    seen: list[Exchange] = []

    def is_wanted(exchange: Exchange) -> bool:
        seen.append(exchange)
        return False

    with ExitStack() as watches:
        for topic in topics:
            watches.enter_context(world.calls_watched.watching(topic, is_wanted))
        world.notify_call(a_call(GET, IDS[0]))
    assert len(seen) == asked
    world.notify_call(a_call(GET, IDS[0]))
    assert len(seen) == asked  # a wait that has ended leaves nothing behind


def test_a_change_asks_only_those_who_wait_for_its_session() -> None:
    """The same for changes of sessions."""
    world = new_worlds().named("a")
    asked: list[str] = []
    session = world.account.create(at=world.clock.now())

    def is_wanted(resource: Resource) -> bool:
        asked.append(resource.id)
        return False

    with ExitStack() as watches:
        for id_ in (*IDS, session.id, ""):
            watches.enter_context(world.resources_watched.watching(Topic(subject=id_), is_wanted))
        world.account.apply_event(session.id, Event.CANCELLED, at=world.clock.now())
    assert asked == [session.id] * 2


async def waiting(worlds: Worlds, world: World, body: Mapping[str, object], kind: str) -> Reply:
    """Wait in a world, by the admin operation."""
    scope = {"calls": await_calls, "session": await_session}[kind].scope
    assert isinstance(scope, WorldWait)
    call = AdminCall(worlds, world, LiveKit(), 0.0, "", {"timeout": "60s", **body}, {})
    return await scope.answer(call)


async def test_thousands_of_waits_end_with_their_own_call() -> None:
    """Each of them with its own, and none with that of another."""
    worlds = new_worlds()
    world = worlds.named("a")
    waits = [
        asyncio.ensure_future(waiting(worlds, world, {"match": {"session": each}}, "calls"))
        for each in IDS[:500]
    ]
    await asyncio.sleep(0.01)  # noqa: TID251 - each has begun to wait
    for index in (3, 400):
        exchange = a_call(GET, IDS[index])
        world.log.add_exchange(exchange)
        world.notify_call(exchange)
        await waits[index]
    assert [index for index, wait in enumerate(waits) if wait.done()] == [3, 400]
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_wait_ends_by_an_event_that_becomes_due() -> None:
    """Also when no call comes: while someone waits, the world is kept up with its clock."""
    worlds = new_worlds()
    world = worlds.named("a")
    session = world.account.create(at=world.clock.now())
    body = {"session": session.id, "states": ["ready"]}
    wait = asyncio.ensure_future(waiting(worlds, world, body, "session"))
    await asyncio.sleep(0.01)  # noqa: TID251 - it has begun to wait
    world.clock.jump(60)
    assert (await wait).status == 200


async def test_a_wait_for_several_calls_counts_them() -> None:
    """Those before it and those during it; others do not count."""
    worlds = new_worlds()
    world = worlds.named("a")

    def call(operation: str) -> None:
        exchange = a_call(operation, IDS[0])
        world.log.add_exchange(exchange)
        world.notify_call(exchange)

    call(GET)
    body = {"match": {"operation": GET}, "count": 3}
    wait = asyncio.ensure_future(waiting(worlds, world, body, "calls"))
    for operation in (GET, "createSession", "createSession"):
        await asyncio.sleep(0.01)  # noqa: TID251 - it has begun to wait
        call(operation)
        assert not wait.done()
    call(GET)
    assert len((await wait).body["exchanges"]) == 3


def test_thousands_whose_time_is_up_leave_turns_to_others() -> None:
    """Alarms of one instant ring some in a turn; all ring at that instant, and no ended one."""
    rung: list[tuple[int, float]] = []
    turn = 0

    async def wait(alarms: Alarms, seconds: float) -> None:
        seen = asyncio.Event()
        with alarms.after(seconds, seen) as alarm:
            await seen.wait()
            assert alarm.rung
            rung.append((turn, asyncio.get_running_loop().time()))

    async def main() -> None:
        nonlocal turn
        alarms = Alarms()
        waits = [asyncio.ensure_future(wait(alarms, 5)) for _ in range(WAITERS)]
        ended = asyncio.Event()
        with alarms.after(5, ended):
            await asyncio.sleep(0)  # noqa: TID251 - all have begun to wait
        while not all(each.done() for each in waits):
            is_due = asyncio.get_running_loop().time() >= 5
            await asyncio.sleep(0 if is_due else 1)  # noqa: TID251 - virtual time
            turn += 1
        assert not ended.is_set()

    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(main())
    assert {at for _, at in rung} == {5.0}
    assert max(Counter(number for number, _ in rung).values()) <= 32
