"""The gateway that is judged: starting it, calling it, stopping it, hearing what it writes."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from contracts.clock import now, sleep
from contracts.evidence import Answer

LONGEST_ANSWER = 1 << 20
"""So many bytes of an answer are read; a target that floods is cut off."""
_MOST_OUTPUT = 4 << 20


class TargetError(Exception):
    """The target cannot be reached. One line for people."""


@dataclass(slots=True)
class Output:
    """What a target has written, as far as it is kept."""

    text: str = ""

    def since(self, mark: int) -> str:
        """Return what was written after `mark`, a length of before."""
        return self.text[mark:]


@dataclass(frozen=True)
class Target:
    """A gateway and how to call it.

    Attributes:
        url: of its connect endpoint.
        headers: sent with every call, such as an authorization.
        template: the body, with `$AVATAR` where the avatar belongs.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = '{"avatarId": "$AVATAR"}'
    output: Output = field(default_factory=Output)

    def body_for(self, avatar: str) -> bytes:
        """Return what asks for `avatar`."""
        return self.template.replace("$AVATAR", avatar).encode()

    async def call(
        self,
        body: bytes,
        *,
        content_type: str,
        patience_s: float,
        leaves_after_s: float | None = None,
    ) -> Answer:
        """Call once, on a connection of its own, and return what came."""
        sent_at = now()
        limit_s = patience_s if leaves_after_s is None else leaves_after_s
        try:
            async with asyncio.timeout(limit_s):
                status, headers, raw = await self._answer(body, content_type)
        except TimeoutError:
            failure = "given up" if leaves_after_s is None else "the caller left"
            return Answer(sent_at, now(), failure=failure)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = "closed" if _was_closed(error) else type(error).__name__
            return Answer(sent_at, now(), failure=failure)
        return Answer(sent_at, now(), status, headers, raw)

    async def _answer(self, body: bytes, content_type: str) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Content-Type": content_type, **self.headers}
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=timeout, auto_decompress=True
            ) as http,
            http.post(self.url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            raw = await response.content.read(LONGEST_ANSWER) if response.content else b""
            while len(raw) < LONGEST_ANSWER and (more := await response.content.read(65_536)):
                raw += more
            return response.status, dict(response.headers), raw


def _was_closed(error: BaseException) -> bool:
    return isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError) or isinstance(
        getattr(error, "os_error", None), ConnectionResetError | BrokenPipeError
    )


@asynccontextmanager
async def started(
    command: Sequence[str], target: Target, *, environment: Mapping[str, str], wait_s: float
) -> AsyncIterator[Target]:
    """Run `command` until the block ends, once it listens; its whole process group ends with it.

    Raises:
        TargetError: it cannot be run, ended by itself, or does not listen in time; with the last
            lines that it wrote.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise TargetError(f"{command[0]} cannot be run: {error.strerror}") from error
    reading = asyncio.ensure_future(_read(process, target.output))
    try:
        await _listening(target, process, wait_s=wait_s)
        yield target
    finally:
        await _end(process)
        with suppress(asyncio.CancelledError):
            await reading


async def reachable(target: Target, *, wait_s: float) -> None:
    """Return once the target listens.

    Raises:
        TargetError: it does not in time.
    """
    await _listening(target, None, wait_s=wait_s)


async def _read(process: asyncio.subprocess.Process, output: Output) -> None:
    if process.stdout is None:
        return
    while chunk := await process.stdout.read(65_536):
        output.text = (output.text + chunk.decode(errors="replace"))[-_MOST_OUTPUT:]


async def _listening(
    target: Target, process: asyncio.subprocess.Process | None, *, wait_s: float
) -> None:
    parts = urlsplit(target.url)
    host, port = (
        parts.hostname or "127.0.0.1",
        parts.port or (443 if parts.scheme == "https" else 80),
    )
    give_up_at = now() + wait_s
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            said = f": {_last_lines(target.output)}" if target.output.text else ""
            if process is not None and process.returncode is not None:
                raise TargetError(
                    f"the target ended with code {process.returncode}{said}"
                ) from error
            if now() > give_up_at:
                raise TargetError(
                    f"nothing listens at {host}:{port} after {wait_s:g}s{said}"
                ) from error
            await sleep(0.05)
        else:
            writer.close()
            return


def _last_lines(output: Output) -> str:
    return " / ".join(output.text.strip().splitlines()[-3:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: politely first, because package runners pass signals on."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            continue
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # children that outlived their parent
