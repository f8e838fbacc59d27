"""A session, its plan, and its next event.

A session carries its plan and the instant at which its next event is due; `account.py` applies it.
A plan can make an event happen by itself. That one rule covers a worker that dies while
provisioning, a key that another client uses, a call that is cut off.

A world may have a hundred thousand sessions, and one late look at it may apply as many events. So a
session is a tuple of what is its own; what it has in common with others (state, event, plan) is a
`Stage`, which they share; and the tuple begins with what the account's heap sorts by, so that the
heap needs no entries of its own. Measured in benchmarks/README.md. Rejected: packed bytes, which
take still less, and every reader would have to unpack them.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import NamedTuple

from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Duration, Fixed, later
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.faults.fault import Fault
from fake_runway.core.lifecycles.session import (
    EXPIRED_FAILURE,
    SESSION,
    STATE_AFTER,
    TERMINAL,
    TRANSITIONS,
    UNEXPLAINED_FAILURE,
    Event,
    Failure,
    State,
)
from fake_runway.core.outcomes import picked
from fake_runway.core.sessions.options import NO_OPTIONS, CreateOptions
from fake_runway.core.sessions.script import CallSetup, Step
from fake_runway.core.values import dataclass

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
        probability: of this one, among those of the state.

    Raises:
        ValueError: the table has no such row, or only the account causes this event.
    """

    state: State
    event: Event
    after: Duration = NO_TIME
    failure: Failure | None = None
    probability: float = 1.0

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
        happenings: of those for a state at most one comes.
        faults: on calls about these sessions.
        token_room: the room of its tokens; None: its own.
        call, script: how its call begins, and what the avatar does in it.
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
    call: CallSetup = CallSetup()  # frozen
    script: tuple[Step, ...] = ()
    scenario: str = ""
    _stages: dict["_StageKey", "Stage"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def happenings_in(self, state: State) -> tuple[Happening, ...]:
        """Return the happenings of `state`, of which at most one comes."""
        return tuple(each for each in self.happenings if each.state is state)

    def stage(
        self,
        max_duration_s: int,
        event: Event | None,
        due_event: Event | None = None,
        blocks: int = 0,
        failure: Failure | None = None,
    ) -> "Stage":
        """Return the stage after `event`, the same object for the same facts.

        Not after FAILED, whose reason can be any text of any length: nothing is to outlive those
        sessions.
        """
        key = (max_duration_s, event, due_event, blocks, failure)
        if event is Event.FAILED:
            return Stage(self, *key)
        stage = self._stages.get(key)
        if stage is None:
            if len(self._stages) >= _MOST_STAGES:
                self._stages.clear()  # sessions keep the stages that they have
            stage = self._stages[key] = Stage(self, *key)
        return stage


@dataclass(frozen=True, slots=True)
class Stage:
    """What sessions of one plan have in common at the same point of their lives.

    Attributes:
        event: the event that led to `state`; None for a new session.
        due_event: the next event that happens by itself; None: none does.
        blocks: blocks of RUNNING billed so far.
        usual: where all sessions that get here await the same event after the same span: this span,
            in seconds from now, of RUNNING from its start, and the stage in which they await it.
            None: ask `next_due`.
        waits_for_capacity: it is QUEUED and may be admitted.
        _next: the stages after events, as they were asked for; FAILED is never among them.
    """

    plan: Plan
    max_duration_s: int
    event: Event | None = None
    due_event: Event | None = None
    blocks: int = 0
    failure: Failure | None = None
    state: State = field(init=False)
    usual: "tuple[float, Stage] | None" = field(init=False, repr=False, compare=False)
    waits_for_capacity: bool = field(init=False, repr=False, compare=False)
    _next: "dict[Event, Stage]" = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", STATE_AFTER[self.event])
        object.__setattr__(self, "usual", self._usual())
        released = self.event is Event.RELEASED or self.plan.queued == NO_TIME
        waits = self.state is State.QUEUED and released
        object.__setattr__(self, "waits_for_capacity", waits)

    def after(self, event: Event, failure: Failure | None) -> "Stage":
        """Return the stage after `event`, before it is known what is due next.

        Raises:
            IllegalTransition: the table has no row for this event in this state.
        """
        stage = self._next.get(event)
        if stage is not None:  # the usual case, in a third of the time
            return stage
        target = TRANSITIONS[self.state].get(event)
        if target is None:
            raise IllegalTransition(f"a session that is {self.state.value} cannot be {event.value}")
        reason = None
        if target is State.FAILED:
            reason = EXPIRED_FAILURE if event is Event.EXPIRED else failure or UNEXPLAINED_FAILURE
        blocks = self.blocks + (event is Event.BILLED)
        stage = self.plan.stage(self.max_duration_s, event, None, blocks, reason)
        if event is not Event.FAILED:
            self._next[event] = stage
        return stage

    def _usual(self) -> "tuple[float, Stage] | None":
        plan = self.plan
        if self.due_event is not None or plan.happenings_in(self.state):
            return None
        if self.state is State.PROVISIONING and isinstance(plan.provision, Fixed):
            span_s, event = plan.provision.seconds, Event.PROVISIONED
        elif self.state is State.READY:
            span_s, event = plan.expires_in_s, Event.EXPIRED
        elif self.state is State.RUNNING:
            cap = plan.session_cap_s
            longest_s = self.max_duration_s if cap is None else min(self.max_duration_s, cap)
            block_s = BLOCK_S * self.blocks
            if abs(block_s - longest_s) < _SAME_INSTANT_S and block_s != longest_s:
                return None  # both may fall on one microsecond
            span_s, event = min((longest_s, Event.CAPPED), (block_s, Event.BILLED), key=_span)
        else:
            return None
        return span_s, plan.stage(self.max_duration_s, self.event, event, self.blocks)

    def __lt__(self, other: object) -> bool:
        """Let a heap compare two versions of a session due at one instant: neither is first."""
        return False


def _span(due: tuple[float, Event]) -> float:
    return due[0]


_SAME_INSTANT_S = 1e-5
_StageKey = tuple[int, Event | None, Event | None, int, Failure | None]
_MOST_STAGES = 4_096  # of a plan, a megabyte; a call of half an hour has 300


class Session(NamedTuple):
    """One realtime session. Instants are POSIX seconds of its world's clock.

    Attributes:
        due_at: when the next event happens by itself; None: none does.
        ordinal: which session of its world this is, counted from 0; names its draws.
        stage: what it has in common with others.
        ready_at, started_at: when it became READY and RUNNING, None before.
        options: what its create asked for; many sessions share one value.
    """

    due_at: float | None  # these two first: the account's heap sorts by them
    ordinal: int
    stage: Stage
    id: str
    created_at: float
    changed_at: float
    ready_at: float | None = None
    started_at: float | None = None
    options: CreateOptions = NO_OPTIONS

    @property
    def plan(self) -> Plan:
        """How it behaves."""
        return self.stage.plan

    @property
    def max_duration_s(self) -> int:
        """What its create asked for, in seconds."""
        return self.stage.max_duration_s

    @property
    def state(self) -> State:
        """Its state."""
        return self.stage.state

    @property
    def event(self) -> Event | None:
        """The event that led to `state`; None for a new session."""
        return self.stage.event

    @property
    def due_event(self) -> Event | None:
        """The next event that happens by itself; None: none does."""
        return self.stage.due_event

    @property
    def blocks(self) -> int:
        """Blocks of RUNNING billed so far."""
        return self.stage.blocks

    @property
    def failure(self) -> Failure | None:
        """Why it FAILED; None if it has not."""
        return self.stage.failure

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
        return self.stage.waits_for_capacity


def new_session(
    session_id: str,
    *,
    ordinal: int,
    at: float,
    plan: Plan,
    max_duration_s: int,
    draws: Draws,
    options: CreateOptions = NO_OPTIONS,
) -> Session:
    """Return a new session: QUEUED until capacity admits it, which may be at once."""
    stage = plan.stage(max_duration_s, None)
    session = Session(None, ordinal, stage, session_id, at, at, None, None, options)
    if stage.waits_for_capacity and not plan.happenings:  # nothing is due
        return session
    return _with_due(session, draws)


def step(
    session: Session, event: Event, at: float, *, draws: Draws, failure: Failure | None = None
) -> Session:
    """Apply `event` to `session` at instant `at`.

    Raises:
        IllegalTransition: the table has no row for this event in this state; nothing changed.
    """
    _, ordinal, stage, session_id, created_at, _, ready_at, started_at, options = session
    after = stage.after(event, failure)
    if event is Event.PROVISIONED:
        ready_at = at
    elif event is Event.CONSUMED or event is Event.JOINED or event is Event.ENTERED:
        started_at = at
    if after.usual is not None:
        span_s, after = after.usual
        since = at if started_at is None or after.state is not State.RUNNING else started_at
        due_at = later(since, span_s)
        return Session(
            due_at, ordinal, after, session_id, created_at, at, ready_at, started_at, options
        )
    changed = Session(
        None, ordinal, after, session_id, created_at, at, ready_at, started_at, options
    )
    return changed if after.state in TERMINAL else _with_due(changed, draws)


def _with_due(session: Session, draws: Draws) -> Session:
    due = next_due(session, draws)
    if due is None:
        return session
    _, ordinal, stage, session_id, created_at, changed_at, ready_at, started_at, options = session
    awaits = stage.plan.stage(stage.max_duration_s, stage.event, due[1], stage.blocks)
    return Session(
        due[0], ordinal, awaits, session_id, created_at, changed_at, ready_at, started_at, options
    )


def next_due(session: Session, draws: Draws) -> tuple[float, Event] | None:
    """Return when which event happens to `session` by itself, None if none does.

    Computed from the session's own instants and never from a running sum, so that the hundredth
    block of a long call starts exactly 594 seconds after the first. A happening at the same instant
    as the usual event comes first.
    """
    stage = session.stage
    usually_due = _USUALLY_DUE.get(stage.state)
    usual = None if usually_due is None else usually_due(session, draws)
    if not stage.plan.happenings or (happening := happening_of(session, draws)) is None:
        return usual
    number = draws.number(f"then-{stage.state.value}", session.ordinal)
    strikes_at = later(_entered_at(session), happening.after.sample(number))
    return usual if usual is not None and usual[0] < strikes_at else (strikes_at, happening.event)


def happening_of(session: Session, draws: Draws) -> Happening | None:
    """Return what happens by itself to `session` in its state, None if nothing does."""
    state = session.stage.state
    return picked(
        session.stage.plan.happenings_in(state),
        lambda: draws.number(f"then-which-{state.value}", session.ordinal),
    )


def _release(session: Session, draws: Draws) -> tuple[float, Event] | None:
    if session.waits_for_capacity:
        return None
    number = draws.number("queued", session.ordinal)
    return later(session.created_at, session.plan.queued.sample(number)), Event.RELEASED


def _readiness(session: Session, draws: Draws) -> tuple[float, Event]:
    number = draws.number("provision", session.ordinal)
    return later(session.changed_at, session.plan.provision.sample(number)), Event.PROVISIONED


def _expiry(session: Session, draws: Draws) -> tuple[float, Event] | None:
    expires_at = session.expires_at
    return None if expires_at is None else (expires_at, Event.EXPIRED)


def _join_or_expiry(session: Session, draws: Draws) -> tuple[float, Event] | None:
    # without a plan to join, an admin claimed it, and it expires
    join = session.plan.join or NEVER
    joins_at = later(session.changed_at, join.sample(draws.number("join", session.ordinal)))
    expires_at = session.expires_at
    if expires_at is None:
        return None
    return (joins_at, Event.JOINED) if joins_at < expires_at else (expires_at, Event.EXPIRED)


def _next_block_or_cap(session: Session, draws: Draws) -> tuple[float, Event] | None:
    started_at, ends_at = session.started_at, session.ends_at
    if started_at is None or ends_at is None:
        return None
    block_at = later(started_at, BLOCK_S * session.stage.blocks)
    # a call that lasts exactly to its cap ends there: no block starts at that instant
    return (block_at, Event.BILLED) if block_at < ends_at else (ends_at, Event.CAPPED)


_USUALLY_DUE: Mapping[State, Callable[[Session, Draws], tuple[float, Event] | None]] = {
    State.QUEUED: _release,
    State.PROVISIONING: _readiness,
    State.READY: _expiry,
    State.CLAIMED: _join_or_expiry,
    State.RUNNING: _next_block_or_cap,
}
"""What is due next in each live state, but for the plan's happenings."""


def _entered_at(session: Session) -> float:
    """Return when the session entered its state; events that leave it there do not count."""
    match session.state:
        case State.QUEUED:
            return session.created_at
        case State.RUNNING if session.started_at is not None:
            return session.started_at
        case _:
            return session.changed_at
