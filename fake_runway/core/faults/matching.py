"""Which calls a fault is about."""

from dataclasses import field
from enum import Enum
from typing import NamedTuple

from fake_runway.core.values import dataclass

Place = tuple[str, int]
"""The name of a kind, and which of its resources: its ordinal in the world, counted from 0."""


class CallFacts(NamedTuple):
    """A call as faults see it.

    Attributes:
        path: the operation's template.
        place: of the resource that the call is about; of a create: of the one that it makes.
        addressed: whether the path names that resource.
        state: of that resource.
        status: of the answer; None before the server has processed the request.
        since: the activation of the faults that are as old as what the call is about.
    """

    operation: str
    method: str
    path: str
    at: float
    place: Place | None = None
    addressed: bool = False
    state: Enum | None = None
    status: int | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class FaultMatch:
    """Which calls a fault is about. Empty: no condition.

    Attributes:
        operations: ids of the contract's operations.
        paths: path templates, e.g. `/v1/realtime_sessions/{id}`.
        places: of the resources.
        states: of the resource when the call comes (after processing: what it has become).
        statuses: of the answer that would go out; only after processing.
        nth: which of the calls that match otherwise, counted from 1.
    """

    operations: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()
    states: frozenset[Enum] = frozenset()
    statuses: frozenset[int] = frozenset()
    nth: frozenset[int] = frozenset()
    _by_operation_alone: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        others = (self.methods, self.paths, self.places, self.states, self.statuses)
        object.__setattr__(self, "_by_operation_alone", not any(others))

    def allows(self, operation: str) -> bool:
        """Return whether a call of this operation can match at all."""
        return not self.operations or operation in self.operations

    def fits(self, facts: CallFacts) -> bool:
        """Return whether a call matches, `nth` left aside."""
        if self._by_operation_alone:  # the usual case, in a third of the time
            return not self.operations or facts.operation in self.operations
        return (
            self.allows(facts.operation)
            and (not self.methods or facts.method in self.methods)
            and (not self.paths or facts.path in self.paths)
            and (not self.places or facts.place in self.places)
            and (not self.states or facts.state in self.states)
            and (not self.statuses or facts.status in self.statuses)
        )
