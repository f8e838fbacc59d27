"""How `then` says that one of several things happens by itself: by probabilities or weights."""

from collections import defaultdict
from collections.abc import Sequence

from fake_runway.core.outcomes import probabilities
from fake_runway.core.problems import inside
from fake_runway.core.types import Json

NOTHING_HAPPENS = "nothing"
"""As an event: the state goes on as usual."""

SHARE_SCHEMA: Json = {
    "probability": {
        "description": "Of happening, by the world's seed; for one state at most 1 together.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
    },
    "weight": {
        "description": "Its share of all that are given for the state; one of them happens.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1_000_000,
    },
}


def parse_shares(happenings: Sequence[Json]) -> list[float]:
    """Return the probability of each of the happenings, among those of its state.

    Raises:
        WrongScenario: at the last happening of the state whose shares are wrong.
    """
    of_state: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(happenings):
        of_state[each["in"]].append(index)
    shares = [1.0] * len(happenings)
    for places in of_state.values():
        with inside("then", places[-1]):
            given = [
                (happenings[at].get("probability"), happenings[at].get("weight")) for at in places
            ]
            for at, share in zip(places, probabilities(given), strict=True):
                shares[at] = share
    return shares
