"""What happened in a world: exchanges, changes of sessions, and what somebody did from outside.

One sequence numbers all three, so that the order in which things were applied is known even when
they happened at the same instant. Every list is bounded. Entries keep references to what the world
has anyway and are turned into text only when somebody reads them. No secret gets here: the pipeline
redacts what an exchange holds (`redaction.py`).

Not here: how long anything is kept on a disk (it is not), and what the entries mean for the client
(`findings.py`).
"""

from collections import deque
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.core.lifecycles.session import TERMINAL, Event
from fake_runway.core.sessions.rules import Change
from fake_runway.core.types import Json

DEFAULT_CAPACITY = 1_000
_CHANGES_PER_EXCHANGE = 8  # a session has seven at the most


class Rejection(NamedTuple):
    """The refusal of a request that never reached the account."""

    code: str
    status: int
    message: str
    headers: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Exchange:
    """One request and its answer.

    The handler fills in the request, the pipeline all that comes of it; once it is in the log, it
    stays as it is.

    Attributes:
        operation: the contract's id, empty for a request that fits no operation.
        path: without the world's prefix and without the query.
        session_id: the session that the path names or that was created; empty if none.
        avatar_id: the avatar that the path names; empty if none.
        agent: the User-Agent.
        retry: which repetition of an official SDK it is; None if it does not say.
        versioned: the version header was there.
        secret_in_url: the query held something that looks like a secret.
        body: the validated JSON object, redacted.
        query: the parameters that the operation takes; the first of each name.
        rejection: why it never reached the account; None if it did.
        number: its place in the order of application.
        at: when it was applied, POSIX seconds of the world's clock.
        key_fits: of a consume: whether the key was that session's.
        status: of the answer, also if it was lost.
        reply: the body of the answer, redacted, before faults broke its bytes.
        code: of the rule that refused, empty if none did.
        faults: the names of those that struck.
        arrives: whether the client got the whole answer, sooner or later.
        wait_s: how long the answer was held back.
        acted: whether the server acted on it.
    """

    operation: str
    method: str
    path: str
    session_id: str = ""
    avatar_id: str = ""
    agent: str = ""
    retry: int | None = None
    versioned: bool = False
    secret_in_url: bool = False
    body: Json = field(default_factory=dict)
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


class Act(NamedTuple):
    """Something that was done from outside: the clock moved, a fault added, a session ended.

    Attributes:
        what: the admin operation's id.
        session_id: the session it is about, empty if none.
        given: its body.
    """

    number: int
    at: float
    what: str
    session_id: str
    given: Mapping[str, Any]


class Move(NamedTuple):
    """A change of a session and its place in the order of application."""

    number: int
    change: Change


Entry = Exchange | Act | Move


class Log:
    """The newest entries of a world.

    Args:
        capacity: how many exchanges are kept, and how many acts; eight times as many moves.

    Attributes:
        rate_before: the rate that the last lost change of the clock's rate set; None: none is lost.
        clock_lost: the number of the last lost act on the clock, -1 if none is. What the clock did
            before it is unknown.
        deleted: somebody had the entries forgotten, so that no capacity could have kept them.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=capacity)
        self.acts: deque[Act] = deque(maxlen=capacity)
        self.moves: deque[Move] = deque(maxlen=capacity * _CHANGES_PER_EXCHANGE)
        self.next_number = 0
        self.dropped = 0
        self.lost_moves = 0
        self.rate_before: float | None = None
        self.clock_lost = -1
        self.deleted = False

    def __len__(self) -> int:
        return len(self.exchanges) + len(self.acts) + len(self.moves)

    def __repr__(self) -> str:
        return f"<Log {len(self.exchanges)} exchanges, {self.dropped} dropped>"

    @property
    def complete(self) -> bool:
        """Whether nothing has been dropped, as a replay needs it."""
        return self.dropped == 0 and self.lost_moves == 0

    def number(self) -> int:
        """Return the next number of the sequence."""
        number = self.next_number
        self.next_number += 1
        return number

    def add_exchange(self, exchange: Exchange) -> None:
        """Give `exchange` the next number, and keep it."""
        exchange.number = self.number()
        self.dropped += len(self.exchanges) == self.exchanges.maxlen
        self.exchanges.append(exchange)

    def add_act(self, act: Act) -> None:
        """Keep `act`, whose number came from `number`."""
        if len(self.acts) == self.acts.maxlen:
            self._lose(self.acts[0] if self.acts else act)
        self.acts.append(act)

    def _lose(self, act: Act) -> None:
        self.dropped += 1
        if act.what in CLOCK_ACTS:
            self.clock_lost = act.number
        if act.what == "setClockRate":
            self.rate_before = float(act.given["rate"])

    def clear(self) -> None:
        """Forget all entries; their numbers are not used again."""
        for act in self.acts:
            self._lose(act)
        self.dropped += len(self.exchanges)
        self.deleted = True
        self.exchanges.clear()
        self.acts.clear()
        self.moves.clear()

    def add_change(self, change: Change) -> None:
        """Keep `change`; the blocks of a call are left out, the session itself counts them."""
        if change.event is not Event.BILLED:
            self.lost_moves += len(self.moves) == self.moves.maxlen
            self.moves.append(Move(self.number(), change))

    def copy(self) -> "Log":
        """Return a log that goes on from here by itself."""
        twin = copy(self)
        twin.exchanges, twin.acts = self.exchanges.copy(), self.acts.copy()
        twin.moves = self.moves.copy()
        return twin

    def entries(self) -> list[Entry]:
        """Return all entries in the order of application."""
        every: list[Entry] = [*self.exchanges, *self.acts, *self.moves]
        return sorted(every, key=lambda entry: entry.number)

    def of_session(self, session_id: str) -> Iterator[Entry]:
        """Yield what happened to one session, with the clock moves from its birth to its end."""
        alive = False
        for entry in self.entries():
            match entry:
                case Move(change=change) if change.after.id == session_id:
                    alive = change.after.state not in TERMINAL
                    yield entry
                case Exchange() | Act() if entry.session_id == session_id:
                    yield entry
                case Act(what=what) if alive and what in CLOCK_ACTS:
                    yield entry


CLOCK_ACTS = frozenset({"moveClock", "setClockRate"})
