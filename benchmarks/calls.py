"""Calls in the fake's own room: pictures a second, a server that stays flat, and other requests.

The server is the real command on one core. Clients are peers of aiortc in two processes on the
other core: they join as a browser does, by `/rtc/v1` with one connection, take both tracks, decode
them, and count the pictures. More than half a second between two pictures is a freeze. What the
clients cost stands beside: where they fill their core, they miss pictures and not the server.

1. Many calls at once: pictures a second at the clients, and CPU of the server.
2. Rounds of a connect and a hang-up: file descriptors, threads and memory of the server after the
   first rounds, which import and fill caches, after half of the others, and after all.
3. A GET at a steady rate, while no call runs and while some do, in turns: its median latency. Who
   asks goes before the clients of calls on their core, so that it does not wait for them.
"""

import argparse
import asyncio
import base64
import multiprocessing
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from livekit.protocol.rtc import (
    JoinRequest,
    SignalRequest,
    SignalResponse,
    WrappedJoinRequest,
)

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import LOAD_CORE, Server, installed, serving
from benchmarks.report import Row, against, progress, ratio, table
from fake_runway.room.clients.loopback import only_loopback
from fake_runway.room.media.loops import RATE

SESSIONS = "/v1/realtime_sessions"
HEADERS = {"Authorization": "Bearer benchmark", "X-Runway-Version": "2024-11-06"}
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")
COMMAND = (installed("fake-runway"), "serve", "--port=0", "--provision-time=0s", *UNLIMITED)
CLIENTS = 2  # processes
CALLS_NICE = 10  # theirs
FREEZE_S = 0.5
FPS_GOAL = 0.97 * RATE
WORSE_GOAL = 1.1
FLAT_DESCRIPTORS, FLAT_THREADS, FLAT_MIB = 3, 1, 5
WARM_ROUNDS = 30
SETTLE_S = 2.0


class Seen:
    """The pictures of one call, as they come.

    Attributes:
        count: how many came.
        freezes: how often none came for `FREEZE_S`.
    """

    def __init__(self) -> None:
        self.count = self.freezes = 0
        self._last = 0.0

    def picture(self) -> None:
        """Note one."""
        now = time.monotonic()
        if self.count and now - self._last > FREEZE_S:
            self.freezes += 1
        self.count, self._last = self.count + 1, now


