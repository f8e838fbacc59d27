"""A session keeps what its create asked for, and shares it with others that asked for the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fake_runway.core.lifecycles.session import Event, State
from fake_runway.core.sessions.options import NO_OPTIONS, CreateOptions, Tool, options_of
from tests.unit.contracts.wire.examples import CUSTOM, FULL, SMALLEST
from tests.unit.fake_runway.core.playing import START, limited, new_account

Json = Mapping[str, Any]

TOOLS = [
    {"type": "client_event", "name": "show", "description": "Shows it."},
    {"type": "backend_rpc", "name": "price", "description": "Asks.", "timeoutSeconds": 2},
    {"type": "backend_rpc", "name": "stock", "description": "Asks, too."},
]


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ({}, CreateOptions("music-superstar")),
        (
            {"avatar": {"type": "custom", "avatarId": CUSTOM["avatarId"].upper()}},
            CreateOptions(CUSTOM["avatarId"].lower(), custom=True),
        ),
        ({"startScript": "Hello!"}, CreateOptions("music-superstar", start_script="Hello!")),
        (
            {"tools": TOOLS},
            CreateOptions(
                "music-superstar",
                tools=(
                    Tool("client_event", "show", "Shows it."),
                    Tool("backend_rpc", "price", "Asks.", 2.0),
                    Tool("backend_rpc", "stock", "Asks, too.", 4.0),
                ),
            ),
        ),
        (
            {"tools": [], "personality": "Kind.", "maxDuration": 60},
            CreateOptions("music-superstar"),
        ),
    ],
)
def test_options_are_read_from_a_create(more: Json, options: CreateOptions) -> None:
    """The avatar, the tools with the timeouts that the API sets by default, and the first words."""
    preset = {"type": "runway-preset", "presetId": "music-superstar"}

    assert options_of({**SMALLEST, "avatar": preset, **more}) == options


def test_a_tool_is_found_by_its_name() -> None:
    """None: the session has no such tool."""
    options = options_of({**FULL, "tools": TOOLS})

    assert options.tool("price") == Tool("backend_rpc", "price", "Asks.", 2.0)
    assert options.tool("weather") is None


def test_equal_options_are_one_value() -> None:
    """However many sessions ask for the same, it is kept once."""
    account = new_account(limited(concurrency=None))
    bodies = [json.loads(json.dumps({**FULL, "tools": TOOLS})) for _ in range(3)]
    sessions = [account.create(at=START, options=options_of(body)) for body in bodies]

    assert sessions[0].options == options_of(bodies[0])
    assert len({id(session.options) for session in sessions}) == 1


def test_options_last_as_long_as_the_session() -> None:
    """Through all of its states; very many different ones change nothing about that."""
    account = new_account(limited(concurrency=None, credits=None, daily=None))
    session = account.create(at=START, options=CreateOptions("first"))
    for number in range(2_000):
        account.create(at=START, options=CreateOptions(f"avatar-{number}"))
    events = (Event.CONSUMED, Event.BILLED, Event.ENDED)
    seen = [account.apply_event(session.id, event, at=START) for event in events]

    assert seen[-1].state is State.COMPLETED
    assert {each.options for each in (session, *seen)} == {CreateOptions("first")}
    assert account.create(at=START).options == NO_OPTIONS
