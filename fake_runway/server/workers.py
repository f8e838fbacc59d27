"""Several workers of one machine behind one port.

The problem: a world is in one worker at a time, so a connection is best with the worker of its
world, and the system that accepts it knows nothing of worlds. Workers that accept for themselves
(`SO_REUSEPORT`, or one socket that all inherit) get connections unevenly, lose some when one of
them ends, and would pass on most calls.

The choice: this process accepts, looks at the beginning of what the client sends without taking it
from the socket, and passes the descriptor to the worker of that world. From then on it has no part
in the connection. A connection that names no world goes to the workers in turn. The workers of
worlds follow from the tag that session keys carry too, so a consume finds the same one; a client
that changes its world in the middle of a connection is served as well: its calls are passed on.

A worker that ends gives the connections back that wait for a request, and another one takes them
over: their clients notice nothing. One that is killed is replaced, and the others are told its
name in Redis, so that they need not wait for the end of its lease.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from fake_runway.clock import call_after, pause
from fake_runway.web.paths import path_of
from fake_runway.worlds.naming import is_name, key_tag, name_from_secret, tag_of_key

_LOOKED_AT = 16_384
_LOOKS_AGAIN_S = 0.01
_LOOKS = 100  # a head in pieces: a second, then any worker reads the rest
_STARTS_IN_S = 60.0
_STARTS_AGAIN_S = 1.0
_ENDS_IN_S = 10.0
_BACKLOG = 1024
_MOST_FDS = 64

_log = logging.getLogger("fake_runway")


def tag_of_head(head: bytes) -> str | None:
    """Return the tag of the world that the beginning of a request names.

    None: it names none. Empty: more of the head may.
    """
    text, end, _ = head.partition(b"\r\n\r\n")
    lines = text.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(lines) > 1 and len(parts) > 1 and (world := path_of(parts[1]).world) is not None:
        return key_tag(world)
    headers: dict[str, str] = {}
    for line in lines[1:] if end else lines[1:-1]:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), value.strip(" \t"))
    for name in ("x-fake-world", "x-test-id"):
        if name in headers and end:
            return key_tag(headers[name]) if is_name(headers[name]) else None
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if end and scheme.lower() == "bearer" and (secret := secret.strip()):
        return tag_of_key(secret) or key_tag(name_from_secret(secret))
    return None if end else ""


class Channel:
    """One end of a socket pair over which lines of JSON go, and descriptors.

    Args:
        line: takes each line.
        descriptor: takes each descriptor.
        ended: is called when the other end is closed.
    """

    def __init__(
        self,
        end: socket.socket,
        *,
        line: Callable[[dict[str, Any]], None],
        descriptor: Callable[[int], None],
        ended: Callable[[], None],
    ) -> None:
        end.setblocking(False)
        self._end = end
        self._line, self._descriptor, self._ended = line, descriptor, ended
        self._held = b""
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[bytes, int | None]] = []
        self._loop.add_reader(end.fileno(), self._read)

    def send(self, **facts: Any) -> None:
        """Send a line."""
        self._send(json.dumps(facts).encode() + b"\n", None)

    def send_descriptor(self, descriptor: int) -> None:
        """Send a descriptor, and close it here."""
        self._send(b"\n", descriptor)

    def _send(self, raw: bytes, descriptor: int | None) -> None:
        if self._end.fileno() < 0:
            if descriptor is not None:
                os.close(descriptor)
            return
        self._waiting.append((raw, descriptor))
        if len(self._waiting) == 1:
            self._write()

    def _write(self) -> None:
        while self._waiting:
            raw, descriptor = self._waiting[0]
            try:
                if descriptor is None:
                    self._end.sendall(raw)
                else:
                    socket.send_fds(self._end, [raw], [descriptor])
            except BlockingIOError:
                self._loop.add_writer(self._end.fileno(), self._write)
                return
            except OSError:
                pass  # the other end is gone: `ended` follows
            self._waiting.pop(0)
            if descriptor is not None:
                os.close(descriptor)
        self._loop.remove_writer(self._end.fileno())

    def unsent(self) -> list[int]:
        """Return the descriptors that were not sent, which the caller has now."""
        left = [each for _, each in self._waiting if each is not None]
        self._waiting.clear()
        return left

    def _read(self) -> None:
        try:
            raw, descriptors, _, _ = socket.recv_fds(self._end, 65_536, _MOST_FDS)
        except BlockingIOError:
            return
        except OSError:
            raw, descriptors = b"", []
        for each in descriptors:
            self._descriptor(each)
        *lines, self._held = (self._held + raw).split(b"\n")
        for line in lines:
            if line:
                self._line(json.loads(line))
        if not raw:
            self.close()
            self._ended()

    def close(self) -> None:
        """Close this end."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end.fileno())
            self._loop.remove_writer(self._end.fileno())
            self._end.close()


# In the accepting process


class _Worker:
    """One worker process, as the accepting one sees it."""

    def __init__(self, place: int, process: asyncio.subprocess.Process) -> None:
        self.place = place
        self.process = process
        self.channel: Channel | None = None
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self.names: list[str] = []
        self.url = ""


