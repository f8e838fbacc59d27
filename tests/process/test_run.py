"""`fake-runway run -- COMMAND` as a shell uses it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.support.processes import PATIENCE_S, Program, running

CONNECT = """
import json, os, urllib.error, urllib.request
def call(method, path, body=None, version=True):
    request = urllib.request.Request(os.environ["RUNWAYML_BASE_URL"] + path, body, method=method)
    request.add_header("Authorization", "Bearer " + os.environ["RUNWAYML_API_SECRET"])
    if version:
        request.add_header("X-Runway-Version", "2024-11-06")
    request.add_header("Content-Type", "application/json")
    return json.load(urllib.request.urlopen(request))
avatar = {"type": "runway-preset", "presetId": "music-superstar"}
body = json.dumps({"model": "gwm1_avatars", "avatar": avatar}).encode()
id = call("POST", "/v1/realtime_sessions", body)["id"]
print(id)
try:
    call("GET", "/v1/realtime_sessions/" + id, version=False)
except urllib.error.HTTPError:
    pass
"""
SLEEP = """
import os, signal, sys, time
def stop(number, frame):
    os.write(1, b"got %d\\n" % number)  # print may be at work when the signal comes
    sys.exit(9)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("sleeping", flush=True)
time.sleep(600)
"""


async def rest(program: Program) -> tuple[int, str, str]:
    """Return exit code, output and errors of a program at its end."""
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await program._process.communicate()
    assert program._process.returncode is not None
    return program._process.returncode, output.decode(), errors.decode()


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run to the end."""
    async with running("fake_runway", "run", *arguments, **environment) as program:
        return await rest(program)


async def test_a_command_reaches_the_fake_and_hears_what_it_does_wrong() -> None:
    """Its output is its own; the finding stands on standard error; a real secret stays outside."""
    secret = "key_" + "ab" * 64
    python = (sys.executable, "-c", CONNECT)
    code, output, errors = await run("--", *python, RUNWAYML_API_SECRET=secret)
    assert (code, len(output.split())) == (0, 1)
    assert errors.startswith("fake Runway: warning no-version-header: ")
    code, _, _ = await run("--fail-on=warning", "--", *python)
    assert code == 1


async def test_the_exit_code_is_that_of_the_command() -> None:
    """Also where it ended by a signal, or was never started."""
    for command, expected in (
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -9 $$"), 137),
        (("no-such-command",), 127),
        (("/",), 126),
    ):
        code, output, errors = await run("--", *command)
        assert (code, output) == (expected, "")
        assert len(errors.splitlines()) == 1


async def test_signals_reach_the_command_and_it_decides() -> None:
    """SIGINT and SIGTERM alike."""
    for number in (signal.SIGINT, signal.SIGTERM):
        async with running("fake_runway", "run", "--", sys.executable, "-c", SLEEP) as program:
            await program.line(containing="sleeping")
            program._process.send_signal(number)
            code, output, errors = await rest(program)
        assert (code, output) == (9, f"got {int(number)}\n"), errors
        hint = "--intercept answers such calls, and names them"
        assert errors == f"fake Runway: not one call came: is a host hard-coded? {hint}\n"


async def test_a_fake_that_runs_already_is_used_in_a_world_of_the_run() -> None:
    """Findings about others stay out; options of a server are refused."""
    async with running("fake_runway", "serve", "--port=0") as serve:
        url = (await serve.line(containing="fake Runway")).split()[-1]
        command = ("--", sys.executable, "-c", CONNECT)
        code, output, errors = await run(f"--url={url}", *command)
        assert (code, len(output.split())) == (0, 1)
        assert "no-version-header" in errors
        code, _, errors = await run(f"--url={url}", "--credits=1", *command)
        assert code == 2
        assert "--credits is for a fake that is started here" in errors
        code, _, errors = await run(f"--url={url}", "--scenario=no-such", *command)
        assert (code, len(errors.splitlines())) == (3, 1)


async def test_a_scenario_strikes_the_command(tmp_path: Path) -> None:
    """A name, as for `serve`."""
    script = tmp_path / "app.py"
    script.write_text(CONNECT)
    code, _, errors = await run("--scenario=out-of-credits", "--", sys.executable, str(script))
    assert code == 1
    assert "402" in errors
    assert os.environ.get("RUNWAYML_BASE_URL") is None
