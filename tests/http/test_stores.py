"""Worlds that a file or a Redis keeps, and that two servers share: as in memory, and for longer."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from yarl import URL

from fake_runway.clock import pause
from fake_runway.core.durations import NO_TIME
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.core.tasks.task import Downloads, TaskPlan
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from fake_runway.replay.record import read
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.serving import Configuration, Serving, serving
from fake_runway.server.store import StoreAddress, StoreError
from fake_runway.worlds.given_spec import read_given_spec
from fake_runway.worlds.redis_store import SharedWorlds
from fake_runway.worlds.registry import Retention
from fake_runway.worlds.state_place import State, StateFileError, Sync
from tests.http.test_given_spec import NEWER
from tests.support.fake.assets import AVATAR, DOCUMENT, VOICE
from tests.support.fake.files import form, made
from tests.support.fake.linearizable import CANCELLED, READY, RUNNING, Seen, linearizable
from tests.support.fake.over_http import Caller, address_of, asking_once
from tests.support.fake.runs import scripted
from tests.support.gateway.redis_server import RedisServer, redis_server
from tests.support.servers import CREATE, HEADERS

CATALOGUE = Catalogue.builtin()
AT_ONCE = Plan(provision=NO_TIME)
SESSIONS = "/v1/realtime_sessions"
SHORT_S = 1.2
LONG_S = 60.0
Serve = Callable[..., Any]


class Servers:
    """Servers that share a store.

    Args:
        kind: memory, file or redis.
    """

    def __init__(self, kind: str, folder: Path, redis: RedisServer | None) -> None:
        self.kind = kind
        self.redis = redis
        self._folder = folder
        self._numbers = itertools.count()

    @asynccontextmanager
    async def serving(
        self,
        *,
        rate: float = 1.0,
        journal: int = 1_000,
        lease_s: float = LONG_S,
        **settings: Any,
    ) -> AsyncIterator[Serving]:
        """Serve, in this process, with a lease that a busy machine does not let run out."""
        facts: dict[str, Any] = {
            "rate": rate,
            "settings": Settings(**settings),
            "catalogue": CATALOGUE,
        }
        facts["retention"] = Retention(journal=journal)
        store: dict[str, Any] = {}
        if self.kind == "file":
            store["state"] = State(self._folder / "state", Sync.NEVER)
        elif self.redis is not None:
            seed = f"server-{next(self._numbers)}"
            store["store"] = StoreAddress(self.redis.url, seed, 3_600.0, lease_s=lease_s)
        async with serving(Configuration(**facts, **store)) as server:
            yield server

    @asynccontextmanager
    async def two(self, **settings: Any) -> AsyncIterator[list[str]]:
        """Serve twice; give both addresses."""
        async with AsyncExitStack() as both:
            yield [(await both.enter_async_context(self.serving(**settings))).url for _ in range(2)]


@pytest.fixture
def redis() -> Any:
    """A Redis of the test's own."""
    with redis_server() as server:
        server.is_old()
        yield server


