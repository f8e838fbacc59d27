"""What a session is and how it moves.

`TRANSITIONS` is the only place where it is decided which state follows which. A missing row *is*
the error. Terminal states stand in the table with an empty row.

A session carries a plan and the instant at which its next event is due. Nobody has to wake up for
it: whoever looks at the account later applies what has become due, each event stamped with its own
instant (see `account.py`).

State is ours, status is the wire's: CLAIMED exists only here. It is a session whose key has been
used while nobody has joined its room yet, and the wire still calls it READY.

Source: the Runway OpenAPI document of 2024-11-06 for the statuses, the public documentation's
lifecycle diagram and observations of others for the moves. Assumed: what happens to a READY session
that nobody consumes (FAILED), and the moment at which READY becomes RUNNING (a switch).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, Duration, Fixed
from fake_runway.core.errors import IllegalTransition

BLOCK_S = 6.0
"""RUNNING is billed in started blocks of this many seconds."""


class State(Enum):
    """Where a session is."""

    QUEUED = "queued"
    PROVISIONING = "provisioning"
    READY = "ready"
    CLAIMED = "claimed"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Event(Enum):
    """What can happen to a session."""

    ADMITTED = "admitted"  # capacity became free
    PROVISIONED = "provisioned"
    CONSUMED = "consumed"  # the key was used, and using it starts the session
    CLAIMED = "claimed"  # the key was used, and the session starts when somebody joins
    JOINED = "joined"
    BILLED = "billed"  # another block of RUNNING was paid
    ENDED = "ended"  # END_CALL, or an admin call
    CAPPED = "capped"  # maxDuration, or the account's session cap
    UNPAID = "unpaid"  # a block could not be paid
    EXPIRED = "expired"  # READY, and not started by `expiresAt`
    FAILED = "failed"
    CANCELLED = "cancelled"  # DELETE


_ANY_LIVE = {Event.FAILED: State.FAILED, Event.CANCELLED: State.CANCELLED}

TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.QUEUED: {Event.ADMITTED: State.PROVISIONING, **_ANY_LIVE},
        State.PROVISIONING: {Event.PROVISIONED: State.READY, **_ANY_LIVE},
        State.READY: {
            Event.CONSUMED: State.RUNNING,
            Event.CLAIMED: State.CLAIMED,
            Event.EXPIRED: State.FAILED,
            **_ANY_LIVE,
        },
        State.CLAIMED: {
            Event.JOINED: State.RUNNING,
            Event.EXPIRED: State.FAILED,
            **_ANY_LIVE,
        },
        State.RUNNING: {
            Event.BILLED: State.RUNNING,
            Event.ENDED: State.COMPLETED,
            Event.CAPPED: State.COMPLETED,
            Event.UNPAID: State.COMPLETED,
            **_ANY_LIVE,
        },
        State.COMPLETED: {},
        State.FAILED: {},
        State.CANCELLED: {},
    }
)

ACTIVE = frozenset({State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING})
"""The states that take up capacity."""

TERMINAL = frozenset(state for state, row in TRANSITIONS.items() if not row)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a session FAILED. `code` is the stable part; `text` is for people."""

    code: str
    text: str


EXPIRED_FAILURE = Failure(
    "INTERNAL", "The session was not consumed before its credentials expired."
)
UNEXPLAINED_FAILURE = Failure("INTERNAL", "An internal error occurred.")


DEFAULT_PROVISION = Fixed(1.5)


