"""The laws of an account: for any settings, any calls and any advances in between."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.billing import DAY_S
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, Fixed, later
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import Event, State
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.rules import Change
from fake_runway.core.sessions.session import Plan, Session, next_due
from tests.unit.fake_runway.core.playing import (
    FOREIGN_ID,
    LAW,
    SLOW_LAW,
    START,
    Call,
    Played,
    all_settings,
    cuts,
    fractions,
    go_on,
    new_account,
    perform,
    play,
    scripts,
    seen,
)

OVER = {State.COMPLETED, State.FAILED, State.CANCELLED}
TAKES_CAPACITY = {State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING}


@LAW
@given(all_settings, scripts, fractions)
def test_advancing_in_steps_equals_advancing_at_once(
    given_settings: Settings, script: list[Call], parts: list[float]
) -> None:
    """However often the account is advanced, the same changes happen at the same instants."""
    place = cuts(parts)

    def in_steps(account: Account, since: float, until: float) -> list[Change]:
        return [change for at in place(since, until) for change in account.advance(at)]

    def in_pieces(account: Account, since: float, until: float) -> list[Change]:
        changes = []
        while (due := account.next_due_at) is not None and due <= until:
            changes += account.advance(until, most=1)
        return changes + account.advance(until)

    at_once = play(given_settings, script)
    stepped = play(given_settings, script, between=in_steps)
    pieces = play(given_settings, script, between=in_pieces)
    assert (pieces.history, pieces.answers) == (at_once.history, at_once.answers)

    assert stepped.history == at_once.history
    assert stepped.answers == at_once.answers
    assert stepped.sights == at_once.sights


@LAW
@given(all_settings, scripts, fractions)
def test_polling_never_changes_history(
    given_settings: Settings, script: list[Call], parts: list[float]
) -> None:
    """Polls, wrong keys and refused calls in between leave no trace in what follows."""
    place = cuts(parts)
    given_settings = replace(given_settings, materialise=False)

    def polling(account: Account, since: float, until: float) -> list[Change]:
        for at in place(since, until):
            for session_id in [*account.sessions, FOREIGN_ID]:
                with suppress(Refused):
                    account.get(session_id, at=at)
                with suppress(Refused):
                    account.consume(session_id, "stk_wrong", at=at)
                with suppress(Refused):
                    account.admit_backend(session_id, at=at)
            _ = account.next_due_at, account.queued, account.left
        return []

    alone = play(given_settings, script)
    polled = play(given_settings, script, between=polling)

    assert polled.answers == alone.answers
    assert polled.sights == alone.sights


@LAW
@given(all_settings, scripts)
def test_each_change_is_stamped_with_its_own_due_instant(
    given_settings: Settings, script: list[Call]
) -> None:
    """Changes come in order of time, each at the instant at which it was due, or was admitted."""
    history = play(given_settings, script).history

    assert [change.at for change in history] == sorted(change.at for change in history)
    for change in history:
        assert change.before is not None
        if change.event is not Event.ADMITTED:
            assert change.at == change.before.due_at
        assert change.after.changed_at == change.at
        assert change.after.event is change.event


@LAW
@given(all_settings, scripts)
def test_terminal_states_do_not_move(given_settings: Settings, script: list[Call]) -> None:
    """A session that has ended stays the same ever after, until it is evicted."""
    for before, after in pairwise(play(given_settings, script).sights):
        for session in before["sessions"].values():
            later = after["sessions"].get(session.id)
            if session.state in OVER and later is not None and later.ordinal == session.ordinal:
                assert later == session


@LAW
@given(all_settings, scripts)
def test_every_waiting_state_has_a_due_instant_or_waits_for_capacity(
    given_settings: Settings, script: list[Call]
) -> None:
    """Live sessions have a due event, unless they wait for capacity."""
    for sight in play(given_settings, script).sights:
        for session in sight["sessions"].values():
            due = session.state in TAKES_CAPACITY or (
                session.state is State.QUEUED
                and (not waits(session) or session.plan.happenings_in(State.QUEUED) != ())
            )
            assert (session.due_at is not None) == (session.due_event is not None) == due


@LAW
@given(all_settings, scripts)
def test_what_is_due_is_what_the_session_says(given_settings: Settings, script: list[Call]) -> None:
    """Stages that know what all sessions in them await know what each would be told."""
    for sight in play(given_settings, script).sights:
        for session in sight["sessions"].values():
            due = next_due(session, Draws("1", "w"))
            assert (session.due_at, session.due_event) == (due or (None, None))


@LAW
@given(all_settings, scripts)
def test_no_session_is_admitted_before_its_own_time_in_the_queue(
    given_settings: Settings, script: list[Call]
) -> None:
    """However much room there is, a plan keeps a session QUEUED as long as it says."""
    for change, _ in play(given_settings, script).recorded:
        if change.event in (Event.RELEASED, Event.ADMITTED):
            number = Draws("1", "w").number("queued", change.after.ordinal)
            waited = change.after.plan.queued.sample(number)
            released_at = later(change.after.created_at, waited)
            assert change.at >= released_at
            assert change.at == released_at or change.event is Event.ADMITTED


@LAW
@given(all_settings, scripts)
def test_capacity_is_never_exceeded_and_never_left_unused(
    given_settings: Settings, script: list[Call]
) -> None:
    """At every single change the limit of that moment holds; no room is left while some wait."""

    def check(account: Account) -> None:
        limit = inf if (some := account.settings.limits.concurrency) is None else some
        sessions = account.sessions.values()
        assert account.active == sum(session.state in TAKES_CAPACITY for session in sessions)
        assert set(account.queued) == {session.id for session in sessions if waits(session)}
        assert not account.queued or account.active >= limit

    def watched(account: Account, since: float, until: float) -> list[Change]:
        check(account)
        history = []
        while (due := account.next_due_at) is not None and due <= until:
            history += account.advance(due)
            check(account)
        return history

    played = play(given_settings, script, between=watched)

    check(played.account)
    active = 0
    for change, limit in played.recorded:
        was_active = change.before is not None and change.before.state in TAKES_CAPACITY
        is_active = change.after.state in TAKES_CAPACITY
        active += is_active - was_active
        if is_active and not was_active:
            assert change.event is Event.ADMITTED
            assert limit is None or active <= limit  # lowering a limit ends no session


def waits(session: Session) -> bool:
    """Return whether a session waits for capacity, and not for its own time in the queue."""
    own_time = session.plan.queued != Fixed(0.0) and session.event is not Event.RELEASED
    return session.state is State.QUEUED and not own_time


@LAW
@given(all_settings, scripts)
def test_credits_granted_are_spent_or_left(given_settings: Settings, script: list[Call]) -> None:
    """granted = spent + left, spent = what each session cost, and each credit has its day."""
    kept = replace(given_settings.limits, retained=10_000)

    for sight in play(replace(given_settings, limits=kept, materialise=False), script).sights:
        granted = sight["settings"].limits.credits
        assert sight["left"] == (None if granted is None else granted - sight["spent"])
        assert sight["spent"] == sum(2 + 2 * one.blocks for one in sight["sessions"].values())
        assert sight["spent"] == sum(sight["spent_by_day"].values())


@LAW
@given(all_settings, scripts)
def test_the_recorded_changes_make_up_the_account(
    given_settings: Settings, script: list[Call]
) -> None:
    """Folded in their order, the changes that `record` gets yield the sessions and the credits."""
    played = play(given_settings, script)
    changes = [change for change, _ in played.recorded]

    folded: dict[str, Session] = {}
    for change in changes:
        if change.before is not None:
            assert folded[change.after.id] == change.before
        folded[change.after.id] = change.after

    readable = played.account.sessions
    assert {one: folded[one] for one in readable} == dict(readable)
    assert all(session.state in OVER for one, session in folded.items() if one not in readable)
    assert sum(change.before is None for change in changes) == played.account.created_count
    assert sum(change.charge for change in changes) == played.account.spent
    assert [change.at for change in changes] == sorted(change.at for change in changes)


@LAW
@given(all_settings, scripts)
def test_advance_returns_the_recorded_changes(given_settings: Settings, script: list[Call]) -> None:
    """It returns exactly these changes, in the same order."""
    played = play(given_settings, [])

    for call in script:
        recorded, returned = len(played.recorded), len(played.history)
        history = played.account.advance(played.at + call.after_s)
        assert [change for change, _ in played.recorded[recorded:]] == history
        go_on(played, [call])
        assert played.history[returned:] == []


@SLOW_LAW
@given(all_settings, scripts, st.floats(0, 1e5))
def test_a_quiet_account_has_nothing_to_do(
    given_settings: Settings, script: list[Call], wait_s: float
) -> None:
    """Until when it is quiet is known after each call, without looking at what is due."""
    played = play(given_settings, [])

    for call in script:
        go_on(played, [call])
        account = played.account
        for at in (played.at, played.at + 0.1, played.at + wait_s):
            if not account.is_quiet(at):
                continue
            twin = account.copy(lambda _: None)
            twin._quiet_until = -inf
            assert twin.advance(at) == []
            assert seen(twin) == seen(account)


def test_a_create_leaves_an_account_quiet_until_something_is_due() -> None:
    """Of the calls of a busy client, none looks for what is due in vain."""
    account = new_account(Settings())
    due_at = account.create(at=START).due_at
    assert due_at is not None
    assert account.is_quiet(START + 1)
    assert not account.is_quiet(due_at)


def test_an_account_is_not_quiet_when_a_create_leaves_the_quota() -> None:
    """Even if nothing is ever due: what was used today is then less."""
    account = new_account(Settings(plan=Plan(provision=NEVER)))
    account.advance(START)
    account.create(at=START)
    assert account.is_quiet(START + DAY_S - 1)
    assert not account.is_quiet(START + DAY_S)


def test_an_account_is_not_quiet_while_sessions_are_to_be_admitted() -> None:
    """Of very many some are admitted at once, and the others by the next advance."""
    plan = Plan(provision=NEVER)
    account = new_account(Settings(plan=plan, limits=Limits(concurrency=0, daily=None)))
    for _ in range(300):
        account.create(at=START)
    more = replace(account.settings, limits=Limits(concurrency=None, daily=None))
    account.change_settings(more, at=START)
    waiting = len(account.queued)
    account.advance(START)
    assert (waiting > 0, len(account.queued)) == (True, 0)


# Copies


@SLOW_LAW
@given(all_settings, scripts, scripts)
def test_a_copy_goes_on_as_the_original_would(
    given_settings: Settings, before: list[Call], after: list[Call]
) -> None:
    """After the same calls, both have the same answers, the same records and the same state."""
    original = play(given_settings, before)
    copied = original.branch()
    original = Played(original.account, original.recorded, at=original.at, ids=original.ids)
    mark = len(original.recorded)

    assert seen(copied.account) == seen(original.account)
    go_on(original, after)
    go_on(copied, after)

    assert copied.answers == original.answers
    assert copied.history == original.history
    assert copied.sights == original.sights
    assert copied.recorded == original.recorded[mark:]


@SLOW_LAW
@given(all_settings, scripts, scripts, st.booleans())
def test_a_change_to_one_of_two_copies_does_not_affect_the_other(
    given_settings: Settings, before: list[Call], after: list[Call], to_the_copy: bool
) -> None:
    """No field of the one, however private, differs after calls to the other."""
    original = play(given_settings, before)
    copied = original.branch()
    used, left_alone = (copied, original) if to_the_copy else (original, copied)
    was, recorded = fields(left_alone.account), [*left_alone.recorded]

    go_on(used, after)

    assert fields(left_alone.account) == was
    assert left_alone.recorded == recorded


def fields(account: Account) -> dict[str, Any]:
    """Return every field of an account, copied, but for `_record`."""
    return deepcopy({name: value for name, value in vars(account).items() if name != "_record"})


# Refusals, keys, equal runs


@LAW
@given(all_settings, scripts)
def test_a_refused_call_leaves_the_account_exactly_as_it_was(
    given_settings: Settings, script: list[Call]
) -> None:
    """No field of the account, however private, differs after a refusal."""
    account = new_account(replace(given_settings, materialise=False))
    ids: list[str] = []
    at = START
    for call in script:
        at += call.after_s
        account.advance(at)
        before = deepcopy(vars(account))
        try:
            perform(account, call, ids, at)
        except Refused:
            assert vars(account) == before


@LAW
@given(all_settings, scripts)
def test_a_key_never_changes(given_settings: Settings, script: list[Call]) -> None:
    """A session has one key all its life, and no other session has it."""
    keys: dict[int, str] = {}
    for sight in play(given_settings, script).sights:
        for session in sight["sessions"].values():
            key = sight["keys"][session.id]
            assert keys.setdefault(session.ordinal, key) == key
    assert len(set(keys.values())) == len(keys)


@LAW
@given(all_settings, scripts)
def test_equal_seeds_and_calls_give_equal_runs(
    given_settings: Settings, script: list[Call]
) -> None:
    """The same seed, world, calls and instants give the same bytes of everything."""
    one = play(given_settings, script)
    two = play(given_settings, script)

    def as_bytes(played: object) -> bytes:
        return repr(played).encode()

    assert as_bytes(one.history) == as_bytes(two.history)
    assert as_bytes(one.answers) == as_bytes(two.answers)
    assert as_bytes(one.sights) == as_bytes(two.sights)
