"""Check requests and responses against the wire contracts.

Two engines, because they have different customers:

- `BodyValidator` judges request bodies on the hot path of a server, compiled by `jsonschema-rs`.
- `validate` judges responses, in tests and in the judge, with the plain `jsonschema`, so that a
  mistake of one engine cannot hide in both directions. A property test shows that they agree.

The hard part is to say what is wrong. A failed `oneOf` says that nothing fitted; a client wants to
hear that `$.tools[2].parameters[0].name` is too long. Our unions name a discriminator, so
`_resolve` rewrites each of them, before an engine sees it, into "the discriminator is one of these,
and if it is X, the shape is X". Errors are then leaves by themselves. Rejected: picking the closest
branch of a failed `oneOf` (a guess), and a validator of our own (a third engine to trust).

What does not live here: the sentences in which the Runway API refuses a body, and any HTTP.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import orjson

from contracts.wire.documents import (
    Document,
    Header,
    Json,
    Operation,
    Response,
    UnknownName,
    follow,
    load,
)
from contracts.wire.problems import Failure, Kind, Problem, explain, where

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = [
    "BodyValidator",
    "ContractViolation",
    "Document",
    "Header",
    "Kind",
    "Operation",
    "PlainValidator",
    "Problem",
    "Response",
    "UnknownName",
    "load",
    "validate",
    "where",
]


class ContractViolation(Exception):
    """A response that its contract does not allow.

    `operation` is the operation's id, or method and path where no operation matches. `reason` says
    what was expected, what came, and where; like every `Problem`, it never quotes the body.
    """

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(f"{operation} answered {status}: {reason}")
        self.operation = operation
        self.status = status
        self.reason = reason


class _Validator(ABC):
    """What both engines have in common: a schema, and problems in a fixed order."""

    def __init__(self, schema: Json) -> None:
        self._schema = _resolve(schema)

    def problems(self, value: object) -> list[Problem]:
        """Return every rule that `value` (as `orjson.loads` gives it) breaks; empty if valid."""
        return explain(self._schema, value, self._failures(value))

    @abstractmethod
    def _failures(self, value: object) -> list[Failure]: ...


class BodyValidator(_Validator):
    """Checks JSON bodies fast; compiles the self-contained `schema` when first asked."""

    @cached_property
    def _compiled(self) -> jsonschema_rs.Draft202012Validator:
        import jsonschema_rs  # 30 ms that `--help` need not pay

        return jsonschema_rs.Draft202012Validator(self._schema, validate_formats=False)

    def is_valid(self, value: object) -> bool:
        """Tell whether `value` (as `orjson.loads` gives it) keeps every rule."""
        return self._compiled.is_valid(value)

    def _failures(self, value: object) -> list[Failure]:
        errors = self._compiled.iter_errors(value)
        failures = [Failure(tuple(e.schema_path), tuple(e.instance_path)) for e in errors]
        # In its paths jsonschema-rs 0.60 leaves out empty keys and makes 7 of "7". Such keys can
        # only stand in open maps, so what failed inside one is left to the other engine.
        if any("additionalProperties" in failure.shape for failure in failures):
            return _plain_failures(self._schema, value)
        return failures


class PlainValidator(_Validator):
    """Does the same with the pure-Python `jsonschema`: slower, and a second opinion."""

    def _failures(self, value: object) -> list[Failure]:
        return _plain_failures(self._schema, value)


def _plain_failures(schema: Json, value: object) -> list[Failure]:
    return [
        Failure(tuple(error.absolute_schema_path), tuple(error.absolute_path))
        for error in _plain_engine()(schema).iter_errors(value)
    ]


@cache
def _plain_engine() -> Any:
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(validator: Any, regex: str, value: object, _: object) -> Iterator[ValidationError]:
        # JSON schema means `$` as the end of the text; Python's also allows one line break there.
        if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", regex), value):
            yield ValidationError("pattern")

    return validators.extend(Draft202012Validator, {"pattern": pattern})


def validate(
    document: Document,
    method: str,
    path: str,
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    """Check that a response is one its document allows.

    Beyond what an operation lists, three answers are always allowed: the document's `Error` with
    405, the same with 404 where nothing lives on `path`, and an empty 204 to OPTIONS (preflight).

    Raises:
        ContractViolation: no such operation; a status it does not list; a wrong or missing content
            type or header; a body that is not JSON, not of its shape, or should not be there.
    """
    operation = document.operation(method, path)
    name = operation.id if operation else f"{method.upper()} {path.partition('?')[0]}"
    response = _documented(document, operation, method, path, status)
    if response is None:
        raise ContractViolation(name, status, _undocumented(document, operation))
    came = {key.lower(): value for key, value in headers.items()}
    for reason in (*_header_faults(response, came), *_body_faults(response, came, body)):
        raise ContractViolation(name, status, reason)


def _documented(
    document: Document, operation: Operation | None, method: str, path: str, status: int
) -> Response | None:
    if method.upper() == "OPTIONS" and status == 204:
        return Response(schema=None, headers={}, media=None)
    if status == 405 or (status == 404 and not document.knows(path)):
        return _refusal(document)
    return operation.responses.get(status) if operation else None


def _undocumented(document: Document, operation: Operation | None) -> str:
    if operation is None:
        return f"no operation of the {document.name} contract; expected 404 or 405"
    return f"expected one of {', '.join(map(str, operation.responses))}"


@cache
def _refusal(document: Document) -> Response:
    return Response(document.schema("Error"), headers={})


@cache
def _plain(part: Response | Header) -> PlainValidator:
    return PlainValidator(part.schema or {})


def _header_faults(response: Response, came: Mapping[str, str]) -> Iterator[str]:
    for name, header in response.headers.items():
        if name.lower() in came:
            for problem in _plain(header).problems(came[name.lower()]):
                yield f"header {name}: {problem.sentence()}"
        elif header.required:
            yield f"expected a header {name}, got none"


def _body_faults(response: Response, came: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Yield what is wrong with the body; each fault makes looking for the next pointless."""
    if response.media is None:
        if body:
            yield f"expected no body, got {len(body)} bytes"
        return
    media = came.get("content-type", "none").partition(";")[0].strip().lower()
    if media != response.media:
        yield f"expected content type {response.media}, got {media}"
        return
    if response.schema is None:
        return
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield f"expected a JSON body, got {len(body)} bytes that are not JSON"
        return
    if problems := _plain(response).problems(value):
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
