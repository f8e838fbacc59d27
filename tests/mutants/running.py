"""Running the tests on mutants, in forks: nothing is written, no program starts anew.

A process imports the code and collects all fast tests of a package, once. A fork of it runs them
traced, and so learns which functions each test runs. For each mutant of a function's body another
fork gives the function its changed code and runs the files whose tests run it, these tests first.

What runs while modules are imported (constants, patterns, decorators) cannot be changed afterwards.
For such a mutant a fork of a process without our modules imports the changed text instead, and
meets the files that run any function of its file, then all others.

A mutant that does not end is ended when it has used much more processor time than the tests do, or
when it has used none for longer than they ever wait.
"""

import gc
import importlib.util
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import groupby
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar

import pytest

from tests.mutants.forks import Outcome, Watched, Work, end_with, side_by_side, write_to
from tests.mutants.mutant import Function, Mutant, functions_of
from tests.mutants.selection import Known, Run

T = TypeVar("T")

OURS = ("contracts", "fake_runway", "gateway", "tests")
LIBRARIES = (
    *("hypothesis", "aiohttp.web", "aiohttp.test_utils", "orjson", "jsonschema"),
    *("jsonschema_rs", "jwt", "yaml", "rich.progress", "click.testing", "prometheus_client"),
    *("async_solipsism", "jinja2", "pytest_asyncio", "pytest_aiohttp", "xdist", "httpx"),
)
FAST_TESTS = {
    "fake_runway": ("tests/unit/fake_runway",),
    "gateway": ("tests/unit/gateway", "tests/simulation"),
    "contracts": ("tests/unit/contracts",),
}
"""By package: which tests have to kill its mutants.

Those that play whole situations (tests/contract) take a second or more each: too dear here.
"""
_OPTIONS = (
    *("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-m", "not exhaustive"),
    "--assert=plain",  # else pytest imports our modules by itself: they belong to its plugins
)


class TestsFail(Exception):
    """The tests fail without a mutant, so they cannot tell anything about one."""


Result = tuple[Mutant, Outcome, float]
"""A mutant, what became of it, and the seconds of processor time that this took."""


def outcomes(
    root: Path, mutants: Sequence[Mutant], jobs: int, tests: Sequence[str] = ()
) -> Iterator[Result]:
    """Test each mutant, so many side by side; yield what became of it, as it is known.

    Args:
        tests: files and folders of tests; none: all fast ones of each mutant's package.

    Raises:
        TestsFail: the tests of a package fail without a mutant.
    """
    os.chdir(root)
    for name in LIBRARIES:
        import_module(name)
    for package, fast in FAST_TESTS.items():
        mine = [each for each in mutants if Path(each.file).parts[0] == package]
        if mine:
            yield from _of_package(root, mine, tests or fast, jobs)


def _of_package(
    root: Path, mutants: Sequence[Mutant], tests: Sequence[str], jobs: int
) -> Iterator[Result]:
    with TemporaryDirectory(prefix="mutants-") as folder:
        ours, theirs = get_context("fork").Pipe(duplex=False)
        collected = _Collected(root, mutants, jobs, theirs, Path(folder))
        if not (pid := os.fork()):
            end_with(lambda: collected.run(tests))
        theirs.close()
        try:
            known = _received(ours, Path(folder))
            while (index := _received(ours, Path(folder))) is not None:
                number, outcome, cpu_s = index
                yield mutants[number], outcome, cpu_s
            rest = _received(ours, Path(folder))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        yield from _imported(root, [mutants[number] for number in rest], known, jobs)


def _received(connection: Connection, folder: Path) -> Any:
    try:
        return connection.recv()
    except EOFError:
        output = (folder / "output.txt").read_text(errors="replace")
        raise TestsFail(f"the tests fail without a mutant:\n{output[-3000:]}") from None


# Mutants of functions' bodies


