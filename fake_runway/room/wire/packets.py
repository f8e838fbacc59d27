"""Data packets: the bytes on a data channel, and what they mean.

The known messages of the avatar's protocol are JSON in user packets. What a client sends is parsed
defensively: all that is no known message is `Unknown`, and counts as that.

Source: LiveKit's protocol (livekit-protocol 1.1), and the published `@runwayml` packages for JSON.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from livekit.protocol.models import DataPacket, RpcError, TranscriptionSegment

from fake_runway.core.text import printable

LARGEST_PACKET = 64 * 1024
"""Bytes of a packet that is read; LiveKit's own limit for data is lower."""
UNSUPPORTED_METHOD, RECIPIENT_NOT_FOUND = 1400, 1401
CONNECTION_TIMEOUT, RESPONSE_TIMEOUT, RECIPIENT_DISCONNECTED = 1501, 1502, 1503
"""Codes of LiveKit's RPC errors."""

_END_CALL = "END_CALL"
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class HangUp:
    """The user hangs up."""


@dataclass(frozen=True, slots=True)
class UserData:
    """A user packet with no known message."""

    payload: bytes
    topic: str = ""


@dataclass(frozen=True, slots=True)
class RpcAsked:
    """A participant calls a method of another."""

    id: str
    method: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RpcAnswered:
    """A participant answers a call of ours. `error` None: it succeeded, with `payload`."""

    id: str
    payload: str = ""
    error: str | None = None
    code: int = 0


@dataclass(frozen=True, slots=True)
class RpcAcknowledged:
    """A participant has received a call of ours."""

    id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything else. `kind` is the kind of packet, empty for bytes that are none."""

    kind: str = ""


Received = HangUp | UserData | RpcAsked | RpcAnswered | RpcAcknowledged | Unknown


def read(raw: bytes) -> Received:
    """Return what a packet means. Nothing in it can raise."""
    if len(raw) > LARGEST_PACKET:
        return Unknown()
    try:
        packet = DataPacket.FromString(raw)
    except DecodeError:
        return Unknown()
    match kind := packet.WhichOneof("value"):
        case "user":
            return said(packet.user.payload, packet.user.topic)
        case "rpc_request":
            asked = packet.rpc_request
            return RpcAsked(asked.id, asked.method, tuple(packet.destination_identities))
        case "rpc_ack":
            return RpcAcknowledged(packet.rpc_ack.request_id)
        case "rpc_response":
            answer = packet.rpc_response
            if answer.HasField("error"):
                text = shown(answer.error.message)
                return RpcAnswered(answer.request_id, error=text, code=answer.error.code)
            return RpcAnswered(answer.request_id, answer.payload)
    return Unknown(kind or "")


def said(payload: bytes, topic: str = "") -> HangUp | UserData:
    """Return what the content of a user packet means. Nothing in it can raise."""
    message = value(payload) if len(payload) <= LARGEST_PACKET else None
    if isinstance(message, dict) and message.get("type") == _END_CALL:
        return HangUp()
    return UserData(payload, topic)


def shown(text: str) -> str:
    """Return a participant's text as part of a message: short, and safe for a terminal."""
    return printable(text[:_LONGEST_SHOWN])


def value(payload: str | bytes) -> Any:
    """Return the JSON value that a payload is, or the payload if it is none."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload


def client_event(tool: str, args: Mapping[str, Any]) -> bytes:
    """Return a client event, as the content of a user packet."""
    return orjson.dumps({"type": "client_event", "tool": tool, "args": dict(args)})


def transcript(role: str, turn: int, delta: str) -> bytes:
    """Return a piece of what was said, as the content of a user packet."""
    return orjson.dumps({"type": "transcription", "role": role, "turn": turn, "text": delta})


def tool_call(args: Mapping[str, Any]) -> str:
    """Return what the call of a tool carries: JSON, `{"args": {...}}`."""
    return orjson.dumps({"args": dict(args)}).decode()


class Sender:
    """Writes the packets of one participant: the avatar."""

    def __init__(self, identity: str, sid: str) -> None:
        self._identity = identity
        self._sid = sid

    def _packet(self, targets: Iterable[str] = ()) -> DataPacket:
        return DataPacket(
            participant_identity=self._identity,
            participant_sid=self._sid,
            destination_identities=targets,
        )

    def user(self, payload: bytes) -> bytes:
        """Return a user packet."""
        packet = self._packet()
        packet.user.payload = payload
        packet.user.participant_identity = self._identity
        packet.user.participant_sid = self._sid
        return packet.SerializeToString()

    def client_event(self, tool: str, args: Mapping[str, Any]) -> bytes:
        """Return a client event."""
        return self.user(client_event(tool, args))

    def transcript(self, role: str, turn: int, delta: str) -> bytes:
        """Return a piece of what was said, as a user packet."""
        return self.user(transcript(role, turn, delta))

    def native_transcript(self, identity: str, track_sid: str, turn: int, text: str) -> bytes:
        """Return what a participant said so far in a turn, as LiveKit's own transcription."""
        packet = self._packet()
        packet.transcription.transcribed_participant_identity = identity
        packet.transcription.track_id = track_sid
        packet.transcription.segments.append(
            TranscriptionSegment(id=f"turn-{turn}", text=text, final=False)
        )
        return packet.SerializeToString()

    def rpc_request(
        self, request_id: str, tool: str, args: Mapping[str, Any], *, to: str, timeout_s: float
    ) -> bytes:
        """Return the call of a tool."""
        packet = self._packet([to])
        packet.rpc_request.id = request_id
        packet.rpc_request.method = tool
        packet.rpc_request.payload = tool_call(args)
        packet.rpc_request.response_timeout_ms = round(min(timeout_s, 86_400) * 1_000)
        packet.rpc_request.version = 1
        return packet.SerializeToString()

    def rpc_ack(self, asked: RpcAsked, *, to: str) -> bytes:
        """Return that a call was received; without it a caller takes the answer for a timeout."""
        packet = self._packet([to])
        packet.rpc_ack.request_id = asked.id
        return packet.SerializeToString()

    def rpc_refusal(self, asked: RpcAsked, *, to: str, code: int, message: str) -> bytes:
        """Return the answer to a call of a method that the avatar does not have."""
        packet = self._packet([to])
        packet.rpc_response.request_id = asked.id
        packet.rpc_response.error.CopyFrom(RpcError(code=code, message=message))
        return packet.SerializeToString()
