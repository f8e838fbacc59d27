"""The commands as a user runs them."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from yarl import URL

from fake_runway.cli.main import main
from fake_runway.clock import pause
from fake_runway.room.tokens import read
from tests.support.checked import CheckedClient
from tests.support.fake.waiting import called
from tests.support.processes import PATIENCE_S, running
from tests.support.servers import CREATE, HEADERS, SECRET, provisioned_in, serving_fake

MUSIC = {"avatarId": "music-superstar"}
CONNECT = "/api/avatar/connect"


@contextmanager
def taken_port() -> Iterator[int]:
    """Listen on a port so that no other program can."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.usefixtures("restored_signals")
async def test_up_answers_credentials_that_the_configured_pair_signed() -> None:
    """One command, then the connect URL on its screen works, in both shapes."""
    arguments = ["up", "--port=0", "--gateway-port=0", "--provision-time=100ms"]
    pair = ["--livekit-api-key=pair", "--livekit-api-secret=planted-livekit-secret-0123456789"]
    async with running("fake_runway", *arguments, *pair) as up, aiohttp.ClientSession() as http:
        fake_url = (await up.line(containing="fake Runway")).split()[-1]
        url = (await up.line(containing="gateway")).split()[-1]
        screen = [await up.line(containing=word) for word in ("RUNWAYML_BASE_URL", "curl")]
        gateway = CheckedClient(http, url.removesuffix(CONNECT), "gateway")
        answer = await gateway.post(CONNECT, json=MUSIC, headers={"Origin": "http://page:5173"})
        key = await gateway.post(f"{CONNECT}?shape=session-key", json=MUSIC)
        fake = CheckedClient(http, fake_url, "runway")
        consumed = await fake.post(
            f"/v1/realtime_sessions/{key.json['sessionId']}/consume",
            headers={
                "Authorization": f"Bearer {key.json['sessionKey']}",
                "Content-Type": "application/json",
            },
        )
        assert await up.stop(signal.SIGINT) == 0
        errors = await up.errors()
    assert screen[0].strip() == f"RUNWAYML_BASE_URL={fake_url}"
    claims = read(answer.json["token"], "planted-livekit-secret-0123456789")
    assert (claims["iss"], claims["video"]["room"]) == ("pair", answer.json["sessionId"])
    assert consumed.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"  # for a page on a port of its own
    assert "planted" not in errors
    assert answer.json["token"] not in errors
    assert key.json["sessionKey"] not in errors


async def test_up_stops_when_its_gateway_cannot_start() -> None:
    """A taken gateway port ends both, with one line that names the option to use."""
    with taken_port() as port:
        async with running("fake_runway", "up", "--port=0", f"--gateway-port={port}") as up:
            assert await up.exit_code() == 3
            errors = await up.errors()
    assert errors == (
        f"fake-runway: cannot listen on 127.0.0.1:{port}: Address already in use;"
        " choose another with --gateway-port\n"
    )


@pytest.mark.parametrize("host", ["nosuch.invalid", "192.0.2.1", "a..b"])
async def test_a_host_that_is_not_of_this_machine_is_one_clear_line(host: str) -> None:
    """An unknown name, a foreign address, a malformed name: none is reported as a taken port."""
    async with running("fake_runway", "serve", "--port=0", f"--host={host}") as server:
        assert await server.exit_code() == 3
        errors = await server.errors()
    assert len(errors.splitlines()) == 1
    assert f"cannot listen on {host}:0: " in errors
    assert errors.endswith("; choose another with --host\n")


@pytest.mark.parametrize("module", ["fake_runway", "gateway"])
async def test_a_taken_port_is_one_clear_line(module: str) -> None:
    """Exit code 3, the address, the reason, the option."""
    with taken_port() as port:
        secret = {"RUNWAYML_API_SECRET": "planted"}
        async with running(module, "serve", f"--port={port}", **secret) as server:
            assert await server.exit_code() == 3
            errors = await server.errors()
    assert len(errors.splitlines()) == 1
    assert f"cannot listen on 127.0.0.1:{port}: address already in use" in errors.lower()
    assert errors.endswith("; choose another with --port\n")