@dataclass(frozen=True, slots=True)
class Plan:
    """How sessions are meant to go. Shared by all sessions made under the same settings.

    Attributes:
        provision: from ADMITTED to READY.
        expires_in_s: from READY to `expiresAt`, in seconds.
        session_cap_s: RUNNING ends after min(maxDuration, this); None: maxDuration alone.
        join: None: consuming starts the session. Else: somebody joins this long after the
            consume, and only that starts it.
        failure: provisioning ends in this failure instead of READY.
    """

    provision: Duration = DEFAULT_PROVISION
    expires_in_s: float = 300.0
    session_cap_s: float | None = None
    join: Duration | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One realtime session. Instants are POSIX seconds of its world's clock.

    Attributes:
        ordinal: which session of its world this is, counted from 0; names its draws.
        event: the event that led here; None for a session just born.
        due_at: when the next event happens by itself; None: not without somebody's doing.
        ready_at, started_at: when it became READY and RUNNING, None before.
        blocks: blocks of RUNNING billed so far.
    """

    id: str
    ordinal: int
    created_at: float
    max_duration_s: int
    plan: Plan
    state: State = State.QUEUED
    event: Event | None = None
    changed_at: float = 0.0
    due_at: float | None = None
    ready_at: float | None = None
    started_at: float | None = None
    blocks: int = 0
    failure: Failure | None = None

    @property
    def expires_at(self) -> float | None:
        """When the credentials of a READY session stop working."""
        return None if self.ready_at is None else self.ready_at + self.plan.expires_in_s

    @property
    def ends_at(self) -> float | None:
        """The latest instant at which RUNNING can end; None when it has not started."""
        return None if self.started_at is None else self.started_at + self.longest_s

    @property
    def longest_s(self) -> float:
        """How long RUNNING may last, in seconds."""
        cap = self.plan.session_cap_s
        return self.max_duration_s if cap is None else min(self.max_duration_s, cap)

    @property
    def ran_for_s(self) -> float:
        """Seconds between start and end of a session that has ended; 0 if it never ran."""
        return 0.0 if self.started_at is None else self.changed_at - self.started_at


def step(
    session: Session, event: Event, at: float, *, draws: Draws, failure: Failure | None = None
) -> Session:
    """Apply `event` to `session` at instant `at`.

    Raises:
        IllegalTransition: the table has no row for this event in this state; nothing changed.
    """
    target = TRANSITIONS[session.state].get(event)
    if target is None:
        raise IllegalTransition(f"a session that is {session.state.value} cannot be {event.value}")
    moved = replace(
        session,
        state=target,
        event=event,
        changed_at=at,
        ready_at=at if event is Event.PROVISIONED else session.ready_at,
        started_at=at if event in (Event.CONSUMED, Event.JOINED) else session.started_at,
        blocks=session.blocks + (event is Event.BILLED),
        failure=_failure(event, failure) if target is State.FAILED else None,
    )
    return replace(moved, due_at=next_due(moved, draws))


def _failure(event: Event, given: Failure | None) -> Failure:
    if event is Event.EXPIRED:
        return EXPIRED_FAILURE
    return given or UNEXPLAINED_FAILURE


def next_due(session: Session, draws: Draws) -> float | None:
    """Return when the next event of `session` happens by itself, None if none does.

    Computed from the session's own instants and never from a running sum, so that the hundredth
    block of a long call starts exactly 600 seconds after the first.
    """
    match session.state:
        case State.PROVISIONING:
            number = draws.number("provision", session.ordinal)
            return session.changed_at + session.plan.provision.sample(number)
        case State.READY:
            return session.expires_at
        case State.CLAIMED if session.expires_at is not None:
            join = session.plan.join or NEVER  # no plan: claimed by hand, and it expires
            number = draws.number("join", session.ordinal)
            return min(session.changed_at + join.sample(number), session.expires_at)
        case State.RUNNING if session.started_at is not None and session.ends_at is not None:
            return min(session.started_at + BLOCK_S * session.blocks, session.ends_at)
        case _:
            return None


def due_event(session: Session) -> Event:
    """Return the event that happens to `session` at its `due_at`.

    A call that lasts exactly to its cap ends there: the block that would start at that instant
    is not billed.
    """
    match session.state:
        case State.PROVISIONING:
            return Event.PROVISIONED if session.plan.failure is None else Event.FAILED
        case State.CLAIMED if session.due_at != session.expires_at:
            return Event.JOINED
        case State.READY | State.CLAIMED:
            return Event.EXPIRED
        case State.RUNNING:
            return Event.CAPPED if session.due_at == session.ends_at else Event.BILLED
        case _:
            raise ValueError(f"nothing is due for a session that is {session.state.value}")
