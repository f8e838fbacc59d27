"""A whole call: a page with the official `<AvatarCall>` in Chromium, a gateway, and the fake."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from fake_runway.core.sessions.script import CallSetup
from fake_runway.room.call import Call
from gateway.access.cors import Origins
from gateway.flow.credentials import Shape
from gateway.web.app import PATH
from tests.clients.npm import Node
from tests.support.checked import listening, serve
from tests.support.processes import PATIENCE_S
from tests.support.room import HOSTED
from tests.support.servers import Fake, gateway_application, provisioned_in, serving_fake

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
PAGE = Path(__file__).parent / "page"

ARGUMENTS = (
    "--no-sandbox",  # it runs as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",  # where there is no other interface
)


def bundle(node: Node, folder: Path, page: str = "call.jsx") -> None:
    """Write a page with all that it needs to a folder."""
    subprocess.run(
        (
            node.script("node_modules/.bin/esbuild"),
            PAGE / page,
            "--bundle",
            "--jsx=automatic",
            "--format=esm",
            "--log-level=error",
            '--define:process.env.NODE_ENV="production"',
            f"--outfile={folder / 'bundle.js'}",
        ),
        check=True,
        timeout=PATIENCE_S,
    )
    (folder / "index.html").write_bytes((PAGE / "index.html").read_bytes())


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that is open.

    Attributes:
        fake: whom the gateway calls.
        page: of Chromium.
        requests: the URLs that the page asked for.
        sockets: those of the WebSockets that it opened.
        noise: what the browser's console said, and exceptions that nothing caught.
    """

    fake: Fake
    page: Page
    requests: list[str]
    sockets: list[str]
    noise: list[str]

    @property
    def session_id(self) -> str:
        """The only session that was created."""
        (session_id,) = self.fake.world.account.sessions
        return session_id

    @property
    def room(self) -> Call:
        """The room of the session."""
        assert self.fake.rooms is not None
        call = self.fake.rooms.call(self.fake.world.name, self.session_id)
        assert call is not None, "the room is closed, or was never opened"
        return call

    async def session(self) -> dict[str, Any]:
        """Return the session as the Runway API shows it."""
        return await self.fake.get(self.session_id)

    async def state(self, state: str) -> None:
        """Wait until the session is in a state of ours."""
        wanted = {"states": [state], "timeout": f"{PATIENCE_S:g}s"}
        answer = await self.fake.admin("POST", "/await/session", wanted)
        assert answer.status == 200, answer

    async def status(self, status: str) -> None:
        """Wait until the avatar's element says so."""
        await self.page.wait_for_selector(
            f'[data-avatar-status="{status}"]', state="attached", timeout=PATIENCE_S * 1000
        )

    async def until(self, condition: str) -> None:
        """Wait until an expression of JavaScript is true, or what it promises is.

        Playwright's `wait_for_function` takes a promise for true, whatever it resolves to.
        """
        async with asyncio.timeout(PATIENCE_S):
            while not await self.page.evaluate(f"async () => Boolean(await ({condition}))"):
                await self.page.wait_for_timeout(50)

    async def seen(self) -> dict[str, Any]:
        """Return what the page wrote down."""
        found: dict[str, Any] = await self.page.evaluate("window.seen")
        return found

    async def statistics(self) -> dict[str, Any]:
        """Return the browser's statistics of what it receives: `opened`, `audio`, `video`."""
        found: dict[str, Any] = await self.page.evaluate("window.statistics()")
        return found

    async def frames(self, count: int) -> dict[str, Any]:
        """Wait until so many more pictures were shown; return the statistics then."""
        before = (await self.statistics())["video"]["framesDecoded"]
        await self.until(
            f"window.statistics().then(all => all.video.framesDecoded >= {before + count})"
        )
        return await self.statistics()


@asynccontextmanager
async def visiting(
    folder: Path,
    *,
    gateway: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
    by_key: bool = False,
    setup: CallSetup | None = None,
) -> AsyncIterator[Visit]:
    """Open the page of `folder` in Chromium, until the block ends.

    Args:
        gateway: fields of its `Config`.
        query: what more is in the page's address.
        setup: how the call begins.
        by_key: whether the gateway answers with a session key, and the page consumes the session.
    """
    from playwright.async_api import async_playwright

    settings = provisioned_in(0.1)
    settings = replace(settings, plan=replace(settings.plan, call=setup or CallSetup()))
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(serving_fake(settings, rate=1.0, livekit=HOSTED))
        site = web.Application()
        site.router.add_static("/", folder)
        at = await stack.enter_async_context(listening(web.AppRunner(site)))
        config = {
            "origins": Origins.parse(at),
            "shape": Shape.SESSION_KEY if by_key else Shape.CREDENTIALS,
        } | dict(gateway or {})
        door = await stack.enter_async_context(
            serve(gateway_application(fake.url, **config), "gateway")
        )
        playwright = await stack.enter_async_context(async_playwright())
        browser: Browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        stack.push_async_callback(browser.close)
        page = await browser.new_page(viewport={"width": 720, "height": 520})
        requests: list[str] = []
        sockets: list[str] = []
        noise: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: noise.append(str(error)))
        address = {"connect": door + PATH, "base": fake.url} | dict(query or {})
        await page.goto(f"{at}/index.html?{urlencode(address)}")
        yield Visit(fake, page, requests, sockets, noise)
