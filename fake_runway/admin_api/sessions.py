"""Admin operations on sessions and on the credits of their account."""

import asyncio
from dataclasses import replace
from functools import partial
from hashlib import sha256

from contracts.wire.schema import where
from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict
from fake_runway.admin_api.declaration import WorldAct, WorldScoped, WorldWait, operation
from fake_runway.admin_api.requests import LIMIT, STATE
from fake_runway.admin_api.resources import failure_in, gone_lines, newest, way
from fake_runway.core.account import Account
from fake_runway.core.durations import NEVER, NO_TIME
from fake_runway.core.errors import Refused, UnknownSession
from fake_runway.core.history.journal import Entry, Move
from fake_runway.core.history.redaction import redacted_body
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import entry_body, session_view
from fake_runway.core.lifecycles.session import (
    SESSION,
    TERMINAL,
    Event,
    State,
)
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import DEFAULT_MAX_DURATION_S
from fake_runway.core.sessions.script import why_not
from fake_runway.core.sessions.session import Plan, Session
from fake_runway.core.types import Json
from fake_runway.room.addresses import WHEP
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World


@operation("listSessions", "GET /sessions", WorldWait, answers="SessionList", query=(STATE, LIMIT))
async def list_sessions(call: AdminCall) -> Reply:
    """Answer the sessions, newest first."""
    views = await newest(call, call.world.account.sessions, session_view)
    return Reply(200, {"sessions": views, "gone": call.world.account.evicted})


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
    """Create a session and bring it into a state by events of the transition table."""
    account = call.world.account
    # on a copy first, so that a rejection half-way leaves no trace
    made_session(account.copy(lambda _: None), call)
    session = made_session(account, call)
    view = dict(session_view(session))
    if session.state is State.READY:
        view["session_key"] = account.session_key(session)
    return Reply(201, view)


def made_session(account: Account, call: AdminCall) -> Session:
    """Return a new session of an account, in the state that the body of a call names."""
    target = State(call.body.get("state", State.PROVISIONING.value))
    failure = failure_in(call.body, SESSION, fails=target is State.FAILED)
    limit = account.settings.limits.concurrency
    if target is not State.QUEUED and limit is not None and account.active >= limit:
        raise Conflict("Expected free capacity for a session that is not queued, got none.")
    length_s = int(call.body.get("max_duration_s", DEFAULT_MAX_DURATION_S))
    try:
        session = account.create(
            at=call.at, max_duration_s=length_s, plan=_plan_for(target, account.settings.plan)
        )
        for event in way(SESSION, session.state, target):
            session = account.apply_event(session.id, event, at=call.at, failure=failure)
    except Refused as refusal:
        raise Conflict(f"The session cannot be created: {refusal.message}") from refusal
    if session.state is not target:
        raise Conflict(
            f"Expected a session that stays {target.value}, got one that is {session.state.value}"
            " at once, by the plan of this world."
        )
    return session


def _plan_for(target: State, plan: Plan) -> Plan:
    """Return a plan that lets a session reach a state and go on from there."""
    match target:
        case State.QUEUED:
            return replace(plan, queued=NEVER)
        case State.PROVISIONING:
            return replace(plan, queued=NO_TIME)
    return replace(plan, queued=NO_TIME, happenings=())


@operation(
    "occur", "POST /sessions/{id}/events", WorldAct, takes="Occurrence", answers="SessionView"
)
def occur(call: AdminCall) -> Reply:
    """Apply an event to a session."""
    session = _session(call)
    event = Event(call.body["event"])
    failure = failure_in(call.body, SESSION, fails=event is Event.FAILED)
    after = call.world.account.apply_event(session.id, event, at=call.at, failure=failure)
    return Reply(200, session_view(after))


@operation(
    "reportCall",
    "POST /sessions/{id}/call",
    partial(WorldAct, written=lambda call, _: redacted_body(call.body, "")),
    takes="CallReport",
    answers="SessionView",
)
def report_call(call: AdminCall) -> Reply:
    """Take what the room of a session reports; `World.report` is how our own room does that."""
    report = redacted_body(call.body, "")
    session = call.world.account.report(call.name.lower(), report, at=call.at)
    return Reply(200, session_view(session))


