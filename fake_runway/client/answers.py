"""What the admin API answers, as values, and its errors as exceptions.

Shapes: `contracts/wire/schemas/admin.json`. Instants are POSIX seconds of the world's clock.
Unknown keys are ignored, because the server may be newer than its client. Standard library only:
the pytest plugin imports this file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, Self, TypedDict, TypeVar, get_args

from fake_runway.core.types import Json

StateName = Literal[
    "queued", "provisioning", "ready", "claimed", "running", "completed", "failed", "cancelled"
]
EventName = Literal[
    "released",
    "admitted",
    "provisioned",
    "consumed",
    "claimed",
    "joined",
    "entered",
    "billed",
    "ended",
    "capped",
    "unpaid",
    "expired",
    "failed",
    "cancelled",
]
"""What can happen to a session; `released` and `admitted` happen by themselves only."""

CallEventName = Literal[
    "joined",
    "left",
    "away",
    "back",
    "published",
    "unpublished",
    "said",
    "client_event",
    "tool_called",
    "tool_answered",
    "data",
    "data_ignored",
    "spoke",
    "unheard",
    "entered",
    "closed",
]
"""What a room reports of a call."""

PAGE = 100
"""Exchanges that are read at once."""

Span = float | str
"""Seconds, or a text such as `1.5s`, `200ms`, `5m`."""


class FaultParts(TypedDict, total=False):
    """The parts of a fault, as in a scenario file; None: left out."""

    effect: Json | None
    match: Json | None
    name: str | None
    acted: bool | None
    times: int | None
    skip: int | None
    every: int | None
    from_: str | None
    until: str | None
    probability: float | None


class AdminError(Exception):
    """The admin API rejected a request, or did not answer it.

    Attributes:
        operation: its id in the admin document, e.g. `putScenario`.
        message: the server's words.
        code: the server's stable code.
        status: of the answer; 0: there was none.
        where: the place in the body that is wrong, empty if the server named none.
    """

    def __init__(
        self, operation: str, message: str, *, code: str = "", status: int = 0, where: str = ""
    ) -> None:
        at = f" (at {where})" if where else ""
        super().__init__(f"{operation}: {message}{at}")
        self.operation = operation
        self.message = message
        self.code = code
        self.status = status
        self.where = where


class Unreachable(AdminError):
    """No answer, or one that no fake gives."""


class BadRequest(AdminError):
    """400: the request is malformed."""


class NotAllowed(AdminError):
    """401 or 403: missing or wrong admin token, or a server that serves its own machine only."""


class NoSuch(AdminError):
    """404: there is no such world, scenario, session, fault or snapshot."""


class WaitTimedOut(AdminError):
    """408: the condition of a wait did not hold before its timeout."""


class Conflict(AdminError):
    """409: the name is taken, or the state of the world does not allow it."""


_ERRORS: Mapping[int, type[AdminError]] = {
    400: BadRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NoSuch,
    408: WaitTimedOut,
    409: Conflict,
}


def error_of(operation: str, status: int, body: object) -> AdminError:
    """Return the error for an answer that is not a success of a fake."""
    if not isinstance(body, Mapping) or "error" not in body:
        return Unreachable(
            operation,
            f"expected an answer of a fake, got another with status {status}",
            status=status,
        )
    return _ERRORS.get(status, AdminError)(
        operation,
        str(body["error"]),
        code=str(body.get("code", "")),
        status=status,
        where=str(body.get("where", "")),
    )


@dataclass(frozen=True, slots=True)
class View:
    """A value that the admin API answers: a JSON object with the names of its attributes.

    Attributes:
        nested: the views that stand in attributes, by name. An answer may leave out what has a
            default.
    """

    nested: ClassVar[Mapping[str, "type[View]"]] = {}

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the value that `data` describes.

        Raises:
            Unreachable: a key is missing, so this is no answer of a fake.
        """
        given: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in data:
                given[each.name] = _built(data[each.name], cls.nested.get(each.name))
            elif each.default is MISSING:
                raise Unreachable(
                    cls.__name__, f"expected an answer with {each.name!r}, got one without"
                )
        return cls(**given)

    @classmethod
    def many(cls, key: str) -> Callable[[Json], tuple[Self, ...]]:
        """Return what reads the list of such values under `key`."""
        return lambda data: tuple(cls.of(each) for each in data[key])


