"""What comes to the room's endpoint from clients that mean no good, or are broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from livekit.protocol.rtc import JoinRequest

from fake_runway.room.clients.endpoint import MOST_CLIENTS
from fake_runway.room.tokens import LiveKit, mint
from fake_runway.room.wire.signalling import LARGEST_FRAME
from tests.support.processes import PATIENCE_S
from tests.support.room import (
    HOSTED,
    Session,
    address,
    call_of,
    join_request,
    request,
    response,
    session_of,
    signalling,
    until,
)
from tests.support.servers import Fake, StartFake

PATHS = ("/rtc/v1", "/rtc")
Http = aiohttp.ClientSession


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client without any checks: the room's answers stand in no contract of ours."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


@pytest.fixture
async def fake(start_fake: StartFake) -> Fake:
    """A fake with a room, whose clocks stand still."""
    return await start_fake(livekit=HOSTED)


async def asked(
    http: Http, session: Session, path: str, **query: str
) -> tuple[int, str, str | None]:
    """Return status, text and allowed origin of an answer to a plain GET."""
    params = {"access_token": session.user["token"], "join_request": join_request(), **query}
    async with http.get(address(session.user, path), params=params) as answer:
        return answer.status, await answer.text(), answer.headers.get("Access-Control-Allow-Origin")


async def refused(http: Http, session: Session, path: str, **query: str) -> int:
    """Return the status of the refusal of an upgrade."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        async with signalling(http, session.user, path, **query):
            pass
    return error.value.status


@pytest.mark.parametrize("path", PATHS)
async def test_a_bad_token_is_refused_in_words_that_an_application_can_show(
    fake: Fake, http: Http, path: str
) -> None:
    """The upgrade gets 401, and validate says why, to any origin; no text quotes the token."""
    session = await session_of(fake)
    token = mint({"iss": "devkey", "exp": 2e9, "sub": "x"}, "another-secret-of-more-than-32-bytes")
    assert await refused(http, session, path, access_token=token) == 401
    status, text, origin = await asked(http, session, f"{path}/validate", access_token=token)
    assert (status, origin) == (401, "*")
    assert text == "expected a token signed with HS256 by this server's secret, got another"


@pytest.mark.parametrize("path", PATHS)
async def test_a_good_token_is_valid(fake: Fake, http: Http, path: str) -> None:
    """Validate answers 200; the endpoint itself wants a WebSocket."""
    session = await session_of(fake)
    assert await asked(http, session, f"{path}/validate") == (200, "success", "*")
    status, text, origin = await asked(http, session, path)
    assert (status, origin) == (400, "*")
    assert "expected a WebSocket" in text


