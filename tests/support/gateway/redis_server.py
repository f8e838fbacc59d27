"""A real Redis for one test: on a Unix socket in a folder of its own.

It can be stopped, started again (at the same place) and frozen in the middle of a test. It keeps
nothing on disk, unless it is told to by its options.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep

import pytest

BINARY = "redis-server"


class RedisServer:
    """One server process, and where it listens."""

    def __init__(self, folder: Path, password: str, more: Mapping[str, str]) -> None:
        self._folder = folder
        self._password = password
        self._more = more
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The URL that a gateway is configured with."""
        user = f":{self._password}@" if self._password else ""
        return f"unix://{user}{self._folder}/socket"

    def start(self) -> None:
        """Return once it accepts connections.

        Raises:
            AssertionError: it ended instead.
        """
        options = {"port": "0", "unixsocket": f"{self._folder}/socket", "dir": str(self._folder)}
        options |= {"save": "", "appendonly": "no", "slowlog-log-slower-than": "0"}
        options |= self._more
        if self._password:
            options["requirepass"] = self._password
        self._process = subprocess.Popen(
            [BINARY, *(word for name, value in options.items() for word in (f"--{name}", value))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if "accept connections" in line:
                return
        raise AssertionError("redis-server ended: " + "".join(lines))

    def is_old(self) -> None:
        """Let the fake's workers think that others have begun with it long ago: none waits."""
        from redis import Redis

        with Redis.from_url(self.url) as client:
            client.set("fr1:born", "0 long ago")

    def stop(self) -> None:
        """End it at once, as a crash does: connections are reset, memory is forgotten."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, nothing answers from now on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)  # it goes on for a moment, else

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_cluster(ports: Sequence[int], **more: str) -> Iterator[list[RedisServer]]:
    """Run a cluster for as long as the block takes, of servers that are as `redis_server` gives.

    Args:
        ports: free ones, two for each server.
    """
    from redis import Redis

    slots, count = 16_384, len(ports) // 2
    with ExitStack() as stack:
        servers = []
        for number in range(count):
            port, bus = ports[2 * number : 2 * number + 2]
            options = {"port": str(port), "cluster-port": str(bus), "cluster-enabled": "yes"}
            servers.append(stack.enter_context(redis_server(**options, **more)))
        clients = [stack.enter_context(Redis(port=port)) for port in ports[::2]]
        for number, client in enumerate(clients):
            first, last = (slots * place // count for place in (number, number + 1))
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last - 1)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", *ports[2 * number :][:2])
        for client in clients:
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                sleep(0.05)
        yield servers


@contextmanager
def redis_server(*, password: str = "", **more: str) -> Iterator[RedisServer]:
    """Run a server for as long as the block takes; skip the test where there is none.

    Args:
        more: options of it.
    """
    if shutil.which(BINARY) is None:
        pytest.skip(f"{BINARY} is not installed (Debian: redis-server)")
    # not pytest's folder, whose path can be longer than a socket's may be
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder), password, more)
        server.start()
        try:
            yield server
        finally:
            server.stop()
