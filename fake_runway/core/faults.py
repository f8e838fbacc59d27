"""Which faults strike a call: match, schedule, chance. Deciding only; nothing is altered here.

A fault is data: what it matches, what it does (`effects.py`), when and how often. A call is looked
at twice, before and after the server acts on it, and a fault belongs to one of the two. What
"how often" needs to know is a tally per fault, which the caller keeps: `decide` gets the tallies
and returns what they become.

The tally of a fault that belongs to a session's plan counts each session apart, so that "the first
poll fails" is true of every session. Calls that address no session (create among them) and faults
of a whole world are counted for the world.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.core.draws import Draws
from fake_runway.core.durations import SPAN_PATTERN, parse_span
from fake_runway.core.effects import (
    EFFECTS,
    Delay,
    Effect,
    Happens,
    Kinds,
    Silence,
    When,
    parse_effects,
)
from fake_runway.core.lifecycle import State

Json = Mapping[str, Any]

OPERATIONS = (
    "createSession",
    "getSession",
    "deleteSession",
    "consumeSession",
    "connectBackend",
    "getOrganization",
    "queryUsage",
    "listAvatars",
    "getAvatar",
)

PATHS = (
    "/v1/realtime_sessions",
    "/v1/realtime_sessions/{id}",
    "/v1/realtime_sessions/{id}/consume",
    "/v1/realtime_sessions/{id}/connect_backend",
    "/v1/organization",
    "/v1/organization/usage",
    "/v1/avatars",
    "/v1/avatars/{id}",
)


class Moment(Enum):
    """A point in a session's life at which faults can be aimed."""

    CREATE = "create"  # a create has come and nothing is stored yet
    CREATED = "created"  # it is stored (not refused), and the reply is not out
    READY = "ready"  # any call about a session between READY and its consume
    CONSUME = "consume"  # a consume has come and the key is not used yet
    CONSUMED = "consumed"  # the key is used, and the reply is not out
    RUNNING = "running"  # any call about a session that runs


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls a fault is about. Empty: no condition.

    Attributes:
        operations: ids of the contract's operations.
        paths: path templates, e.g. `/v1/realtime_sessions/{id}`.
        sessions: ordinals of sessions, counted from 0.
        states: what the session is when the call comes (after acting: what it has become).
        statuses: of the answer that would go out; only after acting.
        nth: which of the calls that match otherwise, counted from 1.
    """

    operations: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    sessions: frozenset[int] = frozenset()
    states: frozenset[State] = frozenset()
    statuses: frozenset[int] = frozenset()
    nth: frozenset[int] = frozenset()

    def allows(self, operation: str) -> bool:
        """Tell whether a call of this operation can match at all."""
        return not self.operations or operation in self.operations

    def fits(self, situation: "Situation") -> bool:
        """Tell whether a call matches, `nth` left aside."""
        return (
            self.allows(situation.operation)
            and (not self.methods or situation.method in self.methods)
            and (not self.paths or situation.path in self.paths)
            and (not self.sessions or situation.session in self.sessions)
            and (not self.states or situation.state in self.states)
            and (not self.statuses or situation.status in self.statuses)
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, with which calls, when and how often.

    Attributes:
        acted: whether the server acts on the request before the fault strikes.
        times: how often it strikes at most; None: no limit.
        skip: so many matching calls go by first.
        starts_s, ends_s: the span in which it can strike, counted from when it was put in place.
        probability: of striking, each time that all else says so.
        per_session: tallies are kept for each session apart.
        given: the data it was made from.
    """

    name: str
    match: Match
    effects: tuple[Effect, ...]
    acted: bool
    times: int | None
    skip: int
    starts_s: float
    ends_s: float | None
    probability: float
    per_session: bool
    given: Json

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def replaces(self) -> bool:
        """Whether it answers in the server's place."""
        return not self.acted and any(effect.when is When.INSTEAD for effect in self.effects)


class Standing(NamedTuple):
    """A fault in place, and the instant since when."""

    fault: Fault
    since: float


class Situation(NamedTuple):
    """A call as faults see it.

    Attributes:
        path: the operation's template.
        session: the ordinal of the session that the call is about; of a create: the one it makes.
        addressed: whether the path names that session.
        status: of the answer; None before the server has acted.
    """

    operation: str
    method: str
    path: str
    at: float
    session: int | None = None
    addressed: bool = False
    state: State | None = None
    status: int | None = None


class Tally(NamedTuple):
    """How many calls have matched a fault, and how often it struck."""

    seen: int = 0
    struck: int = 0


Key = tuple[str, int]
"""A fault's name and the ordinal of the session that is counted, -1 for the world."""

THE_WORLD = -1
_CARRIED_OUT = frozenset({200})


