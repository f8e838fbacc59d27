"""Authentication: laws of tokens, and settings that make no sense."""

import base64
import hashlib
import hmac
import json
import re
import string
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.access import auth
from gateway.access.auth import Authenticator, authenticator
from gateway.access.settings import (
    LONGEST_TOKEN,
    SHORTEST_STATIC_TOKEN,
    AuthSettings,
    Mode,
    check,
    is_loopback,
    parse_algorithms,
    parse_jwks_url,
)
from gateway.clock import LoopClock
from gateway.errors import Unauthorized
from gateway.settings import words

NOW = 1_800_000_000
TOKENS = ("planted-token-of-old", "planted-token-of-new")
SECRET = "planted-secret-of-more-than-32-bytes"
CLAIMS: Mapping[str, Any] = {"sub": "ann@example.com", "exp": NOW + 60}
BEARER = AuthSettings(mode=Mode.BEARER, tokens=TOKENS)
HS256 = AuthSettings(mode=Mode.JWT, jwt_secret=SECRET)


class StoppedClock(LoopClock):
    """A clock that stands still at an instant (POSIX seconds)."""

    def __init__(self, instant: float) -> None:
        self._instant = instant

    def wall(self) -> float:
        """Return that instant."""
        return self._instant

    def move(self, seconds: float) -> None:
        """Stand still that much later."""
        self._instant += seconds


@cache
def rsa_key(_which: int = 0, *, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return one of several RSA keys, the same for the same arguments."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """Return a key on P-256, or on another curve."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def public_pem(key: Any) -> str:
    """Return the public half of a private key as PEM text."""
    form = PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, form)
    return pem.decode()


def private_pem(key: Any) -> str:
    """Return a private key as PEM text."""
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def with_pem(key: Any, **changes: Any) -> AuthSettings:
    """Return settings of mode jwt for the public half of `key`."""
    return replace(AuthSettings(mode=Mode.JWT, jwt_public_key=public_pem(key)), **changes)


def segment(value: object) -> str:
    """Return one part of a JWT; text and bytes go in as they are, everything else as JSON."""
    raw = value if isinstance(value, bytes) else str(value).encode()
    if not isinstance(value, str | bytes):
        raw = json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: object, claims: object, *, secret: str = SECRET) -> str:
    """Return a token with a correct HMAC over any header and claims."""
    signing = f"{segment(header)}.{segment(claims)}"
    digest = hmac.digest(secret.encode(), signing.encode(), "sha256")
    return f"{signing}.{segment(digest)}"


def hs256(**changes: Any) -> str:
    """Return a token that `HS256` takes, but for the changes to its claims; None removes one."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return signed({"alg": "HS256", "typ": "JWT"}, claims)


async def name_of(settings: AuthSettings, *headers: str, now: float = NOW) -> str | None:
    """Return the caller's name for these Authorization headers at `now`."""
    async with aiohttp.ClientSession() as http:
        callers = authenticator(settings, http, StoppedClock(now))
        try:
            return await callers.subject(headers)
        finally:
            await callers.close()


async def refusal(settings: AuthSettings, *headers: str, now: float = NOW) -> str | None:
    """Return the reason in the refusal of these headers."""
    with pytest.raises(Unauthorized) as caught:
        await name_of(settings, *headers, now=now)
    return caught.value.wrong


# Headers


@pytest.mark.parametrize("headers", [(), ("Bearer x",), ("a", "b"), ("\ud800",)])
async def test_mode_none_reads_no_header(headers: tuple[str, ...]) -> None:
    """Every header is ignored, so that a proxy in front may authenticate by its own."""
    assert await name_of(AuthSettings(), *headers) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "])
async def test_the_scheme_has_no_case(scheme: str) -> None:
    """Upper and lower case are the same, and so are several spaces."""
    assert await name_of(BEARER, f"{scheme} {TOKENS[0]}") == "token-1"


