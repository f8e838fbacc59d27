"""Requests are answered alike, whether as they are parsed or by the whole way through aiohttp."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.streams import StreamReader
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_runway.clock import next_turn
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NO_TIME
from fake_runway.core.history.journal import Exchange
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import FakeApp, create_app
from fake_runway.server.at_once import LARGEST_AWAITED, LEANS_ON, LEANS_ON_IN_BODIES, FakeServer
from fake_runway.server.logs import server_logger
from fake_runway.server.serving import LONGEST_LINE, fake_server
from fake_runway.web.ready import ReadyAnswers
from fake_runway.worlds.naming import key_tag, name_from_secret
from fake_runway.worlds.registry import Worlds
from tests.support.checked import listening
from tests.support.effort import examples
from tests.support.servers import CREATE, SECRET

SESSIONS = "/v1/realtime_sessions"
START = 1_800_000_000.0
UNKNOWN_ID = "550e8400-e29b-41d4-a716-446655440000"
BODY = orjson.dumps(CREATE)
FAULTS: list[dict[str, Any]] = [
    {"name": "busy", "match": {"operation": "createSession"}, "effect": {"status": 429}},
    {"name": "later", "match": {"operation": "getSession"}, "effect": {"delay": "0s"}},
    {"name": "cut", "match": {"operation": "getSession"}, "effect": {"truncate": 20}},
    {"name": "more", "match": {"operation": "getSession"}, "effect": {"headers": {"A": "é"}}},
    {"name": "set", "match": {"operation": "getSession"}, "effect": {"set": {"status": "X"}}},
]


@dataclass
class Sent:
    """A request to be sent: `SESSION` and `KEY` in it stand for those of the last create."""

    line: str
    headers: dict[str, str]
    body: bytes = b""

    def raw(self, session: str, key: str) -> bytes:
        """Return the bytes of the request."""
        lines = [f"{self.line} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {text}" for name, text in self.headers.items()]
        if self.body or self.line.startswith("POST"):
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join([*lines, "", ""]).replace("SESSION", session).replace("KEY", key)
        return head.encode("latin-1") + self.body


USUAL = {"Authorization": f"Bearer {SECRET}", "X-Runway-Version": "2024-11-06"}
JSON = USUAL | {"Content-Type": "application/json"}
WITH_KEY = {"Authorization": "Bearer KEY", "Content-Type": "application/json"}
ADMIN = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
POLL = Sent(f"GET {SESSIONS}/SESSION", USUAL)
REQUESTS = [
    *[Sent(f"POST {SESSIONS}", JSON, BODY)] * 3,
    *[POLL] * 4,
    Sent(f"GET {SESSIONS}/SESSION", JSON | {"User-Agent": f"a/{SECRET}", "Cookie": "a=b"}),
    Sent(f"GET {SESSIONS}/SESSION", USUAL | {"x-stainless-retry-count": "2"}),
    Sent(f"POST {SESSIONS}/SESSION/consume", WITH_KEY, b"{}"),
    Sent(f"POST {SESSIONS}/SESSION/consume", WITH_KEY),
    Sent(f"POST {SESSIONS}/SESSION/connect_backend", JSON, b"{}"),
    Sent(f"DELETE {SESSIONS}/SESSION", USUAL),
    Sent(f"GET {SESSIONS}/{UNKNOWN_ID}", USUAL),
    Sent(f"GET {SESSIONS}/no-id", USUAL),
    Sent(f"GET {SESSIONS}/SESSION/", USUAL),
    Sent(f"GET /w/other/{SESSIONS}//SESSION", USUAL),
    Sent(f"GET {SESSIONS}/SESSION?token=abcd", USUAL),
    Sent(f"GET {SESSIONS}/SESSION", {"Authorization": f"bearer {SECRET}"}),
    Sent(f"GET {SESSIONS}/SESSION", {}),
    Sent(f"GET {SESSIONS}/SESSION", USUAL | {"X-Fake-World": "named"}),
    Sent(f"GET {SESSIONS}/SESSION", USUAL | {"X-Fake-World": "/"}),
    Sent(f"POST {SESSIONS}", JSON | {"X-Fake-Scenario": "create-429-twice"}, BODY),
    Sent(f"POST {SESSIONS}", JSON | {"X-Fake-Scenario": "no-such"}, BODY),
    Sent(f"POST {SESSIONS}", USUAL | {"Authorization": "Bearer fake.create-402"}, BODY),
    Sent(f"POST {SESSIONS}", USUAL, BODY),
    Sent(f"POST {SESSIONS}", JSON, b"{"),
    Sent(f"POST {SESSIONS}", JSON, b"[]"),
    Sent(f"POST {SESSIONS}", JSON, BODY.replace(b"{", b'{"more": 1,', 1)),
    Sent(f"POST {SESSIONS}", JSON | {"Content-Encoding": "gzip"}, BODY),
    Sent(f"POST {SESSIONS}", JSON | {"Expect": "100-continue"}, BODY),
    Sent(f"POST {SESSIONS}", JSON, orjson.dumps(CREATE | {"startScript": f"key {SECRET}"})),
    Sent(f"POST {SESSIONS}", JSON, BODY + b" " * (LARGEST_AWAITED + 1)),
    Sent(f"OPTIONS {SESSIONS}", {"Access-Control-Request-Headers": "authorization"}),
    Sent(f"PUT {SESSIONS}", JSON, BODY),
    Sent(f"HEAD {SESSIONS}", USUAL),
    Sent("GET /v1/no_such", USUAL),
    Sent("GET /v1/%zz", USUAL),
    Sent("GET /v1/organization", USUAL),
    Sent("GET /v1/avatars?limit=2", USUAL),
    Sent("GET /v1/avatars?limit=x&cursor=%20", USUAL),
    Sent("POST /v1/organization/usage", JSON, b"{}"),
    Sent("POST /__admin/clock/move", ADMIN, b'{"by": "1s"}'),
    Sent("POST /__admin/clock/move", ADMIN, b'{"by": "400s"}'),
    *[Sent("POST /__admin/faults", ADMIN, orjson.dumps(each)) for each in FAULTS],
    Sent("DELETE /__admin/faults", ADMIN),
    Sent("PUT /__admin/settings", ADMIN, b'{"latency": "10ms"}'),
]


@dataclass
class Answer:
    """An answer as it came, but for its date."""

    head: bytes
    body: bytes


class Client:
    """One connection that is kept as long as the server keeps it."""

    def __init__(self, url: str, random: Random) -> None:
        self._port = int(url.rpartition(":")[2])
        self._random = random
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, raw: bytes, *, head_only: bool = False) -> Answer | None:
        """Send a request in one or two pieces; None: the connection ended instead."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        cut = self._random.choice([len(raw), raw.index(b"\r\n\r\n") + 4, len(raw) // 2])
        try:
            for piece in (raw[:cut], raw[cut:]):
                writer.write(piece)
                await writer.drain()
                pause_s = 0.001 if cut < len(raw) else 0
                await asyncio.sleep(pause_s)  # noqa: TID251  # so that the pieces come apart
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 100"):
                head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            size = int(length[1]) if length and not head_only else 0
            body = await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as broken:
            self.close()
            partial = getattr(broken, "partial", b"")
            return Answer(b"", _undated(partial)) if partial else None
        if b"Connection: close" in head:
            self.close()
        return Answer(_undated(head), body)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _undated(head: bytes) -> bytes:
    return re.sub(rb"Date: [^\r]*", b"Date: then", head)