@pytest.fixture(params=["memory", "file", "redis"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Servers on each store."""
    if request.param == "redis":
        with redis_server() as server:
            server.is_old()
            yield Servers("redis", tmp_path, server)
    else:
        yield Servers(request.param, tmp_path, None)


@pytest.fixture
def sharing(redis: RedisServer, tmp_path: Path) -> Servers:
    """Servers that share a Redis."""
    return Servers("redis", tmp_path, redis)


def client_of(url: str) -> aiohttp.ClientSession:
    """Return a client with the secret of the tests."""
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(url, headers=HEADERS, connector=connector)


async def created(client: aiohttp.ClientSession) -> tuple[int, str]:
    """Create a session; return the status of the answer, and the id."""
    async with client.post(SESSIONS, json=CREATE) as answer:
        return answer.status, (await answer.json()).get("id", "")


async def key_of(client: aiohttp.ClientSession, session_id: str) -> str:
    """Return the key of a session that is READY."""
    async with client.get(f"{SESSIONS}/{session_id}") as answer:
        key: str = (await answer.json())["sessionKey"]
        return key


async def consumed(client: aiohttp.ClientSession, session_id: str, key: str) -> int:
    """Consume; return the status of the answer."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with client.post(f"{SESSIONS}/{session_id}/consume", headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_runs_are_replayed_wherever_they_were_recorded(servers: Servers) -> None:
    """Runs on each store, by two clients each, are the same again on another, and in memory."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(servers.serving())
        urls = [first.url]
        if servers.kind == "redis":
            urls.append((await stack.enter_async_context(servers.serving())).url)
        https = [await stack.enter_async_context(asking_once(url, connections=100)) for url in urls]

        async def visited(number: int) -> dict[str, Any]:
            clients = [Caller(http, address_of(number, CATALOGUE)) for http in (https * 2)[:2]]
            scripts = scripted(number), scripted(number + 50)
            await asyncio.gather(
                *(client.play_all(steps) for client, steps in zip(clients, scripts, strict=True))
            )
            record = await clients[-1].record()
            assert (await clients[0].record())["steps"] == record["steps"]
            return record

        for record in await asyncio.gather(*(visited(number) for number in range(8))):
            assert record["steps"]
            assert replay(record, livekit=LiveKit(), catalogue=CATALOGUE).divergence is None


async def test_a_token_of_one_store_is_replayed_on_another(sharing: Servers) -> None:
    """A token that servers on a Redis made is identical on a server in memory, and back."""
    plain = Servers("memory", Path(), None)
    async with sharing.serving() as shared, plain.serving() as alone:
        for one, other in ((shared, alone), (alone, shared)):
            async with client_of(one.url) as client, client_of(other.url) as another:
                for _ in range(3):
                    await created(client)
                async with client.get("/__admin/replay") as answer:
                    token = (await answer.json())["token"]
                assert read(token)["steps"]
                given = {"token": token, "name": "again"}
                async with another.post("/__admin/replay", json=given) as answer:
                    assert (await answer.json())["identical"] is True


async def told(url: str, paths: Sequence[str]) -> dict[str, Any]:
    """Return what a server answers, with the same address for each server."""
    answers: dict[str, Any] = {}
    async with client_of(url) as client:
        for path in paths:
            async with client.get(path) as answer:
                text = (await answer.text()).replace(url, "http://the.fake")
                answers[path] = answer.status, json.loads(text)
    return answers


async def test_the_whole_api_outlives_its_server(tmp_path: Path) -> None:
    """Stored resources, tasks, routed requests and downloads are there again, in any way kept.

    Two restarts: from the calls, acts and downloads, and from a world that was kept whole.
    """
    (tmp_path / "newer.json").write_text(json.dumps(NEWER))
    (tmp_path / "seed.yaml").write_text("credits: 900\nsessions: [{state: completed}]\n")
    settings = Settings(task=TaskPlan(downloads=Downloads.FAIL_ONCE))
    state = State(tmp_path / "state", Sync.NEVER)
    seeds = str(tmp_path / "seed.yaml")
    configuration = Configuration(
        settings=settings,
        catalogue=CATALOGUE,
        state=state,
        seeds=seeds,
        spec=read_given_spec(tmp_path / "newer.json"),
    )
    paths = ["/v1/avatars", "/v1/voices", "/v1/documents", "/v1/routers", "/v1/organization"]
    paths += [f"/__admin/{each}" for each in ("assets", "tasks", "sessions", "credits", "seed")]
    calls: list[tuple[str, Any]] = [
        ("/v1/voices", VOICE),
        ("/v1/documents", DOCUMENT),
        ("/v1/avatars", AVATAR),
        ("/v1/routers", {"slug": "films"}),
        ("/v1/generate/video", {"configId": "films", "input": {"promptText": "A", "duration": 5}}),
        (f"/v1/workflows/{EXAMPLE_WORKFLOW.version_id(2)}", {}),
        ("/v1/text_to_smell", {"model": "nose1", "promptText": "Rain."}),
        ("/v1/nothing", {}),
        ("/__admin/assets", {"kind": "document", "state": "ready"}),
        ("/__admin/tasks", {"state": "succeeded"}),
    ]
    output = ""

    async def downloaded(client: aiohttp.ClientSession, url: str) -> int:
        async with client.get(url + output) as answer:
            return answer.status

    async with serving(configuration) as server, client_of(server.url) as client:
        made: list[str] = []
        for path, body in calls:
            async with client.post(path, json=body) as answer:
                assert answer.status < 300 or path == "/v1/nothing", (path, await answer.text())
                made.append((await answer.json()).get("id", ""))
        async with client.put("/__admin/clock", json={"rate": 0}):
            pass
        task = f"/v1/tasks/{made[-1]}"
        async with client.get(task) as answer:
            output = (await answer.json())["output"][0].removeprefix(server.url)
        paths += [task, f"{task}/nothing", f"/v1/routers/{made[3]}/requests"]
        paths += [f"/v1/workflow_invocations/{made[5]}", f"/v1/tasks/{made[6]}"]
        assert await downloaded(client, server.url) == 503
        before = await told(server.url, paths)
        [world] = server.worlds
        downloads = world._downloads.copy()
    assert {status for status, _ in before.values()} == {200, 404}
    async with serving(configuration) as server, client_of(server.url) as client:
        assert await told(server.url, paths) == before
        [world] = server.worlds
        assert world._downloads == downloads
        async with client.post("/__admin/snapshots", json={"name": "one"}) as answer:
            assert answer.status < 300
    async with serving(configuration) as server, client_of(server.url) as client:
        assert await told(server.url, paths) == before
        assert await downloaded(client, server.url) == 200
        async with client.post("/__admin/snapshots/one/restore") as answer:
            assert answer.status == 200
        assert await told(server.url, paths) == before
        async with client.post("/v1/text_to_smell", json=calls[6][1]) as answer:
            assert answer.status == 200
    with pytest.raises(StateFileError, match="give the document that has it with --spec"):
        async with serving(replace(configuration, spec=None)):
            pass


@pytest.mark.parametrize("servers", ["file", "redis"], indirect=True)
async def test_the_last_polls_before_a_stop_are_kept(servers: Servers) -> None:
    """A server that stops keeps also what has not waited for the store."""
    async with servers.serving(plan=AT_ONCE) as server, client_of(server.url) as client:
        _, session_id = await created(client)
        for _ in range(3):
            await key_of(client, session_id)
    async with (
        servers.serving(plan=AT_ONCE) as server,
        client_of(server.url) as client,
        client.get("/__admin/journal?operation=getSession") as answer,
    ):
        assert len((await answer.json())["exchanges"]) == 3


async def uploaded(client: aiohttp.ClientSession, content: bytes) -> str:
    """Upload a file; return the path that it is read from."""
    async with client.post("/v1/uploads", json={"filename": "a.png", "type": "ephemeral"}) as made:
        slot = await made.json()
    url = URL(slot["uploadUrl"]).relative()
    async with client.post(url, data=form(slot, content)) as answer:
        assert answer.status == 204
    return str(url)


async def read_back(client: aiohttp.ClientSession, path: str) -> tuple[int, bytes]:
    """Return the status of a download, and the bytes."""
    async with client.get(path) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("servers", ["file", "redis"], indirect=True)
async def test_uploads_outlive_their_server(servers: Servers) -> None:
    """The bytes of files are there again: from calls, from whole worlds, snapshots and copies.

    Once they have expired on the world's clock they are nowhere.
    """
    one, other = made("png"), made("png") + b"another"
    async with servers.serving() as server, client_of(server.url) as client:
        path = await uploaded(client, one)
    async with servers.serving() as server, client_of(server.url) as client:
        assert await read_back(client, path) == (200, one)
        async with client.post("/__admin/snapshots", json={"name": "before"}):
            pass
        async with client.post("/__admin/fork", json={"name": "copy"}) as answer:
            assert answer.status == 201
        second = await uploaded(client, other)
    async with servers.serving() as server, client_of(server.url) as client:
        name = path.split("/")[2]
        assert await read_back(client, path) == (200, one)
        assert await read_back(client, second) == (200, other)
        assert await read_back(client, path.replace(name, "copy")) == (200, one)
        async with client.post("/__admin/snapshots/before/restore") as answer:
            assert answer.status == 200
        third = await uploaded(client, one + other)
        assert third == second  # another file of the same id
        async with client.post("/__admin/snapshots", json={"name": "after"}):
            pass
        async with client.post("/__admin/snapshots/before/restore"):
            pass
        assert await uploaded(client, other) == second
    async with servers.serving() as server, client_of(server.url) as client:
        assert await read_back(client, second) == (200, other)
        async with client.post("/__admin/snapshots/after/restore"):
            pass
        assert await read_back(client, second) == (200, one + other)
        async with client.delete("/__admin/snapshots/after"):
            pass
        async with client.delete("/__admin/snapshots/before"):
            pass
        async with client.post("/__admin/clock/move", json={"by": "25h"}):
            pass
        assert (await read_back(client, second))[0] == 404
        await uploaded(client, other)
        if servers.redis is not None:
            from redis import Redis

            with Redis.from_url(servers.redis.url) as redis:
                assert redis.hlen(f"fr1:{{{name}}}:files") == 1
                assert redis.hlen("fr1:{copy}:files") == 1
    async with servers.serving() as server, client_of(server.url) as client:
        assert (await read_back(client, second))[0] == 404


async def test_a_name_is_looked_up_without_a_world_of_it(sharing: Servers) -> None:
    """Reads of any server find a world by name or secret, and make none."""
    async with (
        sharing.two(plan=AT_ONCE) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        _, session_id = await created(one)
        secret = HEADERS["Authorization"].split()[-1]
        for client in (one, other):
            for headers, status in (
                ({"X-Fake-World": "mistyped"}, 404),
                ({"Authorization": "Bearer another-text"}, 404),
                ({"X-Fake-World": secret}, 200),
                ({}, 200),
            ):
                async with client.get("/__admin/sessions", headers=headers) as answer:
                    known = (await answer.json()).get("sessions", [])
                assert answer.status == status
                assert [each["id"] for each in known] == [session_id] * (status == 200)
        async with other.put("/__admin/credits", json={"left": 8}, headers={"X-Fake-World": "n"}):
            pass
        async with one.get("/__admin/credits", headers={"X-Fake-World": "n"}) as answer:
            assert (await answer.json())["left"] == 8


async def test_any_server_tells_of_all_worlds(sharing: Servers) -> None:
    """The list of worlds, the metrics, and which world is the only one are those of all servers."""
    async with (
        sharing.two(plan=AT_ONCE) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        await created(one)
        async with other.get("/__admin/sessions", headers={"Authorization": ""}) as answer:
            assert answer.status == 200, "the only world is the one that is meant"
        async with other.put("/__admin/credits", json={"left": 8}, headers={"X-Fake-World": "n"}):
            pass
        await created(other)
        listed = []
        for client in (one, other):
            async with client.get("/__admin/worlds") as answer:
                listed.append([each["name"] for each in (await answer.json())["worlds"]])
            async with client.get("/metrics") as answer:
                text = await answer.text()
            assert "fake_runway_worlds 2.0" in text
            assert 'fake_runway_calls_total{operation="createSession",status="200"} 2.0' in text
            async with client.get("/__admin/sessions", headers={"Authorization": ""}) as answer:
                assert answer.status == 400
                assert "There are 2." in (await answer.json())["error"]
        assert listed[0] == listed[1]
        assert listed[0][1:] == ["n"]


async def test_any_server_streams_the_events_of_all(sharing: Servers) -> None:
    """A listener learns of the worlds of all servers, and of one that moves no end."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(sharing.serving(plan=AT_ONCE))
        second = await stack.enter_async_context(sharing.serving(plan=AT_ONCE))
        one = await stack.enter_async_context(client_of(first.url))
        other = await stack.enter_async_context(client_of(second.url))
        heard: list[tuple[str, str]] = []

        async def listen() -> None:
            everything = {"Authorization": ""}
            async with one.get("/__admin/events?entries=true", headers=everything) as answer:
                assert answer.status == 200
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        event = json.loads(line.removeprefix(b"data: "))
                        heard.append((event["kind"], event["world"]))

        async def heard_of(*event: str) -> None:
            async def found() -> bool:
                assert not listening.done(), listening.exception()
                return event in heard

            await until(found)

        _, session_id = await created(other)
        [world] = second.worlds
        listening = asyncio.ensure_future(listen())
        stack.callback(listening.cancel)
        await heard_of("world", world.name)
        async with one.put("/__admin/credits", json={"left": 8}, headers={"X-Fake-World": "n"}):
            pass
        await heard_of("world", "n")
        await key_of(other, session_id)
        await heard_of("exchange", world.name)
        assert [kind for kind, _ in heard].count("start") == 1
        assert isinstance(second.worlds, SharedWorlds)
        second.worlds.leave_all()
        heard.clear()
        await key_of(one, session_id)
        await heard_of("world", world.name)
        ended = [index for index, each in enumerate(heard) if each == ("dropped", world.name)]
        assert not ended or ended[-1] < heard.index(("world", world.name))
        async with one.delete("/__admin/world", headers={"X-Fake-World": "n"}):
            pass
        await heard_of("dropped", "n")


async def test_a_copy_takes_no_name_of_another_server(sharing: Servers) -> None:
    """A name is refused wherever its world is, and a copy is made wherever its origin is."""
    async with (
        sharing.two(plan=AT_ONCE) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        _, session_id = await created(one)
        async with other.put("/__admin/credits", json={"left": 8}, headers={"X-Fake-World": "n"}):
            pass
        async with one.get("/__admin/replay") as answer:
            token = (await answer.json())["token"]
        for client in (one, other):
            for path, body in (("fork", {"name": "n"}), ("replay", {"name": "n", "token": token})):
                async with client.post(f"/__admin/{path}", json=body) as answer:
                    assert answer.status == 409
                    assert "a world named n already" in (await answer.json())["error"]
        for client, name in ((one, "first"), (other, "second")):
            async with client.post("/__admin/fork", json={"name": name}) as answer:
                assert answer.status == 201
            for reader in (one, other):
                async with reader.get(f"/w/{name}/__admin/sessions/{session_id}") as answer:
                    assert answer.status == 200


async def test_a_wait_goes_on_where_its_world_goes(sharing: Servers) -> None:
    """A wait whose world moves to another server is answered from there."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(sharing.serving(plan=AT_ONCE))
        second = await stack.enter_async_context(sharing.serving(plan=AT_ONCE))
        one = await stack.enter_async_context(client_of(first.url))
        other = await stack.enter_async_context(client_of(second.url))
        _, session_id = await created(one)
        wanted = {"session": session_id, "states": ["cancelled"], "timeout": "60s"}

        async def waited() -> tuple[int, str]:
            async with one.post("/__admin/await/session", json=wanted) as answer:
                return answer.status, (await answer.json()).get("state", "")

        waiting = asyncio.ensure_future(waited())
        [world] = first.worlds
        while not (world.resources_watched.by_topic or waiting.done()):
            await pause(0.01)
        assert isinstance(first.worlds, SharedWorlds)
        first.worlds.leave_all()
        async with other.delete(f"{SESSIONS}/{session_id}") as answer:
            assert answer.status == 204
        assert await waiting == (200, "cancelled")
        assert [each.name for each in second.worlds] == [world.name]


async def test_large_uploads_are_passed_on(sharing: Servers) -> None:
    """A file of some megabytes reaches its world through any server."""
    content = made("png") + bytes(3 << 20)
    async with (
        sharing.two() as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        await created(one)
        path = await uploaded(other, content)
        assert await read_back(one, path) == (200, content)


async def test_each_key_is_used_once(sharing: Servers) -> None:
    """Of many consumes of one key on two servers exactly one is answered with credentials."""
    async with (
        sharing.two(plan=AT_ONCE, limits=Limits(concurrency=None)) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):

        async def race() -> list[int]:
            _, session_id = await created(one)
            key = await key_of(other, session_id)
            return await asyncio.gather(
                *(consumed(client, session_id, key) for client in (one, other) * 2)
            )

        for statuses in await asyncio.gather(*(race() for _ in range(40))):
            assert sorted(statuses) == [200, 400, 400, 400]


async def test_limits_are_exact(sharing: Servers) -> None:
    """64 clients of two servers get exactly what the account has: credits, quota, capacity."""
    for limits, fine in (
        (Limits(concurrency=None, credits=30), 15),
        (Limits(concurrency=None, daily=11), 11),
    ):
        async with sharing.two(plan=AT_ONCE, limits=limits) as urls, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(url)) for url in urls]
            async with clients[0].post("/__admin/reset"):
                pass
            answers = await asyncio.gather(*(created(clients[each % 2]) for each in range(64)))
            assert sum(status == 200 for status, _ in answers) == fine
            assert len({session_id for _, session_id in answers if session_id}) == fine
            async with clients[1].get("/__admin/credits") as answer:
                assert (await answer.json())["spent"] == 2 * fine
            async with clients[1].delete("/__admin/world"):
                pass
    async with (
        sharing.two(plan=AT_ONCE, limits=Limits(concurrency=7)) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        await asyncio.gather(*(created((one, other)[each % 2]) for each in range(32)))
        async with other.get("/__admin/world") as answer:
            assert (await answer.json())["active"] == 7


async def test_tallies_are_exact(sharing: Servers) -> None:
    """A fault that strikes so many calls strikes exactly as many of 64 clients' on two servers."""
    async with (
        sharing.two(plan=AT_ONCE, limits=Limits(concurrency=None)) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):
        fault = {
            "name": "refused",
            "match": {"operation": "createSession"},
            "effect": {"status": 500},
            "skip": 5,
            "times": 9,
        }
        async with one.post("/__admin/faults", json=fault) as answer:
            assert answer.status < 300, await answer.text()
        answers = await asyncio.gather(*(created((one, other)[each % 2]) for each in range(64)))
        assert sorted(status for status, _ in answers) == [200] * 55 + [500] * 9
        async with other.get("/__admin/journal?fault=refused&limit=100") as answer:
            assert len((await answer.json())["exchanges"]) == 9


@pytest.mark.parametrize("seed", range(2))
async def test_concurrent_calls_have_an_order(sharing: Servers, seed: int) -> None:
    """What clients of two servers see of a session can have happened one call after the other."""
    chance, tick = Random(seed), itertools.count()
    async with (
        sharing.two(plan=AT_ONCE, limits=Limits(concurrency=None)) as urls,
        client_of(urls[0]) as one,
        client_of(urls[1]) as other,
    ):

        async def seen(client: aiohttp.ClientSession, id_: str, key: str, what: str) -> Seen:
            begun = next(tick)
            if what == "consume":
                answer: int | str = await consumed(client, id_, key)
            elif what == "delete":
                async with client.delete(f"{SESSIONS}/{id_}") as response:
                    answer = response.status
            else:
                async with client.get(f"{SESSIONS}/{id_}") as response:
                    answer = (await response.json())["status"]
            return Seen(begun, next(tick), what, answer)

        async def history() -> list[Seen]:
            _, id_ = await created(one)
            key = await key_of(other, id_)
            words = chance.choices(["consume", "get", "get", "delete"], k=8)
            calls = [seen(chance.choice([one, other]), id_, key, what) for what in ["get", *words]]
            return await asyncio.gather(*calls)

        for calls in await asyncio.gather(*(history() for _ in range(25))):
            assert linearizable(calls), calls


def test_the_checker_tells_histories_apart() -> None:
    """The checker accepts what has an order, also of calls without an answer, and nothing else."""
    consume, late = Seen(0, 9, "consume", 200), Seen(10, 11, "get", READY)
    assert linearizable([consume, Seen(1, 2, "get", READY), Seen(3, 4, "get", RUNNING)])
    assert not linearizable([consume, late])
    assert not linearizable([consume, Seen(1, 2, "get", RUNNING), Seen(3, 4, "get", READY)])
    assert not linearizable([consume, consume])
    lost = Seen(0, math.inf, "delete", None)
    assert linearizable([lost, Seen(1, 2, "get", READY)])
    assert linearizable([lost, Seen(1, 2, "get", READY), Seen(3, 4, "get", CANCELLED)])
    assert not linearizable([lost, Seen(1, 2, "get", CANCELLED), Seen(3, 4, "get", READY)])


async def until(found: Callable[[], Any]) -> Any:
    """Return what `found` returns, once that is true."""
    async with asyncio.timeout(60):
        while not (value := await found()):
            await pause(0.05)
        return value


async def test_worlds_outlive_a_redis_that_forgets(
    sharing: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    """After a Redis without persistence has begun anew, both servers have what was answered."""
    assert sharing.redis is not None
    async with sharing.two(plan=AT_ONCE, lease_s=SHORT_S) as urls:
        async with client_of(urls[0]) as one, client_of(urls[1]) as other:
            before = [await created(one) for _ in range(3)]
            sharing.redis.stop()
            assert (await created(one))[0] == 503
            sharing.redis.start()

            async def works() -> bool:
                return (await created(other))[0] == 200

            await until(works)
            async with other.get("/__admin/sessions") as answer:
                known = {each["id"] for each in (await answer.json())["sessions"]}
            assert known >= {session_id for _, session_id in before}
            assert (await key_of(one, before[0][1])).startswith("stk_")
        said = [each.getMessage() for each in caplog.records]
        assert any("Redis has lost" in each for each in said)
        assert sum("keeps nothing on disk" in each for each in said) == 1  # not by each server


@pytest.mark.parametrize("how", ["joins", "knows", "leaves"])
async def test_an_empty_redis_makes_no_world_new(
    sharing: Servers, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No worker begins a world that another one has, whose turn to keep it again comes late.

    Neither one that joins at that moment, nor one that was there before; and an owner that leaves
    has its world until Redis has it.
    """
    assert sharing.redis is not None
    owner_s = 3 * SHORT_S if how == "joins" else LONG_S
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(sharing.serving(plan=AT_ONCE, lease_s=owner_s))
        one = await stack.enter_async_context(client_of(owner.url))

        async def another() -> aiohttp.ClientSession:
            lease_s = 3 * SHORT_S if how == "joins" else SHORT_S
            server = await stack.enter_async_context(sharing.serving(lease_s=lease_s))
            return await stack.enter_async_context(client_of(server.url))

        other = None if how == "joins" else await another()
        before = [await created(one) for _ in range(3)]
        sharing.redis.stop()
        if how == "leaves":
            assert isinstance(owner.worlds, SharedWorlds)
            owner.worlds.leave_all()
        sharing.redis.start()
        other = other or await another()

        async def answers() -> bool:
            async with other.post(SESSIONS, json=CREATE) as answer:
                text = await answer.text()
                assert answer.status in {200, 503}, text
                if "is yet to keep its worlds" in text:
                    await created(one)  # the owner notices
                return answer.status == 200

        await until(answers)
        async with other.get("/__admin/sessions") as answer:
            known = {each["id"] for each in (await answer.json())["sessions"]}
        assert known > {session_id for _, session_id in before}
    assert any("Redis has lost" in each.getMessage() for each in caplog.records)


async def test_a_frozen_redis_is_no_wrong_answer(sharing: Servers) -> None:
    """While Redis hangs, writes are refused with 503, reads as soon as a lease may have run out."""
    assert sharing.redis is not None
    async with (
        sharing.two(plan=AT_ONCE, lease_s=3 * SHORT_S) as urls,
        client_of(urls[0]) as one,
    ):
        _, session_id = await created(one)
        sharing.redis.freeze()
        assert (await key_of(one, session_id)).startswith("stk_")  # the lease stands

        async def refused() -> bool:
            async with one.get(f"{SESSIONS}/{session_id}") as answer:
                assert answer.status == 200 or answer.headers["Retry-After"] == "1"
                return answer.status == 503

        await until(refused)
        sharing.redis.thaw()

        async def works() -> bool:
            return (await created(one))[0] == 200

        await until(works)
        assert (await key_of(one, session_id)).startswith("stk_")


async def test_a_full_redis_refuses_writes(sharing: Servers, redis: RedisServer) -> None:
    """While Redis is full, reads go on; what was refused then is kept once there is room."""
    import redis.asyncio as client_library

    client: Any = client_library.Redis.from_url(redis.url)
    async with sharing.two(plan=AT_ONCE) as urls, client_of(urls[0]) as one:
        _, session_id = await created(one)
        await client.config_set("maxmemory", 1)
        assert (await created(one))[0] == 503
        assert (await key_of(one, session_id)).startswith("stk_")
        await client.config_set("maxmemory", 0)
        assert (await created(one))[0] == 200
        async with one.get("/__admin/credits") as answer:
            assert (await answer.json())["spent"] == 6
    await client.aclose()


async def test_a_shorter_log_is_noticed(
    sharing: Servers, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An owner whose log has lost its end, as after a restart, keeps its world again."""
    import redis.asyncio as client_library

    client: Any = client_library.Redis.from_url(redis.url)
    async with sharing.serving(plan=AT_ONCE) as server, client_of(server.url) as one:
        before = [await created(one) for _ in range(4)]
        [log] = [key async for key in client.scan_iter("*:log")]
        [(last, _)] = await client.xrevrange(log, count=1)
        await client.xdel(log, last)
        before.append(await created(one))
        assert any("Redis has lost" in each.getMessage() for each in caplog.records)
    async with sharing.serving(plan=AT_ONCE) as server, client_of(server.url) as one:
        async with one.get("/__admin/sessions") as answer:
            known = {each["id"] for each in (await answer.json())["sessions"]}
        assert known == {session_id for _, session_id in before}
    await client.aclose()


async def test_a_world_that_redis_has_lost_alone_is_kept_again(
    sharing: Servers, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its owner keeps it, as after one node of a cluster has come back empty."""
    import redis.asyncio as client_library

    client: Any = client_library.Redis.from_url(redis.url)
    limits = Limits(concurrency=None)
    async with (
        sharing.serving(plan=AT_ONCE, limits=limits) as server,
        client_of(server.url) as one,
    ):
        before = [await created(one) for _ in range(2)]
        keys = [key async for key in client.scan_iter("fr1:{*")]
        await client.delete(*keys)
        async with asyncio.timeout(60):  # also those that come while the first is on its way
            before += await asyncio.gather(*(created(one) for _ in range(9)))
        assert [status for status, _ in before] == [200] * 11
        assert any("Redis has lost" in each.getMessage() for each in caplog.records)
    async with sharing.serving(plan=AT_ONCE) as server, client_of(server.url) as one:
        async with one.get("/__admin/sessions") as answer:
            known = {each["id"] for each in (await answer.json())["sessions"]}
        assert known == {session_id for _, session_id in before}
    await client.aclose()


async def test_a_worker_asks_for_all_its_worlds_again(sharing: Servers, redis: RedisServer) -> None:
    """A lease that ran out comes back with all worlds, also if Redis fails in the middle."""
    import redis.asyncio as client_library

    client: Any = client_library.Redis.from_url(redis.url)
    owner, named = "fr1:{n}:owner", {"X-Fake-World": "n"}
    async with (
        sharing.serving(plan=AT_ONCE, lease_s=SHORT_S) as server,
        client_of(server.url) as one,
    ):

        async def has_credits(left: int) -> bool:
            async with one.put("/__admin/credits", json={"left": left}, headers=named) as answer:
                return answer.status == 200

        async def goes_on() -> bool:
            return bool([key async for key in client.scan_iter("*:worker:*")])

        await created(one)
        assert await has_credits(8)
        await client.rename(owner, "away")
        await client.sadd(owner, "no name: the script fails")
        await client.delete(*[key async for key in client.scan_iter("*:worker:*")])
        await until(goes_on)
        async with one.get("/__admin/credits", headers=named) as answer:
            assert answer.status == 503
        await client.rename("away", owner)
        assert await has_credits(9)
    await client.aclose()


async def test_the_log_is_bounded(
    sharing: Servers, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A world's log becomes a snapshot now and then, and an idle world leaves memory.

    Calls that come at the moment of the snapshot are in it, or after it, and not in both.
    """
    import redis.asyncio as client_library

    client: Any = client_library.Redis.from_url(redis.url)
    limits = Limits(concurrency=None, retained=5)
    async with (
        sharing.serving(plan=AT_ONCE, limits=limits, journal=50) as server,
        client_of(server.url) as one,
    ):

        async def cancelled(session_id: str) -> None:
            async with one.delete(f"{SESSIONS}/{session_id}") as answer:
                assert answer.status == 204

        for _ in range(12):
            ids = await asyncio.gather(*(created(one) for _ in range(50)))
            await asyncio.gather(*(cancelled(session_id) for _, session_id in ids))
        [log] = [key async for key in client.scan_iter("*:log")]

        async def shortened() -> bool:
            entries = [fields[b"e"] for _, fields in await client.xrange(log)]
            return bool(sum(each.count(b"\n") + 1 for each in entries) < 1_100)

        await until(shortened)
        worlds = server.worlds
        assert isinstance(worlds, SharedWorlds)
        [before] = worlds
        worlds.drop(before.name, reason="idle")
        assert not list(worlds)
        async with one.get("/__admin/credits") as answer:
            assert (await answer.json())["spent"] == 1_200
        [tag] = [key async for key in client.scan_iter("*:tag:*")]
        assert (
            await client.ttl(tag) == -1
        )  # the keys of its sessions are known for as long as it is
        [again] = worlds
        assert again.calls == before.calls
        assert not any("answered otherwise" in each.getMessage() for each in caplog.records)
    await client.aclose()


async def test_an_unreachable_store_is_said(tmp_path: Path) -> None:
    """A server does not start without its Redis, and says which."""
    address = StoreAddress(f"unix://:secret@{tmp_path}/none", "seed", 60.0)
    with pytest.raises(StoreError, match=r"expected a Redis at .*/none") as caught:
        async with serving(Configuration(store=address)):
            pass
    assert "secret" not in str(caught.value)
