"""Worlds that outlive their process: where a world's calls and acts are kept as they happen.

Each world is a state machine that repeats itself, so two things are enough to have it again: a
snapshot of it, and what has been called and done since, in order. `KeptWorlds` hands both to a
`Store`. Nothing else changes: calls are applied in memory, by the same code as without a store, and
an answer goes out once the store has kept what it tells of.

What a call or an act cannot say (a reset, a snapshot, a deleted journal) is kept as a new snapshot
of the whole world: it is rare, and there is nothing to repeat.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Act, Exchange
from fake_runway.worlds.entries import entry_bytes
from fake_runway.worlds.preserved import contents_of, preserved
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World


class NotKept(Refused):
    """The store does not answer, or cannot keep more: nothing can be promised for now."""

    code = "store_unavailable"
    status = 503

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after_s=1)
        self.headers = {"Retry-After": "1"}


class Store(Protocol):
    """Keeps worlds. Nothing here waits: `World.unkept` is done once what was given is kept."""

    def entry(self, world: World, raw: Callable[[], bytes], *, soon: bool) -> None:
        """Keep an entry behind the others of its world.

        Args:
            soon: it changes nothing: it may wait for the next one, or a moment.
        """

    def contents(self, world: World, found: Mapping[str, bytes]) -> None:
        """Keep these bytes of uploads with the next that is kept of a world, and no others.

        Args:
            found: by their digests.
        """

    def whole(self, world: World, raw: bytes) -> None:
        """Keep a world as it is, in place of all that was kept of it."""

    def drop(self, world: World, *, reason: str) -> None:
        """Forget a world, or for other reasons than `asked` what it takes of memory."""


class KeptWorlds(Worlds):
    """Worlds that a store keeps. Set `store` before the first is used."""

    store: Store

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._decided: dict[World, int] = {}

    def adopt(self, world: World) -> World:
        """Add a world and keep it, in place of one of its name; return it."""
        replaced = self.get(world.name)
        if replaced is not None:
            self._leave(replaced)
        super().adopt(world)
        self._follow(world)
        self.keep_whole(world)
        return world

    def adopt_kept(self, world: World) -> World:
        """Add a world that comes from the store; return it."""
        super().adopt(world)
        self._follow(world)
        return world

    def drop(self, name: str, *, reason: str = "asked") -> bool:
        """Drop a world, also from the store; return whether there was one."""
        world = self.get(name)
        if world is not None:
            self._leave(world)
            self.store.drop(world, reason=reason)
        return super().drop(name, reason=reason)

    def snapshot(self, world: World, name: str) -> None:
        """Keep a copy of `world` as it is now, under `name`."""
        super().snapshot(world, name)
        self.keep_whole(world)

    def keep_whole(self, world: World) -> None:
        """Keep a world as it is now, after a change that is no call and no act."""
        if self.get(world.name) is world:
            self._keep_contents(world)
            self.store.whole(world, preserved(world, self.catalogue))

    def _keep_contents(self, world: World) -> None:
        world.uploads.contents_changed = False
        self.store.contents(world, contents_of(world))

    def _follow(self, world: World) -> None:
        self._decided[world] = world.decided
        world.log.added = partial(self._added, world)

    def _leave(self, world: World) -> None:
        world.log.added = None
        self._decided.pop(world, None)

    def _added(self, world: World, entry: Exchange | Act) -> None:
        quiet = (
            isinstance(entry, Exchange)
            and entry.method == "GET"
            and world.decided == self._decided[world]
            and not world.settings.materialise
        )
        if not quiet:
            self._decided[world] = world.decided
            if world.uploads.contents_changed:
                self._keep_contents(world)
        if isinstance(entry, Exchange):
            self.store.entry(world, partial(entry_bytes, entry, world), soon=quiet)
        else:
            raw = entry_bytes(entry, world)  # the clock goes on
            self.store.entry(world, lambda: raw, soon=False)
