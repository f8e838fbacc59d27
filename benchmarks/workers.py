"""What worlds that outlive a process cost: a file, a Redis, and several workers on it.

CPU of all processes of the server for a poll and for a create, that of Redis beside it; the load
runs elsewhere and is not counted. Contestants are measured in turns, each round one burst of each,
and ratios are medians of the ratios within a round: CPU time stays comparable on a busy machine,
rates do not.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import Server, installed, serving
from benchmarks.load import CONNECTIONS, Conversation, send
from benchmarks.report import Row, against, progress, ratio, table

UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")
BODY = json.dumps(
    {
        "model": "gwm1_avatars",
        "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
    }
).encode()
GET_GOAL = 0.8
MANY = 16


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server under measurement, and the Redis that it uses, if any."""

    name: str
    server: Server
    redis: Server | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of one call, in microseconds: of the server, and of Redis."""

    server_us: float
    redis_us: float
    rate: float


def _head(method: str, path: str, secret: str, length: int = 0) -> bytes:
    content = f"Content-Type: application/json\r\nContent-Length: {length}\r\n" if length else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: benchmark\r\nAuthorization: Bearer {secret}\r\n"
        f"X-Runway-Version: 2024-11-06\r\n{content}\r\n"
    ).encode()


def _create(secret: str) -> bytes:
    return _head("POST", "/v1/realtime_sessions", secret, len(BODY)) + BODY


def polls(secret: str, count: int) -> Conversation:
    """Create a session, and poll it so often."""
    answer = yield _create(secret)
    session_id = json.loads(answer.partition(b"\r\n\r\n")[2])["id"]
    request = _head("GET", f"/v1/realtime_sessions/{session_id}", secret)
    for _ in range(count):
        yield request


def creates(secret: str, count: int) -> Conversation:
    """Create so many sessions."""
    request = _create(secret)
    for _ in range(count):
        yield request


def burst(contestant: Contestant, kind: str, count: int, worlds: int) -> Cost:
    """Send a burst of calls; return what each cost."""
    salt = f"{time.monotonic_ns()}"
    make = polls if kind == "get" else creates
    talks = [make(f"bench-{salt}-{each % worlds}", count) for each in range(CONNECTIONS)]
    # worlds are found, and connections made, before anything is counted
    send(contestant.server.url, [creates(f"bench-{salt}-{each}", 1) for each in range(worlds)])
    before = (
        contestant.server.cpu_s(),
        0.0 if contestant.redis is None else contestant.redis.cpu_s(),
    )
    load = send(contestant.server.url, talks)
    if load.failed:
        raise RuntimeError(f"{contestant.name}: {load.failed} calls failed: {load.failures}")
    after = contestant.server.cpu_s(), 0.0 if contestant.redis is None else contestant.redis.cpu_s()
    used = [(late - early) / load.answers * 1e6 for early, late in zip(before, after, strict=True)]
    return Cost(used[0], used[1], load.rate)


@contextmanager
def contestants(folder: Path, counts: Sequence[int]) -> Iterator[list[Contestant]]:
    """Start all servers."""
    command = (installed("fake-runway"), "serve", "--port=0", "--provision-time=0s", *UNLIMITED)
    with ExitStack() as stack:

        def start(name: str, *options: str) -> Server:
            return stack.enter_context(serving(name, [*command, *options]))

        found = [
            Contestant("memory", start("memory")),
            Contestant("file", start("file", f"--state={folder}/state")),
        ]
        for count in counts:
            socket = folder / f"redis-{count}"
            redis = subprocess.Popen(
                [
                    "redis-server",
                    "--port",
                    "0",
                    "--unixsocket",
                    str(socket),
                    "--save",
                    "",
                    "--dir",
                    str(folder),
                ],
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(redis.wait)
            stack.callback(redis.kill)
            while not socket.exists():
                time.sleep(0.01)
            name = f"Redis, {count} worker{'s' if count > 1 else ''}"
            server = start(name, f"--store=unix://{socket}", f"--workers={count}")
            found.append(Contestant(name, server, Server("redis", "", redis.pid)))
        yield found


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=400, help="of each of the 32 connections")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--only", choices=("get", "create"), help="one kind of call")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        contestants(Path(folder), given.workers) as found,
    ):
        kinds = {"get": "a poll", "create": "a create"}
        for kind, title in kinds.items():
            if given.only not in (None, kind):
                continue
            for worlds in (1, MANY):
                costs: dict[str, list[Cost]] = {each.name: [] for each in found}
                for number in range(given.rounds):
                    progress(f"{title}, {worlds} worlds: round {number + 1} of {given.rounds}")
                    for each in found:
                        costs[each.name].append(burst(each, kind, given.calls, worlds))
                table(
                    f"CPU of {title}, {worlds} world{'s' if worlds > 1 else ''}",
                    ("server", "us", "x memory", "Redis, us", "calls a second", ""),
                    _rows(costs, goal=GET_GOAL if kind == "get" else None),
                )


def _rows(costs: dict[str, list[Cost]], *, goal: float | None) -> Iterator[Row]:
    plain = [each.server_us for each in costs["memory"]]
    for name, measured in costs.items():
        own = [each.server_us for each in measured]
        part = ratio(plain, own)
        met = against(f"at least {goal}", met=part >= goal) if goal and "1 worker" in name else ""
        yield (
            name,
            f"{median(own):.1f}",
            f"{part:.2f}",
            f"{median(each.redis_us for each in measured):.1f}",
            f"{median(each.rate for each in measured):,.0f}",
            met,
        )


if __name__ == "__main__":
    main()
