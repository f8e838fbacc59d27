"""Calls use effects by their interface, and none of them by name."""

from dataclasses import dataclass
from typing import ClassVar

from fake_runway.core.faults.effects.base import Delivery, Effect, EffectContext, When
from fake_runway.core.faults.effects.catalogue import EFFECTS
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.lifecycles.session import Event
from fake_runway.core.types import Json
from tests.support.fake.runs import Ask, alone

CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}


@dataclass(frozen=True, slots=True)
class Interrupts(Effect):
    """Cancels the session before the call is handled: made up here, and known nowhere else."""

    name = "interrupts"
    when = When.BEFORE
    schema: ClassVar[Json] = {"description": "Cancel the session.", "const": True}

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery

    def event_before(self) -> str:
        return Event.CANCELLED.value


def test_an_effect_more_lets_its_event_happen() -> None:
    """The event of an effect has happened before the call is answered."""
    player = alone()
    player.ask(Ask("createSession", body=CREATE))
    fault = parse_fault(
        {"effect": {"interrupts": True}},
        name="interrupted",
        per_session=False,
        effect_types=(*EFFECTS, Interrupts),
    )
    player.world.place(fault, at=player.world.clock.now())

    answer = player.ask(Ask("getSession"))

    (session,) = player.world.account.sessions.values()
    assert session.state.value == "cancelled"
    assert isinstance(answer.body, dict)
    assert answer.body["status"] == "CANCELLED"
