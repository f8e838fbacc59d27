"""The table of states and events: every pair is visited through an account, legal or not."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import FrozenInstanceError, replace
from itertools import product
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.lifecycle import (
    ACTIVE,
    TERMINAL,
    TRANSITIONS,
    Event,
    Failure,
    Plan,
    Session,
    State,
    due_event,
    next_due,
    step,
)
from fake_runway.core.settings import Limits, Settings, Unpaid
from tests.unit.fake_runway.core.playing import BROKEN, LAW, START, new_account

BY_HAND = """
    QUEUED       ADMITTED    PROVISIONING
    QUEUED       FAILED      FAILED
    QUEUED       CANCELLED   CANCELLED
    PROVISIONING PROVISIONED READY
    PROVISIONING FAILED      FAILED
    PROVISIONING CANCELLED   CANCELLED
    READY        CONSUMED    RUNNING
    READY        CLAIMED     CLAIMED
    READY        EXPIRED     FAILED
    READY        FAILED      FAILED
    READY        CANCELLED   CANCELLED
    CLAIMED      JOINED      RUNNING
    CLAIMED      EXPIRED     FAILED
    CLAIMED      FAILED      FAILED
    CLAIMED      CANCELLED   CANCELLED
    RUNNING      BILLED      RUNNING
    RUNNING      ENDED       COMPLETED
    RUNNING      CAPPED      COMPLETED
    RUNNING      UNPAID      COMPLETED
    RUNNING      FAILED      FAILED
    RUNNING      CANCELLED   CANCELLED
"""
"""Written down from the design and the facts sheet; every other pair is illegal."""

EXPECTED: Mapping[tuple[State, Event], State] = {
    (State[before], Event[event]): State[after]
    for before, event, after in (line.split() for line in BY_HAND.strip().splitlines())
}
PAIRS = list(product(State, Event))
DRAWS = Draws("seed", "world")


def in_state(state: State) -> tuple[Account, Session, float]:
    """Return an account of capacity 1, a session that ordinary calls brought to `state`, and when.

    Whoever is QUEUED waits for the other session of the account.
    """
    join = Fixed(5.0) if state is State.CLAIMED else None
    account = new_account(
        Settings(plan=Plan(provision=Fixed(2.0), join=join), limits=Limits(concurrency=1))
    )
    session = account.create(at=START)
    at = START + (0 if state in (State.QUEUED, State.PROVISIONING) else 2)
    match state:
        case State.QUEUED:
            session = account.create(at=at)
        case State.CLAIMED | State.RUNNING | State.COMPLETED:
            account.consume(session.id, account.session_key(session), at=at)
            if state is State.COMPLETED:
                account.occur(session.id, Event.ENDED, at=at)
        case State.FAILED:
            account.occur(session.id, Event.FAILED, at=at)
        case State.CANCELLED:
            account.delete(session.id, at=at)
        case _:
            account.advance(at)
    return account, account.sessions[session.id], at


def make_happen(account: Account, session: Session, event: Event, at: float) -> Session:
    """Let `event` happen to `session`; one that is QUEUED is admitted by making room for it."""
    if event is Event.ADMITTED and session.state is State.QUEUED:
        (in_the_way,) = (one for one in account.sessions if one != session.id)
        account.delete(in_the_way, at=at)
        return account.sessions[session.id]
    return account.occur(session.id, event, at=at)


# Coverage of the table


def test_every_pair_is_visited_and_lands_where_the_table_says() -> None:
    """All 8 x 12 pairs happen to a session of an account; exactly the legal ones move it."""
    landed: dict[tuple[State, Event], State] = {}
    refused: set[tuple[State, Event]] = set()

    for state, event in PAIRS:
        account, session, at = in_state(state)
        pair = session.state, event
        try:
            after = make_happen(account, session, event, at)
        except IllegalTransition:
            refused.add(pair)
        else:
            landed[pair] = after.state
            begins = event in (Event.CONSUMED, Event.JOINED)  # and pays its first block
            assert after.event is (Event.BILLED if begins else event)

    assert len(PAIRS) == 8 * 12
    assert landed.keys() | refused == set(PAIRS)
    assert landed == EXPECTED


@pytest.mark.parametrize(
    ("state", "event"), [pair for pair in PAIRS if pair not in EXPECTED], ids=lambda one: one.name
)
def test_an_illegal_event_changes_nothing(state: State, event: Event) -> None:
    """Where the table has no row the event is refused, and no field of the account differs."""
    account, session, at = in_state(state)
    before = deepcopy(vars(account))

    with pytest.raises(IllegalTransition):
        account.occur(session.id, event, at=at)

    assert vars(account) == before


def test_the_table_is_the_one_written_down_by_hand() -> None:
    """The code's table has exactly the rows of the design."""
    rows = {
        (state, event): target
        for state, row in TRANSITIONS.items()
        for event, target in row.items()
    }

    assert rows == EXPECTED
    assert set(TRANSITIONS) == set(State)


