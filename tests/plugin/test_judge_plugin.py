"""The judge's pytest plugin, in runs of pytest of its own."""

import re
import socket
from pathlib import Path

import pytest

# Their import takes longer than such a run, and they have no part in any.
LEFT_OUT = tuple(
    f"-pno:{each}"
    for each in ("asyncio", "aiohttp", "schemathesis", "hypothesispytest", "pytest_cov")
)
DOCS = Path(__file__).parents[2] / "docs/judge.md"

pytest_plugins = "pytester"

STARTING = """
    import subprocess, sys, pytest

    @pytest.fixture(scope="session")
    def gateway_url(gateway_upstream):
        command = [sys.executable, "-P", "-m", "gateway", "serve", "--port=0", "--deadline=4"]
        {environment}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield process.stdout.readline().split()[1]
            finally:
                process.terminate()
    """
ITSELF = "import os\n        env = {**os.environ, **gateway_upstream}"
WRONG_UPSTREAM = (
    "import os\n        env = {**os.environ, **gateway_upstream, 'RUNWAYML_BASE_URL':"
    " 'http://127.0.0.1:1'}"
)
FEW = ["-k", "poll.waits or secrecy.api-secret or shape.one-of-two", "--gateway-timeout=4"]


def run(pytester: pytest.Pytester, environment: str, *arguments: str) -> pytest.RunResult:
    """Run the contract's items in a process of their own."""
    pytester.makeconftest(STARTING.replace("{environment}", environment))
    pytester.makepyfile(test_contract="from contracts.conformance import test_requirement")
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *LEFT_OUT, *arguments)


@pytest.mark.alone
def test_each_requirement_is_an_item(pytester: pytest.Pytester) -> None:
    """A gateway that keeps them passes, started by a fixture that gets the upstream."""
    result = run(pytester, ITSELF, *FEW)

    result.assert_outcomes(passed=3, deselected=len(everything()) - 3)


def test_a_gateway_without_its_upstream_passes_nothing(pytester: pytest.Pytester) -> None:
    """One that never reaches the fake is accused of nothing, and its run fails with the reason."""
    few = ("-k", "poll.waits or poll.stops", "--gateway-timeout=4")
    result = run(pytester, WRONG_UPSTREAM, *few)

    result.assert_outcomes(failed=2, deselected=len(everything()) - 2)
    result.stdout.fnmatch_lines(["not observed: not one*; in ready-at-once, no create*got 50*"])
    result.stdout.fnmatch_lines(["nothing was judged: not one request of the target reached*"])


@pytest.mark.parametrize(("text", "accepted"), [("500ms", True), ("3", True), ("3 weeks", False)])
def test_the_deadline_is_a_duration(
    pytester: pytest.Pytester, text: str, *, accepted: bool
) -> None:
    """As on the command line; another text is an error of usage that shows both forms."""
    pytester.makepyfile(test_contract="")
    result = pytester.runpytest_subprocess(*LEFT_OUT, f"--gateway-timeout={text}")

    assert (result.ret == pytest.ExitCode.USAGE_ERROR) is not accepted
    assert ("duration such as 3s or 500ms, got '3 weeks'" in result.stderr.str()) is not accepted


def test_without_a_gateway_it_names_the_options(pytester: pytest.Pytester) -> None:
    """Items are skipped, with the two ways to name one."""
    pytester.makepyfile(test_contract="from contracts.conformance import test_requirement")
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", *LEFT_OUT, "-rs", "-k", "poll.waits"
    )

    result.assert_outcomes(skipped=1, deselected=len(everything()) - 1)
    result.stdout.fnmatch_lines(["*needs --gateway-url, or a fixture `gateway_url`*"])


def test_the_two_lines_for_a_gateway_are_in_the_header(pytester: pytest.Pytester) -> None:
    """Its upstream and the secret that the judge made; a secret by option is not shown."""
    options = ("--gateway-url=http://127.0.0.1:3000/", "--gateway-fake-port=4010")
    made, own = (
        pytester.runpytest_subprocess(*LEFT_OUT, *options, *more).stdout.str()
        for more in ((), ("--gateway-secret=of-my-own",))
    )

    assert "RUNWAYML_BASE_URL=http://127.0.0.1:4010\nRUNWAYML_API_SECRET=judge-" in made
    assert "RUNWAYML_API_SECRET=(the one of --gateway-secret)" in own
    assert "of-my-own" not in own
    secret = re.findall("RUNWAYML_API_SECRET=judge-.*", made)[0]
    assert f"RUNWAYML_BASE_URL=http://127.0.0.1:4010 {secret} " in DOCS.read_text()


def test_a_gateway_that_runs_already_is_judged_with_its_own_secret(
    pytester: pytest.Pytester,
) -> None:
    """The fixture that starts it gets the secret of the option."""
    pytester.makepyfile(
        "def test_it(gateway_upstream):"
        " assert gateway_upstream['RUNWAYML_API_SECRET'] == 'of-my-own'"
    )
    result = pytester.runpytest_subprocess(*LEFT_OUT, "--gateway-secret=of-my-own")

    result.assert_outcomes(passed=1)


def test_a_bad_address_is_refused_at_once(pytester: pytest.Pytester) -> None:
    """Before anything is collected."""
    result = pytester.runpytest_subprocess(*LEFT_OUT, "--gateway-url=127.0.0.1:3000/connect")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gateway-url: expected an address such as*"])


def stopped(pytester: pytest.Pytester, *options: str) -> str:
    """Run an item that cannot be judged, and return pytest's output: no traceback into us."""
    pytester.makepyfile(test_contract="from contracts.conformance import test_requirement")
    arguments = ("--gateway-url=http://127.0.0.1:1/", "-k", "poll.waits", *options)
    result = pytester.runpytest_subprocess(*LEFT_OUT, *arguments)

    result.assert_outcomes(errors=1, deselected=len(everything()) - 1)
    output = result.stdout.str()
    assert "run.py" not in output
    return output


def test_a_port_of_the_fake_that_is_taken_is_a_line(pytester: pytest.Pytester) -> None:
    """It names the port and the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = stopped(pytester, f"--gateway-fake-port={port}")

    assert re.search(f"^.*{port}.*--gateway-fake-port.*$", output, re.MULTILINE), output


def test_a_gateway_that_is_down_is_a_line(pytester: pytest.Pytester) -> None:
    """It names the address."""
    pytester.makeconftest(
        """
        import pytest
        from contracts.judge.run import BlockingJudge, RunOptions

        @pytest.fixture(scope="session")
        def gateway_judging():
            with BlockingJudge.started(RunOptions(quick=True, wait_s=0)) as judge:
                yield judge
        """
    )

    assert "\nnothing listens at 127.0.0.1:1 after 0s\n" in stopped(pytester)


def everything() -> list[str]:
    """Return the ids of all requirements."""
    from contracts.judge.requirements import REQUIREMENTS

    return [each.id for each in REQUIREMENTS]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--gateway-header=broken", "*--gateway-header*expected `Name: value`*"),
        ("--gateway-answer-map=a=b", "*--gateway-answer-map*expected THEIRS=OURS*"),
        ("--gateway-custom-body-template={}", "*--gateway-custom-body-template*expected $AVATAR*"),
    ],
)
def test_a_malformed_description_of_the_endpoint_is_refused_at_once(
    pytester: pytest.Pytester, option: str, message: str
) -> None:
    """Before anything is collected; the option is named."""
    result = pytester.runpytest_subprocess(*LEFT_OUT, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
