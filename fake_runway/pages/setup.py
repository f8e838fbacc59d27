"""What the demo page is told about its server: nothing that changes, and no secret."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from aiohttp import web

from fake_runway.admin_api.access import Access
from fake_runway.core.errors import Refused
from fake_runway.core.types import Json
from fake_runway.room.media.loops import PRESETS
from fake_runway.web.errors import MethodNotAllowed


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo page calls.

    Attributes:
        endpoint: the URL of the gateway beside this fake; empty: there is none, so it has to be
            typed.
        world: the one that the endpoint's calls come to; empty: unknown.
    """

    endpoint: str = ""
    world: str = ""


def setup(demo: Demo, themes: Mapping[str, tuple[str, ...]], no_room: str) -> Json:
    """Return what the page is told.

    Args:
        themes: names of scenarios by theme.
        no_room: why a call cannot be joined here; empty: it can.
    """
    return {
        "endpoint": demo.endpoint,
        "world": demo.world,
        "presets": list(PRESETS),
        "families": [{"title": title, "names": list(names)} for title, names in themes.items()],
        "no_room": no_room,
    }


def answer(request: web.BaseRequest, access: Access, told: Json) -> web.Response:
    """Answer the page with what it is told; nothing to a page of another site."""
    status, body = 200, told
    headers: Mapping[str, str] = {}
    try:
        access.check_page(request)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
    except Refused as refusal:
        status, body = refusal.status, {"error": refusal.message, "code": refusal.code}
        headers = refusal.headers
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={
            **headers,
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
