"""Every answer of the fake or the gateway in any test is checked against its contract here.

`CheckedClient` is the HTTP client of our tests. Foreign clients (the official SDKs, `fetch` in
Node) do not go through it, so servers that they talk to get `attach`, which checks the same
answers from the inside.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
import orjson
from aiohttp import web

from contracts.wire.schema import ContractViolation, load, validate

LONGEST_LINE = 1 << 14  # a cursor of the longest kind fits
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
    validate(load(document), method, bare, status=status, headers=headers, body=body)


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

    app.on_response_prepare.append(check_answer)
    return violations


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
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
    assert not violations, violations
