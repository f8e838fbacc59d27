"""Checks of times and of what each status means, on connects written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.observation import Observation, TargetAnswer
from tests.support.judge.connects import (
    CONTEXT,
    FAULT,
    KEPT,
    LIVE,
    NOT_OBSERVED,
    OTHER,
    STRUCK,
    STRUCK_CONSUME,
    STRUCK_POLL,
    Row,
    check,
    consume,
    create,
    got,
    lived,
    poll,
    seen,
    success,
)

DEADLINE, STATUS, LAST = "time.deadline", "time.status", "time.last-moment"
ENDS, READY, UPSTREAM = "terminal.ends-the-wait", "state.only-ready", "upstream.final-ends-the-wait"
NOT_THEIRS, AT_A_TIME = "upstream.not-the-callers-fault", "slow.one-poll-at-a-time"
SIX = replace(CONTEXT, timeout_s=10.0)
"""Failures have to be answered within 6 s, which is less than seven tenths of it."""
SHORT = replace(CONTEXT, timeout_s=5.0)
SHORTEST = replace(CONTEXT, timeout_s=1.0)
FAILED_AT_1 = lived((1.0, "failed"), (3.0, "completed"))
SHOWN = (create(), poll(1.0, "FAILED"))
LATE = got(None, 9.0, failure="too late")
CUT = got(None, 2.0, failure="the connection was closed")


def by(answer: TargetAnswer, lost_s: float = 0.0) -> Observation:
    """Return a create and this answer."""
    return seen(create(), answers=(answer,), lost_s=lost_s)


def queue(said: str, callers: int, late: int) -> Row:
    """Return so many callers, of whom the last is answered late; and so many late creates."""
    answers = (got(502), got(502, 9.6))[-callers:]
    creates = (create(3.0, body={"avatar": {"presetId": str(each)}}) for each in range(late))
    return Row(DEADLINE, seen(*creates, answers=answers), said)


def waits(status: int, after_s: float = 8.0) -> Row:
    """Return an answer at the deadline that is kept."""
    return Row(STATUS, by(got(status, after_s)), KEPT)


def ended(said: str, after_s: float, status: int | None = 502, lost_s: float = 0.0) -> Row:
    """Return an answer after a session that failed at second 1."""
    answers, sessions = (got(status, after_s),), (FAILED_AT_1, LIVE)
    return Row(ENDS, seen(*SHOWN, answers=answers, sessions=sessions, lost_s=lost_s), said, SIX)


def final(said: str, after_s: float, *errors: int, lost_s: float = 0.0) -> Row:
    """Return an answer after polls with these statuses at seconds 1, 2, ..."""
    polls = (poll(float(at), None, status=each, faults=FAULT) for at, each in enumerate(errors, 1))
    return Row(UPSTREAM, seen(*polls, answers=(got(502, after_s),), lost_s=lost_s), said, SIX)


def passed_on(said: str, status: int, faults: tuple[str, ...] = FAULT) -> Row:
    """Return an answer after a poll that met a fault, or none."""
    return Row(NOT_THEIRS, seen(poll(1.0, faults=faults), answers=(got(status),)), said)


def slow(said: str, came_s: float, *at_s: float, wait_s: float = 4.0) -> Row:
    """Return a poll that takes so long, and others at these times that are never answered."""
    others = (poll(each, wait_s=100.0, faults=FAULT) for each in at_s)
    used = poll(0.0, "READY", wait_s=wait_s, faults=FAULT)
    return Row(AT_A_TIME, seen(used, *others, answers=(success(came_s),)), said)


ROWS = {
    "an answer in the slack": Row(DEADLINE, by(got(502, 9.5)), KEPT),
    "an answer behind it": Row(DEADLINE, by(got(502, 9.6)), "within 8s, got 502 after 9.6s"),
    "an answer, where the machine was late": Row(DEADLINE, by(got(502, 10.5), 1.0), NOT_OBSERVED),
    "an answer later than the machine": Row(DEADLINE, by(got(502, 10.6), 1.0), "502 after 10.6s"),
    "no answer": Row(DEADLINE, by(LATE), "no answer after 9.0s"),
    "a closed connection": Row(DEADLINE, by(CUT), NOT_OBSERVED),
    "one closed later": Row(DEADLINE, by(replace(CUT, came_at=9.6)), "no answer after 9.6s"),
    "one of two is closed": Row(DEADLINE, seen(create(), answers=(CUT, got(502))), KEPT),
    "two of two callers wait for others": queue(KEPT, 2, 2),
    "one of two": queue("502 after 9.6s", 2, 1),
    "one caller who waits with others": queue("502 after 9.6s", 1, 2),
    "500": waits(500),
    "599": waits(599),
    "499": waits(499)._replace(said="504 or another 5xx, got 499"),
    "600": waits(600)._replace(said="got 600"),
    "an answer at half of the time": waits(502, 4.0),
    "a sooner one": waits(502, 3.9)._replace(said=NOT_OBSERVED),
    "a status that comes too late": waits(404, 9.6)._replace(said=NOT_OBSERVED),
    "no create": Row(STATUS, seen(answers=(got(404, 8.0),)), NOT_OBSERVED),
    "a success at the deadline": Row(
        "time.nothing-to-hand-out", by(success(9.5)), "200 after 9.5s with the keys ['sessionId'"
    ),
    "a success behind it": Row("time.nothing-to-hand-out", by(success(9.6)), NOT_OBSERVED),
    "a failure at the deadline": Row("time.nothing-to-hand-out", by(got(502, 8.0)), KEPT),
    "READY at the last moment is not handed out": Row(LAST, by(got(502)), "2xx with credentials"),
    "it is handed out": Row(LAST, by(success()), KEPT),
    "just in time": Row(LAST, seen(create(0.4), create(3.0)), "2xx with credentials"),
    "a late create": Row(LAST, seen(create(0.5), create(0.1)), NOT_OBSERVED),
    "no create for it": Row(LAST, seen(), "2xx with credentials"),
    "an end is answered in time": ended(KEPT, 7.0),
    "an end is answered late": ended("within 6s of the end (completed), got one after 6.5s", 7.5),
    "an end, where the machine was late": ended(KEPT, 8.0, lost_s=1.0),
    "an end, later than the machine": ended("one after 7.5s", 8.5, lost_s=1.0),
    "an end without an answer": ended(NOT_OBSERVED, 9.0, None),
    "no end": Row(ENDS, seen(*SHOWN, answers=(got(502, 9.0),)), KEPT, SIX),
    "an end under a short deadline": Row(
        ENDS, seen(*SHOWN, answers=(got(502, 5.0),), sessions=(FAILED_AT_1,)), "within 3.5s", SHORT
    ),
    "an end under the shortest": Row(
        ENDS, seen(*SHOWN, answers=(got(502, 2.1),), sessions=(FAILED_AT_1,)), "within 1s", SHORTEST
    ),
    "a final error is answered in time": final(KEPT, 7.0, 401),
    "a final error is answered late": final("within 6s of the error, got one after 6.5s", 7.5, 401),
    "the first of two counts": final("got one after 6.5s", 7.5, 401, 404),
    "a final error, where the machine was late": final(KEPT, 8.0, 401, lost_s=1.0),
    "a final error, later than the machine": final("after 7.5s", 8.5, 401, lost_s=1.0),
    "an error that passes": final(KEPT, 9.0, 503),
    "no error": Row(UPSTREAM, seen(create(), answers=(got(502, 9.0),)), NOT_OBSERVED, SIX),
    "a final create": Row(
        UPSTREAM, seen(create(status=402), answers=(got(502, 9.0),)), "after 9.0s", SIX
    ),
    "a final consume": Row(
        UPSTREAM, seen(consume(1.0, status=403), answers=(got(502, 9.0),)), "after 8.0s", SIX
    ),
    "401 is passed on": passed_on("a 5xx, got 401", 401),
    "403 is passed on": passed_on("a 5xx, got 403", 403),
    "402 is an answer of its own": passed_on(KEPT, 402),
    "500 is answered": passed_on(KEPT, 500),
    "a log in is asked for": passed_on(NOT_OBSERVED, 401, ()),
    "one poll at a time": slow(KEPT, 9.0),
    "another meanwhile": slow("got 2 unanswered at once", 9.0, 0.5),
    "two others": slow("got 3 unanswered at once", 9.0, 1.0, 3.0),
    "another with it": slow(KEPT, 9.0, 0.0),
    "another as it is answered": slow(KEPT, 9.0, 3.8),
    "another just before": slow("got 2", 9.0, 3.75),
    "the poll is answered with the caller": slow("got 2", 3.95, 1.0),
    "the poll is answered later": slow(KEPT, 3.9, 1.0),
    "the last of those that were answered counts": Row(
        AT_A_TIME,
        seen(
            poll(0.0, wait_s=4.0, faults=FAULT),
            poll(5.0, wait_s=1.0),
            poll(6.0, wait_s=1.0),
            poll(6.5, wait_s=9.0),
            answers=(success(8.0),),
        ),
        "got 2",
    ),
    "one after the last of them": Row(
        AT_A_TIME,
        seen(
            poll(0.0, wait_s=4.0, faults=FAULT),
            poll(6.0, wait_s=1.0),
            poll(7.5, wait_s=9.0),
            answers=(success(8.0),),
        ),
        KEPT,
    ),
    "polls of another session": Row(
        AT_A_TIME,
        seen(
            poll(0.0, wait_s=4.0, faults=FAULT),
            poll(1.0, session=OTHER, wait_s=100.0),
            answers=(success(9.0),),
        ),
        KEPT,
    ),
    "the second of two": Row(
        AT_A_TIME,
        seen(
            poll(0.0, wait_s=4.0, faults=FAULT),
            poll(1.0, wait_s=100.0),
            answers=(success(id_=OTHER), success(9.0)),
        ),
        "got 2",
    ),
}


def ready(said: str, *polls: object, answers: tuple[TargetAnswer, ...] = (success(2.0),)) -> Row:
    """Return a success after these polls."""
    return Row(READY, seen(*polls, answers=answers), said)  # type: ignore[arg-type]


STATES = {
    "READY was shown": ready(KEPT, poll(1.0, "READY")),
    "READY was shown with the answer": ready(KEPT, poll(2.0 + 0.05, "READY")),
    "READY was shown later": ready("a success after no poll", poll(2.1, "READY")),
    "READY was cut off": ready("after no poll", poll(1.0, "READY", arrives=False)),
    "READY was another's": ready("after no poll", poll(1.0, "READY", session=OTHER)),
    "something else was shown": ready(
        'a success after "RUNNING"', poll(0.5), poll(1.0, "FAILED"), poll(1.5, "RUNNING")
    ),
    "another session is handed out": ready(KEPT, poll(1.0), answers=(success(id_=OTHER),)),
    "the second was not READY": ready(
        'after "NOT_READY"', poll(1.0), answers=(success(id_=OTHER), success())
    ),
    "no poll": ready("after no poll"),
    "nothing was handed out": ready(KEPT, poll(1.0), answers=(got(502),)),
    "RUNNING is handed out": Row("state.running", ready("", poll(1.0)).seen, "non-2xx"),
    "RUNNING was not shown": Row("state.running", seen(poll(1.0)), NOT_OBSERVED),
    "RUNNING was shown": Row("state.running", seen(poll(1.0, "RUNNING")), KEPT),
    "RUNNING was cut off": Row(
        "state.running", seen(poll(1.0, "RUNNING", arrives=False)), NOT_OBSERVED
    ),
    "nothing was sent, so no fault was met": Row(
        "upstream.create", seen(answers=(success(),)), NOT_OBSERVED
    ),
    "no answer of what may be no gateway": Row(
        DEADLINE, by(LATE), NOT_OBSERVED, replace(CONTEXT, exercised=False)
    ),
    "a late answer of what may be no gateway": Row(
        DEADLINE, by(got(502, 9.6)), "got 502 after 9.6s", replace(CONTEXT, exercised=False)
    ),
    "a create failed": Row("upstream.create", seen(STRUCK), KEPT),
    "no create failed": Row("upstream.create", seen(create(), STRUCK_POLL), NOT_OBSERVED),
    "a poll failed": Row("upstream.poll", seen(STRUCK_POLL), KEPT),
    "a consume failed": Row("upstream.consume", seen(STRUCK_CONSUME), KEPT),
    "a slow create is a success": Row(
        "slow.create", seen(create(faults=FAULT), answers=(success(),)), KEPT
    ),
    "a slow create is a failure": Row(
        "slow.create", seen(create(faults=FAULT)), "2xx with credentials, got 502 after 2.0s"
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_times_have_limits(name: str) -> None:
    """Of the deadline, of a failure, of a poll; later by what the machine lost."""
    check(ROWS[name])


@pytest.mark.parametrize("name", STATES)
def test_only_what_was_shown_as_ready_is_a_success(name: str) -> None:
    """By a poll of that session, in time and whole."""
    check(STATES[name])
