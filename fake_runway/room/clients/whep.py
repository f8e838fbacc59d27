"""WHEP: plain browser code joins a call by one request, without LiveKit's client.

A client POSTs its offer with the session's token and gets the answer; a DELETE of the Location of
that answer hangs up. Its data channel `events` carries JSON texts: what LiveKit's clients get as
packets and as signals. There is no second offer on this path. So the avatar's tracks are negotiated
at once, and rest until the avatar appears.

Where it offers to send in the section of the avatar's voice, that is its microphone: published once
some of it has come, since a page may begin to send at any time without another word. A camera is
declined. Apart from that it is a participant like any other, and a room tells it from LiveKit's
clients by nothing.

Source: draft-ietf-wish-whep. The data channel is ours.
"""

import asyncio
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import orjson
from aiohttp import web
from livekit.protocol.models import DataPacket, DisconnectReason
from livekit.protocol.rtc import AddTrackRequest, SignalResponse

from fake_runway.clock import pause
from fake_runway.room.call import Call
from fake_runway.room.clients.participant import Participant
from fake_runway.room.clients.peer import EVENTS, Outgoing
from fake_runway.room.tokens import Admission, JoinRefused
from fake_runway.room.wire import packets, sdp
from fake_runway.room.wire.signalling import Description, Joining, Publish
from fake_runway.web import cors
from fake_runway.web.bodies import read
from fake_runway.web.callers import bearer
from fake_runway.web.errors import RequestRefused
from fake_runway.web.paths import Path
from fake_runway.worlds.world import World

SDP = "application/sdp"
MOST_CLIENTS = 100
"""Clients of one server at the same time."""

_TAKEN = frozenset({SDP, "application/*", "*/*"})
_FLUSH_S = 0.5  # what was sent last is on its way
_USED_EVERY_S = 30.0
_MICROPHONE = AddTrackRequest(cid="microphone", type="AUDIO", source="MICROPHONE")
_HEADERS = {**cors.ORIGIN, "Access-Control-Expose-Headers": "Location"}


# What a client is told


def told_by_signal(response: SignalResponse) -> dict[str, Any] | None:
    """Return what a signal means to a client without LiveKit's, None if nothing."""
    match response.WhichOneof("message"):
        case "join":
            here = any(each.kind for each in response.join.other_participants)  # an agent
            return {"type": "joined", "session": response.join.room.name, "avatar": here}
        case "update" if any(each.kind for each in response.update.participants):
            return {"type": "avatar"}
        case "speakers_changed":
            return {"type": "speaking", "on": response.speakers_changed.speakers[0].active}
        case "leave":
            return {"type": "ended", "reason": DisconnectReason.Name(response.leave.reason)}
    return None


def told_by_packet(raw: bytes) -> list[str]:
    """Return the texts that stand for a packet of the room's; a user packet is its content."""
    packet = DataPacket.FromString(raw)
    match packet.WhichOneof("value"):
        case "user":
            return [packet.user.payload.decode(errors="replace")]
        case "transcription":
            who = packet.transcription.transcribed_participant_identity
            return [
                _text({"type": "native_transcription", "id": each.id, "by": who, "text": each.text})
                for each in packet.transcription.segments
            ]
        case "rpc_request":
            asked = packet.rpc_request
            payload = packets.value(asked.payload)
            args = payload.get("args") if isinstance(payload, dict) else None
            return [
                _text({"type": "tool_call", "id": asked.id, "tool": asked.method, "args": args})
            ]
    return []


def said_by_client(raw: bytes) -> packets.Received:
    """Return what a text of a client means. Nothing in it can raise."""
    message = packets.value(raw) if len(raw) <= packets.LARGEST_PACKET else None
    if not isinstance(message, dict) or message.get("type") != "tool_answer":
        return packets.said(raw)
    call = str(message.get("id", ""))
    if "error" in message:
        unknown = message["error"] is None
        code = packets.UNSUPPORTED_METHOD if unknown else 0
        text = "Method not supported at destination" if unknown else str(message["error"])
        return packets.RpcAnswered(call, error=packets.shown(text), code=code)
    return packets.RpcAnswered(call, orjson.dumps(message.get("result")).decode())


