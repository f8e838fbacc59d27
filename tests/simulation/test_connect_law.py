"""The law of the gateway: in every history, the answer is the one row that the history calls for.

Random provisioning, random faults at each hop, both shapes, events from outside, a caller who
leaves, a gateway that stops. What any gateway must do is judged by the oracle and the requirements
of the contract (`as_observed.py`). The rest, here, is what ours promises on top: the table of
codes in its own words, and no slack. Both read nothing but the history of upstream requests as the
gateway experienced them.
"""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import Event, Failure
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from tests.support.effort import examples
from tests.support.fake.plans import failing
from tests.support.gateway.as_observed import broken
from tests.support.gateway.connecting import DEADLINE_S, Outcome, Situation, connect
from tests.support.gateway.upstream import Attempt, Effect, Fault, Hop, Status

SLACK_S = 0.1
LONGEST_PAUSE_S = 0.2
RETRIES = {Hop.CREATE: 2, Hop.POLL: 5, Hop.CONSUME: 2}

KEYS_OF = {
    "credentials": {"sessionId", "serverUrl", "token", "roomName"},
    "session-key": {"sessionId", "sessionKey"},
}
STATUS_OF = {
    "ok": 200,
    "unknown_avatar": 404,
    "timeout": 504,
    "session_failed": 500,
    "upstream_auth": 500,
    "create_rejected": 500,
    "insufficient_credits": 503,
    "upstream_busy": 503,
    "shutting_down": 503,
    "upstream_error": 502,
}

statuses = st.sampled_from([400, 401, 402, 403, 404, 405, 408, 409, 422, 429, 500, 502, 503, 504])
retry_after = st.one_of(
    st.just(()),
    st.sampled_from(["0", "1", "3", "20", "60", "999999", "-5", "soon"]).map(
        lambda text: (("Retry-After", text),)
    ),
    st.sampled_from(["250", "1500"]).map(lambda text: (("retry-after-ms", text),)),
)
errors = st.sampled_from(["no", "You do not have enough credits to run this task."])
effects: st.SearchStrategy[Effect] = st.one_of(
    st.sampled_from(list(Fault)), st.builds(Status, statuses, retry_after, errors)
)


def hop_schedules(hop: Hop, attempts: int) -> st.SearchStrategy[dict[tuple[Hop, int], Effect]]:
    """Faults for the first attempts of one hop; most attempts have none."""
    return st.dictionaries(
        st.integers(0, attempts - 1).map(lambda ordinal: (hop, ordinal)), effects, max_size=4
    )


schedules = st.builds(
    lambda *parts: {key: effect for part in parts for key, effect in part.items()},
    hop_schedules(Hop.CREATE, 3),
    hop_schedules(Hop.POLL, 12),
    hop_schedules(Hop.CONSUME, 2),
    # few enough that cancelling succeeds in the end: what is left then is the gateway's fault
    st.dictionaries(
        st.integers(0, 1).map(lambda ordinal: (Hop.CANCEL, ordinal)),
        st.sampled_from(
            [Fault.REFUSED, Fault.RESET, Fault.LOST, Fault.HANG, Status(500), Status(429)]
        ),
        max_size=2,
    ),
)
provisions = st.floats(0, 40).map(Fixed)
plans = st.builds(
    replace,
    st.one_of(
        *[st.builds(Plan, provision=provisions)] * 2,
        st.builds(failing, st.just(Failure("SAFETY.INPUT.TEXT", "no")), provision=provisions),
    ),
    expires_in_s=st.sampled_from([0.3, 300.0]),
)
somebody_elses = st.tuples(
    st.floats(0.01, 32),
    st.sampled_from([Event.CANCELLED, Event.FAILED, Event.CONSUMED, Event.ENDED]),
)
situations = st.builds(
    Situation,
    settings=plans.map(lambda plan: Settings(plan=plan)),
    schedule=schedules,
    events=st.lists(somebody_elses, max_size=2).map(tuple),
    shape=st.sampled_from(["credentials", "session-key"]),
    leaves_at=st.one_of(st.none(), st.none(), st.floats(0.001, 31)),
    stops_at=st.one_of(st.none(), st.none(), st.none(), st.floats(0.001, 29)),
    grace_s=st.sampled_from([0.0, 0.0, 0.3, 4.0, 60.0]),
    cancels_handlers=st.booleans(),
)


