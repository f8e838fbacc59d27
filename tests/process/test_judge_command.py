"""`runway-contracts check` as a real process, on targets that are down, broken, hostile or fine."""

import asyncio
import json
import os
import signal
import sys
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from struct import pack

import pytest
from click.testing import CliRunner

from contracts.cli import main
from tests.support.processes import PATIENCE_S, Program, running

QUICK = ("--profile=quick", "--timeout=1")
FEW = (*QUICK, "--only=poll.waits")  # two situations
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TakePort = Callable[[], int]
Answering = Callable[[StreamReader, StreamWriter], Awaitable[None]]

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    left = int(os.environ.get("LEFT", "1000"))
    def do_POST(self):
        Handler.left -= 1
        if Handler.left < 0:
            print("out of order", flush=True)
            os._exit(7)
        self.send_response(503)
        self.end_headers()
http.server.ThreadingHTTPServer.request_queue_size = 128  # else some of many callers wait a second
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run of the judge."""

    code: int
    output: str
    errors: str

    @property
    def last(self) -> str:
        """The last line of its errors."""
        return self.errors.splitlines()[-1]


async def check(*arguments: str, **environment: str) -> Run:
    """Run `check` to its end."""
    async with running("contracts", "check", *arguments, **environment) as program:
        return await rest(program)


async def rest(program: Program) -> Run:
    """Return the rest of the output of a run."""
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await program._process.communicate()
    assert b"Traceback" not in errors, errors.decode()
    assert program._process.returncode is not None
    return Run(program._process.returncode, output.decode(), errors.decode())


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[str]:
    """Serve raw bytes in this process; yield the address."""

    writers: set[StreamWriter] = set()

    async def client(reader: StreamReader, writer: StreamWriter) -> None:
        writers.add(writer)
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            writers.discard(writer)

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/avatar/connect"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def listens(port: int) -> bool:
    """Return whether a program listens at the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def until_listening(port: int) -> None:
    """Return once a program listens at the port."""
    async with asyncio.timeout(PATIENCE_S):
        while not await listens(port):
            await asyncio.to_thread(threading.Event().wait, 0.02)


def url_at(port: int) -> str:
    """Return the endpoint of a server at a port."""
    return f"http://127.0.0.1:{port}/api/avatar/connect"


# No target


async def test_a_target_that_is_down(take_port: TakePort) -> None:
    """The two lines are there before it waits; then one line names the closed address; code 3."""
    run = await check("--target", url_at(port := take_port()), "--wait=0.2")
    assert run.code == 3
    lines = run.errors.splitlines()
    assert [line.partition("=")[0] for line in lines[1:3]] == [
        "RUNWAYML_BASE_URL",
        "RUNWAYML_API_SECRET",
    ]
    assert lines[3:] == [f"runway-contracts: nothing listens at 127.0.0.1:{port} after 0.2s"]


async def test_a_secret_by_option_is_not_shown(take_port: TakePort) -> None:
    """The log of the run does not show it."""
    run = await check("--target", url_at(take_port()), "--wait=0", "--secret=of-my-own")
    assert "RUNWAYML_API_SECRET=(the one of --secret)" in run.errors.splitlines()
    assert "of-my-own" not in run.errors


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('no such module'); raise SystemExit(5)", ["ended with code 5", "no such module"]),
        (
            "import time; print('thinking', flush=True); time.sleep(60)",
            ["nothing listens", "think"],
        ),
    ],
    ids=["ends-at-once", "never-listens"],
)
async def test_a_command_that_starts_no_target(
    script: str, words: list[str], take_port: TakePort
) -> None:
    """Its last lines are printed, and the code is 3."""
    target = ("--target", url_at(take_port()), "--wait=1")
    run = await check(*target, "--", sys.executable, "-c", script)
    assert run.code == 3
    for word in words:
        assert word in run.errors


