"""Scenario files that change while a server runs: read again, and followed.

A task looks at the files twice a second, so that no request pays for it. A file that is wrong, or
half written, changes nothing: the log says what is wrong, once, and the old one stays.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fake_runway.clock import pause
from fake_runway.runway_api.selection import follow
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.scenarios.merging import Selected
from fake_runway.worlds.registry import Worlds

EVERY_S = 0.5

_log = logging.getLogger("fake_runway")


@asynccontextmanager
async def reloading(
    worlds: Worlds, files: Sequence[str], load: Callable[[], Selected]
) -> AsyncIterator[None]:
    """Let worlds follow files of scenarios as they change, until the block ends."""
    if not files:
        yield
        return
    watching = asyncio.ensure_future(_watch(worlds, files, load))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(worlds: Worlds, files: Sequence[str], load: Callable[[], Selected]) -> None:
    seen = _stamps(files)
    while True:
        await pause(EVERY_S)
        now = _stamps(files)
        if now == seen:
            continue
        seen = now
        try:
            found = await asyncio.to_thread(load)
        except ScenarioFileError as error:
            for line in str(error).splitlines():
                _log.warning("the scenario stays as it was: %s", line)
            continue
        await _follow(worlds, files, found)


def _stamps(files: Sequence[str]) -> list[tuple[int, int, int] | None]:
    """Return what tells each file from what it was before; None: there is none."""
    stamps: list[tuple[int, int, int] | None] = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            stamps.append(None)
        else:
            stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return stamps


async def _follow(worlds: Worlds, files: Sequence[str], found: Selected) -> None:
    """Let new worlds follow what was read, and those that follow what it was before."""
    old, scenario = worlds.scenario, found.scenario
    if scenario is None:
        return
    before, now = worlds.catalogue, found.catalogue
    changed = {old.name: scenario} if old != scenario else {}
    for name in (name for file in files for name in now.themes.get(file, ())):
        fresh = now.get(name)
        if fresh is not None and fresh != before.get(name):
            changed.setdefault(name, fresh)
    gone = {name for file in files for name in before.themes.get(file, ())} - set(now.names)
    worlds.catalogue, worlds.scenario = found.catalogue, scenario
    followed = 0
    for world in worlds:
        world.catalogue = found.catalogue
        name = world.first_scenario.name
        if name in changed:
            world.first_scenario = changed[name]
        if world.scenario.name in changed:
            await follow(world, changed[world.scenario.name])
            followed += 1
        elif world.scenario.name in gone:
            _log.warning("world %s follows %s, which is gone", world.name, world.scenario.name)
        worlds.keep_whole(world)
    _log.info("read %s again; worlds that follow it now: %d", ", ".join(files), followed)
