"""The journal: one order for all entries, what goes first, and what is said about what is gone."""

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.history.journal import (
    CLOCK_ACTS,
    DEFAULT_BYTES,
    DEFAULT_CAPACITY,
    Act,
    Entry,
    Exchange,
    Log,
    Move,
    size_of,
)
from fake_runway.core.lifecycles.session import Event, State
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.sessions.rules import Change
from tests.support.fake.plans import made_up
from tests.unit.fake_runway.core.playing import LAW, START

ONE, TWO = Subject("session", "one"), Subject("session", "two")
ROOT = Path(__file__).parents[5]


def changed(subject: Subject, state: State, event: Event | None = None) -> Change:
    """Return a change that brings a session into a state, whatever it was."""
    return Change(START, event, None, made_up(id=subject.id, state=state))


def acted(log: Log, what: str, subject: Subject = NO_SUBJECT, **given: Any) -> Act:
    """Add an act, and return it."""
    act = Act(log.number(), START, what, subject, given)
    log.add_act(act)
    return act


def called(log: Log, subject: Subject = NO_SUBJECT, **facts: Any) -> Exchange:
    """Add an exchange, and return it."""
    exchange = Exchange("getSession", "GET", "/", subject=subject, **facts)
    log.add_exchange(exchange)
    return exchange


# Each step: what is added (a call, an act, a state), and to what.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "moveClock", "setClockRate", "addFault", *State]),
        st.sampled_from([ONE, TWO]),
    ),
    max_size=25,
)


def played(log: Log, steps: list[tuple[str | State, Subject]]) -> None:
    """Add an entry for each step; acts on the clock are about the world."""
    for what, subject in steps:
        if isinstance(what, State):
            log.add_change(changed(subject, what))
        elif what == "call":
            called(log, subject)
        else:
            about = NO_SUBJECT if what in CLOCK_ACTS else subject
            acted(log, what, about, rate=2.0)


def state_before(steps: list[tuple[str | State, Subject]], subject: Subject) -> State | None:
    """Return the state that the steps brought a session into."""
    states = [what for what, about in steps if about == subject and isinstance(what, State)]
    return states[-1] if states else None


@LAW
@given(STEPS)
def test_a_session_is_told_with_the_clock_acts_of_its_life(
    steps: list[tuple[str | State, Subject]],
) -> None:
    """All that is about it, and the acts on the clock while it was alive, in their order."""
    log = Log()
    played(log, steps)
    ended = {State.COMPLETED, State.FAILED, State.CANCELLED, None}
    expected = [
        number
        for number, (what, about) in enumerate(steps)
        if (state_before(steps[:number], ONE) not in ended if what in CLOCK_ACTS else about == ONE)
    ]
    assert [entry.number for entry in log.of_subject(ONE)] == expected


@LAW
@given(STEPS, st.integers(0, 5))
def test_entries_come_in_the_order_of_application(
    steps: list[tuple[str | State, Subject]], capacity: int
) -> None:
    """Whatever they are; the newest of each sort are kept, and the rest is counted."""
    log = Log(capacity)
    played(log, steps)
    entries = log.entries()
    assert all(one.number < other.number for one, other in pairwise(entries))
    assert len(log) == len(entries) == len(log.exchanges) + len(log.acts) + len(log.moves)
    assert log.next_number == len(steps)
    assert log.dropped + log.lost_moves == len(steps) - len(entries)
    assert log.complete == (len(entries) == len(steps))


@pytest.mark.parametrize("spare", [0, -1])
def test_what_fits_to_the_byte_is_kept(spare: int) -> None:
    """The limit is what may be taken; one byte less, and the oldest entry goes."""
    log = Log()
    for _ in range(3):
        called(log)
    acted(log, "addFault")
    taken = log.bytes

    full = Log(most_bytes=taken + spare)
    for _ in range(3):
        called(full)
    acted(full, "addFault")
    assert full.dropped == -spare
    assert [entry.number for entry in full.entries()] == list(range(-spare, 4))
    assert full.bytes_needed == taken


@given(st.lists(st.sampled_from(["call", "act"]), max_size=20), st.integers(0, 10_000))
def test_of_calls_and_acts_the_oldest_go_first(added: list[str], most: int) -> None:
    """If bytes are what is short; what all would have taken is known at any time."""
    whole, log = Log(), Log(most_bytes=most)
    for what in added:
        for each in (whole, log):
            called(each) if what == "call" else acted(each, "occur")
    kept = [entry.number for entry in log.entries()]
    assert kept == list(range(len(added)))[len(added) - len(kept) :]
    assert log.bytes_needed == whole.bytes == whole.bytes_needed
    assert log.bytes <= most
    assert (log.evicted.calls, log.evicted.acts) == (
        added[: log.dropped].count("call"),
        added[: log.dropped].count("act"),
    )


def test_each_part_of_a_call_takes_memory() -> None:
    """Request, answer and path; an entry takes more than they do."""

    def size(body: Mapping[str, Any] | None = None, reply: object = None, path: str = "/") -> int:
        exchange = Exchange("", "POST", path, body=body or {}, reply=reply)
        Log().add_exchange(exchange)
        return exchange.size

    text = "x" * 700
    assert size() > size_of({}) + size_of(None)
    assert size(body={"a": text}) - size() == size_of({"a": text}) - size_of({})
    assert size(reply=text) - size() == size_of(text) - size_of(None)
    assert size(path=f"/{text}") - size() == len(text)


