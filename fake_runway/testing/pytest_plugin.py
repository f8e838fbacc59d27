"""The pytest plugin: a fake of the Runway API for a test run, and a fresh world for each test.

Loading it costs every pytest run, so only pytest and the standard library are imported here; the
rest is in `worlds_of_tests.py` and is imported by the first test that uses a fixture.

A server of our own serves in a thread of each process that runs tests. It ends after the last
report and not with the session's fixtures, because reports of failures in teardowns ask it too.
"""

import os
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_runway.client.fake import Fake
    from fake_runway.testing.shared_server import SharedServer
    from fake_runway.testing.worlds_of_tests import Bench, Server

TITLE = "fake Runway"
_MARKER = (
    "fake_runway(scenario=None, *, seed=None, rate=None, faults=()): how the fake_runway fixture's"
    " world is: a scenario by name, file or data; a seed of its own; seconds that pass in it per"
    " real second (0: frozen); faults as in a scenario file. Markers of class and module are added"
    " to."
)
_SHOWN = 50


class _State:
    """What the plugin holds during a run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.bench: Bench | None = None
        self.shared: SharedServer | None = None

    def started(self) -> "Bench":
        """Return the bench, set up when it is first asked for."""
        if self.bench is None:
            from fake_runway.testing.worlds_of_tests import Bench, Server

            option = self.config.option
            worker = getattr(self.config, "workerinput", {})
            told = worker.get("fake_runway", {})
            url, run = option.fake_runway_url, told.get("run", "")
            if url is not None:
                # worlds of other runs may stand on that server, with tests of the same names
                run += (worker.get("testrunuid") or _unlike_others())[:8]
            elif "url" in told:
                url = told["url"]
            token = os.environ.get("FAKE_RUNWAY_ADMIN_TOKEN")
            server = None if url is None else Server(url, token)
            self.bench = Bench(
                server,
                seed=option.fake_runway_seed,
                run=run,
                recorded=option.fake_runway_replay,
            )
        return self.bench

    def for_worker(self, worker: str, *, each: bool) -> dict[str, str]:
        """Return what a worker of xdist is told.

        Args:
            each: every worker runs all tests, so that their names are not enough.
        """
        told: dict[str, str] = {"run": worker} if each else {}
        option = self.config.option
        if option.fake_runway_shared and option.fake_runway_url is None:
            from fake_runway.testing.shared_server import SharedServer

            if self.shared is None:
                seed = option.fake_runway_seed
                self.shared = SharedServer({} if seed is None else {"seed": seed})
            told["url"] = self.shared.url
        return told

    def stop(self) -> None:
        """End what was started here."""
        if self.bench is not None:
            self.bench.close()
        if self.shared is not None:
            self.shared.stop()
        self.bench = self.shared = None


def _unlike_others() -> str:
    return uuid.uuid4().hex  # noqa: TID251  # it names worlds, and nothing else follows from it


_STATE = pytest.StashKey[_State]()
_FAKE = pytest.StashKey["Fake"]()
_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fake-runway", TITLE)
    group.addoption(
        "--fake-runway-url",
        metavar="URL",
        help="Use the fake that serves there instead of starting one. Its admin token, if it has"
        " one, is taken from FAKE_RUNWAY_ADMIN_TOKEN.",
    )
    group.addoption(
        "--fake-runway-seed",
        metavar="SEED",
        help="What ids and random choices follow from. Default: always the same.",
    )
    group.addoption(
        "--fake-runway-shared",
        action="store_true",
        help="With pytest-xdist: one server for all workers instead of one in each.",
    )
    group.addoption(
        "--fake-runway-replay",
        metavar="TOKEN|FILE",
        help="Let the test that a failure's report came from begin as it did then: the same"
        " settings, seed, instant and ids.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_STATE] = _State(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server."""
    if (state := config.stash.get(_STATE, None)) is not None:
        state.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist which server to use."""
    from fake_runway.testing.shared_server import CannotStart

    each = node.config.getoption("dist", "no") == "each"
    try:
        told = node.config.stash[_STATE].for_worker(node.gateway.id, each=each)
    except CannotStart as error:
        pytest.exit(f"the fake Runway could not start: {error}", returncode=4)
    node.workerinput["fake_runway"] = told


@pytest.fixture(scope="session")
def fake_runway_server(pytestconfig: pytest.Config) -> "Server":
    """The fake that the tests of this process use: its `url`."""
    return _bench(pytestconfig).server


def _bench(config: pytest.Config) -> "Bench":
    from fake_runway.testing.worlds_of_tests import CannotServe

    try:
        return config.stash[_STATE].started()
    except CannotServe as error:
        why = str(error)
    except ValueError as error:
        why = f"no fake Runway for the tests: {error}"
    pytest.fail(why, pytrace=False)  # outside, so that nothing but the sentence is shown


@pytest.fixture
def fake_runway(request: pytest.FixtureRequest, fake_runway_server: "Server") -> "Fake":
    """A fresh world of the fake: `base_url`, `secret`, and everything that can be done to it."""
    from fake_runway.testing.worlds_of_tests import BadMark, wish_of

    item = request.node
    marks = [(mark.args, mark.kwargs) for mark in item.iter_markers("fake_runway")]
    try:
        fake = _bench(request.config).world(item.nodeid, wish_of(marks))
    except BadMark as error:
        why = str(error)
    else:
        item.stash[_FAKE] = fake
        return fake
    pytest.fail(f"@pytest.mark.fake_runway {why}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what happened in the world of a test that failed; drop that of one that passed."""
    report = yield
    fake = item.stash.get(_FAKE, None)
    if fake is None:
        return report
    if report.failed:
        from fake_runway.testing.worlds_of_tests import account_of

        item.stash[_FAILED] = True
        report.sections.append((TITLE, account_of(fake, item.nodeid, _kept(item.config))))
    if report.when == "teardown":
        del item.stash[_FAKE]
        if not item.stash.get(_FAILED, False):
            _leave(fake, report)
    return report


def _leave(fake: "Fake", report: pytest.TestReport) -> None:
    from fake_runway.client.answers import AdminError
    from fake_runway.testing.worlds_of_tests import errors_of

    try:
        found = errors_of(fake)
        if found:
            vars(report)["fake_runway_findings"] = found  # xdist sends all that is in there
        for each in (fake, *fake.others):
            each.drop()
    except AdminError:  # the test has passed; that its server is gone is told by the next one
        return


def _kept(config: pytest.Config) -> Path | None:
    cache = getattr(config, "cache", None)
    return None if cache is None else Path(cache.mkdir("fake_runway"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List what passing tests seem to do wrong, and a replay that no test took up."""
    lines = [
        f"{report.nodeid}: {line}"
        for reports in terminalreporter.stats.values()
        for report in reports
        for line in getattr(report, "fake_runway_findings", ())
    ]
    if lines:
        terminalreporter.section(f"{TITLE}: passed, but")
        for line in lines[:_SHOWN]:
            terminalreporter.line(line)
        if len(lines) > _SHOWN:
            terminalreporter.line(f"... and {len(lines) - _SHOWN} more")
    bench = config.stash[_STATE].bench
    if bench is not None and bench.record is not None and not bench.repeated:
        terminalreporter.section(TITLE)
        terminalreporter.line(
            f"--fake-runway-replay: none of these tests is the one of {bench.record['world']}"
        )
