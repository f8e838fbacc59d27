"""Make a document of shapes from a published OpenAPI file: its structure and limits, no prose.

What is published describes each operation inline and at length. What comes out is of our form: a
name for each body, answer and alternative, a discriminator with a mapping for each union that has
one, "or null" as a type, keys in one order. No text of the file is taken along: descriptions,
titles, examples and summaries stay behind, and so does every keyword that checks nothing.

An `Overlay` adds what only SDKs and observation know, and the names of shapes (`overlay.py`). The
same file and overlay give the same bytes.

Only references within the file are followed. A shape inside itself becomes "anything", and a
document that gets too large by its references is refused, so that no file takes all memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import orjson

from contracts.wire.documents import COMPONENTS, JSON, METHODS, Json, follow
from contracts.wire.problems import TYPES
from contracts.wire.spec_files import DEEPEST, BadDocument

Node = dict[str, Any]
"""An object of JSON that is being built."""

MOST_PARTS = 50_000
"""Parts of a document with its references in place; the published one has 4,000."""
_DEEPEST = 64  # levels of a schema
_WIDTH = 100
_VERSION = re.compile("v[0-9]+")
_STATUS = re.compile("[1-5][0-9][0-9]")
_NO_WORD = re.compile("[^a-zA-Z0-9]+")
_STEP = re.compile(r"\\.|[^\\]", re.DOTALL)  # of a pattern: one character, or one that is escaped

_ANY_OF = ("anyOf", "oneOf", "allOf", "prefixItems")
_INNER = (
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedProperties",
)
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_LIMITS = (
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains"),
    *("minProperties", "maxProperties"),
)
_KEYWORDS = (
    *("type", "const", "enum", "format", "pattern", *_LIMITS, "uniqueItems", "default"),
    *("deprecated", "required", "dependentRequired", "properties", "patternProperties"),
    *("additionalProperties", *_INNER, "prefixItems", "dependentSchemas"),
    *("anyOf", "oneOf", "allOf", "discriminator"),
)
"""All that is taken over of a schema, in the order in which it is written."""


@dataclass(slots=True)
class Operation:
    """One published operation, with its references in place; the overlay may change it.

    Attributes:
        id: how our document calls it.
        query: parameters of the query by name: whether each is required, and its shape.
        path: the shapes of the path's parameters by name.
        headers: those of the headers, as of the query.
        body: the shape of the JSON body, None if there is none.
        answers: shapes of the answers by status, None for an answer without a body.
        secured: whether it needs a secret.
    """

    id: str
    method: str
    template: str
    query: dict[str, tuple[bool, Node]] = field(default_factory=dict)
    path: dict[str, Node] = field(default_factory=dict)
    headers: dict[str, tuple[bool, Node]] = field(default_factory=dict)
    body: Node | None = None
    body_required: bool = False
    answers: dict[int, Node | None] = field(default_factory=dict)
    response_headers: dict[int, dict[str, Node]] = field(default_factory=dict)
    secured: bool = True

    @property
    def key(self) -> str:
        """Method and path, such as `POST /v1/voices`."""
        return f"{self.method} {self.template}"


class Additions(Protocol):
    """What an overlay does to a document."""

    def shapes(self) -> Mapping[str, Node]:
        """Return names for shapes, those that others are made of first."""
        ...

    def changed(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations with everything that the overlay knows."""
        ...


class NoAdditions:
    """An overlay that knows nothing."""

    def shapes(self) -> Mapping[str, Node]:
        return {}

    def changed(self, operations: Iterable[Operation]) -> list[Operation]:
        return list(operations)


def imported(document: object, additions: Additions | None = None) -> Node:
    """Return our document of shapes for a published one (as JSON gives it).

    Raises:
        BadDocument: it is no OpenAPI 3 document, a reference leads nowhere or out of the file, or
            something is not of the form that OpenAPI gives it.
        BadOverlay: the overlay speaks of what the document does not have.
    """
    additions = additions or NoAdditions()
    published = _checked(document)
    every = additions.changed(operations(published))
    writer = _Writer(additions.shapes())
    info = _mapping(published.get("info", {}), "info")
    paths: Node = {}
    for each in sorted(every, key=lambda one: (one.template, METHODS.index(one.method.lower()))):
        paths.setdefault(each.template, {})[each.method.lower()] = writer.operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runway API, as imported", "version": str(info.get("version", ""))},
        "security": [{"apiSecret": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"apiSecret": {"type": "http", "scheme": "bearer"}},
            "headers": writer.headers,
            "schemas": writer.schemas(),
        },
    }


