"""What only SDKs and observation know of the API, laid over a published document.

An overlay is data (`schemas/overlay.yaml`):

- `by-hand`: operations that stay out, because a document written by hand describes them.
- `ids`: names of operations. `shapes`: names of shapes; `{is: Name}` is a shape above.
- `refusals`: the shape of refusals, and which statuses are added to `every` operation, to those
  with an id in the `path`, with a `body`, and to every `POST`.
- `fields`: shapes of fields by name, which new alternatives of unions need not repeat.
- `changes`: what is added, each with its `source` and `certainty`:
  `at` names the operations, `for` the alternatives of the body's union (all, if it is left out),
  `answer` a status whose body is meant instead, `in` a way into the shape.
  `alternatives` adds some to a union, each with the fields that it `needs` and `has`, or `like`
  another; with `answers-as` and `by` the whole operation is new. `fields` adds optional keys,
  `choices` values of an enum, `also` another shape for a field. `optional` and `query` change
  parameters of the query.

What a newer document has by itself, or has no more, is left alone; `idle` names the changes that do
nothing then.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from contracts.wire.documents import Json
from contracts.wire.published import (
    Node,
    Operation,
    branch_values,
    operation_id,
    schema_of,
)
from contracts.wire.spec_files import BadDocument

CERTAINTIES = ("high", "medium", "low")
_SECTIONS = {"by-hand", "ids", "shapes", "refusals", "fields", "changes"}
_CHANGE = {
    *("at", "for", "answer", "in", "source", "certainty", "alternatives", "id", "answers-as", "by"),
    *("fields", "choices", "also", "optional", "query"),
}
_ALTERNATIVE = {"needs", "has", "fields", "like"}


class BadOverlay(ValueError):
    """Data that makes no overlay; the message names the place."""


class _Gone(Exception):
    """What a change rests on is not in the document: which."""


@cache
def ours() -> Overlay:
    """Return the overlay of the package; parsing takes some 50 ms."""
    import yaml

    text = Path(__file__).with_name("schemas").joinpath("overlay.yaml").read_text()
    return Overlay(yaml.safe_load(text))


class Overlay:
    """Additions to a published document; never changed."""

    def __init__(self, data: object) -> None:
        """Check the form of `data`, as YAML gives it.

        Raises:
            BadOverlay.
        """
        self._data = _keys(data, _SECTIONS, "the overlay")
        self._shapes: dict[str, Node] = {}
        for name, shape in _mapping(self._data.get("shapes", {}), "shapes").items():
            self._shapes[name] = self._shape(shape, f"shapes {name}")
        self._fields = {
            name: self._shape(shape, f"fields {name}")
            for name, shape in _mapping(self._data.get("fields", {}), "fields").items()
        }
        self._changes = [
            _keys(each, _CHANGE, f"change {number}")
            for number, each in enumerate(self._data.get("changes", ()), 1)
        ]
        for number, each in enumerate(self._changes, 1):
            if not each.get("source") or each.get("certainty") not in CERTAINTIES:
                known = ", ".join(CERTAINTIES)
                raise BadOverlay(f"change {number}: expected a source, and a certainty of {known}")

    def shapes(self) -> Mapping[str, Node]:
        """Return names for shapes, those that others are made of first."""
        return self._shapes

    def changed(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations with everything that this overlay knows.

        Raises:
            BadOverlay: a change cannot be made: it speaks of something of another form.
        """
        by_key = self._given(operations)
        for number, change in enumerate(self._changes, 1):
            self._apply(change, by_key, f"change {number}")
        for each in by_key.values():
            self._refuse(each)
        return list(by_key.values())

    def idle(self, operations: Iterable[Operation]) -> list[str]:
        """Return the changes that do nothing to these operations, or not all that they could."""
        by_key = self._given(operations)
        return [
            f"change {number} ({change['source']}): {left}"
            for number, change in enumerate(self._changes, 1)
            for left in self._apply(change, by_key, f"change {number}")
        ]

    def _given(self, operations: Iterable[Operation]) -> dict[str, Operation]:
        out = set(self._data.get("by-hand", ()))
        ids = _mapping(self._data.get("ids", {}), "ids")
        by_key = {each.key: copy.deepcopy(each) for each in operations if each.key not in out}
        for key, each in by_key.items():
            each.id = ids.get(key, each.id)
        return by_key

    def _refuse(self, operation: Operation) -> None:
        """Add the refusals that any server of this API has."""
        refusals = _mapping(self._data.get("refusals", {}), "refusals")
        if not refusals:
            return
        error = self._shapes[refusals["shape"]]
        statuses = {
            *refusals.get("every", ()),
            *(refusals.get("path", ()) if operation.path else ()),
            *(refusals.get("body", ()) if operation.body is not None else ()),
            *refusals.get(operation.method, ()),
        }
        for status in sorted({*statuses, *(each for each in operation.answers if each >= 400)}):
            published = operation.answers.get(status)
            more = published is not None and not _keys_of(published) <= _keys_of(error)
            operation.answers[status] = {"anyOf": [published, error]} if more else error
            for name, shape in refusals.get("headers", {}).get(status, {}).items():
                headers = operation.response_headers.setdefault(status, {})
                headers[name] = self._shape(shape, f"refusals {name}")

    def _apply(self, change: Json, by_key: dict[str, Operation], where: str) -> list[str]:
        """Make one change; return what of it was there already or has no place any more."""
        at = change["at"]
        keys = [at] if isinstance(at, str) else at
        left: list[str] = []
        for key in keys:
            if key not in by_key and "answers-as" in change:
                if change["answers-as"] in by_key:
                    by_key[key] = self._new(key, change, by_key, where)
                else:
                    left.append(f"there is no {change['answers-as']} to answer as")
            elif key not in by_key:
                left.append(f"there is no {key}")
            elif "answers-as" in change:
                left.append(f"{key} is published")
            else:
                left += self._change(change, by_key[key], f"{where} at {key}")
        return left

    def _new(
        self, key: str, change: Json, by_key: Mapping[str, Operation], where: str
    ) -> Operation:
        method, _, template = key.partition(" ")
        operation = copy.deepcopy(by_key[change["answers-as"]])
        operation.id = change.get("id", operation_id(method, template, ()))
        operation.method, operation.template = method, template
        operation.body = {"oneOf": [], "discriminator": {"propertyName": change["by"]}}
        self._alternatives(change, operation.body, where)
        return operation

    def _change(self, change: Json, operation: Operation, where: str) -> Iterator[str]:
        for name in change.get("optional", ()):
            required, shape = operation.query.get(name, (False, {}))
            if required:
                operation.query[name] = False, shape
            else:
                yield f"{where}: {name} is optional"
        for name, shape in change.get("query", {}).items():
            if name in operation.query:
                required, _ = operation.query[name]
                operation.query[name] = required, self._shape(shape, where)
            else:
                yield f"{where}: there is no {name}"
        body = operation.answers.get(change["answer"]) if "answer" in change else operation.body
        if body is None:
            return
        if "alternatives" in change:
            yield from self._alternatives(change, body, where)
            return
        try:
            meant = list(_meant(body, change.get("for")))
        except _Gone as gone:
            yield f"{where}: {gone}"
            return
        for shape in meant:
            inner = _inside(shape, change.get("in", ()))
            if inner is None:
                yield f"{where}: there is no {' '.join(change['in'])}"
            else:
                yield from self._extend(change, inner, where)

    def _extend(self, change: Json, shape: Node, where: str) -> Iterator[str]:
        properties = shape.setdefault("properties", {})
        for name, field in change.get("fields", {}).items():
            if name in properties:
                yield f"{where}: {name} is published"
            else:
                properties[name] = self._shape(field, where)
        for name, words in change.get("choices", {}).items():
            choices = properties.get(name, {}).get("enum", words.split())
            new = [each for each in words.split() if each not in choices]
            choices += new
            if not new:
                yield f"{where}: there is nothing to add to {name}"
        for name, field in change.get("also", {}).items():
            published, also = properties.get(name, {}), self._shape(field, where)
            if published and also not in published.get("anyOf", ()):
                properties[name] = {"anyOf": [published, also]}
            else:
                yield f"{where}: there is nothing to add to {name}"

    def _alternatives(self, change: Json, union: Node, where: str) -> list[str]:
        """Add alternatives to a union by a discriminator; return which it has or cannot have."""
        try:
            key = _discriminator(union)
        except _Gone as gone:
            return [f"{where}: {gone}"]
        known = {value: each for each in union["oneOf"] for value in branch_values(each, key)}
        left: list[str] = []
        for value, data in change["alternatives"].items():
            if value in known:
                left.append(f"{where}: {value} is published")
                continue
            try:
                known[value] = self._alternative(key, value, data, known, f"{where} {value}")
            except _Gone as gone:
                left.append(f"{where} {value}: {gone}")
            else:
                union["oneOf"].append(known[value])
        return left

    def _alternative(
        self, key: str, value: str, data: object, known: Mapping[str, Node], where: str
    ) -> Node:
        wanted = _keys(data, _ALTERNATIVE, where)
        own = {
            name: self._shape(shape, f"{where} {name}")
            for name, shape in wanted.get("fields", {}).items()
        }
        like: Node = {}
        if "like" in wanted:
            if wanted["like"] not in known:
                raise _Gone(f"there is no {wanted['like']} to be like")
            like = known[wanted["like"]]
        theirs = like.get("properties", {})
        needs = wanted.get("needs", [each for each in like.get("required", ()) if each != key])
        names = [*needs, *wanted.get("has", [each for each in theirs if each not in {*needs, key}])]
        properties: Node = {}
        for name in names:
            shape = own.get(name) or theirs.get(name) or self._fields.get(name)
            if shape is None and like:
                raise _Gone(f"{wanted['like']} has no {name}")
            if shape is None:
                raise BadOverlay(f"{where}: nothing says what {name} is")
            properties[name] = copy.deepcopy(shape)
        if unused := own.keys() - {*names}:
            raise BadOverlay(f"{where}: expected fields that it needs or has, got {sorted(unused)}")
        properties[key] = {"type": "string", "const": value}
        return {
            "type": "object",
            "required": [*needs, key],
            "properties": properties,
            "additionalProperties": False,
        }

    def _shape(self, data: object, where: str) -> Node:
        """Return a shape with names in place, in the form of the document."""
        try:
            return schema_of(self._named(data, where), where)
        except BadDocument as error:
            raise BadOverlay(str(error)) from None

    def _named(self, data: object, where: str) -> object:
        match data:
            case {"is": str(name)}:
                if name not in self._shapes:
                    raise BadOverlay(f"{where}: there is no shape {name} above")
                return self._shapes[name]
            case str():
                return {"type": "string", "enum": data.split()}
            case {"properties": dict(properties), **rest}:
                inner = {name: self._named(each, where) for name, each in properties.items()}
                outer = {key: self._deeper(str(key), each, where) for key, each in rest.items()}
                return {**outer, "properties": inner}
            case dict():
                return {key: self._deeper(str(key), value, where) for key, value in data.items()}
        return data

    def _deeper(self, key: str, value: object, where: str) -> object:
        if key in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
            return [self._named(each, where) for each in value]
        if key in ("items", "additionalProperties") and isinstance(value, dict):
            return self._named(value, where)
        return value


