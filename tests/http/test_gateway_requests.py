"""Answers of the gateway before, and instead of, an upstream request."""

import asyncio
import io
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from gateway.config import Config
from gateway.flow.avatars import AllowList
from gateway.web.app import SERVICE, create_app
from tests.support.checked import Answer
from tests.support.servers import (
    SECRET,
    StartApp,
    StartFake,
    StartGateway,
    gateway_application,
    provisioned_in,
)

CONNECT = "/api/avatar/connect"
JSON = {"Content-Type": "application/json"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Against = Callable[[Handler], Awaitable[Answer]]
MUSIC = {"avatarId": "music-superstar"}


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"\xff", "application/json", 400, "invalid_request"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b"{}", "application/json", 400, "invalid_request"),
        (b'{"avatarId": 7}', "application/json", 400, "invalid_request"),
        (b'{"avatarId": "nobody"}', "application/json", 404, "unknown_avatar"),
        (b'{"avatarId": "cat-character"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"avatarId": "cat-character"}', "", 415, "unsupported_media_type"),
        (b"{}", "text/plain" + "(" * 7_000, 415, "unsupported_media_type"),
        (b"{}", "application/json;" + "(" * 7_000, 400, "invalid_request"),
        (b" " * 17_000, "application/json", 413, "payload_too_large"),
    ],
)
async def test_bad_requests_never_reach_the_upstream(
    data: bytes,
    content_type: str,
    status: int,
    code: str,
    start_fake: StartFake,
    start_gateway: StartGateway,
) -> None:
    """Each has its status and code, as JSON, and the fake has no session."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url)
    answer = await gateway.post(
        CONNECT, data=io.BytesIO(data), headers={"Content-Type": content_type}
    )
    assert (answer.status, answer.json["code"]) == (status, code)
    assert not fake.world.account.sessions


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bodies_are_refused(
    encoding: str, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """They are refused for any content: a few bytes could unpack to a great many."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url)
    answer = await gateway.post(
        CONNECT, data=b"no such thing", headers=JSON | {"Content-Encoding": encoding}
    )
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("shape", "status"), [("both", 400), ("", 400), ("session-key", 400), ("credentials", 200)]
)
async def test_the_other_shape_can_be_forbidden(
    shape: str, status: int, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """With the choice off, callers get the configured shape or a refusal."""
    fake = await start_fake(provisioned_in(0), rate=1)
    gateway = await start_gateway(fake.url, choice=False)
    answer = await gateway.post(f"{CONNECT}?shape={shape}", json=MUSIC)
    assert answer.status == status


async def test_unknown_routes_and_methods(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """404 and 405 are JSON too; health answers."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url)
    assert (await gateway.get("/api/avatar")).status == 404
    wrong = await gateway.get(CONNECT)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert (await gateway.get("/health")).json == {"status": "ok"}


async def test_the_limit_of_a_body_holds_when_mounted(aiohttp_client: AiohttpClient) -> None:
    """Inside another application the gateway keeps its own limit."""
    parent = web.Application(client_max_size=1 << 20)
    parent.add_subapp("/sub", create_app(Config(secret=SECRET, base_url="http://127.0.0.1:1")))
    client = await aiohttp_client(parent)  # unchecked: the path is the parent's
    body = io.BytesIO(b" " * 20_000)
    answer = await client.post(f"/sub{CONNECT}", data=body, headers=JSON)
    code = (await answer.json())["code"]
    assert (answer.status, code) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b'{"avatarId": "nobody"}', 404, "unknown_avatar"),
        (b" " * 17_000, 413, "payload_too_large"),
        (b"", 400, "invalid_request"),
    ],
)
async def test_a_body_that_the_mounting_application_has_read_is_still_there(
    data: bytes, status: int, code: str, aiohttp_client: AiohttpClient
) -> None:
    """A middleware that logs or verifies bodies may stand around the gateway."""

    @web.middleware
    async def reading(request: web.Request, handler: Handler) -> web.StreamResponse:
        await request.read()
        return await handler(request)

    parent = web.Application(middlewares=[reading])
    parent.add_subapp("/sub", create_app(Config(secret=SECRET, base_url="http://127.0.0.1:1")))
    client = await aiohttp_client(parent)  # unchecked: the path is the parent's
    answer = await client.post(f"/sub{CONNECT}", data=data, headers=JSON)
    assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_answers_are_not_to_be_cached(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Credentials work once."""
    fake = await start_fake(provisioned_in(0), rate=1)
    gateway = await start_gateway(fake.url)
    answer = await gateway.post(CONNECT, json=MUSIC)
    assert answer.headers["Cache-Control"] == "no-store"


async def test_many_callers_share_nothing(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Fifteen callers at once get fifteen sessions."""
    fake = await start_fake(provisioned_in(0.1), rate=1)
    gateway = await start_gateway(fake.url)
    answers = await asyncio.gather(*(gateway.post(CONNECT, json=MUSIC) for _ in range(15)))
    assert {each.status for each in answers} == {200}
    assert len({each.json["sessionId"] for each in answers}) == 15
    assert len({each.json["token"] for each in answers}) == 15


async def test_logs_name_the_session_and_no_credentials(
    caplog: pytest.LogCaptureFixture, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Neither the secret, nor the session key, nor the token is in any line."""
    with caplog.at_level(logging.DEBUG):
        fake = await start_fake(provisioned_in(0), rate=1)
        gateway = await start_gateway(fake.url)
        answer = await gateway.post(CONNECT, json=MUSIC)
        session = fake.world.account.sessions[answer.json["sessionId"]]
        key = fake.world.account.session_key(session)
    assert session.id in caplog.text
    for secret in (SECRET, key, answer.json["token"]):
        assert secret not in caplog.text
        assert secret == answer.json["token"] or secret.encode() not in answer.body


@pytest.fixture
def against(aiohttp_server: AiohttpServer, start_app: StartApp) -> Against:
    """A connect through a gateway whose upstream answers every request by one handler."""

    async def connect(handler: Handler) -> Answer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        upstream = await aiohttp_server(app, access_log=None, shutdown_timeout=0.1)
        gateway = gateway_application(str(upstream.make_url("")).rstrip("/"))
        answer = await (await start_app(gateway, "gateway")).post(CONNECT, json=MUSIC)
        await gateway[SERVICE].connects.drain()  # what it cancels after the answer
        return answer

    return connect


async def _reset(request: web.Request) -> web.Response:
    """Answer with a TCP reset."""
    transport = request.transport
    assert transport is not None
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    return web.Response()


async def _truncated(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent."""
    response = web.StreamResponse(headers={"Content-Length": "100"} | JSON)
    await response.prepare(request)
    await response.write(b'{"id": "')
    assert request.transport is not None
    request.transport.close()
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    """Send more than any answer of the API has."""
    return web.Response(body=io.BytesIO(b" " * (1 << 19)), headers=JSON)


async def _elsewhere(_request: web.Request) -> web.Response:
    """Redirect to another host."""
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"})


@pytest.mark.parametrize("handler", [_reset, _truncated, _endless, _elsewhere])
async def test_a_broken_upstream_on_real_sockets_is_502(handler: Handler, against: Against) -> None:
    """Resets, short bodies, floods and redirects: bad gateway."""
    answer = await against(handler)
    assert (answer.status, answer.json["code"]) == (502, "upstream_error")


async def test_an_upstream_that_is_down_is_502(
    caplog: pytest.LogCaptureFixture, start_gateway: StartGateway
) -> None:
    """Refused on a real socket, after its retries; each failure is a warning."""
    with socket.socket() as reserved:  # bound and not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        gateway = await start_gateway(url)
        answer = await gateway.post(CONNECT, json=MUSIC)
    assert (answer.status, answer.json["code"]) == (502, "upstream_error")
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warnings == ["upstream: create: refused"] * 3


@pytest.mark.parametrize(
    "reply",
    [
        {"id": "../../../admin"},
        {"id": ""},
        {"id": 7},
        {},
        [],
    ],
)
async def test_a_malformed_id_is_not_used(reply: Any, against: Against) -> None:
    """An upstream id becomes part of a path only if it has the form of an id."""
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(f"{request.method} {request.path}")
        return web.json_response(reply)

    answer = await against(handler)
    assert answer.status == 502
    assert seen == ["POST /v1/realtime_sessions"]


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "ü", 7, None])
async def test_a_malformed_session_key_is_not_used(key: Any, against: Against) -> None:
    """A key that cannot be sent in a header breaks the schema, and the session is cancelled."""
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.method)
        return web.json_response({"id": "s1", "status": "READY", "sessionKey": key})

    answer = await against(handler)
    assert answer.status == 502
    assert seen == ["POST", "GET", "DELETE"]


async def test_retry_after_as_a_date_counts_from_the_answers_date(against: Against) -> None:
    """An HTTP date far ahead ends the connect at once with 503 and a bounded Retry-After."""

    async def handler(_request: web.Request) -> web.Response:
        headers = {
            "Retry-After": "Wed, 21 Oct 2026 07:30:00 GMT",
            "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
        }
        return web.json_response({"error": "no"}, status=429, headers=headers)

    answer = await against(handler)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")


@pytest.mark.parametrize(
    "date", ["soon", "Wed, 99 Oct 2026 07:30:00 GMT", f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"]
)
async def test_a_malformed_retry_after_counts_as_absent(date: str, against: Against) -> None:
    """The gateway then waits by its own rules, and answers with five seconds in the end."""

    async def handler(_request: web.Request) -> web.Response:
        return web.json_response({"error": "no"}, status=429, headers={"Retry-After": date})

    answer = await against(handler)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_a_defect_of_the_gateway_is_500_without_details(
    caplog: pytest.LogCaptureFixture, start_gateway: StartGateway
) -> None:
    """An unforeseen error is logged and answered as JSON."""
    allowed = cast(AllowList, None)  # no list at all, which no configuration can hold
    gateway = await start_gateway("http://127.0.0.1:1", avatars=allowed)
    answer = await gateway.post(CONNECT, json=MUSIC)
    assert answer.json == {"error": "Internal error", "code": "internal"}
    assert "could not answer" in caplog.text
