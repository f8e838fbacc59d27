"""The operations of workflows: list, read, run, and poll a run.

Source: the published document for the shapes, the public guide for what nodes with exposed inputs
look like. That a run is a task is published, too; GET /v1/tasks does not find it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from fake_runway.core import task_calls
from fake_runway.core.errors import Refused, UnknownTask, UnknownWorkflow
from fake_runway.core.files import FileFacts
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.core.tasks.courses import CourseNode, NodeEnd, NodePlan
from fake_runway.core.tasks.inputs import Path, inputs_of, media_of, misfits
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.task import SETTLED, NodeRequest, OutputForm, Task, TaskRequest
from fake_runway.core.tasks.tiers import WORKFLOWS
from fake_runway.core.tasks.workflows import (
    EXAMPLE_WORKFLOW,
    Workflow,
    WorkflowNode,
    bodies_of,
    fixed_id,
    wrong_input,
)
from fake_runway.core.types import Json
from fake_runway.media.addresses import node_urls
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.inputs import ASSET_FAILS_S, failure_of, files_in
from fake_runway.runway_api.tasks import plan_of_create
from fake_runway.runway_api.wire import instant
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

_PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)  # the first version; a week later the next
_BETWEEN_VERSIONS = timedelta(days=7)
_NO_OUTPUT = OutputForm("png", 0)


class BadNodeOutput(Refused):
    """A run replaces what its workflow does not expose. The text and the status are assumed."""

    code = "bad_node_output"
    status = 400


def list_workflows(call: RunwayCall) -> Reply:
    """Answer the published workflows with their versions, newest first."""
    listed = [
        {
            "name": workflow.name,
            "versions": [
                {
                    "id": workflow.version_id(version),
                    "version": version,
                    "createdAt": _published(version),
                }
                for version in range(workflow.versions, 0, -1)
            ],
        }
        for workflow in call.world.settings.workflows
    ]
    return Reply(200, {"data": listed})


def get_workflow(call: RunwayCall) -> Reply:
    """Answer one version with its graph."""
    workflow, version = _find(call.world, call.exchange.subject.id)
    return Reply(
        200,
        {
            "id": call.exchange.subject.id,
            "name": workflow.name,
            "description": workflow.description,
            "version": version,
            "createdAt": _published(version),
            "updatedAt": _published(version),
            "graph": {"nodes": [*_nodes(workflow)], "edges": [*_edges(workflow)], "version": 1},
        },
    )


def run_workflow(call: RunwayCall) -> Reply:
    """Start a run, and answer its id."""
    world, exchange = call.world, call.exchange
    workflow, _ = _find(world, exchange.subject.id)
    given = exchange.body.get("nodeOutputs", {})
    if wrong := wrong_input(workflow, given):
        if not world.settings.materialise:
            raise BadNodeOutput(wrong)
        given = {}  # another workflow was meant, and the example stands for it
    files = files_in(world, exchange.body, at=exchange.at)
    given_files = {
        each.address: _GivenFile(each.path, files[each.path])
        for each in inputs_of(exchange.body)
        if each.path in files
    }
    request, failing = _request_of_run(world, workflow, given, given_files)
    plan = plan_of_create(world, exchange.body)
    if failing:
        plan = replace(plan, nodes=(*plan.nodes, *failing))  # of two for one node, the later counts
    task = task_calls.create_task(world.account, request, at=exchange.at, plan=plan)
    return Reply(200, {"id": task.id})


def get_workflow_invocation(call: RunwayCall) -> Reply:
    """Answer a run in the form of its status, with what its nodes have made so far."""
    world, at = call.world, call.exchange.at
    task, base = task_calls.get_task(world.account, call.exchange.subject.id, at=at), ""
    if not task.request.nodes and task.plan is not SETTLED:
        raise UnknownTask("Could not find workflow invocation.")  # published: no workflow task
    if task.state in (TaskState.RUNNING, TaskState.SUCCEEDED):
        base = call.exchange.media_url
    outputs = node_urls(task, base=base, draws=world.draws, now=at) if base else {}
    return Reply(200, _invocation_body(task, now=at, outputs=outputs))


def _find(world: World, version_id: str) -> tuple[Workflow, int]:
    """Return the workflow and the number of a version.

    Raises:
        UnknownWorkflow.
    """
    for workflow in world.settings.workflows:
        for version in range(1, workflow.versions + 1):
            if workflow.version_id(version) == version_id:
                return workflow, version
    if world.settings.materialise:
        return EXAMPLE_WORKFLOW, 1
    raise UnknownWorkflow("Could not find workflow.")


def _published(version: int) -> str:
    return instant((_PUBLISHED + (version - 1) * _BETWEEN_VERSIONS).timestamp())


def _nodes(workflow: Workflow) -> Iterator[Json]:
    for node in workflow.nodes:
        if (given := node.constant) is not None:
            output = {
                "type": given.type,
                "label": given.label or node.name,
                "description": "",
                "exposedToApp": given.exposed,
                "value": given.value,
            }
            yield _node(node, "constant-node", {given.key: output})
        else:
            kind = node.model.output.value
            body = {**node.body, "model": node.model.id}
            more = {"task": node.endpoint, "options": body}
            yield {**_node(node, "task-node", {kind: {"type": kind}}), **more}


def _node(node: WorkflowNode, kind: str, outputs: Json) -> Json:
    return {"id": node.id, "name": node.name, "nodeType": kind, "nodeOutputs": outputs}


def _edges(workflow: Workflow) -> Iterator[Json]:
    by_name = {node.name: node for node in workflow.nodes}
    for node in workflow.nodes:
        inputs: dict[str, str | None] = dict.fromkeys(node.after)
        inputs |= {name: key for key, name in node.takes.items()}
        for name, key in inputs.items():
            source = by_name[name]
            output = source.constant.key if source.constant else source.model.output.value
            yield {
                "id": fixed_id("edge", f"{workflow.name} {name} {node.name}"),
                "source": source.id,
                "sourceHandle": output,
                "target": node.id,
                "targetHandle": key,
            }


class _GivenFile(NamedTuple):
    """A file that a run gives to its nodes: where it stands in the body, what is known of it."""

    path: Path
    facts: FileFacts


def _request_of_run(
    world: World, workflow: Workflow, given: Json, files: Mapping[str, _GivenFile]
) -> tuple[TaskRequest, list[NodePlan]]:
    """Return what a run is asked for, and which nodes fail because of a file.

    Args:
        files: those of the body that are known, by their addresses.

    Raises:
        BadInput: one does not fit the model of a node, and the world refuses such files.
    """
    values = {
        node_id.lower(): {key: each.get("value", each.get("uri")) for key, each in outputs.items()}
        for node_id, outputs in given.items()
    }
    asked = bodies_of(workflow, values)
    places = {node.name: place for place, (node, _) in enumerate(asked)}
    nodes: list[NodeRequest] = []
    failing: list[NodePlan] = []
    unpriced: dict[str, None] = {}
    estimate = longest_s = 0.0
    for node, body in asked:
        request, failure = _request_of_node(world, node, body, files)
        after, usual_s = [places[name] for name in node.after if name in places], request.usual_s
        if failure is not None:
            failing.append(NodePlan(node.id, NodeEnd.FAILED, failure))
            usual_s = ASSET_FAILS_S
        course = CourseNode(node.id, node.name, usual_s, tuple(after))
        nodes.append(NodeRequest(course, request.model, request.charge, request.output))
        estimate += request.estimate
        unpriced.update(dict.fromkeys(request.unpriced))
        longest_s += usual_s
    request = TaskRequest(
        "runWorkflow",
        WORKFLOWS,
        WORKFLOWS,
        Quota.VIDEO,  # none of its limits count for what has a pool of its own
        estimate,
        sum(node.charge for node in nodes),
        longest_s,
        _NO_OUTPUT,
        tuple(nodes),
        tuple(unpriced),
    )
    return request, failing


def _request_of_node(
    world: World, node: WorkflowNode, body: Json, files: Mapping[str, _GivenFile]
) -> tuple[TaskRequest, Failure | None]:
    """Return what a node asks its model for, and why it fails because of a file, if it does.

    Raises:
        BadInput: as of `_request_of_run`.
    """
    given = {each.path: files[each.address] for each in inputs_of(body) if each.address in files}
    known = {path: file.facts for path, file in given.items()}
    request = request_of(
        "runWorkflow",
        body,
        media=media_of(known),
        endpoint=node.endpoint,
        default_price=world.settings.default_price,
    )
    misfit = next(misfits(node.endpoint, node.model.id, body, known), None)
    if misfit is None:
        return request, None
    return request, failure_of(world, misfit, given[misfit.path].path)


def _invocation_body(task: Task, *, now: float, outputs: Mapping[str, list[str]]) -> Json:
    body: dict[str, Any] = {
        "id": task.id,
        "createdAt": instant(task.created_at),
        "status": task.state.name,
    }
    match task.state:
        case TaskState.RUNNING:
            body |= {"progress": task.progress(now), "output": dict(outputs)}
        case TaskState.SUCCEEDED:
            body |= {"output": dict(outputs), "cost": {"credits": task.cost}}
        case TaskState.FAILED if task.failure is not None:
            body |= {
                "failure": task.failure.text,
                "failureCode": task.failure.code,
                "cost": {"credits": task.cost},
            }
        case _:
            return body
    if errors := _node_errors(task, now):
        body["nodeErrors"] = errors
    return body


def _node_errors(task: Task, now: float) -> Json:
    return {
        node.course.id: {
            "nodeName": node.course.name,
            "message": way.failure.text,
            "failureCode": way.failure.code,
        }
        for node, way in zip(task.request.nodes, task.nodes_at(now), strict=True)
        if way.end is NodeEnd.FAILED and way.ends_s < math.inf and way.failure is not None
    }
