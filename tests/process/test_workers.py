"""`serve --workers N --store URL` as real processes: replaced, killed and stopped under load."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from redis import Redis
from yarl import URL

from fake_runway.cli.main import main
from fake_runway.clock import pause
from fake_runway.server.workers import Workers, listening
from tests.support.fake.files import form, made
from tests.support.gateway.redis_server import RedisServer, redis_cluster, redis_server
from tests.support.processes import Program, running
from tests.support.room import gathers_candidates, joined
from tests.support.servers import CREATE, VERSION

SESSIONS = "/v1/realtime_sessions"
UNLIMITED = ("--credits", "unlimited", "--daily", "unlimited", "--concurrency", "unlimited")
WORLDS = 5
CREATE_CREDITS = BLOCK_CREDITS = 2
_LOOKS_EACH = 50
_FILE = made("png")


@asynccontextmanager
async def serving(count: int, *options: str) -> AsyncIterator[tuple[Program, str]]:
    """Serve with so many workers, on a Redis of their own."""
    with redis_server() as redis:
        async with serving_on(redis, count, *options) as served:
            yield served


@asynccontextmanager
async def serving_on(
    redis: RedisServer, count: int, *options: str
) -> AsyncIterator[tuple[Program, str]]:
    """Serve with so many workers, on a Redis."""
    async with serving_to(redis.url, count, *options) as served:
        yield served


@asynccontextmanager
async def serving_to(store: str, count: int, *options: str) -> AsyncIterator[tuple[Program, str]]:
    """Serve with so many workers, on the store of an address."""
    arguments = ("serve", "--port=0", f"--workers={count}", f"--store={store}")
    more = ("--provision-time=0s", "--journal=100000", "--journal-mib=100", *UNLIMITED)
    async with running("fake_runway", *arguments, *more, *options) as program:
        url = (await program.line(containing="fake Runway:")).split()[-1]
        await program.line(containing="see it in a browser")
        yield program, url


def workers_of(program: Program) -> list[int]:
    """Return the process ids of the workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == program._process.pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


@dataclass
class Load:
    """Clients that create, poll, consume and cancel, and what they saw.

    Attributes:
        wrong: answers that no server may give, whatever happens to it.
        lost: calls without an answer.
        refused: calls that were answered 503.
        created: the ids of the sessions of each world whose create was answered.
    """

    url: str
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    refused: int = 0
    done: int = 0
    created: dict[str, set[str]] = field(default_factory=dict)
    stopped: bool = False

    async def run(self, number: int) -> None:
        """Be one client until `stopped`; the clients of a world share it."""
        secret = f"load-{number % WORLDS}"
        ids = self.created.setdefault(secret, set())
        headers = {"Authorization": f"Bearer {secret}", **VERSION}
        async with aiohttp.ClientSession(self.url, headers=headers) as client:
            client._retry_connection = False
            while not self.stopped:
                try:
                    await self._talk(client, ids)
                except (aiohttp.ClientError, OSError):
                    self.lost += 1
                    await pause(0.02)

    async def _talk(self, client: aiohttp.ClientSession, ids: set[str]) -> None:
        new = await self._call(client, "POST", SESSIONS, 200, json=CREATE)
        if new is None:
            return
        ids.add(new["id"])
        path = f"{SESSIONS}/{new['id']}"
        session = await self._call(client, "GET", path, 200)
        if session is None:
            return
        if session["status"] != "READY":
            self.wrong.append(f"{session}")
            return
        key = {"Authorization": f"Bearer {session['sessionKey']}"}
        json = {"Content-Type": "application/json"}
        consumed = await self._call(client, "POST", f"{path}/consume", 200, headers=key | json)
        again = await self._call(client, "GET", path, 200)
        if consumed is not None and again is not None and again["status"] != "RUNNING":
            self.wrong.append(f"consumed, and then {again}")
        await self._call(client, "DELETE", path, 204)
        self.done += 1
        if self.done % _LOOKS_EACH == 0:
            await self._look_around(client)

    async def _look_around(self, client: aiohttp.ClientSession) -> None:
        """Ask for what all workers know, and leave a file and read it."""
        await self._call(client, "GET", "/__admin/worlds", 200)
        slot = {"filename": "a.png", "type": "ephemeral"}
        given = await self._call(client, "POST", "/v1/uploads", 200, json=slot)
        if given is None:
            return
        path = str(URL(given["uploadUrl"]).relative())
        sent = await self._call(client, "POST", path, 204, data=form(given, _FILE))
        if sent is None:
            return
        async with client.get(path) as answer:
            if await answer.read() != _FILE and answer.status != 503:
                self.wrong.append(f"upload {path}: {answer.status}")

    async def _call(
        self, client: aiohttp.ClientSession, method: str, path: str, status: int, **options: Any
    ) -> Any:
        """Return the body of an answer; None: it was 503, and says when to try again."""
        async with client.request(method, path, **options) as answer:
            body = await answer.read()
            if answer.status == 503 and answer.headers.get("Retry-After"):
                self.refused += 1
                await pause(0.05)
                return None
            if answer.status != status:
                self.wrong.append(f"{method} {path}: {answer.status} {body[:200]!r}")
                return None
            return {} if not body else await answer.json()

    async def check(self) -> None:
        """Compare the worlds with what was answered."""
        for secret, ids in self.created.items():
            headers = {"Authorization": f"Bearer {secret}"}
            async with aiohttp.ClientSession(self.url, headers=headers) as client:
                before, _ = await sessions_of(client)
                async with client.get("/__admin/credits") as answer:
                    spent = (await answer.json())["spent"]
                after, known = await sessions_of(client)
            assert known >= ids
            # calls that nobody hung up, because the answer was lost, go on and cost meanwhile
            assert before <= spent <= after

    async def until(self, number: int) -> None:
        """Return once so many more conversations are over."""
        target = self.done + number
        async with asyncio.timeout(120):
            while self.done < target:
                await pause(0.02)


