"""`fake-runway run --intercept`: real clients that ask for Runway's own host get the fake."""

import asyncio
import json
import os
import shutil
import sys
from glob import glob
from os import listdir
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S, running

REAL = "key_" + "ab" * 64
PYTHON = f"""
import asyncio, subprocess, sys, urllib.request
import aiohttp, httpx, requests, runwayml, uvloop
URL = "https://api.dev.runwayml.com/v1/organization"
HEADERS = {{"Authorization": "Bearer {REAL}", "X-Runway-Version": "2024-11-06"}}
BASE = dict(base_url="https://api.dev.runwayml.com", api_key="{REAL}")

async def of_aiohttp():
    async with aiohttp.ClientSession() as http, http.get(URL, headers=HEADERS) as answer:
        return answer.status

async def of_sdk(**options):
    async with runwayml.AsyncRunwayML(**BASE, **options) as runway:
        return 200 if await runway.organization.retrieve() else 0

def without_variables():
    session = requests.Session()
    session.trust_env = False
    return session.get(URL, headers=HEADERS).status_code

def of_curl():
    lines = [f"-H{{name}}: {{value}}" for name, value in HEADERS.items()]
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{{http_code}}", *lines, URL]
    return int(subprocess.run(command, capture_output=True).stdout)

CLIENTS = dict(
    urllib=lambda: urllib.request.urlopen(urllib.request.Request(URL, headers=HEADERS)).status,
    httpx=lambda: httpx.get(URL, headers=HEADERS).status_code,
    httpx_alone=lambda: httpx.Client(trust_env=False).get(URL, headers=HEADERS).status_code,
    requests=lambda: requests.get(URL, headers=HEADERS).status_code,
    requests_alone=without_variables,
    aiohttp=lambda: asyncio.run(of_aiohttp()),
    uvloop=lambda: uvloop.run(of_aiohttp()),
    sdk=lambda: asyncio.run(of_sdk()),
    sdk_aiohttp=lambda: asyncio.run(of_sdk(http_client=runwayml.DefaultAioHttpClient())),
    **(dict(curl=of_curl) if "curl" in sys.argv else {{}}),
)
for name, call in CLIENTS.items():
    try:
        print(name, call())
    except Exception as error:
        print(name, type(error).__name__, error)
"""
NODE = f"""
import {{ get }} from "node:https";
const url = "https://api.dev.runwayml.com/v1/organization";
const headers = {{ Authorization: "Bearer {REAL}", "X-Runway-Version": "2024-11-06" }};
console.log("fetch", (await fetch(url, {{ headers }})).status);
console.log("https", await new Promise((done, failed) => {{
  get(url, {{ headers }}, (answer) => done(answer.resume().statusCode)).on("error", failed);
}}));
const other = await fetch("https://example.com/").catch((error) => error);
console.log("other", other.cause?.code);
"""
FLOW = """
import json, urllib.request
def call(method, path, body=None, key="sk-baked-in"):
    url = "https://api.dev.runwayml.com" + path
    request = urllib.request.Request(url, body, method=method)
    request.add_header("Authorization", "Bearer " + key)
    request.add_header("X-Runway-Version", "2024-11-06")
    request.add_header("Content-Type", "application/json")
    return json.load(urllib.request.urlopen(request))
avatar = {"type": "runway-preset", "presetId": "music-superstar"}
body = json.dumps({"model": "gwm1_avatars", "avatar": avatar}).encode()
made = call("POST", "/v1/realtime_sessions", body)
path = "/v1/realtime_sessions/" + made["id"]
while (seen := call("GET", path))["status"] != "READY":
    pass
print(call("POST", path + "/consume", b"{}", seen["sessionKey"])["url"])
try:
    call("GET", "/__admin/worlds")
except urllib.error.HTTPError as error:
    print(error.code)
"""


