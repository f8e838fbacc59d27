"""Laws of the gateway's decisions."""

import random
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import (
    CreateRejected,
    GatewayError,
    InsufficientCredits,
    SessionFailed,
    TimedOut,
    UnknownAvatar,
    UpstreamBroken,
    UpstreamBusy,
)
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


def test_the_pace_of_polls_is_the_documented_one() -> None:
    """From 100 ms up to the interval; slower with more than 160 connects, down to every 5 s."""
    assert list(islice(poll_waits(0.4), 6)) == pytest.approx([0.1, 0.15, 0.225, 0.3375, 0.4, 0.4])
    paces = [slowed_by_load(0.2, polling=polling) for polling in (1, 160, 200, 800, 4_000, 9_999)]
    assert paces == pytest.approx([0.2, 0.2, 0.25, 1.0, 5.0, 5.0])


@pytest.mark.parametrize(
    ("left", "wait", "expected"),
    [
        (9.0, 0.2, 0.2),  # far away
        (0.351, 0.2, 0.2),  # then one of 0.1 s leads to the last poll
        (0.34, 0.2, 0.145),  # two of the same length do
        (0.25, 0.2, 0.2),  # the next one is the last
        (0.2, 0.2, 0.15),
        (0.15, 0.2, 0.1),
        (0.14, 0.2, 0.2),  # there is no time for another
        (0.3, 0.15, 0.15),  # and one of 0.1 s
        (0.25, 0.15, 0.1),
        (0.24, 0.15, 0.19),  # two would be too short
    ],
)
def test_the_last_poll_is_50_ms_before_the_deadline(
    left: float, wait: float, expected: float
) -> None:
    """So that a session which is READY by then is still handed out, and no pause is below 0.1 s."""
    assert aligned_to_deadline(wait, time_left_s=left) == pytest.approx(expected)


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


@pytest.mark.parametrize(
    ("hop", "most"), [(Hop.CREATE, 2), (Hop.RETRIEVE, 5), (Hop.CONSUME, 2), (Hop.CANCEL, 4)]
)
def test_retries_are_bounded_and_their_waits_double(hop: Hop, most: int) -> None:
    """From 0.2 s, with up to half of it more at random, but not more than half a second."""
    failure = UpstreamFailure(hop, FailureReason.REFUSED)
    for retried in range(most):
        waits = [
            after_failure(failure, retried=retried, time_left_s=9.9, jitter=random.Random(seed))
            for seed in range(200)
        ]
        shortest = 0.2 * 2**retried
        most_more = min(shortest / 2, 0.5)
        assert shortest <= min(waits) < shortest + most_more / 10
        assert shortest + most_more >= max(waits) > shortest + most_more * 0.9
    with pytest.raises(UpstreamBroken):
        after_failure(failure, retried=most, time_left_s=9.9, jitter=random.Random(0))


def test_a_retry_has_to_fit() -> None:
    """One that would begin at the deadline is not waited for."""
    failure = UpstreamFailure(Hop.CREATE, FailureReason.REFUSED, retry_after_s=3.0)
    wait = after_failure(failure, retried=0, time_left_s=9.0, jitter=random.Random(7))
    again = after_failure(failure, retried=0, time_left_s=wait + 1e-9, jitter=random.Random(7))
    assert again == wait
    with pytest.raises(UpstreamBroken):
        after_failure(failure, retried=0, time_left_s=wait, jitter=random.Random(7))


ALL_BUT_SCHEMA = set(FailureReason) - {FailureReason.STATUS, FailureReason.SCHEMA}


@pytest.mark.parametrize(
    ("hop", "statuses", "reasons"),
    [
        (Hop.CREATE, [429, 503], {FailureReason.REFUSED}),  # else a session may exist
        (Hop.RETRIEVE, [408, 429, *range(500, 600)], ALL_BUT_SCHEMA),
        (Hop.CONSUME, [], {FailureReason.REFUSED}),
        (Hop.CANCEL, [408, 429, *range(500, 600)], ALL_BUT_SCHEMA),
    ],
)
def test_a_request_is_retried_after_what_may_pass_if_it_cannot_act_twice(
    hop: Hop, statuses: list[int], reasons: set[FailureReason]
) -> None:
    """Create and consume only if the server did not act, the others also after what is unclear."""

    def is_retried(failure: UpstreamFailure) -> bool:
        try:
            after_failure(failure, retried=0, time_left_s=9, jitter=random.Random(0))
        except GatewayError:
            return False
        return True

    assert [
        status
        for status in range(300, 600)
        if is_retried(UpstreamFailure(hop, FailureReason.STATUS, status=status))
    ] == statuses
    others = set(FailureReason) - {FailureReason.STATUS}
    assert {each for each in others if is_retried(UpstreamFailure(hop, each))} == reasons


def test_a_poll_that_hung_is_repeated_soon_however_often() -> None:
    """It was no failure, and the deadline ends it."""
    hung = UpstreamFailure(Hop.RETRIEVE, FailureReason.TIMEOUT)
    assert after_failure(hung, retried=99, time_left_s=0, jitter=random.Random(0)) == 0.1


def test_only_what_was_not_acted_on_leaves_no_doubt() -> None:
    """A reply is lost unless the request was never sent, or answered by a status."""
    certain = {each for each in FailureReason if not UpstreamFailure(Hop.CREATE, each).reply_lost}
    assert certain == {FailureReason.REFUSED, FailureReason.STATUS}


def test_a_failure_is_shown_by_its_request_and_kind() -> None:
    """As operators read it in the log."""
    shown = [
        str(UpstreamFailure(Hop.CREATE, FailureReason.STATUS, status=503)),
        str(UpstreamFailure(Hop.RETRIEVE, FailureReason.TIMEOUT)),
    ]
    assert shown == ["create: HTTP 503", "retrieve: timeout"]


@pytest.mark.parametrize(
    ("failed", "asked", "error"),
    [
        ({"status": 400}, {}, CreateRejected),
        ({"status": 400, "no_credits": True}, {}, InsufficientCredits),
        ({"status": 404}, {}, UpstreamBroken),
        ({"status": 404}, {"custom_avatar": True}, UnknownAvatar),
    ],
)
def test_a_refused_create_is_answered_by_what_is_known(
    failed: dict[str, Any], asked: dict[str, bool], error: type[GatewayError]
) -> None:
    """Missing credits have to be said, and a 404 is about the avatar only if it is a custom one."""
    failure = UpstreamFailure(Hop.CREATE, FailureReason.STATUS, **failed)
    with pytest.raises(error):
        after_failure(failure, retried=0, time_left_s=30, jitter=random.Random(0), **asked)


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
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2026 07:28:01 GMT", None),
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
