"""Do the tests notice when one token of the code changes? `python -m tests.mutants --help`."""

import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tests.mutants.forks import Outcome
from tests.mutants.mutations import mutants_of
from tests.mutants.running import FAST_TESTS, TestsFail, outcomes
from tests.mutants.survivors import key_of, listed

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("fake_runway/core", "gateway/flow", "gateway/limits", "gateway/access"),
    "contracts/judge/requirements",
)


@dataclass(slots=True)
class Row:
    """What became of one file's mutants, and the processor time that it took."""

    file: str
    tried: int = 0
    killed: int = 0
    endless: int = 0
    listed: int = 0
    cpu_s: float = 0.0

    def add(self, outcome: Outcome, cpu_s: float) -> None:
        """Count one more that was tried."""
        self.tried += 1
        self.killed += not outcome.alive
        self.endless += outcome is Outcome.ENDLESS
        self.cpu_s += cpu_s

    def __str__(self) -> str:
        counts = f"{self.tried:7}{self.killed:8}{self.endless:9}{self.listed:8}"
        return f"{counts}{self.tried - self.killed:7}{self.cpu_s:7.0f}  {self.file}"


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--tests",
    multiple=True,
    help="A file or folder of tests, to try only these: quick, while they are written.",
)
@click.option(
    "--sample",
    type=click.IntRange(0),
    default=0,
    help="So many mutants, drawn by chance. [default: all]",
)
@click.option("--seed", default=0, show_default=True, help="Of that draw.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--at-least",
    type=click.IntRange(0, 100),
    default=90,
    show_default=True,
    help="So many of a hundred have to be killed.",
)
def main(
    paths: Sequence[str], sample: int, seed: int, jobs: int, at_least: int, tests: tuple[str, ...]
) -> None:
    """Change one token at a time, and run the fast tests of the package: do they fail?

    PATHS are files or folders; without any, the rooms that decide. A survivor has to be mended, by
    a test that kills it, or listed in survivors.toml with the reason why no test can.

    \b
    Exit code
      0  enough are killed, and each survivor is listed
      1  not so
      2  usage, or the tests fail without a mutant
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: nothing stays
    files = _files(paths or ROOMS)
    mutants = [mutant for file in files for mutant in mutants_of(ROOT, file)]
    if sample and sample < len(mutants):
        chosen = random.Random(seed).sample(range(len(mutants)), sample)
        mutants = [mutants[each] for each in sorted(chosen)]
    reasons = listed()
    known = [each for each in mutants if key_of(each) in reasons]
    tried = [each for each in mutants if key_of(each) not in reasons]
    click.echo(f"{len(mutants)} mutants in {len(files)} files, {len(known)} of them listed")
    rows = {each.file: Row(each.file) for each in mutants}
    for mutant in known:
        rows[mutant.file].listed += 1
    survivors = []
    try:
        for number, (mutant, outcome, cpu_s) in enumerate(
            outcomes(ROOT, tried, jobs, tests), start=1
        ):
            rows[mutant.file].add(outcome, cpu_s)
            if outcome.alive:
                survivors.append(f"{outcome.value}: {mutant}")
                click.echo(f"[{number}/{len(tried)}] {survivors[-1]}")
            elif number % 20 == 0:
                click.echo(f"[{number}/{len(tried)}] {len(survivors)} survived")
    except TestsFail as error:
        click.echo(error, err=True)
        sys.exit(2)
    click.echo("\n  tried  killed  endless  listed  alive  cpu s  file")
    for row in rows.values():
        click.echo(row)
    killed = len(tried) - len(survivors)
    rate = 100 * killed / (len(tried) or 1)
    click.echo(f"{killed} of {len(tried)} killed ({rate:.1f} %), {len(known)} listed survivors")
    sys.exit(1 if survivors or rate < at_least else 0)


def _files(paths: Sequence[str]) -> list[str]:
    files: list[str] = []
    for path in map(Path, paths):
        full = ROOT / path
        found = sorted(full.rglob("*.py")) if full.is_dir() else [full]
        if not all(each.is_file() for each in found) or not found:
            raise click.BadParameter(f"there is no Python file at {path}")
        files += [str(each.relative_to(ROOT)) for each in found]
    if strange := [each for each in files if Path(each).parts[0] not in FAST_TESTS]:
        raise click.BadParameter(f"expected files of {', '.join(FAST_TESTS)}, got {strange[0]}")
    return list(dict.fromkeys(files))


if __name__ == "__main__":
    main()
