"""How a secret is spelled where it leaks."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote

_CREDENTIALS = ("auth", "cookie", "token", "key", "secret", "session")
_SHORTEST_TOKEN = 6


def spellings(secret: str) -> Iterator[str]:
    """Yield the likely spellings of a secret in bodies, headers and logs; none if it is empty."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")


def tokens_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the credentials in headers that a caller sends.

    The values of headers whose name says so: without their scheme, and each cookie by itself.
    """
    found = []
    for name, value in headers.items():
        if not any(word in name.lower() for word in _CREDENTIALS):
            continue
        if name.lower() == "cookie":
            found += [cookie.partition("=")[2].strip() for cookie in value.split(";")]
        else:
            found.append(value.rpartition(" ")[2])
    return tuple(each for each in found if len(each) >= _SHORTEST_TOKEN)