def operations(document: object) -> Iterator[Operation]:
    """Yield the operations of a published document, in its order.

    Raises:
        BadDocument.
    """
    return _Reader(_checked(document)).operations()


def written(document: Json) -> bytes:
    """Return a document as readable JSON: what fits stands on one line."""
    return (_text_of(document, 0) + "\n").encode()


def operation_id(method: str, template: str, templates: Iterable[str]) -> str:
    """Return a name for an operation, such as `listVoices`, `getVoice`, `createTextToVideo`."""
    steps = [step for step in template.split("/") if step and not _VERSION.fullmatch(step)]
    named = [step for step in steps if not step.startswith("{")]
    verb = {"GET": "get", "POST": "create", "PATCH": "update"}.get(method, method.lower())
    is_one = bool(steps) and steps[-1].startswith("{")
    has_ones = any(each.startswith(f"{template}/{{") for each in templates)
    if has_ones and method == "GET":
        verb = "list"
    words = [word for step in named for word in _NO_WORD.split(step)]
    if words and (is_one or (has_ones and verb != "list")):
        words[-1] = words[-1].removesuffix("s")
    return verb + "".join(word[:1].upper() + word[1:] for word in words)


def schema_of(node: object, where: str) -> Node:
    """Return one schema of ours, such as the overlay's, in the form of the document.

    Raises:
        BadDocument.
    """
    return _Reader({"paths": {}}).schema(node, where)


# Reading


def _checked(document: object) -> Json:
    if not isinstance(document, Mapping):
        raise BadDocument(f"expected an OpenAPI document, got {TYPES[type(document)]}")
    version = document.get("openapi")
    if not isinstance(version, str):
        older = " (`swagger` means OpenAPI 2)" if "swagger" in document else ""
        raise BadDocument(f"expected an OpenAPI document, found no `openapi` key{older}")
    if not version.startswith("3."):
        raise BadDocument(f"expected OpenAPI 3, got version {version[:20]!r}")
    _mapping(document.get("paths"), "paths")
    return document


