"""Effects on the body of an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from fake_runway.core.durations import SPAN_PATTERN
from fake_runway.core.durations import parse_span as _span
from fake_runway.core.faults.effects.base import Context, Delivery, Effect, just_true


@dataclass(frozen=True, slots=True)
class SetFields(Effect):
    """Puts fields into a JSON object."""

    name = "set"
    fields: Mapping[str, object]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Put these fields into the body, null included; known ones are changed.",
            "type": "object",
            "minProperties": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(value)

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        return replace(delivery, body=delivery.body | dict(self.fields))


@dataclass(frozen=True, slots=True)
class OmitFields(Effect):
    """Leaves fields of a JSON object out."""

    name = "omit"
    fields: tuple[str, ...]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Leave these fields out of the body.",
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(tuple(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        left = {key: each for key, each in delivery.body.items() if key not in self.fields}
        return replace(delivery, body=left)


@dataclass(frozen=True, slots=True)
class ShiftFields(Effect):
    """Moves instants in a JSON object, as a server with a wrong clock does."""

    name = "shift"
    spans_s: Mapping[str, float]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Move these instants of the body by a span: -10m is into the past.",
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": f"^-?{SPAN_PATTERN}$"},
            "minProperties": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(
            {
                key: -_span(text[1:]) if text.startswith("-") else _span(text)
                for key, text in value.items()
            }
        )

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        moved = {
            key: _moved_instant(instant, self.spans_s[key])
            for key, instant in delivery.body.items()
            if key in self.spans_s and isinstance(instant, str)
        }
        return replace(delivery, body=delivery.body | moved)


def _moved_instant(text: str, seconds: float) -> str:
    try:
        moved = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):  # no instant, or none that a calendar knows
        return text
    return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Malformed(Effect):
    """Breaks the JSON: its last byte is missing, and the length says so."""

    name = "malformed"

    @staticmethod
    def schema() -> dict[str, Any]:
        return just_true("Send JSON whose last byte is missing; the length agrees with that.")

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls()

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, body=_raw(delivery.body)[:-1])


def _raw(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
