"""A connect endpoint in FastAPI, with httpx.

It hands out {sessionId, serverUrl, token, roomName}. One task does the work, another waits for the
caller's disconnect, which FastAPI leaves to us; a timeout is around both.

Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.
"""

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

TIMEOUT_S = float(os.environ.get("CONNECT_TIMEOUT_S", "30"))
PRESETS = {
    "game-character",
    "music-superstar",
    "game-character-man",
    "cat-character",
    "influencer",
    "tennis-coach",
    "human-resource",
    "fashion-designer",
    "cooking-teacher",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
POLL_EVERY_S = 0.4
MOST_CREATES = 3
LONGEST_PAUSE_S = 5.0
LONGEST_BODY = 16 * 1024
log = logging.getLogger("uvicorn.error")


class ConnectRequest(BaseModel):
    """What a page asks for."""

    avatarId: str


class Session(BaseModel):
    """A session, as Runway tells it."""

    status: str
    sessionKey: str | None = None


class Created(BaseModel):
    """The answer to a create."""

    id: str


class Room(BaseModel):
    """The answer to a consume."""

    url: str = Field(min_length=1)
    token: str = Field(min_length=1)
    roomName: str = Field(min_length=1)


class Credentials(BaseModel):
    """What the page gets."""

    sessionId: str
    serverUrl: str
    token: str
    roomName: str


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one client for the program's life: it holds the connections to Runway."""
    headers = {
        "Authorization": f"Bearer {os.environ['RUNWAYML_API_SECRET']}",
        "X-Runway-Version": "2024-11-06",
    }
    base = os.environ.get("RUNWAYML_BASE_URL", "https://api.dev.runwayml.com")
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as client:
        app.state.client = client
        app.state.background = set()
        yield


app = FastAPI(lifespan=lifespan)


async def requested_avatar(request: Request) -> dict[str, str]:
    """Return the avatar as Runway wants it; a long body is not read to its end."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST_BODY:
            raise HTTPException(413, "The body is too long")
    try:
        avatar_id = ConnectRequest.model_validate_json(raw).avatarId
    except ValidationError:
        raise HTTPException(422, "Expected a JSON object with an avatarId") from None
    if avatar_id in PRESETS:
        return {"type": "runway-preset", "presetId": avatar_id}
    if UUID.fullmatch(avatar_id):
        return {"type": "custom", "avatarId": avatar_id}
    raise HTTPException(404, "Unknown avatar")


@app.post("/api/avatar/connect")
async def connect(
    request: Request, avatar: Annotated[dict[str, str], Depends(requested_avatar)]
) -> Credentials:
    """POST {"avatarId": ...}: the credentials of a session."""
    work = asyncio.ensure_future(credentials(avatar))
    gone = asyncio.ensure_future(disconnected(request))
    try:
        done, _ = await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work not in done:
            raise HTTPException(499, "The caller has left")
        return work.result()
    finally:
        work.cancel()
        gone.cancel()


async def disconnected(request: Request) -> None:
    """Return once the caller has hung up."""
    while not await request.is_disconnected():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.1)


async def credentials(avatar: dict[str, str]) -> Credentials:
    """Create a session, wait for it and consume it; it is cancelled if that fails."""
    creating = asyncio.ensure_future(create(avatar))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            session_id = await asyncio.shield(creating)
            key = await key_of(session_id)
            room = await consume(session_id, key)
    except BaseException:
        in_background(cancel_once_made(creating))
        raise
    return Credentials(
        sessionId=session_id, serverUrl=room.url, token=room.token, roomName=room.roomName
    )


async def create(avatar: dict[str, str]) -> str:
    """Repeat only 429 and 503: they say that there is no session, and when to come back."""
    body = {"model": "gwm1_avatars", "avatar": avatar}
    for _ in range(MOST_CREATES - 1):
        response = await client().post("/v1/realtime_sessions", json=body)
        retry_after = response.headers.get("Retry-After", "")
        pause = float(retry_after) if retry_after.isdecimal() else 0.0
        if response.status_code not in (429, 503) or not 0 < pause <= LONGEST_PAUSE_S:
            break
        await asyncio.sleep(pause)
    else:
        response = await client().post("/v1/realtime_sessions", json=body)
    return Created.model_validate_json(response.raise_for_status().content).id


async def key_of(session_id: str) -> str:
    """Poll until the session is READY; looking changes nothing, so it may be repeated."""
    while True:
        try:
            response = await client().get(f"/v1/realtime_sessions/{session_id}", timeout=3)
            session = Session.model_validate_json(response.raise_for_status().content)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 429 and error.response.status_code < 500:
                raise
        except (httpx.TransportError, ValidationError):
            log.warning("session %s: no answer that can be read", session_id)
        else:
            if session.status == "READY" and session.sessionKey:
                return session.sessionKey
            if session.status != "NOT_READY":  # ended, or used by another caller
                raise HTTPException(502, "The session will not become ready")
        await asyncio.sleep(POLL_EVERY_S)


async def consume(session_id: str, key: str) -> Room:
    """Use the session's key, in the place of the API secret: it works once."""
    path = f"/v1/realtime_sessions/{session_id}/consume"
    response = await client().post(path, json={}, headers={"Authorization": f"Bearer {key}"})
    return Room.model_validate_json(response.raise_for_status().content)


async def cancel_once_made(creating: "asyncio.Future[str]") -> None:
    """Cancel a session that is not handed out, also if its id comes late."""
    try:
        session_id = await creating
    except (httpx.HTTPError, ValidationError):
        return  # there is none
    for attempt in range(1, 4):
        try:
            response = await client().delete(f"/v1/realtime_sessions/{session_id}", timeout=5)
            response.raise_for_status()
        except httpx.HTTPError:
            log.warning("session %s is not cancelled yet", session_id)
            await asyncio.sleep(attempt)
        else:
            return


def client() -> httpx.AsyncClient:
    """Return the program's one client."""
    found: httpx.AsyncClient = app.state.client
    return found


def in_background(work: Any) -> None:
    """Do it after the answer, and hold the task until then."""
    task = asyncio.ensure_future(work)
    app.state.background.add(task)
    task.add_done_callback(app.state.background.discard)


@app.exception_handler(StarletteHTTPException)
async def refused(_: Request, error: StarletteHTTPException) -> JSONResponse:
    """Answer a failure of ours."""
    return JSONResponse({"error": error.detail}, error.status_code)


@app.exception_handler(TimeoutError)
async def late(_: Request, __: Exception) -> JSONResponse:
    """Answer at the deadline."""
    return JSONResponse({"error": "The session took too long"}, 504)


@app.exception_handler(httpx.HTTPError)
@app.exception_handler(ValidationError)
async def unavailable(_: Request, error: Exception) -> JSONResponse:
    """Answer a failure of Runway's, without its text."""
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
    log.warning("Runway: %s", status or "no answer that can be read")
    if status in (402, 429):
        return JSONResponse({"error": "No session is available right now"}, 503)
    return JSONResponse({"error": "The session could not be started"}, 502)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "3000")))