@pytest.mark.parametrize("settings", [BEARER, HS256])
@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", TOKENS[0], "Bearerx y"])
async def test_no_bearer_token_is_no_token(settings: AuthSettings, header: str) -> None:
    """The answer asks for one and does not call it wrong."""
    assert await refusal(settings, header) is None
    assert await refusal(settings) is None


@pytest.mark.parametrize("settings", [BEARER, HS256])
async def test_two_headers_are_refused_though_both_are_good(settings: AuthSettings) -> None:
    """Two parties that read different ones would see different callers."""
    good = f"Bearer {TOKENS[0] if settings is BEARER else hs256()}"
    assert await name_of(settings, good)
    assert await refusal(settings, good, good) == "more than one Authorization header"


@pytest.mark.parametrize("form", ["{0} {0}", "{0},", "{0}\t", " ", "{0}\u212a", "{0}\n", '"{0}"'])
async def test_a_token_is_one_word(form: str) -> None:
    """No second word, no comma, no quotes, and no character that tokens do not have."""
    assert await refusal(BEARER, f"Bearer {form.format(TOKENS[0])}") == "malformed"


@pytest.mark.parametrize("settings", [BEARER, HS256])
async def test_a_long_token_is_refused_for_its_length(settings: AuthSettings) -> None:
    """Nothing else is checked, so length costs nothing."""
    assert await refusal(settings, "Bearer " + "x" * LONGEST_TOKEN) != "too long"
    assert await refusal(settings, "Bearer " + "x" * (LONGEST_TOKEN + 1)) == "too long"


texts = st.text() | st.text(string.printable) | st.text("abc.=-_ ").map("Bearer {}".format)


@given(st.lists(texts, max_size=2), st.sampled_from([BEARER, HS256, with_pem(ec_key())]))
async def test_any_header_is_named_or_refused(headers: list[str], how: AuthSettings) -> None:
    """Each header leads to a name or a refusal, and no refusal quotes the header."""
    with pytest.raises(Unauthorized) as caught:
        await name_of(how, *headers)
    assert caught.value.headers()["WWW-Authenticate"].isprintable()


# Static tokens


async def test_each_token_has_the_name_of_its_place() -> None:
    """Both of two work while they are rotated, and another does not."""
    assert [await name_of(BEARER, f"Bearer {each}") for each in TOKENS] == ["token-1", "token-2"]
    assert await refusal(BEARER, "Bearer planted-token-of-nobody") == "unknown"


@given(st.integers(0, len(TOKENS[0]) - 1), st.sampled_from(string.ascii_letters + "-._~+/"))
async def test_nearly_a_token_is_no_token(place: int, other: str) -> None:
    """One character makes the difference, and so does a missing end."""
    token = TOKENS[0]
    changed = token[:place] + other + token[place + 1 :]
    for guess in {changed, token[:place], token + other} - {token, ""}:
        assert await refusal(BEARER, f"Bearer {guess}") == "unknown"


# Signed tokens


def by(key: Any, algorithm: str, claims: Mapping[str, Any] = CLAIMS) -> str:
    """Return an Authorization header with a token signed by `key`."""
    return "Bearer " + jwt.encode(dict(claims), key, algorithm)


def uses_of_tokens() -> st.SearchStrategy[list[tuple[str, int]]]:
    """Return runs of (token, seconds since the use before), good and bad tokens mixed."""
    tokens = [
        *(hs256(sub=sub, exp=NOW + exp) for sub in "ab" for exp in (20, 60)),
        *(hs256(nbf=NOW + 40), hs256(aud="elsewhere"), hs256(sub=""), hs256()[:-4] + "AAAA"),
        signed({"alg": "HS256", "kid": "k"}, dict(CLAIMS), secret=SECRET[::-1]),
        *("x.y.z", "no-jwt"),
    ]
    return st.lists(st.tuples(st.sampled_from(tokens), st.integers(-5, 40)), max_size=12)


