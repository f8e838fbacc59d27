"""Who calls: nobody asks, one of the operator's tokens, or a signed token (JWT) of a person.

What goes on to limits and logs is a name that tells callers apart and says nothing about them. No
text here holds a word of what the caller sent. Keys and key sets live in `jwks.py`.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from enum import Enum
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from gateway.clock import LoopClock
from gateway.errors import Unauthorized
from gateway.jwks import KeySet, algorithm_of, public_key

PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256")
LONGEST_TOKEN = 8 * 1024  # characters
LONGEST_SUBJECT = 256  # characters
SHORTEST_STATIC_TOKEN = 16  # characters
SHORTEST_SECRET = 32  # bytes: as long as the hash, or guessing the secret is the easier attack
LONGEST_LEEWAY_S = 300.0

_TOKEN68 = r"[A-Za-z0-9._~+/-]+=*"
_BEARER = re.compile(rf"bearer +({_TOKEN68})", re.IGNORECASE | re.ASCII)  # no Kelvin sign for k
_JWT_FORM = re.compile(r"(?:[A-Za-z0-9_-]+\.){2}[A-Za-z0-9_-]+")
_LAST_INSTANT = 1e11  # POSIX seconds, year 5138: an `exp` in milliseconds would never come


class Mode(Enum):
    """How callers say who they are."""

    NONE = "none"
    BEARER = "bearer"
    JWT = "jwt"


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may connect.

    Attributes:
        tokens: for mode bearer, at least 16 characters each; several, so that they can be rotated.
        jwt_secret: for HS256, its UTF-8 bytes are the key.
        jwt_public_key: PEM text, for RS256 (RSA) or ES256 (P-256).
        jwks_url: where the provider publishes its keys, for RS256 and ES256.
        algorithms: fewer than go with the key; empty: all that do.
        issuer, audience: what `iss` and `aud` have to be; empty: a token needs no `iss`, and must
            have no `aud`, since one that has is meant for somebody else.
        leeway_s: how far clocks may differ, 0 to 300 seconds.
    """

    mode: Mode = Mode.NONE
    tokens: tuple[str, ...] = field(default=(), repr=False)
    jwt_secret: str = field(default="", repr=False)
    jwt_public_key: str = field(default="", repr=False)  # it might be a private one, by mistake
    jwks_url: str = ""
    algorithms: tuple[str, ...] = ()
    issuer: str = ""
    audience: str = ""
    leeway_s: float = 30.0


def check(settings: AuthSettings) -> None:
    """Do nothing if the settings make sense together.

    Settings of a mode that is not on are refused, too: who sets tokens and forgets the mode would
    have an open door.

    Raises:
        ValueError: they do not; the message says what to change and shows no secret.
    """
    mode = settings.mode
    for each in fields(settings):
        owner = {"mode": mode, "tokens": Mode.BEARER}.get(each.name, Mode.JWT)
        if owner is not mode and getattr(settings, each.name) != each.default:
            raise ValueError(
                f"{each.name} is set, but mode is {mode.value}:"
                f" set mode to {owner.value}, or remove {each.name}"
            )
    if mode is Mode.BEARER:
        _check_tokens(settings.tokens)
    if mode is Mode.JWT:
        _check_jwt(settings)


def accepted_algorithms(settings: AuthSettings) -> tuple[str, ...]:
    """Return the algorithms for the key of mode jwt; never HS256 beside those of public keys.

    With both, everybody could sign by HS256 with the public key as the secret.

    Raises:
        ValueError: no key, a wrong one, or algorithms that do not go with it.
    """
    fitting: tuple[str, ...] = PUBLIC_KEY_ALGORITHMS
    if settings.jwt_secret:
        fitting = ("HS256",)
    elif settings.jwt_public_key:
        try:
            fitting = (algorithm_of(public_key(settings.jwt_public_key)),)
        except ValueError as error:
            raise ValueError(f"jwt_public_key: {error}") from None
    if not set(settings.algorithms) <= set(fitting):
        raise ValueError(f"algorithms: only {' and '.join(fitting)} can go with this key")
    return settings.algorithms or fitting


def _check_tokens(tokens: tuple[str, ...]) -> None:
    if not tokens:
        raise ValueError("mode is bearer, which needs tokens: nobody could connect")
    for place, token in enumerate(tokens, start=1):
        if not SHORTEST_STATIC_TOKEN <= len(token) <= LONGEST_TOKEN:
            raise ValueError(
                f"tokens: number {place} needs {SHORTEST_STATIC_TOKEN} characters or more"
            )
        if not re.fullmatch(_TOKEN68, token):
            raise ValueError(f"tokens: number {place} may hold letters, digits and ._~+/- only")
    if len(set(tokens)) < len(tokens):
        raise ValueError("tokens: one is there twice")


