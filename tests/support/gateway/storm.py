"""Many callers at once at a real gateway in front of a real fake, and the check of the result.

`weather` runs one storm with processes and sockets and returns its observations as plain values;
`wrongs` judges that, purely, so that a test can show that each kind of wrong is found. No
timer decides: a storm ends when every caller has an answer and the gateway has ended.
"""

import asyncio
import os
import random
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from contracts.wire.schema import ContractViolation
from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.answers import ExchangeView, SessionView
from fake_runway.scenarios.catalogue import Catalogue
from gateway.errors import GatewayError
from tests.support.checked import check
from tests.support.processes import PATIENCE_S

CONNECT = "/api/avatar/connect"
API_SECRET = "planted-api-secret-5811"
CALLER_TOKEN = "planted-caller-token-5812"
FAKE_OPTIONS = (
    "serve",
    "--port=0",
    "--log-level=error",
    "--journal=1000000",
    "--provision-time=300ms",
    "--concurrency=unlimited",
    "--credits=unlimited",
    "--daily=unlimited",
)
KEYS_OF = {
    "credentials": {"sessionId", "serverUrl", "token", "roomName"},
    "session-key": {"sessionId", "sessionKey"},
}
CLEANUP_S = 15.0  # the gateway's longest time to get an id, and again to cancel
LONGEST_S = min(120.0, 2 * CLEANUP_S + PATIENCE_S)  # real time, the bound of every wait
FEWEST_CANCELS = 3  # of DELETEs that hang, so many fit into the gateway's time for cancelling

_OVER = frozenset({"completed", "failed", "cancelled"})
_CREDENTIAL = re.compile(rb"stk_[0-9a-f]{12}_|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.")
_ALL = 100_000  # the most that the fake lists


@dataclass(frozen=True, slots=True)
class Caller:
    """One connect: the avatar it asks for and the shape of the answer it wants."""

    avatar: str
    shape: str


@dataclass(frozen=True, slots=True)
class Storm:
    """Callers for one gateway process in front of one world.

    Attributes:
        world: its name on the fake.
        scenario: what the world follows; each caller's avatar may choose a session form besides.
        waves: the callers at the same time; a wave begins when all of the one before have answers.
        stop_after: SIGTERM comes in the middle of the last wave, once the gateway has sent so many
            requests of an operation upstream; None: it comes after everything.
        deadline_s, grace_s: of the gateway: for each connect, and for those under way at its end.
    """

    world: str
    scenario: str
    waves: tuple[tuple[Caller, ...], ...]
    stop_after: tuple[str, int] | None = None
    deadline_s: float = 2.0
    grace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of one caller.

    Attributes:
        status: None: the connection was closed without a whole answer, or refused.
        violation: how the answer breaks the contract, or that there was none; else empty.
    """

    caller: Caller
    status: int | None = None
    head: bytes = b""
    body: bytes = b""
    violation: str = ""

    @property
    def fields(self) -> Mapping[str, object]:
        """The body if it is a JSON object, else nothing."""
        with suppress(orjson.JSONDecodeError):
            parsed = orjson.loads(self.body)
            return parsed if isinstance(parsed, dict) else {}
        return {}

    @property
    def ok(self) -> bool:
        """Whether a session was handed out."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The error's code; `ok`, or `closed` without an answer."""
        if self.status is None:
            return "closed"
        return "ok" if self.ok else str(self.fields.get("code", "none"))


@dataclass(frozen=True, slots=True)
class Seen:
    """The observations of a storm, all read after the gateway had ended.

    Attributes:
        sessions: all of the world.
        creates, cancels: the fake's exchanges of these requests.
        output: everything that the gateway wrote, and its open pages.
        resident: bytes of the gateway's memory, at its start and after each wave.
    """

    storm: Storm
    replies: tuple[Reply, ...]
    sessions: tuple[SessionView, ...]
    creates: tuple[ExchangeView, ...]
    cancels: tuple[ExchangeView, ...]
    output: bytes
    exit_code: int
    resident: tuple[int, ...] = ()

    @property
    def codes(self) -> Counter[str]:
        """How often each code was answered."""
        return Counter(reply.code for reply in self.replies)

    @property
    def avatars(self) -> set[str]:
        """The avatars that sessions were asked for upstream."""
        wanted = (each.request.body["avatar"] for each in self.creates if each.request.body)
        return {str(avatar.get("presetId") or avatar.get("avatarId")) for avatar in wanted}


def by_avatar(catalogue: Catalogue) -> dict[str, str]:
    """Return the scenarios that an avatar can choose: their names, by the avatar's UUID."""
    return {str(each.avatar): each.name for each in catalogue.with_avatars}


