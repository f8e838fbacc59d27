"""Admin operations on sessions and on the credits they cost."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict, limit_of
from fake_runway.admin_api.declaration import WorldAct, WorldScoped, operation
from fake_runway.admin_api.query import LIMIT, STATE
from fake_runway.core.account import Account
from fake_runway.core.durations import NEVER, NO_TIME
from fake_runway.core.errors import IllegalTransition, Refused, UnknownSession
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import entry_body, session_view
from fake_runway.core.lifecycles.session import TRANSITIONS, Event, Failure, State
from fake_runway.core.scenario.settings import DEFAULT_MAX_DURATION_S
from fake_runway.core.sessions.session import Plan, Session
from fake_runway.core.types import Json
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World


@operation(
    "listSessions", "GET /sessions", WorldScoped, answers="SessionList", query=(STATE, LIMIT)
)
def list_sessions(call: AdminCall) -> Reply:
    """Answer the sessions, newest first."""
    state, limit = call.query.get("state"), limit_of(call.query)
    every = reversed([*call.world.account.sessions.values()])
    fitting = (session for session in every if state in (None, session.state.value))
    views = [session_view(session) for session, _ in zip(fitting, range(limit), strict=False)]
    return Reply(200, {"sessions": views})


@operation("getAdminSession", "GET /sessions/{id}", WorldScoped, answers="SessionView")
def get_admin_session(call: AdminCall) -> Reply:
    """Answer a session as the world knows it."""
    return Reply(200, session_view(_session(call)))


def _session(call: AdminCall) -> Session:
    session = call.world.account.sessions.get(call.name.lower())
    if session is None:
        raise UnknownSession("Could not find realtime session.")
    return session


@operation(
    "makeSession",
    "POST /sessions",
    WorldAct,
    takes="NewSession",
    answers="MadeSession",
    optional=True,
)
def make_session(call: AdminCall) -> Reply:
    """Create a session and bring it into a state, by the events of the table."""
    account = call.world.account
    _make(account.copy(lambda _: None), call)  # what is refused half-way must leave nothing behind
    session = _make(account, call)
    view = session_view(session)
    if session.state is State.READY:
        view["session_key"] = account.session_key(session)
    return Reply(201, view)


def _make(account: Account, call: AdminCall) -> Session:
    target = State(call.body.get("state", State.PROVISIONING.value))
    failure = _failure(call.body, fails=target is State.FAILED)
    limit = account.settings.limits.concurrency
    if target is not State.QUEUED and limit is not None and account.active >= limit:
        raise Conflict("There is no capacity for a session that is not queued.")
    length_s = int(call.body.get("max_duration_s", DEFAULT_MAX_DURATION_S))
    try:
        session = account.create(
            at=call.at, max_duration_s=length_s, plan=_plan_for(target, account.settings.plan)
        )
        for event in _way(session.state, target):
            session = account.apply_event(session.id, event, at=call.at, failure=failure)
    except Refused as refusal:
        raise Conflict(f"No session can be made so: {refusal.message}") from refusal
    if session.state is not target:
        raise Conflict(
            f"In this world a session that is {target.value} is {session.state.value} at once."
        )
    return session


def _plan_for(target: State, plan: Plan) -> Plan:
    """Return the plan of a session that is to be brought into a state and to go on from there."""
    match target:
        case State.QUEUED:
            return replace(plan, queued=NEVER)
        case State.PROVISIONING:
            return replace(plan, queued=NO_TIME)
    return replace(plan, queued=NO_TIME, happenings=())


def _way(start: State, target: State) -> tuple[Event, ...]:
    """Return the fewest events that lead from one state to another."""
    ways: deque[tuple[State, tuple[Event, ...]]] = deque([(start, ())])
    seen = {start}
    while ways:
        state, way = ways.popleft()
        if state is target:
            return way
        for event, after in TRANSITIONS[state].items():
            if after not in seen and event is not Event.ADMITTED:
                seen.add(after)
                ways.append((after, (*way, event)))
    raise IllegalTransition(f"no events lead from {start.value} to {target.value}")


@operation(
    "occur", "POST /sessions/{id}/events", WorldAct, takes="Occurrence", answers="SessionView"
)
def occur(call: AdminCall) -> Reply:
    """Let an event happen to a session."""
    session = _session(call)
    event = Event(call.body["event"])
    failure = _failure(call.body, fails=event is Event.FAILED)
    after = call.world.account.apply_event(session.id, event, at=call.at, failure=failure)
    return Reply(200, session_view(after))


def _failure(body: Mapping[str, Any], *, fails: bool) -> Failure | None:
    given = body.get("failure")
    if given is not None and not fails:
        raise AdminRefused(
            "Expected no failure for what does not fail, got one.",
            headers={"X-Fake-Where": "$.failure"},
        )
    return None if given is None else Failure(given["code"], given["text"])


@operation("getTimeline", "GET /sessions/{id}/timeline", WorldScoped, answers="Timeline")
def get_timeline(call: AdminCall) -> Reply:
    """Answer everything that happened to a session, as data and as lines."""
    session_id = call.name.lower()
    entries = list(call.world.log.of_session(session_id))
    session = call.world.account.sessions.get(session_id)
    if not entries and session is None:
        raise UnknownSession("Could not find realtime session.")
    return Reply(
        200,
        {
            "session": session_id,
            "entries": [entry_body(entry) for entry in entries],
            "lines": timeline(entries, start=call.world.epoch),
        },
    )


# Credits


@operation("getCredits", "GET /credits", WorldScoped, answers="Credits")
def get_credits(call: AdminCall) -> Reply:
    """Answer what the account has spent and has left."""
    return Reply(200, _credits_view(call.world))


@operation("putCredits", "PUT /credits", WorldAct, takes="CreditsLeft", answers="Credits")
def put_credits(call: AdminCall) -> Reply:
    """Let the account have so many credits left."""
    call.world.account.grant(int(call.body["left"]), at=call.at)
    return Reply(200, _credits_view(call.world))


def _credits_view(world: World) -> Json:
    account = world.account
    return {"left": account.left, "spent": account.spent, "sessions_today": account.used_today}
