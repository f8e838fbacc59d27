"""The cost of the pytest fixture per test, and of selecting a scenario.

A fixture's cost is what pytest does for a test that does nothing but ask for `fake_runway`, above
what it does for one that asks for nothing: setting the world up, reading findings, dropping it.
Both kinds of tests are run by pytest itself, side by side in one run. The scenario switch is one
call of the admin API over HTTP, to the real command as a process.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import End, installed, pytest_with, run_to_end, serving
from benchmarks.report import Row, against, progress, table
from fake_runway.client.blocking import Admin

GOALS_MS = {"the fixture": 1.5, "the fixture and a scenario": 2.0}
SWITCH_GOAL_MS = 1.0
TESTS = 400
SWITCHES = 200
KINDS = {
    "nothing asked for": "def test_nothing(number): pass",
    "the fixture": "def test_fixture(number, fake_runway): pass",
    "the fixture, a session made": (
        "def test_session(number, fake_runway): fake_runway.sessions.make('ready')"
    ),
    "the fixture and a scenario": (
        "@pytest.mark.fake_runway(scenario='slow')\ndef test_scenario(number, fake_runway): pass"
    ),
    "the fixture and a seed": (
        "@pytest.mark.fake_runway(seed=7)\ndef test_seed(number, fake_runway): pass"
    ),
}


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    runs: dict[str, list[End]] = {name: [] for name in KINDS}
    switches: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            progress(f"round {number + 1} of {options.rounds}")
            for index, (name, test) in enumerate(KINDS.items()):
                runs[name].append(_run(Path(folder) / f"test_{index}.py", test))
                progress(f"  {TESTS} tests, {name}: {runs[name][-1].real_s:.2f} s")
            switches.append(_switch_ms())
            progress(f"  scenario switch: {switches[-1]:.2f} ms")
    _print(runs, switches)


def _run(file: Path, test: str) -> End:
    """Run pytest with no other plugin; one more test starts the server in every run."""
    file.write_text(
        "import pytest\n\ndef test_first(fake_runway): pass\n\n"
        f"@pytest.mark.parametrize('number', range({TESTS}))\n{test}\n"
    )
    return run_to_end([*pytest_with("fake_runway"), file.name], file.parent)


def _switch_ms() -> float:
    """Return the median of many switches from one scenario to another and back."""
    times = []
    with (
        serving("fake", [installed("fake-runway"), "serve", "--port=0"]) as server,
        Admin(server.url, world="switching") as admin,
    ):
        for _ in range(SWITCHES):
            for name in ("slow", "create-429-twice"):
                begin = time.perf_counter()
                admin.scenario(name)
                times.append(1000 * (time.perf_counter() - begin))
    return median(times)


def _print(runs: dict[str, list[End]], switches: list[float]) -> None:
    nothing, *others = KINDS
    rows: list[Row] = []
    for name in others:
        pairs = list(zip(runs[name], runs[nothing], strict=True))
        costs = [1000 * (run.real_s - empty.real_s) / TESTS for run, empty in pairs]
        cpu = [1000 * (run.cpu_s - empty.cpu_s) / TESTS for run, empty in pairs]
        goal_ms = GOALS_MS.get(name)
        met = against(f"at most {goal_ms:g} ms", met=median(costs) <= goal_ms) if goal_ms else ""
        rows.append((name, f"{median(costs):.2f}", f"{median(cpu):.2f}", met))
    met = against(f"below {SWITCH_GOAL_MS:g} ms", met=median(switches) < SWITCH_GOAL_MS)
    rows.append(("a scenario switch", f"{median(switches):.2f}", "", met))
    title = f"What a test pays; medians of {len(switches)} rounds of {TESTS} tests"
    table(title, ("", "ms", "ms of CPU", "goal"), rows)


if __name__ == "__main__":
    main()