@pytest.mark.parametrize("secret", ["my-own-secret-value-9", "s3cret" * 70], ids=["short", "long"])
async def test_the_last_lines_of_a_target_are_redacted(secret: str, take_port: TakePort) -> None:
    """It wrote its own secret, whole, and the judge does not show it, not even a part."""
    script = "import os; print('starting with', os.environ['RUNWAYML_API_SECRET'], 'in hand')"
    options = ("--target", url_at(take_port()), f"--secret={secret}")
    run = await check(*options, "--", sys.executable, "-c", script)
    assert (run.code, run.last) == (3, "  | starting with [API secret] in hand")
    assert secret[:20] not in run.output + run.errors


async def test_a_command_that_cannot_be_run(take_port: TakePort) -> None:
    """One line names it, and the code is 3."""
    run = await check("--target", url_at(take_port()), "--", "no-such-command")
    assert (run.code, run.errors) == (
        3,
        "runway-contracts: 'no-such-command' cannot be run: No such file or directory\n",
    )


async def test_a_port_that_is_taken() -> None:
    """A program that listens already is not mistaken for the target to start."""
    async with serving(hang_up) as url:
        run = await check("--target", url, "--", sys.executable, "-c", "")
    assert run.code == 3
    assert "already" in run.errors


async def test_a_target_that_dies_in_the_middle(take_port: TakePort) -> None:
    """Its end is a broken MUST, with its code and its last lines; the report is complete."""
    port = take_port()
    command = (sys.executable, "-c", SERVER, str(port))
    run = await check("--target", url_at(port), *QUICK, "--", *command, LEFT="12")
    assert run.code == 1
    assert "got:      one that ended with code 7, with the last words: " in run.output
    assert " / out of order" in run.output


# Targets that answer wrongly


async def hang_up(reader: StreamReader, writer: StreamWriter) -> None:
    """Close at once."""


async def reset(reader: StreamReader, writer: StreamWriter) -> None:
    """Close at once, with a reset, as a close does while a body is still arriving."""
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))


async def garbage(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer bytes other than HTTP."""
    writer.write(b"\x00\xffSSH-2.0-nonsense\r\n" * 20)
    await writer.drain()
    await reader.read(65_536)


async def silence(reader: StreamReader, writer: StreamWriter) -> None:
    """Never answer."""
    while await reader.read(65_536):
        pass


async def endless_body(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer without an end."""
    await reader.read(65_536)
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b"{" * 65_536)
        await writer.drain()


async def endless_headers(reader: StreamReader, writer: StreamWriter) -> None:
    """Never come to the body."""
    await reader.read(65_536)
    writer.write(HEAD)
    while True:
        writer.write(b"X-More: and more\r\n" * 1_000)
        await writer.drain()


async def one_endless_header(reader: StreamReader, writer: StreamWriter) -> None:
    """Never come to the end of a header."""
    await reader.read(65_536)
    writer.write(HEAD + b"X-More: ")
    while True:
        writer.write(b"more" * 10_000)
        await writer.drain()


def always(head: bytes, body: bytes = b"") -> Answering:
    """Answer everything with this."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        await writer.drain()

    return answer


async def redirect(reader: StreamReader, writer: StreamWriter) -> None:
    """Send callers elsewhere: here again."""
    await reader.read(65_536)
    host, port = writer.get_extra_info("sockname")
    writer.write(
        b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n"
        + f"Location: http://{host}:{port}/api/avatar/connect\r\n\r\n".encode()
    )
    await writer.drain()


ODD = (
    (silence, "poll.waits", 3, "not one HTTP answer"),
    (hang_up, "time.deadline", 3, "the target hung up"),
    (reset, "time.deadline", 3, "the target hung up"),
    (garbage, "time.deadline", 3, "no HTTP"),
    (endless_body, "shape.one-of-two", 3, "not one request of the target"),
    (endless_headers, "time.deadline", 3, "no answer"),
    (one_endless_header, "time.deadline", 3, "no answer"),
    (redirect, "poll.waits", 3, "every answer was 307: give the address that"),
    (always(b"401 Unauthorized"), "poll.waits", 3, "every answer was 401: give what callers"),
    (always(b"403 Forbidden"), "poll.stops", 3, "by --header"),
)
AT_ONCE = 3  # most of their time is the judge's timeouts


async def test_targets_that_answer_wrongly() -> None:
    """Each gets a verdict that quotes the answer, or reports that there was none; no run hangs."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def judged(answer: Answering, only: str) -> Run:
        async with turn, serving(answer) as url:
            return await check("--target", url, *QUICK, f"--only={only}")

    runs = await asyncio.gather(*(judged(answer, only) for answer, only, _, _ in ODD))
    for (answer, _, code, message), run in zip(ODD, runs, strict=True):
        assert run.code == code, (answer, run)
        assert message in run.output + run.errors, (answer, run)


