"""Connections on which most requests are answered as their last byte is parsed.

The problem: for each request aiohttp wakes the task of its connection, makes a request, a task, a
response and a writer, and lets the loop go round twice. That is twice what the fake itself needs
for a poll. The choice: stand between aiohttp's parser and its connection. A request that can be
answered without waiting, on a connection that waits for one, is answered from the parsed message;
every other one goes the whole way through aiohttp: the first of a connection, large bodies, the
admin API, HTTP/1.0, upgrades, answers that are delayed or damaged on purpose.

A client that polls sends the same head again, byte for byte. So a connection keeps what it has read
of the last heads (`heads.py`), and one that comes again is neither parsed nor read: a poll takes
10 us of CPU and not 18, and with the 15 headers of an official SDK 10.5 and not 22. Equal bytes
are an equal head only where a request begins, so `_Parser` follows where in its input the parser
stands.

What this leans on in aiohttp are the names in `LEANS_ON`; a test holds them and what they do.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError, HttpVersion11, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from fake_runway.clock import loop_time
from fake_runway.runway_api.calls import Applied, KnownCaller, ReadHead, RequestHead
from fake_runway.server.app import FakeApp
from fake_runway.server.heads import LONGEST_HEAD, KnownHeads
from fake_runway.web.ready import ReadyAnswers
from fake_runway.web.replies import Reply

LEANS_ON = ("_parser", "_waiter", "_messages", "_next_keepalive_close_time")
"""The attributes of a connection that are no part of aiohttp's interface."""
LEANS_ON_IN_BODIES = ("_buffer",)
"""The same of a body's reader."""
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
        return Connection(self, loop=asyncio.get_running_loop(), **self._kwargs)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        answer = connection.taken_answer() if isinstance(connection, Connection) else None
        if answer is None:
            return await self.app.handle(request)
        return await self.app.send(answer, request)


class Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_answer", "_caller", "_requests", "_server")

    def __init__(self, server: FakeServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._caller = KnownCaller()
        self._answer: Reply | Applied | None = None
        self._requests = _Parser(self._parser, self)
        self._parser = self._requests  # type: ignore[assignment]

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

    def given_up(self) -> int | None:
        """Give the connection up if it waits for a request; return a descriptor of it, else None.

        Its client notices nothing, if another process goes on with the descriptor.
        """
        transport = self.transport
        if transport is None or not self.idle or not self._requests.between_requests:
            return None
        if transport.get_write_buffer_size():
            return None
        descriptor = os.dup(transport.get_extra_info("socket").fileno())
        transport.abort()  # closes ours; nothing is sent
        return descriptor

    def read(self, message: RawRequestMessage) -> ReadHead | None:
        """Return what the head of a request says; None: it is not to be answered at once."""
        transport = self.transport
        if transport is None:
            return None
        return self._server.app.read_at_once(
            RequestHead(
                message.method, message.path, message.url, message.headers, transport, self._caller
            )
        )

    def answered(self, head: ReadHead, body: Callable[[], bytes]) -> bool:
        """Answer a request whose body has come; return whether that was possible."""
        transport, server = self.transport, self._server
        if transport is None:
            return False
        answer = server.app.answer_at_once(head, body)
        if answer is None:
            return False
        raw = None
        if isinstance(answer, Reply):
            raw = server.answers.written(answer)
        elif answer.kept is None and answer.delivery.wait_s <= 0 and answer.delivery.at_once:
            raw = server.answers.written(answer.delivery)
        if raw is None:
            self._answer = answer
            return False
        transport.write(raw)
        server.requests_count += 1
        self._next_keepalive_close_time = loop_time(self._loop) + self._keepalive_timeout
        return True


class _Parser:
    """aiohttp's parser, without the messages that were answered.

    Attributes:
        _known: the heads that were answered.
        _missing: how many bytes of a body the parser waits for; 0: the next byte begins a request;
            `_UNKNOWN`: it stands anywhere.
        _begun: the head of the request that is parsed, if it may be kept; else empty.
        _held: the beginning of a request with a known head, whose body is on its way.
    """

    __slots__ = ("_awaited", "_begun", "_connection", "_held", "_known", "_missing", "_parser")

    def __init__(self, parser: Any, connection: Connection) -> None:
        self._parser = parser
        self._connection = connection
        self._awaited: Message | None = None  # its body is on its way
        self._known = KnownHeads()
        self._missing = 0
        self._begun = self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    @property
    def between_requests(self) -> bool:
        """Whether the next byte begins a request, and nothing waits for more."""
        return not self._missing and not self._held and self._awaited is None

    def feed_data(self, data: bytes) -> tuple[Sequence[Message], bool, bytes]:
        """Parse, answer what can be answered, and return the rest."""
        head = b""
        if not self._missing and data:
            held, self._held = self._held, b""
            data = held + data
            head = _head_in(data)
            known = self._known.find(head)
            if known is not None and self._connection.idle:
                missing = len(head) + known.length - len(data)
                if missing == 0:
                    if self._connection.answered(known.read, lambda: data[len(head) :]):
                        return _NO_MESSAGES
                    result: tuple[Sequence[Message], bool, bytes] = self._parser.feed_data(data)
                    return result  # aiohttp sends what was answered, or answers
                if missing > 0 and not held:
                    self._held = data
                    return _NO_MESSAGES
        return self._parsed(data, head)

    def _parsed(self, data: bytes, head: bytes) -> tuple[Sequence[Message], bool, bytes]:
        rest: list[Message] = []
        while True:
            try:
                messages, upgraded, tail = self._parser.feed_data(data)
            except HttpProcessingError:
                self._missing = _UNKNOWN
                self._connection.take_over([*rest, *self._taken()])  # before what is wrong
                raise
            self._follow(data, head, messages, upgraded=upgraded)
            came = messages if self._awaited is None else [*self._taken(), *messages]
            rest += came if rest else self._unanswered(came, more=upgraded)
            if upgraded or len(messages) < 2:
                return rest, upgraded, tail
            data = b""  # the parser stops after some messages, until enough are consumed

    def _follow(
        self, data: bytes, head: bytes, messages: Sequence[Message], *, upgraded: bool
    ) -> None:
        """Note where the parser stands after some data, of which it made these messages.

        Args:
            head: the head at the beginning of the data, if a request begins there.
        """
        missing, self._missing = self._missing, _UNKNOWN
        if messages:
            self._begun = b""
        if upgraded or len(messages) > 1:
            return
        if not messages:  # a body goes on, or a head has begun
            self._missing = max(missing - len(data), _UNKNOWN)
            return
        [(message, payload)] = messages
        length = _length(message, payload)
        if missing == 0 and length is not None and len(head) > len(_END_OF_HEAD):
            self._missing = max(len(head) + length - len(data), _UNKNOWN)
            if self._missing != _UNKNOWN and len(head) <= LONGEST_HEAD:
                self._begun = head
        elif data and length == 0 and _head_in(data) == data:
            self._missing = 0  # it began in other data, and ends at the only empty line of this

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
                continue
            head = connection.read(message)
            if head is None or not connection.answered(head, partial(_body, payload)):
                return messages[index:]
            self._parser.message_consumed()
            if self._begun and (length := _length(message, payload)) is not None:
                self._known.keep(self._begun, head, length)
        return ()


def _is_plain(message: RawRequestMessage) -> bool:
    return (
        not message.should_close
        and not message.upgrade
        and message.compression is None
        and message.version == HttpVersion11
        and "Expect" not in message.headers
    )


def _body(payload: StreamReader) -> bytes:
    """Return a body that has come.

    `read_nowait` would do, and asks the connection for more data each time: 3 us of CPU.
    """
    return b"" if payload is EMPTY_PAYLOAD else b"".join(payload._buffer)


def _is_small(message: RawRequestMessage) -> bool:
    length = message.headers.get("Content-Length", "")
    return length.isdecimal() and len(length) <= 5 and int(length) <= LARGEST_AWAITED


def _head_in(data: bytes) -> bytes:
    """Return the head at the beginning of `data`; if it has no end there, less than any head."""
    return data[: data.find(_END_OF_HEAD) + len(_END_OF_HEAD)]


def _length(message: RawRequestMessage, payload: StreamReader) -> int | None:
    """Return the length of a request's body; None: it is large, or said in another way."""
    if payload is EMPTY_PAYLOAD:
        return 0
    return int(message.headers["Content-Length"]) if _is_small(message) else None


_END_OF_HEAD = b"\r\n\r\n"
_UNKNOWN = -1
_NO_MESSAGES: tuple[Sequence[Message], bool, bytes] = ((), False, b"")
