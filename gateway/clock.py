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
        """Return POSIX seconds, to compare with instants from outside, such as those of tokens."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Return the result of `work` within that time, as far as this process had time itself.

    The wait is cut in slices, after each of which the loop reads its sockets: on a busy machine a
    loop that is late for a second then finds the answer that has long arrived, and no outage.

    Raises:
        TimeoutError: no result.
    """
    task = asyncio.ensure_future(work)
    try:
        for _ in range(SLICES):
            done, _ = await asyncio.wait({task}, timeout=seconds / SLICES)
            if done:
                return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
