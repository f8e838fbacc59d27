"""What operators switch on, over HTTP: authentication, limits, CORS, options, probes, metrics, ids.

Fakes have frozen clocks where a connect has to be under way: it waits for its session until the
test moves the clock. Requests that must not reach the upstream are checked in its journal.
"""

import asyncio
import io
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from prometheus_client.parser import text_string_to_metric_families
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from fake_runway.client.aio import AsyncAdmin
from fake_runway.scenarios.catalogue import Catalogue
from gateway.access.addresses import parse_networks
from gateway.access.cors import Origins
from gateway.access.settings import AuthSettings, Mode
from gateway.clock import LoopClock
from gateway.flow.options import OPTIONS
from gateway.limits.rates import parse_rate
from gateway.limits.settings import LimitSettings
from gateway.limits.storage import Outage
from gateway.readiness import VALID_S
from gateway.web.app import SERVICE
from tests.support.checked import Answer, CheckedClient
from tests.support.fake.waiting import called
from tests.support.processes import PATIENCE_S
from tests.support.servers import (
    Fake,
    StartApp,
    StartFake,
    StartGateway,
    gateway_application,
    provisioned_in,
)

CONNECT = "/api/avatar/connect"
MUSIC = {"avatarId": "music-superstar"}
APP, STRANGER = "https://app.example.com", "https://other.example.com"
TOKENS = ("planted-token-number-1", "planted-token-number-2")
JWT_SECRET = "planted-jwt-secret-of-32-bytes-or-more"
BEARER = AuthSettings(mode=Mode.BEARER, tokens=TOKENS)
JWT = AuthSettings(mode=Mode.JWT, jwt_secret=JWT_SECRET)
NOWHERE = "unix:///nonexistent/redis/socket"
BEARER_OF = tuple({"Authorization": f"Bearer {token}"} for token in TOKENS)


def signed(subject: str, key: Any = JWT_SECRET, *, kid: str | None = None, **claims: Any) -> str:
    """Return a token that is good for an hour: HS256 with a text, ES256 with a key on P-256."""
    algorithm = "HS256" if isinstance(key, str) else "ES256"
    payload = {"sub": subject, "exp": datetime.now(UTC) + timedelta(hours=1), **claims}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def as_caller(token: str) -> dict[str, str]:
    """Return the header of a caller who has a token."""
    return {"Authorization": f"Bearer {token}"}


async def operations(fake: Fake) -> list[str]:
    """Return what was asked of the upstream, in order."""
    journal = await fake.admin("GET", "/journal?limit=1000")
    return [each["operation"] for each in journal.json["exchanges"]]


async def create_bodies(fake: Fake) -> list[Mapping[str, Any]]:
    """Return the bodies with which sessions were asked for."""
    journal = await fake.admin("GET", "/journal?operation=createSession")
    return [each["request"]["body"] for each in journal.json["exchanges"]]


async def metrics(gateway: CheckedClient) -> dict[str, float]:
    """Return all samples with a value that is not 0; the labels' values follow a name."""
    text = (await gateway.get("/metrics")).body.decode()
    samples = (each for family in text_string_to_metric_families(text) for each in family.samples)
    return {" ".join([each.name, *each.labels.values()]): each.value for each in samples}


async def until(gateway: CheckedClient, sample: str, value: float) -> dict[str, float]:
    """Return the metrics once a sample has reached a value; each request lets the others go on."""
    async with asyncio.timeout(PATIENCE_S):
        while (seen := await metrics(gateway)).get(sample, 0) < value:
            pass
    return seen


def code_of(answer: Answer) -> tuple[int, str]:
    """Return the status and the code; `ok` where a session was handed out."""
    return answer.status, answer.json.get("code", "ok")


@asynccontextmanager
async def connecting(gateway: CheckedClient, count: int = 1, **options: Any) -> AsyncIterator[Any]:
    """Have connects in flight in the block; yield their tasks."""
    tasks = [
        asyncio.create_task(gateway.post(CONNECT, json=MUSIC, **options)) for _ in range(count)
    ]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


