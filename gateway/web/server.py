"""Serving the gateway: aiohttp's server, where its own answers to odd requests become ours.

A request that does not parse, or has an unknown `Expect`, never reaches a handler. aiohttp answers
it in plain text that quotes the request, and logs a traceback that quotes it too; both may hold a
caller's secret. Here it is answered and logged like every other refusal: JSON with a code of the
contract, the ids of a request, one line.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientConnectionResetError, hdrs, web
from aiohttp.http import HttpProcessingError, HttpVersion10, HttpVersion11, RawRequestMessage
from multidict import CIMultiDict
from yarl import URL

from gateway.errors import GatewayError, InvalidRequest
from gateway.telemetry.logs import access
from gateway.telemetry.record import CURRENT, RequestRecord, identify
from gateway.web.answers import Answer, refusal

KEEP_ALIVE_S = 75.0  # an idle connection, and one whose request line and headers never end
LINGER_S = 2.0  # how long the rest of a refused body is read, so that the refusal arrives

_log = logging.getLogger("gateway")
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_Factory = Callable[..., web.BaseRequest]
_MISTAKES = (HttpProcessingError, web.RequestPayloadError, UnicodeError)
_MALFORMED = web.RequestKey("malformed", bool)
_NOT_HTTP = "The request is not valid HTTP"


class GatewayRunner(web.AppRunner):
    """Serve a gateway's application; use it with any of aiohttp's sites.

    Bodies are not decompressed, because no compressed one is accepted: refusing 100 KB would else
    cost the inflating of 100 MB.

    Args:
        shutdown_timeout: for the answers that are still open when the gateway stops, in seconds.
        options: further ones of `web.AppRunner`.
    """

    def __init__(self, app: web.Application, *, shutdown_timeout: float, **options: Any) -> None:
        super().__init__(
            app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=shutdown_timeout,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
            auto_decompress=False,
            **options,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        handler = _answering(made.request_handler)
        factory = _building(made.request_factory)
        return _Server(handler, request_factory=factory, **self._kwargs)


def _answering(handler: _Handler) -> _Handler:
    """Return `handler` with our refusals where aiohttp has none, or words of its own."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            _check(request)
        except InvalidRequest as error:
            answer = _refused(request, error)
            answer.force_close()  # where the next request would begin is unknown
            return answer
        return await handler(request)

    return answer


def _building(factory: _Factory) -> _Factory:
    """Return `factory` as one that never fails.

    aiohttp builds a request outside of its own `try`, and an absolute target whose host is no IDNA
    name breaks that: the connection would never be answered.
    """

    def build(message: RawRequestMessage, *rest: Any) -> web.BaseRequest:
        try:
            return factory(message, *rest)
        except ValueError:
            request = factory(message._replace(url=URL("/")), *rest)
            request[_MALFORMED] = True
            return request

    return build


def _check(request: web.BaseRequest) -> None:
    """Refuse what aiohttp would answer itself, or two servers in a row may read differently.

    The latter: RFC 9112, 6.1.

    Raises:
        InvalidRequest: a target that is none, another version of HTTP, an unknown expectation, or
            a body that is not simply chunked.
    """
    if request.get(_MALFORMED):
        raise InvalidRequest(_NOT_HTTP)
    if request.version not in (HttpVersion10, HttpVersion11):
        raise InvalidRequest("Expected HTTP/1.1")
    if any(each.lower() != "100-continue" for each in request.headers.getall(hdrs.EXPECT, ())):
        raise InvalidRequest("Expect can only be 100-continue")
    coding = request.headers.get(hdrs.TRANSFER_ENCODING)
    if coding is None:
        return
    if coding.lower() != "chunked" or request.version == HttpVersion10:
        raise InvalidRequest("Transfer-Encoding can only be chunked")


def _refused(request: web.BaseRequest, error: GatewayError, *, reason: str = "") -> Answer:
    """Log that `request` is refused before any handler, and return the answer.

    Args:
        reason: what is wrong, if the code does not say it; no word of the request's own.
    """
    headers = CIMultiDict(request.headers)  # a plain dict, if the request could not be parsed
    record = RequestRecord(
        identify(headers, os.urandom),
        method=request.method,
        code=error.code,
        status=error.status,
    )
    answer = refusal(error, record.identity.headers())
    record.size = answer.content_length or 0
    token = CURRENT.set(record)
    try:
        access(record, seconds=0.0, level=logging.INFO, reason=reason)
    finally:
        CURRENT.reset(token)
    return answer


class _Server(web.Server):
    """aiohttp's server with our protocol on each connection."""

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **self._kwargs)


class _Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the refusal of a request that did not parse, or met a defect below the app.

        Raises:
            ConnectionError: an answer has begun, and no other can follow it; or the caller left.
        """
        mistake = status < 500 or isinstance(exc, _MISTAKES)
        if not mistake:
            self.log_exception("could not handle a request", exc_info=exc)
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("an answer has begun, or cannot be sent")
        known = InvalidRequest(_NOT_HTTP) if mistake else GatewayError()
        answer = _refused(request, known, reason=type(exc).__name__ if exc and mistake else "")
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a caller's mistake in one line without its words, and a defect with its traceback.

        A caller who leaves early is neither; aiohttp then writes to a transport that closes.
        """
        error = kw.get("exc_info")
        if isinstance(error, _MISTAKES):
            _log.info("request that is not valid HTTP: %s", type(error).__name__)
        elif isinstance(error, ClientConnectionResetError):
            _log.info("caller left before 100 Continue or the answer was written")
        else:
            _log.error(*args, **kw)
