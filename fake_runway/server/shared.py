"""One worker of several that share their worlds through a Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import web

from fake_runway.clock import loop_clock_of, pause
from fake_runway.replay.reload import reloaded
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Applied, ReadHead
from fake_runway.server.all_events import AllEvents, is_of_all
from fake_runway.server.app import FakeApp
from fake_runway.server.passing import FORWARDED, OtherWorkers, unavailable
from fake_runway.server.store import StoreAddress, StoreError
from fake_runway.server.together import WORLDS, Together, together, uses_together
from fake_runway.web.paths import path_of
from fake_runway.web.replies import Reply
from fake_runway.worlds.redis_store import ANSWER_S, NotHere, RedisStore, SharedWorlds
from fake_runway.worlds.store import NotKept

NO_REDIS = "--store needs its extra: pip install -c constraints.txt '.[redis]' in the checkout"
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
        from redis.asyncio import Redis, RedisCluster
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisClusterException, RedisError
    except ImportError:
        raise StoreError(NO_REDIS) from None
    how: dict[str, Any] = {
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": ANSWER_S,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    try:
        redis: Any = Redis.from_url(address.url, **how)
        source = await loop_clock_of(redis.time)
        kept = await redis.config_get("appendonly", "save")
        if (await redis.info("cluster"))["cluster_enabled"]:
            await redis.aclose()
            how["retry"] = Retry(NoBackoff(), 1)  # after a look at which nodes there are now
            redis = RedisCluster.from_url(address.url, **how)
            await redis.initialize()
    except (RedisError, RedisClusterException, OSError, TimeoutError, ValueError) as error:
        shown = address.url.rpartition("@")[2]  # no password
        raise StoreError(f"expected a Redis at {shown}: {error}") from None
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
    worlds.store.forgets = kept.get("appendonly") == "no" and not kept.get("save")
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
    if worlds.store.forgets and worlds.store.is_first:
        _log.warning(
            "the Redis of --store keeps nothing on disk: when it ends, what workers have in memory"
            " is all that is left"
        )


class SharedApp(FakeApp):
    """The handler of one worker: for worlds that are here, and on to the others' workers.

    Attributes:
        others: asks the workers of other worlds.
    """

    def __init__(self, worlds: SharedWorlds, livekit: LiveKit, **options: Any) -> None:
        super().__init__(worlds, livekit, **options)
        self._shared = worlds
        self.others = OtherWorkers()
        self._listeners: set[asyncio.Task[None]] = set()

    def answer_at_once(self, head: ReadHead, body: Callable[[], bytes]) -> Reply | Applied | None:
        """Answer a request as `RunwayHandler.answer_at_once` does."""
        try:
            return super().answer_at_once(head, body)
        except NotHere:
            return None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        try:
            path = path_of(request.raw_path)
            if request.method == "GET" and (put_together := together(path)) is not None:
                return await self._of_all(request, put_together)
            if is_of_all(request, path) and FORWARDED not in request.headers:
                return await self._all_events(request)
            for _ in range(_TRIES):
                try:
                    return await super().handle(request)
                except NotHere as need:
                    if need.all:
                        self._shared.have_names(await self._names(request))
                        continue
                    elsewhere = await self._shared.settle(need)
                if elsewhere and FORWARDED in request.headers:
                    break
                if elsewhere:
                    answer = await self.others.answer(request, elsewhere)
                    if answer is not None:
                        return answer
                    await pause(_AGAIN_S)  # it is on its way to another worker
        except NotKept as refusal:
            return unavailable(refusal.message)
        return unavailable("The world is on its way to another worker: try again.", moved=True)

    async def _of_all(self, request: web.BaseRequest, put_together: Together) -> web.StreamResponse:
        """Answer for all workers, unless one of them asks for this one's part.

        Raises:
            NotKept: one of them does not answer.
        """
        await self._shared.store.ensure_valid()  # else others may have what this one tells of
        answer = await super().handle(request)
        if FORWARDED in request.headers or answer.status != HTTPStatus.OK:
            return answer
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        parts = await self.others.gathered(request, await self._shared.store.others())
        answer.body = put_together([answer.body, *parts])
        return answer

    async def _all_events(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send the events of all workers."""
        store = self._shared.store
        listen = self.others.listening(request)
        try:
            async with listen(store.address) as first:  # who may not listen learns it from that
                if first.status != HTTPStatus.OK:
                    return web.Response(
                        status=first.status,
                        body=await first.read(),
                        content_type=first.content_type,
                    )
                headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            self._listeners.add(
                task := asyncio.ensure_future(AllEvents(listen, store.addresses).send(response))
            )
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
                self._listeners.discard(task)
                [ended] = await asyncio.gather(task, return_exceptions=True)
                if isinstance(ended, TimeoutError) and request.transport is not None:
                    request.transport.abort()  # it does not read
        except (aiohttp.ClientError, OSError):
            return unavailable("This worker does not answer: try again.")
        return response

    async def _names(self, request: web.BaseRequest) -> list[str]:
        """Return the names of all worlds, that of the most recently used last.

        Raises:
            NotKept: a worker does not answer.
        """
        await self._shared.store.ensure_valid()
        addresses = await self._shared.store.others()
        parts = await self.others.gathered(request, addresses, path=WORLDS)
        own = [(world.touched_at, world.name) for world in self._shared]
        return [name for _, name in sorted([*own, *uses_together(parts)])]

    async def close(self) -> None:
        """End every call and every stream of events: the server stops."""
        for listener in self._listeners:
            listener.cancel()
        await super().close()
        await self.others.close()
