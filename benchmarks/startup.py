"""From the start of `fake-runway serve` to its first answer, above the price of aiohttp itself.

The yardstick is a Python process that imports `aiohttp.web`, prints a line and answers nothing:
its interpreter starts too. They take turns.
"""

import argparse
import http.client
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import SERVER_CORE, address, installed, pinned
from benchmarks.load import SDK_HEADERS
from benchmarks.report import Row, against, progress, table

GOAL_S = 0.15
IMPORT = "import aiohttp.web; print('http://127.0.0.1:0 nobody', flush=True)"
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
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(options.rounds + 1):
        progress(f"round {number} of {options.rounds}" if number else "warming up")
        for name, (command, answering) in contestants.items():
            seconds = seconds_to_answer(command, answering)
            progress(f"  {name}: {seconds:.3f} s")
            if number:
                times[name].append(seconds)
    _print(times)


def seconds_to_answer(command: list[str], answering: Answering | None) -> float:
    """Start a process; return the seconds to its first line or, with a URL, its first answer."""
    with pinned(SERVER_CORE):
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = child.stdout.readline() if child.stdout else ""
        url = next(word for word in line.split() if word.startswith("http://"))
        if answering is not None:
            answering(http.client.HTTPConnection(*address(url)))
        return time.perf_counter() - begin
    finally:
        child.terminate()
        child.communicate()


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


def _print(times: dict[str, list[float]]) -> None:
    yardstick = next(iter(times.values()))
    rows: list[Row] = []
    for name, seconds in times.items():
        above = median(one - other for one, other in zip(seconds, yardstick, strict=True))
        goal = against(f"at most {GOAL_S}", met=above <= GOAL_S) if "GET" in name else ""
        rows.append((name, f"{median(seconds):.3f}", f"{above:.3f}", goal))
    table(
        f"Start to first answer, medians of {len(yardstick)} rounds",
        ("process", "seconds", "above the import", "goal"),
        rows,
    )


if __name__ == "__main__":
    main()
