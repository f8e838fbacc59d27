"""Tasks: the CPU of a poll against that of a session, and 100,000 tasks in one world.

Polls are fed to connections of one server in this process, a session and a task in turns, and their
CPU is compared within each round. The population is measured in processes of their own, with all
that a world keeps for a task: itself, its id, the agenda, the queue, the quota, its share of the
journal. Bytes are counted as Python's allocator hands them out, and as growth of the process.
"""

import argparse
import asyncio
import gc
import multiprocessing
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import inf
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.report import Row, against, progress, ratio, table
from fake_runway.clock import next_turn
from fake_runway.core.account import Account
from fake_runway.core.durations import NEVER, Fixed
from fake_runway.core.history.views import task_view
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.core.task_calls import create_task
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import FakeApp
from fake_runway.server.serving import fake_server
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import EVENTS_OF_A_TURN

POLL_GOAL = 0.95
BYTES_GOAL = 600
EVENTS_GOAL = 100_000  # a second
BEGIN = 1_700_000_000.0
BETWEEN_CREATES_S = 0.00001
PLENTY = 1_000_000_000
PICTURE = {"model": "gen4_image", "promptText": "A cat.", "ratio": "1280:720"}
SESSION = {"model": "gwm1_avatars", "avatar": {"type": "runway-preset", "presetId": "influencer"}}
STATES: dict[str, tuple[TaskPlan, float]] = {
    "THROTTLED": (TaskPlan(throttled=NEVER), 0.0),
    "PENDING": (TaskPlan(pending=Fixed(3_600.0)), 0.0),
    "RUNNING": (TaskPlan(pending=Fixed(0.0), run=Fixed(3_600.0)), 1.0),
    "SUCCEEDED": (TaskPlan(pending=Fixed(0.0), run=Fixed(0.0)), 1.0),
}
_HEAD = "Host: 127.0.0.1:4010\r\nAuthorization: Bearer offline\r\nX-Runway-Version: 2024-11-06\r\n"
_T = TypeVar("_T")


def main() -> None:
    """Measure and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40, help="of polls")
    parser.add_argument("--polls", type=int, default=2_000, help="of a round")
    options = parser.parse_args()
    progress("polls")
    times = asyncio.run(polls(options.rounds, options.polls))
    ready = times.pop("READY session")
    rows = [("READY session", f"{median(ready):.2f}", "1.00", "")]
    for name, each in times.items():
        rate = ratio(ready, each)
        goal = against(f"at least {POLL_GOAL}", met=rate >= POLL_GOAL)
        rows.append((name, f"{median(each):.2f}", f"{rate:.2f}", goal))
    populations = [_row_of_population(name, options.tasks) for name in STATES]
    title = f"{options.rounds} rounds of {options.polls:,} polls, the median"
    table(title, ("poll of a", "CPU us", "rate against a session", "goal"), rows)
    table(
        f"Retained per task, with {options.tasks:,} of them",
        ("state", "bytes allocated", "bytes of RSS", "goal"),
        populations,
    )
    progress("lists and advances")
    table(
        f"In a world with {options.tasks:,} tasks",
        ("what", "CPU", "goal"),
        _apart(rows_of_a_world, options.tasks),
    )


# Polls


class _Sink(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written = bytes(data)

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class _Caller:
    """One connection of a server in this process."""

    def __init__(self, connection: Any) -> None:
        self.receive: Callable[[bytes], None] = connection.data_received
        self._sink = _Sink()
        connection.connection_made(self._sink)

    async def call(self, request: bytes) -> Any:
        """Return the body of an answer."""
        self._sink.written = b""
        while not self._sink.written:
            await next_turn()
            if request:
                self.receive(request)
            request = b""
        await next_turn()
        return orjson.loads(self._sink.written.partition(b"\r\n\r\n")[2])


def _request(method: str, path: str, body: object = None) -> bytes:
    if body is None:
        return f"{method} {path} HTTP/1.1\r\n{_HEAD}\r\n".encode()
    raw = orjson.dumps(body)
    head = f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n"
    return f"{method} {path} HTTP/1.1\r\n{_HEAD}{head}\r\n".encode() + raw


async def polls(rounds: int, count: int) -> dict[str, list[float]]:
    """Return the CPU of a poll in each round, in microseconds, by what is polled."""
    plan = Plan(provision=Fixed(0.0), expires_in_s=1e8)
    worlds = Worlds(seed="0", settings=Settings(plan=plan), source=lambda: BEGIN, rate=0.0)
    server = fake_server(FakeApp(worlds, LiveKit()), worlds)
    caller = _Caller(server())
    session = (await caller.call(_request("POST", "/v1/realtime_sessions", SESSION)))["id"]
    requests = {"READY session": _request("GET", f"/v1/realtime_sessions/{session}")}
    for name, seconds in (("SUCCEEDED task", 300), ("RUNNING task", 3), ("PENDING task", 0)):
        task = (await caller.call(_request("POST", "/v1/text_to_image", PICTURE)))["id"]
        requests[name] = _request("GET", f"/v1/tasks/{task}")
        for world in worlds:
            world.clock.jump(seconds)
    callers = {name: _Caller(server()) for name in requests}
    for name, request in requests.items():
        for _ in range(3):
            await callers[name].call(request)
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {name: [] for name in requests}
    for number in range(rounds):
        names = list(requests)
        for name in names if number % 2 else reversed(names):
            receive, request = callers[name].receive, requests[name]
            begin = time.process_time()
            for _ in range(count):
                receive(request)
            times[name].append((time.process_time() - begin) / count * 1e6)
    return times


# Very many tasks


def _row_of_population(name: str, tasks: int) -> Row:
    progress(f"{tasks:,} tasks, {name}")
    allocated = _apart(allocated_bytes, name, tasks) / tasks
    resident = _apart(resident_bytes, name, tasks) / tasks
    goal = against(f"below {BYTES_GOAL}", met=allocated < BYTES_GOAL)
    return (name, f"{allocated:.0f}", f"{resident:.0f}", goal)


def _apart(measure: Callable[..., _T], *arguments: object) -> _T:
    """Run `measure` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()


