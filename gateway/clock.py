"""The only place in the gateway that reads time."""

import asyncio
import time


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