def _check_jwt(settings: AuthSettings) -> None:
    sources = ("jwt_secret", "jwt_public_key", "jwks_url")
    given = [name for name in sources if getattr(settings, name)]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise ValueError(f"mode is jwt, which needs exactly one of {', '.join(sources)}; got {got}")
    if settings.jwt_secret:
        _check_secret(settings.jwt_secret)
    if settings.jwks_url:
        parse_jwks_url(settings.jwks_url)
    accepted_algorithms(settings)
    if not 0 <= settings.leeway_s <= LONGEST_LEEWAY_S:
        raise ValueError(f"leeway_s must be from 0 to {LONGEST_LEEWAY_S:g}")


def _check_secret(secret: str) -> None:
    import jwt
    from jwt.algorithms import HMACAlgorithm

    if not secret.isprintable():  # a file's last line break, or bytes that are no text
        raise ValueError("jwt_secret holds characters that are not printable")
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ValueError(f"jwt_secret needs {SHORTEST_SECRET} bytes or more")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError:
        raise ValueError("jwt_secret looks like a public key or a JWK, not a secret") from None


def parse_tokens(text: str) -> tuple[str, ...]:
    """Return comma separated tokens; spaces around them and empty entries do not count."""
    return tuple(token.strip() for token in text.split(",") if token.strip())


