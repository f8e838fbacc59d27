"""How long does work in one world hold up another? Attacks one world, and polls another meanwhile.

The server is the real command in a process of its own. One client sends what takes long, one thing
after the other, and at last thousands of waits that time out at once; another polls its own world
without a pause and notes its slowest poll. What a process does for the first time only is one of
the attacks, so the poll is of the Runway API, which needs nothing of it.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Coroutine, Iterator
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
WAIT_S = 10
UNKNOWN = "00000000-0000-4000-8000-000000000000"
ATTACKED = {"X-Fake-World": "attacked", "Content-Type": "application/json"}
HEADERS = {"Authorization": "Bearer attacker", "X-Runway-Version": "2024-11-06"}
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")


def attacks() -> Iterator[tuple[str, str, str, Any]]:
    """Yield what each attack is, its method, path and body."""
    avatar = f"{ADMIN}/avatars/music-superstar"
    yield "first avatar of the process", "PUT", avatar, {"provision_time": "never"}
    yield "its unbinding", "DELETE", avatar, None
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


async def measured(url: str, sessions: int, waiters: int) -> list[tuple[str, ...]]:
    """Fill the attacked world with sessions, and return a row for each attack."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, headers=HEADERS, connector=connector) as http:

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
            rows.append(await _row(name, http, send(method, path, raw)))
        wait = orjson.dumps({"states": ["running"], "timeout": f"{WAIT_S}s"})

        async def wait_in_vain() -> int:
            sent = [send("POST", f"{ADMIN}/await/session", wait) for _ in range(waiters)]
            return (await asyncio.gather(*sent))[0]

        name = f"{waiters:,} waits that time out at once"
        progress(name)
        rows.append(await _row(name, http, wait_in_vain(), ignore_s=WAIT_S / 2))
        return rows


async def _row(
    name: str, http: aiohttp.ClientSession, attack: Coroutine[Any, Any, int], *, ignore_s: float = 0
) -> tuple[str, ...]:
    """Poll another world until the attack is over, and return the row.

    Args:
        ignore_s: polls so soon after the start do not count: the attack is still being sent.
    """
    began = time.monotonic()
    attacking = asyncio.ensure_future(attack)
    slowest = 0.0
    while not attacking.done():
        sent = time.monotonic()
        async with http.get(f"/w/other{SESSIONS}/{UNKNOWN}") as answer:
            await answer.read()
        if sent - began >= ignore_s:
            slowest = max(slowest, time.monotonic() - sent)
    met = against("below 0.1 s", met=slowest < GOAL_S)
    took = f"{time.monotonic() - began:.2f}"
    return (name, str(await attacking), took, f"{slowest:.3f}", met)


def main() -> None:
    """Run the attacks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--waiters", type=int, default=3_000)
    options = parser.parse_args()
    command = [installed("fake-runway"), "serve", "--port=0", "--time-scale=0", *UNLIMITED]
    with serving("fake", command) as server:
        rows = asyncio.run(measured(server.url, options.sessions, options.waiters))
    head = ("attack", "status", "took s", "slowest poll s", "goal")
    table(f"Stalls of another world, {options.sessions:,} sessions", head, rows)


if __name__ == "__main__":
    main()
