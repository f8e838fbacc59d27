"""Rejections before a request reaches an account, and the form of every refusal."""

import asyncio
import io
import json
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from fake_runway.core.durations import Fixed
from fake_runway.core.history.views import exchange_body
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import create_app
from fake_runway.worlds.registry import Worlds
from tests.support.checked import Answer
from tests.support.fake.waiting import called
from tests.support.servers import CREATE, HEADERS, SECRET, VERSION, Fake, StartFake

SESSIONS = "/v1/realtime_sessions"
PARAMETER = {"type": "string", "name": "city", "description": "Where"}
TOOL = {"type": "client_event", "name": "show", "description": "Shows", "parameters": [PARAMETER]}
REAL_KEY = "key_" + "0123456789abcdef" * 8


@pytest.mark.parametrize(
    ("change", "sentence", "place"),
    [
        ({"livekitt": 1}, 'Unrecognized key: "livekitt"', "$"),
        ({"a": 1, "b": 2}, 'Unrecognized keys: "a", "b"', "$"),
        ({"maxDuration": 1801}, "Too big: expected number to be <=1800", "$.maxDuration"),
        ({"maxDuration": 9}, "Too small: expected number to be >=10", "$.maxDuration"),
        (
            {"maxDuration": "60"},
            "Invalid input: expected integer, received string",
            "$.maxDuration",
        ),
        ({"model": "gen4"}, 'Invalid input: expected "gwm1_avatars"', "$.model"),
        (
            {"personality": ""},
            "Too small: expected string to have >=1 characters",
            "$.personality",
        ),
        (
            {"startScript": "x" * 2001},
            "Too big: expected string to have <=2000 characters",
            "$.startScript",
        ),
        (
            {"tools": [TOOL | {"name": f"t{n}"} for n in range(21)]},
            "Too big: expected array to have <=20 items",
            "$.tools",
        ),
        ({"tools": [TOOL, TOOL]}, "Tool names must be unique", "$.tools[1].name"),
        (
            {"tools": [TOOL | {"parameters": [PARAMETER | {"name": "1st"}]}]},
            "Invalid string: must match pattern ^[a-zA-Z_][a-zA-Z0-9_]*$",
            "$.tools[0].parameters[0].name",
        ),
        (
            {"avatar": {"type": "runway-preset"}},
            "Invalid input: expected string, received undefined",
            "$.avatar.presetId",
        ),
    ],
)
async def test_a_bad_body_is_refused_in_the_observed_form(
    start_fake: StartFake, change: dict[str, Any], sentence: str, place: str
) -> None:
    """One sentence, no `issues`; a side header has the path."""
    fake = await start_fake()
    answer = await fake.call("POST", SESSIONS, json=CREATE | change)
    sessions = dict(fake.world.account.sessions)
    assert answer.status == 400
    assert answer.json == {"error": sentence, "docUrl": "https://docs.dev.runwayml.com/api"}
    assert answer.headers["X-Fake-Where"] == place
    assert not sessions


