"""CORS: which browsers' pages may call the gateway, by an allow-list of origins. Pure.

A page of another origin may call when its origin is on the list. Cookies are never asked for: a
caller authenticates by an Authorization header, which no browser adds by itself.

Source: the Fetch standard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.settings import words

ANY = "*"
METHODS = "POST"
HEADERS = "authorization, content-type, traceparent, x-request-id"
EXPOSED = "Retry-After, X-Request-Id"
PREFLIGHT_VALID_S = 600


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins whose pages may call: exact, or any. Empty: no page of another origin may."""

    allowed: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Origins":
        """Build from a comma separated list of origins such as `https://app.example.com`, or `*`.

        Raises:
            ValueError: an entry is no origin as browsers send it.
        """
        origins = frozenset(words(text))
        for origin in origins - {ANY}:
            _check(origin)
        if ANY in origins and len(origins) > 1:
            raise ValueError("`*` stands for every origin and so stands alone")
        return cls(origins)

    def headers(self, origin: str | None) -> dict[str, str]:
        """Return the headers of any answer to a page of `origin`."""
        if not self.allowed:
            return {}
        if ANY in self.allowed:
            return {"Access-Control-Allow-Origin": ANY, "Access-Control-Expose-Headers": EXPOSED}
        headers = {"Vary": "Origin"}  # for other origins too: a cache must not mix up the answers
        if origin is not None and origin in self.allowed:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = EXPOSED
        return headers

    def preflight(self, request: Mapping[str, str]) -> dict[str, str] | None:
        """Return the headers that answer a preflight; None if the request is none.

        Args:
            request: the headers of an OPTIONS request, by their names in any case.
        """
        origin = request.get("Origin")
        if not self.allowed or origin is None or "Access-Control-Request-Method" not in request:
            return None
        headers = self.headers(origin)
        if "Access-Control-Allow-Origin" in headers:
            del headers["Access-Control-Expose-Headers"]
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = HEADERS
            headers["Access-Control-Max-Age"] = str(PREFLIGHT_VALID_S)
        return headers


def _check(origin: str) -> None:
    none = ValueError(f"no origin: {origin!r}; one looks like https://app.example.com")
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise none from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise none
    if origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
        raise ValueError(f"{origin!r} has more than scheme, host and port")
    default = {"http": 80, "https": 443}[parts.scheme]
    if origin != origin.lower() or port == default or not origin.isascii():
        raise ValueError(f"{origin!r}: browsers send it in lower case without the default port")
