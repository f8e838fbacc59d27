"""What a request says of its caller: the bearer token, and the name of a world.

The Runway API and the admin API read both alike.
"""

import re
from collections.abc import Mapping

NO_HOST = "localhost"
"""Stands for a Host header that is none."""
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")

WORLD_HEADERS = ("X-Fake-World", "X-Test-Id")


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token after `Bearer ` in the Authorization header, empty if there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" or scheme.lower() == "bearer" else ""


def host(headers: Mapping[str, str]) -> str:
    """Return the host at which the caller has reached the fake, with its port."""
    name = headers.get("Host", "")
    return name if _HOST.fullmatch(name) else NO_HOST


def named(in_path: str | None, headers: Mapping[str, str]) -> str | None:
    """Return the world that a request names in its path, else in a header; None if it names none.

    An empty header is no missing one: it is refused as a malformed name, since it is usually an
    unset variable.
    """
    if in_path is not None:
        return in_path
    name = headers.get(WORLD_HEADERS[0])
    return headers.get(WORLD_HEADERS[1]) if name is None else name
