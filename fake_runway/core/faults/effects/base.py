"""What a fault does to an answer. Adding an effect means adding a class here, and nothing else.

An answer on its way out is a `Delivery`: status, headers, body, and how the bytes go out (when, at
what pace, how many, and what becomes of the connection). An effect is a value that turns one
delivery into another, so effects compose, need no network to be tested, and say nothing about
aiohttp. Sending a delivery is `web/sending.py`'s job alone.

Each says `when` it comes, seen from the server's acting on the request: most alter the answer
afterwards, some answer instead, some let something happen before. Whether a fault means acting by
default, and what it may be combined with, follows from that alone.

Each class names itself and describes its value as JSON schema; the schema of scenario files is put
together from these.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

from fake_runway.core.lifecycles.session import Event
from fake_runway.core.types import Json


class Ending(Enum):
    """What becomes of the connection once the bytes are out."""

    KEPT = "kept"
    CLOSED = "closed"  # FIN
    RESET = "reset"  # RST
    HUNG = "hung"  # stays open, and nothing more comes


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer on its way out.

    Attributes:
        body: a JSON value, or the bytes themselves; None: no body.
        wait_s: until the first byte, in seconds of the world's clock.
        pace: None: all at once. Else so many bytes of the body, each time after so many seconds.
        sent: how much of the body goes out, in bytes; None: all. Content-Length tells the whole.
        silent: not even the status line goes out.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: object = None
    wait_s: float = 0.0
    pace: tuple[int, float] | None = None
    sent: int | None = None
    silent: bool = False
    ending: Ending = Ending.KEPT

    @property
    def at_once(self) -> bool:
        """Whether the whole answer goes out in one piece, once its wait is over."""
        return not self.silent and self.pace is None and self.sent is None

    @property
    def arrives(self) -> bool:
        """Whether the client gets the whole answer, sooner or later."""
        return not self.silent and self.sent is None and self.ending is Ending.KEPT


class Context(NamedTuple):
    """What an effect may know: a draw in (0, 1) of its own, and the form of error bodies."""

    number: float
    envelope: Callable[[str], Json]


class When(Enum):
    """When an effect comes, seen from the server's acting on the request."""

    BEFORE = "before"  # something happens just before the call is looked at
    INSTEAD = "instead"  # answers in the server's place, unless that is told to act first
    AFTER = "after"  # alters the answer, whoever gives it
    ONLY_ACTED = "only acted"  # is about what was done, so that something must have been


class Effect(ABC):
    """One kind of effect. Values of a subclass are effects with their attributes."""

    name: ClassVar[str]
    when: ClassVar[When] = When.AFTER

    @staticmethod
    @abstractmethod
    def schema() -> dict[str, Any]:
        """Return the JSON schema of what stands behind the name in a fault."""

    @classmethod
    @abstractmethod
    def parse(cls, value: Any) -> Self:
        """Return the effect that a valid `value` describes.

        Raises:
            ValueError: something that the schema cannot say is wrong with it.
        """

    @abstractmethod
    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        """Return what becomes of `delivery`."""

    def event_before(self) -> Event | None:
        """Return what happens to the session before the call is looked at, None: nothing."""
        return None


def just_true(description: str) -> dict[str, Any]:
    return {"description": description, "const": True}
