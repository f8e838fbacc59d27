"""Faults: which calls they match, when and how often they strike, and what contradicts itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.draws import Draws
from fake_runway.core.durations import parse_span
from fake_runway.core.faults.deciding import WORLD_SCOPE, Key, Tally, decide
from fake_runway.core.faults.effects.base import Delivery, Effect, EffectContext, When
from fake_runway.core.faults.effects.catalogue import EFFECTS, EffectTypes
from fake_runway.core.faults.fault import ActiveFault, Fault
from fake_runway.core.faults.matching import CallFacts, FaultMatch
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.faults.schema import fault_schema, match_schema
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import State
from fake_runway.core.lifecycles.vocabulary import Phase
from fake_runway.core.types import Json
from tests.unit.fake_runway.core.allowed import allowed_by
from tests.unit.fake_runway.core.playing import LAW, START

DRAWS = Draws("seed", "world")
POLL = CallFacts(
    "getSession",
    "GET",
    "/v1/realtime_sessions/{id}",
    START,
    place=("session", 3),
    addressed=True,
    state=State.READY,
)
ANSWERED = POLL._replace(status=200)
CREATE = CallFacts("createSession", "POST", "/v1/realtime_sessions", START, place=("session", 3))


def fault(name: str = "a fault", *, per_session: bool = False, **given: Any) -> Fault:
    """Return the fault that `given` describes; without an effect, it answers 503."""
    return parse_fault({"effect": {"status": 503}, **given}, name=name, per_session=per_session)


def phase_of(*, acted: bool) -> Phase:
    """Return the phase that the data key `acted` stands for."""
    return Phase.AFTER if acted else Phase.BEFORE


def strikes(one: Fault, *facts_of_calls: CallFacts, draws: Draws = DRAWS) -> list[bool]:
    """Return which of these calls, one after another, a fault in place since START strikes."""
    tallies: dict[Key, Tally] = {}
    struck = []
    for facts in facts_of_calls:
        striking, changed = decide(
            [ActiveFault(one, START)], facts, phase=one.phase, tallies=tallies, draws=draws
        )
        tallies |= changed
        struck.append(one in striking)
    return struck


def fits(match: Mapping[str, Any], facts: CallFacts) -> bool:
    """Return whether a call is struck by a fault with this match, before acting or after."""
    acted = facts.status is not None
    return strikes(fault(match=match, acted=acted), facts) == [True]


# Matching


@pytest.mark.parametrize(
    ("match", "other"),
    [
        ({"operation": "getSession"}, {"operation": "deleteSession"}),
        ({"operation": ["createSession", "getSession"]}, {"operation": "deleteSession"}),
        ({"method": "GET"}, {"method": "DELETE"}),
        ({"method": ["POST", "GET"]}, {"method": "DELETE"}),
        ({"path": "/v1/realtime_sessions/{id}"}, {"path": "/v1/organization"}),
        ({"session": 3}, {"place": ("session", 4)}),
        ({"session": [0, 3.0]}, {"place": None}),
        ({"state": "ready"}, {"state": State.RUNNING}),
        ({"state": ["claimed", "ready"]}, {"state": None}),
        ({"status": 200}, {"status": 404}),
        ({"status": [201, 200]}, {"status": 404}),
        ({"moment": "ready"}, {"state": State.CLAIMED}),
        ({"moment": "running"}, {"state": State.READY}),
    ],
)
def test_each_condition_must_hold(match: dict[str, Any], other: dict[str, Any]) -> None:
    """One of several values is enough for a condition, and another value is none."""
    fitting = ANSWERED if "status" in match else POLL
    if match.get("moment") == "running":
        fitting = fitting._replace(state=State.RUNNING)

    assert fits(match, fitting)
    assert not fits(match, fitting._replace(**other))


def test_all_conditions_must_hold_together() -> None:
    """A call that fails one of several conditions is left alone; without conditions all fit."""
    match = {"method": "GET", "session": 3, "state": "ready"}

    assert fits(match, POLL)
    assert fits({}, POLL)
    for other in ({"method": "POST"}, {"place": ("session", 1)}, {"state": State.QUEUED}):
        assert not fits(match, POLL._replace(**other))


@pytest.mark.parametrize("acted", [False, True])
def test_a_fault_belongs_to_one_side_of_acting(acted: bool) -> None:
    """It is decided before the server acts, or after, and not at the other time."""
    standing = [ActiveFault(fault(acted=acted), START)]

    decisions = [decide(standing, POLL, phase=each, tallies={}, draws=DRAWS) for each in Phase]

    assert [bool(striking) for striking, _ in decisions] == [not acted, acted]
    assert not decisions[not acted][1]


# When and how often

POLLS = [POLL] * 6


def test_so_many_calls_go_by_first() -> None:
    """Skipped calls are counted, and the next ones are struck."""
    assert strikes(fault(skip=2), *POLLS) == [False] * 2 + [True] * 4


def test_it_strikes_so_often_at_most() -> None:
    """After `times` strikes it is over."""
    assert strikes(fault(times=2), *POLLS) == [True] * 2 + [False] * 4
    assert strikes(fault(times=2, skip=1), *POLLS) == [False, True, True, False, False, False]


def test_it_strikes_every_third_call() -> None:
    """Counted from the first that is not skipped, and for each session anew."""
    assert strikes(fault(every=3), *POLLS) == [False, False, True, False, False, True]
    assert strikes(fault(every=2, skip=1), *POLLS) == [False, False, True, False, True, False]
    assert strikes(fault(every=2, times=1), *POLLS) == [False, True, *[False] * 4]
    assert strikes(fault(every=1), *POLLS) == [True] * 6


def test_it_strikes_the_nth_calls() -> None:
    """Counted from 1, among the calls that match otherwise."""
    others = [POLL._replace(method="POST"), POLL, POLL, POLL._replace(method="POST"), POLL, POLL]

    assert strikes(fault(match={"nth": [1, 4]}), *POLLS) == [True, *[False] * 2, True, *[False] * 2]
    assert strikes(fault(match={"nth": 3, "method": "GET"}), *others) == [
        *[False] * 4,
        True,
        False,
    ]


def test_it_strikes_within_its_span() -> None:
    """From the first instant of `from` until just before `until`; calls outside do not count."""
    calls = [POLL._replace(at=START + after) for after in (0, 1.99, 2, 3, 4.99, 5, 9)]
    late: dict[str, Any] = {"from": "2s"}

    assert strikes(fault(until="5s", **late), *calls) == [
        *[False] * 2,
        *[True] * 3,
        *[False] * 2,
    ]
    assert strikes(fault(skip=1, **late), *calls) == [*[False] * 3, *[True] * 4]


def test_the_span_is_counted_from_being_put_in_place() -> None:
    """A fault put in place later starts later."""
    late = ActiveFault(fault(until="5s"), START + 100)

    striking, _ = decide(
        [late], POLL._replace(at=START + 104), phase=Phase.BEFORE, tallies={}, draws=DRAWS
    )

    assert striking


@pytest.mark.parametrize("span", [{"until": "1s"}, {"from": "3s"}])
def test_a_fault_out_of_its_span_hides_no_other(span: dict[str, Any]) -> None:
    """Those that were put in place after it are looked at as well."""
    others = [fault("first", **span), fault("second")]
    standing = [ActiveFault(each, START) for each in others]

    call = POLL._replace(at=START + 2)
    striking, _ = decide(standing, call, phase=Phase.BEFORE, tallies={}, draws=DRAWS)

    assert striking == (others[1],)


def test_a_draw_of_just_the_probability_does_not_strike() -> None:
    """Of the draws that are below it, there are as many as the probability says."""
    number = DRAWS.number(f"fault a fault {WORLD_SCOPE}", 1)

    assert strikes(fault(probability=number), POLL) == [False]
    assert strikes(fault(probability=math.nextafter(number, 1)), POLL) == [True]


@LAW
@given(
    probability=st.floats(0.01, 0.99),
    seed=st.text(max_size=4),
    ordinals=st.sets(st.integers(0, 99)),
)
def test_chance_is_a_draw_of_its_own_for_each_call(
    probability: float, seed: str, ordinals: set[int]
) -> None:
    """It follows the seed, the fault's name, whose call it is, and its number; nothing else."""
    draws = Draws(seed, "world")
    one = fault("unlucky", per_session=True, probability=probability)
    order = sorted(ordinals) * 2
    calls = [POLL._replace(place=("session", ordinal)) for ordinal in order]

    struck = strikes(one, *calls, draws=draws)

    half = len(ordinals)
    for position, (ordinal, hit) in enumerate(zip(order, struck, strict=True)):
        number = draws.number(f"fault unlucky {ordinal}", 1 + position // max(half, 1))
        assert hit == (number < probability)


def test_chance_has_the_given_probability() -> None:
    """Of 2000 calls about a quarter is struck, and other seeds strike others."""
    one = fault(probability=0.25)

    runs = [strikes(one, *[POLL] * 2000, draws=Draws(seed, "w")) for seed in "ab"]

    assert all(430 < sum(run) < 570 for run in runs)
    assert runs[0] != runs[1]
    assert strikes(fault(probability=1), *POLLS) == [True] * 6


# Tallies


def test_a_fault_of_a_plan_counts_each_session_apart() -> None:
    """The first poll of every session fails, in any order of polls."""
    calls = [POLL._replace(place=("session", ordinal)) for ordinal in (0, 1, 0, 1, 2)]

    assert strikes(fault(times=1, per_session=True), *calls) == [True, True, False, False, True]
    assert strikes(fault(times=1), *calls) == [True] + [False] * 4


def test_calls_without_a_session_in_the_path_count_for_the_world() -> None:
    """Creates are counted together, although each is about a session of its own."""
    calls = [CREATE._replace(place=("session", ordinal)) for ordinal in range(3)]

    assert strikes(fault(times=1, per_session=True), *calls) == [True, False, False]


def test_tallies_count_matches_and_strikes() -> None:
    """They stand under the fault's name and the session's ordinal, or the world's number."""
    standing = [ActiveFault(fault("one", times=1, per_session=True), START)]
    standing.append(ActiveFault(fault("two", skip=1), START))
    tallies: dict[Key, Tally] = {}

    for _ in range(2):
        _, changed = decide(standing, POLL, phase=Phase.BEFORE, tallies=tallies, draws=DRAWS)
        tallies |= changed

    assert tallies == {("one", 3): Tally(2, 1), ("two", WORLD_SCOPE): Tally(2, 1)}


# Laws of deciding

some_faults = st.builds(
    lambda number, per_session, given: fault(f"f{number}", per_session=per_session, **given),
    st.integers(0, 10_000),
    st.booleans(),
    st.fixed_dictionaries(
        {},
        optional={
            "match": st.sampled_from(
                [{"nth": [1, 3]}, {"session": 0}, {"method": "GET"}, {"state": "ready"}]
            ),
            "times": st.integers(1, 3),
            "skip": st.integers(0, 3),
            "probability": st.sampled_from([0.25, 0.5, 1.0]),
            "from": st.just("2s"),
            "until": st.just("6s"),
            "acted": st.booleans(),
        },
    ),
)
several_faults = st.lists(some_faults, max_size=4, unique_by=lambda one: one.name)
calls = st.lists(
    st.builds(
        lambda after, session, state, create: (CREATE if create else POLL)._replace(
            at=START + after, place=("session", session), state=None if create else state
        ),
        st.floats(0, 8),
        st.integers(0, 2),
        st.sampled_from([State.READY, State.RUNNING]),
        st.booleans(),
    ),
    max_size=12,
)


def lived_through(
    faults: list[Fault], facts_of_calls: list[CallFacts]
) -> list[tuple[list[str], list[str]]]:
    """Return the names of those that strike each call, before and after acting."""
    standing = [ActiveFault(one, START) for one in faults]
    tallies: dict[Key, Tally] = {}
    struck = []
    for facts in facts_of_calls:
        names: list[list[str]] = []
        for phase, status in ((Phase.BEFORE, None), (Phase.AFTER, 200)):
            seen = facts._replace(status=status)
            striking, changed = decide(standing, seen, phase=phase, tallies=tallies, draws=DRAWS)
            tallies |= changed
            names.append([one.name for one in striking])
        struck.append((names[0], names[1]))
    return struck


@LAW
@given(several_faults, some_faults, st.integers(0, 4), calls)
def test_another_fault_shifts_no_draws(
    faults: list[Fault], added: Fault, place: int, facts_of_calls: list[CallFacts]
) -> None:
    """With one fault more, wherever it stands, the others strike exactly the same calls."""
    faults = [one for one in faults if one.name != added.name]
    with_it = [*faults[:place], added, *faults[place:]]

    alone, together = lived_through(faults, facts_of_calls), lived_through(with_it, facts_of_calls)

    assert [
        tuple([name for name in names if name != added.name] for names in each) for each in together
    ] == alone


@LAW
@given(several_faults, calls, st.dictionaries(st.integers(0, 2), st.integers(0, 5)))
def test_deciding_alters_nothing(
    faults: list[Fault], facts_of_calls: list[CallFacts], seen: dict[int, int]
) -> None:
    """The same question has the same answer, and the tallies it was given stay as they were."""
    standing = [ActiveFault(one, START) for one in faults]
    given_tallies = {
        (one.name, ordinal): Tally(seen[ordinal]) for one in faults for ordinal in seen
    }
    tallies = MappingProxyType(dict(given_tallies))

    for facts in facts_of_calls:
        for phase in Phase:
            answers = [
                decide(standing, facts, phase=phase, tallies=tallies, draws=DRAWS) for _ in range(2)
            ]
            assert answers[0] == answers[1]
            assert tallies == given_tallies
            for one in answers[0][0]:
                assert any(key[0] == one.name for key in answers[0][1])


@LAW
@given(several_faults, calls)
def test_those_that_strike_keep_their_order(
    faults: list[Fault], facts_of_calls: list[CallFacts]
) -> None:
    """Effects are applied in the order in which the faults were put in place."""
    order = [one.name for one in faults]

    for before, after in lived_through(faults, facts_of_calls):
        assert before == [name for name in order if name in before]
        assert after == [name for name in order if name in after]


# From data


@pytest.mark.parametrize(
    ("moment", "acted", "operations", "states"),
    [
        ("create", False, {"createSession"}, set()),
        ("created", True, {"createSession"}, set()),
        ("consume", False, {"consumeSession"}, set()),
        ("consumed", True, {"consumeSession"}, set()),
        ("ready", False, set(), {State.READY}),
        ("running", False, set(), {State.RUNNING}),
    ],
)
def test_a_moment_stands_for_conditions(
    moment: str, acted: bool, operations: set[str], states: set[State]
) -> None:
    """Create and consume are operations, before or after acting; READY and RUNNING are states."""
    aimed = fault(match={"moment": moment})

    assert aimed.phase is phase_of(acted=acted)
    assert aimed.match.operations == frozenset(operations)
    assert aimed.match.states == frozenset(states)
    assert fault(match={"moment": "ready"}, acted=True).phase is Phase.AFTER


def test_a_moment_after_success_looks_at_the_answer_unless_told_what_to_look_at() -> None:
    """What was created or consumed was answered 200; a status that is given goes first."""
    assert fault(match={"moment": "created"}).match.statuses == {200}
    assert fault(match={"moment": "created", "status": 429}).match.statuses == {429}
    assert fault(match={"moment": "ready"}).match.statuses == set()


def test_every_moment_can_be_aimed_at() -> None:
    """Each of them makes a fault, on one side of acting at least."""
    for moment in RUNWAY_API.moments:
        assert fault(match={"moment": moment}).match != fault().match


@pytest.mark.parametrize(
    ("effect", "acted"),
    [
        ({"status": 500}, False),
        ({"reset": True}, False),
        ({"empty": True}, False),
        ({"hang": True}, False),
        ({"event": "failed"}, False),
        ({"status": 500, "delay": "1s"}, False),
        ({"delay": "1s"}, True),
        ({"lost": True}, True),
        ({"event": "failed", "delay": "1s", "hang": True}, False),
        ({"truncate": 3}, True),
        ({"set": {"a": 1}, "page": "x"}, True),
    ],
)
def test_whether_the_server_acts_follows_from_the_effects(
    effect: dict[str, Any], acted: bool
) -> None:
    """It does not where an effect answers in its place or comes before the call."""
    assert fault(effect=effect).phase is phase_of(acted=acted)


def test_which_faults_answer_in_the_server_s_place() -> None:
    """A status does, unless the server acts all the same; an event alone does not."""
    assert fault().replaces
    assert not fault(acted=True).replaces
    assert not fault(effect={"event": "failed"}).replaces


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"match": {"status": 200}}, "match.status"),
    ({"match": {"status": 200}, "effect": {"delay": "1s"}, "acted": False}, "match.status"),
    ({"effect": {"event": "failed"}, "acted": True}, "effect.event"),
    ({"effect": {"delay": "1s"}, "acted": False}, "acted: false needs"),
    ({"effect": {"lost": True}, "acted": False}, "acted: false needs"),
    ({"effect": {"lost": True, "reset": True}}, "effect.lost"),
    ({"effect": {"lost": True}, "match": {"moment": "create"}}, "acted: false needs"),
    ({"effect": {"status": 503, "reset": True}}, "effect: with reset no answer comes.*got status"),
    ({"effect": {"reset": True, "empty": True, "hang": True}}, "effect: .*got empty, hang"),
    ({"effect": {"lost": True, "set": {"a": 1}}}, "effect: with lost .*got set"),
    ({"effect": {"event": "failed"}, "match": {"moment": "created"}}, "effect.event"),
    ({"match": {"moment": "create"}, "acted": True}, "moment create means acted: false"),
    ({"match": {"moment": "created"}, "acted": False}, "moment created means acted: true"),
    ({"match": {"moment": "consume"}, "acted": True}, "moment consume means acted: false"),
    ({"match": {"moment": "consumed"}, "acted": False}, "moment consumed means acted: true"),
    ({"match": {"moment": "create"}, "effect": {"delay": "1s"}}, "acted: false needs"),
    ({"match": {"moment": "ready", "state": "running"}}, "moment ready means state: ready"),
    (
        {"match": {"moment": "running", "state": ["ready", "running"]}},
        "moment running means state: running",
    ),
    ({"match": {"moment": "create", "operation": "getSession"}}, "operation: createSession"),
    ({"match": {"moment": "consumed", "operation": "getSession"}}, "operation: consumeSession"),
    ({"from": "5s", "until": "5s"}, "until must lie after from"),
    ({"until": "0s"}, "until must lie after from"),
    ({"from": "99999h"}, "from: .*ten years"),
    ({"until": "99999h"}, "until: .*ten years"),
    ({"effect": {"delay": "uniform(3s, 1s)"}}, "delay: .*smaller span first"),
]


