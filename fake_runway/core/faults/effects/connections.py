"""Effects on how the bytes go out, and on the connection."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
    Duration,
    parse_duration,
    parse_span,
)
from fake_runway.core.faults.effects.base import (
    Delivery,
    Effect,
    EffectContext,
    Ending,
    When,
    just_true,
)
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """Delays the whole answer."""

    name = "delay"
    schema: ClassVar[Json] = {
        "description": "Hold the answer back this long, in the world's time.",
        "type": "string",
        "pattern": DURATION_PATTERN,
    }
    duration: Duration

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(parse_duration(value))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(wait_s=delivery.wait_s + self.duration.sample(context.number))


@dataclass(frozen=True, slots=True)
class Dribble(Effect):
    """Sends the body in small pieces."""

    name = "dribble"
    schema: ClassVar[Json] = {
        "description": "Send the body in pieces of `bytes` (1), each after `every` (50ms) of"
        " the world's time.",
        "type": "object",
        "properties": {
            "bytes": {"type": "integer", "minimum": 1},
            "every": {"type": "string", "pattern": f"^{SPAN_PATTERN}$"},
        },
        "additionalProperties": False,
    }
    size: int
    every_s: float

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(int(value.get("bytes", 1)), parse_span(value.get("every", "50ms")))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(pace=(self.size, self.every_s))


@dataclass(frozen=True, slots=True)
class Truncate(Effect):
    """Closes the connection in the middle of the body."""

    name = "truncate"
    schema: ClassVar[Json] = {
        "description": "Close after so many bytes of the body; the length promises all.",
        "type": "integer",
        "minimum": 0,
    }
    sent: int

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(int(value))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(sent=self.sent, ending=Ending.CLOSED)


@dataclass(frozen=True, slots=True)
class Silence(Effect):
    """Sends no byte of an answer; subclasses say what happens to the connection."""

    ending: ClassVar[Ending]

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(silent=True, ending=self.ending)


class Reset(Silence):
    """Resets the connection."""

    name = "reset"
    when = When.INSTEAD
    ending = Ending.RESET
    schema: ClassVar[Json] = just_true("Reset the connection instead of answering.")


class Empty(Silence):
    """Closes the connection without a byte."""

    name = "empty"
    when = When.INSTEAD
    ending = Ending.CLOSED
    schema: ClassVar[Json] = just_true("Close the connection without a byte.")


class Hang(Silence):
    """Keeps the connection open and never answers."""

    name = "hang"
    when = When.INSTEAD
    ending = Ending.HUNG
    schema: ClassVar[Json] = just_true("Keep the connection open and never answer.")


class Lost(Silence):
    """Resets the connection after the server has processed the request."""

    name = "lost"
    when = When.ONLY_ACTED
    ending = Ending.RESET
    schema: ClassVar[Json] = just_true(
        "Act on the request, then reset the connection: the reply is lost."
    )
