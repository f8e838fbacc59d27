"""How many connects may be in flight at the same time, over all callers and replicas.

In process they are counted. In Redis they are a sorted set of leases, name by expiry: a replica
that dies cannot release what it holds, so every lease ends by itself. Redis' own clock decides,
because replicas whose clocks differ would take each other's leases for expired.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import TooManySessions
from gateway.limits.storage import CONNECTIONS, Storage, StorageUnreachable

KEY = "gateway:leases"
RETRY_AFTER_S = 1.0  # when a connect ends is not known; most take a few seconds

_ACQUIRE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
for each = 4, #ARGV do
    redis.call('ZREM', KEYS[1], ARGV[each])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local mine = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not mine and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
    return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('EXPIREAT', KEYS[1], math.ceil(last[2]) + 1)
return 1
"""
# A name that is there already belongs to a call that was retried: it is not a second lease.
# The key goes with its last lease, which need not be the newest: replicas may have other deadlines.


class InFlightLimit:
    """The connects in flight, at most `most` of them.

    Args:
        most: over all replicas that share the storage; 0: no limit.
        longest_s: longer than any connect; after that a lease ends by itself.
        storage: None: the limit of this process alone.
    """

    def __init__(self, most: int, *, storage: Storage | None, longest_s: float) -> None:
        self._most = most
        self._longest_s = longest_s
        self._storage = storage
        self._taken = 0
        self._owed: set[str] = set()
        self._releases: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Hold a lease for as long as the block takes.

        Args:
            name: who holds it, as operators see it in Redis; need not be unique.

        Raises:
            TooManySessions: all leases are held; the block is not entered.
            LimitsUnavailable: the storage is, and the policy is to refuse.
        """
        if not self._most:
            yield
        elif self._storage is None:
            if self._taken >= self._most:
                raise TooManySessions(retry_after_s=RETRY_AFTER_S)
            self._taken += 1
            try:
                yield
            finally:
                self._taken -= 1
        else:
            async with self._held_in(self._storage, name):
                yield

    async def close(self) -> None:
        """Wait until every lease is released, as far as that is possible. The storage stays."""
        while self._releases:
            await asyncio.wait(self._releases)

    @asynccontextmanager
    async def _held_in(self, storage: Storage, name: str) -> AsyncIterator[None]:
        lease = f"{name}:{secrets.token_hex(8)}"  # unlike all others, those of other replicas too
        taken: int | None = None  # unknown: the answer may be lost, and the lease be held
        try:
            taken = await storage.outages.call(lambda: self._acquire(storage, lease))
            if taken == 0:
                raise TooManySessions(retry_after_s=RETRY_AFTER_S)
            yield
        finally:
            if taken != 0:
                # a task, which a caller who leaves cannot cancel; waited for, so that a caller
                # with an answer finds the place free
                release = asyncio.get_running_loop().create_task(
                    self._release(storage, lease, surely_held=taken == 1)
                )
                self._releases.add(release)
                release.add_done_callback(self._releases.discard)
                await asyncio.shield(release)

    async def _acquire(self, storage: Storage, lease: str) -> int:
        owed = tuple(self._owed)
        limits = (self._most, self._longest_s)
        taken = int(await storage.command("EVAL", _ACQUIRE, 1, KEY, lease, *limits, *owed))
        self._owed.difference_update(owed)
        return taken

    async def _release(self, storage: Storage, lease: str, *, surely_held: bool) -> None:
        names = (lease, *self._owed)
        # owed until a call gets through, or an outage of a second would keep places for minutes;
        # one whose answer was lost may be held as well: Redis may have been slow, not dead
        if surely_held or len(self._owed) < 2 * self._most + CONNECTIONS:
            self._owed.add(lease)
        try:
            await storage.outages.attempt(lambda: storage.command("ZREM", KEY, *names))
        except StorageUnreachable:
            return
        self._owed.difference_update(names)