@pytest.mark.parametrize(("given_fault", "why"), CONTRADICTIONS, ids=lambda one: str(one)[:60])
def test_a_contradiction_is_refused(given_fault: dict[str, Any], why: str) -> None:
    """A fault that can never strike, or contradicts itself, is an error with the reason."""
    assert jsonschema.Draft202012Validator(fault_schema()).is_valid(
        {"effect": {"status": 503}, **given_fault}
    )

    with pytest.raises(ValueError, match=why):
        fault(**given_fault)


def test_what_a_fault_leaves_unsaid_is_no_condition() -> None:
    """It strikes all calls, always."""
    plain = fault()

    assert (plain.times, plain.skip, plain.starts_s, plain.ends_s) == (None, 0, 0, None)
    assert (plain.probability, plain.per_session) == (1, False)
    assert plain.match == FaultMatch()


def test_saying_a_moment_in_full_is_no_contradiction() -> None:
    """A condition that the moment implies may be written down as well."""
    assert fault(match={"moment": "ready", "state": "ready"}) != fault()
    assert fault(match={"moment": "create", "operation": "createSession"}, acted=False) != fault()


def test_a_fault_keeps_the_data_it_was_made_from() -> None:
    """The data cannot be changed through the fault."""
    given_fault = {"effect": {"status": 500}, "times": 2, "name": "a name"}

    parsed = parse_fault(given_fault, name="scenario/a name", per_session=True)

    assert dict(parsed.given) == given_fault
    assert (parsed.name, parsed.times, parsed.per_session) == ("scenario/a name", 2, True)
    assert len({parsed, parse_fault(given_fault, name="scenario/a name", per_session=True)}) == 1


