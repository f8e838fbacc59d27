"""The judge as pytest items: one for each requirement of the connect contract.

    pytest --pyargs contracts.conformance --gateway-url http://127.0.0.1:3000/api/avatar/connect

or, with a gateway that your own fixture starts:

    # conftest.py
    @pytest.fixture(scope="session")
    def gateway_url(gateway_upstream):
        with my_server(env=gateway_upstream) as url:
            yield f"{url}/api/avatar/connect"

    # test_contract.py
    from contracts.conformance import *

Imports nothing but pytest before a test asks for it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contracts.judge.run import BlockingJudge, Report


def _deadline_s(text: str) -> float:
    from argparse import ArgumentTypeError

    from contracts.durations import DEADLINES_S, seconds

    try:
        return seconds(text, *DEADLINES_S)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _described(name: str) -> Callable[[str], Any]:
    """Return the function of `contracts.endpoint` that parses an option."""

    def parse(text: str) -> Any:
        from argparse import ArgumentTypeError

        from contracts import endpoint

        try:
            return getattr(endpoint, name)(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return parse


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("runway-contracts", "contract of Runway connect gateways")
    group.addoption(
        "--gateway-url", metavar="URL", help="The connect endpoint that is judged; it runs already."
    )
    group.addoption(
        "--gateway-method",
        choices=["POST", "GET", "PUT", "PATCH"],
        default="POST",
        help="The method of a call. Default: POST.",
    )
    group.addoption(
        "--gateway-header",
        action="append",
        default=[],
        type=_described("header"),
        metavar="HEADER",
        help="`Name: value`, sent with every call; repeatable.",
    )
    group.addoption(
        "--gateway-body-template",
        type=_described("template"),  # no default here: each run would import what parses it
        metavar="BODY",
        help="The body; $AVATAR is replaced. Without it, the endpoint chooses the avatar itself.",
    )
    group.addoption(
        "--gateway-custom-body-template",
        type=_described("custom_template"),
        metavar="BODY",
        help="The body for a custom avatar. Default: the same.",
    )
    group.addoption(
        "--gateway-answer-map",
        action="append",
        default=[],
        type=_described("answer_name"),
        metavar="THEIRS=OURS",
        help="A key of the answer with another name: data.session_id=sessionId; repeatable.",
    )
    group.addoption(
        "--gateway-timeout",
        type=_deadline_s,
        default=30.0,
        metavar="DURATION",
        help="Its own deadline, such as 10s or 500ms. Default: 30s.",
    )
    group.addoption(
        "--gateway-profile",
        choices=["quick", "full"],
        default="quick",
        help="How many situations are played. Default: quick.",
    )
    group.addoption(
        "--gateway-fake-port",
        type=int,
        default=0,
        metavar="PORT",
        help="The port of its upstream, the fake, so that the gateway can be started before.",
    )
    group.addoption(
        "--gateway-secret",
        metavar="SECRET",
        help="The API secret that it uses. Default: the one in the report's header.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Reject a malformed address."""
    if url := config.option.gateway_url:
        from contracts.endpoint import address

        try:
            address(url)
        except ValueError as error:
            raise pytest.UsageError(f"--gateway-url: {error}") from None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return the environment that a gateway needs that runs already."""
    option = config.option
    if not option.gateway_url:
        return []
    if not option.gateway_fake_port:
        return ["gateway: --gateway-fake-port has to name the port of its upstream"]
    from contracts.judge.run import RunOptions

    url = f"http://127.0.0.1:{option.gateway_fake_port}"
    options = RunOptions(secret=option.gateway_secret)
    lines = options.upstream_lines(url, option="--gateway-secret")
    return ["gateway: expected to run with these two:", *lines]


@pytest.fixture(scope="session")
def gateway_judging(request: pytest.FixtureRequest) -> Iterator["BlockingJudge"]:
    """The judge's own side: the fake runs while this does."""
    from contracts.judge.run import BlockingJudge, RunOptions

    option = request.config.option
    options = RunOptions(
        timeout_s=option.gateway_timeout,
        quick=option.gateway_profile == "quick",
        fake_port=option.gateway_fake_port,
        secret=option.gateway_secret,
        wait_s=30.0,
    )
    with ExitStack() as stack:
        with _one_line_failures():
            judge = stack.enter_context(BlockingJudge.started(options))
        yield judge


@contextmanager
def _one_line_failures() -> Iterator[None]:
    """Fail with the judge's own sentence, without a traceback into the judge."""
    from contracts.judge.run import FakeError, TargetError

    try:
        yield
    except (FakeError, TargetError) as error:
        pytest.fail(str(error).replace("--fake-port", "--gateway-fake-port"), pytrace=False)


@pytest.fixture(scope="session")
def gateway_upstream(gateway_judging: "BlockingJudge") -> Mapping[str, str]:
    """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, for the environment of the gateway."""
    return gateway_judging.environment


@pytest.fixture(scope="session")
def gateway_url(request: pytest.FixtureRequest) -> str:
    """The connect endpoint; define a fixture of this name to start one."""
    url: str | None = request.config.option.gateway_url
    if url is None:
        pytest.skip("needs --gateway-url, or a fixture `gateway_url` that starts a gateway")
    return url


@pytest.fixture(scope="session")
def gateway_report(
    request: pytest.FixtureRequest, gateway_judging: "BlockingJudge", gateway_url: str
) -> "Report":
    """The report of one run, for all items."""
    with _one_line_failures():
        from contracts.endpoint import DEFAULT_BODY, target

        option = request.config.option
        template: str | None = option.gateway_body_template
        return gateway_judging.judge(
            target(
                gateway_url,
                method=option.gateway_method,
                headers=option.gateway_header,
                body_template=DEFAULT_BODY if template is None else template,
                custom_body_template=option.gateway_custom_body_template,
                answer_map=option.gateway_answer_map,
            )
        )
