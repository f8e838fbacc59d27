"""The contract documents: OpenAPI files in `schemas/`, each read once and never changed.

Operations are found by method and path, shapes by name. `schema.py` checks values against shapes;
`SOURCES.md` says where each shape comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

NAMES = ("runway", "gateway", "admin")
METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
COMPONENTS = "#/components/schemas/"
JSON = "application/json"

Json = Mapping[str, Any]
"""An object of JSON."""


class UnknownName(LookupError):
    """No document or shape has this name."""


@dataclass(frozen=True, slots=True, eq=False)
class ContractHeader:
    """A response header: whether it must be there, and the shape of its text."""

    required: bool
    schema: Json


@dataclass(frozen=True, slots=True, eq=False)
class ContractAnswer:
    """A documented answer.

    `media` is the content type of its body, None if it has no body; `schema` is the shape of a JSON
    body, None for other bodies, whose content is not checked.
    """

    schema: Json | None
    headers: Mapping[str, ContractHeader]
    media: str | None = JSON


@dataclass(frozen=True, slots=True, eq=False)
class ContractOperation:
    """One method on one path template.

    `request` is the self-contained schema of the JSON body, None if there is no body to send;
    `responses` are keyed by status.
    """

    id: str
    method: str
    template: str
    request: Json | None
    request_required: bool
    responses: Mapping[int, ContractAnswer]

    def fits(self, path: str) -> bool:
        """Return whether the concrete `path` (without query) matches this template."""
        wanted, got = self.template.split("/"), path.split("/")
        return len(wanted) == len(got) and all(
            step == want or (want.startswith("{") and step != "")
            for want, step in zip(wanted, got, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One OpenAPI document; `raw` is the content of the file and must not be changed."""

    name: str
    raw: Mapping[str, Any]

    def operations(self) -> tuple[ContractOperation, ...]:
        """Return every operation, in the order of the document."""
        return _operations(self)

    def operation(self, method: str, path: str) -> ContractOperation | None:
        """Return the operation of `method` on the concrete `path`; a query is ignored."""
        bare = path.partition("?")[0]
        for operation in self.operations():
            if operation.method == method.upper() and operation.fits(bare):
                return operation
        return None

    def knows(self, path: str) -> bool:
        """Return whether the concrete `path` has an operation, of any method."""
        bare = path.partition("?")[0]
        return any(operation.fits(bare) for operation in self.operations())

    def schema(self, name: str) -> Json:
        """Return a self-contained JSON schema of the shape `name`.

        `name` is a component's name or its pointer (`#/components/schemas/Session`). The result is
        `{"$ref": pointer, "components": {"schemas": {...}}}`, which both engines understand.

        Raises:
            UnknownName: no such shape.
        """
        shapes = self.raw["components"]["schemas"]
        bare = name.removeprefix(COMPONENTS)
        if bare not in shapes:
            raise UnknownName(f"{self.name} has no shape {bare!r}; it has {', '.join(shapes)}")
        return {"$ref": COMPONENTS + bare, "components": {"schemas": shapes}}


@cache
def load(name: str) -> Contract:
    """Read the document `name` ("runway", "gateway" or "admin") from the package, once.

    Raises:
        UnknownName: there is no such document.
    """
    if name not in NAMES:
        raise UnknownName(f"no contract is called {name!r}; choose one of {', '.join(NAMES)}")
    # not by importlib.resources, which costs each start of the fake 2 ms
    file = Path(__file__).with_name("schemas") / f"{name}.json"
    return Contract(name, orjson.loads(file.read_bytes()))


def follow(document: Json, pointer: str) -> Any:
    """Return what a local `pointer`, such as `#/components/schemas/Session`, leads to.

    Raises:
        LookupError, TypeError, ValueError: it leads nowhere.
    """
    node: Any = document
    for step in unquote(pointer[2:]).split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


@cache
def _operations(document: Contract) -> tuple[ContractOperation, ...]:
    return tuple(
        _operation(document, method, template, item[method])
        for template, item in document.raw["paths"].items()
        for method in METHODS
        if method in item
    )


def _operation(document: Contract, method: str, template: str, node: Json) -> ContractOperation:
    request = node.get("requestBody", {})
    return ContractOperation(
        id=node["operationId"],
        method=method.upper(),
        template=template,
        request=_json_body(document, request),
        request_required=request.get("required", False),
        responses={
            int(status): _response(document, _target(document, response))
            for status, response in node["responses"].items()
        },
    )


def _response(document: Contract, node: Json) -> ContractAnswer:
    headers = {}
    for name, each in node.get("headers", {}).items():
        header = _target(document, each)
        schema = document.schema(header["schema"]["$ref"])
        headers[name] = ContractHeader(header.get("required", False), schema)
    media = next(iter(node.get("content", ())), None)
    return ContractAnswer(_json_body(document, node), headers, media)


def _target(document: Contract, node: Json) -> Json:
    target: Json = follow(document.raw, node["$ref"]) if "$ref" in node else node
    return target


def _json_body(document: Contract, node: Json) -> Json | None:
    if JSON not in node.get("content", ()):
        return None
    return document.schema(node["content"][JSON]["schema"]["$ref"])
