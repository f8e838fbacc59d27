"""Processes under measurement: started on one core, waited for, charged for their CPU, ended.

Linux only: cores are assigned by `sched_setaffinity` and CPU time is read from /proc.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

HOST = "127.0.0.1"
HERE = Path(__file__).parent
PATIENCE_S = 60.0

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]
"""The core of the measured server, and that of all other processes; the same if there is one."""

AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}
"""The variables with which a start is measured. pip compiles what it installs; with this one set,
as it often is where code is developed, each start would compile all of ours again. The first round
writes the compiled files."""

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `group` is its process group, which holds all its processes."""

    name: str
    url: str
    group: int

    def cpu_s(self) -> float:
        """Return the CPU seconds, user and system, that its processes have used so far."""
        return sum(_cpu_s_of(process, self.group) for process in Path("/proc").glob("[0-9]*"))


@dataclass(frozen=True, slots=True)
class End:
    """A process that has ended: seconds from its start to its end, and seconds of CPU."""

    real_s: float
    cpu_s: float


def run_to_end(
    command: Sequence[str], folder: Path, *, environment: Mapping[str, str] | None = None
) -> End:
    """Run a process in `folder`, on one core, to its end.

    Raises:
        RuntimeError: its exit code is not 0.
    """
    with pinned(SERVER_CORE):
        begin = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **AS_INSTALLED, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        real_s = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command!r} ended with {child.returncode}")
    return End(real_s, usage.ru_utime + usage.ru_stime)


def installed(script: str) -> str:
    """Return the path of a console script that is installed beside this interpreter."""
    return str(Path(sys.executable).with_name(script))


def pytest_with(*plugins: str) -> list[str]:
    """Return a run of pytest that finds all installed plugins, as any run does, and loads these."""
    left_out = sorted({each.name for each in entry_points(group="pytest11")} - set(plugins))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return command + [f"-pno:{name}" for name in left_out]


def free_port() -> int:
    """Return a port that is free just now, for servers that cannot choose one."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Run the block, and every process that it starts, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving(
    name: str,
    command: Sequence[str],
    *,
    url: str | None = None,
    core: int = SERVER_CORE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends.

    Args:
        url: where the server will answer; None: it prints a line with its URL when it listens.

    Raises:
        RuntimeError: the server ended instead of listening, or printed no URL.
        OSError: it does not listen after `PATIENCE_S`.
    """
    with pinned(core):
        child = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL if url else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | (environment or {}),
            start_new_session=True,  # a process group of its own, to charge and to end as a whole
        )
    try:
        if url is None:
            url = _announced(child)
        _wait_for(url, child)
        yield Server(name, url, child.pid)
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def address(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    host, _, port = url.split("/")[2].rpartition(":")
    return host, int(port)


def _announced(child: "subprocess.Popen[bytes]") -> str:
    line = child.stdout.readline().decode() if child.stdout else ""
    for word in line.split():
        if word.startswith("http://"):
            return word
    raise RuntimeError(f"no URL in the first line of {child.args!r}: {line!r}")


def _wait_for(url: str, child: "subprocess.Popen[bytes]") -> None:
    given_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(address(url), timeout=1).close()
        except OSError:
            if child.poll() is not None:
                raise RuntimeError(f"it ended with {child.returncode} at its start") from None
            if time.monotonic() > given_up_at:
                raise
            time.sleep(0.02)
        else:
            return


def _cpu_s_of(process: Path, group: int) -> float:
    try:
        # what follows the name, which may hold spaces: state, ppid, pgrp, ...
        fields = (process / "stat").read_text().rpartition(") ")[2].split()
    except OSError:  # the process has ended meanwhile
        return 0.0
    if int(fields[2]) != group:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK_S
