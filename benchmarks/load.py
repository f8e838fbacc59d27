"""HTTP load: conversations on keep-alive connections, over raw sockets, all in this process.

A conversation yields requests and gets the answer to each, so that one generator of load serves a
poll as well as a connect. The client reads no more of an answer than a status and a length. What it
costs is reported with the result: where it fills its own core, servers wait for it, and their rate
says less than their CPU time.
"""

import asyncio
import math
import re
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

from benchmarks.children import LOAD_CORE, address, pinned

CONNECTIONS = 32

SDK_HEADERS: Mapping[str, str] = {
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "Accept": "application/json",
    "User-Agent": "RunwayML/Python 5.24.0",
    "X-Stainless-Lang": "python",
    "X-Stainless-Package-Version": "5.24.0",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.11.7",
    "Authorization": "Bearer benchmark",
    "X-Stainless-Async": "false",
    "X-Runway-Version": "2024-11-06",
    "x-stainless-retry-count": "0",
    "x-stainless-read-timeout": "60",
}
"""What the official Python SDK sends with a GET, beside Host, as captured from it."""

Conversation = Generator[bytes, bytes, None]
"""Yields a whole request, is sent its whole answer, and ends or yields the next."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a burst of load.

    Attributes:
        answers: complete ones.
        seconds: that the burst took.
        cpu_s: CPU seconds of the load itself.
        failures: the first answers other than 2xx, and how connections were lost.
        failed: how many there were of either.
    """

    answers: int
    seconds: float
    cpu_s: float
    failures: Sequence[str]
    failed: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.answers / self.seconds

    @property
    def busy(self) -> float:
        """The part of its core that the load used, from 0 to 1."""
        return self.cpu_s / self.seconds


def send(url: str, conversations: Sequence[Conversation], *, seconds: float = math.inf) -> Load:
    """Hold each conversation on a connection of its own, until all have ended or time is up."""
    with pinned(LOAD_CORE), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send(url, conversations, seconds))


async def _send(url: str, conversations: Sequence[Conversation], seconds: float) -> Load:
    host, port = address(url)
    loop = asyncio.get_running_loop()
    tally = _Tally(loop.create_future(), len(conversations))
    begin, cpu = time.monotonic(), time.process_time()
    connections = [await _connected(each, tally, host, port) for each in conversations]
    await asyncio.wait([tally.all_ended], timeout=None if seconds == math.inf else seconds)
    tally.open = False
    taken, cpu = time.monotonic() - begin, time.process_time() - cpu
    for each in connections:
        each.close()
    return Load(tally.answers, taken, cpu, tally.failures, tally.failed)


@dataclass(slots=True)
class _Tally:
    """What all connections of a burst count together."""

    all_ended: "asyncio.Future[None]"
    going_on: int
    answers: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    open: bool = True

    def failure(self, what: str) -> None:
        self.failed += 1
        if len(self.failures) < 3:
            self.failures.append(what)

    def ended(self) -> None:
        self.going_on -= 1
        if not self.going_on and not self.all_ended.done():
            self.all_ended.set_result(None)


class _Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request when an answer is complete."""

    def __init__(self, conversation: Conversation, tally: _Tally) -> None:
        self._conversation = conversation
        self._tally = tally
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of another class; they have the same methods
        self._transport = cast(asyncio.Transport, transport)
        first = next(self._conversation, None)
        if first is None:  # it shares its requests with others, which have sent them all
            self._tally.ended()
            self.close()
        else:
            self._transport.write(first)

    def data_received(self, data: bytes) -> None:
        answer = self._received + data if self._received else data
        if not is_whole(answer):
            self._received = answer
            return
        self._received = b""
        if self._transport is None or not self._tally.open:
            return
        self._tally.answers += 1
        if answer[9:10] != b"2":  # HTTP/1.1 2xx
            self._tally.failure(answer.decode(errors="replace")[:500])
        try:
            self._transport.write(self._conversation.send(answer))
        except StopIteration:
            self._tally.ended()
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and self._tally.open:
            self._tally.failure(f"the server closed a connection ({exc})")
            self._tally.ended()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


async def _connected(
    conversation: Conversation, tally: _Tally, host: str, port: int
) -> _Connection:
    loop = asyncio.get_running_loop()
    made = await loop.create_connection(lambda: _Connection(conversation, tally), host, port)
    return made[1]


def is_whole(answer: bytes) -> bool:
    """Return whether an answer is complete, with a length or in chunks."""
    head_ends = answer.find(b"\r\n\r\n")
    if head_ends < 0:
        return False
    if length := _LENGTH.search(answer, 0, head_ends):
        return len(answer) - head_ends - 4 >= int(length[1])
    return answer.endswith(b"0\r\n\r\n") or answer[9:12] == b"204"
