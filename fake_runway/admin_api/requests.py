"""What a request of the admin API may hold: the parameters of its query, and its body.

Both are rejected with what was expected, what was sent, and where.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from multidict import MultiMapping

from contracts.wire.documents import Contract, load
from contracts.wire.problems import Kind, Problem, at, where
from contracts.wire.shapes import OperationShapes, Shapes
from fake_runway.admin_api.calls import AdminRefused
from fake_runway.core.assets.kinds import ASSET_KINDS
from fake_runway.core.lifecycles import session as lifecycle
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Vocabulary
from fake_runway.core.text import printable, quoted
from fake_runway.core.types import Json
from fake_runway.web.bodies import Bodies

_MOST_PROBLEMS = 4
_OUTLINE = ("required", "minProperties")
CHECKED_AS_SCENARIOS = ("ScenarioData", "BoundForm", "Fault", "Direction", "Seed")
"""Shapes that the operations check by the rules for scenario files, and in their words."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter. `pattern` is what the whole value matches, `expected` says it in words."""

    name: str
    pattern: str
    expected: str


def _one_of(name: str, *values: str) -> Parameter:
    return Parameter(name, "|".join(values), f"one of {', '.join(values)}")


LIMIT = Parameter("limit", "[1-9][0-9]{0,4}|100000", "a whole number from 1 to 100000")
BEFORE = Parameter("before", "[0-9]{1,15}", "the number of a journal entry")
AFTER = Parameter(
    "after", r"0|[0-9a-f]{1,16}\.[0-9]{1,15}\.[0-9]{1,15}", "the id of an event, or 0"
)
ENTRIES = _one_of("entries", "true", "false")
STATE = _one_of("state", *(state.value for state in lifecycle.SESSION.transitions))
TASK_STATE = _one_of("state", *(state.value for state in TASK.transitions))
ASSET_KIND = _one_of("kind", *ASSET_KINDS)
ASSET_STATE = _one_of("state", "processing", "ready", "failed", "deleted")


def operation_of(vocabulary: Vocabulary) -> Parameter:
    """Return the parameter that names an operation of an API."""
    return _one_of("operation", *vocabulary.operation)


OPERATION = operation_of(RUNWAY_API)
"""Of a server with a newer document, its operations, too: see `AdminHandler`."""
METHOD = Parameter("method", "[A-Z]{1,20}", "a method in capitals")
_ID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
SESSION = Parameter("session", _ID, "the id of a session")
TASK_ID = Parameter("task", _ID, "the id of a task")
STATUS = Parameter("status", "[1-5][0-9]{2}", "an HTTP status")
# a scenario's faults have names that are put together from others, so they may be long
FAULT = Parameter("fault", "(?s:.{1,1000})", "the name of a fault")


def checked_query(query: MultiMapping[str], known: Sequence[Parameter]) -> dict[str, str]:
    """Return the parameters of a request.

    A misspelt filter that was ignored would find everything, or nothing, and a test would be green
    for the wrong reason; so unknown names and values are refused.

    Args:
        known: those that the operation takes.

    Raises:
        AdminRefused: another name, one given twice, or a value of another form.
    """
    parameters = {each.name: each for each in known}
    for name, value in query.items():
        if name not in parameters:
            names = ", ".join(parameters) or "nothing"
            raise AdminRefused(f"Expected {names} in the query, got {quoted(name)}.")
        expected, got = parameters[name].expected, quoted(value)
        if (count := len(query.getall(name))) > 1:
            expected, got = "one value", f"{count}"
        elif re.fullmatch(parameters[name].pattern, value):
            continue
        message = f"Expected {expected} as {name} in the query, got {got}."
        raise AdminRefused(message, where=f"query: {name}")
    return dict(query.items())


def outlined(shapes: Json) -> Json:
    """Return the shapes of the admin document, those that are checked as scenarios in outline."""
    return {
        **shapes,
        **{
            name: {
                "description": shapes[name]["description"],
                "type": "object",
                **{key: part for key, part in shapes[name].items() if key in _OUTLINE},
            }
            for name in CHECKED_AS_SCENARIOS
        },
    }


class AdminBodies(Bodies):
    """Reads and checks the bodies of the admin API, and reports all that is wrong in them.

    Args:
        vocabulary: of the API that is served, whose operations they may name.

    Unlike the sentence of a `Problem`, its messages show the value: no body here is a secret.
    """

    document = "admin"

    def __init__(self, vocabulary: Vocabulary = RUNWAY_API) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    @cached_property
    def _shapes(self) -> Mapping[str, OperationShapes]:
        raw = load(self.document).raw
        components = raw["components"]
        schemas = {
            **outlined(components["schemas"]),
            "RunwayOperation": {"enum": [*self._vocabulary.operation]},
        }
        contract = Contract(
            self.document, {**raw, "components": {**components, "schemas": schemas}}
        )
        return {each.operation.id: each for each in Shapes(contract)}

    def _wrong_type(self, declared: str | None) -> str:
        got = "none" if declared is None else quoted(declared).strip('"')
        return f"Expected the content type application/json, got {got}."

    def _wrong_body(self, problems: Sequence[Problem], value: object) -> str:
        text = "; ".join(_sentence(each, value) for each in problems[:_MOST_PROBLEMS])
        return printable(f"{text[0].upper()}{text[1:]}.")


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
