"""Send a delivery over a connection. No other module touches a socket.

The pipeline has decided the bytes, broken ones too. Here they go out: when, how many of them, at
what pace, and what becomes of the connection. All waiting is on the world's clock.
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
from fake_runway.web.ready import CONTENT_TYPE
from fake_runway.web.replies import Reply

_BODYLESS = CIMultiDictProxy(CIMultiDict(cors.ORIGIN))
_JSON = CIMultiDictProxy(CIMultiDict({**cors.ORIGIN, "Content-Type": CONTENT_TYPE}))
_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends RST


async def send(
    delivery: Delivery, request: web.BaseRequest, clock: VirtualClock
) -> web.StreamResponse:
    """Send what `delivery` says, and return what is left for the server to send."""
    if delivery.wait_s > 0:
        await clock.sleep(delivery.wait_s)
    if delivery.at_once:
        return whole(delivery)
    if delivery.silent:
        await _end(delivery.ending, request, clock)
        return web.Response(headers=delivery.headers)  # it finds no connection to go out on
    return await _send_in_pieces(delivery, request, clock)


def whole(answer: Reply | Delivery) -> web.Response:
    """Return the whole answer as one response."""
    body = answer.body
    headers = (_BODYLESS if body is None else _JSON).copy()
    if answer.headers:
        headers.update(answer.headers)
    raw = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
    return web.Response(status=answer.status, body=raw, headers=headers)


async def _send_in_pieces(
    delivery: Delivery, request: web.BaseRequest, clock: VirtualClock
) -> web.StreamResponse:
    answer = whole(delivery)
    raw = answer.body if isinstance(answer.body, bytes) else b""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
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


async def _end(ending: Ending, request: web.BaseRequest, clock: VirtualClock) -> None:
    transport = request.transport
    if transport is None:  # the client closed it first
        return
    if ending is Ending.HUNG:
        await clock.sleep(LONGEST_S)  # until the client closes it, or the world is dropped
    elif ending is Ending.RESET:
        _reset_on_close(transport.get_extra_info("socket"))
    if ending is Ending.CLOSED:
        transport.close()
    else:
        transport.abort()


def _reset_on_close(connection: socket.socket | None) -> None:
    """Make closing this connection reset it. Some loops wrap the socket: set it on a copy."""
    number = connection.fileno() if connection is not None else -1
    if not isinstance(number, int) or number < 0:  # a simulated loop's sockets have no number
        return
    with socket.socket(fileno=os.dup(number)) as copy:
        copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
