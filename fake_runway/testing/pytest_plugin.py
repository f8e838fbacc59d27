"""The pytest plugin: a fake of the Runway API for a test run, and a fresh world for each test.

Every pytest run loads it, so only pytest and the standard library are imported here; the rest is in
`worlds_of_tests.py` and is imported by the first test that uses a fixture.

A server is started in a thread of each process that runs tests. It ends after the last report and
not with the session's fixtures, because reports of failures in teardowns ask it too.
"""

import os
import uuid
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_runway.client.fake import Fake
    from fake_runway.testing.shared_server import SharedServer
    from fake_runway.testing.worlds_of_tests import Server, WorldsOfTests

TITLE = "fake Runway"
_MARKER = (
    "fake_runway(scenario=None, *, seed=None, rate=None, faults=()): how the fake_runway fixture's"
    " world is: a scenario by name, file or data; a seed of its own; seconds that pass in it per"
    " real second (0: frozen); faults as in a scenario file. Markers of class and module are added"
    " to."
)
_SCOPES = (
    "The fixture fake_runway is a world for one test, so that no test sees what another one did. A"
    " fixture of a wider scope takes fake_runway_server, and a world of its own:"
    " fake_runway.client.Admin(fake_runway_server.url, world='NAME'). See docs/pytest.md."
)
_INI = {
    "url": "As --fake-runway-url, which is stronger.",
    "seed": "As --fake-runway-seed, which is stronger.",
    "scenario": "What worlds follow whose marker names none: a name or a file.",
    "rate": "Seconds that pass in a world per real second; 0: time stands still.",
}
"""More options of a server: fake-runway.yaml or [tool.fake-runway] of pyproject.toml."""
_SHOWN = 50


class _State:
    """What the plugin holds during a run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.worlds: WorldsOfTests | None = None
        self.shared: SharedServer | None = None

    def started(self) -> "WorldsOfTests":
        """Return the server and its worlds, started on first use."""
        if self.worlds is None:
            from fake_runway.testing.worlds_of_tests import Server, WorldsOfTests

            option = self.config.option
            worker = getattr(self.config, "workerinput", {})
            assigned = worker.get("fake_runway", {})
            url, run = self.given("url"), assigned.get("run", "")
            if url is not None:
                # other runs may use that server, with tests of the same names
                unique = uuid.uuid4().hex  # noqa: TID251  # it names worlds, and nothing else
                run += (worker.get("testrunuid") or unique)[:8]
            elif "url" in assigned:
                url = assigned["url"]
            token = os.environ.get("FAKE_RUNWAY_ADMIN_TOKEN")
            server = None if url is None else Server(url, token)
            self.worlds = WorldsOfTests(
                server,
                seed=self.given("seed"),
                run=run,
                recorded=option.fake_runway_replay,
                options=self.server_options() if server is None else None,
                # a server that was started for these tests has it already
                scenario=self.given("scenario") if "url" not in assigned else None,
            )
        return self.worlds

    def given(self, name: str) -> str | None:
        """Return what the command line, else an ini key, says of something; None: neither does."""
        of_command: str | None = getattr(self.config.option, f"fake_runway_{name}", None)
        return of_command or self.config.getini(f"fake_runway_{name}") or None

    def server_options(self) -> Mapping[str, Any]:
        """Return how a server is started here."""
        from fake_runway.testing.from_project import of_project

        names = ("seed", "scenario", "rate")
        return of_project(self.config.rootpath, **{name: self.given(name) for name in names})

    def for_worker(self, worker: str, *, each: bool) -> dict[str, str]:
        """Return what a worker of xdist is assigned: a server, a suffix of world names.

        Args:
            each: every worker runs all tests, so that their names are not enough.
        """
        assigned: dict[str, str] = {"run": worker} if each else {}
        option = self.config.option
        if option.fake_runway_shared and self.given("url") is None:
            from fake_runway.testing.shared_server import SharedServer

            if self.shared is None:
                self.shared = SharedServer(self.server_options())
            assigned["url"] = self.shared.url
        return assigned

    def stop(self) -> None:
        """End what was started here."""
        if self.worlds is not None:
            self.worlds.close()
        if self.shared is not None:
            self.shared.stop()
        self.worlds = self.shared = None


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

    for name, about in _INI.items():
        parser.addini(f"fake_runway_{name}", about)


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
    """Assign a server to a worker of xdist."""
    from fake_runway.testing.shared_server import CannotStart

    each = node.config.getoption("dist", "no") == "each"
    try:
        node.workerinput["fake_runway"] = node.config.stash[_STATE].for_worker(
            node.gateway.id, each=each
        )
    except CannotStart as error:
        pytest.exit(f"the fake Runway could not start: {error}", returncode=4)


@pytest.fixture(scope="session")
def fake_runway_server(pytestconfig: pytest.Config) -> "Server":
    """The fake that the tests of this process use: its `url`."""
    return _worlds(pytestconfig).server


def _worlds(config: pytest.Config) -> "WorldsOfTests":
    from fake_runway.testing.worlds_of_tests import CannotServe

    try:
        return config.stash[_STATE].started()
    except CannotServe as error:
        why = str(error)
    except ValueError as error:
        why = f"no fake Runway for the tests: {error}"
    pytest.fail(why, pytrace=False)  # outside the handler, so that the sentence is shown alone


@pytest.fixture
def fake_runway(request: pytest.FixtureRequest, fake_runway_server: "Server") -> "Fake":
    """A fresh world of the fake: `base_url`, `secret`, and everything that can be done to it."""
    from fake_runway.testing.worlds_of_tests import BadMark, world_options

    item = request.node
    marks = [(mark.args, mark.kwargs) for mark in item.iter_markers("fake_runway")]
    try:
        fake = _worlds(request.config).world(
            item.nodeid, world_options(marks, folder=item.path.parent)
        )
    except BadMark as error:
        why = str(error)
    else:
        item.stash[_FAKE] = fake
        return fake
    pytest.fail(f"@pytest.mark.fake_runway: {why}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report what happened in the world of a test that failed; drop that of one that passed."""
    report = yield
    fake = item.stash.get(_FAKE, None)
    if fake is None:
        if report.failed and "ScopeMismatch" in str(report.longrepr):
            report.sections.append((TITLE, _SCOPES))
        return report
    if report.failed:
        from fake_runway.testing.worlds_of_tests import failure_report

        item.stash[_FAILED] = True
        cache = getattr(item.config, "cache", None)
        keep = None if cache is None else Path(cache.mkdir("fake_runway"))
        report.sections.append((TITLE, failure_report(fake, item.nodeid, keep)))
    if report.when == "teardown":
        del item.stash[_FAKE]
        if not item.stash.get(_FAILED, False):
            _drop_worlds(fake, report)
    return report


def _drop_worlds(fake: "Fake", report: pytest.TestReport) -> None:
    from fake_runway.client.answers import AdminError
    from fake_runway.testing.worlds_of_tests import mistakes

    try:
        found = mistakes(fake)
        if found:
            vars(report)["fake_runway_findings"] = found  # xdist sends all that is in there
        for each in (fake, *fake.others):
            each.drop()
    except AdminError:  # the test has passed; the next one reports that the server is gone
        return


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the findings about passing tests, and a replay that no test took up."""
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
    worlds = config.stash[_STATE].worlds
    if worlds is not None and worlds.record is not None and not worlds.repeated:
        terminalreporter.section(TITLE)
        terminalreporter.line(
            f"--fake-runway-replay: none of these tests is the one of {worlds.record['world']}"
        )
