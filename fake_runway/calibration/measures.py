"""What a rule says of a switch, and how it measures times and credits."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from fake_runway.calibration.history import History
from fake_runway.core.assets.kinds import MADE_AVATAR
from fake_runway.core.durations import Duration, Fixed, written_span
from fake_runway.scenarios.catalogue import Catalogue

_TOLERANCE_S = 0.1  # of the times at which polls are answered


class Learned(NamedTuple):
    """What an endpoint does.

    Attributes:
        form: the part of a scenario that has the switch: account, session or task.
        key: of the switch.
        value: as a scenario has it.
        evidence: what was seen, in a line.
    """

    form: str
    key: str
    value: Any
    evidence: str


class Between(NamedTuple):
    """A time that was measured by polls: it lies between two of them."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The middle of both."""
        return (self.low + self.high) / 2

    def written(self, usual: Duration | None = None) -> str:
        """Return it as text: the usual one if that lies in between."""
        if isinstance(usual, Fixed) and self.holds(usual.seconds):
            return written_span(usual.seconds)
        return measured(self.middle)

    def holds(self, seconds: float) -> bool:
        """Return whether it may be that long."""
        return self.low - _TOLERANCE_S <= seconds <= self.high + _TOLERANCE_S


Rule = Callable[[History], Iterator[Learned]]


def measured(seconds: float) -> str:
    """Return a measured time as text: to a tenth, above a hundred seconds to a half."""
    step = 0.1 if seconds < 100 else 0.5
    return written_span(round(round(seconds / step) * step, 3))


def credits_of(cost: object) -> float | None:
    """Return the credits of `{credits: ...}`; None: it is none."""
    amount = cost.get("credits") if isinstance(cost, dict) else None
    return float(amount) if isinstance(amount, int | float) else None


def is_ready_made(avatar: Mapping[str, Any]) -> bool:
    """Return whether an avatar is one that this fake has by itself, and counts for no limit."""
    name = str(avatar.get("name"))
    return name in scenario_names() or name == MADE_AVATAR.name


@cache
def scenario_names() -> frozenset[str]:
    """Return the names of this fake's scenarios, which every fake lists as avatars."""
    return frozenset(scenario.name for scenario in Catalogue.builtin())
