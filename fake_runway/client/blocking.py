"""The admin API of one world, typed, for callers that block. Standard library only.

Made from `aio.py` by `python -m tests.support.fake.synchronous`; change that file instead.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Self, Unpack

from fake_runway.client.answers import (
    SEVERITIES,
    AssetEventName,
    AssetKindName,
    AssetStateName,
    AssetTimeline,
    AssetView,
    CallEventName,
    ClockView,
    CreditsView,
    EventName,
    EventView,
    Exchanges,
    ExchangeView,
    FaultParts,
    FaultView,
    FindingView,
    Health,
    Kept,
    Pages,
    Recording,
    ReplayView,
    ScenarioLine,
    ScenarioView,
    SessionView,
    Severity,
    Snapshot,
    Span,
    SpecView,
    StateName,
    TaskEventName,
    TaskOutputs,
    TaskStateName,
    TaskTimeline,
    TaskView,
    Timeline,
    Viewer,
    WorldView,
    nothing,
)
from fake_runway.client.transport import (
    DEFAULT_WAIT_S,
    Transport,
    failure_body,
    fault_body,
    given,
    span_seconds,
    span_text,
)
from fake_runway.client.verifying import CallMatch, Expected, check_order
from fake_runway.core.types import Json

_REPLAY_S = 60.0  # enough to run a long record again


class _Part:
    """A part of the admin API."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport.send


class Clock(_Part):
    """A world's clock. It only moves forward."""

    def now(self) -> float:
        """Return the world's instant, POSIX seconds."""
        return (self.get()).now

    def get(self) -> ClockView:
        """Return its instant, its rate, and when the next event is due."""
        return self._send("getClock", "GET /clock", ClockView.of)

    def jump(self, by: Span) -> ClockView:
        """Move it forward; every event that is due until then happens at its own instant.

        Args:
            by: seconds, or a text such as `5m`.
        """
        return self._send(
            "moveClock", "POST /clock/move", ClockView.of, {"by": span_text(by)}
        )

    def jump_to(self, instant: float) -> ClockView:
        """Move it forward to an instant, POSIX seconds."""
        return self._send("moveClock", "POST /clock/move", ClockView.of, {"to": instant})

    def next(self) -> ClockView:
        """Move it forward to the next due event.

        Raises:
            Conflict: no event is due.
        """
        return self._send("moveClock", "POST /clock/move", ClockView.of, {"to": "next"})

    def freeze(self) -> ClockView:
        """Stop it."""
        return self.set_rate(0.0)

    def set_rate(self, rate: float) -> ClockView:
        """Set how many seconds pass in the world per real second."""
        return self._send("setClockRate", "PUT /clock", ClockView.of, {"rate": rate})


