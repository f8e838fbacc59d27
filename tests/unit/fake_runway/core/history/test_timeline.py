"""A timeline: a line for each entry, with when, what and why."""

from typing import Any

import pytest

from fake_runway.core.history.journal import Act, Entry, Exchange, Move
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
