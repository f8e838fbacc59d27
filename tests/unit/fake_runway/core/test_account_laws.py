"""The laws of an account: what holds for any settings, any calls and any looks in between."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from math import inf

from hypothesis import given

from fake_runway.core.account import Account
from fake_runway.core.errors import (
    Refused,
)
from fake_runway.core.lifecycle import Event, State
from fake_runway.core.rules import Change
from fake_runway.core.settings import Settings
from tests.unit.fake_runway.core.playing import (
    FOREIGN_ID,
    LAW,
    START,
    Call,
    all_settings,
    cuts,
    fractions,
    new_account,
    perform,
    play,
    scripts,
)

OVER = {State.COMPLETED, State.FAILED, State.CANCELLED}
TAKES_CAPACITY = {State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING}


@LAW
@given(all_settings, scripts, fractions)
def test_advancing_in_steps_equals_advancing_at_once(
    given_settings: Settings, script: list[Call], parts: list[float]
) -> None:
    """However often time is looked at, the same changes happen at the same instants."""
    place = cuts(parts)

    def in_steps(account: Account, since: float, until: float) -> list[Change]:
        return [change for at in place(since, until) for change in account.advance(at)]

    at_once = play(given_settings, script)
    stepped = play(given_settings, script, between=in_steps)

    assert stepped.history == at_once.history
    assert stepped.answers == at_once.answers
    assert stepped.sights == at_once.sights


@LAW
@given(all_settings, scripts, fractions)
def test_polling_never_changes_history(
    given_settings: Settings, script: list[Call], parts: list[float]
) -> None:
    """Looks, wrong keys and refused calls in between leave no trace in what follows."""
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
    """Changes come in order of time, each at the instant at which it was due, or was let in."""
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
    """A session that has ended looks the same ever after, until it is forgotten."""
    for before, after in pairwise(play(given_settings, script).sights):
        for session in before["sessions"].values():
            later = after["sessions"].get(session.id)
            if session.state in OVER and later is not None and later.ordinal == session.ordinal:
                assert later == session


@LAW
@given(all_settings, scripts)
def test_every_waiting_state_has_a_due_instant_or_is_queued(
    given_settings: Settings, script: list[Call]
) -> None:
    """Live sessions are due for something by themselves, QUEUED and ended ones are not."""
    for sight in play(given_settings, script).sights:
        for session in sight["sessions"].values():
            assert (session.due_at is not None) == (session.state in TAKES_CAPACITY)


@LAW
@given(all_settings, scripts)
def test_active_never_exceeds_capacity_at_any_instant(
    given_settings: Settings, script: list[Call]
) -> None:
    """At every single change the limit holds, and nobody is queued while there is room."""
    limit = inf if (some := given_settings.limits.concurrency) is None else some

    def check(account: Account) -> None:
        states = [session.state for session in account.sessions.values()]
        assert account.active == sum(state in TAKES_CAPACITY for state in states) <= limit
        assert len(account.queued) == states.count(State.QUEUED)
        assert not account.queued or account.active == limit

    def watched(account: Account, since: float, until: float) -> list[Change]:
        check(account)
        active, history = account.active, []
        while (due := account.next_due_at) is not None and due <= until:
            history += account.advance(due)
            check(account)
        for change in history:
            assert change.before is not None
            active += change.after.state in TAKES_CAPACITY
            active -= change.before.state in TAKES_CAPACITY
            assert active <= limit
        return history

    played = play(given_settings, script, between=watched)

    check(played.account)


@LAW
@given(all_settings, scripts)
def test_credits_granted_are_spent_or_left(given_settings: Settings, script: list[Call]) -> None:
    """granted = spent + left, spent = what each session cost, and each credit has its day."""
    granted = given_settings.limits.credits
    kept = replace(given_settings.limits, retained=10_000)

    for sight in play(replace(given_settings, limits=kept, materialise=False), script).sights:
        assert sight["left"] == (None if granted is None else granted - sight["spent"])
        assert sight["spent"] == sum(2 + 2 * one.blocks for one in sight["sessions"].values())
        assert sight["spent"] == sum(sight["spent_by_day"].values())


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
def test_a_key_is_the_same_at_every_look(given_settings: Settings, script: list[Call]) -> None:
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
