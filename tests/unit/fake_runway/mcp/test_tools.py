"""Tools from the admin API's document: all of it, each with a schema that stands alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.wire.documents import load
from fake_runway.mcp.tools import LONGEST, AdminTool, BadArguments, admin_tools, told

TOOLS = {each.name: each for each in admin_tools(load("admin").raw)}


def test_every_operation_of_use_is_a_tool() -> None:
    """What is left out is named, so that a new one is never forgotten."""
    paths = load("admin").raw["paths"].items()
    operations = {
        operation["operationId"]
        for path, operations in paths
        if path.startswith("/__admin/")
        for operation in operations.values()
    }
    left_out = operations - set(TOOLS)
    assert left_out <= {"getAdminHealth", "getAdminDocument", "reportCall", "getEvents"}
    assert all(tool.about for tool in TOOLS.values())


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_schema_stands_alone(tool: AdminTool) -> None:
    """Every reference leads to a definition in it; it is bounded: a model reads them all."""
    Draft202012Validator.check_schema(tool.schema)
    text = json.dumps(tool.schema)
    named = {each.partition('"')[0] for each in text.split('"#/$defs/')[1:]}
    assert named <= set(tool.schema.get("$defs", {}))
    assert "#/components" not in text
    assert len(text) < 8_000
    assert set(tool.schema["required"]) <= set(tool.schema["properties"])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("moveClock", {"by": "5m", "world": "a"}, ({}, {}, {"by": "5m"})),
        (
            "listSessions",
            {"state": "ready", "limit": 3},
            ({}, {"state": "ready", "limit": 3}, None),
        ),
        ("occur", {"id": "x", "event": "ended"}, ({"id": "x"}, {}, {"event": "ended"})),
        ("forkWorld", {"name": "copy"}, ({}, {}, {"name": "copy"})),
        ("restoreSnapshot", {"name": "before"}, ({"name": "before"}, {}, None)),
        (
            "addFault",
            {"effect": {"status": 503}, "times": 2},
            ({}, {}, {"effect": {"status": 503}, "times": 2}),
        ),
        ("resetWorld", {}, ({}, {}, {})),
    ],
)
def test_arguments_go_where_they_belong(name: str, arguments: Any, expected: Any) -> None:
    """Into the path, the query or the body."""
    assert TOOLS[name].parts(arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("moveClock", {"hours": 1}, "got 'hours'"),
        ("occur", {"event": "ended"}, "expected the argument 'id'"),
        ("addFault", {}, "expected the argument 'effect'"),
    ],
)
def test_wrong_arguments_are_explained(name: str, arguments: Any, why: str) -> None:
    """A model mends what it is told."""
    with pytest.raises(BadArguments, match=why):
        TOOLS[name].parts(arguments)


def test_what_only_reads_and_what_destroys() -> None:
    """Agents ask before the latter."""
    assert TOOLS["getTimeline"].only_reads
    assert TOOLS["awaitSession"].only_reads
    assert not TOOLS["addFault"].only_reads
    assert {name for name, tool in TOOLS.items() if tool.destroys} >= {"dropWorld", "resetWorld"}
    assert not any(tool.only_reads and tool.destroys for tool in TOOLS.values())


@given(st.lists(st.text(max_size=200), max_size=400))
def test_an_answer_is_bounded(texts: list[str]) -> None:
    """Whole, or cut with a word on how to ask for less."""
    text = told(texts)
    whole = json.dumps(texts, ensure_ascii=False)
    assert text == whole if len(whole) <= LONGEST else text.startswith(whole[:LONGEST])
    assert len(text) < LONGEST + 200


def test_an_answer_holds_no_key() -> None:
    """At any depth; that there is none is said as it is."""
    answer = {"sessions": [{"session_key": "stk_1", "id": "a"}, {"session_key": None}]}
    assert json.loads(told(answer)) == {
        "sessions": [{"session_key": "[session key]", "id": "a"}, {"session_key": None}]
    }
