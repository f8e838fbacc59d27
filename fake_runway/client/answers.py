"""What the admin API answers, as values, and its errors as exceptions.

Shapes: `contracts/wire/schemas/admin.json`. Instants are POSIX seconds of the world's clock.
Unknown keys are ignored, because the server may be newer than its client. Standard library only:
the pytest plugin imports this file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypedDict

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


class FaultParts(TypedDict, total=False):
    """The parts of a fault, as in a scenario file; None: left out."""

    effect: Json | None
    match: Json | None
    name: str | None
    acted: bool | None
    times: int | None
    skip: int | None
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


@dataclass(frozen=True, slots=True)
class Health(View):
    """The state of the server, and its version."""

    status: str
    version: str


@dataclass(frozen=True, slots=True)
class ClockView(View):
    """A world's clock.

    Attributes:
        rate: seconds that pass in the world per real second; 0: it is frozen.
        next_due_at: when the next event is due; None: none is.
    """

    now: float
    rate: float
    next_due_at: float | None


@dataclass(frozen=True, slots=True)
class WorldView(View):
    """A world in numbers.

    Attributes:
        scenario: the name of the one that it follows.
        epoch: its first instant, POSIX seconds.
        active: sessions that use capacity.
        calls: to the Runway API, so far.
        faults: those that apply to all calls.
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
    """A kept copy of a world, and the world's instant when it was taken."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class ScenarioLine(View):
    """A scenario that can be selected by name.

    Attributes:
        wire, state: what a client sees; what happens to sessions and account.
        doors: the ways to select it.
        avatar: the id of its ready-made avatar; None: it has none.
    """

    name: str
    about: str
    wire: str
    state: str
    doors: tuple[str, ...]
    avatar: str | None


@dataclass(frozen=True, slots=True)
class ScenarioView(View):
    """A scenario that a world follows; `data` as in a scenario file."""

    name: str
    about: str
    data: Json


@dataclass(frozen=True, slots=True)
class FaultView(View):
    """A fault that applies to all calls.

    Attributes:
        fault: its data.
        since: when it was added.
        seen, struck: how many calls matched it; how many it altered.
        by_hand: the admin API has added it; else it is the scenario's.
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
    """The next due event."""

    at: float
    event: EventName


@dataclass(frozen=True, slots=True)
class SessionView(View):
    """A session as the world knows it.

    Attributes:
        ordinal: its number in the world, from 0.
        event: the last one; None: it was only created.
        next: None: no event is due.
        blocks: the blocks of RUNNING that were paid so far.
        scenario: the one whose session form it follows; None: the settings of the server.
        session_key: only in the answer that made a READY session.
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
    """A client's request, with secrets redacted.

    Attributes:
        agent: the User-Agent.
        retry: the number of the retry, as official SDKs send it; None: not sent.
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
    """The answer to a client, with keys and tokens redacted.

    Attributes:
        status: None: there was no answer.
        code: of the rule that rejected the request; None: it was not rejected.
        arrives: the client got all of it.
        wait_s: how long it is held back; None: forever.
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
        operation: its id; None: the route is unknown.
        session: the id that the path names or that was created.
        avatar: the id of the avatar that the path names.
        acted: the server processed it.
        faults: the names of those that struck.
        nearest: the known route that is closest to an unknown one.
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
        """The status of the answer; None: there was none."""
        return self.response.status


@dataclass(frozen=True, slots=True)
class Exchanges(View):
    """The newest exchanges that match a filter, oldest first.

    Attributes:
        total: how many match.
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
        entries: exchanges, moves and acts, by `kind`, in the order of application.
        lines: the same as text; times are seconds since the session was created.
    """

    session: str
    entries: tuple[Json, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class FindingView(View):
    """One thing that a client seems to do wrong.

    Attributes:
        id: stable.
        session: None: it is about the world.
        at: the instant of the first wrong call, or of the call that needed another after it.
        numbers: those of the journal entries that show it.
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
    """A record of a run: as a replay token, and as data with the journal in it."""

    token: str
    record: Json


@dataclass(frozen=True, slots=True)
class ReplayView(View):
    """The outcome of a replay.

    Attributes:
        name: of the new world, whose clock is frozen.
        exchanges: how many there were.
        identical: the journal is the same, byte for byte.
        divergence: the first difference.
    """

    name: str
    exchanges: int
    identical: bool
    divergence: str | None
