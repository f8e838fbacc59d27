"""Which requests are the admin API's.

Apart from the handler, which is imported with the first of them: see `server/app.py`.
"""

from fake_runway.web.paths import Path

ROOT = "/__admin"
METRICS = ("metrics",)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The names of this machine."""

_PUBLIC = frozenset({("health",), ("ready",), METRICS})
_FIRST_SEGMENT = (ROOT.removeprefix("/"),)


def owns(path: Path) -> bool:
    """Return whether the admin API answers `path`; the Runway API answers all others."""
    return is_public(path) or path.in_world[:1] == _FIRST_SEGMENT


def is_public(path: Path) -> bool:
    """Return whether everyone may ask for `path`: health and metrics of the server."""
    return path.segments in _PUBLIC and not path.ends_in_slash
