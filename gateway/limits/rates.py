"""How often one caller may connect, in one process or over all replicas together.

`window.py` says how connects are counted and why so. In process its counters do it; with Redis the
same two numbers per caller and rate lie there, and the scripts of the library `limits` change them,
each in one step. Rates are asked shortest first: who is refused by the rate of a day has then used
up a place in a minute, which comes back soon, and never the other way round.

A caller is a name (`token-1`, `jwt-<hex>`, an address), never a token: names are keys in Redis.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.access.addresses import TrustedProxies
from gateway.clock import LoopClock
from gateway.errors import RateLimited
from gateway.limits.storage import BOUNDS, MEMORY, Bounds, Outage, Storage
from gateway.limits.window import MARGIN_S, Counters, Rate, wait_s

PREFIX = "gateway:rate"  # of the keys in Redis
MOST = 1_000_000  # connects in a window
LONGEST_S = 366 * 86_400
LARGEST_IN_FLIGHT = 100_000


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What an operator says about limits.

    Attributes:
        rates: all of them hold for each caller; none: no limit.
        storage: the URL of the memory that replicas share; may hold a password.
        on_outage: what happens to connects while that cannot be reached.
        in_flight: connects under way at the same time, over all callers; 0: no limit.
        trusted: whose word about the caller's address is taken.
    """

    rates: tuple[Rate, ...] = ()
    storage: str = field(default=MEMORY, repr=False)
    on_outage: Outage = Outage.OPEN
    in_flight: int = 0
    trusted: TrustedProxies = field(default_factory=TrustedProxies)

    def open_storage(self, clock: LoopClock, bounds: Bounds = BOUNDS) -> Storage | None:
        """Return what limits are shared through, None if this process keeps them to itself.

        Nothing is opened for limits that are off.
        """
        if self.storage == MEMORY or not (self.rates or self.in_flight):
            return None
        return Storage(self.storage, policy=self.on_outage, clock=clock, bounds=bounds)


class RateLimiter:
    """Counts the connects of each caller.

    Args:
        storage: shared with other replicas; None: the counters of this process.
    """

    def __init__(self, rates: Iterable[Rate], *, storage: Storage | None, clock: LoopClock) -> None:
        self._rates = tuple(rates)
        self._clock = clock
        self._counters = Counters(self._rates)
        self._shared = _Shared(self._rates, storage) if storage and self._rates else None

    @property
    def limits(self) -> bool:
        """Whether there is a rate at all; if not, nobody need find out who calls."""
        return bool(self._rates)

    async def hit(self, caller: str) -> None:
        """Count one connect of this caller, or refuse it, which costs the caller nothing.

        Raises:
            RateLimited: too many; `retry_after_s` is when the next one will pass.
            LimitsUnavailable: the storage is, and the policy is to refuse.
        """
        if not self._rates:
            return
        if self._shared is None:
            wait = self._counters.take(caller, self._clock.now())
        else:
            wait = await self._shared.take(caller)
        if wait > 0:
            raise RateLimited(retry_after_s=wait)


class _Shared:
    """The same counters in Redis. The clock is Redis' own: a window is a key that expires."""

    def __init__(self, rates: tuple[Rate, ...], storage: Storage) -> None:
        from limits.aio.storage import RedisStorage

        self._rates = rates
        self._outages = storage.outages
        # told by its pool and not by its URL, which errors of the library show
        self._windows = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=storage.pool,  # type: ignore[arg-type]  # no scalar
        )

    async def take(self, caller: str) -> float:
        """Do what `Counters.take` does; an outage that is to be ignored is no wait."""
        return await self._outages.ask(lambda: self._take(caller)) or 0.0

    async def _take(self, caller: str) -> float:
        for rate in self._rates:
            passed = await self._windows.acquire_sliding_window_entry(
                _key(caller, rate), rate.amount, rate.window_s
            )
            if not passed:  # by this rate; a longer one may have a longer wait
                return max([MARGIN_S, *[await self._wait(caller, each) for each in self._rates]])
        return 0.0

    async def _wait(self, caller: str, rate: Rate) -> float:
        found = await self._windows.get_sliding_window(_key(caller, rate), rate.window_s)
        previous, previous_left_s, current, current_left_s = found
        left_s = previous_left_s if previous else current_left_s - rate.window_s
        return wait_s(rate, previous=previous, current=current, left_s=left_s)


def _key(caller: str, rate: Rate) -> str:
    """Return a name that stays when an operator changes only the amount."""
    return f"{caller}:{rate.window_s}"


def parse_rate(text: str) -> tuple[Rate, ...]:
    """Return the rates of a text such as `30/minute;500/day` or `10 per 2 hours`, shortest first.

    Empty or `off`: none. Of two for the same window the stricter one holds.

    Raises:
        ValueError: it is not in that notation, or a number is out of bounds.
    """
    if text.strip().lower() in ("", "off"):
        return ()
    from limits import parse_many

    strictest: dict[int, int] = {}
    for item in parse_many(text):
        window_s = item.get_expiry()
        if not 1 <= item.amount <= MOST:
            raise ValueError(f"an amount is from 1 to {MOST}, got {item.amount}")
        if window_s > LONGEST_S:
            raise ValueError(f"a window is at most {LONGEST_S} seconds, got {window_s}")
        strictest[window_s] = min(item.amount, strictest.get(window_s, item.amount))
    return tuple(sorted(Rate(window_s, amount) for window_s, amount in strictest.items()))
