"""The premises of requirements, each where it just holds and where it just does not."""

from dataclasses import replace

import pytest

from contracts.judge.case import Case, Context, Premise
from contracts.judge.observation import Observation
from contracts.judge.requirements import common
from contracts.judge.situation import Expect
from tests.support.judge.connects import (
    CONTEXT,
    FAILED,
    FAULT,
    LIVE,
    OTHER,
    STRUCK,
    STRUCK_CONSUME,
    STRUCK_POLL,
    cancel,
    consume,
    create,
    got,
    lived,
    poll,
    seen,
    success,
)

NO_ANSWER = got(None, failure="too late")
CLOSED = got(None, failure="it was closed")
OVER = lived((2.0, "cancelled"))
NEVER = replace(CONTEXT, creates=False)

ROWS: dict[str, tuple[Premise, Observation, str]] = {
    "an answer in the slack": (common.answered, seen(answers=(got(502, 9.5),)), ""),
    "an answer behind it": (
        common.answered,
        seen(answers=(got(502, 9.6),)),
        "no caller got an answer by the deadline: 502 after 9.6s",
    ),
    "the second is answered": (common.answered, seen(answers=(NO_ANSWER, FAILED)), ""),
    "a failure": (common.failed, seen(), ""),
    "no failure": (common.failed, seen(answers=(success(),)), "no caller got a failure: 200"),
    "no answer": (common.failed, seen(answers=(NO_ANSWER,)), "no caller got a failure: no answer"),
    "a success": (common.handed_out, seen(answers=(success(),)), ""),
    "no success": (
        common.handed_out,
        seen(),
        "no credentials were handed out: no create reached Runway, the caller got 502",
    ),
    "299": (common.handed_out, seen(answers=(got(299),)), ""),
    "300": (common.handed_out, seen(answers=(got(300),)), "no credentials"),
    "199": (common.handed_out, seen(answers=(got(199),)), "no credentials"),
    "two successes": (common.several_handed_out, seen(answers=(success(), success())), ""),
    "one": (common.several_handed_out, seen(answers=(success(), FAILED)), "no credentials"),
    "a connect": (common.connects, seen(create()), ""),
    "a rejected create": (
        common.connects,
        seen(create(status=400), sessions=()),
        "the create got 400, which request.preset judges",
    ),
    "a rejected create, and another": (common.connects, seen(create(status=400)), ""),
    "a rejected key": (
        common.connects,
        seen(create(), consume(1.0, key_fits=False)),
        "another bearer token than the session's key, which consume.with-the-key judges",
    ),
    "a rejected type": (
        common.connects,
        seen(create(), consume(1.0, status=415), consume(2.0)),
        "a consume got 415 for its content type, which consume.content-type judges",
    ),
    "a rejected create of a custom avatar": (
        common.connects,
        seen(create(status=400), sessions=(), custom=True),
        "which request.custom-avatar judges",
    ),
    "a rejected create without a version": (
        common.connects,
        seen(create(status=400, versioned=False), sessions=()),
        "which header.version judges",
    ),
    "no consume": (
        common.connects,
        seen(create(), poll(1.0, "READY")),
        "the session was READY and no consume reached Runway, which consume.arrives judges",
    ),
    "an injected 415": (
        common.connects,
        seen(create(), consume(1.0, status=415, faults=FAULT)),
        "",
    ),
    "both were sent": (common.sent("createSession", "getSession"), seen(create(), poll(1.0)), ""),
    "one was not": (
        common.sent("createSession", "getSession"),
        seen(create()),
        "it sent no poll: a session was created",
    ),
    "neither was": (common.sent("createSession", "getSession"), seen(), "it sent no create: "),
    "a request": (common.requested, seen(poll(1.0)), ""),
    "no request": (common.requested, seen(), "no create reached Runway"),
    "the second met a fault": (
        common.struck("createSession", "consumeSession"),
        seen(create(), STRUCK_CONSUME),
        "",
    ),
    "another one did": (
        common.struck("createSession", "consumeSession"),
        seen(create(), STRUCK_POLL),
        "no create or consume met the injected fault: the last of 1 polls got 500",
    ),
    "a cancel did": (common.struck("deleteSession"), seen(cancel(1.0, faults=FAULT)), ""),
    "it was shown": (common.showed("READY"), seen(poll(1.0, "READY")), ""),
    "it was cut off": (
        common.showed("READY", "RUNNING"),
        seen(create(), poll(1.0, "READY", arrives=False)),
        "no poll showed READY or RUNNING: the last of 1 polls got 200, cut off READY",
    ),
    "another was shown": (common.showed("READY"), seen(poll(1.0)), "no poll showed READY"),
    "a fault was met": (common.failure_met, seen(STRUCK), ""),
    "an end was met": (common.failure_met, seen(create(), poll(1.0, "COMPLETED")), ""),
    "nothing was met": (
        common.failure_met,
        seen(create(), poll(1.0, "READY")),
        "the target met nothing of what goes wrong: ",
    ),
    "a session took place": (common.took_place, seen(create()), ""),
    "a fault took place": (common.took_place, seen(STRUCK, sessions=()), ""),
    "nothing took place": (common.took_place, seen(create(), sessions=()), "nothing of the"),
    "a session is known": (common.created, seen(create()), ""),
    "its create got no answer": (
        common.created,
        seen(create(status=None, arrives=False)),
        "the target learned of no session: the create got no answer",
    ),
    "half of the time": (common.deadline_came, seen(create(), answers=(got(504, 4.0),)), ""),
    "less": (
        common.deadline_came,
        seen(create(), answers=(got(504, 3.9),)),
        "the caller got 504 after 3.9s, long before the deadline: ",
    ),
    "no create": (common.deadline_came, seen(answers=(got(504, 8.0),)), "no create reached"),
    "no answer at the deadline": (
        common.deadline_came,
        seen(create(), answers=(got(None, 9.0),)),
        "no caller got an answer",
    ),
    "the caller left": (common.caller_left, seen(answers=(NO_ANSWER,)), ""),
    "the caller was answered": (
        common.caller_left,
        seen(),
        "the caller got 502 after 2.0s before it left",
    ),
    "one is left over": (common.left_over, seen(create()), ""),
    "it was handed out": (
        common.left_over,
        seen(create(), answers=(success(),)),
        "the session was handed out",
    ),
    "it is not known": (common.left_over, seen(STRUCK), "the target learned of no session"),
    "it was cancelled": (common.left_over, seen(create(), cancel(1.0), sessions=(OVER,)), ""),
    "it was cancelled as it ended": (
        common.left_over,
        seen(create(), cancel(2.0), sessions=(OVER,)),
        "",
    ),
    "it was cancelled too late": (
        common.left_over,
        seen(create(), cancel(2.1), sessions=(OVER,)),
        "the session was over before the target could cancel it",
    ),
    "another was cancelled": (
        common.left_over,
        seen(create(), cancel(1.0, session=OTHER), sessions=(OVER,)),
        "the session was over",
    ),
    "cancelled before and after": (
        common.left_over,
        seen(create(), cancel(1.0), cancel(3.0), sessions=(OVER,)),
        "",
    ),
    "it ended at a time that is not known": (
        common.left_over,
        seen(create(), sessions=(replace(LIVE, state="failed"),)),
        "",
    ),
    "one of two ended": (
        common.left_over,
        seen(create(), create(session=OTHER), sessions=(OVER, lived(id_=OTHER))),
        "",
    ),
    "right ones are taken": (common.right_ones_are_taken, seen(), ""),
    "a closed connection": (common.right_ones_are_taken, seen(answers=(CLOSED,)), ""),
    "another silence": (
        common.right_ones_are_taken,
        seen(answers=(NO_ANSWER,)),
        "no caller got an answer",
    ),
    "both hold": (common.every(common.requested, common.created), seen(create()), ""),
    "the second does not": (
        common.every(common.requested, common.created),
        seen(STRUCK),
        "the target learned of no session",
    ),
    "a wrong request": (
        common.in_connects(common.requested),
        seen(create(), expect=Expect.REFUSAL),
        "the request was wrong, and nothing was connected",
    ),
    "another request": (common.in_connects(common.requested), seen(create()), ""),
    "another request without": (common.in_connects(common.requested), seen(), "no create"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_premise_says_what_did_not_happen(name: str) -> None:
    """Empty if it happened."""
    premise, observed, expected = ROWS[name]

    said = premise(Case(observed, CONTEXT))

    assert expected in said
    assert bool(said) is bool(expected)


@pytest.mark.parametrize(
    ("context", "why"),
    [
        (NEVER, "the target created no session for a right request either"),
        (replace(CONTEXT, creates=True), ""),
    ],
)
def test_a_rejection_means_something_where_right_requests_are_taken(
    context: Context, why: str
) -> None:
    """Otherwise every request is rejected."""
    assert common.right_ones_are_taken(Case(seen(), context)) == why


@pytest.mark.parametrize(("number", "text"), [(0, "0 polls"), (1, "1 poll"), (2, "2 polls")])
def test_a_number_has_its_noun(number: int, text: str) -> None:
    """With an s for all but one."""
    assert common.counted(number, "poll") == text
