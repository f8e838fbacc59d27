"""Declarations of broken gateways: the small correct one, with one piece overridden."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.judge.situation import Shape
from tests.contract.small_gateway import Gateway

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Broken:
    """One broken gateway.

    Attributes:
        caught_by: the requirement that has to fail.
        about: its mistake, in a sentence.
        also: requirements that may fail as well, with the reason.
        declared: the shape that is declared to the judge; None: its own.
        deadline_s, declared_s: its deadline, and the declared one if it is another.
        alone: it breaks when it serves several, so situations are played one at a time: only the
            quick ones and those with many callers.
    """

    kind: type[Gateway]
    caught_by: str
    about: str
    also: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = Shape.CREDENTIALS
    declared: Shape | None = None
    deadline_s: float = 3.0
    declared_s: float | None = None
    alone: bool = False

    @property
    def name(self) -> str:
        """Its class, which is unique."""
        return self.kind.__name__


def breaks(
    caught_by: str, about: str, also: Mapping[str, str] = NOTHING, **more: Any
) -> Callable[[type[Gateway]], type[Gateway]]:
    """Declare the requirement that a gateway breaks."""

    def note(kind: type[Gateway]) -> type[Gateway]:
        kind.broken = Broken(kind, caught_by, about, also, **more)  # type: ignore[attr-defined]
        return kind

    return note
