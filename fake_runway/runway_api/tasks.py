"""The operations of tasks: every endpoint that creates one, and what follows.

Which model a body asks for, what it makes and what that costs stands in `core/tasks/table.py`. How
the task goes is what the world's scenario says, or the scenario that a tag in the body names.
"""

import re
from collections.abc import Iterator

from fake_runway.core import task_calls
from fake_runway.core.errors import UnknownAvatar
from fake_runway.core.lifecycles.task import TASK_ENDPOINTS, TaskState
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.tasks.inputs import media_of
from fake_runway.core.tasks.models import cost, estimate, substitute, usage_id
from fake_runway.core.tasks.orders import NOT_READ, InputMedia, Output
from fake_runway.core.tasks.table import MODELS
from fake_runway.core.tasks.task import OutputForm, TaskPlan, TaskRequest
from fake_runway.core.types import Json
from fake_runway.media.addresses import output_expiry, output_urls
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.inputs import check_limits, files_in
from fake_runway.runway_api.wire import estimated_cost, task_body
from fake_runway.web.errors import RequestRefused
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

_TAG = re.compile(r"\[fake:([a-z0-9-]{1,100})\]")
_AVATAR_VIDEO = "createAvatarVideo"


class UnknownTag(RequestRefused):
    """A tag in a body names no scenario that says how tasks go."""

    code = "unknown_tag"


def create_task(call: RunwayCall) -> Reply:
    """Answer the id of a new task and what it is said to cost."""
    world, exchange = call.world, call.exchange
    if exchange.operation == _AVATAR_VIDEO:
        _check_avatar(world, exchange.body)
    files = files_in(world, exchange.body, at=exchange.at)
    plan = plan_of_create(world, exchange.body)
    if files:
        endpoint = TASK_ENDPOINTS[exchange.operation]
        plan = check_limits(world, endpoint, exchange.body, files, plan)
    task = task_calls.create_task(
        world.account,
        request_of(exchange.operation, exchange.body, media_of(files)),
        at=exchange.at,
        plan=plan,
    )
    if exchange.operation == _AVATAR_VIDEO:  # source: both SDKs, which read the id alone
        return Reply(200, {"id": task.id})
    return Reply(200, {"id": task.id, "estimatedCost": estimated_cost(task)})


def get_task(call: RunwayCall) -> Reply:
    """Answer the task in the form of its status; each answer has new addresses of its outputs."""
    world, at = call.world, call.exchange.at
    task, base = task_calls.get_task(world.account, call.exchange.subject.id, at=at), ""
    shown: object = None  # beside the task itself
    state = task.stage.state
    if state is TaskState.RUNNING:
        shown = task.progress(at)
    elif state is TaskState.SUCCEEDED:
        base = call.exchange.media_url
        shown = base, output_expiry(task, at)

    def body() -> Json:
        outputs = output_urls(task, base=base, draws=world.draws, now=at) if base else ()
        return task_body(task, now=at, outputs=outputs)

    if call.bodies is None:
        return Reply(200, body())
    return Reply(200, call.bodies.kept(task.id, (task, shown), body))


def delete_task(call: RunwayCall) -> Reply:
    """Cancel a task, or remove one that has ended."""
    task_calls.delete_task(call.world.account, call.exchange.subject.id, at=call.exchange.at)
    return Reply(204)


def request_of(operation: str, body: Json, media: InputMedia = NOT_READ) -> TaskRequest:
    """Return what the valid body of a create asks for.

    Args:
        media: what is known of the files that it names.
    """
    endpoint = TASK_ENDPOINTS[operation]
    model = MODELS.find(endpoint, body) or substitute(endpoint, body)
    order, estimated = model.order(body, media), estimate(model, body, media)
    file_format, (width, height) = order.extension, order.pixels
    if order.kind is Output.AUDIO and not {"format", "outputFormat"} & body.keys():
        file_format = "wav"  # no other sound can be made yet
    return TaskRequest(
        operation,
        usage_id(model, body),
        model.limited_as or model.id,
        model.quota,
        estimated,
        cost(estimated),
        model.typical_s,
        OutputForm(
            file_format,
            order.count,
            0 if order.kind is Output.AUDIO else width,
            0 if order.kind is Output.AUDIO else height,
            order.seconds,
        ),
    )


def _check_avatar(world: World, body: Json) -> None:
    avatar, known = body["avatar"], world.settings.avatars
    if avatar["type"] != "custom" or known is None or avatar["avatarId"].lower() in known:
        return
    if world.form_of(avatar["avatarId"]) is None:
        raise UnknownAvatar("Could not find avatar.")


# Tags


def plan_of_create(world: World, body: Json) -> TaskPlan:
    """Return how a task goes: as the tag in its body says, else as the world's scenario does."""
    name = next(_tags(world, body), None)
    scenario = None if name is None else _scenario(world, name)
    return world.settings.task if scenario is None else world.task_plan_of(scenario)


def check_tag(world: World, body: Json) -> None:
    """Refuse a body with a tag that names no scenario with a task form.

    Raises:
        UnknownTag.
    """
    for name in _tags(world, body):
        if _scenario(world, name) is None:
            nearest = world.catalogue.nearest(name)
            hint = f" Did you mean {nearest}?" if nearest else ""
            raise UnknownTag(
                f"Expected the name of a scenario with a task form in a tag, got another.{hint}"
            )


def _tags(world: World, body: Json) -> Iterator[str]:
    """Yield the names in the tags of a body, of its own texts alone: inner ones may be many."""
    if world.settings.prompt_tags:
        for text in body.values():
            if isinstance(text, str) and "[fake:" in text:
                yield from _TAG.findall(text)


def _scenario(world: World, name: str) -> Scenario | None:
    scenario = world.catalogue.get(name)
    return scenario if scenario is not None and "prompt" in scenario.selectable_by else None
