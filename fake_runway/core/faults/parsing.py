"""Faults from data, and the contradictions that a schema cannot say."""

from types import MappingProxyType
from typing import Any

from fake_runway.core.durations import parse_span
from fake_runway.core.faults.effects.base import Effect, When
from fake_runway.core.faults.effects.catalogue import EFFECTS, Kinds, parse_effects
from fake_runway.core.faults.effects.connections import Delay, Silence
from fake_runway.core.faults.effects.events import Happens
from fake_runway.core.faults.fault import Fault
from fake_runway.core.faults.matching import Match, Moment
from fake_runway.core.lifecycles.session import State
from fake_runway.core.types import Json

_CARRIED_OUT = frozenset({200})


def parse_fault(given: Json, *, name: str, per_session: bool, kinds: Kinds = EFFECTS) -> Fault:
    """Return the fault that `given`, valid by `fault_schema`, describes.

    Raises:
        ValueError: it contradicts itself.
    """
    match = given.get("match", {})
    effects = parse_effects(given["effect"], kinds)
    moment = Moment(match["moment"]) if "moment" in match else None
    acted = _acted(given, effects, moment)
    statuses = _numbers(match.get("status", []))
    if moment in (Moment.CREATED, Moment.CONSUMED) and not statuses:
        statuses = _CARRIED_OUT
    if statuses and not acted:
        raise ValueError("match.status looks at the answer: it needs acted: true")
    _check_acted(effects, acted=acted)
    _check_silence(effects)
    starts_s = _span(given, "from") if "from" in given else 0.0
    ends_s = _span(given, "until") if "until" in given else None
    if ends_s is not None and ends_s <= starts_s:
        raise ValueError(f"until must lie after from: {ends_s}s, {starts_s}s")
    operations, states = frozenset(_several(match.get("operation", []))), _states(match)
    if moment is not None:
        operations, states = _aimed(moment, operations, states)
    return Fault(
        name=name,
        match=Match(
            operations=operations,
            methods=frozenset(_several(match.get("method", []))),
            paths=frozenset(_several(match.get("path", []))),
            sessions=_numbers(match.get("session", [])),
            states=states,
            statuses=statuses,
            nth=_numbers(match.get("nth", [])),
        ),
        effects=effects,
        acted=acted,
        times=int(given["times"]) if "times" in given else None,
        skip=int(given.get("skip", 0)),
        starts_s=starts_s,
        ends_s=ends_s,
        probability=given.get("probability", 1.0),
        per_session=per_session,
        given=MappingProxyType(dict(given)),
    )


def _span(given: Json, name: str) -> float:
    try:
        return parse_span(given[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _acted(given: Json, effects: tuple[Effect, ...], moment: Moment | None) -> bool:
    """Return whether the server acts: as the moment says, as given, or as the effects need it."""
    said: bool | None = given.get("acted")
    if moment in (Moment.CREATED, Moment.CONSUMED, Moment.CREATE, Moment.CONSUME):
        after = moment in (Moment.CREATED, Moment.CONSUMED)
        if said is not None and said is not after:
            raise ValueError(f"the moment {moment.value} means acted: {str(after).lower()}")
        return after
    if said is not None:
        return said
    return not _without_acting(effects)


def _without_acting(effects: tuple[Effect, ...]) -> bool:
    """Tell whether there is something to do before the server acts, or in its place."""
    return any(each.when in (When.BEFORE, When.INSTEAD) for each in effects)


def _check_acted(effects: tuple[Effect, ...], *, acted: bool) -> None:
    """Refuse effects that do not go together with acting, or with not acting.

    Raises:
        ValueError.
    """
    if not acted and not _without_acting(effects):
        raise ValueError("acted: false needs an effect that answers by itself (status, reset, ...)")
    for each in effects:
        if acted and each.when is When.BEFORE:
            wrong = "happens before the call is looked at: acted must be false"
            raise ValueError(f"effect.{each.name} {wrong}")
        if not acted and each.when is When.ONLY_ACTED:
            raise ValueError(f"effect.{each.name} is about what was done: it needs acted: true")


def _check_silence(effects: tuple[Effect, ...]) -> None:
    """Refuse what would alter an answer that never comes.

    Raises:
        ValueError.
    """
    silent = [each.name for each in effects if isinstance(each, Silence)]
    others = [each.name for each in effects if not isinstance(each, Silence | Happens | Delay)]
    if silent and len(silent + others) > 1:
        wrong = f"with {silent[0]} no answer comes: expected nothing else that is about one"
        raise ValueError(f"effect: {wrong}, got {', '.join([*silent[1:], *others])}")


def _aimed(
    moment: Moment, operations: frozenset[str], states: frozenset[State]
) -> tuple[frozenset[str], frozenset[State]]:
    """Return the operations and states that a moment stands for; what is given must agree."""
    if moment in (Moment.READY, Moment.RUNNING):
        state = State(moment.value)
        if states - {state}:
            raise ValueError(f"the moment {moment.value} means state: {state.value}")
        return operations, frozenset({state})
    creates = moment in (Moment.CREATE, Moment.CREATED)
    operation = "createSession" if creates else "consumeSession"
    if operations - {operation}:
        raise ValueError(f"the moment {moment.value} means operation: {operation}")
    return frozenset({operation}), states


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbers(value: Any) -> frozenset[int]:
    return frozenset(int(each) for each in _several(value))


def _states(match: Json) -> frozenset[State]:
    return frozenset(State(each) for each in _several(match.get("state", [])))
