"""The gateway as an aiohttp application: one POST, and the routes of operators."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext

import aiohttp
import orjson
from aiohttp import web

from gateway.access.addresses import client_address
from gateway.clock import LoopClock
from gateway.config import Config
from gateway.errors import (
    GatewayError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from gateway.flow.avatars import requested_avatar
from gateway.flow.connect_flow import CallerGone
from gateway.flow.credentials import Shape
from gateway.flow.options import requested_options
from gateway.service import Service, running
from gateway.telemetry.logs import access
from gateway.telemetry.metrics import CALLER_GONE
from gateway.telemetry.record import CURRENT, NOT_READY, RequestRecord, identify
from gateway.telemetry.tracing import Tracing
from gateway.web.answers import Answer, as_json, refusal
from gateway.web.hand_over import departure, drop, hand_over

PATH = "/api/avatar/connect"
HEALTH, READY, METRICS = "/health", "/ready", "/metrics"
LONGEST_BODY = 16 * 1024  # bytes
LONGEST_BODY_WITH_OPTIONS = 128 * 1024  # a personality of 10,000 characters, and tools
BODY_S = 5.0  # a caller who never ends the body holds a handler, and the shutdown

CONFIG = web.AppKey("config", Config)
SERVICE = web.AppKey("service", Service)
RECORD = web.RequestKey("record", RequestRecord)

_log = logging.getLogger("gateway")
_CLIENT_CLOSED = 499  # for the log: the connection is gone
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    config: Config,
    *,
    connector: aiohttp.BaseConnector | None = None,
    jitter: random.Random | None = None,
    tracing: Tracing | None = None,
) -> web.Application:
    """Return the gateway, ready to be served or mounted.

    Args:
        connector: how to reach the upstream (a proxy, a Unix socket); None: TCP.
        jitter: spreads retries; None: seeded by the system.
        tracing: records spans; None: off. It is shut down with the application.
    """
    app = web.Application(
        client_max_size=_longest_body(config),
        middlewares=[_observed, _errors_as_json],
    )
    app[CONFIG] = config
    app.router.add_post(PATH, _connect)
    if config.origins.allowed:
        app.router.add_route("OPTIONS", PATH, _preflight)
    app.router.add_get(HEALTH, _health)
    app.router.add_get(READY, _ready)
    if config.metrics:
        app.router.add_get(METRICS, _metrics)

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with running(config, connector=connector, jitter=jitter, tracing=tracing) as service:
            app[SERVICE] = service
            yield

    async def shut_down(app: web.Application) -> None:
        connects = app[SERVICE].connects
        await connects.finish(within_s=config.grace_s)
        connects.shut_down()

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        # as an answer is sent, because the one with a session is sent by its handler
        if (record := request.get(RECORD)) is not None:  # else no answer of this application
            response.headers.update(record.identity.headers())
            response.headers.update(config.origins.headers(request.headers.get("Origin")))

    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(shut_down)
    return app


# Handlers


async def _connect(request: web.Request) -> web.Response:
    config, service, record = request.app[CONFIG], request.app[SERVICE], _record()
    record.caller = await _caller(request)
    await service.limiter.hit(record.caller)
    shape = config.shape_for(_shape(request))
    body = await _body(request)
    avatar = requested_avatar(body, config.avatars)
    options = requested_options(body, config.options)
    record.avatar = "custom" if avatar.custom else "preset"
    has_left = departure(request)
    # asked whether or not the server cancels the handler of a caller who leaves
    async with service.connects.session(
        avatar, shape, is_gone=has_left, options=options, caller=record.caller
    ) as handed_out:
        answer = as_json(handed_out.body())
        await hand_over(request, answer, has_left)
        record.session_id = handed_out.session_id
    return answer


async def _preflight(request: web.Request) -> web.Response:
    headers = request.app[CONFIG].origins.preflight(request.headers)
    if headers is None:
        raise web.HTTPMethodNotAllowed("OPTIONS", ["POST"])
    return Answer(status=204, headers=headers)


async def _caller(request: web.Request) -> str:
    """Return the caller's name, by authentication, else by address."""
    name = await request.app[SERVICE].callers.subject(request.headers.getall("Authorization", []))
    if name is not None:
        return name
    forwarded_for = request.headers.getall("X-Forwarded-For", [])
    return client_address(request.remote, forwarded_for, request.app[CONFIG].trusted)


