"""The pytest plugin in test runs of its own, as its users have them."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# runs in this process forget what they have imported, and packages would keep half of it
import fake_runway.admin_api.handler
import fake_runway.replay.record
import fake_runway.replay.routes  # noqa: F401
from fake_runway import FakeRunway
from fake_runway.client.answers import Unreachable
from fake_runway.client.blocking import Admin
from fake_runway.testing.shared_server import CannotStart, SharedServer
from fake_runway.testing.worlds_of_tests import (
    MOST_LINES,
    MOST_SESSIONS,
    BadMark,
    WorldOptions,
    failure_report,
    world_name,
    world_options,
)
from tests.support.room import gathers_candidates

pytest_plugins = ["pytester"]

# The calls of an application, for the tests below.
APPLICATION = """
import json
import urllib.error
import urllib.request

AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}


def call(fake, method, path, body=None):
    request = urllib.request.Request(
        f"{fake.base_url}/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {fake.secret}",
            "Content-Type": "application/json",
            "X-Runway-Version": "2024-11-06",
        },
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def create(fake):
    body = {"model": "gwm1_avatars", "avatar": AVATAR}
    status, body = call(fake, "POST", "realtime_sessions", body)
    return body.get("id", status)
"""
# In a process of its own a run loads few plugins, because some are slow; in this one all but those
# that are about the process are there anyway.
ONLY_NAMED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
NAMED = ("-p", "fake_runway", "-p", "asyncio", "-p", "xdist")
LEFT_OUT = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:pytest_cov")


class Run:
    """A test run, in this process unless it has workers."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self._monkeypatch = monkeypatch
        pytester.makepyfile(application=APPLICATION)
        pytester.makeini(
            "[pytest]\nfilterwarnings = error\nasyncio_mode = auto\n"
            "asyncio_default_fixture_loop_scope = function\naddopts = --strict-markers\n"
        )

    def __call__(self, tests: str, *arguments: str) -> pytest.RunResult:
        """Run `tests` with pytest's `arguments`."""
        head = "import asyncio, os, sys\nimport pytest\nfrom application import call, create\n"
        self._pytester.makepyfile(test_it=head + textwrap.dedent(tests))
        if not any(each.startswith("-n") for each in arguments):
            return self._pytester.runpytest_inprocess(*LEFT_OUT, *arguments)
        with self._monkeypatch.context() as changed:
            for name, value in ONLY_NAMED.items():
                changed.setenv(name, value)
            return self._pytester.runpytest_subprocess(*NAMED, *arguments)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs tests that are given as text."""
    return Run(pytester, monkeypatch)


@pytest.mark.parametrize(
    ("plugin", "files"),
    [
        (
            "fake_runway",
            {
                *("fake_runway", "fake_runway.version", "fake_runway.testing"),
                "fake_runway.testing.pytest_plugin",
            },
        ),
        ("runway_contracts", {"contracts", "contracts.pytest_plugin"}),
    ],
)
def test_a_run_that_does_not_use_a_plugin_imports_its_file_alone(
    tmp_path: Path, plugin: str, files: set[str]
) -> None:
    """Beside what pytest imports without it, and the standard library."""
    more = modules_of_a_run(tmp_path, "-p", plugin) - modules_of_a_run(tmp_path)

    assert {name for name in more if name.partition(".")[0] not in sys.stdlib_module_names} == files


def modules_of_a_run(folder: Path, *arguments: str) -> set[str]:
    """Return what is imported in a run of pytest with one test, which asks for nothing."""
    (folder / "test_none.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    with open('modules', 'w') as file:\n"
        "        print(*sys.modules, file=file)\n"
    )
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, str(folder)],
        cwd=folder,
        env={**os.environ, **ONLY_NAMED},
        capture_output=True,
        check=True,
    )
    return set((folder / "modules").read_text().split())


def test_each_test_has_a_world_of_its_own(run: Run) -> None:
    """Blocking and async tests get fresh worlds, nothing global is set, and `use` sets it."""
    result = run(
        """
        def test_first(fake_runway):
            create(fake_runway)
            assert fake_runway.look().sessions == 1
            assert "RUNWAYML_BASE_URL" not in os.environ

        def test_second(fake_runway, fake_runway_server):
            assert fake_runway.look().sessions == 0
            assert fake_runway.base_url.startswith(fake_runway_server.url + "/w/test-second-")

        async def test_third(fake_runway):
            session = asyncio.ensure_future(fake_runway.aio.wait_for_session("ready", timeout=99))
            await asyncio.to_thread(create, fake_runway)
            await fake_runway.aio.clock.next()
            assert (await session).ordinal == 0

        def test_variables(fake_runway, monkeypatch):
            fake_runway.use(monkeypatch)
            assert os.environ["RUNWAYML_BASE_URL"] == fake_runway.base_url
            assert os.environ["RUNWAYML_API_SECRET"] == fake_runway.secret

        def test_more_worlds(fake_runway):
            other = fake_runway.world("other")
            create(other)
            assert (fake_runway.look().sessions, other.look().sessions) == (0, 1)
            assert other.name == fake_runway.name + ".other"

        async def test_more_awaited_worlds(fake_runway):
            blocking, awaited = fake_runway.world(), fake_runway.aio.world()
            await awaited.sessions.make()
            assert (await blocking.aio.look()).sessions == 0

        def test_dropped(fake_runway):
            fake_runway.look()
            names = [world.name for world in fake_runway.worlds()]
            assert [name for name in names if name.startswith("test-")] == [fake_runway.name]
        """
    )
    result.assert_outcomes(passed=7)
    assert result.ret == 0


def test_the_marker_configures_the_world(run: Run) -> None:
    """Scenario, seed, rate and faults; those of the class are added to; mistakes are explained."""
    result = run(
        """
        @pytest.mark.fake_runway("slow", rate=0)
        class TestSlow:
            def test_class(self, fake_runway):
                assert fake_runway.look().scenario == "slow"
                assert fake_runway.clock.get().rate == 0

            @pytest.mark.fake_runway(scenario={"name": "poor", "account": {"credits": 1}})
            def test_closer(self, fake_runway):
                assert fake_runway.look().scenario == "poor"
                assert create(fake_runway) == 402
                assert fake_runway.clock.get().rate == 0

        ids = set()

        @pytest.mark.parametrize("seed", [1, 2])
        def test_seeds(request, seed):
            request.applymarker(pytest.mark.fake_runway(seed=seed))
            ids.add(create(request.getfixturevalue("fake_runway")))
            assert len(ids) == seed

        @pytest.mark.fake_runway(seed="x", faults=[{"effect": {"status": 503}, "times": 1}])
        def test_faults(fake_runway):
            assert [call(fake_runway, "GET", "organization")[0] for _ in "12"] == [503, 200]
            assert fake_runway.clock.get().rate == 1

        @pytest.mark.fake_runway(scenrio="slow")
        def test_keyword(fake_runway):
            pass

        @pytest.mark.fake_runway("slo")
        def test_name(fake_runway):
            pass

        @pytest.mark.fake_runway(faults={"effect": {"nonsense": 1}})
        def test_fault(fake_runway):
            pass
        """,
    )
    result.assert_outcomes(passed=5, errors=3)
    result.stdout.fnmatch_lines(
        [
            "*mark.fake_runway: expected one of scenario, seed, rate, faults, got 'scenrio'*",
            "*@pytest.mark.fake_runway: putScenario: *Did you mean slow?",
            "*@pytest.mark.fake_runway: addFault: *nonsense*",
        ]
    )
    result.stdout.no_fnmatch_line("*During handling*")


def test_the_marker_takes_a_file(run: Run, tmp_path: Path) -> None:
    """The file's first scenario, with avatars bound to its others; mistakes have file and line."""
    mine, wrong = tmp_path / "mine.yaml", tmp_path / "wrong.yaml"
    mine.write_text(
        "account: {credits: 1}\navatars: {music-superstar: late}\n"
        "---\nname: late\nsession: {provision_time: 9m}\n"
    )
    wrong.write_text("sesion: {}\n")
    result = run(
        f"""
        from pathlib import Path

        @pytest.mark.fake_runway(scenario={str(mine)!r})
        def test_path(fake_runway):
            assert fake_runway.current_scenario().data["avatars"] == {{
                "music-superstar": {{"provision_time": "9m"}}
            }}
            assert fake_runway.current_scenario().name == "mine"
            assert create(fake_runway) == 402

        @pytest.mark.fake_runway(Path({str(mine)!r}))
        def test_object(fake_runway):
            assert fake_runway.look().scenario == "mine"

        @pytest.mark.fake_runway(scenario={str(wrong)!r})
        def test_mistake(fake_runway):
            pass

        @pytest.mark.fake_runway(scenario="nowhere.yaml")
        def test_missing(fake_runway):
            pass
        """,
    )
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*@pytest.mark.fake_runway: *wrong.yaml:1: *did you mean session?",
            "*@pytest.mark.fake_runway: nowhere.yaml: cannot be read: *",
        ]
    )


