"""The door of the fake: from an HTTP request to an arrival in a world, and back to bytes.

Order of the checks: route, method, API secret, world, the account's key, version header, id,
content type, body; then the call itself (`pipeline.py`). The real order is unknown; only that the
key comes first where one is needed.

The handler wants nothing of `web.Application`, whose own router and middlewares cost a tenth of a
poll: `server/serving.py` runs it on aiohttp's low-level server.
"""

import logging
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_plus

from aiohttp import web

from fake_runway.core.errors import KeyRefused, Refused
from fake_runway.core.faults.effects.base import Delivery
from fake_runway.core.history.redaction import holds_secret, redacted_body, redacted_text
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import KeyState
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Arrival, Auth, Operation
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call, refusal_reply
from fake_runway.web import callers, cors
from fake_runway.web.bodies import Bodies, Body, check_version, checked_id
from fake_runway.web.errors import InternalError, RequestRefused, UnknownRoute
from fake_runway.web.replies import NO_BODY, NO_QUERY
from fake_runway.web.routes import Match, Routes
from fake_runway.web.sending import send, whole
from fake_runway.worlds.acts import follow_scenario
from fake_runway.worlds.naming import (
    SecretRefused,
    check_secret,
    explicit_name,
    name_from_secret,
    scenario_in_name,
    tag_of_key,
)
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

LONGEST_BODY = 1 << 20  # bytes; the real limit is unknown, and aiohttp's is the same
SCENARIO_HEADER = "X-Fake-Scenario"

_KEY_TEXTS: Mapping[KeyState, str] = MappingProxyType(
    {
        KeyState.UNKNOWN: "The API key is not valid.",
        KeyState.SUSPENDED: "This account is suspended.",
    }
)
_SECRET_IN_QUERY = re.compile(
    r"(^|&)(api_?key|token|secret|authorization|access_token|session_?key)=|(stk|key)_[0-9a-f]{12}",
    re.IGNORECASE,
)
_LONGEST_AGENT = 120

_log = logging.getLogger("fake_runway")


class UnknownScenario(RequestRefused):
    """A header or a secret asks for a scenario that does not exist."""

    code = "unknown_scenario"