@operation(
    "direct",
    "POST /sessions/{id}/script",
    # what the avatar does is reported, and a replay repeats the reports
    partial(WorldAct, repeat=None),
    takes="Direction",
    answers="SessionView",
)
def direct(call: AdminCall) -> Reply:
    """Tell the avatar in a session's room what to do; it does so when it is free."""
    session, world = _session(call), call.world
    try:
        steps = world.catalogue.parse_steps(call.body)
    except ScenarioFileError as error:
        raise AdminRefused(str(error), where=where(error.problems[0].path)) from error
    for index, step in enumerate(steps):
        if wrong := why_not(step, session.options):
            place = ("steps", index) if "steps" in call.body else ()
            raise AdminRefused(f"{where(place)}: {wrong}", where=where(place))
    directions = world.directions.get(session.id)
    if directions is None:
        raise Conflict(
            f"Expected a session with an avatar at work, got one that is {session.state.value} and"
            " whose room no participant has joined."
        )
    try:
        directions.put_nowait(steps)
    except asyncio.QueueFull:
        raise Conflict(
            f"Expected an avatar that keeps up, got one with {directions.maxsize} directions ahead"
            " of it."
        ) from None
    return Reply(200, session_view(session))


@operation("watchSession", "POST /sessions/{id}/viewer", WorldScoped, answers="Viewer")
def watch_session(call: AdminCall) -> Reply:
    """Answer a token that lets its holder watch the call. Nothing of it reaches the session."""
    session, livekit = _session(call), call.livekit
    if not livekit.hosted:
        raise Conflict(f"Expected a room of this fake, got one at {livekit.url}.")
    if session.state in TERMINAL:
        raise Conflict(f"Expected a session that goes on, got one that is {session.state.value}.")
    token = livekit.viewer(session, now=call.at)
    return Reply(200, {"path": f"/w/{call.world.name}/{WHEP}", "token": token})


@operation("getTimeline", "GET /sessions/{id}/timeline", WorldScoped, answers="Timeline")
def get_timeline(call: AdminCall) -> Reply:
    """Answer the timeline of a session, as data and as lines of text."""
    session_id, log = call.name.lower(), call.world.log
    subject = Subject(SESSION.name, session_id)
    entries, gone = list(log.of_subject(subject)), log.evicted.about(subject)
    if entries and _begins(entries[0]) and entries[0].number > log.evicted.newest_call:
        gone = gone._replace(uncertain=0)  # all since its create is kept
    session = call.world.account.sessions.get(session_id)
    if not entries and session is None and not gone.certain:
        raise UnknownSession("Could not find realtime session.")
    return Reply(
        200,
        {
            "session": session_id,
            "key_sha256": _key_sha256(call.world.account, session) if session else None,
            "entries": [entry_body(entry) for entry in entries],
            "lines": [*gone_lines(gone, SESSION), *timeline(entries, start=call.world.epoch)],
            "gone": gone.certain,
            "uncertain": gone.uncertain,
        },
    )


def _key_sha256(account: Account, session: Session) -> str:
    """Return what tells a session's key from others, and does not allow to use it.

    The key has 128 bits of chance, so its hash does not lead to it. It never changes, so it needs
    no place in the journal, and records of runs stay as they are.
    """
    return sha256(account.session_key(session).encode()).hexdigest()


def _begins(entry: Entry) -> bool:
    return isinstance(entry, Move) and entry.change.before is None


# Credits


@operation("getCredits", "GET /credits", WorldScoped, answers="Credits")
def get_credits(call: AdminCall) -> Reply:
    """Answer what the account has spent and has left."""
    return Reply(200, _credits_view(call.world))


@operation("putCredits", "PUT /credits", WorldAct, takes="CreditsLeft", answers="Credits")
def put_credits(call: AdminCall) -> Reply:
    """Set how many credits the account has left."""
    call.world.account.grant(int(call.body["left"]), at=call.at)
    return Reply(200, _credits_view(call.world))


def _credits_view(world: World) -> Json:
    account = world.account
    return {"left": account.left, "spent": account.spent, "sessions_today": account.used_today}
