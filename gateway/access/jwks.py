"""The public keys that tokens are checked with: from PEM text, or from a provider's key set (JWKS).

Callers must not steer the gateway's requests. A token names its key with a `kid` that any client
can make up, and a real new key looks the same at first. Every unknown name may therefore cause a
fetch, but all callers share one, and none begins sooner than `RETRY_S` after the one before it.

When the provider is down, the keys known last stay valid without an end: an attacker who can
silence a provider must not lock out every caller.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import orjson

from gateway.clock import LoopClock
from gateway.errors import AuthUnavailable, Unauthorized

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt import PyJWK

    PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey

LIFETIME_S = 600.0
SHORTEST_LIFETIME_S, LONGEST_LIFETIME_S = 60.0, 3600.0
RETRY_S = 10.0
FETCH_S = 5.0
LONGEST_SET = 1 << 18  # bytes
MOST_KEYS = 100
RSA_BITS = (2048, 8192)  # below: can be broken; above: checking a token costs too much

_log = logging.getLogger("gateway")
_MAX_AGE = re.compile(r'(?<![\w-])max-age="?(\d{1,9})', re.IGNORECASE)  # and not s-maxage


class _Unusable(ValueError):
    """The provider answers with something that is no key set. The text is ours alone."""


def public_key(pem: str) -> "PublicKey":
    """Return the key in PEM text.

    Raises:
        ValueError: it is no public key, or one that no accepted algorithm goes with; the message
            shows nothing of it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "PRIVATE KEY" in pem:
        raise ValueError("it is a private key: give its public half, and keep this one secret")
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is no public key in PEM form (BEGIN PUBLIC KEY)") from None
    algorithm_of(key)
    return key  # type: ignore[return-value] # algorithm_of lets no other type pass


def algorithm_of(key: object) -> str:
    """Return the one algorithm that goes with a public key: RS256 or ES256.

    One key, one algorithm: a token's header never decides what a key is used for.

    Raises:
        ValueError: RSA of another size than `RSA_BITS`, a curve that is not P-256, or neither.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    shortest, longest = RSA_BITS
    if isinstance(key, RSAPublicKey) and shortest <= key.key_size <= longest:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    raise ValueError(f"expected an RSA key of {shortest} to {longest} bits, or one on P-256")


def read_keys(body: bytes) -> "tuple[PyJWK, ...]":
    """Return the usable keys of a key set: shape `{"keys": [JWK, ...]}`, the first `MOST_KEYS`.

    Others are left out: a set may hold keys for other uses. A symmetric key would let everyone who
    can read the set sign, and so would a private one.

    Raises:
        ValueError: the body is no key set at all.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Unusable("no JSON") from None
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise _Unusable("no key set")
    return tuple(key for jwk in keys[:MOST_KEYS] if (key := _usable(jwk)))


def _usable(jwk: object) -> "PyJWK | None":
    import jwt

    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    kid, uses = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str | None) or not isinstance(uses, list) or "verify" not in uses:
        return None
    try:
        key = jwt.PyJWK(jwk)
        alg = algorithm_of(key.key)  # the library also reads symmetric keys and other curves
    except (jwt.PyJWTError, ArithmeticError, LookupError, TypeError, ValueError):
        return None  # numbers that make no key
    except NotImplementedError:
        return None  # the algorithm `none`
    return key if alg == key.algorithm_name == jwk.get("alg", alg) else None


def lifetime_s(cache_control: str) -> float:
    """Return how long a set may be used, in seconds, by the `Cache-Control` of its answer.

    Within bounds: a careless header must cause neither a flood nor a key that never goes away.
    """
    asked = _MAX_AGE.search(cache_control)
    if asked is None:
        return LIFETIME_S
    return min(max(float(asked[1]), SHORTEST_LIFETIME_S), LONGEST_LIFETIME_S)


class KeySet:
    """The keys that an identity provider publishes at `url`, fetched when they are needed.

    Close it before `http`. Redirects are not followed: the operator names the final address.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession, clock: LoopClock) -> None:
        self._url = url
        self._host = urlsplit(url).hostname or ""  # the rest may hold what no log should
        self._http = http
        self._clock = clock
        self._keys: tuple[PyJWK, ...] = ()
        self._fresh_until = float("-inf")
        self._next_fetch_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._is_down = False

    async def key(self, kid: str | None, alg: str) -> "PublicKey":
        """Return the key with this name for this algorithm.

        Without a name it has to be the only key for the algorithm.

        Raises:
            Unauthorized: the provider has no such key.
            AuthUnavailable: the provider cannot be reached, so that is not known.
        """
        key = self._find(kid, alg)
        if key is None or self._clock.now() >= self._fresh_until:
            fetch = self._fetch()
            if fetch is not None and (key is None or not self._is_down):
                await asyncio.wait({fetch})  # a caller who leaves does not cancel it for others
                key = self._find(kid, alg)
        if key is not None:
            return key
        if self._is_down or not self._keys:
            wait = self._next_fetch_at - self._clock.now()
            raise AuthUnavailable(retry_after_s=max(wait, 0.0))
        raise Unauthorized("unknown key")

    async def close(self) -> None:
        """End the fetch that runs, if there is one."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    def _find(self, kid: str | None, alg: str) -> "PublicKey | None":
        keys = (each for each in self._keys if each.algorithm_name == alg)
        fitting = [each.key for each in keys if kid in (None, each.key_id)]
        return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None

    def _fetch(self) -> asyncio.Task[None] | None:
        """Return the fetch that runs, or a new one; None if it is too early for another."""
        if self._fetching is None or self._fetching.done():
            now = self._clock.now()
            if now < self._next_fetch_at:
                return None
            self._next_fetch_at = now + RETRY_S
            self._fetching = asyncio.create_task(self._refresh())
        return self._fetching

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_S):
                body, lifetime = await self._download()
            keys = read_keys(body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._complain(str(error) if isinstance(error, _Unusable) else type(error).__name__)
            return
        self._keys = keys
        if not keys:  # believed, because keys may have been withdrawn, but fetched again soon
            self._complain("no usable key")
            return
        self._fresh_until = self._clock.now() + lifetime
        if self._is_down:
            self._is_down = False
            _log.info("keys of tokens can be fetched from %s again", self._host)

    async def _download(self) -> tuple[bytes, float]:
        headers = {"Accept": "application/json"}
        async with self._http.get(self._url, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                raise _Unusable(f"HTTP {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > LONGEST_SET:
                    raise _Unusable("too long")
        return bytes(body), lifetime_s(",".join(response.headers.getall("Cache-Control", ())))

    def _complain(self, reason: str) -> None:
        if not self._is_down:
            self._is_down = True
            _log.warning("cannot fetch the keys of tokens from %s: %s", self._host, reason)
