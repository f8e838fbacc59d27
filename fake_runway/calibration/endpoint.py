"""An endpoint that is called: its answers, what was spent, and what is cancelled at the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard
from uuid import UUID

from fake_runway.calibration.history import (
    AVATARS,
    DOCUMENTS,
    DOWNLOADED,
    ROUTERS,
    SESSIONS,
    STORED,
    TASKS,
    UPLOADS,
    VOICES,
    History,
    Seen,
)
from fake_runway.clock import loop_now, pause

if TYPE_CHECKING:
    from aiohttp import ClientSession

INVENTED = ("00000000-0000-4000-8000-0ca11b4a7e01", "00000000-0000-4000-8000-0ca11b4a7e02")
"""Ids that nothing has."""

VERSION = "2024-11-06"
_LARGEST_ANSWER, _LARGEST_FILE = 1 << 20, 256 << 20
_KEPT_UNTIL_DELETED = (AVATARS, VOICES, DOCUMENTS, ROUTERS)
_BOUNDARY = "calibration-b0undary"
_OVER = ("COMPLETED", "FAILED", "CANCELLED", "SUCCEEDED")


class EndpointFailed(Exception):
    """The endpoint cannot be reached, or answers nothing that can be learned from."""


class Came(NamedTuple):
    """An answer as it came.

    Attributes:
        body: of a file, only its beginning.
        size: bytes that came.
        whole: nothing is missing at the end.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int = 0
    whole: bool = True


Send = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[Came]]
"""Sends a method, a path or the whole address of a file, headers and a body.

Raises `EndpointFailed` if there is no answer.
"""


def sender(http: "ClientSession", url: str) -> Send:
    """Return what sends requests to the endpoint with this base URL."""

    async def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Came:
        import aiohttp

        skip = [] if "Content-Type" in headers else ["Content-Type"]
        is_file = not path.startswith("/")
        most, size, whole, answer = _LARGEST_FILE if is_file else _LARGEST_ANSWER, 0, True, b""
        try:
            async with http.request(
                method,
                path if is_file else url + path,
                data=BytesIO(body) if is_file and body is not None else body,
                headers=headers,
                skip_auto_headers=skip,
                allow_redirects=False,
            ) as response:
                try:
                    async for chunk in response.content.iter_any():
                        size += len(chunk)
                        answer += chunk if len(answer) <= _LARGEST_ANSWER else b""
                        if size > most:
                            break
                except aiohttp.ClientPayloadError:
                    if not is_file:
                        raise
                    whole = False
                return Came(response.status, response.headers, answer, size, whole)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = type(error).__name__ if isinstance(error, ValueError) else str(error)
            raise EndpointFailed(
                f"{method} {'a file' if is_file else path}: no answer:"
                f" {reason[:200] or type(error).__name__}"
            ) from None

    return send


class RealTime:
    """The time of an endpoint whose clock runs so many times as fast as this one."""

    def __init__(self, rate: float = 1.0) -> None:
        self._rate = rate

    def now(self) -> float:
        """Return its seconds, from some instant on."""
        return loop_now() * self._rate

    async def pause(self, seconds: float) -> None:
        """Let seconds of its time go by."""
        await pause(seconds / self._rate)


