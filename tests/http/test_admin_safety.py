"""Access to the admin API, and the secrets that it never shows."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import aiohttp
import pytest

from fake_runway.core.scenario.scenario import Scenario
from fake_runway.worlds.naming import name_from_secret
from fake_runway.worlds.registry import Retention
from tests.support.checked import Answer
from tests.support.fake.waiting import called
from tests.support.servers import CREATE, MAKE, SECRET, Fake, StartFake

NOBODY = "00000000-0000-4000-8000-000000000000"

TOKEN = "an-admin-token-0123456789"
GETS = (
    "/worlds",
    "/world",
    "/snapshots",
    "/clock",
    "/scenarios",
    "/scenario",
    "/faults",
    "/sessions",
    "/journal",
    "/journal/unmatched",
    "/findings",
    "/credits",
    "/replay",
    "/health",
    "/openapi.json",
)


async def raw(fake: Fake, lines: list[str]) -> tuple[int, bytes]:
    """Send raw lines as a request, and return the status and the whole answer."""
    host, _, port = fake.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:4010", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:4010", 200),
        ("evil.example", 403),
        ("evil.example:4010", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("0.0.0.0", 403),
        ("", 403),
    ],
)
async def test_another_name_for_this_machine_is_refused(
    start_fake: StartFake, host: str, status: int
) -> None:
    """A page whose own domain leads to 127.0.0.1 (DNS rebinding) is refused."""
    fake = await start_fake()
    await fake.create()
    for path in ("/__admin/world", "/w/mine/__admin/world", "/__admin/health"):
        status_of_host, _ = await raw(
            fake, [f"GET {path} HTTP/1.1", f"Host: {host}", "X-Fake-Make-World: yes"]
        )
        if status == 403:
            assert status_of_host == 403
    status_of_host, _ = await raw(fake, ["GET /__admin/worlds HTTP/1.1", f"Host: {host}"])
    worlds = len(fake.worlds)
    assert status_of_host == status
    assert worlds == (2 if status == 200 else 1)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "https://127.0.0.1", "http://127.0.0.1:1", "file://"],
)
async def test_pages_are_refused(start_fake: StartFake, origin: str) -> None:
    """An Origin other than the server's own is refused, and nothing is changed."""
    fake = await start_fake()
    session_id = await fake.create()
    answer = await fake.admin("POST", "/reset", headers={"Origin": origin})
    kept = session_id in fake.world.account.sessions
    assert (answer.status, answer.json["code"]) == (403, "not_allowed")
    assert kept


async def test_the_servers_own_pages_are_accepted(start_fake: StartFake) -> None:
    """The server's own origin is no foreign one."""
    fake = await start_fake()
    answer = await fake.admin("GET", "/world", headers={"Origin": fake.url})
    assert answer.status == 200


