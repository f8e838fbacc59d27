"""What an operator says about who may connect, and whether that makes sense."""

import re
from dataclasses import dataclass, field, fields
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.access.jwks import algorithm_of, public_key

PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256")
LONGEST_TOKEN = 8 * 1024  # characters
SHORTEST_STATIC_TOKEN = 16  # characters
SHORTEST_SECRET = 32  # bytes: as long as the hash, or guessing the secret is the easier attack
LONGEST_LEEWAY_S = 300.0
TOKEN68 = r"[A-Za-z0-9._~+/-]+=*"


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
            bounds = f"{SHORTEST_STATIC_TOKEN} to {LONGEST_TOKEN}"
            raise ValueError(f"tokens: number {place} needs {bounds} characters")
        if not re.fullmatch(TOKEN68, token):
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
