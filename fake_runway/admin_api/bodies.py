"""Bodies of the admin API: rejected with what was expected, what was sent, and where.

Unlike the sentence of a `Problem`, these show the value: no body of the admin API is a secret.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from contracts.wire.schema import Kind, Problem, where
from fake_runway.core.text import printable, shown
from fake_runway.web.bodies import Bodies, Takes

_MOST = 4


class AdminBodies(Bodies):
    """Reads and checks the bodies of the admin API, and reports all that is wrong in them."""

    def __init__(self) -> None:
        super().__init__("admin")

    def _wrong_type(self, declared: str | None) -> str:
        came = "none" if declared is None else shown(declared).strip('"')
        return f"Expected the content type application/json, got {came}."

    def _wrong_body(self, problems: Sequence[Problem], value: object, operation: Takes) -> str:
        keys = _keys(self._schemas[operation.id])
        said = "; ".join(_sentence(each, value, keys) for each in problems[:_MOST])
        return printable(f"{said[0].upper()}{said[1:]}.")


def _keys(schema: Mapping[str, Any]) -> list[str]:
    """Return the keys of a body, which is always a named shape."""
    shape = schema["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(shape.get("properties", ()))


def _sentence(problem: Problem, body: Any, keys: Sequence[str]) -> str:
    place = where(problem.path)
    if problem.kind in (Kind.MIN_KEYS, Kind.MAX_KEYS) and keys and not problem.path:
        came = ", ".join(body) or "none"
        return f"expected one of the keys {', '.join(keys)}, got {came} at {place}"
    if problem.kind in (Kind.REQUIRED, Kind.UNKNOWN_KEY):
        return problem.sentence()
    value = reduce(lambda inner, step: inner[step], problem.path, body)
    if not problem.path or not isinstance(value, str | int | float):
        return problem.sentence()
    return f"{problem.sentence().removesuffix(f' at {place}')} {shown(value)} at {place}"