class Session(SessionView):
    """A session as it was when it was read, and what its avatar can be told.

    An avatar is at work from the first join to the end of the call. It does what it is told as soon
    as it is free; what it has done stands in the timeline.

    Every method that tells it something returns the session as it is then, and raises:
        Conflict: no avatar is at work in the session's room.
        BadRequest: the session declared no such tool, or the steps are wrong.
    """

    __slots__ = ("_part",)
    _part: _Part

    @classmethod
    def bound(cls, view: SessionView, part: _Part) -> Self:
        """Return the session of a view, in the world that a part of the API is about."""
        session = cls(**{each.name: getattr(view, each.name) for each in fields(view)})
        object.__setattr__(session, "_part", part)
        return session

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SessionView) and all(
            getattr(self, each.name) == getattr(other, each.name) for each in fields(SessionView)
        )

    __hash__ = SessionView.__hash__

    def say(self, text: str, *, words_per_s: float | None = None) -> SessionView:
        """Let the avatar say a text, at 2.5 words a second unless told otherwise."""
        return self.direct({"say": given(text=text, words_per_s=words_per_s)})

    def client_event(self, tool: str, args: Json | None = None) -> SessionView:
        """Let the avatar send a client event."""
        return self.direct({"client_event": {"tool": tool, "args": dict(args or {})}})

    def call_tool(
        self, tool: str, args: Json | None = None, *, within: Span | None = None
    ) -> SessionView:
        """Let the avatar call a tool of the backend; the timeline gets the answer.

        Args:
            within: how long the avatar waits for it, on the world's clock; None: as declared.
        """
        timeout = None if within is None else span_text(within)
        call = given(tool=tool, args=dict(args or {}), timeout=timeout)
        return self.direct({"call_tool": call})

    def hang_up(self) -> SessionView:
        """Let the avatar end the call."""
        return self.direct({"end": True})

    def watch(self) -> Viewer:
        """Return what lets its holder watch the call by WHEP, unseen, for as long as it lasts.

        Raises:
            Conflict: the session is over, or its room is on a LiveKit server.
        """
        return self._part._send(
            "watchSession", "POST /sessions/{id}/viewer", Viewer.of, id=self.id
        )

    def direct(self, *steps: Json) -> SessionView:
        """Let the avatar do some steps, each as in the `script` of a scenario file."""
        body = {"steps": [dict(step) for step in steps]}
        return self._part._send(
            "direct", "POST /sessions/{id}/script", SessionView.of, body, id=self.id
        )


class Sessions(_Part):
    """A world's sessions: read, created and changed without the Runway API."""

    def list(
        self, *, state: StateName | None = None, limit: int | None = None
    ) -> Kept[SessionView]:
        """Return the newest sessions, newest first; at most `limit` (100).

        `gone` says how many have ended and are no longer kept.
        """
        return self._send(
            "listSessions",
            "GET /sessions",
            Kept.many(SessionView, "sessions"),
            query={"state": state, "limit": limit},
        )

    def get(self, session_id: str) -> Session:
        """Return one session, whose avatar can be told what to do.

        Raises:
            NoSuch.
        """
        view = self._send(
            "getAdminSession", "GET /sessions/{id}", SessionView.of, id=session_id
        )
        return Session.bound(view, self)

    def make(
        self,
        state: StateName | None = None,
        *,
        max_duration_s: int | None = None,
        failure: tuple[str, str] | None = None,
    ) -> SessionView:
        """Create a session and bring it into a state (by default: provisioning, as a create does).

        Args:
            failure: code and text, for a session that has failed.
        """
        body = given(state=state, max_duration_s=max_duration_s, failure=failure_body(failure))
        return self._send("makeSession", "POST /sessions", SessionView.of, body)

    def occur(
        self, session_id: str, event: EventName, *, failure: tuple[str, str] | None = None
    ) -> SessionView:
        """Apply an event to a session.

        Args:
            failure: code and text, for the event `failed`.

        Raises:
            Conflict: the event is not allowed in the session's state.
        """
        body = given(event=event, failure=failure_body(failure))
        return self._send(
            "occur", "POST /sessions/{id}/events", SessionView.of, body, id=session_id
        )

    def fail(self, session_id: str, code: str = "INTERNAL", text: str = "") -> SessionView:
        """Apply the event `failed` to a session."""
        failure = (code, text or "An internal error occurred.")
        return self.occur(session_id, "failed", failure=failure)

    def report(self, session_id: str, event: CallEventName, **facts: Any) -> SessionView:
        """Report what happened in the room of a session, as its room does.

        Args:
            facts: what the event needs, such as `participant`; see `CallReport` of the API.

        Raises:
            Conflict: it contradicts the call so far, or the session has no room.
        """
        return self._send(
            "reportCall",
            "POST /sessions/{id}/call",
            SessionView.of,
            {"event": event, **facts},
            id=session_id,
        )

    def timeline(self, session_id: str) -> Timeline:
        """Return the timeline of a session, as data and as lines of text."""
        return self._send(
            "getTimeline", "GET /sessions/{id}/timeline", Timeline.of, id=session_id
        )


