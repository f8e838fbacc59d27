"""Running the tests on mutants: in forks of a process that has the libraries loaded already.

Each fork works in a copy of the repository, so that several run side by side and the repository
itself is never changed. A mutant meets the tests that are named like its file first, because they
kill most; only what survives them meets all fast tests of its package.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.mutations import Mutant

OURS = ("contracts", "fake_runway", "gateway", "tests")
LIBRARIES = (
    *("pytest", "hypothesis", "aiohttp.web", "aiohttp.test_utils", "orjson", "jsonschema"),
    *("jsonschema_rs", "jwt", "yaml", "rich.progress", "click.testing", "prometheus_client"),
    *("async_solipsism", "jinja2", "pytest_asyncio", "pytest_aiohttp", "xdist", "httpx"),
)
FAST_TESTS = {
    "fake_runway": ("tests/unit/fake_runway",),
    "gateway": ("tests/unit/gateway", "tests/simulation"),
    "contracts": ("tests/unit/contracts", "tests/contract/test_teeth.py"),
}
"""By package: which tests have to kill its mutants."""
_PATIENCE = 5
_PATIENCE_S = 60.0


class Outcome(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"


class TestsFail(Exception):
    """The tests fail without a mutant, so they cannot tell anything about one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The tests that a file's mutants meet, the nearest first."""

    nearest: tuple[str, ...]
    rest: tuple[str, ...]

    @classmethod
    def of(cls, root: Path, file: str) -> "Selection":
        """Return the tests for a file: those whose names have its name, then all fast ones."""
        path = Path(file)
        fast = FAST_TESTS[path.parts[0]]
        folder = root / "tests/unit" / path.parent
        near = sorted(folder.glob(f"test_{path.stem}*.py")) or sorted(folder.glob("test_*.py"))
        return cls(tuple(str(each.relative_to(root)) for each in near), fast)

    def stages(self) -> Iterator[tuple[str, ...]]:
        """Yield the groups of tests, in order."""
        if self.nearest:
            yield self.nearest
        yield self.rest


@dataclass(slots=True)
class _Child:
    mutant: Mutant
    place: Path
    stages: list[tuple[str, ...]]
    deadline: float = 0.0


def outcomes(root: Path, mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, Outcome]]:
    """Test each mutant, so many side by side; yield what became of it, as it is known.

    Raises:
        TestsFail: the tests of a package fail without a mutant.
    """
    for name in LIBRARIES:
        import_module(name)
    with TemporaryDirectory(prefix="mutants-") as folder:
        places = [_copy(root, Path(folder) / str(number)) for number in range(jobs)]
        needed = {stage for each in mutants for stage in Selection.of(root, each.file).stages()}
        limits = _limits(places, needed)
        yield from _played(places, mutants, limits)


def _copy(root: Path, place: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name)
    return place


def _limits(
    places: Sequence[Path], stages: Iterable[tuple[str, ...]]
) -> dict[tuple[str, ...], float]:
    """Run the tests without a mutant in each copy; return the longest time that each may take."""
    limits = {}
    for stage in sorted(stages):
        for place in places:
            began = time.monotonic()
            pid = _fork(place, stage, warm=True)
            _, status = os.waitpid(pid, 0)
            if status:
                output = (place / "output.txt").read_text(errors="replace")
                raise TestsFail(f"{' '.join(stage)} fails without a mutant:\n{output[-3000:]}")
            limits[stage] = _PATIENCE * (time.monotonic() - began) + _PATIENCE_S
    return limits


def _played(
    places: Sequence[Path],
    mutants: Sequence[Mutant],
    limits: dict[tuple[str, ...], float],
) -> Iterator[tuple[Mutant, Outcome]]:
    waiting, free = list(reversed(mutants)), list(places)
    running: dict[int, _Child] = {}

    def begin(child: _Child) -> None:
        stage = child.stages.pop(0)
        child.deadline = time.monotonic() + limits[stage]
        running[_fork(child.place, stage)] = child

    try:
        while waiting or running:
            while waiting and free:
                mutant, place = waiting.pop(), free.pop()
                _write(place, mutant)
                begin(_Child(mutant, place, [*Selection.of(place, mutant.file).stages()]))
            for pid, survived in _ended(running):
                child = running.pop(pid)
                if survived and child.stages:
                    begin(child)
                    continue
                original = places[0].parent / "original" / child.mutant.file
                shutil.copy2(original, child.place / child.mutant.file)
                free.append(child.place)
                yield child.mutant, Outcome.SURVIVED if survived else Outcome.KILLED
    finally:
        for pid in running:
            _end(pid)


def _ended(running: dict[int, _Child]) -> list[tuple[int, bool]]:
    """Wait until a child has ended or its time is over; return who, and whether tests passed."""
    while True:
        for pid, child in running.items():
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return [(pid, status == 0)]
            if time.monotonic() > child.deadline:
                _end(pid)
                return [(pid, False)]
        time.sleep(0.01)


def _end(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _write(place: Path, mutant: Mutant) -> None:
    path = place / mutant.file
    kept = place.parent / "original" / mutant.file
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
    # A mutant of the same length in the same second would look unchanged to Python.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    path.write_text(mutant.code)


def _fork(place: Path, tests: Sequence[str], *, warm: bool = False) -> int:
    """Run tests in a copy of the repository, in a child; return its process id.

    Args:
        warm: the child may keep what it compiles; nothing is mutated then.
    """
    if pid := os.fork():
        with suppress(PermissionError):  # both do it, so that neither is too late
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        with suppress(PermissionError):
            os.setpgid(0, 0)
        code = _tested(place, tests, warm=warm)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tested(place: Path, tests: Sequence[str], *, warm: bool) -> int:
    os.chdir(place)
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in [each for each in sys.modules if each.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(place), *(each for each in sys.path if each not in ("", os.getcwd()))]
    sys.dont_write_bytecode = not warm
    os.environ["PYTHONPATH"] = str(place)
    pytest = import_module("pytest")
    arguments = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-m", "not exhaustive"]
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # loaded before the fork
    return int(pytest.main([*arguments, "--rootdir", str(place), *tests]))
