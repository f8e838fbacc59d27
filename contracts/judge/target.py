"""The gateway that is judged: start it, call it, read its output, stop it.

A target cannot stop the judge: every call has a limit in time and in bytes, and a call that reaches
a limit is a `TargetAnswer` without a status. Two things end a run instead, because verdicts on them
would be worth nothing: the target does not listen any more, or its program has ended
(`TargetWatch.lost`).
"""

import asyncio
import errno
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urlsplit

import aiohttp

from contracts.judge.clock import now, sleep
from contracts.judge.observation import TargetAnswer

LONGEST_ANSWER = 1 << 20
"""So many bytes of an answer are read, in case it has no end."""
BIG_BODY = 1 << 16
"""A target may close the connection of a longer request; it has to answer any other."""
GRACE_S = 3.0
"""How long a program may take to end after a signal, in seconds."""
_MOST_OUTPUT = 4 << 20
_LAST_LINES = 8
_CONNECT_S = 5.0
_CLOSED = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE)
_AGAIN_S = 2.0


class TargetError(Exception):
    """The target cannot be reached. A line for people.

    Attributes:
        output: the target's own last lines, as it wrote them: secrets have to be redacted.
    """

    def __init__(self, text: str, output: str = "") -> None:
        super().__init__(text)
        self.output = output


@dataclass(slots=True)
class Output:
    """The output of a target, as far as it is kept."""

    text: str = ""

    def since(self, mark: int) -> str:
        """Return the text after `mark`, the length at an earlier time."""
        return self.text[mark:]

    def last_lines(self) -> str:
        """Return the last lines that are not empty."""
        lines = [line for line in self.text.splitlines() if line.strip()]
        return "\n".join(lines[-_LAST_LINES:])


def is_address(url: str) -> bool:
    """Tell whether a request can be sent to this address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(frozen=True)
class Target:
    """A gateway and how to call it.

    Attributes:
        url: of its connect endpoint.
        headers: sent with every call, such as an authorization.
        template: the body, with `$AVATAR` where the avatar belongs.
        refused: set when a call finds that the target does not listen.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = '{"avatarId": "$AVATAR"}'
    output: Output = field(default_factory=Output)
    refused: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        default = 443 if parts.scheme == "https" else 80
        return parts.hostname or "127.0.0.1", parts.port or default

    def body_for(self, avatar: str) -> bytes:
        """Return the body of a request for `avatar`."""
        return self.template.replace("$AVATAR", avatar).encode()

    async def call(
        self,
        body: bytes,
        *,
        content_type: str,
        patience_s: float,
        leaves_after_s: float | None = None,
    ) -> TargetAnswer:
        """Call once, on a connection of its own."""
        sent_at = now()
        limit_s = patience_s if leaves_after_s is None else leaves_after_s
        try:
            async with asyncio.timeout(limit_s):
                status, headers, raw = await self._answer(body, content_type)
        except TimeoutError:
            failure = "given up" if leaves_after_s is None else "the caller left"
            return TargetAnswer(sent_at, now(), failure=failure)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and not _was_closed(error):
                self.refused.set()
                return TargetAnswer(
                    sent_at, now(), failure=f"the target does not listen: {error.strerror}"
                )
            return TargetAnswer(sent_at, now(), failure=_failure(error, body))
        return TargetAnswer(sent_at, now(), status, headers, raw)

    async def _answer(self, body: bytes, content_type: str) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Content-Type": content_type, **self.headers}
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                auto_decompress=True,
                max_field_size=8190,  # with aiohttp's limit on their number, no endless headers
            ) as http,
            http.post(
                self.url, data=BytesIO(body), headers=headers, allow_redirects=False
            ) as response,
        ):
            raw = b""
            while len(raw) < LONGEST_ANSWER and (more := await response.content.read(65_536)):
                raw += more
            return response.status, dict(response.headers), raw[:LONGEST_ANSWER]


def _failure(error: BaseException, body: bytes) -> str:
    if _was_closed(error):
        return "closed" if len(body) > BIG_BODY else "the target hung up"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer was cut off"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"no HTTP: {' '.join(error.message.split())[:80]}"
    return type(error).__name__


def _was_closed(error: BaseException | None) -> bool:
    """Tell whether the other side closed the connection, with or without a reset.

    That may be the cause of a later error, so causes are followed. A connection can even end before
    this side has seen it begin.
    """
    if error is None:
        return False
    number = error.errno if isinstance(error, OSError) else None  # aiohttp's own classes keep it
    kinds = (aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError)
    return isinstance(error, kinds) or number in _CLOSED or _was_closed(error.__cause__)


