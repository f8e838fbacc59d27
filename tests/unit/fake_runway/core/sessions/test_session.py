"""A session's state, its due events, and one step of its life."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.billing import Unpaid
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed, later
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.lifecycles.session import TERMINAL, TRANSITIONS, Event, Failure, State
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import (
    _MOST_STAGES,
    Happening,
    Plan,
    Session,
    Stage,
    new_session,
    next_due,
    step,
)
from tests.support.fake.plans import failing, made_up
from tests.unit.fake_runway.core.playing import (
    BROKEN,
    LAW,
    START,
    all_settings,
    in_state,
    new_account,
    one_happening,
)

DRAWS = Draws("seed", "world")

# Due events

BY_ITSELF = [
    (State.QUEUED, Plan(queued=Fixed(3.0)), Event.RELEASED, START + 3),
    (State.PROVISIONING, Plan(provision=Fixed(2.0)), Event.PROVISIONED, START + 2),
    (State.PROVISIONING, failing(BROKEN, provision=Fixed(2.0)), Event.FAILED, START + 2),
    (State.READY, Plan(provision=NO_TIME, expires_in_s=20.0), Event.EXPIRED, START + 20),
    (State.CLAIMED, Plan(provision=NO_TIME, join=Fixed(5.0)), Event.JOINED, START + 5),
    (
        State.CLAIMED,
        Plan(provision=NO_TIME, expires_in_s=20.0, join=NEVER),
        Event.EXPIRED,
        START + 20,
    ),
    (State.RUNNING, Plan(provision=NO_TIME), Event.BILLED, START + 6),
    (State.RUNNING, Plan(provision=NO_TIME, session_cap_s=5.0), Event.CAPPED, START + 5),
]


@pytest.mark.parametrize(("state", "plan", "event", "at"), BY_ITSELF)
def test_each_live_state_moves_by_itself(state: State, plan: Plan, event: Event, at: float) -> None:
    """A due event happens at its instant and not before, without any call."""
    account = new_account(Settings(plan=plan))
    session = account.create(at=START)
    if state in (State.CLAIMED, State.RUNNING):
        account.consume(session.id, account.session_key(session), at=START)

    before = account.get(session.id, at=nextafter(at, -inf))
    change, *_ = account.advance(at)  # joining pays the first block as well

    assert (before.state, before.due_at) == (state, at)
    assert (change.event, change.at) == (event, at)
    assert change.after.state is TRANSITIONS[state][event]


def test_the_unpaid_end_happens_by_itself() -> None:
    """The one ending that needs an empty account comes when a block begins."""
    account = new_account(
        Settings(plan=Plan(provision=NO_TIME), limits=Limits(credits=4), unpaid=Unpaid.COMPLETE)
    )
    session = account.create(at=START)
    account.consume(session.id, account.session_key(session), at=START)

    (change,) = account.advance(START + 100)

    assert (change.event, change.at) == (Event.UNPAID, START + 6)


@pytest.mark.parametrize("state", [State.QUEUED, *sorted(TERMINAL, key=lambda one: one.name)])
def test_nothing_is_due_where_nothing_happens_by_itself(state: State) -> None:
    """Sessions that wait for capacity and ended ones have no due instant and no event."""
    _, session, _ = in_state(state)

    assert next_due(session, DRAWS) is None
    assert (session.due_at, session.due_event) == (None, None)


def test_a_new_session_waits() -> None:
    """It is QUEUED without an event, and with a plan that wants it so it is due for its release."""
    quick = new_session("an id", ordinal=7, at=START, plan=Plan(), max_duration_s=30, draws=DRAWS)
    slow = new_session(
        "an id", ordinal=7, at=START, plan=Plan(queued=Fixed(4)), max_duration_s=30, draws=DRAWS
    )

    for session in (quick, slow):
        assert (session.state, session.event, session.ordinal) == (State.QUEUED, None, 7)
        assert (session.created_at, session.changed_at) == (START, START)
    assert (quick.due_at, quick.due_event, quick.waits_for_capacity) == (None, None, True)
    assert (slow.due_at, slow.due_event) == (START + 4, Event.RELEASED)
    assert not slow.waits_for_capacity


# What a plan makes happen


def in_each_state(plan: Plan) -> list[Session]:
    """Return a session of `plan` in each live state that it entered at START."""
    one = new_session("an id", ordinal=0, at=START, plan=plan, max_duration_s=300, draws=DRAWS)
    released = step(one, Event.RELEASED, START, draws=DRAWS)
    admitted = step(one, Event.ADMITTED, START, draws=DRAWS)
    ready = step(admitted, Event.PROVISIONED, START, draws=DRAWS)
    claimed = step(ready, Event.CLAIMED, START, draws=DRAWS)
    running = step(ready, Event.CONSUMED, START, draws=DRAWS)
    return [one, released, admitted, ready, claimed, running]


@LAW
@given(
    plan=all_settings.map(lambda one: one.plan),
    happening=one_happening,
)
def test_a_happening_comes_unless_the_usual_event_is_earlier(
    plan: Plan, happening: Happening
) -> None:
    """In its state it is due so long after the state was entered, a tie included; else nothing."""
    number = DRAWS.number(f"then-{happening.state.value}", 0)
    strikes_at = later(START, happening.after.sample(number))
    planned = replace(plan, happenings=(happening,))

    for usual, session in zip(
        in_each_state(replace(plan, happenings=())), in_each_state(planned), strict=True
    ):
        earlier = usual.due_at is not None and usual.due_at < strikes_at
        if session.state is not happening.state or earlier:
            assert (session.due_at, session.due_event) == (usual.due_at, usual.due_event)
        else:
            assert (session.due_at, session.due_event) == (strikes_at, happening.event)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_events_that_stay_in_a_state_do_not_put_off_what_happens_in_it(state: State) -> None:
    """The span is counted from entering QUEUED or RUNNING, across releases and bills."""
    plan = Plan(
        queued=Fixed(2.0),
        provision=NO_TIME,
        happenings=(
            Happening(State.QUEUED, Event.CANCELLED, Fixed(5.0)),
            Happening(State.RUNNING, Event.ENDED, Fixed(13.0)),
        ),
    )
    account = new_account(
        Settings(plan=plan, limits=Limits(concurrency=0 if state is State.QUEUED else None))
    )
    session = account.create(at=START)
    at = START + 5
    if state is State.RUNNING:
        ready = account.get(session.id, at=START + 2)
        account.consume(session.id, account.session_key(ready), at=START + 2)
        at = START + 2 + 13

    account.advance(START + 100)

    ended = account.sessions[session.id]
    assert ended.changed_at == at
    assert ended.blocks == (0 if state is State.QUEUED else 3)


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_a_plan_makes_happen_what_the_table_allows(state: State, event: Event) -> None:
    """Any row of the table but what capacity and billing do; the refusal says what is possible."""
    own = {Event.ADMITTED, Event.RELEASED, Event.BILLED}
    possible = set(TRANSITIONS[state]) - own

    if event in possible:
        assert Plan(happenings=(Happening(state, event),)).happenings_in(state)
        return
    with pytest.raises(ValueError, match=f"while {state.value} .*; got {event.value}") as refused:
        Happening(state, event)

    assert all(one.value in str(refused.value) for one in possible)


# Stages


def test_sessions_at_the_same_point_share_their_stage() -> None:
    """One object says what they have in common; another length of call or another plan differs."""
    plan = Plan()

    def stage_of(ordinal: int, plan: Plan = plan, max_duration_s: int = 300) -> Stage:
        made = new_session(
            str(ordinal),
            ordinal=ordinal,
            at=START + ordinal,
            plan=plan,
            max_duration_s=max_duration_s,
            draws=DRAWS,
        )
        return step(made, Event.ADMITTED, START + 10, draws=DRAWS).stage

    assert stage_of(1) is stage_of(2)
    assert stage_of(1).plan is plan
    assert stage_of(1, max_duration_s=30) != stage_of(1)
    assert stage_of(1, Plan(scenario="other")) != stage_of(1)
    assert stage_of(1, Plan()) == stage_of(1)


def test_a_plan_remembers_so_many_stages_and_no_reason() -> None:
    """What callers choose (lengths of calls, reasons) does not pile up in a plan."""
    plan = Plan()
    first = plan.stage(0, None)

    for length_s in range(1, _MOST_STAGES):
        plan.stage(length_s, None)
    assert plan.stage(0, None) is first
    plan.stage(_MOST_STAGES, None)
    assert plan.stage(0, None) is not first
    assert plan.stage(0, None) == first

    failed = [plan.stage(0, Event.FAILED, failure=BROKEN) for _ in range(2)]
    assert failed[0] == failed[1]
    assert failed[0] is not failed[1]


# One step


@LAW
@given(
    state=st.sampled_from(State),
    event=st.sampled_from(Event),
    at=st.floats(START + 10, START + 1e6),
    failure=st.sampled_from([None, Failure("MADE.UP", "Because.")]),
)
def test_a_step_changes_what_it_says_and_nothing_else(
    state: State, event: Event, at: float, failure: Failure | None
) -> None:
    """Identity and plan stay; instants, blocks and failure follow the event."""
    _, before, _ = in_state(state)
    if event not in TRANSITIONS[state]:
        with pytest.raises(IllegalTransition, match=f"{state.value} cannot be {event.value}"):
            step(before, event, at, draws=DRAWS, failure=failure)
        return

    after = step(before, event, at, draws=DRAWS, failure=failure)

    assert (after.state, after.event, after.changed_at) == (TRANSITIONS[state][event], event, at)
    assert after.ready_at == (at if event is Event.PROVISIONED else before.ready_at)
    starts = event in (Event.CONSUMED, Event.JOINED, Event.ENTERED)
    assert after.started_at == (at if starts else before.started_at)
    assert after.blocks == before.blocks + (event is Event.BILLED)
    assert (after.failure is not None) == (after.state is State.FAILED)
    if event is Event.FAILED and failure is not None:
        assert after.failure == failure
    elif event is Event.EXPIRED:
        assert after.failure is not None
        assert "expired" in after.failure.text
    same = ("id", "ordinal", "created_at", "max_duration_s", "plan")
    assert all(getattr(after, name) == getattr(before, name) for name in same)


def test_a_session_is_a_value() -> None:
    """A session is immutable; a step makes another one."""
    _, session, _ = in_state(State.READY)

    with pytest.raises(AttributeError):
        session.state = State.RUNNING  # type: ignore[misc] # that is what is tried here

    assert step(session, Event.CONSUMED, START + 3, draws=DRAWS) is not session
    assert session.state is State.READY


def test_blocks_begin_at_multiples_of_six_seconds_from_the_start() -> None:
    """No sum of steps drifts: the thousandth block begins 6000 seconds after the start."""
    _, session, _ = in_state(State.RUNNING)
    started_at = START + 0.1
    session = made_up(session, started_at=started_at, max_duration_s=10_000, blocks=999)

    assert step(session, Event.BILLED, START, draws=DRAWS).due_at == started_at + 6000


def test_what_never_began_has_no_end_and_took_no_time() -> None:
    """Before READY there is no expiry, before RUNNING no end; a call that never ran took 0 s."""
    _, queued, _ = in_state(State.QUEUED)
    _, cancelled, _ = in_state(State.CANCELLED)
    account, running, at = in_state(State.RUNNING)
    completed = account.apply_event(running.id, Event.ENDED, at=at + 1)

    assert queued.expires_at is None
    assert queued.ends_at is None
    assert cancelled.ran_for_s == 0
    assert completed.ran_for_s == 1
