"""The page of a run that goes on, on a port that only this machine reaches."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from urllib.parse import urlsplit

from aiohttp import web

from contracts.live.messages import Message

READ_WITHIN_S = 5.0
"""How long an open page may take to fetch the report of the last run, in seconds."""
_HEARTBEAT_S = 15.0
_MOST_MESSAGES = 20_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
# the report brings styles within itself, and is shown inside of the page
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FILES = {
    "/": ("contracts.live", "page/live.html", "text/html"),
    "/live.css": ("contracts.live", "page/live.css", "text/css"),
    "/live.js": ("contracts.live", "page/live.js", "text/javascript"),
    "/tokens.css": ("contracts.report", "templates/tokens.css", "text/css"),
}


class LivePage:
    """What the page shows: the messages of the current run, and the report of the last.

    Attributes:
        url: its address.
    """

    def __init__(self, run_again: Callable[[], None] | None) -> None:
        self.url = ""
        self._run_again = run_again
        self._messages: list[Message] = []
        self._told = asyncio.Event()
        self._report: tuple[int, str] = (0, "")
        self._readers = 0
        self._fetched = asyncio.Event()
        self._closing = False

    def begin(self, first: Message) -> None:
        """Forget the run before."""
        self._messages = []
        self._fetched.clear()
        self.tell(first)

    def tell(self, message: Message) -> None:
        """Tell every open page."""
        if len(self._messages) < _MOST_MESSAGES:
            self._messages.append(message)
        self._wake()

    def keep(self, run: int, report: str) -> None:
        """Keep the report of a run, as a page."""
        self._report = run, report

    async def read(self) -> None:
        """Wait until an open page has fetched the report, or long enough."""
        if self._readers:
            with suppress(TimeoutError):
                async with asyncio.timeout(READ_WITHIN_S):
                    await self._fetched.wait()

    @asynccontextmanager
    async def served(self) -> AsyncIterator["LivePage"]:
        """Serve it on any free port of the loopback interface, until the block ends."""
        app = web.Application(middlewares=[self._of_this_page])
        for path in _FILES:
            app.router.add_get(path, self._file)
        app.router.add_get("/events", self._events)
        app.router.add_get(r"/report/{run:\d{1,9}}", self._get_report)
        app.router.add_post("/again", self._again)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            yield self
        finally:
            self._closing = True
            self._wake()
            await runner.cleanup()

    def _wake(self) -> None:
        self._told.set()
        self._told = asyncio.Event()

    @web.middleware
    async def _of_this_page(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        """Refuse what comes by another name (a rebound one), or from another page."""
        here = urlsplit(self.url).netloc
        origin = request.headers.get("Origin")
        if request.host != here or origin not in (None, self.url.rstrip("/")):
            text = f"expected a request of the page at {self.url}\n"
            return web.Response(status=403, text=text, headers=_HEADERS)
        return await handler(request)  # type: ignore[misc, no-any-return]

    async def _file(self, request: web.Request) -> web.Response:
        package, name, kind = _FILES[request.path]
        body = files(package).joinpath(name).read_bytes()
        headers = {**_HEADERS, "Content-Security-Policy": _POLICY}
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    async def _get_report(self, request: web.Request) -> web.Response:
        run, page = self._report
        if int(request.match_info["run"]) != run or not page:
            return web.Response(status=404, text="the report of a run before\n", headers=_HEADERS)
        self._fetched.set()
        headers = {**_HEADERS, "Content-Security-Policy": _REPORT_POLICY}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _again(self, _: web.Request) -> web.Response:
        if self._run_again is None:
            text = "this run is the only one: start it with --watch\n"
            return web.Response(status=409, text=text, headers=_HEADERS)
        self._run_again()
        return web.Response(status=204, headers=_HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send every message of the run, then each that comes; a new run begins anew."""
        headers = {**_HEADERS, "Content-Type": "text/event-stream"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        self._readers += 1
        messages, sent = self._messages, 0
        try:
            while True:
                told = self._told  # before looking: what comes after that sets it
                if messages is not self._messages:
                    messages, sent = self._messages, 0
                if new := messages[sent:]:
                    sent += len(new)
                    await response.write("".join(map(_as_event, new)).encode())
                elif self._closing:
                    await response.write(b"event: closing\ndata: {}\n\n")
                    return response
                else:
                    await _told_or_alive(told, response)
        finally:
            self._readers -= 1


def _as_event(message: Message) -> str:
    return f"data: {json.dumps(message)}\n\n"


async def _told_or_alive(told: asyncio.Event, response: web.StreamResponse) -> None:
    """Wait for a message; say that the connection lives if none comes."""
    try:
        async with asyncio.timeout(_HEARTBEAT_S):
            await told.wait()
    except TimeoutError:
        await response.write(b": alive\n\n")