@pytest.mark.usefixtures("restored_signals")
@pytest.mark.parametrize("module", ["click", "orjson", "uvloop"])
async def test_ctrl_c_during_the_start_is_quiet(module: str, tmp_path: Path) -> None:
    """Exit code 130 and no output, in any import, before the handlers are installed."""
    (tmp_path / f"{module}.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    async with running("fake_runway", "serve", "--port=0", PYTHONPATH=str(tmp_path)) as serve:
        assert await serve.exit_code() == 130
        assert await serve.errors() == ""


async def test_serve_scales_time_and_prints_what_to_paste() -> None:
    """An hour of provisioning passes in real seconds at --time-scale 100000."""
    arguments = ["serve", "--port=0", "--provision-time=1h", "--time-scale=100000"]
    async with running("fake_runway", *arguments) as serve, aiohttp.ClientSession() as http:
        url = (await serve.line(containing="fake Runway")).split()[-1]
        assert await serve.line() == f"RUNWAYML_BASE_URL={url}"
        fake = CheckedClient(http, url, "runway")
        created = await fake.post("/v1/realtime_sessions", headers=HEADERS, json=CREATE)
        wanted = {"session": created.json["id"], "states": ["ready", "failed"]}
        session = await fake.post("/__admin/await/session", headers=HEADERS, json=wanted)
        assert await serve.stop() == 0
    assert session.status == 200  # READY, or FAILED because 300 s later it has expired


@pytest.mark.parametrize("command", [["serve"], ["up", "--gateway-port=0"]])
async def test_a_generated_admin_token_is_printed(command: list[str]) -> None:
    """A server that others can reach prints the token that its admin API then requires."""
    nowhere = {"FAKE_RUNWAY_ADMIN_TOKEN": ""}
    arguments = [*command, "--port=0", "--host=0.0.0.0"]
    async with (
        running("fake_runway", *arguments, **nowhere) as program,
        aiohttp.ClientSession() as http,
    ):
        url = (await program.line(containing="fake Runway")).split()[-1]
        assert url.startswith("http://127.0.0.1:")  # it can be pasted
        token = (await program.line(containing="# admin token: ")).split()[-1]
        headers = {"X-Fake-Admin-Token": token}
        async with http.get(f"{url}/__admin/worlds", headers=headers) as answer:
            assert answer.status == 200
        async with http.get(f"{url}/__admin/worlds") as refused:
            assert refused.status == 401
        assert await program.stop() == 0


async def test_the_gateway_of_up_takes_options_and_variables() -> None:
    """An option given by its name, and the variables of `runway-gateway serve`."""
    arguments = ["up", "--port=0", "--gateway-port=0", "--gateway-option=shape=session-key"]
    async with (
        running("fake_runway", *arguments, GATEWAY_AVATARS="cat-character") as up,
        aiohttp.ClientSession() as http,
    ):
        url = (await up.line(containing="gateway  ")).split()[-1]
        async with http.post(url, json={"avatarId": "cat-character"}) as answer:
            assert "sessionKey" in await answer.json()
        async with http.post(url, json=MUSIC) as refused:
            assert refused.status == 404
        assert await up.stop() == 0
    async with running("fake_runway", "up", "--gateway-option=shape") as wrong:
        assert await wrong.exit_code() == 2
        assert "expected NAME=VALUE, got 'shape'" in await wrong.errors()


async def test_the_gateway_of_up_does_not_outlive_it() -> None:
    """Not even if it was killed, so that it could end nothing itself."""
    async with running("fake_runway", "up", "--port=0", "--gateway-port=0") as up:
        url = URL((await up.line(containing="gateway  ")).split()[-1])
        up._process.kill()
        await up._process.wait()
        async with asyncio.timeout(PATIENCE_S):
            while await listens(url):
                await pause(0.02)


async def listens(url: URL) -> bool:
    """Tell whether a connection is accepted there."""
    try:
        _, writer = await asyncio.open_connection(url.host, url.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def test_debug_logs_show_calls_and_no_secrets() -> None:
    """World, method, path, status; neither the API secret nor the session key."""
    async with (
        running("fake_runway", "serve", "--port=0", "--log-level=debug") as serve,
        aiohttp.ClientSession() as http,
    ):
        url = (await serve.line(containing="fake Runway")).split()[-1]
        fake = CheckedClient(http, url, "runway")
        headers = HEADERS | {"Authorization": "Bearer planted-secret"}
        created = await fake.post("/v1/realtime_sessions", headers=headers, json=CREATE)
        await fake.get(f"/v1/realtime_sessions/{created.json['id']}", headers=headers)
        await serve.stop()
        errors = await serve.errors()
    assert f"GET /v1/realtime_sessions/{created.json['id']}: 200" in errors
    assert "planted" not in errors


async def test_a_gateway_that_is_stopped_leaves_no_session() -> None:
    """SIGTERM while a caller waits: the caller gets 503, the session is cancelled, exit 0."""
    async with serving_fake(provisioned_in(99), rate=1) as fake, aiohttp.ClientSession() as http:
        async with running(
            "gateway",
            "serve",
            "--port=0",
            "--shutdown-grace=0.2",
            RUNWAYML_BASE_URL=fake.url,
            RUNWAYML_API_SECRET=SECRET,
        ) as process:
            line = await process.line(containing="gateway:")
            assert line.endswith(f"-> {fake.url.removeprefix('http://')}")
            gateway = CheckedClient(http, line.split()[1].removesuffix(CONNECT), "gateway")
            calling = asyncio.ensure_future(gateway.post(CONNECT, json=MUSIC))
            await called(fake, "createSession")
            assert await process.stop() == 0
            answer = await calling
        states = [each.state.value for each in fake.world.account.sessions.values()]
    assert (answer.status, answer.json["code"]) == (503, "shutting_down")
    assert states == ["cancelled"]


@pytest.mark.parametrize("module", ["fake_runway", "gateway"])
async def test_unparsable_requests_are_logged_without_their_text(module: str) -> None:
    """A header that is broken or too long may hold a secret; 400, and no part of it in the log."""
    lines = [b"Authorization: Bearer planted\x01x", b"Cookie: planted" + b"x" * 9000]
    secret = {"RUNWAYML_API_SECRET": "another"}
    async with running(module, "serve", "--port=0", **secret) as server:
        url = URL((await server.line(containing="http")).split()[1 if module == "gateway" else 2])
        for line in lines:
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.0 400")
            writer.close()
        await server.stop()
        errors = await server.errors()
    assert "planted" not in errors


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ([], {"RUNWAYML_API_SECRET": "planted "}, ["RUNWAYML_API_SECRET", "white space"]),
        ([], {"GATEWAY_DEADLINE": "soon"}, ["GATEWAY_DEADLINE", "seconds", "1 to 600"]),
        (["--poll-interval=9"], {}, ["--poll-interval", "0.1 to 1"]),
    ],
)
async def test_a_gateway_with_a_wrong_configuration_does_not_start(
    arguments: list[str], environment: dict[str, str], words: list[str]
) -> None:
    """Exit code 2 and one line that names the variable."""
    environment = {"RUNWAYML_API_SECRET": "planted"} | environment
    async with running("gateway", "serve", *arguments, **environment) as process:
        assert await process.exit_code() == 2
        errors = await process.errors()
    assert len(errors.splitlines()) == 1
    assert all(word in errors for word in words)
    assert "planted" not in errors


