"""What the gateway sends: answers of one form, and JSON that no cache may keep."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import hdrs, web

from gateway.errors import GatewayError


class Answer(web.Response):
    """An answer without the header `Server`: aiohttp's shows which versions to attack."""

    async def _write_headers(self) -> None:
        self.headers.popall(hdrs.SERVER, None)  # aiohttp sets it last, where it is missing
        await super()._write_headers()


def refusal(error: GatewayError, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the answer for `error`, with `headers` besides its own."""
    body = {"error": error.text, "code": error.code}
    return as_json(body, status=error.status, headers={**error.headers(), **(headers or {})})


def as_json(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an answer with `body`; credentials work once, so no answer is to be cached."""
    return Answer(
        body=orjson.dumps(body),
        status=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        content_type="application/json",
    )