# The schema


def test_the_schemas_are_schemas() -> None:
    """Both are valid; every condition, operation and moment is in them."""
    for schema in (fault_schema(), match_schema()):
        jsonschema.Draft202012Validator.check_schema(schema)
    text = str(match_schema())
    assert all(operation in text for operation in RUNWAY_API.operation)
    assert set(match_schema()["properties"]["moment"]["enum"]) == set(RUNWAY_API.moments)


@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ({"effect": {}}, False),
        ({"effect": {"no such": True}}, False),
        ({"no such": 1}, False),
        ({"times": 0}, False),
        ({"times": 1}, True),
        ({"skip": -1}, False),
        ({"skip": 0}, True),
        ({"probability": -0.5}, False),
        ({"probability": 0}, False),
        ({"probability": 0.001}, True),
        ({"probability": 1}, True),
        ({"probability": 1.5}, False),
        ({"match": {"no such": 1}}, False),
        ({"match": {"operation": []}}, False),
        ({"match": {"operation": ["getSession"]}}, True),
        ({"match": {"session": -1}}, False),
        ({"match": {"session": 0}}, True),
        ({"match": {"status": 99}}, False),
        ({"match": {"status": 100}}, True),
        ({"match": {"status": 599}}, True),
        ({"match": {"status": 600}}, False),
        ({"match": {"nth": 0}}, False),
        ({"match": {"nth": 1}}, True),
    ],
)
def test_the_limits_of_a_fault_are_allowed_and_nothing_beyond(
    part: dict[str, Any], allowed: bool
) -> None:
    """Faults can be counted, and a key that is not known is a mistake."""
    whole = {"effect": {"delay": "1s"}, **part}

    assert jsonschema.Draft202012Validator(fault_schema()).is_valid(whole) == allowed


