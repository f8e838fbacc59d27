"""Worlds that follow one scenario of the catalogue, and what their tests look at.

A `Chosen` is a caller of such a world who sees both sides: the answers, and what sessions and
account have become. The server is the one that users run, its clock is frozen, and the test moves
it. Where an answer is held back, cut or lost, a `Line` shows the bytes of one connection and how it
ended.

`shows` says which scenarios a test is about. It runs the test for two ways to select one: the API
secret selects for a world, the scenario's avatar for one session. With the avatar, sessions of
another avatar live their lives before and after, and nothing must happen to them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, NamedTuple

import aiohttp
import orjson
import pytest

from fake_runway.core.scenario.scenario import avatar_of
from fake_runway.core.sessions.session import Session
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.server.serving import Configuration, serving
from fake_runway.worlds.world import World
from tests.support.checked import Answer, check
from tests.support.processes import PATIENCE_S

CATALOGUE = Catalogue.builtin()
JSON = "application/json"
SESSIONS = "/v1/realtime_sessions"
ANOTHER_AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}

PROVISIONED_S = 1.5  # what a session takes to become READY where no scenario says otherwise
KEY_HOLDS_S = 300  # from READY to expiresAt, likewise
CREATE_COSTS = 2
BLOCK_COSTS = 2

WITH_SECRET = ("create", "poll", "delete", "backend", "organization", "usage", "avatars", "avatar")
"""The calls that carry the API secret: all but consume."""


class Selection(Enum):
    """The way in which a scenario is selected."""

    SECRET = "secret"
    AVATAR = "avatar"
    HEADER = "header"  # in a world that has gone on for an hour without it


class Choice(NamedTuple):
    """A scenario and the way in which it is selected."""

    name: str
    way: Selection = Selection.SECRET


def shows(*names: str, avatar: bool = True) -> pytest.MarkDecorator:
    """Run a test, which takes `chosen`, for each of these scenarios.

    Args:
        avatar: whether an avatar can choose them.
    """
    choices = [choice for name in names for choice in _choices(name, avatar=avatar)]
    return pytest.mark.parametrize("chosen", [_param(each) for each in choices], indirect=True)


def shows_each(expected: Mapping[str, Any], *, avatar: bool = True) -> pytest.MarkDecorator:
    """Run a test, which takes `chosen` and `expected`, for each scenario of a table."""
    params = [
        _param(choice, each)
        for name, each in expected.items()
        for choice in _choices(name, avatar=avatar)
    ]
    return pytest.mark.parametrize(("chosen", "expected"), params, indirect=["chosen"])


def _choices(name: str, *, avatar: bool) -> list[Choice]:
    ways = (Selection.SECRET, Selection.AVATAR) if avatar else (Selection.SECRET,)
    return [Choice(name, way) for way in ways]


def _param(choice: Choice, *expected: object) -> Any:
    return pytest.param(choice, *expected, id=f"{choice.name}-by-{choice.way.value}")


def shown_in(
    names: Mapping[str, Any],
) -> Iterator[tuple[Callable[..., Any], Choice, tuple[Any, ...]]]:
    """Yield each test of a module's `names`, what it is about, and what it expects of that."""
    for test in names.values():
        for mark in getattr(test, "pytestmark", ()):
            if mark.name == "parametrize" and "chosen" in mark.args[0]:
                for param in mark.args[1]:
                    choice, *expected = param.values
                    yield test, choice, tuple(expected)


class Request(NamedTuple):
    """A request that is not sent yet."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Line(asyncio.Protocol):
    """One connection: the bytes that have come, and how the server ended it.

    Attributes:
        ending: "" while it is open, "closed" after FIN, "reset" after RST.
    """

    def __init__(self) -> None:
        self.received = b""
        self.ending = ""
        self._stirred = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.received += data
        self._stir()

    def eof_received(self) -> None:
        """Note the FIN."""
        self.ending = "closed"
        self._stir()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the RST."""
        if isinstance(exc, ConnectionResetError):
            self.ending = "reset"
        self._stir()

    async def until_ended(self) -> None:
        """Return once the server has ended the connection."""
        await self._until(lambda: bool(self.ending))

    async def until_received(self, count: int) -> None:
        """Return once so many bytes of the body have come."""
        await self._until(lambda: len(self.body) >= count)

    async def until_whole(self) -> None:
        """Return once as many bytes of the body have come as the head promises."""
        await self._until(lambda: bool(self.head) and len(self.body) >= self.promised)

    @property
    def head(self) -> str:
        """The status line and the headers; empty until they are complete."""
        head, end, _ = self.received.partition(b"\r\n\r\n")
        return head.decode() if end else ""

    @property
    def body(self) -> bytes:
        """What has come of the body."""
        return self.received.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.head.split()[1])

    @property
    def promised(self) -> int:
        """The length that the head tells."""
        for line in self.head.splitlines():
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                return int(value)
        return 0

    @property
    def json(self) -> Any:
        """The parsed body."""
        return orjson.loads(self.body)

    def _stir(self) -> None:
        self._stirred.set()

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self._stirred.clear()
                await self._stirred.wait()


