"""What the handler passes to the pipeline, and the pipeline to an operation. No aiohttp."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from yarl import URL

from fake_runway.core.faults.effects.base import Delivery
from fake_runway.core.history.journal import Exchange, Measured
from fake_runway.core.history.redaction import redacted_object
from fake_runway.core.lifecycles.vocabulary import ResourceKind, Subject, quick_to_find
from fake_runway.core.sessions.options import CreateOptions
from fake_runway.core.sessions.session import Session
from fake_runway.core.tasks.task import Task
from fake_runway.core.types import Json
from fake_runway.core.uploads import Content
from fake_runway.core.values import dataclass
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.wire import session_body
from fake_runway.web.bodies import Body
from fake_runway.web.callers import bearer
from fake_runway.web.replies import Rendered, Reply
from fake_runway.worlds.unread import Connection
from fake_runway.worlds.world import World

_MOST_BODIES = 2_000


class KnownCaller:
    """Who calls over a connection, so that a secret is checked and hashed once."""

    __slots__ = ("_authorization", "_token", "_world")

    def __init__(self) -> None:
        self._authorization = self._token = self._world = ""

    def token_of(self, headers: Mapping[str, str]) -> str:
        """Return the bearer token of a request over the connection."""
        authorization = headers.get("Authorization", "")
        if authorization != self._authorization:
            self._token, self._world = bearer(headers), ""
            self._authorization = authorization
        return self._token

    def selected(self, token: str, world: str) -> None:
        """Note the name of the world that a token selects."""
        if token == self._token:
            self._world = world

    def world_of(self, token: str) -> str:
        """Return the name of the world that a token selects, empty if it is not known."""
        return self._world if token == self._token else ""


class RequestHead(NamedTuple):
    """What a request says before its body, as it came.

    Attributes:
        target: path and query, or a whole URL, as sent.
        url: the same, parsed.
        connection: None: it is closed.
        caller: what its connection has shown of its caller; None: nothing is remembered.
    """

    method: str
    target: str
    url: URL
    headers: Mapping[str, str]
    connection: Connection | None
    caller: KnownCaller | None = None


class KnownBody(NamedTuple):
    """A body that was checked and holds nothing secret.

    Attributes:
        strict_keys: as of `Bodies.checked`.
        value: what stands in it, as checked.
        options: of a create of a session.
    """

    raw: bytes
    strict_keys: bool
    value: Json
    options: CreateOptions | None


@dataclass(slots=True, eq=False)
class ReadHead:
    """What the head of a request says, whatever its world and its body are.

    A connection keeps it for heads that come again (`server/at_once.py`).

    Attributes:
        text: the path as the journal has it.
        connection, caller: as of `RequestHead`.
        operation: None: the request fits none.
        name: what the path has in place of the braces, empty if nothing.
        token: the bearer token.
        named: the world that the request names in its path or a header, None if none.
        agent, content_type: as much of these headers as is kept, without secrets.
        declared_type: the whole content type.
        query: of the parameters of the operation, without secrets.
        host: at which the caller has reached the fake.
        subject: the resource in the path, once it was checked.
        world: the name of the world that the token selects, once it was selected; else empty.
        body: the last one behind this head, if it may come again: a client creates many sessions
            alike, and to check a body and look through it for secrets takes a sixth of a create.
    """

    method: str
    text: str
    connection: Connection | None
    caller: KnownCaller
    operation: RunwayOperation | None
    name: str
    token: str
    named: str | None
    agent: str
    version: str | None
    content_type: str
    declared_type: str | None
    cookies: bool
    retry: int | None
    query: Mapping[str, str]
    host: str
    secret_in_url: bool
    subject: Subject | None = None
    world: str = ""
    body: KnownBody | None = None

    def with_other(self, *, name: str, token: str) -> ReadHead:
        """Return what a head says that has another id in its path, and perhaps another token.

        Args:
            name: instead of `name`, which stands in `text` once.
            token: the same, or of one session's key another.
        """
        return ReadHead(
            self.method,
            self.text.replace(self.name, name),
            self.connection,
            self.caller,
            self.operation,
            name,
            token,
            self.named,
            self.agent,
            self.version,
            self.content_type,
            self.declared_type,
            self.cookies,
            self.retry,
            self.query,
            self.host,
            self.secret_in_url,
            None,
            self.world,
            self.body,
        )

    @property
    def may_come_again(self) -> bool:
        """Whether it is worth keeping: a session's key works once."""
        return self.operation is not None and self.operation.auth is not Auth.SESSION_KEY


