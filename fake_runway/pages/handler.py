"""Sends the pages, and what they load.

A page holds no data and no secret: what it shows it asks of the admin API, under the checks there.
A page of another site must not frame it, load its parts or learn that it is here. Its policy lets
it load its own parts alone, and makes the browser refuse to read text as markup or as a script.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from urllib.parse import quote, urlsplit

import orjson
from aiohttp import web

from fake_runway.admin_api.access import Access
from fake_runway.core.errors import Refused
from fake_runway.core.types import Json
from fake_runway.pages.files import PageFile, page_files
from fake_runway.pages.paths import FILES
from fake_runway.web.errors import MethodNotAllowed, UnknownRoute
from fake_runway.web.paths import Path

_DEMO = "demo/index.html"
_SETUP = "setup.json"
# a policy has no form for addresses of IPv6
_ORIGIN = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?")


def policy(connects: Sequence[str] = ()) -> str:
    """Return the Content-Security-Policy of a page.

    Args:
        connects: origins that it may call besides its own.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("connect-src 'self'", *connects)),
            "img-src 'self' data:",
            "media-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache",  # asks again each time, and is told that nothing has changed
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


_SETUP_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def origin_of(url: str) -> str:
    """Return the origin of a URL as a policy has it; empty: it is no address of http."""
    try:
        parts = urlsplit(f"http{url[2:]}" if url.startswith(("ws:", "wss:")) else url)
    except ValueError:  # half of a bracket
        return ""
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if _ORIGIN.fullmatch(origin) else ""


class PagesHandler:
    """The handler of every request that `paths.owns` says is for a page.

    Args:
        called: the URLs that the demo page calls besides this server, as far as it knows: the
            endpoint beside it, and where its rooms are.
        told: what the demo page is told about this server, as `setup` returns it.
    """

    def __init__(
        self,
        access: Access,
        called: Callable[[], Sequence[str]] = tuple,
        told: Callable[[], Json] = dict,
    ) -> None:
        self._access = access
        self._called = called
        self._told = told

    @cached_property
    def _files(self) -> Mapping[str, PageFile]:
        return page_files()

    async def handle(self, request: web.BaseRequest, path: Path) -> web.Response:
        """Answer a request whose path `owns` is true of."""
        try:
            self._access.check_page(request)
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(["GET", "HEAD"])
            return self._answer(request, path)
        except Refused as refusal:
            return web.json_response(
                {"error": refusal.message, "code": refusal.code},
                status=refusal.status,
                headers=refusal.headers,
            )

    def _answer(self, request: web.BaseRequest, path: Path) -> web.Response:
        if path.segments[:1] == (FILES,):
            name = "/".join(path.segments[1:])
            if name == _SETUP:
                return web.Response(body=orjson.dumps(self._told()), headers=_SETUP_HEADERS)
            if name.endswith(".html"):
                raise UnknownRoute(None)
            return self._file(request, name)
        if not path.segments:
            return self._file(request, "demo/index.html")
        if path.world is not None:
            return _moved(f"/__admin/#/{quote(path.world, safe='')}")
        if not path.ends_in_slash:
            return _moved("/__admin/")
        return self._file(request, "dashboard/index.html")

    def _file(self, request: web.BaseRequest, name: str) -> web.Response:
        """Answer a file of this package.

        Raises:
            UnknownRoute: there is no such file.
        """
        file = self._files.get(name)
        if file is None:
            raise UnknownRoute(None)
        headers = {**_HEADERS, "Content-Type": file.content_type, "ETag": file.etag}
        connects: Sequence[str] = ()
        if name == _DEMO:
            connects = self._connects(request)
            seen = blake2b(" ".join(connects).encode(), digest_size=4).hexdigest()
            headers["ETag"] = f'{file.etag[:-1]}-{seen}"'  # another policy is another page
        headers["Content-Security-Policy"] = policy(connects)
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        if file.compressed and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=file.compressed, headers=headers)
        return web.Response(body=file.raw, headers=headers)

    def _connects(self, request: web.BaseRequest) -> list[str]:
        """Return whom the demo page may call: the endpoint, and rooms of this server by any name.

        The endpoint is that beside this server, or the one that the developer has typed: the page
        asks for itself again with its origin in the query.
        """
        urls = [request.query.get("endpoint", ""), *self._called()]
        name = request.transport and request.transport.get_extra_info("sockname")
        if name:
            urls += [f"{request.scheme}://{host}:{name[1]}" for host in ("127.0.0.1", "localhost")]
        return list(dict.fromkeys(filter(None, map(origin_of, urls))))


def _moved(location: str) -> web.Response:
    return web.Response(status=308, headers={"Location": location})
