"""Journal entries as lines of text: when, what, and why."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fake_runway.core.history.journal import Act, Entry, Exchange, Move


def timeline(entries: Iterable[Entry], *, start: float) -> list[str]:
    """Return one line for each entry: when (seconds after `start`), what, and why."""
    return [f"{entry.at - start:+10.3f}s  {_line(entry)}" for entry in entries]


def _line(entry: Entry) -> str:
    match entry:
        case Exchange():
            return _exchange_line(entry)
        case Move(kind=kind, change=change):
            before = f"{change.before.state.value} -> " if change.before else ""
            failure = change.after.failure
            why = f" ({failure.code}: {failure.text})" if failure else ""
            cost = f", {change.charge} credits" if change.charge else ""
            event = change.event.value if change.event else "created"
            reason = kind.reasons.get(change.event, event)
            return f"* {before}{change.after.state.value}: {reason}{why}{cost}"
        case Act(what=what, given=given):
            detail = ", ".join(f"{key} {value}" for key, value in given.items())
            return f"! {what} {detail}".rstrip()


def _exchange_line(exchange: Exchange) -> str:
    status = str(exchange.status) if exchange.status else "no answer"
    if not exchange.arrives and exchange.status:
        status += ", lost on the way" if exchange.acted else ", cut off"
    if isinstance(exchange.reply, dict) and "status" in exchange.reply:
        status += f" {exchange.reply['status']}"
    notes = [exchange.code] if exchange.code else []
    notes += [f"fault {name}" for name in exchange.faults]
    if exchange.wait_s:
        notes.append(f"held back {exchange.wait_s:g}s")
    if exchange.retry:
        notes.append(f"retry {exchange.retry}")
    noted = f"  [{'; '.join(notes)}]" if notes else ""
    return f"{exchange.method} {exchange.path} -> {status}{noted}"


def instant_text(at: float) -> str:
    """Return an instant as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
