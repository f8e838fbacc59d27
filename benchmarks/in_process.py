"""CPU time of calls in process: the way of a request through the fake, without sockets and a loop.

Connections get the bytes of requests and a transport that keeps what is written, so that all is
measured from the parser on, and nothing of the kernel's: a call over a socket costs some 19 us of
CPU more. One process measures one case; another checkout (`--before`) takes turns. Of each figure
the least counts, for another program on the machine can only add to it.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__" and not sys.flags.safe_path:
    sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

CONDITIONS = ("plain", "faults", "journal", "worlds", "mixed", "sessions")
CALLS = ("get-ready", "create", "connect")
STEPS = ("create", "poll", "poll again", "consume")
CONNECTIONS = 32
WORLDS = 1_000
BATCHES = 100  # of a request on each connection, before the least is taken
REPEATS = 6


def main() -> None:
    """Measure all cases, in turns with another checkout if there is one; print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", metavar="FOLDER", help="another checkout, to compare with")
    parser.add_argument("--calls", nargs="+", default=CALLS, choices=CALLS)
    parser.add_argument("--conditions", nargs="+", default=CONDITIONS, choices=CONDITIONS)
    parser.add_argument("--headers", nargs="+", default=("two", "sdk"), choices=("two", "sdk"))
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(asyncio.run(_measured(*options.case.split("/")))))
        return
    from benchmarks.report import progress, table

    here = str(Path(__file__).parents[1])
    folders = [here] if options.before is None else [options.before, here]
    lines = []
    for condition in options.conditions:
        for call in options.calls:
            for headers in options.headers if condition == "plain" else options.headers[:1]:
                case = f"{condition}/{call}/{headers}"
                found: list[list[Mapping[str, float]]] = [[] for _ in folders]
                for _ in range(options.rounds):
                    for into, folder in zip(found, folders, strict=True):
                        into.append(_in_child(case, folder))
                progress(case)
                for step in found[0][0]:
                    us = [min(each[step] for each in every) for every in found]
                    lines.append((f"{case} {step}", *[f"{each:.1f}" for each in us]))
    columns = ("us of CPU",) if len(folders) == 1 else ("us before", "after")
    table(f"CPU per request in process, least of {options.rounds} runs", ("case", *columns), lines)


def _in_child(case: str, folder: str) -> Mapping[str, float]:
    environment = {"PYTHONPATH": str(Path(folder).resolve()), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, __file__, "--case", case]
    done = subprocess.run(
        command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True
    )
    result: Mapping[str, float] = json.loads(done.stdout)
    return result


