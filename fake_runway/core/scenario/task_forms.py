"""How the plan of tasks is written in scenarios: its progress, its failure, what happens by itself.

`settings.py` has the table of its settings, `forms.py` parses all forms alike.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
    Duration,
    parse_duration,
    parse_span,
    written,
    written_span,
)
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TASK_FAILURES, TaskEvent, TaskState
from fake_runway.core.problems import inside
from fake_runway.core.scenario.notations import COUNT, Notation
from fake_runway.core.scenario.shares import NOTHING_HAPPENS, parse_shares
from fake_runway.core.tasks.task import ProgressStep, TaskHappening
from fake_runway.core.tasks.tiers import OF_THE_TIER
from fake_runway.core.types import Json

_SHARE_PATTERN = r"[0-9]+(\.[0-9]+)?%"
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")

FAILURE_SCHEMA: Json = {
    "description": "Why a task fails: a code with a text of its own, or a documented code.",
    "anyOf": [
        {"enum": list(TASK_FAILURES)},
        {
            "type": "object",
            "properties": {"code": {"type": "string", "minLength": 1}, "text": {"type": "string"}},
            "required": ["code", "text"],
            "additionalProperties": False,
        },
    ],
}


def parse_failure(given: Any) -> Failure:
    """Return the failure of a code, or of a code and a text."""
    if isinstance(given, str):
        return Failure(given, TASK_FAILURES[given])
    return Failure(given["code"], given["text"])


def describe_failure(failure: Failure) -> Any:
    """Return the data that `parse_failure` takes."""
    if TASK_FAILURES.get(failure.code) == failure.text:
        return failure.code
    return {"code": failure.code, "text": failure.text}


def _parse_progress(given: Sequence[Json]) -> tuple[ProgressStep, ...]:
    steps = []
    for index, each in enumerate(given):
        with inside(index, "at"):
            share = _SHARE.fullmatch(each["at"].strip())
            if share is None:
                step = ProgressStep(each["is"], after_s=parse_span(each["at"]))
            elif float(share[1]) > 100:
                raise ValueError("expected at most 100%, got more")
            else:
                step = ProgressStep(each["is"], percent=float(share[1]))
        steps.append(step)
    return tuple(steps)


def _describe_progress(steps: Sequence[ProgressStep]) -> list[Any]:
    return [
        {
            "at": f"{written_span(step.percent)[:-1]}%"
            if step.after_s is None
            else written_span(step.after_s),
            "is": step.progress,
        }
        for step in steps
    ]


PROGRESS = Notation(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "at": {
                    "description": "How long after the start, or after which part of the run.",
                    "type": "string",
                    "pattern": f"^({SPAN_PATTERN}|{_SHARE_PATTERN})$",
                },
                "is": {
                    "description": "The progress from then on.",
                    "type": "number",
                    "minimum": 0,
                    "maximum": 1,
                },
            },
            "required": ["at", "is"],
            "additionalProperties": False,
        },
    },
    _parse_progress,
    _describe_progress,
)
FAILURE = Notation(
    {"anyOf": [{"type": "null"}, FAILURE_SCHEMA]},
    lambda given: None if given is None else parse_failure(given),
    lambda failure: None if failure is None else describe_failure(failure),
)


def _parse_run(text: str) -> Duration | None:
    return None if text == "usual" else parse_duration(text)


RUN = Notation(
    {"anyOf": [{"const": "usual"}, {"type": "string", "pattern": DURATION_PATTERN}]},
    _parse_run,
    lambda run: "usual" if run is None else written(run),
    metavar="duration|usual",
)
LIMIT = Notation(
    {"anyOf": [{"const": "tier"}, *COUNT.schema["anyOf"]]},
    lambda given: OF_THE_TIER if given == "tier" else COUNT.parse(given),
    lambda limit: "tier" if limit == OF_THE_TIER else COUNT.write(limit),
    metavar="number|unlimited|tier",
    shows_default=True,
)


def parse_task_happenings(data: Sequence[Json]) -> tuple[TaskHappening, ...]:
    """Return what happens by itself to tasks."""
    happenings: dict[int, TaskHappening] = {}
    for index, each in enumerate(data):
        if each["event"] == NOTHING_HAPPENS:
            continue
        with inside("then", index):
            with inside("after"):
                after = parse_duration(each.get("after", "0s"))
            failure = parse_failure(each["failure"]) if "failure" in each else None
            state, event = TaskState(each["in"]), TaskEvent(each["event"])
            happenings[index] = TaskHappening(state, event, after, failure)
    shares = parse_shares(data)
    return tuple(replace(each, probability=shares[index]) for index, each in happenings.items())


def describe_task_happening(happening: TaskHappening) -> dict[str, Any]:
    """Return the data of one of `parse_task_happenings`."""
    described: dict[str, Any] = {
        "in": happening.state.value,
        "event": happening.event.value,
        "after": written(happening.after),
    }
    if happening.failure is not None:
        described["failure"] = describe_failure(happening.failure)
    if happening.probability < 1:
        described["probability"] = happening.probability
    return described
