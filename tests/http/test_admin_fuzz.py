"""No request makes the admin API answer 5xx, and one that is refused changes nothing."""

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.core.asset_calls import adopt_asset
from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.assets.kinds import MADE_VOICE, VOICES
from fake_runway.core.durations import NEVER
from fake_runway.replay.record import journal_bytes
from fake_runway.replay.routes import REPLAY_OPERATIONS
from fake_runway.web.bodies import Body
from fake_runway.worlds.registry import Worlds
from tests.support.effort import examples
from tests.support.fake.mutated import FORMS, VALID, damaged
from tests.support.servers import Fake, serving_fake

OPERATIONS = {each.id: each for each in (*ADMIN_OPERATIONS, *REPLAY_OPERATIONS)}
TAKING = {id_: each for id_, each in OPERATIONS.items() if each.body is not Body.NONE}
DONORS = [body for bodies in VALID.values() for body in bodies]
NAMES = ("music-superstar", "no-such", "x" * 300, "%00", "%2F", "%ff", "a%20b", "before", "7")
STORED = "88888888-e29b-41d4-a716-446655440000"
CALLS = 6


def state_of(worlds: Worlds) -> Any:
    """Return everything that an admin can change, of every world."""
    return {
        world.name: (
            journal_bytes(world),
            dict(world.account.sessions),
            dict(world.account.tasks.by_id),
            [world.account.call(each) for each in world.account.sessions],
            [*world.account.assets.every()],
            world.settings,
            world.scenario,
            tuple(world.placed),
            tuple(world.snapshots),
            (world.clock.now(), world.clock.rate),
        )
        for world in worlds
    }


async def refused_or_done(fake: Fake, method: str, path: str, body: Any) -> int:
    """Call an operation; return its status. Nothing but what is wanted changes."""
    for world in fake.worlds:
        world.clock.set_rate(0)  # an accepted body may have set it going: time would change things
    before = state_of(fake.worlds)
    answer = await fake.admin(method, path, body)
    assert answer.status < 500, (method, path, body, answer)
    if answer.status >= 400:
        assert state_of(fake.worlds) == before, (method, path, body, answer)
    return answer.status


def path_of(fake: Fake, operation: str, session: str, name: str = "") -> str:
    """Return a path of an operation; without a name, with one that exists."""
    path = OPERATIONS[operation].request.partition(" ")[2]
    of_a_task = OPERATIONS[operation].kind == "task"
    id_ = next(iter(fake.world.account.tasks.by_id)) if of_a_task else session
    known = STORED if path.startswith("/assets/") else NAMES[0]
    return path.replace("{id}", name or id_).replace("{name}", name or known)


async def running(fake: Fake) -> str:
    """Return the id of a session with a room; a task that runs and the voice STORED are there."""
    at = fake.world.clock.now()
    adopt_asset(fake.world.account, VOICES, STORED, MADE_VOICE, at=at, plan=AssetPlan(NEVER))
    await fake.admin("POST", "/tasks", {"state": "running"})
    made = await fake.admin("POST", "/sessions", {"state": "running"})
    session = str(made.json["id"])
    fake.world.directions[session] = asyncio.Queue()  # as if an avatar were at work
    return session


async def play(operation: str, random: Random) -> list[int]:
    """Call one operation some times with damaged bodies; return the statuses."""
    statuses = []
    async with serving_fake() as fake:
        session = await running(fake)
        await fake.admin("POST", "/snapshots", {"name": "before"})
        for _ in range(CALLS):
            bodies = VALID.get(operation, [{}])
            body = damaged(random.choice(bodies), random, donors=DONORS)
            if isinstance(body, dict) and "timeout" in VALID.get(operation, [{}])[0]:
                body["timeout"] = "0s"  # a wait in vain would take its time
            name = random.choice(NAMES) if random.random() < 0.3 else ""
            path = path_of(fake, operation, session, name)
            method = OPERATIONS[operation].method
            statuses.append(await refused_or_done(fake, method, path, body))
            for read in ("/journal", "/scenario", "/world"):
                assert (await fake.admin("GET", read)).status == 200, body
    return statuses


def test_every_operation_that_takes_a_body_is_played_with() -> None:
    """A new one needs a valid body to begin with."""
    assert VALID.keys() == TAKING.keys()


@pytest.mark.parametrize("operation", VALID)
async def test_the_undamaged_bodies_are_accepted(operation: str) -> None:
    """Else the damaged ones would only ever meet the first check."""
    for body in VALID[operation][:8]:
        async with serving_fake() as fake:
            session = await running(fake)
            path = path_of(fake, operation, session)
            answer = await fake.admin(OPERATIONS[operation].method, path, body)
            assert answer.status in (200, 201, 408) or operation == "postReplay", answer


@pytest.mark.parametrize("operation", TAKING)
def test_damaged_bodies_are_refused_or_done(operation: str) -> None:
    """Wrong types, missing, extra, deep, huge: no 5xx, and no refused call changes anything."""

    @settings(max_examples=examples(6), deadline=None)
    @given(st.integers(0, 2**32))
    def law(seed: int) -> None:
        asyncio.run(play(operation, Random(seed)))

    law()


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {"dropWorld", "getEvents"}))
def test_very_many_damaged_bodies_are_refused_or_done(operation: str) -> None:
    """The same for long."""
    for seed in range(20):
        asyncio.run(play(operation, Random(seed)))


@pytest.mark.parametrize(
    "body",
    [{"tools": [{}]}, {"tools": 5}, {"tools": [5]}, {"tools": {}}, {"tools": None}, *FORMS[:1]],
    ids=str,
)
async def test_nothing_is_checked_before_its_shape(body: Any) -> None:
    """What a create says of tools means nothing in a session form."""
    async with serving_fake() as fake:
        await fake.admin("GET", "/world")
        expected = 200 if body in FORMS else 400
        assert await refused_or_done(fake, "PUT", "/avatars/music-superstar", body) == expected