FAILING = """
    def test_fails(fake_runway):
        session_id = create(fake_runway)
        fake_runway.clock.next()
        call(fake_runway, "GET", f"realtime_sessions/{session_id}")
        fake_runway.fault(effect={"status": 503}, name="down")
        call(fake_runway, "GET", "organization")
        print("the id is", session_id)
        print("the secret is", len(fake_runway.secret))
        print("the epoch is", int(fake_runway.recording().record["epoch"]))
        assert fake_runway is None

    @pytest.fixture
    def left(fake_runway):
        yield
        create(fake_runway)
        raise OSError("in the teardown")

    def test_passes_and_fails(left):
        pass
    """


def test_the_report_of_a_failure_has_the_timeline(run: Run) -> None:
    """It has the timeline, other calls, findings and the replay token, and no secret."""
    result = run(FAILING, "-k", "fails")
    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*- fake Runway -*",
            "scenario: default",
            "session 1: *, provisioning",
            "*POST /v1/realtime_sessions -> 200*",
            "*- fake Runway -*",
            "scenario: default",
            "session 1: *, ready",
            "*! moveClock to next",
            "*provisioning -> ready*",
            "*GET /v1/realtime_sessions/* -> 200*",
            "calls about no session",
            "*GET /v1/organization -> 503  [[]*fault down]",
            "replay the calls:   fake-runway replay fr1.*",
            "run the test again: pytest test_it.py::test_fails --fake-runway-replay fr1.*",
        ]
    )
    text = result.stdout.str()
    assert "offline-" not in text
    assert not re.search(r"stk_[0-9a-f]", text)