class Applied(NamedTuple):
    """A call that is applied, and logged; what is left is to send its answer.

    Attributes:
        kept: as `World.unkept` was then: the answer waits for it.
    """

    delivery: Delivery
    world: World
    kept: Future[None] | None = None


class _TaskBody(NamedTuple):
    """The body of GETs of a task from one instant until before another."""

    task: Task
    base: str
    since: float
    until: float
    rendered: Rendered


class SessionBodies:
    """The bodies of polls: each is made once for a session that stays as it is.

    A session is a value, and another one once anything happens to it. So is a task, whose body
    depends on the instant besides.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[Session, Rendered]] = {}  # by id, the latest ones
        self._of_tasks: dict[str, _TaskBody] = {}

    def of(self, session: Session, key_of: Callable[[Session], str]) -> Rendered:
        """Return the body of a GET of `session`; arguments as of `session_body`."""
        made = self._made.get(session.id)
        if made is not None and made[0] is session:
            return made[1]
        body = session_body(session, key_of)
        rendered = Rendered(body, redacted=Measured(redacted_object(body)))
        if len(self._made) >= _MOST_BODIES:
            self._made.clear()
        self._made[session.id] = session, rendered
        return rendered

    def of_task(self, task: Task, base: str, at: float) -> Rendered | None:
        """Return the body of a GET of `task` at an instant; None: it has to be made.

        Args:
            base: where addresses of outputs lead.
        """
        made = self._of_tasks.get(task.id)
        if made is None or made.task is not task or made.base != base:
            return None
        # not from its beginning on: a world that was restored may be at an earlier instant
        return made.rendered if made.since <= at < made.until else None

    def keep_task(self, task: Task, base: str, at: float, until: float, body: Json) -> Rendered:
        """Return the body of a GET of `task`, kept for those before `until`."""
        rendered = Rendered(body, redacted=Measured(body))
        if len(self._of_tasks) >= _MOST_BODIES:
            self._of_tasks.clear()
        self._of_tasks[task.id] = _TaskBody(task, base, at, until, rendered)
        return rendered


class RunwayCall(NamedTuple):
    """One request to the Runway API, parsed and checked; or rejected, as its exchange says.

    Attributes:
        operation: None: the request fits none, and was rejected.
        token: the bearer token, an API secret or a session key.
        bodies: of polls; None: each is made anew.
        plain: the request's body is known to hold nothing secret.
        plain_head: and so are User-Agent, Content-Type and query in its exchange.
        options: those of a create, if they were read before; None: they stand in its body.
        content: the bytes of a file that is uploaded; None: they are not known.
    """

    world: World
    livekit: LiveKit
    operation: RunwayOperation | None
    exchange: Exchange
    token: str
    bodies: SessionBodies | None = None
    plain: bool = False
    plain_head: bool = False
    options: CreateOptions | None = None
    content: Content | None = None


@quick_to_find
class Auth(Enum):
    """What the bearer token of an operation is."""

    API_SECRET = "api-secret"
    SESSION_KEY = "session-key"


@dataclass(frozen=True, slots=True)
class RunwayOperation:
    """One method on one path template of the Runway API.

    Attributes:
        id: its operationId in the contract, by which its body is validated.
        answer: what carries it out: parse, call the account, render.
        versioned: X-Runway-Version is checked.
        query: the names of its query parameters.
        creates: the kind of what it creates, which the reply names as `id`; None: nothing.
        leads: to a room; its reply has credentials.
        links: to files of ours, where its resource has some.
        sortable: the id in its path is a version 7 UUID.
        files: its body may name files and hold them, so it may be large; and what is wrong with it
            is listed.
    """

    id: str
    method: str
    template: str
    answer: Callable[[RunwayCall], Reply]
    auth: Auth = Auth.API_SECRET
    body: Body = Body.NONE
    versioned: bool = True
    query: tuple[str, ...] = ()
    creates: ResourceKind | None = None
    leads: bool = False
    links: bool = False
    sortable: bool = False
    files: bool = False
