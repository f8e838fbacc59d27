"""How workflows are written in scenarios, what goes otherwise with their nodes, sets of models."""

from collections.abc import Sequence
from typing import Any

from fake_runway.core.problems import inside
from fake_runway.core.scenario.notations import Notation
from fake_runway.core.scenario.task_forms import FAILURE_SCHEMA, describe_failure, parse_failure
from fake_runway.core.tasks.courses import NodeEnd, NodePlan
from fake_runway.core.tasks.workflows import (
    EXAMPLE_WORKFLOW,
    KINDS,
    Workflow,
    describe_workflow,
    parse_workflow,
)
from fake_runway.core.types import Json

_EXAMPLE = "example"
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
_MOST_NODES = 100
_MOST_VERSIONS = 100


def _closed(properties: Json, *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_NODE_ID = {
    "description": "A version 4 UUID; without one, it follows from the names.",
    "type": "string",
    "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}"
    "-[0-9a-fA-F]{12}$",
}
_GIVES = {
    "description": "A value, which a run may replace if it is exposed.",
    **_closed(
        {
            "key": {"type": "string", "minLength": 1, "maxLength": 256},
            "type": {"enum": list(KINDS)},
            "value": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]},
            "exposed": {"type": "boolean"},
            "label": {"type": "string"},
        },
        "key",
        "type",
        "value",
    ),
}
_NODE = {
    "description": "It gives a value, or asks a model for something.",
    "anyOf": [
        _closed({"name": _NAME, "id": _NODE_ID, "gives": _GIVES}, "name", "gives"),
        _closed(
            {
                "name": _NAME,
                "id": _NODE_ID,
                "endpoint": {
                    "description": "A path below /v1/, such as text_to_video.",
                    "type": "string",
                },
                "body": {"description": "As of that endpoint.", "type": "object"},
                "takes": {
                    "description": "Which field of the body is the output of which node.",
                    "type": "array",
                    "items": _closed({"field": _NAME, "from": _NAME}, "field", "from"),
                },
                "after": {
                    "description": "Nodes that it waits for, too.",
                    "type": "array",
                    "items": _NAME,
                },
            },
            "name",
            "endpoint",
            "body",
        ),
    ],
}
_WORKFLOW = _closed(
    {
        "name": _NAME,
        "description": {"type": "string"},
        "versions": {
            "description": "How many are published, all with this graph.",
            "type": "integer",
            "minimum": 1,
            "maximum": _MOST_VERSIONS,
        },
        "nodes": {
            "description": "Each behind those that it waits for.",
            "type": "array",
            "items": _NODE,
            "minItems": 1,
            "maxItems": _MOST_NODES,
        },
    },
    "name",
    "nodes",
)

WORKFLOW_LIST: Json = {"type": "array", "items": _WORKFLOW, "maxItems": 100}
"""The schema of some workflows."""


def _parse_workflows(given: str | Sequence[Json]) -> tuple[Workflow, ...]:
    if isinstance(given, str):
        return (EXAMPLE_WORKFLOW,)
    workflows: dict[str, Workflow] = {}
    for index, each in enumerate(given):
        with inside(index):
            workflow = parse_workflow(each)
            if workflow.name in workflows:
                raise ValueError(f"expected each workflow once, got {workflow.name} again")
        workflows[workflow.name] = workflow
    return tuple(workflows.values())


WORKFLOWS = Notation(
    {"anyOf": [{"const": _EXAMPLE}, dict(WORKFLOW_LIST)]},
    _parse_workflows,
    lambda workflows: (
        _EXAMPLE
        if workflows == (EXAMPLE_WORKFLOW,)
        else [describe_workflow(each) for each in workflows]
    ),
    metavar="workflows",
    shows_default=True,
)

_ENDS = {"none": NodeEnd.EMPTY, "never": NodeEnd.STUCK}
_WORDS = {end: word for word, end in _ENDS.items()}


_WHICH = {
    "description": "first, middle or last in the order of their ends, all, or an id or a name.",
    **_NAME,
}
_OUTPUT = {
    "description": "none: it is over without an output; never: it runs for ever.",
    "enum": list(_ENDS),
}


def _parse_nodes(given: Sequence[Json]) -> tuple[NodePlan, ...]:
    return tuple(
        NodePlan(each["node"], NodeEnd.FAILED, parse_failure(each["failure"]))
        if "failure" in each
        else NodePlan(each["node"], _ENDS[each["output"]])
        for each in given
    )


def _describe_node(plan: NodePlan) -> Json:
    if plan.failure is not None:
        return {"node": plan.node, "failure": describe_failure(plan.failure)}
    return {"node": plan.node, "output": _WORDS[plan.end]}


NODES = Notation(
    {
        "type": "array",
        "maxItems": _MOST_NODES,
        "items": {
            "anyOf": [
                _closed({"node": _WHICH, "failure": dict(FAILURE_SCHEMA)}, "node", "failure"),
                _closed({"node": _WHICH, "output": _OUTPUT}, "node", "output"),
            ]
        },
    },
    _parse_nodes,
    lambda plans: [_describe_node(plan) for plan in plans],
)

MODEL_SET = Notation(
    {
        "anyOf": [
            {"const": "all"},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 1_000},
        ]
    },
    lambda given: None if given == "all" else frozenset(given),
    lambda models: "all" if models is None else sorted(models),
    metavar="models",
    shows_default=True,
)
"""Some models by their ids; None: all."""
