"""The examples for CI: the script is run, the workflow is read."""

import asyncio
import shlex
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from contracts.cli import main
from tests.process.test_judge_command import TakePort, url_at
from tests.support.processes import PATIENCE_S

CI = Path(__file__).parents[2] / "examples" / "ci"


async def judged(folder: Path, *arguments: str, **environment: str) -> int:
    """Run the script and return its exit code."""
    judge = folder / "judge"
    judge.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m contracts "$@"\n')
    judge.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        CI / "judge.sh",
        *arguments,
        cwd=CI.parents[1],
        env={"PATH": "/usr/bin:/bin", "JUDGE": str(judge), "PROFILE": "quick", **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


@pytest.mark.alone
async def test_the_script_judges_a_gateway(tmp_path: Path, take_port: TakePort) -> None:
    """A correct gateway is code 0, and the reports are in their folder."""
    port = take_port()
    gateway = (sys.executable, "-m", "gateway", "serve", f"--port={port}", "--deadline=2")
    reports = tmp_path / "reports"
    code = await judged(tmp_path, url_at(port), *gateway, TIMEOUT="2", REPORTS=str(reports))
    assert code == 0
    assert {path.name for path in reports.iterdir()} <= {"report.html", "report.json", "junit.xml"}


async def test_the_script_explains_itself(tmp_path: Path) -> None:
    """Without arguments it says how it is used, with code 2."""
    assert await judged(tmp_path) == 2


def test_the_workflow_is_one() -> None:
    """It is YAML, its steps do something, and `check` knows the options that it uses."""
    workflow = yaml.safe_load((CI / "judge.yml").read_text())
    steps = workflow["jobs"]["judge"]["steps"]
    assert all({"uses", "run"} & step.keys() for step in steps)
    (line,) = [step["run"] for step in steps if step.get("name") == "Judge"]
    arguments = shlex.split(line)
    assert arguments[:2] == ["runway-contracts", "check"]
    known = CliRunner().invoke(main, ["check", "--help"]).output
    options = [each for each in arguments if each.startswith("--") and each != "--"]
    assert [option for option in options if option not in known] == []
