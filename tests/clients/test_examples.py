"""Our own example servers, each a real process in front of the fake."""

import asyncio
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fake_runway.core.durations import NEVER, Fixed
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import LiveKit, read
from tests.clients.npm import HERE, Node
from tests.clients.processes import Program, environment, running
from tests.clients.watched import Watched, watching
from tests.support.checked import Answer, check
from tests.support.fake import plans
from tests.support.processes import PATIENCE_S
from tests.support.servers import SECRET, provisioned_in

EXAMPLES = Path(__file__).parents[2] / "examples"
CONNECT = "/api/avatar/connect"
MUSIC = b'{"avatarId": "music-superstar"}'
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True)
class Example:
    """A running example. `url`: where it listens."""

    program: Program
    url: str

    async def connect(self, body: bytes = MUSIC) -> Answer:
        """POST as a frontend does; the answer is checked against the gateway's contract."""
        headers = {"Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(self.url + CONNECT, data=body, headers=headers) as response,
        ):
            raw = await response.read()
            answer = Answer(response.status, response.headers, raw)
        check("gateway", "POST", CONNECT, status=answer.status, headers=answer.headers, body=raw)
        return answer


Start = Callable[..., AbstractAsyncContextManager[tuple[Example, Watched]]]


@pytest.fixture(params=["aiohttp_app", "express_server"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Start:
    """Start each example in turn, in front of a fake with these settings."""
    if request.param == "aiohttp_app":
        command: Sequence[str | Path] = (sys.executable, EXAMPLES / "aiohttp_app" / "app.py")
    else:
        node: Node = request.getfixturevalue("node")
        node.lend_packages(tmp_path)
        server = shutil.copy(EXAMPLES / "express_server" / "server.mjs", tmp_path)
        command = (node.binary, server)

    @asynccontextmanager
    async def started(
        settings: Settings | None = None,
        *,
        rate: float = 1.0,
        secret: str = SECRET,
        timeout_s: float = 10 * PATIENCE_S,  # so that no test waits for it
    ) -> AsyncIterator[tuple[Example, Watched]]:
        async with watching(settings, rate=rate) as watched:
            variables = {"PORT": "0", "CONNECT_TIMEOUT_S": str(timeout_s), "PYTHONUNBUFFERED": "1"}
            env = environment(watched.fake.url, secret, **variables)
            async with running(command, errors=tmp_path / "stderr", env=env) as program:
                address = _ADDRESS.search(await program.line())
                assert address is not None
                yield Example(program, address[0]), watched

    return started


def failing() -> Settings:
    """Return settings under which sessions fail soon after they were created."""
    failure = Failure("INTERNAL.BAD_OUTPUT.AVATAR", "A text of Runway's own.")
    return Settings(plan=plans.failing(failure, provision=Fixed(0.2)))


def limited(**limits: Any) -> Settings:
    """Return settings with these limits."""
    return Settings(limits=replace(Limits(), **limits))


async def test_credentials(start: Start) -> None:
    """A known avatar is answered with credentials that open the room of a running session."""
    async with start(provisioned_in(0.2)) as (example, watched):
        answer = await example.connect()
        session = await watched.fake.get(answer.json["sessionId"])
        now = watched.fake.world.clock.now()
    assert answer.status == 200
    assert sorted(answer.json) == ["roomName", "serverUrl", "sessionId", "token"]
    claims = read(answer.json["token"], LiveKit().api_secret, now=now)
    assert claims["video"]["room"] == answer.json["roomName"] == session["id"]
    assert session["status"] == "RUNNING"


async def test_no_secret_is_shown(start: Start) -> None:
    """Neither the API secret nor a session key nor a token appears in an answer or on a screen."""
    secret = "a-secret-to-look-for"
    async with start(provisioned_in(0.2), secret=secret) as (example, _):
        answer = await example.connect()
        screen = "".join(await example.program.stop())
    output = repr(answer.headers) + screen
    assert secret not in answer.body.decode()
    for word in (secret, "stk_", answer.json["token"]):
        assert word not in output
    assert "stk_" not in answer.body.decode()


async def test_bad_requests(start: Start) -> None:
    """A body without an offered avatar is refused, without an upstream request."""
    bad = {
        b'{"avatarId": "nobody"}': (404, "unknown_avatar"),
        b'{"avatarId": ["music-superstar"]}': (400, "invalid_request"),
        b"{}": (400, "invalid_request"),
        b"[]": (400, "invalid_request"),
        b"{": (400, "invalid_request"),
    }
    async with start() as (example, watched):
        answers = {body: await example.connect(body) for body in bad}
    assert {body: (each.status, each.json["code"]) for body, each in answers.items()} == bad
    assert watched.seen == []


async def test_failed_session(start: Start) -> None:
    """A session that fails is a 500 without Runway's words, and none is left behind."""
    async with start(failing()) as (example, watched):
        answer = await example.connect()
    assert (answer.status, answer.json["code"]) == (500, "session_failed")
    assert b"Runway's own" not in answer.body
    assert watched.live == 0
    assert len(watched.fake.world.account.sessions) == 1


async def test_deadline(start: Start) -> None:
    """A session that is not READY in time is a 504, and it is cancelled."""
    settings = Settings(plan=Plan(provision=NEVER))
    async with start(settings, timeout_s=0.3) as (example, watched):
        answer = await example.connect()
        await watched.until(1, "DELETE")  # after the answer, if the id arrived late
    assert (answer.status, answer.json["code"]) == (504, "timeout")
    assert watched.live == 0


async def test_caller_who_leaves(start: Start) -> None:
    """The session of a caller who does not wait for the answer is cancelled."""
    settings = Settings(plan=Plan(provision=NEVER))
    async with start(settings) as (example, watched):
        caller = asyncio.create_task(example.connect())
        await watched.until(1, "GET")
        caller.cancel()  # which closes its connection
        await watched.until(1, "DELETE")
    assert watched.live == 0


@pytest.mark.parametrize(
    ("settings", "secret", "status", "code", "upstream"),
    [
        (limited(credits=1), SECRET, 503, "insufficient_credits", 402),
        (limited(daily=0), SECRET, 503, "upstream_busy", 429),
        (Settings(), "fake.unauthorized", 500, "upstream_auth", 401),
    ],
    ids=["credits", "quota", "secret"],
)
async def test_refused_create(
    start: Start, settings: Settings, secret: str, status: int, code: str, upstream: int
) -> None:
    """A create that Runway refuses is tried once and answered with a status of our own."""
    async with start(settings, secret=secret) as (example, watched):
        answer = await example.connect()
    assert (answer.status, answer.json["code"]) == (status, code)
    assert watched.retries == [(upstream, "0")]


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("aiohttp_app", "secret", "RUNWAYML_API_SECRET"),
        ("aiohttp_app", "number", "PORT: expected a number, got 'abc'"),
        ("aiohttp_app", "port", "address already in use"),
        ("starlette_app", "secret", "RUNWAYML_API_SECRET"),
        ("starlette_app", "number", "PORT: expected a number, got 'abc'"),
    ],
)
async def test_a_failed_start_is_one_line(
    tmp_path: Path, name: str, wrong: str, message: str
) -> None:
    """A missing secret, a malformed port and a taken one are reported without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = environment("http://127.0.0.1:1")
        env["PORT"] = "abc" if wrong == "number" else str(taken.getsockname()[1])
        if wrong == "secret":
            del env["RUNWAYML_API_SECRET"]
        command = (sys.executable, EXAMPLES / name / "app.py")
        async with running(command, errors=tmp_path / "stderr", env=env) as program:
            async with asyncio.timeout(PATIENCE_S):
                code = await program.process.wait()
    errors = (tmp_path / "stderr").read_text()
    assert code == 1
    assert len([line for line in errors.splitlines() if message in line]) == 1
    assert "Traceback" not in errors


def test_same_versions_as_tested() -> None:
    """The Express example asks for the versions that these tests run it with."""
    asked = json.loads((EXAMPLES / "express_server" / "package.json").read_text())["dependencies"]
    tested = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert asked.items() <= tested.items()
