"""Serving the gateway: aiohttp's server, where its own answers to odd requests become ours.

A request that does not parse, or has an unknown `Expect`, never reaches a handler. aiohttp answers
it in plain text that quotes the request, and logs a traceback that quotes it too; both may hold a
caller's secret. Here it is answered like every other refusal, and logged in a line.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientConnectionResetError, web
from aiohttp.http import HttpProcessingError, HttpVersion10, HttpVersion11

from gateway.errors import GatewayError, InvalidRequest
from gateway.web.answers import refusal

KEEP_ALIVE_S = 75.0  # an idle connection, and one whose request line and headers never end
LINGER_S = 2.0  # how long the rest of a refused body is read, so that the refusal arrives

_log = logging.getLogger("gateway")
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


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
        return _Server(handler, request_factory=made.request_factory, **self._kwargs)


def _answering(handler: _Handler) -> _Handler:
    """Return `handler` with our refusals where aiohttp has none, or words of its own."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            _check(request)
            return await handler(request)
        except web.HTTPExpectationFailed:
            return refusal(InvalidRequest("Expect can only be 100-continue"))
        except InvalidRequest as error:
            answer = refusal(error)
            answer.force_close()  # where the next request would begin is unknown
            return answer

    return answer


def _check(request: web.BaseRequest) -> None:
    """Refuse a request that two servers in a row may read differently (RFC 9112, 6.1).

    Raises:
        InvalidRequest: another version of HTTP, or a body that is not simply chunked.
    """
    if request.version not in (HttpVersion10, HttpVersion11):
        raise InvalidRequest("Expected HTTP/1.1")
    coding = request.headers.get("Transfer-Encoding")
    if coding is None:
        return
    if coding.lower() != "chunked" or request.version == HttpVersion10:
        raise InvalidRequest("Transfer-Encoding can only be chunked")


class _Server(web.Server):
    """aiohttp's server with our protocol on each connection."""

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **self._kwargs)


class _Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    async def start(self) -> None:
        """Answer the requests of this connection.

        aiohttp builds a request outside of its own `try`, and an absolute target whose host is no
        IDNA name breaks that: without this the connection would never be closed.
        """
        try:
            await super().start()
        except Exception as error:
            self.log_exception("connection lost its handler", exc_info=error)
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the refusal of a request that did not parse, or met a defect below the app.

        Raises:
            ConnectionError: an answer has begun; no other can follow it.
        """
        self.log_exception("could not handle a request", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        known = InvalidRequest("The request is not valid HTTP") if status < 500 else GatewayError()
        answer = refusal(known)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a caller's mistake in one line without its words, and a defect with its traceback.

        A caller who leaves early is neither; aiohttp then writes to a transport that closes.
        """
        error = kw.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError | UnicodeError):
            _log.info("request that is not valid HTTP: %s", type(error).__name__)
        elif isinstance(error, ClientConnectionResetError):
            _log.info("caller left before 100 Continue or the answer was written")
        else:
            _log.error(*args, **kw)
