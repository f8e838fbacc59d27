"""`runway-gateway serve` as operators run it: its logs, its secrets, its refusals, and its end.

Most fakes have frozen clocks: a connect waits for its session until the test moves the clock.
"""

import asyncio
import json
import os
import re
import signal
import ssl
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis

from gateway.clock import LoopClock
from gateway.limits.in_flight import KEY
from gateway.service import LEASE_SLACK_S
from tests.support.checked import Answer, CheckedClient
from tests.support.fake.waiting import called
from tests.support.gateway.redis_server import redis_server
from tests.support.processes import PATIENCE_S, Program, held_port, running
from tests.support.servers import SECRET, Fake, provisioned_in, serving_fake

CONNECT = "/api/avatar/connect"
MUSIC = {"avatarId": "music-superstar"}
JSON = {"Content-Type": "application/json"}
PAUSE_S = 0.02  # between two checks of a port: no event marks when it opens or closes
TOKENS = ("planted-token-number-1", "planted-token-number-2")
NO_UPSTREAM = "http://127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Ended:
    """The output of an ended gateway. `output`: standard output after the line with the address."""

    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log; every line is a JSON object."""
        return [json.loads(line) for line in self.errors.splitlines()]


class Served:
    """A gateway process that listens, and a checked client for it."""

    def __init__(self, program: Program, url: str, http: aiohttp.ClientSession) -> None:
        self._program = program
        self.url = url
        self.client = CheckedClient(http, url, "gateway")
        process = program._process
        assert process.stdout is not None
        assert process.stderr is not None
        # read all the time: a full pipe would stop it
        self._outputs = [
            asyncio.ensure_future(each.read()) for each in (process.stdout, process.stderr)
        ]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    async def connect(self, token: str = "", **headers: str) -> Answer:
        """Ask for a session."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.post(CONNECT, json=MUSIC, headers=headers)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._program._process.send_signal(number)

    async def ended(self) -> Ended:
        """Return its output, once it has ended."""
        code = await self._program.exit_code()
        output, errors = await asyncio.gather(*self._outputs)
        return Ended(code, output.decode(), errors.decode())

    async def stop(self) -> Ended:
        """End it as an operator does."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def refuses(self) -> None:
        """Return once it accepts no connection any more."""
        async with asyncio.timeout(PATIENCE_S):
            while await listens(self.port):
                await LoopClock().sleep(PAUSE_S)

    async def close(self) -> None:
        """Read to the end, which comes with the end of the process."""
        await asyncio.wait(self._outputs)


async def listens(port: int) -> bool:
    """Return whether connections are accepted."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:  # it was accepted, and closed in the same moment
        return True
    writer.close()
    return True


@asynccontextmanager
async def serving(
    upstream: str, *arguments: str, secret: str = SECRET, **variables: str
) -> AsyncIterator[Served]:
    """Run the command in front of `upstream`, on any free port, until the block ends."""
    variables |= {"RUNWAYML_API_SECRET": secret, "RUNWAYML_BASE_URL": upstream}
    async with aiohttp.ClientSession() as http:
        async with running("gateway", "serve", "--port=0", *arguments, **variables) as program:
            line = await program.line(containing="gateway: ")
            served = Served(program, line.split()[1].removesuffix(CONNECT), http)
            yield served
        await served.close()


@asynccontextmanager
async def in_flight(served: Served, **headers: str) -> AsyncIterator[asyncio.Task[Answer]]:
    """Have a connect in flight in the block."""
    task = asyncio.create_task(served.connect(**headers))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def states(fake: Fake) -> list[str]:
    """Return the state of each session upstream."""
    return [each.state.value for each in fake.world.account.sessions.values()]


# Its log


