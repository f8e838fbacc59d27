"""The JSON schema of a fault."""

from typing import Any

from fake_runway.core.durations import SPAN_PATTERN
from fake_runway.core.faults.effects.base import When
from fake_runway.core.faults.effects.catalogue import EFFECTS, EffectTypes
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import Vocabulary


def _one_or_more(schema: dict[str, Any], description: str) -> dict[str, Any]:
    several = {"type": "array", "items": schema, "minItems": 1}
    return {"description": description, "anyOf": [schema, several]}


def match_schema(vocabulary: Vocabulary = RUNWAY_API) -> dict[str, Any]:
    """Return the JSON schema of a fault's `match`."""
    operations = [operation.id for operation in vocabulary.operations]
    paths = list(dict.fromkeys(operation.path for operation in vocabulary.operations))
    names = [kind.name for kind in vocabulary.lifecycles]
    return {
        "description": "Which calls; every condition given must hold. Leave it out for all calls.",
        "type": "object",
        "properties": {
            "operation": _one_or_more(
                {"enum": operations},
                "The operation's id. A server with a newer document knows its operations, too.",
            ),
            "method": _one_or_more({"enum": list(vocabulary.methods)}, "The HTTP method."),
            "path": _one_or_more(
                {"enum": paths}, "The path's template, such as /v1/realtime_sessions/{id}/consume."
            ),
            **{
                name: _one_or_more(
                    {"type": "integer", "minimum": 0}, f"Which {name} of the world, counted from 0."
                )
                for name in names
            },
            "state": _one_or_more(
                {"enum": list(vocabulary.states)},
                f"The {' or '.join(names)}'s state when the call comes; with acted: true, after it"
                " was acted on.",
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
                "description": " ".join(
                    f"{moment.name}: {moment.about}." for moment in vocabulary.moments.values()
                ),
                "enum": list(vocabulary.moments),
            },
        },
        "additionalProperties": False,
    }


def fault_schema(
    effect_types: EffectTypes = EFFECTS, *, vocabulary: Vocabulary = RUNWAY_API
) -> dict[str, Any]:
    """Return the JSON schema of a fault."""
    span = {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}
    instead, before = (
        ", ".join(effect.name for effect in effect_types if effect.when is when)
        for when in (When.INSTEAD, When.BEFORE)
    )
    return {
        "description": "Something that goes wrong: which calls, what happens, how often.",
        "type": "object",
        "properties": {
            "name": {
                "description": "Shown in the journal; unique in its world.",
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$",
            },
            "match": match_schema(vocabulary),
            "effect": {
                "description": "What happens. Several effects of one fault are applied together.",
                "type": "object",
                "properties": {
                    effect.name: effect.schema_in(vocabulary) for effect in effect_types
                },
                "minProperties": 1,
                "additionalProperties": False,
            },
            "acted": {
                "description": "Whether the server acts on the request first. By default it does"
                f" unless an effect answers by itself ({instead}) or comes before ({before}).",
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
            "every": {
                "description": "Only each matching call whose number is a multiple of it: 3 means"
                " the 3rd, the 6th, ...",
                "type": "integer",
                "minimum": 1,
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
