"""A timeline: a line for each entry, with when, what and why."""

from typing import Any

import pytest

from contracts.wire.schema import BodyValidator, load
from fake_runway.core.history.journal import REPORT, Act, Entry, Exchange, Move
from fake_runway.core.history.timeline import instant_text, timeline
from fake_runway.core.lifecycles.session import SESSION, Event, Failure, State
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT
from fake_runway.core.sessions.rules import Change
from fake_runway.core.sessions.session import Session
from tests.support.fake.plans import made_up

START = 1_800_000_000.0


def told(entry: Entry) -> str:
    """Return the line of an entry without its instant."""
    [line] = timeline([entry], start=START)
    instant, _, rest = line.partition("s  ")
    assert float(instant) == entry.at - START
    return rest


def exchange(**facts: Any) -> Exchange:
    """Return a poll that was answered 200, unless the facts say otherwise."""
    known = {"status": 200, "acted": True, "at": START, **facts}
    return Exchange("getSession", "GET", "/v1/x", **known)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, "GET /v1/x -> 200"),
        ({"reply": {"status": "READY", "id": "1"}}, "GET /v1/x -> 200 READY"),
        ({"reply": {"id": "status"}}, "GET /v1/x -> 200"),
        ({"reply": ["status"]}, "GET /v1/x -> 200"),
        ({"status": 0, "arrives": False}, "GET /v1/x -> no answer"),
        ({"status": 0}, "GET /v1/x -> no answer"),
        ({"arrives": False}, "GET /v1/x -> 200, lost on the way"),
        ({"arrives": False, "acted": False}, "GET /v1/x -> 200, cut off"),
        ({"acted": False}, "GET /v1/x -> 200"),
        ({"status": 404, "code": "unknown_session"}, "GET /v1/x -> 404  [unknown_session]"),
        ({"faults": ("a", "b")}, "GET /v1/x -> 200  [fault a; fault b]"),
        ({"wait_s": 1.5}, "GET /v1/x -> 200  [held back 1.5s]"),
        ({"retry": 0}, "GET /v1/x -> 200"),
        ({"retry": 1}, "GET /v1/x -> 200  [retry 1]"),
        (
            {"status": 503, "code": "c", "faults": ("f",), "wait_s": 0.25, "retry": 2},
            "GET /v1/x -> 503  [c; fault f; held back 0.25s; retry 2]",
        ),
    ],
)
def test_a_call_is_told_with_its_answer_and_what_is_special(
    facts: dict[str, Any], line: str
) -> None:
    """Whether it arrived, what was rejected, which faults struck, and retries of an SDK."""
    assert told(exchange(**facts)) == line


def session(state: State, failure: Failure | None = None) -> Session:
    """Return a session in a state."""
    return made_up(id="one", state=state, failure=failure)


@pytest.mark.parametrize(
    ("before", "event", "after", "line"),
    [
        (None, None, session(State.QUEUED), "* queued: created"),
        (
            session(State.QUEUED),
            Event.ADMITTED,
            session(State.PROVISIONING),
            "* queued -> provisioning: there is capacity",
        ),
        (
            session(State.PROVISIONING),
            Event.PROVISIONED,
            session(State.READY),
            "* provisioning -> ready: provisioned",
        ),
        (
            session(State.READY),
            Event.FAILED,
            session(State.FAILED, Failure("SAFETY", "It broke.")),
            "* ready -> failed: failed (SAFETY: It broke.)",
        ),
    ],
)
def test_a_change_is_told_with_its_reason(
    before: Session | None, event: Event | None, after: Session, line: str
) -> None:
    """An event without a sentence of its own goes by its name; a failure has its code and text."""
    assert told(Move(0, SESSION, Change(START, event, before, after))) == line


def test_a_change_that_costs_says_how_much() -> None:
    """A create is charged at once."""
    made = Change(START, None, None, session(State.QUEUED), charge=2)
    assert told(Move(0, SESSION, made)) == "* queued: created, 2 credits"


def test_an_act_is_told_with_what_was_given() -> None:
    """An act that was given nothing is its name."""
    moved = Act(0, START, "moveClock", NO_SUBJECT, {"by": "1s", "to": 3})
    assert told(moved) == "! moveClock by 1s, to 3"
    assert told(Act(0, START, "removeFaults", NO_SUBJECT, {})) == "! removeFaults"


def test_instants_count_from_the_start() -> None:
    """With a sign, to the millisecond, in columns."""
    calls = [exchange(at=START + after) for after in (0, 1.5, -2, 12345.0625)]
    assert [line[:14] for line in timeline(calls, start=START)] == [
        "    +0.000s  G",
        "    +1.500s  G",
        "    -2.000s  G",
        "+12345.062s  G",
    ]


