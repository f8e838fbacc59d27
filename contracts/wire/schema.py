"""Check requests and responses against the wire contracts.

Two engines, for two uses:

- `BodyValidator` checks request bodies on the hot path of a server, compiled by `jsonschema-rs`.
- `validate` checks responses, in tests and in the judge, with the plain `jsonschema`, so that a
  mistake of one engine cannot hide in both directions. A property test shows that they agree.

The hard part is a useful message. A failed `oneOf` only means that nothing fitted; a client needs
to read that `$.tools[2].parameters[0].name` is too long. Our unions name a discriminator, so
`_resolve` rewrites each of them, before an engine sees it, into "the discriminator is one of these,
and if it is X, the shape is X". Errors are then leaves by themselves. Rejected: a validator of our
own (a third engine to trust). Of alternatives without a discriminator, `problems.py` explains the
one of the value's type.

What does not live here: HTTP, and the words of the fake for its refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from contracts.wire.documents import (
    Contract,
    ContractAnswer,
    ContractHeader,
    Json,
    UnknownName,
    follow,
    load,
)
from contracts.wire.problems import BrokenRule, Kind, Problem, explain, is_like, levels, where

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = [
    "BodyValidator",
    "Contract",
    "ContractViolation",
    "Kind",
    "PlainValidator",
    "Problem",
    "UnknownName",
    "load",
    "validate",
    "where",
]


class ContractViolation(Exception):
    """A response that its contract does not allow.

    `operation` is the operation's id, or method and path where no operation matches. `reason` is
    what was expected, what came, and where; like every `Problem`, it never quotes the body.
    """

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(f"{operation} answered {status}: {reason}")
        self.operation = operation
        self.status = status
        self.reason = reason


MOST_PROBLEMS = 200
"""How many broken rules of one value are looked into: each costs time."""
_FEW_PROBLEMS = 10
MANY_PARTS = 1_000
"""Parts of a value from which on finding all its broken rules takes too long."""

Formats = Mapping[str, Callable[[str], object]]
"""Formats by name: each raises ValueError for a text that is not of it."""


class PlainValidator:
    """Checks JSON values with the pure-Python `jsonschema`: slow, and a second opinion.

    Args:
        formats: what their names in the schema mean; without any, a format is an annotation.
    """

    def __init__(self, schema: Json, *, formats: Formats | None = None) -> None:
        self._schema = _resolve(schema)
        self._formats = formats or {}

    def problems(self, value: object, *, unknown_keys: bool = True) -> list[Problem]:
        """Return the rules that `value` (from `orjson.loads`) breaks; empty if valid.

        Of a value that breaks very many, they are the first that the engine finds; of one with
        thousands of parts it may be one alone, and never more than ten.

        Args:
            unknown_keys: False: keys that no shape names are no problem.
        """
        few = unknown_keys and sum(map(len, levels(value))) > MANY_PARTS
        broken = (
            each
            for each in self._broken(value, one_will_do=few)
            if unknown_keys or each.keyword != "additionalProperties"
        )
        problems = explain(
            self._schema, value, islice(broken, _FEW_PROBLEMS if few else MOST_PROBLEMS)
        )
        if unknown_keys:
            return problems
        return [problem for problem in problems if problem.kind is not Kind.UNKNOWN_KEY]

    def _broken(self, value: object, *, one_will_do: bool) -> Iterator[BrokenRule]:
        from jsonschema import FormatChecker

        checker = FormatChecker(formats=())
        for name, parse in self._formats.items():
            checker.checks(name)(partial(_is_of, parse))
        errors = _plain_engine()(self._schema, format_checker=checker).iter_errors(value)
        return map(_of_jsonschema, errors)


class BodyValidator(PlainValidator):
    """Does the same fast, by `jsonschema-rs`; compiles the `schema` when first asked."""

    @cached_property
    def _compiled(self) -> jsonschema_rs.Draft202012Validator:
        import jsonschema_rs  # a start that checks nothing need not pay for it

        formats: dict[str, Callable[..., bool]] = {
            name: partial(_is_of, parse) for name, parse in self._formats.items()
        }
        return jsonschema_rs.Draft202012Validator(
            self._schema,
            formats=formats,
            validate_formats=bool(formats),
            retriever=_refuse,
        )

    def is_valid(self, value: object) -> bool:
        """Return whether `value` (from `orjson.loads`) keeps every rule."""
        return self._compiled.is_valid(value)

    def _broken(self, value: object, *, one_will_do: bool) -> Iterator[BrokenRule]:
        broken = map(_of_jsonschema_rs, self._errors(value, one_will_do=one_will_do))
        first = list(islice(broken, MOST_PROBLEMS))
        # The paths of jsonschema-rs 0.60 leave out empty keys and turn the key "7" into the index
        # 7. Only open maps have such keys, so the other engine reports what breaks inside one.
        if any(map(_is_in_open_map, first)):
            return super()._broken(value, one_will_do=one_will_do)
        return chain(first, broken)

    def _errors(self, value: object, *, one_will_do: bool) -> Iterator[Any]:
        """Yield the engine's findings; it looks for all of them before it yields the first."""
        import jsonschema_rs

        if one_will_do:
            try:
                self._compiled.validate(value)
            except jsonschema_rs.ValidationError as error:
                yield error
        else:
            yield from self._compiled.iter_errors(value)