async def test_an_unknown_preset_is_refused_with_the_choices(start_fake: StartFake) -> None:
    """The sentence lists the presets."""
    avatar = {"type": "runway-preset", "presetId": "coding-teacher"}
    fake = await start_fake()
    answer = await fake.call("POST", SESSIONS, json=CREATE | {"avatar": avatar})
    assert answer.json["error"].startswith('Invalid option: expected one of "game-character"|')


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "text",
        {"model": "gwm1_avatars"},
        CREATE | {"avatar": None},
        CREATE | {"avatar": {"type": "custom", "avatarId": "cat-character"}},
        CREATE | {"avatar": {"type": "other"}},
        CREATE | {"tools": [TOOL | {"type": "backend_rpc", "timeoutSeconds": 9}]},
        CREATE | {"tools": [TOOL | {"parameters": [PARAMETER | {"type": "array"}]}]},
        CREATE | {"integration": {"type": "elevenlabs", "signedUrl": ""}},
        CREATE | {"integration": {"type": "livekit", "url": "wss://x", "token": "t"}},
        CREATE | {"livekit": {"url": "wss://x", "token": "", "roomName": "r"}},
    ],
)
async def test_every_part_of_a_create_is_checked(start_fake: StartFake, body: Any) -> None:
    """A missing field, a wrong type, or a value beyond a limit is 400."""
    fake = await start_fake()
    answer = await fake.call(
        "POST",
        SESSIONS,
        data=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 400
    assert answer.headers["X-Fake-Code"] == "bad_body"


async def test_every_field_of_a_create_is_accepted(start_fake: StartFake) -> None:
    """A body that uses everything, and combinations whose conflict is unknown, is fine."""
    link = {"url": "wss://rooms.example", "token": "t", "roomName": "r", "agentIdentity": "a"}
    kinds = [
        PARAMETER | {"enum": ["a", "b"], "required": False},
        PARAMETER | {"type": "array", "items": {"type": "number"}},
        PARAMETER | {"type": "object", "properties": [PARAMETER]},
    ]
    body = CREATE | {
        "maxDuration": 1800,
        "personality": "p" * 10_000,
        "startScript": "s",
        "tools": [
            TOOL | {"parameters": kinds},
            TOOL | {"type": "backend_rpc", "name": "_rpc", "timeoutSeconds": 1.5},
        ],
        "integration": {"type": "livekit", **link},
        "livekit": link,
    }
    fake = await start_fake()
    answer = await fake.call("POST", SESSIONS, json=body)
    assert answer.status == 200


async def test_unknown_keys_can_be_ignored(start_fake: StartFake) -> None:
    """With the switch an unknown key does no harm, and anything else still does."""
    fake = await start_fake(Settings(strict_keys=False))
    lenient = await fake.call("POST", SESSIONS, json=CREATE | {"new": 1})
    wrong = await fake.call("POST", SESSIONS, json=CREATE | {"new": 1, "maxDuration": 1})
    twice = await fake.call("POST", SESSIONS, json=CREATE | {"new": 1, "tools": [TOOL, TOOL]})
    assert (lenient.status, wrong.status, twice.status) == (200, 400, 400)


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"model": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (json.dumps(CREATE).encode(), "text/plain", 415),
        (json.dumps(CREATE).encode(), "multipart/form-data", 415),
        (b" " * (1 << 20) + b"{}", "application/json", 413),
    ],
)
async def test_bodies_that_are_no_json(
    start_fake: StartFake, raw: bytes, content_type: str, status: int
) -> None:
    """Malformed, too deep, of another type, too large: each has its status."""
    fake = await start_fake()
    answer = await fake.call(
        "POST", SESSIONS, data=io.BytesIO(raw), headers={"Content-Type": content_type}
    )
    assert answer.status == status


async def test_a_body_that_does_not_unpack_is_refused(start_fake: StartFake) -> None:
    """A false Content-Encoding is the caller's mistake: 400."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    fake = await start_fake()
    answer = await fake.call("POST", SESSIONS, data=b"no such thing", headers=headers)
    assert answer.status == 400


async def test_values_nested_deeper_than_the_validator_reads_are_refused(
    start_fake: StartFake,
) -> None:
    """The one untyped place of the contract cannot be used to break the fake."""
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    tool = TOOL | {"parameters": [PARAMETER | {"type": "object", "properties": [deep]}]}
    fake = await start_fake()
    answers = [
        await fake.call("POST", SESSIONS, json=CREATE | {"tools": [tool]}),
        await fake.call("POST", SESSIONS, json=CREATE | {"personality": deep}),
    ]
    assert answers[0].status in (200, 400)
    assert answers[1].status == 400


@pytest.mark.parametrize(
    ("authorization", "word"),
    [
        (None, "No API key was provided"),
        ("Bearer ", "No API key was provided"),
        ("Basic dXNlcjpwYXNz", "No API key was provided"),
        ("Bearer fake.unauthorized", "not valid"),
        (f"Bearer {REAL_KEY}", "looks like a real"),
        ("Bearer stk_a_b", "session key"),
    ],
)
async def test_secrets_that_are_refused(
    start_fake: StartFake, authorization: str | None, word: str
) -> None:
    """401 has the reason, and never repeats the secret."""
    headers = VERSION | ({"Authorization": authorization} if authorization else {})
    fake = await start_fake()
    answer = await fake.client.get("/v1/organization", headers=headers)
    assert answer.status == 401
    assert word in answer.json["error"]
    assert REAL_KEY.encode() not in answer.body


async def test_the_secret_is_everything_after_bearer(start_fake: StartFake) -> None:
    """A secret may hold spaces, and `bearer` may be written small."""
    fake = await start_fake()
    for scheme in ("Bearer", "bearer"):
        headers = VERSION | {"Authorization": f"{scheme} My API Key"}
        await fake.client.post(SESSIONS, headers=headers, json=CREATE)
    organization = await fake.client.get("/v1/organization", headers=headers)
    assert organization.json["usage"]["models"]["gwm1_avatars"]["dailyGenerations"] == 2


@pytest.mark.parametrize("version", [None, "2024-09-13", ""])
async def test_the_version_header_is_required_but_on_consume(
    start_fake: StartFake, version: str | None
) -> None:
    """400 without it; consume ignores it; and a switch lifts the rule."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    if version is not None:
        headers["X-Runway-Version"] = version
    fake = await start_fake()
    refused = await fake.client.get("/v1/organization", headers=headers)
    session_id, key = await fake.ready()
    extra = {} if version is None else {"X-Runway-Version": version}
    consumed = await fake.consume(session_id, key, **extra)
    fake = await start_fake(Settings(version_required=False))
    allowed = await fake.client.get("/v1/organization", headers=headers)
    assert (refused.status, consumed.status, allowed.status) == (400, 200, 200)


