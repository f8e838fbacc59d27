"""What a fault does to an answer. To add an effect, add a class here and name it in `catalogue.py`.

A `Delivery` is an answer before it is sent: status, headers, body, and how the bytes go out (when,
at what pace, how many, and what happens to the connection). An effect is a value that maps one
delivery to another, so effects compose, are tested without a network, and do not know aiohttp. Only
`web/sending.py` sends a delivery.

`when` places an effect relative to the server's processing of the request: most change the answer
afterwards, some answer instead, some make an event happen before. From that alone follow a fault's
default phase and the effects that it may be combined with.

Each class has a name and the JSON schema of its value; the schema of scenario files is put together
from these.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

from fake_runway.core.lifecycles.vocabulary import Vocabulary, quick_to_find
from fake_runway.core.types import Json


@quick_to_find
class Ending(Enum):
    """What happens to the connection after the last byte."""

    KEPT = "kept"
    CLOSED = "closed"  # FIN
    RESET = "reset"  # RST
    HUNG = "hung"  # stays open, and no more bytes are sent


class Delivery(NamedTuple):
    """An answer before it is sent.

    Attributes:
        body: a JSON value, or bytes that go out as they are; None: no body.
        wait_s: until the first byte, in seconds of the world's clock.
        pace: None: all at once. Otherwise the size in bytes of each piece of the body, and the
            seconds before each.
        sent: how many bytes of the body go out; None: all. Content-Length is that of all.
        silent: not even the status line goes out.
    """

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: object = None
    wait_s: float = 0.0
    pace: tuple[int, float] | None = None
    sent: int | None = None
    silent: bool = False
    ending: Ending = Ending.KEPT

    @property
    def at_once(self) -> bool:
        """Whether the whole answer goes out in one piece after its wait."""
        return not self.silent and self.pace is None and self.sent is None

    @property
    def arrives(self) -> bool:
        """Whether the client gets the whole answer at some time."""
        return not self.silent and self.sent is None and self.ending is Ending.KEPT


class EffectContext(NamedTuple):
    """What an effect is given: a draw in (0, 1) of its own, and the form of error bodies."""

    number: float
    envelope: Callable[[str], Json]


class When(Enum):
    """When an effect applies, relative to the server's processing of the request."""

    BEFORE = "before"  # an event happens just before the request is processed
    INSTEAD = "instead"  # answers instead of the server, or of its answer if the phase is AFTER
    AFTER = "after"  # changes the answer, the server's or that of another effect
    ONLY_ACTED = "only acted"  # needs the server to have processed the request


class Effect(ABC):
    """One kind of effect: a subclass. Its values are effects with their parameters."""

    name: ClassVar[str]
    when: ClassVar[When] = When.AFTER
    schema: ClassVar[Json]  # of the value behind the name in a fault

    @classmethod
    def schema_in(cls, vocabulary: Vocabulary) -> Json:
        """Return the schema where `vocabulary` says what faults may speak of."""
        return cls.schema

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Return the effect that `value`, valid by the schema, describes; by default it is ignored.

        Raises:
            ValueError: `value` breaks a rule that the schema cannot express.
        """
        return cls()

    @abstractmethod
    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        """Return the delivery that replaces `delivery`."""

    def event_before(self) -> str:
        """Return the event that happens to the resource before the call; empty: none."""
        return ""


def just_true(description: str) -> Json:
    return {"description": description, "const": True}
