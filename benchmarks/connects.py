"""Our gateway against Express with the official Node SDK, in front of the same fake.

Three parts, each with a table of its own:

  1  CPU: sessions are READY at the first poll, so a connect is nothing but the gateway's own work
     and two or three upstream requests. Connects per second of the gateway's CPU time.
     The goal is against the Express with as many upstream requests.
  2  Waiting: sessions become READY after 0.2 to 8 s. The delay that the gateway adds after that
     instant, as a waiting caller notices it: the pause between two polls, and the rest.
  3  A burst: all callers connect within two seconds, and no session becomes READY before all of
     them wait. The number of failures, and the peak memory of the gateway's processes.

The gateway under test has one core, the fake and the callers share the other one. "Other core
busy" says how much of it they used: near 100 % the gateway waited for them, and only its CPU time
and its memory mean something. Express is our example, and the server of the document that this
project starts from where that is at hand; it is left out, with the reason, without Node.

"Everything on" is authentication (JWT, HS256, a token for each caller), a rate limit, a limit on
connects in flight, metrics, and a JSON log in a file, as far as the installed gateway has them.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks import express_gateway
from benchmarks.connect_contestants import contestants
from benchmarks.connect_parts import Size, burst, cpu, waiting
from benchmarks.report import progress

FILES = 16_384  # open at once: each of 2,000 callers takes two connections in the gateway
QUICK = Size(rounds=2, connects=300, waiting=60, waiting_over_s=6.0, burst=500, burst_ready_s=5.0)


def main() -> None:
    """Run the selected parts, and print a table after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--part", type=int, choices=(1, 2, 3), action="append", help="only this one; repeatable"
    )
    parser.add_argument(
        "--quick", action="store_true", help="two minutes instead of nine: rough figures"
    )
    parser.add_argument("--no-express", action="store_true", help="leave the npm packages out")
    options = parser.parse_args()
    size = QUICK if options.quick else Size()
    _allow_many_files()
    with ExitStack() as stack:
        express: Sequence[express_gateway.Express] = ()
        without = "left out on request"
        if not options.no_express:
            try:
                express, without = stack.enter_context(express_gateway.prepared()), ""
            except express_gateway.CannotBeHad as error:
                without = str(error)
        gateways = contestants(express)
        for number, part in ((1, cpu), (2, waiting), (3, burst)):
            if not options.part or number in options.part:
                progress(f"part {number}")
                part([each for each in gateways if number == 1 or not each.only_cpu], size)
    if without:
        print(f"\nWithout Express: {without}.")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\nLoad averages at the end: {load}; {len(os.sched_getaffinity(0))} cores.")


def _allow_many_files() -> None:
    """Raise the limit on open files, for this process and those that it starts."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    most = FILES if hard == RLIM_INFINITY else min(FILES, hard)
    if soft != RLIM_INFINITY and soft < most:
        setrlimit(RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main()
