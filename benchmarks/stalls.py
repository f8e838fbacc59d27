"""How long does work in one world hold up another? Attacks one world, and polls another meanwhile.

The server is the real command in a process of its own. One client sends what takes long, one thing
after the other; another polls its own world without a pause and notes its slowest poll.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import installed, serving
from benchmarks.report import against, progress, table

GOAL_S = 0.1
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
SESSIONS = "/v1/realtime_sessions"
ADMIN = "/w/attacked/__admin"
CLIENTS = 16
ATTACKED = {"X-Fake-World": "attacked", "Content-Type": "application/json"}
HEADERS = {"Authorization": "Bearer attacker", "X-Runway-Version": "2024-11-06"}
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")


def attacks() -> Iterator[tuple[str, str, str, Any]]:
    """Yield what each attack is, its method, path and body."""
    tools: list[Any] = [{}] * 60_000
    yield "create with 60,000 tools", "POST", SESSIONS, {**CREATE, "tools": tools}
    yield "create with 11,000 tools", "POST", SESSIONS, {**CREATE, "tools": tools[:11_000]}
    text = "eyJ" * 20_000
    yield "create with 60 KB like a token", "POST", SESSIONS, {**CREATE, "personality": text}
    for count in (70_000, 11_000):
        keys = {f"key-{number}": 1 for number in range(count)}
        yield f"scenario with {count:,} keys", "PUT", f"{ADMIN}/scenario", {"scenario": keys}
        bound = {"scenario": {"avatars": keys}}
        yield f"scenario with {count:,} avatars", "PUT", f"{ADMIN}/scenario", bound
    yield "move of the clock", "POST", f"{ADMIN}/clock/move", {"by": "1h"}
    yield "journal", "GET", f"{ADMIN}/journal?limit=100000", None
    yield "findings", "GET", f"{ADMIN}/findings", None
    yield "sessions", "GET", f"{ADMIN}/sessions?limit=100000", None


async def measured(url: str, sessions: int) -> list[tuple[str, ...]]:
    """Fill the attacked world with sessions, and return a row for each attack."""
    async with aiohttp.ClientSession(url, headers=HEADERS) as http:

        async def send(method: str, path: str, raw: bytes) -> int:
            async with http.request(method, path, data=raw, headers=ATTACKED) as answer:
                await answer.read()
                return answer.status

        async def fill(share: int) -> None:
            for _ in range(share):
                await send("POST", SESSIONS, orjson.dumps(CREATE))

        await asyncio.gather(*(fill(sessions // CLIENTS) for _ in range(CLIENTS)))
        rows: list[tuple[str, ...]] = []
        for name, method, path, body in attacks():
            progress(name)
            raw = b"" if body is None else orjson.dumps(body)
            began = time.monotonic()
            attack = asyncio.ensure_future(send(method, path, raw))
            slowest = await _slowest(http, attack)
            took = f"{time.monotonic() - began:.2f}"
            met = against("below 0.1 s", met=slowest < GOAL_S)
            rows.append((name, str(await attack), took, f"{slowest:.3f}", met))
        return rows


async def _slowest(http: aiohttp.ClientSession, attack: "asyncio.Future[int]") -> float:
    """Poll another world until the attack is over; return how long the slowest poll took."""
    slowest = 0.0
    while True:
        sent = time.monotonic()
        async with http.get("/w/other/__admin/clock") as answer:
            await answer.read()
        slowest = max(slowest, time.monotonic() - sent)
        if attack.done():
            return slowest


def main() -> None:
    """Run the attacks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000)
    options = parser.parse_args()
    command = [installed("fake-runway"), "serve", "--port=0", "--time-scale=0", *UNLIMITED]
    with serving("fake", command) as server:
        rows = asyncio.run(measured(server.url, options.sessions))
    head = ("attack", "status", "took s", "slowest poll s", "goal")
    table(f"Stalls of another world, {options.sessions:,} sessions", head, rows)


if __name__ == "__main__":
    main()
