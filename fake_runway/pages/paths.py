"""Which requests are for a page or for what a page loads.

Apart from the handler, which is imported with the first of them: see `server/app.py`.
"""

from fake_runway.web.paths import Path

FILES = "__pages"
_FIRST_SEGMENTS = frozenset({(), (FILES,)})
_ADMIN = ("__admin",)


def may_own(path: Path) -> bool:
    """Return whether `owns` can be true of a path outside of the admin API."""
    return path.segments[:1] in _FIRST_SEGMENTS


def owns(path: Path, accept: str) -> bool:
    """Return whether the pages answer `path`.

    At `/` and at `/__admin` that depends on what the client accepts: programs get the answers of
    the APIs there.

    Args:
        accept: the header.
    """
    if path.segments[:1] == (FILES,):
        return True
    if path.in_world == _ADMIN:
        return path.ends_in_slash or is_for_people(accept)
    return not path.segments and is_for_people(accept)


def is_for_people(accept: str) -> bool:
    """Return whether a client asks for a page, as browsers do for an address."""
    return "text/html" in accept.lower()
