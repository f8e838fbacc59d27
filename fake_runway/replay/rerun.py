"""A record run again, in a world with a frozen clock, by the code that served the calls."""

from dataclasses import dataclass, replace

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldAct, carry_out
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.clock import VirtualClock
from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import DEFAULT_CAPACITY, Act
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.replay.compare import Divergence, find_divergence
from fake_runway.replay.record import Json, NotReplayable
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Arrival
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.errors import RequestRefused
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

LONGEST_CALL_S = 1800  # of the contract
_WRONG_KEY = "stk_another_key"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A world run again, and where it first came out differently; None: it did not."""

    world: World
    divergence: Divergence | None


def replay(given: Json, *, livekit: LiveKit, catalogue: Catalogue | None = None) -> Replayed:
    """Run a record again and compare.

    Raises:
        NotReplayable: the record cannot be what a run left behind.
    """
    try:
        world, worlds = _world(given, catalogue or Catalogue.builtin())
        livekit = replace(livekit, url=given["media_url"] or livekit.url)
        for step in given["steps"]:
            _apply(step, world, worlds, livekit)
        world.clock.jump_to(given["now"])
        world.account.advance(given["now"])
        divergence = find_divergence(given, world)
    except NotReplayable:
        raise
    except Exception as error:  # whatever is wrong with it: the text is somebody's
        raise NotReplayable(f"the record is damaged: {type(error).__name__} {error}") from error
    return Replayed(world, divergence)


def _world(given: Json, catalogue: Catalogue) -> tuple[World, Worlds]:
    known = given["scenarios"]
    grown = catalogue.with_data(data for name, data in known.items() if name)
    told = Scenario(name="", account=given["account"], session=given["session"])
    base = told.settings_over(Settings())
    scenario = grown.parse(known[""]) if "" in known else grown.get(given["scenario"])
    if scenario is None:
        raise NotReplayable(f"the record lacks the scenario {given['scenario']}")
    capacity = max(len(given["steps"]) + 1, DEFAULT_CAPACITY)

    def source() -> float:
        return 0.0

    worlds = Worlds(seed=given["seed"], settings=base, source=source, rate=0.0, catalogue=grown)
    world = World(
        given["world"],
        origin=given["origin"],
        seed=given["seed"],
        base=base,
        scenario=scenario,
        catalogue=grown,
        clock=VirtualClock(source, rate=0.0, start=given["epoch"]),
        journal=capacity,
    )
    world.first_rate, world.given_seed = given["rate"], given["seed"]
    return worlds.adopt(world), worlds


def _apply(step: Json, world: World, worlds: Worlds, livekit: LiveKit) -> None:
    world.clock.jump_to(step["at"])
    if "act" in step:
        _repeat(step, world, worlds, livekit)
    else:
        apply_call(world, _arrival(step, world), livekit)


def _repeat(step: Json, world: World, worlds: Worlds, livekit: LiveKit) -> None:
    operation = next((each for each in ADMIN_OPERATIONS if each.id == step["act"]), None)
    if operation is None or not isinstance(operation.subject, WorldAct):
        raise NotReplayable(f"the record is damaged: there is no act {step['act']!r}")
    if operation.subject.repeat is None:
        # time is what the steps say; the act is kept for what it reports about the run
        world.account.advance(step["at"])
        world.log.add_act(Act(world.log.number(), step["at"], operation.id, "", step["given"]))
        return
    name, body = operation.subject.repeat(step)
    carry_out(operation, AdminCall(worlds, world, livekit, step["at"], name, body, {}))


def _arrival(step: Json, world: World) -> Arrival:
    request, door = step["request"], step.get("door")
    longest = (request["body"] or {}).get("maxDuration", 0)
    if longest > LONGEST_CALL_S:  # it would be paid for block by block, for ever
        raise NotReplayable(f"the record is damaged: a maxDuration of {longest}")
    operation = next((each for each in OPERATIONS if each.id == step["operation"]), None)
    session_id = step["session"] or ""
    if operation is not None and operation.id == "createSession":
        session_id = ""
    return Arrival(
        operation,
        step["method"],
        step["path"],
        session_id,
        _key(request["key_fits"], session_id, world),
        request["body"] or {},
        request["query"],
        None if door is None else _recorded(door),
        request["agent"] or "",
        request["retry"],
        request["versioned"],
        request["secret_in_url"],
        step["avatar"] or "",
    )


def _key(fits: bool | None, session_id: str, world: World) -> str:
    if not fits:
        return _WRONG_KEY
    world.account.advance(world.clock.now())
    return world.account.session_key(world.account.sessions[session_id])


def _recorded(door: Json) -> Refused:
    refusal = RequestRefused(door["message"], headers=door["headers"])
    # class variables elsewhere; this refusal stands for one of whichever class it was
    refusal.code = door["code"]  # type: ignore[misc]  # on purpose, see above
    refusal.status = door["status"]  # type: ignore[misc]  # as well
    return refusal