class _Transport(asyncio.Transport):
    """Keeps what is written to it last."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.count = 0

    def write(self, data: Any) -> None:
        self.written = bytes(data)
        self.count += 1

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


class _Client:
    """One connection of the server."""

    def __init__(self, server: Any) -> None:
        self.transport = _Transport()
        self.connection = server()
        self.connection.connection_made(self.transport)

    async def call(self, raw: bytes) -> bytes:
        """Send a request that may be answered by any way; return the answer."""
        before = self.transport.count
        await asyncio.sleep(0)
        self.connection.data_received(raw)
        while self.transport.count == before:  # noqa: ASYNC110  # a turn of the loop
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        return self.transport.written


async def _measured(condition: str, call: str, headers: str) -> Mapping[str, float]:
    from benchmarks.http_cases import Case, Headers, Kind, Subject, request
    from benchmarks.http_contestants import _FAULTS, _SETTINGS, _UNLIMITED, JOURNAL
    from fake_runway.clock import loop_time_as_wall_clock
    from fake_runway.core.scenario.settings import Settings
    from fake_runway.room.tokens import LiveKit
    from fake_runway.server.app import FakeApp
    from fake_runway.server.serving import fake_server
    from fake_runway.worlds.registry import Retention, Worlds

    full = Retention(journal=JOURNAL, journal_bytes=1 << 30)
    worlds = Worlds(
        seed="0",
        settings=Settings(),
        source=loop_time_as_wall_clock(),
        retention=full if condition == "journal" else Retention(),
    )
    app = FakeApp(worlds, LiveKit(url="", hosted=True))
    server = fake_server(app, worlds)
    clients = [_Client(server) for _ in range(CONNECTIONS)]
    admin = clients[0]
    case = Case(Kind(call), Headers(headers))
    many = condition in ("worlds", "mixed")
    secrets = [f"world {number}" for number in range(WORLDS)] if many else ["benchmark"]
    session: dict[str, Any] = {"expires_in": "24h", **_SETTINGS[case.kind]}
    if case.kind is Kind.CREATE:
        session["provision_time"] = "1h"  # what falls due of the others is no part of a create
    if condition == "faults":
        session["faults"] = _FAULTS
    form = {"name": "of-a-benchmark", "account": _UNLIMITED, "session": session}
    body = json.dumps({"scenario": form}).encode()
    for secret in secrets:
        answer = await admin.call(
            request("PUT /__admin/scenario", {"Authorization": f"Bearer {secret}"}, body)
        )
        assert answer.startswith(b"HTTP/1.1 200"), answer
    from benchmarks import http_cases

    def created(secret: str, client: _Client) -> str:
        client.connection.data_received(http_cases.create(case, Subject(secret)))
        return str(json.loads(client.transport.written.partition(b"\r\n\r\n")[2])["id"])

    made = [await admin.call(http_cases.create(case, Subject(each))) for each in secrets]
    ids = [json.loads(each.partition(b"\r\n\r\n")[2])["id"] for each in made]
    if condition == "sessions":
        ids = [created("benchmark", clients[number % 32]) for number in range(100_000)][::100]
    if condition == "journal":
        polling = http_cases.poll(case, Subject("benchmark", ids[0]))
        for _ in range(JOURNAL):
            admin.connection.data_received(polling)
    # each client goes through its share of the worlds: in one, or another at each request
    shares = [secrets[number::CONNECTIONS] or secrets for number in range(CONNECTIONS)]
    if condition == "worlds":
        shares = [each[:1] for each in shares]
    for client in clients:  # the first request of a connection goes another way
        await client.call(request("GET /v1/organization", case.headers.lines(secrets[0])))
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
    if case.kind is Kind.CONNECT:
        return await _connects(case, clients, shares)
    if case.kind is Kind.CREATE:
        requests = [[http_cases.create(case, Subject(each)) for each in share] for share in shares]
    else:
        of_secret = dict(zip(secrets, ids, strict=False))
        requests = [
            [http_cases.poll(case, Subject(each, of_secret[each])) for each in share]
            for share in shares
        ]
        if condition == "sessions":
            requests = [
                [http_cases.poll(case, Subject(secrets[0], each)) for each in ids[number::32]]
                for number in range(CONNECTIONS)
            ]
    return {case.kind.value: await _repeated(clients, requests)}


async def _repeated(clients: Sequence[_Client], requests: Sequence[Sequence[bytes]]) -> float:
    def batch(number: int) -> None:
        for client, raws in zip(clients, requests, strict=True):
            client.connection.data_received(raws[number % len(raws)])

    for number in range(BATCHES):
        batch(number)
    figures = []
    for repeat in range(REPEATS):
        count = sum(client.transport.count for client in clients)
        began = time.process_time()
        for number in range(BATCHES):
            batch(repeat * BATCHES + number)
        took = time.process_time() - began
        count = sum(client.transport.count for client in clients) - count
        assert count == BATCHES * len(clients), "a request was not answered at once"
        assert b" 200 " in clients[0].transport.written[:15]
        figures.append(took / count * 1e6)
        await asyncio.sleep(0)
    return min(figures)


async def _connects(
    case: Any, clients: Sequence[_Client], shares: Sequence[Sequence[str]]
) -> Mapping[str, float]:
    from benchmarks.http_cases import Subject, conversations

    least: dict[str, list[float]] = {step: [] for step in STEPS}
    asked = [
        conversations(case, [Subject(each) for each in share], connections=1)[0] for share in shares
    ]
    pending = [next(each) for each in asked]
    for _ in range(REPEATS + 1):
        spent = dict.fromkeys(STEPS, 0.0)
        for _ in range(BATCHES):
            for step in STEPS:
                wanted = [client.transport.count + 1 for client in clients]
                began = time.process_time()
                for client, raw in zip(clients, pending, strict=True):
                    client.connection.data_received(raw)
                spent[step] += time.process_time() - began
                # after a stall of the machine too much is due, which is applied in turns
                while [each.transport.count for each in clients] != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                for client in clients:
                    assert client.transport.written[9:12] == b"200", client.transport.written
                pending = [
                    talk.send(client.transport.written)
                    for talk, client in zip(asked, clients, strict=True)
                ]
            await asyncio.sleep(0)
        for step in STEPS:
            least[step].append(spent[step] / BATCHES / len(clients) * 1e6)
    figures = {step: min(each[1:]) for step, each in least.items()}
    whole = min(map(sum, list(zip(*least.values(), strict=True))[1:]))
    return {**figures, "all four": whole}


if __name__ == "__main__":
    main()