async def test_no_answer_lets_a_page_read_it(start_fake: StartFake) -> None:
    """No CORS header, not with a refusal either, and a preflight is refused."""
    fake = await start_fake()
    answers = [await fake.admin("GET", path) for path in GETS]
    answers.append(await fake.admin("GET", "/nothing"))
    answers.append(await fake.admin("GET", "/world", headers={"Origin": "http://evil.example"}))
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = await fake.admin("OPTIONS", "/clock", headers=asked)
    outside = [await fake.client.get(each) for each in ("/health", "/ready", "/metrics")]
    for answer in (*answers, preflight, *outside):
        assert not any(name.lower().startswith("access-control") for name in answer.headers)
    assert preflight.status == 405
    assert "OPTIONS" not in preflight.headers["Allow"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
async def test_a_body_has_to_be_declared_as_json(start_fake: StartFake, media: str) -> None:
    """Content types that a page can send without a preflight are not taken for JSON."""
    fake = await start_fake()
    before = fake.world.clock.now()
    for path in ("/clock/move", "/snapshots", "/sessions"):
        answer = await fake.client.post(
            f"/__admin{path}", data=b'{"by": "1s"}', headers={"Content-Type": media}
        )
        assert (answer.status, answer.json["code"]) == (415, "wrong_content_type")
    after, snapshots = fake.world.clock.now(), len(fake.world.snapshots)
    assert (after, snapshots) == (before, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"by": "1s"} x'])
async def test_a_body_has_to_be_json(start_fake: StartFake, body: bytes) -> None:
    """Anything else is refused, an empty one too where one is needed."""
    fake = await start_fake()
    await fake.admin("GET", "/world")
    answer = await fake.client.post(
        "/__admin/clock/move", data=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status, answer.json["code"]) == (400, "bad_body")


async def test_a_body_has_its_limit(start_fake: StartFake) -> None:
    """More than a megabyte is not read."""
    fake = await start_fake()
    text = json.dumps({"name": "x", "token": "x" * (1 << 20)}).encode()
    answer = await fake.client.post(
        "/w/a/__admin/replay",
        data=io.BytesIO(text),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (None, 401),
        ("", 401),
        (TOKEN[:-1], 401),
        (TOKEN + "x", 401),
        (TOKEN.upper(), 401),
        ("tök", 401),
        (TOKEN, 200),
    ],
)
async def test_the_admin_token_is_needed(
    start_fake: StartFake, token: str | None, status: int
) -> None:
    """A configured token is required by each admin request; the Runway API is open."""
    headers = {} if token is None else {"X-Fake-Admin-Token": token}
    fake = await start_fake(admin_token=TOKEN)
    session_id = await fake.create()
    answers = [await fake.admin("GET", path, headers=headers) for path in GETS]
    deleted = await fake.admin("POST", "/reset", headers=headers)
    kept = session_id in fake.world.account.sessions
    outside = await fake.client.get("/health")
    assert {answer.status for answer in (*answers, deleted)} == {status}
    assert kept == (status == 401)
    assert outside.status == 200
    for answer in answers:
        assert TOKEN not in as_text(answer)
        assert status == 200 or answer.json["code"] == "admin_token_required"


async def test_with_a_token_any_host_may_be_asked_for_but_no_page(start_fake: StartFake) -> None:
    """A request with the token may use any Host; a foreign Origin is still refused."""
    lines = ["GET /__admin/worlds HTTP/1.1", "Host: fake.internal", f"X-Fake-Admin-Token: {TOKEN}"]
    fake = await start_fake(admin_token=TOKEN)
    status, _ = await raw(fake, lines)
    page, _ = await raw(fake, [*lines, "Origin: http://evil.example"])
    assert (status, page) == (200, 403)


def as_text(answer: Answer) -> str:
    """Return the headers and the body of an answer as text."""
    return f"{answer.status} {dict(answer.headers)} {answer.body.decode()}"


def parts(text: str) -> Iterator[str]:
    """Yield pieces of a secret that would be enough to recognise it by."""
    yield text
    yield text[-16:]


async def test_no_secret_is_shown(start_fake: StartFake, caplog: pytest.LogCaptureFixture) -> None:
    """API secrets, session keys, tokens of rooms and integrations, and the admin token: nowhere."""
    caplog.set_level(logging.DEBUG)
    secret, room, voice = "planted-api-secret-1", "planted-room-token-2", "planted-voice-3"
    link = {"url": "wss://rooms.example", "token": room, "roomName": "r", "agentIdentity": "a"}
    admin = {"X-Fake-Admin-Token": TOKEN}
    api = {"Authorization": f"Bearer {secret}"}
    signed = {"type": "elevenlabs", "signedUrl": f"wss://voices.example/agent?signature={voice}"}
    planted = {secret, room, voice, TOKEN}
    outputs: list[Answer] = []
    fake = await start_fake(admin_token=TOKEN)
    for change in ({"integration": {"type": "livekit", **link}}, {"integration": signed}, {}):
        created = await fake.call(
            "POST", "/v1/realtime_sessions", json=CREATE | change, headers=api
        )
        session_id = created.json["id"]
        await fake.admin("POST", "/clock/move", {"by": "2s"}, headers=admin | api)
        path = f"/v1/realtime_sessions/{session_id}"
        key = (await fake.call("GET", path, headers=api)).json["sessionKey"]
        consumed = await fake.consume(session_id, key)
        await fake.consume(session_id, key)
        backend = await fake.call("POST", f"{path}/connect_backend", json={}, headers=api)
        planted |= {key, consumed.json["token"], backend.json["token"]}
        await fake.call("GET", f"{path}?api_key={secret}", headers=api)
        await fake.call("GET", f"/v1/nothing?session_key={key}", headers=api)
    await fake.call("POST", "/v1/realtime_sessions", json={"token": room}, headers=api)
    about = [f"/sessions/{session_id}{rest}" for rest in ("", "/timeline")]
    outputs += [
        await fake.admin("GET", path, headers=admin | api) for path in (*GETS, *about, "/nothing")
    ]
    for path, body in (
        ("/await/calls", {}),
        ("/await/session", {"states": ["running"]}),
        ("/await/session", {"states": ["queued"], "timeout": "0s"}),
        ("/fork", {"name": "f"}),
        ("/snapshots", {"name": "s"}),
        ("/faults", {"effect": {"malformed": True}}),
        ("/faults", {"effect": {"statsu": secret}}),
        ("/replay", {"name": "again", "token": secret}),
    ):
        outputs.append(await fake.admin("POST", path, body, headers=admin | api))
    await fake.call("GET", f"/v1/realtime_sessions/{session_id}", headers=api)
    outputs.append(await fake.admin("GET", "/journal", headers=admin | api))
    outputs.append(await fake.client.get("/metrics"))
    record = (await fake.admin("GET", "/replay", headers=admin | api)).json
    repeated = {"name": "again", "token": record["token"]}
    outputs.append(await fake.admin("POST", "/replay", repeated, headers=admin | api))
    outputs.append(await fake.client.get("/w/again/__admin/journal", headers=admin))
    seen = [repr(world) + repr(world.log.entries()[:0]) for world in fake.worlds]
    output = "\n".join([*map(as_text, outputs), *seen, caplog.text])
    for each in planted:
        for piece in parts(each):
            assert piece not in output
    assert len(planted) == 13
    assert caplog.records


