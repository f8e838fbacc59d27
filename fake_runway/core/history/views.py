"""Journal entries and sessions as plain data and as lines of text.

Shapes: dicts of JSON values with snake_case keys; instants are POSIX seconds. Rendering is where
keys and tokens are covered. The same entry always gives the same bytes, which is what a replay is
compared by.
"""

from fake_runway.core.faults.deciding import Tally
from fake_runway.core.faults.fault import Fault
from fake_runway.core.history.journal import Act, Entry, Exchange, Move
from fake_runway.core.sessions.session import Session
from fake_runway.core.types import Json


def exchange_body(exchange: Exchange) -> Json:
    """Return what the journal shows of one request and its answer.

    Shape: `Exchange` in contracts/wire/schemas/admin.json.
    """
    rejection = exchange.rejection
    return {
        "number": exchange.number,
        "at": exchange.at,
        "operation": exchange.operation or None,
        "method": exchange.method,
        "path": exchange.path,
        "session": exchange.session_id or None,
        "avatar": exchange.avatar_id or None,
        "request": {
            "agent": exchange.agent or None,
            "retry": exchange.retry,
            "versioned": exchange.versioned,
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
        "nearest": rejection.headers.get("X-Fake-Nearest-Route") if rejection else None,
    }


def move_body(move: Move) -> Json:
    """Return one change of a session.

    Shape: `MoveEntry` in contracts/wire/schemas/admin.json, without its `kind`.
    """
    change = move.change
    failure = change.after.failure
    return {
        "number": move.number,
        "at": change.at,
        "session": change.after.id,
        "event": change.event.value if change.event is not None else "created",
        "before": change.before.state.value if change.before is not None else None,
        "after": change.after.state.value,
        "charge": change.charge,
        "failure": {"code": failure.code, "text": failure.text} if failure else None,
    }


def act_body(act: Act) -> Json:
    """Return one thing that was done from outside.

    Shape: `ActStep` in contracts/wire/schemas/admin.json.
    """
    return {
        "number": act.number,
        "at": act.at,
        "act": act.what,
        "session": act.session_id or None,
        "given": dict(act.given),
    }


def entry_body(entry: Entry) -> Json:
    """Return any entry, with its `kind`. Shape: `Entry` in contracts/wire/schemas/admin.json."""
    match entry:
        case Exchange():
            return {"kind": "exchange", **exchange_body(entry)}
        case Move():
            return {"kind": "move", **move_body(entry)}
        case Act():
            return {"kind": "act", **act_body(entry)}


def session_view(session: Session) -> Json:
    """Return everything about a session that is no secret.

    Shape: `SessionView` in contracts/wire/schemas/admin.json.
    """
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


def _next(session: Session) -> Json | None:
    if session.due_at is None or session.due_event is None or session.due_at == float("inf"):
        return None
    return {"at": session.due_at, "event": session.due_event.value}


def fault_view(fault: Fault, *, since: float, tally: Tally, by_hand: bool) -> Json:
    """Return a fault in place, how many calls matched it and how often it struck.

    Shape: `PlacedFault` in contracts/wire/schemas/admin.json.
    """
    return {
        "name": fault.name,
        "fault": {key: value for key, value in fault.given.items() if key != "name"},
        "since": since,
        "seen": tally.seen,
        "struck": tally.struck,
        "by_hand": by_hand,
    }