@asynccontextmanager
async def call(http: aiohttp.ClientSession) -> AsyncIterator[Seen]:
    """Create a session, use its key, and be in its room until the block ends.

    Raises:
        RuntimeError: the fake gives no credentials.
        TimeoutError: its room lets no media through.
    """
    async with http.post(SESSIONS, json=CREATE, headers=HEADERS) as answer:
        session_id = (await answer.json())["id"]
    async with http.get(f"{SESSIONS}/{session_id}", headers=HEADERS) as answer:
        key = (await answer.json())["sessionKey"]
    bearer = {"Authorization": f"Bearer {key}"}
    async with http.post(f"{SESSIONS}/{session_id}/consume", headers=bearer, json={}) as answer:
        credentials = await answer.json()
        if answer.status != 200:
            raise RuntimeError(f"expected credentials, got {answer.status}: {credentials}")
    seen, reading = Seen(), set()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    up = asyncio.get_running_loop().create_future()

    async def read(track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                await track.recv()
                if track.kind == "video":
                    seen.picture()

    def tracked(track: MediaStreamTrack) -> None:
        reading.add(asyncio.ensure_future(read(track)))

    def changed() -> None:
        if peer.connectionState == "connected" and not up.done():
            up.set_result(None)

    peer.on("track", tracked)
    peer.on("connectionstatechange", changed)
    peer.addTransceiver("audio", direction="recvonly")
    peer.addTransceiver("video", direction="recvonly")
    peer.createDataChannel("_reliable")
    try:
        with only_loopback():
            await peer.setLocalDescription(await peer.createOffer())
        wanted = JoinRequest(
            client_info={"version": "1"},
            publisher_offer={"type": "offer", "sdp": peer.localDescription.sdp, "id": 1},
        )
        wrapped = WrappedJoinRequest(join_request=wanted.SerializeToString())
        query = {
            "access_token": credentials["token"],
            "join_request": base64.urlsafe_b64encode(wrapped.SerializeToString()).decode(),
        }
        address = credentials["url"].replace("ws", "http", 1) + "/rtc/v1"
        async with http.ws_connect(address, params=query) as signalling:
            async with asyncio.timeout(30):
                async for message in signalling:
                    response = SignalResponse.FromString(message.data)
                    if response.HasField("answer"):
                        answered = RTCSessionDescription(response.answer.sdp, "answer")
                        with only_loopback():
                            await peer.setRemoteDescription(answered)
                        break
                await up
            listening = asyncio.ensure_future(_keep(signalling))
            try:
                yield seen
            finally:
                listening.cancel()
                await signalling.send_bytes(SignalRequest(leave={}).SerializeToString())
    finally:
        await peer.close()
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def _keep(signalling: aiohttp.ClientWebSocketResponse) -> None:
    """Ping as clients do: one that is silent is taken for gone."""
    while True:
        await signalling.send_bytes(SignalRequest(ping=1).SerializeToString())
        await asyncio.sleep(5)


# In processes of their own


@dataclass(frozen=True, slots=True)
class Watched:
    """What the calls of a process saw: pictures a second of each, and freezes; CPU seconds."""

    rates: tuple[float, ...]
    freezes: int
    cpu_s: float


def hold_calls(url: str, count: int, seconds: float, begin_at: float) -> Watched:
    """Hold so many calls at once, and watch all from `begin_at` on for `seconds`."""
    return asyncio.run(_hold_calls(url, count, seconds, begin_at))


async def _hold_calls(url: str, count: int, seconds: float, begin_at: float) -> Watched:
    begun, over = asyncio.Event(), asyncio.Event()
    async with aiohttp.ClientSession(url) as http:

        async def one() -> tuple[float, int]:
            async with call(http) as seen:
                await begun.wait()
                before, frozen = seen.count, seen.freezes
                await over.wait()
                return (seen.count - before) / seconds, seen.freezes - frozen

        calls = [asyncio.ensure_future(one()) for _ in range(count)]
        await asyncio.sleep(max(0.0, begin_at - time.time()))
        begun.set()
        cpu_s = time.process_time()
        await asyncio.sleep(seconds)
        cpu_s = time.process_time() - cpu_s
        over.set()
        each = await asyncio.gather(*calls)
    return Watched(tuple(rate for rate, _ in each), sum(freezes for _, freezes in each), cpu_s)


def connect_and_hang_up(url: str, rounds: int) -> None:
    """Be in a call until its first picture, so many times one after the other."""
    asyncio.run(_connect_and_hang_up(url, rounds))


async def _connect_and_hang_up(url: str, rounds: int) -> None:
    async with aiohttp.ClientSession(url) as http:
        for _ in range(rounds):
            async with call(http) as seen, asyncio.timeout(30):
                while not seen.count:  # noqa: ASYNC110 - pictures set no event
                    await asyncio.sleep(0.01)


def polled(url: str, rate: int, seconds: float) -> float:
    """Return the median latency of a GET at a steady rate, in milliseconds."""
    return asyncio.run(_polled(url, rate, seconds))


async def _polled(url: str, rate: int, seconds: float) -> float:
    latencies: list[float] = []
    async with aiohttp.ClientSession(url, headers=HEADERS) as http:
        async with http.post(SESSIONS, json=CREATE) as answer:
            path = f"{SESSIONS}/{(await answer.json())['id']}"

        async def poll(due: float) -> None:
            async with http.get(path) as answer:
                await answer.read()
            latencies.append(time.monotonic() - due)

        begin, polls = time.monotonic(), []
        for number in range(round(rate * seconds)):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            polls.append(asyncio.ensure_future(poll(time.monotonic())))
        await asyncio.gather(*polls)
    return median(latencies) * 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """What a process holds: descriptors, threads, and MiB of memory."""

    descriptors: int
    threads: int
    mib: float

    @classmethod
    def of(cls, pid: int) -> "Size":
        """Return that of a process."""
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in status if ":" in line)
        return cls(
            len(os.listdir(f"/proc/{pid}/fd")),
            int(fields["Threads"]),
            int(fields["VmRSS"].split()[0]) / 1_024,
        )