async def test_a_session_key_is_in_the_creating_answer_alone(start_fake: StartFake) -> None:
    """Only the answer that created a READY session by hand has its key; the journal does not."""
    fake = await start_fake()
    created = (await fake.admin("POST", "/sessions", {"state": "ready"})).json
    key = created["session_key"]
    answers = [await fake.admin("GET", path) for path in GETS]
    answers.append(await fake.admin("GET", f"/sessions/{created['id']}/timeline"))
    assert not any(key in as_text(answer) for answer in answers)
    assert SECRET not in "".join(map(as_text, answers))


async def test_a_plain_client_needs_no_world(start_fake: StartFake) -> None:
    """`curl` with nothing but the address is enough where there is one world."""
    fake = await start_fake()
    async with aiohttp.ClientSession() as http:
        await fake.create()
        async with http.get(f"{fake.url}/__admin/sessions") as answer:
            sessions = (await answer.json())["sessions"]
    assert len(sessions) == 1


async def test_pages_of_other_sites_create_no_worlds(start_fake: StartFake) -> None:
    """An image that points at the admin API, or a consume without a key, creates none."""
    fake = await start_fake()
    for number in range(3):
        world = {"X-Fake-World": f"made-{number}", "Sec-Fetch-Site": "cross-site"}
        refused = await fake.client.get("/__admin/world", headers=world)
        consumed = await fake.client.post(
            f"/w/made-{number}/v1/realtime_sessions/{NOBODY}/consume",
            headers={"Origin": "http://evil.example", "Content-Type": "application/json"},
        )
        assert (refused.status, consumed.status) == (403, 401)
    assert len(fake.worlds) == 0


async def test_a_world_that_holds_an_answer_back_is_evicted_last(start_fake: StartFake) -> None:
    """It is in use, however long ago its last call was."""
    fake = await start_fake(retention=Retention(most=3))
    await fake.admin("POST", "/faults", {"effect": {"delay": "1h"}})
    asking = asyncio.ensure_future(fake.call("GET", "/v1/organization"))
    await called(fake, "getOrganization")
    for number in range(5):
        await fake.client.get("/__admin/world", headers=MAKE | {"X-Fake-World": f"other-{number}"})
    names = [world.name for world in fake.worlds]
    fake.world.clock.jump(3600)
    answer = await asking
    assert answer.status == 200
    assert names == [name_from_secret(SECRET), "other-3", "other-4"]


async def test_a_fault_by_hand_does_not_take_a_name_of_the_scenarios(start_fake: StartFake) -> None:
    """They would be counted together."""
    fake = await start_fake(scenario=Scenario(name="mine"))
    refused = await fake.admin("POST", "/faults", {"name": "mine/1", "effect": {"empty": True}})
    faults = await fake.admin("GET", "/faults")
    assert (refused.status, refused.json["where"]) == (409, "$.name")
    assert faults.json == {"faults": []}