def wave_of(avatars: Sequence[str], size: int, *, seed: int) -> tuple[Caller, ...]:
    """Return callers in a random order; where there are enough, every avatar has one or more."""
    chance = random.Random(seed)
    wanted = [*avatars[:size], *chance.choices(avatars, k=max(0, size - len(avatars)))]
    chance.shuffle(wanted)
    return tuple(Caller(avatar, chance.choice(list(KEYS_OF))) for avatar in wanted)


# Playing


@dataclass(slots=True)
class _Gateway:
    """A running gateway; its output is read at once, or a full pipe would stop it."""

    process: Process
    url: str = ""
    output: bytearray = field(default_factory=bytearray)

    async def begin(self) -> None:
        """Return once it listens."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while not self.url:
                line = await self.process.stdout.readline()
                assert line, f"the gateway did not start: {self.output.decode()}"
                self.output += line
                if line.startswith(b"gateway: "):
                    self.url = line.decode().split()[1].removesuffix(CONNECT)

    async def listen(self) -> None:
        """Read what it writes until it ends."""
        assert self.process.stdout is not None
        while some := await self.process.stdout.read(1 << 16):
            self.output += some

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code: -9 if it did not end, and had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                return await self.process.wait()
        self.process.kill()
        return await self.process.wait()

    def resident(self) -> int:
        """Return the bytes of memory that it holds; 0 where there is no Linux `/proc`."""
        with suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            return int(status.partition("VmRSS:")[2].split()[0]) * 1024
        return 0


@asynccontextmanager
async def _gateway(base_url: str, storm: Storm) -> AsyncIterator[_Gateway]:
    environment = {
        "RUNWAYML_BASE_URL": base_url,
        "RUNWAYML_API_SECRET": API_SECRET,
        "GATEWAY_DEADLINE": f"{storm.deadline_s:g}",
        "GATEWAY_SHUTDOWN_GRACE": f"{storm.grace_s:g}",
        "GATEWAY_POLL_INTERVAL": "0.5",  # one fake has all the polls of all the storms
        "GATEWAY_METRICS": "on",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "gateway", "serve", "--port=0", "--log-level=debug"),
        stdout=PIPE,
        stderr=STDOUT,
        cwd="/",
        env=os.environ | environment,
        start_new_session=True,
    )
    listening: asyncio.Task[None] | None = None
    try:
        gateway = _Gateway(process)
        await gateway.begin()
        listening = asyncio.ensure_future(gateway.listen())
        yield gateway
        await listening
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if listening is not None:
            await asyncio.wait({listening})
        process._transport.close()  # type: ignore[attr-defined]  # else its pipe warns later


async def weather(fake_url: str, storm: Storm) -> Seen:
    """Play a storm against a gateway process of its own, which is ended by SIGTERM."""
    admin = AsyncAdmin(fake_url, world=storm.world)
    patience = aiohttp.ClientTimeout(total=LONGEST_S)
    connector = aiohttp.TCPConnector(limit=0)
    replies: list[Reply] = []
    exit_code: int | None = None
    async with (
        admin,
        _gateway(admin.base_url, storm) as gateway,
        aiohttp.ClientSession(connector=connector, timeout=patience) as http,
    ):
        resident = [gateway.resident()]
        for number, wave in enumerate(storm.waves, 1):
            await admin.scenario(storm.scenario)  # so that its faults count from zero in each wave
            async with asyncio.TaskGroup() as group:
                calling = [group.create_task(_call(http, gateway.url, each)) for each in wave]
                if storm.stop_after is not None and number == len(storm.waves):
                    await _until(admin, storm.stop_after, calling)
                    exit_code = await gateway.stop()
            replies += [each.result() for each in calling]
            if exit_code is None:
                resident.append(gateway.resident())
        if exit_code is None:
            pages = [await _page(http, gateway.url + path) for path in ("/health", "/metrics")]
            gateway.output += b"\n".join(pages)
            exit_code = await gateway.stop()
        sessions = await admin.sessions.list(limit=_ALL)
        creates = await admin.journal.list(operation="createSession", limit=_ALL)
        cancels = await admin.journal.list(operation="deleteSession", limit=_ALL)
    return Seen(
        storm,
        tuple(replies),
        sessions,
        creates.exchanges,
        cancels.exchanges,
        bytes(gateway.output),
        exit_code,
        tuple(resident),
    )


async def _until(
    admin: AsyncAdmin, moment: tuple[str, int], calling: Sequence[asyncio.Task[Reply]]
) -> None:
    """Return after so many calls, or when no caller is left that could cause one."""
    operation, count = moment
    coming = asyncio.ensure_future(
        admin.wait_for_calls(count, operation=operation, timeout=LONGEST_S)
    )
    answered = asyncio.ensure_future(asyncio.wait(calling))
    either: set[asyncio.Future[Any]] = {coming, answered}
    try:
        done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        for each in either:
            each.cancel()
        await asyncio.wait(either)


async def _call(http: aiohttp.ClientSession, url: str, caller: Caller) -> Reply:
    try:
        async with http.post(
            url + CONNECT,
            params={"shape": caller.shape},
            json={"avatarId": caller.avatar},
            headers={"Authorization": f"Bearer {CALLER_TOKEN}"},
        ) as response:
            body = await response.read()
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        return Reply(caller)
    except TimeoutError:
        return Reply(
            caller, violation=f"neither an answer nor a closed connection in {LONGEST_S:g} s"
        )
    status, headers = response.status, response.headers
    head = b"\n".join(b": ".join(pair) for pair in response.raw_headers)
    try:
        check("gateway", "POST", CONNECT, status=status, headers=headers, body=body)
    except ContractViolation as violation:
        return Reply(caller, status, head, body, str(violation))
    return Reply(caller, status, head, body)


async def _page(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url) as response:
        return await response.read()


# Judging


def wrongs(seen: Seen) -> list[str]:
    """Return a sentence for each wrong of the gateway."""
    found = [*_badly_answered(seen), *_left_behind(seen), *_secrets_shown(seen)]
    if seen.exit_code != 0:
        found.append(f"exit code {seen.exit_code}")
    return [f"{seen.storm.world}: {each}" for each in found]


def _badly_answered(seen: Seen) -> Iterator[str]:
    statuses = {each.code: each.status for each in _errors(GatewayError)}
    for reply in seen.replies:
        label = f"{reply.caller.avatar}: {reply.status} {reply.code}"
        if reply.violation:
            yield f"{label}: {reply.violation}"
        elif reply.status is None:
            if seen.storm.stop_after is None:
                yield f"{label}: no answer, and the gateway was not stopped"
        elif reply.ok and set(reply.fields) != KEYS_OF[reply.caller.shape]:
            yield f"{label}: not of the shape {reply.caller.shape}: {sorted(reply.fields)}"
        elif not reply.ok and statuses.get(reply.code) != reply.status:
            yield f"{label}: no such row"
        elif reply.code == GatewayError.code:
            yield f"{label}: the gateway did not expect what happened"


def _errors(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _errors(each)


def _left_behind(seen: Seen) -> Iterator[str]:
    handed_out = Counter(str(each.fields.get("sessionId")) for each in seen.replies if each.ok)
    yield from (f"session {each} handed out twice" for each in handed_out if handed_out[each] > 1)
    cancels: dict[str, list[ExchangeView]] = {}
    for call in seen.cancels:
        cancels.setdefault(call.session or "", []).append(call)
    delivered = {call.session for call in seen.creates if _id_delivered(call)}
    known = {session.id for session in seen.sessions}
    yield from (f"session {each} was never made" for each in handed_out if each not in known)
    for session in seen.sessions:
        tried = cancels.get(session.id, [])
        label = f"session {session.id} ({session.scenario}, {session.state})"
        if session.id in handed_out:
            if tried:
                yield f"{label} was handed out, and cancelled"
        elif (
            session.state not in _OVER and session.id in delivered and not _cancel_is_excused(tried)
        ):
            yield f"{label} is left behind after {len(tried)} cancels"


def _id_delivered(create: ExchangeView) -> bool:
    """Return whether the gateway got the id, sooner or later: only then can it cancel."""
    reply = create.response
    broken = any(name.startswith("create-malformed-json/") for name in create.faults)
    whole = reply.arrives and reply.status == 200 and not broken
    return whole and isinstance(reply.body, Mapping) and reply.body.get("id") == create.session


def _cancel_is_excused(cancels: Sequence[ExchangeView]) -> bool:
    """Return whether a cancel was tried often enough, or is not allowed at all."""
    if any(call.acted for call in cancels):
        return False
    refused = any(call.status in (401, 403) for call in cancels)
    return refused or len(cancels) >= FEWEST_CANCELS


def _secrets_shown(seen: Seen) -> Iterator[str]:
    secrets = {API_SECRET.encode(), CALLER_TOKEN.encode()}
    for reply in seen.replies:
        if reply.ok:
            delivered = (reply.fields.get(key) for key in ("token", "sessionKey"))
            secrets |= {str(each).encode() for each in delivered if each}
    answers = [each.head + (b"" if each.ok else each.body) for each in seen.replies]
    places = {"an answer": b"\n".join(answers), "its output": seen.output}
    for place, text in places.items():
        if any(secret in text for secret in secrets) or _CREDENTIAL.search(text):
            yield f"a secret stands in {place}"
    if any(API_SECRET.encode() in each.body for each in seen.replies):
        yield "the API secret stands in an answer"
