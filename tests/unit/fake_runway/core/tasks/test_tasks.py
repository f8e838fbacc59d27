"""Tasks of an account, by examples: times, progress, capacity, quota, credits, deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fake_runway.core.billing import DAY_S
from fake_runway.core.durations import NEVER, NO_TIME, Fixed
from fake_runway.core.errors import (
    IllegalTransition,
    InsufficientCredits,
    QuotaReached,
    UnknownTask,
)
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TaskEvent, TaskState
from fake_runway.core.scenario.settings import Limits
from fake_runway.core.task_calls import apply_task_event, create_task, delete_task, get_task
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.rules import TaskChange, TaskCost, TaskCosts, check_task_create
from fake_runway.core.tasks.task import ProgressStep, TaskHappening, TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from tests.unit.fake_runway.core.playing import FOREIGN_ID, START
from tests.unit.fake_runway.core.tasks.playing import (
    BROKEN,
    MODERATED,
    MOVIE,
    PICTURE,
    account_with,
    limits,
)


def after(seconds: float, **given: Any) -> Any:
    """Return a movie as it is some time after its create, on an account of its own."""
    account = account_with(**given)
    task = create_task(account, MOVIE, at=START)
    return get_task(account, task.id, at=START + seconds)


def test_a_task_is_pending_runs_and_succeeds() -> None:
    """It runs as long as its model usually takes, and each change has its own instant."""
    recorded: list[TaskChange] = []
    account = account_with(recorded.append)
    create_task(account, MOVIE, at=START)
    account.advance(START + 200)

    events = [(change.event, change.at - START) for change in recorded]
    assert events == [
        (None, 0.0),
        (TaskEvent.ADMITTED, 0.0),
        (TaskEvent.STARTED, 1.0),
        (TaskEvent.SUCCEEDED, 91.0),
    ]
    assert recorded[-1].after.ready_at == START + 91


@pytest.mark.parametrize(
    ("seconds", "progress"), [(0.5, 0), (1, 0), (5.9, 0), (6, 0.06), (46, 0.5), (90.9, 0.94)]
)
def test_progress_grows_in_steps_of_five_seconds(seconds: float, progress: float) -> None:
    """Without a plan, progress is the share of the run that is over, and stays below 1."""
    assert after(seconds).progress(START + seconds) == progress


@pytest.mark.parametrize(
    ("steps", "run", "seen"),
    [
        ([ProgressStep(0.5, after_s=5.0)], NEVER, [0.0, 0.5, 0.5]),
        ([ProgressStep(0.99, percent=0.0)], NEVER, [0.99, 0.99, 0.99]),
        ([ProgressStep(0.6), ProgressStep(0.2, percent=50.0)], Fixed(20.0), [0.6, 0.2, 0.2]),
        ([ProgressStep(0.6, percent=50.0)], NEVER, [0.0, 0.0, 0.0]),
    ],
)
def test_progress_follows_its_plan(steps: Any, run: Any, seen: list[float]) -> None:
    """Steps are at spans after the start or at parts of the run, and may go back."""
    plan = TaskPlan(pending=NO_TIME, run=run, progress=tuple(steps))
    task = after(0, task=plan)

    assert [task.progress(START + seconds) for seconds in (0, 10, 15)] == seen


def test_a_task_fails_at_the_end_of_its_run() -> None:
    """The reason is that of the plan."""
    task = after(91, task=TaskPlan(failure=BROKEN))

    assert (task.state, task.failure, task.changed_at) == (TaskState.FAILED, BROKEN, START + 91)


def test_a_happening_comes_before_the_end_of_the_run() -> None:
    """What a plan makes happen has its own reason, and wins a tie."""
    happening = TaskHappening(TaskState.RUNNING, TaskEvent.FAILED, Fixed(90.0), MODERATED)
    task = after(91, task=TaskPlan(failure=BROKEN, happenings=(happening,)))

    assert task.failure == MODERATED


def test_what_the_table_does_not_allow_cannot_be_planned() -> None:
    """A happening of a wrong event, or of one that only capacity causes, is an error."""
    for event in (TaskEvent.SUCCEEDED, TaskEvent.ADMITTED):
        with pytest.raises(ValueError, match="can be cancelled, failed"):
            TaskHappening(TaskState.THROTTLED, event)


def test_tasks_of_one_model_are_released_in_order_as_others_end() -> None:
    """Each end lets one in at the same instant; another model has capacity of its own."""
    account = account_with(task_limits=limits(concurrency=1))
    first, second, third = (create_task(account, MOVIE, at=START + n) for n in range(3))
    picture = create_task(account, PICTURE, at=START + 3)

    def states(at: float) -> list[str]:
        account.advance(START + at)
        every = (first, second, third, picture)
        return [account.tasks.by_id[one.id].state.value for one in every]

    assert states(4) == ["running", "throttled", "throttled", "running"]
    assert states(91) == ["succeeded", "pending", "throttled", "succeeded"]
    delete_task(account, second.id, at=START + 92)
    assert states(92) == ["succeeded", "cancelled", "pending", "succeeded"]


def test_a_larger_limit_lets_waiting_tasks_in() -> None:
    """At the instant of the change."""
    account = account_with(task_limits=limits(concurrency=0))
    task = create_task(account, MOVIE, at=START)
    assert task.state is TaskState.THROTTLED

    account.change_settings(account_with().settings, at=START + 5)

    assert account.tasks.by_id[task.id].state is TaskState.PENDING


def test_a_task_stays_throttled_as_long_as_its_plan_says() -> None:
    """Even if its model has capacity."""
    assert after(9, task=TaskPlan(throttled=Fixed(10.0))).state is TaskState.THROTTLED
    assert after(10, task=TaskPlan(throttled=Fixed(10.0))).state is TaskState.PENDING
    assert after(1e6, task=TaskPlan(throttled=NEVER)).state is TaskState.THROTTLED


def test_the_daily_quota_is_of_each_model() -> None:
    """It is a sliding window of 24 hours, and the refusal says when it is over."""
    account = account_with(task_limits=limits(daily=2))
    create_task(account, MOVIE, at=START)
    create_task(account, MOVIE, at=START + 60)
    create_task(account, PICTURE, at=START + 60)

    with pytest.raises(QuotaReached) as refused:
        create_task(account, MOVIE, at=START + 100)
    assert refused.value.retry_after_s == 86_300
    create_task(account, MOVIE, at=START + 86_400)
    assert account.tasks.used_today("film", START + 86_400) == 2


def test_a_create_that_cannot_be_paid_is_refused() -> None:
    """The whole estimate has to be there, rounded up; sessions share the credits."""
    account = account_with(limits=Limits(credits=7))
    account.create(at=START)
    create_task(account, PICTURE, at=START)  # 4.5
    assert (account.spent, account.left) == (7, 0)

    with pytest.raises(InsufficientCredits):
        create_task(account, PICTURE, at=START)


@pytest.mark.parametrize(
    ("costs", "failure", "cost"),
    [
        (TaskCost.DOCUMENTED, BROKEN, 0),
        (TaskCost.DOCUMENTED, MODERATED, 60),
        (TaskCost.DOCUMENTED, Failure("THIRD_PARTY.UNAVAILABLE", ""), 0),
        (TaskCost.FULL, BROKEN, 60),
        (TaskCost.ZERO, MODERATED, 0),
    ],
)
def test_what_a_failed_task_costs_is_a_choice(costs: TaskCost, failure: Failure, cost: int) -> None:
    """Credits are charged at the create, and given back when the task fails, or not."""
    account = account_with(task=TaskPlan(failure=failure), task_costs=TaskCosts(failed=costs))
    task = create_task(account, MOVIE, at=START)
    assert account.spent == 60

    account.advance(START + 91)

    assert account.tasks.by_id[task.id].cost == account.spent == cost


def test_what_is_given_back_counts_for_the_day_of_the_create() -> None:
    """A day never shows less than nothing, though the task fails on the next."""
    midnight = 20_834 * 86_400
    account = account_with(task=TaskPlan(failure=BROKEN))
    create_task(account, MOVIE, at=midnight - 1)
    assert account.tasks.spent == {(20_833, "film"): 60}

    account.advance(midnight + 100)

    assert account.tasks.spent == {(20_833, "film"): 0}


@pytest.mark.parametrize(("costs", "cost"), [(TaskCost.FULL, 60), (TaskCost.ZERO, 0)])
def test_what_a_cancelled_task_costs_is_a_choice(costs: TaskCost, cost: int) -> None:
    """It costs all or nothing."""
    account = account_with(task_costs=TaskCosts(cancelled=costs))
    task = create_task(account, MOVIE, at=START)

    delete_task(account, task.id, at=START + 5)

    assert account.spent == cost


@pytest.mark.parametrize("seconds", [0, 5, 91])
def test_a_deleted_task_is_unknown(seconds: float) -> None:
    """Whether it had ended or not, a GET and another DELETE find nothing."""
    account = account_with()
    task = create_task(account, MOVIE, at=START)

    delete_task(account, task.id, at=START + seconds)

    for call in (get_task, delete_task):
        with pytest.raises(UnknownTask):
            call(account, task.id, at=START + seconds)


def test_a_cancelled_task_may_stay_readable() -> None:
    """With the other choice a GET shows CANCELLED, until it is deleted again."""
    account = account_with(deleted_task_is_gone=False)
    task = create_task(account, MOVIE, at=START)

    delete_task(account, task.id, at=START)
    assert get_task(account, task.id, at=START).state is TaskState.CANCELLED
    delete_task(account, task.id, at=START)
    with pytest.raises(UnknownTask):
        get_task(account, task.id, at=START)


def test_unknown_ids_may_be_tasks() -> None:
    """They have succeeded, cost nothing, and are there again after a DELETE."""
    account = account_with(materialise=True, task_limits=limits(0, 0), limits=Limits(credits=0))
    for _ in range(2):
        assert get_task(account, FOREIGN_ID, at=START).state is TaskState.SUCCEEDED
        delete_task(account, FOREIGN_ID, at=START)
    assert account.spent == 0


def test_no_one_but_capacity_admits_a_task() -> None:
    """An admin cannot, and an event that the table lacks is refused."""
    account = account_with(task_limits=limits(concurrency=0))
    task = create_task(account, MOVIE, at=START)

    for event in (TaskEvent.ADMITTED, TaskEvent.SUCCEEDED):
        with pytest.raises(IllegalTransition):
            apply_task_event(account, task.id, event, at=START)
    with pytest.raises(UnknownTask):
        apply_task_event(account, FOREIGN_ID, TaskEvent.FAILED, at=START)


def test_of_tasks_that_ended_the_newest_are_kept() -> None:
    """As with sessions."""
    account = account_with(limits=Limits(retained=1))
    tasks = [create_task(account, MOVIE, at=START + n) for n in range(3)]
    account.advance(START + 200)

    assert [*account.tasks.by_id] == [tasks[2].id]
    assert account.tasks.evicted == 2


def test_limits_are_those_of_the_tier_or_given() -> None:
    """A limit that is given is for every model, whatever the tier."""
    assert TaskLimits(1).of(Quota.IMAGE) == (2, 200)
    assert TaskLimits(1).of(Quota.VIDEO) == (1, 50)
    assert TaskLimits().of(Quota.VIDEO) == (20, 25_000)
    assert TaskLimits(1, concurrency=None, daily=7).of(Quota.AUDIO) == (None, 7)


def test_a_create_looks_at_few_of_those_of_the_day() -> None:
    """What a create costs does not grow with the creates of the last 24 hours."""

    class Creates(tuple[float, ...]):
        looked_at = 0

        def __iter__(self) -> Iterator[float]:
            for each in super().__iter__():
                self.looked_at += 1
                yield each

    created = Creates([START - 86_400.0, *(START - 100.0 + number for number in range(90))])
    check_task_create(START, charge=1, left=None, created=created, daily=91)
    with pytest.raises(QuotaReached) as refused:
        check_task_create(START, charge=1, left=None, created=created, daily=90)

    assert created.looked_at <= 4
    assert refused.value.retry_after_s == 86_300.0


def test_an_id_that_no_task_has_is_refused() -> None:
    """And makes none, unless ids are materialised."""
    account = account_with()
    with pytest.raises(UnknownTask):
        get_task(account, FOREIGN_ID, at=START)

    assert dict(account.tasks.by_id) == {}
    materialised = account_with(materialise=True)
    assert get_task(materialised, FOREIGN_ID, at=START).id == FOREIGN_ID


def test_a_deleted_task_is_not_made_again() -> None:
    """Where ids are materialised, a task that a client has created and deleted stays gone."""
    account = account_with(materialise=True)
    task = create_task(account, MOVIE, at=START)
    delete_task(account, task.id, at=START)
    with pytest.raises(UnknownTask):
        get_task(account, task.id, at=START)


def test_the_id_of_a_materialised_task_is_skipped() -> None:
    """A create takes the next id of the world, as if that one had been created."""
    account = account_with(materialise=True)
    ids = [account.draws.uuid("task-id", number) for number in range(3)]
    get_task(account, ids[1], at=START)

    assert create_task(account, MOVIE, at=START).id == ids[2]


def test_a_task_of_one_credit_is_given_back_as_any_other() -> None:
    """The cheapest speech costs one."""
    account = account_with(task=TaskPlan(failure=BROKEN))
    task = create_task(account, MOVIE._replace(charge=1), at=START)
    assert account.spent == 1
    assert get_task(account, task.id, at=START + 200).cost == account.spent == 0


def test_creates_count_for_24_hours_and_are_then_forgotten() -> None:
    """At the very instant at which a day is over, a create does not count any more."""
    account = account_with()
    for seconds in (0.0, 10.0, DAY_S):
        create_task(account, PICTURE, at=START + seconds)
    use = account.tasks.use_of(PICTURE.pool)
    assert [each - START for each in use.created] == [10.0, DAY_S]
    assert account.tasks.used_today(PICTURE.pool, START + DAY_S) == 2
    assert account.tasks.used_today(PICTURE.pool, START + DAY_S + 10) == 1


def test_equal_requests_are_one_value() -> None:
    """A world with 100,000 tasks keeps few requests."""
    account = account_with()
    first, second = (
        create_task(account, MOVIE._replace(usual_s=float("50")), at=START) for _ in range(2)
    )
    assert first.request is second.request


def test_only_a_task_that_may_have_succeeded_can_have_output() -> None:
    """One that waits or runs may have by the time of the call; a failed one and none have not."""
    account = account_with(task=TaskPlan(failure=BROKEN))
    task = create_task(account, MOVIE, at=START)
    assert account.tasks.can_have_output(task.id)
    account.advance(START + 200)
    assert not account.tasks.can_have_output(task.id)
    assert not account.tasks.can_have_output(FOREIGN_ID)