@settings(max_examples=examples(100), deadline=None)
@example(Situation(schedule={(Hop.CANCEL, 0): Fault.HANG}, leaves_at=1.0))
@given(situations)
def test_the_answer_is_the_row_that_the_history_calls_for(situation: Situation) -> None:
    """Row, shape, time, no later request, and no session left alive: for every history."""
    outcome = connect(situation)
    event(outcome.code)
    if outcome.answer is not None:
        assert outcome.answered_at <= latest_answer(situation) + SLACK_S
        assert outcome.code == expected_code(situation, outcome)
        assert outcome.answer.status == STATUS_OF[outcome.code]
        if outcome.code == "ok":
            assert set(outcome.answer.json) == KEYS_OF[situation.shape]
    check_silence(outcome)
    check_retries(outcome)
    check_nothing_is_left(outcome)
    check_counts(outcome)
    if situation.stops_at is None:  # the contract knows no gateway that stops
        assert broken(situation, outcome) == {}


def latest_answer(situation: Situation) -> float:
    """Return when the caller has an answer at the latest, in seconds."""
    if situation.stops_at is None:
        return DEADLINE_S
    return min(DEADLINE_S, situation.stops_at + situation.grace_s)


def expected_code(situation: Situation, outcome: Outcome) -> str:
    """Return the code of the table's row, by the last result that the gateway got."""
    last = asked(outcome)[-1]
    if outcome.answered_at >= DEADLINE_S - 1e-6:
        return "timeout"
    if outcome.answered_at >= latest_answer(situation) - 1e-6:
        return "shutting_down" if outcome.code == "shutting_down" else row(situation, last)
    assert last.ended == pytest.approx(outcome.answered_at, abs=0.01), "answers at once"
    return row(situation, last)


def row(situation: Situation, last: Attempt) -> str:
    """Return the row for a connect that ended with `last`."""
    got = last.got
    if isinstance(got, Status):
        return row_of_status(last.hop, got.status, got.error)
    if isinstance(got, Fault) or (last.hop is Hop.CREATE and last.status != 200):
        return "upstream_error"
    if last.hop is Hop.CONSUME:
        return "ok" if last.status == 200 else "upstream_error"
    match got.get("status"):
        case "READY" if situation.shape == "session-key":
            return "ok"
        case "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED":
            return "session_failed"
        case other:
            raise AssertionError(f"the gateway must not answer after {other}")


def row_of_status(hop: Hop, status: int, error: str) -> str:
    """Return the row for an HTTP status that the gateway took as final."""
    if hop is Hop.CONSUME:
        return "upstream_error"
    if status in (401, 403):
        return "upstream_auth"
    if status == 429:
        return "upstream_busy"
    if hop is Hop.CREATE and (status == 402 or (status in (400, 422) and "credits" in error)):
        return "insufficient_credits"
    if hop is Hop.CREATE and status in (400, 422):
        return "create_rejected"
    return "upstream_error"


def asked(outcome: Outcome) -> list[Attempt]:
    """Return the attempts on behalf of the caller."""
    return [attempt for attempt in outcome.history if attempt.hop is not Hop.CANCEL]


def check_silence(outcome: Outcome) -> None:
    """After the answer, or after the caller left, no request is sent but cancels."""
    late = [each for each in asked(outcome) if each.started > outcome.answered_at + 1e-6]
    assert not late, late


def check_retries(outcome: Outcome) -> None:
    """Create is repeated only when the server did not act, consume never after it was sent."""
    attempts = asked(outcome)
    for before, after in pairwise(attempts):
        if before.hop is not after.hop:
            continue
        got = before.got
        match before.hop:
            case Hop.POLL if not isinstance(got, Status):
                assert got is not Fault.MISSING
            case _:
                assert may_pass(before)
        pause = after.started - (before.ended if before.ended is not None else before.started)
        if before.hop is Hop.POLL and isinstance(got, dict):
            assert 0.0999 <= pause <= LONGEST_PAUSE_S + 1e-6
        assert pause >= wanted_pause(got) - 1e-6
    for hop, repeats in RETRIES.items():
        assert longest_row_of_failures(attempts, hop) <= repeats + 1
    last = attempts[-1]
    given_up = outcome.code in ("upstream_error", "upstream_busy")
    if given_up and may_pass(last) and longest_row_of_failures(attempts, last.hop) == 1:
        # given up after the first failure: only because the pause would not fit
        assert wanted_pause(last.got) * 1.5 + 0.5 > DEADLINE_S - outcome.answered_at


