"""The operations of the linked workspace: its usage, and its audit log.

The real API reports here what people did in the web app. A world has no web app, so both show what
really happened in the world, as if one person had done it in one workspace: each task and session
that is still kept, what each cost, and what was given back. Everything is made when it is read.

Source: the published document for shapes and filters. Assumed: who did it, and which actions there
are; without a linked workspace (a switch) pages are empty.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from contracts.wire.documents import IMPORTED, load
from fake_runway.core.assets.pages import page_of, read_cursor, write_cursor
from fake_runway.core.billing import BLOCK_CREDITS, CREATE_CREDITS
from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Exchange
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.types import Json
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.queries import BadQuery, page_limit
from fake_runway.runway_api.wire import MODEL, instant
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

WORKSPACE = 1
WORKSPACE_NAME = "Fake workspace"
EMAIL = "developer@example.com"
DEFAULT_PAGE = 50
MOST_FILTERED = 50

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)


class UnknownEvent(Refused):
    """No entry of the audit log has that id."""

    code = "unknown_event"
    status = 404


class _Row(NamedTuple):
    """A credit row. `place`: when, and what tells it from others of that instant."""

    place: tuple[float, int, int]
    tool: str
    credits: int
    type: str


class _Event(NamedTuple):
    """An entry of the audit log; `place` as of a row."""

    place: tuple[float, int, int]
    action: str
    resource: str
    resource_id: str | None
    metadata: Json
    subject: Subject | None = None


# Usage


def list_webapp_usage(call: RunwayCall) -> Reply:
    """Answer one page of what was charged and given back in a time window, newest first."""
    since, until = _needed_moment(call, "from"), _needed_moment(call, "to")
    workspaces = _numbers(call, "workspaceIds")
    rows: Iterable[_Row] = ()
    if _is_visible(call.world, workspaces):
        rows = (row for row in _rows(call.world) if since <= row.place[0] < until)
    return _page(call, rows, _row_body)


def _rows(world: World) -> Iterator[_Row]:
    account = world.account
    for task in account.tasks.by_id.values():
        request = task.request
        if request.charge:
            yield _Row((task.created_at, task.rank, 0), request.model, request.charge, "charge")
        if back := request.charge - task.cost:
            yield _Row((task.changed_at, task.rank, 1), request.model, -back, "refund")
    materialise = account.settings.materialise
    for session in account.sessions.values():
        paid = not materialise or session.id == world.draws.uuid("session-id", session.ordinal)
        if credits := CREATE_CREDITS * paid + BLOCK_CREDITS * session.blocks:
            yield _Row((session.created_at, session.ordinal, 0), MODEL, credits, "charge")


def _row_body(row: _Row) -> Json:
    return {
        "timestamp": instant(row.place[0]),
        "email": EMAIL,
        "workspaceId": WORKSPACE,
        "workspaceName": WORKSPACE_NAME,
        "tool": row.tool,
        "credits": row.credits,
        "type": row.type,
    }


# Audit log


def list_audit_logs(call: RunwayCall) -> Reply:
    """Answer one page of the audit log, newest first."""
    since, until = _moment(call, "from"), _moment(call, "to")
    actions, emails = _texts(call, "actions"), _texts(call, "actorEmails")
    for action in actions or ():
        if action not in _actions():
            raise BadQuery("Invalid option: expected one of the audit log actions")
    workspaces = _numbers(call, "workspaceIds")

    def is_asked(event: _Event) -> bool:
        at = event.place[0]
        in_time = (since is None or since <= at) and (until is None or at < until)
        return in_time and (actions is None or event.action in actions)

    events: Iterable[_Event] = ()
    if _is_visible(call.world, workspaces) and (emails is None or EMAIL in emails):
        events = filter(is_asked, _events(call.world))
    return _page(call, events, lambda event: _event_body(event, call.world))


def get_audit_log(call: RunwayCall) -> Reply:
    """Answer one entry with its details."""
    event_id = call.exchange.path.rpartition("/")[2].lower()
    world = call.world
    for event in _events(world) if world.settings.workspace else ():
        if _event_id(event, world) == event_id:
            agent = None if event.subject is None else _agent(world, event.subject)
            return Reply(
                200,
                {
                    **_event_body(event, world),
                    "metadata": event.metadata,
                    "resourceType": event.resource,
                    "resourceId": event.resource_id,
                    "clientIpAddress": "127.0.0.1",
                    "userAgent": agent,
                    "requestId": None,
                },
            )
    raise UnknownEvent("Could not find audit log entry.")


def _events(world: World) -> Iterator[_Event]:
    linked = {"Workspace": WORKSPACE_NAME}
    yield _Event((world.epoch, 0, 0), "AccountLinkCreated", "account_link", None, linked)
    disabled = world.settings.disabled_models
    if disabled is None or disabled:
        names = "all" if disabled is None else ", ".join(sorted(disabled))
        action = "OrganizationDisabledModelsUpdated"
        yield _Event((world.since, 0, 1), action, "organization", None, {"Model": names})
    for task in world.account.tasks.by_id.values():
        about = {"Model": task.request.model, "Operation": task.request.operation}
        place = (task.created_at, task.rank, 2)
        subject = Subject(TASK.name, task.id)
        yield _Event(place, "GenerationCreated", "generation", task.id, about, subject)
    for session in world.account.sessions.values():
        about = {"Model": MODEL, "Operation": "createSession"}
        place = (session.created_at, session.ordinal, 2)
        subject = Subject(SESSION.name, session.id)
        yield _Event(place, "GenerationCreated", "session", session.id, about, subject)


def _event_body(event: _Event, world: World) -> Json:
    return {
        "eventId": _event_id(event, world),
        "timestamp": instant(event.place[0]),
        "action": event.action,
        "actorUsername": "developer",
        "actorEmail": EMAIL,
        "actorDeleted": False,
        "workspaceId": WORKSPACE,
        "workspaceName": WORKSPACE_NAME,
    }


def _event_id(event: _Event, world: World) -> str:
    """Return a version 7 UUID: the milliseconds of its instant, and a draw."""
    at, rank, number = event.place
    when = f"{int(at * 1000) & 0xFFFFFFFFFFFF:012x}"
    raw = world.draws.token(f"audit {number}", rank)
    return f"{when[:8]}-{when[8:]}-7{raw[:3]}-{'89ab'[int(raw[3], 16) & 3]}{raw[4:7]}-{raw[7:19]}"


def _agent(world: World, subject: Subject) -> str | None:
    """Return the user agent of the call that made something, if the journal still has it."""
    entries = world.log.of_subject(subject)
    calls = (each for each in entries if isinstance(each, Exchange))
    return next((each.agent or None for each in calls), None)


@cache
def _actions() -> frozenset[str]:
    entry = load(IMPORTED).raw["components"]["schemas"]["GetAuditLogReply"]
    return frozenset(entry["properties"]["action"]["enum"])


# Pages and filters


def _page(call: RunwayCall, items: Iterable[Any], body: Callable[[Any], Json]) -> Reply:
    world, exchange = call.world, call.exchange
    limit, draws, at = page_limit(call, default=DEFAULT_PAGE), world.draws, exchange.at
    rules = world.settings.cursors
    given = exchange.query.get("cursor")
    after = read_cursor(given, of=exchange.operation, draws=draws, at=at, rules=rules)
    page = page_of(
        items, position=lambda item: item.place, limit=limit, after=after, descending=True
    )
    cursor = None
    if page.end is not None:
        cursor = write_cursor(page.end, of=exchange.operation, draws=draws, at=at)
    data = [body(item) for item in page.items]
    return Reply(200, {"data": data, "hasMore": cursor is not None, "nextCursor": cursor})


def _is_visible(world: World, workspaces: frozenset[int] | None) -> bool:
    return world.settings.workspace and (workspaces is None or WORKSPACE in workspaces)


def _texts(call: RunwayCall, name: str) -> frozenset[str] | None:
    """Return the texts of a list with commas, None if there is none.

    Raises:
        BadQuery: they are too many.
    """
    given = call.exchange.query.get(name)
    if given is None:
        return None
    texts = [each.strip() for each in given.split(",")]
    if len(texts) > MOST_FILTERED:
        raise BadQuery(f"Too big: expected array to have <={MOST_FILTERED} items")
    return frozenset(texts)


def _numbers(call: RunwayCall, name: str) -> frozenset[int] | None:
    texts = _texts(call, name)
    if texts is None:
        return None
    if not all(_WHOLE.fullmatch(each) for each in texts):
        raise BadQuery("Invalid input: expected number, received string")
    return frozenset(int(each) for each in texts)


def _moment(call: RunwayCall, name: str) -> float | None:
    """Return an instant, with `Z` or as the Python SDK writes UTC; None if there is none.

    Raises:
        BadQuery.
    """
    text = call.exchange.query.get(name)
    if text is None:
        return None
    if _INSTANT.fullmatch(text) is None:
        raise BadQuery("Invalid ISO datetime")
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:  # the form is right, the day is not
        raise BadQuery("Invalid ISO datetime") from error


def _needed_moment(call: RunwayCall, name: str) -> float:
    at = _moment(call, name)
    if at is None:
        raise BadQuery("Invalid input: expected string, received undefined")
    return at
