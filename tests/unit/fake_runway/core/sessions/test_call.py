"""A call is what its reports say, in order; what contradicts it is rejected; it stays small."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given

from contracts.wire.documents import load
from fake_runway.core.account import LARGEST_CALLS
from fake_runway.core.errors import IllegalTransition, Refused, UnknownSession, WrongReport
from fake_runway.core.lifecycles.session import TERMINAL, Event, State
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.call import (
    LARGEST_CALL,
    LONGEST_TEXT,
    MOST_ENTRIES,
    MOST_PARTICIPANTS,
    NO_CALL,
    Call,
    ToolAnswer,
    ToolUse,
    Utterance,
    event_of,
    told,
    without_transcript,
)
from tests.support.fake.made_up import Json, call_reports
from tests.unit.fake_runway.core.playing import (
    FOREIGN_ID,
    LAW,
    START,
    in_state,
    limited,
    new_account,
    running,
    seen,
)

USER, BACKEND = "user:1", "backend:1"
ROOM = [State.READY, State.CLAIMED, State.RUNNING]


def joined(who: str = USER, *, hidden: bool = False) -> Json:
    """Return the report of a join."""
    return {"event": "joined", "participant": who, "hidden": hidden}


def left(who: str = USER, how: str = "leave") -> Json:
    """Return the report of a leave."""
    return {"event": "left", "participant": who, "how": how}


def said(text: str = "Hello", role: str = "assistant", turn: int = 1) -> Json:
    """Return the report of an utterance."""
    return {"event": "said", "role": role, "turn": turn, "text": text, "seconds": 1.0}


def tool(call: str = "1", args: Any = None) -> Json:
    """Return the report of a tool call."""
    return {"event": "tool_called", "call": call, "tool": "look", "args": args or {}}


def answered(call: str = "1", result: Any = None, error: str | None = None) -> Json:
    """Return the report of the end of a tool call."""
    return {
        "event": "tool_answered",
        "call": call,
        "result": result,
        "error": error,
        "seconds": 0.5,
    }


def after(*reports: Json, state: State = State.RUNNING) -> Call:
    """Return the call after some reports, a second apart."""
    call = NO_CALL
    for second, report in enumerate(reports):
        call = told(call, report, at=START + second, state=state)
    return call


def test_the_transcript_has_what_was_said_and_the_tools_that_were_used() -> None:
    """Entries stand in order, with their instants; an answer stands with its tool call."""
    event = {"event": "client_event", "tool": "show", "args": {"price": 5}}
    call = after(said(), event, tool(args={"id": 7}), said("Hi", "user", 1), answered(result=[1]))

    assert call.transcript == (
        Utterance(START, "assistant", 1, "Hello"),
        ToolUse(START + 1, "show", {"price": 5}),
        ToolUse(START + 2, "look", {"id": 7}, "1", ToolAnswer([1], None, 0.5)),
        Utterance(START + 3, "user", 1, "Hi"),
    )


def test_a_late_answer_changes_nothing() -> None:
    """A tool that was given up may still answer; the avatar went on without it."""
    given_up = after(tool(), answered(error="timeout"))

    assert told(given_up, answered(result=5), at=START, state=State.RUNNING) == given_up


def test_who_joins_again_replaces_who_was_there() -> None:
    """The same identity is one participant, however often it joins."""
    call = after(joined(), joined(BACKEND, hidden=True), joined())

    assert [each.identity for each in call.present] == [BACKEND, USER]
    assert (call.joins, call.visible) == (2, 1)


def test_who_is_away_is_still_in_the_call() -> None:
    """A lost socket ends nothing until the participant is reported as lost."""
    there = after(joined())
    for event in ("away", "back"):
        report = {"event": event, "participant": USER}
        assert told(there, report, at=START, state=State.RUNNING) == there


@pytest.mark.parametrize(
    ("before", "report"),
    [
        ((), left()),
        ((joined(),), left(BACKEND)),
        ((), {"event": "away", "participant": USER}),
        ((), {"event": "published", "participant": USER, "source": "camera"}),
        ((joined(), left()), {"event": "spoke", "participant": USER, "seconds": 1}),
        ((), {"event": "data", "participant": USER, "bytes": 1, "known": False}),
        ((), answered()),
        ((tool(),), tool()),
        ((tool(), answered()), answered()),
        ((tool(), answered(error="no")), answered()),
        ((joined(), {"event": "closed", "reason": "ended"}), said()),
        ((joined(), {"event": "closed", "reason": "ended"}), left()),
        (({"event": "closed", "reason": "ended"},), {"event": "closed", "reason": "ended"}),
        ([joined(f"user:{number}") for number in range(MOST_PARTICIPANTS)], joined("user:x")),
    ],
)
def test_a_report_must_fit_the_call(before: Sequence[Json], report: Json) -> None:
    """What contradicts the call so far is rejected, with what was expected."""
    call = after(*before)
    with pytest.raises(WrongReport, match=r"^Expected .*, got .*\.$"):
        told(call, report, at=START, state=State.RUNNING)


@pytest.mark.parametrize("state", list(State))
def test_only_a_session_with_a_room_has_reports(state: State) -> None:
    """The room of a session that has ended can still report that it was closed."""
    if state in ROOM:
        assert told(NO_CALL, said(), at=START, state=state).transcript
        return
    with pytest.raises(WrongReport, match=f"got one that is {state.value}"):
        told(NO_CALL, said(), at=START, state=state)
    closed = {"event": "closed", "reason": "cancelled"}
    if state in TERMINAL:
        assert told(NO_CALL, closed, at=START, state=state).closed == "cancelled"


@pytest.mark.parametrize("state", sorted(TERMINAL, key=str))
def test_what_was_said_last_is_reported_after_the_session_has_ended(state: State) -> None:
    """Its end interrupts the avatar; nothing else can happen in the room any more."""
    call = after(joined(), left())
    spoken = told(call, said("Good mor"), at=START, state=state)
    ignored = told(spoken, {"event": "data_ignored", "count": 7}, at=START, state=state)
    over = told(ignored, {"event": "closed", "reason": "ended"}, at=START, state=state)

    assert over.transcript == (Utterance(START, "assistant", 1, "Good mor"),)
    for report in (joined(), tool(), {"event": "client_event", "tool": "show", "args": {}}):
        with pytest.raises(WrongReport):
            told(call, report, at=START, state=state)
    with pytest.raises(WrongReport):
        told(over, said("ning"), at=START, state=state)


def test_a_closed_room_opens_with_the_next_join() -> None:
    """A room that was closed early can be joined again while the session is live."""
    call = after(joined(BACKEND, hidden=True), {"event": "closed", "reason": "dropped"}, joined())

    assert [each.identity for each in call.present] == [USER]
    assert not call.closed


@LAW
@given(call_reports)
def test_a_call_stays_small(reports: list[Json]) -> None:
    """Neither many nor large entries make it larger than its bound, and all are counted."""
    call = after(*[said("x" * 20_000, turn=turn) for turn in range(150)])
    entries = 150
    for report in reports:
        try:
            call = told(call, report, at=START, state=State.RUNNING)
        except WrongReport:
            continue
        entries += report["event"] in ("said", "client_event", "tool_called")
    assert call.size <= LARGEST_CALL + LONGEST_TEXT
    assert len(call.transcript) + call.omitted == entries

    forgotten = without_transcript(call)
    assert forgotten == call._replace(transcript=(), size=NO_CALL.size, omitted=entries)


def test_the_size_of_a_call_is_that_of_its_entries() -> None:
    """Each has the same overhead, and the characters that are kept of it."""
    an_entry = after(said("")).size
    arguments, result = {"price": 5}, ["x" * 30]
    use = after(tool(args=arguments))

    assert (NO_CALL.size, after(joined(), joined(BACKEND, hidden=True)).size) == (0, 0)
    assert an_entry > 0
    assert after(said("Hello")).size == an_entry + 5
    assert use.size == an_entry + len(json.dumps(arguments))
    assert after(tool(args=as_json(20_000))).size == an_entry
    assert after(said("Hello"), tool(args=arguments)).size == 2 * an_entry + 5 + len(
        json.dumps(arguments)
    )
    for error in (None, "It broke."):
        ended = told(use, answered(result=result, error=error), at=START, state=State.RUNNING)
        assert ended.size == use.size + len(json.dumps(result)) + len(error or "")


def test_an_entry_is_kept_if_the_call_has_room_for_it() -> None:
    """It may fill the call to the last character; the next one is omitted."""
    room = after(said("")).size + 5
    for over in (0, 1):
        call = NO_CALL._replace(size=LARGEST_CALL - room + over)
        call = told(call, said("Hello"), at=START, state=State.RUNNING)
        assert (len(call.transcript), call.omitted) == (1 - over, over)
        assert call.size == LARGEST_CALL - (room - 1) * over


def as_json(length: int) -> dict[str, str]:
    """Return a value of so many characters of JSON."""
    return {"a": "x" * (length - len(json.dumps({"a": ""})))}


@pytest.mark.parametrize(("length", "kept"), [(16_000, True), (16_001, False)])
def test_a_value_of_a_tool_is_kept_as_it_is_up_to_a_length(length: int, kept: bool) -> None:
    """Longer than what an RPC carries, arguments are left out and a result is cut."""
    value = as_json(length)
    call = after(tool(args=value), answered(result=value))
    [use] = call.transcript

    assert isinstance(use, ToolUse)
    assert use.answer is not None
    assert (use.args == value) is kept
    assert (use.answer.result == value) is kept


def test_a_result_is_cut_where_the_call_has_no_room_for_it() -> None:
    """A result that just fits is kept; the tool call and its end are, in any case."""
    nearly_full = after(tool())._replace(size=LARGEST_CALL - 100)
    results = []
    for length in (100, 101):
        report = answered(result=as_json(length))
        call = told(nearly_full, report, at=START, state=State.RUNNING)
        [entry] = call.transcript
        assert isinstance(entry, ToolUse)
        assert entry.answer is not None
        results.append(entry.answer.result)

    assert results == [as_json(100), json.dumps(as_json(101))]


def test_the_bounds_of_a_transcript_are_the_documented_ones() -> None:
    """Those of the published shape of a conversation, and of docs/fidelity.md."""
    ended = load("runway").raw["components"]["schemas"]["ConversationEnded"]

    assert ended["properties"]["transcript"]["maxItems"] == MOST_ENTRIES
    assert (LONGEST_TEXT, LARGEST_CALL, LARGEST_CALLS) == (2_000, 256 << 10, 32 << 20)


def test_long_values_are_cut() -> None:
    """A text is cut; arguments that are too large are left out, a result becomes a cut text."""
    large = ["x" * 20_000]
    call = after(said("y" * 5_000), tool(args={"a": large}), answered(result=large))
    text, use = call.transcript

    assert isinstance(text, Utterance)
    assert isinstance(use, ToolUse)
    assert use.answer is not None
    assert len(text.text) == LONGEST_TEXT
    assert use.args == {}
    assert len(use.answer.result) == LONGEST_TEXT


def test_a_transcript_has_so_many_entries() -> None:
    """More are counted, and an answer to a tool call that was left out is no contradiction."""
    call = after(*[said("", turn=turn) for turn in range(MOST_ENTRIES + 1)], tool(), answered())

    assert (len(call.transcript), call.omitted) == (MOST_ENTRIES, 2)


@pytest.mark.parametrize(
    ("before", "now", "state", "event"),
    [
        ((), (joined(),), State.CLAIMED, Event.JOINED),
        ((), (joined(),), State.RUNNING, None),
        ((), (joined(hidden=True),), State.CLAIMED, None),
        ((joined(),), (joined(), joined("user:2"), left()), State.RUNNING, None),
        ((joined(),), (joined(), left()), State.RUNNING, Event.ENDED),
        ((joined(hidden=True),), (), State.RUNNING, None),
        ((joined(), joined(BACKEND, hidden=True)), (joined(hidden=True),), State.RUNNING, "ended"),
        ((joined(),), (), State.CANCELLED, None),
    ],
)
def test_the_first_join_starts_and_the_last_leave_ends(
    before: Sequence[Json], now: Sequence[Json], state: State, event: Event | str | None
) -> None:
    """Hidden participants start and end nothing."""
    assert event_of(after(*before), after(*now), state) is (event and Event(event))


# Of an account


@LAW
@given(call_reports, call_reports)
def test_a_rejected_report_changes_nothing(first: list[Json], second: list[Json]) -> None:
    """In any state, whatever was reported before."""
    for state in State:
        account, session, at = in_state(state)
        for report in [*first, *second]:
            before = seen(account), account.call(session.id)
            try:
                account.report(session.id, report, at=at)
            except Refused:
                assert (seen(account), account.call(session.id)) == before


def test_an_avatar_that_enters_the_room_of_the_create_starts_the_session() -> None:
    """No key is used; the session ends when the avatar leaves, though no user ever came."""
    account, session, at = in_state(State.READY)
    account.report(session.id, {"event": "entered", "room": "r"}, at=at)
    assert account.sessions[session.id].state is State.RUNNING
    account.report(session.id, {"event": "closed", "reason": "dropped"}, at=at + 1)
    assert account.sessions[session.id].state is State.COMPLETED


@LAW
@given(call_reports)
def test_status_duration_and_credits_follow_from_joins_and_leaves(reports: list[Json]) -> None:
    """A claimed session runs from its first visible join to its last visible leave, and pays it."""
    account, session, at = in_state(State.CLAIMED)
    spent = account.spent
    ready_to_join = session.due_at
    assert ready_to_join is not None
    there: set[str] = set()
    began = ended = None
    for step, report in enumerate(reports):
        now = at + min(step, 4)
        try:
            account.report(session.id, report, at=now)
        except Refused:
            continue
        who = report.get("participant", "")
        visible = bool(there)
        match report["event"]:
            case "joined":
                there = there - {who} if report["hidden"] else there | {who}
            case "left":
                there -= {who}
            case "closed":
                there = set()
        if began is None and there:
            began = now
        if ended is None and visible and not there:
            ended = now
    after_all = account.sessions[session.id]
    expected = State.CLAIMED if began is None else State.RUNNING
    assert after_all.state is (expected if ended is None else State.COMPLETED)
    if began is not None and ended is not None:
        assert after_all.started_at == began
        assert after_all.ran_for_s == ended - began
        assert account.spent - spent == 2  # at most one block
    elif began is None:
        assert account.spent == spent


def test_nothing_is_said_after_the_end_of_the_session() -> None:
    """What is reported later was said until then."""
    account, session, at = in_state(State.RUNNING)
    account.report(session.id, joined(), at=at)
    account.report(session.id, left(), at=at + 1)
    account.report(session.id, said(), at=at + 5)

    assert [each.at for each in account.call(session.id).transcript] == [at + 1]


def test_a_join_needs_a_key_that_was_used() -> None:
    """A visible participant cannot be in the room of a session that was not consumed."""
    account, session, at = in_state(State.READY)
    with pytest.raises(IllegalTransition):
        account.report(session.id, joined(), at=at)
    account.report(session.id, joined(BACKEND, hidden=True), at=at)

    assert account.sessions[session.id].state is State.READY
    assert [each.identity for each in account.call(session.id).present] == [BACKEND]


def test_an_unknown_session_has_no_reports() -> None:
    """None is made for a report, even where any id is a session."""
    account = new_account(Settings(materialise=True))
    with pytest.raises(UnknownSession):
        account.report(FOREIGN_ID, joined(), at=START)


def test_a_call_is_forgotten_with_its_session() -> None:
    """Retention drops both, also at the very report that ends the session."""
    account = new_account(limited(retained=1))
    ids = [running(account, at=START) for _ in range(3)]
    for session_id in ids:
        account.report(session_id, joined(), at=START)
        account.report(session_id, left(), at=START)

    assert [account.call(each) != NO_CALL for each in ids] == [False, False, True]


def test_a_copy_has_calls_of_its_own() -> None:
    """What is reported to one of two copies is unknown to the other."""
    account = new_account(limited())
    session_id = running(account, at=START)
    account.report(session_id, joined(), at=START)
    twin = account.copy(lambda _: None)
    twin.report(session_id, left(), at=START)

    assert twin.sessions[session_id].state is State.COMPLETED
    assert account.call(session_id).visible == 1
    assert account.sessions[session_id].state is State.RUNNING


def filling(size: int) -> Iterator[Json]:
    """Yield reports of utterances that make a call larger by so many characters."""
    an_entry = after(said("")).size
    while size:
        piece = min(size, an_entry + LONGEST_TEXT)
        piece -= an_entry if 0 < size - piece < an_entry else 0  # the rest has to be an entry
        yield said("x" * (piece - an_entry))
        size -= piece


def test_the_transcripts_of_all_sessions_are_bounded() -> None:
    """The oldest of those that have ended go first, only as many as needed, and no live one."""
    account = new_account(limited(concurrency=None, credits=None, daily=None, retained=1_000))
    an_entry = after(said("")).size
    small, full = 3 * [an_entry], LARGEST_CALLS // LARGEST_CALL - 1
    sizes = [LARGEST_CALL, *small, *(full - 1) * [LARGEST_CALL], LARGEST_CALL - sum(small), 0]
    ids = [running(account, at=START) for _ in sizes]
    live = (ids[0], ids[-1])
    for session_id, size in zip(ids, sizes, strict=True):
        account.report(session_id, joined(), at=START)
        for report in filling(size):
            account.report(session_id, report, at=START)
        if session_id not in live:
            account.report(session_id, left(), at=START)

    def gone() -> list[int]:
        """Return the numbers of the sessions whose entries were dropped."""
        calls = [account.call(session_id) for session_id in ids]
        assert sum(call.size for call in calls) <= LARGEST_CALLS
        return [number for number, call in enumerate(calls) if call.omitted]

    assert sum(account.call(session_id).size for session_id in ids) == LARGEST_CALLS
    assert gone() == []
    account.report(live[1], said(""), at=START)
    assert gone() == [1]
    account.report(live[1], said("x"), at=START)
    assert gone() == [1, 2, 3]
    account.delete_conversation(ids[4], at=START)
    for report in filling(LARGEST_CALL - account.call(live[1]).size):
        account.report(live[1], report, at=START)
    assert gone() == [1, 2, 3, 4]  # what a client deletes makes room
