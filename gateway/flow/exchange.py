"""One HTTP exchange with the upstream: a request, and its answer's status, headers and body.

A connect is three small requests, and `aiohttp.ClientSession.request` was the largest part of its
cost: for each it parses the URL, merges headers, prepares cookies, redirects and timeouts that
nothing here has, and makes a request, a writer, a task for the body, and a response.
`PooledExchange` leaves that out and nothing else: TCP, TLS, addresses and the pool are aiohttp's
connector, aiohttp's parser reads the answer, and the bytes sent are those that a session sends.

`SessionExchange` does the same by the session's own means. It is used when spans are made, because
the session makes them. A test compares both for answers of every kind. They differ in one: bytes
behind a long answer stay on a session's connection, and are taken for the next answer there.

`PooledExchange` relies on names of aiohttp that are public but not documented:
`Connection.protocol` with `set_response_params` and `read`, and `ClientRequest.headers`. The test
fails if they change.
"""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import aiohttp
from aiohttp import hdrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy
from yarl import URL

API_VERSION = "2024-11-06"
LONGEST_ANSWER = 1 << 18  # bytes

_BEARER = "\0"  # stands for the bearer's place in a head; no header can hold it


class AnswerTooLong(Exception):
    """The body of an answer has more than `LONGEST_ANSWER` bytes."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer, whatever its status."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes | bytearray


class Exchange(Protocol):
    """Sends requests to one upstream. Follows no redirect: the secret goes to no other host."""

    async def __call__(
        self, method: str, path: str, *, bearer: str, body: bytes | None, name: str
    ) -> Received:
        """Send one request; a GET or a DELETE once more if its connection broke before the answer.

        Args:
            path: behind the base URL; of characters that no URL quotes.
            body: JSON; None: there is none.
            name: of the request's span, if spans are made.

        Raises:
            aiohttp.ClientError, HttpProcessingError, OSError: no whole answer came.
            AnswerTooLong: its body is.
            ValueError: `path` or `bearer` has characters that are not printable.
        """
        ...


def exchange_over(http: aiohttp.ClientSession, base_url: str) -> Exchange:
    """Return how to send requests to `base_url` over the connections of `http`."""
    if http.trace_configs:
        return SessionExchange(http, base_url)
    return PooledExchange(http, base_url)


class SessionExchange:
    """An exchange by `ClientSession.request`."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str) -> None:
        self._http = http
        self._base_url = base_url

    async def __call__(
        self, method: str, path: str, *, bearer: str, body: bytes | None, name: str
    ) -> Received:
        """See `Exchange`."""
        async with self._http.request(
            method,
            f"{self._base_url}{path}",
            headers=_headers(bearer, has_body=body is not None),
            data=body,
            trace_request_ctx=name,
            allow_redirects=False,
        ) as response:
            received = await _read(response.content)
        return Received(response.status, response.headers, received)


class _Place(aiohttp.ClientRequest):
    """Where requests go, for the connector. Its key in the pool is made once, not for each."""

    @cached_property
    def connection_key(self) -> ConnectionKey:
        return super().connection_key


class PooledExchange:
    """An exchange on a connection of a session's pool. See the module."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str) -> None:
        assert http.connector is not None  # else it is closed
        self._connector = http.connector
        self._timeout = http.timeout
        self._base_url = base_url
        self._target = URL(base_url).raw_path.rstrip("/")
        self._place = self._request("GET", "/")
        self._heads = {
            (method, has_body): _head(self._request(method, "/", b"{}" if has_body else None))
            for method in ("GET", "POST", "DELETE")
            for has_body in (False, True)
        }

    async def __call__(
        self, method: str, path: str, *, bearer: str, body: bytes | None, name: str
    ) -> Received:
        """See `Exchange`."""
        request, place = self._rendered(method, path, bearer, body), self._place
        if type(self._connector) is not aiohttp.TCPConnector:
            place = self._request(method, path)  # others may look at more of it than the host
        try:
            connection, head, content = await self._begun(place, request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            # most likely the server closed a connection that was idle
            if method == "POST":
                raise
            connection, head, content = await self._begun(place, request)
        try:
            received = await _read(content)
        except BaseException:
            connection.close()
            raise
        connection.release()
        return Received(head.code, head.headers, received)

    def _request(self, method: str, path: str, body: bytes | None = None) -> _Place:
        return _Place(
            method,
            URL(f"{self._base_url}{path}"),
            headers=_headers(_BEARER, has_body=body is not None),
            data=body,
            loop=asyncio.get_running_loop(),
        )

    def _rendered(self, method: str, path: str, bearer: str, body: bytes | None) -> bytes:
        if not f"{path}{bearer}".isprintable():  # it could begin another header, or a request
            raise ValueError("expected a path and a bearer of printable characters")
        before, after = self._heads[method, body is not None]
        length = "" if method == "GET" else f"{hdrs.CONTENT_LENGTH}: {len(body or b'')}\r\n"
        head = f"{method} {self._target}{path} HTTP/1.1\r\n{before}{bearer}{after}{length}\r\n"
        return head.encode() + (body or b"")

    async def _begun(
        self, place: aiohttp.ClientRequest, request: bytes
    ) -> tuple[Connection, RawResponseMessage, StreamReader]:
        """Send `request` to `place`; return its connection and the beginning of the answer."""
        try:
            connection = await self._connector.connect(place, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        try:
            protocol = _send(connection, request)
            while True:
                head, content = await protocol.read()
                if not 100 <= head.code <= 199 or head.code == 101:
                    return connection, head, content
        except BaseException:
            connection.close()
            raise


def _headers(bearer: str, *, has_body: bool) -> dict[str, str]:
    headers = {hdrs.AUTHORIZATION: f"Bearer {bearer}", "X-Runway-Version": API_VERSION}
    return {**headers, hdrs.CONTENT_TYPE: "application/json"} if has_body else headers


def _head(request: aiohttp.ClientRequest) -> tuple[str, str]:
    """Return the header lines as aiohttp makes them, without length, around the bearer's place."""
    before, _, after = "".join(
        f"{name}: {value}\r\n"
        for name, value in request.headers.items()
        if name != hdrs.CONTENT_LENGTH
    ).partition(_BEARER)
    return before, after


def _send(connection: Connection, request: bytes) -> ResponseHandler:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or transport.is_closing():
        raise aiohttp.ClientConnectionResetError("the connection is closed")
    protocol.set_response_params(read_until_eof=True)
    transport.write(request)
    return protocol


async def _read(content: StreamReader) -> bytes | bytearray:
    if content.is_eof():  # most answers come whole
        received: bytes | bytearray = content.read_nowait()
    else:
        received = bytearray()
        while len(received) <= LONGEST_ANSWER and (chunk := await content.readany()):
            received += chunk
    if len(received) > LONGEST_ANSWER:
        raise AnswerTooLong
    return received
