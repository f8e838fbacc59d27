"""The handler of the Runway API: from an HTTP request to a call of a world, and back to bytes.

Order of the checks: route, method, API secret, world, the account's key, version header, id,
content type, body; then the call itself (`pipeline.py`). The real order is unknown; only that the
key comes first where one is needed.

The handler does without `web.Application`, whose own router and middlewares cost a tenth of a poll:
`server/serving.py` runs it on aiohttp's low-level server.
"""

import logging
import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from aiohttp import web

from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.history.redaction import holds_secret, redacted_text
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import ConsumeBody, KeyState
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Auth, RunwayCall, RunwayOperation
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call, error_reply
from fake_runway.runway_api.selection import world_of_any, world_of_key, world_of_secret
from fake_runway.web import callers, cors
from fake_runway.web.bodies import (
    API_VERSION,
    Bodies,
    Body,
    check_tool_names,
    check_version,
    checked_id,
)
from fake_runway.web.errors import (
    BadPath,
    InternalError,
    RequestRefused,
    UnknownRoute,
    WrongContentType,
)
from fake_runway.web.paths import Path
from fake_runway.web.replies import Reply
from fake_runway.web.routes import Routes
from fake_runway.web.sending import send, whole
from fake_runway.worlds.naming import SecretRefused
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_KEY_TEXTS: Mapping[KeyState, str] = {
    KeyState.UNKNOWN: "The API key is not valid.",
    KeyState.SUSPENDED: "This account is suspended.",
}
_SECRET_IN_QUERY = re.compile(
    r"(^|&)(api_?key|token|secret|authorization|access_token|session_?key)=|(stk|key)_[0-9a-f]{12}",
    re.IGNORECASE,
)
_LONGEST_HEADER = 120  # as kept in the journal

_log = logging.getLogger("fake_runway")


class RunwayHandler:
    """The handler of every request to the Runway API.

    Args:
        livekit: where tokens lead and who signs them.
    """

    def __init__(self, worlds: Worlds, livekit: LiveKit) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._routes = Routes(OPERATIONS)
        self._bodies = Bodies()

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request for `path`; every failure has the provider's form."""
        worlds = self._worlds
        try:
            call = await self._read(request, path)
            if isinstance(call, Reply):
                return whole(call)
            await call.world.catch_up()
            delivery = apply_call(call)
        except Refused as refusal:  # the request selects no world
            worlds.answered["", refusal.status] += 1
            return whole(error_reply(refusal, worlds.settings))
        except Exception:
            _log.exception("could not answer a %s", request.method)
            return whole(error_reply(InternalError("Internal error"), worlds.settings))
        world, exchange = call.world, call.exchange
        if request.transport is not None:
            world.unread.applied(request.transport, exchange.number)
        worlds.answered[exchange.operation, delivery.status] += 1
        worlds.struck += bool(exchange.faults)
        if _log.isEnabledFor(logging.DEBUG):
            facts = {
                "world": world.name,
                "method": exchange.method,
                "path": exchange.path,
                "status": delivery.status,
            }
            more = {**facts, "operation": exchange.operation}
            _log.debug("%s %s %s: %d", *facts.values(), extra=more)
        if delivery.wait_s <= 0 and delivery.at_once:
            return whole(delivery)
        world.held_back += 1
        try:
            return await send(delivery, request, world.clock)
        finally:
            world.held_back -= 1

    async def _read(self, request: web.BaseRequest, path: Path) -> RunwayCall | Reply:
        """Return the call that a request makes, checked or rejected; or the reply to a preflight.

        Raises:
            Refused: it selects no world.
        """
        headers, match = request.headers, self._routes.match(path)
        if match is not None and request.method == "OPTIONS":
            requested = headers.get("Access-Control-Request-Headers", "")
            return Reply(204, headers=cors.preflight(match.methods, requested))
        token = callers.bearer(headers)
        named = callers.named(path.world, headers)
        exchange = Exchange(
            "",
            request.method,
            path.text,
            agent=_beginning(headers.get("User-Agent", ""), token),
            versioned=headers.get("X-Runway-Version") == API_VERSION,
            content_type=_beginning(headers.get("Content-Type", ""), token),
            cookies="Cookie" in headers,
        )
        if query := request.raw_path.partition("?")[2]:
            plain = unquote_plus(query)
            exchange.secret_in_url = bool(_SECRET_IN_QUERY.search(plain)) or holds_secret(
                plain, token
            )
        try:
            if path.problem:
                raise BadPath(path.problem)
            if match is None:
                raise UnknownRoute(self._routes.nearest(path))
            operation = match.operation(request.method)
        except RequestRefused as refusal:
            try:
                world = await world_of_any(self._worlds, token, named, headers)
            except Refused:
                raise refusal from None
            exchange.rejection = _rejection(refusal)
            return RunwayCall(world, self._livekit, None, exchange, token)
        if operation.auth is Auth.SESSION_KEY:
            world = world_of_key(self._worlds, token, named)
        else:
            world = await world_of_secret(self._worlds, token, named, headers)
        try:
            await self._check(request, operation, match.name, exchange, world)
        except Refused as refusal:
            exchange.rejection = _rejection(refusal)
        if request.transport is not None:
            exchange.unread = world.unread.before(request.transport)
        return RunwayCall(world, self._livekit, operation, exchange, token)

    async def _check(
        self,
        request: web.BaseRequest,
        operation: RunwayOperation,
        id_: str,
        exchange: Exchange,
        world: World,
    ) -> None:
        """Write into `exchange` what is particular to an operation, as far as it is right.

        Raises:
            Refused: the key, the version, the id or the body is not.
        """
        headers, settings = request.headers, world.settings
        exchange.operation = operation.id
        retry = headers.get("x-stainless-retry-count", "")
        if retry.isdecimal() and len(retry) < 4:
            exchange.retry = int(retry)
        if operation.query:
            query = request.query
            exchange.query = {name: query[name] for name in operation.query if name in query}
        if settings.key is not KeyState.VALID and operation.auth is Auth.API_SECRET:
            raise SecretRefused(_KEY_TEXTS[settings.key])
        if operation.versioned and settings.version_required:
            check_version(headers.get("X-Runway-Version"))
        if id_:
            kind = RUNWAY_API.operation[operation.id].kind
            exchange.subject = Subject(kind, checked_id(id_))
        if request.transport is not None:
            world.unread.begin(request.transport, exchange.subject, operation.id)
        if (
            settings.consume_body is ConsumeBody.TYPED
            and operation.auth is Auth.SESSION_KEY
            and not exchange.content_type
        ):
            raise WrongContentType("Incorrect content type", where="header: Content-Type")
        if operation.body is not Body.NONE:
            body = await self._bodies.read(
                request,
                operation.id,
                use=operation.body,
                strict_keys=settings.strict_keys,
                strict_type=settings.consume_body is not ConsumeBody.LENIENT,
            )
            if operation.creates:
                check_tool_names(body)
            exchange.body = body


def _beginning(header: str, secret: str) -> str:
    """Return as much of a header as is kept: a secret that is cut is not known for one any more."""
    if len(header) <= _LONGEST_HEADER:
        return header
    return redacted_text(header, secret)[:_LONGEST_HEADER]


def _rejection(refusal: Refused) -> Rejection:
    return Rejection(refusal.code, refusal.status, refusal.message, refusal.headers)
