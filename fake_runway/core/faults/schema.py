"""The JSON schema of a fault."""

from typing import Any

from fake_runway.core.durations import SPAN_PATTERN
from fake_runway.core.faults.effects.base import When
from fake_runway.core.faults.effects.catalogue import EFFECTS, Kinds
from fake_runway.core.faults.matching import OPERATIONS, PATHS, Moment
from fake_runway.core.lifecycles.session import State


def _one_or_more(schema: dict[str, Any], description: str) -> dict[str, Any]:
    several = {"type": "array", "items": schema, "minItems": 1}
    return {"description": description, "anyOf": [schema, several]}


def match_schema() -> dict[str, Any]:
    """Return the JSON schema of a fault's `match`."""
    return {
        "description": "Which calls; every condition given must hold. Leave it out for all calls.",
        "type": "object",
        "properties": {
            "operation": _one_or_more({"enum": list(OPERATIONS)}, "The operation's id."),
            "method": _one_or_more({"enum": ["GET", "POST", "DELETE"]}, "The HTTP method."),
            "path": _one_or_more(
                {"enum": list(PATHS)},
                "The path's template, such as /v1/realtime_sessions/{id}/consume.",
            ),
            "session": _one_or_more(
                {"type": "integer", "minimum": 0}, "Which session of the world, counted from 0."
            ),
            "state": _one_or_more(
                {"enum": [state.value for state in State]},
                "The session's state when the call comes; with acted: true, after it was acted on.",
            ),
            "status": _one_or_more(
                {"type": "integer", "minimum": 100, "maximum": 599},
                "The status that would be answered.",
            ),
            "nth": _one_or_more(
                {"type": "integer", "minimum": 1},
                "Which of the calls that match otherwise, counted from 1.",
            ),
            "moment": {
                "description": "create: before it is stored. created: stored, the reply not out."
                " ready: any call between READY and consume. consume: before the key is used."
                " consumed: used, the reply not out. running: any call about a running session.",
                "enum": [moment.value for moment in Moment],
            },
        },
        "additionalProperties": False,
    }


def _named(kinds: Kinds, when: When) -> str:
    return ", ".join(kind.name for kind in kinds if kind.when is when)


def fault_schema(kinds: Kinds = EFFECTS) -> dict[str, Any]:
    """Return the JSON schema of a fault."""
    span = {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}
    return {
        "description": "Something that goes wrong: which calls, what happens, how often.",
        "type": "object",
        "properties": {
            "name": {
                "description": "Shown in the journal; unique in its world.",
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$",
            },
            "match": match_schema(),
            "effect": {
                "description": "What happens. Several effects of one fault are applied together.",
                "type": "object",
                "properties": {effect.name: effect.schema for effect in kinds},
                "minProperties": 1,
                "additionalProperties": False,
            },
            "acted": {
                "description": "Whether the server acts on the request first. By default it does"
                f" unless an effect answers by itself ({_named(kinds, When.INSTEAD)}) or comes"
                f" before ({_named(kinds, When.BEFORE)}).",
                "type": "boolean",
            },
            "times": {
                "description": "How often at most; without it, always.",
                "type": "integer",
                "minimum": 1,
            },
            "skip": {
                "description": "Let so many matching calls go by first.",
                "type": "integer",
                "minimum": 0,
            },
            "from": {"description": "Not before, counted from being put in place.", **span},
            "until": {"description": "No longer, counted from being put in place.", **span},
            "probability": {
                "description": "Of happening, by the world's seed.",
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1,
            },
        },
        "required": ["effect"],
        "additionalProperties": False,
    }
