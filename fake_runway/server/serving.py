"""Serving the fake on a socket: the piece between its handler and a process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import field
from typing import Any

from aiohttp import web

from fake_runway.clock import loop_time_as_wall_clock
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.values import dataclass
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.scenarios.merging import Selected
from fake_runway.server.address import PortTaken, url_of
from fake_runway.server.app import FakeApp
from fake_runway.server.at_once import FakeServer
from fake_runway.server.logs import server_logger
from fake_runway.server.reloading import reloading
from fake_runway.server.store import StoreAddress
from fake_runway.web.ready import ReadyAnswers
from fake_runway.worlds.given_spec import GivenSpec
from fake_runway.worlds.registry import Retention, Worlds
from fake_runway.worlds.state_place import State
from fake_runway.worlds.world import DEFAULT_SCENARIO

LONGEST_LINE = 1 << 16  # of a request; a browser joins a call with 25 kB in its query
SHUTDOWN_S = 1.0  # answers that are held back on purpose are not worth waiting for
BACKLOG = 1024  # connections that wait to be accepted: suites open hundreds at once


@dataclass(frozen=True, slots=True)
class Configuration:
    """How a server is started.

    Attributes:
        settings: how new worlds behave.
        spec: a newer published document that is served; None: what this release knows.
        scenario: what new worlds follow, unless another is selected.
        catalogue: the scenarios that can be selected; None: the built-in ones.
        port: 0 takes any free one.
        rate: of the clocks of new worlds, in their seconds per real second.
        retention: how many worlds are kept, how long, and how much of each.
        fetch_assets: files that creates name by URL are fetched and read.
        admin_token: required of every admin request; None: it has to come from this machine.
        state: the file that keeps all worlds; None: they end with the server.
        store: the Redis that has all worlds, for several servers; None: this one has them.
        seeds: the file with what new worlds begin with; empty: there is none.
        files: of scenarios, watched for changes.
        load: reads them again; None: they are not watched.
    """

    settings: Settings = field(default_factory=Settings)
    spec: GivenSpec | None = None
    scenario: Scenario = DEFAULT_SCENARIO
    catalogue: Catalogue | None = None
    livekit: LiveKit = field(default_factory=lambda: LiveKit(url="", hosted=True))
    retention: Retention = field(default_factory=Retention)
    host: str = "127.0.0.1"
    port: int = 0
    seed: str = "0"
    rate: float = 1.0
    admin_token: str | None = field(default=None, repr=False)
    fetch_assets: bool = False
    state: State | None = None
    store: StoreAddress | None = None
    seeds: str = ""
    files: tuple[str, ...] = ()
    load: Callable[[], Selected] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Serving:
    """A fake that listens. `worlds` is its state and `app` its handler, for the same process.

    Attributes:
        server: makes the connections.
    """

    url: str
    worlds: Worlds
    app: FakeApp
    server: FakeServer | None = None


def fake_server(app: FakeApp, worlds: Worlds) -> FakeServer:
    """Return the server of a fake. A client that hangs up ends what is held back for it."""
    return FakeServer(
        app,
        ReadyAnswers(worlds.now),
        access_log=None,
        handler_cancellation=True,
        max_line_size=LONGEST_LINE,
        logger=server_logger(),
    )


def _nothing() -> Selected:
    return Selected(None, Catalogue.builtin())


@asynccontextmanager
async def serving(
    configuration: Configuration, *, prepare_room: bool = False
) -> AsyncIterator[Serving]:
    """Serve a new fake until the block ends.

    Args:
        prepare_room: import what a call needs soon after the start, and not when the first client
            joins, who then waits for it. It takes a second of CPU, which most tests would waste.

    Raises:
        PortTaken: with the reason, before anything was started.
        StateFileError: its file cannot be used.
    """
    async with _worlds(configuration) as worlds, _served(configuration, worlds) as served:
        if not prepare_room:
            yield served
            return
        importing = asyncio.ensure_future(served.app.rooms.import_later())
        try:
            yield served
        finally:
            importing.cancel()
            await asyncio.gather(importing, return_exceptions=True)


@asynccontextmanager
async def _worlds(configuration: Configuration) -> AsyncIterator[Worlds]:
    """Give the worlds of a server, those of its state file first."""
    options: dict[str, Any] = {
        "seed": configuration.seed,
        "settings": configuration.settings,
        "source": loop_time_as_wall_clock(),
        "rate": configuration.rate,
        "scenario": configuration.scenario,
        "catalogue": configuration.catalogue,
        "retention": configuration.retention,
        "spec": configuration.spec,
    }
    if configuration.store is not None:
        from fake_runway.server.shared import worlds_of_redis

        async with worlds_of_redis(configuration.store, configuration.livekit, options) as shared:
            yield shared
        return
    if configuration.state is None:
        yield Worlds(**options)
        return
    from fake_runway.server.state import worlds_of_file  # a fifth of what a start imports

    async with worlds_of_file(configuration.state, configuration.livekit, options) as kept:
        yield kept


@asynccontextmanager
async def _served(configuration: Configuration, worlds: Worlds) -> AsyncIterator[Serving]:
    options: dict[str, Any] = {
        "token": configuration.admin_token,
        "hosts": frozenset({configuration.host.lower()}),
    }
    if configuration.fetch_assets:
        from fake_runway.runway_api.fetching import AssetFetcher  # few servers fetch anything

        options["fetcher"] = AssetFetcher()
    if configuration.seeds:
        from fake_runway.server.seeding import seeding_from  # it imports the admin API

        worlds.seeding = seeding_from(configuration.seeds, worlds)
    app = (
        FakeApp(worlds, configuration.livekit, **options)
        if configuration.store is None
        else _shared_app(configuration, worlds, options)
    )
    server = fake_server(app, worlds)
    runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(
                runner, configuration.host, configuration.port, backlog=BACKLOG
            ).start()
        except (OSError, UnicodeError) as error:
            raise PortTaken(configuration.host, configuration.port, error) from error
        load = configuration.load
        files = configuration.files if load is not None else ()
        url = url_of(configuration.host, runner.addresses[0][1])
        if configuration.store is not None:
            await _join(configuration.store, url, runner.addresses[0][1], worlds)
        async with reloading(worlds, files, load or _nothing):
            yield Serving(url, worlds, app, server)
    finally:
        await app.close()
        await runner.cleanup()


def _shared_app(configuration: Configuration, worlds: Worlds, options: dict[str, Any]) -> FakeApp:
    from fake_runway.server.shared import SharedApp
    from fake_runway.worlds.redis_store import SharedWorlds

    assert isinstance(worlds, SharedWorlds)
    return SharedApp(worlds, configuration.livekit, **options)


async def _join(address: StoreAddress, url: str, port: int, worlds: Worlds) -> None:
    """Let a worker join the others.

    Raises:
        StoreError: its Redis does not answer.
    """
    from fake_runway.server.shared import join
    from fake_runway.worlds.redis_store import SharedWorlds

    assert isinstance(worlds, SharedWorlds)
    await join(worlds, f"http://{address.host}:{port}" if address.host else url)
