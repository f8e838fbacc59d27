"""Sending admin requests: with aiohttp, and with the standard library for callers that block.

aiohttp is imported when the first request is sent, so that importing a client costs nothing.
"""

import http.client
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from fake_runway.client.answers import FaultParts, Span, Unreachable, error_of
from fake_runway.core.durations import parse_span, written_span
from fake_runway.core.types import Json

if TYPE_CHECKING:
    from aiohttp import ClientSession

T = TypeVar("T")

TOKEN_HEADER = "X-Fake-Admin-Token"
CREATED_HEADER = "X-Fake-World-Created"
MAKE_HEADER = "X-Fake-Make-World"
"""Lets a read make its world: for clients whose world it is, so that no name can be wrong."""
ROOT = "/__admin"
DEFAULT_WAIT_S = 5.0
PATIENCE_S = 60.0  # beyond intended waits; machines of CI may pause for long


def span_text(span: Span) -> str:
    """Return a span as the wire has it."""
    return span if isinstance(span, str) else written_span(float(span))


def span_seconds(span: Span) -> float:
    """Return a span in seconds; of a text that is none, the default: the server refuses it."""
    try:
        return parse_span(span) if isinstance(span, str) else float(span)
    except ValueError:
        return DEFAULT_WAIT_S


def given(**parts: object) -> Json:
    """Return the parts of a body that are not None."""
    return {name: part for name, part in parts.items() if part is not None}


def fault_body(parts: FaultParts) -> Json:
    """Return the parts of a fault as the wire has them: `from` is `from_` in Python."""
    return {key.rstrip("_"): part for key, part in given(**parts).items()}


def failure_body(failure: tuple[str, str] | None) -> Json | None:
    """Return a failure, given as code and text, as the wire has it."""
    return None if failure is None else {"code": failure[0], "text": failure[1]}


