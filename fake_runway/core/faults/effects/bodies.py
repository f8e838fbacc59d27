"""Effects on the body of an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from fake_runway.core.durations import SPAN_PATTERN, parse_span
from fake_runway.core.faults.effects.base import Delivery, Effect, EffectContext, just_true
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class SetFields(Effect):
    """Puts fields into a JSON object."""

    name = "set"
    schema: ClassVar[Json] = {
        "description": "Put these fields into the body, null included; known ones are changed.",
        "type": "object",
        "minProperties": 1,
    }
    fields: Mapping[str, object]

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(value)

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        return delivery._replace(body=delivery.body | dict(self.fields))


@dataclass(frozen=True, slots=True)
class OmitFields(Effect):
    """Removes fields from a JSON object."""

    name = "omit"
    schema: ClassVar[Json] = {
        "description": "Leave these fields out of the body.",
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
    }
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(tuple(value))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        left = {key: each for key, each in delivery.body.items() if key not in self.fields}
        return delivery._replace(body=left)


@dataclass(frozen=True, slots=True)
class ShiftFields(Effect):
    """Moves instants in a JSON object, as a server with a wrong clock does."""

    name = "shift"
    schema: ClassVar[Json] = {
        "description": "Move these instants of the body by a span: -10m is into the past.",
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": f"^-?{SPAN_PATTERN}$"},
        "minProperties": 1,
    }
    spans_s: Mapping[str, float]

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(
            {
                key: -parse_span(text[1:]) if text.startswith("-") else parse_span(text)
                for key, text in value.items()
            }
        )

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        moved = {
            key: _moved_instant(instant, self.spans_s[key])
            for key, instant in delivery.body.items()
            if key in self.spans_s and isinstance(instant, str)
        }
        return delivery._replace(body=delivery.body | moved)


def _moved_instant(text: str, seconds: float) -> str:
    try:
        moved = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):  # not an instant, or beyond the calendar
        return text
    return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Malformed(Effect):
    """Cuts the last byte off the JSON; Content-Length agrees."""

    name = "malformed"
    schema: ClassVar[Json] = just_true(
        "Send JSON whose last byte is missing; the length agrees with that."
    )

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(body=_raw(delivery.body)[:-1])


def _raw(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
