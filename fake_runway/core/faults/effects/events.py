"""Effects that make an event happen to the resource that a call is about."""

from dataclasses import dataclass
from typing import Any, Self

from fake_runway.core.faults.effects.base import Delivery, Effect, EffectContext, When
from fake_runway.core.lifecycles.vocabulary import Vocabulary
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class Happens(Effect):
    """Makes an event of the lifecycle happen before the call is processed."""

    name = "event"
    when = When.BEFORE
    event: str

    @classmethod
    def schema_in(cls, vocabulary: Vocabulary) -> Json:
        names = " or ".join(kind.name for kind in vocabulary.lifecycles)
        return {
            "description": f"Happens to the addressed {names} just before the call is looked at, if"
            " its state allows it.",
            "enum": list(vocabulary.events),
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(value)

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery

    def event_before(self) -> str:
        return self.event