def new_worlds() -> Worlds:
    """Return worlds of which all are alike: the source of time stands."""
    return Worlds(seed="0", settings=Settings(), source=lambda: START, rate=0.0)


@asynccontextmanager
async def served_at_once() -> AsyncIterator[str]:
    """Serve a fake as the command does; yield its URL."""
    worlds = new_worlds()
    server = fake_server(FakeApp(worlds, LiveKit()), worlds)
    async with listening(web.ServerRunner(server, shutdown_timeout=1)) as url:
        yield url


@asynccontextmanager
async def served_by_aiohttp() -> AsyncIterator[str]:
    """Serve a fake that is mounted in an application; yield its URL."""
    app = create_app(new_worlds(), livekit=LiveKit())
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        logger=server_logger(),
        max_line_size=LONGEST_LINE,
    )
    async with listening(runner) as url:
        yield url


async def conversation(url: str, requests: list[Sent], seed: int) -> list[Answer | None]:
    """Send requests one after the other; return the answers, and then the journal."""
    client = Client(url, Random(seed))
    session, key = UNKNOWN_ID, "stk_none"
    answers = []
    for each in [*requests, Sent("GET /__admin/journal", ADMIN)]:
        answer = await client.send(
            each.raw(session, key), head_only=each.line.startswith(("HEAD", "OPTIONS"))
        )
        answers.append(answer)
        if answer is not None and (found := re.search(rb'^\{"id":"([0-9a-f-]{36})', answer.body)):
            session = found[1].decode()
        if answer is not None and (found := re.search(rb"stk_[0-9a-f]{12}_\w{32}", answer.body)):
            key = found[0].decode()
    client.close()
    return answers