# The shape of the table


def reachable_from(state: State, *, without: State | None = None) -> set[State]:
    """Return the states that can follow `state`, at whatever distance; none goes by `without`."""
    found: set[State] = set()
    todo = [state]
    while todo:
        for target in TRANSITIONS[todo.pop()].values():
            if target not in found and target is not without:
                found.add(target)
                todo.append(target)
    return found


def test_every_state_is_reachable() -> None:
    """From QUEUED, where all sessions begin, there is a way to every state."""
    assert {State.QUEUED} | reachable_from(State.QUEUED) == set(State)


def test_every_live_state_can_end_in_every_way_that_is_left() -> None:
    """From each live state FAILED and CANCELLED are one step, and COMPLETED can be reached."""
    for state in set(State) - TERMINAL:
        assert TRANSITIONS[state][Event.FAILED] is State.FAILED
        assert TRANSITIONS[state][Event.CANCELLED] is State.CANCELLED
        assert State.COMPLETED in reachable_from(state)


@pytest.mark.parametrize(
    ("state", "gate"),
    [
        (State.PROVISIONING, State.QUEUED),
        (State.READY, State.PROVISIONING),
        (State.RUNNING, State.READY),
        (State.CLAIMED, State.READY),
        (State.COMPLETED, State.RUNNING),
    ],
)
def test_there_is_no_way_around(state: State, gate: State) -> None:
    """READY is reached through PROVISIONING only, RUNNING through READY, and so on."""
    if gate is State.QUEUED:
        assert state not in reachable_from(State.READY)
    else:
        assert state not in reachable_from(State.QUEUED, without=gate)


def test_nothing_returns_to_where_it_was() -> None:
    """But for RUNNING, which is billed again and again, no state follows itself."""
    assert [state for state in State if state in reachable_from(state)] == [State.RUNNING]


def test_terminal_and_active_states() -> None:
    """The terminal states are those without a row, and live ones but QUEUED take up capacity."""
    assert {State.COMPLETED, State.FAILED, State.CANCELLED} == TERMINAL
    assert {State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING} == ACTIVE


def test_the_table_cannot_be_changed() -> None:
    """The table is read-only."""
    with pytest.raises(TypeError):
        TRANSITIONS[State.FAILED] = {}  # type: ignore[index] # that is what is tried here


# What happens by itself

BY_ITSELF = [
    (State.PROVISIONING, Plan(Fixed(2.0)), Event.PROVISIONED, START + 2),
    (State.PROVISIONING, Plan(Fixed(2.0), failure=BROKEN), Event.FAILED, START + 2),
    (State.READY, Plan(NO_TIME, expires_in_s=20.0), Event.EXPIRED, START + 20),
    (State.CLAIMED, Plan(NO_TIME, join=Fixed(5.0)), Event.JOINED, START + 5),
    (State.CLAIMED, Plan(NO_TIME, expires_in_s=20.0, join=NEVER), Event.EXPIRED, START + 20),
    (State.RUNNING, Plan(NO_TIME), Event.BILLED, START + 6),
    (State.RUNNING, Plan(NO_TIME, session_cap_s=5.0), Event.CAPPED, START + 5),
]


