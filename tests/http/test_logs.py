"""A caller's mistake is one line with its reason in the log of a server, never a traceback."""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest

from fake_runway.server.serving import Configuration, serving
from tests.support.gateway.hostile import hostile_ground

CREATE = b"POST /v1/realtime_sessions HTTP/1.1"
CONNECT = b"POST /api/avatar/connect HTTP/1.1"
HOST = b"Host: 127.0.0.1"
JSON = b"Content-Type: application/json"
KEY = b"Authorization: Bearer planted-secret"
RESET = struct.pack("ii", 1, 0)


def of(*lines: bytes, body: bytes = b"") -> bytes:
    """Return a request of these lines."""
    return b"\r\n".join((*lines, b"", body))


GET = b"GET /health HTTP/1.1"
GZIP = (b"Content-Encoding: gzip", b"Content-Length: 20")
MISTAKES = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00planted-secret\r\n\r\n",
    "a method of nonsense": of(b"\x00\x01planted-secret / HTTP/1.1"),
    "a header without a colon": of(GET, HOST, b"planted-secret"),
    "a header of 100 KB": of(GET, HOST, b"A: " + b"x" * 100_000),
    "a target of 100 KB": of(b"GET /" + b"x" * 100_000 + b" HTTP/1.1", HOST),
    "a host that is no name": of(b"GET http://xn--a\x80\xff.planted-secret/ HTTP/1.1", HOST),
    "a host that is no IDNA name": of(b"GET http://\xc3\xbc" + b"x" * 80 + b"/ HTTP/1.1", HOST),
    "a wrong length": of(CREATE, HOST, b"Content-Length: ten"),
    "two lengths": of(CREATE, HOST, b"Content-Length: 1", b"Content-Length: 2", body=b"x"),
    "a wrong chunk": of(CREATE, HOST, JSON, b"Transfer-Encoding: chunked", body=b"planted"),
    "an unknown expectation": of(CREATE, HOST, b"Expect: \xff", b"Content-Length: 0"),
}
for line in (CREATE, CONNECT, b"POST /x HTTP/1.1"):
    MISTAKES[f"a body that is not what it says: {line!r}"] = of(
        line, HOST, JSON, KEY, *GZIP, body=b"planted-secret-of-20"
    )
    MISTAKES[f"an unread body that is not what it says: {line!r}"] = of(
        line, HOST, *GZIP, body=b"planted-secret-of-20"
    )
    MISTAKES[f"half a body: {line!r}"] = of(
        line, HOST, JSON, KEY, b"Content-Length: 100", body=b'{"a"'
    )
Serve = Callable[[], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def fake() -> AsyncIterator[int]:
    """Serve a fake as its command does; give its port."""
    async with serving(Configuration()) as served:
        yield int(served.url.rpartition(":")[2])


@asynccontextmanager
async def gateway() -> AsyncIterator[int]:
    """Serve a gateway as its command does; give its port."""
    async with hostile_ground() as ground:
        yield ground.port


async def send(port: int, raw: bytes, *, leaves: str) -> None:
    """Send bytes, and close after the answer, in the middle, or by a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        if leaves == "after the answer":
            async with asyncio.timeout(0.3):
                while await reader.read(1 << 16):
                    pass
        elif leaves == "by a reset":
            await writer.drain()
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, RESET)
    except (ConnectionError, TimeoutError):
        pass  # it was closed from the other side, or is waited for
    finally:
        writer.transport.abort() if leaves == "by a reset" else writer.close()


@pytest.mark.parametrize("serve", [fake, gateway])
@pytest.mark.parametrize("leaves", ["after the answer", "in the middle", "by a reset"])
async def test_a_callers_mistake_is_one_line(
    serve: Serve, leaves: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At most a warning, without the words of the request, and the next caller is answered."""
    caplog.set_level(logging.INFO)
    async with serve() as port:
        await asyncio.gather(*(send(port, raw, leaves=leaves) for raw in MISTAKES.values()))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
    for record in caplog.records:
        assert record.exc_info is None, record.exc_text
        assert record.levelno <= logging.WARNING
        assert "\n" not in record.getMessage()
        assert "planted" not in record.getMessage()
    if leaves == "after the answer":
        reasons = [f"{each.getMessage()} {getattr(each, 'reason', '')}" for each in caplog.records]
        assert any("not valid HTTP" in each or "BadHttpMessage" in each for each in reasons)
