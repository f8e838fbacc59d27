"""The handler of the Runway API: from an HTTP request to a call of a world, and back to bytes.

Order of the checks: route, method, API secret, world, the account's key, version header, id,
content type, body; then the call itself (`pipeline.py`). The real order is unknown; only that the
key comes first where one is needed.

The handler does without `web.Application`, whose own router and middlewares cost a tenth of a poll:
`server/serving.py` runs it on aiohttp's low-level server. There most calls are answered as their
last byte is parsed (`answer_at_once`); `handle` is the way of all others, and of a mounted fake.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from sys import intern
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from aiohttp import web

from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Exchange, Measured, Rejection
from fake_runway.core.history.redaction import (
    holds_nothing_secret,
    holds_secret,
    redacted_header,
    redacted_query,
    redacted_text,
)
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Role, Subject
from fake_runway.core.scenario.settings import ConsumeBody, KeyState
from fake_runway.core.sessions.options import options_of
from fake_runway.core.text import printable
from fake_runway.core.types import Json
from fake_runway.room.named import NamedRoom, room_named
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import (
    Applied,
    Auth,
    KnownBody,
    KnownCaller,
    ReadHead,
    RequestHead,
    RunwayCall,
    RunwayOperation,
    SessionBodies,
)
from fake_runway.runway_api.inputs import condensed
from fake_runway.runway_api.operations import OPERATIONS, task_creates
from fake_runway.runway_api.pipeline import apply_call, error_reply
from fake_runway.runway_api.selection import (
    SCENARIO_HEADER,
    world_as_it_is,
    world_of_any,
    world_of_key,
    world_of_secret,
)
from fake_runway.runway_api.tasks import check_tag
from fake_runway.web import callers, cors
from fake_runway.web.bodies import (
    API_VERSION,
    LONGEST_BODY,
    Bodies,
    check_tool_names,
    check_version,
    checked_id,
    read,
)
from fake_runway.web.errors import (
    BadBody,
    BadPath,
    BodyTooLarge,
    InternalError,
    RequestRefused,
    UnknownRoute,
    WrongContentType,
)
from fake_runway.web.issues import VALIDATION_FAILED, issues
from fake_runway.web.large import LONGEST_LARGE_BODY, LargeBodies
from fake_runway.web.paths import Path
from fake_runway.web.replies import Reply
from fake_runway.web.routes import RouteMatch, Routes
from fake_runway.web.sending import send, whole
from fake_runway.worlds.naming import SecretRefused
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

if TYPE_CHECKING:
    from fake_runway.runway_api.fetching import AssetFetcher

_KEY_TEXTS: Mapping[KeyState, str] = {
    KeyState.UNKNOWN: "The API key is not valid.",
    KeyState.SUSPENDED: "This account is suspended.",
}
_SECRET_IN_QUERY = re.compile(
    r"(^|&)(api_?key|token|secret|authorization|access_token|session_?key)=|(stk|key)_[0-9a-f]{12}",
    re.IGNORECASE,
)
_LONGEST_HEADER = 120  # as kept in the journal
_MOST_UNKNOWN = 100  # routes that the log names, each once
_LONGEST_KNOWN = 4_096  # bytes of a body that is kept with its head

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_log = logging.getLogger("fake_runway")


class RunwayHandler:
    """The handler of every request to the Runway API.

    Args:
        livekit: where tokens lead and who signs them.
        admitted: called with a world and a session's id after each call for credentials of its
            room, whatever came of it.
        named: called with a world, a session's id and the room that its create names, if it does.
        large: counts what is on its way.
        fetcher: of the files that creates name by URL; None: they are not fetched.
    """

    def __init__(
        self,
        worlds: Worlds,
        livekit: LiveKit,
        *,
        admitted: Callable[[World, str], None] = lambda _world, _session_id: None,
        named: Callable[[World, str, NamedRoom], None] = lambda _world, _session_id, _room: None,
        large: LargeBodies | None = None,
        fetcher: "AssetFetcher | None" = None,
    ) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._admitted = admitted
        self._large = large or LargeBodies()
        self._fetcher = fetcher
        spec = worlds.spec
        more = () if spec is None else task_creates(spec.endpoints)
        self._routes = Routes((*OPERATIONS, *more))
        self._bodies = Bodies(None if spec is None else spec.shapes)
        self._declared = RUNWAY_API.operation if spec is None else spec.vocabulary.operation
        self._named = named
        self._polled = SessionBodies()
        self._unknown: set[tuple[str, str]] = set()

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request for `path`; every failure has the provider's form."""
        head = RequestHead(
            request.method, request.raw_path, request.rel_url, request.headers, request.transport
        )
        match = self._routes.match(path)
        if match is not None and head.method == "OPTIONS":
            requested = head.headers.get("Access-Control-Request-Headers", "")
            return whole(Reply(204, headers=cors.preflight(match.methods, requested)))
        try:
            operation = None if match is None else match.operations.get(head.method)
            read = _read_head(head, path, "" if match is None else match.name, operation)
            call = await self._call(request, read, path, match)
            await call.world.catch_up()
            applied = self._applied(read, call)
        except Refused as refusal:  # the request selects no world
            return whole(self._refused(refusal))
        except Exception:
            return whole(self._failed(head.method))
        return await self.send(applied, request)

    async def send(self, answer: Reply | Applied, request: web.BaseRequest) -> web.StreamResponse:
        """Send an answer, as slowly as it has to be."""
        if isinstance(answer, Reply):
            return whole(answer)
        delivery, world, kept = answer
        if kept is not None:
            try:
                await asyncio.shield(kept)  # others wait for it too
            except Refused as refusal:
                return whole(self._refused(refusal))
        if delivery.wait_s <= 0 and delivery.at_once:
            return whole(delivery)
        world.held_back += 1
        world.notify()  # its call was notified before the answer was held back
        try:
            return await send(delivery, request, world.clock)
        finally:
            world.held_back -= 1

    def read_at_once(self, head: RequestHead, path: Path) -> ReadHead | None:
        """Return what a request that `answer_at_once` may answer says; None: `handle` has to."""
        match = self._routes.match(path)
        operation = None if match is None else match.operations.get(head.method)
        if match is None or operation is None or SCENARIO_HEADER in head.headers:
            return None
        try:
            return _read_head(head, path, match.name, operation)
        except Exception:  # `handle` meets it as well, and answers
            return None

    def answer_at_once(self, head: ReadHead, body: Callable[[], bytes]) -> Reply | Applied | None:
        """Answer a request whose body is there, without waiting for anything.

        None: `handle` has to, and nothing has happened yet. That is so for the rare requests that
        wait for turns.

        Args:
            head: as `read_at_once` returned it.
            body: called at most once, and never where None is returned.
        """
        operation = head.operation
        if operation is None or (operation.files and self._fetcher is not None):
            return None
        try:
            if operation.auth is Auth.SESSION_KEY:
                world = world_of_key(self._worlds, head.token, head.named)
            else:
                world = self._world_of_secret(head)
            if not world.caught_up():
                return None
            exchange, known = _exchange(head), None
            try:
                if self._wants_body(head, operation, exchange, world):
                    known = self._take_known_body(body(), head, operation, exchange, world)
            except Refused as refusal:
                exchange.rejection = _rejection(refusal, operation)
            if head.connection is not None:
                exchange.unread = world.unread.before(head.connection)
            call = RunwayCall(
                world,
                self._livekit,
                operation,
                exchange,
                head.token,
                self._polled,
                known is not None,
                True,
                None if known is None else known.options,
            )
            return self._applied(head, call)
        except Refused as refusal:  # the request selects no world
            return self._refused(refusal)
        except Exception:
            return self._failed(head.method)

    def _world_of_secret(self, head: ReadHead) -> World:
        """Return the world that a request selects which names no scenario.

        Raises:
            Refused: it selects none.
        """
        if head.named is not None:
            return world_as_it_is(self._worlds, head.token, head.named)
        world = self._worlds.used(head.world or head.caller.world_of(head.token))
        if world is None:
            world = world_as_it_is(self._worlds, head.token, None)
            head.caller.selected(head.token, world.name)
        head.world = world.name
        return world

    def _applied(self, head: ReadHead, call: RunwayCall) -> Applied:
        operation, room = call.operation, None
        if operation is not None and operation.creates is SESSION and not call.plain:
            room = room_named(call.exchange.body)  # its token is redacted below
        delivery = apply_call(call)
        world, exchange = call.world, call.exchange
        if head.connection is not None:
            if (
                exchange.unread is None
                and head.operation is not None
                and head.operation.creates is None
                and world.account.has_ended(exchange.subject.id)
            ):  # only a poll of what has ended may be one too many, and many poll what has not
                world.unread.begin(head.connection, exchange.subject, exchange.operation)
                exchange.unread = world.unread.before(head.connection)
            world.unread.applied(head.connection, exchange.number)
        self._worlds.answered[exchange.operation, delivery.status] += 1
        if exchange.faults:
            self._worlds.struck += 1
        if exchange.media_url and exchange.subject.kind == SESSION.name:
            self._admitted(world, exchange.subject.id)
        if room is not None and exchange.subject.id:
            self._named(world, exchange.subject.id, room)
        if _log.isEnabledFor(logging.DEBUG):
            facts = {
                "world": world.name,
                "method": exchange.method,
                "path": exchange.path,
                "status": delivery.status,
            }
            more = {**facts, "operation": exchange.operation}
            _log.debug("%s %s %s: %d", *facts.values(), extra=more)
        return Applied(delivery, world, world.unkept)

    def _refused(self, refusal: Refused) -> Reply:
        self._worlds.answered["", refusal.status] += 1
        return error_reply(refusal, self._worlds.settings)

    def _failed(self, method: str) -> Reply:
        _log.exception("could not answer a %s", method)
        return error_reply(InternalError("Internal error"), self._worlds.settings)

    async def _call(
        self,
        request: web.BaseRequest,
        head: ReadHead,
        path: Path,
        match: RouteMatch[RunwayOperation] | None,
    ) -> RunwayCall:
        """Return the call that a request makes, checked or rejected.

        Raises:
            Refused: it selects no world.
        """
        headers, token, named, exchange = request.headers, head.token, head.named, _exchange(head)
        try:
            if path.problem:
                raise BadPath(path.problem)
            if match is None:
                nearest = self._routes.nearest(path)
                self._log_unknown(head, path, nearest)
                raise UnknownRoute(nearest)
            operation = match.operation(head.method)
        except RequestRefused as refusal:
            try:
                world = await world_of_any(self._worlds, token, named, headers)
            except Refused:
                raise refusal from None
            exchange.rejection = _rejection(refusal)
            return RunwayCall(
                world, self._livekit, None, exchange, token, self._polled, plain_head=True
            )
        if operation.auth is Auth.SESSION_KEY:
            world = world_of_key(self._worlds, token, named)
        else:
            world = await world_of_secret(self._worlds, token, named, headers)
        try:
            if self._wants_body(head, operation, exchange, world):
                if operation.files:
                    raw = await self._large.read(request)
                else:
                    raw = await read(request)
                if len(raw) > LONGEST_BODY:  # milliseconds, which others shall not wait for
                    exchange.body = await asyncio.to_thread(
                        self._checked_body, raw, operation, world
                    )
                else:
                    self._take_body(raw, operation, exchange, world)
                if operation.files and self._fetcher is not None:
                    exchange.body = await self._fetcher.with_facts(exchange.body)
        except Refused as refusal:
            exchange.rejection = _rejection(refusal, operation)
        if head.connection is not None:
            exchange.unread = world.unread.before(head.connection)
        return RunwayCall(
            world, self._livekit, operation, exchange, token, self._polled, plain_head=True
        )

    def _log_unknown(self, head: ReadHead, path: Path, nearest: str | None) -> None:
        """Name an unknown route, once; probes of `/` and a page's icon are no application's."""
        method, text = head.method, redacted_text(path.text, head.token)[:_LONGEST_HEADER]
        route = (method, _ID.sub("{id}", text))
        known = len(self._unknown) >= _MOST_UNKNOWN or route in self._unknown
        if known or path.in_world in ((), ("favicon.ico",)):
            return
        self._unknown.add(route)
        hint = f"; the nearest is {nearest}" if nearest else ""
        if path.in_world[:2] == ("v1", "v1"):
            hint += "; the base URL ends with /v1, which clients add themselves: leave it out"
        line = printable(f"unknown route: {method} {text}{hint}")
        _log.warning("%s", line, extra={"method": method, "path": printable(text)})

    def _wants_body(
        self, head: ReadHead, operation: RunwayOperation, exchange: Exchange, world: World
    ) -> bool:
        """Write into `exchange` what the head says of an operation; return whether a body counts.

        Raises:
            Refused: the key, the version, the id or the content type is not right.
        """
        settings = world.settings
        exchange.operation = operation.id
        exchange.retry, exchange.query = head.retry, head.query
        if settings.key is not KeyState.VALID and operation.auth is Auth.API_SECRET:
            raise SecretRefused(_KEY_TEXTS[settings.key])
        if operation.versioned and settings.version_required and head.version != API_VERSION:
            check_version(head.version)
        if operation.leads:
            exchange.media_url = self._livekit.address(host=head.host, world=world.name)
        declared = self._declared[operation.id]
        if head.name:
            if head.subject is None:
                session = world.account.find(head.name)
                if session is not None:
                    id_ = session.id  # the text itself, which is found without comparing texts
                elif world.account.has(head.name):  # so it is an id
                    id_ = head.name
                else:
                    id_ = checked_id(head.name, sortable=operation.sortable)
                head.subject = Subject(declared.kind, id_)
            exchange.subject = head.subject
        if operation.links and (
            operation.id != "getTask"
            or settings.materialise
            or world.account.tasks.can_have_output(exchange.subject.id)
        ):
            exchange.media_url = f"http://{head.host}/w/{world.name}"
        if head.connection is not None:
            if declared.role is Role.POLL:
                world.unread.read(head.connection)  # the rest once it is applied
            else:
                world.unread.begin(head.connection, exchange.subject, operation.id)
        if (
            settings.consume_body is ConsumeBody.TYPED
            and operation.auth is Auth.SESSION_KEY
            and not exchange.content_type
        ):
            raise WrongContentType("Incorrect content type", where="header: Content-Type")
        strict_type = settings.consume_body is not ConsumeBody.LENIENT
        return self._bodies.wants(head.declared_type, operation.body, strict_type=strict_type)

    def _take_body(
        self, raw: bytes, operation: RunwayOperation, exchange: Exchange, world: World
    ) -> None:
        """Write the body into `exchange`.

        Raises:
            Refused: it is not right.
        """
        exchange.body = self._checked_body(raw, operation, world)

    def _checked_body(self, raw: bytes, operation: RunwayOperation, world: World) -> Json:
        """Return the value of a body as it is kept: with facts in place of files.

        Raises:
            Refused: it is not right.
        """
        if len(raw) > (LONGEST_LARGE_BODY if operation.files else LONGEST_BODY):
            raise BodyTooLarge("Request body too large")
        body = self._bodies.checked(
            raw,
            operation.id,
            use=operation.body,
            strict_keys=world.settings.strict_keys,
            retired=world.settings.retired_models,
        )
        if operation.files and (len(raw) > LONGEST_BODY or b"ata:" in raw):
            body = condensed(body, rule=world.settings.bad_inputs)
        if operation.creates is SESSION:
            check_tool_names(body)
        elif operation.creates is TASK:
            check_tag(world, body)
        return body

    def _take_known_body(
        self,
        raw: bytes,
        head: ReadHead,
        operation: RunwayOperation,
        exchange: Exchange,
        world: World,
    ) -> KnownBody | None:
        """Do as `_take_body`; return what is known of the body if it holds nothing secret."""
        known, strict_keys = head.body, world.settings.strict_keys
        if known is not None and known.raw == raw and known.strict_keys is strict_keys:
            exchange.body = known.value
            return known
        self._take_body(raw, operation, exchange, world)
        if not holds_nothing_secret(raw, head.token):
            return None
        options = options_of(exchange.body) if operation.creates is SESSION else None
        known = KnownBody(raw, strict_keys, exchange.body, options)
        if len(raw) <= _LONGEST_KNOWN and b"ata:" not in raw:
            exchange.body = Measured(exchange.body)
            known = head.body = known._replace(value=exchange.body)
        return known


