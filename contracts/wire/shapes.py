"""The shapes of the whole Runway API, checked fast: bodies, queries and replies by operation.

Most bodies are one of many alternatives, which differ by one property, such as `model`. To try all
of them takes long, and of a wrong body it only tells that none fits. So the property is read first,
and the one alternative that it names is compiled when it is first needed, and checked alone: some
microseconds, and problems with the path to them.

`Shapes.load` has what this release knows. `Shapes.with_spec` takes the operations that create tasks
from a newer published document instead; `news` says what is new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Protocol

from contracts.wire.documents import (
    COMPONENTS,
    Contract,
    ContractOperation,
    ContractParameter,
    Json,
    UnknownName,
    follow,
    joined,
    whole,
)
from contracts.wire.problems import NOTHING, TYPES, Kind, Problem
from contracts.wire.schema import BodyValidator
from contracts.wire.spec_files import BadDocument

if TYPE_CHECKING:
    from contracts.wire.published import Additions

_INTEGER = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


class Check(Protocol):
    """Checks a value from JSON against one shape."""

    def is_valid(self, value: object) -> bool:
        """Return whether `value` keeps every rule."""
        ...

    def problems(self, value: object, *, unknown_keys: bool = True) -> list[Problem]:
        """Return the rules that `value` breaks; without `unknown_keys`, unknown keys break none."""
        ...


class ByDiscriminator:
    """Checks a value that is one of several alternatives, by the alternative that it names.

    Args:
        schema: of the form of our documents: a reference to a shape with a discriminator.
    """

    def __init__(self, schema: Json) -> None:
        hint = follow(schema, schema["$ref"])["discriminator"]
        self.key: str = hint["propertyName"]
        self._pointers: Mapping[str, str] = hint["mapping"]
        self._components = schema["components"]
        self._checks: dict[str, BodyValidator] = {}

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the discriminator, such as all models."""
        return tuple(self._pointers)

    def is_valid(self, value: object) -> bool:
        check = self._check(value)
        return isinstance(check, BodyValidator) and check.is_valid(value)

    def problems(self, value: object, *, unknown_keys: bool = True) -> list[Problem]:
        check = self._check(value)
        if isinstance(check, Problem):
            return [check]
        return check.problems(value, unknown_keys=unknown_keys)

    def _check(self, value: object) -> BodyValidator | Problem:
        """Return what checks a value, or why it names no alternative."""
        if not isinstance(value, dict):
            return Problem((), Kind.TYPE, ("object",), TYPES[type(value)])
        named = value.get(self.key)
        if isinstance(named, str):
            if named in self._checks:
                return self._checks[named]
            if named in self._pointers:
                schema = {"$ref": self._pointers[named], "components": self._components}
                return self._checks.setdefault(named, BodyValidator(schema))
        shape = {"enum": list(self._pointers)}
        if self.key not in value:
            return Problem((self.key,), Kind.REQUIRED, ("string",), NOTHING, shape=shape)
        return Problem((self.key,), Kind.ENUM, self.values, TYPES[type(named)], shape=shape)


def check(schema: Json) -> Check:
    """Return what checks values against a schema of our documents."""
    target = follow(schema, schema["$ref"]) if "$ref" in schema else schema
    return ByDiscriminator(schema) if "discriminator" in target else BodyValidator(schema)