@given(uses_of_tokens(), st.sampled_from([1, 2, 10_000]))
async def test_what_is_remembered_changes_no_outcome(
    uses: list[tuple[str, int]], most: int
) -> None:
    """Law: each use of a token ends as if it were the first token that was ever seen."""

    async def outcome(callers: Authenticator, token: str) -> str | None:
        try:
            return await callers.subject([f"Bearer {token}"])
        except Unauthorized as error:
            return f"refused: {error.wrong}"

    async with aiohttp.ClientSession() as http:
        clock = StoppedClock(NOW)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(auth, "MOST_REMEMBERED", most)
            remembering = authenticator(HS256, http, clock)
            for token, later in uses:
                clock.move(later)
                anew = await outcome(authenticator(HS256, http, clock), token)
                assert await outcome(remembering, token) == anew


async def test_a_token_is_verified_once_while_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one unused longest is forgotten first; a refused one, and one that ended, at once."""
    verified: list[str] = []
    decode = jwt.decode

    def counted(token: str, *args: Any, **options: Any) -> Any:
        verified.append(token)
        return decode(token, *args, **options)

    monkeypatch.setattr(jwt, "decode", counted)
    monkeypatch.setattr(auth, "MOST_REMEMBERED", 2)
    first, second, third = (hs256(sub=sub) for sub in "abc")
    bad = hs256(aud="elsewhere")
    clock = StoppedClock(NOW)
    async with aiohttp.ClientSession() as http:
        callers = authenticator(HS256, http, clock)

        async def count(*tokens: str) -> int:
            before = len(verified)
            for token in tokens:
                with suppress(Unauthorized):
                    await callers.subject([f"Bearer {token}"])
            return len(verified) - before

        assert await count(first, first, first) == 1
        assert await count(second, first, third) == 2  # which evicts the second
        assert await count(first, third) == 0
        assert await count(second) == 1
        assert await count(bad, bad) == 2
        clock.move(3600)
        assert await count(second, second) == 1  # forgotten when it was refused
        clock.move(-3600)
        assert await count(second, second) == 1


async def test_a_subject_has_one_name_for_any_key_and_is_not_shown() -> None:
    """The name is a digest of issuer and subject: no mail address goes on to logs."""
    names = {
        await name_of(HS256, by(SECRET, "HS256")),
        await name_of(with_pem(rsa_key()), by(rsa_key(), "RS256")),
        await name_of(with_pem(ec_key()), by(ec_key(), "ES256")),
        await name_of(HS256, "bearer " + hs256(exp=NOW + 7, iat=NOW, nbf=NOW, jti="7")),
    }
    assert names == {"jwt-" + hashlib.sha256(b"\0ann@example.com").hexdigest()[:16]}


async def test_subjects_of_different_issuers_are_different_callers() -> None:
    """Neither an issuer nor another subject leads to the name of another caller."""
    pairs = [("a", "b"), ("a", "c"), ("b", "b"), ("", "ab"), ("ab", "c"), ("a", "bc")]
    names = {await name_of(HS256, "Bearer " + hs256(iss=iss, sub=sub)) for iss, sub in pairs}
    assert len(names) == len(pairs)


@given(st.data())
async def test_a_token_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    """Every character is signed, also the last one of each part with its spare bits."""
    settings, header = data.draw(st.sampled_from(good_headers()))
    token = header.removeprefix("Bearer ")
    ends = [i for i, each in enumerate(token) if i + 1 == len(token) or token[i + 1] == "."]
    place = data.draw(st.integers(0, len(token) - 1) | st.sampled_from(ends))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=+/ ~"))
    changed = token[:place] + other + token[place + 1 :]
    if changed != token:
        assert await refusal(settings, f"Bearer {changed}")


@cache
def good_headers() -> tuple[tuple[AuthSettings, str], ...]:
    """Return settings with a header that they take, one for each algorithm."""
    return (
        (HS256, by(SECRET, "HS256")),
        (with_pem(rsa_key()), by(rsa_key(), "RS256")),
        (with_pem(ec_key()), by(ec_key(), "ES256")),
    )


times = st.none() | st.integers(-400, 400) | st.floats(-400, 400, allow_nan=False)


@given(st.integers(-400, 400), times, times, st.integers(0, 300))
@example(exp=-30, nbf=None, iat=None, leeway=30)
@example(exp=-29, nbf=30, iat=None, leeway=30)
@example(exp=60, nbf=None, iat=30, leeway=30)
async def test_a_token_is_good_from_nbf_to_exp_with_leeway(
    exp: int, nbf: float | None, iat: float | None, leeway: int
) -> None:
    """Before, at and after each instant; the leeway moves each in the token's favour."""
    starts = {"nbf": nbf, "iat": iat}
    given_starts = {name: NOW + each for name, each in starts.items() if each is not None}
    header = "Bearer " + hs256(exp=NOW + exp, **given_starts)
    settings = replace(HS256, leeway_s=leeway)
    if exp + leeway <= 0:
        assert await refusal(settings, header) == "expired"
    elif any(each - leeway > NOW for each in given_starts.values()):
        assert await refusal(settings, header) == "not valid yet"
    else:
        assert await name_of(settings, header)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    [True, str(NOW + 60), [NOW], {}, float("nan"), float("inf"), -float("inf"), 10**400],
    ids=str,
)
async def test_a_time_is_a_finite_number(name: str, value: object) -> None:
    """Also one in milliseconds is none: such a token would be good for ages."""
    in_milliseconds = await refusal(HS256, "Bearer " + hs256(exp=(NOW + 60) * 1000))
    assert in_milliseconds == "a time is no number of seconds"
    assert await refusal(HS256, "Bearer " + hs256(**{name: value})) == in_milliseconds


