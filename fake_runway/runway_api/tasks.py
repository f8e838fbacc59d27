"""The operations of tasks: every endpoint that creates one, and what follows.

Which model a body asks for, what it makes and what that costs stands in `core/tasks/table.py`. How
the task goes is what the world's scenario says, or the scenario that a tag in the body names.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from fake_runway.core import task_calls
from fake_runway.core.errors import UnknownAvatar, UnknownTask
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.tasks.inputs import media_of
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.task import TaskPlan, progress_until
from fake_runway.core.types import Json
from fake_runway.media.addresses import output_urls, same_addresses_until
from fake_runway.runway_api.avatars import check_avatar, check_voice
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
        _check_avatar(world, exchange.body, at=exchange.at)
    endpoint = exchange.path.removeprefix("/v1/")
    files = files_in(world, exchange.body, at=exchange.at)
    plan = plan_of_create(world, exchange.body)
    if files:
        plan = check_limits(world, endpoint, exchange.body, files, plan)
    task = task_calls.create_task(
        world.account,
        request_of(
            exchange.operation,
            exchange.body,
            media=media_of(files),
            endpoint=endpoint,
            default_price=world.settings.default_price,
        ),
        at=exchange.at,
        plan=plan,
    )
    if exchange.operation == _AVATAR_VIDEO:  # source: both SDKs, which read the id alone
        return Reply(200, {"id": task.id})
    return Reply(200, {"id": task.id, "estimatedCost": estimated_cost(task)})


def get_task(call: RunwayCall) -> Reply:
    """Answer the task in the form of its status; each answer has new addresses of its outputs."""
    world, exchange, bodies = call.world, call.exchange, call.bodies
    at, base = exchange.at, exchange.media_url
    task = task_calls.get_task(world.account, exchange.subject.id, at=at)
    if task.request.nodes:  # published: a run of a workflow is not found here
        raise UnknownTask("Could not find Task")
    state = task.stage.state
    if state is not TaskState.SUCCEEDED:
        exchange.media_url = ""  # no address of this answer follows from it
    if bodies is not None and (made := bodies.of_task(task, base, at)) is not None:
        return Reply(200, made)
    until = math.inf
    outputs: Sequence[str] = ()
    if state is TaskState.RUNNING:
        until = progress_until(task, at)
    elif state is TaskState.SUCCEEDED and base:
        until = same_addresses_until(task, at)
        outputs = output_urls(task, base=base, draws=world.draws, now=at)
    body = task_body(task, now=at, outputs=outputs)
    if bodies is None:
        return Reply(200, body)
    return Reply(200, bodies.keep_task(task, base, at, until, body))


def delete_task(call: RunwayCall) -> Reply:
    """Cancel a task, or remove one that has ended."""
    _check_delete(call.world, call.exchange.subject.id)
    task_calls.delete_task(call.world.account, call.exchange.subject.id, at=call.exchange.at)
    return Reply(204)


def _check_delete(world: World, task_id: str) -> None:
    """Refuse a DELETE of a workflow's run, if the settings say so."""
    task = world.account.tasks.by_id.get(task_id)
    if task is not None and task.request.nodes and not world.settings.task_delete_ends_runs:
        raise UnknownTask("Could not find Task")


def _check_avatar(world: World, body: Json, *, at: float) -> None:
    voice = body["speech"].get("voice", {})
    if voice.get("type") == "custom":
        check_voice(world, voice["id"], at=at)
    avatar, known = body["avatar"], world.settings.avatars
    if avatar["type"] != "custom" or check_avatar(world, avatar["avatarId"], at=at):
        return
    if known is None or avatar["avatarId"].lower() in known:
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
            if nearest == name:
                hint = f" {name} has none: select it by a header or the API secret."
            raise UnknownTag(
                f"Expected the name of a scenario with a task form in a tag, got another.{hint}"
            )


def _tags(world: World, body: Json) -> Iterator[str]:
    """Yield the names in the tags of a body, of its own texts alone: inner ones may be many."""
    if world.settings.prompt_tags:
        for text in _texts(body):
            if isinstance(text, str) and "[fake:" in text:
                yield from _TAG.findall(text)


def _texts(body: Json) -> Iterator[object]:
    yield from body.values()
    if isinstance(routed := body.get("input"), Mapping):
        yield from routed.values()
    if isinstance(nodes := body.get("nodeOutputs"), Mapping):
        for outputs in nodes.values():
            yield from (each.get("value") for each in outputs.values())


def _scenario(world: World, name: str) -> Scenario | None:
    scenario = world.catalogue.get(name)
    return scenario if scenario is not None and "prompt" in scenario.selectable_by else None
