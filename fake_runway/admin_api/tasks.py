"""Admin operations on tasks: what there is, and what happened to each."""

from collections.abc import Iterator
from itertools import islice

from fake_runway.admin_api.calls import AdminCall, limit_of
from fake_runway.admin_api.declaration import WorldScoped, WorldWait, operation
from fake_runway.admin_api.requests import LIMIT, TASK_STATE
from fake_runway.clock import next_turn
from fake_runway.core.errors import UnknownTask
from fake_runway.core.history.evicted import Counted
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import entry_body, task_view
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.types import Json
from fake_runway.web.replies import Reply

_VIEWS_OF_A_TURN = 500


@operation("listTasks", "GET /tasks", WorldWait, answers="TaskList", query=(TASK_STATE, LIMIT))
async def list_tasks(call: AdminCall) -> Reply:
    """Answer the tasks, newest first; those that clients have deleted too."""
    state, limit, now = call.query.get("state"), limit_of(call.query), call.at
    every = reversed([*call.world.account.tasks.by_id.values()])
    fitting = (task for task in every if state in (None, task.state.value))
    views: list[Json] = []
    for task in islice(fitting, limit):
        views.append(task_view(task, now))
        if len(views) % _VIEWS_OF_A_TURN == 0:
            await next_turn()
    return Reply(200, {"tasks": views, "gone": call.world.account.tasks.evicted})


@operation("getAdminTask", "GET /tasks/{id}", WorldScoped, answers="TaskView")
def get_admin_task(call: AdminCall) -> Reply:
    """Answer a task as the world knows it."""
    task = call.world.account.tasks.by_id.get(call.name.lower())
    if task is None:
        raise UnknownTask("Could not find Task")
    return Reply(200, task_view(task, call.at))


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
            "lines": [*_gone_lines(gone), *timeline(entries, start=call.world.epoch)],
            "gone": gone.certain,
            "uncertain": gone.uncertain,
        },
    )


def _gone_lines(gone: Counted) -> Iterator[str]:
    if gone.certain:
        yield f"({gone.certain} earlier entries are no longer kept)"
    if gone.uncertain:
        yield f"({gone.uncertain} entries about older tasks are no longer kept, perhaps of this)"
