"""The fake for foreign clients, with a record of their requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from fake_runway.clock import loop_time_as_wall_clock
from fake_runway.core.lifecycles.session import TERMINAL
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import create_app
from fake_runway.worlds.registry import Worlds
from tests.support.checked import CheckedClient, serve
from tests.support.processes import PATIENCE_S
from tests.support.servers import Fake


@dataclass(frozen=True, slots=True)
class Seen:
    """One answered request. `retry`: the SDK's count of earlier attempts."""

    method: str
    path: str
    status: int
    retry: str | None
    agent: str


@dataclass(slots=True)
class Watched:
    """A served fake and the requests it has answered, oldest first."""

    fake: Fake
    seen: list[Seen] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def retries(self) -> list[tuple[int, str | None]]:
        """Status and retry count of each request."""
        return [(each.status, each.retry) for each in self.seen]

    @property
    def live(self) -> int:
        """How many sessions have not ended."""
        account = self.fake.world.account
        return sum(session.state not in TERMINAL for session in account.sessions.values())

    async def until(self, count: int, method: str) -> None:
        """Return once `count` requests of `method` were answered."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(each.method == method for each in self.seen) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def record_request(self, request: web.Request, response: web.StreamResponse) -> None:
        """Record a request; a signal of the application."""
        headers = request.headers
        self.seen.append(
            Seen(
                method=request.method,
                path=request.rel_url.raw_path,
                status=response.status,
                retry=headers.get("X-Stainless-Retry-Count"),
                agent=headers.get("User-Agent", ""),
            )
        )
        self._arrived.set()


@asynccontextmanager
async def watching(
    settings: Settings | None = None, *, rate: float = 0.0
) -> AsyncIterator[Watched]:
    """Serve a fake whose clocks are frozen unless `rate` says otherwise."""
    worlds = Worlds(
        seed="0", settings=settings or Settings(), source=loop_time_as_wall_clock(), rate=rate
    )
    app = create_app(worlds, livekit=LiveKit())
    async with aiohttp.ClientSession() as http:
        watched = Watched(Fake("", worlds, CheckedClient(http, "", "runway")))
        app.on_response_prepare.append(watched.record_request)
        async with serve(app, "runway") as url:
            watched.fake = Fake(url, worlds, CheckedClient(http, url, "runway"))
            yield watched
