"""The only place in the gateway that reads time."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
SLICES = 25


class LoopClock:
    """Time of the running loop, in seconds. A loop whose time jumps takes the gateway with it."""

    def now(self) -> float:
        """Return the loop's time: seconds since an arbitrary instant."""
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        """Return POSIX seconds, to compare with instants that others have written down."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


async def within(seconds: float, question: Awaitable[T]) -> T:
    """Return the answer to a question within that time, as far as this process had time itself.

    The wait is cut in slices, each a look at the sockets: a loop that is late for a second, because
    the machine is busy, then finds the answer that has long been there, and no outage.

    Raises:
        TimeoutError: no answer.
    """
    asked = asyncio.ensure_future(question)
    try:
        for _ in range(SLICES):
            done, _ = await asyncio.wait({asked}, timeout=seconds / SLICES)
            if done:
                return asked.result()
        raise TimeoutError
    finally:
        if not asked.done():
            asked.cancel()
            await asyncio.wait({asked})
