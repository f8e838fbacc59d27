"""The two ways to send a request upstream: what aiohttp's session does is what the short one does.

The upstream is a script that sends bytes, so that answers can be cut, late, or no HTTP at all.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.flow.avatars import Avatar
from gateway.flow.exchange import PooledExchange, SessionExchange, exchange_over
from gateway.flow.options import SessionOptions
from gateway.flow.polling import UpstreamFailure
from gateway.flow.runway_client import RunwayClient
from tests.support.simulation import simulate

URL = "http://127.0.0.1:4010/prefix"
SESSION = b'{"id": "s-1", "status": "READY", "sessionKey": "k", "url": "u", "token": "t"}'
CALLS: dict[str, Callable[[RunwayClient], Awaitable[Any]]] = {
    "create": lambda client: client.create(
        Avatar("cat-character", custom=False), SessionOptions(personality="é" * 200)
    ),
    "retrieve": lambda client: client.retrieve("s-1"),
    "consume": lambda client: client.consume("s-1", "k"),
    "cancel": lambda client: client.cancel("s-1"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the upstream sends when it has read a request, and what it does then.

    Attributes:
        raw: the bytes, in as many pieces as there are.
        then: `stay`, `close` or `reset` the connection.
    """

    raw: tuple[bytes, ...]
    then: str = "stay"


@dataclass(slots=True)
class Script:
    """An upstream that gives one answer after the other, and keeps what it gets."""

    answers: list[Answer]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        then = "close"
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")),
                    b"Content-Length: 0",
                )
                body = await reader.readexactly(int(length.partition(b":")[2]))
                self.requests.append(head + body)
                answer = self.answers.pop(0) if self.answers else Answer((), "close")
                then = answer.then
                for piece in answer.raw:
                    writer.write(piece)
                    await LoopClock().sleep(0.1)
                if then != "stay":
                    break
        writer.transport.abort() if then == "reset" else writer.close()


def http_answer(status: str, headers: list[str], body: bytes) -> bytes:
    """Return an answer's bytes."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


statuses = st.sampled_from(
    [
        *("200 OK", "201 Created", "204 No Content", "302 Found", "304 Not Modified", "429 Slow"),
        *("404 Not Found", "500 Oops", "101 Switching Protocols", "999 ?", "20 short", "abc"),
    ]
)
bodies = st.sampled_from(
    [
        *(SESSION, b"", b"[]", b"x" * 70_000, gzip.compress(SESSION), SESSION.rjust(1 << 19)),
        *(b"not enough credits", b"4\r\nnull\r\n0\r\n\r\n", b"zz\r\n"),
    ]
)


@st.composite
def an_answer(draw: st.DrawFn) -> Answer:
    """Return an answer that is right, or wrong in some way, cut into pieces."""
    body = draw(bodies)
    headers = draw(
        st.lists(
            st.sampled_from(
                [
                    *("Connection: close", "Content-Encoding: gzip", "Transfer-Encoding: chunked"),
                    *("Set-Cookie: a=b", "Location: /elsewhere", "Retry-After: 2", "no colon"),
                    *("X: " + "x" * 9_000, f"Content-Length: {len(body) + 1}", "Upgrade: h2c"),
                ]
            ),
            max_size=2,
        )
    )
    if draw(st.integers(0, 3)):
        headers.append(f"Content-Length: {len(body)}")
    raw = http_answer(draw(statuses), headers, body)
    if not draw(st.integers(0, 3)):
        raw = http_answer("100 Continue", [], b"") + raw
    ends = [len(raw)]
    if not draw(st.integers(0, 2)):
        ends = sorted(draw(st.lists(st.integers(0, len(raw)), min_size=1, max_size=3)))
    pieces = tuple(raw[begin:end] for begin, end in zip([0, *ends], ends, strict=False))
    return Answer(pieces, draw(st.sampled_from(["stay", "stay", "close", "reset"])))


def outcomes(
    answers: list[Answer],
    calls: list[str],
    *,
    by_session: bool,
    connector: Callable[[], aiohttp.TCPConnector] = aiohttp.TCPConnector,
) -> tuple[list[str], list[bytes], int]:
    """Return how each call ended, the requests that came, and the number of connections."""

    async def main() -> tuple[list[str], list[bytes], int]:
        script, ended = Script(list(answers)), []
        server = await asyncio.start_server(script.serve, "127.0.0.1", 4010)
        configs = [aiohttp.TraceConfig()] if by_session else None
        session = aiohttp.ClientSession(
            connector=connector(),
            timeout=aiohttp.ClientTimeout(total=None),
            trace_configs=configs,
        )
        async with server, session as http:
            expected = SessionExchange if by_session else PooledExchange
            assert isinstance(exchange_over(http, URL), expected)
            client = RunwayClient(http, base_url=URL, secret="hush", attempt_s=5)
            for call in calls:
                try:
                    async with asyncio.timeout(30):  # what is never cut short
                        ended.append(repr(await CALLS[call](client)))
                except UpstreamFailure as failure:
                    ended.append(
                        f"{failure} {failure.retry_after_s} no credits: {failure.no_credits}"
                    )
                except TimeoutError:
                    ended.append("hangs")
        await LoopClock().sleep(60)
        return ended, script.requests, script.connections

    return simulate(main())


EMPTY = "Content-Length: 0"
good = Answer((http_answer("200 OK", [f"Content-Length: {len(SESSION)}"], SESSION),))


@given(st.lists(an_answer(), max_size=4), st.lists(st.sampled_from([*CALLS]), max_size=3))
@example([good, good, good], ["create", "retrieve", "consume"])
@example([Answer((), "close"), good], ["retrieve"])
@example([Answer((), "reset"), good], ["cancel"])
@example([Answer((), "close"), good], ["create"])
@example([Answer((good.raw[0][:-1],), "close"), good], ["retrieve", "retrieve"])
@example([Answer((good.raw[0] + b"more",)), good], ["retrieve", "retrieve"])
@example([Answer((http_answer("302 Found", ["Location: /", EMPTY], b""),)), good], ["retrieve"])
@example([Answer((http_answer("099 Low", [EMPTY], b"") + good.raw[0],))], ["retrieve"])
@example([Answer((http_answer("199 High", [], b"") + good.raw[0],))], ["retrieve"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_both_ways_end_alike_whatever_the_upstream_sends(
    answers: list[Answer], calls: list[str]
) -> None:
    """Law: the same outcomes, the same bytes sent, and as many connections.

    But for what the next test is about.
    """
    assert outcomes(answers, calls, by_session=False) == outcomes(answers, calls, by_session=True)


def test_a_connection_is_used_again() -> None:
    """A connect needs one; a GET whose idle connection was closed is sent once more."""
    ended, requests, connections = outcomes(
        [good, Answer(good.raw, "close"), good],
        ["create", "retrieve", "retrieve"],
        by_session=False,
    )
    assert ended == ["'s-1'", "('READY', 'k')", "('READY', 'k')"]
    assert (len(requests), connections) == (3, 2)
    assert requests[0].startswith(b"POST /prefix/v1/realtime_sessions HTTP/1.1\r\nHost: 127.0.0.1")


@pytest.mark.parametrize("size", [10, 70_000])  # the latter comes in two pieces
@pytest.mark.parametrize("surplus", [good.raw[0], b"more"])
def test_what_follows_an_answer_is_never_the_next_answer(size: int, surplus: bytes) -> None:
    """Such a connection is closed. A session would take a surplus answer for the next one's."""
    answer = Answer((http_answer("200 OK", [f"Content-Length: {size}"], b"x" * size) + surplus,))
    ended, requests, connections = outcomes(
        [answer, good], ["retrieve", "retrieve"], by_session=False
    )
    assert ended[1] == "('READY', 'k')"
    assert (len(requests), connections) == (2, 2)


