"""The worlds of a fake under test, on the store that FAKE_RUNWAY_TEST_STORE names.

The same tests hold for each store: `memory` (the default), `file` and `redis`. With a file, what a
restart would read is compared with the worlds at the end of each test.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fake_runway.core.history.journal import Entry
from fake_runway.core.history.views import entry_body
from fake_runway.replay.reload import reloaded
from fake_runway.room.tokens import LiveKit
from fake_runway.server.shared import join
from fake_runway.worlds.redis_store import RedisStore, SharedWorlds
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.state_file import StateFile, Sync
from fake_runway.worlds.store import KeptWorlds
from fake_runway.worlds.world import World
from tests.support.gateway.redis_server import redis_server


def store_of_tests() -> str:
    """Return the store on which the tests run."""
    return os.environ.get("FAKE_RUNWAY_TEST_STORE", "memory")


@asynccontextmanager
async def worlds_on(kind: str, livekit: LiveKit, options: dict[str, Any]) -> AsyncIterator[Worlds]:
    """Give worlds on a store; `options` are those of `Worlds`."""
    if kind == "file":
        with tempfile.TemporaryDirectory() as folder:
            async with _on_file(Path(folder) / "state", livekit, options) as kept:
                yield kept
    elif kind == "redis":
        async with _on_redis(livekit, options) as shared:
            yield shared
    else:
        yield Worlds(**options)


@asynccontextmanager
async def _on_file(
    path: Path, livekit: LiveKit, options: dict[str, Any]
) -> AsyncIterator[KeptWorlds]:
    worlds, store = KeptWorlds(**options), StateFile(path, sync=Sync.NEVER)
    store.read()
    worlds.store, store.worlds = store, worlds
    yield worlds
    await store.close()
    again = StateFile(path, sync=Sync.NEVER)
    try:
        found = again.read()
        assert found.keys() == {world.name for world in worlds}
        for world in worlds:
            copy = reloaded(
                *found[world.name], worlds=worlds, livekit=livekit, source=options["source"]
            )
            instant = max(world.clock.now(), copy.clock.now())
            world.account.advance(instant)
            copy.account.advance(instant)
            assert _entries(copy) == _entries(world)
            assert (copy.calls, copy.tallies) == (world.calls, world.tallies)
    finally:
        await again.close()


def _entries(world: World) -> list[Any]:
    every: list[Entry] = world.log.entries()
    return [entry_body(entry) for entry in every]


class _Alone(RedisStore):
    """The store of the only worker: tests make worlds without asking it first."""

    redis_now: Any

    def whole(self, world: World, raw: bytes) -> None:
        """Keep a whole world, as its owner."""
        self.redis_now.set(f"fr1:{{{world.name}}}:owner", self.me)
        super().whole(world, raw)


class _AllWorlds(SharedWorlds):
    def of_tag(self, tag: str | None) -> World | None:
        return super(SharedWorlds, self).of_tag(tag)  # there is no other worker to ask

    def known(self, names: Sequence[str]) -> World | None:
        return super(SharedWorlds, self).known(names)


class _Every(set[str]):
    def __contains__(self, name: object) -> bool:
        return True


@asynccontextmanager
async def _on_redis(livekit: LiveKit, options: dict[str, Any]) -> AsyncIterator[SharedWorlds]:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

    with redis_server() as server:
        worlds = _AllWorlds(**options)
        worlds._mine = _Every()
        worlds.load = lambda snapshot, entries, contents: reloaded(
            snapshot, entries, contents, worlds=worlds, livekit=livekit, source=options["source"]
        )
        worlds.store = store = _Alone(
            AsyncRedis.from_url(server.url, protocol=2),
            seed="the-test",
            expires_s=60.0,
            lease_s=60.0,
            worlds=worlds,
        )
        store.redis_now = Redis.from_url(server.url, protocol=2)
        await join(worlds, "http://127.0.0.1:1")
        try:
            yield worlds
        finally:
            await store.close()
            store.redis_now.close()