def may_pass(attempt: Attempt) -> bool:
    """Return whether the contract wants `attempt` repeated."""
    got = attempt.got
    if got is Fault.REFUSED:
        return True
    if attempt.hop is Hop.CREATE:
        return isinstance(got, Status) and got.status in (429, 503)
    if attempt.hop is Hop.CONSUME:
        return False
    if isinstance(got, Status):
        return got.status in (408, 429) or got.status >= 500
    return got in (Fault.RESET, Fault.LOST, Fault.MALFORMED)


def wanted_pause(got: object) -> float:
    """Return the pause that the server asked for, in seconds."""
    if not isinstance(got, Status):
        return 0.0
    headers = dict(got.headers)
    if "retry-after-ms" in headers:
        return int(headers["retry-after-ms"]) / 1000
    text = headers.get("Retry-After", "0")
    return float(text) if text.isdigit() else 0.0


def longest_row_of_failures(attempts: list[Attempt], hop: Hop) -> int:
    """Return how often `hop` failed in a row. A poll that hung counts as no failure."""
    longest = current = 0
    for attempt in attempts:
        failed = attempt.hop is hop and (
            isinstance(attempt.got, Status)
            or (isinstance(attempt.got, Fault) and attempt.ended is not None)
        )
        hung = attempt.hop is hop and isinstance(attempt.got, Fault) and attempt.ended is None
        current = current + 1 if failed else current if hung else 0
        longest = max(longest, current)
    return longest


def check_counts(outcome: Outcome) -> None:
    """Operators see each session's fate once, and each create that may have made an unknown one."""
    creates = [each for each in outcome.history if each.hop is Hop.CREATE]
    created = sum(each.status == 200 and isinstance(each.got, dict) for each in creates)
    unanswered = sum(isinstance(each.got, Fault) for each in creates) - sum(
        each.got is Fault.REFUSED for each in creates
    )
    over = outcome.code == "session_failed" and asked(outcome)[-1].got["status"] != "RUNNING"
    assert outcome.counts == {
        "created": created,
        "cancelled": created - (outcome.code == "ok") - over,
        "left_behind": 0,
        "lost": unanswered,
    }


def check_nothing_is_left(outcome: Outcome) -> None:
    """A session lives on only with its caller, or if its id cannot be known."""
    handed_out = outcome.answer.json.get("sessionId") if outcome.answer is not None else None
    unknowable = sum(
        attempt.hop is Hop.CREATE
        and attempt.got in (Fault.LOST, Fault.LOST_HANG, Fault.MALFORMED, Fault.MISSING)
        for attempt in outcome.history
    )
    left = [session for session in outcome.alive if session.id != handed_out]
    assert len(left) <= unknowable, (left, outcome.history)


def test_a_slow_create_reply_that_comes_after_the_answer_is_still_cancelled() -> None:
    """The caller gets 504 at the deadline; the id arrives later and the session is cancelled."""
    situation = Situation(schedule={(Hop.CREATE, 0): Fault.SLOW}, deadline_s=2.0)
    outcome = connect(situation)
    assert outcome.code == "timeout"
    assert outcome.answered_at == pytest.approx(2.0, abs=SLACK_S)
    assert [session.state.value for session in outcome.sessions] == ["cancelled"]


@pytest.mark.parametrize(("ready_at", "status"), [(29.9, 200), (30.1, 504)])
@pytest.mark.parametrize("shape", ["credentials", "session-key"])
def test_ready_just_before_the_deadline_is_handed_out(
    ready_at: float, status: int, shape: str
) -> None:
    """READY at 29.9 s is in time, at 30.1 s it is not, and then the session is cancelled."""
    settings_ = Settings(plan=Plan(provision=Fixed(ready_at)))
    outcome = connect(Situation(settings=settings_, shape=shape))
    assert outcome.answer is not None
    assert outcome.answer.status == status
    assert outcome.answered_at == pytest.approx(min(ready_at, 30.0), abs=SLACK_S)
    assert len(outcome.alive) == (status == 200)


TERMINAL_EVENTS = {
    "failed": (Event.FAILED,),
    "cancelled": (Event.CANCELLED,),
    "completed": (Event.CONSUMED, Event.ENDED),
    "running": (Event.CONSUMED,),
}


