"""`runway-contracts check --watch` and `--open` as a real process."""

import asyncio
import sys
from pathlib import Path

import aiohttp
from click.testing import CliRunner

from contracts.cli import main
from tests.process.test_judge_command import QUICK, rest
from tests.support.processes import PATIENCE_S, Program, running

TARGET = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open(sys.argv[2], "a").write("a call\\n")
        self.send_response(%s)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ONE = (*QUICK, "--only=request.bad-json", "--target=http://127.0.0.1:{port}/connect")


async def said(program: Program, text: str) -> list[str]:
    """Return the lines on standard error until one contains a text."""
    assert program._process.stderr is not None
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while not lines or text not in lines[-1]:
            line = await program._process.stderr.readline()
            assert line, lines
            lines.append(line.decode().rstrip("\n"))
    return lines


async def test_a_change_runs_again_and_shows_the_new_verdict(tmp_path: Path) -> None:
    """The server is mended: the next run says so; its log and our report cause no run for ever."""
    code, log, report = tmp_path / "app.py", tmp_path / "app.log", tmp_path / "report.json"
    code.write_text(TARGET % 200)
    command = (sys.executable, str(code), "{port}", str(log))
    options = (*ONE, "--watch", f"--watch-path={tmp_path}", f"--report=json={report}")
    async with running("contracts", "check", *options, "--", *command) as program:
        url = (await said(program, "Watch it at "))[-1].removeprefix("Watch it at ")
        # the log that the target writes is a reason for one run more, and then left out
        await said(program, "Run 2: app.log changed")
        await said(program, "Not watched, changes in each run: app.log")
        await said(program, "Runs again when")
        assert '"passed": false' in report.read_text()
        code.write_text(TARGET % 400)
        await said(program, "Run 3: app.py changed")
        await said(program, "Runs again when")
        assert '"passed": true' in report.read_text()
        async with aiohttp.ClientSession() as client:
            async with client.get(f"{url}report/3") as page:
                assert "The contract is kept" in await page.text()
            async with client.post(f"{url}again") as pressed:
                assert pressed.status == 204
        await said(program, "Run 4: you asked for it on the page")
        program._process.terminate()
        run = await rest(program)
    assert (run.code, run.last) == (143, "runway-contracts: interrupted")


async def test_a_page_can_be_opened_for_one_run(tmp_path: Path) -> None:
    """The verdict and the code are those of any run; without a browser the address is there."""
    code = tmp_path / "app.py"
    code.write_text(TARGET % 400)
    command = (sys.executable, str(code), "{port}", "/dev/null")
    options = (*ONE, "--open")
    async with running("contracts", "check", *options, "--", *command, BROWSER="/bin/false") as one:
        run = await rest(one)
    assert run.code == 0
    assert "Watch it at http://127.0.0.1:" in run.errors
    assert "1 passed, 0 failed" in run.output


def test_a_target_that_runs_already_needs_a_fake_that_stays() -> None:
    """Else its base URL would be wrong after the first run."""
    options = ["check", "--watch", "--target", "http://127.0.0.1:1/"]
    run = CliRunner().invoke(main, options)
    assert run.exit_code == 2
    assert "--watch without a COMMAND needs --fake-port" in run.output
