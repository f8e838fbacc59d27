"""The outputs of tasks, for those who look into a world: a client of it asks for the task."""

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldScoped, operation
from fake_runway.core.errors import UnknownTask
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.media.addresses import output_urls
from fake_runway.web.replies import Reply


@operation("getTaskOutputs", "GET /tasks/{id}/outputs", WorldScoped, answers="TaskOutputs")
def get_task_outputs(call: AdminCall) -> Reply:
    """Answer paths of the outputs, which work as long as addresses for clients do; none before."""
    world = call.world
    task = world.account.tasks.by_id.get(call.name.lower())
    if task is None:
        raise UnknownTask("Could not find Task")
    paths: list[str] = []
    if task.state is TaskState.SUCCEEDED and not task.deleted:
        paths = output_urls(task, base=f"/w/{world.name}", draws=world.draws, now=call.at)
    return Reply(200, {"outputs": paths})