def test_a_byte_too_many_is_noticed_however_late_it_comes() -> None:
    """The first 256 KiB alone would be a good answer."""
    head = http_answer("200 OK", [f"Content-Length: {(256 << 10) + 1}"], b"")
    answer = Answer((head + SESSION.ljust(256 << 10), b" "))
    ended, _, _ = outcomes([answer], ["retrieve"], by_session=False)
    assert ended == ["retrieve: unreadable None no credits: False"]


class FirstCloses(aiohttp.TCPConnector):
    """Its first connection begins to close in the instant in which it is made."""

    pause_s: float | None = None  # before the connection is handed out
    made = 0

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - aiohttp's own name
        """Return a connection."""
        connection = await super().connect(req, traces, timeout)
        self.made += 1
        if self.made == 1 and connection.transport is not None:
            connection.transport.abort()
            if self.pause_s is not None:
                await LoopClock().sleep(self.pause_s)
        return connection


class FirstIsLost(FirstCloses):
    """Its first connection is closed when it is handed out."""

    pause_s = 0.1


@pytest.mark.parametrize("connector", [FirstCloses, FirstIsLost])
@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_sent_on_a_connection_that_closes(
    connector: type[FirstCloses], call: str
) -> None:
    """The request has failed, both ways alike, and the next one gets another connection."""
    by_session, pooled = (
        outcomes([good, good], [call, "create"], by_session=each, connector=connector)
        for each in (True, False)
    )
    assert pooled == by_session
    assert pooled[0] == [f"{call}: broken None no credits: False", "'s-1'"]
    assert len(pooled[1]) == 1


@pytest.mark.parametrize("bearer", ["a\r\nX: y", "a\0", "a\n"])
def test_nothing_that_is_sent_can_begin_another_header(bearer: str) -> None:
    """The settings and the checks of answers refuse such texts before."""

    async def main() -> None:
        async with aiohttp.ClientSession() as http:
            exchange = PooledExchange(http, URL)
            with pytest.raises(ValueError, match="printable"):
                await exchange("GET", "/", bearer=bearer, body=None, name="retrieve")
            with pytest.raises(ValueError, match="printable"):
                await exchange("GET", f"/{bearer}", bearer="a", body=None, name="retrieve")

    simulate(main())
