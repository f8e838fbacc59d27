"""The journal of a world: exchanges, moves of resources, and acts of admins.

One sequence numbers all three, so that the order of application is known even for entries of the
same instant. Every list is bounded. Entries keep references to what the world has anyway and become
text only when they are read. They hold no secret: the pipeline redacts what an exchange holds
(`redaction.py`).

Not here: storage (nothing is kept on disk), and what the entries mean for the client
(`findings.py`).
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import field
from enum import Enum
from itertools import takewhile
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from fake_runway.core.history.evicted import Evicted
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, ResourceKind, Subject, Vocabulary
from fake_runway.core.values import dataclass

DEFAULT_CAPACITY = 1_000
DEFAULT_BYTES = 16 << 20
_BYTES_OF_AN_ENTRY = 1_000  # what every entry takes, whatever it holds
_MOVES_PER_EXCHANGE = 8  # a session has seven at most


class Rejection(NamedTuple):
    """Why a request was rejected before it reached the account."""

    code: str
    status: int
    message: str
    headers: Mapping[str, str] = MappingProxyType({})
    issues: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class Exchange:
    """One request and its answer.

    The handler fills in the request, the pipeline all that comes of it; once it is in the log, it
    stays as it is.

    Attributes:
        number: its place in the order of application.
        at: when it was applied, POSIX seconds of the world's clock.
        operation: the contract's id, empty for a request that matches no operation.
        path: without the world's prefix and without the query.
        subject: the resource that the path names or that was created.
        agent: the User-Agent.
        retry: the retry count that an official SDK sends; None if it sends none.
        versioned: the request had the version header, with the right version.
        content_type: the declared one, empty if there was none; None: unknown, because an older
            version made the record that is replayed.
        cookies: the request had a Cookie header; None: unknown, as above.
        unread: the numbers of the exchanges about the same subject whose answers the client may
            not have read when it sent this request; None: unknown, as in a replay. It depends on
            the client's connections, so it stands in no answer and in no record: those are the
            same for the same calls.
        media_url: where the credentials of its answer lead; empty: it asks for none, or an older
            version made the record that is replayed. It depends on the address at which the fake
            was called, so a record has it.
        secret_in_url: the query had something that looks like a secret.
        body: the validated JSON object, redacted.
        query: the parameters that the operation takes.
        key_fits: of a consume: whether the key was that session's.
        rejection: None if the request reached the account.
        status: of the answer, even if it was lost.
        reply: the body of the answer, before faults broke its bytes.
        code: of the rule that rejected it, empty if none did.
        faults: the names of those that struck.
        arrives: whether the client gets the whole answer at some time.
        wait_s: how long the answer was delayed.
        acted: whether the server processed the request.
        size: about how many bytes of memory it takes; set by the log.
    """

    operation: str
    method: str
    path: str
    subject: Subject = NO_SUBJECT
    agent: str = ""
    retry: int | None = None
    versioned: bool = False
    content_type: str | None = None
    cookies: bool | None = None
    unread: tuple[int, ...] | None = None
    media_url: str = ""
    secret_in_url: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    rejection: Rejection | None = None
    number: int = -1
    at: float = 0.0
    key_fits: bool | None = None
    status: int = 0
    reply: object = None
    code: str = ""
    faults: tuple[str, ...] = ()
    arrives: bool = True
    wait_s: float = 0.0
    acted: bool = False
    size: int = 0


class Act(NamedTuple):
    """Something that an admin did: move the clock, add a fault, end a session.

    Attributes:
        what: the admin operation's id.
        subject: the resource that it is about.
        given: its body.
    """

    number: int
    at: float
    what: str
    subject: Subject
    given: Mapping[str, Any]


class Resource(Protocol):
    """A resource of any kind, as journal and findings read it."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> Enum: ...
    @property
    def event(self) -> Enum | None: ...
    @property
    def changed_at(self) -> float: ...
    @property
    def ready_at(self) -> float | None: ...
    @property
    def started_at(self) -> float | None: ...
    @property
    def failure(self) -> Failure | None: ...


class ResourceChange(Protocol):
    """One step of one resource: what it was (None: new), what it is, why, and what it costs."""

    @property
    def at(self) -> float: ...
    @property
    def event(self) -> Enum | None: ...
    @property
    def before(self) -> Resource | None: ...
    @property
    def after(self) -> Resource: ...
    @property
    def charge(self) -> int: ...


class Move(NamedTuple):
    """A change of a resource of some kind, and its place in the order of application."""

    number: int
    kind: ResourceKind
    change: ResourceChange

    @property
    def at(self) -> float:
        """When it was applied, POSIX seconds of the world's clock."""
        return self.change.at

    @property
    def subject(self) -> Subject:
        """The resource."""
        return Subject(self.kind.name, self.change.after.id)