def _refuse(uri: str) -> Any:
    """Follow no reference out of a schema: by itself the engine would fetch it."""
    raise ValueError(f"expected references within the document, got one to {uri[:200]!r}")


def _is_of(parse: Callable[[str], object], text: object) -> bool:
    if isinstance(text, str):  # other values are checked by the rule about types
        try:
            parse(text)
        except ValueError:
            return False
    return True


def _is_in_open_map(broken: BrokenRule) -> bool:
    inner = (each for branch in broken.branches for each in branch)
    return "additionalProperties" in broken.shape or any(map(_is_in_open_map, inner))


def _of_jsonschema_rs(error: Any) -> BrokenRule:
    branches = getattr(error.kind, "context", ())
    return BrokenRule(
        tuple(error.schema_path),
        tuple(error.instance_path),
        tuple(tuple(map(_of_jsonschema_rs, branch)) for branch in branches),
    )


def _of_jsonschema(error: Any) -> BrokenRule:
    branches: dict[int, list[BrokenRule]] = {}
    for each in error.context:  # the first step says which branch it is about
        branches.setdefault(each.relative_schema_path[0], []).append(_of_jsonschema(each))
    return BrokenRule(
        tuple(error.absolute_schema_path),
        tuple(error.absolute_path),
        tuple(map(tuple, branches.values())),
    )


@cache
def _plain_engine() -> Any:
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(validator: Any, regex: str, value: object, _: object) -> Iterator[ValidationError]:
        if isinstance(value, str) and not is_like(regex, value):
            yield ValidationError("pattern")

    return validators.extend(Draft202012Validator, {"pattern": pattern})


def validate(
    document: Contract,
    method: str,
    path: str,
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    """Check that a response is one its document allows.

    Beyond what an operation lists, three answers are always allowed: the document's `Error` with
    405, the same with 404 where `path` has no operation, and an empty 204 to OPTIONS (preflight).

    Raises:
        ContractViolation: no such operation; a status it does not list; a wrong or missing content
            type or header; a body that is not JSON, not of its shape, or should not be there.
    """
    operation = document.operation(method, path)
    name = operation.id if operation else f"{method.upper()} {path.partition('?')[0]}"
    if method.upper() == "OPTIONS" and status == 204:
        response = ContractAnswer(schema=None, headers={}, media=None)
    elif status == 405 or (status == 404 and not document.knows(path)):
        response = _refusal(document)
    elif operation is None:
        reason = f"no operation of the {document.name} contract; expected 404 or 405"
        raise ContractViolation(name, status, reason)
    elif status in operation.responses:
        response = operation.responses[status]
    else:
        statuses = ", ".join(map(str, operation.responses))
        raise ContractViolation(name, status, f"expected one of {statuses}")
    received = {key.lower(): value for key, value in headers.items()}
    for fault in (*_header_faults(response, received), *_body_faults(response, received, body)):
        raise ContractViolation(name, status, fault)


@cache
def _refusal(document: Contract) -> ContractAnswer:
    return ContractAnswer(document.schema("Error"), headers={})


@cache
def _plain(part: ContractAnswer | ContractHeader) -> PlainValidator:
    return PlainValidator(part.schema or {})


def _header_faults(response: ContractAnswer, received: Mapping[str, str]) -> Iterator[str]:
    for name, header in response.headers.items():
        if name.lower() in received:
            for problem in _plain(header).problems(received[name.lower()]):
                yield f"header {name}: {problem.sentence()}"
        elif header.required:
            yield f"expected a header {name}, got none"


def _body_faults(
    response: ContractAnswer, received: Mapping[str, str], body: bytes
) -> Iterator[str]:
    """Yield what is wrong with the body, at most one fault."""
    media = received.get("content-type", "none").partition(";")[0].strip().lower()
    if response.media is None:
        if body:
            yield f"expected no body, got {len(body)} bytes"
    elif media != response.media:
        yield f"expected content type {response.media}, got {media}"
    elif response.schema is not None:
        try:
            problems = _plain(response).problems(orjson.loads(body))
        except orjson.JSONDecodeError:
            yield f"expected a JSON body, got {len(body)} bytes that are not JSON"
        else:
            if problems:
                yield "; ".join(problem.sentence() for problem in problems)


def _resolve(schema: Json) -> dict[str, Any]:
    """Put every `$ref` of a self-contained schema in place and rewrite unions; see the module.

    What stood in place of a reference has the shape's name as its `title`. Beside a `$ref` only
    annotations may stand, and no shape may contain itself: true of our documents, and tested.
    """
    rules = {key: value for key, value in schema.items() if key != "components"}
    resolved: dict[str, Any] = _resolved(rules, schema)
    return resolved


def _resolved(node: Any, whole: Json) -> Any:
    match node:
        case {"$ref": str(pointer), **beside}:
            target = _resolved(follow(whole, pointer), whole)
            return {"title": pointer.rpartition("/")[2], **target, **beside}
        case {"discriminator": {"propertyName": key, "mapping": mapping}}:
            discriminated = {"type": "object", "required": [key]}
            return {
                **discriminated,
                "properties": {key: {"enum": list(mapping)}},
                "allOf": [
                    {
                        "if": {**discriminated, "properties": {key: {"const": name}}},
                        "then": _resolved({"$ref": pointer}, whole),
                    }
                    for name, pointer in mapping.items()
                ],
            }
        case dict():
            return {key: _resolved(value, whole) for key, value in node.items()}
        case list():
            return [_resolved(value, whole) for value in node]
    return node