async def both_ways(requests: list[Sent], seed: int) -> tuple[list[Answer | None], ...]:
    """Have the same conversation with both."""
    async with served_at_once() as at_once, served_by_aiohttp() as by_aiohttp:
        return (
            await conversation(at_once, requests, seed),
            await conversation(by_aiohttp, requests, seed),
        )


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(st.sampled_from(REQUESTS), min_size=4, max_size=40), st.integers(0, 999))
def test_both_ways_give_the_same_bytes_and_the_same_journal(
    requests: list[Sent], seed: int
) -> None:
    """Whatever is asked, in whatever pieces: status, headers, order of headers, body, entries."""
    at_once, by_aiohttp = asyncio.run(both_ways(requests, seed))

    assert at_once == by_aiohttp


def test_each_request_is_answered_alike_on_a_connection_that_waits() -> None:
    """Each after one of the same connection: the first of a connection never goes at once."""
    for each in REQUESTS:
        at_once, by_aiohttp = asyncio.run(both_ways([POLL, each, POLL], 0))
        assert at_once == by_aiohttp, each


async def test_requests_in_one_piece_are_answered_in_their_order() -> None:
    """More than the parser hands out at once, some of which aiohttp has to answer."""
    polls = [f"{SESSIONS}/{UNKNOWN_ID}", "/v1/organization", "/health", "/v1/no_such"] * 50
    async with served_at_once() as url:
        client = Client(url, Random(0))
        await client.send(POLL.raw(UNKNOWN_ID, ""))
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"".join(Sent(f"GET {each}", USUAL).raw("", "") for each in polls))
        statuses = []
        for _ in polls:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            statuses.append(int(head.split()[1]))
        writer.close()
        client.close()

    assert statuses == [404, 200, 200, 404] * 50


async def test_what_comes_before_a_broken_request_is_answered() -> None:
    """Also if its body had still been on its way."""
    async with served_at_once() as url:
        client = Client(url, Random(0))
        await client.send(POLL.raw(UNKNOWN_ID, ""))
        assert client._streams is not None
        reader, writer = client._streams
        create = Sent(f"POST {SESSIONS}", JSON, BODY).raw("", "")
        writer.write(create[:-5])
        await asyncio.sleep(0.01)  # noqa: TID251  # the pause is the test
        writer.write(create[-5:] + b"NONSENSE\r\n\r\n")
        answers = (await reader.read()).split(b"HTTP/1.")
        client.close()

    assert [each.split()[1] for each in answers if each] == [b"200", b"400"]


