"""The aiohttp application of the fake: from request to call, from reply or refusal to response.

Order of the checks: route, method, API secret, world, version header, id, content type, body, then
the account's own. The real order is unknown; only that the key comes first where one is needed.
"""

import logging
import math

import orjson
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from fake_runway import __version__
from fake_runway.core.errors import InsufficientCredits, KeyRefused, Refused
from fake_runway.core.settings import ErrorStyle, Settings
from fake_runway.core.world import check_secret, explicit_name, name_from_secret, tag_of_key
from fake_runway.web import cors
from fake_runway.web.bodies import NO_BODY, Bodies, check_version, checked_id
from fake_runway.web.calls import Call, Reply
from fake_runway.web.errors import (
    InternalError,
    RequestRefused,
    UnknownRoute,
)
from fake_runway.web.routes import Auth, Body, Match, Operation, Routes
from fake_runway.web.runway_api import OPERATIONS
from fake_runway.web.tokens import LiveKit
from fake_runway.web.wire import error_body
from fake_runway.web.worlds import World, Worlds

LONGEST_BODY = 1 << 20  # bytes; the real limit is unknown
WORLD_HEADERS = ("X-Fake-World", "X-Test-Id")

_log = logging.getLogger("fake_runway")
_JSON = CIMultiDictProxy(
    CIMultiDict({**cors.ORIGIN, "Content-Type": "application/json; charset=utf-8"})
)


def create_app(worlds: Worlds, *, livekit: LiveKit) -> web.Application:
    """Return the fake as an aiohttp application, ready to be served."""
    app = web.Application(client_max_size=LONGEST_BODY)
    server = _Server(worlds, livekit)
    for path in ("/health", "/ready"):
        app.router.add_get(path, _healthy)
    # not `.*`: a path may hold a line break, and that is a 404 of ours too
    app.router.add_route("*", r"/{path:[\s\S]*}", server.handle)
    return app


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "version": __version__})


class _Server:
    def __init__(self, worlds: Worlds, livekit: LiveKit) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._routes = Routes(OPERATIONS)
        self._bodies = Bodies()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer any request but those for health; every failure has the provider's form."""
        world: World | None = None
        try:
            match = self._match(request)
            if request.method == "OPTIONS":
                return _preflight(request, match)
            operation = match.operation(request.method)
            world, token = self._admit(request, match, operation)
            reply = await self._answer(request, match, operation, world, token)
        except Refused as refusal:
            reply = _refusal(refusal, world.settings if world else self._worlds.settings)
        except Exception:
            _log.exception("could not answer a %s", request.method)
            reply = _refusal(InternalError("Internal error"), self._worlds.settings)
        if world is not None:
            # the path as it came, since a decoded one could forge another line, and no query
            path = request.raw_path.partition("?")[0]
            _log.debug("%s %s %s: %d", world.name, request.method, path, reply.status)
            held_back_s = world.next_latency_s()
            if held_back_s > 0:
                await world.clock.sleep(held_back_s)
        return _response(reply)

    def _match(self, request: web.Request) -> Match:
        path = request.raw_path.partition("?")[0]
        if not path.startswith("/"):  # a whole URL, as proxies are asked
            path = request.rel_url.raw_path
        match = self._routes.match(path)
        if match is None:
            raise UnknownRoute(self._routes.nearest(path))
        return match

    def _admit(self, request: web.Request, match: Match, operation: Operation) -> tuple[World, str]:
        """Return the caller's world and bearer token."""
        headers = request.headers
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        named = match.world
        for header in WORLD_HEADERS:
            named = named or headers.get(header)
        if operation.auth is Auth.SESSION_KEY:
            return self._world_of_key(token, named), token
        check_secret(token)
        name = name_from_secret(token) if named is None else explicit_name(named)
        return self._worlds.named(name), token

    def _world_of_key(self, key: str, named: str | None) -> World:
        """Return the world of a caller who has a session key and no API secret."""
        if named is not None:
            return self._worlds.named(explicit_name(named))
        world = self._worlds.of_tag(tag_of_key(key))
        if world is None:
            raise KeyRefused("The session key is not valid." if key else "No session key was sent.")
        return world

    async def _answer(
        self, request: web.Request, match: Match, operation: Operation, world: World, token: str
    ) -> Reply:
        settings = world.settings
        if operation.versioned and settings.version_required:
            check_version(request.headers.get("X-Runway-Version"))
        session_id = checked_id(match.session_id) if match.session_id else ""
        body = NO_BODY
        if operation.body is not Body.NONE:
            body = await self._bodies.read(
                request,
                operation,
                strict_keys=settings.strict_keys,
                strict_type=settings.strict_consume_body,
            )
        return operation.answer(
            Call(
                world=world,
                livekit=self._livekit,
                at=world.clock.now(),  # after the last await: calls are applied in this order
                session_id=session_id,
                token=token,
                body=body,
            )
        )


def _preflight(request: web.Request, match: Match) -> web.Response:
    requested = request.headers.get("Access-Control-Request-Headers", "")
    headers = cors.preflight(match.methods, requested)
    return web.Response(status=204, headers=headers)


def _refusal(refusal: Refused, settings: Settings) -> Reply:
    status = refusal.status
    if isinstance(refusal, InsufficientCredits) and settings.errors is ErrorStyle.OBSERVED:
        status = 400
    headers = {"X-Fake-Code": refusal.code}
    if isinstance(refusal, RequestRefused):
        headers.update(refusal.headers)
    if refusal.retry_after_s is not None and settings.retry_after:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    return Reply(status, error_body(refusal.message, doc_url=settings.doc_url), headers)


def _response(reply: Reply) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=cors.ORIGIN)
    headers = _JSON.copy()
    if reply.headers:
        headers.update(reply.headers)
    return web.Response(status=reply.status, body=orjson.dumps(reply.body), headers=headers)
