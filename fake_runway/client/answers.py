"""What the admin API answers, as values, and the errors it answers with.

Shapes: `contracts/wire/schemas/admin.json`. Instants are POSIX seconds of the world's clock. Keys
that are not known here are left out, because the server may be a newer one than its client.
Standard library only: the pytest plugin shows these.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self

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
    "billed",
    "ended",
    "capped",
    "unpaid",
    "expired",
    "failed",
    "cancelled",
]
"""What can happen to a session; `released` and `admitted` happen by themselves only."""

Span = float | str
"""Seconds, or a text such as `1.5s`, `200ms`, `5m`."""


class AdminError(Exception):
    """The admin API refused, or could not be asked.

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
    """Nobody answered, or somebody who is no fake."""


class BadRequest(AdminError):
    """400: the server did not understand."""


class NotAllowed(AdminError):
    """401 or 403: the admin token is missing or wrong, or the server is another machine's."""


class NoSuch(AdminError):
    """404: there is no such world, scenario, session, fault or snapshot."""


class WaitTimedOut(AdminError):
    """408: what was waited for did not happen in time."""


class Conflict(AdminError):
    """409: it exists already, or the moment is wrong."""


_ERRORS: Mapping[int, type[AdminError]] = {
    400: BadRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NoSuch,
    408: WaitTimedOut,
    409: Conflict,
}


def error_of(operation: str, status: int, body: object) -> AdminError:
    """Return the error that an answer means."""
    if not isinstance(body, Mapping) or "error" not in body:
        return Unreachable(operation, f"answered {status}, and not as a fake does", status=status)
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
            Unreachable: a key is missing, so what answered is no fake of this kind.
        """
        given: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in data:
                given[each.name] = _built(data[each.name], cls.nested.get(each.name))
            elif each.default is MISSING:
                raise Unreachable(cls.__name__, f"the answer has no {each.name!r}")
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


@dataclass(frozen=True, slots=True)
class Health(View):
    """That the server is there, and its version."""

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class ClockView(View):
    """A world's clock.

    Attributes:
        rate: seconds that pass in the world per real second; 0: it stands still.
        next_due_at: when something happens by itself next; None: nothing will.
    """

    now: float
    rate: float
    next_due_at: float | None


@dataclass(frozen=True, slots=True)
class WorldView(View):
    """A world: how much of everything it has.

    Attributes:
        scenario: the name of what it follows.
        epoch: its first instant, POSIX seconds.
        active: sessions that take up capacity.
        calls: to the Runway API, so far.
        faults: in place for all calls.
        entries: in the journal.
    """

    nested: ClassVar[Mapping[str, type[View]]] = {"clock": ClockView}

    name: str
    scenario: str
    epoch: float
    clock: ClockView
    sessions: int
    active: int
    calls: int
    faults: int
    entries: int


@dataclass(frozen=True, slots=True)
class Snapshot(View):
    """A copy of a world that is kept, and the world's instant it was taken at."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class ScenarioLine(View):
    """A scenario that can be chosen by name.

    Attributes:
        wire, state: what a client sees; what becomes of sessions and account.
        doors: the ways to choose it.
        avatar: the id of its ready-made avatar, None if it has none.
    """

    name: str
    about: str
    wire: str
    state: str
    doors: tuple[str, ...]
    avatar: str | None


@dataclass(frozen=True, slots=True)
class ScenarioView(View):
    """What a world follows; `data` is that of a scenario file."""

    name: str
    about: str
    data: Json


@dataclass(frozen=True, slots=True)
class FaultView(View):
    """A fault in place.

    Attributes:
        fault: its data.
        since: when it was put in place.
        seen, struck: how many calls matched it; how many it altered.
        by_hand: whether it was put in place by hand; else it is the scenario's.
    """

    name: str
    fault: Json
    since: float
    seen: int
    struck: int
    by_hand: bool


