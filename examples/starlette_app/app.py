"""A connect endpoint in a Starlette application, with the flow of `gateway` behind it.

The framework does HTTP; the flow waits, retries within its deadline, and cancels what was not
handed out.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypedDict

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import Config, ConfigError, Gateway, GatewayError, HandedOut

LONGEST_BODY = 16 * 1024


class State(TypedDict):
    """What every request can reach."""

    gateway: Gateway


@contextlib.asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[State]:
    """Keep one gateway for the program's life: it holds the connections to Runway."""
    async with Gateway(Config.read(os.environ)) as gateway:
        yield {"gateway": gateway}


async def connect(request: Request) -> Response:
    """POST {"avatarId": ...}: the credentials of a session, or {error, code}."""
    # here is where you find out who calls, and whether they may
    try:
        body = await read_json(request)
    except ValueError as error:
        return refusal(400, "invalid_request", str(error))
    gateway: Gateway = request.state.gateway
    avatar_id: str = body.get("customAvatarId") or body.get("avatarId") or ""
    try:
        session = await unless_gone(request, gateway.connect(avatar_id))
    except GatewayError as error:
        return refusal(error.status, error.code, error.text, error.headers())
    except ClientDisconnect:
        return Response(status_code=499)  # the caller has left
    return JSONResponse(session.body(), headers={"Cache-Control": "no-store"})


async def read_json(request: Request) -> dict[str, Any]:
    """Return the body, which is a JSON object.

    Raises:
        ValueError: it is something else, or too long.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ValueError("Content-Type must be application/json")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_BODY:
            raise ValueError("Request body too large")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("The body is not valid JSON") from None
    if isinstance(body, dict):
        return body
    raise ValueError("Expected a JSON object with an avatarId")


async def unless_gone(request: Request, work: Coroutine[Any, Any, HandedOut]) -> HandedOut:
    """Return what comes of `work`; cancel it when the caller hangs up, which Starlette does not.

    Raises:
        ClientDisconnect: the caller hung up.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(request.receive())  # the next message is the disconnect
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})


def refusal(
    status: int, code: str, text: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a failure in the one form that all of them have."""
    return JSONResponse({"error": text, "code": code}, status_code=status, headers=headers)


app = Starlette(routes=[Route("/api/avatar/connect", connect, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    port = os.environ.get("PORT", "3000")
    if not port.isdecimal():
        sys.exit(f"PORT: expected a number, got {port!r}")
    try:
        Config.read(os.environ)  # here, because uvicorn would show a traceback
    except ConfigError as error:
        sys.exit(str(error))
    uvicorn.run(app, host="127.0.0.1", port=int(port))