async def test_errors_without_doc_url(start_fake: StartFake) -> None:
    """The envelope can be the bare one of the published document."""
    fake = await start_fake(Settings(doc_url=False))
    answer = await fake.client.get("/v1/organization")
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize("session_id", ["not-a-uuid", "0" * 36, "%00", "a%0Ab", "..%2f..", "é"])
async def test_malformed_ids_are_400(start_fake: StartFake, session_id: str) -> None:
    """An id of another form is a bad request, not an unknown session."""
    fake = await start_fake()
    answer = await fake.call("GET", f"{SESSIONS}/{session_id}")
    assert (answer.status, answer.json["error"]) == (400, "Invalid UUID")


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/v1/realtime_session", "/v1/realtime_sessions"),
        ("/v1/organisation", "/v1/organization"),
        ("/v1/realtime_sessions/", "/v1/realtime_sessions"),
        (f"/w/mine/v1/sessions/{'0' * 8}-0000-4000-8000-{'0' * 12}", f"{SESSIONS}/{{id}}"),
        ("/completely/else", None),
    ],
)
async def test_unknown_routes_name_the_nearest_one_aside(
    start_fake: StartFake, path: str, nearest: str | None
) -> None:
    """404 in the provider's form; the hint is in a side header."""
    fake = await start_fake()
    answer = await fake.call("GET", path)
    assert answer.status == 404
    assert set(answer.json) == {"error", "docUrl"}
    assert answer.headers.get("X-Fake-Nearest-Route") == nearest


@pytest.mark.parametrize(
    ("prefix", "headers"),
    [
        ("/w/mine", {}),
        ("", {"X-Fake-World": "mine"}),
        ("", {"X-Test-Id": "mine", "Authorization": "Bearer stk_of_nobody"}),
        ("/w/mine", {"Authorization": "Bearer fake.unauthorized"}),
        ("", {"Authorization": "Bearer {key}"}),
    ],
)
async def test_unexpected_requests_are_kept_in_the_callers_world(
    start_fake: StartFake, prefix: str, headers: dict[str, str]
) -> None:
    """A name selects the world, an existing or a new one; else the session key does."""
    fake = await start_fake()
    _, key = await fake.ready()
    world = fake.world if "{key}" in headers.get("Authorization", "") else None
    sent = {name: value.format(key=key) for name, value in headers.items()}
    path = "/v1/realtime_session"
    answer = await fake.client.get(f"{prefix}{path}", headers=sent)
    await fake.client.request("PATCH", f"{prefix}{SESSIONS}", headers=sent)
    world = world or fake.worlds.get("mine")
    assert world is not None
    kept = [each for each in world.log.exchanges if not each.operation]
    nearest = [(each.path, exchange_body(each)["nearest"]) for each in kept]
    assert answer.status == 404
    assert nearest == [(path, SESSIONS), (SESSIONS, SESSIONS)]
    assert key not in repr(kept)


@pytest.mark.parametrize("token", ["", "stk_of_nobody", "fake.unauthorized"])
async def test_unexpected_requests_without_a_caller_create_no_world(
    start_fake: StartFake, token: str
) -> None:
    """A request that names no world, and no secret, gets the refusal and no world."""
    fake = await start_fake()
    headers = {"Authorization": f"Bearer {token}"}
    answer = await fake.client.get("/v1/realtime_session", headers=headers)
    worlds = len(fake.worlds)
    assert (answer.status, worlds) == (404, 0)


