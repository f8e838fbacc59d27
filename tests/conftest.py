"""Fixtures of every test, and the summary at the end of a run."""

import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from tests.support.processes import held_port

# A deadline per example would assert on the wall clock, and fail on busy machines. Examples are the
# same in each run, so that a failure belongs to the change that made it; to find more of them:
# `pytest --hypothesis-profile=exploring`. `tox -e exhaustive` takes twice as many.
settings.register_profile("exploring", deadline=None)
settings.register_profile("the-same", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("exhaustive", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("the-same")

_TEETH = "test_teeth.py::test_a_broken_gateway_is_caught_by_its_requirement_alone["


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option of tox's environments, whose commands are parts of one run."""
    parser.addoption("--none-is-fine", action="store_true", help="Pass if no test is selected.")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Let a part pass that has nothing of what was asked for."""
    is_fine = session.config.getoption("none_is_fine", default=False)
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and is_fine:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Let `--numprocesses=auto` be one more than usual: a quarter of the time, a test waits."""
    return 1 + (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the judge's kill score, if it was tried: here, because each worker has only a part."""
    caught, missed = (
        sum(_TEETH in report.nodeid for report in terminalreporter.getreports(outcome))
        for outcome in ("passed", "failed")
    )
    if caught or missed:
        terminalreporter.write_line(f"kill score of the judge: {caught} of {caught + missed}")


@pytest.fixture
def restored_signals() -> Iterator[None]:
    """Programs that the test starts get the signals that `nohup` and `&` make us ignore."""
    ignored = [
        number
        for number in (signal.SIGINT, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def take_port() -> Iterator[Callable[[], int]]:
    """Return ports for later programs, reserved until the test ends."""
    with ExitStack() as held:
        yield lambda: held.enter_context(held_port())
