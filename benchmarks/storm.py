"""Every scenario of the catalogue upstream, and for each of them two hundred callers at once.

The gateway and the fake are the real commands. Each scenario has a world, and two gateways in front
of it, one after the other: the first is stopped when all callers have their answers, the second
while half of the creates are still to come. Each wrong of the gateway is listed, and the tables
end with it. At the end comes a long storm of all scenarios mixed, wave after wave in one gateway,
to see whether its memory grows. `tests/process/test_gateway_storm.py` is the same in small.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.report import Row, against, progress, table
from fake_runway.client.aio import AsyncAdmin
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.gateway.storm import (
    FAKE_OPTIONS,
    Seen,
    Storm,
    by_avatar,
    wave_of,
    weather,
    wrongs,
)
from tests.support.processes import running

KIB = 1024
AVATAR = "music-superstar"  # an avatar without a binding: its sessions follow the world's scenario


def main() -> None:
    """Run the storms and print the tables; the exit code is 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help="only these; default: all")
    parser.add_argument("--callers", type=int, default=200, help="at once, for each scenario")
    parser.add_argument("--at-once", type=int, default=3, help="storms")
    parser.add_argument("--waves", type=int, default=20, help="of the long storm; 0 for none")
    parser.add_argument("--deadline", type=float, default=3.0, help="of the gateway, in seconds")
    options = parser.parse_args()
    catalogue = Catalogue.builtin()
    names = options.scenarios or catalogue.names
    storms = [
        storm
        for number, name in enumerate(names)
        for storm in _of_scenario(name, options.callers, options.deadline, seed=number)
    ]
    begin = time.monotonic()
    seen = asyncio.run(_play(storms, options.at_once))
    found = [wrong for each in seen for wrong in wrongs(each)]
    head = ("scenario", "stopped", "answers", "sessions", "cancels", "RSS, KiB", "wrong")
    table("Each scenario by itself", head, [_row(each) for each in seen])
    connects = sum(len(each.replies) for each in seen)
    print(f"\n{connects:,} connects in {time.monotonic() - begin:.0f} s")
    if options.waves:
        avatars = list(by_avatar(catalogue))
        waves = tuple(wave_of(avatars, options.callers, seed=seed) for seed in range(options.waves))
        mixed = Storm("mixed", "default", waves, deadline_s=options.deadline)
        (long,) = asyncio.run(_play([mixed], 1))
        found += wrongs(long)
        _show_memory(long)
    for wrong in found:
        print(wrong)
    sys.exit(1 if found else 0)


def _of_scenario(name: str, callers: int, deadline_s: float, *, seed: int) -> tuple[Storm, Storm]:
    wave = wave_of([AVATAR], callers, seed=seed)
    half = ("createSession", max(1, callers // 2))
    return (
        Storm(f"{name}-calm", name, (wave,), deadline_s=deadline_s),
        Storm(f"{name}-stopped", name, (wave,), half, deadline_s=deadline_s),
    )


async def _play(storms: Sequence[Storm], at_once: int) -> list[Seen]:
    turn = asyncio.Semaphore(at_once)
    async with running("fake_runway", *FAKE_OPTIONS) as fake:
        url = (await fake.line()).split()[-1]

        async def play(storm: Storm) -> Seen:
            async with turn:
                seen = await weather(url, storm)
                await AsyncAdmin(url, world=storm.world).drop()  # its journal is large
                progress(f"{storm.world}: {_answers(seen)}")
                for wrong in wrongs(seen):
                    progress(f"  WRONG {wrong}")
                return seen

        return await asyncio.gather(*[play(storm) for storm in storms])


def _answers(seen: Seen) -> str:
    return ", ".join(f"{count} {code}" for code, count in seen.codes.most_common())


def _row(seen: Seen) -> Row:
    wrong = len(wrongs(seen))
    return (
        seen.storm.scenario,
        "in the middle" if seen.storm.stop_after else "after all",
        _answers(seen),
        str(len(seen.sessions)),
        str(len(seen.cancels)),
        " > ".join(str(each // KIB) for each in seen.resident),
        against(f"{wrong}, goal 0", met=wrong == 0),
    )


def _show_memory(seen: Seen) -> None:
    """Print what each wave added; the first ones fill pools that are kept."""
    held = [each // KIB for each in seen.resident]
    callers = len(seen.storm.waves[0])
    rows = [
        (str(wave), str(held[wave]), f"{held[wave] - held[wave - 1]:+}")
        for wave in range(1, len(held))
    ]
    title = f"Memory of one gateway over waves of {callers} callers (KiB; {held[0]} at its start)"
    table(title, ("wave", "RSS", "grown by"), rows)
    half = len(held) // 2
    if half and len(held) - 1 > half:
        grown = (held[-1] - held[half]) * KIB / (callers * (len(held) - 1 - half))
        print(f"\nover the second half: {grown:.0f} bytes for each connect")


if __name__ == "__main__":
    main()
