"""A scenario file that changes is read again while it is served; a broken one changes nothing."""

import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aiohttp
import pytest

import fake_runway.server.reloading as reloading
from fake_runway.clock import pause
from fake_runway.scenarios.merging import selected
from fake_runway.server.serving import Configuration, Serving, serving
from tests.support.servers import CREATE, HEADERS


async def until(true: Callable[[], bool]) -> None:
    """Return as soon as something is true; the test's own time limit ends it."""
    while not true():
        await pause(0.01)


def configured(file: Path) -> Configuration:
    """Return the configuration of a server whose worlds follow a file."""
    load = partial(selected, [str(file)])
    found = load()
    assert found.scenario is not None
    return Configuration(
        scenario=found.scenario, catalogue=found.catalogue, files=found.files, load=load, rate=0.0
    )


async def create(fake: Serving) -> int:
    """Create a session, and return the status."""
    async with (
        aiohttp.ClientSession(headers=HEADERS) as http,
        http.post(f"{fake.url}/w/mine/v1/realtime_sessions", json=CREATE) as answer,
    ):
        return answer.status


async def test_a_changed_file_is_followed_and_a_broken_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By worlds that exist and by new ones, at once, and after a reset; the log says each."""
    monkeypatch.setattr(reloading, "EVERY_S", 0.02)
    caplog.set_level(logging.INFO, "fake_runway")
    file = tmp_path / "mine.yaml"
    file.write_text("account: {credits: 2}\n")
    async with serving(configured(file)) as fake:
        before = [await create(fake), await create(fake)]
        file.write_text("account: {credits: 90}\n")
        await until(lambda: "read" in caplog.text)
        after = await create(fake)
        file.write_text("account: {credit: 2}\n")
        await until(lambda: "the scenario stays as it was" in caplog.text)
        kept = await create(fake)
        world, number = fake.worlds.named("mine"), len(caplog.messages)
        left, new = world.account.left, fake.worlds.named("new").account.left
        again = fake.worlds.reset(world).account.left
        os.utime(file, (1, 1))  # still wrong
        await until(lambda: len(caplog.messages) > number)
        file.unlink()
        await until(lambda: "cannot be read" in caplog.text)
    assert (before, after, kept) == ([200, 402], 200, 200)
    assert (left, new, again) == (84, 90, 90)
    assert f"read {file} again; worlds that follow it now: 1" in caplog.messages
    assert any(f"{file}:1: $.account.credit: expected" in each for each in caplog.messages)


async def test_worlds_that_follow_another_scenario_stay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an act in the journal says what changed, so that the run can be replayed."""
    monkeypatch.setattr(reloading, "EVERY_S", 0.02)
    file = tmp_path / "mine.yaml"
    file.write_text("session: {provision_time: 3s}\n")
    async with serving(configured(file)) as fake:
        slow = fake.worlds.named("other", fake.worlds.catalogue.get("slow"))
        await create(fake)
        file.write_text("session: {provision_time: 7s}\n")
        world = fake.worlds.named("mine")
        await until(lambda: world.scenario.session.data["provision_time"] == "7s")
        await create(fake)
        async with aiohttp.ClientSession(f"{fake.url}/w/mine/__admin/") as http:
            token = (await (await http.get("replay")).json())["token"]
            replayed = await (
                await http.post("replay", json={"name": "again", "token": token})
            ).json()
        assert slow.scenario.name == "slow"
        assert (replayed["identical"], replayed["exchanges"]) == (True, 2)
        assert fake.worlds.named("again").scenario.session.data["provision_time"] == "7s"