async def test_a_target_that_does_not_use_the_fake(take_port: TakePort) -> None:
    """The most frequent mistake of a first run is explained in a sentence."""
    port = take_port()
    command = (sys.executable, "-c", SERVER, str(port))
    run = await check("--target", url_at(port), *FEW, "--", *command)
    assert run.code == 3
    assert "not one request of the target reached the fake" in run.errors


async def test_a_run_that_judged_nothing_is_not_good(tmp_path: Path) -> None:
    """A wrong path breaks nothing of what must not happen: code 3, and every report agrees."""
    reports = [f"--report={form}={tmp_path / form}" for form in ("json", "junit", "html", "github")]
    async with serving(always(b"404 Not Found")) as url:
        run = await check("--target", url, *QUICK, "--only=cancel", *reports)
    report = json.loads((tmp_path / "json").read_text())
    assert run.code == 3
    assert run.last.startswith("runway-contracts: not one request of the target reached the fake")
    assert run.output.startswith("nothing was judged: not one request")
    assert {each["outcome"] for each in report["requirements"]} == {"not observed", "skip"}
    assert report["passed"] is False
    assert report["nothing_judged"] in run.last
    assert "<error" in (tmp_path / "junit").read_text()
    assert "::error" in (tmp_path / "github").read_text()
    assert "Nothing was judged: not one" in (tmp_path / "html").read_text()


async def test_a_report_is_alone_on_standard_output() -> None:
    """A program can read it; annotations stand in the log with everything else."""
    async with serving(always(b"404 Not Found")) as url:
        common = ("--target", url, *QUICK, "--only=request.bad-json")
        alone = await check(*common, "--report=json=-")
        log = await check(*common, "--report=github")
    assert json.loads(alone.output)["passed"] is True
    assert "1 passed" in alone.errors
    assert "1 passed, 0 failed, 0 skipped, " in log.output
    assert log.output.splitlines()[-1].startswith("::notice")