Entry = Exchange | Act | Move


class Log:
    """The newest entries of a world.

    Args:
        capacity: how many exchanges are kept, and how many acts; eight times as many moves.
        most_bytes: how much memory exchanges and acts may take, about; the oldest go first.
        one_in: of the calls that went well, one in so many is kept, and all are counted.
        vocabulary: declares the kinds of resources whose changes it takes.

    Attributes:
        most_bytes: as given; may be changed, and holds from the next entry on.
        bytes: about how much memory exchanges and acts take.
        bytes_gone: about how much those took that did not fit, since they were last cleared.
        dropped: how many exchanges and acts did not fit, or were cleared.
        lost_moves: how many moves did not fit.
        rate_before: the rate set by the last dropped `setClockRate`; None: none was dropped.
        clock_lost: the number of the last dropped act on the clock, -1 if none was. How the clock
            went before it is unknown.
        deleted: the entries were cleared on request; a larger capacity would not have kept them.
        evicted: what did not fit, in numbers, since the entries were last cleared.
        added: is called with each exchange and act, complete; None: nothing is.
    """

    def __init__(
        self,
        capacity: int = DEFAULT_CAPACITY,
        *,
        most_bytes: float = DEFAULT_BYTES,
        one_in: int = 1,
        vocabulary: Vocabulary = RUNWAY_API,
    ) -> None:
        self.most_bytes = most_bytes
        self.bytes = self.bytes_gone = 0
        self._kind_of = vocabulary.kind_of_state
        self._capacity = capacity
        self._one_in = one_in
        self._most_moves = capacity * _MOVES_PER_EXCHANGE
        self.exchanges: deque[Exchange] = deque()
        self.acts: deque[Act] = deque()
        self.moves: deque[Move] = deque(maxlen=self._most_moves)
        self.next_number = 0
        self.dropped = 0
        self.lost_moves = 0
        self.rate_before: float | None = None
        self.clock_lost = -1
        self.deleted = False
        self.clears = 0
        self.evicted = Evicted()
        self.added: Callable[[Exchange | Act], None] | None = None

    def __len__(self) -> int:
        return len(self.exchanges) + len(self.acts) + len(self.moves)

    def __repr__(self) -> str:
        return f"<Log {len(self.exchanges)} exchanges, {self.dropped} dropped>"

    @property
    def complete(self) -> bool:
        """Whether no entry was dropped, which a replay needs."""
        return self.dropped == 0 and self.lost_moves == 0

    def number(self) -> int:
        """Return the next number of the sequence."""
        number = self.next_number
        self.next_number += 1
        return number

    def add_exchange(self, exchange: Exchange) -> None:
        """Give `exchange` the next number, and keep it."""
        exchange.number = self.next_number
        self.next_number += 1
        if self._one_in > 1 and exchange.number % self._one_in and _went_well(exchange):
            self._count_evicted(exchange)
            if self.added is not None:
                self.added(exchange)
            return
        exchange.size = size = (
            size_of(exchange.body)
            + size_of(exchange.reply)
            + _BYTES_OF_AN_ENTRY
            + len(exchange.path)
        )
        self.exchanges.append(exchange)
        self.bytes += size
        if len(self.exchanges) > self._capacity or self.bytes > self.most_bytes:
            self._fit()
        if self.added is not None:
            self.added(exchange)

    def _evict_exchange(self) -> None:
        gone = self.exchanges.popleft()
        self.bytes -= gone.size
        self.bytes_gone += gone.size
        self._count_evicted(gone)

    def _count_evicted(self, gone: Exchange) -> None:
        self.dropped += 1
        kind = (gone.operation, gone.status, gone.method, gone.faults)
        self.evicted.add_call(kind, gone.subject, gone.number)

    def _evict_act(self) -> None:
        gone = self.acts.popleft()
        self._drop(gone)
        size = _size_of_act(gone)
        self.bytes -= size
        self.bytes_gone += size
        self.evicted.add_act(gone.subject)

    def _fit(self) -> None:
        """Evict the oldest exchanges and acts until the others fit."""
        while len(self.exchanges) > self._capacity:
            self._evict_exchange()
        while len(self.acts) > self._capacity:
            self._evict_act()
        while self.bytes > self.most_bytes and (self.exchanges or self.acts):
            oldest_act = self.acts[0].number if self.acts else self.next_number
            if self.exchanges and self.exchanges[0].number < oldest_act:
                self._evict_exchange()
            else:
                self._evict_act()

    def add_act(self, act: Act) -> None:
        """Add `act`, whose number came from `number`."""
        self.acts.append(act)
        self.bytes += _size_of_act(act)
        self._fit()
        if self.added is not None:
            self.added(act)

    def _drop(self, act: Act) -> None:
        self.dropped += 1
        if act.what in CLOCK_ACTS:
            self.clock_lost = act.number
        if act.what == "setClockRate":
            self.rate_before = float(act.given["rate"])

    def clear(self) -> None:
        """Drop all entries; their numbers are not used again."""
        for act in self.acts:
            self._drop(act)
        self.dropped += len(self.exchanges)
        self.deleted = True
        self.clears += 1
        self.evicted = Evicted()
        self.bytes = self.bytes_gone = 0
        self.exchanges.clear()
        self.acts.clear()
        self.moves.clear()

    def add_change(self, change: ResourceChange) -> None:
        """Add `change` as a move, unless its kind leaves such events unrecorded."""
        kind = self._kind_of[change.after.state]
        if change.event not in kind.unrecorded:
            moves, move = self.moves, Move(self.next_number, kind, change)
            self.next_number += 1
            if len(moves) == self._most_moves:
                self.lost_moves += 1
                gone = moves[0] if moves else move
                self.evicted.add_move(gone.kind.name, gone.change.after.id)
            moves.append(move)

    def copy(self) -> "Log":
        """Return an independent copy."""
        twin = copy(self)
        twin.exchanges, twin.acts = self.exchanges.copy(), self.acts.copy()
        twin.moves, twin.evicted = self.moves.copy(), self.evicted.copy()
        twin.added = None
        return twin

    @property
    def capacity_needed(self) -> int:
        """The least capacity that would have kept all entries so far."""
        gone = self.evicted
        moves = gone.moves + len(self.moves)
        return max(
            gone.calls + len(self.exchanges),
            gone.acts + len(self.acts),
            -(-moves // _MOVES_PER_EXCHANGE),
        )

    @property
    def bytes_needed(self) -> int:
        """The least memory that would have kept all exchanges and acts so far."""
        return self.bytes + self.bytes_gone

    def entries(self) -> list[Entry]:
        """Return all entries in the order of application."""
        every: list[Entry] = [*self.exchanges, *self.acts, *self.moves]
        return sorted(every, key=lambda entry: entry.number)

    def since(self, number: int) -> list[Entry]:
        """Return the entries from a number on, in the order of application; O(their count)."""
        newest: list[Entry] = []
        for kept in (self.exchanges, self.acts, self.moves):
            newest += takewhile(lambda entry: entry.number >= number, reversed(kept))
        return sorted(newest, key=lambda entry: entry.number)

    def of_subject(self, subject: Subject) -> Iterator[Entry]:
        """Yield what happened to a resource, with the clock acts from its create to its end."""
        alive = False
        for entry in self.entries():
            if entry.subject == subject:
                if isinstance(entry, Move):
                    alive = not entry.kind.is_terminal(entry.change.after.state)
                yield entry
            elif alive and isinstance(entry, Act) and entry.what in CLOCK_ACTS:
                yield entry


def _went_well(exchange: Exchange) -> bool:
    return exchange.status < 400 and not exchange.faults and exchange.arrives


class Measured(dict[str, Any]):
    """A JSON object that many entries keep, so that it is measured once."""

    __slots__ = ("size",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(value)
        self.size = _size_of_object(value)


def size_of(value: object) -> int:
    """Return about how many bytes of memory a JSON value takes."""
    if type(value) is Measured:
        return value.size
    if isinstance(value, str | bytes):
        return 50 + len(value)
    if isinstance(value, dict):
        return _size_of_object(value)
    if isinstance(value, list | tuple):
        return 64 + sum(8 + size_of(each) for each in value)
    if isinstance(value, Mapping):
        return size_of(dict(value))
    return 32


def _size_of_object(value: Mapping[str, Any]) -> int:
    if not value:  # of most requests
        return 64
    size = 64 + 100 * len(value) + len("".join(value))
    try:  # texts alone are the usual case, in a third of the time
        return size + 50 * len(value) + len("".join(value.values()))
    except TypeError:
        return size + sum(map(size_of, value.values()))


def _size_of_act(act: Act) -> int:
    return _BYTES_OF_AN_ENTRY + size_of(act.given)


CLOCK_ACTS = frozenset({"moveClock", "setClockRate"})
REPORT = "reportCall"
"""The act by which a room reports what happened in it."""
DOWNLOAD = "reportDownload"
"""The act that says what a client did with an output of a task."""
