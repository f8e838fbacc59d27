"""What happened in the room of a session, as a value.

The room reports, `told` decides what the call is then, and `event_of` which event of the session
follows: the first visible participant starts a session whose key was used, and the last one who
leaves ends it. In a room that the create named, the avatar starts the session by being there.
Reports are inputs that the journal keeps, so a replay needs no room. Media and sockets are for the
room alone; what only the journal needs (tracks, data, speech, lost sockets) changes no call.

The end of a session interrupts the avatar: what it has said of its line, and that a tool has not
answered, is reported afterwards, and belongs to the call until the room is closed.

A call is bounded: what does not fit is counted and left out, never the participants, because the
session's state follows from them.
"""

import json
from typing import Any, NamedTuple

from fake_runway.core.errors import WrongReport
from fake_runway.core.lifecycles.session import TERMINAL, Event, State
from fake_runway.core.text import quoted, short
from fake_runway.core.types import Json

MOST_ENTRIES = 1_000
"""Entries of a transcript. Source: the published shape of a conversation."""
MOST_PARTICIPANTS = 100
LONGEST_TEXT = 2_000  # characters that are kept of a text
LARGEST_CALL = 1 << 18  # characters that are kept of a call, about
_LARGEST_VALUE = 16_000  # characters of JSON; a bit more than an RPC can carry
_BYTES_OF_AN_ENTRY = 200

_ROOM_EXISTS = frozenset({State.READY, State.CLAIMED, State.RUNNING})
_LAST_REPORTS = frozenset({"said", "tool_answered", "data_ignored", "closed"})
_OF_THE_PARTICIPANT = frozenset({"away", "back", "published", "unpublished", "data", "spoke"})


class Participant(NamedTuple):
    """A client in the room, also while its socket is lost and it may come back."""

    identity: str
    hidden: bool
    joined_at: float


class Utterance(NamedTuple):
    """Something that the avatar or a user said; `role` is `assistant` or `user`."""

    at: float
    role: str
    turn: int
    text: str


class ToolAnswer(NamedTuple):
    """The end of a tool call. `error`: None if it succeeded. `result`: any JSON value."""

    result: Any
    error: str | None
    seconds: float


class ToolUse(NamedTuple):
    """A tool that the avatar used; `id` is empty for a client event, which has no answer."""

    at: float
    tool: str
    args: Json
    id: str = ""
    answer: ToolAnswer | None = None


class Call(NamedTuple):
    """What is known of the call of one session.

    Attributes:
        present: who is in the room, in the order of their joins.
        joins: how often a visible participant joined.
        transcript: what was said and which tools were used, in order.
        omitted: how many entries did not fit.
        closed: why the room was closed, empty if it is open.
        size: about how many characters the transcript takes.
        deleted: the conversation was deleted, so nothing is kept of it any more.
        entered: the avatar is in a room that the create named, and the call ends when it leaves.
    """

    present: tuple[Participant, ...] = ()
    joins: int = 0
    transcript: tuple[Utterance | ToolUse, ...] = ()
    omitted: int = 0
    closed: str = ""
    size: int = 0
    deleted: bool = False
    entered: bool = False

    @property
    def visible(self) -> int:
        """How many participants are in the room, hidden ones left out."""
        return sum(not each.hidden for each in self.present)

    def participant(self, identity: str) -> Participant:
        """Return who is in the room under an identity.

        Raises:
            WrongReport: no participant is.
        """
        for each in self.present:
            if each.identity == identity:
                return each
        raise WrongReport(f"Expected a participant of the call, got {quoted(identity)}.")


NO_CALL = Call()
"""The call of a session about which nothing was reported."""