async def test_the_header_is_stronger_than_the_query(fake: Fake, http: Http) -> None:
    """Native clients send their token in Authorization."""
    session = await session_of(fake)
    url = address(session.user, "/rtc/validate")
    statuses = []
    for header, query in ((session.user["token"], "x"), ("x", session.user["token"])):
        headers = {"Authorization": f"Bearer {header}"}
        async with http.get(url, params={"access_token": query}, headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [200, 401]


async def test_a_browser_may_ask(fake: Fake, http: Http) -> None:
    """A preflight is granted, and only GET is answered."""
    session = await session_of(fake)
    url = address(session.user, "/rtc/validate")
    async with http.options(url) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    async with http.post(url) as answer:
        assert (answer.status, await answer.text()) == (405, "expected GET, got POST")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"room": "another"}, "expected a token for the room of a session of this world"),
        ({"world": "/w/never-named"}, "expected the URL of a world"),
        ({"world": ""}, "expected the URL of a world"),
        ({"over": True}, "the session of this room is cancelled"),
        ({"queued": True}, "the session of this room is provisioning"),
        ({"late": True}, "expected a token that holds now"),
    ],
)
async def test_a_room_that_is_not_open_is_refused(
    fake: Fake, http: Http, change: dict[str, Any], problem: str
) -> None:
    """Another room, another world, a session that is not ready, or over, or long past."""
    session = await session_of(fake)
    room = change.get("room", session.id)
    if change.get("queued"):
        room = await fake.create()
    if change.get("over"):
        await fake.call("DELETE", f"/v1/realtime_sessions/{session.id}")
    now = fake.world.clock.now()
    claims = {"iss": "devkey", "sub": "user:1", "exp": now + 900}
    token = mint(claims | {"video": {"roomJoin": True, "room": room}}, HOSTED.api_secret)
    if change.get("late"):
        fake.world.clock.jump(961)
    base = f"{fake.url}{change.get('world', f'/w/{fake.world.name}')}"
    async with http.get(f"{base}/rtc/validate", params={"access_token": token}) as answer:
        text = await answer.text()
    assert answer.status == (401 if change.get("late") else 403)
    assert text.startswith(problem)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("", "expected join_request in the query, got none"),
        ("AAAA!", "expected join_request to be a WrappedJoinRequest in base64"),
        (join_request(raw=b"\xff\xff"), "expected join_request to be a WrappedJoinRequest"),
        (
            join_request(raw=bytes(32 * LARGEST_FRAME), compressed=True),
            f"expected a join request of at most {LARGEST_FRAME} bytes, got more",
        ),
    ],
)
async def test_a_bad_join_request_is_refused(
    fake: Fake, http: Http, sent: str, problem: str
) -> None:
    """No socket is opened for garbage, nor for a gzip bomb."""
    session = await session_of(fake)
    assert await refused(http, session, "/rtc/v1", join_request=sent) == 400
    status, text, _ = await asked(http, session, "/rtc/v1/validate", join_request=sent)
    assert status == 400
    assert text.startswith(problem)


async def test_a_huge_join_request_is_refused_by_its_line(fake: Fake, http: Http) -> None:
    """It does not get to be parsed; one as long as browsers send it, and longer, does."""
    session = await session_of(fake)
    assert await refused(http, session, "/rtc/v1", join_request="A" * 200_000) == 400
    long = join_request(raw=b"\x1a\xa0\x9c\x01" + b"x" * 20_000)
    assert (await asked(http, session, "/rtc/v1/validate", join_request=long))[0] == 200


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff", b"\x0a\x05v=0"])
async def test_garbage_on_the_socket_sends_its_sender_away(
    fake: Fake, http: Http, garbage: bytes
) -> None:
    """With a reason, and no one else."""
    session = await session_of(fake)
    async with (
        signalling(http, session.backend) as bystander,
        signalling(http, session.user) as socket,
    ):
        assert (await response(socket)).HasField("join")
        assert (await response(bystander)).HasField("join")
        await socket.send_bytes(garbage)
        left = (await response(socket)).leave
        await request(bystander, ping=1)
        assert (await response(bystander)).pong
    assert left.reason == 6  # STATE_MISMATCH
    assert (await fake.get(session.id))["status"] == "RUNNING"


@pytest.mark.parametrize(
    "sdp",
    [
        "garbage",
        "v=0\r\nm=audio 9 X 1\r\na=mid:0\r\n",
        "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF\r\na=mid:0\r\na=rtpmap:x\r\n",
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" * 99,
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\n",
    ],
)
async def test_an_offer_that_cannot_be_answered_sends_its_sender_away(
    fake: Fake, http: Http, sdp: str
) -> None:
    """Whatever aiortc makes of it."""
    session = await session_of(fake)
    async with signalling(http, session.user) as socket:
        assert (await response(socket)).HasField("join")
        await request(socket, offer={"type": "offer", "sdp": sdp, "id": 1})
        assert (await response(socket)).HasField("leave")
        async with asyncio.timeout(PATIENCE_S):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_frames_have_a_limit(fake: Fake, http: Http) -> None:
    """A larger one closes the socket, as does one of text."""
    session = await session_of(fake)
    async with signalling(http, session.user) as socket:
        await response(socket)
        await socket.send_bytes(bytes(LARGEST_FRAME + 1))
        async with asyncio.timeout(PATIENCE_S):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    async with signalling(http, session.user) as socket:
        await response(socket)
        await socket.send_str("{}")
        async with asyncio.timeout(PATIENCE_S):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize("path", PATHS)
