"""Every answer of the fake or the gateway in any test is checked against its contract here.

`CheckedClient` is the HTTP client of our tests. Foreign clients (the official SDKs, `fetch` in
Node) do not go through it, so servers that they talk to get `attach`, which checks the same
answers from the inside.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
import orjson
from aiohttp import web

from contracts.wire.documents import whole as whole_api
from contracts.wire.schema import ContractViolation, load, validate
from fake_runway.core.faults.effects.base import Delivery
from fake_runway.pages import paths as pages
from fake_runway.room.addresses import leads_to_room
from fake_runway.runway_api.calls import Applied, ReadHead
from fake_runway.server.app import FakeApp
from fake_runway.server.serving import LONGEST_LINE
from fake_runway.web.paths import path_of
from fake_runway.web.replies import Reply
from fake_runway.web.sending import whole

PUBLIC = ("/health", "/ready", "/metrics")


def check(
    document: str, method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Check one answer of the server that `document` ("runway" or "gateway") describes.

    The fake's answers beside the Runway API have a document of their own; a world's prefix,
    doubled slashes and needless escapes belong to no document. A fault's broken answer is not
    checked, nor the refusal of a path that cannot be decoded.
    """
    try:
        segments = [_spelled(segment) for segment in path.split("/") if segment]
    except ValueError:
        assert status == 400, (path, status)
        return
    if segments[:1] == ["w"]:
        segments = segments[2:]
    bare = "/" + "/".join(segments) + ("/" if path.endswith("/") else "")
    ours = document == "runway" and (bare in PUBLIC or f"{bare}/".startswith("/__admin/"))
    if method == "HEAD" and (status == 405 or (ours and bare in PUBLIC)):
        return  # an answer to HEAD has no body to check, and no operation has one
    if document == "runway" and any(name.lower() == "x-fake-fault" for name in headers):
        return
    if ours:
        document = "admin"
    if f"{bare}/".startswith(("/_media/", "/_uploads/")):
        return  # files, and the refusals of some
    contract = whole_api() if document == "runway" else load(document)
    validate(contract, method, bare, status=status, headers=headers, body=body)


def _spelled(segment: str) -> str:
    if re.search("%(?![0-9a-fA-F]{2})", segment):
        raise ValueError(segment)
    return quote(unquote(segment, errors="strict"), safe="!$&'()*+,;=:@")


@dataclass(frozen=True, slots=True)
class Answer:
    """One checked answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return orjson.loads(self.body)


class CheckedClient:
    """Sends requests to one server and checks each answer."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, document: str) -> None:
        self._http = http
        self.base_url = base_url
        self._document = document

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """Send one request; options are those of `aiohttp.ClientSession.request`."""
        async with self._http.request(method, self.base_url + path, **options) as response:
            body = await response.read()
            check(
                self._document,
                method,
                response.url.raw_path,
                status=response.status,
                headers=response.headers,
                body=body,
            )
            return Answer(response.status, response.headers, body)

    async def get(self, path: str, **options: Any) -> Answer:
        """Send a GET."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        """Send a POST."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        """Send a PUT."""
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        """Send a DELETE."""
        return await self.request("DELETE", path, **options)


def attach(app: web.Application, document: str) -> list[ContractViolation]:
    """Check every answer of `app` before it is sent; return the list that violations go to."""
    violations: list[ContractViolation] = []

    async def check_answer(request: web.Request, response: web.StreamResponse) -> None:
        _check_response(document, request, response, violations)

    app.on_response_prepare.append(check_answer)
    return violations


def _check_response(
    document: str,
    request: web.BaseRequest,
    response: web.StreamResponse,
    violations: list[ContractViolation],
) -> None:
    if not isinstance(response, web.Response):
        return
    if request.transport is None or request.transport.is_closing():
        return  # nothing is sent
    body = response.body if isinstance(response.body, bytes) else b""
    try:
        check(
            document,
            request.method,
            request.rel_url.raw_path,
            status=response.status,
            headers=response.headers,
            body=body,
        )
    except ContractViolation as violation:
        violations.append(violation)


class CheckedFake(FakeApp):
    """A fake each of whose answers is checked before it is sent, whichever way it takes.

    Attributes:
        violations: what was found.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.violations: list[ContractViolation] = []

    def answer_at_once(self, head: ReadHead, body: Callable[[], bytes]) -> Reply | Applied | None:
        """Check what is answered at once."""
        answer = super().answer_at_once(head, body)
        if isinstance(answer, Reply):
            self._check_whole(head, answer)
        elif answer is not None and answer.delivery.at_once:
            self._check_whole(head, answer.delivery)
        return answer

    def _check_whole(self, head: ReadHead, answer: Reply | Delivery) -> None:
        response = whole(answer)
        try:
            check(
                "runway",
                head.method,
                head.text,
                status=response.status,
                headers=response.headers,
                body=response.body if isinstance(response.body, bytes) else b"",
            )
        except ContractViolation as violation:
            self.violations.append(violation)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Check what is answered in a while."""
        response = await super().handle(request)
        path = path_of(request.raw_path)
        if leads_to_room(path) or pages.owns(path, request.headers.get("Accept", "")):
            return response  # LiveKit's, WHEP's, or for people: in no contract of ours
        _check_response("runway", request, response, self.violations)
        return response


@asynccontextmanager
async def serve(app: web.Application, document: str) -> AsyncIterator[str]:
    """Serve `app` on a free port, yield its URL, and fail at the end if it broke its contract."""
    violations = attach(app, document)
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=1,
        max_line_size=LONGEST_LINE,
    )
    async with listening(runner) as url:
        yield url
    assert not violations, violations


@asynccontextmanager
async def listening(runner: web.BaseRunner) -> AsyncIterator[str]:
    """Listen on a free port of this machine until the block ends; yield the URL."""
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
