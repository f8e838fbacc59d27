"""Sending events over open connections, until the listener, its patience or the server ends.

The format is that of server-sent events: `id:` and `data:` lines, and comments as heartbeats.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import orjson
from aiohttp import ClientConnectionResetError, web

from fake_runway.admin_api.calls import AdminRefused
from fake_runway.admin_api.events import StreamEvent
from fake_runway.clock import call_after

MOST_LISTENERS = 100
"""Of one server at the same time."""
SLOW_S = 10.0
"""Seconds of real time in which a listener has to read what waits for it."""
_HEARTBEAT = b": still here\n\n"

Events = AsyncGenerator[Sequence[StreamEvent], None]


class TooManyListeners(AdminRefused):
    """As many streams are open as a server keeps open."""

    code = "too_many_listeners"
    status = 503


class Streams:
    """The open streams of one server."""

    def __init__(self) -> None:
        self._sending: set[asyncio.Task[None]] = set()
        self._ending = False

    async def send(self, request: web.BaseRequest, events: Events) -> web.StreamResponse:
        """Send events until there are no more.

        Raises:
            TooManyListeners.
        """
        if len(self._sending) >= MOST_LISTENERS or self._ending:
            await events.aclose()
            raise TooManyListeners(f"This fake serves {len(self._sending)} listeners already.")
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        sending = asyncio.ensure_future(_send(response, request, events))
        self._sending.add(sending)
        try:
            await asyncio.wait({sending})
        finally:
            sending.cancel()
            self._sending.discard(sending)
            await asyncio.gather(sending, return_exceptions=True)
            await events.aclose()
        if not sending.cancelled():
            sending.result()
        return response

    async def close(self) -> None:
        """End every stream: the server stops."""
        self._ending = True
        for sending in self._sending:
            sending.cancel()
        if self._sending:
            await asyncio.wait(self._sending)


async def _send(response: web.StreamResponse, request: web.BaseRequest, events: Events) -> None:
    try:
        async for batch in events:
            raw = b"".join(map(written, batch)) or _HEARTBEAT
            async with asyncio.timeout(SLOW_S):
                await response.write(raw)
    except TimeoutError:
        _drop(request.transport)
    except ClientConnectionResetError:
        pass  # it is gone


def _drop(transport: asyncio.Transport | None) -> None:
    """Close a connection whose client does not read, after a last word to it."""
    if transport is not None:
        last = written(StreamEvent("", "too_slow", "", {"seconds": SLOW_S}))
        transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))
        transport.close()
        call_after(SLOW_S, transport.abort)


def written(event: StreamEvent) -> bytes:
    """Return an event as bytes: its id, and all of it as one JSON object."""
    data = orjson.dumps(event._asdict())
    return (
        b"id: %b\ndata: %b\n\n" % (event.id.encode(), data) if event.id else b"data: %b\n\n" % data
    )
