"""What the gateway sends: JSON that no cache may keep."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from gateway.errors import GatewayError


def refusal(error: GatewayError, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the answer for `error`, with `headers` besides its own."""
    body = {"error": error.text, "code": error.code}
    return as_json(body, status=error.status, headers={**error.headers(), **(headers or {})})


def as_json(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with `body`; credentials work once, so no answer is to be cached."""
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        content_type="application/json",
    )