class Chosen:
    """A caller of a world in which a scenario was chosen.

    Sessions and credits count from the moment of the choice.
    """

    def __init__(
        self, choice: Choice, world: World, http: aiohttp.ClientSession, url: str, secret: str
    ) -> None:
        self.world = world
        self.name = choice.name
        self._http = http
        self._url = url
        self._secret = secret
        custom = {"type": "custom", "avatarId": avatar_of(choice.name)}
        self._avatar = custom if choice.way is Selection.AVATAR else ANOTHER_AVATAR
        self._spent_before = 0
        self._created_before = 0

    @property
    def room_url(self) -> str:
        """Where the room of each of its sessions is."""
        return f"{self._url.replace('http', 'ws', 1)}/w/{self.world.name}"

    # The wire

    async def create(self, **body: Any) -> Answer:
        """Create a session; keyword arguments are further keys of the body."""
        return await self.send(self.request("create", **body))

    async def created(self, **body: Any) -> str:
        """Create a session, which has to succeed, and return its id."""
        answer = await self.create(**body)
        assert answer.status == 200, answer
        session_id: str = answer.json["id"]
        return session_id

    async def poll(self, session_id: str) -> Answer:
        """Look at a session."""
        return await self.send(self.request("poll", session_id))

    async def status(self, session_id: str) -> str:
        """Look at a session, which has to succeed, and return its status."""
        answer = await self.poll(session_id)
        assert answer.status == 200, answer
        status: str = answer.json["status"]
        return status

    async def consume(self, session_id: str, key: str | None = None) -> Answer:
        """Consume as a browser does; without `key` with the session's own."""
        return await self.send(self.request("consume", session_id, key=key))

    async def delete(self, session_id: str) -> Answer:
        """Cancel a session."""
        return await self.send(self.request("delete", session_id))

    async def backend(self, session_id: str) -> Answer:
        """Ask for the credentials of a backend participant."""
        return await self.send(self.request("backend", session_id))

    async def call(self, call: str, session_id: str = "") -> Answer:
        """Send any call by its name."""
        return await self.send(self.request(call, session_id))

    def request(
        self, call: str, session_id: str = "", *, key: str | None = None, **body: Any
    ) -> Request:
        """Return the request of a call by its name."""
        one = f"{SESSIONS}/{session_id}"
        method, path = {
            "create": ("POST", SESSIONS),
            "poll": ("GET", one),
            "consume": ("POST", f"{one}/consume"),
            "delete": ("DELETE", one),
            "backend": ("POST", f"{one}/connect_backend"),
            "organization": ("GET", "/v1/organization"),
            "usage": ("POST", "/v1/organization/usage"),
            "avatars": ("GET", "/v1/avatars"),
            "avatar": ("GET", f"/v1/avatars/{avatar_of('slow')}"),
        }[call]
        headers = {"Content-Type": "application/json"}
        if call == "consume":
            headers["Authorization"] = f"Bearer {self.key(session_id) if key is None else key}"
        else:
            headers["Authorization"] = f"Bearer {self._secret}"
            headers["X-Runway-Version"] = "2024-11-06"
        given = {"model": "gwm1_avatars", "avatar": self._avatar} | body if call == "create" else {}
        return Request(method, path, headers, orjson.dumps(given) if method == "POST" else b"")

    async def send(self, request: Request) -> Answer:
        """Send a request; an answer that no fault has altered must keep the contract."""
        method, path, headers, body = request
        async with self._http.request(
            method, self._url + path, headers=headers, data=body or None
        ) as response:
            raw = await response.read()
            check(
                "runway",
                method,
                response.url.raw_path,
                status=response.status,
                headers=response.headers,
                body=raw,
            )
            return Answer(response.status, response.headers, raw)

    @asynccontextmanager
    async def line(self, call: str, session_id: str = "") -> AsyncIterator[Line]:
        """Send a call on a connection of its own; hang up when the block ends."""
        method, path, headers, body = self.request(call, session_id)
        host, _, port = self._url.removeprefix("http://").partition(":")
        transport, line = await asyncio.get_running_loop().create_connection(Line, host, int(port))
        try:
            fields = {"Host": host, **headers, "Content-Length": str(len(body))}
            head = [f"{method} {path} HTTP/1.1", *(f"{key}: {fields[key]}" for key in fields)]
            transport.write("\r\n".join([*head, "", ""]).encode() + body)
            yield line
        finally:
            transport.abort()

    async def ended(self, call: str, session_id: str = "") -> Line:
        """Send a call on a connection of its own and wait until the server ends it."""
        async with self.line(call, session_id) as line:
            await line.until_ended()
            return line

    @asynccontextmanager
    async def held(self, call: str, session_id: str = "") -> AsyncIterator[Line]:
        """Send a call on a connection of its own and wait until its answer is held back."""
        async with self.line(call, session_id) as line:
            async with asyncio.timeout(PATIENCE_S):
                while not self.world.held_back:
                    await self.world.watch().wait()
            await self.settle()
            yield line

    async def settle(self) -> None:
        """Return when everything that the server can send now has been sent and has come.

        An answer to a later request is read by the same loop, so what was sent before it is there.
        """
        for _ in range(3):
            async with self._http.get(f"{self._url}/health") as response:
                await response.read()

    # The state

    def jump(self, seconds: float) -> None:
        """Move the world's clock."""
        self.world.clock.jump(seconds)

    def session(self, session_id: str) -> Session:
        """Return a session as it is now, whatever the wire says."""
        self._look()
        return self.world.account.sessions[session_id]

    def state(self, session_id: str) -> str:
        """Return the state of a session as it is now."""
        return self.session(session_id).state.value

    def path(self, session_id: str) -> list[str]:
        """Return all states that a session has been in, in their order."""
        self._look()
        path: list[str] = []
        for _, _, change in self.world.log.moves:
            state = change.after.state.value
            if change.after.id == session_id and path[-1:] != [state]:
                path.append(state)
        return path

    def event(self, session_id: str) -> str:
        """Return the event that led a session where it is now."""
        event = self.session(session_id).event
        return "" if event is None else event.value

    def key(self, session_id: str) -> str:
        """Return the key of a session, whatever the wire says."""
        return self.world.account.session_key(self.session(session_id))

    @property
    def sessions(self) -> list[str]:
        """The ids of the sessions that exist, oldest first."""
        self._look()
        every = self.world.account.sessions.values()
        return [each.id for each in every if each.ordinal >= self._created_before]

    @property
    def spent(self) -> int:
        """Credits charged."""
        self._look()
        return self.world.account.spent - self._spent_before

    @property
    def active(self) -> int:
        """How many sessions hold capacity."""
        self._look()
        return self.world.account.active

    def breed(self) -> str:
        """Return the id of a session that was created before anybody called."""
        return self.world.account.create(at=self.world.clock.now()).id

    def _look(self) -> None:
        self.world.account.advance(self.world.clock.now())

    async def let_a_bystander_live(self) -> None:
        """Let a session of another avatar live its whole life, with nothing wrong with it."""
        ours, self._avatar = self._avatar, ANOTHER_AVATAR
        bystander = await self.created()
        answers = [await self.poll(bystander)]
        self.jump(PROVISIONED_S)
        for call in ("poll", "backend", "consume", "poll", "delete", "poll"):
            answers.append(await self.call(call, bystander))  # noqa: PERF401  # reads better
        assert not [each for each in answers if "X-Fake-Fault" in each.headers]
        assert [each.status for each in answers] == [200, 200, 200, 200, 200, 204, 200]
        lived = ["queued", "provisioning", "ready", "running", "cancelled"]
        assert self.path(bystander) == lived
        self._avatar = ours
        self._spent_before = self.world.account.spent
        self._created_before = self.world.account.created_count


