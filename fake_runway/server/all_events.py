"""The stream of all worlds, put together from the streams of all workers.

The worker that is asked listens to all, itself among them, and sends on what they tell. Its
listener learns of a world from the worker that told of it last: a world that moves is not dropped,
whichever of the two workers is heard first. Workers come and go, and are looked up again and again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from fake_runway.admin_api.events import StreamEvent
from fake_runway.admin_api.paths import ROOT
from fake_runway.admin_api.streams import SLOW_S, written
from fake_runway.clock import pause
from fake_runway.web import callers
from fake_runway.web.paths import Path
from fake_runway.worlds.store import NotKept

_LOOKED_UP_EACH_S = 2.0
_MOST_WAITING = 200  # events that a listener has not read
_EVENTS = (ROOT.removeprefix("/"), "events")
_END = b"\n\n"

Listen = Callable[[str], Any]
"""Opens the stream of the worker at an address: returns a context of a client's response."""


def is_of_all(request: web.BaseRequest, path: Path) -> bool:
    """Return whether a request asks for the stream of all worlds."""
    if request.method != "GET" or path.segments != _EVENTS:
        return False
    return callers.named(None, request.headers) is None and not callers.bearer(request.headers)


class AllEvents:
    """What one listener gets.

    Args:
        listen: opens the stream of a worker.
        addresses: returns those of all workers.
    """

    def __init__(self, listen: Listen, addresses: Callable[[], Awaitable[list[str]]]) -> None:
        self._listen = listen
        self._addresses = addresses
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_MOST_WAITING)
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._places: dict[str, str] = {}  # by world, the worker that told of it last
        self._begun = False

    async def send(self, response: web.StreamResponse) -> None:
        """Send events until the listener is gone, or does not read."""
        looking = asyncio.ensure_future(self._look_for_workers())
        try:
            while True:
                address, block = await self._waiting.get()
                if raw := self.told(address, block):
                    async with asyncio.timeout(SLOW_S):
                        await response.write(raw)
        finally:
            tasks = [looking, *self._readers.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_for_workers(self) -> None:
        while True:
            try:
                addresses = await self._addresses()
            except NotKept:
                addresses = []
            for address in addresses:
                reader = self._readers.get(address)
                if reader is None or reader.done():
                    self._readers[address] = asyncio.ensure_future(self._read(address))
            await pause(_LOOKED_UP_EACH_S)

    async def _read(self, address: str) -> None:
        try:
            async with self._listen(address) as answer:
                answer.raise_for_status()
                held = b""
                async for piece in answer.content.iter_any():
                    *blocks, held = (held + piece).split(_END)
                    for block in blocks:
                        await self._waiting.put((address, block))
        except (aiohttp.ClientError, OSError):
            pass
        await self._waiting.put((address, b""))

    def told(self, address: str, block: bytes) -> bytes:
        """Return what the listener is sent of an event of a worker; empty: nothing.

        Args:
            block: the event as it came, without its end; empty: the worker is gone.
        """
        if not block:
            gone = [world for world, place in self._places.items() if place == address]
            for world in gone:
                del self._places[world]
            return b"".join(written(StreamEvent("", "dropped", world, {})) for world in gone)
        if not block.startswith(b"data: "):
            return block + _END  # a heartbeat
        event = orjson.loads(block.removeprefix(b"data: "))
        world = event["world"]
        match event["kind"]:
            case "start":
                known, self._begun = self._begun, True
                return b"" if known else block + _END
            case "world":
                self._places[world] = address
            case "dropped":
                if self._places.get(world) != address:
                    return b""
                del self._places[world]
        return block + _END
