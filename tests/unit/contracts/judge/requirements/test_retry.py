"""Checks of attempts, on observations that are easier to write down than to produce."""

import pytest

from contracts.judge.case import Case, Context
from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Situation
from tests.support.judge.made_reports import call

SITUATION = Situation("fails", "", Expect.FAILURE)
CONTEXT = Context(8.0, None, "a-secret", "marker", "wss://media.invalid")


SPACED = next(each for each in REQUIREMENTS if each.id == "retry.spaced")


def is_kept(*calls: UpstreamCall) -> bool:
    """Return whether the attempts have pauses between them."""
    seen = Observation(SITUATION, "an-avatar", (TargetAnswer(0.0, 1.0, 502),), calls, (), until=4.0)
    return not [*SPACED.check(Case(seen, CONTEXT))]


@pytest.mark.parametrize(("sessions", "kept"), [(("one", "other"), True), (("one",), False)])
def test_attempts_at_different_sessions_need_no_pause_between_them(
    sessions: tuple[str, ...], kept: bool
) -> None:
    """A target may create two sessions and poll both; it polls none of them too fast."""
    polls = (
        call(number, number * 0.06, session=sessions[number % len(sessions)], status=503)
        for number in range(12)
    )

    assert is_kept(*polls) is kept


@pytest.mark.parametrize(
    ("at_s", "kept"), [((0, 1, 1.01, 2, 2.01, 3), True), ((0, 1, 1.01, 1.02), False)]
)
def test_creates_may_meet_and_not_follow_each_other(at_s: tuple[float, ...], kept: bool) -> None:
    """Two rows of attempts meet in pairs; a row without pauses has three in no time."""
    creates = (call(number, at, "POST", session="", status=429) for number, at in enumerate(at_s))

    assert is_kept(*creates) is kept


@pytest.mark.parametrize(
    ("method", "burst", "kept"), [("GET", 4, True), ("GET", 40, False), ("POST", 8, False)]
)
def test_a_burst_on_reset_connections_is_the_librarys_for_a_get_alone(
    method: str, burst: int, kept: bool
) -> None:
    """Libraries repeat a GET some times at once; more, or a POST, is the target's doing."""
    session = "one" if method == "GET" else ""
    calls = (
        call(number, number * 0.002, method, session=session, status=None, arrives=False)
        for number in range(burst)
    )

    assert is_kept(*calls) is kept