ONE_MALFORMED_CREATE = """
import http.server, json, os, sys, urllib.error, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            avatar = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["avatarId"]
            assert avatar in KNOWN or not KNOWN
        except Exception:
            return self.answer(400)
        headers = {
            "Authorization": "Bearer " + os.environ["RUNWAYML_API_SECRET"],
            "Content-Type": "application/json",
            "X-Runway-Version": "2024-11-06",
        }
        url = os.environ["RUNWAYML_BASE_URL"] + "/v1/realtime_sessions"
        try:
            urllib.request.urlopen(urllib.request.Request(url, b'{"model": "?"}', headers))
        except urllib.error.HTTPError:
            pass
        self.answer(500)
    def answer(self, status):
        body = b'{"error": "out of order"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
KNOWN = sys.argv[2:]
http.server.ThreadingHTTPServer.request_queue_size = 128  # else some of many callers wait a second
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.parametrize(
    "options", [("--strict", "--skip=request"), ("--only=cancel",), ("--only=cancel.caller-gone",)]
)
async def test_a_target_whose_connects_all_fail(
    options: tuple[str, ...], take_port: TakePort, tmp_path: Path
) -> None:
    """It answers 500 after one malformed create: code 3, and the first line has the hop."""
    port = take_port()
    command = (sys.executable, "-c", ONE_MALFORMED_CREATE, str(port))
    more = (*options, f"--report=json={tmp_path / 'json'}")
    run = await check("--target", url_at(port), *QUICK, *more, "--", *command)
    report = json.loads((tmp_path / "json").read_text())
    assert run.code == 3, run
    first = "no connect succeeded: in ready-at-once, the create got 400, and the caller got 500"
    assert run.output.startswith(first)
    cancels = [each for each in report["requirements"] if each["family"] == "cancel"]
    assert {each["outcome"] for each in cancels} <= {"not observed", "skip"}
    assert report["summary"]["failed"] == 0


async def test_a_server_that_does_not_know_the_avatar(take_port: TakePort) -> None:
    """A caller who hangs up leaves no session there, and so no cancel is judged: code 3."""
    port = take_port()
    command = (sys.executable, "-c", ONE_MALFORMED_CREATE, str(port), "an-avatar-of-its-own")
    run = await check("--target", url_at(port), *QUICK, "--only=cancel.caller-gone", "--", *command)
    assert run.code == 3, run
    row = next(each for each in run.output.splitlines() if "cancel.caller-gone " in each)
    assert row.split()[:4] == ["not", "observed", "MUST", "cancel.caller-gone"]
    assert run.last.endswith("and does it take the avatars of --avatars?")


async def test_a_target_with_another_secret(take_port: TakePort) -> None:
    """Its requests come, but with a secret that is not the judge's; neither is printed."""
    port = take_port()
    start = 'RUNWAYML_API_SECRET=quite-another-one exec "$0" -m gateway serve --port "$1"'
    command = ("sh", "-c", start, sys.executable, str(port))
    mine = "--secret=the-secret-of-the-judge"
    run = await check("--target", url_at(port), *FEW, mine, "--", *command)
    assert run.code == 3, run
    assert "requests reached the fake with another API secret than" in run.last
    assert "quite-another-one" not in run.output + run.errors
    assert "the-secret-of-the-judge" not in run.output + run.errors


async def test_a_target_that_hands_out_invented_credentials() -> None:
    """They may be real ones, of Runway itself: no fault has reached the target, so code 3."""
    made_up = always(b"200 OK", b'{"sessionId": "a", "sessionKey": "b"}')
    async with serving(made_up) as url:
        run = await check("--target", url, *FEW, "--only=upstream.create")
    assert run.code == 3, run
    assert run.output.startswith("nothing was judged: not one request of the target reached")


async def test_a_leak_is_broken_also_where_nothing_else_was_judged(
    take_port: TakePort, tmp_path: Path
) -> None:
    """A server that never uses the fake and writes its secret: code 1, and every report agrees."""
    port = take_port()
    leaks = "import os; print(os.environ['RUNWAYML_API_SECRET'], flush=True)\n"
    command = (sys.executable, "-c", leaks + SERVER, str(port))
    reports = [f"--report={form}={tmp_path / form}" for form in ("json", "junit")]
    options = (*FEW, "--only=secrecy.output", *reports)
    run = await check("--target", url_at(port), *options, "--", *command)
    report = json.loads((tmp_path / "json").read_text())
    assert run.code == 1, run
    first = (
        "broken: 1 MUST; nothing else was judged: not one request of the target reached the fake"
    )
    assert report["headline"].startswith(first)
    assert run.output.startswith(first)
    assert report["summary"]["failed_must"] == 1
    assert 'errors="1"' in (tmp_path / "junit").read_text()
    assert 'failures="1"' in (tmp_path / "junit").read_text()


async def test_callers_who_are_refused_need_no_upstream() -> None:
    """Wrong requests alone cause no upstream request."""
    async with serving(always(b"400 Bad Request", b'{"error": "no"}')) as url:
        run = await check("--target", url, *QUICK, "--only=request.bad-json")
    assert run.code == 0, run