@asynccontextmanager
async def choosing(choice: Choice, *, seed: str = "0") -> AsyncIterator[Chosen]:
    """Serve a fake as users do, with a frozen clock, and choose a scenario in one of its worlds."""
    name, way = choice
    secret = f"fake.{name if way is Selection.SECRET else 'default'}.shown"
    configuration = Configuration(catalogue=CATALOGUE, rate=0.0, seed=seed)
    patience = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with serving(configuration) as served, aiohttp.ClientSession(timeout=patience) as http:
        chosen = Chosen(choice, served.worlds.named(secret), http, served.url, secret)
        if way is Selection.HEADER:
            chosen.jump(3_600)
            request = chosen.request("organization")
            await chosen.send(
                request._replace(headers={**request.headers, "X-Fake-Scenario": name})
            )
        if way is Selection.AVATAR:
            await chosen.let_a_bystander_live()
        yield chosen
        if way is Selection.AVATAR:
            await chosen.let_a_bystander_live()


# What many tests look for


def is_refusal(answer: Answer, status: int) -> bool:
    """Tell whether an answer is an error with this status, in the provider's form."""
    if answer.status != status or answer.headers["Content-Type"].partition(";")[0] != JSON:
        return False
    body = answer.json
    return bool(body["error"]) and set(body) <= {"error", "docUrl"}