def _discriminator(union: Node) -> str:
    """Return the property by which alternatives differ."""
    if "discriminator" not in union:
        raise _Gone("there are no alternatives that differ by one property")
    name: str = union["discriminator"]["propertyName"]
    return name


def _meant(body: Node, values: Iterable[str] | None) -> Iterator[Node]:
    """Yield the alternatives of a union that `values` names; without any, the body itself."""
    if values is None:
        yield body
        return
    key = _discriminator(body)
    for each in body["oneOf"]:
        if set(branch_values(each, key)) & set(values):
            yield each


def _inside(shape: Node, way: Iterable[str]) -> Node | None:
    """Return what the keys of `way` lead to; None if they lead to no shape."""
    inner: Any = shape
    for step in way:
        inner = inner.get(step) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else None


def _keys_of(shape: Node) -> set[str]:
    """Return the keys that a shape, or one of its alternatives, names."""
    inner = [_keys_of(each) for each in shape.get("anyOf", ())]
    return set(shape.get("properties", ())).union(*inner)


def _mapping(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadOverlay(f"{where}: expected an object, got {type(data).__name__}")
    return data


def _keys(data: object, known: set[str], where: str) -> Mapping[str, Any]:
    found = _mapping(data, where)
    if unknown := found.keys() - known:
        raise BadOverlay(f"{where}: expected keys of {sorted(known)}, got {sorted(unknown)}")
    return found