async def sessions_of(client: aiohttp.ClientSession) -> tuple[int, set[str]]:
    """Return what the sessions of a world cost by themselves, in credits, and their ids."""
    async with client.get("/__admin/sessions?limit=100000") as answer:
        found = await answer.json()
    assert found["gone"] == 0
    cost = sum(CREATE_CREDITS + BLOCK_CREDITS * each["blocks"] for each in found["sessions"])
    return cost, {each["id"] for each in found["sessions"]}


@asynccontextmanager
async def loaded(url: str, clients: int) -> AsyncIterator[Load]:
    """Put load on a server until the block ends; check at the end."""
    load = Load(url)
    tasks = [asyncio.ensure_future(load.run(number)) for number in range(clients)]
    try:
        yield load
    finally:
        load.stopped = True
        await asyncio.gather(*tasks)
    assert not load.wrong, load.wrong[:5]
    await load.check()


@pytest.mark.usefixtures("restored_signals")
async def test_a_killed_worker_loses_no_world() -> None:
    """Two workers behind one port: what one of them has answered is true after it is killed."""
    async with serving(2) as (program, url):
        async with loaded(url, 4) as load:
            await load.until(20)
            os.kill(workers_of(program)[0], signal.SIGKILL)
            await load.until(40)
        await races(url, 10)
        assert await program.stop() == 0


@pytest.mark.exhaustive
async def test_workers_are_replaced_and_killed_under_load() -> None:
    """All workers are replaced without a lost call; one is killed without a wrong answer."""
    async with serving(2) as (program, url):
        async with loaded(url, 10) as load:
            await load.until(50)
            before = workers_of(program)
            assert len(before) == 2
            program._process.send_signal(signal.SIGHUP)
            while set(before) & set(workers_of(program)) or len(workers_of(program)) != 2:
                await load.until(5)
            await load.until(30)
            assert (load.lost, load.refused) == (0, 0)
            os.kill(workers_of(program)[0], signal.SIGKILL)
            await load.until(100)
            while len(workers_of(program)) != 2:
                await load.until(5)
        await races(url, 40)
        assert await program.stop() == 0


