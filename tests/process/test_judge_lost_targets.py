"""`runway-contracts check` on programs that end, hang, write without end, or leave children."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.process.test_judge_command import (
    QUICK,
    Run,
    TakePort,
    check,
    listens,
    rest,
    until_listening,
    url_at,
)
from tests.support.processes import running

ONE = (*QUICK, "--only=request.bad-json")
SURVIVE = (*QUICK, "--only=survive", "--only=secrecy.output")
GATEWAY = """
import http.server, json, os, subprocess, sys, threading, urllib.error, urllib.request

BASE, SECRET = os.environ["RUNWAYML_BASE_URL"], os.environ["RUNWAYML_API_SECRET"]
FATE = os.environ.get("FATE", "")
hung = threading.Event()
volumes = []

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        if hung.is_set():
            threading.Event().wait()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            chosen = {"avatarId": "music-superstar"} if FATE == "chooses" else {}
            avatar = (chosen | json.loads(body))["avatarId"]
            known = avatar.replace("-", "").isalpha() and avatar != "no-such-avatar"
        except (ValueError, KeyError, AttributeError, TypeError):
            known = False
        self.answer(self.create(avatar) if known else 400)

    def create(self, avatar):
        if FATE == "volume" and len(volumes) < 3:
            volumes.append(avatar)
            print("starting with", SECRET, flush=True)
            for _ in range(60):
                print("noise " * 20_000, flush=True)
        wanted = {"type": "runway-preset", "presetId": avatar}
        body = json.dumps({"model": "gwm1_avatars", "avatar": wanted}).encode()
        try:
            session = json.loads(self.ask("POST", "", body))["id"]
            self.ask("DELETE", "/" + session)
        except urllib.error.URLError:
            pass
        except ValueError:
            if FATE == "exit":
                print("no JSON for", SECRET, flush=True)
                os._exit(7)
            if FATE == "hang":
                hung.set()
        return 502

    def ask(self, method, path, body=None):
        url, headers = BASE + "/v1/realtime_sessions" + path, {
            "Authorization": "Bearer " + SECRET,
            "Content-Type": "application/json",
            "X-Runway-Version": "2024-11-06",
        }
        request = urllib.request.Request(url, body, headers, method=method)
        return urllib.request.urlopen(request).read()

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

if child := os.environ.get("CHILD"):
    exec(child)
http.server.ThreadingHTTPServer.request_queue_size = 128  # else some of many callers wait a second
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def command(port: int | str) -> tuple[str, ...]:
    """Return the command that starts the gateway."""
    return ("--", sys.executable, "-c", GATEWAY, str(port))


def verdicts(run: Run) -> dict[str, str]:
    """Return the outcomes of a JSON report on standard output."""
    report = json.loads(run.output)
    return {each["id"]: each["outcome"] for each in report["requirements"]}


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        ("exit", "ended with code 7"),
        # it takes the judge half a minute to be sure
        pytest.param("hang", "listens, and answers nothing any more", marks=pytest.mark.exhaustive),
    ],
)
async def test_a_target_that_is_lost_is_started_again(
    fate: str, words: str, take_port: TakePort
) -> None:
    """The malformed answer is blamed, its last words are shown without secrets, the code is 1."""
    port = take_port()
    run = await check(
        "--target", url_at(port), *SURVIVE, "--report=json", *command(port), FATE=fate
    )
    report = json.loads(run.output)
    (verdict,) = [each for each in report["requirements"] if each["id"] == "survive.anything"]
    found = json.dumps(verdict)
    assert run.code == 1, run
    assert verdict["outcome"] == "fail"
    assert "create-malformed" in found
    assert words in found
    assert fate == "hang" or "no JSON for [API secret]" in found
    assert len(report["situations"]) >= 20
    assert not await listens(port)