class RunwayHandler:
    """The handler of every request to the Runway API.

    Args:
        livekit: where tokens lead and who signs them.
    """

    def __init__(self, worlds: Worlds, livekit: LiveKit) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._routes = Routes(OPERATIONS)
        self._bodies = Bodies("runway")

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer a request for the raw `path`; every failure has the provider's form."""
        try:
            world, delivery = await self._take(request, path)
        except Refused as refusal:  # nobody's world
            self._worlds.answered["", refusal.status] += 1
            return whole(_delivery(refusal, self._worlds))
        except Exception:
            _log.exception("could not answer a %s", request.method)
            return whole(_delivery(InternalError("Internal error"), self._worlds))
        if world is None:
            return whole(delivery)
        if delivery.wait_s <= 0 and delivery.at_once:
            return whole(delivery)
        world.held_back += 1
        try:
            return await send(delivery, request, world.clock)
        finally:
            world.held_back -= 1

    async def _take(self, request: web.BaseRequest, path: str) -> tuple[World | None, Delivery]:
        match = self._routes.match(path)
        if match is None:
            return self._unexpected(request, path, UnknownRoute(self._routes.nearest(path)))
        if request.method == "OPTIONS":
            return None, _preflight(request, match)
        try:
            operation = match.operation(request.method)
        except RequestRefused as refusal:
            return self._unexpected(request, path, refusal, match)
        world, token = self._admit(request, match, operation)
        arrival = await self._read(request, match, operation, world, token)
        return self._carried_out(world, _without_secrets(arrival, token))

    def _carried_out(self, world: World, arrival: Arrival) -> tuple[World, Delivery]:
        delivery = apply_call(world, arrival, self._livekit)
        operation = arrival.operation.id if arrival.operation is not None else ""
        self._worlds.answered[operation, delivery.status] += 1
        if "X-Fake-Fault" in delivery.headers:
            self._worlds.struck += 1
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s %s %s: %d",
                world.name,
                arrival.method,
                arrival.path,
                delivery.status,
                extra={
                    "world": world.name,
                    "method": arrival.method,
                    "path": arrival.path,
                    "status": delivery.status,
                    "operation": operation,
                },
            )
        return world, delivery

    def _unexpected(
        self,
        request: web.BaseRequest,
        path: str,
        refusal: Refused,
        match: Match[Operation] | None = None,
    ) -> tuple[World, Delivery]:
        """Refuse what is no operation, and write it down where its caller's world is known.

        Raises:
            Refused: nobody's world.
        """
        named, bare = (match.world, match.path) if match else _split(path)
        token = callers.bearer(request.headers)
        try:
            world = self._world_of_anyone(request.headers, token, named)
        except Refused:
            raise refusal from None
        arrival = Arrival(
            None,
            request.method,
            bare,
            refusal=refusal,
            agent=request.headers.get("User-Agent", "")[:_LONGEST_AGENT],
            versioned="X-Runway-Version" in request.headers,
            secret_in_url=_has_secret(request),
        )
        return self._carried_out(world, _without_secrets(arrival, token))

    def _admit(
        self, request: web.BaseRequest, match: Match[Operation], operation: Operation
    ) -> tuple[World, str]:
        """Return the caller's world and bearer token."""
        headers = request.headers
        token = callers.bearer(headers)
        if operation.auth is Auth.SESSION_KEY:
            return self._world_of_key(token, callers.named(match.world, headers)), token
        return self._world_of_secret(headers, token, match.world), token

    def _world_of_secret(
        self, headers: Mapping[str, str], secret: str, in_path: str | None
    ) -> World:
        check_secret(secret)
        named = callers.named(in_path, headers)
        name = name_from_secret(secret) if named is None else explicit_name(named)
        wanted = headers.get(SCENARIO_HEADER)
        if wanted is None:
            asked = scenario_in_name(secret)
            scenario = None if asked is None else self._scenario(asked, SecretRefused)
            return self._worlds.named(name, scenario)
        scenario = self._scenario(wanted, UnknownScenario)
        world = self._worlds.named(name, scenario)
        if world.scenario.name != scenario.name:
            follow_scenario(world, scenario, at=world.clock.now())
        return world

    def _scenario(self, name: str, refusal: type[Refused]) -> Scenario:
        scenario = self._worlds.catalogue.get(name)
        if scenario is not None:
            return scenario
        nearest = self._worlds.catalogue.nearest(name)
        hint = f" Did you mean {nearest}?" if nearest else ""
        raise refusal(f"There is no scenario of that name.{hint}")

    def _world_of_anyone(
        self, headers: Mapping[str, str], token: str, in_path: str | None
    ) -> World:
        """Return the world of a caller who may have an API secret, a session key, or nothing.

        Raises:
            Refused: nobody can tell.
        """
        named = callers.named(in_path, headers)
        if token and not token.startswith("stk_"):
            try:
                return self._world_of_secret(headers, token, in_path)
            except SecretRefused:
                if named is None:
                    raise
        if named is None:
            return self._world_of_key(token, None)
        return self._worlds.named(explicit_name(named))

    def _world_of_key(self, key: str, named: str | None) -> World:
        """Return the world of a caller who has a session key and no API secret.

        Who sends the API secret instead is refused in the world of that secret, where somebody
        will look for it. A consume makes no world: there would be nothing to consume in it.
        """
        world = self._worlds.of_tag(tag_of_key(key)) if named is None else None
        if world is None:
            name = name_from_secret(key) if named is None else explicit_name(named)
            known = self._worlds.get(name)
            world = None if known is None else self._worlds.named(known.name)
        if world is None:
            raise KeyRefused("The session key is not valid." if key else "No session key was sent.")
        return world

    async def _read(
        self,
        request: web.BaseRequest,
        match: Match[Operation],
        operation: Operation,
        world: World,
        token: str,
    ) -> Arrival:
        settings = world.settings
        body, id_, refusal = NO_BODY, "", None
        try:
            if settings.key is not KeyState.VALID and operation.auth is Auth.API_SECRET:
                raise SecretRefused(_KEY_TEXTS[settings.key])  # as all the others
            if operation.versioned and settings.version_required:
                check_version(request.headers.get("X-Runway-Version"))
            id_ = checked_id(match.name) if match.name else ""
            if operation.body is not Body.NONE:
                body = await self._bodies.read(
                    request,
                    operation,
                    strict_keys=settings.strict_keys,
                    strict_type=settings.strict_consume_body,
                )
        except Refused as refused:
            refusal = refused
        headers = request.headers
        query = _query(request, operation) if operation.query else NO_QUERY
        retry = headers.get("x-stainless-retry-count")
        return Arrival(
            operation,
            request.method,
            match.path,
            "" if operation.of_avatar else id_,
            token if operation.auth is Auth.SESSION_KEY else "",
            body,
            query,
            refusal,
            headers.get("User-Agent", "")[:_LONGEST_AGENT],
            int(retry) if retry is not None and retry.isdecimal() and len(retry) < 4 else None,
            "X-Runway-Version" in headers,
            _has_secret(request),
            id_ if operation.of_avatar else "",
        )


def _without_secrets(arrival: Arrival, secret: str) -> Arrival:
    """Cover secrets where they do not belong: path, agent, query, body, refusal."""
    path, agent, refusal = arrival.path, arrival.agent, arrival.refusal
    if refusal is not None:
        refusal.message = redacted_text(refusal.message, secret)
        refusal.headers = {
            name: redacted_text(value, secret) for name, value in refusal.headers.items()
        }
    elif not arrival.body and not arrival.query and secret not in agent and "_" not in agent:
        return arrival  # the usual case: a path that is no operation's would be refused
    return arrival._replace(
        path=redacted_text(path, secret),
        agent=redacted_text(agent, secret),
        query={name: redacted_text(value, secret) for name, value in arrival.query.items()},
        body=redacted_body(arrival.body, secret) if arrival.body else arrival.body,
    )


def _has_secret(request: web.BaseRequest) -> bool:
    query = request.raw_path.partition("?")[2]
    if not query:
        return False
    plain = unquote_plus(query)
    return bool(_SECRET_IN_QUERY.search(plain)) or holds_secret(
        plain, callers.bearer(request.headers)
    )


def _split(path: str) -> tuple[str | None, str]:
    """Return the world that a path names, and the rest of it."""
    prefix, _, rest = path.lstrip("/").partition("/")
    if prefix == "w" and rest:
        name, _, rest = rest.partition("/")
        return name, f"/{rest}"
    return None, path


def _query(request: web.BaseRequest, operation: Operation) -> Mapping[str, str]:
    return {name: request.query[name] for name in operation.query if name in request.query}


def _preflight(request: web.BaseRequest, match: Match[Operation]) -> Delivery:
    requested = request.headers.get("Access-Control-Request-Headers", "")
    return Delivery(204, cors.preflight(match.methods, requested))


def _delivery(refusal: Refused, worlds: Worlds) -> Delivery:
    reply = refusal_reply(refusal, worlds.settings)
    return Delivery(reply.status, reply.headers, reply.body)
