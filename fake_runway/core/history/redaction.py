"""Redaction of secrets: of requests before they are journalled, of replies when they are rendered.

Secrets are: the caller's API secret wherever it appears outside its header, session keys, real API
keys, access tokens (JWTs), and in the integrations of a create the token and all of an address but
its host. A redacted request stays valid, because a replay applies it again.
"""

import re
from collections.abc import Mapping
from itertools import product
from string import hexdigits
from typing import Any
from urllib.parse import urlsplit

REDACTED = "[covered]"

_KEYS = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}|key_[0-9a-f]{128}", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
_BYTE = {
    f"{high}{low}".encode(): bytes.fromhex(high + low) for high, low in product(hexdigits, repeat=2)
}
_TOKEN = r"(?:(?!eyJ)[\w-])*+eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]"
# The second branch skips words that hold no token, many at once: else each eyJ in a word would look
# through the rest of it, and each word would be a match of its own.
_JWT = re.compile(
    r"(?P<before>(?:(?!eyJ)[\w-])*+)eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]++)++"
    rf"|(?:(?!{_TOKEN})[\w-]++[^\w-]*+)++",
    re.IGNORECASE,
)
# what begins a key or a token, is encoded, or escaped, or what integrations are in
_SUSPICIOUS = re.compile(rb"stk_|key_|eyj|[%\\\x80-\xff]|integration|livekit", re.IGNORECASE)
_SHORTEST_SECRET = 4  # shorter ones occur in any text by chance
_IN_REPLIES = frozenset({"sessionKey", "token"})
_INTEGRATIONS = ("integration", "livekit")


def redacted_text(text: str, secret: str) -> str:
    """Return `text` without the caller's secret and without keys, percent-encoded ones too."""
    plain = _decoded(text) if "%" in text else text
    redacted = _KEYS.sub(REDACTED, plain) if "_" in plain else plain
    if "eyj" in redacted.lower():
        redacted = _JWT.sub(_without_token, redacted)
    if len(secret) >= _SHORTEST_SECRET and not secret.startswith("fake."):
        redacted = redacted.replace(secret, REDACTED)
    return text if redacted == plain else redacted


def redacted_header(text: str, secret: str) -> str:
    """Return a header without secrets, and without what cannot be written as JSON: no UTF-8."""
    redacted = redacted_text(text, secret)
    return redacted if redacted.isascii() else redacted.encode(errors="replace").decode()


def redacted_query(query: Mapping[str, str], secret: str) -> Mapping[str, str]:
    """Return the parameters of a query with their values redacted."""
    return query and {name: redacted_text(text, secret) for name, text in query.items()}


def _decoded(text: str) -> str:
    """Return `text` with its percent-escapes decoded; other percent signs stay.

    `urllib` does the same, and needs a second for the escapes that a body has room for.
    """
    parts = _ESCAPE.split(text.encode(errors="surrogateescape"))
    parts[1::2] = map(_BYTE.__getitem__, parts[1::2])
    return b"".join(parts).decode(errors="replace")


def _without_token(match: re.Match[str]) -> str:
    before = match["before"]
    return match[0] if before is None else f"{before}{REDACTED}"


def holds_secret(text: str, secret: str) -> bool:
    """Return whether `redacted_text` would change `text`."""
    return redacted_text(text, secret) != text


def holds_nothing_secret(raw: bytes, secret: str) -> bool:
    """Return whether `redacted_body` surely leaves the JSON object in `raw` as it is.

    A create is looked at here in a fiftieth of the time, and most of them hold nothing.
    """
    if _SUSPICIOUS.search(raw) is not None:
        return False
    return len(secret) < _SHORTEST_SECRET or secret.encode(errors="surrogatepass") not in raw


def redacted_body(body: Mapping[str, Any], secret: str) -> Mapping[str, Any]:
    """Return a request's body without secrets, in keys too; the same object if there are none."""
    redacted = {
        redacted_text(key, secret): {
            redacted_text(name, secret): _of_integration(name, each, secret)
            for name, each in value.items()
        }
        if key in _INTEGRATIONS and isinstance(value, dict)
        else _redacted(value, secret)
        for key, value in body.items()
    }
    return body if redacted == body else redacted


def _of_integration(key: str, value: Any, secret: str) -> Any:
    if not isinstance(value, str):
        return _redacted(value, secret)
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


def _redacted(value: Any, secret: str) -> Any:
    match value:
        case str():
            return redacted_text(value, secret)
        case dict():
            return {
                redacted_text(key, secret): _redacted(each, secret) for key, each in value.items()
            }
        case list():
            return [_redacted(each, secret) for each in value]
        case _:
            return value


def redacted_reply(reply: object) -> object:
    """Return the body of an answer without keys and tokens."""
    if not isinstance(reply, dict) or _IN_REPLIES.isdisjoint(reply):
        return reply
    return redacted_object(reply)


def redacted_object(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a JSON object that is answered without keys and tokens."""
    redacted = dict(reply)
    for key in _IN_REPLIES:
        if isinstance(reply.get(key), str):
            redacted[key] = REDACTED
    return redacted
