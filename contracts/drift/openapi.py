"""An OpenAPI document as values that can be compared: references resolved, defaults explicit.

`wire/documents.py` reads our own documents, which keep rules of ours (a discriminator for each
union, a name for each shape). This module reads those of others: shapes inline or named, "or null"
in any of its spellings, unions whose alternatives differ by a discriminator, a type or neither.
A document that cannot be read is a `BadDocument`.

Left out are words, examples and other annotations, and names of shapes when shapes are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import orjson

from contracts.wire.documents import METHODS, Json, follow
from contracts.wire.problems import TYPES
from contracts.wire.spec_files import DEEPEST, BadDocument

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
COUNTS = ("minLength", "minItems", "minProperties")  # 0 is no limit
EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
EXACT_IN_JAVASCRIPT = 2**53 - 1  # given to every integer by some generators; no limit
ANNOTATIONS = frozenset({"$ref", "description", "summary", "title", "deprecated", "example"})
NOT_PARAMETERS = ("accept", "content-type", "authorization")  # OpenAPI: ignored as parameters
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_IN_BRACKETS = re.compile(r"^\^\((.*)\)\$$")


@dataclass(frozen=True, slots=True)
class ValueShape:
    """The rules for one value; equal if the rules are.

    `types` are empty for "any" and hold "null" where null is allowed. `choices`, `default` and
    `exact` are JSON texts, so that 1 is not true. `extra` is what keys beyond `properties` may
    hold, or whether there may be any. `branches` are the alternatives of a union, by the value of
    their discriminator, else by type, else by number.
    """

    name: str = field(default="", compare=False)
    types: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()
    properties: Mapping[str, ValueShape] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    extra: ValueShape | bool = True
    names: ValueShape | None = None
    items: ValueShape | None = None
    branches: Mapping[str, ValueShape] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    exact: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None

    @property
    def fields(self) -> dict[str, Field]:
        """The properties, and which of them are required."""
        return {
            key: Field(key, shape, required=key in self.required)
            for key, shape in self.properties.items()
        }


@dataclass(frozen=True, slots=True)
class Field:
    """A property, a parameter or a response header; equal if the rules are."""

    name: str = field(compare=False)
    shape: ValueShape
    required: bool

    def has_the_form_of(self, other: Field) -> bool:
        """Return whether it may be `other` under another name."""
        mine, theirs = self.shape, other.shape
        return (
            self.required == other.required
            and mine.types == theirs.types
            and mine.choices == theirs.choices
            and mine.properties.keys() == theirs.properties.keys()
            and mine.branches.keys() == theirs.branches.keys()
        )


@dataclass(frozen=True, slots=True)
class BodyShape:
    """A request body: a shape for each content type."""

    required: bool
    media: Mapping[str, ValueShape]


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """The answer with one status; headers by their name in small letters."""

    media: Mapping[str, ValueShape]
    headers: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. Parameters by place and name, those in the path by place and position."""

    name: str
    method: str
    path: str
    parameters: Mapping[tuple[str, str], Field] = field(default_factory=dict)
    body: BodyShape | None = None
    answers: Mapping[str, AnswerShape] = field(default_factory=dict)
    security: frozenset[str] = frozenset()

    @property
    def route(self) -> tuple[str, str]:
        """Identifies the operation on the wire; see `route`."""
        return route(self.method, self.path)


def route(method: str, path: str) -> tuple[str, str]:
    """Return the method, and the path without the names of its parameters."""
    return method, _PARAMETER.sub("{}", path)


def operations(document: object) -> tuple[tuple[str, str], ...]:
    """Return method and path of every operation of an OpenAPI 3 document, in its order.

    Raises:
        BadDocument: it is no such document.
    """
    return tuple(
        (method.upper(), path) for method, path, _ in _Reader(_checked(document)).operations()
    )


