"""Who may use the admin API, and see the pages that use it.

The server listens on the loopback address by default; on any other address every admin request
needs the admin token. A web page in a browser of this machine must not use the API either: the Host
has to be a name of this machine (which the page's own domain is not, even if it resolves to
127.0.0.1), and an Origin has to be the server's own.
"""

import hmac
from dataclasses import dataclass, field

from aiohttp import web

from fake_runway.admin_api.paths import LOOPBACK
from fake_runway.web.errors import RequestRefused

TOKEN_HEADER = "X-Fake-Admin-Token"


class NotAllowed(RequestRefused):
    """An admin request from another machine or from a web page."""

    code = "not_allowed"
    status = 403


class NoToken(RequestRefused):
    """A missing or wrong admin token."""

    code = "admin_token_required"
    status = 401


@dataclass(frozen=True, slots=True)
class Access:
    """What a server demands of admin requests.

    Attributes:
        token: required in every admin request; None: the Host has to be of this machine instead.
        hosts: names of this machine, besides those of the loopback address.
    """

    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] = frozenset()

    def check(self, request: web.BaseRequest) -> None:
        """Reject a request from another machine, from a web page, or without the token.

        Raises:
            NoToken, NotAllowed.
        """
        if self.token is not None:
            token = request.headers.get(TOKEN_HEADER, "")
            if not hmac.compare_digest(token.encode(errors="replace"), self.token.encode()):
                raise NoToken(f"Expected the header {TOKEN_HEADER} with the server's admin token.")
        else:
            self._check_host(request)
        _check_origin(request)
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise NotAllowed("Expected a request that no other web page made.")

    def check_page(self, request: web.BaseRequest) -> None:
        """Reject a request for a page, or for a part of it, that another web page makes.

        The page asks for the token itself, and links from elsewhere may lead to it.

        Raises:
            NotAllowed.
        """
        if self.token is None:
            self._check_host(request)
        _check_origin(request)
        of_another = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if of_another and request.headers.get("Sec-Fetch-Dest") != "document":
            raise NotAllowed("Expected a request that no other web page made.")

    def _check_host(self, request: web.BaseRequest) -> None:
        if _host(request) not in LOOPBACK | self.hosts:
            raise NotAllowed("Expected a Host header that names this machine.")


def _check_origin(request: web.BaseRequest) -> None:
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    if origin is not None and origin != own:
        raise NotAllowed("Expected no Origin but the server's own, got another.")


def _host(request: web.BaseRequest) -> str:
    host = request.headers.get("Host", "")
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