async def test_a_client_that_does_not_read_is_not_written_to() -> None:
    """What it does not read is not asked for: its requests wait in its socket, not in memory."""
    worlds = new_worlds()
    server = FakeServer(FakeApp(worlds, LiveKit()), ReadyAnswers(worlds.now), access_log=None)
    poll = Sent("GET /v1/avatars?limit=50", USUAL).raw("", "")
    async with listening(web.ServerRunner(server)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(poll)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(poll * 20_000)
        for _ in range(50):
            await asyncio.sleep(0.01)  # noqa: TID251  # the pause is the test
        [connection] = server.connections
        waiting = connection.transport.get_write_buffer_size() if connection.transport else 0
        writer.transport.abort()

    assert worlds.answered["listAvatars", 200] < 20_000
    assert waiting < 1 << 20


class _Collecting(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.written += b"".join(list_of_data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


CHUNKED = f"POST {SESSIONS} HTTP/1.1\r\nHost: a\r\n" + "".join(
    f"{name}: {text}\r\n" for name, text in (JSON | {"Transfer-Encoding": "chunked"}).items()
)
OTHER_ID = UNKNOWN_ID.replace("e", "f")
PIECES = [
    *[POLL.raw(UNKNOWN_ID, "")] * 3,
    *[Sent(f"POST {SESSIONS}", JSON, BODY).raw("", "")] * 2,
    Sent(f"POST {SESSIONS}", JSON, POLL.raw(UNKNOWN_ID, "")).raw("", ""),
    Sent(f"GET {SESSIONS}/{UNKNOWN_ID}", USUAL, b"not read\r\n\r\n").raw("", ""),
    f"{CHUNKED}\r\n{len(BODY):x}\r\n{BODY.decode()}\r\n0\r\n\r\n".encode(),
    Sent("GET /v1/no_such", USUAL).raw("", ""),
    *[POLL.raw(OTHER_ID, "")] * 2,
    *[Sent(f"DELETE {SESSIONS}/{each}", USUAL).raw("", "") for each in (UNKNOWN_ID, OTHER_ID)],
    Sent(f"GET {SESSIONS}/no-id", USUAL).raw("", ""),
    Sent(f"GET {SESSIONS}/{OTHER_ID}?token=abcd", USUAL).raw("", ""),
    Sent(f"GET /w/another{SESSIONS}/{UNKNOWN_ID}", USUAL).raw("", ""),
    Sent(f"GET //{SESSIONS}/{OTHER_ID}", USUAL).raw("", ""),
    Sent("GET /v1/organization", USUAL).raw("", ""),
    b"\r\n" + POLL.raw(UNKNOWN_ID, ""),
    b"GET /v1/no_such HTTP/1.1\r\nX:  " + POLL.raw(UNKNOWN_ID, ""),
]
CUTS = [0, 0, len(b"GET /v1/no_such HTTP/1.1\r\nX:  "), None]


def _created(ordinal: int) -> tuple[str, str]:
    """Return id and key of a session that the pieces create."""
    world = name_from_secret(SECRET)
    draws = Draws("0", world)
    key = f"stk_{key_tag(world)}_{draws.token('session-key', ordinal)}"
    return draws.uuid("session-id", ordinal), key


def _alike(session: str, key: str) -> list[bytes]:
    """Return requests about a session that differ little, and in what decides."""
    consume, poll = f"POST {SESSIONS}/{session}/consume", f"GET {SESSIONS}/{session}"
    lower = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    requests = [
        *[Sent(consume, WITH_KEY, b"{}")] * 3,
        *[Sent(poll, USUAL)] * 3,
        *[Sent(consume, lower, b"{}")] * 2,
        Sent(consume, WITH_KEY, b'{"key":"KEY"}'),
        Sent(consume, WITH_KEY | {"User-Agent": f"with {key}"}, b"{}"),
        Sent(consume, WITH_KEY | {"X-Fake-World": "named"}, b"{}"),
        Sent(consume, lower | {"Authorization": "Bearer KEY"}, b"{}"),
        Sent(consume, {"Authorization": f"Bearer {SECRET}"} | lower, b"{}"),
        Sent(consume, USUAL | {"Content-Type": "application/json"}, b"{}"),
        Sent(consume, WITH_KEY | {"Authorization": "Bearer  KEY "}, b"{}"),
        Sent(consume, WITH_KEY | {"Authorization": "bearer KEY"}, b"{}"),
        Sent(consume.replace("/consume", "/connect_backend"), JSON, b"{}"),
        Sent(poll.replace(session, session.upper()), USUAL),
        Sent(poll, USUAL | {"Authorization": "Bearer another"}),
        Sent(poll, USUAL | {"Authorization": f"Bearer {key}"}),
        Sent(f"{poll}?of={session}", USUAL),
        Sent(f"GET /w/{session}{SESSIONS}/{session}", USUAL),
        Sent(f"GET /w/{session}{SESSIONS}/{UNKNOWN_ID}", USUAL),
        Sent(f"GET /w/{UNKNOWN_ID}{SESSIONS}/{session}", USUAL),
        Sent(poll, USUAL | {"Authorization": "Bearer \xff"}),
        *[Sent(consume, {"authorization": f"Bearer {_created(0)[1]}"} | WITH_KEY, b"{}")] * 2,
        *[
            Sent(consume, {"Authorization": f"Bearer {token}", "User-Agent": f"x {SECRET}"}, b"{}")
            for token in ("KEY", SECRET)
        ],
        Sent(f"DELETE {SESSIONS}/{session}", USUAL),
    ]
    return [each.raw(session, key) for each in requests]


ALIKE = [
    *[Sent(f"POST {SESSIONS}", JSON, BODY).raw("", "")] * 4,
    *[Sent("POST /__admin/clock/move", ADMIN, b'{"by": "2s"}').raw("", "")] * 2,
    *_alike(*_created(0)),
    *_alike(*_created(1)),
    *_alike(UNKNOWN_ID, _created(0)[1]),
]


async def _settled() -> None:
    """Let everything run that is ready."""
    for _ in range(30):
        await next_turn()


async def _answers(pieces: Iterable[bytes], *, apart: bool) -> tuple[bytes, list[Exchange]]:
    """Return what is written, and what the journals say of it, for pieces of requests.

    Args:
        apart: each goes over a connection of its own.
    """
    worlds = new_worlds()
    server, transport = fake_server(FakeApp(worlds, LiveKit()), worlds), _Collecting()
    connections: list[web.RequestHandler] = []
    for piece in pieces:
        if apart or not connections:
            connections.append(server())
            connections[-1].connection_made(transport)
        connections[-1].data_received(piece)
        await _settled()
    for each in connections:
        each.connection_lost(None)
    entries = [
        replace(each, unread=None)  # which depends on the connections
        for world in worlds
        for each in world.log.exchanges
    ]
    return _undated(transport.written), entries


@settings(max_examples=examples(80), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.sampled_from(CUTS), st.booleans()),
        max_size=12,
    )
)
def test_heads_that_come_again_change_no_answer(
    requests: list[tuple[bytes, int | None, bool]],
) -> None:
    """However the bytes of a connection are cut, each request is answered as if it came alone.

    Each is cut somewhere, None: behind its head; and may come with the beginning of the next one.
    """
    pieces = [b""]
    for raw, cut, joined in requests:
        at = raw.index(b"\r\n\r\n") + 4 if cut is None else cut
        if joined:
            pieces[-1] += raw[:at]
        else:
            pieces.append(raw[:at])
        pieces.append(raw[at:])

    together = asyncio.run(_answers([each for each in pieces if each], apart=False))

    assert together == asyncio.run(_answers([raw for raw, *_ in requests], apart=True))


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(st.sampled_from(ALIKE), min_size=4, max_size=24))
def test_heads_that_differ_little_change_no_answer(requests: list[bytes]) -> None:
    """In id, key or world, in what is redacted, or in how a header is written."""
    requests = ALIKE[:2] + requests
    together = asyncio.run(_answers(requests, apart=False))

    assert together == asyncio.run(_answers(requests, apart=True))


