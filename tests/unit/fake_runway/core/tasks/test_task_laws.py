"""The laws of tasks: for any settings, any calls and any advances in between."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from math import inf

from hypothesis import given

from fake_runway.core.account import Account
from fake_runway.core.durations import NO_TIME
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.task import TASK_ACTIVE, TASK_TERMINAL, TaskEvent, TaskState
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.task_calls import get_task
from fake_runway.core.tasks.courses import NodeCourse, NodeEnd
from fake_runway.core.tasks.rules import TaskChange
from fake_runway.core.tasks.task import Task
from tests.unit.fake_runway.core.playing import FOREIGN_ID, LAW, cuts, fractions
from tests.unit.fake_runway.core.tasks.playing import (
    TaskCall,
    TaskRun,
    go_on,
    perform,
    play,
    seen,
    task_scripts,
    task_settings,
)


@LAW
@given(task_settings, task_scripts, fractions)
def test_advancing_in_steps_equals_advancing_at_once(
    settings: Settings, script: list[TaskCall], parts: list[float]
) -> None:
    """However often the account is advanced, the same happens to its tasks at the same instants."""
    place = cuts(parts)

    def in_steps(account: Account, since: float, until: float) -> None:
        for at in place(since, until):
            account.advance(at)

    def in_pieces(account: Account, since: float, until: float) -> None:
        while (due := account.next_due_at) is not None and due <= until:
            account.advance(until, most=1)

    at_once = play(settings, script)
    for between in (in_steps, in_pieces):
        stepped = play(settings, script, between=between)
        assert stepped.recorded == at_once.recorded
        assert stepped.answers == at_once.answers
        assert stepped.sights == at_once.sights


@LAW
@given(task_settings, task_scripts, fractions)
def test_polling_never_changes_history(
    settings: Settings, script: list[TaskCall], parts: list[float]
) -> None:
    """Polls in between, and looks at the progress, leave no trace in what follows."""
    place = cuts(parts)

    def polling(account: Account, since: float, until: float) -> None:
        for at in place(since, until):
            for task_id in [*account.tasks.by_id, FOREIGN_ID]:
                with suppress(Refused):
                    get_task(account, task_id, at=at).progress(at)

    alone, polled = play(settings, script), play(settings, script, between=polling)

    assert polled.answers == alone.answers
    assert polled.sights == alone.sights


@LAW
@given(task_settings, task_scripts)
def test_terminal_states_do_not_move(settings: Settings, script: list[TaskCall]) -> None:
    """A task that has ended stays the same ever after, but for being deleted."""
    for before, after in pairwise(play(settings, script).sights):
        for task in before["tasks"].values():
            later = after["tasks"].get(task.id)
            if task.state in TASK_TERMINAL and later is not None:
                assert later == task or later == task._replace(deleted=True)


@LAW
@given(task_settings, task_scripts)
def test_each_change_is_stamped_with_its_own_instant(
    settings: Settings, script: list[TaskCall]
) -> None:
    """Changes come in order of time, and what was due happens at its own instant."""
    run = play(settings, script)

    instants = [change.at for change in run.recorded]
    assert instants == sorted(instants)
    for change in run.recorded:
        assert change.after.changed_at == change.at
        assert change.after.event is change.event


@LAW
@given(task_settings, task_scripts)
def test_every_waiting_state_has_a_due_instant_or_waits_for_capacity(
    settings: Settings, script: list[TaskCall]
) -> None:
    """A task that has not ended has a due event, unless it waits for capacity."""
    for sight in play(settings, script).sights:
        for task in sight["tasks"].values():
            assert (task.due_at is None) == (task.due_event is None)
            if task.state in TASK_TERMINAL:
                assert task.due_at is None
            elif not task.waits_for_capacity:
                assert task.due_at is not None


@LAW
@given(task_settings, task_scripts)
def test_capacity_of_a_model_is_never_exceeded_and_never_left_unused(
    settings: Settings, script: list[TaskCall]
) -> None:
    """At every change the limit holds for each model; no room is left while some wait for it."""
    recorded: list[tuple[TaskChange, int]] = []
    active: dict[str, int] = {}

    def fold(account: Account, changes: list[TaskChange]) -> None:
        for change in changes[len(recorded) :]:
            model = change.after.request.model
            was = change.before is not None and change.before.state in TASK_ACTIVE
            is_now = change.after.state in TASK_ACTIVE
            active[model] = active.get(model, 0) + is_now - was
            recorded.append((change, active[model]))
            limit = _limit(account, change.after)
            assert (is_now and not was) == (change.event is TaskEvent.ADMITTED)
            if change.event is TaskEvent.ADMITTED:
                assert active[model] <= limit

    run = play(settings, [])
    for call in script:
        go_on(run, [call])
        fold(run.account, run.recorded)
        tasks = run.account.tasks
        for model, use in tasks.models.items():
            waiting = [one for one in tasks.by_id.values() if one.request.model == model]
            assert use.active == active[model]
            assert set(use.queue) == {one.id for one in waiting if one.waits_for_capacity}
            if use.queue:
                assert use.active >= _limit(run.account, tasks.by_id[next(iter(use.queue))])


def _limit(account: Account, task: Task) -> float:
    limits = account.settings.task_limits.of_pool(task.request.pool, task.request.quota)
    limit = limits.concurrency
    return inf if limit is None else limit


@LAW
@given(task_settings, task_scripts)
def test_throttled_tasks_are_released_in_the_order_of_their_creates(
    settings: Settings, script: list[TaskCall]
) -> None:
    """Of two tasks of a model with one plan, none is admitted before one that came earlier."""
    settings = replace(settings, task=replace(settings.task, throttled=NO_TIME))
    script = [replace(call, other=None) for call in script]
    admitted: dict[str, int] = {}
    for change in play(settings, script).recorded:
        if change.event is TaskEvent.ADMITTED:
            model = change.after.request.model
            assert admitted.get(model, -1) < change.after.ordinal
            admitted[model] = change.after.ordinal


@LAW
@given(task_settings, task_scripts)
def test_credits_add_up(settings: Settings, script: list[TaskCall]) -> None:
    """Spent is what tasks and sessions cost, by day and model too; nothing costs less than 0."""
    settings = replace(settings, limits=replace(settings.limits, retained=10_000))
    for sight in play(settings, script).sights:
        spent, of_tasks, of_sessions = sight["spent"]
        costs = [task.cost for task in sight["tasks"].values()]
        assert sum(of_tasks.values()) == sum(costs)
        assert spent == sum(costs) + sum(of_sessions.values())
        assert all(cost >= 0 for cost in costs)
        assert all(amount >= 0 for amount in of_tasks.values())


@LAW
@given(task_settings, task_scripts)
def test_the_recorded_changes_make_up_the_tasks(settings: Settings, script: list[TaskCall]) -> None:
    """Folded in their order, the changes yield every task and all that tasks cost."""
    run = play(settings, script)
    folded: dict[str, Task] = {}
    for change in run.recorded:
        if change.before is None:
            assert change.after.id not in folded
            assert change.after.state is TaskState.THROTTLED
        else:
            assert folded[change.after.id] == change.before
        folded[change.after.id] = change.after

    for task in run.account.tasks.by_id.values():
        assert folded[task.id] == task._replace(deleted=False)
    charged = sum(change.charge for change in run.recorded)
    assert charged == sum(run.account.tasks.spent.values())


@LAW
@given(task_settings, task_scripts)
def test_a_refused_call_leaves_the_account_exactly_as_it_was(
    settings: Settings, script: list[TaskCall]
) -> None:
    """No field of the account, however private, differs after a refusal."""
    run = play(settings, [])
    for call in script:
        run.at += call.after_s
        run.account.advance(run.at)
        before = deepcopy({**vars(run.account), "_record_task": None})
        try:
            perform(run, call)
        except Refused:
            assert {**vars(run.account), "_record_task": None} == before


@LAW
@given(task_settings, task_scripts, task_scripts)
def test_a_copy_goes_on_as_the_original_would(
    settings: Settings, before: list[TaskCall], after: list[TaskCall]
) -> None:
    """After the same calls, both have the same answers, the same records and the same state."""
    original = play(settings, before)
    recorded: list[TaskChange] = []
    twin = original.account.copy(lambda _: None, recorded.append)
    copied = TaskRun(twin, recorded, at=original.at, ids=[*original.ids])
    mark, answered = len(original.recorded), len(original.answers)
    was = seen(original.account, original.at)
    assert seen(twin, original.at) == was

    go_on(copied, after)
    assert seen(original.account, original.at) == was
    go_on(original, after)

    assert copied.answers == original.answers[answered:]
    assert copied.sights == original.sights[answered:]
    assert copied.recorded == original.recorded[mark:]


@LAW
@given(task_settings, task_scripts)
def test_nodes_go_on_in_their_order_and_never_back(
    settings: Settings, script: list[TaskCall]
) -> None:
    """A node begins once those that it waits for are over; what is over stays as it is."""
    run = play(settings, [])
    seen_before: dict[str, tuple[NodeCourse, ...]] = {}
    for call in script:
        go_on(run, [call])
        for task in run.account.tasks.by_id.values():
            ways = task.nodes_at(run.at)
            for node, way in zip(task.request.nodes, ways, strict=True):
                earlier = [ways[place] for place in node.course.after]
                assert way.begins_s == inf or all(one.ends_s <= way.begins_s for one in earlier)
            for was, way in zip(seen_before.get(task.id, ways), ways, strict=True):
                assert was.ends_s == inf or way == was
            if task.state is TaskState.SUCCEEDED and task.event is TaskEvent.SUCCEEDED:
                assert all(
                    way.begins_s == inf or way.ends_s < inf or way.end is NodeEnd.STUCK
                    for way in ways
                )
            seen_before[task.id] = ways


@LAW
@given(task_settings, task_scripts)
def test_progress_is_a_share(settings: Settings, script: list[TaskCall]) -> None:
    """Whatever the plan, progress lies between 0 and 1, and is 0 before the start."""
    run = play(settings, script)
    for task in run.account.tasks.by_id.values():
        if task.started_at is None:
            assert task.progress(run.at) == 0
            continue
        for seconds in (0.0, 1.0, 1e3, 1e7):
            assert 0 <= task.progress(task.started_at + seconds) <= 1
