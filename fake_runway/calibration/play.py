"""What a play is: some calls, and what they cost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fake_runway.calibration.endpoint import Endpoint


@dataclass(frozen=True)
class Play:
    """Some calls.

    Attributes:
        name: what they find out.
        credits: what they cost at most.
        calls: makes them.
    """

    name: str
    credits: int
    calls: Callable[[Endpoint], Awaitable[None]]
