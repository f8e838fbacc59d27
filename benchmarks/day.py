"""A day of session time: how much real time does it take?

A busy account on a world's clock: visitors create, wait in the queue, poll, use their key (and
again, by mistake), talk, hang up, delete, forget; sessions expire and reach their caps; blocks are
billed until the credits are used up, credits are added, and in the evening the quota is reached.
The clock is frozen and moved from act to act, (a) in this process, and (b) in the real command by
the admin API over one keep-alive connection, as a test would do it. The visitors are the same in
both, so the records of both worlds must agree to the last bit.
"""

import argparse
import http.client
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import address, installed, serving
from benchmarks.report import Row, against, progress, table
from fake_runway.clock import VirtualClock
from fake_runway.core.billing import DAY_S
from fake_runway.replay.record import record
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from tests.support.fake.day import SETTINGS, acting, in_order, topping_up, visits
from tests.support.fake.runs import (
    AGENT,
    Ask,
    Do,
    Learned,
    Player,
    admin_path_of,
    method_of,
    parsed,
    path_of,
)

GOAL_S = 5.0
NAME = "a-day"
SEED = 18
JOURNAL = 100_000
SERVE = (
    *("--time-scale=0", "--provision-time=uniform(1s, 4s)", "--concurrency=2", "--daily=130"),
    *("--credits=3000", f"--journal={JOURNAL}"),
)


@dataclass(slots=True)
class Remote:
    """A visitor over HTTP; all of them share one connection."""

    connection: http.client.HTTPConnection
    learned: Learned = field(default_factory=Learned)

    def ask(self, asked: Ask) -> Reply:
        """Call the Runway API."""
        path, session_id = path_of(asked, self.learned)
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        token = "a-secret"
        if asked.operation == "consumeSession":
            token = self.learned.key(session_id, fits=asked.fits)
        else:
            headers["X-Runway-Version"] = "2024-11-06"
        headers["Authorization"] = f"Bearer {token}"
        body = orjson.dumps(asked.body) if asked.body else None
        reply = self.send(method_of(asked), path, body, headers)
        self.learned.learn(asked, session_id, reply.status, reply.body)
        return reply

    def do(self, done: Do) -> Reply:
        """Call the admin API."""
        path = admin_path_of(done, self.learned)[0]
        headers = {"Content-Type": "application/json"}
        return self.send(method_of(done), path, orjson.dumps(done.body), headers)

    def send(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Reply:
        """Send a request about the world."""
        self.connection.request(method, f"/w/{NAME}{path}", body, headers or {})
        response = self.connection.getresponse()
        return Reply(response.status, parsed(response.read()))


def main() -> None:
    """Measure both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=260)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    here, there = [], []
    for number in range(options.repeats):
        seconds, recorded = over_http(options.visits)
        there.append(seconds)
        seconds, ours = in_process(options.visits, recorded["epoch"])
        here.append(seconds)
        progress(
            f"{number + 1} of {options.repeats}: {here[-1]:.2f} s here, {there[-1]:.2f} s HTTP"
        )
        if orjson.dumps(ours, option=orjson.OPT_SORT_KEYS) != orjson.dumps(
            recorded, option=orjson.OPT_SORT_KEYS
        ):
            raise RuntimeError("the two days are not the same")
    calls, acts = len(recorded["journal"]), sum("act" in step for step in recorded["steps"])
    rows: list[Row] = [
        _row("(a) in process, frozen clock jumped", here),
        _row("(b) the real command, moved by the admin API", there),
    ]
    title = (
        f"24 h of session time: {options.visits} visitors, {calls:,} calls, {acts:,} acts;"
        f" {options.repeats} repeats, records of (a) and (b) identical"
    )
    table(title, ("way", "best s", "worst s", "goal"), rows)


def _row(name: str, seconds: list[float]) -> Row:
    goal = against(f"below {GOAL_S:g}", met=max(seconds) < GOAL_S)
    return (name, f"{min(seconds):.2f}", f"{max(seconds):.2f}", goal)


def in_process(count: int, epoch: float) -> tuple[float, dict[str, Any]]:
    """Return how long a day took in this process, and its record."""
    catalogue = Catalogue.builtin()
    worlds = Worlds(seed="0", settings=SETTINGS, source=lambda: 0.0, catalogue=catalogue)
    world = World(
        NAME,
        origin=NAME,
        seed="0",
        base=SETTINGS,
        scenario=DEFAULT_SCENARIO,
        catalogue=catalogue,
        clock=VirtualClock(lambda: 0.0, rate=0.0, start=epoch),
        journal=JOURNAL,
    )
    worlds.adopt(world)
    mover = Player(worlds, world)
    coming = [acting(each, Player(worlds, world), epoch) for each in visits(count, seed=SEED)]
    begin = time.perf_counter()
    for at in _moments([*coming, topping_up(mover, epoch)], epoch):
        mover.do(Do("moveClock", {"to": at}))
    return time.perf_counter() - begin, record(world)


def over_http(count: int) -> tuple[float, dict[str, Any]]:
    """Return how long a day took on the real command, and its record."""
    command = [installed("fake-runway"), "serve", "--port=0", *SERVE]
    with serving("fake", command) as server:
        connection = http.client.HTTPConnection(*address(server.url))
        mover = Remote(connection)
        epoch: float = mover.send("GET", "/__admin/clock").body["now"]
        coming = [acting(each, Remote(connection), epoch) for each in visits(count, seed=SEED)]
        begin = time.perf_counter()
        for at in _moments([*coming, topping_up(mover, epoch)], epoch):
            mover.do(Do("moveClock", {"to": at}))
        seconds = time.perf_counter() - begin
        recorded = mover.send("GET", "/__admin/replay").body["record"]
        connection.close()
    return seconds, recorded


def _moments(acts: list[Iterator[float]], epoch: float) -> Iterator[float]:
    yield from in_order(acts)
    yield epoch + DAY_S


if __name__ == "__main__":
    main()
