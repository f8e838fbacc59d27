"""Faults from data, and the contradictions that a schema cannot express."""

from enum import Enum
from types import MappingProxyType
from typing import Any

from fake_runway.core.durations import parse_span
from fake_runway.core.faults.effects.base import Effect, When
from fake_runway.core.faults.effects.catalogue import EFFECTS, EffectTypes, parse_effects
from fake_runway.core.faults.effects.connections import Delay, Silence
from fake_runway.core.faults.effects.events import Happens
from fake_runway.core.faults.fault import Fault
from fake_runway.core.faults.matching import FaultMatch
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import Moment, Phase, Vocabulary
from fake_runway.core.problems import inside
from fake_runway.core.types import Json


def parse_fault(
    given: Json,
    *,
    name: str,
    per_session: bool,
    effect_types: EffectTypes = EFFECTS,
    vocabulary: Vocabulary = RUNWAY_API,
) -> Fault:
    """Return the fault that `given`, valid by `fault_schema`, describes.

    Raises:
        ValueError: it contradicts itself; a `WrongScenario` where a part of it does.
    """
    match = given.get("match", {})
    with inside("effect"):
        effects = parse_effects(given["effect"], effect_types)
    moment = vocabulary.moments[match["moment"]] if "moment" in match else None
    phase = _phase(given, effects, moment)
    statuses = _numbers(match.get("status", []))
    if moment is not None and not statuses:
        statuses = moment.statuses
    if statuses and phase is Phase.BEFORE:
        raise ValueError("match.status looks at the answer: it needs acted: true")
    _check_phase(effects, phase)
    with inside("effect"):
        _check_silence(effects)
    starts_s = _span(given, "from") if "from" in given else 0.0
    ends_s = _span(given, "until") if "until" in given else None
    if ends_s is not None and ends_s <= starts_s:
        raise ValueError(f"until must lie after from: {ends_s}s, {starts_s}s")
    return Fault(
        name=name,
        match=_match(match, moment, statuses, vocabulary),
        effects=effects,
        phase=phase,
        times=int(given["times"]) if "times" in given else None,
        skip=int(given.get("skip", 0)),
        every=int(given.get("every", 1)),
        starts_s=starts_s,
        ends_s=ends_s,
        probability=given.get("probability", 1.0),
        per_session=per_session,
        given=MappingProxyType(dict(given)),
    )


def _span(given: Json, name: str) -> float:
    with inside(name):
        return parse_span(given[name])


def _phase(given: Json, effects: tuple[Effect, ...], moment: Moment | None) -> Phase:
    """Return when the fault strikes: as the moment implies, as given, or as the effects need it."""
    acted: bool | None = given.get("acted")
    if moment is not None and moment.phase is not None:
        after = moment.phase is Phase.AFTER
        if acted not in (None, after):
            raise ValueError(f"the moment {moment.name} means acted: {str(after).lower()}")
        acted = after
    elif acted is None:
        acted = not _fits_before(effects)
    return Phase.AFTER if acted else Phase.BEFORE


def _fits_before(effects: tuple[Effect, ...]) -> bool:
    """Return whether an effect comes before the server acts, or in its place."""
    return any(each.when in (When.BEFORE, When.INSTEAD) for each in effects)


def _check_phase(effects: tuple[Effect, ...], phase: Phase) -> None:
    """Reject effects that cannot strike in this phase."""
    before = phase is Phase.BEFORE
    if before and not _fits_before(effects):
        raise ValueError("acted: false needs an effect that answers by itself (status, reset, ...)")
    for each in effects:
        if not before and each.when is When.BEFORE:
            wrong = "happens before the call is looked at: acted must be false"
            raise ValueError(f"effect.{each.name} {wrong}")
        if before and each.when is When.ONLY_ACTED:
            raise ValueError(f"effect.{each.name} is about what was done: it needs acted: true")


def _check_silence(effects: tuple[Effect, ...]) -> None:
    """Reject effects on an answer that never comes."""
    silent = [each.name for each in effects if isinstance(each, Silence)]
    others = [each.name for each in effects if not isinstance(each, Silence | Happens | Delay)]
    if silent and len(silent + others) > 1:
        wrong = f"with {silent[0]} no answer comes: expected nothing else that is about one"
        raise ValueError(f"{wrong}, got {', '.join([*silent[1:], *others])}")


def _match(
    match: Json, moment: Moment | None, statuses: frozenset[int], vocabulary: Vocabulary
) -> FaultMatch:
    """Return the conditions that are given and that the moment implies; they must agree.

    Raises:
        ValueError: they do not, or resources of two kinds are given, and no call is about two.
    """
    operations = frozenset(_several(match.get("operation", [])))
    states: frozenset[Enum] = frozenset()
    for name in _several(match.get("state", [])):
        states |= vocabulary.states[name]
    if moment is not None and moment.state is not None:
        if {state.value for state in states} - {moment.state.value}:
            raise ValueError(f"the moment {moment.name} means state: {moment.state.value}")
        states = frozenset({moment.state})
    if moment is not None and moment.operation:
        if operations - {moment.operation}:
            raise ValueError(f"the moment {moment.name} means operation: {moment.operation}")
        operations = frozenset({moment.operation})
    if moment is not None and moment.one_of:
        if operations - moment.one_of:
            raise ValueError(f"the moment {moment.name} means another operation")
        operations = operations or moment.one_of
    kinds = [kind.name for kind in vocabulary.lifecycles if kind.name in match]
    if len(kinds) > 1:
        raise ValueError(f"match: expected resources of one kind, got {', '.join(kinds)}")
    return FaultMatch(
        operations=operations,
        methods=frozenset(_several(match.get("method", []))),
        paths=frozenset(_several(match.get("path", []))),
        places=frozenset((kind, number) for kind in kinds for number in _numbers(match[kind])),
        states=states,
        statuses=statuses,
        nth=_numbers(match.get("nth", [])),
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbers(value: Any) -> frozenset[int]:
    return frozenset(int(each) for each in _several(value))
