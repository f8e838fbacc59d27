"""The gateway as an aiohttp application: one POST, and a health check."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import orjson
from aiohttp import web

from gateway.avatars import requested_avatar
from gateway.clock import LoopClock
from gateway.config import Config
from gateway.connect import CallerGone, Connects, Limits
from gateway.credentials import Shape
from gateway.errors import (
    GatewayError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from gateway.polling import Retries
from gateway.runway_client import RunwayClient

PATH = "/api/avatar/connect"
LONGEST_BODY = 16 * 1024  # bytes
ATTEMPT_S = 5.0
BODY_S = 5.0  # a caller who never ends the body holds a handler, and the shutdown

CONFIG = web.AppKey("config", Config)
CONNECTS = web.AppKey("connects", Connects)

_log = logging.getLogger("gateway")
_NOBODY_LISTENS = 499  # never seen by anybody: the connection is gone
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    config: Config,
    *,
    connector: aiohttp.BaseConnector | None = None,
    jitter: random.Random | None = None,
) -> web.Application:
    """Return the gateway, ready to be served or mounted.

    Args:
        connector: how to reach the upstream (a proxy, a Unix socket); None: TCP, without a limit
            on connections, because every caller who waits needs one now and then.
        jitter: spreads retries; None: seeded by the system.
    """
    app = web.Application(client_max_size=LONGEST_BODY, middlewares=[_errors_as_json])
    app[CONFIG] = config
    app.router.add_post(PATH, _connect)
    app.router.add_get("/health", _health)
    app.cleanup_ctx.append(lambda app: _upstream(app, connector, jitter or random.Random()))
    app.on_shutdown.append(_shut_down)
    return app


async def _upstream(
    app: web.Application, connector: aiohttp.BaseConnector | None, jitter: random.Random
) -> AsyncIterator[None]:
    config = app[CONFIG]
    http = aiohttp.ClientSession(
        connector=connector or aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    async with http:
        app[CONNECTS] = Connects(
            RunwayClient(http, base_url=config.base_url, secret=config.secret, attempt_s=ATTEMPT_S),
            limits=Limits(config.deadline_s, config.longest_wait_s),
            retries=Retries(),
            clock=LoopClock(),
            jitter=jitter,
        )
        yield
        await app[CONNECTS].drain()


async def _shut_down(app: web.Application) -> None:
    app[CONNECTS].shut_down()


async def _health(_request: web.Request) -> web.Response:
    return _json({"status": "ok"})


async def _connect(request: web.Request) -> web.Response:
    config = request.app[CONFIG]
    shape = _shape(request, config)
    avatar = requested_avatar(await _body(request), config.avatars)
    # `transport` goes None with the connection whether or not the server cancels handlers
    handed_out = await request.app[CONNECTS].connect(
        avatar, shape, is_gone=lambda: request.transport is None
    )
    _log.info("session %s handed out for %s", handed_out.session_id, avatar.id)
    return _json(handed_out.body())


def _shape(request: web.Request, config: Config) -> Shape:
    asked = request.query.get("shape")
    if asked is None:
        return config.shape
    try:
        shape = Shape(asked)
    except ValueError:
        choices = " or ".join(shape.value for shape in Shape)
        raise InvalidRequest(f"shape must be {choices}") from None
    if shape is not config.shape and not config.choice:
        raise InvalidRequest(f"this gateway answers with shape {config.shape.value} only")
    return shape


async def _body(request: web.Request) -> object:
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    try:
        # cloned for its limit: mounted in another application, a request has that one's
        limited = request.clone(client_max_size=LONGEST_BODY)
        async with asyncio.timeout(BODY_S):
            return orjson.loads(await limited.read())
    except TimeoutError:
        raise InvalidRequest("The body did not arrive in time") from None
    except web.HTTPRequestEntityTooLarge:
        raise PayloadTooLarge from None
    except (orjson.JSONDecodeError, web.RequestPayloadError):
        raise InvalidRequest("The body is not valid JSON") from None


@web.middleware
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except GatewayError as error:
        _log.info("%s %s: %s", request.method, error.status, error.code)
        return _refusal(error)
    except CallerGone:
        _log.info("caller left before the answer")
        return web.Response(status=_NOBODY_LISTENS)
    except web.HTTPNotFound:
        return _refusal(NotFound())
    except web.HTTPMethodNotAllowed as error:
        return _refusal(MethodNotAllowed(), {"Allow": ", ".join(sorted(error.allowed_methods))})
    except Exception:
        _log.exception("could not answer %s %s", request.method, PATH)
        return _refusal(GatewayError())


def _refusal(error: GatewayError, headers: dict[str, str] | None = None) -> web.Response:
    body = {"error": error.text, "code": error.code}
    return _json(body, status=error.status, headers={**error.headers(), **(headers or {})})


def _json(
    body: dict[str, str], *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        content_type="application/json",
    )
