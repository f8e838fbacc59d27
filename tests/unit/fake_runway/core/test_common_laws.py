"""The laws that tasks and every kind of stored resource keep, whatever the settings and the calls.

Sessions keep them too; theirs are in `test_account_laws.py`, with what only sessions have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.asset_calls import get_asset
from fake_runway.core.assets.asset import AssetKind
from fake_runway.core.assets.kinds import ASSET_KINDS
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.task import TASK, TaskState
from fake_runway.core.task_calls import get_task
from tests.unit.fake_runway.core.assets import playing as of_assets
from tests.unit.fake_runway.core.playing import FOREIGN_ID, SLOW_LAW, cuts, fractions
from tests.unit.fake_runway.core.tasks import playing as of_tasks

Between = Callable[[Account, float, float], None]


@dataclass(frozen=True)
class Family:
    """What a kind of resource is played by.

    Attributes:
        begun: returns a run of a new account with some settings.
        copied: returns a run of a copy of a run's account.
        perform: does a call of a script.
        seen: returns what can be seen of an account at an instant.
        things: returns all resources of an account by id.
        counts: returns how many were created so far, and how many have not ended, of its store.
        poll: looks at one.
        is_over: whether nothing happens to one any more.
        settings, scripts: make up both.
    """

    name: str
    begun: Callable[[Any], Any]
    copied: Callable[[Any], Any]
    perform: Callable[[Any, Any], Any]
    seen: Callable[[Account, float], Any]
    things: Callable[[Account], dict[str, Any]]
    counts: Callable[[Account], tuple[int, int]]
    poll: Callable[[Account, str, float], Any]
    is_over: Callable[[Any], bool]
    settings: st.SearchStrategy[Any]
    scripts: st.SearchStrategy[Any]

    def go_on(self, run: Any, script: Sequence[Any], *, between: Between | None = None) -> Any:
        """Perform a script on the account of a run; `between` acts in the gap before each call."""
        for call in script:
            since, run.at = run.at, run.at + call.after_s
            if between is not None:
                between(run.account, since, run.at)
            run.account.advance(run.at)
            try:
                run.answers.append(self.perform(run, call))
            except Refused as refusal:
                run.answers.append((refusal.code, refusal.retry_after_s))
            run.sights.append(self.seen(run.account, run.at))
        return run

    def play(self, settings: Any, script: Sequence[Any], *, between: Between | None = None) -> Any:
        """Perform a script on a new account."""
        return self.go_on(self.begun(settings), script, between=between)


def _tasks() -> Family:
    def copied(run: of_tasks.TaskRun) -> of_tasks.TaskRun:
        recorded: list[Any] = []
        twin = run.account.copy(lambda _: None, recorded.append)
        return of_tasks.TaskRun(twin, recorded, at=run.at, ids=[*run.ids])

    return Family(
        "task",
        lambda settings: of_tasks.play(settings, []),
        copied,
        of_tasks.perform,
        of_tasks.seen,
        lambda account: dict(account.tasks.by_id),
        lambda account: (account.tasks.created_count, account.tasks.live),
        lambda account, task_id, at: get_task(account, task_id, at=at).progress(at),
        lambda task: TASK.is_terminal(task.state),
        of_tasks.task_settings,
        of_tasks.task_scripts,
    )


def _assets(kind: AssetKind) -> Family:
    def copied(run: of_assets.AssetRun) -> of_assets.AssetRun:
        recorded: list[Any] = []
        twin = run.account.copy(lambda _: None, lambda _: None, recorded.append)
        return of_assets.AssetRun(kind, twin, recorded, at=run.at, ids=[*run.ids])

    def things(account: Account) -> dict[str, Any]:
        return {each.id: each for each in account.assets.every() if each.kind == kind.name}

    return Family(
        kind.name,
        lambda settings: of_assets.begun(kind, settings),
        copied,
        of_assets.perform,
        of_assets.seen,
        things,
        lambda account: (account.assets.created_count, account.assets.live),
        lambda account, asset_id, at: get_asset(account, kind, asset_id, at=at),
        lambda asset: kind.resource.is_terminal(asset.state),
        of_assets.asset_settings,
        of_assets.asset_scripts,
    )


FAMILIES = (_tasks(), *map(_assets, (*ASSET_KINDS.values(), of_assets.JAR)))
EVERY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def made_up(family: Family, data: st.DataObject, scripts: int = 1) -> tuple[Any, ...]:
    """Return settings and so many scripts."""
    return data.draw(family.settings), *(data.draw(family.scripts) for _ in range(scripts))


@EVERY
@SLOW_LAW
@given(st.data(), fractions)
def test_advancing_in_steps_equals_advancing_at_once(
    family: Family, data: st.DataObject, parts: list[float]
) -> None:
    """However often the account is advanced, the same happens at the same instants."""
    settings, script = made_up(family, data)
    place = cuts(parts)

    def in_steps(account: Account, since: float, until: float) -> None:
        for at in place(since, until):
            account.advance(at)

    def in_pieces(account: Account, since: float, until: float) -> None:
        while (due := account.next_due_at) is not None and due <= until:
            account.advance(until, most=1)

    at_once = family.play(settings, script)
    for between in (in_steps, in_pieces):
        stepped = family.play(settings, script, between=between)
        assert stepped.recorded == at_once.recorded
        assert stepped.answers == at_once.answers
        assert stepped.sights == at_once.sights


@EVERY
@SLOW_LAW
@given(st.data(), fractions)
def test_polling_never_changes_history(
    family: Family, data: st.DataObject, parts: list[float]
) -> None:
    """Polls in between leave no trace in what follows."""
    settings, script = made_up(family, data)
    place = cuts(parts)

    def polling(account: Account, since: float, until: float) -> None:
        for at in place(since, until):
            for id_ in [*family.things(account), FOREIGN_ID]:
                with suppress(Refused):
                    family.poll(account, id_, at)

    alone, polled = family.play(settings, script), family.play(settings, script, between=polling)

    assert polled.answers == alone.answers
    assert polled.sights == alone.sights


@EVERY
@SLOW_LAW
@given(st.data())
def test_terminal_states_do_not_move(family: Family, data: st.DataObject) -> None:
    """What has ended stays as it is; a task may still be deleted, and an id be made again."""
    settings, script = made_up(family, data)
    run = family.begun(settings)
    sights = []
    for call in script:
        family.go_on(run, [call])
        sights.append(family.things(run.account))
    for before, after in pairwise(sights):
        for id_, thing in before.items():
            later = after.get(id_)
            if family.is_over(thing) and later is not None and not getattr(later, "made", False):
                assert later == thing or later == thing._replace(deleted=True)


@EVERY
@SLOW_LAW
@given(st.data())
def test_each_change_is_stamped_with_its_own_instant(family: Family, data: st.DataObject) -> None:
    """Changes come in order of time, and what was due happens at its own instant."""
    run = family.play(*made_up(family, data))

    instants = [change.at for change in run.recorded]
    assert instants == sorted(instants)
    for change in run.recorded:
        assert change.after.changed_at == change.at
        assert change.after.event is change.event


@EVERY
@SLOW_LAW
@given(st.data())
def test_the_recorded_changes_make_up_what_there_is(family: Family, data: st.DataObject) -> None:
    """Folded in their order, they yield every resource and all that was charged."""
    run = family.play(*made_up(family, data))
    folded: dict[str, Any] = {}
    for change in run.recorded:
        if change.before is None:
            assert change.after.id not in folded or family.is_over(folded[change.after.id])
        else:
            assert folded[change.after.id] == change.before
        folded[change.after.id] = change.after

    for id_, thing in family.things(run.account).items():
        shown = thing._replace(deleted=False) if isinstance(thing.state, TaskState) else thing
        assert folded[id_] == shown
    account, created = run.account, [each for each in run.recorded if each.before is None]
    living = [thing for thing in folded.values() if not family.is_over(thing)]
    assert family.counts(account) == (len(created), len(living))
    charged = sum(change.charge for change in run.recorded)
    assert charged == sum(account.tasks.spent.values()) + sum(account.assets.spent.values())
    assert account.spent == charged + sum(account.spent_by_day.values())


@EVERY
@SLOW_LAW
@given(st.data())
def test_a_refused_call_leaves_the_account_exactly_as_it_was(
    family: Family, data: st.DataObject
) -> None:
    """No field of the account, however private, differs after a refusal."""
    settings, script = made_up(family, data)
    run = family.begun(settings)
    nothing = {"_record_task": None, "_record_asset": None}
    for call in script:
        run.at += call.after_s
        run.account.advance(run.at)
        before = deepcopy({**vars(run.account), **nothing})
        try:
            family.perform(run, call)
        except Refused:
            assert {**vars(run.account), **nothing} == before


@EVERY
@SLOW_LAW
@given(st.data())
def test_a_copy_goes_on_as_the_original_would(family: Family, data: st.DataObject) -> None:
    """After the same calls, both have the same answers, the same records and the same state."""
    settings, before, after = made_up(family, data, 2)
    original = family.play(settings, before)
    copied = family.copied(original)
    mark, answered = len(original.recorded), len(original.answers)
    was = family.seen(original.account, original.at)
    assert family.seen(copied.account, original.at) == was

    family.go_on(copied, after)
    assert family.seen(original.account, original.at) == was
    family.go_on(original, after)

    assert copied.answers == original.answers[answered:]
    assert copied.sights == original.sights[answered:]
    assert copied.recorded == original.recorded[mark:]