class Tasks(_Part):
    """A world's tasks, as the world knows them."""

    def list(
        self, *, state: TaskStateName | None = None, limit: int | None = None
    ) -> Kept[TaskView]:
        """Return the newest tasks, newest first; at most `limit` (100).

        `gone` says how many have ended and are no longer kept.
        """
        return self._send(
            "listTasks",
            "GET /tasks",
            Kept.many(TaskView, "tasks"),
            query={"state": state, "limit": limit},
        )

    def get(self, task_id: str) -> TaskView:
        """Return one task, also one that a client has deleted.

        Raises:
            NoSuch.
        """
        return self._send("getAdminTask", "GET /tasks/{id}", TaskView.of, id=task_id)

    def make(
        self, state: TaskStateName | None = None, *, failure: tuple[str, str] | None = None
    ) -> TaskView:
        """Create a task, a film of five seconds, and bring it into a state (default: pending).

        Args:
            failure: code and text, for a task that has failed.
        """
        body = given(state=state, failure=failure_body(failure))
        return self._send("makeTask", "POST /tasks", TaskView.of, body)

    def occur(
        self, task_id: str, event: TaskEventName, *, failure: tuple[str, str] | None = None
    ) -> TaskView:
        """Apply an event to a task.

        Args:
            failure: code and text, for the event `failed`.

        Raises:
            Conflict: the event is not allowed in the task's state.
        """
        body = given(event=event, failure=failure_body(failure))
        return self._send(
            "occurTask", "POST /tasks/{id}/events", TaskView.of, body, id=task_id
        )

    def fail(self, task_id: str, code: str = "INTERNAL", text: str = "") -> TaskView:
        """Apply the event `failed` to a task."""
        failure = (code, text or "An internal error occurred.")
        return self.occur(task_id, "failed", failure=failure)

    def report_download(
        self, task_id: str, *, output: int = 0, status: int = 200, late_s: float | None = None
    ) -> TaskView:
        """Report what a client did with an output, where it does not ask the fake for it.

        Args:
            output: which one, from 0.
            late_s: how long ago its address had expired, in seconds of the world.
        """
        body = given(output=output, status=status, late_s=late_s)
        return self._send(
            "reportDownload", "POST /tasks/{id}/downloads", TaskView.of, body, id=task_id
        )

    def timeline(self, task_id: str) -> TaskTimeline:
        """Return the timeline of a task, as data and as lines of text."""
        return self._send(
            "getTaskTimeline", "GET /tasks/{id}/timeline", TaskTimeline.of, id=task_id
        )

    def outputs(self, task_id: str) -> tuple[str, ...]:
        """Return the paths of a task's outputs on the server; none before it has succeeded."""
        found = self._send(
            "getTaskOutputs", "GET /tasks/{id}/outputs", TaskOutputs.of, id=task_id
        )
        return found.outputs


class Assets(_Part):
    """A world's avatars, voices and documents, as the world knows them."""

    def list(
        self,
        *,
        kind: AssetKindName | None = None,
        state: AssetStateName | None = None,
        limit: int | None = None,
    ) -> Kept[AssetView]:
        """Return the newest ones, newest first; at most `limit` (100).

        Those that were deleted are there as long as they are kept; `gone` counts the others.
        """
        return self._send(
            "listAssets",
            "GET /assets",
            Kept.many(AssetView, "assets"),
            query={"kind": kind, "state": state, "limit": limit},
        )

    def get(self, asset_id: str) -> AssetView:
        """Return one, also one that was deleted and is still kept.

        Raises:
            NoSuch.
        """
        return self._send("getAsset", "GET /assets/{name}", AssetView.of, name=asset_id)

    def make(
        self,
        kind: AssetKindName,
        state: AssetStateName | None = None,
        *,
        name: str | None = None,
        failure: tuple[str, str] | None = None,
    ) -> AssetView:
        """Make one in any state, without limit and without charge.

        Args:
            state: None: as after its create.
            name: None: one of ours.
            failure: the code and the text of one that failed.
        """
        body = given(kind=kind, state=state, name=name, failure=failure_body(failure))
        return self._send("makeAsset", "POST /assets", AssetView.of, body)

    def occur(
        self, asset_id: str, event: AssetEventName, *, failure: tuple[str, str] | None = None
    ) -> AssetView:
        """Let an event happen to one.

        Raises:
            NoSuch.
            Conflict: it cannot happen in the state that it is in.
        """
        body = given(event=event, failure=failure_body(failure))
        return self._send(
            "occurToAsset", "POST /assets/{name}/events", AssetView.of, body, name=asset_id
        )

    def timeline(self, asset_id: str) -> AssetTimeline:
        """Return the timeline of one, as data and as lines of text."""
        return self._send(
            "getAssetTimeline", "GET /assets/{name}/timeline", AssetTimeline.of, name=asset_id
        )


