"""How many tasks of a model an account may have at once and in a day, by its usage tier."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Medium(Enum):
    """What a model makes."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class ModelLimits(NamedTuple):
    """Tasks of one model: at once, and creates in any 24 hours. None: no limit."""

    concurrency: int | None
    daily: int | None


def _tier(concurrency: int, daily: int, of_images: ModelLimits) -> Mapping[Medium, ModelLimits]:
    others = ModelLimits(concurrency, daily)
    return MappingProxyType(
        {Medium.IMAGE: of_images, Medium.VIDEO: others, Medium.AUDIO: others},
    )


TIERS: Mapping[int, Mapping[Medium, ModelLimits]] = MappingProxyType(
    {
        1: _tier(1, 50, ModelLimits(2, 200)),
        2: _tier(3, 500, ModelLimits(3, 1_000)),
        3: _tier(5, 1_000, ModelLimits(5, 2_000)),
        4: _tier(10, 5_000, ModelLimits(10, 10_000)),
        5: _tier(20, 25_000, ModelLimits(20, 30_000)),
    }
)
"""Source: the public tiers page. It has a range for each day; assumed: the upper end is images'.
For tier 1 that was seen live."""

OF_THE_TIER = -1
"""A limit that the tier decides."""


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What an account may use for tasks, for each model. `OF_THE_TIER`: as the tier says."""

    tier: int = 5
    concurrency: int | None = OF_THE_TIER
    daily: int | None = OF_THE_TIER

    def of(self, medium: Medium) -> ModelLimits:
        """Return the limits of each model that makes `medium`."""
        usual = TIERS[self.tier][medium]
        return ModelLimits(
            usual.concurrency if self.concurrency == OF_THE_TIER else self.concurrency,
            usual.daily if self.daily == OF_THE_TIER else self.daily,
        )
