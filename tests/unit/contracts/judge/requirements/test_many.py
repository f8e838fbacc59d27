"""Checks of several callers at once, on connects written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.observation import Observation, Queued, TargetAnswer
from contracts.judge.situation import Trait
from tests.support.judge.connects import (
    CONTEXT,
    FAULT,
    KEPT,
    LIVE,
    NOT_JUDGED,
    NOT_OBSERVED,
    OTHER,
    Row,
    cancel,
    check,
    create,
    got,
    lived,
    seen,
    success,
)
from tests.support.judge.made_reports import SESSION

EACH, IN_A_ROW = "many.one-session-each", "many.not-in-a-row"
BOTH = (LIVE, lived(id_=OTHER))
ONE, ANOTHER = success(sessionKey="one"), success(id_=OTHER, sessionKey="another")
CANCELS = frozenset({Trait.SLOW_CANCELS})
ALONE = replace(CONTEXT, alone_s=1.0)
REJECTED = create(status=400)


def calls(*answers: TargetAnswer) -> Observation:
    """Return what several callers got, with two sessions."""
    return seen(create(), create(session=OTHER), answers=answers, sessions=BOTH)


def at(*came_s: float, slow: int = 0, **more: object) -> Observation:
    """Return successes at these seconds, of which the first are of slow sessions."""
    answers = tuple(success(each) for each in came_s)
    more = {"slow": ({},) * slow, "answers": answers, **more}
    return seen(create(), *more.pop("upstream", ()), **more)  # type: ignore[arg-type, misc]


SIDE_BY_SIDE, LONG = "many.side-by-side", Queued(2.0, 5, 9)


def begun(*at_s: float, **more: object) -> Observation:
    """Return successes of callers whose creates came at these seconds."""
    answers = tuple(success(each + 0.5) for each in at_s)
    return seen(*map(create, at_s), answers=answers, **more)  # type: ignore[arg-type]


def steps(step_s: float, number: int = 9) -> list[float]:
    """Return the seconds of creates that come in even steps."""
    return [each * step_s for each in range(number)]


BESIDE_CANCELS = at(
    *(1.0, 9.0, 9.0), slow=1, traits=CANCELS, upstream=(cancel(1.0), REJECTED), sessions=()
)

ROWS = {
    "long in flight": Row(
        SIDE_BY_SIDE, replace(seen(create(), answers=(got(502, 1.0),)), beside=1), KEPT
    ),
    "shortly in flight": Row(
        SIDE_BY_SIDE, replace(seen(create(), answers=(got(502, 0.9),)), beside=1), NOT_OBSERVED
    ),
    "a create that Runway rejects": Row(
        SIDE_BY_SIDE, replace(seen(REJECTED, answers=(got(502, 1.0),)), beside=1), NOT_OBSERVED
    ),
    "one that waited": Row(
        SIDE_BY_SIDE, replace(seen(create()), queued=LONG), "5 in flight at once, while one waited"
    ),
    "one that waited for nobody": Row(
        SIDE_BY_SIDE, replace(seen(create()), queued=Queued(2.0, 0, 9)), "or --jobs 1"
    ),
    "creates behind a lock": Row(
        IN_A_ROW, begun(*steps(0.25)), "all callers within 1.5s, or some at once, got one after"
    ),
    "creates behind a short lock": Row(IN_A_ROW, begun(*steps(0.2)), KEPT),
    "a lock on a busy machine": Row(IN_A_ROW, begun(*steps(0.25), lost_s=0.5), KEPT),
    "two workers": Row(IN_A_ROW, begun(0, 0, 0.6, 0.6, 1.2, 1.2, 1.8, 1.8, 2.4), KEPT),
    "five workers": Row(IN_A_ROW, begun(0, 0, 0, 0, 0, 2, 2, 2, 2), KEPT),
    "one create is late": Row(IN_A_ROW, begun(*steps(0.1, 8), 4.0), KEPT),
    "eight in steps": Row(IN_A_ROW, begun(*steps(0.4, 8)), "the last but one after 2.4s"),
    "eight in steps within 1.5 s": Row(IN_A_ROW, begun(*steps(0.25, 8)), KEPT),
    "seven in steps": Row(IN_A_ROW, begun(*steps(0.5, 7)), "the last but one after 2.5s"),
    "six in steps": Row(IN_A_ROW, begun(*steps(0.5, 6)), KEPT),
    "one caller": Row(EACH, calls(ONE), NOT_JUDGED),
    "a session each": Row(EACH, calls(ONE, ANOTHER), KEPT),
    "one session for both": Row(EACH, calls(ONE, ONE), "2 different sessions, got only 1"),
    "one key for both": Row(
        EACH, calls(ONE, success(id_=OTHER, sessionKey="one")), "different values as sessionKey"
    ),
    "one token for both": Row(
        EACH,
        calls(success(token="t"), success(id_=OTHER, token="t")),
        "2 different values as token, got only 1",
    ),
    "ids that are not of sessions": Row(
        EACH,
        calls(success(id_="x", sessionKey="1"), success(id_="x", sessionKey="2")),
        KEPT,
    ),
    "ids that are no texts": Row(
        EACH, calls(success(id_=[1], sessionKey="1"), success(id_=[1], sessionKey="2")), KEPT
    ),
    "failures": Row(
        EACH, calls(got(500), got(502), ANOTHER), "3 successes, got 2 failures, such as 500"
    ),
    "creates that Runway rejected": Row(
        EACH, seen(REJECTED, answers=(got(500), got(500)), sessions=()), NOT_OBSERVED
    ),
    "one caller is in no row": Row(IN_A_ROW, at(9.0), NOT_JUDGED),
    "just quick": Row(IN_A_ROW, at(1.0, 5.0, 5.0), KEPT),
    "one is late": Row(IN_A_ROW, at(1.0, 5.0, 5.1), KEPT),
    "two are late": Row(
        IN_A_ROW, at(1.0, 5.1, 5.2), "within 5.0s, got 2 later, such as 200 after 5.1s"
    ),
    "the machine lost a second": Row(IN_A_ROW, at(1.0, 6.0, 6.0, lost_s=1.0), KEPT),
    "just as one alone": Row(IN_A_ROW, at(1.0, 3.0, 3.0), KEPT, ALONE),
    "later than one alone": Row(
        IN_A_ROW, at(1.0, 3.1, 3.2), "3.0s, as one alone takes 1.0s, got 2 later", ALONE
    ),
    "quick beside slow": Row(IN_A_ROW, at(6.0, 7.0, 4.0, 4.0, slow=2), KEPT),
    "with the first of the slow": Row(
        IN_A_ROW,
        at(7.0, 6.0, 6.0, 6.5, 1.0, slow=2),
        "the slow one, after 6.0s, got 2 of 3 that failed or came later, such as 200 after 6.0s",
    ),
    "one with the slow": Row(IN_A_ROW, at(4.0, 4.0, 4.0, 1.0, slow=2), KEPT),
    "two failed beside a slow one": Row(
        IN_A_ROW,
        at(slow=1, answers=(success(4.0), success(1.0), got(500, 1.0), got(502, 1.0))),
        "2 of 3 that failed or came later, such as 500",
    ),
    "before the slow, and late": Row(
        IN_A_ROW, at(9.0, 9.0, 6.0, 6.0, slow=2), "within 5.0s, got 2 later, such as 200 after 6.0s"
    ),
    "the slow are later than quick ones may be": Row(
        IN_A_ROW, at(9.0, 9.0, 1.0, 1.0, slow=2), KEPT
    ),
    "just slow": Row(IN_A_ROW, at(1.0, 1.0, 0.5, 0.5, slow=2), KEPT),
    "not slow": Row(IN_A_ROW, at(0.9, 1.0, 9.0, 9.0, slow=2), NOT_OBSERVED),
    "no cancel is slow": Row(
        IN_A_ROW, at(1.0, 9.0, 9.0, 9.0, slow=1, traits=CANCELS), NOT_OBSERVED
    ),
    "after those with slow cancels": Row(
        IN_A_ROW,
        at(1.0, 1.0, 2.0, 2.0, slow=2, traits=CANCELS, upstream=(cancel(1.0, faults=FAULT),)),
        KEPT,
    ),
    "a mistake of another kind": Row(
        IN_A_ROW, at(9.0, 9.0, 9.0, upstream=(REJECTED,), sessions=()), NOT_OBSERVED
    ),
    "a mistake of another kind, where one alone succeeds": Row(
        IN_A_ROW, at(9.0, 9.0, 9.0, upstream=(REJECTED,), sessions=()), NOT_OBSERVED, ALONE
    ),
    "a mistake beside slow cancels": Row(IN_A_ROW, BESIDE_CANCELS, NOT_OBSERVED),
    "a mistake beside slow cancels, where one alone succeeds": Row(
        IN_A_ROW, BESIDE_CANCELS, "within 3.0s, as one alone", ALONE
    ),
    "the sessions are not the first caller's": Row(
        EACH, calls(success(id_=OTHER, token="t"), success(id_=SESSION, token="u")), KEPT
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_callers_at_once_get_their_own_and_do_not_wait(name: str) -> None:
    """A session, a key and a token each, as soon as one alone or before the slow ones."""
    check(ROWS[name])
