"""Cross-origin rules of the Runway API, which browsers call for consume.

The live API's own headers are unknown. Any origin may call. Errors carry the headers too: without
them a browser shows a bare network error instead of the refusal. A preflight grants the headers
that known clients send, and no others.
"""

from collections.abc import Iterable, Mapping

ORIGIN: Mapping[str, str] = {"Access-Control-Allow-Origin": "*"}

_HEADERS = frozenset(
    {
        "accept",
        "authorization",
        "content-type",
        "x-runway-version",
        "x-fake-world",
        "x-fake-scenario",
        "x-test-id",
    }
)


def preflight(methods: Iterable[str], requested_headers: str) -> dict[str, str]:
    """Return the headers that answer a preflight.

    Args:
        methods: those that the path allows.
        requested_headers: the value of Access-Control-Request-Headers, comma separated.
    """
    names = (name.strip().lower() for name in requested_headers.split(","))
    granted = [name for name in names if name in _HEADERS or name.startswith("x-stainless-")]
    listed = ", ".join(sorted(methods))
    return {
        **ORIGIN,
        "Access-Control-Allow-Methods": listed,
        "Access-Control-Allow-Headers": ", ".join(granted) or "authorization, content-type",
        "Access-Control-Max-Age": "600",
        "Allow": listed,
    }
