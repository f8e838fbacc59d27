"""The judge as a library, as docs/judge.md shows it."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.judge.run import Judge, Outcome, Report, RunOptions, TargetError

DOCS = Path(__file__).parents[2] / "docs" / "judge.md"
CODE = re.compile(r"^## As a library\n+```python\n(.*?)```", re.DOTALL | re.MULTILINE)
TakePort = Callable[[], int]


def gateway(port: int) -> list[str]:
    """Return the command of a correct gateway."""
    return [sys.executable, "-m", "gateway", "serve", f"--port={port}", "--deadline=2"]


@pytest.mark.alone
def test_the_example_judges_a_gateway(take_port: TakePort) -> None:
    """The code of the page, with another server and deadline, ends with a report that is kept."""
    port = take_port()
    (code,) = CODE.findall(DOCS.read_text())
    for shown, used in (
        ('["node", "server.js"]', repr(gateway(port))),
        (":3000/", f":{port}/"),
        ("timeout_s=10", "timeout_s=2"),
    ):
        assert shown in code
        code = code.replace(shown, used)
    names: dict[str, object] = {}

    exec(code, names)  # the page's own code

    report = names["report"]
    assert isinstance(report, Report)
    assert Outcome.PASS in {verdict.outcome for verdict in report.verdicts}


async def test_it_may_be_awaited_and_fails_with_an_error_of_its_own(take_port: TakePort) -> None:
    """A command that ends at once is a TargetError, with the output of the command."""
    command = [sys.executable, "-c", "raise SystemExit('no such module')"]
    async with Judge.started(RunOptions(quick=True, wait_s=30.0)) as judge:
        with pytest.raises(TargetError, match="ended with code 1") as caught:
            await judge.judge(f"http://127.0.0.1:{take_port()}/", command=command)

    assert caught.value.output == "no such module"
