"""A client by WHEP, as a page of plain JavaScript is one: aiortc, a POST, a DELETE."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from fake_runway.room.clients.loopback import only_loopback
from tests.support.processes import PATIENCE_S


class Spectator:
    """A client, and what it was told.

    Attributes:
        status: of the answer to its offer.
        text: the body of that answer.
        location: where it leaves.
        messages: by the data channel, in order.
        pictures: how many came.
    """

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.status, self.text, self.location = 0, "", ""
        self.messages: list[dict[str, Any]] = []
        self.pictures = 0
        self._reading: set[asyncio.Task[None]] = set()
        self.connection.on("track", self._tracked)

    def _tracked(self, track: MediaStreamTrack) -> None:
        if track.kind == "video":
            self._reading.add(asyncio.ensure_future(self._read(track)))

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()
            self.pictures += 1

    @property
    def kinds(self) -> list[str]:
        """The types of what it was told, in order."""
        return [message["type"] for message in self.messages]

    async def offer(self, microphone: MediaStreamTrack | None = None) -> str:
        """Return its offer: to receive a picture and a voice, and to send a microphone."""
        direction = "sendrecv" if microphone else "recvonly"
        self.connection.addTransceiver(microphone or "audio", direction=direction)
        self.connection.addTransceiver("video", direction="recvonly")
        # after the tracks: aiortc closes a transport that is not of the first section
        self._channel = self.connection.createDataChannel("events")
        self._channel.on("message", lambda text: self.messages.append(json.loads(text)))
        with only_loopback():
            await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    def say(self, message: object) -> None:
        """Send a text."""
        self._channel.send(json.dumps(message))

    async def close(self) -> None:
        """End the connection, and say nothing to the server."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self.connection.close()


def endpoint(credentials: dict[str, str]) -> str:
    """Return where an offer goes, from what a consume answers."""
    return f"{credentials['url'].replace('ws', 'http', 1)}/whep"


def headers(token: str, **more: str) -> dict[str, str]:
    """Return the headers of an offer."""
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"} | more


@asynccontextmanager
async def watching(
    http: aiohttp.ClientSession, url: str, token: str, microphone: MediaStreamTrack | None = None
) -> AsyncIterator[Spectator]:
    """Join by WHEP until the block ends; it does not leave by itself."""
    spectator = Spectator()
    try:
        offer = await spectator.offer(microphone)
        async with http.post(url, data=offer, headers=headers(token)) as answer:
            spectator.status, spectator.text = answer.status, await answer.text()
            spectator.location = answer.headers.get("Location", "")
        if spectator.status == 201:
            description = RTCSessionDescription(spectator.text, "answer")
            with only_loopback():
                await spectator.connection.setRemoteDescription(description)
            async with asyncio.timeout(PATIENCE_S):
                while not spectator.messages:  # noqa: ASYNC110 - what comes sets no event
                    await asyncio.sleep(0.01)  # noqa: TID251 - packets are awaited
        yield spectator
    finally:
        await spectator.close()
