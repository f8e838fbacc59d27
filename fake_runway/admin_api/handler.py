"""The way into the admin API: who may use it, which world is meant, and the answer as bytes.

Who may use it is decided in `access.py`. Besides, bodies have to be declared as JSON, and no answer
carries a CORS header.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from multidict import MultiDict

from fake_runway.admin_api.access import Access
from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import (
    AdminOperation,
    EventStream,
    Listening,
    ServerWide,
    WorldScoped,
    WorldWait,
    carry_out_in_turns,
)
from fake_runway.admin_api.metrics import exposition
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.admin_api.paths import METRICS, ROOT, is_public
from fake_runway.admin_api.requests import (
    AFTER,
    OPERATION,
    AdminBodies,
    checked_query,
    operation_of,
)
from fake_runway.admin_api.streams import Streams
from fake_runway.admin_api.worlds import ALIVE
from fake_runway.clock import call_after
from fake_runway.core.errors import Refused
from fake_runway.room.tokens import LiveKit
from fake_runway.web import callers
from fake_runway.web.bodies import Body
from fake_runway.web.errors import (
    BadPath,
    InternalError,
    MethodNotAllowed,
    RequestRefused,
    UnknownRoute,
)
from fake_runway.web.paths import Path
from fake_runway.web.replies import NO_BODY, Reply
from fake_runway.web.routes import RouteMatch, Routes
from fake_runway.worlds.given_spec import vocabulary_of
from fake_runway.worlds.naming import check_secret, explicit_name, name_from_secret
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_log = logging.getLogger("fake_runway")


class WhichWorld(RequestRefused):
    """A request that names no world, on a server that does not have exactly one."""

    code = "which_world"


class NoWorld(RequestRefused):
    """A read of a world that nothing has ever used."""

    code = "unknown_world"
    status = 404


UNCALLED_S = 10.0
"""Real seconds after which the log names a world that no application has called yet."""
MAKE_HEADER = "X-Fake-Make-World"
"""Lets a read make its world: for clients whose world it is."""
_CREATED = "X-Fake-World-Created"
_MOST_NAMED = 10


class AdminHandler:
    """The handler of every request that `paths.owns` says is the admin API's.

    Args:
        more: operations of rooms above this one.
    """

    def __init__(
        self,
        worlds: Worlds,
        livekit: LiveKit,
        access: Access,
        *,
        more: Sequence[AdminOperation] = (),
    ) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._access = access
        self._streams = Streams()
        self._routes = Routes([*ADMIN_OPERATIONS, *more])
        vocabulary = vocabulary_of(worlds.spec)
        self._bodies = AdminBodies(vocabulary)
        self._operation = operation_of(vocabulary)

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request whose path `owns` is true of."""
        try:
            if is_public(path):
                return self._public(request, path)
            self._access.check(request)
            return await self._answer(request, path)
        except Refused as refusal:
            return _response(_refusal(refusal))
        except Exception:
            _log.exception("could not answer a %s", request.method)
            return _response(_refusal(InternalError("Internal error")))

    async def close(self) -> None:
        """End what is open: the server stops."""
        await self._streams.close()

    def _public(self, request: web.BaseRequest, path: Path) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
        if path.segments == METRICS:
            return web.Response(
                body=exposition(self._worlds),
                headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
            )
        return _response(ALIVE)

    async def _answer(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        if path.problem:
            raise BadPath(path.problem)
        match = self._routes.match(path)
        if match is None:
            raise UnknownRoute(self._routes.nearest(path))
        operation = match.operations.get(request.method)
        if operation is None:
            # OPTIONS is not allowed either: only web pages send preflights
            raise MethodNotAllowed(match.operations, match.template)
        known = [self._operation if each is OPERATION else each for each in operation.query]
        query = checked_query(request.query, known)
        body = NO_BODY
        # without a body to take, the content type is ignored: some clients always declare one
        if operation.body is Body.REQUIRED or (
            operation.body is Body.OPTIONAL and request.can_read_body
        ):
            body = await self._bodies.read(
                request, operation.id, use=operation.body, strict_keys=True, strict_type=True
            )
        if isinstance(operation.scope, ServerWide):
            return _response(operation.scope.answer(self._worlds))
        if isinstance(operation.scope, EventStream):
            listening = self._listening(request, match, query)
            return await self._streams.send(request, operation.scope.answer(listening))
        owned = request.headers.get(MAKE_HEADER) == "yes"
        makes = owned or operation.method != "GET"
        world, created = self._world(request, match, makes=makes)
        await world.catch_up()
        at = world.clock.now()
        call = AdminCall(self._worlds, world, self._livekit, at, match.name, body, query)
        if isinstance(operation.scope, WorldWait):
            reply = await operation.scope.answer(call)
        else:
            reply = await carry_out_in_turns(operation, call)
        await self._kept(operation, world)
        return _response(_telling_of_new(reply, world) if created and not owned else reply)

    async def _kept(self, operation: AdminOperation, world: World) -> None:
        """Return once a store keeps what an operation has done, or has seen.

        Raises:
            Refused: it does not.
        """
        now = self._worlds.get(world.name)
        deletes = operation.method == "DELETE" and isinstance(operation.scope, WorldScoped)
        if now is not None and deletes:  # of the journal, of a snapshot: no act says so
            self._worlds.keep_whole(now)
        for each in (world, now):
            if each is not None:
                await each.kept()

    def _listening(
        self, request: web.BaseRequest, match: RouteMatch[AdminOperation], query: Mapping[str, str]
    ) -> Listening:
        """Return what a listener asks for. A browser that comes back says after which event."""
        after = query.get("after", "")
        if last := request.headers.get("Last-Event-ID"):
            after = checked_query(MultiDict({"after": last}), (AFTER,))["after"]
        named = callers.named(match.world, request.headers) or callers.bearer(request.headers)
        world = self._world(request, match)[0] if named else None
        return Listening(self._worlds, world, after, query.get("entries") == "true")

    def _world(
        self, request: web.BaseRequest, match: RouteMatch[AdminOperation], *, makes: bool = True
    ) -> tuple[World, bool]:
        """Return the world that a request names, or the only one there is; and whether it is new.

        A path or a header may hold the text of an API secret instead of a name: then the world of
        that secret is meant, unless one is named so.

        Args:
            makes: make the world if there is none; else that is an error.

        Raises:
            WhichWorld: it names none, and not exactly one exists.
            NoWorld, BadWorldName, SecretRefused.
        """
        named, secret = callers.named(match.world, request.headers), ""
        if named is None and (secret := callers.bearer(request.headers)):
            check_secret(secret)
        if named is None and not secret:
            return self._only_world(), False
        names = (name_from_secret(secret or named or ""),)
        found = self._worlds.known(names if named is None else (named, *names))
        if found is not None:
            return found, False
        name = name_from_secret(secret) if named is None else explicit_name(named)
        if not makes:
            raise NoWorld(
                "Nothing has ever used a world of that name, or an API secret of that text."
                f" The worlds there are: {self._names()}."
            )
        world = self._worlds.named(name)
        call_after(UNCALLED_S, partial(self._name_uncalled, name))
        return world, True

    def _only_world(self) -> World:
        names = self._worlds.names()
        if len(names) == 1:
            return self._worlds.named(names[0])
        raise WhichWorld(
            f"Which world? There are {len(names)}. Name one: /w/<world>{ROOT}/..., the header"
            " X-Fake-World, or the API secret as Authorization: Bearer."
        )

    def _names(self, *, called: bool = False) -> str:
        """Return the names of the worlds used last, for people; those that were called, or all."""
        names = [each.name for each in self._worlds if not (called and each.only_admin)][::-1]
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        return ", ".join(names[:_MOST_NAMED]) + more or "none"

    def _name_uncalled(self, name: str) -> None:
        world = self._worlds.get(name)
        if world is not None and world.only_admin:
            _log.info(
                "world %s: only the admin API has used it so far. Worlds that were called: %s",
                name,
                self._names(called=True),
                extra={"world": name},
            )


def _telling_of_new(reply: Reply, world: World) -> Reply:
    """Return an answer that says that its request has made the world."""
    body = reply.body
    if isinstance(body, dict):
        body = {**body, "created": world.name}
    return reply._replace(body=body, headers={**reply.headers, _CREATED: world.name})


def _refusal(refusal: Refused) -> Reply:
    body: dict[str, Any] = {"error": refusal.message, "code": refusal.code}
    if "X-Fake-Where" in refusal.headers:
        body["where"] = refusal.headers["X-Fake-Where"]
    kept = {name: value for name, value in refusal.headers.items() if name != "X-Fake-Where"}
    return Reply(refusal.status, body, kept)


def _response(reply: Reply) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=reply.headers)
    return web.Response(
        status=reply.status,
        body=orjson.dumps(reply.body),
        headers={**reply.headers, "Content-Type": "application/json"},
    )
