"""The proxy of an interception: which hosts lead where, and what is no request for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.intercept.tunnel import BadRequest, Tunnel, target
from fake_runway.intercept.variables import HOSTS


@asynccontextmanager
async def saying(name: str) -> AsyncIterator[int]:
    """Serve a host that says its name, and repeats what it gets."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode() + b":" + await reader.readline())
        writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def through(port: int, address: str, *, end: bytes = b" HTTP/1.1\r\n\r\n") -> bytes:
    """Ask a proxy for an address, then send a line; return all that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"CONNECT " + address.encode() + end)
    head = await reader.readline()
    if b" 200 " in head:
        await reader.readuntil(b"\r\n")
        writer.write(b"hello\n")
    answer = await reader.read()
    writer.close()
    return answer if b" 200 " in head else head + answer


@pytest.mark.parametrize("host", [*HOSTS, "API.dev.RunwayML.com", "api.dev.runwayml.com."])
async def test_runways_hosts_lead_to_the_fake(host: str) -> None:
    """However they are spelled, and whatever proxy and port are asked for."""
    async with saying("fake") as fake:
        tunnel = Tunnel(fake, proxy="http://127.0.0.1:1", offline=True)
        async with tunnel.serving() as port:
            assert await through(port, f"{host}:443") == b"fake:hello\n"


async def test_other_hosts_are_reached_as_without_us() -> None:
    """At once, or by the proxy of the machine, whose password stays with it."""
    async with saying("fake") as fake, saying("other") as other, Tunnel(fake).serving() as machine:
        tunnel = Tunnel(fake, proxy=f"http://user:word@127.0.0.1:{machine}")
        async with tunnel.serving() as port:
            assert await through(port, f"127.0.0.1:{other}") == b"other:hello\n"
            assert b" 502 " in await through(port, "no-such-host.invalid:443")


async def test_the_proxy_of_the_machine_is_asked_with_its_own_credentials() -> None:
    """It is what knows other hosts."""
    asked: list[bytes] = []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nfrom beyond")
        writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    async with server:
        machine = server.sockets[0].getsockname()[1]
        tunnel = Tunnel(1, proxy=f"http://us%40er:word@127.0.0.1:{machine}", no_proxy="direct.test")
        async with tunnel.serving() as port:
            assert await through(port, "elsewhere.test:443") == b"from beyond"
            await through(port, "direct.test:443")
    assert len(asked) == 1
    assert asked[0].startswith(b"CONNECT elsewhere.test:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNAZXI6d29yZA==" in asked[0]


async def test_offline_names_what_it_refuses() -> None:
    """This machine is always reached."""
    refused: list[str] = []
    async with saying("here") as here:
        tunnel = Tunnel(1, offline=True, refused=refused.append)
        async with tunnel.serving() as port:
            assert b" 403 " in await through(port, "example.com:443")
            assert await through(port, f"127.0.0.1:{here}") == b"here:hello\n"
    assert refused == ["example.com"]


@pytest.mark.parametrize(
    "line", ["no-port", ":443", "a:b", "a:99999", "a:\u00b2", "[::1]", "http://a/"]
)
async def test_what_is_no_request_for_it(line: str) -> None:
    """405, and the connection ends."""
    async with Tunnel(1).serving() as port:
        assert (await through(port, line)).startswith(b"HTTP/1.1 405 ")


async def test_a_head_without_an_end_is_not_kept() -> None:
    """Sixteen kilobytes are enough for any request."""
    async with Tunnel(1).serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT a:1 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
        assert await reader.read() == b""
        writer.close()


@given(st.binary(max_size=200))
def test_any_head_is_an_address_or_refused(head: bytes) -> None:
    """Nothing else happens."""
    try:
        host, port = target(head)
    except BadRequest:
        return
    assert host
    assert 0 <= port <= 65_535
