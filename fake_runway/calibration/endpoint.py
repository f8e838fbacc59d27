"""An endpoint that is called: its answers, what was spent, and what is cancelled at the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from fake_runway.calibration.history import SESSIONS, TASKS, History, Seen
from fake_runway.clock import loop_now, pause

if TYPE_CHECKING:
    from aiohttp import ClientSession

INVENTED = ("00000000-0000-4000-8000-0ca11b4a7e01", "00000000-0000-4000-8000-0ca11b4a7e02")
"""Ids that nothing has."""

VERSION = "2024-11-06"
_LARGEST_ANSWER = 1 << 20
_OVER = ("COMPLETED", "FAILED", "CANCELLED", "SUCCEEDED")


class EndpointFailed(Exception):
    """The endpoint cannot be reached, or answers nothing that can be learned from."""


class Came(NamedTuple):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable[Came]]
"""Sends a method, a path, headers and a body. Raises `EndpointFailed` if there is no answer."""


def sender(http: "ClientSession", url: str) -> Send:
    """Return what sends requests to the endpoint with this base URL."""

    async def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Came:
        import aiohttp

        skip = [] if "Content-Type" in headers else ["Content-Type"]
        try:
            async with http.request(
                method,
                url + path,
                data=body,
                headers=headers,
                skip_auto_headers=skip,
                allow_redirects=False,
            ) as response:
                answer = bytearray()
                async for chunk in response.content.iter_any():
                    answer += chunk
                    if len(answer) > _LARGEST_ANSWER:
                        break
                return Came(response.status, response.headers, bytes(answer))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = type(error).__name__ if isinstance(error, ValueError) else str(error)
            raise EndpointFailed(
                f"{method} {path}: no answer: {reason[:200] or type(error).__name__}"
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
        kind = SESSIONS if path == SESSIONS else TASKS
        if not isinstance(id_, str) or not _is_uuid(id_):
            yield None
            return
        try:
            yield id_
        finally:
            about = [each for each in self.calls if each.path == f"{kind}/{id_}"]
            last = next((each for each in reversed(about) if each.method == "GET"), None)
            over = any(each.method == "DELETE" and each.ok for each in about) or (
                last is not None and last.body.get("status") in _OVER
            )
            if not over:
                await asyncio.shield(self.call("DELETE", f"{kind}/{id_}"))


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