def _built(value: Any, kind: type[View] | None) -> Any:
    if isinstance(value, list):
        return tuple(_built(each, kind) for each in value)
    return value if kind is None or value is None else kind.of(value)


def nothing(_: object) -> None:
    """Read an answer that has no body."""


V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Health(View):
    """The state of the server, and its version."""

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class SpecView(View):
    """The newer document of the Runway API that the server was started with, if any."""

    file: str | None
    news: tuple[str, ...]  # what it has that this version does not know


@dataclass(frozen=True, slots=True)
class ClockView(View):
    """A world's clock."""

    now: float
    rate: float  # seconds that pass in the world per real second; 0: it is frozen
    next_due_at: float | None  # when the next event is due; None: none is


@dataclass(frozen=True, slots=True)
class WorldView(View):
    """A world in numbers."""

    nested: ClassVar[Mapping[str, type[View]]] = {"clock": ClockView}

    name: str
    scenario: str  # the name of the one that it follows
    epoch: float  # its first instant
    clock: ClockView
    sessions: int
    active: int  # sessions that use capacity
    calls: int  # to the Runway API, so far
    faults: int  # those that apply to all calls
    entries: int  # in the journal
    only_admin: bool  # no application has ever called it
    used_at: float | None = None  # when it was last used, in real POSIX seconds; from `worlds` only


@dataclass(frozen=True, slots=True)
class EventView(View):
    """Something that happened in a world."""

    id: str  # to continue after it; empty in the stream of all worlds
    kind: str  # exchange, move, act, finding, gap, reset, ...
    world: str
    data: Json


@dataclass(frozen=True, slots=True)
class Snapshot(View):
    """A kept copy of a world, and the world's instant when it was taken."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class ScenarioLine(View):
    """A scenario that can be selected by name."""

    name: str
    about: str
    wire: str  # what a client sees
    state: str  # what happens to sessions and account
    doors: tuple[str, ...]  # the ways to select it
    avatar: str | None  # the id of its ready-made avatar; None: it has none


@dataclass(frozen=True, slots=True)
class ScenarioView(View):
    """A scenario that a world follows; `data` as in a scenario file."""

    name: str
    about: str
    data: Json


@dataclass(frozen=True, slots=True)
class FaultView(View):
    """A fault that applies to all calls."""

    name: str
    fault: Json  # its data, as in a scenario file
    since: float  # when it was added
    seen: int  # how many calls matched it
    struck: int  # how many calls it altered
    by_hand: bool  # the admin API has added it; else it is the scenario's


@dataclass(frozen=True, slots=True)
class FailureView(View):
    """Why a session failed."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Due(View):
    """The next due event."""

    at: float
    event: EventName


@dataclass(frozen=True, slots=True)
class SessionView(View):
    """A session as the world knows it."""

    nested: ClassVar[Mapping[str, type[View]]] = {"next": Due, "failure": FailureView}

    id: str
    ordinal: int  # its number in the world, from 0
    state: StateName
    event: EventName | None  # the last one; None: it was only created
    created_at: float
    changed_at: float
    ready_at: float | None
    started_at: float | None
    expires_at: float | None
    next: Due | None  # None: no event is due
    max_duration_s: float
    blocks: int  # the blocks of RUNNING that were paid so far
    scenario: str | None  # the one whose session form it follows; None: the settings of the server
    failure: FailureView | None
    session_key: str | None = field(default=None, repr=False)  # READY, from `make` only


TaskStateName = Literal["throttled", "pending", "running", "succeeded", "failed", "cancelled"]