async def test_every_request_is_one_line_of_json() -> None:
    """With its ids, its outcome, its caller, and the session that was handed out."""
    bearer = {"GATEWAY_AUTH": "bearer", "GATEWAY_AUTH_TOKENS": ",".join(TOKENS)}
    async with serving_fake(provisioned_in(0)) as fake, serving(fake.url, **bearer) as served:
        good = await served.connect(TOKENS[1], **{"X-Request-Id": "web-1"})
        bad = await served.connect(**{"X-Request-Id": "web-2"})
        ended = await served.stop()
    lines = {line["request_id"]: line for line in ended.lines if line["logger"] == "gateway.access"}
    assert list(lines) == ["web-1", "web-2"]
    handed_out, refused = lines.values()
    assert handed_out["time"].endswith("Z")
    assert handed_out["ms"] > 0
    assert handed_out["trace_id"] == good.headers["traceparent"].split("-")[1]
    assert {name: handed_out[name] for name in ("level", "method", "path", "status", "code")} == {
        "level": "info",
        "method": "POST",
        "path": CONNECT,
        "status": 200,
        "code": "ok",
    }
    assert (handed_out["caller"], handed_out["avatar"]) == ("token-2", "preset")
    assert handed_out["session_id"] == good.json["sessionId"]
    assert (refused["status"], refused["code"]) == (401, "unauthenticated")
    assert "session_id" not in refused
    assert [handed_out["bytes"], refused["bytes"]] == [len(good.body), len(bad.body)]


async def test_a_cancellation_after_the_answer_has_the_requests_id() -> None:
    """A search for a request then finds the fate of its session."""
    async with serving_fake() as fake, serving(fake.url, "--deadline=1") as served:
        answer = await served.connect(**{"X-Request-Id": "web-7"})
        await called(fake, "deleteSession")
        ended = await served.stop()
    (session_id,) = fake.world.account.sessions
    (cancelled,) = [line for line in ended.lines if "cancelled" in line["message"]]
    assert answer.status == 504
    assert cancelled["request_id"] == "web-7"
    assert session_id in cancelled["message"]


@pytest.mark.parametrize(
    ("arguments", "warns"),
    [
        (("--host=0.0.0.0",), True),
        (("--host=0.0.0.0", "--rate-limit=9/minute"), False),
        (("--host=127.0.0.1",), False),
    ],
)
async def test_an_open_gateway_is_warned_of_at_the_start(
    arguments: tuple[str, ...], warns: bool
) -> None:
    """Access for every client, without limit, is warned of, with how to change that."""
    async with serving(NO_UPSTREAM, *arguments) as served:
        url = f"http://127.0.0.1:{served.port}/health"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            assert answer.status == 200
        ended = await served.stop()
    warnings = [line["message"] for line in ended.lines if line["level"] == "warning"]
    assert [("GATEWAY_AUTH" in each) for each in warnings] == [True] * warns


KEY_SET = {"GATEWAY_AUTH": "jwt", "GATEWAY_JWT_JWKS_URL": "https://login.example.com/keys"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8"}, []),
        ({"RUNWAYML_BASE_URL": "http://127.0.0.1:4010/v1/"}, ["RUNWAYML_BASE_URL ends with /v1"]),
        ({"GATEWAY_TRUSTED_PROXIES": "0.0.0.0/0"}, ["GATEWAY_TRUSTED_PROXIES: 0.0.0.0/0: any"]),
        ({"GATEWAY_TRUSTED_PROXIES": "::/0,127.0.0.1"}, ["GATEWAY_TRUSTED_PROXIES: ::/0: any"]),
        (KEY_SET, ["GATEWAY_JWT_ISSUER and GATEWAY_JWT_AUDIENCE"]),
        (KEY_SET | {"GATEWAY_JWT_ISSUER": "https://login.example.com"}, []),
        (KEY_SET | {"GATEWAY_JWT_AUDIENCE": "avatars"}, []),
    ],
)
async def test_settings_that_let_in_more_than_they_say_are_warned_of(
    variables: dict[str, str], words: list[str]
) -> None:
    """Each risk is one line of a check, with what to do about it."""
    variables = {"RUNWAYML_API_SECRET": SECRET, **variables}
    async with running("gateway", "serve", "--check", **variables) as program:
        code, errors = await program.exit_code(), await program.errors()
    lines = errors.splitlines()
    assert (code, len(lines)) == (0, len(words))
    assert all(word in line for word, line in zip(words, lines, strict=True))


