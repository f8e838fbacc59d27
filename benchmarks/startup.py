"""What starting costs: `fake-runway serve`, `fake-runway --help`, and a test run with the plugin.

The yardstick of `serve` is a Python process that imports `aiohttp.web`, prints a line and answers
nothing: its interpreter starts too. The yardstick of the plugin is a run of one test that asks for
nothing, without any plugin. They take turns. What takes milliseconds is compared by CPU time, which
other work on the machine changes less, and more often.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import (
    AS_INSTALLED,
    SERVER_CORE,
    End,
    address,
    installed,
    pinned,
    pytest_with,
    run_to_end,
)
from benchmarks.load import SDK_HEADERS
from benchmarks.report import Row, against, progress, table

GOAL_S = 0.05
HELP_GOAL_S = 0.15
PLUGIN_GOAL_MS = 5.0
RUNS_IN_A_ROUND = 4
IMPORT = "import aiohttp.web, sys; print('http://127.0.0.1:0 nobody', flush=True); sys.stdin.read()"
CREATE = b'{"model":"gwm1_avatars","avatar":{"type":"runway-preset","presetId":"music-superstar"}}'
Answering = Callable[[http.client.HTTPConnection], None]


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    serve = [installed("fake-runway"), "serve", "--port=0"]
    contestants: dict[str, tuple[list[str], Answering | None]] = {
        "import aiohttp.web": ([sys.executable, "-c", IMPORT], None),
        "fake, first GET": (serve, _get),
        "fake, first create": (serve, _create),
    }
    times: dict[str, list[End]] = {name: [] for name in contestants}
    for number in range(options.rounds + 1):
        progress(f"round {number} of {options.rounds}" if number else "warming up")
        for name, (command, answering) in contestants.items():
            end = seconds_to_answer(command, answering)
            progress(f"  {name}: {end.real_s:.3f} s")
            if number:
                times[name].append(end)
    _print(times)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): pass\n")
        _print_ends(_ends(Path(folder), options.rounds))


def seconds_to_answer(command: list[str], answering: Answering | None) -> End:
    """Start a process; return the seconds to its first line or, with a URL, its first answer."""
    with pinned(SERVER_CORE):
        begin = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | AS_INSTALLED,
        )
    try:
        line = child.stdout.readline() if child.stdout else ""
        url = next(word for word in line.split() if word.startswith("http://"))
        if answering is not None:
            answering(http.client.HTTPConnection(*address(url)))
        real_s = time.perf_counter() - begin
        # nanoseconds that its one thread ran so far
        on_cpu = Path(f"/proc/{child.pid}/schedstat").read_text().split()[0]
        return End(real_s, int(on_cpu) / 1e9)
    finally:
        child.terminate()
        child.communicate()


INTERPRETER, HELP, NO_PLUGIN, PLUGIN, BOTH = (
    "python -c pass",
    "fake-runway --help",
    "pytest, one test, no plugin",
    "the same, fake_runway loaded",
    "the same, runway_contracts as well",
)


def _ends(folder: Path, rounds: int) -> Mapping[str, Sequence[End]]:
    contestants = {
        INTERPRETER: [sys.executable, "-c", "pass"],
        HELP: [installed("fake-runway"), "--help"],
        NO_PLUGIN: pytest_with(),
        PLUGIN: pytest_with("fake_runway"),
        BOTH: pytest_with("fake_runway", "runway_contracts"),
    }
    ends: dict[str, list[End]] = {name: [] for name in contestants}
    for number in range(rounds * RUNS_IN_A_ROUND + 1):
        for name, command in contestants.items():
            end = run_to_end(command, folder)
            if number:  # the first is for warming up
                ends[name].append(end)
        if number % RUNS_IN_A_ROUND == 0:
            progress(f"{number} runs of {', '.join(contestants)}")
    return ends


def _get(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/v1/organization", headers=dict(SDK_HEADERS))
    _read(connection)


def _create(connection: http.client.HTTPConnection) -> None:
    headers = {**SDK_HEADERS, "Content-Type": "application/json"}
    connection.request("POST", "/v1/realtime_sessions", CREATE, headers)
    _read(connection)


def _read(connection: http.client.HTTPConnection) -> None:
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"expected an answer, got HTTP {response.status}")


def _print(times: Mapping[str, Sequence[End]]) -> None:
    yardstick = next(iter(times.values()))
    rows: list[Row] = []
    for name, ends in times.items():
        pairs = list(zip(ends, yardstick, strict=True))
        above = median(one.real_s - other.real_s for one, other in pairs)
        cpu = median(one.cpu_s - other.cpu_s for one, other in pairs)
        goal = against(f"at most {GOAL_S}", met=above <= GOAL_S) if "GET" in name else ""
        seconds = median(each.real_s for each in ends)
        rows.append((name, f"{seconds:.3f}", f"{above:.3f}", f"{cpu:.3f}", goal))
    table(
        f"Start to first answer, medians of {len(yardstick)} rounds",
        ("process", "seconds", "above the import", "CPU above it", "goal"),
        rows,
    )


def _print_ends(ends: Mapping[str, Sequence[End]]) -> None:
    help_s = median(each.real_s for each in ends[HELP])
    plugin_ms = _above_ms(ends, PLUGIN, NO_PLUGIN)
    goals = {
        HELP: against(f"at most {HELP_GOAL_S} s", met=help_s <= HELP_GOAL_S),
        PLUGIN: against(f"at most {PLUGIN_GOAL_MS:g} ms above", met=plugin_ms <= PLUGIN_GOAL_MS),
    }
    above = {
        HELP: f"{_above_ms(ends, HELP, INTERPRETER):.1f}",
        PLUGIN: f"{plugin_ms:.1f}",
        BOTH: f"{_above_ms(ends, BOTH, NO_PLUGIN):.1f}",
    }
    rows = [
        (
            name,
            f"{median(each.real_s for each in of):.3f}",
            f"{median(each.cpu_s for each in of):.3f}",
            above.get(name, ""),
            goals.get(name, ""),
        )
        for name, of in ends.items()
    ]
    table(
        f"Start to end, medians of {len(ends[HELP])} runs",
        ("process", "seconds", "CPU seconds", "ms of CPU above its yardstick", "goal"),
        rows,
    )


def _above_ms(ends: Mapping[str, Sequence[End]], name: str, yardstick: str) -> float:
    """Return how much more CPU `name` takes than its yardstick in the same round."""
    pairs = zip(ends[name], ends[yardstick], strict=True)
    return 1000 * median(ours.cpu_s - theirs.cpu_s for ours, theirs in pairs)


if __name__ == "__main__":
    main()
