"""How often one caller may connect, in one process or over all replicas together.

`window.py` says how connects are counted and why. With Redis the same two numbers per caller and
rate lie there, and one script checks all rates of a caller before it counts the connect.

A caller is a name (`token-1`, `jwt-<hex>`, an address), never a token: names are keys in Redis.
"""

import re
from collections.abc import Iterable

from gateway.clock import LoopClock
from gateway.errors import RateLimited
from gateway.limits.storage import Storage
from gateway.limits.window import MARGIN_S, Counters, Rate, wait_s

PREFIX = "gateway:rate"  # of the keys in Redis
MOST = 1_000_000  # connects in a window
LONGEST_S = 366 * 86_400

_BETWEEN = re.compile("[,;|]")
_RATE = re.compile(r"\s*+([0-9]++)\s*+(?:/|per)\s*+([0-9]*+)\s*+([a-z]+?)s?\s*+")
_UNITS = {
    **{"second": 1, "minute": 60, "hour": 3_600, "day": 86_400},
    **{"month": 30 * 86_400, "year": 360 * 86_400},
}

_TAKE = """
local windows, refused = {}, false
for each = 1, #KEYS, 2 do
    local current, previous = KEYS[each], KEYS[each + 1]
    local amount, window = tonumber(ARGV[each]), tonumber(ARGV[each + 1])
    local left = redis.call('PTTL', current) - window
    if left <= -window then
        left = window
    elseif left <= 0 then
        redis.call('RENAME', current, previous)
        left = left + window
        redis.call('SET', current, 0, 'PX', left + window)
    end
    local before = tonumber(redis.call('GET', previous)) or 0
    local now = tonumber(redis.call('GET', current)) or 0
    refused = refused or math.floor(before * left / window) + now >= amount
    table.insert(windows, {before, now, left})
end
if refused then
    return windows
end
for each = 1, #KEYS, 2 do
    redis.call('SET', KEYS[each], 0, 'PX', 2 * ARGV[each + 1], 'NX')
    redis.call('INCR', KEYS[each])
end
return {}
"""
# A key lives for two windows, so what is left of its life tells how far its window has gone. It
# becomes the previous one in the second of them, with the life that it has left.


class RateLimiter:
    """Counts the connects of each caller.

    Args:
        storage: shared with other replicas; None: the counters of this process.
    """

    def __init__(self, rates: Iterable[Rate], *, storage: Storage | None, clock: LoopClock) -> None:
        self._rates = tuple(rates)
        self._clock = clock
        self._counters = Counters(self._rates)
        self._storage = storage

    async def hit(self, caller: str) -> None:
        """Count one connect of this caller, or refuse it, which costs the caller nothing.

        Raises:
            RateLimited: too many; `retry_after_s` is when the next one will pass.
            LimitsUnavailable: the storage is, and the policy is to refuse.
        """
        if not self._rates:
            return
        storage = self._storage
        wait: float | None  # None: an outage that the policy ignores
        if storage is None:
            wait = self._counters.take(caller, self._clock.now())
        else:
            wait = await storage.outages.call(lambda: self._take(storage, caller))
        if wait:
            raise RateLimited(retry_after_s=wait)

    async def _take(self, storage: Storage, caller: str) -> float:
        """Do in Redis what `Counters.take` does in process."""
        # the names of keys stay when an operator changes only the amount
        names = [f"{PREFIX}:{{{caller}:{rate.window_s}}}" for rate in self._rates]
        keys = [key for name in names for key in (name, f"{name}/-1")]
        bounds = [number for rate in self._rates for number in (rate.amount, rate.window_s * 1000)]
        windows = await storage.command("EVAL", _TAKE, len(keys), *keys, *bounds)
        if not windows:
            return 0.0
        waits = [
            wait_s(rate, previous=previous, current=current, left_s=left_ms / 1000)
            for rate, (previous, current, left_ms) in zip(self._rates, windows, strict=True)
        ]
        return max(MARGIN_S, *waits)


def parse_rate(text: str) -> tuple[Rate, ...]:
    """Return the rates of a text such as `30/minute;500/day` or `10 per 2 hours`, shortest first.

    Empty or `off`: none. Of two for the same window the stricter one holds.

    Raises:
        ValueError: a rate is not in that notation, or a number is out of bounds.
    """
    if text.strip().lower() in ("", "off"):
        return ()
    strictest: dict[int, int] = {}
    for part in _BETWEEN.split(text.lower()):
        form = _RATE.fullmatch(part)
        if form is None or form[3] not in _UNITS:
            among = "" if part == text.lower() else f" in {text!r}"
            raise ValueError(f"got {part.strip()!r}{among}")
        amount, window_s = int(form[1]), int(form[2] or 1) * _UNITS[form[3]]
        if not 1 <= amount <= MOST:
            raise ValueError(f"an amount is from 1 to {MOST}, got {amount}")
        if not 1 <= window_s <= LONGEST_S:
            raise ValueError(f"a window is from 1 to {LONGEST_S} seconds, got {window_s}")
        strictest[window_s] = min(amount, strictest.get(window_s, amount))
    return tuple(sorted(Rate(window_s, amount) for window_s, amount in strictest.items()))
