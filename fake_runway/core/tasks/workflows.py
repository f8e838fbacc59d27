"""Workflows: graphs of nodes that a scenario seeds, and what their nodes ask models for.

Runway's web app makes and publishes workflows; the API only lists, runs and polls them. So a world
has those that its scenario says, and a ready-made example. A node either gives a value, which a
run may replace if the node exposes it, or asks a model for something. A node waits for nodes that
stand before it, so no graph has a circle.
"""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from fake_runway.core.draws import draw
from fake_runway.core.tasks.models import Model
from fake_runway.core.tasks.table import MODELS
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass

_NOTHING: Json = MappingProxyType({})
_PLACES: Mapping[str, str] = {
    "image": "https://example.com/image.png",
    "video": "https://example.com/video.mp4",
    "audio": "https://example.com/audio.mp3",
}
PRIMITIVES = ("string", "number", "boolean")
KINDS = (*PRIMITIVES, *_PLACES)
"""The types of values that nodes give."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that a node gives.

    Attributes:
        key: the name of the output.
        type: one of `KINDS`.
        exposed: a run may replace the value.
    """

    key: str
    type: str
    value: Any
    exposed: bool = True
    label: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowNode:
    """One node.

    Attributes:
        id: a version 4 UUID.
        constant: the value that it gives; None: it asks a model.
        endpoint: the path below /v1/ that the body is for; empty: it has a constant.
        body: as of that endpoint.
        takes: which field of the body is the output of which node, by names.
        after: the names of all nodes that it waits for.
    """

    id: str
    name: str
    constant: Constant | None = None
    endpoint: str = ""
    body: Json = field(default_factory=lambda: _NOTHING)
    takes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    after: tuple[str, ...] = ()

    @property
    def model(self) -> Model:
        """The row of its model; not of a constant."""
        model = MODELS.find(self.endpoint, self.body)
        if model is None:
            raise ValueError(f"expected a model of {self.endpoint}, got another")
        return model


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow, of which some versions are published; all have the same graph.

    Attributes:
        versions: how many are published, the first of them 1.
        nodes: each behind those that it waits for.
    """

    name: str
    nodes: tuple[WorkflowNode, ...]
    description: str | None = None
    versions: int = 1

    def __deepcopy__(self, _memo: object) -> "Workflow":
        return self  # it never changes, and its mappings cannot be copied

    def version_id(self, version: int) -> str:
        """Return the id of a version, the same in every world."""
        return fixed_id("workflow", f"{self.name} {version}")


def fixed_id(what: str, name: str) -> str:
    """Return a version 4 UUID that follows from a name alone."""
    raw = draw("workflows", "", f"{what} {name}", 0).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:]}"


def parse_workflow(data: Json) -> Workflow:
    """Return the workflow that data, valid by the schema of scenarios, describes.

    Raises:
        ValueError: what the schema cannot say.
    """
    name = data["name"]
    nodes: dict[str, WorkflowNode] = {}
    for each in data["nodes"]:
        node = _parse_node(each, workflow=name, before=nodes)
        if node.name in nodes or any(node.id == other.id for other in nodes.values()):
            raise ValueError(f"expected nodes with names and ids of their own, got {node.name}")
        nodes[node.name] = node
    if all(node.constant is not None for node in nodes.values()):
        raise ValueError(f"expected a node with an endpoint in {name}, got none")
    return Workflow(name, tuple(nodes.values()), data.get("description"), data.get("versions", 1))


def _parse_node(data: Json, *, workflow: str, before: Mapping[str, WorkflowNode]) -> WorkflowNode:
    name = data["name"]
    node_id = data.get("id", fixed_id("node", f"{workflow} {name}"))
    if node_id != node_id.strip():  # a pattern lets a line break pass at the end
        raise ValueError(f"expected a UUID as the id of {name}, got another text")
    if "gives" in data:
        given = data["gives"]
        constant = Constant(
            given["key"],
            given["type"],
            given["value"],
            given.get("exposed", True),
            given.get("label", ""),
        )
        return WorkflowNode(node_id.lower(), name, constant)
    takes = {each["field"]: each["from"] for each in data.get("takes", ())}
    after = data.get("after", ())
    for other in (*takes.values(), *after):
        if other not in before:
            raise ValueError(f"expected {name} to wait for a node before it, got {other}")
    node = WorkflowNode(
        node_id.lower(),
        name,
        endpoint=data["endpoint"],
        body=data["body"],
        takes=MappingProxyType(takes),
        after=tuple(dict.fromkeys((*takes.values(), *after))),
    )
    if MODELS.find(node.endpoint, node.body) is None:
        raise ValueError(f"expected an endpoint with one of its models in {name}, got another")
    return node


def describe_workflow(workflow: Workflow) -> Json:
    """Return the data from which `parse_workflow` makes a workflow."""
    described: dict[str, Any] = {"name": workflow.name}
    if workflow.description is not None:
        described["description"] = workflow.description
    return described | {
        "versions": workflow.versions,
        "nodes": [_describe_node(node) for node in workflow.nodes],
    }


def _describe_node(node: WorkflowNode) -> Json:
    described: dict[str, Any] = {"name": node.name, "id": node.id}
    if (given := node.constant) is not None:
        gives = {"key": given.key, "type": given.type, "value": given.value}
        gives |= {"exposed": given.exposed, "label": given.label}
        return described | {"gives": gives}
    return described | {
        "endpoint": node.endpoint,
        "body": dict(node.body),
        "takes": [{"field": key, "from": name} for key, name in node.takes.items()],
        "after": list(node.after),
    }


def bodies_of(
    workflow: Workflow, given: Mapping[str, Mapping[str, Any]]
) -> list[tuple[WorkflowNode, Json]]:
    """Return every node that asks a model, with its body in a run.

    Args:
        given: by node id and key, the values that the run replaces.
    """
    values: dict[str, Any] = {}
    asked: list[tuple[WorkflowNode, Json]] = []
    for node in workflow.nodes:
        if node.constant is not None:
            values[node.name] = given.get(node.id, {}).get(node.constant.key, node.constant.value)
            continue
        filled = {key: values[name] for key, name in node.takes.items()}
        asked.append((node, {**node.body, **filled}))
        values[node.name] = _PLACES[node.model.output.value]
    return asked


def wrong_input(workflow: Workflow, given: Json) -> str | None:
    """Return what is wrong with the values that a run replaces, None if nothing is.

    Args:
        given: `nodeOutputs` of a valid body.
    """
    exposed = {node.id: node.constant for node in workflow.nodes if node.constant is not None}
    for node_id, outputs in given.items():
        constant = exposed.get(node_id.lower())
        if constant is None or not constant.exposed:
            return f"Node {node_id} has no exposed output"
        for key, value in outputs.items():
            if key != constant.key:
                return f"Node {node_id} has no output of this name"
            if not _fits(constant.type, value):
                return f"Node {node_id}: expected {constant.type}"
    return None


def _fits(kind: str, value: Json) -> bool:
    if value["type"] != "primitive":
        return bool(value["type"] == kind)
    given = value["value"]
    if kind == "boolean":
        return isinstance(given, bool)
    if kind == "number":
        return isinstance(given, int | float) and not isinstance(given, bool)
    return kind == "string" and isinstance(given, str)


EXAMPLE_WORKFLOW = parse_workflow(
    {
        "name": "Product film",
        "description": "Draws a picture of a product, films it, and speaks a text.",
        "versions": 2,
        "nodes": [
            {
                "name": "Prompt",
                "gives": {
                    "key": "prompt",
                    "type": "string",
                    "value": "A red bicycle on a white table.",
                    "label": "What the picture shows",
                },
            },
            {
                "name": "Script",
                "gives": {
                    "key": "text",
                    "type": "string",
                    "value": "This bicycle takes you everywhere.",
                    "label": "What is said",
                },
            },
            {
                "name": "Picture",
                "endpoint": "text_to_image",
                "body": {"model": "gen4_image", "ratio": "1280:720"},
                "takes": [{"field": "promptText", "from": "Prompt"}],
            },
            {
                "name": "Speech",
                "endpoint": "text_to_speech",
                "body": {
                    "model": "eleven_multilingual_v2",
                    "voice": {"type": "runway-preset", "presetId": "Maya"},
                },
                "takes": [{"field": "promptText", "from": "Script"}],
            },
            {
                "name": "Film",
                "endpoint": "image_to_video",
                "body": {"model": "gen4.5", "ratio": "1280:720", "duration": 5},
                "takes": [
                    {"field": "promptImage", "from": "Picture"},
                    {"field": "promptText", "from": "Prompt"},
                ],
            },
        ],
    }
)
"""The workflow that every world has, unless its scenario says others."""
