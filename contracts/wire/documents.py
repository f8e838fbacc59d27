"""The contract documents: OpenAPI files in `schemas/`, each read once and never changed.

Operations are found by method and path, shapes by name. `schema.py` checks values against shapes;
`SOURCES.md` says where each shape comes from. Three documents are written by hand; `runway-api` is
made by `published.py` and has what `runway` does not. `whole` is the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

NAMES = ("runway", "gateway", "admin")
IMPORTED = "runway-api"
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
class ContractParameter:
    """A parameter of the query: whether it must be there, and the shape of its value."""

    required: bool
    schema: Json


@dataclass(frozen=True, slots=True, eq=False)
class ContractOperation:
    """One method on one path template.

    `request` is the self-contained schema of the JSON body, None if there is no body to send;
    `responses` are keyed by status, `query` by the name of the parameter.
    """

    id: str
    method: str
    template: str
    request: Json | None
    request_required: bool
    responses: Mapping[int, ContractAnswer]
    query: Mapping[str, ContractParameter]

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
        fitting = [
            each for each in self.operations() if each.method == method.upper() and each.fits(bare)
        ]
        # `/voices/preview` fits `/voices/{id}`, too
        return min(fitting, key=lambda each: each.template.count("{"), default=None)

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
    """Read the document `name` (one of `NAMES`, or `IMPORTED`) from the package, once.

    Raises:
        UnknownName: there is no such document.
    """
    if name not in (*NAMES, IMPORTED):
        known = ", ".join((*NAMES, IMPORTED))
        raise UnknownName(f"no contract is called {name!r}; choose one of {known}")
    # not by importlib.resources, which costs each start of the fake 2 ms
    file = Path(__file__).with_name("schemas") / f"{name}.json"
    return Contract(name, orjson.loads(file.read_bytes()))


@cache
def whole() -> Contract:
    """Return the whole Runway API: what is written by hand, and all that is imported besides."""
    return joined(load("runway"), load(IMPORTED).raw)


def joined(contract: Contract, more: Json) -> Contract:
    """Return a contract that has the operations of another document, too.

    Where both have an operation or a shape of the same name, it is that of `contract`.
    """
    paths = {template: dict(item) for template, item in contract.raw["paths"].items()}
    for template, item in more["paths"].items():
        paths[template] = {**item, **paths.get(template, {})}
    first, second = contract.raw["components"], more["components"]
    components = {
        kind: {**second.get(kind, {}), **first.get(kind, {})} for kind in {**first, **second}
    }
    return Contract(contract.name, {**contract.raw, "paths": paths, "components": components})


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
        _operation(document, method, template, item)
        for template, item in document.raw["paths"].items()
        for method in METHODS
        if method in item
    )


def _operation(document: Contract, method: str, template: str, item: Json) -> ContractOperation:
    node = item[method]
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
        query=dict(_query(document, (*item.get("parameters", ()), *node.get("parameters", ())))),
    )


def _query(
    document: Contract, parameters: Iterable[Json]
) -> Iterator[tuple[str, ContractParameter]]:
    for each in parameters:
        parameter = _target(document, each)
        if parameter["in"] == "query":
            schema = {**parameter["schema"], "components": document.raw["components"]}
            yield parameter["name"], ContractParameter(parameter["required"], schema)


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
