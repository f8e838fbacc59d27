"""A run played over real sockets: the same steps as in this process, at any of four addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from fake_runway.core.scenario.scenario import Scenario
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.naming import key_tag
from fake_runway.worlds.world import DEFAULT_SCENARIO
from tests.support.fake.runs import (
    AGENT,
    Ask,
    Do,
    Learned,
    Player,
    Step,
    admin_path_of,
    alone,
    method_of,
    parsed,
    path_of,
)

VERSION = {"X-Runway-Version": "2024-11-06"}


@dataclass(frozen=True, slots=True)
class WorldAddress:
    """How the calls of a run find their world, and how that world is named."""

    world: str
    prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    scenario: Scenario = DEFAULT_SCENARIO


def address_of(number: int, catalogue: Catalogue) -> WorldAddress:
    """Return the address of the run of that number: each kind in turn."""
    name, secret = f"world-{number}", f"secret-{number}"
    match number % 4:
        case 0:
            return WorldAddress(name, prefix=f"/w/{name}", secret=secret)
        case 1:
            return WorldAddress(name, headers={"X-Fake-World": name}, secret=secret)
        case 2:
            return WorldAddress(name, headers={"X-Test-Id": name}, secret=secret)
        case _:
            secret = f"fake.default.{number}"
            default = catalogue.get("default") or DEFAULT_SCENARIO
            return WorldAddress(secret, secret=secret, scenario=default)


@asynccontextmanager
async def asking_once(base_url: str, *, connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client that never repeats a request: a reset would count twice."""
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(base_url, connector=connector) as http:
        http._retry_connection = False  # as aiohttp's own test client has it
        yield http


@dataclass(slots=True)
class Caller:
    """A client of one world over HTTP."""

    http: aiohttp.ClientSession
    address: WorldAddress
    learned: Learned = field(default_factory=Learned)

    async def play_all(self, steps: Iterable[Step]) -> None:
        """Carry out steps, one after the other; broken answers are part of the game."""
        for step in steps:
            if isinstance(step, Ask):
                await self.ask(step)
            else:
                await self.do(step)

    async def ask(self, asked: Ask) -> None:
        """Call the Runway API."""
        path, session_id = path_of(asked, self.learned)
        headers = {"User-Agent": AGENT, "Content-Type": "application/json", **self.address.headers}
        if asked.operation == "consumeSession":
            key = self.learned.key(session_id, fits=asked.fits)
            if session_id not in self.learned.keys or not asked.fits:
                key = f"stk_{key_tag(self.address.world)}_{'0' * 32}"
            headers["Authorization"] = f"Bearer {key}"
        else:
            headers |= {"Authorization": f"Bearer {self.address.secret}", **VERSION}
        more: dict[str, Any] = {"json": asked.body} if asked.body else {}
        try:
            async with self.http.request(
                method_of(asked), self.address.prefix + path, headers=headers, **more
            ) as response:
                body = parsed(await response.read())
                self.learned.learn(asked, session_id, response.status, body)
        except aiohttp.ClientError:  # a fault broke it off
            return

    async def do(self, done: Do) -> None:
        """Call the admin API."""
        path = admin_path_of(done, self.learned)[0]
        more: dict[str, Any] = {"json": done.body} if done.body else {}
        url = f"/w/{self.address.world}{path}"
        async with self.http.request(method_of(done), url, **more) as response:
            await response.read()
            assert response.status < 500, response

    async def record(self) -> dict[str, Any]:
        """Return the record of the world, as its server made it."""
        url = f"/w/{self.address.world}/__admin/replay"
        async with self.http.get(url) as response:
            assert response.status == 200, await response.text()
            record: dict[str, Any] = (await response.json())["record"]
            return record


def run_alone(
    address: WorldAddress,
    steps: Iterable[Step],
    *,
    epoch: float,
    catalogue: Catalogue,
    seed: str = "0",
    host: str = "",
) -> Player:
    """Play the same run in this process, in a world that is alone, as if sent to the same host."""
    player = alone(
        address.world,
        scenario=address.scenario,
        catalogue=catalogue,
        epoch=epoch,
        seed=seed,
        host=host,
    )
    player.play_all(steps)
    return player