async def test_an_unknown_avatar_is_warned_of_at_the_start() -> None:
    """A preset that is new at Runway is served, and a typing error is seen, also by a check."""
    avatars = {"GATEWAY_AVATARS": "presets,music-superstr,custom"}
    async with serving(NO_UPSTREAM, **avatars) as served:
        ended = await served.stop()
    variables = {"RUNWAYML_API_SECRET": SECRET, **avatars}
    async with running("gateway", "serve", "--check", **variables) as program:
        code, errors = await program.exit_code(), await program.errors()
    (warning,) = [line["message"] for line in ended.lines if line["level"] == "warning"]
    assert warning.startswith("GATEWAY_AVATARS: music-superstr: neither a preset known to this")
    assert "music-superstar, " in warning
    assert (code, errors) == (0, f"runway-gateway: {warning}\n")


# Its secrets


API_SECRET = "planted-api-secret-4711"
REDIS_PASSWORD = "planted-redis-password-4712"
JWT_SECRET = "planted-jwt-secret-4713-of-32-bytes-or-more"
SESSION_KEY = "stk_0123456789ab_planted0planted0planted0planted0"
ROOM_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoicm9vbSJ9.planted-signature-4714"
ROOM = {"url": "wss://rooms.example.com", "token": ROOM_TOKEN, "roomName": "a room"}
STORAGE = {"GATEWAY_RATE_LIMIT_STORAGE": f"redis://me:{REDIS_PASSWORD}@127.0.0.1:1/0"}
SIGNED = jwt.encode(
    {"sub": "planted-subject", "exp": datetime.now(UTC) + timedelta(hours=1)},
    JWT_SECRET,
    algorithm="HS256",
)
MODES = {
    "bearer": (TOKENS[0], {"GATEWAY_AUTH_TOKENS": ",".join(TOKENS)}),
    "jwt": (SIGNED, {"GATEWAY_JWT_SECRET": JWT_SECRET}),
}


def http_answer(status: str, body: bytes, *headers: str) -> bytes:
    """Return an answer as it goes over the wire."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join([*head, *headers, "Connection: close", "", ""]).encode() + body


class Gossip:
    """An upstream that echoes every secret it gets, in each way that breaks a client.

    The avatar of a session selects its fault; the session's id ends with its place.
    """

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request."""
        echo = json.dumps({"error": request.decode(errors="replace")}).encode()
        line = request.partition(b"\r\n")[0].decode()
        method, path, _ = line.split()
        if method == "POST" and path.endswith("_sessions"):
            return self._created(request, echo)
        session = PRESETS[int(path.split("/")[3][-2:])]
        if method == "DELETE":
            return http_answer("403 Forbidden", echo)
        if method == "GET":
            return self._looked_at(session, request, echo)
        return self._consumed(session, request, echo)

    def _created(self, request: bytes, echo: bytes) -> bytes:
        avatar = json.loads(request.partition(b"\r\n\r\n")[2])["avatar"]["presetId"]
        refused = {
            "cat-character": http_answer("500 Oops", echo),
            "fashion-designer": http_answer("401 Unauthorized", echo),
            "cooking-teacher": b"HTTP/1.1 " + request,
        }
        session_id = f"00000000-0000-4000-8000-{PRESETS.index(avatar):012}"
        created = http_answer("200 OK", json.dumps({"id": session_id}).encode())
        return refused.get(avatar, created)

    def _looked_at(self, session: str, request: bytes, echo: bytes) -> bytes:
        ready = json.dumps({"id": session, "status": "READY", "sessionKey": SESSION_KEY}).encode()
        return {
            "game-character": http_answer("400 Bad", echo + ready),
            "game-character-man": http_answer("200 OK", ready[:-2]),
            "influencer": http_answer("200 OK", ready, f"X-{SESSION_KEY}\x00: {SESSION_KEY}"),
        }.get(session, http_answer("200 OK", ready))

    def _consumed(self, session: str, request: bytes, echo: bytes) -> bytes:
        room = json.dumps(ROOM).encode()
        return {
            "tennis-coach": http_answer("400 Bad", echo + room),
            "human-resource": http_answer("200 OK", room[:-1]),
        }.get(session, http_answer("200 OK", room))


