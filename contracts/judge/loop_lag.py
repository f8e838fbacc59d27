"""How late this machine runs the judge's event loop: the target may be as late.

On an overloaded machine the target and the judge both run late. The judge can measure itself only.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.judge.clock import now, sleep

TICK_S = 0.05
NOTED_S = 0.05
"""A shorter delay is not noted."""


class EventLoopLag:
    """The delays of this process, while `measured` runs."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Measure until the block ends."""
        task = asyncio.ensure_future(self._measure())
        try:
            yield
        finally:
            task.cancel()

    async def _measure(self) -> None:
        while True:
            began_at = now()
            await sleep(TICK_S)
            self.note(began_at, now())

    def note(self, began_at: float, ended_at: float) -> None:
        """Note a tick: POSIX seconds of its begin and its end."""
        if (late := ended_at - began_at - TICK_S) >= NOTED_S:
            self._late.append((ended_at, late))

    def longest_within(self, begin: float, end: float) -> float:
        """Return the longest delay between two instants, in seconds."""
        return max((late for at, late in self._late if begin <= at and at - late <= end), default=0)

    def within(self, begin: float, end: float) -> float:
        """Return how many seconds were lost between two instants, all delays together."""
        return sum(late for at, late in self._late if begin <= at and at - late <= end)