class _Reader:
    """Reads operations of one published document, with each reference in place."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._open: list[str] = []
        self._left = MOST_PARTS

    def operations(self) -> Iterator[Operation]:
        paths: Json = self._document["paths"]
        for template, node in paths.items():
            item = self._follow(_mapping(node, template), template)
            for method in METHODS:
                if method in item:
                    yield self._operation(method.upper(), template, item, item[method])

    def _operation(self, method: str, template: str, item: Json, node: object) -> Operation:
        where = f"{method} {template}"
        raw = _mapping(node, where)
        operation = Operation(
            operation_id(method, template, self._document["paths"]),
            method,
            template,
            secured=bool(raw.get("security", self._document.get("security", ()))),
        )
        for each in (*item.get("parameters", ()), *_items(raw.get("parameters", []), where)):
            self._parameter(operation, each)
        if "requestBody" in raw:
            body = self._follow(_mapping(raw["requestBody"], f"{where} body"), where)
            operation.body = self._json_of(body, f"{where} body")
            operation.body_required = body.get("required") is True
        for status, each in _mapping(raw.get("responses", {}), f"{where} responses").items():
            if not (isinstance(status, str) and _STATUS.fullmatch(status)):
                continue  # `default` and `4XX` promise nothing that can be checked
            answer = self._follow(_mapping(each, f"{where} {status}"), where)
            operation.answers[int(status)] = self._json_of(answer, f"{where} {status}")
        return operation

    def _parameter(self, operation: Operation, node: object) -> None:
        where = f"{operation.key} parameters"
        raw = self._follow(_mapping(node, where), where)
        name, place = _text(raw.get("name"), f"{where} name"), raw.get("in")
        shape = self.schema(raw.get("schema", {}), f"{operation.key} {name}")
        required = raw.get("required") is True
        match place:
            case "query":
                operation.query[name] = required, shape
            case "path":
                operation.path[name] = shape
            case "header":
                operation.headers[name] = required, shape

    def _json_of(self, node: Json, where: str) -> Node | None:
        content = _mapping(node.get("content", {}), f"{where} content")
        if JSON not in content:
            return None
        return self.schema(_mapping(content[JSON], f"{where} {JSON}").get("schema", {}), where)

    def _follow(self, node: Json, where: str) -> Json:
        """Return the target of a reference that is not one to a schema."""
        for _ in range(_DEEPEST):
            if "$ref" not in node:
                return node
            node = _mapping(self._target(_text(node["$ref"], f"{where} $ref")), where)
        raise BadDocument(f"{where}: the reference {node['$ref']!r} leads to itself")

    def _target(self, pointer: str) -> object:
        if not pointer.startswith("#/"):
            raise BadDocument(f"the reference {pointer[:200]!r} leads out of the document")
        try:
            return follow(self._document, pointer)
        except (LookupError, TypeError, ValueError):
            raise BadDocument(f"the reference {pointer[:200]!r} leads nowhere") from None

    def schema(self, node: object, where: str, depth: int = 0) -> Node:
        """Return a schema in our form.

        Raises:
            BadDocument.
        """
        self._left -= 1
        if self._left < 0:
            raise BadDocument(f"{where}: expected at most {MOST_PARTS} parts in all, got more")
        if depth > _DEEPEST:
            raise BadDocument(DEEPEST)
        if isinstance(node, bool):
            return {} if node else {"not": {}}
        raw = _mapping(node, where)
        if "$ref" not in raw:
            return self._inline(raw, where, depth)
        pointer = _text(raw["$ref"], f"{where} $ref")
        if pointer in self._open:
            return {}
        self._open.append(pointer)
        try:
            beside = {key: value for key, value in raw.items() if key != "$ref"}
            target = self.schema(self._target(pointer), pointer, depth + 1)
            mine = self._inline(beside, where, depth)
        finally:
            self._open.pop()
        if not mine or not target:
            return mine or target
        return {"allOf": [target, mine]}

    def _inline(self, raw: Json, where: str, depth: int) -> Node:
        found: Node = {}
        for key in _KEYWORDS:
            if key not in raw:
                continue
            value = raw[key]
            if key in _ANY_OF:
                found[key] = [
                    self.schema(each, f"{where} {key}", depth + 1)
                    for each in _items(value, f"{where} {key}")
                ]
            elif key in _BY_NAME:
                found[key] = {
                    name: self.schema(each, f"{where}.{name}", depth + 1)
                    for name, each in _mapping(value, f"{where} {key}").items()
                }
            elif key in _INNER or key == "additionalProperties":
                found[key] = self.schema(value, f"{where} {key}", depth + 1)
            else:
                found[key] = _keyword(key, value, where)
        return _in_our_form(found, raw, where)


def _keyword(key: str, value: Any, where: str) -> Any:
    match key:
        case "pattern":
            return _pattern(_text(value, f"{where} pattern"), where)
        case "type":
            return value if isinstance(value, str) else _items(value, f"{where} type")
        case "enum" | "required":
            value = list(_items(value, f"{where} {key}"))
        case _ if key in _LIMITS and not isinstance(value, int | float):
            raise BadDocument(f"{where}: expected a number as {key}, got {TYPES[type(value)]}")
    if any(_references(value)):  # what reads the document would follow it
        raise BadDocument(f"{where}: expected no reference in {key}, got one")
    return value


def _pattern(pattern: str, where: str) -> str:
    """Return a pattern that every engine reads alike: `\\d` is any digit for some."""
    parts, inside = [], False
    for step in _STEP.findall(pattern):
        if step == r"\d":
            step = "0-9" if inside else "[0-9]"
        elif step == r"\/":
            step = "/"
        elif step in "[]":
            inside = step == "["
        parts.append(step)
    found = "".join(parts)
    try:
        re.compile(found)
    except re.error as error:
        raise BadDocument(f"{where}: expected a regular expression: {error}") from None
    return found


def _in_our_form(found: Node, raw: Json, where: str) -> Node:
    """Rewrite what has several spellings; what it means stays the same."""
    for limit, loose in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        is_exclusive = isinstance(found.get(limit), bool) and found.pop(limit)  # OpenAPI 3.0
        if is_exclusive and loose in found:
            found[limit] = found.pop(loose)
    for key in ("additionalProperties", "unevaluatedProperties"):
        if key in found:
            if found[key] == {}:
                del found[key]
            elif found[key] == {"not": {}}:
                found[key] = False
    if found.get("propertyNames") in ({}, {"type": "string"}):
        del found["propertyNames"]
    if "required" in found:
        found["required"] = _in_order(found["required"], found.get("properties", {}))
        if not found["required"]:
            del found["required"]
    union = found.get("anyOf", ())
    if union and "type" not in found and all(_is_bare_type(each) for each in union):
        del found["anyOf"]
        found["type"] = [each["type"] for each in union]
    elif len(union) == 2 and {"type": "null"} in union and "type" not in found:
        other = union[0] if union[1] == {"type": "null"} else union[1]
        is_plain = isinstance(other.get("type"), str) and not {"const", "enum"} & other.keys()
        if is_plain and found.keys() <= {"anyOf", "default", "deprecated"}:
            beside = {key: found[key] for key in found if key != "anyOf"}
            found = {**other, **beside, "type": [other["type"], "null"]}
    if raw.get("nullable") is True and isinstance(found.get("type"), str):  # OpenAPI 3.0
        found["type"] = [found["type"], "null"]
        if "enum" in found and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
    if "oneOf" in found or "discriminator" in found:
        hint = _mapping(found.pop("discriminator", {}), f"{where} discriminator")
        differing = discriminator(found.get("oneOf", ()), hint.get("propertyName"))
        if differing:
            found["discriminator"] = {"propertyName": differing}
    return {key: found[key] for key in _KEYWORDS if key in found}


def _is_bare_type(shape: Node) -> bool:
    return shape.keys() == {"type"} and isinstance(shape["type"], str)


def discriminator(branches: Sequence[Json], preferred: object = None) -> str | None:
    """Return the property whose value says which of the alternatives is meant, if there is one.

    Every alternative requires it, and allows certain texts that no other does.
    """
    if not branches:
        return None
    shared: set[str] = set.intersection(*({*each.get("properties", ())} for each in branches))
    for key in sorted(shared, key=lambda name: (name != preferred, name)):
        values = [value for each in branches for value in branch_values(each, key)]
        if (
            all(
                each.get("type") == "object" and key in each.get("required", ())
                for each in branches
            )
            and all(branch_values(each, key) for each in branches)
            and len(values) == len(set(values))
        ):
            return key
    return None


def branch_values(branch: Json, key: str) -> list[str]:
    """Return the texts that an alternative allows as its discriminator; empty if not only texts."""
    shape = branch["properties"][key]
    values = [shape["const"]] if "const" in shape else shape.get("enum", [])
    return list(values) if all(isinstance(each, str) for each in values) else []


def _in_order(required: Iterable[object], properties: Json) -> list[str]:
    names = {str(each) for each in required}
    return [*(key for key in properties if key in names), *sorted(names - set(properties))]


# Writing


class _Writer:
    """Gives shapes names and collects them; equal shapes are one."""

    def __init__(self, shapes: Mapping[str, Node]) -> None:
        self._given: dict[str, str] = {}
        self._schemas: dict[str, Node] = {}
        self._names: dict[str, str] = {}
        self._used: set[str] = set()
        self.headers: Node = {}
        for name, shape in shapes.items():
            parts = self._parts(shape, name)
            self._given[_canonical(parts)] = name
            self._schemas[name] = parts

    def schemas(self) -> Node:
        """Return the shapes that something refers to, by name."""
        used, todo = set(), {*self._used, *({"Error"} & self._schemas.keys())}
        while todo:
            name = todo.pop()
            used.add(name)
            todo |= set(_references(self._schemas[name])) - used
        return {name: self._schemas[name] for name in sorted(used)}

    def operation(self, operation: Operation) -> Node:
        name = operation.id[:1].upper() + operation.id[1:]
        parameters: list[Node] = [
            {
                "name": key,
                "in": "path",
                "required": True,
                "schema": self._inner(shape, f"{name}.{key}"),
            }
            for key, shape in operation.path.items()
        ]
        for place, fields in (("query", operation.query), ("header", operation.headers)):
            parameters += [
                {
                    "name": key,
                    "in": place,
                    "required": required,
                    "schema": self._inner(shape, f"{name}.{key}"),
                }
                for key, (required, shape) in fields.items()
            ]
        node: Node = {"operationId": operation.id, "parameters": parameters}
        if not operation.secured:
            node["security"] = []
        if operation.body is not None:
            node["requestBody"] = {
                "required": operation.body_required,
                "content": {JSON: {"schema": self._named(operation.body, name)}},
            }
        node["responses"] = {
            str(status): self._answer(
                operation, status, f"{name}Reply" if status < 300 else f"{name}{status}"
            )
            for status in sorted(operation.answers)
        }
        return node

    def _answer(self, operation: Operation, status: int, name: str) -> Node:
        node: Node = {"description": HTTPStatus(status).phrase}
        headers = operation.response_headers.get(status, {})
        if headers:
            node["headers"] = {}
            for key, shape in headers.items():
                self.headers[key] = {"required": False, "schema": self._inner(shape, key)}
                node["headers"][key] = {"$ref": f"#/components/headers/{key}"}
        body = operation.answers[status]
        if body is not None:
            node["content"] = {JSON: {"schema": self._named(body, name)}}
        return node

    def _named(self, shape: Node, name: str) -> Node:
        """Return a reference to a shape, which gets `name` if it has none."""
        parts = self._parts(shape, name)
        if set(parts) == {"$ref"}:
            return parts
        content = _canonical(parts)
        if content in self._given:
            name = self._given[content]
        if content not in self._names:
            self._names[content] = name
            self._schemas[name] = parts
        self._used.add(self._names[content])
        return {"$ref": COMPONENTS + self._names[content]}

    def _inner(self, shape: Node, name: str) -> Node:
        """Return a shape inside another, as a reference if the overlay has a name for it."""
        parts = self._parts(shape, name)
        given = self._given.get(_canonical(parts))
        if given is None:
            return parts
        self._used.add(given)
        return {"$ref": COMPONENTS + given}

    def _parts(self, shape: Node, name: str) -> Node:
        found: Node = {}
        for key, value in shape.items():
            if key == "oneOf" and "discriminator" in shape:
                of = shape["discriminator"]["propertyName"]
                refs = {
                    value: self._named(each, f"{name}.{value}")
                    for each in shape["oneOf"]
                    for value in branch_values(each, of)
                }
                found["oneOf"] = list({ref["$ref"]: ref for ref in refs.values()}.values())
                mapping = {value: ref["$ref"] for value, ref in refs.items()}
                found["discriminator"] = {"propertyName": of, "mapping": mapping}
            elif key in _ANY_OF:
                found[key] = [
                    self._inner(each, f"{name}.{number}") for number, each in enumerate(value)
                ]
            elif key in _BY_NAME:
                found[key] = {
                    each: self._inner(inner, f"{name}.{each}") for each, inner in value.items()
                }
            elif (key in _INNER or key == "additionalProperties") and isinstance(value, dict):
                found[key] = self._inner(value, name)
            elif key != "discriminator":
                found[key] = value
        return found


def _references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(pointer)}:
            yield pointer.removeprefix(COMPONENTS)
        case dict():
            for each in node.values():
                yield from _references(each)
        case list():
            for each in node:
                yield from _references(each)


def _canonical(shape: Node) -> str:
    return orjson.dumps(shape, option=orjson.OPT_SORT_KEYS).decode()


def _text_of(node: object, depth: int) -> str:
    line = json.dumps(node, ensure_ascii=False)
    pad = "  " * (depth + 1)
    if len(line) + len(pad) <= _WIDTH or not isinstance(node, dict | list) or not node:
        return line
    if isinstance(node, dict):
        rows = [
            f"{json.dumps(key, ensure_ascii=False)}: {_text_of(each, depth + 1)}"
            for key, each in node.items()
        ]
        return "{\n" + ",\n".join(pad + row for row in rows) + "\n" + pad[2:] + "}"
    if all(not isinstance(each, dict | list) for each in node):
        return "[\n" + ",\n".join(_wrapped(node, pad)) + "\n" + pad[2:] + "]"
    return (
        "[\n" + ",\n".join(pad + _text_of(each, depth + 1) for each in node) + "\n" + pad[2:] + "]"
    )


def _wrapped(values: Sequence[object], pad: str) -> Iterator[str]:
    """Yield lines of many values, such as the choices of an enum."""
    line = ""
    for each in (json.dumps(value, ensure_ascii=False) for value in values):
        if line and len(pad) + len(line) + len(each) + 2 > _WIDTH:
            yield pad + line
            line = each
        else:
            line = f"{line}, {each}" if line else each
    yield pad + line


# What was expected, what came, and where


def _mapping(node: object, where: str) -> Json:
    if not isinstance(node, Mapping):
        raise BadDocument(f"{where}: expected an object, got {TYPES[type(node)]}")
    return node


def _items(node: object, where: str) -> Sequence[Any]:
    if not isinstance(node, list | tuple):
        raise BadDocument(f"{where}: expected an array, got {TYPES[type(node)]}")
    return node


def _text(node: object, where: str) -> str:
    if not isinstance(node, str):
        raise BadDocument(f"{where}: expected a string, got {TYPES[type(node)]}")
    return node
