"""Requests that another worker answers, because it has their worlds.

The other worker is asked over HTTP, and its answer goes to the caller as it comes. A WebSocket, of
a client in a room, is led there message by message.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from fake_runway.worlds.redis_store import ANSWER_S
from fake_runway.worlds.store import NotKept

FORWARDED, MOVED = "X-Fake-Forwarded", "X-Fake-Moved"
_HELD = 1 << 20  # bytes of a body that can be sent again; a larger one goes on as it comes
_LARGEST_MESSAGE = 1 << 20  # of a WebSocket; the room takes less
_CLOSE_S = 1.0
_OF_A_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
    | {"content-length", "proxy-connection"}
)


class OtherWorkers:
    """Asks other workers.

    Attributes:
        one_port: whether all workers are reached at one address, which leads to the right one.
        awaited: how many answers of theirs are on their way, but for those that may have no end.
    """

    def __init__(self) -> None:
        self.one_port = False
        self.awaited = 0
        self._closed = False
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections to them."""
        self._closed = True
        if self._client is not None:
            await self._client.close()

    def _asking(self) -> aiohttp.ClientSession:
        if self._closed:
            raise aiohttp.ClientConnectionError("this worker ends")
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S),
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._client

    def _headers(self, request: web.BaseRequest) -> CIMultiDict[str]:
        sent = _of_the_message(request.headers)
        sent[FORWARDED] = "1"
        if not self.one_port:
            sent.pop("Host", None)  # credentials of a room lead to the worker that has it
        sent["Accept-Encoding"] = request.headers.get("Accept-Encoding", "identity")
        return sent

    async def answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse | None:
        """Have another worker answer; return None if it has not, and nothing has happened."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request, address)
        ends = request.method != "GET"
        self.awaited += ends
        try:
            return await self._answer(request, address)
        finally:
            self.awaited -= ends

    async def _answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse | None:
        headers, body = self._headers(request), await _body(request)
        if isinstance(body, aiohttp.StreamReader) and request.content_length is not None:
            headers["Content-Length"] = str(request.content_length)
        response: web.StreamResponse | None = None
        try:
            async with self._asking().request(
                request.method,
                URL(address + request.raw_path, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
            ) as answer:
                if MOVED in answer.headers:
                    if isinstance(body, aiohttp.StreamReader):  # it is gone
                        return unavailable("The world has just moved: try again.")
                    return None
                response = web.StreamResponse(status=answer.status, reason=answer.reason)
                response.headers.update(_of_the_message(answer.headers))
                if answer.content_length is not None:
                    response.content_length = answer.content_length
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response
        except aiohttp.ClientConnectorError:
            return None
        except (aiohttp.ClientError, OSError):
            if response is None and (self._closed or request.method in ("GET", "HEAD")):
                return unavailable("The worker of this world has just ended: try again.")
            # it hung up on purpose, or ended: the caller sees the same
            if request.transport is not None:
                request.transport.abort()
            return response or unavailable("The worker of this world hung up.")

    async def _socket(self, request: web.BaseRequest, address: str) -> web.StreamResponse | None:
        """Lead a WebSocket to another worker until either end closes it."""
        wanted = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        protocols = [name.strip() for name in wanted if name.strip()]
        headers = self._headers(request)
        for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
            del headers[name]
        try:
            there = await self._asking().ws_connect(
                URL(address + request.raw_path, encoded=True),
                headers=headers,
                protocols=protocols,
                max_msg_size=_LARGEST_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
            )
        except aiohttp.WSServerHandshakeError as refusal:
            moved = refusal.headers is not None and MOVED in refusal.headers
            return None if moved else web.Response(status=refusal.status)
        except (aiohttp.ClientError, OSError):
            return None
        async with there:
            here = web.WebSocketResponse(
                max_msg_size=_LARGEST_MESSAGE,
                timeout=_CLOSE_S,
                compress=False,
                protocols=[there.protocol] if there.protocol else [],
            )
            await here.prepare(request)
            ways = [asyncio.ensure_future(_lead(*way)) for way in ((here, there), (there, here))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                await here.close(code=there.close_code or aiohttp.WSCloseCode.OK)
        return here

    def listening(self, request: web.BaseRequest) -> Callable[[str], Any]:
        """Return what opens a stream of events at an address, with the query of a request."""
        headers = self._headers(request)
        headers["Accept-Encoding"] = "identity"
        client = self._asking()
        return lambda address: client.get(
            URL(address + request.raw_path, encoded=True), headers=headers
        )

    async def gathered(
        self, request: web.BaseRequest, addresses: Sequence[str], *, path: str = ""
    ) -> list[bytes]:
        """Return what each of these workers answers to a GET, with the headers of a request.

        Args:
            path: empty: that of the request.

        Raises:
            NotKept: one of them does not answer.
        """

        async def body_of(address: str) -> bytes:
            url = URL(address + (path or request.raw_path), encoded=True)
            async with self._asking().get(url, headers=headers) as answer:
                answer.raise_for_status()
                return await answer.read()

        headers = self._headers(request)
        headers["Accept-Encoding"] = "identity"
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asyncio.gather(*map(body_of, addresses))
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise NotKept("A worker has just ended, or does not answer: try again.") from None


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _lead(source: Socket, target: Socket) -> None:
    """Send on what comes from one end of a WebSocket, until it is closed."""
    async for message in source:
        if message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)


async def _body(request: web.BaseRequest) -> bytes | aiohttp.StreamReader | None:
    small = request.content_length is not None and request.content_length <= _HELD
    if small or request.content.at_eof():  # the request remembers what was read of it before
        return await request.read() or None
    return request.content


def _of_the_message(headers: Any) -> CIMultiDict[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if name.lower() not in _OF_A_CONNECTION:
            kept.add(name, value)
    return kept


def unavailable(message: str, *, moved: bool = False) -> web.Response:
    """Return an answer that nothing has happened, and when to try again.

    Args:
        moved: another worker may pass the request on at once.
    """
    return web.Response(
        status=503,
        body=orjson.dumps({"error": message, "code": NotKept.code}),
        headers={
            "Content-Type": "application/json",
            "Retry-After": "1",
            "X-Fake-Code": NotKept.code,
            **({MOVED: "1"} if moved else {}),
        },
    )
