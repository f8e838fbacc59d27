"""The commands of the README for a new user, executed."""

import asyncio
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S, running

README = (Path(__file__).parents[2] / "README.md").read_text()


def blocks(heading: str) -> list[str]:
    """Return the shell blocks of the section whose heading begins so."""
    section = README.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


async def typed(block: str, port: str) -> str:
    """Run a block in a shell as the README has it, against the fake on another port."""
    command = block.replace("127.0.0.1:4010", f"127.0.0.1:{port}").replace(
        ".venv/bin/fake-runway", f"{sys.executable} -P -m fake_runway"
    )
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", command, stdout=PIPE, stderr=PIPE, cwd="/"
    )
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl, as the README does")
async def test_429_twice_then_ready() -> None:
    """Three creates, two of them refused; READY; all that happened; its token; a refused film."""
    create, timeline, token, task, _ = blocks("Make it fail")
    async with running("fake_runway", "serve", "--port=0") as program:
        port = (await program.line()).rpartition(":")[2]
        answers = (await typed(create, port)).splitlines()
        seen = await typed(timeline, port)
        text = await typed(token, port)
        tasks = await typed(task, port)
    assert [answer.split()[-1] for answer in answers] == ["429", "429", "200"]
    assert '"state":"ready"' in seen
    assert "provisioning -> ready" in seen
    assert "3 exchanges, identical" in seen
    assert text.startswith("fr1.")
    assert "failed (SAFETY.OUTPUT.VIDEO)" in tasks