async def races(url: str, count: int) -> int:
    """Let four clients at once use each of many keys, of as many worlds as a load has.

    Returns how many were won: of each exactly one client was answered with credentials. The others
    were not, because Redis did not answer in time, on a busy machine: that one may have got it.
    """
    json = {"Content-Type": "application/json"}
    connectors = [aiohttp.TCPConnector(limit=8, force_close=each % 2 == 1) for each in range(4)]
    clients = [aiohttp.ClientSession(url, headers=VERSION, connector=each) for each in connectors]
    numbers, won = itertools.count(), 0

    async def consume(client: aiohttp.ClientSession, path: str, key: str) -> int:
        async with client.post(path, headers={"Authorization": f"Bearer {key}"} | json) as answer:
            await answer.read()
            return answer.status

    async def racing() -> None:
        nonlocal won
        while (number := next(numbers)) < count:
            headers = {"Authorization": f"Bearer races-{number % WORLDS}"}
            async with clients[0].post(SESSIONS, json=CREATE, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                path = f"{SESSIONS}/{(await answer.json())['id']}"
            async with clients[1].get(path, headers=headers) as answer:
                key = (await answer.json())["sessionKey"]
            calls = (consume(client, f"{path}/consume", key) for client in clients)
            statuses = await asyncio.gather(*calls)
            fine = statuses.count(200) + statuses.count(503)
            assert statuses.count(200) <= 1 <= fine, statuses
            assert fine + statuses.count(400) == len(clients), statuses
            won += statuses.count(200)

    try:
        await asyncio.gather(*(racing() for _ in range(8)))
    finally:
        for client in clients:
            await client.close()
    return won


@pytest.mark.exhaustive
async def test_a_frozen_redis_is_survived_under_load() -> None:
    """While Redis stands still for ten seconds calls are refused; after that nothing is wrong."""
    with redis_server() as redis:
        async with serving_on(redis, 2) as (_, url), loaded(url, 10) as load:
            await load.until(50)
            redis.freeze()
            await pause(10)
            refused = load.refused
            redis.thaw()
            await load.until(100)
            assert refused


@pytest.mark.exhaustive
async def test_a_redis_that_syncs_always_loses_nothing() -> None:
    """What was answered is true after Redis was killed, and nothing has to be kept again."""
    with redis_server(appendonly="yes", appendfsync="always") as redis:
        async with serving_on(redis, 2) as (program, url):
            async with loaded(url, 10) as load:
                for _ in range(3):
                    await load.until(50)
                    redis.stop()
                    await pause(0.3)
                    redis.start()
                await load.until(50)
            await program.stop(signal.SIGKILL)
            assert "Redis has lost" not in await program.errors()
        redis.stop()
        redis.start()
        async with serving_on(redis, 2) as (_, load.url):  # workers who remember nothing
            await load.check()
            assert sum(map(len, load.created.values())) > 200


@pytest.mark.exhaustive
@pytest.mark.parametrize("older", [True, False])
async def test_a_redis_that_loses_its_end_is_noticed_under_load(*, older: bool) -> None:
    """After Redis has come back with an older state, or none, its workers keep their worlds again.

    They say so, and what was answered is true.
    """
    with redis_server() as redis:
        async with serving_on(redis, 2) as (program, url):
            async with loaded(url, 10) as load:
                await load.until(50)
                if older:
                    with Redis.from_url(redis.url) as client:
                        client.save()
                await load.until(50)
                redis.stop()
                redis.start()
                await load.until(100)
            await program.stop()
            assert "Redis has lost" in await program.errors()


@pytest.mark.exhaustive
@pytest.mark.usefixtures("restored_signals")
async def test_a_cluster_is_a_store(take_port: Callable[[], int]) -> None:
    """A Redis Cluster of three keeps worlds on all of them; a worker or a node may be killed."""
    ports = [take_port() for _ in range(6)]
    kept = {"appendonly": "yes", "appendfsync": "always"}
    with redis_cluster(ports, **kept) as nodes, ExitStack() as stack:
        async with serving_to(f"redis://127.0.0.1:{ports[0]}/0", 2) as (program, url):
            await races(url, 10)
            async with loaded(url, 10) as load:
                await load.until(50)
                os.kill(workers_of(program)[0], signal.SIGKILL)
                await load.until(50)
                nodes[1].stop()
                await pause(0.3)
                nodes[1].start()
                await load.until(50)
            clients = [stack.enter_context(Redis(port=port)) for port in ports[::2]]
            worlds = [list(each.scan_iter("fr1:*:world")) for each in clients]
            assert sum(map(len, worlds)) == 2 * WORLDS
            assert sum(map(bool, worlds)) > 1
            assert await program.stop() == 0


@pytest.mark.exhaustive
async def test_thousands_of_keys_are_used_once_each() -> None:
    """Four workers, and keys that four clients use at once: exactly one gets each.

    FAKE_RUNWAY_TEST_RACES says how many keys.
    """
    count = int(os.environ.get("FAKE_RUNWAY_TEST_RACES", "2500"))
    async with serving(4) as (_, url):
        assert 0.999 * count <= await races(url, count) <= count


@pytest.mark.exhaustive
@pytest.mark.usefixtures("restored_signals")
async def test_a_worker_that_stands_still_comes_back() -> None:
    """A worker that stood still for longer than its lease answers nothing that is old."""
    async with serving(2) as (program, url), loaded(url, 10) as load:
        await load.until(50)
        stopped = workers_of(program)[0]
        os.kill(stopped, signal.SIGSTOP)
        await pause(9)
        os.kill(stopped, signal.SIGCONT)
        await load.until(100)


async def credentials_of(url: str, secret: str) -> dict[str, str]:
    """Return what the consume of a new session of a world answers."""
    headers = {"Authorization": f"Bearer {secret}", **VERSION}
    async with aiohttp.ClientSession(url, headers=headers) as client:
        async with client.post(SESSIONS, json=CREATE) as answer:
            path = f"{SESSIONS}/{(await answer.json())['id']}"
        async with client.get(path) as answer:
            key = {"Authorization": f"Bearer {(await answer.json())['sessionKey']}"}
        key["Content-Type"] = "application/json"
        async with client.post(f"{path}/consume", headers=key) as answer:
            credentials: dict[str, str] = await answer.json()
            assert answer.status == 200, credentials
            return credentials


@pytest.mark.exhaustive
@pytest.mark.usefixtures("restored_signals")
@pytest.mark.skipif(
    not gathers_candidates(), reason="LiveKit's client needs an address that is not loopback"
)
async def test_calls_work_behind_several_workers() -> None:
    """A client of a call gets to the worker of its world, also where the port leads to another.

    After a worker was killed, its worlds are in the other one, and the port leads to a new one.
    """
    async with serving(2) as (program, url):
        for _ in range(2):
            for number in range(4):
                credentials = await credentials_of(url, f"caller-{number}")
                assert credentials["url"].startswith(url.replace("http", "ws"))
                async with joined(credentials) as guest:
                    async with asyncio.timeout(60):
                        while min(guest.frames.values()) < 5:
                            await pause(0.02)
                    await guest.say({"type": "END_CALL"})
                    async with asyncio.timeout(60):
                        while not guest.reason:
                            await pause(0.02)
                assert guest.reason == "ROOM_DELETED"
            killed = workers_of(program)[0]
            os.kill(killed, signal.SIGKILL)
            for number in range(4):  # the one that is left takes all over
                while True:
                    with suppress(aiohttp.ClientError, KeyError):
                        await credentials_of(url, f"caller-{number}")
                        break
            async with asyncio.timeout(60):
                while len(workers_of(program)) != 2:
                    await pause(0.1)


def test_workers_ask_for_a_store() -> None:
    """More than one worker without a store, or two places for worlds, is an error that says why."""
    for arguments, message in (
        (["--workers", "2"], "--workers 2 asks for --store redis://"),
        (["--store", "redis://x", "--state", "file"], "expected --state or --store, got both"),
        (["--store", "http://x"], "expected a URL like redis://host:port/0"),
    ):
        result = CliRunner().invoke(main, ["serve", *arguments])
        assert result.exit_code == 2
        assert message in result.output


async def test_what_no_worker_can_do_is_its_exit_code() -> None:
    """A server whose workers do not start ends with the code of theirs."""
    with listening("127.0.0.1", 0) as listener:
        workers = Workers(listener, 2, ["sh", "-c", "exit 2"], {})
        assert not await workers.start()
        assert workers.exit_code == 2
        await workers.stop()


def used_by(processes: list[int]) -> tuple[int, int]:
    """Return the kilobytes of memory and the open files of some processes."""
    kib = files = 0
    for number in processes:
        try:
            lines = Path(f"/proc/{number}/status").read_text().splitlines()
            files += len(list(Path(f"/proc/{number}/fd").iterdir()))
        except OSError:
            continue  # it has just ended
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return kib, files


@pytest.mark.exhaustive
@pytest.mark.usefixtures("restored_signals")
async def test_a_soak_with_a_kill_a_minute() -> None:
    """Four workers, mixed traffic and a kill a minute: no wrong answer, and nothing grows.

    FAKE_RUNWAY_TEST_SOAK says for how many minutes.
    """
    minutes = int(os.environ.get("FAKE_RUNWAY_TEST_SOAK", "1"))
    kept = ("--journal=200", "--journal-mib=1", "--retained=200")
    async with serving(4, *kept) as (program, url):
        load = Load(url)
        tasks = [asyncio.ensure_future(load.run(number)) for number in range(12)]
        sizes = []
        for minute in range(minutes):
            for _ in range(8):
                await pause(7)
                sizes.append(used_by([program._process.pid, *workers_of(program)]))
            os.kill(workers_of(program)[minute % 4], signal.SIGKILL)
            await load.until(20)
        load.stopped = True
        await asyncio.gather(*tasks)
        assert not load.wrong, load.wrong[:5]
        later = sizes[len(sizes) // 2 :]
        assert max(kib for kib, _ in later) < 1.3 * max(kib for kib, _ in sizes[:4])
        assert max(files for _, files in later) <= max(files for _, files in sizes[:4]) + 20
