"""The speed of the Runway API: polls, creates and whole connects, against others and itself.

All servers sit on one core, the load comes from the other one, over 32 keep-alive connections, and
the servers take turns in each case, so that other work of the machine hits all of them alike. Each
figure is a ratio within each round; the worst of its cases has to reach the goal. The CPU time per
request is that of the server's own processes; it suffers less from a noisy machine than the rate.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks import http_peers, load
from benchmarks.http_cases import CASES, Case, Headers, Kind
from benchmarks.http_contestants import (
    CONDITIONS,
    Contestant,
    answers_of,
    bare_handler,
    plain_fake,
    with_faults,
    with_full_journal,
    with_many_sessions,
    with_many_worlds,
)
from benchmarks.http_figures import HEAD, Measured, rows
from benchmarks.report import progress, table
from tests.clients.npm import NotInstalled

CONTESTANTS = ("before", "bare", *http_peers.KEYS, *CONDITIONS)
CALLS = tuple(kind.value for kind in Kind)
HEADERS = tuple(headers.value for headers in Headers)
BUSY = 0.9


def main() -> None:
    """Run the rounds and print the tables."""
    options = _options()
    calls, headers, wanted = (
        [name for name in names if name in options.only] or names
        for names in (CALLS, HEADERS, CONTESTANTS)
    )
    cases = [each for each in CASES if each.kind.value in calls and each.headers.value in headers]
    left_out: dict[str, str] = {}
    results: dict[tuple[str, Case], Measured] = defaultdict(Measured)
    with ExitStack() as stack:
        contestants = list(_started(stack, wanted, options, left_out))
        progress("warming up")
        for each in list(contestants):
            refused = [burst.failures[0] for burst in _bursts(each, cases, options) if burst.failed]
            if refused:
                left_out[each.key] = f"it answered {refused[0]}"
                contestants.remove(each)
        for number in range(options.rounds):
            progress(f"round {number + 1} of {options.rounds}")
            for case in cases:
                # the order changes, so that a server does not always come behind the same one
                for each in contestants[:: -1 if number % 2 else 1]:
                    _measure(results[each.key, case], each, case, options.seconds)
    measured = {key: each for key, each in results.items() if each.rates}
    for case in cases:
        _print_case(case, contestants, measured)
    worst_first = "the figure of a row is that of its worst case; medians (least to most)"
    table(f"Ours x others: {worst_first} of {options.rounds} rounds", HEAD, rows(measured))
    print()
    for key, reason in left_out.items():
        print(f"Left out: {key}: {' '.join(reason.split())}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of load per server and case")
    parser.add_argument("--sessions", type=int, default=100_000, help="of the world with many")
    parser.add_argument(
        "--quick", action="store_true", help="2 rounds of 0.5 s, 10,000 sessions; not to be quoted"
    )
    parser.add_argument("--before", metavar="FOLDER", help="another checkout, to compare with")
    parser.add_argument(
        "--only",
        metavar="NAME",
        nargs="+",
        default=[],
        choices=[*CALLS, *HEADERS, *CONTESTANTS],
        help=f"calls ({', '.join(CALLS)}), headers ({', '.join(HEADERS)}), contestants"
        f" ({', '.join(CONTESTANTS)}); of what is not named, all",
    )
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.sessions = 2, 0.5, 10_000
    return options


def _started(
    stack: ExitStack,
    wanted: Collection[str],
    options: argparse.Namespace,
    left_out: dict[str, str],
) -> Iterator[Contestant]:
    """Start the contestants, and note why those that are missing could not be."""
    plain = stack.enter_context(plain_fake())
    yield plain
    if "before" in wanted and options.before:
        yield stack.enter_context(plain_fake(folder=options.before))
    elif "before" in wanted:
        left_out["before"] = "no --before was given"
    answers = answers_of(plain)
    if "bare" in wanted:
        yield stack.enter_context(bare_handler(answers))
    for key in http_peers.KEYS:
        if key in wanted:
            try:
                yield stack.enter_context(http_peers.start(key, answers))
            except (NotInstalled, OSError, RuntimeError) as error:
                left_out[key] = str(error)
    if "faults" in wanted:
        yield with_faults(plain)
    if "journal" in wanted:
        yield stack.enter_context(with_full_journal())
    if {"worlds", "mixed"} & set(wanted):
        worlds = stack.enter_context(with_many_worlds())
        yield from (each for each in worlds if each.key in wanted)
    if "sessions" in wanted:
        yield stack.enter_context(with_many_sessions(options.sessions))


def _bursts(
    contestant: Contestant, cases: Sequence[Case], options: argparse.Namespace
) -> Iterator[load.Load]:
    """Load a contestant with all that it can be asked, so that nothing is compiled while measured.

    Without its round as a whole a JVM or Node would be compared while it still learns.
    """
    for case in cases:
        if case.kind in contestant.kinds:
            conversations = contestant.prepare(case)
            yield load.send(contestant.server.url, conversations, seconds=options.seconds)


def _measure(into: Measured, contestant: Contestant, case: Case, seconds: float) -> None:
    """Add a round, unless the contestant has no such call."""
    if case.kind not in contestant.kinds:
        return
    conversations = contestant.prepare(case)
    cpu_before = contestant.server.cpu_s()
    burst = load.send(contestant.server.url, conversations, seconds=seconds)
    cpu = contestant.server.cpu_s() - cpu_before
    if not burst.answers:
        raise RuntimeError(f"{contestant.name} answered nothing in {case}")
    into.rates.append(burst.rate)
    into.cpu_us.append(cpu / burst.answers * 1e6)
    into.busy.append(burst.busy)
    into.failures += burst.failures
    into.failed += burst.failed
    progress(f"  {case}: {contestant.name}: {burst.rate:,.0f}/s, {into.cpu_us[-1]:.0f} us CPU each")


def _print_case(
    case: Case, contestants: Sequence[Contestant], results: dict[tuple[str, Case], Measured]
) -> None:
    lines = []
    for each in contestants:
        measured = results.get((each.key, case))
        if measured is None:
            continue
        failed = f" ({measured.failed} answers were no 2xx!)" if measured.failed else ""
        busy = median(measured.busy)
        lines.append(
            (
                each.name + failed,
                f"{median(measured.rates):,.0f}",
                f"{median(measured.cpu_us):.1f}",
                f"{busy:.0%}" + (", which limits the rate" if busy > BUSY else ""),
            )
        )
    title = f"{case}: {load.CONNECTIONS} keep-alive connections, one core; medians"
    table(title, ("server", "requests/s", "CPU us each", "core of the load"), lines)


if __name__ == "__main__":
    main()