async def test_a_head_with_another_id_and_key_is_not_parsed() -> None:
    """Of a connect, once another was seen on its connection: the headers are the same."""
    worlds = Worlds(seed="0", settings=Settings(plan=Plan(provision=NO_TIME)), source=lambda: START)
    connection = fake_server(FakeApp(worlds, LiveKit()), worlds)()
    connection.connection_made(_Collecting())
    await _settled()
    create = Sent(f"POST {SESSIONS}", JSON, BODY).raw("", "")
    parser: Any = connection._parser
    for ordinal in range(3):
        session, key = _created(ordinal)
        poll = POLL.raw(session, "")
        consume = Sent(f"POST {SESSIONS}/SESSION/consume", WITH_KEY, b"{}").raw(session, key)
        for piece in (create, poll, poll, consume):
            connection.data_received(piece)
        parser._parser = None  # nothing is parsed from here on
    connection.connection_lost(None)

    assert worlds.answered["getSession", 200] == 6
    assert worlds.answered["consumeSession", 200] == 3


async def test_a_head_that_comes_again_is_not_parsed() -> None:
    """Also before a body that comes behind it, in another piece."""
    worlds = new_worlds()
    connection = fake_server(FakeApp(worlds, LiveKit()), worlds)()
    connection.connection_made(_Collecting())
    create = Sent(f"POST {SESSIONS}", JSON, BODY).raw("", "")
    head = create.removesuffix(BODY)
    parser: Any = connection._parser
    for _ in range(3):
        connection.data_received(create)
        await _settled()
    parser._parser = None  # nothing is parsed from here on
    for piece in (create, head, BODY, create):
        connection.data_received(piece)
    connection.connection_lost(None)

    assert worlds.answered["createSession", 200] == 6


