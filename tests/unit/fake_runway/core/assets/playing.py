"""Accounts with stored resources under test: a kind that is processed, and one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.asset_calls import (
    apply_asset_event,
    create_asset,
    delete_asset,
    get_asset,
    update_asset,
)
from fake_runway.core.assets.asset import AssetKind, AssetPlan
from fake_runway.core.assets.kinds import ASSET_KINDS
from fake_runway.core.assets.rules import AssetChange
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed, Uniform
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.asset import AssetEvent, plain_table, processed_table
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import ResourceKind
from fake_runway.core.scenario.settings import Limits, Settings
from tests.unit.fake_runway.core.playing import FOREIGN_ID, START


class Oven(Enum):
    """The state of a cake."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Shelf(Enum):
    """The state of a jar."""

    READY = "ready"
    DELETED = "deleted"


class UnknownThing(Refused):
    """No such cake or jar."""

    code: ClassVar[str] = "unknown_thing"
    status: ClassVar[int] = 404


CAKE = AssetKind(ResourceKind("cake", processed_table(Oven)), UnknownThing, "No such cake.")
JAR = AssetKind(ResourceKind("jar", plain_table(Shelf)), UnknownThing, "No such jar.")


def account_with(record: Callable[[AssetChange], None] = lambda _: None, **given: Any) -> Account:
    """Return a new account; `given` are fields of its settings."""
    draws = Draws("1", "w")
    return Account(draws=draws, key_tag="0" * 12, settings=Settings(**given), record_asset=record)


# Scripts of calls, for the laws


class Ask(Enum):
    """The kind of a script's call."""

    CREATE = "create"
    GET = "get"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    EVENT = "event"
    CHANGE = "change settings"


@dataclass(frozen=True, slots=True)
class AssetCall:
    """One call, `after_s` seconds after the one before, on the `which`th newest of its kind."""

    after_s: float
    ask: Ask
    which: int = 0
    event: AssetEvent = AssetEvent.PROCESSED
    plan: AssetPlan = AssetPlan()  # noqa: RUF009  # frozen
    charge: int = 0
    other: Settings | None = None


@dataclass(slots=True)
class AssetRun:
    """The results of a script about one kind. `recorded`: the changes of stored resources."""

    kind: AssetKind
    account: Account
    recorded: list[AssetChange]
    at: float = START
    answers: list[Any] = field(default_factory=list)
    sights: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def perform(run: AssetRun, call: AssetCall) -> Any:
    """Do one call. Refusals are raised."""
    account, at, kind = run.account, run.at, run.kind
    known = [*reversed(run.ids), FOREIGN_ID]
    asset_id = known[call.which % len(known)]
    match call.ask:
        case Ask.CREATE:
            given: Any = {"plan": call.plan, "most": 4, "charge": call.charge}
            asset = create_asset(account, kind, "content", at=at, **given)
            run.ids.append(asset.id)
            return asset
        case Ask.GET:
            return get_asset(account, kind, asset_id, at=at, materialised=lambda: "made")
        case Ask.UPDATE | Ask.REPLACE:
            asset = get_asset(account, kind, asset_id, at=at)
            again = call.plan if call.ask is Ask.REPLACE else None
            return update_asset(account, asset, f"{asset.content}+", at=at, again=again)
        case Ask.DELETE:
            return delete_asset(account, get_asset(account, kind, asset_id, at=at), at=at)
        case Ask.EVENT:
            return apply_asset_event(account, kind, asset_id, call.event, at=at, failure=BURNT)
        case Ask.CHANGE if call.other is not None:
            return account.change_settings(call.other, at=at)
    return None


def seen(account: Account, _at: float) -> Any:
    """Return what can be seen of an account with stored resources, copied."""
    assets = account.assets
    return {
        "things": {name: dict(assets.of_kind(name)) for name in (*ASSET_KINDS, "cake", "jar")},
        "counts": (assets.created_count, assets.live, assets.evicted),
        "spent": (account.spent, dict(assets.spent)),
        "next": account.next_due_at,
    }


def begun(kind: AssetKind, settings: Settings) -> AssetRun:
    """Return the run of a new account."""
    recorded: list[AssetChange] = []
    account = Account(
        draws=Draws("1", "w"), key_tag="0" * 12, settings=settings, record_asset=recorded.append
    )
    return AssetRun(kind, account, recorded)


BURNT = Failure("BURNT", "Too hot.")
_spans = [NO_TIME, Fixed(1.0), Fixed(30.0), Uniform(0.0, 9.0), NEVER]
_plans = st.builds(AssetPlan, st.sampled_from(_spans), st.sampled_from([None, None, BURNT]))
asset_settings = st.builds(
    Settings,
    materialise=st.booleans(),
    limits=st.builds(
        Limits,
        credits=st.sampled_from([None, 7]),
        retained=st.sampled_from([10_000, 10_000, 0, 2]),
    ),
)
asset_scripts = st.lists(
    st.builds(
        AssetCall,
        st.sampled_from([0.0, 0.0, 1.0, 10.0, 30.0]) | st.floats(0, 20),
        st.sampled_from([Ask.CREATE, Ask.CREATE, *Ask]),
        st.integers(0, 4),
        st.sampled_from(AssetEvent),
        _plans,
        st.sampled_from([0, 0, 3]),
        st.none() | asset_settings,
    ),
    min_size=1,
    max_size=14,
)
