"""The only place in the fake that reads time.

One class covers frozen, scaled and real time, because all three are the same arithmetic: an origin,
plus what the source has moved since, times a rate. The source is the running loop's `time()` plus a
wall-clock offset that is read once at start, so a loop whose time jumps (simulation) takes the
whole fake with it, and a wall clock that is corrected while we run does not.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fake_runway.core.durations import later

LARGEST_RATE = 1e6
"""A fortnight a second; the wire cannot write years beyond 9999."""

_SHORTEST_TIMER_S = 2e-6


def loop_time_as_wall_clock() -> Callable[[], float]:
    """Return a source of POSIX seconds that moves with the running loop. Call it inside one."""
    loop = asyncio.get_running_loop()
    offset = time.time() - loop.time()
    return lambda: loop.time() + offset


async def loop_clock_of(
    asked: Callable[[], Awaitable[tuple[int, int]]],
) -> Callable[[], float]:
    """Return a source of POSIX seconds that moves with the running loop, set by another clock.

    Args:
        asked: returns seconds and microseconds of it.
    """
    loop = asyncio.get_running_loop()
    before = loop.time()
    seconds, microseconds = await asked()
    offset = seconds + microseconds / 1e6 - (before + loop.time()) / 2
    return lambda: loop.time() + offset


def loop_time(loop: asyncio.AbstractEventLoop) -> float:
    """Return the seconds by which the timers of a loop go."""
    return loop.time()


def loop_now() -> float:
    """Return the seconds of the running loop, for media, which no world's clock drives."""
    return asyncio.get_running_loop().time()


async def pause(seconds: float) -> None:
    """Return after seconds of the running loop, whatever the worlds' clocks do."""
    await asyncio.sleep(seconds)


def wall_clock() -> float:
    """Return POSIX seconds of the machine: for what must be dated, such as a certificate."""
    return time.time()


def precise() -> float:
    """Return seconds from some instant on, to be subtracted: loops may tell milliseconds alone."""
    return time.perf_counter()


def block(seconds: float) -> None:
    """Stand still for real time: for commands, which have no loop."""
    time.sleep(seconds)


def call_after(seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
    """Have `callback` called after seconds of the running loop; the handle cancels that."""
    return asyncio.get_running_loop().call_later(seconds, callback)


async def next_turn() -> None:
    """Let everything else that is ready run once; no time passes."""
    await asyncio.sleep(0)


class ClockState(NamedTuple):
    """How a clock goes: it read `origin` when its source read `anchor`."""

    origin: float
    anchor: float
    rate: float


class VirtualClock:
    """A clock that can be frozen, scaled and moved forward.

    Args:
        source: seconds that never run backwards.
        rate: 0 is frozen, 1 is real time, n is n times as fast.
        start: the first reading; None: the source's.
    """

    def __init__(
        self, source: Callable[[], float], *, rate: float = 1.0, start: float | None = None
    ) -> None:
        self._source = source
        self._rate = _checked_rate(rate)
        self._anchor = source()
        self._origin = round(self._anchor, 6) if start is None else start
        self._moved = asyncio.Event()
        self._released = False

    def __repr__(self) -> str:
        return f"<VirtualClock {self.now():.3f} rate {self._rate:g}>"

    @classmethod
    def continued(cls, source: Callable[[], float], state: "ClockState") -> "VirtualClock":
        """Return a clock that goes on as another did, of a source with the same seconds."""
        clock = cls(source, rate=state.rate)
        clock._origin, clock._anchor = state.origin, state.anchor
        return clock

    @property
    def state(self) -> "ClockState":
        """All that says how it goes on."""
        return ClockState(self._origin, self._anchor, self._rate)

    @property
    def rate(self) -> float:
        """How many seconds pass here in a second of the source."""
        return self._rate

    def now(self) -> float:
        """Return POSIX seconds."""
        return self._origin + (self._source() - self._anchor) * self._rate

    def jump(self, seconds: float) -> None:
        """Move forward by `seconds` and wake the sleepers that are due by then.

        Raises:
            ValueError: `seconds` is negative or not finite.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"a clock jumps forward by a finite time, got {seconds!r} seconds")
        self._rebase(later(self.now(), seconds), self._rate)

    def jump_to(self, instant: float) -> None:
        """Move forward to `instant` exactly, to the last bit, as a replay needs it.

        Raises:
            ValueError: it lies before now, or is not finite.
        """
        if not self.now() <= instant < math.inf:
            raise ValueError(f"a clock jumps forward, got {instant!r} after {self.now()!r}")
        self._rebase(instant, self._rate)

    def jump_until(self, instant: float) -> None:
        """Move forward to `instant`; a clock that has just passed it stays as it is.

        Raises:
            ValueError: `instant` is not finite.
        """
        if not math.isfinite(instant):
            raise ValueError(f"a clock jumps to a finite instant, got {instant!r}")
        self._rebase(max(instant, self.now()), self._rate)

    def release(self) -> None:
        """End every sleep, also later ones: this clock does not move any more."""
        self._released = True
        self._moved.set()

    def set_rate(self, rate: float) -> None:
        """Let time pass at another rate from now on.

        Raises:
            ValueError: `rate` is negative or not finite.
        """
        self._rebase(self.now(), _checked_rate(rate))

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed here, by time, by a jump or at another rate."""
        due = self.now() + seconds
        while not self._released and (left := due - self.now()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(self._timer_for(left)):
                    await moved.wait()
            except TimeoutError:
                continue  # asked again above: rounding may leave a last sliver

    def _timer_for(self, left: float) -> float | None:
        """Return how long the source needs for `left` seconds here, None if it never gets there.

        A loop whose time only moves for timers (simulation) counts whole microseconds; a timer for
        a sliver of one would fire at once, again and again, without moving time.
        """
        return max(left / self._rate, _SHORTEST_TIMER_S) if self._rate else None

    def _rebase(self, now: float, rate: float) -> None:
        self._anchor = self._source()
        self._origin = now
        self._rate = rate
        self._moved.set()
        self._moved = asyncio.Event()


def _checked_rate(rate: float) -> float:
    if not 0 <= rate < math.inf:
        raise ValueError(f"a clock's rate is a finite number from 0, got {rate!r}")
    return rate
