"""Do the tests notice when one token of the code changes? `python -m tests.mutants --help`."""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tests.mutants.mutations import Mutant, mutants_of
from tests.mutants.running import FAST_TESTS, Outcome, TestsFail, outcomes
from tests.mutants.survivors import Key, listed

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("fake_runway/core", "gateway/flow", "gateway/limits", "gateway/access"),
    "contracts/judge/requirements",
)


def key_of(mutant: Mutant) -> Key:
    """Return what a mutant is listed by: not by its line, which moves."""
    return mutant.file, mutant.before, mutant.after


@click.command()
@click.argument("paths", nargs=-1)
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
def main(paths: Sequence[str], sample: int, seed: int, jobs: int, at_least: int) -> None:
    """Change one token at a time, and run the fast tests of the package: do they fail?

    PATHS are files or folders; without any, the rooms that decide. A survivor has to be mended, by
    a test that kills it, or listed in survivors.toml with the reason why no test can.

    \b
    Exit code
      0  enough are killed, and each survivor is listed
      1  not so
      2  usage, or the tests fail without a mutant
    """
    files = _files(paths or ROOMS)
    mutants = [mutant for file in files for mutant in mutants_of(ROOT, file)]
    if sample and sample < len(mutants):
        chosen = random.Random(seed).sample(range(len(mutants)), sample)
        mutants = [mutants[each] for each in sorted(chosen)]
    reasons = listed()
    known = [each for each in mutants if key_of(each) in reasons]
    tried = [each for each in mutants if key_of(each) not in reasons]
    click.echo(f"{len(mutants)} mutants in {len(files)} files, {len(known)} of them listed")
    survivors = []
    try:
        for number, (mutant, outcome) in enumerate(outcomes(ROOT, tried, jobs), start=1):
            if outcome is Outcome.SURVIVED:
                survivors.append(mutant)
                click.echo(f"[{number}/{len(tried)}] survived: {mutant}")
            elif number % 20 == 0:
                click.echo(f"[{number}/{len(tried)}] {len(survivors)} survived")
    except TestsFail as error:
        click.echo(error, err=True)
        sys.exit(2)
    killed = len(tried) - len(survivors)
    rate = 100 * killed / (len(tried) or 1)
    click.echo(f"{killed} of {len(tried)} killed ({rate:.1f} %), {len(known)} listed survivors")
    for mutant in survivors:
        click.echo(f"survived: {mutant}")
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
