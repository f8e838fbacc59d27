"""The requests of the admin API as values: one function for each operation, which sends nothing.

A `Call` says what to send and how to read the answer. The two clients (`aio.py`,
`blocking.py`) differ in who sends it and in nothing else. Source of the bodies:
`contracts/wire/schemas/admin.json`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from fake_runway.client.answers import (
    AdminError,
    ClockView,
    CreditsView,
    EventName,
    Exchange,
    Exchanges,
    FaultView,
    Finding,
    Health,
    Recording,
    Replayed,
    ScenarioLine,
    ScenarioView,
    SessionView,
    Snapshot,
    StateName,
    Timeline,
    Unreachable,
    View,
    WorldView,
    error_of,
)
from fake_runway.core.durations import parse_span, written_span
from fake_runway.core.types import Json

T = TypeVar("T")
V = TypeVar("V", bound=View)

Span = float | str
"""Seconds, or a text such as `1.5s`, `200ms`, `5m`."""

DEFAULT_WAIT_S = 5.0
TOKEN_HEADER = "X-Fake-Admin-Token"
ROOT = "/__admin"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request.

    Attributes:
        operation: its id in the admin document.
        path: below the world's `/__admin`, with its query.
        body: None: there is none.
        read: makes the result out of the answer's JSON; None for an empty answer.
        wait_s: how long the server may take on purpose, real seconds.
    """

    operation: str
    method: str
    path: str
    read: Callable[[Any], T]
    body: Json | None = None
    wait_s: float = 0.0


def root_of(base_url: str, world: str | None) -> str:
    """Return where the admin API of a world is; None: of the only world that the server has."""
    return f"{app_url(base_url, world)}{ROOT}"


def app_url(base_url: str, world: str | None) -> str:
    """Return the base URL by which an application reaches a world."""
    bare = base_url.rstrip("/")
    return bare if world is None else f"{bare}/w/{quote(world, safe='')}"


def payload(call: Call[Any], token: str | None) -> tuple[dict[str, str], bytes | None]:
    """Return the headers and the bytes to send."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers[TOKEN_HEADER] = token
    if call.body is None:
        return headers, None
    headers["Content-Type"] = "application/json"
    return headers, json.dumps(call.body).encode()


def result(call: Call[T], status: int, raw: bytes) -> T:
    """Return what an answer means.

    Raises:
        AdminError: it is a refusal.
    """
    try:
        body = json.loads(raw) if raw else None
    except ValueError as error:
        raise error_of(call.operation, status, None) from error
    if not 200 <= status < 300:
        raise error_of(call.operation, status, body)
    try:
        return call.read(body)
    except (KeyError, TypeError, AttributeError) as error:
        raise error_of(call.operation, status, None) from error


def unreachable(call: Call[Any], base_url: str, reason: BaseException) -> AdminError:
    """Return the error for a server that did not answer."""
    why = str(reason) or type(reason).__name__
    return Unreachable(call.operation, f"no answer from {base_url}: {why}")


def _nothing(_: object) -> None:
    return None


def _many(key: str, kind: type[V]) -> Callable[[Any], tuple[V, ...]]:
    return lambda body: tuple(kind.of(each) for each in body[key])


def _given(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _query(**parts: Any) -> str:
    given = _given(**parts)
    return f"?{urlencode(given)}" if given else ""


def _name(text: str) -> str:
    return quote(text, safe="")


def span_text(span: Span) -> str:
    """Return a span as the wire has it."""
    return span if isinstance(span, str) else written_span(float(span))


def _seconds(span: Span) -> float:
    try:
        return parse_span(span) if isinstance(span, str) else float(span)
    except ValueError:
        return DEFAULT_WAIT_S  # the server says what is wrong with it


# The server and its worlds


def health() -> Call[Health]:
    """Ask whether the server is there."""
    return Call("getAdminHealth", "GET", "/health", Health.of)


def worlds() -> Call[tuple[WorldView, ...]]:
    """Ask for all worlds, the one used last first."""
    return Call("listWorlds", "GET", "/worlds", _many("worlds", WorldView))


def world() -> Call[WorldView]:
    """Ask for the world itself."""
    return Call("getWorld", "GET", "/world", WorldView.of)


def drop() -> Call[None]:
    """Forget the world."""
    return Call("dropWorld", "DELETE", "/world", _nothing)


def reset(scenario: str | None, seed: str | None, rate: float | None) -> Call[WorldView]:
    """Begin the world anew."""
    body = {"name": scenario, "seed": seed, "rate": rate}
    given = {name: value for name, value in body.items() if value is not None}
    return Call("resetWorld", "POST", "/reset", WorldView.of, given)


def fork(name: str) -> Call[WorldView]:
    """Let a copy of the world go on under another name."""
    return Call("forkWorld", "POST", "/fork", WorldView.of, {"name": name})


def snapshots() -> Call[tuple[Snapshot, ...]]:
    """Ask for the snapshots of the world."""
    return Call("listSnapshots", "GET", "/snapshots", _many("snapshots", Snapshot))


def snapshot(name: str | None) -> Call[Snapshot]:
    """Keep what the world is now."""
    return Call("takeSnapshot", "POST", "/snapshots", Snapshot.of, _given(name=name))


def restore(name: str) -> Call[WorldView]:
    """Let the world go on from a snapshot."""
    path = f"/snapshots/{_name(name)}/restore"
    return Call("restoreSnapshot", "POST", path, WorldView.of)


def delete_snapshot(name: str) -> Call[None]:
    """Forget a snapshot."""
    return Call("deleteSnapshot", "DELETE", f"/snapshots/{_name(name)}", _nothing)


# Time


def clock() -> Call[ClockView]:
    """Ask what the world's clock shows."""
    return Call("getClock", "GET", "/clock", ClockView.of)


