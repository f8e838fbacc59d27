"""Accounts to try, calls as data, and everything of an account that anybody can see.

A script is a list of calls with the time that passes before each. `play` performs it and writes
down what each call answered, so that two ways of living through the same time can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.billing import Unpaid
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed, Lognormal, Uniform
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import TRANSITIONS, Event, Failure, State
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Limits, Settings
from fake_runway.core.sessions.rules import Change
from fake_runway.core.sessions.session import Happening, Plan, Session
from tests.support.effort import examples

START = 1_800_000_000.25
"""An instant in 2027, like those of a real clock."""

BROKEN = Failure("SAFETY.INPUT", "The worker gave up.")
FOREIGN_ID = "123e4567-e89b-42d3-a456-426614174000"
"""A well-formed id that no account draws."""

LAW = settings(
    max_examples=examples(100),
    deadline=None,  # a busy machine is no defect
    suppress_health_check=[HealthCheck.too_slow],  # as above
)

SLOW_LAW = settings(LAW, max_examples=examples(40))
"""For laws whose examples take long to make up."""


def new_account(
    given: Settings | None = None,
    *,
    seed: str = "1",
    world: str = "w",
    record: Callable[[Change], None] = lambda _: None,
) -> Account:
    """Return an account with nothing in it."""
    return Account(
        draws=Draws(seed, world), key_tag="0" * 12, settings=given or Settings(), record=record
    )


def provisioned_at_once(**plan: Any) -> Plan:
    """Return a plan whose sessions are READY as soon as they are admitted."""
    return Plan(provision=NO_TIME, **plan)


def limited(**limits: Any) -> Settings:
    """Return settings with these limits, whose sessions are READY as soon as they are admitted."""
    return Settings(plan=provisioned_at_once(), limits=Limits(**limits))


def in_state(state: State) -> tuple[Account, Session, float]:
    """Return an account of capacity 1, a session that ordinary calls brought to `state`, and when.

    Whoever is QUEUED waits for the other session of the account.
    """
    join = Fixed(5.0) if state is State.CLAIMED else None
    account = new_account(
        Settings(plan=Plan(provision=Fixed(2.0), join=join), limits=Limits(concurrency=1))
    )
    session = account.create(at=START)
    at = START + (0 if state in (State.QUEUED, State.PROVISIONING) else 2)
    match state:
        case State.QUEUED:
            session = account.create(at=at)
        case State.CLAIMED | State.RUNNING | State.COMPLETED:
            account.consume(session.id, account.session_key(session), at=at)
            if state is State.COMPLETED:
                account.apply_event(session.id, Event.ENDED, at=at)
        case State.FAILED:
            account.apply_event(session.id, Event.FAILED, at=at)
        case State.CANCELLED:
            account.delete(session.id, at=at)
        case _:
            account.advance(at)
    return account, account.sessions[session.id], at


def running(account: Account, *, at: float, max_duration_s: int = 300) -> str:
    """Create a session that is READY at once, consume it, and return its id."""
    session = account.create(at=at, max_duration_s=max_duration_s)
    account.consume(session.id, account.session_key(session), at=at)
    return session.id


def seen(account: Account) -> dict[str, Any]:
    """Return everything that can be seen from outside, copied."""
    return {
        "settings": account.settings,
        "created": account.created_count,
        "sessions": dict(account.sessions),
        "keys": {one.id: account.session_key(one) for one in account.sessions.values()},
        "active": account.active,
        "queued": account.queued,
        "spent": account.spent,
        "left": account.left,
        "used_today": account.used_today,
        "spent_by_day": dict(account.spent_by_day),
        "forgotten": account.evicted,
        "next_due_at": account.next_due_at,
    }


Answer = Session | tuple[str, float | None] | None
"""What a call answers, or the code and Retry-After of its refusal; None where it says nothing."""


def code_of(call: Callable[[], Session | None]) -> Answer:
    """Return what `call` answers, or the code and Retry-After of its refusal."""
    try:
        return call()
    except Refused as refusal:
        return refusal.code, refusal.retry_after_s


# Calls as data


class What(Enum):
    """What a script's call does."""

    CREATE = "create"
    GET = "get"
    CONSUME = "consume"
    WRONG_KEY = "wrong key"
    BACKEND = "backend"
    DELETE = "delete"
    OCCUR = "occur"
    CHANGE = "change settings"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, `after_s` seconds after the one before, on the `which`th newest session.

    `other`: for CHANGE, whose plan, limits and way of failing to pay are taken over; for CREATE,
    whose plan is; None: nothing changes.
    """

    after_s: float
    what: What
    which: int = 0
    event: Event = Event.ENDED
    max_duration_s: int = 300
    avatar: str | None = None
    other: Settings | None = None
    credits: int = 0


@dataclass(slots=True)
class Played:
    """What came of a script so far.

    Attributes:
        history: what `advance` returned.
        recorded: what the account told, each change with the limit of capacity at that moment.
        ids: of the sessions created, the oldest first.
    """

    account: Account
    recorded: list[tuple[Change, int | None]]
    at: float = START
    answers: list[Answer] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    sights: list[Mapping[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def branch(self) -> Played:
        """Return a copy of the account that goes on from here, with nothing noted yet."""
        recorded: list[tuple[Change, int | None]] = []
        twin = self.account.copy(
            lambda change: recorded.append((change, twin.settings.limits.concurrency))
        )
        return Played(twin, recorded, at=self.at, ids=[*self.ids])


def perform(account: Account, call: Call, ids: list[str], at: float) -> Session | None:
    """Do one call; a created id is added to `ids`. Refusals are raised."""
    if call.what is What.CREATE:
        session = account.create(
            at=at,
            max_duration_s=call.max_duration_s,
            avatar=call.avatar,
            plan=None if call.other is None else call.other.plan,
        )
        ids.append(session.id)
        return session
    if call.what is What.GRANT:
        account.grant(call.credits, at=at)
        return None
    if call.what is What.CHANGE:
        account.change_settings(changed(account.settings, call.other), at=at)
        return None
    known = [*reversed(ids), FOREIGN_ID]
    session_id = known[call.which % len(known)]
    match call.what:
        case What.GET:
            return account.get(session_id, at=at)
        case What.CONSUME:
            key = account.session_key(account.get(session_id, at=at))
            return account.consume(session_id, key, at=at)
        case What.WRONG_KEY:
            return account.consume(session_id, "stk_wrong", at=at)
        case What.BACKEND:
            return account.admit_backend(session_id, at=at)
        case What.DELETE:
            return account.delete(session_id, at=at)
        case _:
            return account.apply_event(session_id, call.event, at=at, failure=BROKEN)


def changed(settings: Settings, other: Settings | None) -> Settings:
    """Return settings as they are after a CHANGE; what is kept and what unknown ids are stays."""
    if other is None:
        return settings
    limits = replace(other.limits, retained=settings.limits.retained)
    return replace(settings, plan=other.plan, limits=limits, unpaid=other.unpaid)


Between = Callable[[Account, float, float], list[Change]]


def play(
    given: Settings,
    script: Sequence[Call],
    *,
    between: Between | None = None,
    seed: str = "1",
    world: str = "w",
) -> Played:
    """Perform `script` on a new account; see `go_on`."""
    recorded: list[tuple[Change, int | None]] = []
    account = new_account(
        given,
        seed=seed,
        world=world,
        record=lambda change: recorded.append((change, account.settings.limits.concurrency)),
    )
    return go_on(Played(account, recorded), script, between=between)


def go_on(played: Played, script: Sequence[Call], *, between: Between | None = None) -> Played:
    """Perform `script` and note what comes of it.

    `between(account, since, until)` does whatever happens in the gap before each call and returns
    the changes it saw; without it, the account is left alone until `until`.
    """
    account = played.account
    for call in script:
        since, at = played.at, played.at + call.after_s
        played.at = at
        if between is not None:
            played.history += between(account, since, at)
        played.history += account.advance(at)

        def this(call: Call = call, at: float = at) -> Session | None:
            return perform(account, call, played.ids, at)

        played.answers.append(code_of(this))
        played.sights.append(seen(account))
    return played


def cuts(fractions: Sequence[float]) -> Callable[[float, float], list[float]]:
    """Return a function that places `fractions` (0 to 1) between two instants, in order."""

    def place(since: float, until: float) -> list[float]:
        return [min(until, since + (until - since) * part) for part in sorted(fractions)]

    return place


# Strategies

gaps = st.one_of(
    st.sampled_from([0.0, 0.0, 0.25, 1.5, 1.5, 5.0, 6.0, 12.0]),
    st.floats(0, 20),
    st.sampled_from([60.0, 300.0, 86_400.0]),
)
caps = st.sampled_from([300, 300, 30, 12, 10])

ORDINARY = Settings(
    plan=Plan(provision=Fixed(1.5)),
    limits=Limits(concurrency=2, daily=None, credits=1000),
)

DURATIONS = (NO_TIME, Fixed(1.5), Fixed(6.0), Uniform(0.0, 3.0), Lognormal(5.0, 0.3), NEVER)

VARIATIONS: Mapping[tuple[str, str], Sequence[Any]] = {
    ("plan", "provision"): DURATIONS,
    ("plan", "expires_in_s"): (0.0, 5.0, 10.0),
    ("plan", "session_cap_s"): (0.0, 10.0, 12.0, 300.0),
    ("plan", "join"): DURATIONS,
    ("plan", "queued"): DURATIONS,
    ("limits", "concurrency"): (None, 0, 1, 3),
    ("limits", "daily"): (0, 1, 3),
    ("limits", "credits"): (None, *range(12)),
    ("limits", "retained"): (0, 1, 2),
    ("settings", "unpaid"): tuple(Unpaid),
    ("settings", "deleted_again"): (False,),
    ("settings", "materialise"): (True,),
    ("settings", "avatars"): (None,),
}

POSSIBLE = [
    (state, event)
    for state, row in TRANSITIONS.items()
    for event in row
    if event not in (Event.ADMITTED, Event.RELEASED, Event.BILLED)
]
"""What a plan can make happen by itself."""

AFTERS = (NO_TIME, *(Fixed(span) for span in (1.5, 6.0, 12.0, 300.0)), Uniform(0.0, 3.0), NEVER)
"""Most of them the very instants of the usual events, so that there are ties."""

one_happening = st.sampled_from([state for state in State if TRANSITIONS[state]]).flatmap(
    lambda state: st.builds(
        Happening,
        st.just(state),
        st.sampled_from([event for where, event in POSSIBLE if where is state]),
        st.sampled_from(AFTERS),
        st.sampled_from([None, BROKEN]),
    )
)
all_happenings = st.lists(
    one_happening, min_size=1, max_size=3, unique_by=lambda happening: happening.state
).map(tuple)

variations = st.one_of(
    [st.tuples(st.just(knob), st.sampled_from(values)) for knob, values in VARIATIONS.items()]
)


def varied(by: Sequence[tuple[tuple[str, str], Any]]) -> Settings:
    """Return ordinary settings but for these choices."""
    chosen: dict[str, dict[str, Any]] = {"plan": {}, "limits": {}, "settings": {}}
    for (part, name), value in by:
        chosen[part][name] = value
    return replace(
        ORDINARY,
        plan=replace(ORDINARY.plan, **chosen["plan"]),
        limits=replace(ORDINARY.limits, **chosen["limits"]),
        **chosen["settings"],
    )


all_settings = st.builds(
    lambda by, happenings: varied([*by, (("plan", "happenings"), happenings)]),
    st.lists(variations, max_size=5),
    st.just(()) | all_happenings,
)
"""A few things at a time: if all were unusual at once, hardly any session would ever run."""

any_call = st.builds(
    Call,
    after_s=gaps,
    what=st.sampled_from(What),
    which=st.integers(0, 8),
    event=st.sampled_from(Event),
    max_duration_s=caps,
    avatar=st.sampled_from([None, None, EXAMPLE_AVATAR, FOREIGN_ID]),
    other=st.none() | all_settings,
    credits=st.integers(0, 12),
)
"""Anything at all, mostly refused."""

a_conversation = st.builds(
    lambda gap, wait, length, cap: [
        Call(gap, What.CREATE, max_duration_s=cap),
        Call(wait, What.CONSUME),
        Call(length, What.GET),
    ],
    gaps,
    st.sampled_from([1.5, 1.5, 0.0, 6.0]),
    gaps,
    caps,
)
"""What clients do when all goes well, so that runs get beyond READY."""

scripts = st.lists(a_conversation | any_call.map(lambda call: [call]), min_size=1, max_size=12).map(
    lambda parts: [call for part in parts for call in part]
)

fractions = st.lists(st.floats(0, 1), max_size=5)
