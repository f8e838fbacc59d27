"""Compare our Runway contract with the OpenAPI document that Runway publishes.

A difference is an id such as `CreateSession:closed`: a place in *our* document, and what is other
there. A place starts at the shape that holds it, not at the operation, so that a shape used in
many places is one difference and one line in SOURCES.md.

What is not compared: words, names of shapes, `format` and other annotations, and limits at the
edge of what JavaScript counts exactly, which the published document gives to every integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
EXACT_IN_JAVASCRIPT = 2**53 - 1
TYPES = {str: "string", int: "integer", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is other in our document; `operation` is where it was met."""

    id: str
    operation: str


def differences(published: Node, ours: Node) -> set[Difference]:
    """Return everything in which the operations of `ours` differ from those of `published`."""
    return set(_Comparison(published, ours).all())


def in_scope(method: str, path: str) -> bool:
    """Tell whether a published operation belongs to what we describe."""
    match path.split("/")[2:]:
        case ["realtime_sessions", *_]:
            return True
        case ["organization", *rest]:
            return rest[:1] != ["webapp"]
        case ["avatars", *_]:
            return method == "GET"
    return False


@dataclass(frozen=True, slots=True)
class _Comparison:
    published: Node
    ours: Node

    def all(self) -> Iterator[Difference]:
        theirs, ours = _operations(self.published), _operations(self.ours)
        for key in (key for key in theirs.keys() - ours.keys() if in_scope(*key)):
            name = " ".join(key)
            yield Difference(f"{name}:missing", name)
        for key, operation in ours.items():
            name = operation["operationId"]
            if key not in theirs:
                yield Difference(f"{name}:unpublished", name)
                continue
            for place in self._operation(name, theirs[key], operation):
                yield Difference(place, name)

    def _operation(self, name: str, theirs: Node, ours: Node) -> Iterator[str]:
        if theirs["responses"].keys() != ours["responses"].keys():
            yield f"{name}:responses"
        yield from self._parameters(name, theirs, ours)
        yield from self._request(name, theirs.get("requestBody"), ours.get("requestBody"))
        for status in theirs["responses"].keys() & ours["responses"].keys():
            wanted, found = theirs["responses"][status], ours["responses"][status]
            yield from self._content(f"{name}.{status}", wanted, found)

    def _parameters(self, name: str, theirs: Node, ours: Node) -> Iterator[str]:
        wanted = self._by_name(self.published, theirs)
        found = self._by_name(self.ours, ours)
        if wanted.keys() != found.keys():
            yield f"{name}:parameters"
        for key in wanted.keys() & found.keys():
            if wanted[key]["required"] != found[key]["required"]:
                yield f"{name}.{key[1]}:required"
            yield from self._shape(f"{name}.{key[1]}", wanted[key]["schema"], found[key]["schema"])

    def _by_name(self, document: Node, operation: Node) -> dict[tuple[str, str], Node]:
        parameters = [_follow(document, each)[0] for each in operation["parameters"]]
        return {(each["in"], each["name"]): each for each in parameters}

    def _request(self, name: str, theirs: Node | None, ours: Node | None) -> Iterator[str]:
        if theirs is None or ours is None:
            if theirs is not ours:
                yield f"{name}:request"
            return
        if theirs.get("required", False) != ours.get("required", False):
            yield f"{name}:request-required"
        yield from self._content(f"{name}.request", theirs, ours)

    def _content(self, place: str, theirs: Node, ours: Node) -> Iterator[str]:
        wanted, found = theirs.get("content", {}), _follow(self.ours, ours)[0].get("content", {})
        if wanted.keys() != found.keys():
            yield f"{place}:content"
        for media in wanted.keys() & found.keys():
            yield from self._shape(place, wanted[media]["schema"], found[media]["schema"])

    def _shape(self, place: str, theirs: Node, ours: Node) -> Iterator[str]:
        theirs, _ = _follow(self.published, theirs)
        theirs = _with_null(theirs)
        ours, name = _follow(self.ours, ours)
        place = name or place
        wanted, found = _features(theirs), _features(ours)
        for feature in sorted(wanted.keys() | found.keys()):
            if wanted.get(feature) != found.get(feature):
                yield f"{place}:{feature}"
        for part, one, other in self._parts(place, theirs, ours):
            yield from self._shape(part, one, other)

    def _parts(self, place: str, theirs: Node, ours: Node) -> Iterator[tuple[str, Node, Node]]:
        """Yield the shapes inside two shapes that belong together, with their place in ours."""
        wanted, found = theirs.get("properties", {}), ours.get("properties", {})
        for key in wanted.keys() & found.keys():
            yield f"{place}.{key}", wanted[key], found[key]
        for keyword, suffix in (
            ("items", "[]"),
            ("additionalProperties", "{}"),
            ("propertyNames", "{key}"),
        ):
            one, other = theirs.get(keyword), ours.get(keyword)
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                yield f"{place}{suffix}", one, other
        if "oneOf" in theirs and "oneOf" in ours:
            branches = self._branches(self.published, theirs)
            others = self._branches(self.ours, ours)
            for value in branches.keys() & others.keys():
                yield f"{place}<{value}>", branches[value], others[value]

    def _branches(self, document: Node, union: Node) -> dict[str, Node]:
        key = union["discriminator"]["propertyName"]
        return {
            _follow(document, branch)[0]["properties"][key]["const"]: branch
            for branch in union["oneOf"]
        }