def test_env_prints_lines_to_paste() -> None:
    """Plain, and for a world of its own; no trailing slash, which SDKs would double."""
    plain = CliRunner().invoke(main, ["env"]).output.splitlines()
    named = CliRunner().invoke(main, ["env", "--world", "ci-7", "--port", "5000"]).output
    assert plain[:2] == ["RUNWAYML_BASE_URL=http://127.0.0.1:4010", "RUNWAYML_API_SECRET=offline"]
    assert named.splitlines()[0] == "RUNWAYML_BASE_URL=http://127.0.0.1:5000/w/ci-7"
    assert 'baseUrl="http://127.0.0.1:5000/w/ci-7"' in named


def test_env_refuses_a_malformed_name() -> None:
    """A world's name is one path segment."""
    result = CliRunner().invoke(main, ["env", "--world", "a/b"])
    assert (result.exit_code, "name" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--provision-time=soon", "1.5s, 200ms, 5m, never, uniform(1s, 3s)"),
        ("--provision-time=uniform(3s, 1s)", "smaller span first"),
        ("--latency=5", "a duration such as"),
        ("--time-scale=-1", "a number from 0"),
        ("--concurrency=many", "a whole number from 0 or `unlimited`"),
        ("--expires-in=never", "a span such as"),
        ("--session-cap=5", "a span such as"),
        ("--expires-in=99999999h", "at most ten years"),
        ("--avatar=cat", "a UUID or `any`"),
        ("--unknown-ids=x", "'refuse', 'materialise'"),
        ("--retained=-1", "x>=0"),
        ("--port=99999", "0<=x<=65535"),
        ("--time-scale=1e12", "to 1e+06"),
        ("--latency=lognormal(5s, 999)", "a number up to 10"),
        ("--livekit-api-secret=", "got nothing"),
    ],
)
def test_a_wrong_option_shows_the_expectation(option: str, expected: str) -> None:
    """Exit code 2, the option, and the accepted values."""
    result = CliRunner().invoke(main, ["serve", option])
    assert result.exit_code == 2
    assert expected in result.output
    assert option.split("=")[0] in result.output


