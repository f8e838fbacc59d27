"""Effects that let something happen to the session."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fake_runway.core.faults.effects.base import Context, Delivery, Effect, When
from fake_runway.core.lifecycles.session import Event
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class Happens(Effect):
    """Lets an event of the lifecycle happen to the session before the call is looked at."""

    name = "event"
    when = When.BEFORE
    schema: ClassVar[Json] = {
        "description": "Happens to the addressed session just before the call is looked at, if its"
        " state allows it.",
        "enum": sorted(
            each.value for each in Event if each not in (Event.ADMITTED, Event.RELEASED)
        ),
    }
    event: Event

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(Event(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return delivery

    def event_before(self) -> Event | None:
        return self.event