def test_a_replayed_test_begins_as_it_did(run: Run, pytester: pytest.Pytester) -> None:
    """With its token a test has the same ids, instant and seed again; other tests do not."""

    def facts(result: pytest.RunResult) -> list[str]:
        return re.findall(r"^the (?:id|epoch) is .*", result.stdout.str(), re.MULTILINE)

    first = run(FAILING, "-k", "test_fails", "--fake-runway-seed=abc")
    token = re.findall(r"--fake-runway-replay (\S+)", first.stdout.str())[0]
    assert len(facts(first)) == 2
    pytester.makefile(".token", mine=token)
    again = run(FAILING, "-k", "test_fails", "--fake-runway-replay=mine.token")
    assert facts(again) == facts(first)
    other = run(FAILING, "-k", "passes", f"--fake-runway-replay={token}")
    other.stdout.fnmatch_lines(["*none of these tests is the one of test-fails-*"])
    wrong = run(FAILING, "-k", "test_fails", "--fake-runway-replay=absent.token")
    wrong.assert_outcomes(errors=1)
    wrong.stdout.fnmatch_lines(["--fake-runway-replay: expected a token or a file: *"])


def test_findings_of_passing_tests_are_listed(run: Run) -> None:
    """Errors and warnings about passing tests are listed at the end, workers' too."""
    tests = """
        def test_passes(fake_runway):
            session_id = create(fake_runway)
            fake_runway.clock.next()
            call(fake_runway, "GET", f"realtime_sessions/{session_id}")
            fake_runway.clock.jump("10m")

        def test_forgets(fake_runway):
            create(fake_runway)
            assert fake_runway.findings() == []

        def test_is_fine(fake_runway):
            call(fake_runway, "DELETE", f"realtime_sessions/{create(fake_runway)}")
            assert [each.name for each in fake_runway.worlds()] == [fake_runway.name]
        """
    result = run(tests, "-n1")
    result.assert_outcomes(passed=3)
    listed = result.stdout.str().partition("passed, but")[2]
    assert "test_forgets: warning never-polled: " in listed
    assert "test_is_fine" not in listed
    result.stdout.fnmatch_lines(
        ["*fake Runway: passed, but*", "*test_passes: error consume-never-arrived: *"]
    )


