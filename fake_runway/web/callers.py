"""What a request says of its caller: the bearer token, and the name of a world.

The Runway API and the admin API read both alike.
"""

from collections.abc import Mapping

WORLD_HEADERS = ("X-Fake-World", "X-Test-Id")


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token after `Bearer ` in the Authorization header, empty if there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" or scheme.lower() == "bearer" else ""


def named(in_path: str | None, headers: Mapping[str, str]) -> str | None:
    """Return the world that a request names in its path, else in a header; None if it names none.

    An empty header is no missing one: it is refused as a malformed name, since it is usually an
    unset variable.
    """
    if in_path is not None:
        return in_path
    name = headers.get(WORLD_HEADERS[0])
    return headers.get(WORLD_HEADERS[1]) if name is None else name
