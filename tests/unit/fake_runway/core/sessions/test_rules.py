"""Decisions about sessions and accounts: each returns a value or refuses, and alters nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.billing import Unpaid
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NO_TIME, Fixed
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
)
from fake_runway.core.lifecycles.session import UNEXPLAINED_FAILURE, Event, Failure, State
from fake_runway.core.sessions.rules import (
    UNPAID_FAILURE,
    check_backend,
    check_consume,
    check_create,
    due_transition,
    transition,
)
from fake_runway.core.sessions.session import Happening, Plan
from tests.support.fake.plans import made_up
from tests.unit.fake_runway.core.playing import BROKEN, LAW, START

DRAWS = Draws("seed", "world")
DAY = 24 * 60 * 60.0
SESSION = made_up(
    id="an id",
    ordinal=0,
    created_at=START,
    max_duration_s=30,
    plan=Plan(provision=NO_TIME, join=None),
)
RUNNING = made_up(
    SESSION,
    state=State.RUNNING,
    ready_at=START,
    started_at=START,
    blocks=1,
    due_at=START + 6,
    due_event=Event.BILLED,
)


@pytest.mark.parametrize("event", [Event.BILLED, Event.ENDED, Event.CANCELLED, Event.FAILED])
def test_only_a_block_costs(event: Event) -> None:
    """A change keeps what was before and what is after; BILLED alone is charged."""
    change = transition(RUNNING, event, START + 1, draws=DRAWS, failure=BROKEN)

    assert (change.at, change.event, change.before) == (START + 1, event, RUNNING)
    assert change.charge == (2 if event is Event.BILLED else 0)


def test_an_impossible_move_is_refused() -> None:
    """The table decides, here as everywhere."""
    with pytest.raises(IllegalTransition):
        transition(RUNNING, Event.CONSUMED, START, draws=DRAWS)


@LAW
@given(left=st.one_of(st.none(), st.integers(-5, 5)), unpaid=st.sampled_from(Unpaid))
def test_a_block_is_paid_while_there_are_credits(left: int | None, unpaid: Unpaid) -> None:
    """With 2 credits or no limit it is paid; else the switch decides how the call goes on."""
    change = due_transition(RUNNING, draws=DRAWS, left=left, unpaid=unpaid)

    assert change.at == START + 6
    if left is None or left >= 2 or unpaid is Unpaid.OVERDRAW:
        assert (change.event, change.charge) == (Event.BILLED, 2)
    elif unpaid is Unpaid.COMPLETE:
        assert (change.event, change.charge, change.after.failure) == (Event.UNPAID, 0, None)
    else:
        assert (change.event, change.charge) == (Event.FAILED, 0)
        assert change.after.failure == UNPAID_FAILURE


@pytest.mark.parametrize("unpaid", Unpaid)
def test_the_cap_needs_no_credits(unpaid: Unpaid) -> None:
    """A call that has run to its cap is COMPLETED, also when the account is empty."""
    last = made_up(RUNNING, blocks=5, due_at=START + 30, due_event=Event.CAPPED)

    change = due_transition(last, draws=DRAWS, left=0, unpaid=unpaid)

    assert (change.event, change.after.state) == (Event.CAPPED, State.COMPLETED)


@pytest.mark.parametrize("failure", [BROKEN, None])
def test_what_the_plan_makes_happen_carries_its_reason(failure: Failure | None) -> None:
    """A planned failure has its reason, or a general one; credits do not matter."""
    cut_off = Happening(State.RUNNING, Event.FAILED, failure=failure)
    doomed = made_up(RUNNING, plan=Plan(happenings=(cut_off,)), due_event=Event.FAILED)

    change = due_transition(doomed, draws=DRAWS, left=0, unpaid=Unpaid.COMPLETE)

    assert (change.event, change.charge) == (Event.FAILED, 0)
    assert change.after.failure == (failure or UNEXPLAINED_FAILURE)


def test_nothing_falls_due_for_a_session_that_waits_for_others() -> None:
    """Asking what is due for a QUEUED session is an error; an instant or an event alone is none."""
    halves = [SESSION, made_up(SESSION, due_at=START), made_up(SESSION, due_event=Event.RELEASED)]
    for session in halves:
        with pytest.raises(ValueError, match="nothing is due"):
            due_transition(session, draws=DRAWS, left=None, unpaid=Unpaid.COMPLETE)


@pytest.mark.parametrize(("left", "refused"), [(None, False), (2, False), (1, True), (-3, True)])
def test_a_create_needs_two_credits(left: int | None, refused: bool) -> None:
    """With fewer than 2 left it is refused, before the quota is checked."""
    if refused:
        with pytest.raises(InsufficientCredits):
            check_create(START, left=left, created=[START], daily=1)
    else:
        check_create(START, left=left, created=[], daily=1)


@LAW
@given(
    ages=st.lists(st.floats(0, DAY, exclude_max=True), max_size=6),
    daily=st.one_of(st.none(), st.integers(0, 6)),
)
def test_the_quota_says_when_it_frees(ages: list[float], daily: int | None) -> None:
    """Retry-After ends when as many creates have left the window as must."""
    created = sorted(one for age in ages if (one := START - age) + DAY > START)
    if daily is None or len(created) < daily:
        check_create(START, left=None, created=created, daily=daily)
        return

    with pytest.raises(QuotaReached) as refused:
        check_create(START, left=None, created=created, daily=daily)

    wait = refused.value.retry_after_s
    assert wait is not None
    assert 0 < wait <= DAY
    still_there = [one for one in created if one + DAY > START + wait]
    assert len(still_there) < max(daily, 1) or daily == 0


@pytest.mark.parametrize(
    ("state", "event", "expected"),
    [
        (State.QUEUED, None, NotReady),
        (State.PROVISIONING, Event.ADMITTED, NotReady),
        (State.CLAIMED, Event.CLAIMED, AlreadyConsumed),
        (State.RUNNING, Event.BILLED, AlreadyConsumed),
        (State.COMPLETED, Event.ENDED, SessionOver),
        (State.CANCELLED, Event.CANCELLED, SessionOver),
        (State.FAILED, Event.FAILED, SessionOver),
        (State.FAILED, Event.EXPIRED, KeyExpired),
    ],
)
def test_the_right_key_at_the_wrong_moment(
    state: State, event: Event | None, expected: type[Refused]
) -> None:
    """The refusal has the reason; a wrong key gets the same refusal in any state."""
    session = made_up(SESSION, state=state, event=event)

    with pytest.raises(expected):
        check_consume(session, expected_key="right", given_key="right")
    with pytest.raises(KeyRefused):
        check_consume(session, expected_key="right", given_key="wrong")


@pytest.mark.parametrize(("join", "event"), [(None, Event.CONSUMED), (NO_TIME, Event.CLAIMED)])
def test_what_a_consume_causes_follows_the_switch(join: Fixed | None, event: Event) -> None:
    """A consume starts the session, or claims it until the join."""
    ready = made_up(SESSION, state=State.READY, plan=Plan(join=join))

    assert check_consume(ready, expected_key="right", given_key="right") is event


@LAW
@given(
    st.text(st.characters(codec=None), max_size=40)  # lone surrogates: bytes that are no UTF-8
)
def test_any_other_text_is_no_key(text: str) -> None:
    """Any value of a header is compared and refused, with a message that does not depend on it."""
    ready = made_up(SESSION, state=State.READY)
    messages = []
    for key in (text, "another"):
        with pytest.raises(KeyRefused) as refused:
            check_consume(ready, expected_key="stk_" + "0" * 45, given_key=key)
        messages.append(str(refused.value))

    assert messages[0] == messages[1]


@pytest.mark.parametrize("state", State)
def test_a_backend_needs_a_room(state: State) -> None:
    """There is one from READY until the end."""
    session = made_up(SESSION, state=state)

    if state in (State.QUEUED, State.PROVISIONING):
        with pytest.raises(NotReady):
            check_backend(session)
    elif state in (State.READY, State.CLAIMED, State.RUNNING):
        check_backend(session)
    else:
        with pytest.raises(SessionOver, match=state.value):
            check_backend(session)
