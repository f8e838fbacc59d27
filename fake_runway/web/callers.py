"""What a request says of its caller: the bearer token, and the world if it names one.

The Runway API and the admin API read both alike.
"""

from collections.abc import Mapping

WORLD_HEADERS = ("X-Fake-World", "X-Test-Id")


def bearer(headers: Mapping[str, str]) -> str:
    """Return what follows `Bearer ` in the Authorization header, empty if nothing does."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def named(in_path: str | None, headers: Mapping[str, str]) -> str | None:
    """Return the world that a request names in its path, else in a header; None if it names none.

    An empty header names a world, by a name that none can have: somebody forgot to fill it in.
    """
    if in_path is not None:
        return in_path
    return next((headers[header] for header in WORLD_HEADERS if header in headers), None)
