"""Entries, sessions and faults as plain data: every fact in its place, and nothing made up."""

import json
import math
from dataclasses import fields
from typing import Any

import pytest

from fake_runway.core.durations import NEVER
from fake_runway.core.faults.deciding import Tally
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.history.journal import Act, Exchange, Move, Rejection
from fake_runway.core.history.views import (
    act_body,
    entry_body,
    exchange_body,
    fault_view,
    move_body,
    session_view,
)
from fake_runway.core.lifecycles.session import SESSION, Event, Failure, State
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.sessions.rules import Change
from fake_runway.core.sessions.session import Plan, Session, Stage
from tests.support.fake.plans import made_up

START = 1_800_000_000.0
ABOUT = Subject("session", "one")
FAILURE = Failure("SAFETY", "It broke.")


def test_a_call_keeps_each_of_its_facts() -> None:
    """Under the names of the contract; only what depends on the connection is left out."""
    call = Exchange(
        "consumeSession",
        "POST",
        "/v1/x",
        subject=ABOUT,
        agent="curl",
        retry=2,
        versioned=True,
        content_type="text/plain",
        cookies=True,
        unread=(1,),
        secret_in_url=True,
        body={"a": 1},
        query={"b": "2"},
        number=7,
        at=START,
        key_fits=False,
        status=409,
        reply={"error": "No."},
        code="already_consumed",
        faults=("slow", "broken"),
        arrives=False,
        wait_s=1.5,
        acted=True,
        size=999,
        rejection=Rejection("c", 400, "m", {"X-Fake-Nearest-Route": "GET /v1/y"}),
    )
    assert exchange_body(call) == {
        "number": 7,
        "at": START,
        "operation": "consumeSession",
        "method": "POST",
        "path": "/v1/x",
        "session": "one",
        "avatar": None,
        "request": {
            "agent": "curl",
            "retry": 2,
            "versioned": True,
            "content_type": "text/plain",
            "cookies": True,
            "secret_in_url": True,
            "key_fits": False,
            "query": {"b": "2"},
            "body": {"a": 1},
        },
        "response": {
            "status": 409,
            "body": {"error": "No."},
            "code": "already_consumed",
            "arrives": False,
            "wait_s": 1.5,
        },
        "acted": True,
        "faults": ["slow", "broken"],
        "nearest": "GET /v1/y",
    }


def test_what_a_call_did_not_have_is_null() -> None:
    """An unknown content type, as old records have it, is not there at all."""
    body = exchange_body(Exchange("", "GET", "/"))
    assert not {"content_type", "cookies"} & body["request"].keys()
    assert (body["operation"], body["session"], body["nearest"]) == (None, None, None)
    assert [body["request"][each] for each in ("agent", "retry", "key_fits", "body")] == [None] * 4
    assert [body["response"][each] for each in ("status", "body", "code")] == [None] * 3
    undeclared = exchange_body(Exchange("", "GET", "/", content_type=""))
    assert undeclared["request"]["content_type"] is None


def session(state: State = State.READY, **facts: Any) -> Session:
    """Return a session."""
    slow = Plan(scenario="slow")
    return made_up(
        id="one", ordinal=3, created_at=START, max_duration_s=120, plan=slow, state=state, **facts
    )


def test_a_change_has_its_states_and_its_reason() -> None:
    """A new session has no state before, and its event is `created`."""
    made = Move(4, SESSION, Change(START, None, None, session(State.QUEUED), charge=2))
    assert move_body(made) == {
        "number": 4,
        "at": START,
        "session": "one",
        "event": "created",
        "before": None,
        "after": "queued",
        "charge": 2,
        "failure": None,
    }
    after = session(State.FAILED, failure=FAILURE)
    failed = Move(5, SESSION, Change(START + 1, Event.FAILED, session(), after))
    assert move_body(failed) == {
        "number": 5,
        "at": START + 1,
        "session": "one",
        "event": "failed",
        "before": "ready",
        "after": "failed",
        "charge": 0,
        "failure": {"code": "SAFETY", "text": "It broke."},
    }


def test_an_act_has_what_it_was_given() -> None:
    """Its subject stands under the name of its kind."""
    assert act_body(Act(6, START, "applyEvent", ABOUT, {"event": "failed"})) == {
        "number": 6,
        "at": START,
        "act": "applyEvent",
        "session": "one",
        "given": {"event": "failed"},
    }


def test_an_entry_says_of_which_kind_it_is() -> None:
    """Beside its own facts."""
    call = Exchange("", "GET", "/")
    act = Act(6, START, "moveClock", NO_SUBJECT, {})
    move = Move(4, SESSION, Change(START, None, None, session(State.QUEUED)))
    assert entry_body(call) == {"kind": "exchange", **exchange_body(call)}
    assert entry_body(act) == {"kind": "act", **act_body(act)}
    assert entry_body(move) == {"kind": "move", **move_body(move)}


def test_a_session_shows_all_but_its_secret() -> None:
    """Instants that are not known are null, and so is an event that never comes."""
    due = session(
        event=Event.PROVISIONED,
        changed_at=START + 1,
        ready_at=START + 1,
        due_at=START + 301,
        due_event=Event.EXPIRED,
    )
    assert session_view(due) == {
        "id": "one",
        "ordinal": 3,
        "state": "ready",
        "event": "provisioned",
        "created_at": START,
        "changed_at": START + 1,
        "ready_at": START + 1,
        "started_at": None,
        "expires_at": START + 301,
        "next": {"at": START + 301, "event": "expired"},
        "max_duration_s": 120,
        "blocks": 0,
        "scenario": "slow",
        "failure": None,
    }
    failed = session_view(session(State.FAILED, failure=FAILURE))
    assert failed["failure"] == {"code": "SAFETY", "text": "It broke."}
    assert (failed["event"], failed["next"]) == ("failed", None)
    assert session_view(session(State.QUEUED))["event"] is None


@pytest.mark.parametrize(
    "facts",
    [
        {"due_at": math.inf, "due_event": Event.EXPIRED},
        {"due_at": None, "due_event": Event.EXPIRED},
        {"due_at": START, "due_event": None},
    ],
)
def test_what_never_comes_is_not_next(facts: dict[str, Any]) -> None:
    """JSON has no infinity, and half an event is none."""
    assert session_view(session(**facts))["next"] is None


def test_a_session_that_waits_for_ever_can_be_written_as_json() -> None:
    """With a plan whose every span is without an end."""
    view = session_view(made_up(plan=Plan(queued=NEVER, provision=NEVER)))
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert view["scenario"] is None
    # what only speeds stages up is no fact of a session
    facts = {each.name for each in fields(Stage) if each.compare or each.name == "state"}
    known = {*Session._fields, *facts}
    shown_elsewhere = {"options"}  # by the create in the journal, and by the conversation
    assert set(view) > known - {"stage", "plan", "due_at", "due_event"} - shown_elsewhere


def test_a_fault_shows_its_data_and_its_counts() -> None:
    """The name stands beside its data, not in it."""
    given = {"name": "slow", "effect": {"delay": "1s"}, "times": 2}
    fault = parse_fault(given, name="s/slow", per_session=False)
    assert fault_view(fault, since=START, tally=Tally(5, 2), by_hand=True) == {
        "name": "s/slow",
        "fault": {"effect": {"delay": "1s"}, "times": 2},
        "since": START,
        "seen": 5,
        "struck": 2,
        "by_hand": True,
    }