async def test_a_resume_is_answered_with_a_new_join(fake: Fake, http: Http, path: str) -> None:
    """There is no ICE restart, so the client has to come again."""
    session = await session_of(fake)
    query = {"reconnect": "1"} if path == "/rtc" else {}
    query["join_request"] = join_request(request=JoinRequest(reconnect=True))
    async with signalling(http, session.user, path, **query) as socket:
        leave = (await response(socket)).leave
    assert leave.action == 2  # RECONNECT


async def test_a_thousand_sockets_of_one_identity_are_one_client(fake: Fake, http: Http) -> None:
    """Each takes over from the one before, which is told why, or is refused; others go on."""
    session = await session_of(fake)

    async def visit() -> int:
        try:
            async with signalling(http, session.user) as socket:
                await response(socket)
                return (await response(socket)).leave.reason
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    async with signalling(http, session.backend) as bystander:
        await response(bystander)
        visits = [asyncio.ensure_future(visit()) for _ in range(1_000)]
        await until(lambda: sum(each.done() for each in visits) == 999)
        async with signalling(http, session.user) as socket:
            await response(socket)
            outcomes = await asyncio.gather(*visits)
            for each in (bystander, socket):
                await request(each, ping=1)
                assert (await response(each)).pong
    assert set(outcomes) <= {2, 503}  # DUPLICATE_IDENTITY, or too many at the same time
    assert outcomes.count(2) >= MOST_CLIENTS // 2


async def test_a_room_has_so_many_clients(fake: Fake, http: Http) -> None:
    """One more is sent away, and those who are there stay."""
    session = await session_of(fake)
    sockets = []
    for number in range(17):
        claims = {"iss": "devkey", "sub": f"guest:{number}", "exp": fake.world.clock.now() + 60}
        video = {"roomJoin": True, "room": session.id}
        guest = session.user | {"token": mint(claims | {"video": video}, HOSTED.api_secret)}
        socket = await http.ws_connect(
            address(guest), params={"access_token": guest["token"], "join_request": join_request()}
        )
        sockets.append((socket, await response(socket)))
    assert [first.WhichOneof("message") for _, first in sockets] == ["join"] * 16 + ["leave"]
    assert len(call_of(fake, session).identities) == 16
    for socket, _ in sockets:
        await socket.close()


async def test_a_fake_whose_tokens_lead_elsewhere_says_where(
    start_fake: StartFake, http: Http
) -> None:
    """A client that comes here all the same is told the address."""
    fake = await start_fake(livekit=LiveKit(url="wss://rooms.example"))
    async with http.get(f"{fake.url}/rtc/v1/validate") as answer:
        assert answer.status == 401
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "wss://rooms.example" in await answer.text()


async def test_a_host_that_is_none_gets_into_no_address(fake: Fake, http: Http) -> None:
    """Nor does a secret in it; what is handed out is what a record has."""
    hosts = {
        "localhost:4010": "localhost:4010",
        "a.example": "a.example",
        "[::1]:80": "[::1]:80",
        "x/y": "localhost",
        "a b": "localhost",
        "test-secret.example": "localhost",
    }
    for host, expected in hosts.items():
        session_id, _ = await fake.ready()
        answer = await fake.call(
            "POST",
            f"/v1/realtime_sessions/{session_id}/connect_backend",
            json={},
            headers={"Host": host},
        )
        assert answer.json["url"] == f"ws://{expected}/w/{fake.world.name}"
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    assert "test-secret" not in repr(recorded)
