"""Journal entries and sessions as plain data and as lines of text.

Shapes: the schemas in contracts/wire/schemas/admin.json that the functions name; instants are POSIX
seconds. The same entry always gives the same bytes, by which a replay is compared.
"""

from fake_runway.core.assets.asset import Asset
from fake_runway.core.faults.deciding import Tally
from fake_runway.core.faults.fault import Fault
from fake_runway.core.history.journal import Act, Entry, Exchange, Move
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.core.lifecycles.vocabulary import Vocabulary, references, references_of_acts
from fake_runway.core.sessions.session import Session
from fake_runway.core.tasks.task import Task
from fake_runway.core.types import Json


def exchange_body(exchange: Exchange, vocabulary: Vocabulary = RUNWAY_API) -> Json:
    """Return one request and its answer: `Exchange`."""
    rejection = exchange.rejection
    known: dict[str, object] = {}  # absent from the records of older versions, so left out as there
    if exchange.content_type is not None:
        known["content_type"] = exchange.content_type or None
    if exchange.cookies is not None:
        known["cookies"] = exchange.cookies
    return {
        "number": exchange.number,
        "at": exchange.at,
        "operation": exchange.operation or None,
        "method": exchange.method,
        "path": exchange.path,
        **references(exchange.subject, vocabulary.kinds),
        "request": {
            "agent": exchange.agent or None,
            "retry": exchange.retry,
            "versioned": exchange.versioned,
            **known,
            "secret_in_url": exchange.secret_in_url,
            "key_fits": exchange.key_fits,
            "query": dict(exchange.query),
            "body": dict(exchange.body) or None,
        },
        "response": {
            "status": exchange.status or None,
            "body": exchange.reply,
            "code": exchange.code or None,
            "arrives": exchange.arrives,
            "wait_s": exchange.wait_s,
        },
        "acted": exchange.acted,
        "faults": list(exchange.faults),
        "nearest": rejection and rejection.headers.get("X-Fake-Nearest-Route"),
    }


def move_body(move: Move) -> Json:
    """Return one change of a resource: `MoveEntry` without its `kind`."""
    change = move.change
    failure = change.after.failure
    return {
        "number": move.number,
        "at": change.at,
        move.kind.name: change.after.id,
        "event": change.event.value if change.event is not None else "created",
        "before": change.before.state.value if change.before is not None else None,
        "after": change.after.state.value,
        "charge": change.charge,
        "failure": {"code": failure.code, "text": failure.text} if failure else None,
    }


def act_body(act: Act, vocabulary: Vocabulary = RUNWAY_API) -> Json:
    """Return one act of an admin: `ActStep`."""
    return {
        "number": act.number,
        "at": act.at,
        "act": act.what,
        **references_of_acts(act.subject, vocabulary.kinds),
        "given": dict(act.given),
    }


def entry_body(entry: Entry, vocabulary: Vocabulary = RUNWAY_API) -> Json:
    """Return any entry, with its `kind`: `Entry`."""
    match entry:
        case Exchange():
            return {"kind": "exchange", **exchange_body(entry, vocabulary)}
        case Move():
            return {"kind": "move", **move_body(entry)}
        case Act():
            return {"kind": "act", **act_body(entry, vocabulary)}


def session_view(session: Session) -> Json:
    """Return everything about a session that is not secret: `SessionView`."""
    failure = session.failure
    return {
        "id": session.id,
        "ordinal": session.ordinal,
        "state": session.state.value,
        "event": session.event.value if session.event is not None else None,
        "created_at": session.created_at,
        "changed_at": session.changed_at,
        "ready_at": session.ready_at,
        "started_at": session.started_at,
        "expires_at": session.expires_at,
        "next": _next(session),
        "max_duration_s": session.max_duration_s,
        "blocks": session.blocks,
        "scenario": session.plan.scenario or None,
        "failure": {"code": failure.code, "text": failure.text} if failure else None,
    }


def task_view(task: Task, now: float) -> Json:
    """Return everything about a task: `TaskView`."""
    failure = task.failure
    return {
        "id": task.id,
        "ordinal": task.ordinal,
        "state": task.state.value,
        "event": task.event.value if task.event is not None else None,
        "created_at": task.created_at,
        "changed_at": task.changed_at,
        "started_at": task.started_at,
        "next": _next(task),
        "operation": task.request.operation or None,
        "model": task.request.model or None,
        "progress": task.progress(now) if task.state is TaskState.RUNNING else None,
        "estimate": task.request.estimate,
        "cost": task.cost,
        "deleted": task.deleted,
        "scenario": task.plan.scenario or None,
        "failure": {"code": failure.code, "text": failure.text} if failure else None,
    }


def asset_view(asset: Asset) -> Json:
    """Return everything about an avatar, a voice or a document but what it holds: `AssetView`."""
    failure = asset.failure
    return {
        "id": asset.id,
        "kind": asset.kind,
        "ordinal": asset.ordinal,
        "name": asset.content.name,
        "state": asset.state.value,
        "event": asset.event.value if asset.event is not None else None,
        "created_at": asset.created_at,
        "changed_at": asset.changed_at,
        "updated_at": asset.updated_at,
        "next": _next(asset),
        "failure": {"code": failure.code, "text": failure.text} if failure else None,
    }


def _next(session: Session | Task | Asset) -> Json | None:
    if session.due_at is None or session.due_event is None or session.due_at == float("inf"):
        return None
    return {"at": session.due_at, "event": session.due_event.value}


def fault_view(fault: Fault, *, since: float, tally: Tally, by_hand: bool) -> Json:
    """Return an active fault, how many calls it matched and how often it struck: `PlacedFault`."""
    return {
        "name": fault.name,
        "fault": {key: value for key, value in fault.given.items() if key != "name"},
        "since": since,
        "seen": tally.seen,
        "struck": tally.struck,
        "by_hand": by_hand,
    }
