"""The body of a poll of a task is kept for as long as it stays the same, and no longer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from fake_runway.clock import VirtualClock
from fake_runway.core.durations import Fixed
from fake_runway.core.history.journal import Exchange
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.tasks.task import ProgressStep, TaskPlan
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall, SessionBodies
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from tests.support.fake.tasks import PICTURE
from tests.unit.fake_runway.core.playing import LAW, START

BY_ID = {operation.id: operation for operation in OPERATIONS}
CATALOGUE = Catalogue.builtin()
BASE = "http://127.0.0.1:4010/w/w"

steps = st.lists(
    st.builds(ProgressStep, st.sampled_from([0.0, 0.3, 1.0]), st.floats(0, 30)), max_size=3
).map(tuple)
plans = st.builds(
    TaskPlan,
    pending=st.sampled_from([Fixed(0.0), Fixed(0.7)]),
    run=st.sampled_from([Fixed(0.0), Fixed(12.3), Fixed(60.0)]),
    progress=steps,
    output_lifetime_s=st.sampled_from([0.0, 0.3, 1.0, 60.0, 86_400.0]),
)


def world_of(plan: TaskPlan, start: float) -> World:
    """Return a world whose tasks follow a plan."""
    return World(
        "w",
        origin="w",
        seed="1",
        base=replace(Settings(), task=plan),
        scenario=DEFAULT_SCENARIO,
        catalogue=CATALOGUE,
        clock=VirtualClock(lambda: 0.0, rate=1.0, start=start),
    )


def asked(world: World, operation: str, bodies: SessionBodies | None, **facts: Any) -> bytes:
    """Make a call, and return the body of the answer."""
    known = BY_ID[operation]
    exchange = Exchange(operation, known.method, f"/v1/{PICTURE[0]}", versioned=True, **facts)
    body = apply_call(RunwayCall(world, LiveKit(), known, exchange, "", bodies)).body
    return orjson.dumps(getattr(body, "value", body))


@LAW
@given(
    plans,
    st.lists(st.sampled_from([0.0, 1e-6, 0.1, 0.3, 1.0, 4.9999, 5.0, 5.0001, 30.0]), max_size=25),
    st.sampled_from([0.0, 0.25, 0.123456]),
)
@example(TaskPlan(run=Fixed(0.0), pending=Fixed(0.0)), [1.0, 0.1, 1.0], 0.0)
def test_a_kept_body_is_the_one_that_would_be_made(
    plan: TaskPlan, jumps: list[float], offset: float
) -> None:
    """At every instant, also when a world goes back to a snapshot."""
    world, bodies = world_of(plan, START + offset), SessionBodies()
    made = orjson.loads(asked(world, "createTextToImage", None, body=PICTURE[1]))
    about = {"subject": Subject(TASK.name, made["id"]), "media_url": BASE}
    early = world.copy("w", VirtualClock(lambda: 0.0, rate=1.0, start=world.clock.now()))
    for jump in jumps:
        world.clock.jump(jump)
        kept = asked(world, "getTask", bodies, **about)
        assert kept == asked(world, "getTask", None, **about)
    assert asked(early, "getTask", bodies, **about) == asked(early, "getTask", None, **about)


def test_a_body_is_kept() -> None:
    """Two polls within the same step of progress get the same object."""
    world, bodies = world_of(TaskPlan(), START), SessionBodies()
    made = orjson.loads(asked(world, "createTextToImage", None, body=PICTURE[1]))
    world.clock.jump(2.0)
    asked(world, "getTask", bodies, subject=Subject(TASK.name, made["id"]))
    task = world.account.tasks.by_id[made["id"]]

    now = world.clock.now()
    assert bodies.of_task(task, "", now) is bodies.of_task(task, "", now + 1.0) is not None
    assert bodies.of_task(task, "", now - 0.1) is None
    assert bodies.of_task(task, "", now + 5.0) is None
    assert bodies.of_task(task, BASE, now) is None
