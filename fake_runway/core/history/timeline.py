"""Journal entries as lines of text: when, what, and why."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from fake_runway.core.history.journal import DOWNLOAD, REPORT, Act, Entry, Exchange, Move
from fake_runway.core.text import printable, short
from fake_runway.core.types import Json

_LONGEST_VALUE = 160  # characters of a text or a JSON value


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
        case Act(what=what, given=given) if what == REPORT:
            return f"~ {_report_line(given)}"
        case Act(what=what, given=given) if what == DOWNLOAD:
            return f"~ {_download_line(given)}"
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
    for key in ("personality", "startScript"):
        if key in exchange.body:
            notes.append(f"{key} {_value(exchange.body[key])}")
    if exchange.wait_s:
        notes.append(f"held back {exchange.wait_s:g}s")
    if exchange.retry:
        notes.append(f"retry {exchange.retry}")
    noted = f"  [{'; '.join(notes)}]" if notes else ""
    return f"{exchange.method} {exchange.path} -> {status}{noted}"


def _value(value: object) -> str:
    """Return a JSON value on one line, cut if it is long."""
    text = value[:_LONGEST_VALUE] if isinstance(value, str) else value  # a long one prints slowly
    return short(printable(json.dumps(text, ensure_ascii=False)), _LONGEST_VALUE)


_WAYS_TO_LEAVE = {
    "end_call": "ended the call (END_CALL)",
    "leave": "left",
    "lost": "was lost, and did not come back in time",
}


def _report_line(given: Json) -> str:
    who = printable(given.get("participant", ""))
    match given["event"]:
        case "joined":
            return f"{who} joined, hidden" if given["hidden"] else f"{who} joined"
        case "left":
            return f"{who} {_WAYS_TO_LEAVE[given['how']]}"
        case "away":
            return f"{who} lost its connection"
        case "back":
            return f"{who} is connected again"
        case "published":
            return f"{who} publishes a track: {given['source']}"
        case "unpublished":
            return f"{who} ended a track: {given['source']}"
        case "said":
            speaker = "the avatar" if given["role"] == "assistant" else "the user"
            return f"{speaker} said {_value(given['text'])} in {given['seconds']:g}s"
        case "client_event":
            tool = printable(given["tool"])
            return f"the avatar sent the client event {tool}: {_value(given['args'])}"
        case "tool_called":
            tool, call = printable(given["tool"]), printable(given["call"])
            return f"the avatar called the tool {tool} (RPC {call}): {_value(given['args'])}"
        case "tool_answered":
            return f"RPC {printable(given['call'])} {_outcome(given)}"
        case "data":
            known = "" if given["known"] else ", which no avatar understands"
            return f"{who} sent {given['bytes']} bytes of data{known}"
        case "data_ignored":
            return f"{given['count']} more packets of data came, and were not read"
        case "spoke":
            return f"{who} spoke for {given['seconds']:g}s"
        case "unheard":
            return f"the avatar awaited speech for {given['seconds']:g}s, and heard none"
        case "entered":
            return f"the avatar is in the room that the create named: {_value(given['room'])}"
        case event:
            return f"the room was {event}: {given['reason']}"


def _download_line(given: Json) -> str:
    late = f", its address had expired {given['late_s']:g}s ago" if given.get("late_s") else ""
    return f"output {given['output']} was asked for: {given['status']}{late}"


def _outcome(given: Json) -> str:
    seconds = f"{given['seconds']:g}s"
    if given["error"] == "timeout":
        return f"was not answered within {seconds}"
    if given["error"] is not None:
        return f"failed after {seconds}: {_value(given['error'])}"
    return f"was answered after {seconds}: {_value(given['result'])}"


def instant_text(at: float) -> str:
    """Return an instant as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
