"""A fair queue: a bound on how many connects run at once, and turns beyond it.

Callers who wait take turns, one connect of each, so that one caller with a thousand connects delays
another one by a single connect and not by a thousand.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import Overloaded

RETRY_AFTER_S = 1.0


class FairQueue:
    """The places of one gateway.

    Args:
        places: how many may run at once.
        most_waiting: how many may wait for a place; more are refused.
    """

    def __init__(self, places: int, most_waiting: int) -> None:
        self._free = places
        self._most_waiting = most_waiting
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Hold a place while the block runs; wait for it if there is none.

        Raises:
            Overloaded: the queue is full, and no other caller has more waiters in it. A waiter
                gets this later as well, when it is evicted for another caller.
        """
        if self._free:  # then the queue is empty
            self._free -= 1
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, caller: str) -> None:
        if self._waiting >= self._most_waiting:
            self._evict_for(caller)
        ticket = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(ticket)
        self._waiting += 1
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.cancelled():
                queue = self._queues.get(caller)
                if queue and ticket in queue:  # else `_pass_on` has dropped it already
                    queue.remove(ticket)
                    self._waiting -= 1
                    if not queue:
                        del self._queues[caller]
            elif ticket.exception() is None:  # called and cancelled in the same instant
                self._pass_on()
            raise

    def _evict_for(self, caller: str) -> None:
        """Evict the newest waiter of the busiest caller, so that one caller cannot starve the rest.

        Raises:
            Overloaded: the busiest caller is `caller`, or would be with one more waiter.
        """
        busiest = max(self._queues, key=lambda name: len(self._queues[name]), default=caller)
        own = len(self._queues.get(caller, ()))
        if busiest == caller or len(self._queues[busiest]) <= own + 1:
            raise Overloaded(retry_after_s=RETRY_AFTER_S)
        ticket = self._queues[busiest].pop()  # two or more are there
        self._waiting -= 1
        if not ticket.done():
            ticket.set_exception(Overloaded(retry_after_s=RETRY_AFTER_S))

    def _pass_on(self) -> None:
        """Give a free place to the next caller in turn."""
        while self._queues:
            caller, queue = self._queues.popitem(last=False)
            ticket = queue.popleft()
            if queue:
                self._queues[caller] = queue  # behind all other callers who wait
            self._waiting -= 1
            if not ticket.done():  # it is, if its caller was cancelled in this very instant
                ticket.set_result(None)
                return
        self._free += 1