def test_an_instant_is_written_in_utc() -> None:
    """ISO 8601, to the millisecond."""
    assert instant_text(1_800_000_000.25) == "2027-01-15T08:00:00.250+00:00"


USER = {"participant": "user:1"}
TOOL = {"event": "tool_answered", "call": "7", "result": None, "error": None, "seconds": 0.25}


@pytest.mark.parametrize(
    ("report", "line"),
    [
        ({"event": "joined", **USER, "hidden": False}, "user:1 joined"),
        ({"event": "joined", **USER, "hidden": True}, "user:1 joined, hidden"),
        ({"event": "left", **USER, "how": "end_call"}, "user:1 ended the call (END_CALL)"),
        ({"event": "left", **USER, "how": "leave"}, "user:1 left"),
        (
            {"event": "left", **USER, "how": "lost"},
            "user:1 was lost, and did not come back in time",
        ),
        ({"event": "away", **USER}, "user:1 lost its connection"),
        ({"event": "back", **USER}, "user:1 is connected again"),
        (
            {"event": "published", **USER, "source": "microphone"},
            "user:1 publishes a track: microphone",
        ),
        ({"event": "unpublished", **USER, "source": "camera"}, "user:1 ended a track: camera"),
        (
            {"event": "said", "role": "assistant", "turn": 1, "text": "Hi\n!", "seconds": 1.0},
            'the avatar said "Hi\\n!" in 1s',
        ),
        (
            {"event": "said", "role": "user", "turn": 1, "text": "é\u2028", "seconds": 1.5},
            'the user said "é\\u2028" in 1.5s',
        ),
        (
            {"event": "client_event", "tool": "show", "args": {"price": 5}},
            'the avatar sent the client event show: {"price": 5}',
        ),
        (
            {"event": "tool_called", "call": "7", "tool": "look", "args": {}},
            "the avatar called the tool look (RPC 7): {}",
        ),
        ({**TOOL, "result": [1]}, "RPC 7 was answered after 0.25s: [1]"),
        (TOOL, "RPC 7 was answered after 0.25s: null"),
        ({**TOOL, "error": "It broke"}, 'RPC 7 failed after 0.25s: "It broke"'),
        ({**TOOL, "error": "timeout", "seconds": 4}, "RPC 7 was not answered within 4s"),
        ({"event": "data", **USER, "bytes": 12, "known": True}, "user:1 sent 12 bytes of data"),
        (
            {"event": "data", **USER, "bytes": 12, "known": False},
            "user:1 sent 12 bytes of data, which no avatar understands",
        ),
        ({"event": "data_ignored", "count": 3}, "3 more packets of data came, and were not read"),
        ({"event": "spoke", **USER, "seconds": 2.5}, "user:1 spoke for 2.5s"),
        (
            {"event": "unheard", "seconds": 10.0},
            "the avatar awaited speech for 10s, and heard none",
        ),
        (
            {"event": "entered", "room": "r"},
            'the avatar is in the room that the create named: "r"',
        ),
        ({"event": "closed", "reason": "capped"}, "the room was closed: capped"),
        ({"event": "away", "participant": "a\x1b[2J\n"}, "a\\x1b[2J\\n lost its connection"),
    ],
)
def test_what_a_room_reports_is_a_sentence(report: dict[str, Any], line: str) -> None:
    """Joins, leaves, tracks, data and RPC stand beside calls and transitions, on one line each."""
    assert told(Act(1, START, REPORT, NO_SUBJECT, report)) == f"~ {line}"
    assert not BodyValidator(load("admin").schema("CallReport")).problems(report)


def test_long_values_of_a_report_are_cut() -> None:
    """A line stays readable, whatever was said."""
    said = {"event": "said", "role": "user", "turn": 1, "text": "x" * 20_000, "seconds": 1.0}
    line = told(Act(1, START, REPORT, NO_SUBJECT, said))

    assert len(line) < 200
    assert line.endswith("... in 1s")


def test_a_create_is_told_with_what_the_avatar_shall_be_and_say() -> None:
    """Its personality and its startScript are shown, cut if they are long."""
    body = {"startScript": "Welcome!", "personality": "Kind.\n" * 999}
    line = told(exchange(body=body))

    assert line.startswith('GET /v1/x -> 200  [personality "Kind.\\n')
    assert line.endswith('...; startScript "Welcome!"]')
    assert len(line) < 300
