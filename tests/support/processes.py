"""The installed commands as real processes."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

PATIENCE_S = 120.0 * float(os.environ.get("FAKE_RUNWAY_TEST_PATIENCE", "1"))
"""The timeout of every wait: it ends a hang, and is no measure of a machine's speed."""

FEW_PLUGINS = ("-pno:schemathesis", "-pno:hypothesispytest", "-pno:pytest_cov")
"""Arguments for a pytest that a test starts: to import these takes longer than such a run."""


class Program:
    """A running command whose output is read line by line."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def line(self, *, containing: str = "") -> str:
        """Return the next line of its output that contains a text.

        Raises:
            AssertionError: the output ended without it.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self._process.stdout.readline()).decode():
                if containing in line:
                    return line.rstrip("\n")
        raise AssertionError(f"no line with {containing!r}: {await self.errors()}")

    async def rest(self) -> str:
        """Return what it writes to stdout until its end."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self._process.stdout.read()).decode()

    async def errors(self) -> str:
        """Return what it wrote to stderr until its end."""
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self._process.stderr.read()).decode()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return await self.exit_code()

    async def exit_code(self) -> int:
        """Return the exit code once it has ended by itself."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()


@asynccontextmanager
async def running(module: str, *arguments: str, **environment: str) -> AsyncIterator[Program]:
    """Run `python -m module` as it is installed; its process group does not outlive the block.

    `-P` and another folder keep this source tree out of its path: a wheel without its data fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        env=os.environ | environment,
        start_new_session=True,
    )
    try:
        yield Program(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]  # else its pipes warn later


@contextmanager
def held_port() -> Iterator[int]:
    """Reserve a closed port for a program that will listen on it: no other one gets it.

    The system assigns only unbound ports, to listen or to connect from. A server that names this
    one gets it nevertheless: both set `SO_REUSEADDR`, as servers usually do.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
