"""What an operator says about who may connect, and whether that makes sense."""

import re
from dataclasses import dataclass, fields
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.access.jwks import algorithm_of, public_key
from gateway.settings import SETTING, file_text, number, one_of, setting, some_text, words

PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256")
LONGEST_TOKEN = 8 * 1024  # characters
SHORTEST_STATIC_TOKEN = 16  # characters
SHORTEST_SECRET = 32  # bytes: as long as the hash, or guessing the secret is the easier attack
LONGEST_LEEWAY_S = 300.0
TOKEN68 = r"[A-Za-z0-9._~+/-]+=*"


class Mode(Enum):
    """How callers show who they are."""

    NONE = "none"
    BEARER = "bearer"
    JWT = "jwt"


def parse_algorithms(text: str) -> tuple[str, ...]:
    """Return the algorithms in a comma separated list, each once: HS256, RS256, ES256."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in ("HS256", *PUBLIC_KEY_ALGORITHMS):
            raise ValueError(f"{name!r} is none of HS256, RS256 and ES256")
    return names


def parse_jwks_url(text: str) -> str:
    """Return the URL of a key set: https, or http to this very machine.

    An attacker who can change the answer on its way can sign in as any caller.

    Raises:
        ValueError: it is another URL or none; the message does not show it.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # a ValueError if it is no number
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
    """Return whether a host's name or address is this machine whatever the network says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may connect. Each field says in its setting what it may hold.

    Attributes:
        tokens: for mode bearer; several, so that they can be rotated.
        jwt_secret: its UTF-8 bytes are the key.
        jwt_public_key: PEM text.
        issuer, audience: empty: a token needs no `iss`, and must have no `aud`, since one that has
            is meant for another service.
    """

    mode: Mode = setting(
        "GATEWAY_AUTH=none",
        one_of(Mode),
        "`none`, `bearer` or `jwt`: how callers show who they are",
    )
    tokens: tuple[str, ...] = setting(
        "GATEWAY_AUTH_TOKENS=",
        words,
        f"tokens of {SHORTEST_STATIC_TOKEN} characters or more for bearer, comma separated",
        secret=True,
    )
    jwt_secret: str = setting(
        "GATEWAY_JWT_SECRET",
        str,
        f"the secret of HS256, {SHORTEST_SECRET} bytes or more",
        secret=True,
    )
    jwt_public_key: str = setting(
        "GATEWAY_JWT_PUBLIC_KEY_FILE",
        file_text,
        "a PEM file with the public key of RS256 or ES256",
        shown=False,  # it might be a private one, by mistake
    )
    jwks_url: str = setting(
        "GATEWAY_JWT_JWKS_URL", parse_jwks_url, "the https URL of a key set for RS256 and ES256"
    )
    algorithms: tuple[str, ...] = setting(
        "GATEWAY_JWT_ALGORITHMS",
        parse_algorithms,
        "fewer algorithms than go with the key, comma separated",
        unset=(),
    )
    issuer: str = setting(
        "GATEWAY_JWT_ISSUER",
        some_text,
        "the claim iss that a token must have; without it any issuer passes",
    )
    audience: str = setting(
        "GATEWAY_JWT_AUDIENCE",
        some_text,
        "the claim aud that a token must have; without it a token with an aud is rejected",
    )
    leeway_s: float = setting(
        "GATEWAY_JWT_LEEWAY=30",
        number(float, 0, LONGEST_LEEWAY_S),
        f"the seconds that clocks may differ, 0 to {LONGEST_LEEWAY_S:g}",
    )


def check(settings: AuthSettings) -> None:
    """Do nothing if the settings make sense together.

    Settings of a mode that is not on are rejected, too: tokens without the mode that asks for them
    would let every caller in.

    Raises:
        ValueError: they do not; the message names the variables to change and shows no secret.
    """
    mode = settings.mode
    for each in fields(settings):
        owner = {"mode": mode, "tokens": Mode.BEARER}.get(each.name, Mode.JWT)
        if owner is not mode and getattr(settings, each.name) != each.default:
            variable = each.metadata[SETTING].variable
            raise ValueError(
                f"{variable} is set, but GATEWAY_AUTH is {mode.value}:"
                f" set GATEWAY_AUTH to {owner.value}, or remove {variable}"
            )
    if mode is Mode.BEARER:
        _check_tokens(settings.tokens)
    if mode is Mode.JWT:
        _check_jwt(settings)


def accepted_algorithms(settings: AuthSettings) -> tuple[str, ...]:
    """Return the algorithms for the key of mode jwt; never HS256 beside those of public keys.

    With both, anyone could sign by HS256 with the public key as the secret.

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
            raise ValueError(f"GATEWAY_JWT_PUBLIC_KEY_FILE: {error}") from None
    if not set(settings.algorithms) <= set(fitting):
        raise ValueError(
            f"GATEWAY_JWT_ALGORITHMS: only {' and '.join(fitting)} can go with this key"
        )
    return settings.algorithms or fitting


def _check_tokens(tokens: tuple[str, ...]) -> None:
    if not tokens:
        raise ValueError("GATEWAY_AUTH is bearer, which needs GATEWAY_AUTH_TOKENS")
    for place, token in enumerate(tokens, start=1):
        if not SHORTEST_STATIC_TOKEN <= len(token) <= LONGEST_TOKEN:
            bounds = f"{SHORTEST_STATIC_TOKEN} to {LONGEST_TOKEN}"
            raise ValueError(f"GATEWAY_AUTH_TOKENS: number {place} needs {bounds} characters")
        if not re.fullmatch(TOKEN68, token):
            raise ValueError(
                f"GATEWAY_AUTH_TOKENS: number {place} may hold letters, digits and ._~+/- only"
            )
    if len(set(tokens)) < len(tokens):
        raise ValueError("GATEWAY_AUTH_TOKENS: one is there twice")


def _check_jwt(settings: AuthSettings) -> None:
    sources = {
        "GATEWAY_JWT_SECRET": settings.jwt_secret,
        "GATEWAY_JWT_PUBLIC_KEY_FILE": settings.jwt_public_key,
        "GATEWAY_JWT_JWKS_URL": settings.jwks_url,
    }
    given = [variable for variable, value in sources.items() if value]
    if len(given) != 1:
        raise ValueError(
            f"GATEWAY_AUTH is jwt, which needs exactly one of {', '.join(sources)};"
            f" got {' and '.join(given) or 'none'}"
        )
    if settings.jwt_secret:
        _check_secret(settings.jwt_secret)
    if settings.jwks_url:
        parse_jwks_url(settings.jwks_url)
    accepted_algorithms(settings)
    if not 0 <= settings.leeway_s <= LONGEST_LEEWAY_S:
        raise ValueError(f"GATEWAY_JWT_LEEWAY must be from 0 to {LONGEST_LEEWAY_S:g}")


def _check_secret(secret: str) -> None:
    import jwt
    from jwt.algorithms import HMACAlgorithm

    if not secret.isprintable():  # a file's last line break, or bytes that are no text
        raise ValueError("GATEWAY_JWT_SECRET holds characters that are not printable")
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ValueError(f"GATEWAY_JWT_SECRET needs {SHORTEST_SECRET} bytes or more")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError:
        raise ValueError(
            "GATEWAY_JWT_SECRET looks like a public key or a JWK, not a secret"
        ) from None
