"""Stored resources in an account: made, processed, changed, deleted, counted, copied."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from fake_runway.core.asset_calls import (
    adopt_asset,
    apply_asset_event,
    create_asset,
    delete_asset,
    get_asset,
    put_asset,
    update_asset,
)
from fake_runway.core.assets.asset import AssetKind, AssetPlan
from fake_runway.core.assets.rules import AssetChange
from fake_runway.core.durations import NEVER, Fixed
from fake_runway.core.errors import AssetLimitReached, IllegalTransition, InsufficientCredits
from fake_runway.core.lifecycles.asset import BY_CALLS, AssetEvent
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Limits
from tests.unit.fake_runway.core.assets.playing import CAKE, JAR, Oven, UnknownThing, account_with
from tests.unit.fake_runway.core.playing import FOREIGN_ID, START

BAKED = AssetPlan(Fixed(30.0))
BURNT = AssetPlan(Fixed(30.0), Failure("BURNT", "Too hot."))
BOTH = pytest.mark.parametrize("kind", [CAKE, JAR], ids=lambda kind: kind.name)


def test_it_is_processed_at_its_own_instant() -> None:
    """However late somebody looks, READY is stamped with the instant at which it was due."""
    account = account_with()
    cake = create_asset(account, CAKE, "dough", at=START, plan=BAKED)
    assert (cake.state, account.next_due_at) == (Oven.PROCESSING, START + 30)

    cake = get_asset(account, CAKE, cake.id, at=START + 100)

    assert (cake.state, cake.ready_at, cake.updated_at) == (Oven.READY, START + 30, START)


def test_a_plan_with_a_failure_fails() -> None:
    """It says why, and no longer once it is processed anew and well."""
    account = account_with()
    cake = create_asset(account, CAKE, "dough", at=START, plan=BURNT)
    cake = get_asset(account, CAKE, cake.id, at=START + 30)
    assert cake.failure == BURNT.failure

    cake = update_asset(account, cake, "new dough", at=START + 40, again=BAKED)

    assert (cake.state, cake.failure, cake.due_at) == (Oven.PROCESSING, None, START + 70)


def test_a_change_that_needs_no_processing_leaves_what_is_due() -> None:
    """It would else be READY later for having been renamed."""
    account = account_with()
    cake = create_asset(account, CAKE, "dough", at=START, plan=BAKED)
    cake = update_asset(account, cake, "dough with a name", at=START + 20)
    assert (cake.due_at, cake.updated_at) == (START + 30, START + 20)
    assert get_asset(account, CAKE, cake.id, at=START + 30).is_ready


@BOTH
def test_what_is_deleted_is_not_found_and_still_known(kind: AssetKind) -> None:
    """Others may name it; nothing happens to it any more."""
    account = account_with()
    thing = create_asset(account, kind, "it", at=START, plan=BAKED)
    delete_asset(account, thing, at=START + 1)

    with pytest.raises(UnknownThing):
        get_asset(account, kind, thing.id, at=START + 100)
    deleted = account.assets.find(kind.name, thing.id)
    assert deleted is not None
    assert (deleted.is_deleted, deleted.due_at, account.next_due_at) == (True, None, None)


def test_deletions_are_kept_within_the_retention() -> None:
    """The oldest go first."""
    account = account_with(limits=Limits(retained=2))
    jars = [create_asset(account, JAR, n, at=START) for n in range(4)]
    for jar in jars:
        delete_asset(account, jar, at=START)
    assert [account.assets.deleted("jar", jar.id) is None for jar in jars] == [
        *(True, True, False, False)
    ]
    assert account.assets.evicted == 2


@BOTH
def test_a_limit_counts_what_is_there(kind: AssetKind) -> None:
    """A deletion makes room, and another kind takes none."""
    account = account_with()
    create_asset(account, JAR if kind is CAKE else CAKE, "another", at=START)
    first = create_asset(account, kind, "it", at=START, most=1)
    with pytest.raises(AssetLimitReached):
        create_asset(account, kind, "it", at=START, most=1)
    delete_asset(account, first, at=START)
    assert create_asset(account, kind, "it", at=START, most=1).id != first.id


def test_a_charge_is_paid_at_once_or_refused() -> None:
    """By day and kind; a refused create leaves no trace."""
    account = account_with(limits=Limits(credits=5))
    create_asset(account, CAKE, "dough", at=START, charge=3)
    assert (account.spent, account.left) == (3, 2)
    assert account.assets.spent == {(int(START // 86_400), "cake"): 3}
    before = deepcopy({**vars(account), "_record_asset": None})
    with pytest.raises(InsufficientCredits):
        create_asset(account, CAKE, "dough", at=START, charge=3)
    assert {**vars(account), "_record_asset": None} == before


def test_events_of_admins_follow_the_table() -> None:
    """No row, no event; what a PATCH brings along has no event of its own."""
    account = account_with()
    cake = create_asset(account, CAKE, "dough", at=START, plan=AssetPlan(NEVER))
    apply_asset_event(account, CAKE, cake.id, AssetEvent.PROCESSED, at=START + 1)
    for event in (AssetEvent.PROCESSED, AssetEvent.FAILED, *BY_CALLS):
        with pytest.raises(IllegalTransition):
            apply_asset_event(account, CAKE, cake.id, event, at=START + 2)
    with pytest.raises(UnknownThing):
        apply_asset_event(account, CAKE, FOREIGN_ID, AssetEvent.FAILED, at=START + 2)


def test_ids_are_draws_of_their_kind() -> None:
    """Another kind in between shifts none of them; an id that was taken is left out."""
    one, two = account_with(), account_with()
    ids = [create_asset(one, JAR, "it", at=START).id for _ in range(3)]
    create_asset(two, CAKE, "dough", at=START)
    adopt_asset(two, JAR, ids[1], "it", at=START)
    assert [create_asset(two, JAR, "it", at=START).id for _ in range(1)] == [ids[2]]
    with pytest.raises(ValueError, match="expected the id of no jar"):
        adopt_asset(two, JAR, ids[1], "it", at=START)


def test_what_was_asked_for_exists_where_the_settings_say_so() -> None:
    """Deleted, it exists again with the next call."""
    account = account_with()
    with pytest.raises(UnknownThing):
        get_asset(account, JAR, FOREIGN_ID, at=START, materialised=lambda: "it")
    account.change_settings(replace(account.settings, materialise=True), at=START)
    for _ in range(2):
        jar = get_asset(account, JAR, FOREIGN_ID, at=START, materialised=lambda: "it")
        assert (jar.content, jar.is_ready) == ("it", True)
        delete_asset(account, jar, at=START)


def test_a_copy_shares_nothing_that_changes() -> None:
    """What happens to one account afterwards is not seen in the other."""
    account = account_with()
    cake = create_asset(account, CAKE, "dough", at=START, plan=BAKED)
    twin = account.copy(lambda _: None)
    delete_asset(account, cake, at=START + 1)
    create_asset(account, JAR, "it", at=START + 1)

    assert get_asset(twin, CAKE, cake.id, at=START + 30).is_ready
    assert not twin.assets.of_kind("jar")


@pytest.mark.parametrize("state", [*(each.value for each in Oven), ""])
def test_one_can_be_put_in_any_state(state: str) -> None:
    """For seeds and admins: at once, by the table, and it goes on from there as the plan says."""
    account = account_with()
    cake = put_asset(
        account, CAKE, "dough", at=START, state=state, plan=BAKED, failure=BURNT.failure
    )
    assert cake.state.value == (state or "processing")
    assert cake.failure == (BURNT.failure if state == "failed" else None)
    assert (account.assets.get("cake", cake.id) is None) is (state == "deleted")
    account.advance(START + 30)
    if state in ("", "processing"):
        assert account.assets.of_kind("cake")[cake.id].is_ready
    if state in ("ready", "failed"):
        again = update_asset(account, cake, "again", at=START + 40, again=BAKED)
        assert again.due_at == START + 70


def test_an_unknown_state_is_refused() -> None:
    """Nothing is put in place."""
    account = account_with()
    with pytest.raises(ValueError, match="processing, ready, failed, deleted"):
        put_asset(account, CAKE, "dough", at=START, state="cold")
    assert account.assets.created_count == 0


@BOTH
def test_all_is_counted(kind: AssetKind) -> None:
    """What was created, what is there, which of its kind each is, and how often it has changed."""
    account = account_with()
    first, second = (create_asset(account, kind, "it", at=START, plan=BAKED) for _ in range(2))
    assert [each.ordinal for each in (first, second)] == [0, 1]
    assert second.rank > first.rank
    changed = update_asset(account, first, "another", at=START)
    assert [first.version, changed.version] == [0, 1]
    delete_asset(account, second, at=START)
    assets = account.assets
    assert (assets.created_count, assets.live) == (2, 1)
    assert {each.id for each in assets.every()} == {first.id, second.id}


def test_what_is_due_at_one_instant_happens_in_the_order_of_creates() -> None:
    """And processing leaves what a client has said."""
    recorded: list[AssetChange] = []
    account = account_with(recorded.append)
    cakes = [create_asset(account, CAKE, f"dough {at}", at=START + at, plan=BAKED) for at in (0, 1)]
    later = update_asset(account, cakes[0], "again", at=START + 1, again=BAKED)
    account.advance(START + 100)
    ended = [change.after for change in recorded if change.event is AssetEvent.PROCESSED]
    assert [each.id for each in ended] == [later.id, cakes[1].id]
    assert [each.content for each in ended] == ["again", "dough 1"]