class Journal(_Part):
    """The requests of a world's clients, and their answers."""

    def list(
        self,
        *,
        operation: str | None = None,
        method: str | None = None,
        session: str | None = None,
        task: str | None = None,
        status: int | None = None,
        fault: str | None = None,
        limit: int | None = None,
    ) -> Exchanges:
        """Return the exchanges that match, oldest first: all that are kept, or the newest.

        Args:
            limit: how many of the newest; None: all, page by page.
        """
        pages = Pages(limit)
        while pages.more:
            page = self._send(
                "getJournal",
                "GET /journal",
                Exchanges.of,
                query={
                    "operation": operation,
                    "method": method,
                    "session": session,
                    "task": task,
                    "status": status,
                    "fault": fault,
                    "limit": pages.size,
                    "before": pages.before,
                },
            )
            pages.add(page)
        return pages.together()

    def unmatched(self, *, limit: int | None = None) -> Exchanges:
        """Return the requests for unknown routes, each with the nearest known route.

        Args:
            limit: as of `list`.
        """
        pages = Pages(limit)
        while pages.more:
            page = self._send(
                "getUnmatched",
                "GET /journal/unmatched",
                Exchanges.of,
                query={"limit": pages.size, "before": pages.before},
            )
            pages.add(page)
        return pages.together()

    def clear(self) -> None:
        """Delete all entries; the run so far can no longer be replayed."""
        self._send("clearJournal", "DELETE /journal", nothing)


class Credits(_Part):
    """The credits of a world's account."""

    def get(self) -> CreditsView:
        """Return the credits that are left, and those that were spent."""
        return self._send("getCredits", "GET /credits", CreditsView.of)

    def set(self, left: int) -> CreditsView:
        """Set how many credits are left."""
        return self._send("putCredits", "PUT /credits", CreditsView.of, {"left": left})


class FaultHandle:
    """A fault that was added.

    Attributes:
        view: the fault at that time.
    """

    def __init__(self, transport: Transport, view: FaultView) -> None:
        self._send = transport.send
        self.view = view

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """What the journal calls it."""
        return self.view.name

    def remove(self) -> None:
        """Remove it.

        Raises:
            NoSuch: it was removed before.
        """
        self._send("removeFault", "DELETE /faults/{name}", nothing, name=self.name)


