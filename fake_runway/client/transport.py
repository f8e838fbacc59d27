"""Sending admin requests: with aiohttp, and with the standard library for callers that block.

aiohttp is imported when the first request is sent, so that importing a client costs nothing.
"""

import http.client
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from fake_runway.client.protocol import Call, payload, result, root_of, unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

T = TypeVar("T")

PATIENCE_S = 60.0  # for an answer that is not held back on purpose; machines of CI stand still


class AsyncTransport:
    """Sends requests about one world through aiohttp.

    Once opened it keeps its connections until it is closed. Not opened, each request has its own,
    so that there is nothing to close: a fixture's user cannot be made to.
    """

    def __init__(self, base_url: str, world: str | None, token: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.world = world
        self.token = token
        self._root = root_of(base_url, world)
        self._http: ClientSession | None = None

    def of_world(self, world: str) -> "AsyncTransport":
        """Return one for another world of the same server."""
        return AsyncTransport(self.base_url, world, self.token)

    async def open(self) -> None:
        """Keep connections from now on."""
        from aiohttp import ClientSession

        self._http = self._http or ClientSession()

    async def close(self) -> None:
        """Close what is open; it can be used or opened again."""
        kept, self._http = self._http, None
        if kept is not None:
            await kept.close()

    async def send(self, call: Call[T]) -> T:
        """Send a request and return what the answer means.

        Raises:
            AdminError.
        """
        if self._http is not None:
            return await self._send(self._http, call)
        from aiohttp import ClientSession

        async with ClientSession() as http:
            return await self._send(http, call)

    async def _send(self, http: "ClientSession", call: Call[T]) -> T:
        from aiohttp import ClientError, ClientTimeout
        from yarl import URL

        headers, body = payload(call, self.token)
        url = URL(self._root + call.path, encoded=True)
        timeout = ClientTimeout(total=PATIENCE_S + call.wait_s)
        try:
            async with http.request(
                call.method, url, headers=headers, data=body, timeout=timeout
            ) as response:
                raw, status = await response.read(), response.status
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            raise unreachable(call, self.base_url, error) from error
        return result(call, status, raw)


class Transport:
    """Sends requests about one world and blocks until they are answered.

    Connections are kept until it is closed. Several threads may use it: each request takes a free
    connection or makes another.
    """

    def __init__(self, base_url: str, world: str | None, token: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.world = world
        self.token = token
        parts = urlsplit(root_of(base_url, world))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected a base URL such as http://127.0.0.1:4010, got {base_url!r}")
        self._secure = parts.scheme == "https"
        self._address = parts.netloc.rpartition("@")[2]
        self._root = parts.path
        self._idle: list[http.client.HTTPConnection] = []

    def of_world(self, world: str) -> "Transport":
        """Return one for another world of the same server, with the same connections."""
        other = Transport(self.base_url, world, self.token)
        other._idle = self._idle
        return other

    def open(self) -> None:
        """Do nothing: connections are kept anyway."""

    def close(self) -> None:
        """Close what is open; it can be used again."""
        while self._idle:
            self._idle.pop().close()

    def send(self, call: Call[T]) -> T:
        """Send a request and return what the answer means.

        Raises:
            AdminError.
        """
        try:
            status, raw = self._exchange(call)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(call, self.base_url, error) from error
        return result(call, status, raw)

    def _exchange(self, call: Call[T]) -> tuple[int, bytes]:
        while True:
            connection, kept = self._connection(PATIENCE_S + call.wait_s)
            try:
                answer = self._send(connection, call)
            except BaseException as error:
                connection.close()
                if kept and isinstance(error, ConnectionError):
                    continue  # the server had closed it meanwhile; at last one is new
                raise
            self._idle.append(connection)
            return answer

    def _connection(self, timeout_s: float) -> tuple[http.client.HTTPConnection, bool]:
        """Return a connection and whether it has been used before."""
        try:
            connection = self._idle.pop()  # atomic, so that threads need no lock
        except IndexError:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            return kind(self._address, timeout=timeout_s), False
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        return connection, True

    def _send(self, connection: http.client.HTTPConnection, call: Call[T]) -> tuple[int, bytes]:
        headers, body = payload(call, self.token)
        connection.request(call.method, self._root + call.path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