TaskEventName = Literal["started", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class TaskDue(View):
    """What happens to a task by itself next."""

    at: float
    event: Literal["released", "started", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class TaskView(View):
    """A task as the world knows it."""

    nested: ClassVar[Mapping[str, type[View]]] = {"next": TaskDue, "failure": FailureView}

    id: str
    ordinal: int  # its number in the world, from 0
    state: TaskStateName
    event: str | None  # the last one; None: it was only created
    created_at: float
    changed_at: float
    started_at: float | None
    next: TaskDue | None  # None: no event is due
    operation: str | None  # what created it; None: its id was asked for, and it was made for that
    model: str | None
    progress: float | None  # while it runs
    estimate: float  # credits, as its create said
    cost: int  # credits, as charged by now
    deleted: bool  # a client has deleted it after its end
    scenario: str | None  # the one whose task form it follows; None: the settings of the server
    failure: FailureView | None


AssetKindName = Literal["avatar", "voice", "document"]
AssetStateName = Literal["processing", "ready", "failed", "deleted"]
AssetEventName = Literal["processed", "failed", "deleted"]


@dataclass(frozen=True, slots=True)
class AssetDue(View):
    """What happens to a stored resource by itself next."""

    at: float
    event: Literal["processed", "failed", "updated", "replaced", "deleted"]


@dataclass(frozen=True, slots=True)
class AssetView(View):
    """An avatar, a voice or a document as the world knows it, without what it holds."""

    nested: ClassVar[Mapping[str, type[View]]] = {"next": AssetDue, "failure": FailureView}

    id: str
    kind: AssetKindName
    ordinal: int  # its number among its kind in the world, from 0
    name: str
    state: AssetStateName
    event: str | None  # the last one; None: it was only created
    created_at: float
    changed_at: float
    updated_at: float  # when a client created or changed it
    next: AssetDue | None  # None: no event is due
    failure: FailureView | None


@dataclass(frozen=True, slots=True)
class RequestView(View):
    """A client's request, with secrets redacted."""

    agent: str | None  # the User-Agent
    retry: int | None  # the number of the retry, as official SDKs send it; None: not sent
    versioned: bool  # the version header was there, with the right version
    secret_in_url: bool  # the query held something that looks like a secret
    key_fits: bool | None  # of a consume: whether the key was that session's
    query: Mapping[str, str]
    body: Json | None  # the JSON object
    content_type: str | None = None  # the declared one; None: none was declared
    cookies: bool | None = None  # there was a Cookie header


@dataclass(frozen=True, slots=True)
class ResponseView(View):
    """The answer to a client, with keys and tokens redacted."""

    status: int | None  # None: there was no answer
    body: Any
    code: str | None  # of the rule that rejected the request; None: it was not rejected
    arrives: bool  # the client got all of it
    wait_s: float | None  # how long it is held back; None: forever


@dataclass(frozen=True, slots=True)
class ExchangeView(View):
    """One request to the Runway API and its answer."""

    nested: ClassVar[Mapping[str, type[View]]] = {"request": RequestView, "response": ResponseView}

    number: int  # its place among everything that was applied to the world
    at: float
    operation: str | None  # its id; None: the route is unknown
    method: str
    path: str
    session: str | None  # the id that the path names or that was created
    avatar: str | None  # as `session`
    request: RequestView
    response: ResponseView
    acted: bool  # the server processed it
    faults: tuple[str, ...]  # the names of those that struck
    nearest: str | None  # the known route that is closest to an unknown one
    task: str | None = None  # as `session`
    workflow: str | None = None  # as `avatar`
    router: str | None = None  # as `session`
    voice: str | None = None
    document: str | None = None
    upload: str | None = None  # as `session`

    @property
    def status(self) -> int | None:
        """The status of the answer; None: there was none."""
        return self.response.status


@dataclass(frozen=True, slots=True)
class Exchanges(View):
    """The newest exchanges that match a filter, oldest first."""

    nested: ClassVar[Mapping[str, type[View]]] = {"exchanges": ExchangeView}

    exchanges: tuple[ExchangeView, ...]
    total: int  # how many match, those that are gone included
    dropped: int  # entries that the journal no longer has, of any kind
    gone: int  # exchanges that match, and that the journal no longer has
    uncertain: int  # those it no longer has that may match as well

    def __iter__(self) -> Iterator[ExchangeView]:
        return iter(self.exchanges)

    def __len__(self) -> int:
        return len(self.exchanges)

    def __getitem__(self, index: int) -> ExchangeView:
        return self.exchanges[index]


class Pages:
    """A list of exchanges that is read page by page, the newest page first.

    Args:
        limit: how many of the newest; None: all.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._pages: list[Exchanges] = []

    @property
    def size(self) -> int:
        """How many exchanges to ask for."""
        return PAGE if self._limit is None else self._limit

    @property
    def before(self) -> int | None:
        """The number below which the next page begins; None: it is the newest."""
        return self._pages[-1].exchanges[0].number if self._pages else None

    @property
    def more(self) -> bool:
        """Whether there is another page to ask for."""
        return not self._pages or (
            self._limit is None and len(self._pages[-1].exchanges) == self.size
        )

    def add(self, page: Exchanges) -> None:
        """Add the page that was asked for."""
        self._pages.append(page)

    def together(self) -> Exchanges:
        """Return all pages as one."""
        newest = self._pages[0]
        if len(self._pages) == 1:
            return newest
        exchanges = tuple(each for page in reversed(self._pages) for each in page.exchanges)
        # what was evicted while the pages were read is gone as well
        gone = max(newest.gone, newest.total - len(exchanges))
        return replace(newest, exchanges=exchanges, gone=gone)


@dataclass(frozen=True, slots=True)
class Timeline(View):
    """Everything that happened to a session."""

    session: str
    entries: tuple[Json, ...]  # exchanges, moves and acts, by `kind`, in the order of application
    lines: tuple[str, ...]  # the same as text; times are seconds since the session was created
    gone: int  # entries about it that the journal no longer has
    uncertain: int  # those it no longer has that may be about it as well
    key_sha256: str | None = None  # tells its key from others; None: the session is no longer kept

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class TaskOutputs(View):
    """Where the outputs of a task are: paths on the server."""

    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskTimeline(View):
    """Everything that happened to a task."""

    task: str
    entries: tuple[Json, ...]  # as of `Timeline`
    lines: tuple[str, ...]
    gone: int
    uncertain: int

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class AssetTimeline(View):
    """Everything that happened to an avatar, a voice or a document."""

    id: str
    entries: tuple[Json, ...]  # as of `Timeline`
    lines: tuple[str, ...]
    gone: int
    uncertain: int

    def __str__(self) -> str:
        return "\n".join(self.lines)


class Kept(tuple[V, ...]):
    """What is left of a history. Compares as a tuple, and with lists.

    Attributes:
        gone: how many more there were that are no longer kept; of findings: journal entries of any
            kind, so that a finding about them may be missing.
        uncertain: those no longer kept that may belong here as well.
    """

    gone: int
    uncertain: int

    def __eq__(self, other: object) -> bool:
        # `assert fake.findings() == []` is what people write
        return super().__eq__(tuple(other) if isinstance(other, list) else other)

    __hash__ = tuple.__hash__

    def only(self, wanted: "Callable[[V], bool]") -> "Kept[V]":
        """Return those that are wanted; of what is gone nothing is known, so its number stays."""
        kept = Kept(each for each in self if wanted(each))
        kept.gone, kept.uncertain = self.gone, self.uncertain
        return kept

    @classmethod
    def many(cls, view: type[V], key: str) -> "Callable[[Json], Kept[V]]":
        """Return what reads the list of such views under `key`."""

        def read(data: Json) -> Kept[V]:
            kept = cls(view.of(each) for each in data[key])
            kept.gone, kept.uncertain = data["gone"], data.get("uncertain", 0)
            return kept

        return read


Severity = Literal["error", "warning", "info"]
"""Broken or costly; wasteful; worth knowing."""
SEVERITIES = get_args(Severity)


@dataclass(frozen=True, slots=True)
class FindingView(View):
    """One thing that a client seems to do wrong."""

    id: str  # stable
    severity: Severity
    session: str | None  # None: it is about the world
    message: str
    at: float  # the instant of the first wrong call, or of the call that needed another after it
    numbers: tuple[int, ...]  # of the journal entries that show it
    task: str | None = None  # as `session`
    avatar: str | None = None
    voice: str | None = None
    document: str | None = None

    def __str__(self) -> str:
        about = f" [session {self.session}]" if self.session else ""
        return f"{self.severity} {self.id}: {self.message}{about}"


@dataclass(frozen=True, slots=True)
class Viewer(View):
    """What lets its holder watch a session's call: a token, and the path to POST an offer to."""

    path: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreditsView(View):
    """An account's credits. `left` None: there is no limit."""

    left: int | None
    spent: int
    sessions_today: int


@dataclass(frozen=True, slots=True)
class Recording(View):
    """A record of a run: as a replay token, and as data with the journal in it."""

    token: str
    record: Json


@dataclass(frozen=True, slots=True)
class ReplayView(View):
    """The outcome of a replay."""

    name: str  # of the new world, whose clock is frozen
    exchanges: int  # how many there were
    identical: bool  # the journal is the same, byte for byte
    divergence: str | None  # the first difference
