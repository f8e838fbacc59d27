"""Handing a session over: sending the answer that holds it, and knowing whether it was sent.

A session belongs to the gateway until the last byte of its answer is the kernel's, and to the
caller from then on. Cancelling late kills a session that is in use, and cancelling never leaves one
that is billed and that no client knows, so the instant matters.

Before the write the socket is asked whether the caller has hung up, because a send after the
caller's FIN succeeds, and the event loop learns of the FIN one turn later. The write itself goes to
the kernel at once, on either loop, unless the kernel's buffer is full; then the buffer of the
transport is waited for. A connection that ends after that says nothing: a one-shot client reads and
closes. A client that closes its sending side alone (a half-close) looks like one that has left, so
it counts as one.

What no server can know: whether a client reads what its kernel holds, and a FIN that arrives in the
microseconds between question and write. Behind the gateway's own TLS a kernel's buffer that is full
is not seen either, because the TLS layer keeps the rest to itself.
"""

import asyncio
import select
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from gateway.flow.connect_flow import CallerGone


def departure(request: web.BaseRequest) -> Callable[[], bool]:
    """Return what tells whether the caller of `request` has left.

    It has if the connection is closed, or its other end has closed its sending side. The kernel is
    asked, which knows before the event loop does. A connect asks five times or more, so the
    socket is registered once.
    """
    poll = select.poll() if hasattr(select, "poll") else None
    # a simulated socket has no descriptor; hang-up and error are reported without being asked for
    if poll is not None and request.transport is not None:
        with suppress(OSError, TypeError, ValueError, AttributeError):
            socket = request.transport.get_extra_info("socket")
            poll.register(socket.fileno(), getattr(select, "POLLRDHUP", 0))

    def has_left() -> bool:
        transport = request.transport
        # first, because the descriptor of a closed transport may be another connection's by now
        if transport is None or transport.is_closing():
            return True
        return poll is not None and bool(poll.poll(0))

    return has_left


def drop(request: web.BaseRequest) -> None:
    """Close the connection at once: nothing more is sent, whatever waits to be."""
    if request.transport is not None:
        request.transport.abort()


async def hand_over(
    request: web.Request, answer: web.Response, has_left: Callable[[], bool]
) -> None:
    """Send `answer`, and return when the last byte of it is the kernel's.

    Args:
        has_left: the `departure` of `request`.

    Raises:
        CallerGone: the connection was closed, or the write failed, before that. The connection is
            closed; how much of the answer arrived is unknown.
    """
    await answer.prepare(request)  # sends nothing: the headers wait for the body
    sent = False
    try:
        with suppress(ConnectionError):
            sent = await _sent(request, answer, has_left)
    finally:
        if not sent:
            drop(request)  # the rest must not arrive: the session gets cancelled
    if not sent:
        raise CallerGone


async def _sent(request: web.Request, answer: web.Response, has_left: Callable[[], bool]) -> bool:
    transport, protocol = request.transport, request.protocol
    if transport is None or has_left():
        return False
    transport.set_write_buffer_limits(0)  # writing is paused from now on while a byte is left
    turn = asyncio.Event()
    turned = asyncio.get_running_loop().call_soon(turn.set)
    try:
        await answer.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        # after a wait, the buffer can be empty and the caller gone before this task goes on
        if not turn.is_set() or protocol.writing_paused:
            raise
    finally:
        turned.cancel()
    failed_at_once = transport.is_closing() and not turn.is_set()
    return not failed_at_once and not protocol.writing_paused
