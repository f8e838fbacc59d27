"""Judges of single requirements, on observations that are easier made than played."""

import pytest

from contracts.case import Context, Expect, Situation
from contracts.evidence import Answer, Observation
from contracts.requirements import REQUIREMENTS
from tests.unit.contracts.made_reports import call

SITUATION = Situation("looks-fail", "", Expect.FAILURE)
CONTEXT = Context(8.0, None, "a-secret", "marker", "wss://media.invalid")


@pytest.mark.parametrize(("sessions", "fails"), [(("one", "other"), False), (("one",), True)])
def test_attempts_at_different_sessions_need_no_pause_between_them(
    sessions: tuple[str, ...], fails: bool
) -> None:
    """A target may make two sessions and look at both; each by itself is not looked at too fast."""
    (spaced,) = (each for each in REQUIREMENTS if each.id == "retry.spaced")
    looks = tuple(
        call(number, number * 0.06, session=sessions[number % len(sessions)], status=503)
        for number in range(12)
    )
    seen = Observation("looks-fail", "an-avatar", (Answer(0.0, 1.0, 502),), looks, (), until=2.0)

    assert bool([*spaced.check(seen, SITUATION, CONTEXT)]) is fails
