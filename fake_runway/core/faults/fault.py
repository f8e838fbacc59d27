"""A fault as a value: match, effects, schedule."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fake_runway.core.faults.effects.base import Effect, When
from fake_runway.core.faults.matching import FaultMatch
from fake_runway.core.lifecycles.vocabulary import Phase
from fake_runway.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with which calls, when and how often.

    Attributes:
        phase: whether it strikes before or after the server processes the request.
        times: how often it strikes at most; None: no limit.
        skip: how many matching calls it lets pass first.
        every: it strikes each call whose number after those is a multiple of it.
        starts_s, ends_s: the span in which it can strike, counted from its activation.
        probability: of striking when all other conditions hold.
        per_session: each session has a tally of its own.
        given: the data that it was parsed from.
    """

    name: str
    match: FaultMatch
    effects: tuple[Effect, ...]
    phase: Phase
    times: int | None
    skip: int
    every: int
    starts_s: float
    ends_s: float | None
    probability: float
    per_session: bool
    given: Mapping[str, Any]

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def replaces(self) -> bool:
        """Whether it answers instead of the server."""
        instead = any(effect.when is When.INSTEAD for effect in self.effects)
        return instead and self.phase is Phase.BEFORE


class ActiveFault(NamedTuple):
    """A fault, and the instant of its activation.

    Attributes:
        since: None: that of a plan is as old as what it is about, which each call's facts say.
    """

    fault: Fault
    since: float | None


class ActiveFaults(NamedTuple):
    """The faults that calls of one operation can meet, in their order, by phase."""

    before: tuple[ActiveFault, ...]
    after: tuple[ActiveFault, ...]

    @classmethod
    def about(cls, operation: str, active: Iterable[ActiveFault]) -> "ActiveFaults":
        """Return those of the active faults that calls of an operation can match at all."""
        found = [each for each in active if each.fault.match.allows(operation)]
        before, after = (
            tuple(each for each in found if each.fault.phase is phase)
            for phase in (Phase.BEFORE, Phase.AFTER)
        )
        return cls(before, after)


NO_FAULTS = ActiveFaults((), ())