def parse_algorithms(text: str) -> tuple[str, ...]:
    """Return the algorithms in a comma separated list, each once.

    Raises:
        ValueError: one is none of HS256, RS256 and ES256, or there is none.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in ("HS256", *PUBLIC_KEY_ALGORITHMS):
            raise ValueError(f"{name!r} is none of HS256, RS256 and ES256")
    return names


def parse_leeway(text: str) -> float:
    """Return seconds from 0 to 300.

    Raises:
        ValueError: it is something else.
    """
    seconds = float(text)
    if not 0 <= seconds <= LONGEST_LEEWAY_S:
        raise ValueError(f"got {seconds:g}")
    return seconds


def parse_jwks_url(text: str) -> str:
    """Return the URL of a key set: https, or http to this very machine.

    Who can change the answer on its way can sign in as anybody.

    Raises:
        ValueError: it is another URL or none; the message does not show it.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # looking finds out whether it is a number
    except ValueError:
        raise ValueError("the JWKS URL is no URL") from None
    host = parts.hostname or ""
    if not host or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the JWKS URL has no host, or characters that no URL has")
    if parts.username is not None or parts.fragment:
        raise ValueError("the JWKS URL has a user or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("the JWKS URL must be https; http is for loopback addresses only")
    return text


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this machine whatever the network says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Authenticator(Protocol):
    """Tells callers apart."""

    async def subject(self, authorization: Sequence[str]) -> str | None:
        """Return the caller's name, the same each time; None if nobody is asked for one.

        Args:
            authorization: the value of every `Authorization` header of the request.

        Raises:
            Unauthorized: there is no token, or it is not good.
            AuthUnavailable: nobody knows whether it is good, because the keys cannot be had.
        """

    async def close(self) -> None:
        """End what runs in the background. Call before the HTTP session is closed."""


def authenticator(
    settings: AuthSettings, http: aiohttp.ClientSession, clock: LoopClock
) -> Authenticator:
    """Return what authenticates callers by these settings.

    Args:
        http: for fetching a key set, if there is one; without a base URL.

    Raises:
        ValueError: as `check`.
    """
    check(settings)
    if settings.mode is Mode.NONE:
        return _Anybody()
    if settings.mode is Mode.BEARER:
        return _StaticTokens(settings.tokens)
    if settings.jwks_url:
        return _SignedTokens(settings, KeySet(settings.jwks_url, http, clock), clock)
    secret, pem = settings.jwt_secret, settings.jwt_public_key
    return _SignedTokens(settings, _OneKey(secret.encode() if secret else public_key(pem)), clock)


def _bearer(authorization: Sequence[str]) -> str:
    """Return the one bearer token. Another scheme counts as nothing: it may mean somebody else."""
    if len(authorization) > 1:
        raise Unauthorized("more than one Authorization header")
    text = authorization[0] if authorization else ""
    if text[:7].lower() != "bearer ":
        raise Unauthorized
    if len(text) > LONGEST_TOKEN + 7:
        raise Unauthorized("too long")
    form = _BEARER.fullmatch(text)
    if form is None:
        raise Unauthorized("malformed")
    return form[1]


class _Anybody:
    async def subject(self, authorization: Sequence[str]) -> str | None:
        return None

    async def close(self) -> None:
        pass


class _StaticTokens:
    """Keeps digests only. They have one length, so comparing takes the same time for any guess."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._digests = [hashlib.sha256(token.encode()).digest() for token in tokens]

    async def subject(self, authorization: Sequence[str]) -> str | None:
        digest = hashlib.sha256(_bearer(authorization).encode()).digest()
        # every token is compared with, whichever it is: the time says nothing about the place
        same = [hmac.compare_digest(digest, each) for each in self._digests]
        if not any(same):
            raise Unauthorized("unknown")
        return f"token-{same.index(True) + 1}"

    async def close(self) -> None:
        pass


class _Keys(Protocol):
    async def key(self, kid: str | None, alg: str) -> Any: ...

    async def close(self) -> None: ...


class _OneKey:
    def __init__(self, key: Any) -> None:
        self._key = key

    async def key(self, kid: str | None, alg: str) -> Any:
        return self._key

    async def close(self) -> None:
        pass


class _SignedTokens:
    """Checks each token anew: 0.2 to 0.4 ms, little beside the connect that follows.

    A memory of verified tokens would seldom help, since a caller connects once in a while.
    """

    def __init__(self, settings: AuthSettings, keys: _Keys, clock: LoopClock) -> None:
        self._settings = settings
        self._algorithms = accepted_algorithms(settings)
        self._keys = keys
        self._clock = clock

    async def subject(self, authorization: Sequence[str]) -> str | None:
        token = _bearer(authorization)
        kid, alg = self._header(token)
        key = await self._keys.key(kid, alg)
        claims = self._claims(token, key, alg)
        check_times(claims, now=self._clock.wall(), leeway_s=self._settings.leeway_s)
        return caller_name(claims)

    async def close(self) -> None:
        await self._keys.close()

    def _header(self, token: str) -> tuple[str | None, str]:
        """Return the key's name and the algorithm. Nothing is verified yet."""
        import jwt

        if not _JWT_FORM.fullmatch(token):
            raise Unauthorized("malformed")
        with _refusing_junk():
            header = jwt.get_unverified_header(token)
        kid, alg = header.get("kid"), header.get("alg")
        if not isinstance(alg, str) or alg not in self._algorithms:
            raise Unauthorized("algorithm not accepted")
        if not isinstance(kid, str | None) or "crit" in header:  # we know no extension
            raise Unauthorized("malformed")
        return kid, alg

    def _claims(self, token: str, key: Any, alg: str) -> dict[str, Any]:
        """Return what a token says whose signature, issuer and audience are right."""
        import jwt

        with _refusing_junk():
            return jwt.decode(
                token,
                key,
                algorithms=[alg],
                issuer=self._settings.issuer or None,
                audience=self._settings.audience or None,
                options={
                    "require": ["exp", "sub"],
                    **{"verify_exp": False, "verify_nbf": False, "verify_iat": False},
                },
            )


@contextmanager
def _refusing_junk() -> Iterator[None]:
    """Turn whatever a token makes the library raise into one of our own short texts.

    Nested or oversized JSON gets through some of its versions as errors of Python itself.
    """
    import jwt

    try:
        yield
    except jwt.MissingRequiredClaimError as error:
        raise Unauthorized(f"no {error.claim}") from None
    except jwt.InvalidIssuerError:
        raise Unauthorized("wrong iss") from None
    except jwt.InvalidAudienceError:
        raise Unauthorized("wrong aud") from None
    except jwt.InvalidSignatureError:
        raise Unauthorized("bad signature") from None
    except (jwt.PyJWTError, ArithmeticError, RecursionError, TypeError, ValueError):
        raise Unauthorized("malformed") from None


def check_times(claims: Mapping[str, Any], *, now: float, leeway_s: float) -> None:
    """Do nothing if a token with these claims is good at `now` (POSIX seconds).

    The library reads the system's clock for this, so it is done here: good from `nbf` and `iat`
    until just before `exp`, each moved by the leeway in the token's favour.

    Raises:
        Unauthorized: too late, too early, or a time that is no number.
    """
    instants = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    for value in instants.values():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not -_LAST_INSTANT < value < _LAST_INSTANT:  # not true of nan, either
            raise Unauthorized("a time is no number of seconds")
    if now >= instants["exp"] + leeway_s:
        raise Unauthorized("expired")
    if any(now < instants[name] - leeway_s for name in ("nbf", "iat") if name in instants):
        raise Unauthorized("not valid yet")


def caller_name(claims: Mapping[str, Any]) -> str:
    """Return `jwt-` and 16 hex digits, a digest of `iss` and `sub`.

    A digest, because a subject is often a mail address, and the name goes to logs and to shared
    memory; 64 bits keep callers apart. `iss` is in it since subjects are unique per issuer only;
    what separates the two is not printable, so it occurs in neither.

    Raises:
        Unauthorized: `sub` is not 1 to 256 printable characters, or `iss` is no text.
    """
    issuer, subject = claims.get("iss", ""), claims["sub"]
    if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT):
        raise Unauthorized("sub is not 1 to 256 characters")
    if not (isinstance(issuer, str) and (issuer + subject).isprintable()):
        raise Unauthorized("iss or sub is no printable text")
    return "jwt-" + hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:16]
