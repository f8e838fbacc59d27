"""What an operator says about how often callers may connect, and how many at once."""

from dataclasses import dataclass

from gateway.clock import LoopClock
from gateway.limits.rates import parse_rate
from gateway.limits.storage import ANSWER_S, MEMORY, Outage, Storage, parse_storage
from gateway.limits.window import Rate
from gateway.settings import number, one_of, setting

LARGEST_IN_FLIGHT = 100_000


def _in_flight(text: str) -> int:
    return 0 if text.strip().lower() == "off" else number(int, 1, LARGEST_IN_FLIGHT)(text)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How often callers may connect. Each field says in its setting what it may hold.

    Attributes:
        rates: all of them hold for each caller; none: no limit.
        in_flight: 0: no limit.
    """

    rates: tuple[Rate, ...] = setting(
        "GATEWAY_RATE_LIMIT=off",
        parse_rate,
        "how often one caller may connect, such as 30/minute;500/day, or `off`",
    )
    in_flight: int = setting(
        "GATEWAY_IN_FLIGHT_LIMIT=off",
        _in_flight,
        f"the connects in flight at once over all callers and replicas, 1 to {LARGEST_IN_FLIGHT},"
        " or `off`",
    )
    storage: str = setting(
        f"GATEWAY_RATE_LIMIT_STORAGE={MEMORY}",
        parse_storage,
        "memory:// or the redis:// URL that replicas share; may hold a password",
        secret=True,
    )
    on_outage: Outage = setting(
        "GATEWAY_RATE_LIMIT_OUTAGE=open",
        one_of(Outage),
        "`open` or `closed`: whether callers may connect while that storage cannot be reached",
    )

    def open_storage(self, clock: LoopClock, answer_s: float = ANSWER_S) -> Storage | None:
        """Return what limits are shared through, None if this process keeps them to itself.

        Nothing is opened for limits that are off.
        """
        if self.storage == MEMORY or not (self.rates or self.in_flight):
            return None
        return Storage(self.storage, policy=self.on_outage, clock=clock, answer_s=answer_s)
