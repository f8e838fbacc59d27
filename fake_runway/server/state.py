"""Worlds that a store keeps, put together with what applies their calls again."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fake_runway.replay.reload import reloaded
from fake_runway.room.tokens import LiveKit
from fake_runway.worlds.preserved import NotPreserved
from fake_runway.worlds.state_file import StateFile
from fake_runway.worlds.state_place import State, StateFileError
from fake_runway.worlds.store import KeptWorlds

_log = logging.getLogger("fake_runway")


@asynccontextmanager
async def worlds_of_file(
    state: State, livekit: LiveKit, options: dict[str, Any]
) -> AsyncIterator[KeptWorlds]:
    """Give the worlds of a file, and keep them there until the block ends.

    Args:
        options: of `Worlds`.

    Raises:
        StateFileError: it cannot be used, or holds a world that this version cannot read.
    """
    worlds, source = KeptWorlds(**options), options["source"]
    store = StateFile(state.path, sync=state.sync)
    try:
        found = store.read()
        for name, kept in found.items():
            try:
                world = reloaded(*kept, worlds=worlds, livekit=livekit, source=source)
            except NotPreserved as error:
                raise StateFileError(f"{state.path}: world {name}: {error}") from None
            worlds.adopt_kept(world)
        if found:
            _log.info("%d worlds of %s go on", len(found), state.path)
        worlds.store, store.worlds = store, worlds
        yield worlds
    finally:
        await store.close()
