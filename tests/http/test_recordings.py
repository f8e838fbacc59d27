"""Runs on clocks that run, recorded through the admin API, are identical when replayed."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from fake_runway.replay.record import NotReplayable, read, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.serving import Configuration, serving
from tests.support.fake.over_http import Caller, WorldAddress, address_of, asking_once
from tests.support.fake.runs import Ask, Do, scripted
from tests.support.fake.waiting import called
from tests.support.processes import PATIENCE_S
from tests.support.servers import CREATE, HEADERS, StartFake

RUNS = 24
SESSIONS = "/v1/realtime_sessions"
OF_AN_EARLIER_VERSION = (
    "fr1.eNrtVttu2zgQ_RWDz75IFnXzazcoCiy2BdK3IBAoamQTlkiVF2cDI_--"
    "M5KdxG3aGPtULNYGDHM4HM45Z4bkkbXG9sKzTTxnrdhDZYN-EI9sw6JlvIzYnD0Y2zU4Nvg7Z8aqrdLPQwdAc-"
    "TXQ6NEFWyH4we3Wa3idb6M8Btv8qIgDxiM3OFOeZlFUVFm-"
    "TLlcZqlc2aFB7ZB5znT5uGVS_nsIqQ0QWOiRyYtbuUdukX0mTNptAzWgpaY-BoNjVAd_U3HaQteKE2JxpP_HgjgQXS"
    "KMIC1xmI0tg2qATQEPQhFsKTphw482TCGfaxE68GyjbcBcBMjJ7inIZBrJbaC-"
    "FlHnALtEY6uVEPhLbTBTfEnM6ZxYUcYLvRQ1aah_Jy3Snq0H8A6ZXS1A9HQ9rjiW1BIAq0Jzpu-EgfhBYG4Y2kaQcG"
    "jaAHrsl7wuOELkcfZgvMsS1POiQJ2P2cdcj4SxiLHnkhKR7sQwd8ChElXh1sM1hzUmIBXPcrE4mVKdvh7wCRcNZZDE"
    "o2-pyCVFAMatdEjd0FrpbcVBT-DRLM3e9CVNaZnGx26Di07QJe7eyrF0JHCd_eUmQQtrDK4uoFxhr0Y0elIPh4G8j8"
    "yHfqaWEKdx7r-sdoEsrphQ_C358Cv0E-"
    "ZbNUBRiq0GCGfqv05ke8mRG0CxfzczoSegbCdAjs76bZkl9X7pspPiAGD6Ibg4OAFR_JTHGYAbBw10WoB9bw9oaBu9"
    "DtDEn75fPuVRBQeW4-"
    "tDvEKPTtSsjphdq_hszrKoiRL5CLh63TB2zZd1HmRLjIpC75OGohbQYDGgjvTRQUJboQntkA42ZdHTECvkmUcz4QyO"
    "-8HGvBleu6m8-ITTVRwUyc5QDQe62pqr1Z0Dsamrdqx7adluCPFOI7EEZVH1htsQmrkhz5-"
    "bomXXI_MPw4k2nTGLQasXvBjhdOfT0RXH5ySCxeQWkeLni7F4O8UVW8O8KEzcv-LkqpJ9rVjF4Gz7wKXb6q8Bf-GxB"
    "9v3lN4daWq_4UyIPMFtcVV1J7a8t910FX8rl6Ovt-E5xOl7xE9yfE-"
    "0XF0FdPTRfkG0X_c_Hnz9eb_Uv4Fw_E1DE_Rfn48nN4fPx5RvysF9NYydro8GzrAzy8oi9fu2E9e-"
    "IBBOL26egSFCaPbX8bPWrpU6QqeXk9uul_vKSFBd0VeNklbFxJElC1l0qZt3UBUxgkuadQWCRhfVXXDeZEWqZSSnrK"
    "JiHlbJOtWrmsc1k2Wp7zksixLHHIoIp6nEW8hx2FZ8yxteFMKgS-vp38A9lWhEQ"
)
"""Made before exchanges had a content type. It says consume_body: strict, and has a consume."""


@pytest.mark.parametrize("rate", [1.0, 1_000.0])
async def test_a_run_in_running_time_is_replayed_to_the_last_bit(rate: float) -> None:
    """The replay is identical for any instants and any order of the calls of two clients."""
    catalogue = Catalogue.builtin()
    async with (
        serving(Configuration(rate=rate)) as server,
        asking_once(server.url, connections=2 * RUNS) as http,
    ):

        async def visited(number: int) -> Caller:
            address = address_of(number, catalogue)
            clients = Caller(http, address), Caller(http, address)
            await asyncio.gather(
                clients[0].play_all(scripted(number)), clients[1].play_all(scripted(number + RUNS))
            )
            return clients[0]

        for caller in await asyncio.gather(*map(visited, range(RUNS))):
            recorded = await caller.record()
            done = replay(recorded, livekit=LiveKit(), catalogue=catalogue)
            assert done.divergence is None
            assert read(token_of(recorded))["seal"] == recorded["seal"]
            assert recorded["journal"]


async def test_a_scenario_selected_by_a_header_is_part_of_the_record() -> None:
    """The header acts on a world that exists; a replay needs no header to do the same."""
    catalogue = Catalogue.builtin()
    async with (
        serving(Configuration(rate=0.0)) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        caller = Caller(
            http, WorldAddress("a-world", headers={"X-Fake-World": "a-world"}, secret="any")
        )
        await caller.ask(Ask("getOrganization"))
        chosen = {"X-Fake-World": "a-world", "X-Fake-Scenario": "out-of-credits"}
        other = Caller(http, WorldAddress("a-world", headers=chosen, secret="any"))
        await other.play_all([Do("moveClock", {"by": "1s"}), *scripted(0)[1:], *scripted(1)[1:]])
        recorded = await caller.record()
    assert "putScenario" in [step.get("act") for step in recorded["steps"]]
    assert replay(recorded, livekit=LiveKit(), catalogue=catalogue).divergence is None


async def test_a_run_with_rooms_elsewhere_is_replayed_anywhere(start_fake: StartFake) -> None:
    """The record holds the media server of its tokens; a replay needs no such server."""
    elsewhere = LiveKit(url="ws://10.0.0.5:7880")
    fake = await start_fake(livekit=elsewhere)
    await fake.consume(*await fake.ready())
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    assert replay(read(token_of(recorded)), livekit=LiveKit()).divergence is None


async def test_removing_a_fault_that_was_not_placed_changes_nothing(start_fake: StartFake) -> None:
    """The scenario's own faults go on counting, and the run is replayed as it was."""
    scenario = Catalogue.builtin().get("create-429-twice")
    assert scenario is not None
    fake = await start_fake(scenario=scenario)
    statuses = [(await fake.call("POST", SESSIONS, json=CREATE)).status for _ in range(3)]
    refused = await fake.admin("DELETE", "/faults/create-429-twice%2F1")
    statuses.append((await fake.call("POST", SESSIONS, json=CREATE)).status)
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    assert refused.status == 404
    assert statuses == [429, 429, 200, 200]
    assert replay(recorded, livekit=LiveKit()).divergence is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("epoch", 1e18), ("now", -1), ("rate", 1e308), ("rate", "x"), ("world", "\x1b[31m")],
)
async def test_records_beyond_all_bounds_are_refused(
    start_fake: StartFake, name: str, value: object
) -> None:
    """Their worlds would have no valid clock."""
    fake = await start_fake()
    await fake.create()
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    with pytest.raises(NotReplayable, match=name):
        read(token_of({**recorded, name: value}))


