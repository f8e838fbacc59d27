"""Races of concurrent consume over real sockets: does exactly one of them win, every time?

The server is the real command in a process of its own. Two other processes create sessions, poll
until they are READY, and let several consumers use the same key in the same moment, each on a
connection of its own, with many races going on at once. All of them share one world. A race is
right if one consumer gets credentials and each of the others a "consumed already". At the end the
server is asked how many sessions run.
"""

import argparse
import asyncio
import multiprocessing
import sys
import time
import urllib.request
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import aiohttp
import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import installed, serving
from benchmarks.report import against, progress, table

PROCESSES = 2
AT_ONCE = 16  # races of each process
STEP = 500  # races between two lines of progress
HEADERS = {"Authorization": "Bearer races", "X-Runway-Version": "2024-11-06"}
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
    "maxDuration": 1800,
}
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")

Outcome = tuple[int, ...]
"""The statuses that the consumers of one race got, sorted."""


def main() -> None:
    """Run the races and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=10_000)
    parser.add_argument("--consumers", type=int, default=3, help="of each session")
    options = parser.parse_args()
    command = [installed("fake-runway"), "serve", "--port=0", "--provision-time=0s", *UNLIMITED]
    begin = time.monotonic()
    with serving("fake", [*command, "--expires-in=24h"]) as server:
        outcomes = _in_processes(server.url, options.races, options.consumers)
        running = _running(server.url, options.races)
    seconds = time.monotonic() - begin
    right: Outcome = (200, *[400] * (options.consumers - 1))
    won = outcomes.pop(right, 0)
    others = ", ".join(f"{count} x {outcome}" for outcome, count in outcomes.items()) or "none"
    met = won == running == options.races
    head = ("races", "consumers each", "exactly one winner", "other outcomes", "running", "s")
    row = (
        f"{options.races:,}",
        f"{options.consumers}",
        against(f"{won:,}, goal all", met=met),
        others,
        f"{running:,}",
        f"{seconds:.0f}",
    )
    table(f"Concurrent consume, {PROCESSES} processes of clients, one world", head, [row])


def _in_processes(url: str, races: int, consumers: int) -> Counter[Outcome]:
    shares = [races // PROCESSES + (index < races % PROCESSES) for index in range(PROCESSES)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as processes:
        running: list[Future[Counter[Outcome]]] = [
            processes.submit(run, url, share, consumers) for share in shares
        ]
        return sum((each.result() for each in running), Counter())


def run(url: str, races: int, consumers: int) -> Counter[Outcome]:
    """Run races from this process; return the count of each outcome."""
    return asyncio.run(_run(url, races, consumers))


async def _run(url: str, races: int, consumers: int) -> Counter[Outcome]:
    outcomes: Counter[Outcome] = Counter()
    left = iter(range(races))
    connector = aiohttp.TCPConnector(limit=AT_ONCE * consumers)
    async with aiohttp.ClientSession(f"{url}/v1/", connector=connector) as http:

        async def work() -> None:
            for _ in left:
                outcomes[await _race(http, consumers)] += 1
                if outcomes.total() % STEP == 0:
                    progress(f"{outcomes.total():,} of {races:,}: {dict(outcomes)}")

        await asyncio.gather(*[work() for _ in range(AT_ONCE)])
    return outcomes


async def _race(http: aiohttp.ClientSession, consumers: int) -> Outcome:
    async with http.post("realtime_sessions", json=CREATE, headers=HEADERS) as response:
        session = f"realtime_sessions/{(await response.json())['id']}"
    async with http.get(session, headers=HEADERS) as response:
        key = (await response.json())["sessionKey"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    async def consume() -> int:
        async with http.post(f"{session}/consume", headers=headers) as response:
            await response.read()
            return response.status

    statuses = await asyncio.gather(*[consume() for _ in range(consumers)])
    return tuple(sorted(statuses))


def _running(url: str, races: int) -> int:
    asked = f"{url}/__admin/sessions?state=running&limit={min(100_000, 2 * races + 1)}"
    request = urllib.request.Request(asked, headers={"Authorization": "Bearer races"})
    with urllib.request.urlopen(request) as response:
        return len(orjson.loads(response.read())["sessions"])


if __name__ == "__main__":
    main()
