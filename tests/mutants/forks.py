"""Work in forks: side by side, and ended if it does not end."""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import hypothesis
import pytest

T = TypeVar("T")

PATIENCE, PATIENCE_S = 10, 10.0  # times the tests' processor time without a mutant, and more
IDLE, IDLE_S = 3, 2.0  # the same of a test's time, after which it has to have done something
IDLE_CPU_S = 0.005
MEMORY = 4 << 30  # bytes


class Outcome(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    ENDLESS = "killed: it did not end"
    SURVIVED = "survived"
    UNTESTED = "survived: no test runs it"

    @property
    def alive(self) -> bool:
        """Whether no test noticed."""
        return self in (Outcome.SURVIVED, Outcome.UNTESTED)

    @classmethod
    def of(cls, code: int) -> "Outcome":
        """Return what a fork's exit code says: 0 if the tests passed, negative for a signal."""
        if code == 0:
            return cls.SURVIVED
        return cls.ENDLESS if code in (-signal.SIGXCPU, -signal.SIGALRM) else cls.KILLED


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """What a fork does.

    Attributes:
        run: returns 0 if the tests pass.
        usual_s: the processor time without a mutant; None: it may take as long as it wants.
    """

    about: T
    run: Callable[[], int]
    usual_s: float | None = None


def side_by_side(
    works: Iterable[Work[T]], jobs: int
) -> Generator[tuple[Work[T], int, float], None, None]:
    """Run each work in a fork; yield its exit code, negative for a signal, and processor time."""
    waiting = list(reversed(list(works)))
    running: dict[int, Work[T]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                work = waiting.pop()
                running[_begun(work)] = work
            pid, status, used = os.wait4(-1, 0)
            work = running.pop(pid)
            yield work, os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _begun(work: Work[T]) -> int:
    pid = os.fork()
    if not pid:
        end_with(lambda: _bounded(work))
    return pid


def _bounded(work: Work[T]) -> int:
    if work.usual_s is not None:
        # an endless loop ends soon, however busy the machine is
        cpu_s = int(PATIENCE_S + PATIENCE * work.usual_s)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    return work.run()


def end_with(run: Callable[[], int]) -> NoReturn:
    code = 1
    try:
        code = run()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def write_to(path: Path) -> None:
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)


class Watched:
    """A plugin of pytest for forks: ends one that does nothing for longer than its test ever waits.

    Args:
        usual_s: by node id, how long a test takes without a mutant; None: no test is watched.
    """

    def __init__(self, usual_s: Mapping[str, float] | None = None) -> None:
        self.usual_s = usual_s
        self._used_s = 0.0

    def pytest_collection(self) -> None:
        """Have no failure shrunk: that it fails is all that counts."""
        phases = [each for each in hypothesis.Phase if each.name in ("explicit", "generate")]
        hypothesis.settings.register_profile("mutants", hypothesis.settings.default, phases=phases)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if self.usual_s is not None:
            every_s = IDLE_S + IDLE * self.usual_s.get(item.nodeid, 1.0)
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, every_s, every_s)
        return (yield)

    def _look(self, _number: int, _frame: object) -> None:
        used_s = time.process_time()
        if used_s - self._used_s < IDLE_CPU_S:  # on a busy machine it would still use more
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGALRM)
        self._used_s = used_s