def test_a_wider_scope_is_explained(run: Run) -> None:
    """The error of pytest does not say what to do instead."""
    tests = """
        @pytest.fixture(scope="class")
        def account(fake_runway):
            return fake_runway

        def test_wide(account):
            pass
        """
    result = run(tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ScopeMismatch*", "*takes fake_runway_server, and a world*"])


WORKERS = """
    @pytest.mark.parametrize("n", range(4))
    def test_worker(fake_runway, fake_runway_server, worker_id, n):
        create(fake_runway)
        assert fake_runway.look().sessions == 1
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(f"{worker_id} {fake_runway_server.url}\\n")
    """


@pytest.mark.parametrize(
    ("arguments", "workers", "servers"),
    [
        (("-n2", "--dist=each"), 2, 2),
        (("-n2", "--dist=each", "--fake-runway-shared"), 2, 1),
    ],
)
def test_workers_have_a_server_each_or_share_one(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    workers: int,
    servers: int,
) -> None:
    """With pytest-xdist every worker has its own server, or all have the controller's."""
    seen = tmp_path / "seen"
    monkeypatch.setenv("SEEN", str(seen))
    result = run(WORKERS, *arguments)
    assert result.parseoutcomes()["passed"] == 4 * workers
    lines = [line.split() for line in seen.read_text().splitlines()]
    assert len({worker for worker, _ in lines}) == workers
    urls = {url for _, url in lines}
    assert len(urls) == servers
    for url in urls:
        with pytest.raises(Unreachable):
            Admin(url).health()


def test_a_server_that_serves_already_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--fake-runway-url` and its admin token lead to it; its absence is reported in a sentence."""
    tests = """
        @pytest.mark.fake_runway(seed=1)
        def test_world(fake_runway):
            assert fake_runway.look().sessions == 0
            create(fake_runway)
            assert 0, fake_runway.sessions.list()[0].id
        """
    monkeypatch.setenv("FAKE_RUNWAY_ADMIN_TOKEN", "let-me-in")
    with FakeRunway(admin_token="let-me-in") as fake:
        url = fake.base_url.partition("/w/")[0]
        for _ in range(2):
            result = run(tests, f"--fake-runway-url={url}", "--fake-runway-seed=2")
            result.assert_outcomes(failed=1)
            assert "let-me-in" not in result.stdout.str()
        names = [world.name for world in fake.worlds() if world.name.startswith("test-world")]
    assert len(names) == 2
    result = run(tests, f"--fake-runway-url={url}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"no fake Runway for the tests at {url}: no answer from *"])
    result = run(tests, "--fake-runway-url=nonsense")
    result.stdout.fnmatch_lines(["no fake Runway for the tests: expected a base URL *"])


@pytest.mark.usefixtures("restored_signals")
def test_a_shared_server_does_not_outlive_ctrl_c(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that the workers share is gone when the run was interrupted."""
    seen = tmp_path / "seen"
    monkeypatch.setenv("SEEN", str(seen))
    result = run(
        """
        import signal

        def test_interrupts(fake_runway_server):
            open(os.environ["SEEN"], "w").write(fake_runway_server.url)
            os.kill(os.getppid(), signal.SIGINT)
        """,
        "-n1",
        "--fake-runway-shared",
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    with pytest.raises(Unreachable):
        Admin(seen.read_text()).health()


def test_it_can_be_left_out(run: Run) -> None:
    """`-p no:fake_runway` leaves nothing behind; the marker and the help are there otherwise."""
    result = run("def test_plain(): pass", "-p", "no:fake_runway")
    result.assert_outcomes(passed=1)
    result = run("def test_plain(): pass", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.fake_runway(scenario=None, *"])


def test_a_shared_server_ends_with_its_parent() -> None:
    """Its process ends when its input is closed, and reports why it did not start."""
    server = SharedServer({"seed": "1"})
    process = server._process
    assert server.url.startswith("http://127.0.0.1:")
    server.stop()
    assert process.returncode == 0
    with pytest.raises(CannotStart, match="no option"):
        SharedServer({"nonsense": "1"})


def test_the_page_about_it_is_true(run: Run, pytester: pytest.Pytester) -> None:
    """The examples of docs/pytest.md pass as they stand there."""
    page = (Path(__file__).parents[2] / "docs/pytest.md").read_text()
    blocks = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", page, re.DOTALL))
    programs = [blocks.pop(name) for name in ("library", "decorated", "cases")]
    if not gathers_candidates():
        del blocks["test_calling"]  # the page says so
    pytester.makepyfile(**blocks)
    run("").assert_outcomes(passed=6 + ("test_calling" in blocks))
    for each in programs:
        subprocess.run([sys.executable, "-c", each], check=True)


def test_the_report_is_bounded(tmp_path: Path) -> None:
    """Of many sessions and lines the middle is left out, and a long token goes to a file."""
    with FakeRunway(frozen=True) as fake:
        other = fake.world("other")
        for _ in range(MOST_SESSIONS + 2):
            session = fake.sessions.make("ready")
        for _ in range(3 * MOST_LINES):
            fake.clock.jump("1s")
        text = failure_report(fake, "test_a.py::test_b[x y]", tmp_path, longest_token=500)
    assert "2 older sessions are left out" in text
    assert len(re.findall(r"^session \d+: ", text, re.MULTILINE)) == MOST_SESSIONS
    assert len(re.findall(r"^ +\.\.\. \d+ more \.\.\.$", text, re.MULTILINE)) == MOST_SESSIONS
    assert session.id in text
    assert f"world {other.name}" in text
    kept = tmp_path / "main.token"
    assert f"pytest 'test_a.py::test_b[x y]' --fake-runway-replay {kept}" in text
    assert kept.read_text().startswith("fr1.")
    assert "(getReplay: " not in text
    gone = failure_report(fake, "test_a.py", None)
    assert "no answer from" in gone


def test_names_of_worlds_follow_from_tests() -> None:
    """A world's name can be read, is the same each time, and is valid for any name of the test."""
    name = world_name("tests/test_a.py::TestB::test_c[a-b/c]")
    assert name == world_name("tests/test_a.py::TestB::test_c[a-b/c]")
    assert re.fullmatch(r"test-c-a-b-c-[0-9a-f]{8}", name)
    assert world_name("a.py::test_x") != world_name("b.py::test_x")
    assert world_name("a.py::fake.slow").startswith("fake-slow-")
    assert world_name("a.py::" + "é" * 300).startswith("test-")
    assert len(world_name("a.py::" + "x" * 300)) < 60


def test_markers_are_added_up() -> None:
    """The closest marker wins, and the others add the rest."""
    near, far = (("slow",), {"seed": 1}), ((), {"scenario": "x", "rate": 2.0})
    assert world_options([near, far]) == WorldOptions(scenario="slow", seed="1", rate=2.0)
    with pytest.raises(BadMark, match="one scenario"):
        world_options([(("a", "b"), {})])
    with pytest.raises(BadMark, match="one scenario"):
        world_options([(("a",), {"scenario": "b"})])
    with pytest.raises(BadMark, match="a scenario's name, a file or data, got 5"):
        world_options([((), {"scenario": 5})])


def test_the_project_says_how_worlds_are(pytester: pytest.Pytester) -> None:
    """Ini keys and [tool.fake-runway]; a marker's file lies beside its test."""
    pytester.makefile(".toml", pyproject="[tool.fake-runway]\ncredits = 3\ntime_scale = 0\n")
    pytester.makefile(".yaml", beside="account: {daily: 4}\n")
    pytester.makeini(
        "[pytest]\nfake_runway_scenario = slow\nasyncio_default_fixture_loop_scope = function\n"
    )
    pytester.makepyfile(
        """
        import pytest

        def test_default(fake_runway):
            assert fake_runway.credits.get().left == 3
            assert fake_runway.look().scenario == "slow"
            assert fake_runway.look().clock.rate == 0

        @pytest.mark.fake_runway("beside.yaml")
        def test_file(fake_runway):
            assert fake_runway.look().scenario == "beside"
        """
    )
    result = pytester.runpytest_inprocess(*LEFT_OUT)
    result.assert_outcomes(passed=2)
