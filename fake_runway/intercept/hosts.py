"""Runway's hosts, served by the fake: the same application, with a certificate for their names."""

import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from fake_runway.core.text import printable, short
from fake_runway.server.address import PortTaken
from fake_runway.server.app import FakeApp
from fake_runway.server.logs import server_logger
from fake_runway.worlds.naming import is_real

SENT_TO = "sent to "
"""Begins the client's name in the journal, where a call was meant for a host of Runway's."""

_ADMIN = "/__admin"
_LONGEST_LINE = 1 << 16
_MOST_KINDS = 200
_AGENT = 60
_SHUTDOWN_S = 1.0


class Intercepted:
    """Answers what was meant for Runway's hosts in a world of the fake.

    Args:
        app: of the fake.
        url: of the fake, so that a call's room is found there.
        world: the name of the world of all these calls; None: that of each call's own secret.
        secret: stands in for one that looks real, which goes no further than here.
        by_name: in addresses of rooms and files, the fake has the name by which it was called, for
            clients that do not run on this machine.

    Attributes:
        calls: how many came, by host, method, path and client.
    """

    def __init__(
        self, app: FakeApp, url: str, world: str | None, secret: str, *, by_name: bool = False
    ) -> None:
        self.calls: Counter[tuple[str, str, str, str]] = Counter()
        self._app = app
        self._here = urlsplit(url)
        self._by_name = by_name
        self._prefix = "" if world is None else f"/w/{world}"
        self._secret = secret

    @asynccontextmanager
    async def serving(
        self, context: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator[int]:
        """Serve until the block ends, and yield the port.

        Args:
            port: 0: any free one.

        Raises:
            PortTaken: nothing can be served there.
        """
        server = web.Server(
            self._handle,
            access_log=None,
            handler_cancellation=True,
            max_line_size=_LONGEST_LINE,
            logger=server_logger(),
        )
        runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port, ssl_context=context).start()
            except (OSError, UnicodeError) as error:
                raise PortTaken(host, port, error, part="tls-port") from error
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._count(request)
        headers = CIMultiDict(request.headers)
        name = request.host.partition(":")[0].lower()
        headers["Host"] = f"{name}:{self._here.port}" if self._by_name else self._here.netloc
        scheme, _, secret = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and is_real(secret):
            headers["Authorization"] = f"Bearer {self._secret}"
        agent = headers.get("User-Agent", "a client without a name")
        headers["User-Agent"] = f"{SENT_TO}{name} by {agent}"
        path = request.raw_path
        if path.startswith(_ADMIN):  # Runway has no such thing
            path = f"/v0{path}"
        try:
            inside = request.clone(
                rel_url=URL(f"{self._prefix}{path}", encoded=True), headers=headers
            )
        except ValueError:
            return web.json_response({"error": "Expected headers in UTF-8."}, status=400)
        return await self._app.handle(inside)

    def _count(self, request: web.BaseRequest) -> None:
        host = request.host.partition(":")[0].lower()
        agent = request.headers.get("User-Agent", "")
        kind = (host, request.method, request.raw_path.partition("?")[0], agent)
        key = tuple(printable(short(each, _AGENT)) for each in kind)
        if key in self.calls or len(self.calls) < _MOST_KINDS:
            self.calls[key] += 1  # type: ignore[index]  # it has four parts
