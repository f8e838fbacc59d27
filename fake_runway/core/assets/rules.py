"""Decisions about stored resources, as pure functions: from values to a change, or a refusal."""

from typing import Any, NamedTuple

from fake_runway.core.assets.asset import Asset, AssetKind, AssetPlan, asset_step
from fake_runway.core.draws import Draws
from fake_runway.core.errors import AssetLimitReached
from fake_runway.core.lifecycles.asset import AssetEvent
from fake_runway.core.lifecycles.session import Failure


class AssetChange(NamedTuple):
    """One step of one stored resource: what it was, what it becomes, when, and what it costs.

    Attributes:
        kind: of the resource.
        event: what happened; None for a new one.
        before: None for a new one.
        charge: credits.
    """

    kind: AssetKind
    at: float
    event: AssetEvent | None
    before: Asset | None
    after: Asset
    charge: int = 0


def asset_transition(
    asset: Asset,
    kind: AssetKind,
    event: AssetEvent,
    at: float,
    *,
    draws: Draws,
    content: Any = None,
    plan: AssetPlan | None = None,
    failure: Failure | None = None,
) -> AssetChange:
    """Return the change that `event` makes; arguments as of `asset_step`.

    Raises:
        IllegalTransition: the table has no such row.
    """
    after = asset_step(
        asset, kind, event, at, draws=draws, content=content, plan=plan, failure=failure
    )
    return AssetChange(kind, at, event, asset, after)


def due_asset_transition(asset: Asset, kind: AssetKind, *, draws: Draws) -> AssetChange:
    """Return what happens to a resource at its `due_at`."""
    at, event = asset.due_at, asset.due_event
    if at is None or event is None:
        raise ValueError("nothing is due")
    failure = asset.plan.failure if event is AssetEvent.FAILED else None
    return asset_transition(asset, kind, event, at, draws=draws, failure=failure)


def check_limit(kind: AssetKind, count: int, most: int | None) -> None:
    """Reject a create of one more than there may be.

    Args:
        count: how many there are.
        most: None for any number.

    Raises:
        AssetLimitReached.
    """
    if most is not None and count >= most:
        raise AssetLimitReached(f"You have reached the maximum number of {kind.name}s.")
