"""CPU time per connect: our gateway against the smallest one that does the job.

Both stand in front of the same fake, whose sessions are READY at the first poll, so that a connect
is three upstream requests. The gateways sit on one core, the fake and the callers on the other one,
and the gateways take turns. Only the gateway's own CPU time is counted.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import HERE, LOAD_CORE, Server, installed, pinned, serving
from benchmarks.report import Row, against, progress, ratio, table

GOAL = 1.15
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")
BODY = {"avatarId": "music-superstar"}


@dataclass(slots=True)
class Contestant:
    """A gateway and the cost of its connects: one entry per round."""

    server: Server
    cpu_ms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--connects", type=int, default=2000, help="per gateway and round")
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    with ExitStack() as stack:
        contestants = _start(stack)
        for number in range(options.rounds + 1):
            progress(f"round {number} of {options.rounds}" if number else "warming up")
            for contestant in contestants:
                cpu_ms, rate = run(contestant.server, options.connects, options.concurrency)
                progress(f"  {contestant.server.name}: {cpu_ms:.2f} ms CPU each, {rate:,.0f}/s")
                if number:
                    contestant.cpu_ms.append(cpu_ms)
                    contestant.rates.append(rate)
    _print(contestants, options.concurrency)


def _start(stack: ExitStack) -> list[Contestant]:
    # a call ends after a second: the fake must not bill ever more of them while we measure
    command = [installed("fake-runway"), "serve", "--port=0", "--provision-time=0s"]
    command += [*UNLIMITED, "--session-cap=1s"]
    fake = stack.enter_context(serving("fake", command, core=LOAD_CORE))
    environment = {"RUNWAYML_BASE_URL": fake.url, "RUNWAYML_API_SECRET": "benchmark"}
    ours = [installed("runway-gateway"), "serve", "--port=0"]
    smallest = [sys.executable, str(HERE / "smallest_gateway.py"), fake.url]
    return [
        _gateway(stack, "our gateway", ours, environment),
        _gateway(stack, "smallest gateway", smallest, {}),
    ]


def _gateway(
    stack: ExitStack, name: str, command: list[str], environment: Mapping[str, str]
) -> Contestant:
    return Contestant(stack.enter_context(serving(name, command, environment=environment)))


def run(gateway: Server, connects: int, concurrency: int) -> tuple[float, float]:
    """Return the CPU milliseconds per connect, and connects per second."""
    before = gateway.cpu_s()
    with pinned(LOAD_CORE):
        seconds = asyncio.run(_connect(gateway.url, connects, concurrency))
    return (gateway.cpu_s() - before) / connects * 1000, connects / seconds


async def _connect(url: str, connects: int, concurrency: int) -> float:
    """Connect that often; return how many seconds it took."""
    loop = asyncio.get_running_loop()
    left = iter(range(connects))

    async def caller(http: aiohttp.ClientSession) -> None:
        for _ in left:  # shared: the next free caller takes the next one
            async with http.post(url, json=BODY) as response:
                answer = await response.json()
                if response.status != 200 or "token" not in answer:
                    raise RuntimeError(f"expected credentials, got {response.status}: {answer}")

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as callers:
        begin = loop.time()
        for _ in range(concurrency):
            callers.create_task(caller(http))
    return loop.time() - begin


def _print(contestants: list[Contestant], concurrency: int) -> None:
    ours, smallest = contestants
    rows: list[Row] = []
    for each in contestants:
        costs = ratio(each.cpu_ms, smallest.cpu_ms)
        goal = against(f"at most {GOAL}", met=costs <= GOAL) if each is ours else ""
        cpu, rate = f"{median(each.cpu_ms):.2f}", f"{median(each.rates):,.0f}"
        rows.append((each.server.name, cpu, f"{costs:.2f}", goal, rate))
    table(
        f"CPU per connect, {concurrency} at a time; medians of {len(ours.cpu_ms)} rounds",
        ("gateway", "CPU ms", "x smallest", "goal", "connects/s"),
        rows,
    )


if __name__ == "__main__":
    main()
