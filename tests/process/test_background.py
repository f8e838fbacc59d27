"""`fake-runway start`, `wait`, `status`, `stop` as a shell uses them."""

import asyncio
import json
import os
import signal
from os import listdir
from pathlib import Path
from typing import Any

from fake_runway.clock import pause
from tests.support.processes import PATIENCE_S, running


async def command(place: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run a command of the fake; return its output and its errors."""
    async with running("fake_runway", *arguments, XDG_RUNTIME_DIR=str(place)) as program:
        async with asyncio.timeout(PATIENCE_S):
            output, errors = await program._process.communicate()
        assert program._process.returncode == code, errors.decode()
        assert b"Traceback" not in errors
        return output.decode(), errors.decode()


async def status(place: Path, *, code: int = 0) -> Any:
    """Return what `status` prints for programs."""
    return json.loads((await command(place, "status", "--json", code=code))[0])


async def test_a_fake_in_the_background_from_start_to_stop(tmp_path: Path) -> None:
    """Two side by side, found by their names; other commands find the usual one by themselves."""
    assert await status(tmp_path, code=3) == []
    output, _ = await command(tmp_path, "start", "--port=0", "--credits=5")
    url = output.split()[2]
    assert f"RUNWAYML_BASE_URL={url}" in output
    _, refused = await command(tmp_path, "start", "--port=0", code=1)
    assert refused.startswith(f"fake-runway: default runs already at {url}; stop it")
    await command(tmp_path, "start", "--name=other", "--port=0", "--detach")
    assert [each["name"] for each in await status(tmp_path)] == ["default", "other"]
    waited, _ = await command(tmp_path, "wait", "--name=other", "--json")
    assert json.loads(waited)["name"] == "other"
    await command(tmp_path, "session", "make", "--world=mine")
    assert "3 left" in (await command(tmp_path, "world", "credits"))[0]
    assert await command(tmp_path, "stop") == ("stopped default\n", "")
    assert [each["name"] for each in await status(tmp_path)] == ["other"]
    await command(tmp_path, "stop", "--name=other")
    assert await command(tmp_path, "stop") == ("default does not run\n", "")


async def test_one_that_was_killed_is_not_taken_for_running(tmp_path: Path) -> None:
    """Its file is left behind; the number in it may be any process by now."""
    await command(tmp_path, "start", "--port=0")
    (found,) = await status(tmp_path)
    os.kill(found["pid"], signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while _lives(found["pid"]):
            await pause(0.01)
    assert await status(tmp_path, code=3) == []
    assert await command(tmp_path, "stop") == ("default does not run\n", "")
    await command(tmp_path, "start", "--port=0")
    assert [each["name"] for each in await status(tmp_path)] == ["default"]
    await command(tmp_path, "stop")


def _lives(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Its own words and its own code, and nothing is left running."""
    _, errors = await command(tmp_path, "start", "--nosuch", code=2)
    assert "No such option '--nosuch'" in errors
    _, errors = await command(tmp_path, "start", "--host=192.0.2.1", code=3)
    assert "choose another with --host" in errors
    assert await status(tmp_path, code=3) == []
    _, errors = await command(tmp_path, "wait", "--timeout=100ms", code=3)
    assert errors == "fake-runway: default does not serve after 0.1s\n"


async def test_a_folder_that_others_can_open_is_refused(tmp_path: Path) -> None:
    """Whoever can write there could name a process to be ended."""
    (tmp_path / f"fake-runway-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"fake-runway-{os.getuid()}").chmod(0o777)
    _, errors = await command(tmp_path, "stop", code=1)
    assert "a folder that only you can open" in errors


async def test_a_ready_file_is_there_while_it_serves(tmp_path: Path) -> None:
    """For programs that start a fake on any port."""
    file = tmp_path / "ready.json"
    async with running("fake_runway", "serve", "--port=0", f"--ready-file={file}") as serve:
        url = (await serve.line(containing="fake Runway")).split()[-1]
        async with asyncio.timeout(PATIENCE_S):
            while file.name not in listdir(tmp_path):
                await pause(0.01)
        assert json.loads(file.read_text()) == {"url": url, "pid": serve._process.pid}
        assert await serve.stop() == 0
    assert listdir(tmp_path) == []
