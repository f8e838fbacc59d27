"""The event stream: what a listener gets, also after a pause, and what listeners cost."""

import asyncio
import socket
from contextlib import suppress

import aiohttp
import pytest

from fake_runway.admin_api import streams
from fake_runway.client import Admin, AsyncAdmin, NotAllowed
from fake_runway.clock import next_turn
from fake_runway.worlds.naming import name_from_secret
from fake_runway.worlds.registry import Retention
from tests.support.fake.events import PATIENCE_S, Listener, listening
from tests.support.servers import SECRET, Fake, StartFake

WORLD = name_from_secret(SECRET)


def entries(events: list[dict[str, object]]) -> list[int]:
    """Return the numbers of the journal's entries among events."""
    kinds = ("exchange", "move", "act")
    return [each["data"]["number"] for each in events if each["kind"] in kinds]  # type: ignore[index]  # JSON


async def test_calls_changes_acts_and_findings_come_as_they_happen(start_fake: StartFake) -> None:
    """In the order of the journal, each with its data."""
    fake = await start_fake()
    async with listening(fake.url, WORLD) as listener:
        assert (await listener.next())["kind"] == "start"
        session, _ = await fake.ready()
        await fake.admin("POST", "/clock/move", {"by": "10m"})
        seen = await listener.until("finding", session=session)

    got = [
        each["data"].get("operation") or each["data"].get("event") or each["data"].get("act")
        for each in seen
        if each["kind"] != "finding"
    ]
    assert got == [
        *("created", "admitted", "createSession", "provisioned", "getSession"),
        *("moveClock", "expired"),
    ]
    assert entries(seen) == list(range(7))
    assert {each["world"] for each in seen} == {WORLD}


async def test_what_falls_due_by_itself_comes_without_a_call(start_fake: StartFake) -> None:
    """The world is brought up to date for its listeners."""
    fake = await start_fake(rate=50.0)
    session = await fake.create()
    async with listening(fake.url, WORLD) as listener:
        seen = await listener.until("move", session=session, event="provisioned")

    assert len(seen) <= 3


@pytest.mark.parametrize("by_header", [True, False], ids=["Last-Event-ID", "after"])
async def test_a_listener_that_comes_back_misses_nothing_and_gets_nothing_twice(
    start_fake: StartFake, by_header: bool
) -> None:
    """It continues after the last event that it got, wherever it was interrupted."""
    fake = await start_fake()
    got: list[int] = []
    last = "0"
    for _ in range(4):
        await fake.create()
        options = {"headers": {"Last-Event-ID": last}} if by_header else {"after": last}
        async with listening(fake.url, WORLD, **options) as listener:
            for _ in range(3):  # not all that there are
                event = await listener.next()
                while event["kind"] in ("start", "finding"):
                    event = await listener.next()
                got += entries([event])
            last = listener.last_id

    assert got == list(range(12))


async def test_what_is_no_longer_kept_is_a_gap(start_fake: StartFake) -> None:
    """A listener learns how many entries it has missed, and goes on with those that are kept."""
    fake = await start_fake(retention=Retention(journal=3))
    for _ in range(10):
        await fake.call("GET", "/v1/organization")
    async with listening(fake.url, WORLD, after="0") as listener:
        seen = await listener.until("exchange", number=9)

    assert [each["kind"] for each in seen] == ["start", "gap", *["exchange"] * 3]
    assert seen[1]["data"] == {"missed": 7}


@pytest.mark.parametrize("what", ["reset", "restore"])
async def test_a_world_that_begins_anew_is_told_anew(start_fake: StartFake, what: str) -> None:
    """To a listener that stays, and to one that comes back: all of the new world."""
    fake = await start_fake()
    await fake.create()
    await fake.admin("POST", "/snapshots", {"name": "before"})
    kept = 3 if what == "restore" else 0
    path = "/snapshots/before/restore" if what == "restore" else "/reset"
    async with listening(fake.url, WORLD, after="0") as listener:
        await listener.until("exchange", number=2)
        gone = listener.last_id
        await fake.create()
        await listener.until("exchange", number=5)
        await fake.admin("POST", path)
        await listener.until("reset")
        await fake.create()
        seen = await listener.until("exchange", number=kept + 2)
    assert entries(seen) == list(range(kept + 3))

    async with listening(fake.url, WORLD, after=gone) as listener:
        again = await listener.until("exchange", number=kept + 2)
    assert again[0]["kind"] == "reset"
    assert entries(again) == entries(seen)


async def test_a_stream_ends_with_its_world(start_fake: StartFake) -> None:
    """A listener learns that it is gone, and makes no new one by listening on."""
    fake = await start_fake()
    await fake.create()
    async with listening(fake.url, WORLD) as listener:
        await listener.until("start")
        await fake.admin("DELETE", "/world")
        assert (await listener.next())["kind"] == "dropped"
        with pytest.raises(StopAsyncIteration):
            await listener.next()
    assert len(fake.worlds) == 0


async def test_a_journal_that_is_deleted_is_an_event(start_fake: StartFake) -> None:
    """A listener that was away meanwhile sees it by the count at its start."""
    fake = await start_fake()
    await fake.create()
    async with listening(fake.url, WORLD, after="0") as listener:
        assert (await listener.next())["data"] == {"next": 0, "clears": 0}
        await listener.until("exchange", number=2)
        await fake.admin("DELETE", "/journal")
        seen = await listener.until("cleared")
        await fake.create()
        assert entries(await listener.until("exchange", number=5)) == [3, 4, 5]
    assert seen[-1]["data"] == {"clears": 1}
    async with listening(fake.url, WORLD, after=listener.last_id) as listener:
        assert (await listener.next())["data"] == {"next": 6, "clears": 1}


