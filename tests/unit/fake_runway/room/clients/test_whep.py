"""What clients by WHEP are told, and what they may say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol.models import ParticipantInfo

from fake_runway.room.addresses import leads_to_room, methods_of
from fake_runway.room.clients.whep import said_by_client, told_by_packet, told_by_signal
from fake_runway.room.tokens import Admission
from fake_runway.room.wire import packets
from fake_runway.room.wire.signalling import (
    Avatar,
    client_info,
    goodbye,
    speaking,
    updated,
    welcome,
)
from fake_runway.web.paths import path_of

AVATAR = Avatar("worker:1", "PA_a")
SENDER = packets.Sender(AVATAR.identity, AVATAR.sid)


def guest() -> ParticipantInfo:
    """Return another client."""
    return client_info(Admission("user:2", "1"), "PA_u")


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (
            welcome("1", "RM_1", guest(), [AVATAR.info()], single=True),
            {"type": "joined", "session": "1", "avatar": True},
        ),
        (
            welcome("1", "RM_1", guest(), [guest()], single=True),
            {"type": "joined", "session": "1", "avatar": False},
        ),
        (updated(AVATAR.info()), {"type": "avatar"}),
        (updated(guest()), None),
        (speaking("PA_a", on=True), {"type": "speaking", "on": True}),
        (goodbye("ROOM_CLOSED"), {"type": "ended", "reason": "ROOM_CLOSED"}),
    ],
)
def test_signals_are_told_in_plain_json(signal: Any, message: dict[str, Any] | None) -> None:
    """Those about the avatar and the end; other clients are no affair of a page's."""
    assert told_by_signal(signal) == message


@given(st.binary())
def test_a_user_packet_is_its_content(content: bytes) -> None:
    """As text, whatever it is."""
    assert told_by_packet(SENDER.user(content)) == [content.decode(errors="replace")]


def test_a_tool_call_is_told_with_its_arguments() -> None:
    """By its id it can be answered."""
    raw = SENDER.rpc_request("RPC_1", "add", {"a": 2}, to="user:1", timeout_s=5)
    (text,) = told_by_packet(raw)
    assert json.loads(text) == {"type": "tool_call", "id": "RPC_1", "tool": "add", "args": {"a": 2}}


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({"type": "END_CALL"}, packets.HangUp()),
        ({"type": "tool_answer", "id": "1", "result": [2]}, packets.RpcAnswered("1", "[2]")),
        (
            {"type": "tool_answer", "id": "1", "error": "no\n"},
            packets.RpcAnswered("1", "", "no\\n"),
        ),
    ],
)
def test_what_a_page_says_means_what_it_means_to_a_room(said: object, meaning: object) -> None:
    """To hang up, and to answer a tool call."""
    assert said_by_client(json.dumps(said).encode()) == meaning


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(repr))
def test_no_text_of_a_page_breaks_anything(said: bytes | str) -> None:
    """What means nothing counts as data."""
    raw = said if isinstance(said, bytes) else said.encode(errors="replace")
    assert said_by_client(raw) == packets.UserData(raw)


@pytest.mark.parametrize(
    ("target", "methods"),
    [
        ("/w/a/whep", ["POST"]),
        ("/w/a/whep/PA_1-1", ["DELETE"]),
        ("/w/a/rtc/v1", ["GET"]),
        ("/w/a/whep/b/c", None),
        ("/w/a/rtc/v2", None),
    ],
)
def test_a_room_answers_at_its_paths_alone(target: str, methods: list[str] | None) -> None:
    """Each has its method."""
    path = path_of(target)
    assert leads_to_room(path) is (methods is not None)
    assert methods is None or methods_of(path) == methods