def test_a_cleared_journal_is_empty_and_says_so() -> None:
    """Numbers go on; it was complete before, and a larger one would not have kept more."""
    log = Log()
    assert (log.complete, log.deleted, log.clock_lost, log.rate_before) == (True, False, -1, None)
    called(log)
    acted(log, "setClockRate", rate=3)
    moved = acted(log, "moveClock", to=1)
    acted(log, "addFault")
    log.add_change(changed(ONE, State.READY))
    log.clear()
    assert (len(log), log.bytes, log.bytes_needed, log.dropped) == (0, 0, 0, 4)
    assert (log.complete, log.deleted) == (False, True)
    assert (log.clock_lost, log.rate_before) == (moved.number, 3.0)
    assert called(log).number == 5
    assert log.capacity_needed == 1


def test_of_lost_acts_the_newest_about_the_clock_counts() -> None:
    """How the clock went before it is unknown; the last rate holds over a move."""
    log = Log(0)
    acted(log, "setClockRate", rate=3)
    acted(log, "setClockRate", rate=2)
    acted(log, "moveClock", by="1s")
    acted(log, "addFault")
    assert (log.clock_lost, log.rate_before, log.dropped) == (2, 2.0, 4)


def test_a_lost_move_is_counted_for_its_own_session() -> None:
    """The oldest goes; a journal of nothing counts each move as it comes."""
    log = Log(1)
    log.add_change(changed(ONE, State.READY))
    for _ in range(8):
        log.add_change(changed(TWO, State.READY))
    assert (log.evicted.about(ONE).certain, log.evicted.about(TWO).certain) == (1, 0)

    nothing = Log(0)
    nothing.add_change(changed(ONE, State.READY))
    assert (nothing.evicted.about(ONE).certain, nothing.lost_moves) == (1, 1)


def test_a_step_that_its_kind_leaves_out_is_no_entry() -> None:
    """The blocks of a running session are counted by the session; they take no number."""
    log = Log()
    log.add_change(changed(ONE, State.RUNNING, Event.BILLED))
    log.add_change(changed(ONE, State.RUNNING, Event.CONSUMED))
    [move] = log.moves
    assert (move.number, move.change.event) == (0, Event.CONSUMED)


def test_a_copy_goes_its_own_way() -> None:
    """What is added to one is not in the other, and what one loses the other keeps."""
    log = Log(1)
    called(log)
    acted(log, "addFault")
    log.add_change(changed(ONE, State.READY))
    twin = log.copy()
    called(twin)
    acted(twin, "addFault")
    twin.add_change(changed(TWO, State.READY))

    def numbers(entries: list[Entry]) -> list[int]:
        return [entry.number for entry in entries]

    assert numbers(log.entries()) == [0, 1, 2]
    assert numbers(twin.entries()) == [2, 3, 4, 5]
    assert (log.dropped, log.evicted.calls, log.evicted.acts) == (0, 0, 0)
    assert (twin.dropped, twin.evicted.calls, twin.evicted.acts) == (2, 1, 1)


def test_a_move_tells_its_instant_and_its_session() -> None:
    """So that a list of all sorts of entries can be filtered and sorted."""
    log = Log()
    log.add_change(changed(ONE, State.READY))
    [move] = log.entries()
    assert isinstance(move, Move)
    assert (move.at, move.subject) == (START, ONE)


def test_a_new_exchange_has_no_number_and_has_done_nothing() -> None:
    """The pipeline fills in what comes of it; what it leaves alone says "nothing happened"."""
    new = Exchange("getSession", "GET", "/")
    assert (new.number, new.at, new.status, new.wait_s, new.size) == (-1, 0, 0, 0, 0)
    assert (new.arrives, new.acted, new.versioned, new.secret_in_url) == (True, False, False, False)


def test_the_size_of_what_is_no_json_object_is_that_of_its_like() -> None:
    """A frozen mapping takes as much as a dict, a tuple as a list, bytes as a text."""
    assert size_of(MappingProxyType({"a": [1]})) == size_of({"a": [1]})
    assert size_of((1, "a")) == size_of([1, "a"])
    assert size_of(b"abc") == size_of("abc")


def test_the_defaults_are_those_of_the_documentation() -> None:
    """docs/admin.md says how much a world keeps."""
    text = (ROOT / "docs/admin.md").read_text()
    said = re.search(
        r"`--journal` calls \(([\d,]+)\).*`--journal-mib` of memory \((\d+) MiB", text, re.S
    )
    assert said is not None
    assert int(said[1].replace(",", "")) == DEFAULT_CAPACITY
    assert int(said[2]) * 1024 * 1024 == DEFAULT_BYTES


@LAW
@given(STEPS, st.integers(0, 5), st.integers(0, 30))
def test_entries_since_a_number_are_the_newest_of_all(
    steps: list[tuple[str | State, Subject]], capacity: int, number: int
) -> None:
    """Those with that number or a higher one, in order, of those that are kept."""
    log = Log(capacity)
    played(log, steps)

    assert log.since(number) == [entry for entry in log.entries() if entry.number >= number]


def test_a_sampled_journal_counts_all_calls() -> None:
    """Of calls that went well one in so many is kept, of others each; all are counted."""
    log, told = Log(one_in=10), list[Exchange | Act]()
    log.added = told.append
    for number in range(100):
        called(log, ONE, status=200)
        if number % 20 == 0:
            called(log, ONE, status=500)
            called(log, ONE, status=200, faults=("slow",))
            called(log, ONE, status=200, arrives=False)
    kept = list(log.exchanges)
    failed = [each for each in kept if each.status == 500 or each.faults or not each.arrives]
    assert len(failed) == 15
    assert all(each.number % 10 == 0 for each in kept if each not in failed)
    assert len(kept) + log.dropped == len(told) == 115
    assert log.evicted.calls + len(kept) == 115
    assert not log.complete
