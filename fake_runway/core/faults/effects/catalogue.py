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

Kinds = tuple[type[Effect], ...]


EFFECTS: Kinds = (
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
"""Every kind of effect, in the order in which those of one answer are applied."""


def parse_effects(given: Mapping[str, Any], kinds: Kinds = EFFECTS) -> tuple[Effect, ...]:
    """Return the effects of a fault, in the order in which they are applied.

    Shape: `{name: value}`, valid by the schemas of `kinds`.

    Raises:
        WrongScenario: with the name of the effect as its path.
    """
    effects = []
    for kind in kinds:
        if kind.name in given:
            with inside(kind.name):
                effects.append(kind.parse(given[kind.name]))
    return tuple(effects)
