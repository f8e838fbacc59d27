"""A gateway for hostile requests, a client that sends any bytes, and the bytes.

Every text of a request's own holds `MARK`, so an echo or a log line of it can be found. No
request here asks for an avatar that exists, unless something else about it has to be refused.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from gateway.config import Config
from gateway.web.app import create_app
from gateway.web.server import GatewayRunner

MARK = b"zQ7mark"
PATH = b"/api/avatar/connect"
VALID = b'{"avatarId":"music-superstar"}'
REFUSED = b'{"avatarId":"%s"}' % MARK
JSON = b"Content-Type: application/json"
LAST = b"GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % MARK
PATIENCE_S = 120.0  # for answers that must arrive; a machine may be busy
SHORT_S = 0.2  # for a partial request, whose wait may end without an answer

_CODES = frozenset(
    (
        "invalid_request",
        "method_not_allowed",
        "not_found",
        "payload_too_large",
        "unauthenticated",
        "unknown_avatar",
        "unsupported_media_type",
    )
)
_HEADERS = frozenset(
    (
        *("allow", "cache-control", "connection", "content-length", "content-type", "date"),
        *("traceparent", "vary", "www-authenticate", "x-request-id"),
    )
)
_REPLY = re.compile(rb"HTTP/\d\.\d (\d{3}) [ -~]*\r\n((?:[A-Za-z-]+: [ -~]*\r\n)*)\r\n")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as received. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def check(self) -> None:
        """Fail unless this is one of the gateway's refusals, and nothing but that."""
        assert 400 <= self.status < 500, self
        assert self.headers.keys() <= _HEADERS, self
        assert self.headers.keys() >= {"traceparent", "x-request-id"}, self
        assert self.headers["content-type"].startswith("application/json"), self
        assert self.headers["cache-control"] == "no-store", self
        if self.body:  # none after HEAD, which `replies` has checked
            body = orjson.loads(self.body)
            assert body.keys() == {"error", "code"}, self
            assert body["code"] in _CODES, self


def replies(raw: bytes, *, head: bool = False) -> list[Reply]:
    """Parse the bytes of one connection, strictly; with `head`, answers may lack their body.

    Raises:
        AssertionError: it is no sequence of whole answers, or a word of the request is in it.
    """
    assert MARK not in raw, raw
    found = []
    while raw:
        if raw.startswith(_CONTINUE):
            raw = raw.removeprefix(_CONTINUE)
            continue
        start = _REPLY.match(raw)
        assert start, raw
        lines = [line.partition(": ") for line in start[2].decode().splitlines()]
        headers = {name.lower(): value for name, _, value in lines}
        assert len(headers) == len(lines), raw
        raw = raw[start.end() :]
        length = int(headers["content-length"])
        if head and not raw.startswith(b"{"):
            length = 0
        assert len(raw) >= length, raw
        found.append(Reply(int(start[1]), headers, raw[:length]))
        raw = raw[length:]
    return found


@dataclass(frozen=True, slots=True)
class Ground:
    """A served gateway that no request should get through, and those that did nevertheless.

    Attributes:
        reached: one entry for each connection that the upstream got.
    """

    runner: GatewayRunner
    port: int
    reached: list[None] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many connections the gateway holds."""
        assert self.runner.server is not None
        return len(self.runner.server.connections)

    async def send(self, request: bytes, patience_s: float = PATIENCE_S) -> bytes:
        """Return all bytes received for these until the gateway closes the connection.

        If it does not, the connection is closed from this side after a timeout.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = bytearray()
        try:
            writer.write(request)
            async with asyncio.timeout(patience_s):
                while piece := await reader.read(1 << 16):
                    received += piece
        except ConnectionError:
            pass  # the gateway closed before reading all
        except TimeoutError:
            assert patience_s < PATIENCE_S, "neither answered nor closed"
        finally:
            writer.close()
        return bytes(received)

    async def refused(self, request: bytes, patience_s: float = PATIENCE_S) -> list[Reply]:
        """Send and check: nothing but refusals, and nothing reaches the upstream."""
        head = b"HEAD " in request
        received = replies(await self.send(request, patience_s), head=head)
        for reply in received:
            reply.check()
        assert not self.reached
        return received


@asynccontextmanager
async def hostile_ground(
    port: int = 0, upstream_port: int = 0, **config: Any
) -> AsyncIterator[Ground]:
    """Serve a gateway as its command does, in front of an upstream that only counts.

    Args:
        config: fields of its `Config`.
    """
    reached: list[None] = []

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(None)
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", upstream_port) as upstream:
        upstream_port = upstream.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{upstream_port}"
        app = create_app(Config(secret="planted", base_url=url, **config))
        runner = GatewayRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield Ground(runner, runner.addresses[0][1], reached)
        finally:
            await runner.cleanup()


def request(
    body: bytes = REFUSED,
    *more: bytes,
    method: bytes = b"POST",
    target: bytes = PATH,
    version: bytes = b"HTTP/1.1",
    host: Sequence[bytes] = (b"Host: x",),
    kind: Sequence[bytes] = (JSON,),
) -> bytes:
    """Return a request with a right Content-Length, and the header lines in `more`."""
    length = b"Content-Length: %d" % len(body)
    return framed(body, *host, *kind, length, *more, start=(method, target, version))


def framed(
    body: bytes, *lines: bytes, start: Sequence[bytes] = (b"POST", PATH, b"HTTP/1.1")
) -> bytes:
    """Return a request with these header lines and no other."""
    return b"\r\n".join((b" ".join(start), *lines, b"", body))


def chunks(body: bytes, *more: bytes, size: int = 1 << 14, extension: bytes = b"") -> bytes:
    """Return a request whose body comes in chunks of `size` bytes."""
    coded = bytearray()
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        coded += b"%x%s\r\n%s\r\n" % (len(piece), extension, piece)
    return chunked(bytes(coded) + b"0\r\n\r\n", *more)


def chunked(coded: bytes, *more: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    """Return a request whose body is `coded`, declared as chunked."""
    lines = (b"Host: x", JSON, b"Transfer-Encoding: chunked", *more)
    return framed(coded, *lines, start=(b"POST", PATH, version))