@LAW
@given(allowed_by(fault_schema()), st.booleans(), calls)
def test_what_the_schema_allows_is_parsed_or_refused(
    given_fault: dict[str, Any], per_session: bool, facts_of_calls: list[CallFacts]
) -> None:
    """Nothing but a ValueError is raised, and a parsed fault can be decided on."""
    assert jsonschema.Draft202012Validator(fault_schema()).is_valid(given_fault)
    try:
        parsed = parse_fault(given_fault, name="a fault", per_session=per_session)
    except ValueError:
        return

    for before, after in lived_through([parsed], facts_of_calls):
        assert before == [] or parsed.phase is Phase.BEFORE
        assert after == [] or parsed.phase is Phase.AFTER
    assert parsed.times is None or isinstance(parsed.times, int)
    assert parsed.starts_s == parse_span(given_fault.get("from", "0s"))


# An effect more


@dataclass(frozen=True, slots=True)
class Teapot(Effect):
    """Answers that it is a teapot: made up here, and known nowhere else."""

    name = "teapot"
    when = When.INSTEAD
    schema: ClassVar[Json] = {"description": "Be a teapot.", "const": True}

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(status=418)


class Overheard(Teapot):
    """The same of what was done."""

    name = "overheard"
    when = When.ONLY_ACTED


