"""Decisions about tasks, as pure functions: from values to a `TaskChange`, or a refusal."""

import math
from collections.abc import Sequence
from enum import Enum
from itertools import takewhile
from typing import NamedTuple

from fake_runway.core.billing import DAY_S
from fake_runway.core.draws import Draws
from fake_runway.core.errors import InsufficientCredits, QuotaReached, UnknownTask
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import (
    TASK_TERMINAL,
    TaskEvent,
    TaskState,
    is_moderation,
)
from fake_runway.core.tasks.courses import NodeCourse, NodeEnd
from fake_runway.core.tasks.task import Task, task_step
from fake_runway.core.values import dataclass


class TaskCost(Enum):
    """What a task that did not succeed costs in the end; the rest is given back.

    Attributes:
        DOCUMENTED: moderated tasks cost as much as good ones, others that failed cost nothing.
    """

    FULL = "full"
    ZERO = "zero"
    DOCUMENTED = "documented"


@dataclass(frozen=True, slots=True)
class TaskCosts:
    """What tasks cost that failed, and that were cancelled."""

    failed: TaskCost = TaskCost.DOCUMENTED
    cancelled: TaskCost = TaskCost.FULL


class TaskChange(NamedTuple):
    """One step of one task: what it was, what it becomes, when, and what it costs.

    Attributes:
        event: what happened; None for a new task.
        before: None for a new task.
        charge: credits; below 0: given back.
        by_model: the same for each model of a workflow's run; empty for any other task.
    """

    at: float
    event: TaskEvent | None
    before: Task | None
    after: Task
    charge: int = 0
    by_model: tuple[tuple[str, int], ...] = ()

    @property
    def charges(self) -> tuple[tuple[str, int], ...]:
        """Credits by model."""
        return self.by_model or ((self.after.request.model, self.charge),)


def task_transition(
    task: Task,
    event: TaskEvent,
    at: float,
    *,
    draws: Draws,
    costs: TaskCosts,
    failure: Failure | None = None,
) -> TaskChange:
    """Return the change that `event` makes.

    Raises:
        IllegalTransition: the table has no such row.
    """
    after = task_step(task, event, at, draws=draws, failure=failure)
    if after.request.nodes and after.state in TASK_TERMINAL:
        return _settled(TaskChange(at, event, task, after), costs)
    if after.cost == 0 or not _is_given_back(after, costs):
        return TaskChange(at, event, task, after)
    return TaskChange(at, event, task, after._replace(cost=0), -after.cost)


def creation(task: Task, at: float) -> TaskChange:
    """Return the change that a new task is, which charges for it."""
    nodes = tuple((node.model, node.charge) for node in task.request.nodes)
    return TaskChange(at, None, None, task, task.request.charge, nodes)


def _settled(change: TaskChange, costs: TaskCosts) -> TaskChange:
    """Give back what the nodes of a workflow's run do not cost that has ended."""
    run = change.after
    back = []
    for node, way in zip(run.request.nodes, run.nodes_at(change.at), strict=True):
        if _is_node_given_back(way, run, costs):
            back.append((node.model, -node.charge))
    charge = sum(credits for _, credits in back)
    after = run._replace(cost=run.cost + charge)
    return change._replace(after=after, charge=charge, by_model=tuple(back))


def _is_node_given_back(way: NodeCourse, run: Task, costs: TaskCosts) -> bool:
    if way.begins_s == math.inf:
        return True  # it never ran
    if way.ends_s == math.inf:  # it ran when its run ended
        stopped_by = costs.cancelled if run.state is TaskState.CANCELLED else costs.failed
        return stopped_by is not TaskCost.FULL
    if way.end is not NodeEnd.FAILED or costs.failed is TaskCost.FULL:
        return False
    moderated = way.failure is not None and is_moderation(way.failure.code)
    return costs.failed is TaskCost.ZERO or not moderated


def _is_given_back(task: Task, costs: TaskCosts) -> bool:
    if task.state is TaskState.CANCELLED:
        return costs.cancelled is TaskCost.ZERO
    if task.failure is None or costs.failed is TaskCost.FULL:
        return False
    return costs.failed is TaskCost.ZERO or not is_moderation(task.failure.code)


def due_task_transition(task: Task, *, draws: Draws, costs: TaskCosts) -> TaskChange:
    """Return what happens to `task` at its `due_at`."""
    at, event = task.due_at, task.due_event
    if at is None or event is None:
        raise ValueError("nothing is due")
    return task_transition(task, event, at, draws=draws, costs=costs, failure=task.stage.reason)


def check_task_create(
    at: float, *, charge: int, left: int | None, created: Sequence[float], daily: int | None
) -> None:
    """Reject a create that credits or quota do not allow.

    Args:
        charge: credits that it costs.
        left: credits of the account, None for unlimited.
        created: instants of creates for the same model, oldest first.
        daily: how many there may be in any 24 hours, None for unlimited.

    Raises:
        InsufficientCredits.
        QuotaReached: with the seconds until the next create is possible.
    """
    if left is not None and left < charge:
        raise InsufficientCredits("You do not have enough credits to run this task.")  # observed
    if daily is None:
        return
    # the oldest first, and the store forgets those of more than a day: few have to be looked at
    expired = sum(1 for _ in takewhile(lambda each: each + DAY_S <= at, created))
    if len(created) - expired < daily:
        return
    frees_at = (created[len(created) - daily] if daily else at) + DAY_S
    message = "Your daily task limit has been reached."  # observed
    raise QuotaReached(message, retry_after_s=frees_at - at)


def check_known(task: Task | None, *, cancelled: bool) -> Task:
    """Return the task if a client may see it.

    Args:
        cancelled: it may if it was cancelled.

    Raises:
        UnknownTask: there is none, or it was deleted.
    """
    if task is None or task.deleted or (task.stage.state is TaskState.CANCELLED and not cancelled):
        raise UnknownTask("Could not find Task")  # observed
    return task
