"""A name that is wrong by mistake is noticed: worlds are found by secrets, listed and named."""

import asyncio
import logging

import pytest

import fake_runway.admin_api.handler as admin
from fake_runway.clock import next_turn, pause
from fake_runway.worlds.naming import name_from_secret
from tests.support.servers import SECRET, StartFake


@pytest.mark.parametrize("where", ["header", "path"])
async def test_the_text_of_a_secret_finds_its_world(start_fake: StartFake, where: str) -> None:
    """It is neither stored nor shown, and no other world is made."""
    fake = await start_fake()
    await fake.create()
    prefix, headers = ("", {"X-Fake-World": SECRET}) if where == "header" else (f"/w/{SECRET}", {})
    read = await fake.client.get(f"{prefix}/__admin/world", headers=headers)
    written = await fake.client.put(f"{prefix}/__admin/credits", json={"left": 3}, headers=headers)
    names = [each.name for each in fake.worlds]
    assert (read.json["name"], read.json["sessions"]) == (name_from_secret(SECRET), 1)
    assert fake.world.account.left == 3
    assert "created" not in written.json
    assert names == [name_from_secret(SECRET)]
    assert SECRET.encode() not in read.body + written.body


async def test_a_world_of_that_name_comes_first(start_fake: StartFake) -> None:
    """A text that names a world and is a secret of another one means the name."""
    fake = await start_fake()
    await fake.create()
    fake.worlds.named(SECRET)
    read = await fake.client.get("/__admin/world", headers={"X-Fake-World": SECRET})
    assert (read.json["name"], read.json["sessions"]) == (SECRET, 0)


@pytest.mark.parametrize(
    "path", ["world", "sessions", "journal", "findings", "faults", "credits", "clock", "snapshots"]
)
async def test_a_read_of_a_world_that_nothing_has_used_lists_the_others(
    start_fake: StartFake, path: str
) -> None:
    """It makes none, and does not repeat the text, which may be a secret."""
    fake = await start_fake()
    await fake.create()
    read = await fake.client.get(f"/w/mistyped/__admin/{path}")
    by_secret = await fake.client.get(
        f"/__admin/{path}", headers={"Authorization": "Bearer mistyped"}
    )
    worlds = len(fake.worlds)
    for each in (read, by_secret):
        assert (each.status, each.json["code"]) == (404, "unknown_world")
        assert each.json["error"].endswith(f"The worlds there are: {fake.world.name}.")
        assert "mistyped" not in each.json["error"]
    assert worlds == 1


async def test_at_most_ten_worlds_are_listed(start_fake: StartFake) -> None:
    """The newest first, and how many more there are."""
    fake = await start_fake()
    for number in range(12):
        fake.worlds.named(f"n{number}")
    read = await fake.client.get("/w/mistyped/__admin/world")
    assert ": n11, n10, n9, n8, n7, n6, n5, n4, n3, n2 and 2 more." in read.json["error"]


async def test_a_wait_waits_for_a_world_that_nothing_has_used(start_fake: StartFake) -> None:
    """The application may come later."""
    fake = await start_fake()
    waiting = asyncio.ensure_future(
        fake.client.post("/w/later/__admin/await/calls", json={"timeout": "1m"})
    )
    while fake.worlds.get("later") is None:
        await next_turn()
    await fake.call("GET", "/v1/organization", headers={"X-Fake-World": "later"})
    answer = await waiting
    assert (answer.status, len(answer.json["exchanges"])) == (200, 1)


async def test_a_write_that_makes_a_world_says_so(start_fake: StartFake) -> None:
    """Once, in the body and, where there is none, in a header; the world has that name."""
    fake = await start_fake()
    path = "/w/new/__admin"
    first = await fake.client.put(f"{path}/credits", json={"left": 3})
    second = await fake.client.put(f"{path}/credits", json={"left": 4})
    empty = await fake.client.delete("/w/empty/__admin/faults")
    assert (first.json["created"], first.headers["X-Fake-World-Created"]) == ("new", "new")
    assert "created" not in second.json
    assert "X-Fake-World-Created" not in second.headers
    assert (empty.status, empty.headers["X-Fake-World-Created"]) == (204, "empty")


async def test_a_world_that_no_application_called_is_named(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the list until it is called, and in the log after a while, beside those that were."""
    monkeypatch.setattr(admin, "UNCALLED_S", 0.01)
    caplog.set_level(logging.INFO, "fake_runway")
    fake = await start_fake()
    await fake.create()
    for name in ("missed", "called"):
        await fake.client.put(f"/w/{name}/__admin/credits", json={"left": 3})
    await fake.call("GET", "/v1/organization", headers={"X-Fake-World": "called"})
    await fake.client.post("/w/called/__admin/reset")
    while not caplog.messages:
        await pause(0.01)
    listed = (await fake.client.get("/__admin/worlds")).json["worlds"]
    assert {each["name"] for each in listed if each["only_admin"]} == {"missed"}
    assert caplog.messages[0].startswith("world missed: only the admin API has used it so far.")
    assert fake.world.name in caplog.messages[0]
