"""Bytes that a live session keeps, and the duration of a late advance over very many due events.

Each figure comes from a process of its own. Bytes are counted twice: as Python's allocator hands
them out (tracemalloc), which is what the goal is about, and as growth of the process (RSS), which
includes what is lost between the objects. They include everything that a world keeps for a
session: itself, its id, the index, the agenda of due times, the queue, the window of the quota, its
share of the journal. In the best case all that happens to a session happens at one instant, in the
worst each instant is a number of its own.

Events are applied as the server does it, some at a time, and all at once, which keeps every change.
"""

import argparse
import gc
import multiprocessing
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from math import inf
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.report import Row, against, progress, table
from fake_runway.core.account import Account
from fake_runway.core.durations import NEVER, Duration, Fixed, Uniform
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import EVENTS_OF_A_TURN

BYTES_GOAL = 350
EVENTS_GOAL = 100_000  # a second
BEGIN = 1_700_000_000.0  # an ordinary instant; nothing here reads a clock
BETWEEN_CREATES_S = 0.00001  # all within a second: no block of a call falls due meanwhile
PROVISION = Uniform(1.0, 3.0)
PLENTY = 1_000_000_000
BLOCKS_OF_A_CALL = 50  # 300 s: the first one is paid at once, the 50th event is the end
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Population:
    """Many sessions of one world, all in one state.

    Attributes:
        concurrency: how many may be active; the others are QUEUED.
        read_after_s: seconds from the last create to the advance.
        consumed: the sessions are RUNNING.
        consumed_after_s: from the last create to the first consume.
    """

    name: str
    provision: Duration
    concurrency: int = PLENTY
    read_after_s: float = 0.0
    consumed: bool = False
    consumed_after_s: float = 0.0

    def account(self) -> Account:
        """Return an account with limits so high that all of its bookkeeping is done."""
        settings = Settings(
            plan=Plan(provision=self.provision),
            limits=Limits(concurrency=self.concurrency, daily=PLENTY, credits=PLENTY),
        )
        return Worlds(seed="0", settings=settings, source=lambda: BEGIN).named("fake").account

    def fill(self, account: Account, sessions: int) -> float:
        """Create the sessions; return the instant of the last advance."""
        at = BEGIN
        for _ in range(sessions):
            at += BETWEEN_CREATES_S
            session = account.create(at=at)
            if self.consumed and not self.consumed_after_s:
                account.consume(session.id, account.session_key(session), at=at)
        if self.consumed_after_s:
            at += self.consumed_after_s
            for session in [*account.sessions.values()]:
                at += BETWEEN_CREATES_S
                account.consume(session.id, account.session_key(session), at=at)
        account.advance(at + self.read_after_s)
        return at + self.read_after_s


POPULATIONS = (
    Population("QUEUED", NEVER, concurrency=20),
    Population("PROVISIONING", Fixed(3600.0)),
    Population("READY", Fixed(0.0)),
    Population("RUNNING", Fixed(0.0), consumed=True),
    Population(
        "RUNNING, the worst case", PROVISION, consumed=True, consumed_after_s=4.0, read_after_s=7.0
    ),
)


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3, help="of the late advances")
    options = parser.parse_args()
    rows = [_row_of_population(population, options.sessions) for population in POPULATIONS]
    advances = _rows_of_advances(options.sessions, options.repeats)
    table(
        f"Retained per live session, with {options.sessions:,} of them",
        ("state", "bytes allocated", "bytes of RSS", "goal"),
        rows,
    )
    table(
        f"One late advance over {options.sessions:,} due events; the best of {options.repeats}",
        ("events", "CPU s", "events/s", "goal"),
        advances,
    )


def _row_of_population(population: Population, sessions: int) -> Row:
    progress(f"{sessions:,} sessions, {population.name}")
    allocated = _apart(allocated_bytes, population, sessions) / sessions
    resident = _apart(resident_bytes, population, sessions) / sessions
    goal = against(f"below {BYTES_GOAL}", met=allocated < BYTES_GOAL)
    return (population.name, f"{allocated:.0f}", f"{resident:.0f}", goal)


def _rows_of_advances(sessions: int, repeats: int) -> list[Row]:
    times: dict[str, list[float]] = {}
    for number in range(repeats):
        progress(f"late advances, {number + 1} of {repeats}")
        for timed, most in product((unseen_sessions, unseen_calls), (EVENTS_OF_A_TURN, inf)):
            how = "all at once" if most == inf else f"{most} at a time"
            for name, seconds in _apart(timed, sessions, most).items():
                times.setdefault(f"{name}, {how}", []).append(seconds)
    rows: list[Row] = []
    for name, each in times.items():
        rate = sessions / min(each)
        goal = against(f"at least {EVENTS_GOAL:,}", met=rate >= EVENTS_GOAL)
        rows.append((name, f"{min(each):.2f}", f"{rate:,.0f}", goal))
    return rows


def _apart(measure: Callable[..., _T], *arguments: object) -> _T:
    """Run `measure` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()


def allocated_bytes(population: Population, sessions: int) -> int:
    """Return the bytes that the sessions of a population keep allocated."""
    account = _warm(population)
    gc.collect()
    tracemalloc.start()
    population.fill(account, sessions)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def resident_bytes(population: Population, sessions: int) -> int:
    """Return the growth of the process by a population, in bytes."""
    account = _warm(population)
    gc.collect()
    before = _rss()
    population.fill(account, sessions)
    gc.collect()
    return _rss() - before


def unseen_sessions(sessions: int, most: float = inf) -> dict[str, float]:
    """Time two advances: all sessions become READY, in another order than created; all expire."""
    population = Population("", PROVISION)
    account = population.account()
    at = population.fill(account, sessions)
    return {
        "PROVISIONED": _timed(account, at + 10.0, sessions, most),
        "EXPIRED, 10,000 retained": _timed(account, at + 400.0, sessions, most),
    }


def unseen_calls(sessions: int, most: float = inf) -> dict[str, float]:
    """Time an advance over calls that have run for five minutes each, paid by blocks, and ended."""
    population = Population("", Fixed(0.0), consumed=True)
    account = population.account()
    calls = sessions // BLOCKS_OF_A_CALL
    at = population.fill(account, calls)
    return {"BILLED": _timed(account, at + 400.0, calls * BLOCKS_OF_A_CALL, most)}


def _timed(account: Account, at: float, events: int, most: float) -> float:
    gc.collect()
    begin = time.process_time()
    happened = len(account.advance(at, most=most))
    while (due := account.next_due_at) is not None and due <= at:
        happened += len(account.advance(at, most=most))
    seconds = time.process_time() - begin
    if happened != events:
        raise RuntimeError(f"meant to time {events} events, got {happened}")
    return seconds


def _warm(population: Population) -> Account:
    """Return an empty account, after others have filled caches and imported what is needed."""
    population.fill(population.account(), 100)
    return population.account()


def _rss() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


if __name__ == "__main__":
    main()
