"""Whether polls of a session were under way at once, seen from the upstream's side alone."""

import pytest

from contracts.judge.case import Case, Context
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.requirements.slow import slow_one_poll
from contracts.judge.situation import Expect, Situation
from tests.support.judge.made_reports import BEGAN_AT, SESSION, call

SITUATION = Situation("slow-every-poll", "", Expect.SUCCESS)
CONTEXT = Context(9.0, None, "a-secret", "marker", "wss://media.invalid")
HANDED_OUT = f'{{"sessionId": "{SESSION}", "sessionKey": "k"}}'.encode()


@pytest.mark.parametrize(
    ("at_s", "kept"),
    [
        ((0.0, 3.0, 6.0), True),  # each waits for the answer before
        ((0.0, 1.0, 2.0, 6.2), True),  # three are given up, and the last is waited for
        ((6.2, 7.0, 8.0), False),  # the first is waited for, and others are sent meanwhile
    ],
)
def test_only_polls_beside_one_that_is_waited_for_are_too_many(
    at_s: tuple[float, ...], kept: bool
) -> None:
    """Each poll takes 3 s, and the answer comes 9.3 s after the request."""
    polls = tuple(call(number, at, wait_s=3.0, shown="READY") for number, at in enumerate(at_s))
    answer = TargetAnswer(BEGAN_AT, BEGAN_AT + 9.3, 200, body=HANDED_OUT)
    seen = Observation(SITUATION, "an-avatar", (answer,), polls, (), until=BEGAN_AT + 10)

    assert (not [*slow_one_poll.check(Case(seen, CONTEXT))]) is kept