async def test_a_known_head_selects_the_world_that_is_there_now() -> None:
    """A world that was dropped begins anew, and one whose token came between keeps its sessions."""
    worlds = new_worlds()
    connection = fake_server(FakeApp(worlds, LiveKit()), worlds)()
    connection.connection_made(_Collecting())
    others = JSON | {"Authorization": "Bearer another"}
    first, second = (Sent(f"POST {SESSIONS}", each, BODY) for each in (JSON, others))
    for each in [first, first, second, second, first, second]:
        connection.data_received(each.raw("", ""))
        await _settled()
    counts = [world.account.created_count for world in worlds]
    for world in worlds:
        worlds.drop(world.name)
    connection.data_received(second.raw("", ""))
    connection.connection_lost(None)

    assert counts == [3, 3]
    assert [world.account.created_count for world in worlds] == [1]


def test_the_names_that_are_leaned_on_exist() -> None:
    """They are private: another aiohttp may call them otherwise."""
    slots = {name for kind in web.RequestHandler.__mro__ for name in getattr(kind, "__slots__", ())}

    assert set(LEANS_ON) <= slots
    assert set(LEANS_ON_IN_BODIES) <= set(StreamReader.__slots__)


@pytest.mark.parametrize("pause_s", [0.0, 0.4])
async def test_a_connection_that_is_used_is_kept(pause_s: float) -> None:
    """Answers at once count as use; one that is idle for longer than it may be is closed."""
    worlds = new_worlds()
    app, answers = FakeApp(worlds, LiveKit()), ReadyAnswers(worlds.now)
    server = FakeServer(app, answers, access_log=None, keepalive_timeout=0.25)
    async with listening(web.ServerRunner(server)) as url:
        client = Client(url, Random(2))
        for _ in range(8):
            assert await client.send(POLL.raw(UNKNOWN_ID, "")) is not None
            await asyncio.sleep(0.05)  # noqa: TID251  # the pause is the test
        await asyncio.sleep(pause_s)  # noqa: TID251  # the pause is the test
        assert len(server.connections) == (0 if pause_s else 1)
        client.close()