def _operations(document: Node) -> dict[tuple[str, str], Node]:
    """Return the operations by method and path, each with the parameters of its path."""
    return {
        (method.upper(), path): {
            **item[method],
            "parameters": [*item.get("parameters", ()), *item[method].get("parameters", ())],
        }
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def _follow(document: Node, node: Node) -> tuple[Node, str]:
    """Return what `node` refers to and its name, or `node` itself and no name."""
    if "$ref" not in node:
        return node, ""
    target: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return target, step


def _with_null(shape: Node) -> Node:
    """Return "this shape, or null", which is written as a union there, as we write it."""
    match shape.get("anyOf"):
        case [{"type": str(named)} as only, {"type": "null"}]:
            return {**shape, **only, "type": [named, "null"]}
    return shape


def _features(shape: Node) -> dict[str, object]:
    """Return what two shapes must have in common, leaving out what they say by default."""
    types = _types(shape)
    found: dict[str, object] = {
        "type": types - {"null"},
        "nullable": "null" in types,
        "choices": _choices(shape),
        "required": frozenset(shape.get("required", ())),
        "keys": frozenset(shape.get("properties", ())),
        "closed": shape.get("additionalProperties", True) is False,
        "entries": isinstance(shape.get("additionalProperties"), Mapping),
        "names": "propertyNames" in shape,
        "pattern": _without_group(shape.get("pattern")),
        "default": None if "const" in shape else shape.get("default"),
        "branches": len(shape.get("oneOf", ())),
        "discriminator": shape.get("discriminator", {}).get("propertyName"),
    }
    for limit in LIMITS:
        if abs(shape.get(limit, EXACT_IN_JAVASCRIPT)) != EXACT_IN_JAVASCRIPT:
            found[limit] = shape[limit]
    return found


def _choices(shape: Node) -> frozenset[object]:
    return frozenset([shape["const"]] if "const" in shape else shape.get("enum", ()))


def _types(shape: Node) -> frozenset[str]:
    if choices := _choices(shape):
        return frozenset(TYPES[type(choice)] for choice in choices)
    named = shape.get("type", ())
    return frozenset([named] if isinstance(named, str) else named)


def _without_group(pattern: str | None) -> str | None:
    """Return `pattern` without brackets around the whole of it, if it has no alternatives."""
    if pattern is None or "|" in pattern:
        return pattern
    return re.sub(r"^\^\((.*)\)\$$", r"^\1$", pattern)