class Decision(NamedTuple):
    """Which faults strike, in their order, and the tallies that changed."""

    striking: tuple[Fault, ...]
    tallies: Mapping[Key, Tally]


_NOTHING = Decision((), MappingProxyType({}))


def decide(
    standing: Iterable[Standing],
    situation: Situation,
    *,
    acted: bool,
    tallies: Mapping[Key, Tally],
    draws: Draws,
) -> Decision:
    """Return which faults strike a call, before (`acted` false) or after the server acts on it."""
    striking: list[Fault] = []
    changed: dict[Key, Tally] = {}
    for fault, since in standing:
        if fault.acted is not acted or not fault.match.fits(situation):
            continue
        if situation.at < since + fault.starts_s:
            continue
        if fault.ends_s is not None and situation.at >= since + fault.ends_s:
            continue
        counted = situation.session if fault.per_session and situation.addressed else None
        key = (fault.name, THE_WORLD if counted is None else counted)
        seen, struck = tallies.get(key, Tally())
        seen += 1
        if _strikes(fault, key, seen=seen, struck=struck, draws=draws):
            striking.append(fault)
            struck += 1
        changed[key] = Tally(seen, struck)
    return Decision(tuple(striking), changed) if changed else _NOTHING


def _strikes(fault: Fault, key: Key, *, seen: int, struck: int, draws: Draws) -> bool:
    if seen <= fault.skip or (fault.times is not None and struck >= fault.times):
        return False
    if fault.match.nth and seen not in fault.match.nth:
        return False
    if fault.probability >= 1:
        return True
    return draws.number(f"fault {key[0]} {key[1]}", seen) < fault.probability


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


def _one_or_more(schema: dict[str, Any], description: str) -> dict[str, Any]:
    several = {"type": "array", "items": schema, "minItems": 1}
    return {"description": description, "anyOf": [schema, several]}


def match_schema() -> dict[str, Any]:
    """Return the JSON schema of a fault's `match`."""
    return {
        "description": "Which calls; every condition given must hold. Leave it out for all calls.",
        "type": "object",
        "properties": {
            "operation": _one_or_more({"enum": list(OPERATIONS)}, "The operation's id."),
            "method": _one_or_more({"enum": ["GET", "POST", "DELETE"]}, "The HTTP method."),
            "path": _one_or_more(
                {"enum": list(PATHS)},
                "The path's template, such as /v1/realtime_sessions/{id}/consume.",
            ),
            "session": _one_or_more(
                {"type": "integer", "minimum": 0}, "Which session of the world, counted from 0."
            ),
            "state": _one_or_more(
                {"enum": [state.value for state in State]},
                "The session's state when the call comes; with acted: true, after it was acted on.",
            ),
            "status": _one_or_more(
                {"type": "integer", "minimum": 100, "maximum": 599},
                "The status that would be answered.",
            ),
            "nth": _one_or_more(
                {"type": "integer", "minimum": 1},
                "Which of the calls that match otherwise, counted from 1.",
            ),
            "moment": {
                "description": "create: before it is stored. created: stored, the reply not out."
                " ready: any call between READY and consume. consume: before the key is used."
                " consumed: used, the reply not out. running: any call about a running session.",
                "enum": [moment.value for moment in Moment],
            },
        },
        "additionalProperties": False,
    }


def _named(kinds: Kinds, when: When) -> str:
    return ", ".join(kind.name for kind in kinds if kind.when is when)


def fault_schema(kinds: Kinds = EFFECTS) -> dict[str, Any]:
    """Return the JSON schema of a fault."""
    span = {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}
    return {
        "description": "Something that goes wrong: which calls, what happens, how often.",
        "type": "object",
        "properties": {
            "name": {
                "description": "Shown in the journal; unique in its world.",
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$",
            },
            "match": match_schema(),
            "effect": {
                "description": "What happens. Several effects of one fault are applied together.",
                "type": "object",
                "properties": {effect.name: effect.schema() for effect in kinds},
                "minProperties": 1,
                "additionalProperties": False,
            },
            "acted": {
                "description": "Whether the server acts on the request first. By default it does"
                f" unless an effect answers by itself ({_named(kinds, When.INSTEAD)}) or comes"
                f" before ({_named(kinds, When.BEFORE)}).",
                "type": "boolean",
            },
            "times": {
                "description": "How often at most; without it, always.",
                "type": "integer",
                "minimum": 1,
            },
            "skip": {
                "description": "Let so many matching calls go by first.",
                "type": "integer",
                "minimum": 0,
            },
            "from": {"description": "Not before, counted from being put in place.", **span},
            "until": {"description": "No longer, counted from being put in place.", **span},
            "probability": {
                "description": "Of happening, by the world's seed.",
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1,
            },
        },
        "required": ["effect"],
        "additionalProperties": False,
    }