async def intercepted(*arguments: str, **environment: str) -> tuple[str, str]:
    """Run a command with its calls intercepted; return its output and what was said at the end."""
    run = ("run", "--intercept", *arguments)
    async with running("fake_runway", *run, **environment) as program:
        async with asyncio.timeout(PATIENCE_S):
            output, errors = await program._process.communicate()
    assert REAL.encode() not in errors
    return output.decode(), errors.decode()


async def test_every_python_client_and_curl_reach_the_fake() -> None:
    """With the host in the code, a key that looks real, and with or without variables."""
    curl = ("curl",) if shutil.which("curl") else ()
    output, errors = await intercepted("--", sys.executable, "-c", PYTHON, *curl)
    answers = dict(line.split(" ", 1) for line in output.splitlines())
    assert set(answers.values()) == {"200"}, answers
    assert len(answers) == 9 + len(curl)
    assert "intercepted GET https://api.dev.runwayml.com/v1/organization by python-httpx" in errors
    assert "these calls ignore RUNWAYML_BASE_URL" in errors


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
async def test_node_reaches_the_fake_and_nothing_else_when_offline(tmp_path: Path) -> None:
    """fetch and https; options of its own stay in force."""
    own = tmp_path / "own.cjs"
    own.write_text('console.log("own hook");')
    output, errors = await intercepted(
        *("--offline", "--", "node", "--input-type=module", "-e", NODE),
        NODE_OPTIONS=f"--require {own}",
    )
    assert output.split("\n") == ["own hook", "fetch 200", "https 200", "other ENOTFOUND", ""]
    assert "example.com is refused: --offline" in errors


async def test_a_whole_connect_with_a_hard_coded_host(tmp_path: Path) -> None:
    """The room's address is the fake's own; the admin API is not on Runway's hosts."""
    hook = 'import os; "FAKE_RUNWAY_INTERCEPT" in os.environ and print("own hook")'
    (tmp_path / "sitecustomize.py").write_text(hook)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    output, errors = await intercepted(
        *("--provision-time=10ms", "--", sys.executable, "-c", FLOW), PYTHONPATH=path
    )
    first, url, status = output.split("\n")[:3]
    assert (first, status) == ("own hook", "404"), errors
    assert url.startswith("ws://127.0.0.1:")


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Not even a folder; after SIGKILL one with certificates, and no key."""
    code = "import os, json; print(json.loads(os.environ['FAKE_RUNWAY_INTERCEPT'])['certificate'])"
    output, _ = await intercepted("--", sys.executable, "-c", code, TMPDIR=str(tmp_path))
    assert output.startswith(str(tmp_path))
    assert listdir(tmp_path) == []
    wait = ("--", sys.executable, "-c", f"{code}; import sys; sys.stdout.flush(); input()")
    async with running("fake_runway", "run", "--intercept", *wait, TMPDIR=str(tmp_path)) as killed:
        await killed.line(containing="authority")
        killed._process.kill()
        await killed._process.wait()
    left = [read_text(each) for each in glob(f"{tmp_path}/*/*")]
    assert left
    assert not any("PRIVATE" in each for each in left)


def read_text(file: str) -> str:
    """Return what a file holds."""
    return Path(file).read_text()


async def test_options_that_contradict_each_other() -> None:
    """One line each."""
    for arguments in (("--offline",), ("--intercept", "--url=http://127.0.0.1:1")):
        async with running("fake_runway", "run", *arguments, "--", "true") as program:
            assert await program.exit_code() == 2
            assert "--intercept" in (await program.errors()).splitlines()[-1]


def test_json_is_needed_for_the_hooks_alone() -> None:
    """The hook for Python is loaded by any program there: it imports the standard library only."""
    hook = Path(__file__).parents[2] / "fake_runway/intercept/hooks/sitecustomize.py"
    imported = [line.split()[1] for line in hook.read_text().splitlines() if line[:7] == "import "]
    assert {each.partition(".")[0] for each in imported} <= set(sys.stdlib_module_names)
    assert json.__name__ in imported