def _account(plan: TaskPlan, *, retained: int = PLENTY) -> Account:
    settings = Settings(
        limits=Limits(credits=PLENTY, retained=retained),
        task=plan,
        task_limits=TaskLimits(concurrency=None, daily=PLENTY),
    )
    return Worlds(seed="0", settings=settings, source=lambda: BEGIN).named("fake").account


def _fill(account: Account, tasks: int, after_s: float) -> float:
    """Create tasks; return the instant of the last advance."""
    at = BEGIN
    for _ in range(tasks):
        at += BETWEEN_CREATES_S
        create_task(account, request_of("createTextToImage", PICTURE), at=at)
    account.advance(at + after_s)
    return at + after_s


def _warm(name: str) -> tuple[Account, float]:
    """Return an empty account, after others have filled caches and imported what is needed."""
    plan, after_s = STATES[name]
    _fill(_account(plan), 100, after_s)
    return _account(plan), after_s


def allocated_bytes(name: str, tasks: int) -> int:
    """Return the bytes that tasks in a state keep allocated."""
    account, after_s = _warm(name)
    gc.collect()
    tracemalloc.start()
    _fill(account, tasks, after_s)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def resident_bytes(name: str, tasks: int) -> int:
    """Return the growth of the process by tasks in a state, in bytes."""
    account, after_s = _warm(name)
    gc.collect()
    before = _rss()
    _fill(account, tasks, after_s)
    gc.collect()
    return _rss() - before


def rows_of_a_world(tasks: int) -> list[Row]:
    """Return what a page of the list costs, a create, and an advance over all tasks."""
    plan = TaskPlan(pending=Fixed(1.0), run=Fixed(60.0))
    _fill(_account(plan), 100, 0.0)
    account = _account(plan)
    create_s = _timed(lambda: _fill(account, tasks, 0.0)) / tasks
    at = BEGIN + tasks * BETWEEN_CREATES_S
    page_s = _timed(lambda: _page(account, at))
    rows: list[Row] = [
        ("a create", f"{create_s * 1e6:.1f} us", ""),
        ("a page of 100 of the list", f"{page_s * 1e3:.2f} ms", ""),
    ]
    for name, most in (("all at once", inf), (f"{EVENTS_OF_A_TURN} at a time", EVENTS_OF_A_TURN)):
        late = _account(plan)
        end = _fill(late, tasks, 0.0) + 120.0
        rate = 2 * tasks / _timed(partial(_advance, late, end, most))
        goal = against(f"at least {EVENTS_GOAL:,} a second", met=rate >= EVENTS_GOAL)
        rows.append((f"advance over STARTED and SUCCEEDED of all, {name}", f"{rate:,.0f}/s", goal))
    return rows


def _page(account: Account, at: float) -> None:
    """Do what `GET /__admin/tasks` does."""
    newest = reversed(account.tasks.by_id.values())
    for _ in range(100):
        task_view(next(newest), at)


def _advance(account: Account, at: float, most: float) -> None:
    account.advance(at, most=most)
    while (due := account.next_due_at) is not None and due <= at:
        account.advance(at, most=most)


def _timed(act: Callable[[], object]) -> float:
    gc.collect()
    begin = time.process_time()
    act()
    return time.process_time() - begin


def _rss() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


if __name__ == "__main__":
    main()
