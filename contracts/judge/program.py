"""The COMMAND of a target: a process, what it writes, and all its children.

A target may be a shell, a package runner or a supervisor, whose children form groups and sessions
of their own. They are found by a mark in their environment, which a child inherits, and by their
parents. Where the system shows neither (no `/proc`, no `ps`), only the process group is ended.
"""

import asyncio
import os
import signal
import subprocess
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from contracts.judge.clock import now, sleep
from contracts.judge.output import Output
from contracts.judge.target import TargetError

GRACE_S = 3.0
"""How long a program may take to end after a signal, in seconds."""
_MARK = "RUNWAY_CONTRACTS_TARGET"
_TICK_S = 0.03
_LAST_OUTPUT_S = 1.0
_PROC = Path("/proc")


class Startable(Protocol):
    """What serves a target, and can be started again: see `Program`."""

    @property
    def how_it_ended(self) -> str: ...
    @property
    def lives(self) -> bool: ...
    async def start(self) -> None: ...
    async def ended(self) -> None: ...
    async def stop(self) -> None: ...


class Program:
    """A program that can be started and ended, again and again.

    Args:
        environment: the whole of it.
        output: gets what the program writes.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], output: Output
    ) -> None:
        self._command = command
        self._environment = environment
        self._output = output
        self._mark = f"{os.getpid()}-{id(self)}-{now()}"  # of one program of one judge
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pipe: asyncio.ReadTransport | None = None

    @property
    def how_it_ended(self) -> str:
        """With what code or by which signal it ended; empty: it has not."""
        code = None if self._process is None else self._process.returncode
        if code is None:
            return ""
        return f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"

    @property
    def lives(self) -> bool:
        """Whether the process or one of its group lives."""
        return self._process is not None and (
            self._process.returncode is None or _group_lives(self._process.pid)
        )

    async def start(self) -> None:
        """Start the process, and read what it writes.

        Raises:
            TargetError: it cannot be run.
        """
        read_end, write_end = os.pipe()
        try:
            await self._read(read_end)
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=DEVNULL,
                stdout=write_end,
                stderr=STDOUT,
                env={**self._environment, _MARK: self._mark},
                start_new_session=True,
            )
        except OSError as error:
            await self.stop()
            raise TargetError(f"{self._command[0]!r} cannot be run: {error.strerror}") from error
        except BaseException:
            await self.stop()
            raise
        finally:
            os.close(write_end)

    async def ended(self) -> None:
        """Return once the process has ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """End the process and all its children, and read its last output.

        With SIGTERM first, so that servers can close their connections. The first process is often
        a shell or a package runner, which ends before its children.
        """
        known: set[_Running] = set()
        group = self._process.pid if self._process is not None else None
        for number in (signal.SIGTERM, signal.SIGKILL):
            known |= set(_family(self._mark, group))
            if group is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, number)
            for each in known:
                if each.group != group and each.lives:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(each.pid, number)
            give_up_at = now() + GRACE_S
            while now() < give_up_at and (self.lives or any(each.lives for each in known)):
                await sleep(_TICK_S)
                known |= set(_family(self._mark, group))  # one may have been born meanwhile
            if not self.lives and not any(each.lives for each in known):
                break
        await self._close()

    async def _read(self, read_end: int) -> None:
        reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
        self._pipe, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )

        async def read() -> None:
            while chunk := await reader.read(65_536):
                self._output.write(chunk)

        self._reading = asyncio.ensure_future(read())

    async def _close(self) -> None:
        """Read to the end, or not: a process that could not be found may hold the pipe for ever."""
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=_LAST_OUTPUT_S)
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._pipe is not None:
            self._pipe.close()
        self._reading = self._pipe = None


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Running:
    """A process that ran when it was seen. `since` tells it from a later one of its number."""

    pid: int
    parent: int
    group: int
    since: str

    @property
    def lives(self) -> bool:
        """Whether this very process runs; one that waits to be collected does not."""
        if not _PROC.is_dir():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, 0)
                return True
            return False
        seen = _seen_at(_PROC / str(self.pid))
        return seen is not None and seen.since == self.since


def _family(mark: str, root: int | None) -> Iterator[_Running]:
    """Yield the processes that carry the mark, those of the group `root`, and all descendants."""
    running = list(_all_running())
    children: dict[int, list[_Running]] = {}
    for each in running:
        children.setdefault(each.parent, []).append(each)
    found = [each for each in running if each.group == root or _carries(each.pid, mark)]
    known = {each.pid for each in found}
    while found:
        each = found.pop()
        yield each
        new = [child for child in children.get(each.pid, ()) if child.pid not in known]
        known |= {child.pid for child in new}
        found += new


def _all_running() -> Iterator[_Running]:
    if _PROC.is_dir():
        entries = (entry for entry in _PROC.iterdir() if entry.name.isdecimal())
        yield from filter(None, map(_seen_at, entries))
        return
    with suppress(OSError, subprocess.SubprocessError):
        table = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="],
            capture_output=True,
            check=True,
            text=True,
            timeout=GRACE_S,
        ).stdout
        rows = (line.split() for line in table.splitlines())
        for pid, parent, group, state in (row for row in rows if len(row) == 4):
            if not state.startswith("Z"):
                yield _Running(int(pid), int(parent), int(group), "")


def _seen_at(entry: Path) -> _Running | None:
    """Return the process of an entry of `/proc`; None if it has ended."""
    try:
        stat = (entry / "stat").read_text(errors="replace")
    except OSError:
        return None
    state, parent, group, *rest = stat.rpartition(")")[2].split()  # the name may hold anything
    if state in "ZX":
        return None
    return _Running(int(entry.name), int(parent), int(group), rest[16])


def _carries(pid: int, mark: str) -> bool:
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return False
    return f"{_MARK}={mark}".encode() in environment.split(b"\0")