@pytest.mark.parametrize("moment", [0.05, 1.0, 7.3, 29.7])
@pytest.mark.parametrize("status", TERMINAL_EVENTS)
def test_a_session_that_ends_while_waited_for_ends_the_wait(status: str, moment: float) -> None:
    """Each terminal status, and RUNNING, at each moment: 500 within one pause, nothing alive."""
    early = status in ("failed", "cancelled")
    plan = Plan(provision=Fixed(99.0 if early else moment))
    # READY, and used from outside before the gateway polls again
    events = tuple((moment + 0.001, each) for each in TERMINAL_EVENTS[status])
    outcome = connect(Situation(settings=Settings(plan=plan), events=events))
    assert outcome.answer is not None
    assert outcome.answer.status == 500
    assert outcome.answer.json == {"error": f"Session failed: {status}", "code": "session_failed"}
    assert outcome.answered_at <= moment + LONGEST_PAUSE_S + SLACK_S
    assert not outcome.alive
    cancels = [attempt for attempt in outcome.history if attempt.hop is Hop.CANCEL]
    assert len(cancels) == (status == "running")


ON_CREATE = {
    400: "create_rejected",
    401: "upstream_auth",
    402: "insufficient_credits",
    403: "upstream_auth",
    404: "upstream_error",
    409: "upstream_error",
    422: "create_rejected",
    429: "upstream_busy",
    500: "upstream_error",
    502: "upstream_error",
    503: "upstream_error",
    504: "upstream_error",
}
ON_POLL = dict.fromkeys(ON_CREATE, "upstream_error") | {
    401: "upstream_auth",
    403: "upstream_auth",
    429: "upstream_busy",
}
ON_CONSUME = dict.fromkeys(ON_CREATE, "upstream_error")
ROWS = [
    (hop, status, code)
    for hop, rows in ((Hop.CREATE, ON_CREATE), (Hop.POLL, ON_POLL), (Hop.CONSUME, ON_CONSUME))
    for status, code in rows.items()
]


@pytest.mark.parametrize(("hop", "status", "code"), ROWS)
def test_each_upstream_status_has_its_row(hop: Hop, status: int, code: str) -> None:
    """A status that an upstream insists on is answered with its row, within the deadline."""
    outcome = connect(Situation(schedule={(hop, nth): Status(status) for nth in range(20)}))
    assert outcome.code == code
    assert outcome.answer is not None
    assert outcome.answer.status == STATUS_OF[code]
    assert ("Retry-After" in outcome.answer.headers) == (code == "upstream_busy")
    assert not outcome.alive


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.RESET, Fault.MALFORMED, Fault.MISSING])
@pytest.mark.parametrize("hop", [Hop.CREATE, Hop.POLL, Hop.CONSUME])
def test_a_broken_upstream_is_502_at_each_hop(hop: Hop, fault: Fault) -> None:
    """A malformed answer is a bad gateway, and a known session is cancelled."""
    outcome = connect(Situation(schedule={(hop, nth): fault for nth in range(20)}))
    assert outcome.code == "upstream_error"
    id_never_sent = hop is Hop.CREATE and fault in (Fault.MALFORMED, Fault.MISSING)
    assert len(outcome.alive) == id_never_sent


@pytest.mark.parametrize("hop", [Hop.CREATE, Hop.POLL, Hop.CONSUME])
def test_a_hanging_upstream_is_504_at_the_deadline(hop: Hop) -> None:
    """Hanging for ever costs the caller the deadline and not a moment more."""
    outcome = connect(Situation(schedule={(hop, nth): Fault.HANG for nth in range(20)}))
    assert outcome.code == "timeout"
    assert outcome.answered_at == pytest.approx(DEADLINE_S, abs=SLACK_S)
    assert not outcome.alive


def test_missing_credits_are_503_in_the_observed_form_too() -> None:
    """A 400 with the observed sentence means the same as a 402."""
    observed = Status(400, error="You do not have enough credits to run this task.")
    assert connect(Situation(schedule={(Hop.CREATE, 0): observed})).code == "insufficient_credits"


def test_no_word_of_the_upstream_reaches_the_caller() -> None:
    """The text of an upstream refusal is for the operator, not for browsers."""
    outcome = connect(Situation(schedule={(Hop.CREATE, 0): Status(400, error="PLANTED")}))
    assert outcome.answer is not None
    assert b"PLANTED" not in outcome.answer.body