async def test_a_target_that_the_judge_did_not_start(take_port: TakePort) -> None:
    """The report is complete: the cause is blamed, what was not played is not observed; code 1."""
    port, fake_port = take_port(), take_port()
    options = ("--target", url_at(port), f"--fake-port={fake_port}", *QUICK, "--report=json")
    async with running("contracts", "check", *options) as program:
        await until_listening(fake_port)
        environment = {
            "RUNWAYML_BASE_URL": f"http://127.0.0.1:{fake_port}",
            "RUNWAYML_API_SECRET": "judge-14cebf65f2300ed87737d5fc",
            "FATE": "exit",
        }
        async with _served(port, environment):
            run = await rest(program)
    outcomes = verdicts(run)
    assert run.code == 1, run
    assert outcomes["survive.anything"] == "fail"
    assert "not observed" in outcomes.values()


@asynccontextmanager
async def _served(port: int, environment: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *command(port)[1:], env={**os.environ, **environment}
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_volume_hides_no_secret(take_port: TakePort) -> None:
    """Seven megabytes after each line with the secret: it fails, and the line is shown redacted."""
    port = take_port()
    run = await check("--target", url_at(port), *SURVIVE, *command(port), FATE="volume")
    assert run.code == 1, run
    assert "starting with [API secret]" in run.output
    assert "judge-14cebf65f2300ed87737d5fc" not in run.output


HOLDS = """
subprocess.Popen(
    [sys.executable, "-c", {program!r}, os.environ["CHILD_PORT"]],
    start_new_session=True, {more}
)
"""
LISTENS = """
import os, socket, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
server.listen()
time.sleep(600)
"""


async def test_children_in_sessions_of_their_own_end(take_port: TakePort) -> None:
    """A daemon, two forks away, that holds the output and ignores its group: it ends too."""
    port, child_port = take_port(), take_port()
    run = await check(
        "--target",
        url_at(port),
        *ONE,
        *command(port),
        CHILD=HOLDS.format(program=LISTENS, more=""),
        CHILD_PORT=str(child_port),
    )
    assert run.code == 0, run
    assert not await listens(child_port)


async def test_children_end_after_ctrl_c(take_port: TakePort) -> None:
    """In the middle of a run, too."""
    port, child_port = take_port(), take_port()
    arguments = ("--target", url_at(port), *QUICK, *command(port))
    environment = {
        "CHILD": HOLDS.format(program=LISTENS, more=""),
        "CHILD_PORT": str(child_port),
    }
    async with running("contracts", "check", *arguments, **environment) as program:
        await until_listening(child_port)
        program._process.send_signal(signal.SIGTERM)
        run = await rest(program)
    assert (run.code, run.last) == (143, "runway-contracts: interrupted")
    assert [await listens(port), await listens(child_port)] == [False, False]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="ends the child by /proc")
async def test_a_child_that_cannot_be_found_ends_no_run(take_port: TakePort) -> None:
    """It has cleared its environment and holds the output: the run ends in order all the same."""
    port, child_port = take_port(), take_port()
    try:
        run = await check(
            "--target",
            url_at(port),
            *ONE,
            *command(port),
            CHILD=HOLDS.format(program=LISTENS, more="env={}"),
            CHILD_PORT=str(child_port),
        )
        assert run.code == 0, run
    finally:
        for pid in _with_argument(str(child_port)):
            os.kill(pid, signal.SIGKILL)


def _with_argument(argument: str) -> Iterator[int]:
    """Yield the processes of this test's own child."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and (entry / "cmdline").read_bytes().endswith(
                f"\0{argument}\0".encode()
            ):
                yield int(entry.name)


async def test_instances_get_a_port_and_a_secret_each() -> None:
    """`{port}` in the command and in the address is a free port, another for each instance."""
    run = await check(
        *("--target=http://127.0.0.1:{port}/connect", "--instances=3", "--report=json"),
        *("--body-template={}", "--only=survive", *QUICK),
        *command("{port}"),
        FATE="chooses",
    )
    report = json.loads(run.output)
    assert run.code == 3, run  # its sessions are never handed out
    assert "a session was created" in report["no_connect"]
    assert all(len(each["upstream"]) for each in report["situations"] if each["sessions"])
    assert verdicts(run) == {"survive.anything": "pass"}
