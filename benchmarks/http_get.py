"""Requests per second of `GET /v1/realtime_sessions/{id}`: the fake, a bare handler, Steady.

The fake is the real process with everything on that is on by default. All servers sit on one core,
the load comes from the other one, and the servers take turns, so that other work of the machine
hits all of them alike. The CPU time per request is that of the server's own processes; it suffers
less from a noisy machine than the rate does.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks import load
from benchmarks.children import HERE, HOST, Server, free_port, installed, serving
from benchmarks.report import Row, against, progress, ratio, table

STEADY = "@stdy/cli@0.22.2"
SPEC = HERE.parent / "contracts" / "schemas" / "runway.json"
BARE = "bare handler"
SCENARIO = "consume-500-once"  # faults are active, and none matches a poll
BARE_GOAL = 0.7
STEADY_GOAL = 1.8


@dataclass(slots=True)
class Contestant:
    """A server, its request and its results: one entry per round."""

    server: Server
    path: str
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    failed: int = 0

    def run(self, seconds: float) -> None:
        """Add a round."""
        cpu_before = self.server.cpu_s()
        burst = load.get(self.server.url + self.path, seconds=seconds)
        cpu = self.server.cpu_s() - cpu_before
        self.rates.append(burst.rate)
        self.cpu_us.append(cpu / burst.answers * 1e6)
        self.failed += burst.failed
        progress(f"  {self.server.name}: {burst.rate:,.0f}/s, {self.cpu_us[-1]:.0f} us CPU each")


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--before", help="a checkout of an earlier version, to compare with")
    parser.add_argument("--no-steady", action="store_true", help="leave the npm package out")
    options = parser.parse_args()
    with ExitStack() as stack:
        contestants = [
            stack.enter_context(fake("never")),
            stack.enter_context(fake("0s")),
            stack.enter_context(fake("never", scenario=SCENARIO)),
        ]
        if options.before:
            contestants.append(stack.enter_context(fake("never", folder=options.before)))
            contestants.append(stack.enter_context(fake("0s", folder=options.before)))
        body = _call(contestants[0].server.url + contestants[0].path)
        contestants.append(stack.enter_context(bare_handler(body, contestants[0].path)))
        without = "left out on request"
        if not options.no_steady:
            without = _try_steady(stack, contestants)
        progress("warming up")
        for contestant in contestants:
            load.get(contestant.server.url + contestant.path, seconds=1)
        for number in range(options.rounds):
            progress(f"round {number + 1} of {options.rounds}")
            for contestant in contestants:
                contestant.run(options.seconds)
    _print(contestants, without)


@contextmanager
def fake(
    provision_time: str, *, scenario: str | None = None, folder: str | None = None
) -> Iterator[Contestant]:
    """Serve the fake, with one session whose provisioning takes this long.

    Args:
        folder: the folder of another version than the installed one.
    """
    status = "NOT_READY" if provision_time == "never" else "READY"
    name = f"fake, {status}" + (", in a scenario" if scenario else "")
    name += ", before" if folder else ""
    progress(f"starting the {name}")
    program = [sys.executable, "-m", "fake_runway"] if folder else [installed("fake-runway")]
    command = [*program, "serve", "--port=0", "--expires-in=24h"]
    command += [f"--provision-time={provision_time}"]
    command += [f"--scenario={scenario}"] if scenario else []
    environment = {"PYTHONPATH": folder} if folder else {}
    with serving(name, command, environment=environment) as server:
        wanted = {"type": "runway-preset", "presetId": "music-superstar"}
        created = _call(
            f"{server.url}/v1/realtime_sessions",
            json.dumps({"model": "gwm1_avatars", "avatar": wanted}).encode(),
        )
        yield Contestant(server, f"/v1/realtime_sessions/{json.loads(created)['id']}")


@contextmanager
def bare_handler(body: str, path: str) -> Iterator[Contestant]:
    """Serve the bare handler, which answers the same body as the fake."""
    progress("starting the bare handler")
    with serving(BARE, [sys.executable, str(HERE / "bare_handler.py"), body]) as server:
        yield Contestant(server, path)


@contextmanager
def steady(path: str) -> Iterator[Contestant]:
    """Install Steady in a temporary folder, and serve our contract with it."""
    with tempfile.TemporaryDirectory() as folder:
        progress(f"installing {STEADY}")
        subprocess.run(
            ["npm", "install", "--no-save", "--prefix", folder, STEADY],
            check=True,
            capture_output=True,
        )
        port = free_port()
        command = [f"{folder}/node_modules/.bin/steady", "--log=false", f"--port={port}"]
        with serving("Steady", [*command, str(SPEC)], url=f"http://{HOST}:{port}") as server:
            yield Contestant(server, path)


def _try_steady(stack: ExitStack, contestants: list[Contestant]) -> str:
    """Add Steady to the contestants, or return why it cannot be installed."""
    if shutil.which("npm") is None:
        return "npm is not installed"
    try:
        contestants.append(stack.enter_context(steady(contestants[0].path)))
    except (subprocess.CalledProcessError, OSError) as error:
        return f"cannot be had: {error}"
    return ""


def _call(url: str, body: bytes | None = None) -> str:
    headers = dict(load.SDK_HEADERS) | {"Accept-Encoding": "identity"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
        answer: str = response.read().decode()
        return answer


def _print(contestants: list[Contestant], without_steady: str) -> None:
    by_name = {contestant.server.name: contestant for contestant in contestants}
    bare, other = by_name[BARE], by_name.get("Steady")
    rows: list[Row] = []
    for each in contestants:
        is_fake = each.server.name.startswith("fake")
        to_bare = ratio(each.rates, bare.rates)
        to_steady = ratio(each.rates, other.rates) if other else 0.0
        failures = f" ({each.failed} answers were no 2xx!)" if each.failed else ""
        rows.append(
            (
                each.server.name + failures,
                f"{median(each.rates):,.0f}",
                f"{median(each.cpu_us):.1f}",
                f"{to_bare:.2f}",
                against(f"at least {BARE_GOAL}", met=to_bare >= BARE_GOAL) if is_fake else "",
                f"{ratio(bare.cpu_us, each.cpu_us):.2f}",
                f"{to_steady:.2f}" if other else "",
                against(f"at least {STEADY_GOAL}", met=to_steady >= STEADY_GOAL)
                if is_fake and other
                else "",
            )
        )
    if other is None:
        rows.append((f"Steady: {without_steady}", *[""] * 7))
    title = (
        f"GET of one session, one core, {load.CONNECTIONS} keep-alive connections, load from"
        f" {load.generator()}; medians of {len(bare.rates)} rounds"
    )
    head = ("server", "requests/s", "CPU us each", "x bare", "goal", "x bare by CPU", "x Steady")
    table(title, (*head, "goal"), rows)


if __name__ == "__main__":
    main()
