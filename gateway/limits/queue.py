"""A bound on how many connects run at once, with fair waiting beyond it.

Callers who wait are served in turn, one connect of each, so that one caller with a thousand
connects delays another one by a single connect and not by a thousand.
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
            Overloaded: too many wait, and nobody has more of them than this caller. That can turn
                out later as well, when somebody else comes.
        """
        await self._place(caller)
        try:
            yield
        finally:
            self._pass_on()

    async def _place(self, caller: str) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            return
        if self._waiting >= self._most_waiting:
            self._make_room(caller)
        ticket = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(ticket)
        self._waiting += 1
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.cancelled():
                self._leave(caller, ticket)
            elif ticket.exception() is None:  # called and cancelled in the same instant
                self._pass_on()
            raise

    def _make_room(self, caller: str) -> None:
        """Send away the last of whoever has most waiting, so that a crowd does not keep others out.

        Raises:
            Overloaded: that is `caller`.
        """
        crowd = max(self._queues, key=lambda name: len(self._queues[name]), default=caller)
        mine = len(self._queues.get(caller, ()))
        if crowd == caller or len(self._queues[crowd]) <= mine + 1:
            raise Overloaded(retry_after_s=RETRY_AFTER_S)
        ticket = self._queues[crowd].pop()  # two or more are there
        self._waiting -= 1
        if not ticket.done():
            ticket.set_exception(Overloaded(retry_after_s=RETRY_AFTER_S))

    def _leave(self, caller: str, ticket: asyncio.Future[None]) -> None:
        queue = self._queues.get(caller)
        if queue is None or ticket not in queue:
            return  # it was passed over already
        queue.remove(ticket)
        self._waiting -= 1
        if not queue:
            del self._queues[caller]

    def _pass_on(self) -> None:
        """Give a place that is free to the caller whose turn it is."""
        while self._queues:
            caller, queue = self._queues.popitem(last=False)
            ticket = queue.popleft()
            if queue:
                self._queues[caller] = queue  # behind everybody else who waits
            self._waiting -= 1
            if not ticket.done():  # it is, if its caller was cancelled in this very instant
                ticket.set_result(None)
                return
        self._free += 1