PRESETS = (
    *("music-superstar", "cat-character", "fashion-designer", "cooking-teacher"),
    *("game-character", "game-character-man", "influencer", "tennis-coach", "human-resource"),
)


@asynccontextmanager
async def gossip() -> AsyncIterator[str]:
    """Serve such an upstream; yield its URL."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await reader.readuntil(b"\r\n\r\n")
            if length := re.search(rb"content-length: (\d+)", request, re.IGNORECASE):
                request += await reader.readexactly(int(length[1]))
            writer.write(Gossip().answer(request))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def unreadable(token: str) -> Iterator[bytes]:
    """Yield requests of malformed HTTP, each with a token in it."""
    head = f"POST {CONNECT} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n"
    bearer = f"Bearer {token}"
    yield f"{head}{bearer}\r\n\r\n".encode()
    yield f"{head}Authorization: {bearer}\x00\r\n\r\n".encode()
    yield f"{head}Content-Length: {token}\r\n\r\n".encode()
    yield f"{head}Transfer-Encoding: chunked\r\n\r\n{token}\r\n".encode()
    yield f"{head}X-Long: {token * 1000}\r\n\r\n".encode()
    yield f"{bearer} HTTP/1.1\r\n\r\n".encode()
    yield f"GET /{token} HTTP/{token}\r\n\r\n".encode()
    yield f"{token}\r\n\r\n".encode()
    yield f"{token.upper()} / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode()


async def raw(port: int, request: bytes) -> str:
    """Send bytes, and return the answer until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2].decode(errors="replace")


async def _everything_goes_wrong(served: Served, token: str) -> list[str]:
    """Call in every way that could show a secret; return the pages that are open to others."""
    authorization = {"Authorization": f"Bearer {token}"}

    async def post(path: str = CONNECT, **options: Any) -> str:
        answer = await served.client.post(path, **({"headers": authorization} | options))
        return "" if answer.status == 200 else answer.body.decode()

    connects = (
        post(f"{CONNECT}?shape={shape}", json={"avatarId": avatar})
        for shape in ("credentials", "session-key")
        for avatar in PRESETS
    )
    bodies = (f'{{"avatarId": "{token}"}}', f'{{"token": "{token}"', f'{{"{token}": 1}}')
    odd = (
        {"Authorization": f"Basic {token}"},
        {"Authorization": f"Bearer {token} {token}"},
        {"Authorization": f"Bearer {token}x", "X-Request-Id": token},
        {"Authorization": token, "Origin": f"https://{token}", "traceparent": token},
    )
    pages = await asyncio.gather(
        *connects,
        *(post(data=body, headers=authorization | JSON) for body in bodies),
        *(post(json=MUSIC, headers=headers) for headers in odd),
        post(f"{CONNECT}?shape={token}"),
        *(raw(served.port, request) for request in unreadable(token)),
    )
    paths = (f"/{token}?token={token}&api_key={API_SECRET}", "/ready", "/metrics", "/health")
    return [*pages, *[(await served.client.get(path)).body.decode() for path in paths]]


