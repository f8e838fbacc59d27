"""Bodies of the admin API: rejected with what was expected, what was sent, and where.

Unlike the sentence of a `Problem`, these show the value: no body of the admin API is a secret.
"""

from collections.abc import Sequence
from typing import Any

from contracts.wire.problems import Kind, Problem, at, where
from fake_runway.core.text import printable, quoted
from fake_runway.web.bodies import Bodies

_MOST = 4


class AdminBodies(Bodies):
    """Reads and checks the bodies of the admin API, and reports all that is wrong in them."""

    def __init__(self) -> None:
        super().__init__("admin")

    def _wrong_type(self, declared: str | None) -> str:
        came = "none" if declared is None else quoted(declared).strip('"')
        return f"Expected the content type application/json, got {came}."

    def _wrong_body(self, problems: Sequence[Problem], value: object) -> str:
        said = "; ".join(_sentence(each, value) for each in problems[:_MOST])
        return printable(f"{said[0].upper()}{said[1:]}.")


def _sentence(problem: Problem, body: Any) -> str:
    if problem.kind in (Kind.REQUIRED, Kind.UNKNOWN_KEY):
        return problem.sentence()
    value = at(body, problem.path)
    if problem.kind in (Kind.MIN_KEYS, Kind.MAX_KEYS) and "properties" in problem.shape:
        keys, got = (", ".join(each) for each in (problem.shape["properties"], value))
        return f"expected one of the keys {keys}, got {got or 'none'} at {where(problem.path)}"
    if not problem.path or not isinstance(value, str | int | float):
        return problem.sentence()
    return problem.sentence(value=quoted(value))
