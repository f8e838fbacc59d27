"""The real applications on real sockets, inside the test's own loop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web

from fake_runway.clock import loop_time_as_wall_clock
from fake_runway.core.durations import Fixed
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.rooms import Rooms
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.fetching import AssetFetcher
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.serving import fake_server
from fake_runway.worlds.naming import name_from_secret
from fake_runway.worlds.registry import Retention, Worlds
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from gateway.config import Config
from gateway.web.app import create_app as create_gateway
from tests.support.checked import Answer, CheckedClient, CheckedFake, listening, serve
from tests.support.fake.stores import store_of_tests, worlds_on

StartApp = Callable[[web.Application, str], Awaitable[CheckedClient]]
"""Serves an application until the test ends; the text names the contract of its answers."""

StartFake = Callable[..., Awaitable["Fake"]]
"""Serves a fake until the test ends; arguments are those of `serving_fake`."""

StartGateway = Callable[..., Awaitable[CheckedClient]]
"""Serves a gateway until the test ends; arguments are those of `gateway_application`."""

SECRET = "test-secret"
VERSION = {"X-Runway-Version": "2024-11-06"}
MAKE = {"X-Fake-Make-World": "yes"}
HEADERS = {"Authorization": f"Bearer {SECRET}", **VERSION}
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}


@dataclass(frozen=True, slots=True)
class Fake:
    """A served fake: its URL, its state, a checked client with the usual headers, its parts."""

    url: str
    worlds: Worlds
    client: CheckedClient
    rooms: Rooms | None = None
    app: CheckedFake | None = None

    @property
    def world(self) -> World:
        """The world of `SECRET`."""
        return self.worlds.named(name_from_secret(SECRET))

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request with secret and version; `headers` are added to them."""
        headers = HEADERS | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def create(self, **body: Any) -> str:
        """Create a session and return its id."""
        answer = await self.call("POST", "/v1/realtime_sessions", json=CREATE | body)
        assert answer.status == 200, answer
        session_id: str = answer.json["id"]
        return session_id

    async def get(self, session_id: str) -> dict[str, Any]:
        """Get a session."""
        answer = await self.call("GET", f"/v1/realtime_sessions/{session_id}")
        assert answer.status == 200, answer
        body: dict[str, Any] = answer.json
        return body

    async def consume(self, session_id: str, key: str, **headers: str) -> Answer:
        """Consume as a browser does: with the key, an empty JSON body and no version."""
        return await self.client.post(
            f"/v1/realtime_sessions/{session_id}/consume",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            | headers,
        )

    async def admin(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        """Call the admin API for the world of `SECRET`; a `body` but None is sent as JSON."""
        content = {} if body is None else {"json": body}
        headers = MAKE | options.pop("headers", {})
        return await self.call(method, f"/__admin{path}", **content, headers=headers, **options)

    async def ready(self, **body: Any) -> tuple[str, str]:
        """Create a session, move the world's clock until it is READY, return its id and key."""
        session_id = await self.create(**body)
        self.world.clock.jump(1.5)
        return session_id, (await self.get(session_id))["sessionKey"]


@asynccontextmanager
async def serving_fake(
    settings: Settings | None = None,
    *,
    rate: float = 0.0,
    seed: str = "0",
    livekit: LiveKit | None = None,
    scenario: Scenario = DEFAULT_SCENARIO,
    catalogue: Catalogue | None = None,
    retention: Retention | None = None,
    admin_token: str | None = None,
    fetcher: AssetFetcher | None = None,
) -> AsyncIterator[Fake]:
    """Serve a fake whose clocks are frozen unless `rate` says otherwise, as the command does."""
    options = {
        "seed": seed,
        "settings": settings or Settings(),
        "source": loop_time_as_wall_clock(),
        "rate": rate,
        "scenario": scenario,
        "catalogue": catalogue,
        "retention": retention or Retention(),
    }
    livekit = livekit or LiveKit()
    async with worlds_on(store_of_tests(), livekit, options) as worlds:
        app = CheckedFake(worlds, livekit, token=admin_token, fetcher=fetcher)
        runner = web.ServerRunner(fake_server(app, worlds), shutdown_timeout=1)
        async with listening(runner) as url, aiohttp.ClientSession() as http:
            try:
                yield Fake(url, worlds, CheckedClient(http, url, "runway"), app.rooms, app)
            finally:
                await app.close()
    assert not app.violations, app.violations


def gateway_application(upstream: str, **config: Any) -> web.Application:
    """Return a gateway in front of `upstream`; keyword arguments are fields of its `Config`."""
    return create_gateway(Config(base_url=upstream, **({"secret": SECRET} | config)))


@asynccontextmanager
async def serving_gateway(upstream: str, **config: Any) -> AsyncIterator[CheckedClient]:
    """Serve a gateway, as `gateway_application` returns it."""
    async with (
        serve(gateway_application(upstream, **config), "gateway") as url,
        aiohttp.ClientSession() as http,
    ):
        yield CheckedClient(http, url, "gateway")


def provisioned_in(seconds: float, settings: Settings | None = None) -> Settings:
    """Return settings under which sessions become READY after `seconds`."""
    settings = settings or Settings()
    return replace(settings, plan=replace(settings.plan, provision=Fixed(seconds)))