@dataclass(frozen=True, slots=True)
class FailureView(View):
    """Why a session failed."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Due(View):
    """What happens by itself next, and when."""

    at: float
    event: EventName


@dataclass(frozen=True, slots=True)
class SessionView(View):
    """A session as the world knows it.

    Attributes:
        ordinal: its number in the world, from 0.
        event: the last that happened to it; None: it was created, and that is all.
        next: None: nothing happens by itself.
        blocks: of RUNNING, paid so far.
        scenario: whose session form it follows; None: the server's own settings.
        session_key: only of a session that was made by hand and is READY.
    """

    nested: ClassVar[Mapping[str, type[View]]] = {"next": Due, "failure": FailureView}

    id: str
    ordinal: int
    state: StateName
    event: EventName | None
    created_at: float
    changed_at: float
    ready_at: float | None
    started_at: float | None
    expires_at: float | None
    next: Due | None
    max_duration_s: float
    blocks: int
    scenario: str | None
    failure: FailureView | None
    session_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RequestView(View):
    """What a client sent, secrets covered.

    Attributes:
        agent: the User-Agent.
        retry: which repetition of an official SDK it is; None: it does not say.
        versioned: the version header was there.
        secret_in_url: the query held something that looks like a secret.
        key_fits: of a consume: whether the key was that session's.
        body: the JSON object.
    """

    agent: str | None
    retry: int | None
    versioned: bool
    secret_in_url: bool
    key_fits: bool | None
    query: Mapping[str, str]
    body: Json | None


@dataclass(frozen=True, slots=True)
class ResponseView(View):
    """What was answered, keys and tokens covered.

    Attributes:
        status: None: nothing was.
        code: of the rule that refused; None: none did.
        arrives: whether the client got all of it.
        wait_s: how long it is held back; None: for ever.
    """

    status: int | None
    body: Any
    code: str | None
    arrives: bool
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class ExchangeView(View):
    """One request to the Runway API and its answer.

    Attributes:
        number: its place among everything that was applied to the world.
        operation: its id; None: nobody expected such a request.
        session: the id that the path names or that was created.
        avatar: the id of the avatar that the path names.
        acted: whether the server acted on it.
        faults: the names of those that struck.
        nearest: the route that was probably meant by a request nobody expected.
    """

    nested: ClassVar[Mapping[str, type[View]]] = {"request": RequestView, "response": ResponseView}

    number: int
    at: float
    operation: str | None
    method: str
    path: str
    session: str | None
    avatar: str | None
    request: RequestView
    response: ResponseView
    acted: bool
    faults: tuple[str, ...]
    nearest: str | None

    @property
    def status(self) -> int | None:
        """The status that was answered."""
        return self.response.status


@dataclass(frozen=True, slots=True)
class Exchanges(View):
    """Exchanges, oldest first; those that fit a filter, of which these may be the newest.

    Attributes:
        total: how many fit.
        dropped: entries that the journal no longer has.
    """

    nested: ClassVar[Mapping[str, type[View]]] = {"exchanges": ExchangeView}

    exchanges: tuple[ExchangeView, ...]
    total: int
    dropped: int

    def __iter__(self) -> Iterator[ExchangeView]:
        return iter(self.exchanges)

    def __len__(self) -> int:
        return len(self.exchanges)

    def __getitem__(self, index: int) -> ExchangeView:
        return self.exchanges[index]


@dataclass(frozen=True, slots=True)
class Timeline(View):
    """Everything that happened to a session.

    Attributes:
        entries: exchanges, moves and acts by their `kind`, in the order of application.
        lines: the same for people; times are seconds since the session's creation.
    """

    session: str
    entries: tuple[Json, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class FindingView(View):
    """One thing that the client seems to do wrong.

    Attributes:
        id: stable.
        session: None: it is about the world.
        at: of the first wrong call, or of the call after which something is missing.
        numbers: of the journal entries that show it.
    """

    id: str
    severity: Literal["error", "warning", "info"]
    session: str | None
    message: str
    at: float
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        about = f" [session {self.session}]" if self.session else ""
        return f"{self.severity} {self.id}: {self.message}{about}"


@dataclass(frozen=True, slots=True)
class CreditsView(View):
    """An account's credits. `left` None: there is no limit."""

    left: int | None
    spent: int
    sessions_today: int


@dataclass(frozen=True, slots=True)
class Recording(View):
    """A run that can be repeated: as a short text, and as data with the journal in it."""

    token: str
    record: Json


@dataclass(frozen=True, slots=True)
class ReplayView(View):
    """A run that was repeated.

    Attributes:
        name: of the world that stands there afterwards, its clock stopped.
        exchanges: how many there were.
        identical: whether the journal came out the same, byte for byte.
        divergence: where it first did not.
    """

    name: str
    exchanges: int
    identical: bool
    divergence: str | None