async def test_a_time_is_before_the_year_5138() -> None:
    """A second later it is none: it counts in other units."""
    assert await name_of(HS256, "Bearer " + hs256(exp=10**11 - 1, nbf=1 - 10**11))
    for name, value in (("exp", 10**11), ("nbf", -(10**11)), ("iat", -(10**11))):
        wrong = await refusal(HS256, "Bearer " + hs256(**{name: value}))
        assert wrong == "a time is no number of seconds"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"exp": None}, "no exp"),
        ({"sub": None}, "no sub"),
        ({"sub": ""}, "sub is not 1 to 256 characters"),
        ({"sub": "x" * 257}, "sub is not 1 to 256 characters"),
        ({"sub": "a\nb"}, "iss or sub is no printable text"),
        ({"sub": "a\0b"}, "iss or sub is no printable text"),
        ({"sub": "\ud800"}, "iss or sub is no printable text"),
        ({"sub": 7}, "malformed"),
        ({"sub": ["ann"]}, "malformed"),
        ({"iss": 7}, "iss or sub is no printable text"),
        ({"iss": "\0"}, "iss or sub is no printable text"),
        ({"aud": "gateway"}, "wrong aud"),
    ],
)
async def test_claims_that_are_refused(changes: Mapping[str, Any], wrong: str) -> None:
    """A token needs a subject and an expiry; one for another audience is refused."""
    assert await name_of(HS256, "Bearer " + hs256(sub="x" * 256))
    assert await refusal(HS256, "Bearer " + hs256(**changes)) == wrong


async def test_issuer_and_audience_are_compared_if_they_are_known() -> None:
    """The audience may be one of several; anything else, and nothing, is refused."""
    settings = replace(HS256, issuer="https://id.example", audience="gateway")
    right: dict[str, Any] = {"iss": "https://id.example", "aud": "gateway"}
    assert await name_of(settings, "Bearer " + hs256(**right))
    assert await name_of(settings, "Bearer " + hs256(**right | {"aud": ["x", "gateway"]}))
    for aud in ("x", "gatewa", "gateway2", ["x"], [["gateway"]], {"gateway": 1}, 7):
        assert await refusal(settings, "Bearer " + hs256(**right | {"aud": aud})) == "wrong aud"
    for iss in ("id.example", "https://id.example/", ["https://id.example"], 7):
        assert await refusal(settings, "Bearer " + hs256(**right | {"iss": iss})) == "wrong iss"
    for name, value in (("iss", None), ("aud", None), ("aud", ""), ("aud", [])):
        assert await refusal(settings, "Bearer " + hs256(**right | {name: value})) == f"no {name}"


