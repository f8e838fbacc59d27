"""Cross-talk between worlds: many workers on one server, each run compared with itself alone.

The server is the real command in a process of its own, with worlds that stand still until their
test moves them. 64 workers send runs over real sockets, by all ways in which a world can be
named: conversations, faults, lost replies, acts, jumps. After a wave of runs the record of every
world is read, and the same run is done in this process in a world that is alone. A record holds all
calls and acts, every answer, and a digest of all moves; any difference is counted.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import installed, serving
from benchmarks.report import against, progress, table
from fake_runway.replay.record import record
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.fake.over_http import Caller, WorldAddress, address_of, asking_once, run_alone
from tests.support.fake.runs import scripted

WAVE = 10  # runs of each worker before their worlds are compared and dropped


def main() -> None:
    """Run the waves and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--runs", type=int, default=200, help="of each worker")
    options = parser.parse_args()
    most = options.workers * WAVE + 1
    command = [installed("fake-runway"), "serve", "--port=0", "--time-scale=0"]
    begin = time.monotonic()
    try:
        with serving("fake", [*command, f"--max-worlds={most}"]) as server:
            counted = asyncio.run(_waves(server.url, options.workers, options.runs))
    except subprocess.SubprocessError as error:
        raise SystemExit(f"the server: {error}") from error
    calls, moved, different, shared = counted
    total = options.workers * options.runs
    row = (
        f"{options.workers} x {options.runs} = {total:,}",
        f"{calls:,}",
        f"{moved:,}",
        f"{time.monotonic() - begin:.0f}",
        against(f"{different}, goal 0", met=different == 0),
        against(f"{shared}, goal 0", met=shared == 0),
    )
    head = ("runs", "calls", "acts", "s", "differ from the run alone", "ids in two worlds")
    table("One server, parallel workers, a world for each run", head, [row])


async def _waves(url: str, workers: int, runs: int) -> tuple[int, int, int, int]:
    catalogue = Catalogue.builtin()
    calls = acts = different = shared = 0
    seen: set[str] = set()
    async with asking_once(url, connections=workers) as http:

        async def work(numbers: range) -> list[Caller]:
            callers = []
            for number in numbers:
                caller = Caller(http, address_of(number, catalogue))
                await caller.play_all(scripted(number))
                callers.append(caller)
            return callers

        for first in range(0, runs, WAVE):
            count = min(WAVE, runs - first)
            starts = [first * workers + worker * count for worker in range(workers)]
            done = await asyncio.gather(*[work(range(at, at + count)) for at in starts])
            records = [(caller.address, await caller.record()) for each in done for caller in each]
            numbers = [number for at in starts for number in range(at, at + count)]
            for number, (address, recorded) in zip(numbers, records, strict=True):
                different += not _is_alike(number, address, recorded, catalogue)
                own = {each["session"] for each in recorded["journal"] if _created(each)}
                shared += len(own & seen)
                seen |= own
                calls += len(recorded["journal"])
                acts += sum("act" in step for step in recorded["steps"])
            for address, _ in records:
                (await http.delete(f"/w/{address.world}/__admin/world")).release()
            progress(f"{first + count} of {runs} runs each: {different} differ")
    return calls, acts, different, shared


def _created(exchange: dict[str, object]) -> bool:
    return exchange["operation"] == "createSession" and exchange["session"] is not None


def _is_alike(
    number: int, address: WorldAddress, recorded: dict[str, object], catalogue: Catalogue
) -> bool:
    epoch = recorded["epoch"]
    if not isinstance(epoch, float):
        return False
    player = run_alone(address, scripted(number), epoch=epoch, catalogue=catalogue)
    ours = orjson.dumps(record(player.world), option=orjson.OPT_SORT_KEYS)
    if ours == orjson.dumps(recorded, option=orjson.OPT_SORT_KEYS):
        return True
    progress(f"run {number} in {address.world} differs")
    return False


if __name__ == "__main__":
    main()
