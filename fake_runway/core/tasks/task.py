"""A task, its plan, and its next event.

As with sessions, a task carries its plan and the instant at which its next event is due, and the
account applies it. What tasks of one plan have in common at the same point of their lives is a
`TaskStage`, which they share, because a world may have a hundred thousand. A task begins with what
the agenda sorts by: at one instant sessions go before tasks, whatever their ordinals.

Progress is no event. It is a function of the plan and of the time since the start, so polls do not
change anything, and a run of three minutes has no sixty events.
"""

import math
from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import NamedTuple

from fake_runway.core.draws import Draws
from fake_runway.core.durations import NO_TIME, Duration, Fixed, later
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.faults.fault import Fault
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import (
    TASK,
    TASK_STATE_AFTER,
    TASK_TERMINAL,
    TASK_TRANSITIONS,
    UNEXPLAINED_TASK_FAILURE,
    TaskEvent,
    TaskState,
)
from fake_runway.core.outcomes import picked
from fake_runway.core.tasks.courses import (
    Course,
    CourseNode,
    NodeCourse,
    NodeEnd,
    NodePlan,
    OnNodeError,
    course_of,
)
from fake_runway.core.tasks.models import Quota
from fake_runway.core.values import dataclass

DEFAULT_PENDING = Fixed(1.0)
DEFAULT_OUTPUT_LIFETIME_S = 86_400.0
"""Source: the public documentation, which says 24 to 48 hours."""
UPDATE_S = 5.0
"""Progress changes no more often than this. Source: the published description of tasks."""
TASK_RANK = 1 << 40
"""What a task's rank begins at: beyond any ordinal of a session."""

_MOST_PROGRESS = 0.99  # assumed: a task with all of its progress has succeeded
_MOST_STAGES = 4_096
_GRAIN_S = 1e-5  # sums of instants are rounded; closer to a step nothing is said of it


class Downloads(Enum):
    """What a download of an output gets.

    Attributes:
        WORK: the file.
        FAIL: 503.
        FAIL_ONCE: 503 for the first of each output, then the file.
        TRUNCATED: half of the file, and the end of the connection.
        ANOTHER_TYPE: a page of HTML with status 200.
    """

    WORK = "work"
    FAIL = "fail"
    FAIL_ONCE = "fail-once"
    TRUNCATED = "truncated"
    ANOTHER_TYPE = "another-type"


