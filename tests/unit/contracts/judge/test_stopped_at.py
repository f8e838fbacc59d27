"""The hop at which a connect stopped, in words."""

from dataclasses import replace

import pytest

from contracts.judge.case import Case, Context
from contracts.judge.observation import Observation, UpstreamCall
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Shape, Situation, Trait
from tests.support.judge.made_reports import answer, call, session

WAITS = next(each for each in REQUIREMENTS if each.id == "poll.waits")
CREATE = call(1, 0.0, "POST")
NOT_READY = call(2, 0.1)
READY = call(3, 0.2, shown="READY")
SLOW = replace(READY, wait_s=2.5)
REJECTED = call(1, 0.0, "POST", status=422)
CONSUME = call(4, 0.3, operation="consumeSession", status=401, shown=None)
NOT_WAITED_FOR = "and it did not wait for them"
ELSEWHERE = "its later calls went to another host than RUNWAYML_BASE_URL, or it sent none"


def seen(*calls: UpstreamCall) -> Observation:
    """Return a connect that had to succeed, and got 502."""
    situation = Situation("ready", "", Expect.SUCCESS, {Trait.SUCCESS})
    made = (session((0.0, "created", "queued")),)
    return Observation(situation, "an-avatar", (answer(502),), calls, made, until=4.0)


@pytest.mark.parametrize(
    ("calls", "consumes", "hop"),
    [
        ((), True, "no create reached Runway"),
        ((REJECTED,), True, "the create got 422"),
        ((CREATE,), True, f"a session was created and neither polled nor consumed: {ELSEWHERE}"),
        ((CREATE, NOT_READY), True, "the last of 1 polls got 200 NOT_READY"),
        ((CREATE, READY), True, f"the session was READY and no consume followed: {ELSEWHERE}"),
        ((CREATE, SLOW, SLOW), True, f"polls that showed READY took 2.5s, {NOT_WAITED_FOR}"),
        ((CREATE, SLOW, READY), True, seen(CREATE, READY).stopped_at(consumes=True)),
        ((CREATE, READY), False, "the last of 1 polls got 200 READY"),
        ((CREATE, READY, CONSUME), True, "the consume got 401"),
    ],
)
def test_the_last_hop_is_named_with_what_came(
    calls: tuple[UpstreamCall, ...], hop: str, *, consumes: bool
) -> None:
    """Create, poll or consume, or that the calls went to another host."""
    assert seen(*calls).stopped_at(consumes=consumes) == hop


@pytest.mark.parametrize(
    ("calls", "got"),
    [
        ((), "502 after 1.0s: no create reached Runway"),
        ((CREATE, NOT_READY), "502 after 1.0s: the last of 1 polls got 200 NOT_READY"),
        ((CREATE,), f"502 after 1.0s: {seen(CREATE).stopped_at(consumes=True)}"),
    ],
)
def test_a_failed_connect_is_reported_with_its_hop(
    calls: tuple[UpstreamCall, ...], got: str
) -> None:
    """`poll.waits` has the hop beside the answer of the caller."""
    context = Context(8.0, Shape.CREDENTIALS, "a-secret", "marker", "wss://media.invalid")

    assert [each.got for each in WAITS.check(Case(seen(*calls), context))] == [got]
