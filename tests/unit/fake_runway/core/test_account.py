"""One account: its time, capacity, credits, quota, keys and memory.

The laws for all settings and calls stand in `test_account_laws.py`.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.billing import Unpaid
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed, Uniform, later
from fake_runway.core.errors import (
    AlreadyConsumed,
    IllegalTransition,
    InsufficientCredits,
    KeyExpired,
    KeyRefused,
    NotReady,
    QuotaReached,
    Refused,
    SessionOver,
    UnknownAvatar,
    UnknownConversation,
    UnknownSession,
)
from fake_runway.core.lifecycles.session import Event, Failure, State
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Limits, Settings
from fake_runway.core.sessions.session import Plan, Session
from tests.support.fake.plans import failing
from tests.unit.fake_runway.core.playing import (
    BROKEN,
    FOREIGN_ID,
    LAW,
    START,
    limited,
    new_account,
    provisioned_at_once,
    running,
    seen,
)

DAY = 24 * 60 * 60.0
OVER = {State.COMPLETED, State.FAILED, State.CANCELLED}
TAKES_CAPACITY = {State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING}

instants = st.floats(START, START + 1000)


# Time


@LAW
@given(st.floats(min_value=0, exclude_min=True, max_value=1e6))
def test_time_never_runs_backwards(seconds: float) -> None:
    """A call at an instant before the last one is an error and changes nothing."""
    account = new_account()
    session = account.create(at=START + seconds)
    before = deepcopy(vars(account))

    with pytest.raises(ValueError, match="time runs forward"):
        account.advance(nextafter(START + seconds, -inf))
    with pytest.raises(ValueError, match="time runs forward"):
        account.get(session.id, at=nextafter(START + seconds, -inf))

    assert vars(account) == before


def test_events_due_at_the_same_instant_happen_in_the_order_of_creation() -> None:
    """Of two sessions that cannot both be paid at one instant, the older one is paid."""
    account = new_account(limited(credits=10))
    older, younger = running(account, at=START), running(account, at=START)

    account.advance(START + 6)

    assert account.sessions[older].state is State.RUNNING
    assert account.sessions[younger].state is State.COMPLETED


def test_a_session_created_again_under_its_old_id_takes_its_new_place() -> None:
    """The due event of an evicted session does not move its successor ahead of others."""
    account = new_account(Settings(limits=Limits(retained=0), materialise=True))
    first = account.create(at=START - 1)
    account.get(FOREIGN_ID, at=START)
    account.delete(FOREIGN_ID, at=START)
    second = account.create(at=START)
    account.get(FOREIGN_ID, at=START)

    history = account.advance(START + 2)

    assert [change.after.id for change in history] == [first.id, second.id, FOREIGN_ID]


# States


def test_a_refused_transition_names_state_and_event() -> None:
    """The refusal of an impossible event names the state and the event."""
    account = new_account()
    session = account.create(at=START)

    with pytest.raises(IllegalTransition, match="provisioning cannot be billed"):
        account.apply_event(session.id, Event.BILLED, at=START)


# Capacity and queue


@LAW
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=30))
def test_the_queue_is_first_in_first_out(steps: list[tuple[bool, int]]) -> None:
    """The longest waiting session is admitted next; one cancelled meanwhile is left out."""
    account = new_account(limited(concurrency=1))
    line = [account.create(at=START).id for _ in range(10)]

    for at, (the_active_one, which) in enumerate(steps, int(START) + 1):
        if line:
            gone = line[0] if the_active_one else line[which % len(line)]
            line.remove(gone)
            account.delete(gone, at=at)
        states = {one.id: one.state for one in account.sessions.values()}
        assert account.queued == tuple(line[1:])
        assert [one for one in states if states[one] in TAKES_CAPACITY] == line[:1]


@pytest.mark.parametrize("how", [Event.FAILED, Event.CANCELLED, Event.EXPIRED, Event.ENDED])
def test_freed_capacity_is_reused_at_the_same_instant(how: Event) -> None:
    """However a session ends, the oldest queued one starts provisioning at that instant."""
    account = new_account(Settings(plan=Plan(provision=Fixed(2.0)), limits=Limits(concurrency=1)))
    first, second = account.create(at=START), account.create(at=START)
    account.advance(START + 2)
    if how is Event.ENDED:
        account.consume(first.id, account.session_key(first), at=START + 2)

    account.apply_event(first.id, how, at=START + 5)

    admitted = account.get(second.id, at=START + 5)
    assert (admitted.state, admitted.event) == (State.PROVISIONING, Event.ADMITTED)
    assert (admitted.changed_at, admitted.due_at) == (START + 5, START + 7)


def test_capacity_freed_between_calls_is_reused_at_its_own_instant() -> None:
    """A chain of sessions that expire one after another is stamped as if it had been polled."""
    account = new_account(
        Settings(plan=Plan(provision=Fixed(1.0), expires_in_s=10.0), limits=Limits(concurrency=1))
    )
    ids = [account.create(at=START).id for _ in range(3)]

    account.advance(START + 1000)

    ended = [account.sessions[one].changed_at for one in ids]
    assert ended == [START + 11, START + 22, START + 33]


@pytest.mark.parametrize("event", [Event.ADMITTED, Event.RELEASED])
@pytest.mark.parametrize("state", [State.QUEUED, State.PROVISIONING, State.RUNNING])
def test_no_session_is_admitted_by_hand(state: State, event: Event) -> None:
    """The account alone admits sessions, so that no call can exceed the limit."""
    account = new_account(limited(concurrency=1))
    session = account.sessions[running(account, at=START)]
    if state is State.QUEUED:
        session = account.create(at=START)
    before = seen(account)

    with pytest.raises(IllegalTransition, match="capacity"):
        account.apply_event(session.id, event, at=START)

    assert seen(account) == before


@pytest.mark.parametrize("capacity", [None, 1])
def test_a_plan_can_keep_a_session_queued(capacity: int | None) -> None:
    """However much room there is, it waits its own time, and is then admitted at that instant."""
    account = new_account(Settings(plan=Plan(queued=Fixed(5.0)), limits=Limits(capacity)))
    session = account.create(at=START)

    before = account.get(session.id, at=nextafter(START + 5, 0))
    after = account.get(session.id, at=START + 5)

    assert (before.state, before.due_event) == (State.QUEUED, Event.RELEASED)
    assert account.queued == ()
    assert (after.state, after.changed_at) == (State.PROVISIONING, START + 5)


def test_a_released_session_queues_behind_those_that_wait() -> None:
    """The place in the queue follows the instant at which a session began to wait for room."""
    account = new_account(limited(concurrency=1))
    running(account, at=START)
    slow = account.create(at=START, plan=provisioned_at_once(queued=Fixed(5.0)))
    quick = account.create(at=START + 1)

    account.advance(START + 5)

    assert account.queued == (quick.id, slow.id)


def test_a_session_cancelled_before_its_release_is_never_admitted() -> None:
    """A session cancelled during its own time in the queue leaves nothing behind."""
    account = new_account(Settings(plan=Plan(queued=Fixed(5.0))))
    session = account.create(at=START)

    account.delete(session.id, at=START + 1)

    assert account.next_due_at is None
    assert account.advance(START + 10) == []
    assert account.active == 0


# Other settings


def test_more_capacity_admits_waiting_sessions_at_once() -> None:
    """The new limit holds from the very instant of the change, for the oldest first."""
    account = new_account(limited(concurrency=1))
    ids = [account.create(at=START).id for _ in range(4)]

    account.change_settings(limited(concurrency=3), at=START + 7)

    states = [account.sessions[one].state for one in ids]
    assert states == [State.READY] * 3 + [State.QUEUED]
    assert account.sessions[ids[2]].ready_at == START + 7


def test_less_capacity_ends_no_session_and_admits_none() -> None:
    """Active sessions go on; waiting ones wait until there is room under the new limit."""
    account = new_account(limited(concurrency=3))
    ids = [account.create(at=START).id for _ in range(4)]

    account.change_settings(limited(concurrency=1), at=START)
    account.delete(ids[0], at=START + 1)
    account.delete(ids[1], at=START + 2)
    assert (account.active, account.queued) == (1, (ids[3],))
    account.delete(ids[2], at=START + 3)

    assert (account.active, account.queued) == (1, ())


def test_the_old_settings_hold_until_the_instant_of_the_change() -> None:
    """Events due before the change happen first, under the settings of their time."""
    account = new_account(replace(limited(credits=4), unpaid=Unpaid.FAIL))
    session_id = running(account, at=START)

    account.change_settings(limited(credits=1000), at=START + 60)

    session = account.sessions[session_id]
    assert (session.state, session.changed_at) == (State.FAILED, START + 6)


def test_sessions_keep_the_plan_of_their_create() -> None:
    """A new plan applies to later sessions, and a plan passed to a create to that session."""
    slow, other = Plan(provision=Fixed(50.0)), Plan(provision=Fixed(7.0))
    account = new_account(Settings(plan=slow))
    old = account.create(at=START)

    account.change_settings(Settings(), at=START + 1)
    new, own = account.create(at=START + 1), account.create(at=START + 1, plan=other)

    assert account.sessions[old.id].due_at == START + 50
    assert (new.plan, own.plan) == (Plan(), other)
    assert own.due_at == START + 8


def test_less_retention_evicts_at_once() -> None:
    """Sessions beyond the new number are gone from the instant of the change."""
    account = new_account(limited(retained=5))
    ids = [account.create(at=START).id for _ in range(4)]
    for one in ids:
        account.delete(one, at=START)

    account.change_settings(limited(retained=1), at=START)

    assert list(account.sessions) == [ids[3]]
    assert account.evicted == 3


@LAW
@given(credits=st.integers(0, 100), later=st.floats(0, 100))
@pytest.mark.parametrize("granted", [None, 50])
def test_a_grant_leaves_as_many_credits(granted: int | None, credits: int, later: float) -> None:
    """So many are left at that instant, charges since the last call included."""
    account = new_account(limited(credits=granted))
    running(account, at=START)

    account.grant(credits, at=START + later)

    assert account.left == credits


def test_a_grant_lets_an_empty_account_go_on() -> None:
    """Creates work again after it."""
    account = new_account(limited(credits=2))
    account.create(at=START)
    with pytest.raises(InsufficientCredits):
        account.create(at=START)

    account.grant(2, at=START)

    assert account.create(at=START).state is State.READY


def test_settings_are_not_changed_in_the_past() -> None:
    """A change at an instant before the last call is an error and changes nothing."""
    account = new_account()
    account.advance(START)
    before = deepcopy(vars(account))

    with pytest.raises(ValueError, match="time runs forward"):
        account.grant(1, at=START - 1)
    with pytest.raises(ValueError, match="time runs forward"):
        account.change_settings(limited(credits=1), at=START - 1)

    assert vars(account) == before


# Credits


@LAW
@given(
    start=instants,
    cap=st.one_of(st.integers(10, 60), st.just(12), st.just(30)),
    end_after=st.one_of(st.floats(0, 70), st.integers(0, 12).map(lambda blocks: 6.0 * blocks)),
    how=st.sampled_from([Event.ENDED, Event.FAILED, Event.CANCELLED]),
)
def test_each_started_block_is_charged(
    start: float, cap: int, end_after: float, how: Event
) -> None:
    """2 credits, and 2 for each block [6k, 6k + 6) that began; the cap itself begins none."""
    account = new_account(limited())
    session_id = running(account, at=start, max_duration_s=cap)
    end = start + end_after

    account.advance(end)
    capped = account.sessions[session_id].state in OVER
    if not capped:
        account.apply_event(session_id, how, at=end)

    begun, capped_at = [later(start, 6 * k) for k in range(20)], later(start, cap)
    charged = sum(one < capped_at if capped else one <= end for one in begun)
    assert account.sessions[session_id].blocks == charged
    assert account.spent == 2 + 2 * charged
    assert capped == (end >= capped_at)


def test_a_call_that_ends_at_its_cap_does_not_start_the_next_block() -> None:
    """60 seconds are ten blocks, not eleven."""
    account = new_account(limited())
    session_id = running(account, at=START, max_duration_s=60)

    account.advance(START + 1000)

    session = account.sessions[session_id]
    assert (session.state, session.event, session.ran_for_s) == (
        State.COMPLETED,
        Event.CAPPED,
        60.0,
    )
    assert account.spent == 2 + 2 * 10


def test_charges_stand_on_the_utc_day_of_their_own_instant() -> None:
    """A call over midnight is charged on both days, however late the account is advanced."""
    midnight = 20_000 * DAY
    account = new_account(limited())
    running(account, at=midnight - 6.5, max_duration_s=18)

    account.advance(midnight + 5 * DAY)

    assert dict(account.spent_by_day) == {19_999: 2 + 2 + 2, 20_000: 2}


@pytest.mark.parametrize(
    ("unpaid", "state", "event"),
    [
        (Unpaid.COMPLETE, State.COMPLETED, Event.UNPAID),
        (Unpaid.FAIL, State.FAILED, Event.FAILED),
    ],
)
@pytest.mark.parametrize("credits_left_over", [0, 1])
def test_a_block_that_cannot_be_paid_ends_the_session(
    unpaid: Unpaid, state: State, event: Event, credits_left_over: int
) -> None:
    """With the credits of two blocks it ends when the third begins, and nothing is charged."""
    account = new_account(replace(limited(credits=6 + credits_left_over), unpaid=unpaid))
    session_id = running(account, at=START)
    account.advance(nextafter(START + 12, 0))
    assert account.sessions[session_id].state is State.RUNNING

    account.advance(START + 300)

    session = account.sessions[session_id]
    assert (session.state, session.event, session.changed_at) == (state, event, START + 12)
    assert account.left == credits_left_over
    code = session.failure and session.failure.code
    assert code == ("INSUFFICIENT_CREDITS" if unpaid is Unpaid.FAIL else None)


def test_an_overdrawn_account_goes_below_zero() -> None:
    """With OVERDRAW the session runs to its cap, and the next create is refused."""
    account = new_account(replace(limited(credits=6), unpaid=Unpaid.OVERDRAW))
    session_id = running(account, at=START, max_duration_s=60)

    account.advance(START + 60)

    assert account.sessions[session_id].event is Event.CAPPED
    assert account.left == 6 - (2 + 20)
    with pytest.raises(InsufficientCredits):
        account.create(at=START + 60)


@LAW
@given(st.integers(0, 9))
def test_a_session_costs_two_credits_at_creation(credits: int) -> None:
    """Creates work while 2 credits are left, and not with fewer."""
    account = new_account(limited(credits=credits))

    for _ in range(credits // 2):
        account.create(at=START)

    assert account.left == credits % 2
    with pytest.raises(InsufficientCredits):
        account.create(at=START)


def test_unlimited_is_unlimited() -> None:
    """Without limits nothing is refused or queued, and the remainder is None."""
    account = new_account(limited(concurrency=None, daily=None, credits=None))

    for _ in range(100):
        running(account, at=START)
    account.advance(START + 300)

    assert account.left is None
    assert account.queued == ()
    assert account.spent == 100 * (2 + 2 * 50)
    assert account.used_today == 100


# Refusals


def test_an_unknown_custom_avatar_is_refused() -> None:
    """Custom avatars must exist, in upper or lower case; None means that all do."""
    account = new_account()
    anything_goes = new_account(Settings(avatars=None))

    assert account.create(at=START, avatar=EXAMPLE_AVATAR.upper())
    assert anything_goes.create(at=START, avatar=FOREIGN_ID)
    with pytest.raises(UnknownAvatar):
        account.create(at=START, avatar=FOREIGN_ID)


# The daily quota


@LAW
@given(
    daily=st.integers(1, 4),
    gaps=st.lists(
        st.one_of(st.floats(0, DAY), st.sampled_from([0.0, DAY / 2, DAY])), min_size=1, max_size=25
    ),
    start=st.sampled_from([0.1, START, START + 0.1]),
)
def test_the_daily_quota_is_a_rolling_window(daily: int, gaps: list[float], start: float) -> None:
    """A create is accepted exactly if fewer than `daily` ones were in the 24 hours before."""
    account = new_account(limited(daily=daily, concurrency=None))
    accepted: list[float] = []
    at = start
    for gap in gaps:
        at += gap
        recent = [created for created in accepted if created + DAY > at]
        try:
            account.create(at=at)
        except QuotaReached:
            assert len(recent) >= daily
        else:
            assert len(recent) < daily
            accepted.append(at)
        assert account.used_today == len([one for one in accepted if one + DAY > at])


@LAW
@given(
    daily=st.integers(1, 4),
    offsets=st.lists(st.floats(0, DAY / 2), min_size=4, max_size=4).map(sorted),
    asked_after=st.floats(0, DAY / 4),
)
def test_retry_after_is_exactly_when_the_next_create_works(
    daily: int, offsets: list[float], asked_after: float
) -> None:
    """One instant before Retry-After has passed the quota still holds, then no longer."""
    account = new_account(limited(daily=daily))
    for offset in offsets[:daily]:
        account.create(at=START + offset)
    asked = START + offsets[daily - 1] + asked_after

    with pytest.raises(QuotaReached) as refused:
        account.create(at=asked)

    assert refused.value.retry_after_s is not None
    free = asked + refused.value.retry_after_s
    with pytest.raises(QuotaReached):
        account.create(at=nextafter(free, 0))
    assert account.create(at=free)


@LAW
@given(st.floats(0, 10))
def test_the_quota_frees_after_24_hours_for_any_rounding(created_at: float) -> None:
    """A create exactly 24 hours after the one that filled the quota is accepted."""
    account = new_account(limited(daily=1))
    account.create(at=created_at)

    assert account.create(at=created_at + DAY)


def test_a_quota_of_zero_never_frees() -> None:
    """With a quota of zero each refusal has a Retry-After of a whole day."""
    account = new_account(limited(daily=0))

    for at in (START, START + DAY, START + 5 * DAY):
        with pytest.raises(QuotaReached) as refused:
            account.create(at=at)
        assert refused.value.retry_after_s == DAY


def test_ended_sessions_count_for_the_quota() -> None:
    """The quota counts creates, not sessions: cancelling gives nothing back."""
    account = new_account(limited(daily=1, retained=0))
    account.delete(account.create(at=START).id, at=START)

    with pytest.raises(QuotaReached):
        account.create(at=START + 1)


# Keys and expiry


@LAW
@given(
    join=st.sampled_from([None, NO_TIME, Fixed(1.0), NEVER]),
    after=st.lists(st.floats(0, 299), min_size=2, max_size=12),
)
def test_of_many_consumes_exactly_one_wins(join: Fixed | None, after: list[float]) -> None:
    """The first consume gets the session, whenever the others arrive."""
    account = new_account(Settings(plan=provisioned_at_once(join=join)))
    session = account.create(at=START)
    key = account.session_key(session)
    won: list[Session] = []
    lost: list[Refused] = []

    for seconds in sorted(after):
        try:
            won.append(account.consume(session.id, key, at=START + seconds))
        except Refused as refusal:
            lost.append(refusal)

    assert len(won) == 1
    assert won[0].state in {State.RUNNING, State.CLAIMED}
    assert {type(refusal) for refusal in lost} == {AlreadyConsumed}


@pytest.mark.parametrize("join", [None, Fixed(1000.0), NEVER])
def test_a_key_expires_exactly_at_expires_at(join: Fixed | None) -> None:
    """One instant before `expiresAt` the key works, at it no more, and the session has FAILED."""
    plan = Plan(provision=Fixed(1.5), expires_in_s=20.0, join=join)
    early, late = new_account(Settings(plan=plan)), new_account(Settings(plan=plan))
    session = early.create(at=START)
    assert late.create(at=START) == session
    expires_at = early.get(session.id, at=START + 1.5).expires_at
    assert expires_at == START + 21.5

    consumed = early.consume(session.id, early.session_key(session), at=nextafter(expires_at, 0))
    with pytest.raises(KeyExpired):
        late.consume(session.id, late.session_key(session), at=expires_at)

    assert consumed.state is (State.RUNNING if join is None else State.CLAIMED)
    failed = late.sessions[session.id]
    assert (failed.state, failed.event, failed.changed_at) == (
        State.FAILED,
        Event.EXPIRED,
        expires_at,
    )
    assert failed.failure is not None


def test_a_key_of_another_session_is_refused() -> None:
    """Keys are not interchangeable, and a refused key does not use up the right one."""
    account = new_account(limited())
    mine, other = account.create(at=START), account.create(at=START)

    for wrong in ("", account.session_key(other), account.session_key(mine)[:-1], "\udcff", "é"):
        with pytest.raises(KeyRefused):
            account.consume(mine.id, wrong, at=START)

    assert account.consume(mine.id, account.session_key(mine), at=START).state is State.RUNNING


def test_consume_is_refused_while_not_ready_and_when_over() -> None:
    """The right key at the wrong moment is refused with the reason."""
    account = new_account(Settings(limits=Limits(concurrency=1)))
    first, queued = account.create(at=START), account.create(at=START)

    for waiting in (first, queued):
        with pytest.raises(NotReady):
            account.consume(waiting.id, account.session_key(waiting), at=START)
    account.delete(first.id, at=START)

    with pytest.raises(SessionOver):
        account.consume(first.id, account.session_key(first), at=START)
    with pytest.raises(UnknownSession):
        account.consume(FOREIGN_ID, "any", at=START)


# Joining and caps


def test_a_joined_session_runs_from_the_moment_of_joining() -> None:
    """In join mode a consume claims the session; it runs and is billed from the join on."""
    account = new_account(Settings(plan=provisioned_at_once(join=Fixed(4.0))))
    session = account.create(at=START)

    claimed = account.consume(session.id, account.session_key(session), at=START + 1)
    waiting = account.get(session.id, at=nextafter(START + 5, 0))
    spent_while_waiting = account.spent
    joined = account.get(session.id, at=START + 5)

    assert claimed.state is waiting.state is State.CLAIMED
    assert spent_while_waiting == 2
    assert (joined.state, joined.started_at) == (State.RUNNING, START + 5)
    assert account.spent == 2 + 2


@pytest.mark.parametrize("join", [None, NEVER, Fixed(300.0)])
def test_a_claimed_session_without_a_join_expires(join: Fixed | None) -> None:
    """Joining by `expiresAt` is too late, also for a session that was claimed by hand."""
    account = new_account(Settings(plan=provisioned_at_once(join=join)))
    session = account.create(at=START)
    account.apply_event(session.id, Event.CLAIMED, at=START)

    account.advance(START + 300)

    after = account.sessions[session.id]
    assert (after.state, after.event, after.changed_at) == (
        State.FAILED,
        Event.EXPIRED,
        START + 300,
    )


@LAW
@given(
    max_duration_s=st.integers(10, 1800),
    cap=st.one_of(st.none(), st.floats(0, 2000)),
    start=instants,
)
def test_a_call_ends_at_the_smaller_of_max_duration_and_cap(
    max_duration_s: int, cap: float | None, start: float
) -> None:
    """It runs until one instant before min(maxDuration, cap), and is COMPLETED at it."""
    account = new_account(Settings(plan=provisioned_at_once(session_cap_s=cap)))
    session_id = running(account, at=start, max_duration_s=max_duration_s)
    ends_at = later(start, max_duration_s if cap is None else min(max_duration_s, cap))

    account.advance(max(start, nextafter(ends_at, 0)))
    before = account.sessions[session_id].state
    account.advance(ends_at)

    session = account.sessions[session_id]
    assert before is State.RUNNING or ends_at == start
    assert (session.state, session.event) == (State.COMPLETED, Event.CAPPED)
    assert session.changed_at == session.ends_at == ends_at


def test_a_planned_failure_comes_when_provisioning_would_have_ended() -> None:
    """A plan with a failure leads to FAILED, with that failure, instead of READY."""
    account = new_account(Settings(plan=failing(BROKEN, provision=Fixed(2.0))))
    session = account.create(at=START)

    account.advance(START + 10)

    failed = account.sessions[session.id]
    assert (failed.state, failed.changed_at, failed.failure) == (State.FAILED, START + 2, BROKEN)
    assert failed.ready_at is None


def test_a_failure_by_hand_carries_the_given_reason_or_a_general_one() -> None:
    """An admin may set the reason; without one the session has a general one."""
    account = new_account()
    with_reason, without_reason = account.create(at=START), account.create(at=START)
    reason = Failure("MADE.UP", "Because.")

    account.apply_event(with_reason.id, Event.FAILED, at=START, failure=reason)
    account.apply_event(without_reason.id, Event.FAILED, at=START)

    assert account.sessions[with_reason.id].failure == reason
    general = account.sessions[without_reason.id].failure
    assert general is not None
    assert general.code == "INTERNAL"


def test_provisioning_times_are_draws_by_ordinal() -> None:
    """Each session takes the time of its own draw, independent of the others."""
    plan = Plan(provision=Uniform(1.0, 3.0))
    account = new_account(Settings(plan=plan), seed="s", world="w")
    ids = [account.create(at=START).id for _ in range(5)]
    account.delete(ids[1], at=START)

    account.advance(START + 3)

    for ordinal in (0, 2, 3, 4):
        drawn = plan.provision.sample(Draws("s", "w").number("provision", ordinal))
        assert account.sessions[ids[ordinal]].ready_at == later(START, drawn)


# Backends and DELETE


def test_a_backend_joins_wherever_there_is_a_room() -> None:
    """READY, CLAIMED and RUNNING have a room; before and after there is none."""
    account = new_account(
        Settings(plan=Plan(provision=Fixed(1.0), join=Fixed(5.0)), limits=Limits(concurrency=1))
    )
    session, queued = account.create(at=START), account.create(at=START)
    for waiting in (session, queued):
        with pytest.raises(NotReady):
            account.admit_backend(waiting.id, at=START)

    ready = account.admit_backend(session.id, at=START + 1)
    account.consume(session.id, account.session_key(session), at=START + 1)
    claimed = account.admit_backend(session.id, at=START + 1)
    started = account.admit_backend(session.id, at=START + 6)
    account.delete(session.id, at=START + 6)

    assert [ready.state, claimed.state, started.state] == [
        State.READY,
        State.CLAIMED,
        State.RUNNING,
    ]
    with pytest.raises(SessionOver):
        account.admit_backend(session.id, at=START + 6)


@pytest.mark.parametrize("deleted_again", [True, False])
def test_deleting_an_ended_session_follows_the_switch(deleted_again: bool) -> None:
    """A second DELETE changes nothing; it answers the session or is refused as unknown."""
    account = new_account(Settings(deleted_again=deleted_again))
    session = account.create(at=START)
    cancelled = account.delete(session.id, at=START + 1)
    before = seen(account)

    if deleted_again:
        assert account.delete(session.id, at=START + 1) == cancelled
    else:
        with pytest.raises(UnknownSession):
            account.delete(session.id, at=START + 1)

    assert cancelled.state is State.CANCELLED
    assert seen(account) == before


def test_a_session_has_ended_once_it_is_terminal() -> None:
    """One that goes on has not, nor one that nobody knows."""
    account = new_account()
    ended, live = account.create(at=START), account.create(at=START)
    account.delete(ended.id, at=START + 1)
    assert [account.has_ended(each) for each in (ended.id, live.id, "")] == [True, False, False]


# Conversations


def test_a_session_is_a_conversation_until_that_is_deleted() -> None:
    """Then nothing more is kept of what is said in it, and the session goes on as before."""
    account = new_account(limited())
    session_id = running(account, at=START)
    session = account.sessions[session_id]
    words = {"event": "said", "role": "user", "turn": 1, "text": "Hello", "seconds": 1.0}
    account.report(session_id, words, at=START)
    before = seen(account)

    assert account.conversation(session_id, at=START) is session
    account.delete_conversation(session_id, at=START)
    account.report(session_id, words, at=START)

    for call in (account.conversation, account.delete_conversation):
        with pytest.raises(UnknownConversation):
            call(session_id, at=START)
    assert account.call(session_id).transcript == ()
    assert seen(account) == before


def test_no_session_is_no_conversation() -> None:
    """Whether it was never there, or retention has evicted it; an ended one still is one."""
    account = new_account(limited(retained=1))
    evicted, ended = (account.create(at=START).id for _ in range(2))
    for session_id in (evicted, ended):
        account.delete(session_id, at=START)

    assert account.conversation(ended, at=START).state is State.CANCELLED
    for session_id in (FOREIGN_ID, evicted):
        with pytest.raises(UnknownConversation):
            account.conversation(session_id, at=START)


# Unknown ids


def test_an_unknown_id_is_refused() -> None:
    """An unknown session cannot be read, consumed, joined or deleted."""
    account = new_account()

    for call in (account.get, account.admit_backend, account.delete):
        with pytest.raises(UnknownSession):
            call(FOREIGN_ID, at=START)
    with pytest.raises(UnknownSession):
        account.apply_event(FOREIGN_ID, Event.ENDED, at=START)

    assert account.sessions == {}


def test_unknown_ids_materialise_without_charge_or_quota() -> None:
    """An unknown session begins at its first GET, costs nothing, and is then ordinary."""
    account = new_account(
        Settings(materialise=True, limits=Limits(concurrency=1, daily=0, credits=0))
    )

    created = account.get(FOREIGN_ID, at=START)
    queued = account.get(EXAMPLE_AVATAR, at=START)
    ready = account.get(FOREIGN_ID, at=START + 1.5)

    assert (created.id, created.state, created.created_at) == (
        FOREIGN_ID,
        State.PROVISIONING,
        START,
    )
    assert queued.state is State.QUEUED
    assert ready.state is State.READY
    assert (account.spent, account.used_today) == (0, 0)


def test_an_id_that_was_materialised_is_not_drawn_again() -> None:
    """A client that remembers the ids of an earlier equal run does not meet them twice."""
    earlier = new_account()
    ids = [earlier.create(at=START).id for _ in range(3)]
    account = new_account(Settings(materialise=True))
    remembered = account.get(ids[1], at=START)

    created = [account.create(at=START) for _ in range(2)]

    assert len({remembered.id, *(each.id for each in created)}) == 3
    assert account.active == len(account.sessions) == 3
    assert [each.ordinal for each in created] == [2, 3]  # ordinal 1 would draw the id again


def test_advancing_stops_after_so_many_changes() -> None:
    """Then the account is as it was at the last of them, and time does not run back behind it."""
    account = new_account(Settings(plan=Plan(provision=Fixed(1.0))))
    for after in range(5):
        account.create(at=START + after / 8)
    due = [START + 1 + after / 8 for after in range(5)]

    changes = account.advance(START + 99, most=2)

    assert [each.at for each in changes] == due[:2]
    with pytest.raises(ValueError, match="time runs forward"):
        account.advance(START + 1)
    assert [each.at for each in account.advance(START + 99, most=0)] == []
    assert [each.at for each in account.advance(due[-1])] == due[2:]


def test_a_long_queue_is_admitted_in_pieces_at_one_instant() -> None:
    """More capacity admits all from the instant at which it came; nothing is due before that."""
    account = new_account(limited(concurrency=0))
    ids = [account.create(at=START).id for _ in range(300)]

    account.change_settings(limited(concurrency=290), at=START + 1)
    while account.queued[10:]:
        before = account.active
        assert account.next_due_at == START + 1
        account.advance(START + 5, most=25)
        assert account.active == min(before + 25, 290)
    account.advance(START + 5)

    assert [account.sessions[each].ready_at for each in ids] == [START + 1] * 290 + [None] * 10


# Retention


@LAW
@given(
    retained=st.integers(0, 4),
    order=st.permutations(range(8)),
    ended=st.integers(0, 8),
)
def test_retention_keeps_the_newest_terminal_sessions(
    retained: int, order: list[int], ended: int
) -> None:
    """Those that ended last stay readable, older ones are evicted and counted."""
    account = new_account(limited(retained=retained))
    ids = [account.create(at=START).id for _ in range(8)]

    for at, which in enumerate(order[:ended], int(START) + 1):
        account.delete(ids[which], at=at)

    over = [ids[which] for which in order[:ended]]
    kept = over[max(0, ended - retained) :]
    assert {one.id for one in account.sessions.values() if one.state in OVER} == set(kept)
    assert account.evicted == ended - len(kept)
    assert len(account.sessions) == 8 - account.evicted
    for gone in set(over) - set(kept):
        with pytest.raises(UnknownSession):
            account.get(gone, at=START + 100)


def test_a_session_that_is_evicted_as_it_ends_is_still_answered() -> None:
    """With a retention of 0 a call answers the session as the call left it."""
    plan = failing(BROKEN, provision=NO_TIME)
    account = new_account(Settings(plan=plan, limits=Limits(retained=0)))

    created = account.create(at=START)

    assert (created.state, created.failure) == (State.FAILED, BROKEN)
    assert account.sessions == {}
    assert account.evicted == 1


def test_the_agenda_stays_in_proportion_to_the_sessions() -> None:
    """Thousands of sessions that come and go leave no pile of stale entries behind."""
    account = new_account(limited(concurrency=None, retained=5, daily=None, credits=None))
    kept = [account.create(at=START) for _ in range(200)]
    largest = 0

    for turn in range(3000):
        account.delete(account.create(at=START + turn / 1000).id, at=START + turn / 1000)
        largest = max(largest, len(account._due))

    assert account.active == len(kept)
    assert largest <= 2 * (account.active + 1) + 600
    assert account.next_due_at == START + 300


def test_a_long_queue_of_sessions_with_deadlines_is_left_alone() -> None:
    """The agenda is not gone through again and again while all of its entries are needed."""
    plan = Plan(queued=Fixed(3600.0))
    account = new_account(Settings(plan=plan, limits=Limits(concurrency=0)))
    for _ in range(200):
        account.create(at=START)
    for _ in range(200):
        account.delete(account.create(at=START).id, at=START)
    [heap] = account._due._heaps.values()  # all are due at one instant
    stale = len(heap) - 200

    for _ in range(200):
        account.create(at=START)

    assert [*map(id, account._due._heaps.values())] == [id(heap)]
    assert len(account._due) == len(heap) == 400 + stale


def test_an_event_that_never_happens_is_not_due() -> None:
    """A session that never becomes READY has no due instant."""
    account = new_account(Settings(plan=Plan(provision=NEVER)))
    session = account.create(at=START)

    assert account.next_due_at is None
    assert account.advance(START + 1e9) == []
    assert account.sessions[session.id].due_at == math.inf


# Equal and different runs


@LAW
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique=True, min_size=2))
def test_different_worlds_or_seeds_share_no_ids_or_keys(names: list[tuple[str, str]]) -> None:
    """With another seed or another world, no id and no key occurs twice."""
    ids: list[str] = []
    keys: list[str] = []

    for seed, world in names:
        account = new_account(seed=seed, world=world)
        for _ in range(3):
            session = account.create(at=START)
            ids.append(session.id)
            keys.append(account.session_key(session))

    assert len(set(ids)) == len(set(keys)) == 3 * len(names)


def test_the_key_shows_the_world_and_not_the_id() -> None:
    """A key is `stk_`, the world's tag and 32 digits that have nothing to do with the id."""
    account = new_account()
    session = account.create(at=START)

    kind, tag, secret = account.session_key(session).split("_")

    assert (kind, tag, len(secret)) == ("stk", "0" * 12, 32)
    assert secret not in session.id.replace("-", "")


def test_repr_shows_the_state_and_no_key() -> None:
    """The representation counts sessions and credits and shows no key."""
    account = new_account()
    session = account.create(at=START)

    assert repr(account) == "<Account 1 sessions, 1 active, 2 spent>"
    assert account.session_key(session) not in repr(vars(account))