# The tables


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=100, help="of a connect and a hang-up")
    parser.add_argument("--beside", type=int, default=10, help="calls that run beside the GETs")
    parser.add_argument("--rate", type=int, default=500, help="GETs per second")
    parser.add_argument("--repeats", type=int, default=5, help="of the GETs without and with calls")
    options = parser.parse_args()
    with (
        serving("fake", COMMAND) as server,
        _processes(CLIENTS, CALLS_NICE) as clients,
        _processes(1, 0) as poller,
    ):
        rows = [
            _at_once(server, clients, options.calls, options.seconds),
            *_rounds(server, clients, options.rounds),
            _beside(server, clients, poller, options),
        ]
    table("Calls in the fake's own room", ("what", "measured", "goal"), rows)


def _processes(count: int, niceness: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, _settle, (niceness,))


def _settle(niceness: int) -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    os.nice(niceness)


def _at_once(server: Server, clients: ProcessPoolExecutor, calls: int, seconds: float) -> Row:
    progress(f"{calls} calls at once")
    holding, begin_at = _held(server, clients, calls, seconds)
    time.sleep(max(0.0, begin_at - time.time()))
    cpu_s = server.cpu_s()
    time.sleep(seconds)
    cpu_s = server.cpu_s() - cpu_s
    watched = [each.result() for each in holding]
    rates = [rate for each in watched for rate in each.rates]
    freezes = sum(each.freezes for each in watched)
    met = min(rates) >= FPS_GOAL and not freezes
    theirs_s = sum(each.cpu_s for each in watched)
    cpu = f"{cpu_s / seconds:.0%} and {theirs_s / seconds:.0%} of a core"
    return (
        f"{calls} calls: pictures a second, worst and median; freezes; CPU of server and clients",
        f"{min(rates):.1f} and {median(rates):.1f}; {freezes}; {cpu}",
        against(f"{RATE} pictures a second, no freeze", met=met),
    )


def _held(
    server: Server, clients: ProcessPoolExecutor, calls: int, seconds: float
) -> tuple[list[Future[Watched]], float]:
    """Start calls in all processes; return their futures, and when they are watched."""
    begin_at = time.time() + 5.0 + calls / 5  # each takes its time to connect
    shares = [calls // CLIENTS + (number < calls % CLIENTS) for number in range(CLIENTS)]
    holding = [
        clients.submit(hold_calls, server.url, share, seconds, begin_at)
        for share in shares
        if share
    ]
    return holding, begin_at


def _rounds(server: Server, clients: ProcessPoolExecutor, rounds: int) -> Iterator[Row]:
    progress(f"{rounds} rounds of a connect and a hang-up")
    clients.submit(connect_and_hang_up, server.url, min(WARM_ROUNDS, rounds)).result()
    time.sleep(SETTLE_S)
    sizes = [Size.of(server.group)]
    for _ in range(2):
        clients.submit(connect_and_hang_up, server.url, rounds // 2).result()
        time.sleep(SETTLE_S)
        sizes.append(Size.of(server.group))
    what = f"{rounds} rounds of a connect and a hang-up, before, half-way and after: "
    for name, values, most in (
        ("file descriptors", [each.descriptors for each in sizes], FLAT_DESCRIPTORS),
        ("threads", [each.threads for each in sizes], FLAT_THREADS),
        ("MiB of memory", [round(each.mib) for each in sizes], FLAT_MIB),
    ):
        goal = against(f"flat, within {most}", met=values[-1] - values[0] <= most)
        yield f"{what}{name}", ", ".join(map(str, values)), goal


def _beside(
    server: Server,
    clients: ProcessPoolExecutor,
    poller: ProcessPoolExecutor,
    options: argparse.Namespace,
) -> Row:
    alone, beside = [], []
    poll = server.url, options.rate, options.seconds
    for number in range(options.repeats):
        progress(f"{options.rate} GETs a second, {number + 1} of {options.repeats}")
        alone.append(poller.submit(polled, *poll).result())
        holding, begin_at = _held(server, clients, options.beside, options.seconds)
        time.sleep(max(0.0, begin_at - time.time()))
        beside.append(poller.submit(polled, *poll).result())
        for each in holding:
            each.result()
    worse = ratio(beside, alone)
    return (
        f"a GET at {options.rate}/s: median latency without calls, and beside {options.beside}",
        f"{median(alone):.2f} and {median(beside):.2f} ms, x {worse:.2f}",
        against("at most 10 % worse", met=worse <= WORSE_GOAL),
    )


if __name__ == "__main__":
    main()
