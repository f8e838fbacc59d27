"""Sends a delivery over a connection. The only module that does anything to a socket.

What is wrong with the bytes was decided before; what is left is when they go out, how many of them,
and what becomes of the connection. All waiting is on the world's clock.
"""

import os
import socket
import struct

import orjson
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from fake_runway.clock import VirtualClock
from fake_runway.core.durations import LONGEST_S
from fake_runway.core.faults.effects.base import Delivery, Ending
from fake_runway.web import cors
from fake_runway.web.replies import Reply

_JSON = CIMultiDictProxy(
    CIMultiDict({**cors.ORIGIN, "Content-Type": "application/json; charset=utf-8"})
)
_LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST


async def send(
    delivery: Delivery, request: web.BaseRequest, clock: VirtualClock
) -> web.StreamResponse:
    """Send what `delivery` says, and return what is left for the server to send."""
    if delivery.wait_s > 0:
        await clock.sleep(delivery.wait_s)
    if delivery.at_once:
        return whole(delivery)
    if delivery.silent:
        return await _close_unanswered(delivery, request, clock)
    return await _piecemeal(whole(delivery), delivery, request, clock)


def whole(answer: Reply | Delivery) -> web.Response:
    """Return the whole answer as one response."""
    body = answer.body
    if body is None:
        headers = {**answer.headers, **cors.ORIGIN} if answer.headers else cors.ORIGIN
        return web.Response(status=answer.status, headers=headers)
    headers = _JSON.copy()
    if answer.headers:
        headers.update(answer.headers)
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return web.Response(status=answer.status, body=raw, headers=headers)


async def _piecemeal(
    given: web.Response, delivery: Delivery, request: web.BaseRequest, clock: VirtualClock
) -> web.StreamResponse:
    raw = given.body if isinstance(given.body, bytes) else b""
    response = web.StreamResponse(status=given.status, headers=given.headers)
    response.content_length = len(raw)
    await response.prepare(request)
    sent = raw if delivery.sent is None else raw[: delivery.sent]
    size, every_s = delivery.pace or (len(sent) or 1, 0.0)
    for start in range(0, len(sent), size):
        await clock.sleep(every_s)
        await response.write(sent[start : start + size])
    if delivery.ending is Ending.KEPT:
        await response.write_eof()
    else:
        await _end(delivery.ending, request, clock)
    return response


async def _close_unanswered(
    delivery: Delivery, request: web.BaseRequest, clock: VirtualClock
) -> web.StreamResponse:
    await _end(delivery.ending, request, clock)
    return web.Response(headers=delivery.headers)  # finds no connection to go out on


async def _end(ending: Ending, request: web.BaseRequest, clock: VirtualClock) -> None:
    transport = request.transport
    if transport is None:  # the client was faster
        return
    if ending is Ending.HUNG:
        await clock.sleep(LONGEST_S)  # until the client leaves, or the world is gone
    elif ending is Ending.RESET:
        _reset_on_close(transport.get_extra_info("socket"))
    if ending is Ending.CLOSED:
        transport.close()
    else:
        transport.abort()


def _reset_on_close(connection: socket.socket | None) -> None:
    """Let closing this connection reset it. Some loops wrap the socket, so a copy is asked."""
    number = connection.fileno() if connection is not None else -1
    if not isinstance(number, int) or number < 0:  # a simulated loop's sockets have no number
        return
    with socket.socket(fileno=os.dup(number)) as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
