"""A small correct gateway in aiohttp, in pieces: its broken descendants override one each."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from contracts.judge.clock import sleep
from contracts.judge.output import Output
from contracts.judge.runner import PRESETS
from contracts.judge.situation import Shape
from tests.contract.judged import RUNNER, serving

PATH = "/api/avatar/connect"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Problem(Exception):
    """The error that a caller gets instead of credentials."""

    def __init__(self, status: int, text: str, *, over: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.over = over  # the session has ended


class UpstreamError(Exception):
    """One request upstream that failed; `status` is None if there was no usable answer."""

    def __init__(
        self, status: int | None, *, text: str = "", after_s: float = 0.0, refused: bool = False
    ) -> None:
        super().__init__("the upstream failed")
        self.status = status
        self.text = text
        self.after_s = after_s
        self.refused = refused


@dataclass
class Gateway:
    """One gateway; correct as it stands.

    Attributes:
        last_headers: of the last answer upstream.
    """

    url: str
    secret: str
    http: aiohttp.ClientSession
    output: Output
    shape: Shape
    deadline_s: float
    poll_s: float = 0.25
    retry_s: float = 0.3
    repeats: int = 2
    cancels: int = 3
    method: ClassVar[str] = "POST"
    longest_body: int = 64 * 1024
    methods: tuple[str, ...] = ()
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    last_headers: Mapping[str, str] = field(default_factory=dict)

    async def close(self) -> None:
        """Close what it has opened."""

    def die(self, request: web.Request) -> None:
        """End at once, as a process does that crashes: no call is answered any more."""
        self.own(request.app[RUNNER].cleanup())

    def say(self, text: str) -> None:
        self.output.write(f"{text}\n")

    # The caller's side

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            avatar = self.avatar(await self.body(request))
            answer = await self.connect(avatar, request)
            self.say("handed out a session")
            return self.success(answer)
        except Problem as problem:
            self.say(f"refused: {problem.status}")
            return self.failure(problem)

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response(answer)

    def failure(self, problem: Problem) -> web.Response:
        return web.json_response({"error": str(problem)}, status=problem.status)

    async def body(self, request: web.Request) -> Any:
        if request.content_type.lower() != "application/json":
            raise Problem(415, "the body is not declared as JSON")
        try:
            return json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            raise Problem(413, "the body is too big") from None
        except ValueError:
            raise Problem(400, "the body is no JSON") from None

    def avatar(self, body: Any) -> str:
        if not isinstance(body, dict):
            raise Problem(400, "expected an object")
        avatar = body.get("avatarId")
        if avatar is None or avatar == "":
            return self.no_avatar()
        if not isinstance(avatar, str):
            return self.odd_avatar(avatar)
        if avatar not in PRESETS and not _UUID.fullmatch(avatar):
            return self.unknown_avatar(avatar)
        return avatar

    def no_avatar(self) -> str:
        raise Problem(400, "avatarId is missing")

    def odd_avatar(self, _avatar: Any) -> str:
        raise Problem(400, "avatarId is no text")

    def unknown_avatar(self, _avatar: str) -> str:
        raise Problem(404, "no such avatar")

    # The session

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        creating = self.own(self.create(avatar))
        try:
            async with asyncio.timeout(self.deadline_s) as limit:
                session = await self.created(creating, limit)
                key = await self.until_ready(session, request)
                answer = await self.hand_out(session, key)
            self.still_there(request)
        except TimeoutError:
            self.own(self.give_up(creating, "deadline"))
            raise self.too_late() from None
        except UpstreamError as error:
            self.own(self.give_up(creating, "error"))
            raise self.problem_of(error) from None
        except Problem as problem:
            reason = "gone" if problem.status == 499 else "over" if problem.over else "error"
            self.own(self.give_up(creating, reason))
            raise
        else:
            return answer

    async def created(self, creating: "asyncio.Task[str]", _limit: asyncio.Timeout) -> str:
        return await asyncio.shield(creating)

    def still_there(self, request: web.Request) -> None:
        if request.transport is None:
            raise Problem(499, "the caller is gone")

    def too_late(self) -> Problem:
        return Problem(504, "the session was not ready in time")

    def problem_of(self, _error: UpstreamError) -> Problem:
        return Problem(502, "the session service failed")

    async def create(self, avatar: str) -> str:
        body = self.create_body(avatar)
        for left in reversed(range(self.repeats + 1)):
            try:
                answer = await self.ask("POST", "", body=body)
            except UpstreamError as error:
                if not left or not self.create_again(error):
                    raise
                await sleep(max(error.after_s, self.retry_s))
            else:
                return self.id_of(answer)
        raise AssertionError("the last attempt returns or raises")

    def create_body(self, avatar: str) -> Mapping[str, Any]:
        return {"model": "gwm1_avatars", "avatar": self.wanted(avatar)}

    def create_again(self, error: UpstreamError) -> bool:
        return error.status in (429, 503) or error.refused

    def id_of(self, answer: Mapping[str, Any]) -> str:
        if not isinstance(answer.get("id"), str):
            raise UpstreamError(None)
        return str(answer["id"])

    def wanted(self, avatar: str) -> Mapping[str, Any]:
        if _UUID.fullmatch(avatar):
            return {"type": "custom", "avatarId": avatar}
        return {"type": "runway-preset", "presetId": avatar}

    async def until_ready(self, session: str, request: web.Request) -> str:
        while True:
            self.still_there(request)
            try:
                answer = await self.poll(session)
            except UpstreamError as error:
                if not self.poll_again(error):
                    raise
                await sleep(self.retry_s)
                continue
            status = answer.get("status")
            if status == "READY":
                return self.key_of(answer)
            if status != "NOT_READY":
                self.not_waiting(status, answer)
            await sleep(self.poll_s)

    def key_of(self, answer: Mapping[str, Any]) -> str:
        key = answer.get("sessionKey")
        if not isinstance(key, str) or not key:
            raise Problem(502, "there is no key")
        return key

    def not_waiting(self, status: Any, _answer: Mapping[str, Any]) -> None:
        """Decide what to do about a status other than READY and NOT_READY; return to poll again."""
        over = status in ("FAILED", "CANCELLED", "COMPLETED")
        raise Problem(502, "the session cannot be used", over=over)

    async def poll(self, session: str) -> Mapping[str, Any]:
        return await self.ask("GET", f"/{session}", limit_s=3.0)

    def poll_again(self, error: UpstreamError) -> bool:
        return error.status is None or error.status == 429 or error.status >= 500

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        if self.shape is Shape.SESSION_KEY:
            return {"sessionId": session, "sessionKey": key}
        room = await self.consume(session, key)
        return self.credentials(session, room)

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        return await self.ask("POST", f"/{session}/consume", bearer=key, body={})

    def credentials(self, session: str, room: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = [room.get(name) for name in ("url", "token", "roomName")]
        if not all(isinstance(each, str) and each for each in wanted):
            raise Problem(502, "there are no credentials")
        return {
            "sessionId": session,
            "serverUrl": room["url"],
            "token": room["token"],
            "roomName": room["roomName"],
        }

    # Cleaning up

    def own(self, work: Any) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._disown)
        return task

    def _disown(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # raised where the task is awaited

    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        """Cancel the session, if there is one; `reason`: deadline, error, gone, over."""
        if reason == "over":
            return
        try:
            session = await creating
            await self.cancel(session)
        except (UpstreamError, asyncio.CancelledError):
            self.say("nothing to cancel")

    async def cancel(self, session: str) -> None:
        for left in reversed(range(self.cancels)):
            try:
                await self.ask("DELETE", f"/{session}", limit_s=2.0)
            except UpstreamError:
                if not left:
                    raise
                await sleep(self.retry_s)
            else:
                return

    # Upstream

    def headers(self, _method: str, _path: str) -> dict[str, str]:
        return {"X-Runway-Version": "2024-11-06"}

    async def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str = "",
        body: Mapping[str, Any] | None = None,
        limit_s: float | None = None,
    ) -> Mapping[str, Any]:
        """Send one request and return the object that it is answered with."""
        headers = {"Authorization": f"Bearer {bearer or self.secret}"}
        headers |= self.headers(method, path)
        url = f"{self.url}/v1/realtime_sessions{path}"
        try:
            async with (
                asyncio.timeout(limit_s),
                self.http.request(method, url, headers=headers, json=body) as response,
            ):
                text = await response.text()
                self.last_headers = response.headers
        except aiohttp.ClientConnectorError:
            raise UpstreamError(None, refused=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(None) from error
        if response.status >= 300:
            after_s = seconds(response.headers.get("Retry-After", ""))
            raise UpstreamError(response.status, text=text, after_s=after_s)
        return self.parsed(text)

    def parsed(self, text: str) -> Mapping[str, Any]:
        try:
            answer = json.loads(text or "{}")
        except ValueError:
            raise UpstreamError(None) from None
        if not isinstance(answer, dict):
            raise UpstreamError(None)
        return answer


def seconds(text: str) -> float:
    """Return what a Retry-After header asks for; a date, or nonsense, asks for nothing."""
    return float(text) if text.isdecimal() else 0.0


@asynccontextmanager
async def served(
    kind: type[Gateway],
    url: str,
    secret: str,
    output: Output,
    *,
    shape: Shape,
    deadline_s: float,
    port: int = 0,
) -> AsyncIterator[str]:
    """Serve a gateway in this loop until the block ends; yield the URL of its endpoint."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        gateway = kind(url, secret, http, output, shape, deadline_s)
        app = web.Application(client_max_size=gateway.longest_body)
        for method in gateway.methods or (gateway.method,):
            app.router.add_route(method, PATH, gateway.handle)
        try:
            async with serving(app, port=port) as served_at:
                yield served_at + PATH
        finally:
            for task in list(gateway.tasks):
                task.cancel()
            await asyncio.gather(*gateway.tasks, return_exceptions=True)
            await gateway.close()