async def test_the_stream_of_all_worlds_has_entries_for_those_who_ask(
    start_fake: StartFake,
) -> None:
    """Of each world those that came since, also of one that is new, or begins anew."""
    fake = await start_fake()
    await fake.create()
    async with listening(fake.url, None, entries=True) as listener:
        await listener.until("world")
        await fake.create()
        assert entries(await listener.until("exchange", number=5)) == [3, 4, 5]
        await fake.call("GET", "/w/another/v1/organization")
        seen = await listener.until("exchange", number=0)
        assert [each["world"] for each in seen if each["kind"] == "exchange"] == ["another"]
        await fake.admin("POST", "/reset", {})
        await listener.until("reset")


async def test_the_stream_of_all_worlds_says_how_each_is(start_fake: StartFake) -> None:
    """Those there are, then each one that is made, used or dropped."""
    fake = await start_fake()
    await fake.create()
    async with listening(fake.url) as listener:
        assert (await listener.next())["kind"] == "start"
        first = await listener.next()
        assert (first["kind"], first["world"], first["data"]["calls"]) == ("world", WORLD, 1)
        assert first["data"]["used_at"] > 0
        await fake.create()
        assert (await listener.next())["data"]["calls"] == 2
        await fake.admin("POST", "/fork", {"name": "other"})
        seen = await listener.until("world", name="other")
        assert seen[-1]["world"] == "other"
        await fake.admin("DELETE", "/world", headers={"X-Fake-World": "other"})
        seen = await listener.until("dropped")
        assert seen[-1]["world"] == "other"
    async with asyncio.timeout(PATIENCE_S):
        while any(world.heard for world in fake.worlds):  # which would cost each call a bit
            await next_turn()


async def test_a_listener_that_does_not_read_is_dropped(
    start_fake: StartFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time, so that nothing piles up for it."""
    monkeypatch.setattr(streams, "SLOW_S", 0.05)
    monkeypatch.setattr(streams, "MOST_LISTENERS", 1)
    fake = await start_fake()
    for _ in range(40):
        await fake.create(personality="x" * 1_900)
    host, _, port = fake.url.removeprefix("http://").partition(":")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        # the kernel keeps some megabytes for it otherwise, by the length of packets on loopback
        deaf.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 500)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, (host, int(port)))
        request = f"GET /w/{WORLD}/__admin/events?after=0 HTTP/1.1\r\nHost: {host}\r\n\r\n"
        await loop.sock_sendall(deaf, request.encode())
        async with asyncio.timeout(PATIENCE_S):
            while not await _has_place(fake):  # it holds the only one
                await fake.create(personality="x" * 1_900)


async def _has_place(fake: Fake) -> bool:
    async with aiohttp.ClientSession() as http, http.get(f"{fake.url}/__admin/events") as answer:
        return answer.status == 200


async def test_a_server_has_only_so_many_listeners(
    start_fake: StartFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is told; places are free again once listeners have gone."""
    monkeypatch.setattr(streams, "MOST_LISTENERS", 1)
    fake = await start_fake()
    async with listening(fake.url, WORLD) as listener:
        await listener.next()
        async with aiohttp.ClientSession() as http, http.get(f"{fake.url}/__admin/events") as more:
            assert (more.status, (await more.json())["code"]) == (503, "too_many_listeners")


@pytest.mark.parametrize("after", ["1", "x.1.2", "", "0.0.0&after=0"])
async def test_a_wrong_place_is_refused(start_fake: StartFake, after: str) -> None:
    """Rather than ignored, which would look like a gap."""
    fake = await start_fake()
    answer = await fake.admin("GET", f"/events?after={after}")

    assert (answer.status, answer.json["where"]) == (400, "query: after")


async def test_the_clients_follow_a_world(start_fake: StartFake) -> None:
    """Both yield the events as values; a token that is wrong is an error of theirs."""
    fake = await start_fake(admin_token="an-admin-token-0123456789")
    await fake.create()
    client = AsyncAdmin(fake.url, world=WORLD, token="an-admin-token-0123456789")
    stream = client.events(after="0")
    seen = [await anext(stream) for _ in range(3)]
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert [each.kind for each in seen] == ["start", "move", "move"]

    def blocking() -> list[str]:
        blocked = Admin(fake.url, world=WORLD, token="an-admin-token-0123456789").events(after="0")
        return [next(blocked).id for _ in range(3)]

    assert await asyncio.to_thread(blocking) == [each.id for each in seen]
    with pytest.raises(NotAllowed):
        await anext(AsyncAdmin(fake.url, world=WORLD).events())


async def test_streams_end_when_the_server_stops(start_fake: StartFake) -> None:
    """At once: an open stream does not hold up the end of the program."""
    fake = await start_fake()
    async with listening(fake.url, WORLD) as one, listening(fake.url) as all_:
        for listener in (one, all_):
            await listener.next()
        assert fake.app is not None
        await fake.app.close()
        for listener in (one, all_):
            await _ended(listener)


async def _ended(listener: Listener) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not listener.at_end:
            with suppress(StopAsyncIteration):
                await listener.next()