async def test_wrong_methods_are_405_with_allow(start_fake: StartFake) -> None:
    """Other methods are 405 with `Allow`, HEAD included: the fake is strict."""
    fake = await start_fake()
    put = await fake.call("PUT", SESSIONS)
    head = await fake.call("HEAD", "/v1/organization")
    assert (put.status, put.headers["Allow"]) == (405, "OPTIONS, POST")
    assert put.headers["X-Fake-Nearest-Route"] == SESSIONS
    assert head.status == 405


async def test_a_base_url_with_a_trailing_slash_works(start_fake: StartFake) -> None:
    """`//v1/...` is what the SDKs make of it."""
    fake = await start_fake()
    assert (await fake.call("GET", "//v1/organization")).status == 200


async def test_a_preflight_grants_what_browsers_send(start_fake: StartFake) -> None:
    """Origin, method and the known headers; an unknown header is not granted."""
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Authorization, content-type, x-stainless-os, x-other",
    }
    fake = await start_fake()
    answer = await fake.client.request(
        "OPTIONS", f"{SESSIONS}/00000000-0000-4000-8000-000000000000/consume", headers=asked
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    granted = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert granted == ["authorization", "content-type", "x-stainless-os"]


async def test_errors_carry_the_cors_header_too(start_fake: StartFake) -> None:
    """Without it a browser would show a network error instead of the refusal."""
    fake = await start_fake()
    answers = [
        await fake.client.get("/v1/organization"),
        await fake.client.get("/v1/nowhere"),
        await fake.call("PUT", SESSIONS),
        await fake.call("POST", SESSIONS, json={}),
    ]
    assert [each.status for each in answers] == [401, 404, 405, 400]
    assert {each.headers["Access-Control-Allow-Origin"] for each in answers} == {"*"}


async def test_health_and_readiness(start_fake: StartFake) -> None:
    """Both answer without a secret."""
    fake = await start_fake()
    for path in ("/health", "/ready"):
        assert (await fake.client.get(path)).json["status"] == "ok"


async def test_worlds_by_secret_header_and_prefix_never_meet(start_fake: StartFake) -> None:
    """A session is found in its own world, however that is named, and in no other."""
    fake = await start_fake()
    session_id = await fake.create()
    path = f"{SESSIONS}/{session_id}"
    elsewhere = [
        await fake.call("GET", path, headers={"Authorization": "Bearer another"}),
        await fake.call("GET", path, headers={"X-Fake-World": "w1"}),
        await fake.call("GET", path, headers={"X-Test-Id": "w2"}),
        await fake.call("GET", f"/w/w3{path}"),
    ]
    name = fake.world.name
    here = [
        await fake.call("GET", path, headers={"X-Fake-World": name}),
        await fake.call("GET", f"/w/{name}{path}", headers={"X-Fake-World": "w1"}),
    ]
    assert [each.status for each in elsewhere] == [404] * 4
    assert [each.status for each in here] == [200, 200]


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 101, "-x"])
async def test_bad_world_names_are_refused(start_fake: StartFake, name: str) -> None:
    """A name is one path segment of harmless characters."""
    fake = await start_fake()
    answer = await fake.call("GET", "/v1/organization", headers={"X-Fake-World": name})
    assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "bad_world_name")


async def test_latency_holds_answers_back_on_the_worlds_clock(start_fake: StartFake) -> None:
    """At rate 0 a delayed answer waits for a jump; the call has been applied before."""
    fake = await start_fake(Settings(latency=Fixed(5.0)))
    calling = asyncio.ensure_future(fake.call("POST", SESSIONS, json=CREATE))
    await called(fake, "createSession")
    for _ in range(3):  # what could come would be read before these
        await fake.client.get("/health")
    held_back = not calling.done()
    fake.world.clock.jump(5)
    answer = await calling
    assert held_back
    assert answer.status == 200


async def test_the_same_seed_and_calls_give_the_same_bytes(start_fake: StartFake) -> None:
    """Ids and keys follow from seed, world and order, not from time or chance."""
    seen = []
    for seed in ("7", "7", "8"):
        fake = await start_fake(seed=seed)
        seen.append(await fake.ready())
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[2][0]
    assert seen[0][1] != seen[2][1]


