"""Data packets: what clients send, what the avatar sends, and bytes that are neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol.models import DataPacket

from fake_runway.room.wire.packets import (
    LARGEST_PACKET,
    UNSUPPORTED_METHOD,
    HangUp,
    RpcAcknowledged,
    RpcAnswered,
    RpcAsked,
    Sender,
    Unknown,
    UserData,
    read,
)
from tests.unit.fake_runway.core.playing import LAW

AVATAR = Sender("worker:1", "PA_avatar")


def packet(**value: Any) -> bytes:
    """Return a packet of a client."""
    return DataPacket(**value).SerializeToString()


def test_end_call_hangs_up() -> None:
    """Whatever else the message has."""
    assert read(packet(user={"payload": b'{"type": "END_CALL", "at": 1}'})) == HangUp()


@pytest.mark.parametrize(
    "payload", [b"", b"END_CALL", b"[]", b'"END_CALL"', b'{"type": "OTHER"}', b"\xff", b"[" * 9_999]
)
def test_other_user_data_is_no_known_message(payload: bytes) -> None:
    """It may be anything, at any depth."""
    assert read(packet(user={"payload": payload, "topic": "t"})) == UserData(payload, "t")


def test_rpc_is_read() -> None:
    """Calls, receipts, answers and errors."""
    asked = packet(rpc_request={"id": "1", "method": "m"}, destination_identities=["worker:1"])
    assert read(asked) == RpcAsked("1", "m", ("worker:1",))
    assert read(packet(rpc_ack={"request_id": "1"})) == RpcAcknowledged("1")
    assert read(packet(rpc_response={"request_id": "1", "payload": "p"})) == RpcAnswered("1", "p")
    failed = {"request_id": "1", "error": {"code": 1500, "message": "no\x1bsuch"}}
    answer = read(packet(rpc_response=failed))
    assert isinstance(answer, RpcAnswered)
    assert (answer.id, answer.code) == ("1", 1500)
    assert answer.error is not None
    assert "\x1b" not in answer.error


def test_all_else_is_unknown() -> None:
    """Other kinds are named; too many bytes are not even parsed."""
    assert read(packet(stream_header={})) == Unknown("stream_header")
    assert read(b"") == Unknown()
    assert read(b"\xff\xff") == Unknown()
    assert read(packet(user={"payload": bytes(LARGEST_PACKET)})) == Unknown()


@LAW
@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    """What a client sends cannot break a room."""
    read(raw)
    read(packet(user={"payload": raw}))


def test_the_avatar_signs_what_it_sends() -> None:
    """Packet and user packet have its identity, as clients look at either."""
    sent = DataPacket.FromString(AVATAR.client_event("confetti", {"count": 3}))
    assert (sent.participant_identity, sent.participant_sid) == ("worker:1", "PA_avatar")
    assert sent.user.participant_identity == "worker:1"
    assert json.loads(sent.user.payload) == {
        "type": "client_event",
        "tool": "confetti",
        "args": {"count": 3},
    }
    assert sent.sequence == 0  # so that clients do not drop it as one they have seen


def test_a_transcript_has_two_forms() -> None:
    """A delta as JSON, and all that was said so far as LiveKit's own packet."""
    delta = DataPacket.FromString(AVATAR.transcript("user", 2, "Hi"))
    assert json.loads(delta.user.payload) == {
        "type": "transcription",
        "role": "user",
        "turn": 2,
        "text": "Hi",
    }
    native = DataPacket.FromString(AVATAR.native_transcript("user:1", "TR_mic", 2, "Hi you"))
    assert native.transcription.transcribed_participant_identity == "user:1"
    assert native.transcription.track_id == "TR_mic"
    assert [(each.id, each.text) for each in native.transcription.segments] == [
        ("turn-2", "Hi you")
    ]


def test_a_tool_call_is_for_one_participant() -> None:
    """Its payload has the arguments under `args`, and its timeout is in milliseconds."""
    raw = AVATAR.rpc_request("7", "weather", {"city": "Bern"}, to="backend:1", timeout_s=2.5)
    sent = DataPacket.FromString(raw)
    assert list(sent.destination_identities) == ["backend:1"]
    assert json.loads(sent.rpc_request.payload) == {"args": {"city": "Bern"}}
    assert (sent.rpc_request.id, sent.rpc_request.response_timeout_ms) == ("7", 2_500)
    assert sent.rpc_request.version == 1


def test_a_call_of_the_avatar_is_received_and_refused() -> None:
    """Both packets go to the caller and name the call."""
    asked = RpcAsked("9", "dance", ())
    receipt = DataPacket.FromString(AVATAR.rpc_ack(asked, to="user:1"))
    refusal = DataPacket.FromString(
        AVATAR.rpc_refusal(asked, to="user:1", code=UNSUPPORTED_METHOD, message="no")
    )
    assert receipt.rpc_ack.request_id == refusal.rpc_response.request_id == "9"
    assert (
        list(receipt.destination_identities) == list(refusal.destination_identities) == ["user:1"]
    )
    assert (refusal.rpc_response.error.code, refusal.rpc_response.error.message) == (1400, "no")