@pytest.mark.parametrize(("mode", "form"), [("bearer", "json"), ("jwt", "text")])
async def test_no_secret_is_in_any_output(mode: str, form: str) -> None:
    """Everything is logged, everything goes wrong, and no planted secret is seen anywhere."""
    token, variables = MODES[mode]
    variables = {"GATEWAY_AUTH": mode, "GATEWAY_RATE_LIMIT": "9999/hour", **variables, **STORAGE}
    options = ("--log-level=debug", f"--log-format={form}", "--deadline=60")
    async with gossip() as url, serving(url, *options, secret=API_SECRET, **variables) as served:
        pages = await _everything_goes_wrong(served, token)
        ended = await served.stop()
    outputs = [ended.output, ended.errors, *pages]
    planted = [API_SECRET, REDIS_PASSWORD, JWT_SECRET, SIGNED, SESSION_KEY, ROOM_TOKEN, *TOKENS]
    for secret in (*planted, "planted-subject", "planted-signature", "planted0planted0"):
        found = [text[max(0, text.find(secret) - 80) :][:200] for text in outputs if secret in text]
        assert found == []
    assert ended.code == 0
    codes = ("ok", "upstream_error", "upstream_auth", "unauthenticated", "invalid_request")
    for code in codes:  # each fault occurred, and was logged
        assert code in ended.errors


@pytest.mark.parametrize(
    "wrong",
    [
        {"RUNWAYML_API_SECRET": "planted wrong "},
        {"GATEWAY_AUTH": "bearer", "GATEWAY_AUTH_TOKENS": "planted"},
        {"GATEWAY_AUTH": "bearer", "GATEWAY_AUTH_TOKENS": "planted token of 16 characters"},
        {"GATEWAY_AUTH_TOKENS": "planted-token-without-a-mode"},
        {"GATEWAY_AUTH": "jwt", "GATEWAY_JWT_SECRET": "planted"},
        {"GATEWAY_AUTH": "jwt", "GATEWAY_JWT_JWKS_URL": "https://me:planted@login.example.com/"},
        {"GATEWAY_RATE_LIMIT_STORAGE": "redis://:planted@redis.example.com:99999/"},
        {"GATEWAY_RATE_LIMIT_STORAGE": "rediss://:planted@[redis"},
        {"RUNWAYML_BASE_URL": "https://me:planted@api.example.com"},
    ],
    ids=lambda wrong: list(wrong)[-1],
)
async def test_a_wrong_secret_is_named_and_not_shown(wrong: Mapping[str, str]) -> None:
    """One line with the variable and what was expected; exit code 2."""
    variables = {"RUNWAYML_API_SECRET": SECRET, **wrong}
    async with running("gateway", "serve", "--check", **variables) as program:
        code, errors = await program.exit_code(), await program.errors()
    assert code == 2
    assert len(errors.splitlines()) == 1
    assert list(wrong)[-1] in errors
    assert "planted" not in errors.replace("GATEWAY", "")


async def test_check_accepts_a_good_configuration_and_serves_nothing() -> None:
    """Exit code 0, one line, and no upstream request."""
    variables = {"RUNWAYML_API_SECRET": SECRET, "GATEWAY_HOST": "no.such.host.invalid"}
    variables["GATEWAY_RATE_LIMIT"] = "30/minute"
    async with serving_fake() as fake:
        variables["RUNWAYML_BASE_URL"] = fake.url
        async with running("gateway", "serve", "--check", **variables) as program:
            line = await program.line()
            code, errors = await program.exit_code(), await program.errors()
        journal = await fake.admin("GET", "/journal")
    assert (code, errors) == (0, "")
    assert fake.url.removeprefix("http://") in line
    assert journal.json["exchanges"] == []


# TLS