def _read_head(
    head: RequestHead, path: Path, name: str, operation: RunwayOperation | None
) -> ReadHead:
    headers = head.headers
    caller = head.caller or KnownCaller()
    query: Mapping[str, str] = {}
    host, with_key = "", False
    if operation is not None:
        # a session's key is sent once, and the secret again behind it
        with_key = operation.auth is Auth.SESSION_KEY
        if operation.query:
            sent = head.url.query
            query = {each: sent[each] for each in operation.query if each in sent}
    token = callers.bearer(headers) if with_key else caller.token_of(headers)
    query = redacted_query(query, token)
    if operation is not None and (operation.leads or operation.links):
        host = callers.host(headers)
        if holds_secret(host, token):
            host = callers.NO_HOST  # it would be kept in the journal
    secret_in_url = False
    if asked := head.target.partition("?")[2]:
        plain = unquote_plus(asked)
        secret_in_url = bool(_SECRET_IN_QUERY.search(plain)) or holds_secret(plain, token)
    retry, declared_type = headers.get("x-stainless-retry-count"), headers.get("Content-Type")
    version = headers.get("X-Runway-Version")
    return ReadHead(
        head.method,
        path.text,
        head.connection,
        caller,
        operation,
        name,
        token,
        callers.named(path.world, headers),
        intern(_kept(headers.get("User-Agent", ""), token)),  # of all heads the same text
        None if version is None else intern(version),
        "" if declared_type is None else _kept(declared_type, token),
        declared_type,
        "Cookie" in headers,
        None if retry is None or not retry.isdecimal() or len(retry) > 3 else int(retry),
        query,
        host,
        secret_in_url,
    )


def _exchange(head: ReadHead) -> Exchange:
    """Return what is known of a request before its operation is."""
    return Exchange(
        "",
        head.method,
        head.text,
        agent=head.agent,
        versioned=head.version == API_VERSION,
        content_type=head.content_type,
        cookies=head.cookies,
        secret_in_url=head.secret_in_url,
    )


def _kept(header: str, secret: str) -> str:
    """Return as much of a header as is kept, without secrets: one that is cut looks like none."""
    if len(header) > _LONGEST_HEADER:
        header = redacted_text(header, secret)[:_LONGEST_HEADER]
    return redacted_header(header, secret)


def _rejection(refusal: Refused, operation: RunwayOperation | None = None) -> Rejection:
    message, listed = refusal.message, refusal.issues
    if operation is not None and operation.files and isinstance(refusal, BadBody):
        listed = issues(refusal.problems)
        message = VALIDATION_FAILED if listed else message
    return Rejection(refusal.code, refusal.status, message, refusal.headers, listed)
