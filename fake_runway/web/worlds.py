"""The worlds of one server, made when first named."""

from collections.abc import Callable
from dataclasses import dataclass

from fake_runway.clock import VirtualClock
from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.durations import Fixed
from fake_runway.core.settings import Settings
from fake_runway.core.world import key_tag


@dataclass(slots=True)
class World:
    """Everything that callers of one world share, and nobody else sees.

    Attributes:
        calls: requests answered so far; the ordinal of each call's draws.
    """

    name: str
    settings: Settings
    draws: Draws
    account: Account
    clock: VirtualClock
    calls: int = 0

    def __repr__(self) -> str:
        return f"<World {self.name} {self.account!r}>"

    def next_latency_s(self) -> float:
        """Return how long this call's answer is to be held back, in seconds of this world."""
        ordinal = self.calls
        self.calls += 1
        latency = self.settings.latency
        if isinstance(latency, Fixed):  # no draw needed, and the usual case
            return latency.seconds
        return latency.sample(self.draws.number("latency", ordinal))


class Worlds:
    """Finds or makes worlds.

    Args:
        seed: what all random choices of all worlds follow from.
        settings: how new worlds behave.
        source: POSIX seconds that never run backwards.
        rate: how fast the clocks of new worlds go.
    """

    def __init__(
        self, *, seed: str, settings: Settings, source: Callable[[], float], rate: float = 1.0
    ) -> None:
        self._seed = seed
        self.settings = settings
        self._source = source
        self._rate = rate
        self._by_name: dict[str, World] = {}
        self._by_tag: dict[str, World] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> World:
        """Return the world of that name."""
        world = self._by_name.get(name)
        if world is None:
            world = self._by_name[name] = self._by_tag[key_tag(name)] = self._new(name)
        return world

    def of_tag(self, tag: str | None) -> World | None:
        """Return the world whose session keys carry `tag`, None if there is none."""
        return None if tag is None else self._by_tag.get(tag)

    def _new(self, name: str) -> World:
        draws = Draws(self._seed, name)
        return World(
            name=name,
            settings=self.settings,
            draws=draws,
            account=Account(draws=draws, key_tag=key_tag(name), settings=self.settings),
            clock=VirtualClock(self._source, rate=self._rate),
        )
