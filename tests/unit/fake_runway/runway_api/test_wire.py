"""Wire spelling: statuses, keys and instants, checked against the published contract."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.schema import BodyValidator, PlainValidator, load
from fake_runway.core.lifecycles.session import Failure, State
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan, Session
from fake_runway.runway_api.wire import error_body, instant, session_body
from tests.support.fake.plans import made_up
from tests.unit.fake_runway.core.playing import LAW, Call, all_settings, play, scripts

RUNWAY = load("runway")
ID = "123e4567-e89b-42d3-a456-426614174000"
KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
NEW_SESSION = made_up(
    id=ID, ordinal=0, created_at=1_770_000_000.25, max_duration_s=300, plan=Plan()
)
READY_AT = 1_770_000_002.0
BASE = {"id": ID, "createdAt": "2026-02-02T02:40:00.250Z"}

BODIES = [
    (made_up(NEW_SESSION), {"status": "NOT_READY", "queued": True}),
    (made_up(NEW_SESSION, state=State.PROVISIONING), {"status": "NOT_READY", "queued": False}),
    (
        made_up(NEW_SESSION, state=State.READY, ready_at=READY_AT),
        {"status": "READY", "expiresAt": "2026-02-02T02:45:02.000Z", "sessionKey": KEY},
    ),
    (
        made_up(NEW_SESSION, state=State.CLAIMED, ready_at=READY_AT),
        {"status": "READY", "expiresAt": "2026-02-02T02:45:02.000Z", "sessionKey": KEY},
    ),
    (
        made_up(NEW_SESSION, state=State.RUNNING, ready_at=READY_AT, started_at=READY_AT),
        {"status": "RUNNING"},
    ),
    (
        made_up(
            NEW_SESSION,
            state=State.COMPLETED,
            ready_at=READY_AT,
            started_at=READY_AT,
            changed_at=READY_AT + 61.4,
        ),
        {"status": "COMPLETED", "duration": 61},
    ),
    (
        made_up(NEW_SESSION, state=State.FAILED, failure=Failure("A.CODE", "A reason.")),
        {"status": "FAILED", "failure": "A reason.", "failureCode": "A.CODE"},
    ),
    (made_up(NEW_SESSION, state=State.CANCELLED), {"status": "CANCELLED"}),
]


def test_every_state_has_an_example() -> None:
    """The examples below leave no state out."""
    assert {session.state for session, _ in BODIES} == set(State)


@pytest.mark.parametrize(
    ("session", "shown"), BODIES, ids=lambda one: getattr(getattr(one, "state", None), "name", "")
)
def test_each_state_is_shown_in_the_form_of_its_status(
    session: Session, shown: dict[str, object]
) -> None:
    """The body has the keys of its status and no others, as both engines agree."""
    body = session_body(session, lambda _: KEY)

    assert body == BASE | shown
    schema = RUNWAY.schema("Session")
    assert PlainValidator(schema).problems(body) == []
    assert BodyValidator(schema).problems(body) == []


@LAW
@given(all_settings, scripts)
def test_in_any_run_the_body_keeps_the_contract(
    given_settings: Settings, script: list[Call]
) -> None:
    """Any session at any moment of any run has the published form, its key only while READY."""
    validator = BodyValidator(RUNWAY.schema("Session"))

    for sight in play(given_settings, script).sights:
        for session in sight["sessions"].values():
            key = sight["keys"][session.id]
            body = session_body(session, {session: key}.__getitem__)
            assert validator.problems(body) == []
            assert (key in body.values()) == (session.state in (State.READY, State.CLAIMED))
            assert body["createdAt"] == instant(session.created_at)
            if "expiresAt" in body:
                assert body["expiresAt"] == instant(session.expires_at)
            if "duration" in body:
                assert abs(body["duration"] - session.ran_for_s) <= 0.5


# Instants


@LAW
@given(st.floats(0, 4_102_444_800))  # until 2100
def test_an_instant_is_the_millisecond_it_lies_in(at: float) -> None:
    """Read back by the standard library it is the same instant, cut to its millisecond."""
    text = instant(at)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    behind = datetime.fromtimestamp(at, UTC) - datetime.fromisoformat(text)
    assert timedelta(0) <= behind < timedelta(milliseconds=1)


@LAW
@given(st.integers(0, 4_102_444_800_000))
def test_whole_milliseconds_are_shown_exactly(milliseconds: int) -> None:
    """What a float holds of a millisecond is enough to show that millisecond."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)

    assert datetime.fromisoformat(instant(moment.timestamp())) == moment


@LAW
@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_instants_sort_as_texts(one: float, other: float) -> None:
    """The earlier instant is the smaller text."""
    low, high = sorted((one, other))

    assert instant(low) <= instant(high)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (951_782_400.0, "2000-02-29T00:00:00.000Z"),
        (1_769_860_800.25, "2026-01-31T12:00:00.250Z"),
        (1_767_225_599.9999, "2025-12-31T23:59:59.999Z"),
    ],
)
def test_instants_known_by_heart(at: float, text: str) -> None:
    """Known instants are spelled as RFC 3339 says."""
    assert instant(at) == text


# Errors


@pytest.mark.parametrize("doc_url", [True, False])
def test_every_error_has_the_envelope(doc_url: bool) -> None:
    """The message stands under `error`; the link to the documentation is a switch."""
    body = error_body("What is wrong.", doc_url=doc_url)

    assert body["error"] == "What is wrong."
    assert ("docUrl" in body) is doc_url
    assert PlainValidator(RUNWAY.schema("Error")).problems(body) == []
