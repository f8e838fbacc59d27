"""Effects on how the bytes go out, and on the connection."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
    Duration,
    parse_duration,
    parse_span,
)
from fake_runway.core.faults.effects.base import Context, Delivery, Effect, Ending, When, just_true
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """Holds the whole answer back."""

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

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, wait_s=delivery.wait_s + self.duration.sample(context.number))


@dataclass(frozen=True, slots=True)
class Dribble(Effect):
    """Sends the body in drops."""

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

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, pace=(self.size, self.every_s))


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

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, sent=self.sent, ending=Ending.CLOSED)


class Silence(Effect):
    """No answer at all, in one of three ways."""

    ending: ClassVar[Ending]

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, silent=True, ending=self.ending)


@dataclass(frozen=True, slots=True)
class Reset(Silence):
    """The connection is reset."""

    name = "reset"
    when = When.INSTEAD
    ending = Ending.RESET
    schema: ClassVar[Json] = just_true("Reset the connection instead of answering.")


@dataclass(frozen=True, slots=True)
class Empty(Silence):
    """The connection is closed in good order, without a byte."""

    name = "empty"
    when = When.INSTEAD
    ending = Ending.CLOSED
    schema: ClassVar[Json] = just_true("Close the connection without a byte.")


@dataclass(frozen=True, slots=True)
class Hang(Silence):
    """The connection stays open, and nothing comes."""

    name = "hang"
    when = When.INSTEAD
    ending = Ending.HUNG
    schema: ClassVar[Json] = just_true("Keep the connection open and never answer.")


@dataclass(frozen=True, slots=True)
class Lost(Silence):
    """The server has acted, and the client never hears of it."""

    name = "lost"
    when = When.ONLY_ACTED
    ending = Ending.RESET
    schema: ClassVar[Json] = just_true(
        "Act on the request, then reset the connection: the reply is lost."
    )
