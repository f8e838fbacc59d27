"""Many clients of one server never share state, in any way of naming a world."""

from __future__ import annotations

import asyncio
import os

import orjson

from fake_runway.replay.record import journal_bytes, record
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.serving import Configuration, serving
from fake_runway.worlds.registry import Retention
from tests.support.fake.over_http import Caller, WorldAddress, address_of, asking_once, run_alone
from tests.support.fake.runs import LIVEKIT, scripted

WORKERS = 64
RUNS = int(os.environ.get("FAKE_RUNWAY_TEST_RUNS", "2"))
"""Runs of each worker; the goal is 200, which takes minutes."""


async def test_a_world_on_a_busy_server_is_as_if_it_were_alone() -> None:
    """Parallel runs with faults, acts and moved clocks: every journal is that of the run alone."""
    catalogue = Catalogue.builtin()
    configuration = Configuration(
        rate=0.0, livekit=LIVEKIT, retention=Retention(most=WORKERS * RUNS + 1)
    )
    addresses: dict[int, WorldAddress] = {}
    async with (
        serving(configuration) as server,
        asking_once(server.url, connections=WORKERS) as http,
    ):

        async def work(worker: int) -> None:
            for number in range(worker * RUNS, (worker + 1) * RUNS):
                addresses[number] = address_of(number, catalogue)
                await Caller(http, addresses[number]).play_all(scripted(number))

        async with asyncio.TaskGroup() as group:
            for worker in range(WORKERS):
                group.create_task(work(worker))
        worlds = {world.name: world for world in server.worlds}
    assert worlds.keys() == {address.world for address in addresses.values()}
    seen: set[str] = set()
    host = server.url.partition("//")[2]
    for number, address in addresses.items():
        world = worlds[address.world]
        player = run_alone(
            address, scripted(number), epoch=world.epoch, catalogue=catalogue, host=host
        )
        assert journal_bytes(world) == journal_bytes(player.world), number
        assert orjson.dumps(record(world)) == orjson.dumps(record(player.world))
        sessions = world.account.sessions
        assert sessions == player.world.account.sessions
        assert world.placed == player.world.placed
        own = {*sessions, *map(world.account.session_key, sessions.values())}
        assert not own & seen
        seen |= own
