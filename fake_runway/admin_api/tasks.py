"""Admin operations on tasks: what there is, what happened to each, and what shall happen."""

from dataclasses import replace
from functools import partial

from fake_runway.admin_api.calls import AdminCall, Conflict
from fake_runway.admin_api.declaration import WorldAct, WorldScoped, WorldWait, operation
from fake_runway.admin_api.requests import LIMIT, TASK_STATE
from fake_runway.admin_api.resources import failure_in, gone_lines, newest, way
from fake_runway.core.account import Account
from fake_runway.core.durations import NEVER, NO_TIME
from fake_runway.core.errors import Refused, UnknownTask
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import entry_body, task_view
from fake_runway.core.lifecycles.task import TASK, TASK_ACTIVE, TaskEvent, TaskState
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.task_calls import apply_task_event, create_task
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.task import Task, TaskPlan
from fake_runway.core.types import Json
from fake_runway.web.replies import Reply

_MADE: Json = {"model": "gen4.5", "promptText": "", "ratio": "1280:720", "duration": 5}
"""What a task that is made by hand was asked for: a film of five seconds, 60 credits."""


@operation("listTasks", "GET /tasks", WorldWait, answers="TaskList", query=(TASK_STATE, LIMIT))
async def list_tasks(call: AdminCall) -> Reply:
    """Answer the tasks, newest first; those that clients have deleted too."""
    tasks, now = call.world.account.tasks, call.at
    views = await newest(call, tasks.by_id, lambda task: task_view(task, now))
    return Reply(200, {"tasks": views, "gone": tasks.evicted})


@operation("getAdminTask", "GET /tasks/{id}", WorldScoped, answers="TaskView")
def get_admin_task(call: AdminCall) -> Reply:
    """Answer a task as the world knows it."""
    return Reply(200, task_view(_task(call), call.at))


def _task(call: AdminCall) -> Task:
    task = call.world.account.tasks.by_id.get(call.name.lower())
    if task is None:
        raise UnknownTask("Could not find Task")
    return task


@operation("makeTask", "POST /tasks", WorldAct, takes="NewTask", answers="TaskView", optional=True)
def make_task(call: AdminCall) -> Reply:
    """Create a task and bring it into a state by events of the transition table."""
    account = call.world.account
    # on a copy first, so that a rejection half-way leaves no trace
    _make(account.copy(lambda _: None, lambda _: None), call)
    return Reply(201, task_view(_make(account, call), call.at))


def _make(account: Account, call: AdminCall) -> Task:
    target = TaskState(call.body.get("state", TaskState.PENDING.value))
    failure = failure_in(call.body, TASK, fails=target is TaskState.FAILED)
    plan = _plan_for(target, account.settings.task)
    try:
        task = create_task(account, request_of("createTextToVideo", _MADE), at=call.at, plan=plan)
    except Refused as refusal:
        raise Conflict(f"The task cannot be created: {refusal.message}") from refusal
    if target is not TaskState.THROTTLED and task.state not in TASK_ACTIVE:
        raise Conflict("Expected free capacity for a task that is not throttled, got none.")
    for event in way(TASK, task.state, target):
        task = apply_task_event(account, task.id, event, at=call.at, failure=failure)
    if task.state is not target:
        raise Conflict(
            f"Expected a task that stays {target.value}, got one that is {task.state.value} at"
            " once, by the plan of this world."
        )
    return task


def _plan_for(target: TaskState, plan: TaskPlan) -> TaskPlan:
    """Return a plan that lets a task reach a state and go on from there."""
    if target is TaskState.THROTTLED:
        return replace(plan, throttled=NEVER)
    if target is TaskState.PENDING:
        return replace(plan, throttled=NO_TIME)
    return replace(plan, throttled=NO_TIME, happenings=())


@operation(
    "occurTask", "POST /tasks/{id}/events", WorldAct, takes="TaskOccurrence", answers="TaskView"
)
def occur_task(call: AdminCall) -> Reply:
    """Apply an event to a task."""
    task, event = _task(call), TaskEvent(call.body["event"])
    failure = failure_in(call.body, TASK, fails=event is TaskEvent.FAILED)
    after = apply_task_event(call.world.account, task.id, event, at=call.at, failure=failure)
    return Reply(200, task_view(after, call.at))


@operation(
    "reportDownload",
    "POST /tasks/{id}/downloads",
    # it changes no task, so a replay writes it down and does no more
    partial(WorldAct, repeat=None),
    takes="Download",
    answers="TaskView",
)
def report_download(call: AdminCall) -> Reply:
    """Take what a client did with an output; the fake reports downloads from itself so."""
    return Reply(200, task_view(_task(call), call.at))


@operation("getTaskTimeline", "GET /tasks/{id}/timeline", WorldScoped, answers="TaskTimeline")
def get_task_timeline(call: AdminCall) -> Reply:
    """Answer the timeline of a task, as data and as lines of text."""
    task_id, log = call.name.lower(), call.world.log
    subject = Subject(TASK.name, task_id)
    entries, gone = list(log.of_subject(subject)), log.evicted.about(subject)
    if not entries and task_id not in call.world.account.tasks.by_id and not gone.certain:
        raise UnknownTask("Could not find Task")
    return Reply(
        200,
        {
            "task": task_id,
            "entries": [entry_body(entry) for entry in entries],
            "lines": [*gone_lines(gone, TASK), *timeline(entries, start=call.world.epoch)],
            "gone": gone.certain,
            "uncertain": gone.uncertain,
        },
    )
