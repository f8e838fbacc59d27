"""How many tasks an account may have at once and in a day, for each model."""

from dataclasses import dataclass
from typing import NamedTuple

from fake_runway.core.tasks.models import TIERS, Quota

OF_THE_TIER = -1
"""A limit that the tier decides."""


class ModelLimits(NamedTuple):
    """Tasks of one model: at once, and creates in any 24 hours. None: no limit."""

    concurrency: int | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What an account may use for tasks, for each model. `OF_THE_TIER`: as the tier says."""

    tier: int = 5
    concurrency: int | None = OF_THE_TIER
    daily: int | None = OF_THE_TIER

    def of(self, quota: Quota) -> ModelLimits:
        """Return the limits of each model with this kind of quota."""
        usual = TIERS[quota][self.tier - 1]
        return ModelLimits(
            usual.concurrent if self.concurrency == OF_THE_TIER else self.concurrency,
            usual.daily if self.daily == OF_THE_TIER else self.daily,
        )
