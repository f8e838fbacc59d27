"""The tasks of one account: by id, in their queues, counted.

Only data and its upkeep. `Account` decides what happens and when, and `TaskStore.put` is the only
place where any of this changes but for deletion.
"""

from collections import OrderedDict, deque
from dataclasses import field

from fake_runway.core.billing import DAY_S
from fake_runway.core.lifecycles.task import TASK_ACTIVE, TASK_TERMINAL, TaskState
from fake_runway.core.tasks.rules import TaskChange
from fake_runway.core.tasks.task import Task, TaskRequest
from fake_runway.core.values import dataclass

_WITHOUT_OUTPUT = TASK_TERMINAL - {TaskState.SUCCEEDED}
_MANY_REQUESTS = 1_000


@dataclass(slots=True)
class ModelUse:
    """What the capacity and the quota of one model are used for.

    Attributes:
        active: how many of its tasks take up capacity.
        queue: the ids of those that wait for capacity, in the order of their creates.
        created: the instants of its creates in the last 24 hours, oldest first.
    """

    active: int = 0
    queue: OrderedDict[str, None] = field(default_factory=OrderedDict)
    created: deque[float] = field(default_factory=deque)

    def copy(self) -> "ModelUse":
        """Return an independent copy."""
        return ModelUse(self.active, self.queue.copy(), self.created.copy())


@dataclass(slots=True)
class TaskStore:
    """All tasks of an account.

    Attributes:
        by_id: as of the last `advance` of the account.
        models: by its id, each whose capacity a task took up.
        created_count: how many tasks were created so far: the ordinal of the next.
        live: how many have not ended.
        evicted: how many that ended are no longer kept.
        spent: credits by UTC day and model; what is given back counts for the day of the create.
    """

    by_id: dict[str, Task] = field(default_factory=dict)
    models: dict[str, ModelUse] = field(default_factory=dict)
    created_count: int = 0
    live: int = 0
    evicted: int = 0
    spent: dict[tuple[int, str], int] = field(default_factory=dict)
    _ended: deque[str] = field(default_factory=deque)
    _requests: dict[TaskRequest, TaskRequest] = field(default_factory=dict)

    def use_of(self, model: str) -> ModelUse:
        """Return what a model is used for, to be read; nothing is kept of a model without tasks."""
        return self.models.get(model) or ModelUse()

    def shared(self, request: TaskRequest) -> TaskRequest:
        """Return the request, the same object for equal ones."""
        if len(self._requests) >= _MANY_REQUESTS:
            self._requests.clear()  # tasks keep those that they have
        return self._requests.setdefault(request, request)

    def is_current(self, task: Task) -> bool:
        """Return whether this is the latest version of a task."""
        return self.by_id.get(task.id) is task

    def can_have_output(self, task_id: str) -> bool:
        """Return whether there is such a task, and it has succeeded or may have by now."""
        task = self.by_id.get(task_id)
        return task is not None and task.stage.state not in _WITHOUT_OUTPUT

    def put(self, change: TaskChange, *, retained: int, in_quota: bool = True) -> None:
        """Apply a change.

        Args:
            retained: how many tasks that ended are kept.
            in_quota: a create counts in the quota of its model.
        """
        before, after = change.before, change.after
        pool = after.request.pool
        use = self.models.get(pool)
        if use is None:
            use = self.models[pool] = ModelUse()
        self.by_id[after.id] = after
        if before is None:
            self.created_count += 1
            self.live += 1
            if in_quota:
                use.created.append(change.at)
                while use.created[0] + DAY_S <= change.at:
                    use.created.popleft()
        else:
            use.active -= before.state in TASK_ACTIVE
        use.active += after.state in TASK_ACTIVE
        if after.state is TaskState.THROTTLED and after.waits_for_capacity:
            use.queue[after.id] = None
        else:
            use.queue.pop(after.id, None)
        if change.charge:
            for model, credits in change.charges:
                day = int(after.created_at // DAY_S), model
                self.spent[day] = self.spent.get(day, 0) + credits
        if after.state in TASK_TERMINAL:
            self.live -= 1
            self._ended.append(after.id)
            self.evict(retained)

    def delete(self, task: Task) -> None:
        """Hide a task from clients; one that has ended."""
        self.by_id[task.id] = task._replace(deleted=True)

    def forget(self, task: Task) -> None:
        """Remove a task that has ended, as if it had never been."""
        del self.by_id[task.id]
        self._ended.remove(task.id)

    def evict(self, retained: int) -> None:
        """Remove the oldest tasks that ended until so many are left."""
        while len(self._ended) > retained:
            del self.by_id[self._ended.popleft()]
            self.evicted += 1

    def next_waiting(self, model: str) -> Task | None:
        """Return the task of a model that has waited for capacity longest."""
        use = self.models.get(model)
        return self.by_id[next(iter(use.queue))] if use is not None and use.queue else None

    def used_today(self, model: str, now: float) -> int:
        """Return how many tasks of a model were created in the 24 hours before `now`."""
        return sum(each + DAY_S > now for each in self.use_of(model).created)

    def copy(self) -> "TaskStore":
        """Return an independent copy. O(tasks)."""
        return TaskStore(
            self.by_id.copy(),
            {model: use.copy() for model, use in self.models.items()},
            self.created_count,
            self.live,
            self.evicted,
            self.spent.copy(),
            self._ended.copy(),
            self._requests.copy(),
        )
