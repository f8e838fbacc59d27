"""The gateway that is judged: start it, call it, read its output, stop it.

A target cannot stop the judge: every call has a limit in time and in bytes, and a call that reaches
a limit is a `TargetAnswer` without a status. Two things end a run instead, because verdicts on them
would be worth nothing: the target does not listen any more, or its program has ended
(`TargetWatch.lost`).
"""

import asyncio
import errno
import json
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp

from contracts.judge.clock import now, sleep
from contracts.judge.observation import TargetAnswer
from contracts.judge.situation import AvatarSent, CallerRequest, Json

AVATAR = "$AVATAR"
USUAL = CallerRequest()
BODYLESS = ("GET", "HEAD")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
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
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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

    `$AVATAR` in the address and in the templates is replaced by the avatar. Without one in either,
    the endpoint chooses the avatar itself.

    Attributes:
        url: of its connect endpoint.
        headers: sent with every call, such as an authorization.
        template: the body.
        method: of a call; GET and HEAD have no body.
        custom_template: the body for a custom avatar; None: the same.
        refused: set when a call finds that the target does not listen.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = '{"avatarId": "$AVATAR"}'
    method: str = "POST"
    custom_template: str | None = None
    output: Output = field(default_factory=Output)
    refused: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        default = 443 if parts.scheme == "https" else 80
        return parts.hostname or "127.0.0.1", parts.port or default

    @property
    def takes_body(self) -> bool:
        """Whether its calls have a body."""
        return self.method not in BODYLESS

    @property
    def takes_avatar(self) -> bool:
        """Whether a caller says which avatar is wanted."""
        return AVATAR in self.url or (self.takes_body and AVATAR in self.template)

    def cannot_send(self, request: CallerRequest) -> str:
        """Return why a request has no meaning for this endpoint, in a line; empty if it has."""
        sends_body = request.method is None or request.method not in BODYLESS
        if not self.takes_body and request.method is None and (request.body or request.keys):
            return f"a {self.method} request has no body"
        if isinstance(request.avatar, AvatarSent) or (sends_body and self._in_json):
            return ""
        if not self.takes_avatar:
            return "the endpoint takes no avatar"
        return "" if isinstance(request.avatar, str) else "the endpoint takes avatars as text only"

    def call_of(self, avatar: str, request: CallerRequest) -> "Call":
        """Return the request of a caller for `avatar` (one of the target's own, or custom)."""
        method = request.method or self.method
        wanted = avatar if request.avatar is AvatarSent.CHOSEN else request.avatar
        in_url = quote(wanted, safe="") if isinstance(wanted, str) else ""
        url = self.url.replace(AVATAR, in_url)
        if request.query:
            pairs = [(name, value.replace(AVATAR, avatar)) for name, value in request.query]
            url += f"{'&' if '?' in url else '?'}{urlencode(pairs)}"
        headers = {"Content-Type": request.content_type} if request.content_type else {}
        for name, value in (*self.headers.items(), *request.headers.items()):
            headers = {each: text for each, text in headers.items() if each.lower() != name.lower()}
            headers[name] = value.replace(AVATAR, avatar)
        if request.body is not None:
            body = request.body.replace(AVATAR.encode(), avatar.encode())
        elif method in BODYLESS:
            body = b""
        else:
            body = self._body(avatar, wanted, request.keys)
        return Call(method, url, headers, body)

    @property
    def _in_json(self) -> bool:
        return self.takes_body and AVATAR in self.template and _parsed(self.template) is not None

    def _body(self, avatar: str, wanted: Any, keys: Json) -> bytes:
        custom = self.custom_template is not None and is_uuid(avatar)
        template = self.custom_template if custom and self.custom_template else self.template
        if wanted == avatar and not keys:
            return template.replace(AVATAR, avatar).encode()
        if (form := _parsed(template)) is None:
            return template.replace(AVATAR, wanted if isinstance(wanted, str) else "").encode()
        body = _filled(form, wanted)
        return json.dumps({**body, **keys} if isinstance(body, dict) else body).encode()

    async def call(
        self,
        avatar: str,
        request: CallerRequest = USUAL,
        *,
        patience_s: float,
        leaves_after_s: float | None = None,
    ) -> TargetAnswer:
        """Call once, on a connection of its own."""
        call, sent_at = self.call_of(avatar, request), now()
        limit_s = patience_s if leaves_after_s is None else leaves_after_s

        def answer(
            status: int | None = None,
            headers: Mapping[str, str] = NO_HEADERS,
            body: bytes = b"",
            failure: str = "",
        ) -> TargetAnswer:
            return TargetAnswer(
                sent_at, now(), status, headers, body, failure, call.method, call.shown
            )

        try:
            async with asyncio.timeout(limit_s):
                return answer(*await _answer(call))
        except TimeoutError:
            return answer(failure="given up" if leaves_after_s is None else "the caller left")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and not _was_closed(error):
                self.refused.set()
                return answer(failure=f"the target does not listen: {error.strerror}")
            return answer(failure=_failure(error, call.body))


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a target, as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def shown(self) -> str:
        """The beginning of query and body, for people."""
        query = urlsplit(self.url).query
        parts = [f"?{query}" if query else "", self.body[:200].decode(errors="replace")]
        return " ".join(filter(None, parts))[:200]


async def _answer(call: Call) -> tuple[int, Mapping[str, str], bytes]:
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=True,
            skip_auto_headers=("Content-Type",),
            max_field_size=8190,  # with aiohttp's limit on their number, no endless headers
        ) as http,
        http.request(
            call.method,
            call.url,
            data=BytesIO(call.body) if call.method not in BODYLESS or call.body else None,
            headers=call.headers,
            allow_redirects=False,
        ) as response,
    ):
        raw = b""
        while len(raw) < LONGEST_ANSWER and (more := await response.content.read(65_536)):
            raw += more
        return response.status, dict(response.headers), raw[:LONGEST_ANSWER]


def is_uuid(avatar: str) -> bool:
    """Tell whether an avatar is a custom one."""
    return _UUID.fullmatch(avatar) is not None


def _parsed(template: str) -> Any:
    """Return the JSON of a template; None if it is none, or not an object or a list."""
    try:
        form = json.loads(template)
    except ValueError:
        return None
    return form if isinstance(form, dict | list) else None


def _filled(form: Any, avatar: Any) -> Any:
    """Return a template with `avatar` in its place, of any type; AvatarSent.NONE leaves it out."""
    match form:
        case dict():
            left_out = avatar is AvatarSent.NONE
            kept = {k: each for k, each in form.items() if not (left_out and each == AVATAR)}
            return {k: _filled(each, avatar) for k, each in kept.items()}
        case list():
            return [_filled(each, avatar) for each in form]
        case str() if form == AVATAR:
            return "" if avatar is AvatarSent.NONE else avatar
        case str():
            return form.replace(AVATAR, avatar if isinstance(avatar, str) else "")
        case _:
            return form


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
