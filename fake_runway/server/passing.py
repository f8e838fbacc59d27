"""Requests that another worker answers, because it has their worlds.

The other worker is asked over HTTP, and its answer goes to the caller as it comes.
"""

from typing import Any

import aiohttp
import orjson
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from fake_runway.worlds.redis_store import ANSWER_S
from fake_runway.worlds.store import NotKept

FORWARDED, MOVED = "X-Fake-Forwarded", "X-Fake-Moved"
_OF_A_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
    | {"content-length", "proxy-connection"}
)


class OtherWorkers:
    """Asks other workers.

    Attributes:
        one_port: whether all workers are reached at one address, which leads to the right one.
    """

    def __init__(self) -> None:
        self.one_port = False
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections to them."""
        if self._client is not None:
            await self._client.close()

    def _asking(self) -> aiohttp.ClientSession:
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
        if "Upgrade" in request.headers:
            return unavailable("This call is in another worker: connect again.")
        response: web.StreamResponse | None = None
        try:
            async with self._asking().request(
                request.method,
                URL(address + request.raw_path, encoded=True),
                headers=self._headers(request),
                data=await request.read() if request.can_read_body else None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
            ) as answer:
                if MOVED in answer.headers:
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
            if response is None and request.method in ("GET", "HEAD"):
                return unavailable("The worker of this world has just ended: try again.")
            # it hung up on purpose, or ended: the caller sees the same
            if request.transport is not None:
                request.transport.abort()
            return response or unavailable("The worker of this world hung up.")


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