@dataclass(frozen=True, slots=True)
class TaskHappening:
    """An event that happens by itself to a task in one state.

    Attributes:
        after: counted from entering the state.
        failure: the reason of FAILED; None: unexplained.
        probability: of this one, among those of the state.

    Raises:
        ValueError: the table has no such row, or only the account causes this event.
    """

    state: TaskState
    event: TaskEvent
    after: Duration = NO_TIME
    failure: Failure | None = None
    probability: float = 1.0

    def __post_init__(self) -> None:
        possible = sorted(each.value for each in set(TASK_TRANSITIONS[self.state]) - TASK.automatic)
        if self.event.value not in possible:
            expected = ", ".join(possible) or "nothing"
            raise ValueError(
                f"while {self.state.value} a task can be {expected}; got {self.event.value}"
            )


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """The progress of a RUNNING task from some time on.

    Attributes:
        progress: 0 to 1.
        after_s: since its start, in seconds; None: `percent` says it.
        percent: of its run, 0 to 100.
    """

    progress: float
    after_s: float | None = None
    percent: float = 0.0

    def begins_s(self, run_s: float) -> float:
        """Return how long after the start of a run of `run_s` seconds it begins, in seconds."""
        if self.after_s is not None:
            return self.after_s
        return run_s * self.percent / 100 if self.percent else 0.0  # a run may be endless


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """How tasks behave. Shared by all tasks created under the same settings.

    Attributes:
        throttled: how long a task stays THROTTLED even if there is capacity.
        pending: from ADMITTED to RUNNING.
        run: from RUNNING to its end; None: as long as its model usually takes.
        progress: while RUNNING, in the order of time; empty: even steps.
        failure: it fails at the end of its run, for this reason; None: it succeeds.
        happenings: of those for a state at most one comes.
        faults: on calls about these tasks.
        has_output: a task that has succeeded has files.
        downloads: what a download of one gets.
        output_lifetime_s: how long an address of an output works, in seconds from its GET.
        nodes: what goes otherwise with nodes of a workflow's run.
        on_node_error: what a failed node does to its run.
        scenario: the name of the scenario it comes from, empty if none.
    """

    throttled: Duration = NO_TIME
    pending: Duration = DEFAULT_PENDING
    run: Duration | None = None
    progress: tuple[ProgressStep, ...] = ()
    failure: Failure | None = None
    happenings: tuple[TaskHappening, ...] = ()
    faults: tuple[Fault, ...] = ()
    has_output: bool = True
    downloads: Downloads = Downloads.WORK
    output_lifetime_s: float = DEFAULT_OUTPUT_LIFETIME_S
    nodes: tuple[NodePlan, ...] = ()
    on_node_error: OnNodeError = OnNodeError.STOP
    scenario: str = ""
    _stages: dict["_StageKey", "TaskStage"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def happenings_in(self, state: TaskState) -> tuple[TaskHappening, ...]:
        """Return the happenings of `state`, of which at most one comes."""
        if not self.happenings:
            return ()
        return tuple(each for each in self.happenings if each.state is state)

    def stage(
        self,
        event: TaskEvent | None,
        due_event: TaskEvent | None = None,
        reason: Failure | None = None,
    ) -> "TaskStage":
        """Return the stage after `event`, the same object for the same facts.

        Not after FAILED, whose reason can be any text.
        """
        key = (event, due_event, reason)
        if event is TaskEvent.FAILED:
            return TaskStage(self, *key)
        stage = self._stages.get(key)
        if stage is None:
            if len(self._stages) >= _MOST_STAGES:
                self._stages.clear()  # tasks keep the stages that they have
            stage = self._stages[key] = TaskStage(self, *key)
        return stage


SETTLED = TaskPlan(pending=NO_TIME, run=NO_TIME)
"""The plan of a task that is made because its id was asked for."""


@dataclass(frozen=True, slots=True)
class TaskStage:
    """What tasks of one plan have in common at the same point of their lives.

    Attributes:
        event: the event that led to `state`; None for a new task.
        due_event: the next event that happens by itself; None: none does.
        reason: of FAILED, or of the failure that is due; None: unexplained, or there is none.
    """

    plan: TaskPlan
    event: TaskEvent | None = None
    due_event: TaskEvent | None = None
    reason: Failure | None = None
    state: TaskState = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", TASK_STATE_AFTER[self.event])

    def __lt__(self, other: object) -> bool:
        """Let a heap compare two versions of a task due at one instant: neither is first."""
        return False


_StageKey = tuple[TaskEvent | None, TaskEvent | None, Failure | None]


MOST_FILES = 100
"""The files that a task makes at most, where the API publishes no limit."""


class OutputForm(NamedTuple):
    """The files that a task makes.

    Attributes:
        format: the ending of their names, such as `png`.
        files: how many.
        width, height: in pixels; 0: they have none.
        seconds: how long they last; 0: they do not.
    """

    format: str
    files: int = 1
    width: int = 0
    height: int = 0
    seconds: float = 0.0


class NodeRequest(NamedTuple):
    """What one node of a workflow's run asks a model for; as of `TaskRequest`."""

    course: CourseNode
    model: str
    charge: int
    output: OutputForm


class TaskRequest(NamedTuple):
    """What a create asked for. Tasks with equal ones share one value.

    Attributes:
        operation: the id of the contract's operation.
        model: as the organization's usage lists it.
        pool: the model whose capacity and quota it takes up; empty: none.
        quota: what the limits of that model depend on.
        estimate: credits, as the answer says; may be fractional.
        charge: credits, as the account pays at once.
        usual_s: how long the model usually takes, in seconds.
        nodes: of a workflow's run; empty for any other task.
        unpriced: what the default price was taken for, each as `endpoint model`.
    """

    operation: str
    model: str
    pool: str
    quota: Quota
    estimate: float
    charge: int
    usual_s: float
    output: OutputForm
    nodes: tuple[NodeRequest, ...] = ()
    unpriced: tuple[str, ...] = ()


class Task(NamedTuple):
    """One task. Instants are POSIX seconds of its world's clock.

    Attributes:
        due_at: when the next event happens by itself; None: none does.
        rank: `TASK_RANK` and its ordinal.
        stage: what it has in common with others.
        cost: credits charged so far, less what was given back.
        started_at: when it became RUNNING, None before.
        ends_at: when its run is over, None before it started.
        deleted: a client has deleted it.
    """

    due_at: float | None  # these two first: the account's agenda sorts by them
    rank: int
    stage: TaskStage
    id: str
    created_at: float
    changed_at: float
    request: TaskRequest
    cost: int
    started_at: float | None = None
    ends_at: float | None = None
    deleted: bool = False

    @property
    def ordinal(self) -> int:
        """Which task of its world this is, counted from 0; names its draws."""
        return self.rank - TASK_RANK

    @property
    def plan(self) -> TaskPlan:
        """How it behaves."""
        return self.stage.plan

    @property
    def state(self) -> TaskState:
        """Its state."""
        return self.stage.state

    @property
    def event(self) -> TaskEvent | None:
        """The event that led to `state`; None for a new task."""
        return self.stage.event

    @property
    def due_event(self) -> TaskEvent | None:
        """The next event that happens by itself; None: none does."""
        return self.stage.due_event

    @property
    def failure(self) -> Failure | None:
        """Why it FAILED; None if it has not."""
        return self.stage.reason if self.stage.state is TaskState.FAILED else None

    @property
    def ready_at(self) -> float | None:
        """When its output was there; None: it is not."""
        return self.changed_at if self.state is TaskState.SUCCEEDED else None

    @property
    def waits_for_capacity(self) -> bool:
        """Whether it is THROTTLED and may be admitted."""
        is_released = self.event is TaskEvent.RELEASED or self.plan.throttled == NO_TIME
        return self.state is TaskState.THROTTLED and is_released

    def progress(self, now: float) -> float:
        """Return the progress of a RUNNING task, 0 to 1; 0 before it started."""
        if self.started_at is None or self.ends_at is None:
            return 0.0
        if self.request.nodes and not self.plan.progress:
            over = sum(way.ends_s < math.inf for way in self.nodes_at(now))
            return min(_MOST_PROGRESS, round(over / len(self.request.nodes), 2))
        elapsed_s, run_s = now - self.started_at, self.ends_at - self.started_at
        if self.plan.progress:
            reached = 0.0
            for step in self.plan.progress:
                if elapsed_s >= step.begins_s(run_s):
                    reached = step.progress
            return reached
        if run_s <= 0 or math.isinf(run_s):
            return 0.0
        whole_steps_s = elapsed_s // UPDATE_S * UPDATE_S
        return min(_MOST_PROGRESS, round(whole_steps_s / run_s, 2))

    @property
    def course(self) -> Course:
        """How the nodes of a workflow's run go, if each takes its usual time."""
        nodes = [node.course for node in self.request.nodes]
        return course_of(nodes, self.plan.nodes, self.plan.on_node_error)

    def nodes_at(self, now: float) -> tuple[NodeCourse, ...]:
        """Return the nodes of a workflow's run as they are at `now`, or were when it ended.

        What has not begun by then begins never, and what is not over never ends.
        """
        course, elapsed_s = self.course, -1.0
        if self.state is TaskState.SUCCEEDED:
            elapsed_s = math.inf
        elif self.started_at is not None:
            at = self.changed_at if self.state in TASK_TERMINAL else now
            ended = self.ends_at is not None and at >= self.ends_at
            elapsed_s = course.run_s if ended else self._usual_s(course, at - self.started_at)
        return tuple(_as_of(way, elapsed_s) for way in course.nodes)

    def files_of_nodes(self, now: float) -> Mapping[str, Mapping[int, OutputForm]]:
        """Return by node id the files that nodes of a workflow's run have, each by its number.

        A file has the same number for ever; those of one node have numbers behind each other.
        """
        files: dict[str, dict[int, OutputForm]] = {}
        number = 0
        for node, way in zip(self.request.nodes, self.nodes_at(now), strict=True):
            if way.ends_s < math.inf and way.end is NodeEnd.DONE and self.plan.has_output:
                numbers = range(number, number + node.output.files)
                files[node.course.id] = dict.fromkeys(numbers, node.output)
            number += node.output.files
        return files

    def file_at(self, number: int, now: float) -> OutputForm | None:
        """Return the file with a number, in which the task has something now; None: it has none."""
        if self.deleted or not self.plan.has_output:
            return None
        if self.request.nodes:
            if self.state not in (TaskState.RUNNING, TaskState.SUCCEEDED):
                return None
            every = self.files_of_nodes(now).values()
            return next((files[number] for files in every if number in files), None)
        is_there = self.state is TaskState.SUCCEEDED and number < self.request.output.files
        return self.request.output if is_there else None

    def _usual_s(self, course: Course, elapsed_s: float) -> float:
        """Return where in the usual course a run is that takes a time of its own."""
        if self.started_at is None or self.ends_at is None:
            return elapsed_s
        run_s = self.ends_at - self.started_at
        if math.isinf(run_s) or math.isinf(course.run_s) or run_s <= 0:
            return elapsed_s
        return elapsed_s * course.run_s / run_s


def _as_of(way: NodeCourse, elapsed_s: float) -> NodeCourse:
    if way.begins_s > elapsed_s or way.end is NodeEnd.SKIPPED:
        return NodeCourse(math.inf, math.inf, NodeEnd.SKIPPED)
    return way if way.ends_s <= elapsed_s else way._replace(ends_s=math.inf)


def progress_until(task: Task, now: float) -> float:
    """Return an instant before which a RUNNING task shows the progress that it shows at `now`."""
    if task.started_at is None or task.ends_at is None:
        return now
    elapsed_s, run_s = now - task.started_at, task.ends_at - task.started_at
    if task.plan.progress:
        begins = (each.begins_s(run_s) for each in task.plan.progress)
        next_s = min((each for each in begins if each > elapsed_s), default=math.inf)
    else:
        next_s = (elapsed_s // UPDATE_S + 1) * UPDATE_S
    return task.started_at + next_s - _GRAIN_S


def new_task(
    task_id: str,
    *,
    ordinal: int,
    at: float,
    plan: TaskPlan,
    request: TaskRequest,
    draws: Draws,
) -> Task:
    """Return a new task: THROTTLED until capacity admits it, which may be at once."""
    rank = TASK_RANK + ordinal
    task = Task(None, rank, plan.stage(None), task_id, at, at, request, request.charge)
    return _with_due(task, draws)


def task_step(
    task: Task,
    event: TaskEvent,
    at: float,
    *,
    draws: Draws,
    failure: Failure | None = None,
) -> Task:
    """Apply `event` to `task` at instant `at`.

    Raises:
        IllegalTransition: the table has no row for this event in this state; nothing changed.
    """
    state, plan = task.stage.state, task.stage.plan
    target = TASK_TRANSITIONS[state].get(event)
    if target is None:
        raise IllegalTransition(f"a task that is {state.value} cannot be {event.value}")
    started_at, ends_at = task.started_at, task.ends_at
    if event is TaskEvent.STARTED:
        started_at, ends_at = at, later(at, _run_s(task, draws))
    reason = (failure or UNEXPLAINED_TASK_FAILURE) if target is TaskState.FAILED else None
    changed = Task(  # `_replace` takes four times as long, and this is all that an event does
        None,
        task.rank,
        plan.stage(event, None, reason),
        task.id,
        task.created_at,
        at,
        task.request,
        task.cost,
        started_at,
        ends_at,
        task.deleted,
    )
    return changed if target in TASK_TERMINAL else _with_due(changed, draws)


def _run_s(task: Task, draws: Draws) -> float:
    run = task.plan.run
    if task.request.nodes:
        usual_s = task.course.run_s
        if run is None or math.isinf(usual_s):
            return usual_s
    return task.request.usual_s if run is None else _sampled(run, "run", task, draws)


def _sampled(duration: Duration, what: str, task: Task, draws: Draws) -> float:
    """Return a span of a task's plan in seconds; a fixed one needs no draw."""
    if isinstance(duration, Fixed):
        return duration.seconds
    return duration.sample(draws.number(what, task.ordinal))


def _with_due(task: Task, draws: Draws) -> Task:
    due = next_due_of_task(task, draws)
    if due is None:
        return task
    due_at, event, reason = due
    stage = task.stage.plan.stage(task.stage.event, event, reason)
    return Task(due_at, task.rank, stage, *task[3:])


TaskDue = tuple[float, TaskEvent, Failure | None]
"""When which event happens, and the reason of a failure."""


def next_due_of_task(task: Task, draws: Draws) -> TaskDue | None:
    """Return what happens to `task` by itself next, None if nothing does.

    A happening at the same instant as the usual event comes first.
    """
    usual = _usually_due(task, draws)
    happening = picked(
        task.stage.plan.happenings_in(task.stage.state),
        lambda: draws.number(f"task-then-which-{task.state.value}", task.ordinal),
    )
    if happening is None:
        return usual
    after_s = _sampled(happening.after, f"task-then-{task.state.value}", task, draws)
    entered_at = task.created_at if task.state is TaskState.THROTTLED else task.changed_at
    strikes_at = later(entered_at, after_s)
    if usual is not None and usual[0] < strikes_at:
        return usual
    return strikes_at, happening.event, happening.failure


def _usually_due(task: Task, draws: Draws) -> TaskDue | None:
    plan = task.stage.plan
    match task.stage.state:
        case TaskState.THROTTLED if not task.waits_for_capacity:
            throttled_s = _sampled(plan.throttled, "throttled", task, draws)
            return later(task.created_at, throttled_s), TaskEvent.RELEASED, None
        case TaskState.PENDING:
            pending_s = _sampled(plan.pending, "pending", task, draws)
            return later(task.changed_at, pending_s), TaskEvent.STARTED, None
        case TaskState.RUNNING if task.ends_at is not None:
            reason = plan.failure
            if task.request.nodes:
                reason = task.course.failure or reason
            end = TaskEvent.SUCCEEDED if reason is None else TaskEvent.FAILED
            return task.ends_at, end, reason
    return None
