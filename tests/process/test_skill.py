"""What coding agents are told: every command of it is run, and every block of Python."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.processes import FEW_PLUGINS, PATIENCE_S, held_port

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "fake_runway/SKILL.md").read_text()
LINES = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
NPM = f"""#!/bin/sh
case "$1" in
  test) exec {sys.executable} -c 'import urllib.request as u, os
r = u.Request(os.environ["RUNWAYML_BASE_URL"] + "/v1/organization", headers={{
  "Authorization": "Bearer " + os.environ["RUNWAYML_API_SECRET"],
  "X-Runway-Version": "2024-11-06"}})
print(u.urlopen(r).status)' ;;
  start) exec {sys.executable} -P -m gateway serve --port "$TARGET_PORT" ;;
esac
"""


@asynccontextmanager
async def shell(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a shell that knows the commands of this package, and an `npm` of a small project."""
    programs = folder / "bin"
    programs.mkdir()
    modules = {"fake-runway": "fake_runway", "runway-contracts": "contracts"}
    texts = {
        name: f'#!/bin/sh\nexec {sys.executable} -P -m {module} "$@"\n'
        for name, module in modules.items()
    }
    for name, text in {**texts, "npm": NPM}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TARGET_PORT": str(port),
        "XDG_RUNTIME_DIR": str(folder),
    }
    process = await asyncio.create_subprocess_exec(
        "sh",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        cwd=folder,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_every_command_of_the_skill_works(tmp_path: Path) -> None:
    """In its order, in a shell that ends at the first that fails."""
    with held_port() as port:
        script = ["set -ex"]
        for line in LINES:
            line = line.replace(":3000/", f":{port}/")
            if line.startswith("runway-contracts check"):  # one requirement says enough here
                line = line.replace("--only cancel", "").replace("check", "check --only poll.waits")
            # the session that the skill speaks of, while there is a fake for it
            line = line.replace("3f2a", "$(fake-runway session make | cut -c1-8)")
            if line.startswith("fake-runway world scenario"):
                script += LINES[2:5]
            script.append(line)
        script.append("fake-runway stop")
        async with shell(tmp_path, port) as process, asyncio.timeout(PATIENCE_S):
            output, _ = await process.communicate("\n".join(script).encode())
    assert process.returncode == 0, output.decode()[-3000:]
    assert len(LINES) > 12


def test_the_example_is_a_test_that_passes(pytester: pytest.Pytester) -> None:
    """With a call of an application in its place."""
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    call = """
    from runwayml import RunwayML
    with RunwayML(max_retries=3) as runway:
        avatar = {"type": "runway-preset", "presetId": "music-superstar"}
        made = runway.realtime_sessions.create(model="gwm1_avatars", avatar=avatar)
        runway.realtime_sessions.delete(made.id)
"""
    pytester.makepyfile(block.replace("    ...  # call the application\n", call.lstrip("\n")))
    pytester.runpytest_subprocess("-pno:xdist", *FEW_PLUGINS).assert_outcomes(passed=1)


def test_the_skill_is_short_and_names_no_file_of_this_repository() -> None:
    """It is read outside of it, each time anew."""
    assert len(TEXT.split()) < 900
    assert re.match(r"---\nname: fake-runway\ndescription: .+\n---\n", TEXT)
    assert "](" not in TEXT
    assert (ROOT / "skills/fake-runway/SKILL.md").read_text() == TEXT