def _shape(request: web.Request) -> Shape | None:
    asked, *more = request.query.getall("shape", [None])
    if more:
        raise InvalidRequest("shape is given more than once")
    try:
        return None if asked is None else Shape(asked)
    except ValueError:
        choices = " or ".join(shape.value for shape in Shape)
        raise InvalidRequest(f"shape must be {choices}") from None


def _longest_body(config: Config) -> int:
    return LONGEST_BODY_WITH_OPTIONS if config.options else LONGEST_BODY


def _media_type(request: web.Request) -> str:
    # aiohttp reads the whole header as one of an e-mail: up to half a second, or no end of brackets
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def _body(request: web.Request) -> object:
    if _media_type(request) != "application/json":
        raise UnsupportedMediaType
    if any(each.lower() != "identity" for each in request.headers.getall("Content-Encoding", ())):
        raise UnsupportedMediaType("Content-Encoding is not supported")
    limit = _longest_body(request.app[CONFIG])
    # most bodies come with their headers, and need no timer
    in_time = nullcontext() if request.content.is_eof() else asyncio.timeout(BODY_S)
    try:
        async with in_time:
            return orjson.loads(await _whole_body(request, limit))
    except TimeoutError:
        raise InvalidRequest("The body did not arrive in time") from None
    except (orjson.JSONDecodeError, web.RequestPayloadError):
        raise InvalidRequest("The body is not valid JSON") from None


async def _whole_body(request: web.Request, limit: int) -> bytes | bytearray:
    """Return the body, of at most `limit` bytes: mounted, a request has its application's limit."""
    body: bytes | bytearray = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge
    if not body:
        body = await request.read()  # the application that mounts us may have read it
        if len(body) > limit:
            raise PayloadTooLarge
    return body


async def _health(_request: web.Request) -> web.Response:
    return as_json({"status": "ok"})


async def _ready(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    problems = await service.readiness.problems()
    if service.connects.closing:
        problems = {**problems, "shutdown": "the gateway stops"}
    ready = not any(problems.values())
    if not ready:
        _record().code = NOT_READY
    checks = {name: problem or "ok" for name, problem in problems.items()}
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return as_json(body, status=200 if ready else 503)


async def _metrics(request: web.Request) -> web.Response:
    metrics = request.app[SERVICE].metrics
    assert metrics is not None  # else there is no such route
    text, content_type = metrics.text()
    return Answer(body=text, headers={"Content-Type": content_type})


# Around every request


@web.middleware
async def _observed(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Log, count and trace each request, under its ids."""
    clock = LoopClock()
    began = clock.now()
    resource = request.match_info.route.resource
    record = RequestRecord(
        identify(request.headers, os.urandom),
        method=request.method,
        path="" if resource is None else resource.canonical,
    )
    request[RECORD] = record
    token = CURRENT.set(record)
    service, connects = request.app[SERVICE], request.match_info.handler is _connect
    span = service.tracing.connect(record) if service.tracing and connects else nullcontext()
    try:
        with span:
            try:
                response = await handler(request)
            except asyncio.CancelledError:
                record.code, record.status = CALLER_GONE, _CLIENT_CLOSED
                raise
            record.status = response.status
        # `body_length` is not known of an answer that is sent later
        record.size = getattr(response, "content_length", None) or 0
        return response
    finally:
        seconds = clock.now() - began
        if service.metrics is not None and connects:
            service.metrics.ended(record.code, seconds)
        probed = not connects and record.status == 200
        access(record, seconds=seconds, level=logging.DEBUG if probed else logging.INFO)
        CURRENT.reset(token)


def _record() -> RequestRecord:
    """Return the record of the request that is being answered."""
    record = CURRENT.get()
    assert record is not None  # every route is behind `_observed`
    return record


@web.middleware
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer every failure in the one form that the contract has for them."""
    try:
        return await handler(request)
    except GatewayError as error:
        return _refusal(error)
    except CallerGone:
        drop(request)  # one who has closed the sending side alone could still read an answer
        _record().code = CALLER_GONE
        return Answer(status=_CLIENT_CLOSED)
    except web.HTTPNotFound:
        return _refusal(NotFound())
    except web.HTTPMethodNotAllowed as error:
        allowed = {"Allow": ", ".join(sorted(error.allowed_methods))}
        return _refusal(MethodNotAllowed(), allowed)
    except Exception:
        _log.exception("could not answer a request")  # the line has its ids
        return _refusal(GatewayError())


def _refusal(error: GatewayError, headers: dict[str, str] | None = None) -> web.Response:
    _record().code = error.code
    return refusal(error, headers)