async def test_session_keys_of_a_fork_outlive_its_origin(start_fake: StartFake) -> None:
    """A consume that names no world reaches the fork once its origin is dropped."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    await fake.admin("POST", "/fork", {"name": "copy"})
    await fake.admin("DELETE", "/world")
    consumed = await fake.consume(session_id, key)
    assert consumed.status == 200


async def test_snapshots_without_a_name_do_not_replace_each_other(start_fake: StartFake) -> None:
    """Each gets a name of its own."""
    fake = await start_fake()
    names = [(await fake.admin("POST", "/snapshots", {})).json["name"] for _ in range(3)]
    assert len(set(names)) == 3


async def test_dropping_a_world_releases_endless_answers(start_fake: StartFake) -> None:
    """A hang, and a delay without an end on a frozen clock, are released."""
    fake = await start_fake(rate=0.37)
    for effect in ({"hang": True}, {"delay": "never"}):
        await fake.admin("POST", "/faults", {"effect": effect, "name": "holds"})
        await fake.admin("PUT", "/clock", {"rate": 0})
        asking = asyncio.ensure_future(fake.client.get("/v1/organization", headers=HEADERS))
        await called(fake, "getOrganization")
        await fake.admin("DELETE", "/world")
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(asking, return_exceptions=True)
        assert asking.done()


def test_a_token_of_an_earlier_version_is_replayed_to_the_last_bit() -> None:
    """What it does not know is left out of the journal, and its switches mean what they meant."""
    done = replay(read(OF_AN_EARLIER_VERSION), livekit=LiveKit())
    assert done.divergence is None
    [consume] = [each for each in done.world.log.exchanges if each.operation == "consumeSession"]
    assert (consume.status, consume.content_type, consume.unread) == (200, None, None)