class QueryCheck:
    """Checks the parameters of a query, whose values are texts.

    Parameters that the operation does not have are left alone.
    """

    def __init__(self, parameters: Mapping[str, ContractParameter]) -> None:
        self._parameters = parameters

    def values(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of a valid query, with the defaults of those that are left out."""
        found = self._parsed(query)
        for name, rules in self._rules.items():
            if name not in found and "default" in rules:
                found[name] = rules["default"]
        return found

    def problems(self, query: Mapping[str, str]) -> list[Problem]:
        """Return the rules that a query breaks; the first key of a path is the parameter."""
        return self._check.problems(self._parsed(query))

    def _parsed(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {
            name: _value(query[name], rules.get("type"))
            for name, rules in self._rules.items()
            if name in query
        }

    @cached_property
    def _rules(self) -> Mapping[str, Json]:
        return {
            name: follow(each.schema, each.schema["$ref"]) if "$ref" in each.schema else each.schema
            for name, each in self._parameters.items()
        }

    @cached_property
    def _check(self) -> BodyValidator:
        rules = {
            name: {key: rule for key, rule in each.items() if key != "components"}
            for name, each in self._rules.items()
        }
        return BodyValidator(
            {
                "type": "object",
                "required": [name for name, each in self._parameters.items() if each.required],
                "properties": rules,
            }
        )


def _value(text: str, kind: object) -> object:
    """Return the value that a text of a query stands for; the text itself if it stands for none."""
    match kind:
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return float(text)
        case "boolean":
            return _BOOLEANS.get(text, text)
    return text


class OperationShapes:
    """The shapes of one operation; each is compiled when it is first used."""

    def __init__(self, operation: ContractOperation) -> None:
        self.operation = operation
        self.query = QueryCheck(operation.query)

    @cached_property
    def body(self) -> Check | None:
        """What checks the body; None if the operation takes none."""
        return None if self.operation.request is None else check(self.operation.request)

    def reply(self, status: int) -> Json | None:
        """Return the schema of an answer's body; None if it has none.

        Raises:
            UnknownName: the operation does not answer so.
        """
        if status not in self.operation.responses:
            raise UnknownName(f"{self.operation.id} does not answer {status}")
        return self.operation.responses[status].schema

    @property
    def creates_task(self) -> bool:
        """Whether the operation starts a task, whose id and estimated cost it answers."""
        return {"id", "estimatedCost"} <= set(_shape_of(self._success).get("required", ()))

    @property
    def alternatives(self) -> Mapping[str, frozenset[str]]:
        """The fields of the body by the value of its discriminator, by "" if it has none."""
        request = self.operation.request
        if request is None:
            return {}
        shape = _shape_of(request)
        if "discriminator" not in shape:
            return {"": frozenset(shape.get("properties", ()))}
        return {
            value: frozenset(follow(request, pointer).get("properties", ()))
            for value, pointer in shape["discriminator"]["mapping"].items()
        }

    @property
    def _success(self) -> Json:
        answer = self.operation.responses.get(200)
        return (answer and answer.schema) or {}


def _shape_of(schema: Json) -> Json:
    shape: Json = follow(schema, schema["$ref"]) if "$ref" in schema else schema
    return shape


class Shapes:
    """The shapes of all operations of a contract, found by method and path template."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._by_route = {
            (each.method, each.template): OperationShapes(each) for each in contract.operations()
        }

    @staticmethod
    @cache
    def load() -> Shapes:
        """Return the shapes of the whole Runway API, as this release knows it."""
        return Shapes(whole())

    def __iter__(self) -> Iterator[OperationShapes]:
        return iter(self._by_route.values())

    def for_operation(self, method: str, template: str) -> OperationShapes:
        """Return the shapes of one operation.

        Raises:
            UnknownName: there is no such operation.
        """
        found = self._by_route.get((method, template))
        if found is None:
            raise UnknownName(f"the {self.contract.name} contract has no {method} {template}")
        return found

    def with_spec(self, document: object, additions: Additions | None = None) -> Shapes:
        """Return these shapes with all operations that create tasks as `document` has them.

        Args:
            document: a published OpenAPI document, as JSON gives it.
            additions: what is known besides, such as `overlay.ours()`.

        Raises:
            BadDocument, BadOverlay: it is none, or has a rule that cannot be checked.
        """
        from contracts.wire.published import imported  # most starts do without

        newer = imported(document, additions)
        contract = Contract("the given document", newer)
        for each in (tasks := [one for one in Shapes(contract) if one.creates_task]):
            _compile(each)
        given = _with_names(newer, lambda name: name if name == "Error" else f"{name}.given")
        paths: dict[str, Any] = {}
        for each in tasks:
            method, template = each.operation.method.lower(), each.operation.template
            paths.setdefault(template, {})[method] = given["paths"][template][method]
        first = Contract(self.contract.name, {**given, "paths": paths})
        return Shapes(joined(first, self.contract.raw))

    def news(self, newer: Shapes) -> list[str]:
        """Return what `newer` has that these have not, one sentence for each."""
        return [
            sentence for each in newer for sentence in _news(self._by_route.get(_route(each)), each)
        ]


def _route(shapes: OperationShapes) -> tuple[str, str]:
    return shapes.operation.method, shapes.operation.template


def _news(known: OperationShapes | None, newer: OperationShapes) -> Iterator[str]:
    route = " ".join(_route(newer))
    if known is None:
        yield f"{route} is new"
        return
    for value, fields in newer.alternatives.items():
        if value not in known.alternatives:
            yield f"{route} has a new model: {value}"
        elif more := sorted(fields - known.alternatives[value]):
            of = f" of {value}" if value else ""
            yield f"{route} has new fields{of}: {', '.join(more)}"


def _compile(shapes: OperationShapes) -> None:
    """Try all alternatives of a body once.

    Raises:
        BadDocument: an engine refuses a rule.
    """
    values = [{}, *({_key(shapes): value} for value in shapes.alternatives)]
    try:
        for each in values:
            if shapes.body is not None:
                shapes.body.is_valid(each)
    except Exception as error:  # of the engine's own
        route = " ".join(_route(shapes))
        raise BadDocument(f"{route}: expected rules of JSON schema: {error}") from None


def _key(shapes: OperationShapes) -> str:
    return shapes.body.key if isinstance(shapes.body, ByDiscriminator) else ""


def _with_names(document: Json, name: Callable[[str], str]) -> Json:
    """Return a document with other names for its shapes."""
    components = document["components"]
    schemas = {name(each): shape for each, shape in components["schemas"].items()}
    whole = {**document, "components": {**components, "schemas": schemas}}
    pointing: Json = _pointing(whole, name)
    return pointing


def _pointing(node: Any, name: Callable[[str], str]) -> Any:
    match node:
        case dict():
            return {key: _pointing(value, name) for key, value in node.items()}
        case list():
            return [_pointing(value, name) for value in node]
        case str() if node.startswith(COMPONENTS):
            return COMPONENTS + name(node.removeprefix(COMPONENTS))
    return node