@dataclass(frozen=True, slots=True)
class Files:
    """A self-signed certificate for this machine, its key, and things that are neither."""

    cert: Path
    key: Path
    another_key: Path
    locked_key: Path
    rubbish: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Certificates made just now."""
    folder = tmp_path_factory.mktemp("tls")
    names = ("cert.pem", "key.pem", "another.pem", "locked.pem", "rubbish.pem")
    files = Files(*(folder / name for name in names))
    key, another = (ec.generate_private_key(ec.SECP256R1()) for _ in "ab")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files.cert.write_bytes(cert.public_bytes(Encoding.PEM))
    locked = BestAvailableEncryption(b"planted-passphrase")
    for path, one, encryption in (
        (files.key, key, NoEncryption()),
        (files.another_key, another, NoEncryption()),
        (files.locked_key, key, locked),
    ):
        path.write_bytes(one.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    files.rubbish.write_text("no PEM at all")
    return files


def tls(cert: Path, key: Path) -> dict[str, str]:
    """Return the variables for these files."""
    return {"GATEWAY_TLS_CERT_FILE": str(cert), "GATEWAY_TLS_KEY_FILE": str(key)}


async def health(*arguments: str, **variables: str) -> int:
    """Return the exit code of `runway-gateway health`."""
    patient = f"--timeout={PATIENCE_S:g}"
    async with running("gateway", "health", patient, *arguments, **variables) as program:
        code, errors = await program.exit_code(), await program.errors()
    assert "Traceback" not in errors
    return code


async def test_it_speaks_tls_by_itself(files: Files) -> None:
    """A client with the certificate gets a session; the health command reads the environment."""
    context = ssl.create_default_context(cafile=str(files.cert))
    variables = tls(files.cert, files.key)
    async with serving_fake(provisioned_in(0)) as fake, serving(fake.url, **variables) as served:
        assert served.url.startswith("https://")
        answer = await served.client.post(CONNECT, json=MUSIC, ssl=context)
        port = {"GATEWAY_PORT": str(served.port)}
        codes = [
            await health(**variables, **port),
            await health(f"--url={served.url}"),
            await health(f"--url=http://127.0.0.1:{served.port}"),
            await health(**port),
        ]
        ended = await served.stop()
    assert answer.status == 200
    assert codes == [0, 0, 1, 1]
    assert ended.code == 0


@pytest.mark.parametrize(
    ("variables", "code"),
    [({"GATEWAY_DEADLINE": "of another gateway"}, 1), ({"GATEWAY_PORT": "http"}, 2)],
)
async def test_health_reads_only_the_address(variables: dict[str, str], code: int) -> None:
    """It needs no secret; no answer is 1, and a port that is no number is 2."""
    with held_port() as port:
        assert await health(**{"GATEWAY_PORT": str(port)} | variables) == code


@pytest.mark.parametrize("text", ["abc", "0", "nan", "1e9"])
async def test_how_long_health_waits_is_a_number_of_seconds(text: str) -> None:
    """Another text is refused as a usage error."""
    async with running("gateway", "health", f"--timeout={text}") as program:
        code, errors = await program.exit_code(), await program.errors()
    assert code == 2
    assert f"expected a number of seconds, more than 0, at most 86400: got '{text}'" in errors


WRONG_FILES = {
    "not there": ("missing", "key", "CERT"),
    "no PEM": ("rubbish", "key", "CERT"),
    "no key": ("cert", "rubbish", "KEY"),
    "swapped": ("key", "cert", "CERT"),
    "of another certificate": ("cert", "another_key", "KEY"),
    "with a passphrase": ("cert", "locked_key", "KEY"),
    "one only": ("cert", "", "CERT"),
}


@pytest.mark.parametrize(("cert", "key", "blamed"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
@pytest.mark.parametrize("check", [(), ("--check",)], ids=["serve", "check"])
async def test_tls_files_that_do_not_fit_are_one_line(
    files: Files, cert: str, key: str, blamed: str, check: tuple[str, ...]
) -> None:
    """Exit code 2 before anything listens, naming the file; a passphrase is never asked for."""
    paths = {name: getattr(files, name, files.cert.parent / name) for name in (cert, key) if name}
    tls_files = {"GATEWAY_TLS_CERT_FILE": cert, "GATEWAY_TLS_KEY_FILE": key}
    variables = {name: str(paths[which]) for name, which in tls_files.items() if which}
    variables["RUNWAYML_API_SECRET"] = SECRET
    async with running("gateway", "serve", "--port=0", *check, **variables) as program:
        code, errors = await program.exit_code(), await program.errors()
    assert code == 2
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith(f"runway-gateway: GATEWAY_TLS_{blamed}_FILE")
    wrong = variables[f"GATEWAY_TLS_{blamed}_FILE"]
    assert wrong in errors or not key
    assert "_ssl.c" not in errors


# Its end


async def test_it_can_be_stopped_as_soon_as_it_listens() -> None:
    """SIGTERM before the line with the address is out: an orderly end, exit code 0.

    Its output is a pipe that is full, so it stands at this line until the test reads.
    """
    with held_port() as port:
        code, output = await _stopped_at_once(port)
    assert (code, output.lstrip(b"x")[:9]) == (0, b"gateway: ")


async def _stopped_at_once(port: int) -> tuple[int, bytes]:
    """Return the exit code, and the content of the pipe."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    variables = {"RUNWAYML_API_SECRET": SECRET, "RUNWAYML_BASE_URL": NO_UPSTREAM}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "gateway", "serve", f"--port={port}"),
        stdout=writing,
        cwd="/",
        env=os.environ | variables,
    )
    os.close(writing)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await listens(port):
                await LoopClock().sleep(PAUSE_S)
            process.terminate()
            with os.fdopen(reading, "rb") as pipe:
                output = await asyncio.to_thread(pipe.read)
            return await process.wait(), output
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_connect_in_flight_is_answered_before_the_end() -> None:
    """SIGTERM: no new connect gets in, the one that waits gets a session, the exit code is 0."""
    async with (
        serving_fake() as fake,
        serving(fake.url, "--shutdown-grace=60") as served,
        in_flight(served) as connect,
    ):
        await called(fake, "createSession")
        served.signal(signal.SIGTERM)
        await served.refuses()
        assert not connect.done()
        fake.world.clock.jump(1.5)
        answer = await connect
        ended = await served.ended()
        assert answer.status == 200
        assert states(fake) == ["running"]
    assert ended.code == 0


