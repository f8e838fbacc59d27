"""The page about time-outs: its examples run, in Python and in Node, and take no 30 s."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "timeouts"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "fake_runway.testing.pytest_plugin")


def run(*command: str, folder: Path) -> str:
    """Run a command to its end; return what it said."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_example(tmp_path: Path) -> None:
    """With pytest, as a project has it: no configuration of ours."""
    for file in ("flow.py", "test_flow.py"):
        shutil.copy(EXAMPLE / file, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert "4 passed" in run(*PYTEST, folder=tmp_path)


def test_the_node_example() -> None:
    """With node:test, in front of a fake that `run` has started."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    command = (sys.executable, "-m", "fake_runway", "run", "--", node, "--test")
    out = run(*command, str(EXAMPLE / "flow.test.mjs"), folder=EXAMPLE)
    assert "pass 3" in out


def test_the_fast_default_of_a_project(tmp_path: Path) -> None:
    """The lines of the page, read by pytest's fixture."""
    page = (ROOT / "docs" / "timeouts.md").read_text()
    lines = page.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(lines)
    (tmp_path / "test_fast.py").write_text(
        "def test_ready_at_once(fake_runway):\n"
        "    fake_runway.clock.freeze()\n"
        "    import urllib.request, json\n"
        "    def call(method, path, body=None):\n"
        "        request = urllib.request.Request(fake_runway.base_url + path, method=method,\n"
        "            data=body and json.dumps(body).encode(), headers={'X-Runway-Version':\n"
        "            '2024-11-06', 'Authorization': 'Bearer x', 'Content-Type':"
        " 'application/json'})\n"
        "        return json.load(urllib.request.urlopen(request))\n"
        "    made = call('POST', '/v1/realtime_sessions', {'model': 'gwm1_avatars',\n"
        "        'avatar': {'type': 'runway-preset', 'presetId': 'cat-character'}})\n"
        "    path = '/v1/realtime_sessions/' + made['id']\n"
        "    assert call('GET', path)['status'] == 'READY'\n"
    )
    assert "1 passed" in run(*PYTEST, folder=tmp_path)
