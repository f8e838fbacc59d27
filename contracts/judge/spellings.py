"""How a secret is spelled where it leaks."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote

PART = 8
"""So many characters in a row show which secret it is."""
_LONGEST = 256  # a secret of more characters is recognised by its beginning
_CREDENTIALS = ("auth", "cookie", "token", "key", "secret", "session")
_SHORTEST_TOKEN = 6


def spellings(secret: str) -> Iterator[str]:
    """Yield the likely spellings of a secret in bodies, headers and logs; none if it is empty."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield secret.encode().hex()
    yield secret.encode().hex().upper()
    yield secret[::-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")
        for before in (1, 2):  # as a part of a text, such as `user:secret`
            inside = encode(b"-" * before + secret.encode()).decode()[before + 1 :]
            if len(inside := inside.rstrip("=")[:-1]) >= PART:
                yield inside


def has_part(text: str, secret: str) -> bool:
    """Tell whether a text has some characters in a row of a secret.

    Parts without a digit do not count: they may be words.
    """
    secret = secret[:_LONGEST]
    parts = (secret[start : start + PART] for start in range(len(secret) - PART + 1))
    return any(part in text for part in parts if any(map(str.isdigit, part)))


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
