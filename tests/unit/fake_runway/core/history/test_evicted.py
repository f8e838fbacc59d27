"""Counting outlives the journal: laws over any entries and any capacity."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.admin_api.journal import matches
from fake_runway.core.history.evicted import MOST_COUNTS, MOST_KINDS, Counted, Evicted
from fake_runway.core.history.journal import Act, Exchange, Log, Move
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from tests.unit.fake_runway.core.history.test_findings import Client
from tests.unit.fake_runway.core.playing import LAW

SESSIONS = [Subject("session", "1"), Subject("session", "2"), NO_SUBJECT]
OPERATIONS = ["createSession", "getSession", ""]

calls = st.builds(
    lambda operation, method, subject, status, faults: Exchange(
        operation, method, "/", subject=subject, status=status, faults=faults
    ),
    st.sampled_from(OPERATIONS),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(SESSIONS),
    st.sampled_from([0, 200, 404]),
    st.sampled_from([(), ("slow",), ("slow", "broken")]),
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(OPERATIONS),
        "method": st.sampled_from(["GET", "POST"]),
        "session": st.sampled_from(["1", "2"]),
        "status": st.sampled_from([200, "200", 200.0, 404]),
        "fault": st.sampled_from(["slow", "broken"]),
    },
)


def gone(log: Log, wanted: dict[str, Any], *, since: int = 0) -> tuple[int, int]:
    """Return how many exchanges that match were evicted: certainly, and perhaps."""
    return tuple(log.evicted.matching(wanted, RUNWAY_API.subjects_in(wanted), since=since))  # type: ignore[return-value]  # two numbers


@LAW
@given(
    every=st.lists(calls, max_size=60),
    capacity=st.integers(0, 12),
    wanted=filters,
    since=st.integers(0, 60),
)
def test_what_is_kept_and_what_is_gone_are_all_that_matched(
    every: list[Exchange], capacity: int, wanted: dict[str, Any], since: int
) -> None:
    """For any filter; from any number on, what is gone is uncertain instead of forgotten."""
    log = Log(capacity)
    for each in every:
        log.add_exchange(each)
    kept = sum(matches(each, wanted) for each in log.exchanges)
    matched = sum(matches(each, wanted) for each in every)
    certain, uncertain = gone(log, wanted)
    assert (kept + certain, uncertain) == (matched, 0)

    later = [each for each in every if each.number >= since and matches(each, wanted)]
    kept = sum(matches(each, wanted) for each in log.exchanges if each.number >= since)
    certain, uncertain = gone(log, wanted, since=since)
    assert kept + certain <= len(later) <= kept + certain + uncertain


def test_a_resource_no_longer_counted_apart_is_uncertain() -> None:
    """Of very many sessions the oldest are merged: an answer about one of them does not guess."""
    log, many = Log(0), 2 * MOST_COUNTS + 100
    for number in range(many):
        subject = Subject("session", str(number))
        log.add_exchange(Exchange("getSession", "GET", "/", subject=subject, status=200))
        log.add_exchange(Exchange("getSession", "GET", "/", subject=subject, status=404))
    oldest, newest = Subject("session", "0"), Subject("session", str(many - 1))
    merged = 3 * MOST_COUNTS // 2  # three generations, of two counts for each session
    assert gone(log, {"session": "0", "status": 200}) == (0, merged)
    assert gone(log, {"session": newest.id, "status": 200}) == (1, merged)
    assert gone(log, {"status": 200}) == (many, 0)
    assert tuple(log.evicted.about(oldest)) == (0, 2 * merged)
    assert tuple(log.evicted.about(newest)) == (2, 2 * merged)


@LAW
@given(
    before=st.integers(0, 3),
    younger=st.integers(0, 2 * MOST_COUNTS),
)
def test_the_latest_counts_are_kept_apart_and_none_is_lost(before: int, younger: int) -> None:
    """As many as a generation has, whatever came before; of a resource that came back, the rest."""
    evicted, returning = Evicted(), Subject("session", "returning")
    for _ in range(before):
        evicted.add_move(*returning)
    for number in range(younger):
        evicted.add_act(Subject("session", str(number)))
    evicted.add_act(returning)
    last = range(max(0, younger - MOST_COUNTS + 1), younger)
    certain, uncertain = evicted.about(returning)
    assert certain >= 1
    assert certain + uncertain >= before + 1
    assert all(
        evicted.about(Subject("session", str(number))).certain == 1
        for number in {*last[:1], *last[-1:]}
    )
    assert evicted.acts + evicted.moves == before + younger + 1


def test_facts_no_longer_counted_apart_are_uncertain() -> None:
    """Very many methods and faults are merged; operation and status are always counted."""
    log = Log(0)
    for number in range(MOST_KINDS + 5):
        log.add_exchange(Exchange("", f"M{number}", "/", status=404, faults=(f"f{number}",)))
    assert gone(log, {"status": 404}) == (MOST_KINDS + 5, 0)
    assert gone(log, {"method": "M0"}) == (1, 5)
    assert gone(log, {"method": f"M{MOST_KINDS}"}) == (0, 5)
    assert gone(log, {"fault": "f0", "status": 404}) == (1, 5)
    assert gone(log, {"fault": "f0", "status": 200}) == (0, 0)


def test_an_act_and_a_move_of_a_merged_resource_may_be_about_any() -> None:
    """They are merged beside its calls."""
    log = Log(0)
    log.add_act(Act(log.number(), 0.0, "occur", SESSIONS[0], {}))
    log.add_act(Act(log.number(), 0.0, "occur", SESSIONS[0], {}))
    log.add_exchange(Exchange("getSession", "GET", "/", subject=SESSIONS[0]))
    for number in range(2 * MOST_COUNTS - 2):  # the younger generation is full, and so is the next
        log.add_exchange(Exchange("getSession", "GET", "/", subject=Subject("avatar", str(number))))
    assert log.evicted.about(SESSIONS[0]) == Counted(0, MOST_COUNTS + 1)


def test_before_anything_is_gone_nothing_is() -> None:
    """The number of the newest lost call is that of none."""
    nothing = Evicted()
    assert (nothing.newest_call, nothing.calls, nothing.acts, nothing.moves) == (-1, 0, 0, 0)
    assert nothing.matching({}, frozenset()) == nothing.about(SESSIONS[0]) == Counted(0, 0)


def test_no_call_is_about_two_resources() -> None:
    """Who asks for both gets neither."""
    log = Log(0)
    for subject in SESSIONS:
        log.add_exchange(Exchange("getSession", "GET", "/", subject=subject))
    assert log.evicted.matching({}, frozenset(SESSIONS[:2])) == Counted(0, 0)
    assert log.evicted.matching({}, frozenset(SESSIONS[:1])) == Counted(1, 0)
    assert log.evicted.matching({}, frozenset()) == Counted(3, 0)


def test_a_copy_counts_for_itself() -> None:
    """A fork of a world goes on counting without its origin."""
    log = Log(0)
    log.add_exchange(Exchange("getSession", "GET", "/", subject=SESSIONS[0], status=200))
    twin = log.copy()
    twin.add_exchange(Exchange("getSession", "GET", "/", subject=SESSIONS[0], status=200))
    assert gone(log, {"session": "1"}) == (1, 0)
    assert gone(twin, {"session": "1"}) == (2, 0)


def test_what_was_cleared_on_request_is_not_counted() -> None:
    """A test that deletes the journal begins to count anew."""
    log = Log(1)
    for _ in range(3):
        log.add_exchange(Exchange("getSession", "GET", "/", subject=SESSIONS[0], status=200))
    log.clear()
    assert gone(log, {}) == (0, 0)


def test_acts_and_moves_are_counted_by_resource() -> None:
    """A timeline says how many of its entries are gone, whatever they were."""
    client = Client()
    client.create()
    about = Subject("session", client.id)
    log = Log(1)
    moves = [each for each in client.world.log.entries() if isinstance(each, Move)]
    for _ in range(9):
        log.add_change(moves[0].change)
    for _ in range(3):
        log.add_act(Act(log.number(), 0.0, "occur", about, {}))
    assert tuple(log.evicted.about(about)) == (3, 0)  # 9 moves where 8 are kept, 3 acts where 1 is


@pytest.mark.parametrize(
    ("calls", "acts", "moves"), [(7, 0, 0), (0, 7, 0), (0, 0, 49), (0, 0, 56), (3, 7, 8), (0, 0, 0)]
)
def test_the_capacity_needed_keeps_a_run_and_one_less_does_not(
    calls: int, acts: int, moves: int
) -> None:
    """What a user is told to raise it to is the least that is enough."""
    client = Client()
    client.create()
    change = next(each for each in client.world.log.entries() if isinstance(each, Move)).change

    def run(capacity: int) -> Log:
        log = Log(capacity)
        for _ in range(calls):
            log.add_exchange(Exchange("getSession", "GET", "/"))
        for _ in range(acts):
            log.add_act(Act(log.number(), 0.0, "occur", NO_SUBJECT, {}))
        for _ in range(moves):
            log.add_change(change)
        return log

    needed = run(1).capacity_needed
    assert run(needed).complete
    assert needed == 0 or not run(needed - 1).complete