class Admin:
    """The client of one world.

    Every method raises an `AdminError` when the server rejects the request. As a context manager
    the client keeps its connections for the block.

    Args:
        base_url: of the server, without a world.
        world: a read of one that nothing has ever used is an error; None: the only one of the
            server.
        token: the server's admin token, if it requires one.
        transport: used instead of a new one; base_url, world and token are then its own.
    """

    def __init__(
        self,
        base_url: str,
        *,
        world: str | None = None,
        token: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._transport = transport or Transport(base_url, world, token)
        self._send = self._transport.send
        self.clock = Clock(self._transport)
        self.sessions = Sessions(self._transport)
        self.tasks = Tasks(self._transport)
        self.assets = Assets(self._transport)
        self.journal = Journal(self._transport)
        self.credits = Credits(self._transport)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    def __enter__(self) -> Self:
        self._transport.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._transport.close()

    @property
    def name(self) -> str | None:
        """The world's name; None: the only one of the server."""
        return self._transport.world

    @property
    def base_url(self) -> str:
        """The base URL by which an application reaches this world."""
        return self._transport.app_url

    def beside(self, name: str) -> "Admin":
        """Return the client of another world of the same server."""
        transport = self._transport.of_world(name)
        return Admin(transport.base_url, transport=transport)

    # The server and its worlds

    def health(self) -> Health:
        """Return the server's version."""
        return self._send("getAdminHealth", "GET /health", Health.of)

    def spec(self) -> SpecView:
        """Return which newer document is served (`--spec`), and what is new in it."""
        return self._send("getSpec", "GET /spec", SpecView.of)

    def worlds(self) -> tuple[WorldView, ...]:
        """Return all worlds of the server, the most recently used first."""
        return self._send("listWorlds", "GET /worlds", WorldView.many("worlds"))

    def look(self) -> WorldView:
        """Return the world in numbers."""
        return self._send("getWorld", "GET /world", WorldView.of)

    def reset(
        self,
        scenario: str | None = None,
        *,
        seed: str | None = None,
        rate: float | None = None,
    ) -> WorldView:
        """Start the world again as it began, except for the arguments: no sessions, no journal."""
        body = given(name=scenario, seed=seed, rate=rate)
        return self._send("resetWorld", "POST /reset", WorldView.of, body)

    def drop(self) -> None:
        """Delete the world. The next request that names it creates a new one."""
        self._send("dropWorld", "DELETE /world", nothing)

    def fork(self, name: str) -> "Admin":
        """Copy the world under another name, and return the client of the copy.

        Raises:
            Conflict: there is a world of that name.
        """
        self._send("forkWorld", "POST /fork", WorldView.of, {"name": name})
        transport = self._transport.of_world(name)
        return Admin(transport.base_url, transport=transport)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Return the snapshots of the world, oldest first."""
        return self._send("listSnapshots", "GET /snapshots", Snapshot.many("snapshots"))

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Keep a copy of the world as it is now, under a name for `restore`."""
        return self._send("takeSnapshot", "POST /snapshots", Snapshot.of, given(name=name))

    def restore(self, name: str) -> WorldView:
        """Set the world back to a snapshot, which is kept.

        Raises:
            NoSuch.
        """
        return self._send(
            "restoreSnapshot", "POST /snapshots/{name}/restore", WorldView.of, name=name
        )

    def delete_snapshot(self, name: str) -> None:
        """Delete a snapshot.

        Raises:
            NoSuch.
        """
        self._send("deleteSnapshot", "DELETE /snapshots/{name}", nothing, name=name)

    # Scenario and faults

    def scenario(self, which: str | Json) -> ScenarioView:
        """Let the world follow another scenario; existing sessions keep their plans.

        Args:
            which: a name, or the data of a scenario file.

        Raises:
            NoSuch: no scenario has that name.
            BadRequest: the data is wrong; the message says where.
        """
        body = {"name": which} if isinstance(which, str) else {"scenario": dict(which)}
        return self._send("putScenario", "PUT /scenario", ScenarioView.of, body)

    def current_scenario(self) -> ScenarioView:
        """Return the scenario that the world follows."""
        return self._send("getScenario", "GET /scenario", ScenarioView.of)

    def scenario_named(self, name: str) -> ScenarioView:
        """Return a scenario that can be selected by name, with its data.

        Raises:
            NoSuch: no scenario has that name.
        """
        return self._send(
            "getScenarioNamed", "GET /scenarios/{name}", ScenarioView.of, name=name
        )

    def scenarios(self) -> tuple[ScenarioLine, ...]:
        """Return all scenarios that can be selected by name."""
        return self._send("listScenarios", "GET /scenarios", ScenarioLine.many("scenarios"))

    def bind_avatar(self, avatar: str, session: Json) -> ScenarioView:
        """Bind an avatar: creates for it follow a session form instead of the scenario's.

        Args:
            avatar: a preset id or a UUID.
            session: as `session` in a scenario file.

        Raises:
            BadRequest: the form is wrong; the message says where.
        """
        return self._send(
            "bindAvatar", "PUT /avatars/{name}", ScenarioView.of, dict(session), name=avatar
        )

    def unbind_avatar(self, avatar: str) -> None:
        """Remove the binding of an avatar.

        Raises:
            NoSuch: it is not bound.
        """
        self._send("unbindAvatar", "DELETE /avatars/{name}", nothing, name=avatar)

    def fault(
        self, data: Json | None = None, /, **parts: Unpack[FaultParts]
    ) -> FaultHandle:
        """Add a fault, and return what removes it.

        Args:
            data: as in a scenario file.
            parts: the same as keyword arguments; they win over `data`.

        Raises:
            BadRequest: the data is wrong; the message says where.
        """
        body = {**(data or {}), **fault_body(parts)}
        view = self._send("addFault", "POST /faults", FaultView.of, body)
        return FaultHandle(self._transport, view)

    def faults(self) -> tuple[FaultView, ...]:
        """Return the faults that apply to all calls, the scenario's first, with their tallies."""
        return self._send("listFaults", "GET /faults", FaultView.many("faults"))

    def remove_fault(self, name: str) -> None:
        """Remove a fault that the admin API has added, by its name.

        Raises:
            NoSuch: there is none.
        """
        self._send("removeFault", "DELETE /faults/{name}", nothing, name=name)

    def remove_faults(self) -> None:
        """Remove all faults that the admin API has added."""
        self._send("removeFaults", "DELETE /faults", nothing)

    # What happened

    def report(self, session_id: str, event: CallEventName, **facts: Any) -> SessionView:
        """Report what happened in the room of a session, as its room does.

        Args:
            facts: what the event needs, such as `participant`; see `CallReport` of the API.

        Raises:
            Conflict: it contradicts the call so far, or the session has no room.
        """
        return self._send(
            "reportCall",
            "POST /sessions/{id}/call",
            SessionView.of,
            {"event": event, **facts},
            id=session_id,
        )

    def timeline(self, session_id: str) -> Timeline:
        """Return the timeline of a session, as data and as lines of text."""
        return self.sessions.timeline(session_id)

    def findings(self, *, at_least: Severity = "info") -> Kept[FindingView]:
        """Return what the client seems to do wrong, as of now.

        Args:
            at_least: "warning" leaves out what is only worth knowing, "error" what wastes as well.
        """
        least = SEVERITIES.index(at_least)
        found = self._send("getFindings", "GET /findings", Kept.many(FindingView, "findings"))
        return found.only(lambda each: SEVERITIES.index(each.severity) <= least)

    def verify(
        self,
        calls: int | None = None,
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        **match: Unpack[CallMatch],
    ) -> tuple[ExchangeView, ...]:
        """Check how many calls were made that match, and return them, oldest first.

        Without a number at least one is expected; `calls=0` expects none.

        Args:
            calls: exactly so many.
            match: what a call has to be: `operation`, `method`, `path`, `session`, `status`,
                `fault`, `body`, `query`; the last two may have more than what is named.

        Raises:
            VerificationFailed: an AssertionError that shows the nearest calls, and what differs.
            ValueError: the arguments contradict each other.
        """
        expected = Expected.of(calls, at_least, at_most, match)
        return expected.check(self.journal.list())

    def verify_order(self, *calls: str | CallMatch) -> tuple[ExchangeView, ...]:
        """Check that calls came in this order, and return one for each; others may lie between.

        Args:
            calls: each the id of an operation, or a match as of `verify`.

        Raises:
            VerificationFailed: one is missing after those before it.
        """
        return check_order(self.journal.list(), calls)

    def events(
        self, *, after: str | None = None, entries: bool = False
    ) -> Iterator[EventView]:
        """Yield what happens in the world as it happens, until the server stops.

        A client without a world's name yields how all worlds are, whenever one has changed.

        Args:
            after: the id of the last event that came; `0`: all that is kept; None: from now on.
            entries: of all worlds: the entries of their journals too, from now on.

        Raises:
            Unreachable: the connection was lost; go on after the last event.
        """
        stream, both = self._transport.stream, "true" if entries else None
        events = stream(
            "getEvents", "GET /events", EventView.of, query={"after": after, "entries": both}
        )
        yield from events

    def wait_for_session(
        self,
        *states: StateName,
        session: str | None = None,
        timeout: Span = DEFAULT_WAIT_S,
    ) -> SessionView:
        """Return a session as soon as one is in one of the states.

        Args:
            session: its id; None: any session.
            timeout: real time, at most two minutes; seconds, or a text such as `500ms`.

        Raises:
            WaitTimedOut: the message says in which state it is, and what the clock does.
        """
        body = given(states=states, session=session, timeout=span_text(timeout))
        return self._send(
            "awaitSession",
            "POST /await/session",
            SessionView.of,
            body,
            wait_s=span_seconds(timeout),
        )

    def wait_for_task(
        self,
        *states: TaskStateName,
        task: str | None = None,
        timeout: Span = DEFAULT_WAIT_S,
    ) -> TaskView:
        """Return a task as soon as one is in one of the states.

        Args:
            task: its id; None: any task.
            timeout: as of `wait_for_session`.

        Raises:
            WaitTimedOut: the message says in which state it is, and what the clock does.
        """
        body = given(states=states, task=task, timeout=span_text(timeout))
        return self._send(
            "awaitTask",
            "POST /await/task",
            TaskView.of,
            body,
            wait_s=span_seconds(timeout),
        )

    def wait_for_calls(
        self,
        count: int = 1,
        *,
        operation: str | None = None,
        method: str | None = None,
        status: int | None = None,
        session: str | None = None,
        task: str | None = None,
        since: int | None = None,
        timeout: Span = DEFAULT_WAIT_S,
    ) -> Kept[ExchangeView]:
        """Return the calls that match as soon as there are `count`; earlier calls count.

        Calls that the journal no longer has count too; `gone` says how many they are.

        Args:
            since: the number of the first journal entry that counts.
            timeout: real time, at most two minutes; seconds, or a text such as `500ms`.

        Raises:
            WaitTimedOut: the message says how many there were.
        """
        match = given(operation=operation, method=method, status=status, session=session, task=task)
        body = given(match=match or None, count=count, since=since, timeout=span_text(timeout))
        return self._send(
            "awaitCalls",
            "POST /await/calls",
            Kept.many(ExchangeView, "exchanges"),
            body,
            wait_s=span_seconds(timeout),
        )

    # Replay

    def seed(self) -> Json:
        """Return the state of the world as a seed: avatars, sessions, tasks, credits."""
        return self._send("getSeed", "GET /seed", dict)

    def apply_seed(self, seed: Json) -> WorldView:
        """Put what a seed holds into the world."""
        return self._send("applySeed", "POST /seed", WorldView.of, seed)

    def replay_token(self) -> str:
        """Return the run so far as one text for `fake-runway replay`.

        Raises:
            Conflict: the journal is no longer complete.
        """
        return (self.recording()).token

    def recording(self) -> Recording:
        """Return the run so far as a token, and as data with the journal in it."""
        return self._send("getReplay", "GET /replay", Recording.of)

    def replay(self, token: str, *, name: str) -> ReplayView:
        """Run a record again as a new world, which stays afterwards with a frozen clock.

        Raises:
            BadRequest: `token` is not a replay token.
            Conflict: there is a world of that name.
        """
        body = {"name": name, "token": token}
        return self._send("postReplay", "POST /replay", ReplayView.of, body, wait_s=_REPLAY_S)
