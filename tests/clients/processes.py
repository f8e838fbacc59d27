"""Programs in other processes: started, talked to by lines, killed with all their children.

The stderr of a program is written to ours in the end: pytest shows it if the test fails.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import PATIENCE_S
from tests.support.servers import SECRET


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and where its stderr goes."""

    process: Process
    errors: Path

    async def line(self) -> str:
        """Return the next line of its stdout.

        Raises:
            AssertionError: it ended instead.
            TimeoutError: it was silent for too long.
        """
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self.process.stdout.readline()
        assert line, "the program ended without another line"
        return line.decode().rstrip("\n")

    async def ask(self, question: Any) -> Any:
        """Write one JSON line to its stdin and return the JSON line that it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        return json.loads(await self.line())

    async def stop(self) -> tuple[str, str]:
        """Ask it to end, wait until it has, and return the rest of stdout and all of stderr."""
        self.process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            rest, _ = await self.process.communicate()
        return rest.decode(), _read(self.errors)


@asynccontextmanager
async def running(
    command: Sequence[str | Path], *, errors: Path, env: Mapping[str, str], talk: bool = False
) -> AsyncIterator[Program]:
    """Run `command` until the block ends.

    Args:
        errors: the file that gets its stderr.
        env: the whole environment, see `environment`.
        talk: it reads from us.
    """
    with errors.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            stdin=PIPE if talk else DEVNULL,
            stdout=PIPE,
            stderr=sink,
            start_new_session=True,  # a process group, to kill it as a whole
        )
    try:
        yield Program(process, errors)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()  # reads to the end, which closes the pipes
        sys.stderr.write(_read(errors))


def _read(errors: Path) -> str:
    return errors.read_text(errors="replace")


def environment(base_url: str, secret: str = SECRET, **more: str) -> dict[str, str]:
    """Return our environment with the variables of Runway's SDKs set, and no proxy in between."""
    ours = {name: value for name, value in os.environ.items() if not _steers_clients(name)}
    return ours | {"RUNWAYML_BASE_URL": base_url, "RUNWAYML_API_SECRET": secret} | more


def _steers_clients(name: str) -> bool:
    return name.startswith("RUNWAYML_") or name.lower().endswith("_proxy")
