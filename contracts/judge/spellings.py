"""How a secret is spelled where it leaks."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote


def spellings(secret: str) -> Iterator[str]:
    """Yield the likely spellings of a secret in bodies, headers and logs; none if it is empty."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")