async def test_a_defect_of_the_fake_is_500_in_the_providers_form(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unforeseen error is logged with its traceback and answered without it."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: float("nan"))
    app = create_app(worlds, livekit=LiveKit())
    async with (
        TestClient(TestServer(app)) as client,  # unchecked: a 500 is in no contract
        client.post(SESSIONS, headers=HEADERS, json=CREATE) as answer,
    ):
        body = await answer.json()
    assert (answer.status, body["error"]) == (500, "Internal error")
    assert "Traceback" in caplog.text
    assert SECRET not in caplog.text


async def test_a_consume_with_the_api_secret_is_in_the_journal(start_fake: StartFake) -> None:
    """It is refused, and stands in the journal of the secret's world."""
    fake = await start_fake()
    session_id, _ = await fake.ready()
    refused = await fake.consume(session_id, SECRET)
    journal = await fake.call("GET", "/__admin/journal?operation=consumeSession")
    [consume] = journal.json["exchanges"]
    assert refused.status == 401
    assert (consume["session"], consume["request"]["key_fits"]) == (session_id, False)


# Paths


def escaped(path: str) -> str:
    """Return a path with every byte but the slashes escaped."""
    return "".join("/" if each == "/" else f"%{ord(each):02X}" for each in path)


async def test_an_escaped_path_is_the_same_path(start_fake: StartFake) -> None:
    """In the Runway API, with a world and a scenario in the address; in the admin API; anywhere."""
    fake = await start_fake()
    world = "/w/fake.create-429-twice"
    refused = await raw(fake, "POST", escaped(f"{world}{SESSIONS}"), json=CREATE)
    alone = await raw(fake, "GET", escaped("/health"))
    admin = await raw(fake, "GET", escaped(f"{world}/__admin/journal"))
    journal = admin.json["exchanges"]
    assert (refused.status, alone.status, admin.status) == (429, 200, 200)
    assert [(each["operation"], each["path"]) for each in journal] == [("createSession", SESSIONS)]


@pytest.mark.parametrize(
    "path",
    [
        "/v1%2Frealtime_sessions",
        "/__admin%2Fworld",
        "/w%2Fmine/v1/organization",
        "/v1/organization%2F",
    ],
)
async def test_an_escaped_slash_separates_nothing(start_fake: StartFake, path: str) -> None:
    """It is a character of its segment, and no segment has such a name."""
    fake = await start_fake()
    answer = await raw(fake, "GET", path)
    assert answer.status == 404
    assert fake.worlds.get("mine") is None


async def test_names_in_admin_paths_are_decoded_once(start_fake: StartFake) -> None:
    """What looks like an escape after that is a part of the name."""
    fake = await start_fake()
    fault = {"match": {"operation": "getSession"}, "effect": {"status": 500}, "name": "a/b"}
    await fake.admin("POST", "/faults", fault)
    other = await raw(fake, "DELETE", "/__admin/faults/a%252Fb")
    known = await raw(fake, "DELETE", "/__admin/faults/a%2Fb")
    assert (other.status, known.status) == (404, 204)


@pytest.mark.parametrize("bad", ["%zz", "%", "%e9", "a%f"])
async def test_a_path_that_cannot_be_decoded_is_a_clear_error(
    start_fake: StartFake, bad: str
) -> None:
    """Both APIs name the segment; the Runway API's refusal stands in the caller's journal."""
    fake = await start_fake()
    of_runway = await raw(fake, "GET", f"{SESSIONS}/{bad}")
    of_admin = await raw(fake, "GET", f"/__admin/faults/{bad}")
    of_world = await raw(fake, "GET", f"/w/{bad}/v1/organization")
    [call, *_] = (await fake.admin("GET", "/journal/unmatched")).json["exchanges"]
    for answer in (of_runway, of_world):
        assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "bad_path")
    assert of_runway.headers["X-Fake-Where"].startswith("path: segment 3: expected ")
    assert (of_admin.status, of_admin.json["code"]) == (400, "bad_path")
    assert of_admin.json["where"].startswith("path: segment 3: expected ")
    assert call["path"] == f"{SESSIONS}/{quote(bad, safe='')}"
    assert call["response"]["code"] == "bad_path"


async def raw(fake: Fake, method: str, path: str, **options: Any) -> Answer:
    """Send a request whose path goes out as it is spelled."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            method, URL(f"{fake.url}{path}", encoded=True), headers=HEADERS, **options
        ) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.read())
