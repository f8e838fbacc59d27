"""Clients in a fake's room: LiveKit's own, for what a user sees, and bare sockets for the rest."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import ifaddr
from livekit import rtc
from livekit.protocol.rtc import (
    JoinRequest,
    SignalRequest,
    SignalResponse,
    WrappedJoinRequest,
)

from fake_runway.room.call import Call
from fake_runway.room.tokens import LiveKit
from tests.support.processes import PATIENCE_S
from tests.support.servers import Fake

HOSTED = LiveKit(url="", hosted=True)


def gathers_candidates() -> bool:
    """Return whether LiveKit's native client finds an address: it takes none of loopback."""
    every = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return any(isinstance(ip, str) and not ip.startswith("127.") for ip in every)


async def until(what: Callable[[], Any]) -> Any:
    """Return what `what` returns as soon as that is true; fail after a while."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := what()):  # noqa: ASYNC110 - what comes sets no event
            await asyncio.sleep(0.01)  # noqa: TID251 - packets are awaited
        return found


class Guest:
    """A client that is connected, and what it has seen.

    Attributes:
        frames: how many came of each kind of track, "audio" and "video".
        seen: the names of events, in order.
        packets: the payloads of user packets.
    """

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.frames = {"audio": 0, "video": 0}
        self.loudest = 0
        self.seen: list[str] = []
        self.packets: list[bytes] = []
        self.reason: str | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", self._received)
        self.room.on("disconnected", self._disconnected)
        for event in ("reconnecting", "reconnected", "participant_connected"):
            self.room.on(event, lambda *_, name=event: self.seen.append(name))
        self.room.on("active_speakers_changed", self._speakers)

    def _speakers(self, speakers: list[Any]) -> None:
        self.seen.append("speaking" if speakers else "silent")

    def _received(self, packet: Any) -> None:
        self.packets.append(packet.data)

    def _disconnected(self, reason: Any) -> None:
        self.seen.append("disconnected")
        self.reason = rtc.DisconnectReason.Name(reason)

    def _subscribed(self, track: Any, *_: object) -> None:
        self._reading.add(asyncio.ensure_future(self._read(track)))

    async def _read(self, track: Any) -> None:
        video = track.kind == rtc.TrackKind.KIND_VIDEO
        stream = rtc.VideoStream(track) if video else rtc.AudioStream(track)
        try:
            async for event in stream:
                self.frames["video" if video else "audio"] += 1
                if not video:
                    self.loudest = max(self.loudest, *event.frame.data)
        finally:
            await stream.aclose()

    @property
    def others(self) -> list[str]:
        """The identities of the other participants."""
        return list(self.room.remote_participants)

    @property
    def messages(self) -> list[Any]:
        """The user packets that are JSON."""
        return [json.loads(packet) for packet in self.packets if packet[:1] == b"{"]

    async def say(self, message: object) -> None:
        """Send a reliable user packet."""
        await self.room.local_participant.publish_data(json.dumps(message))

    async def leave(self) -> None:
        """Close streams, and then the room: what is open may abort an exit."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self.room.disconnect()


@asynccontextmanager
async def joined(
    credentials: dict[str, str], *, single: bool | None = None
) -> AsyncIterator[Guest]:
    """Connect with credentials, as a user or a backend does, until the block ends."""
    guest = Guest()
    async with asyncio.timeout(PATIENCE_S):
        await guest.room.connect(
            credentials["url"],
            credentials["token"],
            rtc.RoomOptions(single_peer_connection=single),
        )
    try:
        yield guest
    finally:
        await guest.leave()


@dataclass(frozen=True, slots=True)
class Session:
    """A session that can be joined."""

    id: str
    user: dict[str, str]
    backend: dict[str, str]


async def session_of(fake: Fake, **body: Any) -> Session:
    """Create and consume a session; return it with credentials for both kinds of clients."""
    session_id, key = await fake.ready(**body)
    user = await fake.consume(session_id, key)
    backend = await fake.call(
        "POST", f"/v1/realtime_sessions/{session_id}/connect_backend", json={}
    )
    assert (user.status, backend.status) == (200, 200), (user, backend)
    return Session(session_id, user.json, backend.json)


def call_of(fake: Fake, session: Session) -> Call:
    """Return the room of a session that was joined."""
    assert fake.rooms is not None
    call = fake.rooms.call(fake.world.name, session.id)
    assert call is not None
    return call


# Bare sockets


def join_request(
    *, request: JoinRequest | None = None, compressed: bool = False, raw: bytes | None = None
) -> str:
    """Return a join request as its query parameter; `raw` stands for its bytes."""
    asked = request or JoinRequest(client_info={"version": "1"})
    packed = asked.SerializeToString() if raw is None else raw
    wrapped = WrappedJoinRequest(
        join_request=gzip.compress(packed) if compressed else packed,
        compression="GZIP" if compressed else "NONE",
    )
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


def address(credentials: dict[str, str], path: str = "/rtc/v1") -> str:
    """Return the HTTP URL of an endpoint."""
    return credentials["url"].replace("ws", "http", 1) + path


@asynccontextmanager
async def signalling(
    http: aiohttp.ClientSession, credentials: dict[str, str], path: str = "/rtc/v1", **query: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a signalling socket until the block ends."""
    params = {"access_token": credentials["token"], "join_request": join_request(), **query}
    async with http.ws_connect(address(credentials, path), params=params) as socket:
        yield socket


async def response(socket: aiohttp.ClientWebSocketResponse) -> SignalResponse:
    """Return the next response."""
    async with asyncio.timeout(PATIENCE_S):
        return SignalResponse.FromString(await socket.receive_bytes())


async def request(socket: aiohttp.ClientWebSocketResponse, **message: Any) -> None:
    """Send a request."""
    await socket.send_bytes(SignalRequest(**message).SerializeToString())
