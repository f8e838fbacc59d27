"""Keys of a provider: rotation, floods, outages, and callers that share one fetch.

The provider is a real server in the test's loop. Instants come from a clock that the test sets.
"""

import asyncio
import json
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from gateway.access.auth import authenticator
from gateway.access.jwks import KeySet, lifetime_s, read_keys
from gateway.access.settings import AuthSettings, Mode
from gateway.clock import LoopClock
from gateway.errors import AuthUnavailable, Unauthorized
from tests.support.processes import PATIENCE_S
from tests.support.simulation import simulate

Jwk = dict[str, Any]


class HandClock(LoopClock):
    """A clock that the test moves, in seconds."""

    instant = 1000.0

    def now(self) -> float:
        """Return the instant that was set last."""
        return self.instant

    def wall(self) -> float:
        """Return the same instant."""
        return self.instant


@cache
def ec_key(which: int) -> ec.EllipticCurvePrivateKey:
    """Return one of several keys on P-256, the same for the same number."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of this size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(which: int, **changes: Any) -> Jwk:
    """Return the public half of `ec_key(which)`, named `key-<which>`; None removes a member."""
    members = ECAlgorithm.to_jwk(ec_key(which).public_key(), as_dict=True)
    members |= {"kid": f"key-{which}", "use": "sig", "alg": "ES256"} | changes
    return {name: value for name, value in members.items() if value is not None}


def rsa_jwk(bits: int = 2048, **changes: Any) -> Jwk:
    """Return the public half of `rsa_key(bits)`, named `rsa`."""
    members = RSAAlgorithm.to_jwk(rsa_key(bits).public_key(), as_dict=True)
    return {**members, "kid": "rsa"} | changes


class Provider:
    """Answers with its `keys`, or by `answer`, and counts the requests."""

    def __init__(self) -> None:
        self.keys: list[Jwk] = [jwk(1)]
        self.headers: dict[str, str] = {}
        self.answer: Callable[[], Awaitable[web.StreamResponse]] = self._key_set
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, _request: web.Request) -> web.StreamResponse:
        """Answer when the gate is open."""
        self.asked += 1
        await self.gate.wait()
        return await self.answer()

    def goes_down(self) -> None:
        """Answer 503 from now on."""
        self.answer = lambda: self.fixed(web.Response(status=503))

    def comes_back(self) -> None:
        """Answer with the keys from now on."""
        self.answer = self._key_set

    async def fixed(self, response: web.StreamResponse) -> web.StreamResponse:
        """Answer with this."""
        return response

    async def _key_set(self) -> web.StreamResponse:
        return web.json_response({"keys": self.keys}, headers=self.headers)


class World:
    """A provider, a clock and the key set under test."""

    def __init__(self, provider: Provider, keys: KeySet, clock: HandClock, url: str) -> None:
        self.provider, self.keys, self.clock, self.url = provider, keys, clock, url

    async def outcome(self, kid: str | None = "key-1", alg: str = "ES256") -> object:
        """Return the key's public numbers, or the class of the refusal."""
        try:
            return (await self.keys.key(kid, alg)).public_numbers()
        except (Unauthorized, AuthUnavailable) as error:
            return type(error)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Run the loop until `condition` holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await LoopClock().sleep(0)