@pytest.mark.usefixtures("restored_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_connect_that_takes_longer_than_the_grace_is_cancelled(
    number: signal.Signals,
) -> None:
    """503 with its code, the session cancelled upstream before the end, exit code 0."""
    async with (
        serving_fake() as fake,
        serving(fake.url, "--shutdown-grace=0.2") as served,
        in_flight(served) as connect,
    ):
        await called(fake, "createSession")
        served.signal(number)
        ended = await served.ended()
        answer = await connect
        assert states(fake) == ["cancelled"]
    assert (answer.status, answer.json["code"]) == (503, "shutting_down")
    assert ended.code == 0


async def test_queued_callers_are_answered_at_the_end() -> None:
    """503, though they have no session yet, and none is made for them."""
    async with (
        serving_fake() as fake,
        serving(fake.url, "--shutdown-grace=0.2", "--concurrency=1") as served,
        in_flight(served) as first,
    ):
        await called(fake, "createSession")
        async with in_flight(served) as second:
            await _waiting(served)
            ended = await served.stop()
            answers = [await first, await second]
        assert states(fake) == ["cancelled"]
    assert [each.json["code"] for each in answers] == ["shutting_down"] * 2
    assert ended.code == 0


async def _waiting(served: Served) -> None:
    """Return once a caller waits for a turn."""
    async with asyncio.timeout(PATIENCE_S):
        while b"\ngateway_callers_waiting 1.0" not in (await served.client.get("/metrics")).body:
            pass


# Several of them


async def _counted(served: Served, token: str = "") -> Answer:
    """Ask for a session until Redis answers: on a busy machine it may seem lost for a second."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await served.connect(token)
            if answer.status == 200 or answer.json["code"] != "limits_unavailable":
                return answer


async def test_two_gateways_count_together() -> None:
    """A caller's rate holds over both; another caller has a rate of its own."""
    bearer = {"GATEWAY_AUTH": "bearer", "GATEWAY_AUTH_TOKENS": ",".join(TOKENS)}
    with redis_server() as redis:
        shared = {"GATEWAY_RATE_LIMIT_STORAGE": redis.url, "GATEWAY_RATE_LIMIT": "3/hour"}
        shared |= {"GATEWAY_RATE_LIMIT_OUTAGE": "closed", **bearer}
        async with (
            serving_fake(provisioned_in(0)) as fake,
            serving(fake.url, **shared) as one,
            serving(fake.url, **shared) as two,
        ):
            answers = [await _counted(each, TOKENS[0]) for each in (one, two, one, two, one)]
            other = await _counted(two, TOKENS[1])
    assert [each.status for each in answers] == [200, 200, 200, 429, 429]
    assert other.status == 200