def set_rate(rate: float) -> Call[ClockView]:
    """Let the world's time pass faster, slower or not at all."""
    return Call("setClockRate", "PUT", "/clock", ClockView.of, {"rate": rate})


def jump(by: Span) -> Call[ClockView]:
    """Move the world's clock forward by a span."""
    return _move({"by": span_text(by)})


def jump_to(instant: float) -> Call[ClockView]:
    """Move the world's clock forward to an instant."""
    return _move({"to": instant})


def to_next() -> Call[ClockView]:
    """Move the world's clock forward to what happens next."""
    return _move({"to": "next"})


def _move(body: Json) -> Call[ClockView]:
    return Call("moveClock", "POST", "/clock/move", ClockView.of, body)


# Scenario and faults


def scenarios() -> Call[tuple[ScenarioLine, ...]]:
    """Ask for every scenario that can be chosen by name."""
    return Call("listScenarios", "GET", "/scenarios", _many("scenarios", ScenarioLine))


def current_scenario() -> Call[ScenarioView]:
    """Ask what the world follows."""
    return Call("getScenario", "GET", "/scenario", ScenarioView.of)


def put_scenario(scenario: str | Json) -> Call[ScenarioView]:
    """Let the world follow another scenario: one by its name, or one given as data."""
    body = {"name": scenario} if isinstance(scenario, str) else {"scenario": dict(scenario)}
    return Call("putScenario", "PUT", "/scenario", ScenarioView.of, body)


def bind_avatar(avatar: str, session: Json) -> Call[ScenarioView]:
    """Let creates for an avatar follow a session form."""
    path = f"/avatars/{_name(avatar)}"
    return Call("bindAvatar", "PUT", path, ScenarioView.of, dict(session))


def unbind_avatar(avatar: str) -> Call[None]:
    """Let creates for an avatar follow no form of its own any more."""
    return Call("unbindAvatar", "DELETE", f"/avatars/{_name(avatar)}", _nothing)


def faults() -> Call[tuple[FaultView, ...]]:
    """Ask for the faults that are about all calls."""
    return Call("listFaults", "GET", "/faults", _many("faults", FaultView))


def add_fault(given: Json | None, **parts: Any) -> Call[FaultView]:
    """Put a fault in place, given as data, by its parts, or by both; parts are stronger."""
    body = {**(given or {}), **{key.rstrip("_"): part for key, part in _given(**parts).items()}}
    return Call("addFault", "POST", "/faults", FaultView.of, body)


