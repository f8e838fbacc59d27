"""Every model that makes something, with its price: one table.

A row says what a call of an endpoint with a model makes, costs, takes, and counts against, and
where the price comes from. A model that is missing is one new row. `Models` finds rows, `estimate`
and `cost` price a body, `substitute` makes a row for a model that only a newer API has.

Prices change without notice. docs/prices.md is made from this table.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from enum import Enum

from fake_runway.core.tasks.orders import NOT_READ, InputMedia, Length, Order, Output, order
from fake_runway.core.tasks.prices import DEFAULT_PRICE, Flat, Price
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass


class Certainty(Enum):
    """How sure a price is.

    Attributes:
        HIGH: two or more independent copies of the official page agree.
        MEDIUM: one copy.
        LOW: arithmetic or hearsay.
        NONE: none is known.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class Quota(Enum):
    """What a model's limits depend on, beside the tier.

    The page on tiers has five columns without their names; which is which is known from one account
    of the first tier, and assumed of models that it did not show.
    """

    VIDEO = "video"
    IMAGE = "image"
    AUDIO = "audio"
    AVATAR = "avatar"


@dataclass(frozen=True, slots=True)
class TierLimits:
    """What one project may do with one model.

    Attributes:
        concurrent: generations that run at once; more are THROTTLED.
        daily: generations in any 24 hours; more are refused.
    """

    concurrent: int
    daily: int


_NARROW = (
    TierLimits(1, 50),
    TierLimits(3, 500),
    TierLimits(5, 1_000),
    TierLimits(10, 5_000),
    TierLimits(20, 25_000),
)
_WIDE = (
    TierLimits(2, 200),
    TierLimits(3, 1_000),
    TierLimits(5, 2_000),
    TierLimits(10, 10_000),
    TierLimits(20, 30_000),
)
TIERS: Mapping[Quota, tuple[TierLimits, ...]] = {
    Quota.VIDEO: _NARROW,
    Quota.IMAGE: _WIDE,
    Quota.AUDIO: _NARROW,
    Quota.AVATAR: _NARROW,
}
"""Limits by tier, from the first. Source: the page on tiers; observed in an account of tier 1."""

MONTHLY_CREDITS = (10_000, 50_000, 200_000, 2_000_000, 10_000_000)
"""What an organization may spend in a month, by tier. Source: the page on tiers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row: a model, on the endpoints where it makes the same for the same price.

    Attributes:
        id: the `model` of the body; of a recipe, which has none, its name.
        endpoints: paths below /v1/, such as `text_to_video`.
        output: what is made.
        price: the rule; None: unknown.
        source: where the price comes from.
        defaults: what is meant where the body leaves something out; assumed where nothing is said.
        length: what else decides how long the output is.
        quota: what its limits depend on.
        limited_as: the model whose limits count for this one, too.
        typical_s: how long a task usually runs; assumed, but for those that `source` says.
    """

    id: str
    endpoints: tuple[str, ...]
    output: Output
    price: Price | None
    source: str
    certainty: Certainty
    quota: Quota
    typical_s: float
    defaults: Json = field(default_factory=dict)
    length: Length = Length.ASKED
    limited_as: str | None = None

    def order(self, body: Json, media: InputMedia = NOT_READ) -> Order:
        """Return what a valid `body` asks this model for."""
        return order(self.output, self.length, self.defaults, body, media)

    def limits(self, tier: int) -> TierLimits:
        """Return what a project of `tier` (1 to 5) may do with it."""
        return TIERS[self.quota][tier - 1]


def estimate(
    model: Model, body: Json, media: InputMedia = NOT_READ, *, default: float = DEFAULT_PRICE
) -> float:
    """Return the credits that a valid `body` will cost, perhaps a fraction.

    Args:
        media: what is known of the inputs that the body names.
        default: what a task of a model without a price costs.
    """
    price = model.price or Flat(default)
    return round(price.credits(model.order(body, media)), 4)


def cost(estimated: float) -> int:
    """Return what is charged for an estimate: whole credits, rounded up. Rounding is assumed."""
    return math.ceil(estimated)


class Models:
    """The rows that a server knows, found by endpoint and body."""

    def __init__(self, rows: Iterable[Model]) -> None:
        self._rows = tuple(rows)
        self._by_call = {(each, row.id): row for row in self._rows for each in row.endpoints}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._rows)

    def find(self, endpoint: str, body: Json) -> Model | None:
        """Return the row for a valid body of `endpoint`, such as `text_to_video`."""
        return self._by_call.get((endpoint, model_id(endpoint, body)))

    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return every endpoint with each of its models."""
        return frozenset(self._by_call)


def model_id(endpoint: str, body: Json) -> str:
    """Return what a body calls its model; recipes are their own."""
    return str(body.get("model") or endpoint.rpartition("/")[2])


def usage_id(model: Model, body: Json) -> str:
    """Return the name under which the organization's usage lists a call with a valid body."""
    if model.id != "gwm1_avatars":
        return model.id
    speech = body.get("speech")
    kind = "audio" if isinstance(speech, Mapping) and speech.get("type") == "audio" else "text"
    return f"gwm1_avatar_async_{kind}_to_video"


def substitute(endpoint: str, body: Json) -> Model:
    """Return a row for a model that the table does not have: priced by default, kind guessed."""
    output = next((kind for word, kind in _KINDS if word in endpoint), Output.VIDEO)
    quota = {Output.IMAGE: Quota.IMAGE, Output.AUDIO: Quota.AUDIO}.get(output, Quota.VIDEO)
    return Model(
        id=model_id(endpoint, body),
        endpoints=(endpoint,),
        output=output,
        price=None,
        source="",
        certainty=Certainty.NONE,
        quota=quota,
        typical_s=60.0,
        defaults={"duration": 5, "ratio": "1280:720"},
    )


_KINDS = (
    ("to_video", Output.VIDEO),
    ("to_image", Output.IMAGE),
    ("image_upscale", Output.IMAGE),
    ("to_audio", Output.AUDIO),
    ("speech", Output.AUDIO),
    ("voice", Output.AUDIO),
    ("sound", Output.AUDIO),
    ("audio", Output.AUDIO),
    ("image", Output.IMAGE),
)