class Foretold(Teapot):
    """The same before the call is handled."""

    name = "foretold"
    when = When.BEFORE


MORE: EffectTypes = (*EFFECTS, Teapot, Overheard, Foretold)


def made_up(effect: str, *, acted: bool | None = None) -> Fault:
    """Return a fault with an effect that only `MORE` has."""
    given_fault = {"effect": {effect: True}} | ({} if acted is None else {"acted": acted})
    assert jsonschema.Draft202012Validator(fault_schema(MORE)).is_valid(given_fault)
    return parse_fault(given_fault, name="made up", per_session=False, effect_types=MORE)


def test_an_effect_more_is_a_class_in_the_list() -> None:
    """The schema, acting by default and what is refused follow from what the class says."""
    acting = fault_schema(MORE)["properties"]["acted"]["description"]

    assert not jsonschema.Draft202012Validator(fault_schema()).is_valid(
        {"effect": {"teapot": True}}
    )
    assert "(status, reset, empty, hang, teapot)" in acting
    assert "(event, foretold)" in acting
    assert made_up("teapot").replaces
    assert made_up("overheard").phase is Phase.AFTER
    assert made_up("foretold").phase is Phase.BEFORE
    assert not made_up("foretold").replaces
    with pytest.raises(ValueError, match="acted: false needs"):
        made_up("overheard", acted=False)
    with pytest.raises(ValueError, match=r"effect\.foretold happens before"):
        made_up("foretold", acted=True)
