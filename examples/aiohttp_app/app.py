"""A connect endpoint of your own: aiohttp and the official Python SDK.

    POST /api/avatar/connect  {"avatarId": "music-superstar"}
    -> {"sessionId", "serverUrl", "token", "roomName"}, which `<AvatarCall connectUrl=...>` takes

Environment: RUNWAYML_API_SECRET and RUNWAYML_BASE_URL (read by the SDK), CONNECT_TIMEOUT_S, PORT.
"""

import asyncio
import itertools
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from runwayml import (
    APIConnectionError,
    APIStatusError,
    AsyncRunwayML,
    InternalServerError,
    RateLimitError,
    RunwayMLError,
)

# Anyone who can reach this endpoint spends your credits: offer only the avatars that you mean to.
AVATARS = {
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
CONNECT_TIMEOUT_S = float(os.environ.get("CONNECT_TIMEOUT_S", "30"))
POLL_EVERY_S = 0.5
MOST_CREATES = 3
LONGEST_PAUSE_S = 5

RUNWAY = web.AppKey("runway", AsyncRunwayML)
LATE = web.AppKey("late", set[asyncio.Task[None]])
log = logging.getLogger("connect")


class ConnectError(Exception):
    """What a caller is told instead of credentials."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class CallerLeft(Exception):
    """The caller has left."""


async def connect(request: web.Request) -> web.Response:
    avatar_id = await requested_avatar(request)
    runway = request.app[RUNWAY]
    creating = asyncio.ensure_future(create(runway, avatar_id))
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            # Shielded: if this were given up halfway, the session's id would be lost.
            session_id = await asyncio.shield(creating)
            key = await until_ready(runway, session_id, request)
            room = await consume(runway, session_id, key)
        check_caller(request)
    except BaseException:
        # It was not handed out, and it is paid for until it ends. If its id comes late, then late;
        # and the answer does not wait for it.
        cancelling = asyncio.ensure_future(cancel_created(runway, creating))
        request.app[LATE].add(cancelling)
        cancelling.add_done_callback(request.app[LATE].discard)
        raise
    return web.json_response(
        {
            "sessionId": session_id,
            "serverUrl": room["url"],  # the one key that has another name here
            "token": room["token"],
            "roomName": room["roomName"],
        }
    )


async def requested_avatar(request: web.Request) -> str:
    # Pages of other sites can send text and forms without asking, with the cookies of the user.
    if request.content_type != "application/json":
        raise ConnectError(415, "invalid_request", "Expected application/json")
    try:
        body = await request.json()
    except ValueError:
        raise ConnectError(400, "invalid_request", "Expected JSON") from None
    avatar_id = body.get("avatarId") if isinstance(body, dict) else None
    if not isinstance(avatar_id, str):
        raise ConnectError(400, "invalid_request", "avatarId is required")
    if avatar_id not in AVATARS:
        raise ConnectError(404, "unknown_avatar", "Unknown avatar")
    return avatar_id


async def create(runway: AsyncRunwayML, avatar_id: str) -> str:
    """Return the id of a new session."""
    for attempt in itertools.count(1):
        try:
            created = await runway.realtime_sessions.create(
                model="gwm1_avatars",
                avatar={"type": "runway-preset", "preset_id": avatar_id},  # type: ignore[typeddict-item] # one of AVATARS
            )
        except APIStatusError as error:
            pause_s = pause_after(error)
            if attempt == MOST_CREATES or pause_s is None:
                raise
            await asyncio.sleep(pause_s)
        else:
            if not isinstance(created.id, str):
                raise ConnectError(502, "upstream_error", "Runway gave no session")
            return created.id
    raise AssertionError("not reached")


def pause_after(error: APIStatusError) -> float | None:
    """Return the seconds to wait if there is certainly no session and Runway says when to come."""
    after = error.response.headers.get("Retry-After", "")
    if error.status_code not in (429, 503) or not after.isdigit():
        return None
    return float(after) if float(after) <= LONGEST_PAUSE_S else None


async def until_ready(runway: AsyncRunwayML, session_id: str, request: web.Request) -> str:
    """Return the session key."""
    while True:
        check_caller(request)
        try:
            session = await runway.realtime_sessions.retrieve(session_id)
        except (APIConnectionError, InternalServerError, RateLimitError) as error:
            # Looking changes nothing, so look again: the deadline ends this if it has to.
            log.info("looking at session %s: %s", session_id, type(error).__name__)
        else:
            if session.status == "READY":
                return session.session_key
            if session.status != "NOT_READY":  # RUNNING too: then another caller has used the key
                message = f"Session {session.status.lower()}"
                raise ConnectError(500, "session_failed", message)
        await asyncio.sleep(POLL_EVERY_S)


async def consume(runway: AsyncRunwayML, session_id: str, key: str) -> dict[str, str]:
    """Return url, token and roomName. A key works once, so this is never tried again."""
    # The SDK has no method for it; the session's key takes the place of the API secret.
    room: object = await runway.post(
        f"/v1/realtime_sessions/{session_id}/consume",
        cast_to=object,
        options={"headers": {"Authorization": f"Bearer {key}"}},
    )
    names = ("url", "token", "roomName")
    if not isinstance(room, dict):
        raise ConnectError(502, "upstream_error", "Runway gave no credentials")
    if not all(isinstance(room.get(name), str) and room[name] for name in names):
        raise ConnectError(502, "upstream_error", "Runway gave no credentials")
    return room


async def cancel_created(runway: AsyncRunwayML, creating: asyncio.Future[str]) -> None:
    try:
        session_id = await creating
    except Exception:
        return  # there is none, or none that anybody knows
    try:
        await runway.with_options(max_retries=2).realtime_sessions.delete(session_id)
    except RunwayMLError:
        log.warning("session %s could not be cancelled", session_id)


def check_caller(request: web.Request) -> None:
    if request.transport is None:  # aiohttp does not end a handler when its caller leaves
        raise CallerLeft


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every failure with a status that is no success: frontends trust any 200."""
    try:
        return await handler(request)
    except ConnectError as error:
        problem = error
    except TimeoutError:
        problem = ConnectError(504, "timeout", "Session creation timed out")
    except APIStatusError as error:
        log.warning("Runway answered %d", error.status_code)  # its text is not for callers
        problem = upstream_problem(error.status_code)
    except RunwayMLError as error:
        log.warning("Runway could not be reached: %s", type(error).__name__)
        problem = ConnectError(502, "upstream_error", "Runway could not be reached")
    except CallerLeft:
        problem = ConnectError(500, "internal", "The caller has left")
    except web.HTTPException:
        raise
    except Exception as error:  # an answer of Runway's that is not what the SDK says it is
        log.warning("failed: %s", type(error).__name__)
        problem = ConnectError(500, "internal", "Internal error")
    return web.json_response({"error": str(problem), "code": problem.code}, status=problem.status)


def upstream_problem(status: int) -> ConnectError:
    if status in (401, 403):  # our secret, not the caller's: a 401 would blame the wrong one
        return ConnectError(500, "upstream_auth", "Failed to create session")
    if status == 402:
        return ConnectError(503, "insufficient_credits", "Service is out of credits")
    if status == 429:
        return ConnectError(503, "upstream_busy", "Too many sessions at the moment")
    return ConnectError(502, "upstream_error", "Runway refused")


async def runway_client(app: web.Application) -> AsyncIterator[None]:
    # No automatic retries: a create that failed with 5xx may still have made a session, and
    # trying again would make a second one, unknown to this server and paid for.
    async with AsyncRunwayML(max_retries=0) as app[RUNWAY]:
        yield
        await asyncio.gather(*app[LATE])


def create_app() -> web.Application:
    app = web.Application(middlewares=[errors])
    app[LATE] = set()
    app.cleanup_ctx.append(runway_client)
    app.router.add_post("/api/avatar/connect", connect)
    return app


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    port = os.environ.get("PORT", "3000")
    if not port.isdecimal():
        sys.exit(f"PORT: expected a number, got {port!r}")
    try:
        web.run_app(create_app(), host="127.0.0.1", port=int(port))
    except (OSError, RunwayMLError) as error:  # the port is taken, or there is no secret
        sys.exit(f"cannot start: {error}")
