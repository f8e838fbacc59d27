"""What clients and admins do with the stored resources of an account. Every function takes `at`.

`at` is now. The account decides and applies (`account.py`); here stands what each call checks
first. A kind adds its own rules on top (`runway_api/<kind>s.py`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fake_runway.core.account import Account
from fake_runway.core.assets.asset import PLAIN, Asset, AssetKind, AssetPlan, new_asset
from fake_runway.core.assets.rules import AssetChange, asset_transition, check_limit
from fake_runway.core.durations import NEVER
from fake_runway.core.errors import IllegalTransition, InsufficientCredits
from fake_runway.core.lifecycles.asset import BY_CALLS, AssetEvent, first_state
from fake_runway.core.lifecycles.session import Failure


def create_asset(
    account: Account,
    kind: AssetKind,
    content: Any,
    *,
    at: float,
    plan: AssetPlan = PLAIN,
    most: int | None = None,
    charge: int = 0,
) -> Asset:
    """Create a stored resource.

    Args:
        content: what it holds; an immutable value.
        most: how many of its kind there may be; None: any number.
        charge: credits that it costs.

    Raises:
        AssetLimitReached, InsufficientCredits: nothing was created or charged.
    """
    account.advance(at)
    assets = account.assets
    check_limit(kind, len(assets.of_kind(kind.name)), most)
    if account.left is not None and account.left < charge:
        raise InsufficientCredits("You do not have enough credits to run this task.")  # observed
    asset_id = _unused_id(account, kind)
    return _put_new(account, kind, asset_id, content, at=at, plan=plan, charge=charge)


def _unused_id(account: Account, kind: AssetKind) -> str:
    """Return the next id by ordinal, skipping ids that exist because they were asked for."""
    assets = account.assets
    while True:
        asset_id = account.draws.uuid(f"{kind.name}-id", assets.next_ordinal(kind.name))
        if assets.find(kind.name, asset_id) is None:
            return asset_id
        assets.skip_ordinal(kind.name)


def adopt_asset(
    account: Account,
    kind: AssetKind,
    asset_id: str,
    content: Any,
    *,
    at: float,
    plan: AssetPlan = PLAIN,
    made: bool = False,
) -> Asset:
    """Keep a resource under an id that is given, without limit and without charge.

    Args:
        made: it exists because its id was asked for.

    Raises:
        ValueError: there is one with that id.
    """
    account.advance(at)
    if account.assets.get(kind.name, asset_id) is not None:
        raise ValueError(f"expected the id of no {kind.name}, got that of one")
    return _put_new(account, kind, asset_id, content, at=at, plan=plan, made=made)


def _put_new(
    account: Account,
    kind: AssetKind,
    asset_id: str,
    content: Any,
    *,
    at: float,
    plan: AssetPlan,
    charge: int = 0,
    made: bool = False,
) -> Asset:
    assets = account.assets
    asset = new_asset(
        kind,
        asset_id,
        content,
        rank=assets.created_count,
        ordinal=assets.next_ordinal(kind.name),
        at=at,
        plan=plan,
        draws=account.draws,
        made=made,
    )
    return account.apply_asset(AssetChange(kind, at, None, None, asset, charge))


def get_asset(
    account: Account,
    kind: AssetKind,
    asset_id: str,
    *,
    at: float,
    materialised: Callable[[], Any] | None = None,
) -> Asset:
    """Return a resource as it is at `at`.

    Args:
        materialised: what one holds that is made because it was asked for; None: none is.

    Raises:
        kind.unknown: it never existed, or was deleted.
    """
    account.advance(at)
    asset = account.assets.get(kind.name, asset_id)
    if asset is not None:
        return asset
    if materialised is not None and account.settings.materialise:
        return adopt_asset(account, kind, asset_id, materialised(), at=at, made=True)
    raise kind.not_found()


def update_asset(
    account: Account, asset: Asset, content: Any, *, at: float, again: AssetPlan | None = None
) -> Asset:
    """Let a resource hold something else from now on.

    Args:
        asset: as `get_asset` returned it, at the same instant.
        again: how it is processed again; None: it needs not be.

    Raises:
        IllegalTransition: its kind is not processed; nothing changed.
    """
    event = AssetEvent.UPDATED if again is None else AssetEvent.REPLACED
    kind, draws = account.assets.kind(asset), account.draws
    return account.apply_asset(
        asset_transition(asset, kind, event, at, draws=draws, content=content, plan=again)
    )


def delete_asset(account: Account, asset: Asset, *, at: float) -> None:
    """Delete a resource, as `get_asset` returned it at the same instant."""
    kind = account.assets.kind(asset)
    change = asset_transition(asset, kind, AssetEvent.DELETED, at, draws=account.draws)
    account.apply_asset(change)


def apply_asset_event(
    account: Account,
    kind: AssetKind,
    asset_id: str,
    event: AssetEvent,
    *,
    at: float,
    failure: Failure | None = None,
) -> Asset:
    """Let `event` happen to a resource now, for an admin or a fault.

    Raises:
        kind.unknown.
        IllegalTransition: the table has no such row, or the event comes with a change.
    """
    asset = get_asset(account, kind, asset_id, at=at)
    if event in BY_CALLS:
        raise IllegalTransition(f"a {kind.name} is changed by a call alone")
    return account.apply_asset(
        asset_transition(asset, kind, event, at, draws=account.draws, failure=failure)
    )


def put_asset(
    account: Account,
    kind: AssetKind,
    content: Any,
    *,
    at: float,
    state: str = "",
    plan: AssetPlan | None = None,
    failure: Failure | None = None,
) -> Asset:
    """Make a resource that is in a state at once, without limit and without charge.

    Args:
        state: the value of one of its kind's states; empty: the one after its create.
        plan: how it goes on from there, as far as it does; None: that of the settings.
        failure: why it failed; None: unexplained.

    Raises:
        ValueError: no event leads to the state.
    """
    account.advance(at)
    states = {each.value: each for each in kind.resource.transitions}
    target = states[state] if state in states else first_state(kind.resource)
    if state not in ("", target.value):
        raise ValueError(f"expected one of {', '.join(states)}, got another state")
    plan = plan or account.settings.asset_plan(kind.name)
    waits = target is first_state(kind.resource)
    made = replace(plan, processing=plan.processing if waits else NEVER)
    asset = _put_new(account, kind, _unused_id(account, kind), content, at=at, plan=made)
    if waits:
        return asset
    event = next(e for e, s in kind.resource.transitions[asset.state].items() if s is target)
    change = asset_transition(
        asset, kind, event, at, draws=account.draws, plan=plan, failure=failure
    )
    return account.apply_asset(change)
