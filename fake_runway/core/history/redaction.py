"""Covering secrets before anything is remembered, and again whenever it is shown.

What is a secret: the caller's API secret wherever it stands beside its header, session keys, real
API keys, access tokens (JWTs), and in the integrations of a create the token and all of an address
but its host. What was covered stays valid enough to be applied again, since a replay does.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

COVERED = "[covered]"

_KEYS = re.compile(
    r"stk_[0-9a-f]{12}_[0-9a-f]{32}|key_[0-9a-f]{128}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+",
    re.IGNORECASE,
)
_SHORTEST_SECRET = 4  # a shorter one stands in any text by chance
_IN_REPLIES = frozenset({"sessionKey", "token"})
_INTEGRATIONS = ("integration", "livekit")


def redacted_text(text: str, secret: str) -> str:
    """Return `text` without the caller's secret and without keys, percent-encoded ones too."""
    plain = unquote(text) if "%" in text else text
    covered = _KEYS.sub(COVERED, plain)
    if len(secret) >= _SHORTEST_SECRET and not secret.startswith("fake."):
        covered = covered.replace(secret, COVERED)
    return text if covered == plain else covered


def holds_secret(text: str, secret: str) -> bool:
    """Tell whether something in `text` would be covered."""
    return redacted_text(text, secret) != text


def redacted_body(body: Mapping[str, Any], secret: str) -> Mapping[str, Any]:
    """Return a request's body without secrets; the same object if there are none."""
    covered = {
        key: _integration(value, secret)
        if key in _INTEGRATIONS and isinstance(value, dict)
        else _covered(value, secret)
        for key, value in body.items()
    }
    return body if covered == body else covered


def _integration(part: Mapping[str, Any], secret: str) -> dict[str, Any]:
    return {key: _of_integration(key, value, secret) for key, value in part.items()}


def _of_integration(key: str, value: Any, secret: str) -> Any:
    if not isinstance(value, str):
        return _covered(value, secret)
    if key == "token":
        return "*" * len(value)
    if key in ("url", "signedUrl"):
        return _host_alone(value)
    return redacted_text(value, secret)


def _host_alone(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "://covered/covered"
    return f"{parts.scheme}://{parts.hostname or 'covered'}{port}/covered"


def _covered(value: Any, secret: str) -> Any:
    match value:
        case str():
            return redacted_text(value, secret)
        case dict():
            return {key: _covered(each, secret) for key, each in value.items()}
        case list():
            return [_covered(each, secret) for each in value]
        case _:
            return value


def redacted_reply(reply: object) -> object:
    """Return the body of an answer without keys and tokens."""
    if not isinstance(reply, dict) or _IN_REPLIES.isdisjoint(reply):
        return reply
    return {
        key: COVERED if key in _IN_REPLIES and isinstance(value, str) else value
        for key, value in reply.items()
    }
