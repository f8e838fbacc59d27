"""Which answers a client may not have read yet when it sends a request.

The problem: two requests that a client sends together, as a framework that runs effects twice does,
are one mistake of its framework, and a request that it sends after it has read the answer to the
other is a mistake of its own. A server cannot see when a client reads, and the time between the two
depends on how fast both machines are. The choice: order. An answer has certainly been read when its
connection carries another request, or was closed. Anything else may be unread.

Two connections that a server closes itself (HTTP/1.0, `Connection: close`) look as if the client
had read, although two requests may have been on their way together.
"""

from collections.abc import Iterable
from dataclasses import field
from itertools import islice
from typing import NamedTuple, Protocol

from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.values import dataclass

MOST_UNREAD = 32  # of one kind of request; more are no single moment
_FEW = 64  # connections that are remembered before those that were closed are looked for


class Connection(Protocol):
    """What carries requests, one after the other."""

    def is_closing(self) -> bool:
        """Return whether it is closed."""


class Kind(NamedTuple):
    """What a request is about, and its operation. Only requests of one kind are compared."""

    subject: Subject
    operation: str


@dataclass(slots=True, eq=False)
class _Begun:
    """A request that has begun. `beside`: those whose answers may be unread when it was sent."""

    kind: Kind
    number: int = -1  # of its exchange, once it is applied
    beside: list["_Begun"] = field(default_factory=list)


class UnreadAnswers:
    """The requests of one world whose answers may be unread: at most one of each connection.

    Each request passes `begin`, `before` and `applied`, in this order; `before` and `applied` of
    others may come in between, while its body is on its way.
    """

    def __init__(self) -> None:
        self._latest: dict[Connection, _Begun] = {}
        self._alike: dict[Kind, dict[Connection, _Begun]] = {}
        self._many = _FEW

    def __len__(self) -> int:
        return len(self._latest)

    def begin(self, connection: Connection, subject: Subject, operation: str) -> None:
        """Note that a request begins on a connection; so what came over it before was read.

        Args:
            subject: `NO_SUBJECT`: nothing is to be known of this request.
        """
        self.read(connection)
        if subject == NO_SUBJECT:
            return
        kind = Kind(subject, operation)
        begun = _Begun(kind)
        if (alike := self._alike.get(kind)) is not None:
            self._forget([each for each in alike if each.is_closing()])
            alike = self._alike.setdefault(kind, {})
            for other in islice(reversed(alike.values()), MOST_UNREAD):
                begun.beside.append(other)
                if other.number < 0:  # its body is on its way: it was sent before this is answered
                    other.beside.append(begun)
        else:  # the usual case
            alike = self._alike[kind] = {}
        self._latest[connection] = alike[connection] = begun
        if len(self._latest) > self._many:
            self._forget([each for each in self._latest if each.is_closing()])
            self._many = max(_FEW, 2 * len(self._latest))

    def read(self, connection: Connection) -> None:
        """Note that a request begins on a connection of which nothing is to be known."""
        if connection in self._latest:
            self._forget([connection])

    def before(self, connection: Connection) -> tuple[int, ...] | None:
        """Return the exchanges whose answers may be unread, as the latest request is applied.

        None: nothing is to be known of it.
        """
        begun = self._latest.get(connection)
        if begun is None:
            return None
        if not begun.beside:
            return ()
        numbers = sorted(each.number for each in begun.beside if each.number >= 0)
        begun.beside.clear()  # else each request would hold all before it
        return tuple(numbers)

    def applied(self, connection: Connection, number: int) -> None:
        """Note the number of the exchange that the latest request has become."""
        begun = self._latest.get(connection)
        if begun is not None and begun.number < 0:  # else one that was rejected before it began
            begun.number = number

    def _forget(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            begun = self._latest.pop(connection, None)
            if begun is None:
                continue
            alike = self._alike[begun.kind]
            del alike[connection]
            if not alike:
                del self._alike[begun.kind]
