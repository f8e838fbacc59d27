"""All effects, by name."""

from collections.abc import Mapping
from typing import Any

from fake_runway.core.faults.effects.answers import ContentType, Headers, Page, Status
from fake_runway.core.faults.effects.base import Effect
from fake_runway.core.faults.effects.bodies import Malformed, OmitFields, SetFields, ShiftFields
from fake_runway.core.faults.effects.connections import (
    Delay,
    Dribble,
    Empty,
    Hang,
    Lost,
    Reset,
    Truncate,
)
from fake_runway.core.faults.effects.events import Happens
from fake_runway.core.problems import inside

EffectTypes = tuple[type[Effect], ...]

EFFECTS: EffectTypes = (
    Happens,
    Status,
    Page,
    SetFields,
    OmitFields,
    ShiftFields,
    Headers,
    ContentType,
    Malformed,
    Delay,
    Dribble,
    Truncate,
    Reset,
    Empty,
    Hang,
    Lost,
)
"""Every kind of effect, in the order in which the effects of a fault are applied."""


def parse_effects(
    given: Mapping[str, Any], effect_types: EffectTypes = EFFECTS
) -> tuple[Effect, ...]:
    """Return the effects of a fault, in the order in which they are applied.

    Shape: `{name: value}`, valid by the schemas of `effect_types`.

    Raises:
        WrongScenario: with the name of the effect as its path.
    """
    effects = []
    for effect_type in effect_types:
        if effect_type.name in given:
            with inside(effect_type.name):
                effects.append(effect_type.parse(given[effect_type.name]))
    return tuple(effects)
