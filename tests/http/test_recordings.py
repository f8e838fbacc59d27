"""Runs on clocks that run, recorded through the admin API, come out the same when run again."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from fake_runway.scenario_files import Catalogue
from fake_runway.serving import Configuration, serving
from fake_runway.web.replay import read, replay, token_of
from fake_runway.web.tokens import LiveKit
from tests.support.over_http import Caller, Door, asking_once, door_of
from tests.support.runs import Ask, Do, scripted

RUNS = 24


@pytest.mark.parametrize("rate", [1.0, 1_000.0])
async def test_a_run_in_running_time_is_replayed_to_the_last_bit(rate: float) -> None:
    """Whatever instants the calls came at, and in whatever order those of two clients came."""
    catalogue = Catalogue.builtin()
    async with (
        serving(Configuration(rate=rate)) as server,
        asking_once(server.url, connections=2 * RUNS) as http,
    ):

        async def visited(number: int) -> Caller:
            door = door_of(number, catalogue)
            clients = Caller(http, door), Caller(http, door)
            await asyncio.gather(
                clients[0].play_all(scripted(number)), clients[1].play_all(scripted(number + RUNS))
            )
            return clients[0]

        for caller in await asyncio.gather(*map(visited, range(RUNS))):
            given = await caller.record()
            done = replay(given, livekit=LiveKit(), catalogue=catalogue)
            assert done.divergence is None
            assert read(token_of(given))["seal"] == given["seal"]
            assert given["journal"]


async def test_a_scenario_chosen_by_a_header_is_part_of_the_record() -> None:
    """The header acts on a world that exists; a replay needs no header to do the same."""
    catalogue = Catalogue.builtin()
    async with (
        serving(Configuration(rate=0.0)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        caller = Caller(http, Door("a-world", headers={"X-Fake-World": "a-world"}, secret="any"))
        await caller.ask(Ask("getOrganization"))
        chosen = {"X-Fake-World": "a-world", "X-Fake-Scenario": "out-of-credits"}
        other = Caller(http, Door("a-world", headers=chosen, secret="any"))
        await other.play_all([Do("moveClock", {"by": "1s"}), *scripted(0)[1:], *scripted(1)[1:]])
        given = await caller.record()
    assert "putScenario" in [step.get("act") for step in given["steps"]]
    assert replay(given, livekit=LiveKit(), catalogue=catalogue).divergence is None
