"""Running a record again, in a world with a frozen clock, by the code that served the calls."""

import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldAct, carry_out
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.admin_api.requests import AdminBodies
from fake_runway.clock import VirtualClock
from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import DEFAULT_CAPACITY, Act, Exchange, Rejection
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.scenario.scenario import parse_scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.types import Json
from fake_runway.replay.compare import Divergence, find_divergence
from fake_runway.replay.record import NotReplayable
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall, RunwayOperation
from fake_runway.runway_api.operations import OPERATIONS, task_creates
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.runway_api.uploads import STORE
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.bodies import Bodies, Body
from fake_runway.worlds.given_spec import GivenSpec, vocabulary_of
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import EVENTS_OF_A_TURN, World

_WRONG_KEY = "stk_another_key"
_BODIES, _ADMIN_BODIES = Bodies(), AdminBodies()
_OPERATIONS = MappingProxyType({each.id: each for each in (*OPERATIONS, STORE)})
_CHECKED = (Body.REQUIRED, Body.OPTIONAL)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A world that was run again, and its first difference from the record, if any."""

    world: World
    divergence: Divergence | None


def replay(
    given: Json,
    *,
    livekit: LiveKit,
    catalogue: Catalogue | None = None,
    spec: GivenSpec | None = None,
) -> Replayed:
    """Run a record again and compare.

    Args:
        spec: the document that the server of the run served.

    Raises:
        NotReplayable: no run can have left this record.
    """
    steps = replaying(given, livekit=livekit, catalogue=catalogue, spec=spec)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        return cast(Replayed, done.value)


def replaying(
    given: Json,
    *,
    livekit: LiveKit,
    catalogue: Catalogue | None = None,
    spec: GivenSpec | None = None,
) -> Generator[None, None, Replayed]:
    """Run a record again and compare, as `replay`; yield after each step, and in long ones."""
    try:
        world, worlds = _world(given, catalogue or Catalogue.builtin(vocabulary_of(spec)), spec)
        operations, bodies = known_calls(spec)
        livekit = replace(livekit, url=given.get("media_url") or livekit.url)  # of older records
        for step in given["steps"]:
            world.clock.jump_to(step["at"])
            yield from _catch_up(world)
            if "act" in step:
                repeat_act(step, world, worlds, livekit)
            else:
                apply_call(call_of(step, world, livekit, operations, bodies))
        world.clock.jump_to(given["now"])
        yield from _catch_up(world)
        divergence = find_divergence(given, world)
    except NotReplayable:
        raise
    except Exception as error:  # a record is text from outside, and may be wrong in any way
        where = error.headers.get("X-Fake-Where", "") if isinstance(error, Refused) else ""
        at = f" at {where}" if where else ""
        name = type(error).__name__
        raise NotReplayable(f"the record is damaged: {name} {error}{at}") from error
    return Replayed(world, divergence)


def known_calls(spec: GivenSpec | None) -> tuple[Mapping[str, RunwayOperation], Bodies]:
    """Return what `call_of` asks for: the operations by id, and what checks their bodies."""
    if spec is None:
        return _OPERATIONS, _BODIES
    more = {each.id: each for each in task_creates(spec.endpoints)}
    return {**_OPERATIONS, **more}, Bodies(spec.shapes)


def _catch_up(world: World) -> Iterator[None]:
    """Apply what is due, and yield at least once, and after some events again."""
    now = world.clock.now()
    yield
    while (due := world.account.next_due_at) is not None and due <= now:
        world.account.advance(now, most=EVENTS_OF_A_TURN)
        yield
    world.account.advance(now)


def _world(given: Json, catalogue: Catalogue, spec: GivenSpec | None) -> tuple[World, Worlds]:
    known = given["scenarios"]
    grown = catalogue.with_data(data for name, data in known.items() if name)
    # records of older versions have no task form
    forms = {key: given[key] for key in ("account", "session", "task") if key in given}
    base = parse_scenario(forms, default_name="").settings_over(Settings())
    scenario = grown.parse(known[""]) if "" in known else grown.get(given["scenario"])
    if scenario is None:
        raise NotReplayable(f"the record lacks the scenario {given['scenario']}")
    capacity = max(len(given["steps"]) + 1, DEFAULT_CAPACITY)

    def source() -> float:
        return 0.0

    worlds = Worlds(
        seed=given["seed"],
        settings=base,
        source=source,
        rate=0.0,
        catalogue=catalogue,
        spec=spec,
    )
    world = World(
        given["world"],
        origin=given["origin"],
        seed=given["seed"],
        base=base,
        scenario=scenario,
        catalogue=catalogue,
        clock=VirtualClock(source, rate=0.0, start=given["epoch"]),
        journal=capacity,
        journal_bytes=math.inf,
        spec=spec,
    )
    world.first_rate, world.given_seed = given["rate"], given["seed"]
    return worlds.adopt(world), worlds


def repeat_act(step: Json, world: World, worlds: Worlds, livekit: LiveKit) -> None:
    """Apply a recorded act again, at the instant of the world's clock.

    Raises:
        NotReplayable: there is no such act.
    """
    operation = next((each for each in ADMIN_OPERATIONS if each.id == step["act"]), None)
    if operation is None or not isinstance(operation.scope, WorldAct):
        raise NotReplayable(f"the record is damaged: there is no act {step['act']!r}")
    if operation.scope.repeat is None:
        # the steps have the instants; the act stands in the journal for its readers
        world.account.advance(step["at"])
        act = Act(world.log.number(), step["at"], operation.id, _subject(step), step["given"])
        world.log.add_act(act)
        return
    name, body = operation.scope.repeat(step)
    if body or (operation.takes and not operation.optional):
        _ADMIN_BODIES.check(body, operation.id, strict_keys=True)
    carry_out(operation, AdminCall(worlds, world, livekit, step["at"], name, body, {}))


def call_of(
    step: Json,
    world: World,
    livekit: LiveKit,
    operations: Mapping[str, RunwayOperation],
    bodies: Bodies,
) -> RunwayCall:
    """Return the call that a recorded step describes."""
    request, door = step["request"], step.get("door")
    operation = operations.get(step["operation"])
    if operation is None and step["operation"] is not None:
        raise NotReplayable(
            f"the run has a call of {step['operation']}, which this version does not know: give"
            " the document that has it with --spec"
        )
    subject = _subject(step)
    if operation is not None and operation.creates:
        subject = _named_by(operation, step)  # the step names what the create made
    if operation is not None and operation.body in _CHECKED and door is None:
        bodies.check(request["body"] or {}, operation.id, strict_keys=False, retired=True)
    exchange = Exchange(
        step["operation"] or "",
        step["method"],
        step["path"],
        subject=subject,
        agent=request["agent"] or "",
        retry=request["retry"],
        versioned=request["versioned"],
        content_type=(request["content_type"] or "") if "content_type" in request else None,
        cookies=request.get("cookies"),
        media_url=step.get("media_url", ""),
        secret_in_url=request["secret_in_url"],
        body=request["body"] or {},
        query=request["query"],
        rejection=None if door is None else Rejection(**door),
    )
    token = _key(request["key_fits"], subject.id, world)
    return RunwayCall(world, livekit, operation, exchange, token)


def _named_by(operation: RunwayOperation, step: Json) -> Subject:
    """Return what the path of a create names: nothing, but for a run of a workflow."""
    if "{id}" not in operation.template:
        return NO_SUBJECT
    declared = RUNWAY_API.operation[operation.id]
    return Subject(declared.kind, step["path"].rpartition("/")[2].lower())


def _subject(step: Json) -> Subject:
    kinds = [kind.name for kind in RUNWAY_API.kinds if step.get(kind.name)]
    return Subject(kinds[0], step[kinds[0]]) if kinds else NO_SUBJECT


def _key(fits: bool | None, session_id: str, world: World) -> str:
    """Return the key of the session, or a wrong one."""
    if not fits:
        return _WRONG_KEY
    world.account.advance(world.clock.now())
    return world.account.session_key(world.account.sessions[session_id])
