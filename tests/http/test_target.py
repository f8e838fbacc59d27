"""The judge's view of a target that ends connections, at any moment."""

import asyncio
import socket
from struct import pack

import pytest

from contracts.judge.observation import TargetAnswer
from contracts.judge.target import Target, listens

WITH_A_RESET = pack("ii", 1, 0)


async def _accepted(listener: socket.socket) -> socket.socket:
    """Return a connection in the very turn of the loop in which the client has asked for it."""
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop
        else:
            return connection


async def _ended_after(turns: int, *, reset: bool) -> TargetAnswer:
    """Call a target that ends the connection so many turns of the loop after it was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        target = Target(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        call = asyncio.ensure_future(target.call("music-superstar", patience_s=60))
        connection = await _accepted(listener)
        for _ in range(turns):
            await asyncio.sleep(0)  # noqa: TID251
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITH_A_RESET)
        connection.close()
        return await call


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
async def test_a_connection_that_ends_was_hung_up(reset: bool) -> None:
    """A hang-up before, within or after the answer shows that a server listens."""
    answers = [await _ended_after(turns, reset=reset) for turns in range(20)]
    assert {answer.failure for answer in answers} == {"the target hung up"}


async def test_a_target_that_resets_every_connection_listens() -> None:
    """A reset shows that a server listens; the requirements judge it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        target = Target(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        reaching = asyncio.ensure_future(listens(target, within_s=0))
        connection = await _accepted(listener)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITH_A_RESET)
        connection.close()
        assert await reaching