class _Trace:
    """Notes which functions of some files run."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._functions = {
            str(root / file): functions_of(file, (root / file).read_text()) for file in files
        }
        self._seen: set[tuple[str, int]] = set()

    def start(self) -> None:
        threading.settrace(self._note)
        sys.settrace(self._note)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def taken(self) -> frozenset[Function]:
        """Return the functions since the last call."""
        seen, self._seen = self._seen, set()
        return frozenset(
            function
            for path, line in seen
            for function in self._functions[path]
            if function.first <= line <= function.last
        )

    def _note(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if code.co_filename in self._functions:
            self._seen.add((code.co_filename, code.co_firstlineno))


class _Collected(Watched):
    """A process that has collected the tests, as a plugin of pytest.

    It sends what it has learned of the tests, the results with the mutants' numbers, None, and the
    numbers of mutants that it cannot make.
    """

    def __init__(
        self, root: Path, mutants: Sequence[Mutant], jobs: int, results: Connection, folder: Path
    ) -> None:
        super().__init__()
        self._root = root
        self._mutants = mutants
        self._jobs = jobs
        self._results = results
        self._folder = folder
        self._trace = _Trace(root, dict.fromkeys(each.file for each in mutants))

    def run(self, tests: Sequence[str]) -> int:
        """Collect the tests, and test the mutants."""
        os.setpgid(0, 0)  # so that all forks of this one can be ended together
        write_to(self._folder / "output.txt")
        _forget_our_modules(self._root)
        self._trace.start()
        return int(pytest.main([*_OPTIONS, "--rootdir", str(self._root), *tests], plugins=[self]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run no test in this process."""
        self._trace.stop()
        if session.testsfailed or not session.items:
            return True  # something could not be imported: the output says what
        known = self._learned(session, self._trace.taken())
        if known is None:
            return True
        self._results.send(known)
        self.usual_s = known.wall_s
        functions = self._all_functions()
        works, rest = [], []
        for number, mutant in enumerate(self._mutants):
            change = _change(self._root, mutant, functions)
            if change is None or mutant.function in known.at_import or mutant.function is None:
                rest.append(number)
            elif order := known.order(mutant.function):
                works.append(self._work(session, number, known, order, change))
            else:
                self._results.send((number, Outcome.UNTESTED, 0.0))
        for work, code, cpu_s in side_by_side(works, self._jobs):
            self._results.send((work.about, Outcome.of(code), cpu_s))
        self._results.send(None)
        self._results.send(rest)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say what failed: forks end before the summary."""
        if report.failed and self.usual_s is None:
            os.write(1, f"\n{report.nodeid}\n{report.longreprtext}\n".encode())

    def _learned(self, session: pytest.Session, at_import: frozenset[Function]) -> Known | None:
        """Run the tests of each file in a fork of its own, so that no cache is filled before."""

        def learn(place: Path, items: Sequence[pytest.Item]) -> int:
            runs: dict[str, Run] = {}
            for item, after in zip(items, [*items[1:], None], strict=True):
                cpu_s, wall_s = time.process_time(), time.monotonic()
                self._trace.start()
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                self._trace.stop()
                times = time.process_time() - cpu_s, time.monotonic() - wall_s
                runs[item.nodeid] = Run(*times, self._trace.taken())
            place.write_bytes(pickle.dumps(runs))
            return int(bool(session.testsfailed))

        works, tests = [], {}
        for number, (file, group) in enumerate(groupby(session.items, lambda each: each.path)):
            place, name = self._folder / str(number), str(file.relative_to(self._root))
            works.append(Work((name, place), partial(learn, place, list(group))))
        for work, code, _ in side_by_side(works, self._jobs):
            if code:
                return None
            name, place = work.about
            tests[name] = pickle.loads(place.read_bytes())
        return Known(tests, at_import)

    @staticmethod
    def _all_functions() -> dict[tuple[str, str, int], list[FunctionType]]:
        found: dict[tuple[str, str, int], list[FunctionType]] = {}
        for each in gc.get_objects():
            if type(each) is FunctionType:
                code = each.__code__
                place = (code.co_filename, code.co_qualname, code.co_firstlineno)
                found.setdefault(place, []).append(each)
        return found

    def _work(
        self,
        session: pytest.Session,
        number: int,
        known: Known,
        order: Sequence[str],
        change: Callable[[], None],
    ) -> "Work[int]":
        by_name = {item.nodeid: item for item in session.items}
        items = [by_name[name] for name in order]
        runs = {name: run for tests in known.tests.values() for name, run in tests.items()}

        def run() -> int:
            change()
            for item, after in zip(items, [*items[1:], None], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    return 1
            return 0

        return Work(number, run, sum(runs[name].cpu_s for name in order))


def _change(
    root: Path, mutant: Mutant, functions: Mapping[tuple[str, str, int], Sequence[FunctionType]]
) -> Callable[[], None] | None:
    """Return what gives a function its changed code; None if it cannot be given."""
    if mutant.function is None:
        return None
    path, name, first = str(root / mutant.file), mutant.function.name, mutant.function.first
    found = functions.get((path, name, first), ())
    codes = [compile(mutant.code, path, "exec", dont_inherit=True)]
    for code in codes:  # which grows meanwhile: codes lie within codes
        if (code.co_qualname, code.co_firstlineno) == (name, first):
            break
        codes += [each for each in code.co_consts if isinstance(each, CodeType)]
    else:
        return None
    if not found or any(each.__code__.co_freevars != code.co_freevars for each in found):
        return None

    def change() -> None:
        for each in found:
            each.__code__ = code

    return change


# Mutants of what runs at import


def _imported(root: Path, mutants: Sequence[Mutant], known: Known, jobs: int) -> Iterator[Result]:
    def work(
        mutant: Mutant, stages: list[list[str]], cpu_s: float
    ) -> "Work[tuple[Mutant, list[list[str]], float]]":
        tests, *later = stages
        usual_s = sum(known.of_file(each).cpu_s for each in tests)
        return Work((mutant, later, cpu_s), lambda: _tested(root, mutant, tests, known), usual_s)

    waiting = [work(each, known.stages(each.file), 0.0) for each in mutants]
    while waiting:
        works, waiting = waiting, []
        for ended, code, cpu_s in side_by_side(works, jobs):
            mutant, later, before_s = ended.about
            if code == 0 and later:
                waiting.append(work(mutant, later, before_s + cpu_s))
            else:
                yield mutant, Outcome.of(code), before_s + cpu_s


def _tested(root: Path, mutant: Mutant, tests: Sequence[str], known: Known) -> int:
    write_to(Path(os.devnull))
    _forget_our_modules(root)
    sys.meta_path.insert(0, _Changed(root, mutant))
    options = [*_OPTIONS, "-x", "--rootdir", str(root)]
    return int(pytest.main([*options, *tests], plugins=[Watched(known.wall_s)]))


class _Changed:
    """Finds the module of a mutant, and no other."""

    def __init__(self, root: Path, mutant: Mutant) -> None:
        path = Path(mutant.file)
        parts = path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts
        self._name = ".".join(parts)
        self._path = str(root / path)
        self._code = mutant.code

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        loader = _Loader(name, self._path)
        loader.text = self._code
        return importlib.util.spec_from_file_location(name, self._path, loader=loader)


class _Loader(SourceFileLoader):
    text = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


def _forget_our_modules(root: Path) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] in OURS]:
        if not name.startswith("tests.mutants"):
            del sys.modules[name]
    sys.path[:] = [str(root), *(each for each in sys.path if each not in ("", str(root)))]