def remove_fault(name: str) -> Call[None]:
    """Remove a fault that was put in place by hand."""
    return Call("removeFault", "DELETE", f"/faults/{_name(name)}", _nothing)


def remove_faults() -> Call[None]:
    """Remove all faults that were put in place by hand."""
    return Call("removeFaults", "DELETE", "/faults", _nothing)


# Sessions


def sessions(state: StateName | None, limit: int | None) -> Call[tuple[SessionView, ...]]:
    """Ask for the sessions, newest first."""
    path = f"/sessions{_query(state=state, limit=limit)}"
    return Call("listSessions", "GET", path, _many("sessions", SessionView))


def session(session_id: str) -> Call[SessionView]:
    """Ask for one session."""
    return Call("getAdminSession", "GET", f"/sessions/{_name(session_id)}", SessionView.of)


def make_session(
    state: StateName | None, max_duration_s: int | None, failure: tuple[str, str] | None
) -> Call[SessionView]:
    """Create a session and bring it into a state."""
    body = _given(state=state, max_duration_s=max_duration_s, failure=_failure(failure))
    return Call("makeSession", "POST", "/sessions", SessionView.of, body)


def occur(
    session_id: str, event: EventName, failure: tuple[str, str] | None = None
) -> Call[SessionView]:
    """Let an event happen to a session."""
    body = _given(event=event, failure=_failure(failure))
    return Call("occur", "POST", f"/sessions/{_name(session_id)}/events", SessionView.of, body)


def _failure(failure: tuple[str, str] | None) -> Json | None:
    return None if failure is None else {"code": failure[0], "text": failure[1]}


def timeline(session_id: str) -> Call[Timeline]:
    """Ask for everything that happened to a session."""
    return Call("getTimeline", "GET", f"/sessions/{_name(session_id)}/timeline", Timeline.of)


# Journal, findings, credits


def journal(**filters: Any) -> Call[Exchanges]:
    """Ask for exchanges."""
    return Call("getJournal", "GET", f"/journal{_query(**filters)}", Exchanges.of)


def unmatched(limit: int | None) -> Call[Exchanges]:
    """Ask for the requests that nobody expected."""
    path = f"/journal/unmatched{_query(limit=limit)}"
    return Call("getUnmatched", "GET", path, Exchanges.of)


def clear_journal() -> Call[None]:
    """Forget all entries."""
    return Call("clearJournal", "DELETE", "/journal", _nothing)


def findings() -> Call[tuple[Finding, ...]]:
    """Ask what the client seems to do wrong."""
    return Call("getFindings", "GET", "/findings", _many("findings", Finding))


def credits_left() -> Call[CreditsView]:
    """Ask what the account has spent and has left."""
    return Call("getCredits", "GET", "/credits", CreditsView.of)


def put_credits(left: int) -> Call[CreditsView]:
    """Let the account have so many credits left."""
    return Call("putCredits", "PUT", "/credits", CreditsView.of, {"left": left})


# Waiting


def await_session(
    states: Iterable[StateName], session_id: str | None, timeout: Span
) -> Call[SessionView]:
    """Wait for a session that is in one of the states."""
    wanted = list(states)
    body = _given(states=wanted, session=session_id, timeout=span_text(timeout))
    return Call(
        "awaitSession", "POST", "/await/session", SessionView.of, body, wait_s=_seconds(timeout)
    )


def await_calls(
    match: Mapping[str, Any], count: int, since: int | None, timeout: Span
) -> Call[tuple[Exchange, ...]]:
    """Wait for calls; earlier ones count."""
    body = _given(
        match=_given(**match) or None, count=count, since=since, timeout=span_text(timeout)
    )
    return Call(
        "awaitCalls",
        "POST",
        "/await/calls",
        _many("exchanges", Exchange),
        body,
        wait_s=_seconds(timeout),
    )


# Replay


def recording() -> Call[Recording]:
    """Ask for the record of the world's run."""
    return Call("getReplay", "GET", "/replay", Recording.of)


def replay(token: str, name: str) -> Call[Replayed]:
    """Run a record again as a world of its own."""
    body = {"name": name, "token": token}
    return Call("postReplay", "POST", "/replay", Replayed.of, body, wait_s=60.0)
