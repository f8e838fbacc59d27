"""Laws of the gateway's decisions."""

import math
import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, SessionFailed, TimedOut, UpstreamBroken, UpstreamBusy
from gateway.flow.polling import (
    FIRST_WAIT_S,
    LAST_POLL_S,
    LONGEST_LOADED_WAIT_S,
    MOST_POLLS_PER_S,
    MOST_RETRIES,
    FailureReason,
    Hop,
    UpstreamFailure,
    after_failure,
    aligned_to_deadline,
    parse_retry_after,
    poll_waits,
    read_status,
    slowed_by_load,
)

failures = st.builds(
    UpstreamFailure,
    st.sampled_from(Hop),
    st.sampled_from(FailureReason),
    status=st.integers(300, 599),
    retry_after_s=st.one_of(st.none(), st.floats(0, 1e6)),
    no_credits=st.booleans(),
)


@given(st.floats(0.1, 1), st.integers(0, 100_000))
def test_many_connects_poll_less_often(wait: float, polling: int) -> None:
    """Few keep their pace; all together stay below what a process can do, none waits for long."""
    paced = slowed_by_load(wait, polling=polling)
    assert wait <= paced <= max(wait, LONGEST_LOADED_WAIT_S)
    if paced < LONGEST_LOADED_WAIT_S:
        assert polling / paced <= MOST_POLLS_PER_S * (1 + 1e-9)
    if polling <= MOST_POLLS_PER_S * wait:
        assert paced == wait


@given(st.floats(0.1, 1.0))
def test_pauses_grow_to_the_longest_and_never_beyond(longest: float) -> None:
    """The first pause is short, none is longer than asked for, and growth ends there."""
    waits = list(islice(poll_waits(longest), 12))
    assert waits[0] == min(FIRST_WAIT_S, longest)
    assert waits == sorted(waits)
    assert waits[-1] == longest


@given(st.floats(0.1, 1.0), st.floats(0.0, 40.0), st.integers(0, 12))
def test_one_poll_falls_just_before_the_deadline(longest: float, left: float, nth: int) -> None:
    """From wherever it starts, the pauses lead to the last poll, none of them too short."""
    waits = poll_waits(longest)
    next(islice(waits, nth, nth), None)
    polled_before = left < LAST_POLL_S + FIRST_WAIT_S
    polls = []
    while left > LAST_POLL_S / 2:
        pause = aligned_to_deadline(next(waits), time_left_s=left)
        assert FIRST_WAIT_S - 1e-9 <= pause <= max(longest, 2 * FIRST_WAIT_S) + 1e-9
        left -= pause
        polls.append(left)
    assert polled_before or any(abs(left - LAST_POLL_S) < 1e-6 for left in polls)


@given(
    failures,
    st.integers(0, 10),
    st.floats(0, 60),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_failure_is_retried_in_time_or_answered(
    failure: UpstreamFailure, retried: int, left: float, seed: int, custom: bool
) -> None:
    """Every failure leads to a pause that fits and is long enough, or to a row of the contract."""
    try:
        wait = after_failure(
            failure,
            retried=retried,
            time_left_s=left,
            jitter=random.Random(seed),
            custom_avatar=custom,
        )
    except GatewayError as error:
        row = error
    else:
        slow_poll = failure.hop is Hop.RETRIEVE and failure.reason is FailureReason.TIMEOUT
        assert slow_poll or wait < left
        assert slow_poll or wait >= (failure.retry_after_s or 0)
        assert slow_poll or retried < MOST_RETRIES[failure.hop]
        return
    assert row.status >= 500 or (custom and failure.status == 404)


@given(failures)
def test_create_is_retried_only_if_the_server_did_not_act(failure: UpstreamFailure) -> None:
    """No connection, 429 or 503; after anything else a session may exist."""
    if failure.hop is not Hop.CREATE:
        return
    certain = failure.reason is FailureReason.REFUSED or (
        failure.reason is FailureReason.STATUS and failure.status in (429, 503)
    )
    if certain:
        return
    with pytest.raises(GatewayError):
        after_failure(failure, retried=0, time_left_s=math.inf, jitter=random.Random(0))


def test_a_busy_upstream_sets_retry_after() -> None:
    """The upstream's Retry-After is passed on, bounded; without one it is five seconds."""
    for asked, passed_on in ((120.0, 120.0), (1e9, 3600.0), (None, 5.0)):
        failure = UpstreamFailure(Hop.CREATE, FailureReason.STATUS, status=429, retry_after_s=asked)
        with pytest.raises(UpstreamBusy) as caught:
            after_failure(failure, retried=2, time_left_s=30, jitter=random.Random(0))
        assert caught.value.retry_after_s == passed_on


def test_a_create_that_hangs_is_a_timeout() -> None:
    """A timeout is answered as one, not as a broken upstream."""
    for reason, error in (
        (FailureReason.TIMEOUT, TimedOut),
        (FailureReason.BROKEN, UpstreamBroken),
    ):
        with pytest.raises(error):
            after_failure(
                UpstreamFailure(Hop.CREATE, reason),
                retried=0,
                time_left_s=30,
                jitter=random.Random(0),
            )


@pytest.mark.parametrize("status", ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"])
def test_running_is_never_ready(status: str) -> None:
    """RUNNING counts as another caller's, and only the other three are over."""
    with pytest.raises(SessionFailed) as caught:
        read_status(status, "stk_a")
    assert caught.value.over is (status != "RUNNING")


@pytest.mark.parametrize(("status", "key"), [("READY", None), ("READY", ""), ("PAUSED", "k")])
def test_ready_needs_a_key_and_statuses_are_known(status: str, key: str | None) -> None:
    """An answer outside of the contract breaks the schema."""
    with pytest.raises(UpstreamFailure) as caught:
        read_status(status, key)
    assert caught.value.reason is FailureReason.SCHEMA


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "expected"),
    [
        (None, None, None),
        ("250", "9", 0.25),
        (None, "1.5", 1.5),
        (None, "0", 0.0),
        ("-1", "2", 2.0),
        ("nan", "inf", None),
        (None, "-3", None),
        (None, "soon", None),
    ],
)
def test_retry_after_is_read_from_either_header(
    milliseconds: str | None, seconds: str | None, expected: float | None
) -> None:
    """Milliseconds win; a negative, infinite or malformed value counts as absent."""
    headers = {"retry-after-ms": milliseconds, "Retry-After": seconds}
    present = {name: value for name, value in headers.items() if value is not None}
    assert parse_retry_after(present) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 21 Oct 2026 07:27:53 GMT", 7.0),
        ("Wed, 21 Oct 2026 07:28:07 GMT", None),
        ("Wed, 21 Oct 2026 07:27:53", None),
        ("today", None),
        (None, None),
    ],
)
def test_retry_after_may_be_a_date(date: str | None, expected: float | None) -> None:
    """A date counts from the answer's own date, and not when it has passed."""
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert parse_retry_after(headers if date is None else {**headers, "Date": date}) == expected