@pytest.mark.parametrize(("state", "plan", "event", "at"), BY_ITSELF)
def test_each_live_state_moves_by_itself(state: State, plan: Plan, event: Event, at: float) -> None:
    """What is due happens at its instant and not before, without anybody's doing."""
    account = new_account(Settings(plan=plan))
    session = account.create(at=START)
    if state in (State.CLAIMED, State.RUNNING):
        account.consume(session.id, account.session_key(session), at=START)

    before = account.get(session.id, at=nextafter(at, -inf))
    change, *_ = account.advance(at)  # joining pays the first block as well

    assert (before.state, before.due_at) == (state, at)
    assert (change.event, change.at) == (event, at)
    assert change.after.state is EXPECTED[state, event]


def test_the_unpaid_end_happens_by_itself() -> None:
    """The one ending that needs an empty account comes when a block begins."""
    account = new_account(
        Settings(plan=Plan(NO_TIME), limits=Limits(credits=4), unpaid=Unpaid.COMPLETE)
    )
    session = account.create(at=START)
    account.consume(session.id, account.session_key(session), at=START)

    (change,) = account.advance(START + 100)

    assert (change.event, change.at) == (Event.UNPAID, START + 6)


@pytest.mark.parametrize("state", [State.QUEUED, *sorted(TERMINAL, key=lambda one: one.name)])
def test_nothing_is_due_where_nothing_happens_by_itself(state: State) -> None:
    """QUEUED and ended sessions have no due instant, and asking for their event is an error."""
    _, session, _ = in_state(state)

    assert next_due(session, DRAWS) is None
    with pytest.raises(ValueError, match=state.value):
        due_event(session)


# One step


@LAW
@given(
    state=st.sampled_from(State),
    event=st.sampled_from(Event),
    at=st.floats(START + 10, START + 1e6),
    failure=st.sampled_from([None, Failure("MADE.UP", "Because.")]),
)
def test_a_step_changes_what_it_says_and_nothing_else(
    state: State, event: Event, at: float, failure: Failure | None
) -> None:
    """Identity and plan stay; instants, blocks and failure follow the event."""
    _, before, _ = in_state(state)
    if (state, event) not in EXPECTED:
        with pytest.raises(IllegalTransition, match=f"{state.value} cannot be {event.value}"):
            step(before, event, at, draws=DRAWS, failure=failure)
        return

    after = step(before, event, at, draws=DRAWS, failure=failure)

    assert (after.state, after.event, after.changed_at) == (EXPECTED[state, event], event, at)
    assert after.ready_at == (at if event is Event.PROVISIONED else before.ready_at)
    starts = event in (Event.CONSUMED, Event.JOINED)
    assert after.started_at == (at if starts else before.started_at)
    assert after.blocks == before.blocks + (event is Event.BILLED)
    assert (after.failure is not None) == (after.state is State.FAILED)
    if event is Event.FAILED and failure is not None:
        assert after.failure == failure
    elif event is Event.EXPIRED:
        assert after.failure is not None
        assert "expired" in after.failure.text
    same = ("id", "ordinal", "created_at", "max_duration_s", "plan")
    assert all(getattr(after, name) == getattr(before, name) for name in same)


def test_a_session_is_a_value() -> None:
    """Nobody can change a session; a step makes another one."""
    _, session, _ = in_state(State.READY)

    with pytest.raises(FrozenInstanceError):
        session.state = State.RUNNING  # type: ignore[misc] # that is what is tried here

    assert step(session, Event.CONSUMED, START + 3, draws=DRAWS) is not session
    assert session.state is State.READY


def test_blocks_begin_at_multiples_of_six_seconds_from_the_start() -> None:
    """No sum of steps drifts: the thousandth block begins 6000 seconds after the start."""
    _, session, _ = in_state(State.RUNNING)
    started_at = START + 0.1
    session = replace(session, started_at=started_at, max_duration_s=10_000, blocks=999)

    assert step(session, Event.BILLED, START, draws=DRAWS).due_at == started_at + 6000


def test_what_never_began_has_no_end_and_took_no_time() -> None:
    """Before READY there is no expiry, before RUNNING no end; a call that never ran took 0 s."""
    _, queued, _ = in_state(State.QUEUED)
    _, cancelled, _ = in_state(State.CANCELLED)
    account, running, at = in_state(State.RUNNING)
    completed = account.occur(running.id, Event.ENDED, at=at + 1)

    assert queued.expires_at is None
    assert queued.ends_at is None
    assert cancelled.ran_for_s == 0
    assert completed.ran_for_s == 1
