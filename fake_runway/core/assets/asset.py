"""A stored resource, its plan, and its next event.

As sessions and tasks do, it carries its plan and the instant at which its next event is due. What
it holds is of its kind, an immutable value that nothing here looks into.
"""

from enum import Enum
from typing import Any, NamedTuple

from fake_runway.core.draws import Draws
from fake_runway.core.durations import NO_TIME, Duration, later
from fake_runway.core.errors import IllegalTransition, Refused
from fake_runway.core.lifecycles.asset import AssetEvent, first_state
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import ResourceKind
from fake_runway.core.values import dataclass

ASSET_RANK = 1 << 41
"""What the rank of a stored resource begins at: beyond any rank of a session or a task."""

UNEXPLAINED_ASSET_FAILURE = Failure("INTERNAL", "An internal error occurred.")


@dataclass(frozen=True, slots=True)
class AssetPlan:
    """How stored resources of a kind that is processed go.

    Attributes:
        processing: from its create, or from a change that has to be processed, to its end.
        failure: why it fails then; None: it becomes READY.
    """

    processing: Duration = NO_TIME
    failure: Failure | None = None


PLAIN = AssetPlan()
"""The plan of what is not processed, or was at once."""


@dataclass(frozen=True, slots=True)
class AssetKind:
    """A kind of stored resource.

    Attributes:
        resource: its name and its table, as the vocabulary declares them.
        unknown: the refusal of an id that does not exist.
        unknown_text: what that says.
    """

    resource: ResourceKind
    unknown: type[Refused]
    unknown_text: str

    @property
    def name(self) -> str:
        """The name of the kind."""
        return self.resource.name

    def __deepcopy__(self, _memo: object) -> "AssetKind":
        return self  # it never changes, and its table cannot be copied

    def not_found(self) -> Refused:
        """Return the refusal of an unknown id."""
        return self.unknown(self.unknown_text)


class Asset(NamedTuple):
    """One stored resource. Instants are POSIX seconds of its world's clock.

    Attributes:
        due_at: when the next event happens by itself; None: none does.
        rank: `ASSET_RANK` and its place among all of its world, in the order of creates.
        version: how many events happened to it; no two versions have the same.
        kind: the name of its kind.
        ordinal: which of its kind it is, counted from 0; names its draws.
        event: the event that led to `state`; None for a new one.
        changed_at: when that was.
        updated_at: when a client created or changed it.
        content: what it holds; never changed.
        due_event: the next event that happens by itself; None: none does.
        reason: of the last failure; None: unexplained, or there was none.
        made: it exists because its id was asked for.
    """

    due_at: float | None  # these three first: the account's agenda sorts by them
    rank: int
    version: int
    kind: str
    id: str
    ordinal: int
    state: Enum
    event: AssetEvent | None
    created_at: float
    changed_at: float
    updated_at: float
    content: Any
    plan: AssetPlan
    due_event: AssetEvent | None = None
    reason: Failure | None = None
    made: bool = False

    @property
    def failure(self) -> Failure | None:
        """Why it FAILED; None if it has not."""
        return self.reason if self.state.name == "FAILED" else None

    @property
    def is_ready(self) -> bool:
        """Whether it can be used."""
        return self.state.name == "READY"

    @property
    def is_processing(self) -> bool:
        """Whether it waits to be processed."""
        return self.state.name == "PROCESSING"

    @property
    def is_deleted(self) -> bool:
        """Whether a client has deleted it."""
        return self.state.name == "DELETED"

    @property
    def ready_at(self) -> float | None:
        """When it was processed, as long as that is the last thing that happened."""
        return self.changed_at if self.event is AssetEvent.PROCESSED else None

    @property
    def started_at(self) -> float | None:
        """None: it does not run."""
        return None


def new_asset(
    kind: AssetKind,
    asset_id: str,
    content: Any,
    *,
    rank: int,
    ordinal: int,
    at: float,
    plan: AssetPlan,
    draws: Draws,
    made: bool = False,
) -> Asset:
    """Return a new resource in the first state of its kind."""
    state = first_state(kind.resource)
    asset = Asset(
        *(None, ASSET_RANK + rank, 0, kind.name, asset_id, ordinal, state, None, at, at, at),
        content,
        plan,
        made=made,
    )
    return _with_due(asset, draws)


def asset_step(
    asset: Asset,
    kind: AssetKind,
    event: AssetEvent,
    at: float,
    *,
    draws: Draws,
    content: Any = None,
    plan: AssetPlan | None = None,
    failure: Failure | None = None,
) -> Asset:
    """Apply `event` to a resource at instant `at`.

    Args:
        content: what it holds from now on; None: what it held.
        plan: how it goes from now on; None: as before.
        failure: why it failed; None: unexplained.

    Raises:
        IllegalTransition: the table has no row for this event in this state; nothing changed.
    """
    target = kind.resource.transitions[asset.state].get(event)
    if target is None:
        state = asset.state.value
        raise IllegalTransition(f"a {kind.name} that is {state} cannot be {event.value}")
    changed = asset._replace(
        version=asset.version + 1,
        state=target,
        event=event,
        changed_at=at,
        updated_at=at if content is not None else asset.updated_at,
        content=asset.content if content is None else content,
        plan=plan or asset.plan,
    )
    if event is AssetEvent.UPDATED:  # what is due stays due
        return changed
    reason = (failure or UNEXPLAINED_ASSET_FAILURE) if event is AssetEvent.FAILED else None
    return _with_due(changed._replace(due_at=None, due_event=None, reason=reason), draws)


def _with_due(asset: Asset, draws: Draws) -> Asset:
    if not asset.is_processing:
        return asset
    number = draws.number(f"{asset.kind}-processing", asset.ordinal)
    event = AssetEvent.PROCESSED if asset.plan.failure is None else AssetEvent.FAILED
    due_at = later(asset.changed_at, asset.plan.processing.sample(number))
    return asset._replace(due_at=due_at, due_event=event)