async def test_a_public_key_is_no_secret() -> None:
    """A token by HS256, with the public key for a secret, is refused for its algorithm."""
    for key in (rsa_key(), ec_key()):
        token = signed({"alg": "HS256"}, CLAIMS, secret=public_pem(key))
        assert await refusal(with_pem(key), f"Bearer {token}") == "algorithm not accepted"


async def test_another_key_of_the_same_kind_is_refused() -> None:
    """Only the signature distinguishes them."""
    assert await refusal(with_pem(rsa_key()), by(rsa_key(1), "RS256")) == "bad signature"
    other = ec.generate_private_key(ec.SECP256R1())
    assert await refusal(with_pem(ec_key()), by(other, "ES256")) == "bad signature"
    assert await refusal(HS256, by(SECRET + "!", "HS256")) == "bad signature"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "hs256", "HS512", "RS256", "", None, 7, ["HS256"], {}], ids=str
)
async def test_a_token_does_not_choose_its_algorithm(alg: object) -> None:
    """`none`, unknown algorithms and another spelling of ours are refused alike."""
    token = signed({"alg": alg}, CLAIMS)
    unsigned = token[: token.rindex(".") + 1]
    assert await refusal(HS256, f"Bearer {token}") == "algorithm not accepted"
    assert await refusal(HS256, f"Bearer {unsigned}") == "malformed"
    assert await refusal(HS256, "Bearer " + signed({}, CLAIMS)) == "algorithm not accepted"


async def test_algorithms_are_those_of_the_key_and_of_the_operator() -> None:
    """An RSA key takes no RS512, though its signature would be good."""
    assert await refusal(with_pem(rsa_key()), by(rsa_key(), "RS512")) == "algorithm not accepted"
    assert await refusal(with_pem(rsa_key()), by(rsa_key(), "PS256")) == "algorithm not accepted"
    assert await refusal(with_pem(rsa_key()), by(ec_key(), "ES256")) == "algorithm not accepted"


DEEP = "[" * 2000 + "]" * 2000
JUNK_HEADERS: tuple[object, ...] = (
    {"alg": "HS256", "kid": 7},
    {"alg": "HS256", "kid": ["a"]},
    {"alg": "HS256", "kid": "a", "crit": ["exp"], "exp": 1},
    {"alg": "HS256", "crit": []},
    {"alg": "HS256", "crit": None},
    {"alg": "HS256", "b64": False, "crit": ["b64"]},
    {"alg": "HS256", "b64": True, "crit": ["b64"]},
    {"alg": "HS256", "b64": False},
    ["HS256"],
    "null",
    "{",
    b"\xff\xfe",
    DEEP,
    '{"alg": "HS256", "x": ' + DEEP + "}",
    '{"alg": "HS256", "x": ' + "9" * 5000 + "}",
)


@pytest.mark.parametrize("header", JUNK_HEADERS, ids=lambda header: str(header)[:40])
async def test_headers_that_are_junk(header: object) -> None:
    """A junk header signed by our own secret is refused, and never an internal error."""
    assert await refusal(HS256, "Bearer " + signed(header, CLAIMS)) == "malformed"


@pytest.mark.parametrize(
    "claims",
    ["[]", "7", "{", DEEP, '{"sub": ' + DEEP + "}", '{"exp": ' + "9" * 5000 + "}", b"\xff", ""],
    ids=lambda claims: str(claims)[:20],
)
async def test_claims_that_are_junk(claims: object) -> None:
    """Junk claims signed by our own secret are refused, and never an internal error."""
    assert await refusal(HS256, "Bearer " + signed({"alg": "HS256"}, claims)) == "malformed"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("exp", "nbf", "iat", "iss", "aud", "sub", "jti", "kid", "crit", "b64", "typ", "cty")


