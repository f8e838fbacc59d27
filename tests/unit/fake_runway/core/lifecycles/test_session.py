"""The table of states and events: every pair is visited through an account, legal or not."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from enum import Enum
from itertools import product

import pytest

from fake_runway.core.account import Account
from fake_runway.core.durations import Fixed
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.lifecycles.session import ACTIVE, TERMINAL, TRANSITIONS, Event, State
from fake_runway.core.lifecycles.vocabulary import Phase, Role
from fake_runway.core.sessions.session import Plan, Session
from tests.unit.fake_runway.core.playing import in_state

BY_HAND = """
    QUEUED       RELEASED    QUEUED
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
    READY        ENTERED     RUNNING
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
BEGINNINGS = (Event.CONSUMED, Event.JOINED, Event.ENTERED)


def make_happen(account: Account, session: Session, event: Event, at: float) -> Session:
    """Apply `event` to `session`; events of capacity and plan come by settings, not by hand."""
    if session.state is State.QUEUED and event is Event.ADMITTED:
        (in_the_way,) = (one for one in account.sessions if one != session.id)
        account.delete(in_the_way, at=at)
        return account.sessions[session.id]
    if session.state is State.QUEUED and event is Event.RELEASED:
        kept = account.create(at=at, plan=Plan(queued=Fixed(3.0)))
        return account.get(kept.id, at=at + 3)
    return account.apply_event(session.id, event, at=at)


# Every pair of the table


def test_every_pair_is_visited_and_lands_where_the_table_says() -> None:
    """All 8 x 14 pairs happen to a session of an account; exactly the legal ones move it."""
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
            begins = event in BEGINNINGS  # and pays its first block
            assert after.event is (Event.BILLED if begins else event)

    assert len(PAIRS) == 8 * 14
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
        account.apply_event(session.id, event, at=at)

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
    """Return the states that can follow `state`, at any distance; none goes by `without`."""
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
    """But for RUNNING, billed again and again, and QUEUED, no state follows itself."""
    loops = [state for state in State if state in reachable_from(state)]

    assert loops == [State.QUEUED, State.RUNNING]
    assert [event for event, to in TRANSITIONS[State.QUEUED].items() if to is State.QUEUED] == [
        Event.RELEASED
    ]


def test_terminal_and_active_states() -> None:
    """The terminal states are those without a row, and live ones but QUEUED take up capacity."""
    assert {State.COMPLETED, State.FAILED, State.CANCELLED} == TERMINAL
    assert {State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING} == ACTIVE


def test_the_table_cannot_be_changed() -> None:
    """The table is read-only."""
    with pytest.raises(TypeError):
        TRANSITIONS[State.FAILED] = {}  # type: ignore[index] # that is what is tried here


@pytest.mark.parametrize("members", [State, Event, Phase, Role])
def test_what_calls_ask_for_is_found_and_hashed_without_a_function(members: type[Enum]) -> None:
    """They are plain attributes of their class, and still members with names and values."""
    for member in members:
        assert vars(members)[member.name] is member
        assert hash(member) == object.__hash__(member)
        assert members(member.value) is members[member.name] is member
