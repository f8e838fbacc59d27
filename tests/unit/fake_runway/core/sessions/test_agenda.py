"""Which session is due next: the order, and what is left out."""

from __future__ import annotations

from math import inf

from hypothesis import example, given
from hypothesis import strategies as st

from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.agenda import Agenda
from fake_runway.core.sessions.session import Plan, Session
from tests.support.fake.plans import made_up
from tests.unit.fake_runway.core.playing import LAW, START, new_account

instants = st.floats(0, 1 / 16) | st.floats(0, 2) | st.sampled_from([0.0, 1 / 16, 1e5, 1e9])


def due(instants: list[float]) -> list[Session]:
    """Return sessions that are due at these instants."""
    return [made_up(ordinal=number, due_at=at) for number, at in enumerate(instants)]


def agenda_of(sessions: list[Session]) -> Agenda[Session]:
    """Return an agenda that was given these sessions."""
    agenda = Agenda[Session]()
    for session in sessions:
        agenda.add(session)
    return agenda


def taken(agenda: Agenda[Session]) -> list[Session]:
    """Take all sessions out of an agenda."""
    sessions = []
    while (session := agenda.first()) is not None:
        assert len(agenda) > 0
        agenda.remove_first()
        sessions.append(session)
    assert len(agenda) == 0
    return sessions


def in_order(sessions: list[Session]) -> list[Session]:
    """Return the sessions as an agenda should."""
    return sorted(sessions, key=lambda one: (one.due_at, one.ordinal))


@LAW
@given(st.lists(instants), st.lists(instants), st.integers(0, 5))
def test_the_earliest_comes_first_and_of_equals_the_oldest(
    before: list[float], more: list[float], gone: int
) -> None:
    """Whatever was taken out before the others came."""
    sessions = due(before + more)
    agenda = agenda_of(sessions[: len(before)])
    expected = in_order(sessions[: len(before)])
    for session in expected[:gone]:
        assert agenda.first() is session
        agenda.remove_first()

    for session in sessions[len(before) :]:
        agenda.add(session)

    assert taken(agenda) == in_order(expected[gone:] + sessions[len(before) :])


@LAW
@given(st.lists(instants, max_size=40), st.sets(st.integers(0, 40)))
@example([0.0, 0.01, 0.04, 0.02, 0.03, 0.05], {1, 2, 3, 4, 5})
def test_only_what_is_wanted_is_kept(given_instants: list[float], wanted: set[int]) -> None:
    """In the same order, and counted."""
    sessions = due(given_instants)
    agenda = agenda_of(sessions)

    agenda.keep(lambda session: session.ordinal in wanted)

    kept = [session for session in sessions if session.ordinal in wanted]
    assert len(agenda) == len(kept)
    assert taken(agenda) == in_order(kept)


@LAW
@given(st.lists(instants, min_size=1))
def test_a_copy_is_independent(given_instants: list[float]) -> None:
    """Taking from one leaves the other as it is, and so does adding."""
    agenda = agenda_of(due(given_instants))
    twin = agenda.copy()

    twin.add(made_up(due_at=given_instants[0]))
    all_of_the_twin = taken(twin)

    assert len(agenda) == len(given_instants) == len(all_of_the_twin) - 1
    assert taken(agenda) == in_order(due(given_instants))


def test_what_is_never_due_is_left_out() -> None:
    """Neither an event without an instant nor one that never comes."""
    agenda = agenda_of([made_up(due_at=None), made_up(due_at=inf)])

    assert agenda.first() is None
    assert len(agenda) == 0


def test_versions_of_one_session_can_be_due_at_one_instant() -> None:
    """The first block after the start is due when the READY session would have expired."""
    plan = Plan(provision=Fixed(0.0), expires_in_s=6.0, join=Fixed(0.0))
    account = new_account(Settings(plan=plan))
    session = account.create(at=START)

    running = account.consume(session.id, account.session_key(session), at=START)
    account.advance(START + 6)

    assert (session.due_at, running.due_at) == (START + 6, START + 6)
    assert session.ordinal == running.ordinal
    assert account.sessions[session.id].state is State.RUNNING
    assert account.sessions[session.id].blocks == 2
