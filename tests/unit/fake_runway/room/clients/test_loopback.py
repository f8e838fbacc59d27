"""The private spot of aioice, and what the replaced function does."""

from __future__ import annotations

import asyncio
import inspect

from aioice import Connection, ice

from fake_runway.room.clients.loopback import ADDRESS, LEANS_ON, only_loopback

ORIGINAL = getattr(ice, LEANS_ON)


async def addresses() -> set[str]:
    """Return the addresses on which a new connection listens."""
    connection = Connection(ice_controlling=False)
    await connection.gather_candidates()
    found = {candidate.host for candidate in connection.local_candidates}
    await connection.close()
    return found


def test_aioice_still_has_the_function() -> None:
    """It is called with two switches by name, and returns addresses without loopback."""
    source = inspect.getsource(Connection.gather_candidates)
    assert f"{LEANS_ON}(\n                    use_ipv4=" in source
    assert ADDRESS not in ORIGINAL(use_ipv4=True, use_ipv6=True)


async def test_only_loopback_is_gathered_within() -> None:
    """Also in tasks that start there, and by no other connection at the same time."""
    outside = await addresses()
    with only_loopback():
        inside = asyncio.ensure_future(addresses())
    assert await addresses() == outside
    assert await inside == {ADDRESS}
    with only_loopback():
        assert await addresses() == {ADDRESS}
    with only_loopback(and_others=True):
        assert await addresses() == {ADDRESS, *ORIGINAL(use_ipv4=True, use_ipv6=False)}
    assert await addresses() == outside
