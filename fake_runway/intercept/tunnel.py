"""An HTTPS proxy: Runway's hosts lead to the fake, every other one where it leads without us."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import unquote, urlsplit

from fake_runway.intercept.variables import HOSTS, bypasses, is_loopback

_LONGEST_HEAD = 16_384
_HEAD_WITHIN_S = 30.0
_CHUNK = 65_536
_MOST_PORT = 65_535


class BadRequest(Exception):
    """What came is no CONNECT."""


class Tunnel:
    """The proxy.

    Args:
        tls_port: where Runway's hosts are served.
        proxy: the address of another proxy, for other hosts; empty: there is none.
        no_proxy: the hosts that are reached without it, as in NO_PROXY.
        offline: whether other hosts are refused.
        refused: is told of those.
    """

    def __init__(
        self,
        tls_port: int,
        *,
        proxy: str = "",
        no_proxy: str = "",
        offline: bool = False,
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._tls_port = tls_port
        self._proxy = urlsplit(proxy if "//" in proxy else f"//{proxy}") if proxy else None
        self._no_proxy = no_proxy
        self._offline = offline
        self._refused = refused
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve on any free port of the loopback interface, and yield it."""
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=_LONGEST_HEAD)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
            host, port = target(head)
        except BadRequest as error:
            writer.write(_answer("405 Method Not Allowed", f"{error}\n"))
            return
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        ours = host in HOSTS
        if self._offline and not ours and not is_loopback(host):
            self._refused(host)
            writer.write(_answer("403 Forbidden", f"{host} is refused: --offline\n"))
            return
        try:
            there = await (self._fake() if ours else self._beyond(host, port))
        except (OSError, ssl.SSLError, BadRequest) as error:
            writer.write(_answer("502 Bad Gateway", f"{host}:{port}: {error}\n"))
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _joined((reader, writer), there)

    async def _fake(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._tls_port)

    async def _beyond(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a host as the program would have: by its own proxy, if it has one.

        Raises:
            OSError, BadRequest: that did not work.
        """
        proxy = self._proxy
        direct = is_loopback(host) or bypasses(host, self._no_proxy)
        if proxy is None or not proxy.hostname or direct:
            return await asyncio.open_connection(host, port)
        secure = proxy.scheme == "https"
        reader, writer = await asyncio.open_connection(
            proxy.hostname, proxy.port or (443 if secure else 80), ssl=secure or None
        )
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
        if proxy.username is not None:
            pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        try:
            async with asyncio.timeout(_HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise BadRequest("the proxy of this machine gave no answer") from error
        if head.split(b" ", 2)[1:2] != [b"200"]:
            writer.close()
            raise BadRequest("the proxy of this machine refused it")
        return reader, writer


def target(head: bytes) -> tuple[str, int]:
    """Return host and port of a CONNECT.

    Raises:
        BadRequest.
    """
    line = head.split(b"\r\n", 1)[0].decode("latin-1")
    method, _, rest = line.partition(" ")
    address = rest.partition(" ")[0]
    if method != "CONNECT":
        raise BadRequest("expected CONNECT: this proxy is for https")
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdecimal() and int(port) <= _MOST_PORT):
        raise BadRequest("expected CONNECT host:port")
    return host.strip("[]").lower().rstrip("."), int(port)


def _answer(status: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _joined(one: _Ends, other: _Ends) -> None:
    """Pass bytes both ways until both have ended; a reset of one end resets the other."""
    try:
        await asyncio.gather(_passed(one[0], other[1]), _passed(other[0], one[1]))
    except OSError:
        for _, writer in (one, other):
            writer.transport.abort()
    finally:
        other[1].close()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
