"""How a router chooses: laws for any candidates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.routing.choosing import Candidate, Filter, Preference, choose
from fake_runway.core.routing.routers import RouterContent, changed_router, new_router
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
