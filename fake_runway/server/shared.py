"""One worker of several that share their worlds through a Redis."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from fake_runway.clock import loop_clock_of, pause
from fake_runway.replay.reload import reloaded
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Applied, ReadHead
from fake_runway.server.app import FakeApp
from fake_runway.server.store import StoreAddress, StoreError
from fake_runway.web.replies import Reply
from fake_runway.worlds.redis_store import ANSWER_S, NotHere, RedisStore, SharedWorlds
from fake_runway.worlds.store import NotKept

FORWARDED, MOVED = "X-Fake-Forwarded", "X-Fake-Moved"
NO_REDIS = "expected the package redis for --store: pip install 'fake-runway[redis]'"
_OF_A_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
    | {"content-length", "proxy-connection"}
)
_TRIES, _AGAIN_S = 40, 0.05

_log = logging.getLogger("fake_runway")


@asynccontextmanager
async def worlds_of_redis(
    address: StoreAddress, livekit: LiveKit, options: dict[str, Any]
) -> AsyncIterator[SharedWorlds]:
    """Give the worlds of a Redis. Its store has to be opened once its address is known.

    Args:
        options: of `Worlds`; the time is that of Redis.

    Raises:
        StoreError: it cannot be used.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
    except ImportError:
        raise StoreError(NO_REDIS) from None
    try:
        redis = Redis.from_url(
            address.url,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        source = await loop_clock_of(redis.time)
        kept = await redis.config_get("appendonly", "save")
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        shown = address.url.rpartition("@")[2]  # no password
        raise StoreError(f"expected a Redis at {shown}: {error}") from None
    if kept.get("appendonly") == "no" and not kept.get("save"):
        _log.warning(
            "the Redis of --store keeps nothing on disk: when it ends, what workers have in memory"
            " is all that is left"
        )
    worlds = SharedWorlds(**{**options, "source": source})
    worlds.load = lambda snapshot, entries, contents: reloaded(
        snapshot, entries, contents, worlds=worlds, livekit=livekit, source=source
    )
    worlds.store = RedisStore(
        redis,
        seed=address.seed,
        expires_s=address.expires_s,
        lease_s=address.lease_s,
        worlds=worlds,
    )
    try:
        yield worlds
    finally:
        await worlds.store.close()


async def join(worlds: SharedWorlds, address: str) -> None:
    """Let a worker join the others, who reach it at an address.

    Raises:
        StoreError: its Redis does not answer.
    """
    worlds.store.address = address
    try:
        await worlds.store.open()
    except NotKept as error:
        raise StoreError(error.message) from None


class SharedApp(FakeApp):
    """The handler of one worker: for worlds that are here, and on to the others' workers.

    Attributes:
        one_port: whether all workers are reached at one address, which leads to the right one.
    """

    def __init__(self, worlds: SharedWorlds, livekit: LiveKit, **options: Any) -> None:
        super().__init__(worlds, livekit, **options)
        self._shared = worlds
        self._client: aiohttp.ClientSession | None = None
        self.one_port = False

    def answer_at_once(self, head: ReadHead, body: Callable[[], bytes]) -> Reply | Applied | None:
        """Answer a request as `RunwayHandler.answer_at_once` does."""
        try:
            return super().answer_at_once(head, body)
        except NotHere:
            return None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        try:
            for _ in range(_TRIES):
                try:
                    return await super().handle(request)
                except NotHere as need:
                    elsewhere = await self._shared.settle(need)
                if elsewhere and FORWARDED in request.headers:
                    break
                if elsewhere:
                    answer = await self._passed_on(request, elsewhere)
                    if answer is not None:
                        return answer
                    await pause(_AGAIN_S)  # it is on its way to another worker
        except NotKept as refusal:
            return _unavailable(refusal.message)
        return _unavailable("The world is on its way to another worker: try again.", moved=True)

    async def close(self) -> None:
        """End every call and every stream of events: the server stops."""
        await super().close()
        if self._client is not None:
            await self._client.close()

    async def _passed_on(self, request: web.BaseRequest, address: str) -> web.StreamResponse | None:
        """Have another worker answer; return None if it has not, and nothing has happened."""
        if "Upgrade" in request.headers:
            return _unavailable("This call is in another worker: connect again.")
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S),
                connector=aiohttp.TCPConnector(limit=0),
            )
        sent = _of_the_message(request.headers)
        sent[FORWARDED] = "1"
        if not self.one_port:
            sent.pop("Host", None)  # credentials of a room lead to the worker that has it
        sent["Accept-Encoding"] = request.headers.get("Accept-Encoding", "identity")
        response: web.StreamResponse | None = None
        try:
            async with self._client.request(
                request.method,
                URL(address + request.raw_path, encoded=True),
                headers=sent,
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
                return _unavailable("The worker of this world has just ended: try again.")
            # it hung up on purpose, or ended: the caller sees the same
            if request.transport is not None:
                request.transport.abort()
            return response or _unavailable("The worker of this world hung up.")


def _of_the_message(headers: Any) -> CIMultiDict[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if name.lower() not in _OF_A_CONNECTION:
            kept.add(name, value)
    return kept


def _unavailable(message: str, *, moved: bool = False) -> web.Response:
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