def told(call: Call, report: Json, *, at: float, state: State) -> Call:
    """Return the call after a report.

    A participant who joins again under the same identity replaces the one before, and the leaving
    of that one is not to be reported. A tool that answers after it was given up changes nothing.

    Args:
        report: `CallReport` in contracts/wire/schemas/admin.json.
        at: the instant, POSIX seconds.
        state: of the session.

    Raises:
        WrongReport: it contradicts what is known of the call, or the session has no room.
    """
    event = report["event"]
    interrupted = bool(call.joins) and event in _LAST_REPORTS
    if not (state in _ROOM_EXISTS or (state in TERMINAL and (interrupted or event == "closed"))):
        raise WrongReport(f"Expected a session with an open room, got one that is {state.value}.")
    if call.closed and event != "joined":
        raise WrongReport("Expected a report on an open room, got one on a room that was closed.")
    if event in _OF_THE_PARTICIPANT:
        call.participant(report["participant"])
    match event:
        case "joined":
            return _joined(call, report, at)
        case "left":
            gone = call.participant(report["participant"])
            return call._replace(present=tuple(each for each in call.present if each is not gone))
        case "said":
            text = short(report["text"], LONGEST_TEXT)
            return _with(call, Utterance(at, report["role"], int(report["turn"]), text), len(text))
        case "client_event":
            return _used(call, ToolUse(at, report["tool"], report["args"]))
        case "tool_called":
            if any(
                isinstance(each, ToolUse) and each.id == report["call"] for each in call.transcript
            ):
                raise WrongReport(f"Expected a new tool call, got {quoted(report['call'])} again.")
            return _used(call, ToolUse(at, report["tool"], report["args"], report["call"]))
        case "tool_answered":
            return _answered(call, report)
        case "entered":
            return call._replace(entered=True)
        case "closed":
            return call._replace(present=(), closed=report["reason"])
    return call


def event_of(before: Call, after: Call, state: State) -> Event | None:
    """Return what a report does to a session in `state`, None for nothing."""
    if state in TERMINAL:
        return None
    if after.entered and not before.entered and state is State.READY:
        return Event.ENTERED  # without a key: this room has credentials of its own
    if after.visible and state is not State.RUNNING:
        return Event.JOINED  # the table refuses it where the key was not used
    if after.entered and after.closed and state is State.RUNNING:
        return Event.ENDED
    if before.visible and not after.visible and state is State.RUNNING:
        return Event.ENDED
    return None


def without_transcript(call: Call) -> Call:
    """Return the call with its entries counted as omitted."""
    omitted = call.omitted + len(call.transcript)
    return call._replace(transcript=(), size=0, omitted=omitted)


def _joined(call: Call, report: Json, at: float) -> Call:
    identity, hidden = report["participant"], report["hidden"]
    others = tuple(each for each in call.present if each.identity != identity)
    if len(others) >= MOST_PARTICIPANTS:
        raise WrongReport(f"Expected at most {MOST_PARTICIPANTS} participants, got one more.")
    return call._replace(
        present=(*others, Participant(identity, hidden, at)),
        joins=call.joins + (not hidden),
        closed="",
    )


def _with(call: Call, entry: Utterance | ToolUse, size: int) -> Call:
    size += call.size + _BYTES_OF_AN_ENTRY
    if call.deleted or len(call.transcript) >= MOST_ENTRIES or size > LARGEST_CALL:
        return call._replace(omitted=call.omitted + 1)
    return call._replace(transcript=(*call.transcript, entry), size=size)


def _used(call: Call, use: ToolUse) -> Call:
    length = len(json.dumps(use.args))
    if length > _LARGEST_VALUE:
        return _with(call, use._replace(args={}), 0)
    return _with(call, use, length)


def _answered(call: Call, report: Json) -> Call:
    for index, use in enumerate(call.transcript):
        if not isinstance(use, ToolUse) or use.id != report["call"]:
            continue
        if use.answer is not None and use.answer.error != "timeout":
            raise WrongReport(f"Expected one answer to {quoted(use.id)}, got another one.")
        if use.answer is not None:
            return call
        return _with_answer(call, index, use, report)
    if call.omitted:
        return call
    raise WrongReport(f"Expected a tool call that was reported, got {quoted(report['call'])}.")


def _with_answer(call: Call, index: int, use: ToolUse, report: Json) -> Call:
    result, error = report["result"], report["error"]
    text = json.dumps(result)
    if len(text) > min(_LARGEST_VALUE, LARGEST_CALL - call.size):
        result = text = short(text, LONGEST_TEXT)
    answer = ToolAnswer(result, error and short(error, LONGEST_TEXT), report["seconds"])
    entries = (*call.transcript[:index], use._replace(answer=answer), *call.transcript[index + 1 :])
    return call._replace(transcript=entries, size=call.size + len(text) + len(error or ""))
