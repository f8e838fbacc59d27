"""How a secret may be written where it should not be."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote


def spellings(secret: str) -> Iterator[str]:
    """Yield how a secret looks where it is likely to turn up; nothing for an empty one."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")
