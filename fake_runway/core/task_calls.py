"""What clients and admins do with the tasks of an account. Every function takes `at`: now.

The account decides and applies (`account.py`); here stands what each call checks first.
"""

from fake_runway.core.account import Account
from fake_runway.core.errors import IllegalTransition, UnknownTask
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TASK, TASK_TERMINAL, TaskEvent, TaskState
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.rules import (
    TaskChange,
    check_known,
    check_task_create,
    creation,
    task_transition,
)
from fake_runway.core.tasks.task import (
    SETTLED,
    OutputForm,
    Task,
    TaskPlan,
    TaskRequest,
    new_task,
)

_MATERIALISED = TaskRequest("", "", "", Quota.IMAGE, 0, 0, 0.0, OutputForm("png", 1, 1024, 1024))


def create_task(
    account: Account, request: TaskRequest, *, at: float, plan: TaskPlan | None = None
) -> Task:
    """Create a task and charge for it.

    Args:
        plan: None: that of the settings.

    Raises:
        InsufficientCredits, QuotaReached: nothing was created or charged.
    """
    account.advance(at)
    tasks, daily = account.tasks, _daily(account, request)
    created = tasks.use_of(request.pool).created
    check_task_create(at, charge=request.charge, left=account.left, created=created, daily=daily)
    # ids that exist because they were materialised are skipped
    while (task_id := account.draws.uuid("task-id", tasks.created_count)) in tasks.by_id:
        tasks.created_count += 1
    task = new_task(
        task_id,
        ordinal=tasks.created_count,
        at=at,
        plan=plan or account.settings.task,
        request=tasks.shared(request),
        draws=account.draws,
    )
    return account.apply_task(creation(task, at))


def _daily(account: Account, request: TaskRequest) -> int | None:
    return account.settings.task_limits.of_pool(request.pool, request.quota).daily


def get_task(account: Account, task_id: str, *, at: float) -> Task:
    """Return the task as it is at `at`.

    Raises:
        UnknownTask: it never existed, was deleted, or was evicted.
    """
    account.advance(at)
    task = account.tasks.by_id.get(task_id)
    if task is not None and not task.deleted and task.stage.state is not TaskState.CANCELLED:
        return task  # the usual case, without another call
    if task is None and account.settings.materialise:
        return _materialised(account, task_id, at=at)
    return check_known(task, cancelled=not account.settings.deleted_task_is_gone)


def _materialised(account: Account, task_id: str, *, at: float) -> Task:
    ordinal = account.tasks.created_count
    task = new_task(
        task_id, ordinal=ordinal, at=at, plan=SETTLED, request=_MATERIALISED, draws=account.draws
    )
    return account.apply_task(TaskChange(at, None, None, task), in_quota=False)


def delete_task(account: Account, task_id: str, *, at: float) -> None:
    """Cancel a task; one that has ended is hidden, with its outputs.

    Raises:
        UnknownTask: as of `get_task`.
    """
    task = get_task(account, task_id, at=at)
    ended = task.state in TASK_TERMINAL
    if not ended:
        task = apply_task_event(account, task_id, TaskEvent.CANCELLED, at=at)
    if account.tasks.by_id.get(task_id) is None:
        return  # retention keeps none
    if task.plan is SETTLED:
        account.tasks.forget(task)  # the next call makes it again
    elif ended:
        account.tasks.delete(task)


def apply_task_event(
    account: Account, task_id: str, event: TaskEvent, *, at: float, failure: Failure | None = None
) -> Task:
    """Let `event` happen to a task now, for an admin or a call.

    Raises:
        UnknownTask.
        IllegalTransition: the table has no such row, or the event is automatic.
    """
    account.advance(at)
    task = account.tasks.by_id.get(task_id)
    if task is None:
        raise UnknownTask("Could not find Task")
    if event in TASK.automatic:
        raise IllegalTransition("a task is admitted by free capacity alone")
    costs = account.settings.task_costs
    change = task_transition(task, event, at, draws=account.draws, costs=costs, failure=failure)
    return account.apply_task(change)
