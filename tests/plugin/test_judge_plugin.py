"""The judge's pytest plugin, in runs of pytest of its own."""

import pytest

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
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", *arguments)


@pytest.mark.alone
def test_each_requirement_is_an_item(pytester: pytest.Pytester) -> None:
    """A gateway that keeps them passes, started by a fixture that is told the upstream."""
    result = run(pytester, ITSELF, *FEW)

    result.assert_outcomes(passed=3, deselected=len(everything()) - 3)


def test_a_broken_requirement_says_what_came(pytester: pytest.Pytester) -> None:
    """A gateway that never reaches its upstream hands out nothing, and passes nothing either."""
    few = ("-k", "poll.waits or poll.stops", "--gateway-timeout=4")
    result = run(pytester, WRONG_UPSTREAM, *few)

    result.assert_outcomes(failed=2, deselected=len(everything()) - 2)
    result.stdout.fnmatch_lines(["*ready-at-once: allowed: 2xx with credentials; came: 50*"])
    result.stdout.fnmatch_lines(["nothing was judged: not one request of the target reached*"])


def test_without_a_gateway_it_says_what_it_needs(pytester: pytest.Pytester) -> None:
    """Items are skipped, with the two ways to name one."""
    pytester.makepyfile(test_contract="from contracts.conformance import test_requirement")
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:asyncio", "-rs", "-k", "poll.waits"
    )

    result.assert_outcomes(skipped=1, deselected=len(everything()) - 1)
    result.stdout.fnmatch_lines(["*needs --gateway-url, or a fixture `gateway_url`*"])


def everything() -> list[str]:
    """Return the ids of all requirements."""
    from contracts.requirements import REQUIREMENTS

    return [each.id for each in REQUIREMENTS]
