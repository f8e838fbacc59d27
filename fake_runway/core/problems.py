"""What is wrong with a scenario's data, and where."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value, outermost first."""


class ScenarioProblem(NamedTuple):
    """What is wrong at a place of a scenario's data.

    Attributes:
        sentence: what was expected and what it got.
        line: of the file, counted from 1; None: not known.
    """

    path: Path
    sentence: str
    line: int | None = None


class WrongScenario(ValueError):
    """Data that makes no scenario. The message has one line for each problem."""

    def __init__(self, problems: Sequence[ScenarioProblem]) -> None:
        lines = [f"{'.'.join(map(str, each.path))}: {each.sentence}" for each in problems]
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


@contextmanager
def inside(*path: str | int) -> Iterator[None]:
    """Place each ValueError of the block at `path`.

    Raises:
        WrongScenario.
    """
    try:
        yield
    except ValueError as error:
        raise WrongScenario(_problems(error, path)) from error


@contextmanager
def noting(problems: list[ScenarioProblem], *path: str | int) -> Iterator[None]:
    """Add the ValueErrors of the block to `problems`, placed at `path`, and go on after it."""
    try:
        yield
    except ValueError as error:
        problems += _problems(error, path)


def _problems(error: ValueError, path: Path) -> list[ScenarioProblem]:
    if isinstance(error, WrongScenario):
        return [each._replace(path=(*path, *each.path)) for each in error.problems]
    return [ScenarioProblem(path, str(error))]