def test_custom_avatar_that_the_upstream_does_not_know_is_404() -> None:
    """A 404 on create means the avatar only if one was asked for that the upstream has to know."""
    unknown = {"avatarId": "550e8400-e29b-41d4-a716-44665544ffff"}
    outcome = connect(Situation(body=unknown))
    assert (outcome.code, outcome.answer and outcome.answer.status) == ("unknown_avatar", 404)


def test_absurd_retry_after_is_not_waited_for_and_not_passed_on() -> None:
    """Retry-After beyond the deadline ends the connect at once, with a bounded Retry-After."""
    busy = Status(429, (("Retry-After", "999999"),))
    outcome = connect(Situation(schedule={(Hop.CREATE, 0): busy}))
    assert outcome.answer is not None
    assert outcome.answer.status == 503
    assert outcome.answered_at == pytest.approx(0, abs=0.01)
    assert outcome.answer.headers["Retry-After"] == "3600"


def test_a_stopping_gateway_answers_and_cancels() -> None:
    """Shutdown ends the wait with 503 and leaves no session behind."""
    never = Settings(plan=replace(Plan(), provision=Fixed(99.0)))
    outcome = connect(Situation(settings=never, stops_at=3.0))
    assert outcome.code == "shutting_down"
    assert outcome.answered_at == pytest.approx(3.0, abs=SLACK_S)
    assert not outcome.alive


def test_a_stopping_gateway_lets_connects_finish() -> None:
    """A session within the grace is handed out; the shutdown does not wait for longer."""
    soon = Settings(plan=replace(Plan(), provision=Fixed(4.0)))
    outcome = connect(Situation(settings=soon, stops_at=3.0, grace_s=10.0))
    assert outcome.code == "ok"
    late = connect(Situation(settings=soon, stops_at=3.0, grace_s=0.5))
    assert late.code == "shutting_down"
    assert late.answered_at == pytest.approx(3.5, abs=SLACK_S)
    assert not late.alive


def test_a_stopping_gateway_takes_no_new_callers() -> None:
    """A connect after the signal is refused; the upstream gets no request."""
    outcome = connect(Situation(stops_at=0.0))
    assert outcome.code == "shutting_down"
    assert outcome.history == []


def test_a_session_that_is_unknown_upstream_counts_as_cancelled() -> None:
    """A 404 on DELETE is not repeated."""
    never = Settings(plan=replace(Plan(), provision=Fixed(99.0)))
    schedule: dict[tuple[Hop, int], Effect] = {(Hop.CANCEL, 0): Status(404)}
    outcome = connect(Situation(settings=never, schedule=schedule, deadline_s=1.0))
    assert [each.hop for each in outcome.history].count(Hop.CANCEL) == 1


def test_a_session_that_cannot_be_cancelled_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When even cancelling fails to its end, the log names the session that may live on."""
    never = Settings(plan=replace(Plan(), provision=Fixed(99.0)))
    schedule: dict[tuple[Hop, int], Effect] = {(Hop.CANCEL, nth): Status(500) for nth in range(9)}
    outcome = connect(Situation(settings=never, schedule=schedule, deadline_s=1.0))
    left = [session.id for session in outcome.sessions]
    assert [each.hop for each in outcome.history].count(Hop.CANCEL) == 5
    assert f"session {left[0]} could not be cancelled" in caplog.text


def test_polls_that_hang_are_no_failures() -> None:
    """After four polls that hung, a 503 is the first failure: it is retried soon."""
    schedule: dict[tuple[Hop, int], Effect] = {(Hop.POLL, nth): Fault.HANG for nth in range(4)}
    schedule |= {(Hop.POLL, 4): Status(503)}
    outcome = connect(Situation(schedule=schedule))
    assert outcome.code == "ok"
    assert outcome.answered_at == pytest.approx(4 * 5.1 + 0.25, abs=0.06)


def test_shutdown_in_the_instant_of_a_deadline_leaves_nothing() -> None:
    """Both at once: the caller is answered and the session is cancelled."""
    never = Settings(plan=replace(Plan(), provision=Fixed(99.0)))
    outcome = connect(Situation(settings=never, stops_at=2.0, deadline_s=2.0))
    assert outcome.code in ("timeout", "shutting_down")
    assert not outcome.alive