# Authentication


GOOD = {
    "none": (AuthSettings(), ""),
    "bearer": (BEARER, TOKENS[1]),
    "jwt": (JWT, signed("ann")),
}
BAD = {
    "bearer-nothing": (BEARER, None),
    "bearer-wrong": (BEARER, "planted-token-number-3"),
    "jwt-nothing": (JWT, None),
    "jwt-unsigned": (JWT, jwt.encode({"sub": "ann", "exp": 9e9}, "", algorithm="none")),
    "jwt-of-another": (JWT, signed("ann", f"another-{JWT_SECRET}")),
    "jwt-expired": (JWT, signed("ann", exp=1_000_000_000)),
    "jwt-for-another-audience": (JWT, signed("ann", aud="another-service")),
    "jwt-without-a-subject": (JWT, signed("")),
}


@pytest.mark.parametrize(("auth", "token"), GOOD.values(), ids=GOOD.keys())
async def test_a_valid_token_gets_a_session(
    auth: AuthSettings, token: str, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """In each mode of authentication."""
    fake = await start_fake(provisioned_in(0))
    gw = await start_gateway(fake.url, auth=auth)
    answer = await gw.post(CONNECT, json=MUSIC, headers=as_caller(token) if token else {})
    assert code_of(answer) == (200, "ok")


@pytest.mark.parametrize(("auth", "token"), BAD.values(), ids=BAD.keys())
async def test_a_caller_without_one_gets_a_challenge_and_costs_nothing(
    auth: AuthSettings, token: str | None, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """401 with a challenge and JSON, without a word of the token; no upstream request."""
    fake = await start_fake(provisioned_in(0))
    gw = await start_gateway(fake.url, auth=auth)
    answer = await gw.post(CONNECT, json=MUSIC, headers=as_caller(token) if token else {})
    assert code_of(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="gateway"')
    assert ('error="invalid_token"' in answer.headers["WWW-Authenticate"]) is bool(token)
    assert token is None or token not in f"{answer.headers} {answer.body!r}"
    assert await operations(fake) == []


async def test_probes_need_no_token(start_fake: StartFake, start_gateway: StartGateway) -> None:
    """What monitors ask has no caller to authenticate."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url, auth=JWT)
    answers = [await gateway.get(path) for path in ("/health", "/ready", "/metrics")]
    assert [each.status for each in answers] == [200, 200, 200]


class Provider:
    """A login provider that publishes the public halves of its keys, and counts fetches."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.asked = 0

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on, and forget the old one."""
        self.keys = {kid: ec.generate_private_key(ec.SECP256R1())}

    def token(self) -> str:
        """Return a token signed with the newest key."""
        ((kid, key),) = self.keys.items()
        return signed("ann", key, kid=kid)

    async def handle(self, _request: web.Request) -> web.Response:
        """Answer the key set."""
        self.asked += 1
        every = [
            {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}
            for kid, key in self.keys.items()
        ]
        return web.json_response({"keys": every})


@pytest.fixture
async def provider(aiohttp_server: AiohttpServer) -> tuple[Provider, AuthSettings]:
    """A provider with a first key, and the settings that make a gateway believe it."""
    one = Provider()
    one.rotate("first")
    app = web.Application()
    app.router.add_get("/keys", one.handle)
    server = await aiohttp_server(app)
    return one, AuthSettings(mode=Mode.JWT, jwks_url=str(server.make_url("/keys")))


async def test_a_rotated_key_is_picked_up_without_a_restart(
    monkeypatch: pytest.MonkeyPatch,
    provider: tuple[Provider, AuthSettings],
    start_fake: StartFake,
    start_gateway: StartGateway,
) -> None:
    """Tokens of the new key pass, those of the old one do not, with one fetch each time.

    The pause between two fetches, 10 s, is taken away, so that the test need not wait for it.
    """
    monkeypatch.setattr("gateway.access.jwks.RETRY_S", 0.0)
    login, auth = provider
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, auth=auth)
    old = login.token()
    before = [await gateway.post(CONNECT, json=MUSIC, headers=as_caller(old)) for _ in "ab"]
    fetches = login.asked
    login.rotate("second")
    new = await gateway.post(CONNECT, json=MUSIC, headers=as_caller(login.token()))
    after = await gateway.post(CONNECT, json=MUSIC, headers=as_caller(old))
    assert [each.status for each in (*before, new)] == [200, 200, 200]
    assert code_of(after) == (401, "unauthenticated")
    assert fetches == 1


async def test_keys_that_cannot_be_fetched_are_no_fault_of_the_caller(
    provider: tuple[Provider, AuthSettings], start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """503 with Retry-After; no upstream call."""
    _, auth = provider
    fake = await start_fake()
    dead = AuthSettings(mode=Mode.JWT, jwks_url=f"{auth.jwks_url}/gone")
    gateway = await start_gateway(fake.url, auth=dead)
    answer = await gateway.post(CONNECT, json=MUSIC, headers=as_caller(signed("ann")))
    unsure = await gateway.post(
        CONNECT,
        json=MUSIC,
        headers=as_caller(signed("ann", ec.generate_private_key(ec.SECP256R1()), kid="x")),
    )
    assert code_of(answer) == (401, "unauthenticated")  # HS256 never goes with a key set
    assert code_of(unsure) == (503, "auth_unavailable")
    assert int(unsure.headers["Retry-After"]) > 0
    assert await operations(fake) == []


# Rates


def rates(text: str, **settings: Any) -> LimitSettings:
    """Return limits with these rates."""
    return LimitSettings(rates=parse_rate(text), **settings)


async def test_a_subject_is_counted_over_all_its_tokens(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Two tokens of one subject share its rate; another subject has its own."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, auth=JWT, limits=rates("2/hour"))
    tokens = [signed("ann", jti=str(number)) for number in range(3)] + [signed("bob")]
    answers = [await gateway.post(CONNECT, json=MUSIC, headers=as_caller(t)) for t in tokens]
    made = (await operations(fake)).count("createSession")
    assert [each.status for each in answers] == [200, 200, 429, 200]
    assert code_of(answers[2]) == (429, "rate_limited")
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert made == 3


async def test_a_wrong_token_uses_up_no_rate(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Guessing tokens cannot lock out a caller with a valid one."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, auth=BEARER, limits=rates("1/hour"))
    guesses = [await gateway.post(CONNECT, json=MUSIC, headers=as_caller("x")) for _ in "abc"]
    answer = await gateway.post(CONNECT, json=MUSIC, headers=BEARER_OF[0])
    assert {each.status for each in guesses} == {401}
    assert answer.status == 200


FORWARDED = ("203.0.113.7", "203.0.113.7", "203.0.113.8", "203.0.113.9, 203.0.113.7")


@pytest.mark.parametrize(
    ("trusted", "statuses"),
    [
        ("127.0.0.1", [200, 429, 200, 429]),
        ("", [200, 429, 429, 429]),
        ("10.0.0.0/8", [200, 429, 429, 429]),
    ],
)
async def test_only_a_trusted_proxy_sets_the_address(
    trusted: str, statuses: list[int], start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Behind a trusted proxy callers are counted apart; another peer cannot set an address."""
    proxies = parse_networks(trusted)
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, limits=rates("1/hour"), trusted=proxies)
    answers = [
        await gateway.post(CONNECT, json=MUSIC, headers={"X-Forwarded-For": addresses})
        for addresses in FORWARDED
    ]
    made = (await operations(fake)).count("createSession")
    assert [each.status for each in answers] == statuses
    assert made == statuses.count(200)


async def test_no_more_are_in_flight_than_allowed(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """429 without an upstream call, and a place that is free again when a connect has ended."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url, limits=LimitSettings(in_flight=1))
    async with connecting(gateway) as (first,):
        await called(fake, "createSession")
        refused = await gateway.post(CONNECT, json=MUSIC)
        made = (await operations(fake)).count("createSession")
        fake.world.clock.jump(1.5)
        answers = [await first]
    async with connecting(gateway) as (next_one,):
        await called(fake, "createSession", count=2)
        fake.world.clock.jump(1.5)
        answers.append(await next_one)
    assert code_of(refused) == (429, "too_many_sessions")
    assert refused.headers["Retry-After"] == "1"
    assert made == 1
    assert [each.status for each in answers] == [200, 200]


async def test_a_full_queue_refuses_the_next_caller(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """503 with Retry-After; the waiting caller gets a session."""
    fake = await start_fake()
    gateway = await start_gateway(fake.url, concurrency=1, queue=1)
    async with connecting(gateway) as (first,):
        await called(fake, "createSession")
        async with connecting(gateway) as (second,):
            await until(gateway, "gateway_callers_waiting", 1)
            refused = await gateway.post(CONNECT, json=MUSIC)
            made = (await operations(fake)).count("createSession")
            fake.world.clock.jump(1.5)
            await called(fake, "createSession", count=2)
            fake.world.clock.jump(1.5)
            answers = [await first, await second]
    assert code_of(refused) == (503, "overloaded")
    assert refused.headers["Retry-After"] == "1"
    assert made == 1
    assert [each.status for each in answers] == [200, 200]


async def test_a_caller_with_many_connects_starves_no_other(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """With one place, a second caller's connect is served after two of the first one's ten."""
    served: list[str] = []

    async def connect(gateway: CheckedClient, caller: int) -> None:
        answer = await gateway.post(CONNECT, json=MUSIC, headers=BEARER_OF[caller])
        served.append("first" if caller == 0 else "second")
        assert answer.status == 200, answer

    fake = await start_fake()
    gateway = await start_gateway(fake.url, auth=BEARER, concurrency=1)
    async with (
        AsyncAdmin(fake.url, world=fake.world.name) as admin,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(connect(gateway, 0))
        await called(fake, "createSession")
        for count, caller in enumerate([0] * 9 + [1], 1):
            group.create_task(connect(gateway, caller))
            await until(gateway, "gateway_callers_waiting", count)
        await admin.clock.set_rate(20.0)
    assert len(served) == 11
    assert served.index("second") == 2


# CORS


class Refused(Exception):
    """A browser would not let the page do or read this."""


async def fetch(gateway: CheckedClient, origin: str, **options: Any) -> Answer:
    """POST JSON as a page of `origin` does: ask first, and read only what may be read.

    Raises:
        Refused: the browser keeps the request, or its answer, from the page.
    """
    headers = {"Content-Type": "application/json", **options.pop("headers", {})}
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(sorted(name.lower() for name in headers)),
    }
    preflight = await gateway.request("OPTIONS", CONNECT, headers=asked)
    allowed = preflight.headers.get("Access-Control-Allow-Headers", "").lower().split(", ")
    if (
        not 200 <= preflight.status < 300
        or preflight.headers.get("Access-Control-Allow-Origin") not in (origin, "*")
        or "POST" not in preflight.headers.get("Access-Control-Allow-Methods", "")
        or not {name.lower() for name in headers} <= set(allowed)
    ):
        raise Refused("preflight")
    answer = await gateway.post(CONNECT, headers={"Origin": origin, **headers}, **options)
    if answer.headers.get("Access-Control-Allow-Origin") not in (origin, "*"):
        raise Refused("answer")
    return answer


@pytest.mark.parametrize("allowed", [APP, "*"])
async def test_the_official_components_callback_works_across_origins(
    allowed: str, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """The `connect` of the component's documentation: POST, its user's token, JSON."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, auth=JWT, origins=Origins.parse(allowed))
    headers = as_caller(signed("ann"))
    answer = await fetch(gateway, APP, headers=headers, data=b'{"avatarId":"music-superstar"}')
    assert answer.json.keys() == {"sessionId", "serverUrl", "token", "roomName"}


async def test_errors_can_be_read_by_the_page_too(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """401, 429 and 404 carry the headers, or a page sees a network error instead of a reason."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(
        fake.url, auth=BEARER, limits=rates("2/hour"), origins=Origins.parse(APP)
    )
    unknown_caller = await fetch(gateway, APP, data=b"{}")
    unknown = await fetch(gateway, APP, headers=BEARER_OF[0], data=b'{"avatarId":"nobody"}')
    await fetch(gateway, APP, headers=BEARER_OF[0], json=MUSIC)
    often = await fetch(gateway, APP, headers=BEARER_OF[0], json=MUSIC)
    elsewhere = await gateway.get("/api/nothing", headers={"Origin": APP})
    assert [each.status for each in (unknown_caller, unknown, often, elsewhere)] == [
        401,
        404,
        429,
        404,
    ]
    for each in (unknown_caller, unknown, often, elsewhere):
        assert each.headers["Access-Control-Allow-Origin"] == APP
        assert each.headers["Vary"] == "Origin"
    assert "Retry-After" in often.headers
    assert "Retry-After" in often.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("allowed", [APP, ""])
async def test_pages_of_other_origins_get_nothing(
    allowed: str, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Their browsers keep the request back, and no upstream request is sent."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, origins=Origins.parse(allowed))
    with pytest.raises(Refused, match="preflight"):
        await fetch(gateway, STRANGER, json=MUSIC)
    direct = await gateway.post(CONNECT, json=MUSIC, headers={"Origin": STRANGER})
    assert "Access-Control-Allow-Origin" not in direct.headers
    assert (await operations(fake)).count("createSession") == 1  # the direct one, no page's


# Session options


PERSONA = {"personality": "Grumpy, and fond of cats.", "maxDuration": 60}


async def test_options_reach_the_upstream_where_they_are_allowed(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Word for word, beside the avatar, and nothing else that the caller sent."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, options=frozenset(PERSONA))
    answer = await gateway.post(CONNECT, json=MUSIC | PERSONA | {"model": "x", "other": 1})
    (body,) = await create_bodies(fake)
    assert answer.status == 200
    avatar = {"type": "runway-preset", "presetId": "music-superstar"}
    assert body == {"model": "gwm1_avatars", "avatar": avatar, **PERSONA}


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        ((), PERSONA),
        (("maxDuration",), PERSONA),
        (OPTIONS, {"maxDuration": 9}),
        (OPTIONS, {"maxDuration": "60"}),
        (OPTIONS, {"personality": ""}),
        (OPTIONS, {"tools": [{"type": "nothing"}]}),
    ],
)
async def test_options_that_are_not_allowed_or_malformed_are_refused(
    allowed: tuple[str, ...],
    asked: Mapping[str, Any],
    start_fake: StartFake,
    start_gateway: StartGateway,
) -> None:
    """400, which names the option; no upstream call."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, options=frozenset(allowed))
    answer = await gateway.post(CONNECT, json=MUSIC | dict(asked))
    assert code_of(answer) == (400, "invalid_request")
    assert any(name in answer.json["error"] for name in asked)
    assert await operations(fake) == []


@pytest.mark.parametrize(("allowed", "size"), [((), 17_000), (OPTIONS, 132_000)])
async def test_a_body_has_a_limit_with_options_too(
    allowed: tuple[str, ...], size: int, start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """A higher one, because a personality may be long: below it the words count, above it 413."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, options=frozenset(allowed))
    json_type = {"Content-Type": "application/json"}
    body = b'{"avatarId":"music-superstar"' + b" " * size + b"}"
    too_long = await gateway.post(CONNECT, data=io.BytesIO(body), headers=json_type)
    words = {"personality": "ä" * 10_000} if allowed else {}
    fits = await gateway.post(CONNECT, json=MUSIC | words)
    assert code_of(too_long) == (413, "payload_too_large")
    assert fits.status == 200


# Readiness


async def test_ready_costs_nothing(start_fake: StartFake, start_gateway: StartGateway) -> None:
    """200 for each of many probes, with at most one poll, no session and no credits spent."""
    clock = LoopClock()
    fake = await start_fake(catalogue=Catalogue.builtin())
    gateway = await start_gateway(fake.url)
    began = clock.now()
    answers = await asyncio.gather(*(gateway.get("/ready") for _ in range(20)))
    answers.append(await gateway.get("/ready"))  # while the result of the first is valid
    most = 1 + int((clock.now() - began) / VALID_S)  # one, unless this machine stood still
    polls = await operations(fake)
    account = fake.world.account
    assert (dict(account.sessions), account.spent) == ({}, 0)
    assert {each.status for each in answers} == {200}
    assert answers[0].json == {"status": "ready", "checks": {"upstream": "ok"}}
    assert set(polls) == {"getSession"}
    assert len(polls) <= most


SHUT = LimitSettings(rates=parse_rate("9/hour"), storage=NOWHERE, on_outage=Outage.CLOSED)
LENIENT = LimitSettings(rates=parse_rate("9/hour"), storage=NOWHERE, on_outage=Outage.OPEN)


@pytest.mark.parametrize(
    ("config", "check", "problem"),
    [
        ({"upstream": "http://127.0.0.1:1"}, "upstream", "cannot be reached"),
        ({"secret": "fake.unauthorized"}, "upstream", "refuses the API secret"),
        ({"secret": "fake.outage"}, "upstream", "answers HTTP 503"),
        ({"limits": SHUT}, "limits", "cannot be reached"),
    ],
    ids=["upstream down", "wrong secret", "upstream fails", "redis down"],
)
async def test_ready_reports_what_is_wrong(
    config: Mapping[str, Any],
    check: str,
    problem: str,
    caplog: pytest.LogCaptureFixture,
    start_fake: StartFake,
    start_gateway: StartGateway,
) -> None:
    """503 and the one check that fails, in words that hold no secret; the log has no `ok`."""
    caplog.set_level(logging.INFO, "gateway.access")
    fake = await start_fake(catalogue=Catalogue.builtin())
    gateway = await start_gateway(**{"upstream": fake.url, **config})
    answer = await gateway.get("/ready")
    alive = await gateway.get("/health")
    wrong = {name: text for name, text in answer.json["checks"].items() if text != "ok"}
    assert (answer.status, answer.json["status"]) == (503, "not ready")
    assert wrong.keys() == {check}
    assert problem in wrong[check]
    logged = [record.__dict__ for record in caplog.records if record.name == "gateway.access"]
    assert [(each["path"], each["code"]) for each in logged] == [("/ready", "not_ready")]
    assert alive.status == 200


@pytest.mark.parametrize(
    ("limits", "status", "code"), [(SHUT, 503, "limits_unavailable"), (LENIENT, 200, "ok")]
)
async def test_the_operator_sets_the_policy_for_a_lost_redis(
    limits: LimitSettings,
    status: int,
    code: str,
    start_fake: StartFake,
    start_gateway: StartGateway,
) -> None:
    """Closed: every connect is refused without an upstream call. Open: every connect passes."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, limits=limits)
    answer = await gateway.post(CONNECT, json=MUSIC)
    assert code_of(answer) == (status, code)
    assert bool(await operations(fake)) is (status == 200)


async def test_a_stopping_gateway_is_not_ready_and_takes_no_new_connect(
    start_fake: StartFake, start_app: StartApp
) -> None:
    """As an application in another server, where probes and callers still come through."""
    fake = await start_fake()
    app = gateway_application(fake.url, grace_s=0)
    gateway = await start_app(app, "gateway")
    before = await gateway.get("/ready")
    async with connecting(gateway) as (in_flight,):
        await called(fake, "createSession")
        await app.shutdown()
        cut = await in_flight
    after, late = await gateway.get("/ready"), await gateway.post(CONNECT, json=MUSIC)
    await called(fake, "deleteSession")
    assert (before.status, after.status) == (200, 503)
    assert "stops" in after.json["checks"]["shutdown"]
    assert code_of(cut) == code_of(late) == (503, "shutting_down")


# Metrics


async def test_metrics_count_the_outcomes_of_connects(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """Codes, sessions created and cancelled, polls; none is left behind or in flight."""
    fake = await start_fake(provisioned_in(0))
    gateway = await start_gateway(fake.url, auth=BEARER)
    for headers in ({}, *BEARER_OF):
        await gateway.post(CONNECT, json=MUSIC, headers=headers)
    await gateway.post(CONNECT, json={"avatarId": "nobody"}, headers=BEARER_OF[0])
    seen = await metrics(gateway)
    ended = {name.split()[1]: count for name, count in seen.items() if "connects_total" in name}
    assert {code: count for code, count in ended.items() if count} == {
        "ok": 2,
        "unauthenticated": 1,
        "unknown_avatar": 1,
    }
    assert seen["gateway_sessions_created_total"] == 2
    assert seen["gateway_sessions_left_behind_total"] == 0
    assert seen["gateway_sessions_cancelled_total"] == 0
    assert seen["gateway_polls_per_connect_sum"] == 2
    assert seen["gateway_polls_per_connect_count"] == 2
    assert seen["gateway_connects_in_flight"] == 0


async def test_metrics_count_a_deadline_and_callers_who_wait(
    start_fake: StartFake, start_app: StartApp
) -> None:
    """In flight while a session is not ready; then a timeout and a cancellation, none left."""
    fake = await start_fake()
    app = gateway_application(fake.url)
    gateway = await start_app(app, "gateway")
    async with connecting(gateway) as (in_flight,):
        await called(fake, "getSession")
        waiting = await until(gateway, "gateway_connects_in_flight", 1)
        (deadline,) = app[SERVICE].connects._open
        deadline.reschedule(LoopClock().now())  # the deadline, once all that is known
        answer = await in_flight
        seen = await until(gateway, "gateway_sessions_cancelled_total", 1)
        states = [each.state.value for each in fake.world.account.sessions.values()]
    assert waiting["gateway_connects_total timeout"] == 0
    assert code_of(answer) == (504, "timeout")
    assert seen["gateway_connects_total timeout"] == 1
    assert seen["gateway_connects_in_flight"] == 0
    assert seen["gateway_sessions_left_behind_total"] == 0
    assert states == ["cancelled"]


async def test_metrics_that_are_off_are_404(aiohttp_client: AiohttpClient) -> None:
    """404 as for any other path."""
    client = await aiohttp_client(gateway_application("http://127.0.0.1:1", metrics=False))
    answer = await client.get("/metrics")  # unchecked: no contract has half a path
    assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


# Request ids


Ids = Callable[[Mapping[str, str]], Awaitable[tuple[str, str]]]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
async def ids(start_gateway: StartGateway) -> Ids:
    """A function that sends a connect with some headers and returns the ids of its answer."""
    gateway = await start_gateway("http://127.0.0.1:1")

    async def ids(headers: Mapping[str, str]) -> tuple[str, str]:
        answer = await gateway.post(CONNECT, json={}, headers=dict(headers))
        return answer.headers["X-Request-Id"], answer.headers["traceparent"]

    return ids


async def test_a_request_keeps_the_ids_of_its_caller(ids: Ids) -> None:
    """The caller's request id and trace are in the answer; the span is our own."""
    request_id, traceparent = await ids(
        {"X-Request-Id": "web-1:2/3.a=b", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    )
    assert request_id == "web-1:2/3.a=b"
    assert re.fullmatch(f"00-{TRACE}-(?!{PARENT})[0-9a-f]{{16}}-01", traceparent)


@pytest.mark.parametrize("hostile", ["", "a b", "<script>", "x" * 129, "ä", '{"level":"error"}'])
async def test_malformed_ids_are_replaced(hostile: str, ids: Ids) -> None:
    """Another one is drawn, and another one each time."""
    answers = [await ids({"X-Request-Id": hostile, "traceparent": hostile}) for _ in "ab"]
    for request_id, traceparent in answers:
        assert re.fullmatch("[0-9a-f]{16}", request_id)
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", traceparent)
    assert answers[0] != answers[1]