def calls(
    document: object, wanted: Callable[[str, str], bool] = lambda method, path: True
) -> tuple[Endpoint, ...]:
    """Return the operations of an OpenAPI 3 document (as JSON gives it), in its order.

    Only those are read whose method and path are `wanted`: documents are large.

    Raises:
        BadDocument: it is no such document, a reference leads nowhere, or something in what was
            read is not of the form that OpenAPI gives it.
    """
    reader = _Reader(_checked(document))
    try:
        return tuple(
            reader.call(method, path, item)
            for method, path, item in reader.operations()
            if wanted(method.upper(), path)
        )
    except RecursionError:
        raise BadDocument(DEEPEST) from None


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
    """Reads one document; remembers the shapes that references led to."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._shapes: dict[str, ValueShape] = {}
        self._open: set[str] = set()

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """Yield the key of each method, its path, and what the path holds."""
        for path, node in self._document["paths"].items():
            item, _ = self._follow(_mapping(node, path))
            for method in METHODS:
                if method in item:
                    yield method, path, item

    def call(self, method: str, path: str, item: Json) -> Endpoint:
        """Return one operation."""
        where = f"{method.upper()} {path}"
        node = _mapping(item[method], where)
        return Endpoint(
            name=_text(node.get("operationId", where), f"{where} operationId"),
            method=method.upper(),
            path=path,
            parameters=dict(self._parameters(where, path, item, node)),
            body=self._body(where, node["requestBody"]) if "requestBody" in node else None,
            answers={
                str(status): self._answer(f"{where} {status}", answer)
                for status, answer in _mapping(node.get("responses", {}), where).items()
            },
            security=self._security(where, node.get("security", self._document.get("security"))),
        )

    def _parameters(
        self, where: str, path: str, item: Json, node: Json
    ) -> Iterator[tuple[tuple[str, str], Field]]:
        names = _PARAMETER.findall(path)
        both = (item.get("parameters", ()), node.get("parameters", ()))
        for each in (each for part in both for each in _items(part, f"{where} parameters")):
            raw, _ = self._follow(_mapping(each, f"{where} parameters"))
            place = _text(raw.get("in"), f"{where} parameter's `in`")
            name = _text(raw.get("name"), f"{where} parameter's `name`")
            key = name.lower() if place == "header" else name
            if place == "path":
                key = str(names.index(name)) if name in names else name
            if place != "header" or key not in NOT_PARAMETERS:
                yield (place, key), self._field(name, raw, f"{where} {name}")

    def _field(self, name: str, node: Json, where: str) -> Field:
        schema = node.get("schema")
        if schema is None:
            shape = next(iter(self._media(node, where).values()), ValueShape())
        else:
            shape = self._shape(schema, where)
        return Field(name, shape, required=node.get("required") is True)

    def _body(self, where: str, node: object) -> BodyShape:
        raw, _ = self._follow(_mapping(node, f"{where} requestBody"))
        return BodyShape(raw.get("required") is True, self._media(raw, f"{where} requestBody"))

    def _answer(self, where: str, node: object) -> AnswerShape:
        raw, _ = self._follow(_mapping(node, where))
        headers = {}
        for name, each in _mapping(raw.get("headers", {}), f"{where} headers").items():
            header, _ = self._follow(_mapping(each, f"{where} {name}"))
            headers[name.lower()] = self._field(name, header, f"{where} {name}")
        return AnswerShape(self._media(raw, where), headers)

    def _media(self, node: Json, where: str) -> dict[str, ValueShape]:
        return {
            media.partition(";")[0].strip().lower(): self._shape(
                _mapping(content, f"{where} {media}").get("schema", True), f"{where} {media}"
            )
            for media, content in _mapping(node.get("content", {}), f"{where} content").items()
        }

    def _security(self, where: str, node: object) -> frozenset[str]:
        """Return the ways to authenticate, each as a text such as "http bearer"."""
        components = _mapping(self._document.get("components", {}), "components")
        schemes = _mapping(components.get("securitySchemes", {}), "securitySchemes")
        ways = []
        for each in _items(node or (), f"{where} security"):
            parts = []
            for name in _mapping(each, f"{where} security"):
                scheme, _ = self._follow(_mapping(schemes.get(name, {}), f"scheme {name}"))
                known = (scheme.get(key) for key in ("type", "scheme", "in", "name"))
                parts.append(" ".join(str(part) for part in known if part is not None))
            ways.append(" and ".join(sorted(parts)) or "nothing")
        return frozenset(ways)

    def _follow(self, node: Json) -> tuple[Json, str]:
        """Return the target of `node`, with the keys beside the reference, and its pointer."""
        pointer, seen = "", set()
        while "$ref" in node:
            pointer = _text(node["$ref"], "$ref")
            if pointer in seen:
                raise BadDocument(f"the reference {pointer!r} leads to itself")
            seen.add(pointer)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**_mapping(self._target(pointer), pointer), **beside}
        return node, pointer

    def _target(self, pointer: str) -> object:
        if not pointer.startswith("#/"):
            raise BadDocument(f"the reference {pointer!r} leads out of the document")
        try:
            return follow(self._document, pointer)
        except (LookupError, TypeError, ValueError):
            raise BadDocument(f"the reference {pointer!r} leads nowhere") from None

    def _shape(self, node: object, where: str) -> ValueShape:
        if isinstance(node, bool):
            return ValueShape() if node else ValueShape(types=frozenset({"nothing"}))
        node = _mapping(node, where)
        if "$ref" not in node:
            return self._inline(node, where)
        pointer = _text(node["$ref"], "$ref")
        if pointer in self._open:  # a shape inside itself: the inner one allows anything
            return ValueShape()
        alone = node.keys() <= ANNOTATIONS
        if alone and pointer in self._shapes:
            return self._shapes[pointer]
        self._open.add(pointer)
        try:
            whole, last = self._follow(node)
            shape = replace(self._inline(whole, last), name=last.rpartition("/")[2])
        finally:
            self._open.discard(pointer)
        if alone:
            self._shapes[pointer] = shape
        return shape

    def _inline(self, node: Json, where: str) -> ValueShape:
        if parts := _items(node.get("allOf", ()), f"{where} allOf"):
            rest = {key: value for key, value in node.items() if key != "allOf"}
            every = [self._follow(_mapping(part, f"{where} allOf"))[0] for part in parts]
            return self._inline(reduce(_both, [*every, rest]), where)
        union, nullable = self._union(node, where)
        if len(union) == 1:
            rest = {key: node[key] for key in node.keys() - {"anyOf", "oneOf", "discriminator"}}
            only, _ = self._follow(_mapping(union[0], where))
            shape = self._inline({**rest, **only}, where)
            return replace(shape, types=shape.types | {"null"}) if nullable else shape
        shape = self._plain(node, where)
        if nullable and (shape.types or union):
            shape = replace(shape, types=shape.types | {"null"})
        if not union:
            return shape
        branches = [self._shape(each, where) for each in union]
        hint = _mapping(node.get("discriminator", {}), f"{where} discriminator")
        return replace(shape, branches=_by_name(branches, hint.get("propertyName")))

    def _union(self, node: Json, where: str) -> tuple[list[object], bool]:
        """Return the alternatives without null, and whether null is one of them."""
        every = [*_items(node.get("oneOf", ()), where), *_items(node.get("anyOf", ()), where)]
        others = [
            each for each in every if not (isinstance(each, Mapping) and each.get("type") == "null")
        ]
        return others, len(others) < len(every) or node.get("nullable") is True

    def _plain(self, node: Json, where: str) -> ValueShape:
        def inner(key: str) -> ValueShape | None:
            return self._shape(node[key], f"{where} {key}") if key in node else None

        choices = [node["const"]] if "const" in node else _items(node.get("enum", ()), where)
        extra = node.get("additionalProperties", True)
        return ValueShape(
            types=_types(node, choices, where),
            choices=frozenset(_json(choice) for choice in choices),
            properties={
                key: self._shape(value, f"{where} {key}")
                for key, value in _mapping(node.get("properties", {}), where).items()
            },
            required=frozenset(
                _text(each, f"{where} required") for each in _items(node.get("required", ()), where)
            ),
            extra=extra if isinstance(extra, bool) else self._shape(extra, where),
            names=inner("propertyNames"),
            items=inner("items"),
            limits=dict(_limits(node, where)),
            exact={key: _exact(key, node[key]) for key in EXACT if node.get(key)},
            default=_json(node["default"]) if "default" in node and "const" not in node else None,
        )


def _both(one: Json, other: Json) -> Json:
    """Return the rules of both parts of an `allOf`."""
    joined = {**one, **other}
    if "properties" in one and "properties" in other:
        joined["properties"] = {
            **_mapping(one["properties"], "properties"),
            **_mapping(other["properties"], "properties"),
        }
    if "required" in one and "required" in other:
        joined["required"] = [
            *_items(one["required"], "allOf"),
            *_items(other["required"], "allOf"),
        ]
    return joined


def _by_name(branches: Sequence[ValueShape], key: object) -> dict[str, ValueShape]:
    """Return the alternatives of a union by the values of a property, else types, else numbers."""
    shared = set.intersection(*(set(branch.properties) for branch in branches))
    for each in sorted(shared, key=lambda name: (name != key, name)):
        values = [branch.properties[each].choices for branch in branches]
        if all(values) and sum(map(len, values)) == len(frozenset().union(*values)):
            return {
                str(orjson.loads(value)): branch
                for branch, those in zip(branches, values, strict=True)
                for value in sorted(those)
            }
    types = [" or ".join(sorted(branch.types)) for branch in branches]
    if len(set(types)) == len(branches):
        return dict(zip(types, branches, strict=True))
    return {str(number): branch for number, branch in enumerate(sorted(branches, key=_in_order))}


def _in_order(shape: ValueShape) -> tuple[object, ...]:
    return (sorted(shape.types), sorted(shape.properties), sorted(shape.choices), str(shape.limits))


def _types(node: Json, choices: Sequence[object], where: str) -> frozenset[str]:
    if choices:
        return frozenset(TYPES[type(choice)] for choice in choices)
    named = node.get("type", ())
    every = [named] if isinstance(named, str) else _items(named, f"{where} type")
    return frozenset(_text(each, f"{where} type") for each in every)


def _limits(node: Json, where: str) -> Iterator[tuple[str, float]]:
    for limit in (*LOWER, *UPPER):
        value = node.get(limit)
        if value is None or isinstance(value, bool):  # in OpenAPI 3.0 `exclusiveMinimum` is true
            continue
        if not isinstance(value, int | float):
            raise BadDocument(f"{where}: expected a number as {limit}, got {TYPES[type(value)]}")
        if abs(value) != EXACT_IN_JAVASCRIPT and not (limit in COUNTS and value == 0):
            yield limit, value


def _exact(key: str, value: object) -> str:
    """Return `value` as JSON; a pattern without brackets around the whole of it."""
    if key == "pattern" and isinstance(value, str) and "|" not in value:
        value = _IN_BRACKETS.sub(r"^\1$", value)
    return _json(value)


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


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
