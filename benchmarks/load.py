"""HTTP load: `wrk` where it is installed, else a small generator of our own on raw sockets.

Ours parses nothing but a status line and a length, and is still slower than `wrk`: with it, the
fastest of the servers may have to wait, so trust the CPU time more than the rate.
"""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import uvloop

from benchmarks.children import LOAD_CORE, address, pinned

CONNECTIONS = 32

SDK_HEADERS: Mapping[str, str] = {
    "Accept-Encoding": "gzip, deflate",
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
"""What the official Python SDK sends with a GET, as captured from it."""


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a burst of load: answers, seconds, and the number of answers other than 2xx."""

    answers: int
    seconds: float
    failed: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.answers / self.seconds


def generator() -> str:
    """Return the name of the load generator."""
    return "wrk" if shutil.which("wrk") else "the built-in generator (wrk is not on PATH)"


def get(url: str, *, seconds: float) -> Load:
    """Send GETs on keep-alive connections for about `seconds`, from the load's own core."""
    with pinned(LOAD_CORE):
        if shutil.which("wrk"):
            return _wrk(url, seconds)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_built_in(url, seconds))


def _wrk(url: str, seconds: float) -> Load:
    headers = [f"-H{name}: {value}" for name, value in SDK_HEADERS.items()]
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s", *headers, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    total = re.search(r"(\d+) requests in ([\d.]+)(m?s)", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if total is None:
        raise RuntimeError(f"expected the totals of wrk, got: {output}")
    unit = 0.001 if total[3] == "ms" else 1.0
    return Load(int(total[1]), float(total[2]) * unit, int(refused[1]) if refused else 0)


async def _built_in(url: str, seconds: float) -> Load:
    host, port = address(url)
    path = "/" + url.split("/", 3)[3]
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"{name}: {value}" for name, value in SDK_HEADERS.items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    begin = loop.time()
    connections = [
        (await loop.create_connection(lambda: _Connection(request), host, port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    taken = loop.time() - begin
    for connection in connections:
        connection.close()
    answers = sum(connection.answers for connection in connections)
    return Load(answers, taken, sum(connection.failed for connection in connections))


class _Connection(asyncio.Protocol):
    """One keep-alive connection that sends its request again whenever an answer is complete."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.answers = self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of another class; they have the same methods
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._transport is not None and _is_whole(self._received):
            self.answers += 1
            self.failed += self._received[9:10] != b"2"  # HTTP/1.1 2xx
            self._received = b""
            self._transport.write(self._request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _is_whole(answer: bytes) -> bool:
    """Return whether an answer is complete, with a length or in chunks."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