CLOCK = """
local clock = redis.call('TIME')
return {clock[1], clock[2], redis.call('PTTL', KEYS[1])}
"""
"""One script, because the clock of Redis stands during it: both are read at the same instant."""


async def _leftover(redis: Any) -> tuple[float, float]:
    """End the only lease; return how long it, and the key that holds it, had left, in seconds."""
    ((lease, ends_at),) = await redis.zrange(KEY, 0, -1, withscores=True)
    seconds, microseconds, left_ms = await redis.eval(CLOCK, 1, KEY)
    now = int(seconds) + int(microseconds) / 1_000_000
    await redis.zadd(KEY, {lease: now})
    return ends_at - now, left_ms / 1000


async def test_a_gateway_that_was_killed_holds_its_places_for_a_time_only() -> None:
    """Both share the limit; the lease of a killed gateway expires, which frees the place."""
    deadline_s = 600.0
    with redis_server() as server:
        shared = {"GATEWAY_RATE_LIMIT_STORAGE": server.url, "GATEWAY_IN_FLIGHT_LIMIT": "1"}
        shared |= {"GATEWAY_RATE_LIMIT_OUTAGE": "closed", "GATEWAY_DEADLINE": f"{deadline_s:g}"}
        redis = Redis.from_url(server.url)
        async with (
            serving_fake() as fake,
            serving(fake.url, **shared) as one,
            serving(fake.url, **shared) as two,
        ):
            async with in_flight(one) as connect:
                await called(fake, "createSession")
                refused = await _counted(two)
                one.signal(signal.SIGKILL)
                await one.ended()
                with pytest.raises(aiohttp.ClientError):
                    await connect
            still = await _counted(two)
            left_s, lives_s = await _leftover(redis)
            async with in_flight(two) as connect:
                await called(fake, "createSession", count=2)
                fake.world.clock.jump(1.5)
                free = await connect
        await redis.aclose()
    for each in (refused, still):
        assert (each.status, each.json["code"]) == (429, "too_many_sessions")
    assert 0 < left_s <= deadline_s + LEASE_SLACK_S
    assert left_s <= lives_s <= left_s + 2
    assert free.status == 200


# Its traces


def spans(output: str) -> dict[str, dict[str, Any]]:
    """Return the spans in what the console exporter prints, JSON objects in a row, by name."""
    found, decoder, text = {}, json.JSONDecoder(), output.strip()
    while text:
        span, end = decoder.raw_decode(text)
        found[span["name"]] = span
        text = text[end:].strip()
    return found


async def test_spans_go_to_the_console_if_that_is_asked_for() -> None:
    """One for the connect, under the answer's ids, and one below it for each upstream request."""
    variables = {"OTEL_TRACES_EXPORTER": "console"}
    async with serving_fake(provisioned_in(0)) as fake, serving(fake.url, **variables) as served:
        answer = await served.connect()
        ended = await served.stop()
    found = spans(ended.output)
    _, trace_id, span_id, _ = answer.headers["traceparent"].split("-")
    connect = found.pop("connect")
    assert connect["context"] == {"trace_id": f"0x{trace_id}", "span_id": f"0x{span_id}"} | {
        "trace_state": connect["context"]["trace_state"]
    }
    assert connect["attributes"]["gateway.session_id"] == answer.json["sessionId"]
    assert found.keys() == {"create", "retrieve", "consume"}
    assert {each["parent_id"] for each in found.values()} == {f"0x{span_id}"}
    assert answer.json["token"] not in ended.output
    assert SECRET not in ended.output


async def test_no_spans_are_printed_unasked() -> None:
    """Standard output has the address and nothing else."""
    async with serving_fake(provisioned_in(0)) as fake, serving(fake.url) as served:
        await served.connect()
        ended = await served.stop()
    assert ended.output == ""
