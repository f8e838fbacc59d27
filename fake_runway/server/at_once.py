"""Connections on which most requests are answered as their last byte is parsed.

The problem: for each request aiohttp wakes the task of its connection, makes a request, a task, a
response and a writer, and lets the loop go round twice. That is twice what the fake itself needs
for a poll. The choice: stand between aiohttp's parser and its connection. A request that can be
answered without waiting, on a connection that waits for one, is answered from the parsed message;
every other one goes the whole way through aiohttp: the first of a connection, large bodies, the
admin API, HTTP/1.0, upgrades, answers that are delayed or damaged on purpose.

What this leans on in aiohttp are the names in `LEANS_ON`; a test holds them and what they do.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError, HttpVersion11, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from fake_runway.clock import loop_time
from fake_runway.runway_api.calls import Applied, KnownCaller, RequestHead
from fake_runway.server.app import FakeApp
from fake_runway.web.ready import ReadyAnswers
from fake_runway.web.replies import Reply

LEANS_ON = ("_parser", "_waiter", "_messages", "_next_keepalive_close_time")
"""The attributes of a connection that are no part of aiohttp's interface."""
LARGEST_AWAITED = 16_384
"""Bytes of a body that is waited for here: several fit into what aiohttp buffers."""

Message = tuple[RawRequestMessage, StreamReader]


class FakeServer(web.Server):
    """aiohttp's server of an application, with a connection of ours for each client."""

    def __init__(self, app: FakeApp, answers: ReadyAnswers, **options: Any) -> None:
        super().__init__(self._handle, **options)
        self.app = app
        self.answers = answers

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._kwargs)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        answer = connection.taken_answer() if isinstance(connection, _Connection) else None
        if answer is None:
            return await self.app.handle(request)
        return await self.app.send(answer, request)


class _Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_answer", "_caller", "_server")

    def __init__(self, server: FakeServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._caller = KnownCaller()
        self._answer: Reply | Applied | None = None
        self._parser = _Parser(self._parser, self)  # type: ignore[assignment]

    def taken_answer(self) -> Reply | Applied | None:
        """Return the answer to the request that is handled now, if it is known already."""
        answer, self._answer = self._answer, None
        return answer

    def take_over(self, messages: Sequence[Message]) -> None:
        """Have these requests answered by `start`."""
        self._messages.extend(messages)

    async def start(self) -> None:
        """Answer the requests of this connection that `answered` leaves to it.

        aiohttp builds a request outside of its own `try`, and an absolute target whose host is no
        IDNA name breaks that: without this the connection would never be closed.
        """
        try:
            await super().start()
        except Exception as error:
            self.log_exception("connection lost its handler", exc_info=error)
            self.force_close()

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, and its client reads what is written to it."""
        waiter = self._waiter
        return (
            waiter is not None
            and not waiter.done()
            and not self._messages
            and not self.writing_paused
        )

    def answered(self, message: RawRequestMessage, payload: StreamReader) -> bool:
        """Answer a request whose body has come; return whether that was possible."""
        transport, server = self.transport, self._server
        if transport is None:
            return False
        head = RequestHead(
            message.method, message.path, message.url, message.headers, transport, self._caller
        )
        answer = server.app.answer_at_once(head, payload.read_nowait)
        if answer is None:
            return False
        raw = None
        if isinstance(answer, Reply):
            raw = server.answers.written(answer)
        elif answer.delivery.wait_s <= 0 and answer.delivery.at_once:
            raw = server.answers.written(answer.delivery)
        if raw is None:
            self._answer = answer
            return False
        transport.write(raw)
        server.requests_count += 1
        self._next_keepalive_close_time = loop_time(self._loop) + self._keepalive_timeout
        return True


class _Parser:
    """aiohttp's parser, without the messages that were answered."""

    __slots__ = ("_awaited", "_connection", "_parser")

    def __init__(self, parser: Any, connection: _Connection) -> None:
        self._parser = parser
        self._connection = connection
        self._awaited: Message | None = None  # its body is on its way

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> tuple[Sequence[Message], bool, bytes]:
        """Parse, answer what can be answered, and return the rest."""
        rest: list[Message] = []
        while True:
            try:
                messages, upgraded, tail = self._parser.feed_data(data)
            except HttpProcessingError:
                self._connection.take_over([*rest, *self._taken()])  # before what is wrong
                raise
            came = [*self._taken(), *messages]
            rest += came if rest else self._unanswered(came, more=upgraded)
            if upgraded or len(messages) < 2:
                return rest, upgraded, tail
            data = b""  # the parser stops after some messages, until enough are consumed

    def _taken(self) -> list[Message]:
        """Return the request whose body was on its way."""
        awaited, self._awaited = self._awaited, None
        return [] if awaited is None else [awaited]

    def _unanswered(self, messages: Sequence[Message], *, more: bool) -> Sequence[Message]:
        """Answer requests from the first on, and return those from the first that cannot be."""
        connection = self._connection
        for index, (message, payload) in enumerate(messages):
            if not connection.idle or not _is_plain(message):
                return messages[index:]
            if payload is not EMPTY_PAYLOAD and not payload.is_eof():
                last = index == len(messages) - 1 and not more
                if not last or payload.exception() is not None or not _is_small(message):
                    return messages[index:]
                self._awaited = message, payload
            elif connection.answered(message, payload):
                self._parser.message_consumed()
            else:
                return messages[index:]
        return ()


def _is_plain(message: RawRequestMessage) -> bool:
    return (
        not message.should_close
        and not message.upgrade
        and message.compression is None
        and message.version == HttpVersion11
        and "Expect" not in message.headers
    )


def _is_small(message: RawRequestMessage) -> bool:
    length = message.headers.get("Content-Length", "")
    return length.isdecimal() and len(length) <= 5 and int(length) <= LARGEST_AWAITED
