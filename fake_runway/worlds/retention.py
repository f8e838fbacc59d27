"""How many worlds are kept, and how long."""

from dataclasses import dataclass

from fake_runway.core.history.journal import DEFAULT_CAPACITY


@dataclass(frozen=True, slots=True)
class Retention:
    """How many worlds are kept, and how long.

    Attributes:
        most: how many; beyond it the world that was used longest ago is dropped.
        idle_s: seconds of real time without a call after which a world is dropped.
        journal: exchanges that each world keeps.
    """

    most: int = 1_000
    idle_s: float = 3_600.0
    journal: int = DEFAULT_CAPACITY


DEFAULT_RETENTION = Retention()
