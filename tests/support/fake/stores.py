"""The worlds of a fake under test, on the store that FAKE_RUNWAY_TEST_STORE names.

The same tests hold for each store: `memory` (the default), `file` and `redis`. What a restart would
read is compared with the worlds at the end of each test.
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
from fake_runway.worlds.preserved import contents_of
from fake_runway.worlds.redis_store import RedisStore, SharedWorlds, _keys
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.state_file import StateFile
from fake_runway.worlds.state_place import Sync
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
            _compare(copy, world)
    finally:
        await again.close()


def _compare(copy: World, world: World) -> None:
    """Check that a world that a store has given back is as it was."""
    instant = max(world.clock.now(), copy.clock.now())
    for each in (world, copy):
        each.account.advance(instant)
        each.uploads.content("any", at=instant)  # drops what has expired
    assert _entries(copy) == _entries(world)
    assert (copy.calls, copy.tallies) == (world.calls, world.tallies)
    assert contents_of(copy) == contents_of(world)


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

    def names(self) -> list[str]:
        return super(SharedWorlds, self).names()


class _Every(set[str]):
    def __contains__(self, name: object) -> bool:
        return True


@asynccontextmanager
async def _on_redis(livekit: LiveKit, options: dict[str, Any]) -> AsyncIterator[SharedWorlds]:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

    with redis_server() as server:
        server.is_old()
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
        with store.redis_now as redis:
            try:
                yield worlds
            finally:
                await store.close()
            for world in worlds:
                _, log, whole, files = _keys(world.name)
                entries = [
                    line for _, each in redis.xrange(log) for line in each[b"e"].split(b"\n")
                ]
                contents = {key.decode(): raw for key, raw in redis.hgetall(files).items()}
                _compare(worlds.load(redis.hget(whole, "world"), entries, contents), world)