def numbers(which: int) -> object:
    """Return what `World.outcome` gives for `ec_key(which)`."""
    return ec_key(which).public_key().public_numbers()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A provider with one key, and a set that has not fetched it yet."""
    provider, clock, app = Provider(), HandClock(), web.Application()
    app.router.add_get("/keys", provider.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("/keys"))
        keys = KeySet(url, http, clock)
        yield World(provider, keys, clock, url)
        provider.gate.set()
        await keys.close()


async def test_keys_are_fetched_once_and_used_for_ten_minutes(world: World) -> None:
    """Nothing is fetched at the start; after ten minutes the set is fetched again."""
    assert world.provider.asked == 0
    for instant, asked in ((0, 1), (0, 1), (599, 1), (600, 2), (1199, 2), (1200, 3)):
        world.clock.instant = 1000.0 + instant
        assert await world.outcome() == numbers(1)
        assert world.provider.asked == asked


async def test_the_provider_sets_how_long_its_keys_are_good(world: World) -> None:
    """By max-age, of several Cache-Control headers, too."""
    world.provider.headers = {"Cache-Control": "public, max-age=120"}
    for instant, asked in ((0, 1), (119, 1), (120, 2)):
        world.clock.instant = 1000.0 + instant
        await world.outcome()
        assert world.provider.asked == asked


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 600),
        ("public", 600),
        ("no-store", 600),
        ("max-age=", 600),
        ("s-maxage=100, x-max-age=100", 600),
        ("public,MAX-AGE=100", 100),
        ('max-age="100"', 100),
        ("max-age=0", 60),
        ("max-age=59", 60),
        ("max-age=3601", 3600),
        ("max-age=" + "9" * 5000, 3600),
    ],
)
def test_cache_control(header: str, seconds: float) -> None:
    """One minute at least, one hour at most, ten minutes by default."""
    assert lifetime_s(header) == seconds


@given(st.text() | st.integers().map("max-age={}".format))
def test_any_cache_control_leads_to_a_sensible_time(header: str) -> None:
    """Within the bounds, for any text."""
    assert 60 <= lifetime_s(header) <= 3600


async def test_a_new_key_is_found_and_an_old_one_goes_away(world: World) -> None:
    """Rotation: an unknown name is fetched at once, and a withdrawn key is refused."""
    assert await world.outcome("key-1") == numbers(1)
    world.provider.keys = [jwk(2)]
    world.clock.instant += 10
    assert await world.outcome("key-2") == numbers(2)
    assert world.provider.asked == 2
    assert await world.outcome("key-1") is Unauthorized


async def test_made_up_names_do_not_flood_the_provider(world: World) -> None:
    """A thousand unknown names in 100 seconds cause one fetch every ten seconds."""
    for nth in range(1000):
        world.clock.instant = 1000.0 + nth / 10
        assert await world.outcome(f"made-up-{nth}") is Unauthorized
        assert world.provider.asked == 1 + math.floor(nth / 100)
    assert await world.outcome("key-1") == numbers(1)


async def test_a_provider_that_is_down_is_not_flooded_either(world: World) -> None:
    """A hundred failing callers in 50 seconds cause five requests, and get a time to retry."""
    world.provider.goes_down()
    for nth in range(100):
        world.clock.instant = 1000.0 + nth / 2
        with pytest.raises(AuthUnavailable) as caught:
            await world.keys.key("key-1", "ES256")
        assert caught.value.retry_after_s == 10 - nth % 20 / 2
    assert world.provider.asked == 5


async def test_a_caller_who_has_waited_long_enough_may_try_again_at_once(world: World) -> None:
    """A machine that slept during the fetch makes no time to retry that lies in the past."""
    world.provider.goes_down()
    world.provider.gate.clear()
    caller = asyncio.create_task(world.keys.key("key-1", "ES256"))
    await world.until(lambda: world.provider.asked == 1)
    world.clock.instant += 60
    world.provider.gate.set()
    with pytest.raises(AuthUnavailable) as caught:
        await caller
    assert caught.value.retry_after_s == 0


async def test_known_keys_stay_good_in_an_outage(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """For a day; only an unknown key cannot be judged. Beginning and end are logged once."""
    caplog.set_level(logging.INFO, "gateway")
    assert await world.outcome() == numbers(1)
    world.provider.goes_down()
    for hour in range(1, 25):
        world.clock.instant = 1000.0 + hour * 3600
        assert await world.outcome("key-1") == numbers(1)
        assert await world.outcome("key-2") is AuthUnavailable
    assert world.provider.asked == 25
    world.provider.comes_back()
    world.clock.instant += 10
    assert await world.outcome("key-2") is Unauthorized
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "cannot fetch the keys of tokens from 127.0.0.1: HTTP 503"),
        ("INFO", "keys of tokens can be fetched from 127.0.0.1 again"),
    ]


async def test_no_caller_whose_key_is_known_waits_for_a_provider_that_is_down(world: World) -> None:
    """The fetch runs beside the answer, so that a provider which hangs delays no caller."""
    assert await world.outcome() == numbers(1)
    world.provider.goes_down()
    world.clock.instant += 600
    assert await world.outcome() == numbers(1)
    world.provider.comes_back()
    world.provider.keys = [jwk(1), jwk(2)]
    world.provider.gate.clear()
    world.clock.instant += 10
    assert await world.outcome() == numbers(1)
    await world.until(lambda: world.provider.asked == 3)
    world.provider.gate.set()
    assert await world.outcome("key-2") == numbers(2)
    assert world.provider.asked == 3


async def test_a_key_that_is_known_waits_for_no_unknown_one(world: World) -> None:
    """While a made-up name makes the set wait for the provider, others go on."""
    assert await world.outcome() == numbers(1)
    world.provider.gate.clear()
    world.clock.instant += 10
    unknown = asyncio.create_task(world.outcome("made-up"))
    await world.until(lambda: world.provider.asked == 2)
    assert await world.outcome() == numbers(1)
    assert not unknown.done()
    world.provider.gate.set()
    assert await unknown is Unauthorized


async def test_callers_share_one_fetch_and_none_takes_it_from_the_others(world: World) -> None:
    """Twenty at once, half of whom leave, the first among them: one request, ten answers."""
    world.provider.gate.clear()
    callers = [asyncio.create_task(world.outcome()) for _ in range(20)]
    await world.until(lambda: world.provider.asked == 1)
    for caller in callers[:10]:
        caller.cancel()
    await asyncio.wait(callers[:10])
    world.provider.gate.set()
    assert await asyncio.gather(*callers[10:]) == [numbers(1)] * 10
    assert all(caller.cancelled() for caller in callers[:10])
    assert world.provider.asked == 1


async def test_a_fetch_without_waiters_is_not_lost(world: World) -> None:
    """The only caller leaves, and the next one finds the keys."""
    world.provider.gate.clear()
    caller = asyncio.create_task(world.outcome())
    await world.until(lambda: world.provider.asked == 1)
    caller.cancel()
    await asyncio.wait([caller])
    world.provider.gate.set()
    assert await world.outcome() == numbers(1)
    assert world.provider.asked == 1


async def test_closing_ends_a_fetch_and_those_who_wait_for_it(world: World) -> None:
    """The validity of their key stays unknown."""
    world.provider.gate.clear()
    caller = asyncio.create_task(world.outcome())
    await world.until(lambda: world.provider.asked == 1)
    await world.keys.close()
    assert await caller is AuthUnavailable


Answer = Callable[[], web.StreamResponse]
USELESS: dict[str, Answer] = {
    "HTTP 404": lambda: web.Response(status=404),
    "HTTP 302": lambda: web.Response(status=302, headers={"Location": "/keys"}),
    "HTTP 204": lambda: web.Response(status=204),
    "no JSON": lambda: web.Response(text="<html>planted</html>"),
    "no key set": lambda: web.json_response([jwk(1)]),
    "no usable key": lambda: web.json_response({"keys": []}),
    "too long": lambda: web.Response(
        text=json.dumps({"keys": [jwk(1)], "planted": 1}).ljust((256 << 10) + 1)
    ),
}


@pytest.mark.parametrize("why", USELESS)
async def test_answers_without_keys(
    world: World, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    """A redirect is one, too: it could lead away from https. The log names the kind alone."""
    world.provider.answer = lambda: world.provider.fixed(USELESS[why]())
    assert await world.outcome() is AuthUnavailable
    assert caplog.messages == [f"cannot fetch the keys of tokens from 127.0.0.1: {why}"]
    assert world.provider.asked == 1


async def test_keys_that_were_withdrawn_are_refused(world: World) -> None:
    """An empty set is believed, though no caller can sign in until there are keys again."""
    assert await world.outcome() == numbers(1)
    world.provider.keys = []
    world.clock.instant += 600
    assert await world.outcome() is AuthUnavailable
    world.provider.keys = [jwk(1)]
    world.clock.instant += 10
    assert await world.outcome() == numbers(1)


async def test_a_long_answer_is_taken_up_to_the_limit(world: World) -> None:
    """The limit is not below its number."""
    body = json.dumps({"keys": [jwk(1)]})
    world.provider.answer = lambda: world.provider.fixed(web.Response(text=body.ljust(256 << 10)))
    assert await world.outcome() == numbers(1)


async def test_a_provider_that_cannot_be_reached_is_an_outage(
    caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    """The log names the host and no more of the URL, which may hold a secret."""
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{unused_tcp_port}/?key=planted"
        keys = KeySet(url, http, HandClock())
        with pytest.raises(AuthUnavailable):
            await keys.key(None, "ES256")
    assert caplog.messages == [
        "cannot fetch the keys of tokens from 127.0.0.1: ClientConnectorError"
    ]


async def _never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await LoopClock().sleep(60)
    writer.close()


async def _ask_a_provider_that_hangs() -> tuple[float, float | None]:
    clock = LoopClock()
    server = await asyncio.start_server(_never_answer, "127.0.0.1", 4012)
    async with server, aiohttp.ClientSession() as http:
        keys = KeySet("http://127.0.0.1:4012/keys", http, clock)
        began = clock.now()
        with pytest.raises(AuthUnavailable) as caught:
            await keys.key("key-1", "ES256")
        waited = clock.now() - began
        await clock.sleep(90)  # until the server has closed its connections
    return waited, caught.value.retry_after_s


def test_a_fetch_times_out_after_five_seconds() -> None:
    """Callers get a Retry-After until the next fetch is allowed."""
    waited, retry_after_s = simulate(_ask_a_provider_that_hangs())
    assert waited == pytest.approx(5)
    assert retry_after_s == pytest.approx(5)


# The keys of a set


def found(*keys: object) -> list[tuple[str | None, str]]:
    """Return names and algorithms of the accepted keys."""
    taken = read_keys(json.dumps({"keys": keys}).encode())
    return [(each.key_id, each.algorithm_name) for each in taken]


def test_accepted_keys() -> None:
    """RSA and P-256, with or without a name, an algorithm and a use."""
    assert found(rsa_jwk(), rsa_jwk(alg="RS256", use="sig", kid=None, key_ops=["verify"])) == [
        ("rsa", "RS256"),
        (None, "RS256"),
    ]
    assert found(jwk(1), jwk(2, alg=None, use=None, kid=None, x5c=["x"], unknown={})) == [
        ("key-1", "ES256"),
        (None, "ES256"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": "cGxhbnRlZC1zZWNyZXQ", "alg": "HS256"},
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA"},
        {"kty": "RSA"},
        {"kty": None},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": ["ES256"]},
        {"alg": "none"},
        {"alg": ""},
        {"alg": None, "crv": "P-384"},
        {"alg": None, "kty": "oct", "k": "cGxhbnRlZC1zZWNyZXQ"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kid": 7},
        {"d": "AQ"},
        {"crv": "P-384"},
        {"x": "A" * 43},
        {"x": "AQ"},
        {"x": None},
        {"x": 7},
        {"x": "é"},
    ],
    ids=str,
)
def test_keys_on_a_curve_that_are_left_out(changes: Jwk) -> None:
    """Symmetric, private, for another use, of no use: the others in the set are found."""
    assert found(jwk(1, **changes), jwk(2)) == [("key-2", "ES256")]


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "EC"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"d": "AQ"},
        {"e": "Ag"},
        {"e": ""},
        {"n": ""},
        {"n": 7},
        {"n": "_" * 1400},
    ],
    ids=lambda changes: str(changes)[:20],
)
def test_rsa_keys_that_are_left_out(changes: Jwk) -> None:
    """Bad keys are left out as with curves; 8400 bits are too much work for each token."""
    assert found(rsa_jwk(**changes), jwk(2)) == [("key-2", "ES256")]


@pytest.mark.parametrize("entry", [{}, [], "key", None, 7], ids=str)
def test_an_entry_other_than_a_key_is_left_out(entry: object) -> None:
    """The other keys of the set are found."""
    assert found(entry, jwk(2)) == [("key-2", "ES256")]


@pytest.mark.parametrize(
    ("bits", "fits"), [(2047, False), (2048, True), (8192, True), (8193, False)]
)
def test_rsa_keys_have_2048_to_8192_bits(bits: int, fits: bool) -> None:
    """Both bounds are within; the numbers need no private half."""
    public = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    key = RSAAlgorithm.to_jwk(public, as_dict=True)
    assert found(key) == ([(None, "RS256")] if fits else [])


def test_short_rsa_keys_are_left_out() -> None:
    """1024 bits can be broken."""
    assert found(rsa_jwk(1024), jwk(2)) == [("key-2", "ES256")]


def test_a_set_without_end_is_cut() -> None:
    """Each key costs time to read."""
    assert len(found(*[jwk(1)] * 101)) == 100


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops")


@given(st.booleans(), st.dictionaries(st.sampled_from(MEMBERS), json_values))
def test_any_member_may_be_junk(is_rsa: bool, junk: dict[str, object]) -> None:
    """The key is taken or left out; the one beside it is found."""
    key = rsa_jwk() if is_rsa else jwk(1)
    assert found(key | junk, jwk(2))[-1] == ("key-2", "ES256")


@given(st.binary() | json_values.map(json.dumps).map(str.encode))
def test_any_body_is_a_set_or_refused(body: bytes) -> None:
    """Only a ValueError is raised, and no key is made up."""
    try:
        keys = read_keys(body)
    except ValueError:
        return
    assert keys == ()


# The key of a token


async def test_without_a_name_it_has_to_be_the_only_key(world: World) -> None:
    """Two keys for the same algorithm are ambiguous."""
    world.provider.keys = [jwk(1), rsa_jwk()]
    assert await world.outcome(None) == numbers(1)
    assert await world.outcome(None, "RS256") == rsa_key(2048).public_key().public_numbers()
    world.provider.keys = [jwk(1), jwk(2)]
    world.clock.instant += 600
    assert await world.outcome(None) is Unauthorized


async def test_a_name_counts_for_its_algorithm_only(world: World) -> None:
    """Two keys may share a name; the algorithm selects one."""
    world.provider.keys = [jwk(1, kid="same"), rsa_jwk(kid="same"), jwk(2, kid="same")]
    assert await world.outcome("same", "ES256") == numbers(1)
    assert await world.outcome("same", "RS256") == rsa_key(2048).public_key().public_numbers()
    assert await world.outcome("key-1", "ES256") is Unauthorized


async def test_tokens_are_checked_with_the_keys_of_the_provider(world: World) -> None:
    """From the header to the name, through a rotation; a wrong signature stays wrong."""
    settings = AuthSettings(mode=Mode.JWT, jwks_url=world.url)
    claims = {"sub": "ann", "exp": world.clock.instant + 3600}

    def header(key: int, kid: str | None) -> list[str]:
        token = jwt.encode(claims, ec_key(key), "ES256", {} if kid is None else {"kid": kid})
        return [f"Bearer {token}"]

    async with aiohttp.ClientSession() as http:
        callers = authenticator(settings, http, world.clock)
        name = await callers.subject(header(1, "key-1"))
        assert await callers.subject(header(1, None)) == name
        for token in (header(2, "key-1"), header(2, "key-2"), ["Bearer x.y.z"]):
            with pytest.raises(Unauthorized):
                await callers.subject(token)
        world.provider.keys = [jwk(2)]
        world.clock.instant += 10
        assert await callers.subject(header(2, "key-2")) == name
        await callers.close()
    assert world.provider.asked == 2


async def test_a_remembered_token_goes_with_its_key(world: World) -> None:
    """Withdrawn, or replaced under its name, a key takes its tokens along; coming back, too."""
    settings = AuthSettings(mode=Mode.JWT, jwks_url=world.url)
    token = jwt.encode(
        {"sub": "ann", "exp": world.clock.instant + 10_000}, ec_key(1), "ES256", {"kid": "key-1"}
    )
    async with aiohttp.ClientSession() as http:
        callers = authenticator(settings, http, world.clock)

        async def outcome() -> str | None:
            try:
                name = await callers.subject([f"Bearer {token}"])
            except Unauthorized as error:
                return error.wrong
            return "good" if name else None

        async def after(keys: list[Jwk]) -> str | None:
            world.provider.keys = keys
            world.clock.instant += 600
            return await outcome()

        assert [await outcome(), await outcome()] == ["good", "good"]
        assert await after([jwk(2, kid="key-1")]) == "bad signature"
        assert await after([jwk(2)]) == "unknown key"
        assert [await after([jwk(1)]), await outcome()] == ["good", "good"]
        assert await after([jwk(1), jwk(2)]) == "good"
        await callers.close()
