"""The laws of tasks alone; those of every kind of resource are in `test_common_laws.py`."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from hypothesis import given

from fake_runway.core.account import Account
from fake_runway.core.durations import NO_TIME
from fake_runway.core.lifecycles.task import TASK_ACTIVE, TASK_TERMINAL, TaskEvent, TaskState
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.tasks.courses import NodeCourse, NodeEnd
from fake_runway.core.tasks.rules import TaskChange
from fake_runway.core.tasks.task import Task
from tests.unit.fake_runway.core.playing import LAW
from tests.unit.fake_runway.core.tasks.playing import (
    Ask,
    TaskCall,
    go_on,
    play,
    task_scripts,
    task_settings,
)


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

    def fold(
        account: Account, changes: list[TaskChange], *, settings_changed: bool = False
    ) -> None:
        for change in changes[len(recorded) :]:
            pool = change.after.request.pool
            was = change.before is not None and change.before.state in TASK_ACTIVE
            is_now = change.after.state in TASK_ACTIVE
            active[pool] = active.get(pool, 0) + is_now - was
            recorded.append((change, active[pool]))
            limit = _limit(account, change.after)
            assert (is_now and not was) == (change.event is TaskEvent.ADMITTED)
            if change.event is TaskEvent.ADMITTED and not settings_changed:
                assert active[pool] <= limit

    run = play(settings, [])
    for call in script:
        go_on(run, [call])
        fold(run.account, run.recorded, settings_changed=call.ask is Ask.CHANGE)
        tasks = run.account.tasks
        for pool, use in tasks.models.items():
            waiting = [one for one in tasks.by_id.values() if one.request.pool == pool]
            assert use.active == active[pool]
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
