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
        ValueError: says which effect it is about.
    """
    effects = []
    for kind in kinds:
        if kind.name in given:
            try:
                effects.append(kind.parse(given[kind.name]))
            except ValueError as error:
                raise ValueError(f"{kind.name}: {error}") from error
    return tuple(effects)
