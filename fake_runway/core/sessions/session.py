"""A session, its plan, and its next event.

A session carries its plan and the instant at which its next event is due; `account.py` applies it.
A plan can make an event happen by itself. That one rule covers a worker that dies while
provisioning, a key that another client uses, a call that is cut off.
"""

from dataclasses import dataclass, replace

from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Duration, Fixed, later
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.faults.fault import Fault
from fake_runway.core.lifecycles.session import (
    EXPIRED_FAILURE,
    SESSION,
    TRANSITIONS,
    UNEXPLAINED_FAILURE,
    Event,
    Failure,
    State,
)

BLOCK_S = 6.0
"""RUNNING is billed in started blocks of this many seconds."""

DEFAULT_PROVISION = Fixed(1.5)

OF_THE_ACCOUNT = SESSION.automatic | {Event.BILLED}
"""The events that only the account causes, and no plan."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that happens by itself to a session in one state.

    Attributes:
        after: counted from entering the state.
        failure: the reason of FAILED; None: unexplained.

    Raises:
        ValueError: the table has no such row, or only the account causes this event.
    """

    state: State
    event: Event
    after: Duration = NO_TIME
    failure: Failure | None = None

    def __post_init__(self) -> None:
        possible = sorted(each.value for each in set(TRANSITIONS[self.state]) - OF_THE_ACCOUNT)
        if self.event.value not in possible:
            expected = ", ".join(possible) or "nothing"
            raise ValueError(
                f"while {self.state.value} a session can be {expected}; got {self.event.value}"
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """How sessions behave. Shared by all sessions created under the same settings.

    Attributes:
        queued: how long a session stays QUEUED even if there is capacity.
        provision: from ADMITTED to READY.
        expires_in_s: from READY to `expiresAt`, in seconds.
        session_cap_s: RUNNING ends after min(maxDuration, this); None: maxDuration alone.
        join: None: consuming starts the session. Otherwise a participant joins this long after
            the consume, and only that starts it.
        happenings: at most one for a state.
        faults: on calls about these sessions.
        token_room: the room of its tokens; None: its own.
        scenario: the name of the scenario it comes from, empty if none.
    """

    queued: Duration = NO_TIME
    provision: Duration = DEFAULT_PROVISION
    expires_in_s: float = 300.0
    session_cap_s: float | None = None
    join: Duration | None = None
    happenings: tuple[Happening, ...] = ()
    faults: tuple[Fault, ...] = ()
    token_room: str | None = None
    scenario: str = ""

    def happening_in(self, state: State) -> Happening | None:
        """Return the happening of `state`, None if it has none."""
        return next((each for each in self.happenings if each.state is state), None)


@dataclass(frozen=True, slots=True)
class Session:
    """One realtime session. Instants are POSIX seconds of its world's clock.

    Attributes:
        ordinal: which session of its world this is, counted from 0; names its draws.
        event: the event that led to `state`; None for a new session.
        due_at: when the next event happens by itself; None: none does.
        due_event: that event.
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
    due_event: Event | None = None
    ready_at: float | None = None
    started_at: float | None = None
    blocks: int = 0
    failure: Failure | None = None

    @property
    def expires_at(self) -> float | None:
        """When the credentials of a READY session expire."""
        return None if self.ready_at is None else later(self.ready_at, self.plan.expires_in_s)

    @property
    def ends_at(self) -> float | None:
        """The latest instant at which RUNNING can end; None when it has not started."""
        return None if self.started_at is None else later(self.started_at, self.longest_s)

    @property
    def longest_s(self) -> float:
        """How long RUNNING may last, in seconds."""
        cap = self.plan.session_cap_s
        return self.max_duration_s if cap is None else min(self.max_duration_s, cap)

    @property
    def ran_for_s(self) -> float:
        """Seconds between start and end of a session that has ended; 0 if it never ran."""
        return 0.0 if self.started_at is None else self.changed_at - self.started_at

    @property
    def waits_for_capacity(self) -> bool:
        """Whether it is QUEUED and may be admitted."""
        if self.state is not State.QUEUED:
            return False
        return self.event is Event.RELEASED or self.plan.queued == NO_TIME


def new_session(
    session_id: str, *, ordinal: int, at: float, plan: Plan, max_duration_s: int, draws: Draws
) -> Session:
    """Return a new session: QUEUED until capacity admits it, which may be at once."""
    session = Session(
        id=session_id,
        ordinal=ordinal,
        created_at=at,
        changed_at=at,
        max_duration_s=max_duration_s,
        plan=plan,
    )
    return _with_due(session, draws)


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
    reason = EXPIRED_FAILURE if event is Event.EXPIRED else failure or UNEXPLAINED_FAILURE
    changed = Session(
        id=session.id,
        ordinal=session.ordinal,
        created_at=session.created_at,
        max_duration_s=session.max_duration_s,
        plan=session.plan,
        state=target,
        event=event,
        changed_at=at,
        ready_at=at if event is Event.PROVISIONED else session.ready_at,
        started_at=at if event in (Event.CONSUMED, Event.JOINED) else session.started_at,
        blocks=session.blocks + (event is Event.BILLED),
        failure=reason if target is State.FAILED else None,
    )
    return _with_due(changed, draws)


def _with_due(session: Session, draws: Draws) -> Session:
    due = next_due(session, draws)
    return session if due is None else replace(session, due_at=due[0], due_event=due[1])


def next_due(session: Session, draws: Draws) -> tuple[float, Event] | None:
    """Return when which event happens to `session` by itself, None if none does.

    Computed from the session's own instants and never from a running sum, so that the hundredth
    block of a long call starts exactly 594 seconds after the first. A happening at the same instant
    as the usual event comes first.
    """
    usual = _usual_due(session, draws)
    happening = session.plan.happening_in(session.state)
    if happening is None:
        return usual
    number = draws.number(f"then-{session.state.value}", session.ordinal)
    strikes_at = later(_entered_at(session), happening.after.sample(number))
    return usual if usual is not None and usual[0] < strikes_at else (strikes_at, happening.event)


def _usual_due(session: Session, draws: Draws) -> tuple[float, Event] | None:
    match session.state:
        case State.QUEUED if session.event is None and not session.waits_for_capacity:
            number = draws.number("queued", session.ordinal)
            return later(session.created_at, session.plan.queued.sample(number)), Event.RELEASED
        case State.PROVISIONING:
            number = draws.number("provision", session.ordinal)
            ready_at = later(session.changed_at, session.plan.provision.sample(number))
            return ready_at, Event.PROVISIONED
        case State.READY if session.expires_at is not None:
            return session.expires_at, Event.EXPIRED
        case State.CLAIMED if session.expires_at is not None:
            # without a plan to join, an admin claimed it, and it expires
            join = session.plan.join or NEVER
            joins_at = later(session.changed_at, join.sample(draws.number("join", session.ordinal)))
            if joins_at < session.expires_at:
                return joins_at, Event.JOINED
            return session.expires_at, Event.EXPIRED
        case State.RUNNING if session.started_at is not None and session.ends_at is not None:
            block_at = later(session.started_at, BLOCK_S * session.blocks)
            # a call that lasts exactly to its cap ends there: no block starts at that instant
            if block_at < session.ends_at:
                return block_at, Event.BILLED
            return session.ends_at, Event.CAPPED
        case _:
            return None


def _entered_at(session: Session) -> float:
    """Return when the session entered its state; events that leave it there do not count."""
    match session.state:
        case State.QUEUED:
            return session.created_at
        case State.RUNNING if session.started_at is not None:
            return session.started_at
        case _:
            return session.changed_at
