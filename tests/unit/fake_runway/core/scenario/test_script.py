"""Scripts: from data to steps and back, and what their schema allows."""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given

from fake_runway.core.scenario.script import (
    REASONS,
    describe_script,
    describe_setup,
    merge_setup,
    parse_script,
    parse_setup,
    script_schema,
    setup_schema,
)
from fake_runway.core.sessions.options import NO_OPTIONS, options_of
from fake_runway.core.sessions.script import (
    AvatarAppears,
    CallSetup,
    CallTool,
    DataDelivery,
    EndCall,
    Say,
    SendClientEvent,
    SendData,
    Step,
    Wait,
    WaitForSpeech,
    why_not,
)
from tests.unit.fake_runway.core.allowed import allowed_by
from tests.unit.fake_runway.core.playing import SLOW_LAW
from tests.unit.fake_runway.core.scenario.scripts import scripts, setups

SCRIPT = jsonschema.Draft202012Validator(script_schema())
SETUP = jsonschema.Draft202012Validator(setup_schema())


@SLOW_LAW
@given(scripts)
def test_a_described_script_comes_back(script: tuple[Step, ...]) -> None:
    """Written as JSON and read again, its steps are the same, those after a tool call included."""
    data = json.loads(json.dumps(describe_script(script)))

    SCRIPT.validate(data)
    assert parse_script(data) == script


@SLOW_LAW
@given(allowed_by(script_schema()))
def test_what_was_parsed_is_described_as_what_it_means(data: list[dict[str, Any]]) -> None:
    """Whatever the schema allows is parsed or refused, and described it means the same."""
    try:
        script = parse_script(data)
    except ValueError:
        return
    assert parse_script(describe_script(script)) == script


@given(setups, setups)
def test_a_described_setup_comes_back_over_any_other(setup: CallSetup, base: CallSetup) -> None:
    """Its data has every field."""
    data = describe_setup(setup)

    SETUP.validate(data)
    assert merge_setup(parse_setup(data), base) == setup


def test_a_setup_changes_what_it_names() -> None:
    """The rest stays as it was."""
    base = CallSetup(refuses_join=True, data=DataDelivery.LOST)
    assert merge_setup(parse_setup({"avatar": "late"}), base) == CallSetup(
        refuses_join=True, avatar=AvatarAppears.LATE, data=DataDelivery.LOST
    )


def test_short_forms_mean_what_they_leave_out() -> None:
    """A plain text is said at the usual pace; what has a default needs no word."""
    assert parse_script(
        [
            {"say": "Hello."},
            {"client_event": {"tool": "show"}},
            {"wait": "200ms"},
            {"wait_for_speech": {}},
            {"call_tool": {"tool": "look_up", "then": {"timeout": [{"end": True}]}}},
            {"send": {"data": "x"}},
        ]
    ) == (
        Say("Hello.", 2.5),
        SendClientEvent("show", {}),
        Wait(0.2),
        WaitForSpeech(None),
        CallTool("look_up", {}, None, timed_out=(EndCall(),)),
        SendData("x", 1),
    )


def test_a_call_that_nobody_set_up_begins_as_documented() -> None:
    """The default in the table of docs/scenarios.md."""
    assert describe_setup(CallSetup()) == {
        "join": "accept",
        "avatar": "at once",
        "avatar_after": "2s",
        "transcript": "data",
        "data": "once",
    }


def test_data_arrives_as_often_as_its_delivery_says() -> None:
    """Once, twice, or not at all."""
    copies = {each.value: each.copies for each in DataDelivery}
    assert copies == {"once": 1, "doubled": 2, "lost": 0}


def nested(levels: int) -> list[dict[str, Any]]:
    """Return a script whose tool calls stand inside each other."""
    call: dict[str, Any] = {"tool": "a"}
    if levels > 1:
        call["then"] = {"failed": nested(levels - 1)}
    return [{"call_tool": call}]


