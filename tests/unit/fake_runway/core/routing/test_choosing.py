"""How a router chooses: laws for any candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.routing.choosing import Candidate, Filter, Preference, choose
from fake_runway.core.routing.routers import (
    NoEligibleModel,
    RouterContent,
    UnknownRouterConfig,
    changed_router,
    new_router,
)
from tests.unit.fake_runway.core.playing import LAW

pools = st.lists(
    st.builds(
        Candidate,
        st.text("abcdef", min_size=1, max_size=2),
        st.just("text_to_video"),
        st.just({}),
        st.frozensets(st.sampled_from(Filter), max_size=2),
        st.integers(0, 5).map(float),
        st.integers(1, 5).map(float),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda each: each.model,
)


@LAW
@given(pools, st.sampled_from(Preference), st.booleans(), st.booleans())
def test_an_eligible_model_is_chosen_if_there_is_one(
    pool: list[Candidate], prefers: Preference, on_capacity: bool, ranking: bool
) -> None:
    """And none else; every step leaves a part of what the one before has left."""
    choice = choose(pool, prefers=prefers, on_capacity=on_capacity, ranking=ranking)
    eligible = [each for each in pool if not each.fails]
    assert (choice.chosen is None) == (not eligible)
    filters = [step for step in choice.pipeline if step["type"] == "filter"]
    left = [each.model for each in pool]
    for step in filters:
        assert [model for model in left if model in step["models"]] == step["models"]
        left = step["models"]
    if choice.chosen is None:
        assert choice.emptied_by == (filters[-1]["filter"],)
        assert (left, choice.reason_code) == ([], None)
        return
    assert choice.chosen in eligible
    assert left == [each.model for each in eligible]
    assert choice.pipeline[-1]["type"] == "rank"
    assert choice.reason_code is not None


@LAW
@given(pools, st.sampled_from(Preference))
def test_busy_models_are_passed_over_unless_all_are(
    pool: list[Candidate], prefers: Preference
) -> None:
    """Those that rank before the chosen one are skipped; without the switch none is."""
    choice = choose(pool, prefers=prefers, on_capacity=True)
    eligible = [each for each in pool if not each.fails]
    if choice.chosen is None:
        return
    patient = choose(pool, prefers=prefers, on_capacity=False)
    assert not patient.skipped
    assert not patient.all_exhausted
    free = [each for each in eligible if each.is_free]
    assert choice.all_exhausted == (not free)
    if free:
        assert choice.chosen.is_free
        assert not {*choice.skipped} & {each.model for each in free}
    else:
        assert (choice.chosen, choice.skipped) == (patient.chosen, ())
    if not choice.skipped:
        assert choice.chosen == patient.chosen


@LAW
@given(pools)
def test_the_preference_ranks(pool: list[Candidate]) -> None:
    """The cheapest of known price, the one that takes least time, the dearest."""
    eligible = [each for each in pool if not each.fails]
    if not eligible:
        return
    cheapest = choose(pool, prefers=Preference.COST, on_capacity=False).chosen
    assert cheapest is not None
    of_known_price = [each for each in eligible if each.priced] or eligible
    assert cheapest.credits == min(each.credits for each in of_known_price)
    fastest = choose(pool, prefers=Preference.LATENCY, on_capacity=False).chosen
    assert fastest is not None
    assert fastest.usual_s == min(each.usual_s for each in eligible)
    best = choose(pool, prefers=Preference.QUALITY, on_capacity=False).chosen
    assert best is not None
    assert best.credits == max(each.credits for each in eligible)
    unranked = choose(pool, prefers=Preference.QUALITY, on_capacity=False, ranking=False).chosen
    assert unranked == eligible[0]


def test_a_change_of_settings_is_a_version() -> None:
    """Names are none, nor are settings that stay as they are; what a change leaves out stays."""
    router = new_router({"slug": "a"})
    assert router == RouterContent("a", "a", None, 1, router.settings)
    assert changed_router(router, {"name": "b", "description": "c"}).version == 1
    assert changed_router(router, {"settings": {"optimizeFor": "cost"}}) == router
    allowed = {"mode": "allowlist_only", "ids": ["x"]}
    changed = changed_router(router, {"settings": {"models": allowed}})
    assert (changed.version, changed.allows("x"), changed.allows("y")) == (2, True, False)
    denied = {"mode": "allow_new_except", "ids": ["x"]}
    again = changed_router(changed, {"settings": {"models": denied}})
    assert (again.version, again.allows("x"), again.allows("y")) == (3, False, True)
    assert again.prefers is Preference.COST
    assert (again.ceiling("video"), again.on_capacity) == (None, False)


def model(name: str, credits: float, *, is_free: bool = True) -> Candidate:
    """Return an eligible model."""
    return Candidate(name, "text_to_image", {}, frozenset(), credits, credits, is_free)


@pytest.mark.parametrize(
    ("prefers", "ranking", "outcome", "reason"),
    [
        (Preference.COST, True, "cost", "lowest_cost"),
        (Preference.COST, False, "cost", "lowest_cost"),
        (Preference.LATENCY, True, "selected", "best_latency"),
        (Preference.QUALITY, True, "selected", "best_quality"),
        (Preference.QUALITY, False, "fallback", "filter_order_fallback"),
    ],
)
def test_a_choice_says_why(prefers: Preference, ranking: bool, outcome: str, reason: str) -> None:
    """By what the router prefers, if it had a choice and a ranking; no step is about capacity."""
    two = [model("a", 1.0), model("b", 2.0)]
    choice = choose(two, prefers=prefers, on_capacity=True, ranking=ranking)
    assert choice.pipeline[-1] == {"type": "rank", "outcome": outcome}
    assert [step["type"] for step in choice.pipeline] == ["filter"] * len(Filter) + ["rank"]
    assert (choice.reason_code, choice.all_exhausted) == (reason, False)
    alone = choose(two[:1], prefers=prefers, on_capacity=True, ranking=ranking)
    assert alone.pipeline[-1]["outcome"] == "single_candidate"
    assert alone.reason_code == "only_eligible_model"


@pytest.mark.parametrize(
    ("free", "skipped", "exhausted", "chosen"),
    [
        ([False, True], ["a"], False, "b"),
        ([False, False], [], True, "a"),
        ([True, False], [], False, "a"),
    ],
)
def test_a_choice_shows_capacity_where_that_mattered(
    free: list[bool], skipped: list[str], exhausted: bool, chosen: str
) -> None:
    """Models were passed over, or none has room; else nothing is said."""
    two = [model("a", 1.0, is_free=free[0]), model("b", 2.0, is_free=free[1])]
    choice = choose(two, prefers=Preference.COST, on_capacity=True)
    steps = [step for step in choice.pipeline if step["type"] == "capacity"]
    expected = {"type": "capacity", "skipped": skipped, "allExhausted": exhausted}
    assert steps == ([expected] if skipped or exhausted else [])
    assert choice.chosen is not None
    assert choice.chosen.model == chosen


def test_settings_are_merged_as_deep_as_they_go() -> None:
    """A PATCH of one limit leaves the others."""
    limits = [{"maxCreditsPerGeneration": {kind: 9}} for kind in ("image", "video")]
    router = new_router({"slug": "a", "settings": limits[0]})
    changed = changed_router(router, {"settings": limits[1]})
    assert changed.settings == {
        "schemaVersion": 1,
        "optimizeFor": "cost",
        "maxCreditsPerGeneration": {"image": 9, "video": 9},
    }


def test_a_refusal_shows_the_filters_alone() -> None:
    """With their names, and which of them left no model."""
    filters = ({"type": "filter", "filter": "price", "models": []},)
    refusal = NoEligibleModel((*filters, {"type": "rank", "outcome": "cost"}), ("price",))
    assert refusal.fields == {
        "code": "no_eligible_model",
        "pipeline": [*filters],
        "emptiedBy": ["price"],
    }
    assert UnknownRouterConfig().status == 404