# The end of a run


async def test_ctrl_c(take_port: TakePort) -> None:
    """Target and fake end, the code is 130, and there is no traceback."""
    port, fake_port = take_port(), take_port()
    arguments = ("--target", url_at(port), f"--fake-port={fake_port}", *QUICK)
    command = (sys.executable, "-c", SERVER.replace("self.send_response(503)", "input()"))
    async with running("contracts", "check", *arguments, "--", *command, str(port)) as program:
        await until_listening(port)
        assert await listens(fake_port)
        program._process.send_signal(signal.SIGINT)
        run = await rest(program)
    assert (run.code, run.last) == (130, "runway-contracts: interrupted")
    assert [await listens(port), await listens(fake_port)] == [False, False]


async def test_the_whole_group_of_a_command_ends(take_port: TakePort) -> None:
    """The server that a shell has left behind does not outlive the run."""
    port = take_port()
    shell = f'"{sys.executable}" -c "$SERVER" {port} & exit 0'
    run = await check("--target", url_at(port), *FEW, "--", "sh", "-c", shell, SERVER=SERVER)
    assert run.code == 3
    assert not await listens(port)


def only_child(pid: int) -> int:
    """Return the process that a process has started."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the fake in /proc")
async def test_a_fake_that_dies() -> None:
    """The judge has failed, not the target: code 4 and one line."""
    async with (
        serving(silence) as url,
        running("contracts", "check", "--target", url, *FEW) as program,
    ):
        assert program._process.stderr is not None
        while b"SECRET" not in await program._process.stderr.readline():
            pass
        os.kill(only_child(program._process.pid), signal.SIGKILL)
        run = await rest(program)
    assert (run.code, run.last) == (
        4,
        "runway-contracts: the fake ended with code -9 in the middle of the run",
    )


async def test_a_fake_port_that_is_taken() -> None:
    """One line, code 4."""
    async with serving(silence) as url:
        port = url.split(":")[2].split("/")[0]
        run = await check("--target", url, f"--fake-port={port}")
    assert run.code == 4
    assert len(run.errors.splitlines()) == 1
    assert port in run.errors


# A fake that runs already


@pytest.mark.alone
async def test_a_fake_that_runs_already(take_port: TakePort) -> None:
    """With its admin token, a gateway is judged in front of it; without, a line says so."""
    async with running("fake_runway", "serve", "--port=0", "--admin-token=open") as program:
        fake = (await program.line()).split()[-1]
        port = take_port()
        target = ("--target", url_at(port), "--profile=quick", "--timeout=2")
        gateway = (sys.executable, "-m", "gateway", "serve", f"--port={port}", "--deadline=2")
        refused = await check(*target, f"--fake-url={fake}", "--", *gateway)
        run = await check(
            *target, f"--fake-url={fake}/", "--", *gateway, FAKE_RUNWAY_ADMIN_TOKEN="open"
        )
    assert (refused.code, run.code) == (4, 0), run
    assert "X-Fake-Admin-Token" in refused.errors


@pytest.mark.alone
async def test_custom_avatars(take_port: TakePort) -> None:
    """UUIDs are avatars like any other: the fake knows them, and no preset is demanded."""
    port = take_port()
    gateway = (sys.executable, "-m", "gateway", "serve", f"--port={port}", "--deadline=2")
    avatars = "--avatars=11111111-2222-4333-8444-555555555555"
    options = ("--profile=quick", "--timeout=2", "--only=request.preset", "--only=poll.waits")
    run = await check("--target", url_at(port), *options, avatars, "--", *gateway)
    assert run.code == 0, run.output


async def test_no_fake_at_the_address(take_port: TakePort) -> None:
    """One line, code 4."""
    run = await check(f"--fake-url=http://127.0.0.1:{take_port()}")
    assert run.code == 4
    assert "no fake answers at" in run.errors


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["--header=Bad Name: x"],
        ["--header=X-Name: a\r\nX-Other: b"],
        ["--fake-port=4010", "--fake-url=http://127.0.0.1:4020"],
        ['--body-template={"avatarId": $AVATAR}'],
        ["--target=localhost:3000"],
        ["--only=no.such"],
        ["--avatars=,"],
        ["--header=broken"],
        ["--custom-body-template={}"],
        ["--answer-map=session_id"],
        ["--answer-map=session_id=session"],
        ["--answer-map=data..id=sessionId"],
        ["--instances=2"],
        ["--instances=2", "--target=http://127.0.0.1:{port}/", "--fake-port=4010"],
        ["--target=http://127.0.0.1:{port}/"],
        ["--method=TRACE"],
        ["--report=html=/no/such/folder/x.html"],
        ["--report=pdf=x"],
        ["--report=json=-", "--report=github"],
        ["--profile=quick", "--only=request.hostile"],
        ["--timeout=0"],
        ["--timeout=400ms"],
        ["--timeout=3 weeks"],
        ["--wait=11m"],
        ["--report=json=/tmp/twice", "--report=html=/tmp/twice"],
    ],
)
def test_usage(arguments: list[str]) -> None:
    """Options that make no sense are rejected before anything is started, with code 2."""
    result = CliRunner().invoke(main, ["check", *arguments])
    assert result.exit_code == 2, result.output


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("missing/report", "No such file or directory"),
        ("", "Is a directory"),
        ("kept/report", "Not a directory"),
        ("/sys/report", "Permission denied"),
        ("/sys/kernel/notes", "Permission denied"),
    ],
    ids=["no-folder", "a-folder", "below-a-file", "no-place", "read-only"],
)
def test_a_report_that_cannot_be_written_is_refused_first(
    file: str, reason: str, tmp_path: Path
) -> None:
    """Nothing is started, the reason is named, and a report of before is not touched."""
    if file.startswith("/sys/") and not Path("/sys/kernel/notes").exists():
        pytest.skip("needs a folder that takes no files, even for root: /sys of Linux")
    (tmp_path / "kept").write_text("of before")
    arguments = [f"--report=json={tmp_path / 'kept'}", f"--report=html={tmp_path / file}"]
    result = CliRunner().invoke(main, ["check", *arguments])

    assert result.exit_code == 2
    assert f"cannot be written: {reason}" in result.output
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("kept", "of before")]


def test_a_report_file_is_neither_made_nor_emptied_before_the_run(tmp_path: Path) -> None:
    """The check of its place leaves it as it was: there or not, also where a link leads."""
    (tmp_path / "kept").write_text("of before")
    (tmp_path / "link").symlink_to(tmp_path / "later")
    names = ("kept", "new", "link")
    reports = [f"--report=json={tmp_path / name}" for name in names]
    result = CliRunner().invoke(main, ["check", *reports, "--only=no.such"])

    assert "no requirement's id begins with" in result.output
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept", "link"]
    assert (tmp_path / "kept").read_text() == "of before"


@pytest.mark.parametrize("header", ["Authorization Bearer of-my-own", "X-Key: of-my-own\x00"])
def test_a_bad_header_is_not_repeated(header: str) -> None:
    """Its value may be a secret."""
    result = CliRunner().invoke(main, ["check", f"--header={header}"])
    assert result.exit_code == 2
    assert "of-my-own" not in result.output


def test_explain_takes_the_id_of_a_finding() -> None:
    """The id is the one of a report; for an unknown id, there is a list."""
    requirement, finding, bogus = (
        CliRunner().invoke(main, ["explain", id_])
        for id_ in ("poll.stops", "poll.stops@never-ready", "bogus")
    )
    assert (requirement.exit_code, finding.exit_code, bogus.exit_code) == (0, 0, 2)
    assert finding.output == requirement.output
    assert "see `runway-contracts list`" in bogus.output