class _WorldAddress:
    """The address of a world, and what both transports share: writing requests, reading answers."""

    makes_world = False  # that of `of_world` and of `owning` does

    def __init__(self, base_url: str, world: str | None, token: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.world = world
        self.token = token

    def owning(self) -> Self:
        """Let reads make the world from now on; return this one."""
        self.makes_world = True
        return self

    @property
    def app_url(self) -> str:
        """The base URL by which an application reaches the world."""
        if self.world is None:
            return self.base_url
        return f"{self.base_url}/w/{quote(self.world, safe='')}"

    def _written(
        self, request: str, body: Json | None, query: Mapping[str, object], names: Mapping[str, str]
    ) -> tuple[str, str, dict[str, str], bytes | None]:
        """Return the method, the whole URL, the headers and the body of a request."""
        method, _, path = request.partition(" ")
        filled = path.format_map({key: quote(name, safe="") for key, name in names.items()})
        asked = urlencode({key: value for key, value in query.items() if value is not None})
        headers = {"Accept": "application/json"}
        if self.token is not None:
            headers[TOKEN_HEADER] = self.token
        if self.makes_world:
            headers[MAKE_HEADER] = "yes"
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.app_url}{ROOT}{filled}{'?' if asked else ''}{asked}"
        return method, url, headers, None if body is None else json.dumps(body).encode()

    def _result(self, operation: str, status: int, raw: bytes, *, read: Callable[[Any], T]) -> T:
        try:
            body = json.loads(raw) if raw else None
            if 200 <= status < 300:
                return read(body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise error_of(operation, status, None) from error
        raise error_of(operation, status, body)

    def _unreachable(self, operation: str, error: BaseException) -> Unreachable:
        why = str(error) or type(error).__name__
        return Unreachable(operation, f"no answer from {self.base_url}: {why}")


class _Lines:
    """The lines in a text that comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def ended_by(self, piece: bytes) -> list[bytes]:
        """Return the lines whose end came with a piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return lines


def _event(line: bytes) -> Any:
    """Return the object in a line of server-sent events, None if it holds none."""
    return json.loads(line[len(_DATA) :]) if line.startswith(_DATA) else None


_DATA = b"data: "


class AsyncTransport(_WorldAddress):
    """Sends requests about one world through aiohttp.

    An open transport keeps its connections until it is closed. Otherwise each request has its own
    connection, so that users of a fixture need not close anything.
    """

    def __init__(self, base_url: str, world: str | None, token: str | None) -> None:
        super().__init__(base_url, world, token)
        self._http: ClientSession | None = None

    def of_world(self, world: str) -> "AsyncTransport":
        """Return one for another world of the same server, which is the caller's own."""
        return AsyncTransport(self.base_url, world, self.token).owning()

    async def open(self) -> None:
        """Keep connections from now on."""
        from aiohttp import ClientSession

        self._http = self._http or ClientSession()

    async def close(self) -> None:
        """Close the connections; the transport can be used or opened again."""
        kept, self._http = self._http, None
        if kept is not None:
            await kept.close()

    async def send(
        self,
        operation: str,
        request: str,
        read: Callable[[Any], T],
        body: Json | None = None,
        *,
        query: Mapping[str, object] | None = None,
        wait_s: float = 0.0,
        **names: str,
    ) -> T:
        """Send a request and return what the answer means.

        Args:
            operation: its id in the admin document.
            request: method and path, e.g. `GET /sessions/{id}`. The path is below the world's
                `/__admin`; `names` replace what stands in braces.
            read: makes the result out of the answer's JSON; None for an empty answer.
            body: None: there is none.
            query: parameters that are None are left out.
            wait_s: how long the server may take on purpose, real seconds.

        Raises:
            AdminError: the server rejected the request, or did not answer.
        """
        from aiohttp import ClientError, ClientSession, ClientTimeout
        from yarl import URL

        method, url, headers, data = self._written(request, body, query or {}, names)
        timeout = ClientTimeout(total=PATIENCE_S + wait_s)
        kept = self._http
        http = kept or ClientSession()
        try:
            async with http.request(
                method, URL(url, encoded=True), headers=headers, data=data, timeout=timeout
            ) as response:
                status, raw = response.status, await response.read()
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            raise self._unreachable(operation, error) from error
        finally:
            if kept is None:
                await http.close()
        return self._result(operation, status, raw, read=read)

    async def stream(
        self,
        operation: str,
        request: str,
        read: Callable[[Any], T],
        *,
        query: Mapping[str, object],
    ) -> AsyncIterator[T]:
        """Send a request that is answered with events, and yield them.

        Raises:
            AdminError: as of `send`, or the connection was lost.
        """
        from aiohttp import ClientError, ClientSession, ClientTimeout
        from yarl import URL

        method, url, headers, _ = self._written(request, None, query, {})
        timeout = ClientTimeout(sock_read=PATIENCE_S)  # there are heartbeats
        lines = _Lines()
        try:
            async with (
                ClientSession(timeout=timeout) as http,
                http.request(method, URL(url, encoded=True), headers=headers) as response,
            ):
                if response.status != 200:
                    self._result(operation, response.status, await response.read(), read=read)
                async for piece in response.content.iter_any():
                    for event in map(_event, lines.ended_by(piece)):
                        if event is not None:
                            yield read(event)
        except (ClientError, OSError) as error:
            raise self._unreachable(operation, error) from error


class Transport(_WorldAddress):
    """Sends requests about one world and blocks until they are answered.

    Connections are kept until it is closed. Several threads may use it: each request takes an idle
    connection or opens one.

    Attributes:
        created: the world that a request has made because there was none; empty: there was.
    """

    def __init__(self, base_url: str, world: str | None, token: str | None) -> None:
        super().__init__(base_url, world, token)
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected a base URL such as http://127.0.0.1:4010, got {base_url!r}")
        secure = parts.scheme == "https"
        self._connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._address = parts.netloc.rpartition("@")[2]
        self._idle: list[http.client.HTTPConnection] = []
        self.created = ""

    def of_world(self, world: str) -> "Transport":
        """Return one for another world, as `AsyncTransport.of_world`, with the same connections."""
        other = Transport(self.base_url, world, self.token).owning()
        other._idle = self._idle
        return other

    def open(self) -> None:
        """Do nothing: connections are always kept."""

    def close(self) -> None:
        """Close the connections; the transport can be used again."""
        while self._idle:
            self._idle.pop().close()

    def send(
        self,
        operation: str,
        request: str,
        read: Callable[[Any], T],
        body: Json | None = None,
        *,
        query: Mapping[str, object] | None = None,
        wait_s: float = 0.0,
        **names: str,
    ) -> T:
        """Do the same as `AsyncTransport.send`."""
        method, url, headers, data = self._written(request, body, query or {}, names)
        target = "/" + url.split("/", 3)[3]  # without scheme, host and port
        while True:
            connection, kept = self._connection(PATIENCE_S + wait_s)
            try:
                connection.request(method, target, body=data, headers=headers)
                response = connection.getresponse()
                raw = response.read()
            except BaseException as error:
                connection.close()
                if kept and isinstance(error, ConnectionError):
                    continue  # the server has closed this idle one; the last one tried is new
                if isinstance(error, OSError | http.client.HTTPException):
                    raise self._unreachable(operation, error) from error
                raise
            self._idle.append(connection)
            self.created = response.headers.get(CREATED_HEADER) or self.created
            return self._result(operation, response.status, raw, read=read)

    def stream(
        self,
        operation: str,
        request: str,
        read: Callable[[Any], T],
        *,
        query: Mapping[str, object],
    ) -> Iterator[T]:
        """Do the same as `AsyncTransport.stream`, over a connection of its own."""
        method, url, headers, _ = self._written(request, None, query, {})
        connection = self._connect(self._address, timeout=PATIENCE_S)
        try:
            connection.request(method, "/" + url.split("/", 3)[3], headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                self._result(operation, response.status, response.read(), read=read)
            while line := response.readline():
                if (event := _event(line)) is not None:
                    yield read(event)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(operation, error) from error
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> tuple[http.client.HTTPConnection, bool]:
        """Return a connection and whether it has been used before."""
        try:
            connection = self._idle.pop()  # atomic, so threads need no lock
        except IndexError:
            return self._connect(self._address, timeout=timeout_s), False
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        return connection, True
