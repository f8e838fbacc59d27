"""The output of the benchmarks: progress on stderr, one table on stdout at the end."""

import sys
from collections.abc import Iterable, Sequence
from statistics import median

Row = Sequence[str]


def progress(text: str) -> None:
    """Write a line of progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def table(title: str, head: Row, rows: Iterable[Row]) -> None:
    """Print a Markdown table, its columns aligned: fit for the README as it is."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"\n{title}\n")
    for number, line in enumerate(lines):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("| " + " | ".join("-" * width for width in widths) + " |")


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return the ratio within each round: a disturbance of a round hits both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within each round."""
    return median(ratios(ours, theirs))


def against(goal: str, *, met: bool) -> str:
    """Return a goal and whether it was met, for a cell of a table."""
    return f"{goal}: {'met' if met else 'NOT met'}"