@dataclass
class Endpoint:
    """An endpoint that is called, and everything that it answered.

    Args:
        send: sends to it.
        secret: an API secret of it. It is in no message and in nothing that is kept.
        allowance: credits that may be spent.
        clock: its time.
        patience_s: the longest that something is waited for.
        wait_s: how long it is tried whether uploads, slots and cursors expire; 0: not at all.
        largest_file: bytes of the largest file that is sent.

    Attributes:
        calls: what was answered, in order.
        committed: credits that the plays so far may have spent at most.
        left_out: the plays that were not made, each with its reason.
    """

    send: Send
    secret: str
    allowance: int
    clock: RealTime = field(default_factory=RealTime)
    patience_s: float = 60.0
    wait_s: float = 0.0
    largest_file: int = 1 << 20
    calls: list[Seen] = field(default_factory=list)
    committed: int = 0
    left_out: list[str] = field(default_factory=list)

    def history(self) -> History:
        """Return all calls so far."""
        return History(self.calls, invented=frozenset(INVENTED))

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        content_type: str | None = None,
        versioned: bool = True,
    ) -> Seen:
        """Send a request, keep what was answered, and return it.

        Args:
            key: a session's key instead of the API secret.
            content_type: to be declared without a body.

        Raises:
            EndpointFailed: there was no answer.
        """
        headers = {"Authorization": f"Bearer {key or self.secret}", "Accept": "application/json"}
        if versioned:
            headers["X-Runway-Version"] = VERSION
        raw = None if body is None else json.dumps(body).encode()
        if raw is not None:
            content_type = "application/json"
        if content_type is not None:
            headers["Content-Type"] = content_type
        began = self.clock.now()
        came = await self.send(method, path, headers, raw)
        ended = self.clock.now()
        seen = Seen(
            at=ended,
            took_s=ended - began,
            method=method,
            path=path.partition("?")[0],
            query=path.partition("?")[2],
            content_type=content_type,
            versioned=versioned,
            asked=dict(body or {}),
            status=came.status,
            headers={name.lower(): value[:300] for name, value in came.headers.items()},
            body=_object(came.body),
        )
        self.calls.append(seen)
        return seen

    async def upload(self, content: bytes) -> str | None:
        """Ask for a slot, send a file to it, and return the slot's address if it was taken."""
        slot = await self.call("POST", UPLOADS, {"filename": "cat.png", "type": "ephemeral"})
        return await self.store(slot, content)

    async def store(self, slot: Seen, content: bytes) -> str | None:
        """Send a file to a slot, and return the slot's address if it was taken.

        The API secret does not go along: where files are sent is the endpoint's choice.
        """
        url, uri = slot.body.get("uploadUrl"), slot.body.get("runwayUri")
        fields = slot.body.get("fields")
        if not _is_address(url) or not isinstance(uri, str):
            return None
        form = _form(fields if isinstance(fields, dict) else {}, content)
        headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        place = f"{STORED}/{uri.rpartition('/')[2][:100]}"
        seen = await self._file("POST", place, url, headers, form, {"bytes": len(content)})
        return uri if seen.ok else None

    async def download(self, url: object, *, of: str) -> None:
        """Fetch an output of the task with this id, without the API secret."""
        if _is_address(url):
            await self._file("GET", f"{DOWNLOADED}/{of}", url, {}, None, {})

    async def _file(
        self,
        method: str,
        place: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        asked: Mapping[str, Any],
    ) -> Seen:
        came = await self.send(method, url, headers, body)
        seen = Seen(
            at=self.clock.now(),
            took_s=0.0,
            method=method,
            path=place,
            asked=asked,
            status=came.status,
            headers={"content-type": came.headers.get("Content-Type", "")[:300]},
            body={"bytes": came.size, "whole": came.whole},
        )
        self.calls.append(seen)
        return seen

    async def poll(
        self, path: str, until: Callable[[Seen], bool], *, every_s: float, at_most_s: float
    ) -> Seen:
        """GET again and again until an answer is what is waited for, or the time is over."""
        began = self.clock.now()
        while True:
            seen = await self.call("GET", path)
            if until(seen) or self.clock.now() - began > at_most_s:
                return seen
            await self.clock.pause(every_s)

    def allows(self, play: str, credits: int) -> bool:
        """Commit credits to a play; return whether the allowance covers them."""
        if self.committed + credits > self.allowance:
            needed = self.committed + credits
            self.left_out.append(f"{play}: needs --max-credits {needed} or more")
            return False
        self.committed += credits
        return True

    @asynccontextmanager
    async def made(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[str | None]:
        """Create something, yield its id, and cancel it at the end unless it is over.

        Yields None where it was refused.
        """
        answer = await self.call("POST", path, body)
        id_ = answer.body.get("id") if answer.ok else None
        kind = path if path in (SESSIONS, *_KEPT_UNTIL_DELETED) else TASKS
        if not isinstance(id_, str) or not _is_uuid(id_):
            yield None
            return
        try:
            yield id_
        finally:
            about = [each for each in self.calls if each.path == f"{kind}/{id_}"]
            last = next((each for each in reversed(about) if each.method == "GET"), None)
            over = any(each.method == "DELETE" and each.ok for each in about) or (
                kind not in _KEPT_UNTIL_DELETED
                and last is not None
                and last.body.get("status") in _OVER
            )
            if not over:
                await asyncio.shield(self.call("DELETE", f"{kind}/{id_}"))


def _is_address(url: object) -> TypeGuard[str]:
    return isinstance(url, str) and url.startswith(("https://", "http://"))


def _form(fields: Mapping[str, Any], content: bytes) -> bytes:
    """Return a form with a file at its end."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (
        f"--{_BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="cat.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return b"".join(
        ("".join(parts).encode(), head.encode(), content, f"\r\n--{_BOUNDARY}--\r\n".encode())
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
