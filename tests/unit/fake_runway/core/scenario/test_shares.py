"""Of several things that may happen by themselves at most one does, by its share and the seed."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.draws import Draws
from fake_runway.core.outcomes import picked, probabilities
from fake_runway.core.problems import WrongScenario
from fake_runway.core.scenario.forms import describe_session, parse_session, parse_task
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.sessions.session import Plan, happening_of, new_session, next_due
from fake_runway.core.tasks.task import TaskPlan

MANY = 2_000
DIES: dict[str, Any] = {
    "in": "queued",
    "event": "failed",
    "failure": {"code": "LOST", "text": "Lost."},
}
ENDS = {"in": "queued", "event": "cancelled", "after": "5s"}
NOTHING = {"in": "queued", "event": "nothing"}


def plan_of(*then: dict[str, Any]) -> Plan:
    """Return the plan of a session form with this `then`."""
    form = parse_session({"then": list(then)}, scenario="x")
    return Scenario("x", session=form).plan_over(Plan())


def outcomes(plan: Plan, seed: str = "0") -> list[str | None]:
    """Return what comes to many new sessions of a world, by the event."""
    draws = Draws(seed, "a-world")
    sessions = [
        new_session(str(at), ordinal=at, at=0.0, plan=plan, max_duration_s=300, draws=draws)
        for at in range(MANY)
    ]
    found = [happening_of(each, draws) for each in sessions]
    for session, happening in zip(sessions, found, strict=True):
        due = next_due(session, draws)
        assert (due is None) == (happening is None)
        assert happening is None or due is None or due[1] is happening.event
    return [None if each is None else each.event.value for each in found]


@pytest.mark.parametrize(
    ("then", "shares"),
    [
        ([DIES | {"probability": 0.3}], {"failed": 0.3, None: 0.7}),
        (
            [DIES | {"probability": 0.2}, ENDS | {"probability": 0.5}],
            {"failed": 0.2, "cancelled": 0.5, None: 0.3},
        ),
        (
            [DIES | {"weight": 1}, ENDS | {"weight": 2}, NOTHING | {"weight": 1}],
            {"failed": 0.25, "cancelled": 0.5, None: 0.25},
        ),
        ([DIES | {"weight": 7}], {"failed": 1.0}),
        ([DIES], {"failed": 1.0}),
        ([NOTHING], {None: 1.0}),
    ],
    ids=["a probability", "probabilities", "weights", "one weight", "certain", "nothing"],
)
def test_each_outcome_comes_with_its_share(
    then: list[dict[str, Any]], shares: dict[str | None, float]
) -> None:
    """In about its part of the sessions; the rest goes on as usual."""
    counted = Counter(outcomes(plan_of(*then)))
    assert counted.keys() == shares.keys()
    for event, share in shares.items():
        assert counted[event] / MANY == pytest.approx(share, abs=0.05)


def test_the_seed_decides_and_nothing_else() -> None:
    """Equal seeds give equal outcomes, another seed others; more outcomes move no other draw."""
    plan = plan_of(DIES | {"probability": 0.3})
    assert outcomes(plan) == outcomes(plan)
    assert outcomes(plan) != outcomes(plan, "1")
    wider = outcomes(plan_of(DIES | {"probability": 0.3}, ENDS | {"probability": 0.3}))
    failed = [at for at, event in enumerate(outcomes(plan)) if event == "failed"]
    assert failed == [at for at, event in enumerate(wider) if event == "failed"]


def test_a_failure_is_that_of_the_outcome() -> None:
    """Of two failures of one state each has its own reason."""
    other = DIES | {"failure": {"code": "OTHER", "text": "Another."}}
    plan = plan_of(DIES | {"weight": 1}, other | {"weight": 1})
    reasons = {each.failure.code for each in plan.happenings if each.failure}
    assert reasons == {"LOST", "OTHER"}
    assert describe_session(plan)["then"][1]["probability"] == 0.5


@pytest.mark.parametrize(
    ("then", "place", "words"),
    [
        ([DIES, ENDS], 1, "for each of several outcomes"),
        ([DIES | {"probability": 0.7}, ENDS | {"probability": 0.4}], 1, "got 1.1"),
        ([DIES | {"weight": 1}, ENDS | {"probability": 0.4}], 1, "for each outcome"),
        ([DIES | {"weight": 1, "probability": 0.5}], 0, "for each outcome"),
        ([ENDS, DIES | {"in": "running"}, NOTHING], 2, "for each of several outcomes"),
    ],
)
def test_wrong_shares_have_a_place(then: list[dict[str, Any]], place: int, words: str) -> None:
    """The last outcome of the state: both kinds of forms say it."""
    for parse in (parse_session, parse_task):
        both = then
        if parse is parse_task:
            both = [each | {"in": "throttled"} if each["in"] == "queued" else each for each in then]
        with pytest.raises(WrongScenario) as caught:
            parse({"then": both}, scenario="x")
        (problem,) = caught.value.problems
        assert problem.path == ("then", place)
        assert words in problem.sentence


def test_tasks_have_shares_too() -> None:
    """By the same keys."""
    then = [
        {"in": "running", "event": "failed", "weight": 1},
        {"in": "running", "event": "nothing", "weight": 3},
    ]
    form = parse_task({"then": then}, scenario="x")
    (happening,) = Scenario("x", task=form).task_plan_over(TaskPlan()).happenings
    assert happening.probability == 0.25


class Outcome:
    """An outcome with a probability."""

    def __init__(self, probability: float) -> None:
        self.probability = probability


@given(
    st.lists(st.floats(0.001, 1_000), min_size=1, max_size=8),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
)
def test_of_weights_one_comes_always(weights: list[float], number: float) -> None:
    """However they are rounded."""
    shares = probabilities([(None, weight) for weight in weights])
    assert picked([Outcome(each) for each in shares], lambda: number) is not None
