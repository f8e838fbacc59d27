"""How a router chooses a model, as pure functions.

Every model that makes the asked kind of thing is a candidate. Five filters follow each other in the
published order, each on what the one before has left; then models without free capacity are passed
over, if the router says so; then what is left is ranked. Nothing here knows what makes a candidate
fail a filter: `runway_api/candidates.py` reads that from the shapes of the endpoints.

Source: the published document for the filters, their order, the steps and the reasons. Assumed: by
cost, models without a known price come last; for latency, the model is best that usually takes
least time; for quality, the dearest.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from fake_runway.core.types import Json


class Filter(Enum):
    """A reason for which a model is not eligible, in the order in which they are looked at."""

    CAPABILITY = "capability"
    PROMPT_LENGTH = "prompt_length"
    INPUT_SUPPORT = "input_support"
    ALLOW_DENY = "allow_deny"
    PRICE = "price"


class Preference(Enum):
    """What a router prefers among eligible models."""

    COST = "cost"
    LATENCY = "latency"
    QUALITY = "quality"


class Candidate(NamedTuple):
    """A model that may be chosen.

    Attributes:
        model: its id.
        endpoint: the path below /v1/ whose body asks it.
        body: that body.
        fails: the filters that it does not pass.
        credits: the estimate for the whole generation.
        usual_s: how long it usually takes, in seconds.
        is_free: it has capacity for one more.
        priced: its price is known; else it is the last that the cost chooses.
    """

    model: str
    endpoint: str
    body: Json
    fails: frozenset[Filter]
    credits: float
    usual_s: float
    is_free: bool
    priced: bool = True


class Choice(NamedTuple):
    """What a router has chosen, and why.

    Attributes:
        chosen: None: no model is eligible.
        pipeline: the steps, as the API shows them.
        emptied_by: the filter that left none.
        reason_code: as the API has it; None: nothing was ranked.
        skipped: eligible models without free capacity that were passed over.
        all_exhausted: no eligible model has free capacity, so the best of them was chosen.
    """

    chosen: Candidate | None
    pipeline: tuple[Json, ...]
    emptied_by: tuple[str, ...] = ()
    reason_code: str | None = None
    skipped: tuple[str, ...] = ()
    all_exhausted: bool = False


_REASONS = {
    Preference.COST: "lowest_cost",
    Preference.LATENCY: "best_latency",
    Preference.QUALITY: "best_quality",
}
REASON_TEXTS = {
    "lowest_cost": "It costs least of the eligible models.",
    "best_latency": "It usually takes least time of the eligible models.",
    "best_quality": "It is ranked first for quality.",
    "only_eligible_model": "No other model is eligible.",
    "filter_order_fallback": "Ranking was not available; it is the first in the order of filters.",
}
"""The reasons of a choice, for people. The texts are ours."""


def choose(
    candidates: Sequence[Candidate],
    *,
    prefers: Preference,
    on_capacity: bool,
    ranking: bool = True,
) -> Choice:
    """Choose one of the candidates, which are in the order of the filters' lists.

    Args:
        on_capacity: models without free capacity are passed over.
        ranking: whether preferences for latency and quality can be ranked.
    """
    left, pipeline = list(candidates), list[Json]()
    for each in Filter:
        left = [one for one in left if each not in one.fails]
        names = [one.model for one in left]
        pipeline.append({"type": "filter", "filter": each.value, "models": names})
        if not left:
            return Choice(None, tuple(pipeline), (each.value,))
    skipped, all_exhausted = list[str](), False
    if on_capacity and not all(one.is_free for one in left):
        free = [one for one in left if one.is_free]
        all_exhausted = not free
        ranked = _ranked(left, prefers, ranking=ranking)
        best = next((place for place, one in enumerate(ranked) if one.is_free), 0)
        skipped = [one.model for one in ranked[:best]]
        left = free or left
        if skipped or all_exhausted:
            step = {"type": "capacity", "skipped": skipped, "allExhausted": all_exhausted}
            pipeline.append(step)
    outcome, reason = _outcome(left, prefers, ranking=ranking)
    pipeline.append({"type": "rank", "outcome": outcome})
    chosen = _ranked(left, prefers, ranking=ranking)[0]
    return Choice(chosen, tuple(pipeline), (), reason, tuple(skipped), all_exhausted)


def _ranked(
    candidates: Sequence[Candidate], prefers: Preference, *, ranking: bool
) -> list[Candidate]:
    if prefers is Preference.COST:
        return sorted(candidates, key=lambda one: (not one.priced, one.credits))
    if not ranking:
        return list(candidates)
    if prefers is Preference.LATENCY:
        return sorted(candidates, key=lambda one: one.usual_s)
    return sorted(candidates, key=lambda one: -one.credits)


def _outcome(
    candidates: Sequence[Candidate], prefers: Preference, *, ranking: bool
) -> tuple[str, str]:
    if len(candidates) == 1:
        return "single_candidate", "only_eligible_model"
    if prefers is Preference.COST:
        return "cost", _REASONS[prefers]
    return ("selected", _REASONS[prefers]) if ranking else ("fallback", "filter_order_fallback")
