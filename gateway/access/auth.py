"""Authentication: none, by one of the operator's tokens, or by a signed token (JWT) of a person.

Limits and logs get a name that tells callers apart and does not show who they are. No text here
holds a word of what the caller sent.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from gateway.access.jwks import KeySet, public_key
from gateway.access.settings import (
    LONGEST_TOKEN,
    TOKEN68,
    AuthSettings,
    Mode,
    accepted_algorithms,
    check,
)
from gateway.clock import LoopClock
from gateway.errors import Unauthorized

if TYPE_CHECKING:
    from gateway.access.jwks import PublicKey

LONGEST_SUBJECT = 256  # characters
TIMES = ("exp", "nbf", "iat")  # the claims that say when a token is valid
MOST_REMEMBERED = 10_000  # verified tokens, some 500 bytes each

_BEARER = re.compile(rf"bearer +({TOKEN68})", re.IGNORECASE | re.ASCII)  # no Kelvin sign for k
_JWT_FORM = re.compile(r"(?:[A-Za-z0-9_-]+\.){2}[A-Za-z0-9_-]+")
_LAST_INSTANT = 1e11  # POSIX seconds, year 5138: an `exp` in milliseconds would be later


class Authenticator:
    """Authenticates callers, and names them. This one lets every caller in without a name."""

    async def subject(self, authorization: Sequence[str]) -> str | None:
        """Return the caller's name, the same each time; None if callers are not authenticated.

        Args:
            authorization: the value of every `Authorization` header of the request.

        Raises:
            Unauthorized: there is no token, or an invalid one.
            AuthUnavailable: the token cannot be checked, because the keys are unavailable.
        """
        return None

    async def close(self) -> None:
        """End what runs in the background. Call before the HTTP session is closed."""


def authenticator(
    settings: AuthSettings, http: aiohttp.ClientSession, clock: LoopClock
) -> Authenticator:
    """Return the authenticator for these settings.

    Args:
        http: for fetching a key set, if there is one; without a base URL.

    Raises:
        ValueError: as `check`.
    """
    check(settings)
    if settings.mode is Mode.NONE:
        return Authenticator()
    if settings.mode is Mode.BEARER:
        return _StaticTokens(settings.tokens)
    if settings.jwks_url:
        return _SignedTokens(settings, KeySet(settings.jwks_url, http, clock), clock)
    secret = settings.jwt_secret.encode()
    return _SignedTokens(settings, secret or public_key(settings.jwt_public_key), clock)


def _bearer(authorization: Sequence[str]) -> str:
    """Return the one bearer token. Another scheme counts as none: a proxy may have added it."""
    if len(authorization) > 1:
        raise Unauthorized("more than one Authorization header")
    (text,) = authorization or ("",)
    if text[:7].lower() != "bearer ":
        raise Unauthorized
    if len(text) > LONGEST_TOKEN + 7:
        raise Unauthorized("too long")
    form = _BEARER.fullmatch(text)
    if form is None:
        raise Unauthorized("malformed")
    return form[1]


class _StaticTokens(Authenticator):
    """Keeps digests only: of one length, so that any guess takes the same time to compare."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._digests = [hashlib.sha256(token.encode()).digest() for token in tokens]

    async def subject(self, authorization: Sequence[str]) -> str | None:
        digest = hashlib.sha256(_bearer(authorization).encode()).digest()
        # compared with every token, so that the time shows nothing about the place
        same = [hmac.compare_digest(digest, each) for each in self._digests]
        if not any(same):
            raise Unauthorized("unknown")
        return f"token-{same.index(True) + 1}"


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token whose form, signature and claims are good. Its times are compared at each use.

    Attributes:
        kid, alg: of the token's header.
        key: verified the signature.
        times: the claims that `check_times` reads.
        name: the caller's.
    """

    kid: str | None
    alg: str
    key: "PublicKey | bytes"
    times: Mapping[str, Any]
    name: str


class _SignedTokens(Authenticator):
    """Verifies tokens, and remembers those that were good.

    Verifying costs a tenth of a connect, and a page that connects again brings the same token.
    What may change is asked at each use: the time, and the key for the token's `kid`. A token
    counts as verified only by that very key object, and a key set makes new ones at each fetch,
    so a key that was withdrawn or replaced takes its tokens with it, exactly as without memory.
    """

    def __init__(
        self, settings: AuthSettings, keys: "KeySet | PublicKey | bytes", clock: LoopClock
    ) -> None:
        self._settings = settings
        self._algorithms = accepted_algorithms(settings)
        self._keys = keys
        self._clock = clock
        # by digest, so that no token stays in memory; the one unused longest comes first
        self._verified: dict[bytes, _Verified] = {}

    async def subject(self, authorization: Sequence[str]) -> str | None:
        token = _bearer(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.pop(digest, None)  # put back behind the others, if it is still good
        kid, alg = (known.kid, known.alg) if known else self._header(token)
        keys = self._keys
        key = await keys.key(kid, alg) if isinstance(keys, KeySet) else keys
        if known is None or known.key is not key:
            known = self._verify(token, kid, alg, key)
        else:
            self._check_times(known.times)
        if len(self._verified) >= MOST_REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = known
        return known.name

    def _header(self, token: str) -> tuple[str | None, str]:
        """Return `kid` and `alg` of a token's header, if it can be verified at all."""
        import jwt

        if not _JWT_FORM.fullmatch(token):
            raise Unauthorized("malformed")
        with _rejecting_junk():
            header = jwt.get_unverified_header(token)
        if header.get("alg") not in self._algorithms:
            raise Unauthorized("algorithm not accepted")
        if "crit" in header:  # we know no extension
            raise Unauthorized("malformed")
        return header.get("kid"), header["alg"]

    def _verify(self, token: str, kid: str | None, alg: str, key: "PublicKey | bytes") -> _Verified:
        import jwt

        with _rejecting_junk():
            claims = jwt.decode(
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
        self._check_times(claims)
        times = {name: claims[name] for name in TIMES if name in claims}
        return _Verified(kid, alg, key, times, caller_name(claims))

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        check_times(claims, now=self._clock.wall(), leeway_s=self._settings.leeway_s)

    async def close(self) -> None:
        if isinstance(self._keys, KeySet):
            await self._keys.close()


@contextmanager
def _rejecting_junk() -> Iterator[None]:
    """Turn every error that a token causes in the library into one of our own short texts.

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
    """Do nothing if a token with these claims is valid at `now` (POSIX seconds).

    The library reads the system's clock for this, so it is done here: valid from `nbf` and `iat`
    until just before `exp`, each moved by the leeway in the token's favour.

    Raises:
        Unauthorized: too late, too early, or a time that is no number.
    """
    instants = {name: claims[name] for name in TIMES if name in claims}
    for value in instants.values():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) < _LAST_INSTANT:  # not true of nan, either
            raise Unauthorized("a time is no number of seconds")
    if now >= instants["exp"] + leeway_s:
        raise Unauthorized("expired")
    if any(now < instants[name] - leeway_s for name in ("nbf", "iat") if name in instants):
        raise Unauthorized("not valid yet")


def caller_name(claims: Mapping[str, Any]) -> str:
    """Return `jwt-` and 16 hex digits, a digest of `iss` and `sub`.

    A digest, because a subject is often a mail address, and the name goes to logs and to Redis.
    `iss` is in it since subjects are unique per issuer only.

    Raises:
        Unauthorized: `sub` is not 1 to 256 printable characters, or `iss` is no text.
    """
    issuer, subject = claims.get("iss", ""), claims["sub"]
    if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT):
        raise Unauthorized("sub is not 1 to 256 characters")
    if not (isinstance(issuer, str) and (issuer + subject).isprintable()):
        raise Unauthorized("iss or sub is no printable text")
    # the separator is not printable, so it occurs in neither
    return "jwt-" + hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:16]
