"""The sliding window counter: whether a caller's next connect may pass, and when. Pure.

It keeps two numbers per caller and rate, the connects in this window and those in the one before,
which weighs less and less while this window goes by. Unlike a list of instants, what is kept of a
caller does not grow with the rate ("10000/day"), and in Redis it needs no clock but Redis' own. Its
price: around the border of two windows a caller can have up to twice the amount.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MARGIN_S = 0.002
"""Added to each wait: Redis counts in milliseconds, and a connect that is early by one fails."""

MOST_CALLERS = 100_000
"""The most that are kept in process, some hundred bytes each; the one idle longest is evicted."""


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """How often a caller may connect: `amount` times in `window_s` seconds."""

    window_s: int
    amount: int


@dataclass(slots=True)
class WindowCount:
    """The connects of one caller for one rate.

    Attributes:
        start: when the current window began.
        previous, current: connects that passed in the window before and in this one.
    """

    start: float
    previous: int = 0
    current: int = 0

    def roll(self, window_s: float, now: float) -> None:
        """Move on to the window that `now` lies in."""
        age = now - self.start
        if age >= 2 * window_s:
            self.start, self.previous, self.current = now, 0, 0
        elif age >= window_s:
            self.start, self.previous, self.current = self.start + window_s, self.current, 0


def wait_s(rate: Rate, *, previous: int, current: int, left_s: float) -> float:
    """Return the seconds until one more connect may pass, 0 if it may now.

    Waiting exactly that long is enough, unless another connect under this name comes first.

    Args:
        previous, current: connects in the window before, and in this one.
        left_s: until this window ends; the same share of the window before still counts.
    """
    window = rate.window_s
    if int(previous * left_s / window) + current < rate.amount:
        return 0.0
    if current < rate.amount:  # the window before has to fade
        return left_s - (rate.amount - current) * window / previous + MARGIN_S
    return left_s + window * (1 - rate.amount / current) + MARGIN_S  # then this one has to


class Counters:
    """The counts of all callers of one process."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates = tuple(rates)
        self._longest_s = max((rate.window_s for rate in self._rates), default=0)
        self._callers: dict[str, tuple[WindowCount, ...]] = {}  # the one idle longest comes first

    def __len__(self) -> int:
        return len(self._callers)

    def take(self, caller: str, now: float) -> float:
        """Count one connect and return 0, or count nothing and return the seconds to wait.

        Args:
            now: seconds since an arbitrary instant, never less than the time before.
        """
        counts = self._callers.get(caller) or tuple(WindowCount(now) for _ in self._rates)
        waits = []
        for rate, count in zip(self._rates, counts, strict=True):
            count.roll(rate.window_s, now)
            left_s = count.start + rate.window_s - now
            waits.append(
                wait_s(rate, previous=count.previous, current=count.current, left_s=left_s)
            )
        if any(waits):
            return max(waits)
        for count in counts:
            count.current += 1
        self._callers.pop(caller, None)
        self._callers[caller] = counts
        for _ in range(2):  # evict more callers than one connect can add
            oldest = next(iter(self._callers))
            idle = all(now - count.start >= 2 * self._longest_s for count in self._callers[oldest])
            if idle or len(self._callers) > MOST_CALLERS:
                del self._callers[oldest]
        return 0.0