class Workers:
    """Accepts connections on a socket and passes them to its workers.

    Args:
        command: starts a worker; the number of a descriptor is added to it.
        told: what each worker is told at its start.

    Attributes:
        exit_code: of the last worker that did not serve.
    """

    def __init__(
        self, listener: socket.socket, count: int, command: Sequence[str], told: dict[str, Any]
    ) -> None:
        self._listener = listener
        self._command = command
        self._told = told
        self.exit_code = 0
        self._places: list[_Worker | None] = [None] * count
        self._turn = 0
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._replacing = asyncio.Lock()

    async def start(self) -> bool:
        """Start all workers; return whether they serve."""
        if not await self._begin(0):  # what none of them can do is said once
            return False
        others = range(1, len(self._places))
        if not all(await asyncio.gather(*(self._begin(place) for place in others))):
            return False
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener.fileno(), self._accept)
        return True

    async def _begin(self, place: int) -> bool:
        """Start the worker of a place; once it is ready, it has the place."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(theirs.fileno()), pass_fds=(theirs.fileno(),)
            )
        finally:
            theirs.close()
        worker = _Worker(place, process)

        def line(facts: dict[str, Any]) -> None:
            if "name" in facts:
                worker.names.append(facts["name"])
            if "url" in facts:
                worker.url = facts["url"]
                worker.ready.set()

        worker.channel = Channel(
            ours, line=line, descriptor=self._lead, ended=lambda: worker.ready.set()
        )
        worker.channel.send(**self._told)
        self._follow(self._watch(worker))
        with suppress(TimeoutError):
            async with asyncio.timeout(_STARTS_IN_S):
                await worker.ready.wait()
                if not worker.url:
                    await process.wait()  # a signal to one that has just ended would take its code
        if not worker.url:
            with suppress(ProcessLookupError):
                process.terminate()
            self.exit_code = await process.wait()
            return False
        self._places[place] = worker
        return True

    async def _watch(self, worker: _Worker) -> None:
        code = await worker.process.wait()
        worker.ended.set()
        left = worker.channel.unsent() if worker.channel is not None else []
        for other in self._serving():
            if other is not worker and other.channel is not None:
                other.channel.send(ended=worker.names)
        if self._places[worker.place] is worker:
            self._places[worker.place] = None
        for descriptor in left:
            self._lead(descriptor)
        if worker.url and not self._stopping and worker.place not in self._replaced:
            _log.warning("worker %d ended with code %d and is replaced", worker.place, code)
            while not self._stopping and not await self._begin(worker.place):
                await pause(_STARTS_AGAIN_S)

    @property
    def _replaced(self) -> set[int]:
        """The places that have a new worker already."""
        return {each.place for each in self._serving()}

    def _serving(self) -> list[_Worker]:
        return [each for each in self._places if each is not None and not each.ended.is_set()]

    def _follow(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def replace_all(self) -> None:
        """Replace one worker after the other by a new one, while all connections stay."""
        self._follow(self._replace_all())

    async def _replace_all(self) -> None:
        async with self._replacing:
            stay = []
            for place, worker in enumerate(list(self._places)):
                if worker is None:
                    continue
                if not await self._begin(place):
                    stay.append(str(place))
                    continue
                worker.process.terminate()
                await worker.ended.wait()
            if stay:
                _log.error("no new worker serves: %s stay as they were", ", ".join(stay))
            else:
                _log.info("all workers were replaced")

    # Connections

    def _accept(self) -> None:
        for _ in range(_MOST_FDS):
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self._lead(connection.detach())

    def _lead(self, descriptor: int) -> None:
        """Pass a connection on as soon as its client has said enough."""
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        self._look(connection, _LOOKS)

    def _look(self, connection: socket.socket, looks: int) -> None:
        try:
            head = connection.recv(_LOOKED_AT, socket.MSG_PEEK)
        except BlockingIOError:
            number = connection.fileno()

            def there_is_more() -> None:
                self._loop.remove_reader(number)
                self._look(connection, looks)

            self._loop.add_reader(number, there_is_more)
            return
        except OSError:
            connection.close()
            return
        if not head:
            connection.close()
            return
        tag = tag_of_head(head)
        if tag == "" and looks and len(head) < _LOOKED_AT:
            call_after(_LOOKS_AGAIN_S, lambda: self._look(connection, looks - 1))
            return
        self._pass(connection, tag)

    def _pass(self, connection: socket.socket, tag: str | None) -> None:
        count = len(self._places)
        if tag:
            first = int(tag, 16)
        else:
            self._turn = first = self._turn + 1
        for step in range(count):
            worker = self._places[(first + step) % count]
            if worker is not None and worker.channel is not None and not worker.ended.is_set():
                worker.channel.send_descriptor(connection.detach())
                return
        # none serves: one is about to
        call_after(_LOOKS_AGAIN_S, lambda: self._look(connection, 0))

    async def stop(self) -> None:
        """End all workers."""
        self._stopping = True
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        workers = self._serving()
        for worker in workers:
            worker.process.terminate()
        waits = [asyncio.ensure_future(each.ended.wait()) for each in workers]
        if waits:
            await asyncio.wait(waits, timeout=_ENDS_IN_S)
        for worker in workers:
            if not worker.ended.is_set():
                with suppress(ProcessLookupError):
                    worker.process.kill()
        for task in [*self._tasks, *waits]:
            task.cancel()
        await asyncio.gather(*self._tasks, *waits, return_exceptions=True)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.set_inheritable(False)
    return listener


def worker_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of a worker of this one, but for the descriptor."""
    return [sys.executable, "-m", "fake_runway", *arguments, "--worker"]


REPLACES = getattr(signal, "SIGHUP", None)
"""The signal that has all workers replaced; None where there is none."""