@pytest.mark.parametrize("command", [[], ["serve"], ["up"], ["env"]])
def test_help_teaches(command: list[str]) -> None:
    """Every command explains itself."""
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


async def test_every_switch_reaches_the_wire() -> None:
    """The options that differ from the defaults change what a client sees."""
    switches = [
        "--credits=3",
        "--errors=observed",
        "--version-header=ignored",
        "--unknown-keys=ignore",
        "--unknown-ids=materialise",
        "--no-doc-url",
        "--avatar=any",
        "--concurrency=unlimited",
        "--daily=unlimited",
        "--running-on=join",
        "--session-cap=300s",
        "--delete-again=404",
        "--consume-body=lenient",
        "--unpaid=overdraw",
        "--no-retry-after",
    ]
    custom = {"type": "custom", "avatarId": "123e4567-e89b-42d3-a456-426614174000"}
    headers = {"Authorization": "Bearer x"}
    async with (
        running("fake_runway", "serve", "--port=0", *switches) as serve,
        aiohttp.ClientSession() as http,
    ):
        url = (await serve.line(containing="fake Runway")).split()[-1]
        fake = CheckedClient(http, url, "runway")
        body = CREATE | {"avatar": custom, "unknown": 1}
        created = await fake.post("/v1/realtime_sessions", headers=headers, json=body)
        refused = await fake.post("/v1/realtime_sessions", headers=headers, json=body)
        unknown = await fake.get(f"/v1/realtime_sessions/{custom['avatarId']}", headers=headers)
        path = f"/v1/realtime_sessions/{created.json['id']}"
        deletes = [(await fake.delete(path, headers=headers)).status for _ in "ab"]
        limits = (await fake.get("/v1/organization", headers=headers)).json["tier"]["models"]
    assert (created.status, refused.status) == (200, 400)
    assert json.loads(refused.body) == {"error": "You do not have enough credits to run this task."}
    assert unknown.json["status"] == "NOT_READY"
    assert deletes == [204, 404]
    assert limits["gwm1_avatars"]["maxDailyGenerations"] is None