@dataclass(frozen=True)
class TargetWatch:
    """Watches a target while it is judged. `process`: None if the judge did not start it."""

    target: Target
    process: Process | None = None

    async def lost(self, under_way: Callable[[], Sequence[str]]) -> TargetError:
        """Return once the target does not listen any more, with the reason.

        Args:
            under_way: names the situations that may be the cause, when it is called.
        """
        while True:
            await self._alarm()
            then = ", ".join(under_way())
            if not await _listens(self.target, within_s=_AGAIN_S):
                when = f"; situations at the time: {then}" if then else ""
                return TargetError(self._exit_reason() + when, self.target.output.last_lines())
            if self.process is not None and self.process.returncode is not None:
                await self.target.refused.wait()  # the program left its server behind and ended

    async def _alarm(self) -> None:
        alarms: list[asyncio.Future[object]] = [asyncio.ensure_future(self.target.refused.wait())]
        if self.process is not None and self.process.returncode is None:
            alarms.append(asyncio.ensure_future(self.process.wait()))
        try:
            await asyncio.wait(alarms, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for alarm in alarms:
                alarm.cancel()
        self.target.refused.clear()

    def _exit_reason(self) -> str:
        if self.process is None or self.process.returncode is None:
            return "the target does not listen any more"
        return f"the target {_ending(self.process.returncode)} in the middle of the run"


async def _listens(target: Target, *, within_s: float) -> bool:
    give_up_at = now() + within_s
    while True:
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, writer = await asyncio.open_connection(*target.address)
        except OSError as error:  # a TimeoutError too
            if _was_closed(error):
                return True  # by a program that listens
            if now() >= give_up_at:
                return False
            await sleep(0.05)
        else:
            writer.close()
            return True


@asynccontextmanager
async def started(
    command: Sequence[str], target: Target, *, environment: Mapping[str, str], wait_s: float
) -> AsyncIterator[TargetWatch]:
    """Run `command` until the block ends, once it listens; its whole process group ends with it.

    Args:
        environment: the whole of it.

    Raises:
        TargetError: it cannot be run, ended by itself, or does not listen in time, with the last
            lines that it wrote; or another program listens at its address already.
    """
    host, port = target.address
    if await _listens(target, within_s=0):
        raise TargetError(
            f"something listens at {host}:{port} already; stop it, or leave the COMMAND away"
        )
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise TargetError(f"{command[0]!r} cannot be run: {error.strerror}") from error
    reading = asyncio.ensure_future(_read(process, target.output))
    try:
        await _listening(target, process, wait_s=wait_s)
        yield TargetWatch(target, process)
    finally:
        await _end(process)
        await asyncio.wait([reading], timeout=1)  # a process outside the group may hold the pipe
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def reachable(target: Target, *, wait_s: float) -> TargetWatch:
    """Return once the target listens.

    Raises:
        TargetError: it does not in time.
    """
    await _listening(target, None, wait_s=wait_s)
    return TargetWatch(target)


async def _read(process: Process, output: Output) -> None:
    if process.stdout is None:
        return
    while chunk := await process.stdout.read(65_536):
        output.text = (output.text + chunk.decode(errors="replace"))[-_MOST_OUTPUT:]


async def _listening(target: Target, process: Process | None, *, wait_s: float) -> None:
    host, port = target.address
    give_up_at = now() + wait_s
    while not await _listens(target, within_s=0):
        if process is not None and process.returncode is not None and not _lives(process.pid):
            await sleep(0.2)  # for its last output
            lines = target.output.last_lines()
            raise TargetError(
                f"the target {_ending(process.returncode)} before it listened at {host}:{port}"
                f"{'' if lines else ', without output'}",
                lines,
            )
        if now() >= give_up_at:
            raise TargetError(
                f"nothing listens at {host}:{port} after {wait_s:g}s", target.output.last_lines()
            )
        await sleep(0.05)


def _ending(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"


async def _end(process: Process) -> None:
    """End the whole group: with SIGTERM first, so that servers can close their connections.

    The first of the group is often a shell or a package runner, which ends before its children.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        give_up_at = now() + GRACE_S
        while now() < give_up_at and (process.returncode is None or _lives(process.pid)):
            await sleep(0.02)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
