"""How many tasks an account may have at once and in a day, for each model."""

from typing import NamedTuple

from fake_runway.core.tasks.models import TIERS, Quota
from fake_runway.core.values import dataclass

OF_THE_TIER = -1
"""A limit that the tier decides."""

WORKFLOWS = "workflows"
"""What the runs of all workflows take up capacity of, in place of a model."""


class ModelLimits(NamedTuple):
    """Tasks of one model: at once, and creates in any 24 hours. None: no limit."""

    concurrency: int | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What an account may use for tasks, for each model. `OF_THE_TIER`: as the tier says.

    Attributes:
        workflows: runs of workflows at once; None: no limit.
        busy: the models whose capacity others take up; None: all.
    """

    tier: int = 5
    concurrency: int | None = OF_THE_TIER
    daily: int | None = OF_THE_TIER
    workflows: int | None = None
    busy: frozenset[str] | None = frozenset()

    def of_pool(self, pool: str, quota: Quota) -> ModelLimits:
        """Return the limits of what a task takes up capacity of: a model, or `WORKFLOWS`."""
        if pool == WORKFLOWS:
            return ModelLimits(self.workflows, None)
        limits = self.of(quota)
        return (
            limits
            if self.busy is not None and pool not in self.busy
            else limits._replace(concurrency=0)
        )

    def of(self, quota: Quota) -> ModelLimits:
        """Return the limits of each model with this kind of quota."""
        usual = TIERS[quota][self.tier - 1]
        return ModelLimits(
            usual.concurrent if self.concurrency == OF_THE_TIER else self.concurrency,
            usual.daily if self.daily == OF_THE_TIER else self.daily,
        )