@given(
    st.dictionaries(st.sampled_from(NAMES), json_values),
    st.dictionaries(st.sampled_from(NAMES), json_values),
)
async def test_any_header_and_claims_make_a_name_or_a_refusal(
    header: dict[str, object], claims: dict[str, object]
) -> None:
    """An issuer that signs nonsense gets a 401 for its users, and never a 500."""
    token = signed({"alg": "HS256"} | header, dict(CLAIMS) | claims)
    try:
        name = await name_of(HS256, f"Bearer {token}")
    except Unauthorized as error:
        text = error.text
    else:
        text = str(name)
    assert re.fullmatch(r"jwt-[0-9a-f]{16}|Invalid token: [a-z0-9 ]+", text)


# Settings


def refused(settings: AuthSettings) -> str:
    """Return why these settings are refused; nothing secret is in it."""
    with pytest.raises(ValueError, match=r".") as caught:
        check(settings)
    text = str(caught.value)
    assert not any(secret in text for secret in ("planted", "BEGIN PRIVATE", "MII"))
    return text


URL = "https://id.example/keys"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (AuthSettings(tokens=TOKENS), "GATEWAY_AUTH_TOKENS is set, but GATEWAY_AUTH is none"),
        (AuthSettings(jwt_secret=SECRET), "set GATEWAY_AUTH to jwt, or remove GATEWAY_JWT_SECRET"),
        (AuthSettings(audience="x"), "GATEWAY_JWT_AUDIENCE is set, but GATEWAY_AUTH is none"),
        (replace(BEARER, leeway_s=1), "GATEWAY_JWT_LEEWAY is set, but GATEWAY_AUTH is bearer"),
        (
            replace(HS256, tokens=TOKENS),
            "set GATEWAY_AUTH to bearer, or remove GATEWAY_AUTH_TOKENS",
        ),
        (replace(BEARER, tokens=()), "GATEWAY_AUTH is bearer, which needs GATEWAY_AUTH_TOKENS"),
        (
            replace(BEARER, tokens=(*TOKENS, "planted-short15")),
            "number 3 needs 16 to 8192 characters",
        ),
        (replace(BEARER, tokens=("planted token of old",)), "number 1 may hold letters"),
        (replace(BEARER, tokens=("planted-tökén-of-old",)), "number 1 may hold letters"),
        (replace(BEARER, tokens=("x" * (LONGEST_TOKEN + 1),)), "number 1 needs"),
        (replace(BEARER, tokens=(TOKENS[0], TOKENS[0])), "one is there twice"),
        (AuthSettings(mode=Mode.JWT), "needs exactly one of"),
        (replace(HS256, jwks_url=URL), "got GATEWAY_JWT_SECRET and GATEWAY_JWT_JWKS_URL"),
        (replace(HS256, jwt_secret="planted-31-bytes-in-this-secret"), "needs 32 bytes"),
        (replace(HS256, jwt_secret=SECRET + "\n"), "not printable"),
        (replace(HS256, jwt_secret=SECRET + "\udcff"), "not printable"),
        (replace(HS256, jwt_secret='{"kty": "oct", "k": "planted-planted"}'), "looks like"),
        (replace(HS256, algorithms=("RS256",)), "GATEWAY_JWT_ALGORITHMS: only HS256"),
        (replace(HS256, algorithms=("HS256", "RS256")), "GATEWAY_JWT_ALGORITHMS: only HS256"),
        (replace(HS256, algorithms=("none",)), "GATEWAY_JWT_ALGORITHMS: only HS256"),
        (replace(HS256, leeway_s=301), "GATEWAY_JWT_LEEWAY must be from 0 to 300"),
        (replace(HS256, leeway_s=-0.5), "GATEWAY_JWT_LEEWAY must be from 0 to 300"),
        (replace(HS256, leeway_s=float("nan")), "GATEWAY_JWT_LEEWAY must be from 0 to 300"),
        (AuthSettings(mode=Mode.JWT, jwks_url=URL, algorithms=("HS256",)), "only RS256 and ES256"),
        (AuthSettings(mode=Mode.JWT, jwks_url="http://id.example"), "must be https"),
        (AuthSettings(mode=Mode.JWT, jwt_public_key="planted"), "no public key in PEM form"),
        (AuthSettings(mode=Mode.JWT, jwt_public_key="\udcff"), "no public key in PEM form"),
    ],
)
def test_settings_that_make_no_sense(settings: AuthSettings, message: str) -> None:
    """The message names what to change; callers are never let in by mistake."""
    assert message in refused(settings)


