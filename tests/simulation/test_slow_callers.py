"""Callers who never end a request: the gateway ends it while they go on sending."""

import asyncio

import pytest

from gateway.web.server import KEEP_ALIVE_S, LINGER_S
from tests.support.gateway.hostile import (
    LAST,
    MARK,
    PATH,
    REFUSED,
    chunks,
    hostile_ground,
    replies,
    request,
)
from tests.support.simulation import simulate

HALF_OPEN = 3_000
GATEWAY_PORT, UPSTREAM_PORT = 4011, 4010  # of the simulated network
BODY_S = 5.0  # what docs/gateway.md promises


async def _until_closed(
    port: int, first: bytes, drip: bytes, every_s: float
) -> tuple[bytes, float]:
    """Send `first`, then `drip` again and again; return the answer, and after how many seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        writer.write(first)
        while not writer.is_closing():
            await asyncio.sleep(every_s)  # noqa: TID251 - the simulated loop's time
            writer.write(drip)

    received = bytearray()
    sending = asyncio.create_task(send())
    try:
        while piece := await reader.read(1 << 16):
            received += piece
    except ConnectionError:
        pass  # the last drip was too late; the earlier answer is here
    finally:
        sending.cancel()
        writer.close()
    return bytes(received), loop.time() - began


HALF_A_HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\nX-A: %s" % (PATH, MARK)
UNENDING_HEADS = {
    "nothing": (b"", b""),
    "line feeds": (b"\r\n", b"\r\n"),
    "half a method": (b"PO", b""),
    "a value that grows": (HALF_A_HEAD, b"a"),
    "lines that do not end": (HALF_A_HEAD, b"\r\nX-A: " + MARK),
}
UNENDING_BODIES = {
    "nothing": (request(b"a" * 9_000)[:-9_000], b""),
    "all but a byte": (request(REFUSED)[:-1], b""),
    "a byte now and then": (request(b"a" * 9_000)[:-9_000], b"["),
    "more than fits into a number": (
        request(REFUSED).replace(b": 22", b": 9" + b"0" * 17),
        b"",
    ),
    "chunks": (chunks(REFUSED)[:-5], b"1\r\n[\r\n"),
    "an extension": (chunks(REFUSED)[:-5] + b"1;", MARK),
    "a trailer": (chunks(REFUSED)[:-2] + b"X-A: ", b"a"),
    "expected": (request(b"a" * 99, b"Expect: 100-continue")[:-99], b""),
}


@pytest.mark.parametrize("name", UNENDING_HEADS)
def test_a_head_that_does_not_end_ends_with_the_connection(name: str) -> None:
    """After the time of an idle connection, with at most one refusal; bytes do not prolong it."""

    async def main() -> None:
        async with hostile_ground(GATEWAY_PORT, UPSTREAM_PORT) as ground:
            received, after_s = await _until_closed(ground.port, *UNENDING_HEADS[name], every_s=1)
            for reply in replies(received):
                reply.check()
            assert after_s <= KEEP_ALIVE_S + 1
            assert not ground.reached

    simulate(main())


@pytest.mark.parametrize("name", UNENDING_BODIES)
def test_a_body_that_does_not_end_is_refused_in_time(name: str) -> None:
    """After the time of a body; then the connection is closed."""

    async def main() -> None:
        async with hostile_ground(GATEWAY_PORT, UPSTREAM_PORT) as ground:
            received, after_s = await _until_closed(
                ground.port, *UNENDING_BODIES[name], every_s=0.5
            )
            (reply,) = replies(received)
            reply.check()
            assert b"did not arrive in time" in reply.body
            assert BODY_S <= after_s <= BODY_S + LINGER_S + 1
            assert not ground.reached

    simulate(main())


def test_thousands_of_half_open_connections_hinder_no_caller() -> None:
    """Others are answered meanwhile; later all of them are gone, with their tasks."""

    async def main() -> None:
        async with hostile_ground(GATEWAY_PORT, UPSTREAM_PORT) as ground:
            tasks = len(asyncio.all_tasks())
            halves = [UNENDING_HEADS["nothing"], *UNENDING_BODIES.values()]
            waiting = [
                asyncio.create_task(_until_closed(ground.port, first, b"", every_s=10))
                for first, _ in halves * (HALF_OPEN // len(halves))
            ]
            await asyncio.sleep(1)  # noqa: TID251 - the simulated loop's time
            assert ground.connections == len(waiting)
            (reply, _last) = await ground.refused(request(REFUSED) + LAST)
            assert reply.status == 404
            await asyncio.gather(*waiting)
            await asyncio.sleep(1)  # noqa: TID251 - the same
            assert ground.connections == 0
            assert len(asyncio.all_tasks()) == tasks
            assert not ground.reached

    simulate(main())