def _text(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()


# A client


class _Line:
    """The way to one client: the answer to its offer, then texts by its data channel.

    Attributes:
        answer: to its offer, once there is one.
        problem: what is wrong with its offer.
        over: set when it is to be closed.
    """

    def __init__(self) -> None:
        self.answer = self.problem = ""
        self.over = asyncio.Event()
        self.broken = False
        self.client: _Client | None = None
        self._early: list[str] = []

    def send(self, response: SignalResponse) -> None:
        """Send what a signal means; the first come before the client is known here."""
        if response.WhichOneof("message") == "answer":
            self.answer = response.answer.sdp
        elif (message := told_by_signal(response)) is not None and not self.over.is_set():
            if self.client is None:
                self._early.append(_text(message))
            else:
                self.client.tell(_text(message))

    def lead_to(self, client: "_Client") -> None:
        """Send by this client's channel from now on."""
        self.client = client
        for text in self._early:
            client.tell(text)

    def finish(self) -> None:
        """Close it once everything is sent."""
        self.over.set()

    def abort(self) -> None:
        """Close it at once, as a broken network would."""
        self.broken = True
        self.over.set()


class _Client(Participant):
    """A client by WHEP."""

    line: _Line

    async def begin(self) -> None:
        """Answer the offer; what is to be told waits for the channel."""
        await super().begin()
        self.line.lead_to(self)

    async def close(self) -> None:
        """End its connection, and let line and client go of each other."""
        await super().close()
        self.line.client = None

    def _refuse(self, error: Exception) -> None:
        self.line.problem = str(error)

    def _outgoing(self) -> Mapping[str, Outgoing]:
        self.video.waiting = not self._host.announced
        return self._avatar_tracks()

    async def attach_avatar(self) -> None:
        """Let the picture begin that was negotiated before the avatar was there."""
        self.video.waiting = False

    def send(self, raw: bytes) -> None:
        """Send it a data packet, as texts."""
        for text in told_by_packet(raw):
            self.tell(text)

    def tell(self, text: str) -> None:
        """Send it a text."""
        if self._publisher is not None:
            self._publisher.send(text, label=EVENTS)

    def on_packet(self, raw: bytes) -> None:
        """Hand a text to the room, if it may send any."""
        if self.admission.can_publish_data:
            self._host.received(self, said_by_client(raw), len(raw))

    def on_sound(self, level: float, seconds: float) -> None:
        """Listen whether it speaks, if it may."""
        if not self.admission.can_publish:  # as a viewer
            return
        if _MICROPHONE.cid not in self.tracks:
            self._publish()
        super().on_sound(level, seconds)

    def _publish(self) -> None:
        self._signalling, actions = self._signalling.publish(_MICROPHONE)
        for action in actions:
            if isinstance(action, Publish):
                self.tracks[action.cid] = action.track
                self._host.published(self, action.track, on=True)


# Requests


class Doors(Protocol):
    """What decides who comes into which room: the endpoint."""

    async def admitted(self, token: str, path: Path) -> tuple[Admission, World]:
        """Return who asks to join, and in which world.

        Raises:
            JoinRefused.
        """

    def opened(self, world: World, session_id: str) -> Call:
        """Return the room of a session, a new one before the first join."""

    def used(self, world: World) -> None:
        """Note that a world is used."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """What a Location names."""

    world: str
    token: str
    client: _Client
    call: Call
    serving: "asyncio.Task[None]"


class Whep:
    """The WHEP endpoints of one server."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._resources: dict[str, _Resource] = {}
        self._joined = 0

    async def handle(self, request: web.BaseRequest, path: Path) -> web.Response:
        """Answer a request for `/w/<world>/whep`, or for a Location below it."""
        resource = path.in_world[1] if len(path.in_world) == 2 else ""
        allowed = "DELETE" if resource else "POST"
        if request.method != allowed:
            return _refused(405, f"expected {allowed}, got {request.method[:20]}", Allow=allowed)
        if resource:
            return await self._leave(request, path, resource)
        try:
            return await self._join(request, path)
        except JoinRefused as refusal:
            return _refused(refusal.plain_status, refusal.message)

    async def _join(self, request: web.BaseRequest, path: Path) -> web.Response:
        token = bearer(request.headers)
        admission, world = await self._doors.admitted(token, path)
        declared = _media_type(request.headers.get("Content-Type", ""))
        if declared != SDP:
            return _refused(415, f"expected Content-Type: {SDP}, got {declared[:60] or 'none'}")
        accept = request.headers.get("Accept", SDP)
        if _TAKEN.isdisjoint(map(_media_type, accept.split(","))):
            return _refused(406, f"expected {SDP} to be accepted, got Accept: {accept[:60]}")
        try:
            raw = await read(request)
        except RequestRefused as refusal:
            return _refused(refusal.status, refusal.message)
        if len(raw) > sdp.LARGEST_SDP:
            return _refused(413, f"expected an offer of at most {sdp.LARGEST_SDP} bytes, got more")
        if len(self._resources) >= MOST_CLIENTS:
            raise JoinRefused(503, f"this fake serves {MOST_CLIENTS} clients by WHEP already")
        return await self._answer(raw.decode(errors="replace"), token, admission, world)

    async def _answer(
        self, offer: str, token: str, admission: Admission, world: World
    ) -> web.Response:
        self._joined += 1
        if admission.viewer:  # each is one of its own
            admission = replace(admission, identity=f"{admission.identity}:{self._joined}")
        line, call = _Line(), self._doors.opened(world, admission.room)
        joining = Joining(single=True, offer=Description(offer, 1), client="whep")
        client = cast(_Client, call.join(admission, joining, line, kind=_Client))
        try:
            await client.begin()
        except BaseException:
            await call.lost(client)
            raise
        if not line.answer:
            await call.lost(client)
            return _refused(400, line.problem or "the call is over")
        name = f"{client.sid}-{self._joined}"
        serving = asyncio.ensure_future(self._serve(name, client, call, world))
        self._resources[name] = _Resource(world.name, token, client, call, serving)
        location = f"/w/{world.name}/whep/{name}"
        headers = {**_HEADERS, "Content-Type": SDP, "Location": location}
        return web.Response(status=201, body=line.answer.encode(), headers=headers)

    async def _serve(self, name: str, client: _Client, call: Call, world: World) -> None:
        """Keep a client until it is gone."""
        try:
            while not client.line.over.is_set():
                self._doors.used(world)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_USED_EVERY_S):
                        await client.line.over.wait()
            if not client.line.broken:
                await pause(_FLUSH_S)
        finally:
            self._resources.pop(name, None)
            await call.lost(client)

    async def _leave(self, request: web.BaseRequest, path: Path, name: str) -> web.Response:
        found = self._resources.get(name)
        if found is None or found.world != path.world:
            return _refused(404, "expected the Location of a client that is here, got another")
        token = bearer(request.headers)
        if not hmac.compare_digest(token.encode(errors="replace"), found.token.encode()):
            return _refused(401, "expected the token that this client joined with, got another")
        found.call.departed(found.client, "leave")
        found.client.line.abort()
        await asyncio.wait({found.serving})
        return web.Response(status=200, headers=_HEADERS)

    async def close(self) -> None:
        """Wait for the clients, whose calls were ended."""
        if serving := [each.serving for each in self._resources.values()]:
            await asyncio.wait(serving, timeout=2 * _FLUSH_S)


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _refused(status: int, text: str, **headers: str) -> web.Response:
    return web.Response(status=status, text=text, headers={**_HEADERS, **headers})