@pytest.mark.parametrize(
    "settings",
    [
        replace(BEARER, tokens=("x" * SHORTEST_STATIC_TOKEN, "x" * LONGEST_TOKEN)),
        replace(HS256, leeway_s=0),
        replace(HS256, leeway_s=300),
        replace(HS256, algorithms=("HS256",)),
        AuthSettings(mode=Mode.JWT, jwks_url=URL, algorithms=("ES256", "RS256")),
    ],
    ids=["tokens", "no leeway", "leeway", "algorithm", "algorithms"],
)
def test_settings_at_their_bounds_make_sense(settings: AuthSettings) -> None:
    """The shortest and the longest token, the most leeway, and all algorithms of the key."""
    check(settings)


async def test_nothing_authenticates_by_settings_that_make_no_sense() -> None:
    """A program that embeds the gateway cannot skip the check."""
    with pytest.raises(ValueError, match="GATEWAY_AUTH is none"):
        await name_of(AuthSettings(tokens=TOKENS))


def test_unusable_keys() -> None:
    """Private, short, on another curve, or of another kind: each refused for its reason."""
    for key in (rsa_key(), ec_key()):
        settings = AuthSettings(mode=Mode.JWT, jwt_public_key=private_pem(key))
        assert "it is a private key" in refused(settings)
    for other in (rsa_key(bits=1024), ec_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        assert "expected an RSA key of 2048 to 8192 bits" in refused(with_pem(other))
    assert "only RS256" in refused(with_pem(rsa_key(), algorithms=("RS256", "ES256")))
    assert "only ES256" in refused(with_pem(ec_key(), algorithms=("HS256",)))


def test_no_secret_shows_in_a_repr() -> None:
    """The settings and their authenticators show no secret."""
    key = private_pem(ec_key())
    output = repr([BEARER, HS256, AuthSettings(mode=Mode.JWT, jwt_public_key=key)])
    assert "planted" not in output
    assert "PRIVATE" not in output


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example/.well-known/jwks.json",
        "https://id.example:8443/keys?tenant=7",
        "http://localhost:9/keys",
        "http://127.1.2.3/keys",
        "http://[::1]:9/keys",
    ],
)
def test_urls_of_key_sets(url: str) -> None:
    """https anywhere, http on this machine."""
    assert parse_jwks_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "id.example/keys", "ftp://localhost/", "file:///planted", "https://", "https://:1"),
        *("http://id.example", "http://127.0.0.1.planted.example", "http://localhost.planted"),
        *("https://user:planted@id.example", "https://id.example/#planted", "https://[::1"),
        *("https://id.example:planted/", "https://id.example/ planted", "https://idé.planted"),
        *("http://0.0.0.0/", "https://id.example/\nplanted", "https://@id.example/"),
    ],
)
def test_bad_urls_of_key_sets(url: str) -> None:
    """A server there could sign in as any caller; the message does not show the URL."""
    with pytest.raises(ValueError, match="JWKS URL") as caught:
        parse_jwks_url(url)
    assert "planted" not in str(caught.value)


def test_loopback_names_need_no_network() -> None:
    """A name that a DNS server resolves is no loopback, in any spelling."""
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_loopback(host) for host in ("", "0.0.0.0", "::", "127.1", "my.localhost"))


def test_texts_of_variables() -> None:
    """Lists are comma separated; a wrong text is refused."""
    assert words(f" {TOKENS[0]} ,,{TOKENS[1]}\n") == TOKENS
    assert words(" , ") == ()
    assert parse_algorithms("ES256, RS256,ES256") == ("ES256", "RS256")
    for text in ("", "none", "HS256,", "rs256", "RS512"):
        with pytest.raises(ValueError, match="none of HS256"):
            parse_algorithms(text)
