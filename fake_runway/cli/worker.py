"""One of several workers behind one port: `server/workers.py` accepts its connections."""

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fake_runway.admin_api.waits import LONGEST_WAIT_S
from fake_runway.cli.running import set_up_logging, stop_signal
from fake_runway.clock import pause
from fake_runway.core.types import Json
from fake_runway.server.at_once import Connection, FakeServer
from fake_runway.server.options import configuration_from
from fake_runway.server.serving import serving
from fake_runway.server.shared import SharedApp
from fake_runway.server.workers import Channel
from fake_runway.worlds.redis_store import SharedWorlds

_GIVES_BACK_IN_S = 5.0
_ENDS_IN_S = LONGEST_WAIT_S + _GIVES_BACK_IN_S
_LOOKS_AGAIN_S = 0.01

_log = logging.getLogger("fake_runway")


class WorkerPlace:
    """The accepting process (`server/workers.py`), as one of its workers sees it.

    Args:
        number: of the descriptor of the channel.
    """

    def __init__(self, number: int) -> None:
        self.told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.alone = asyncio.Event()  # set when the accepting process is gone
        self._server: FakeServer | None = None
        self._early: list[int] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.ended: Callable[[list[str]], None] = lambda _: None
        self._channel = Channel(
            socket.socket(fileno=number),
            line=self._line,
            descriptor=self._take,
            ended=self.alone.set,
        )

    def _line(self, facts: dict[str, Any]) -> None:
        if "ended" in facts:
            self.ended(facts["ended"])
        elif not self.told.done():
            self.told.set_result(facts)

    def named(self, name: str) -> None:
        """Say by which name in Redis this worker goes now."""
        self._channel.send(name=name)

    def serve(self, server: FakeServer, url: str) -> None:
        """Take connections from now on."""
        self._server = server
        self._channel.send(url=url)

    def _take(self, descriptor: int) -> None:
        if self._server is None:
            self._channel.send_descriptor(descriptor)
            return
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(loop.connect_accepted_socket(self._server, connection))
        self._tasks.add(task)
        task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("a connection was lost before it began: %s", error)

    async def give_back(self, busy: Callable[[], bool]) -> None:
        """Give all connections back, each as soon as it waits for a request.

        Args:
            busy: whether answers of other workers are on their way, which may take longer.
        """
        server, self._server = self._server, None
        if server is None:
            return
        for turn in range(int(_ENDS_IN_S / _LOOKS_AGAIN_S)):
            for connection in server.connections:
                if not isinstance(connection, Connection):
                    continue
                if (descriptor := connection.given_up()) is not None:
                    self._channel.send_descriptor(descriptor)
            if not server.connections:
                break
            if turn * _LOOKS_AGAIN_S >= _GIVES_BACK_IN_S and not busy():
                break
            await pause(_LOOKS_AGAIN_S)


async def serve_as_worker(number: int, options: dict[str, Any], scenario: Json | None) -> int:
    """Serve what the accepting process passes on, until that ends or says so.

    Args:
        scenario: as of `configuration_from`.
    """
    place, stopped = WorkerPlace(number), stop_signal()
    set_up_logging(options)
    token = (await place.told)["token"]
    # its own port is for the other workers
    given = {**options, "admin_token": token}
    configuration = replace(configuration_from(given, scenario=scenario), port=0)
    async with serving(configuration, prepare_room=True) as fake:
        worlds, app, server = fake.worlds, fake.app, fake.server
        assert isinstance(worlds, SharedWorlds)
        assert isinstance(app, SharedApp)
        assert server is not None
        app.others.one_port = True
        store, left = worlds.store, set[asyncio.Future[None]]()
        place.named(store.me)
        store.named = place.named

        def ended(names: list[str]) -> None:
            for name in names:
                task = asyncio.ensure_future(store.forget_worker(name))
                left.add(task)
                task.add_done_callback(left.discard)

        place.ended = ended
        place.serve(server, fake.url)
        waits = [asyncio.ensure_future(each.wait()) for each in (stopped, place.alone)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        worlds.leave_all()
        if not place.alone.is_set():
            await place.give_back(lambda: app.others.awaited > 0)
            await store.left(_ENDS_IN_S)
    return 0