@pytest.mark.parametrize(
    ("data", "allowed"),
    [
        ([], True),
        ([{}], False),
        ([{"say": "x", "wait": "1s"}], False),
        ([{"no_such": 1}], False),
        ([{"wait": "1s"}] * 200, True),
        ([{"wait": "1s"}] * 201, False),
        (nested(2), True),
        (nested(3), False),
        ([{"call_tool": {"tool": "a", "then": {"answered": [{"wait": "1s"}] * 20}}}], True),
        ([{"call_tool": {"tool": "a", "then": {"answered": [{"wait": "1s"}] * 21}}}], False),
        ([{"call_tool": {"tool": "a", "then": {"no_such": []}}}], False),
        ([{"call_tool": {}}], False),
        ([{"say": ""}], False),
        ([{"say": "x" * 2_000}], True),
        ([{"say": "x" * 2_001}], False),
        ([{"say": {"text": "x" * 2_001}}], False),
        ([{"say": {"words_per_s": 1}}], False),
        ([{"say": {"text": "x", "words_per_s": 0}}], False),
        ([{"say": {"text": "x", "words_per_s": 100}}], True),
        ([{"say": {"text": "x", "words_per_s": 101}}], False),
        ([{"client_event": {"tool": "a" * 64}}], True),
        ([{"client_event": {"tool": "a" * 65}}], False),
        ([{"client_event": {"tool": "no tool"}}], False),
        ([{"client_event": {}}], False),
        ([{"client_event": {"tool": "a", "args": []}}], False),
        ([{"leave": {"reason": "ANY"}}], False),
        ([{"leave": {}}], False),
        ([{"end": False}], False),
        ([{"drop_socket": False}], False),
        ([{"send": {"data": "x" * 15_000, "times": 1_000}}], True),
        ([{"send": {"data": "x" * 15_001}}], False),
        ([{"send": {"data": "x", "times": 1_001}}], False),
        ([{"send": {"data": "x", "times": 0}}], False),
        ([{"send": {}}], False),
    ],
    ids=lambda one: str(one)[:60],
)
def test_the_limits_of_a_script_are_allowed_and_nothing_beyond(data: Any, allowed: bool) -> None:
    """Steps, levels, texts and packets are bounded; a step has one known key."""
    assert SCRIPT.is_valid(data) is allowed


def test_every_kind_of_step_can_be_written() -> None:
    """A step that the player knows has a key in the schema."""
    assert len(script_schema()["items"]["properties"]) == len(get_args(Step))


def test_reasons_are_those_of_livekit() -> None:
    """All that its protocol has, but for the unknown one."""
    models = pytest.importorskip("livekit.protocol.models")
    assert {*REASONS} == {*models.DisconnectReason.keys()} - {"UNKNOWN_REASON"}


AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}
TOOLS = [
    {"type": "client_event", "name": "show", "description": "Shows it."},
    {"type": "backend_rpc", "name": "look_up", "description": "Finds it.", "timeoutSeconds": 2},
    {"type": "backend_rpc", "name": "count", "description": "Counts it."},
]


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        (SendClientEvent("show"), ""),
        (CallTool("count"), ""),
        (Say("look_up"), ""),
        (
            SendClientEvent("count"),
            "expected a client_event tool that the session declared (show), got count",
        ),
        (
            CallTool("show"),
            "expected a backend_rpc tool that the session declared (look_up, count), got show",
        ),
    ],
)
def test_a_step_can_call_only_a_tool_of_its_type_that_was_declared(step: Step, wrong: str) -> None:
    """The sentence names those that were; where there was no create, every tool is allowed."""
    assert why_not(step, options_of({"avatar": AVATAR, "tools": TOOLS})) == wrong
    assert why_not(step, NO_OPTIONS) == ""


def test_where_none_was_declared_the_sentence_says_so() -> None:
    """There is nothing to list."""
    expected = "expected a backend_rpc tool that the session declared (none), got count"
    assert why_not(CallTool("count"), options_of({"avatar": AVATAR})) == expected
