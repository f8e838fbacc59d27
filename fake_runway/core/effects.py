"""What a fault does to an answer. Adding an effect means adding a class here, and nothing else.

An answer on its way out is a `Delivery`: status, headers, body, and how the bytes go out (when, at
what pace, how many, and what becomes of the connection). An effect is a value that turns one
delivery into another, so effects compose, need no network to be tested, and say nothing about
aiohttp. Sending a delivery is `web/inject.py`'s job alone.

Each says `when` it comes, seen from the server's acting on the request: most alter the answer
afterwards, some answer instead, some let something happen before. Whether a fault means acting by
default, and what it may be combined with, follows from that alone.

Each class names itself and describes its value as JSON schema; the schema of scenario files is put
together from these.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

from fake_runway.core.durations import DURATION_PATTERN, SPAN_PATTERN, Duration, parse_duration
from fake_runway.core.durations import parse_span as _span
from fake_runway.core.lifecycle import Event

Json = Mapping[str, Any]

_TEXTS: Mapping[int, str] = MappingProxyType(
    {
        400: "Bad request.",
        401: "The API key is not valid.",
        402: "You do not have enough credits to run this task.",  # observed, with 400
        403: "Forbidden.",
        404: "Not found.",
        408: "Request timeout.",
        409: "Conflict.",
        429: "Your daily task limit has been reached.",  # observed
        500: "Internal server error.",
        502: "Bad gateway.",
        503: "Service unavailable.",
        504: "Gateway timeout.",
    }
)


_PRINTABLE = r"^[\x20-\x7e]+$"


def _one_line(text: str) -> str:
    """Return `text` if a header can carry it: `$` in a pattern lets a last line break pass."""
    if text.endswith("\n"):
        raise ValueError(f"a header is one line, got {text!r}")
    return text


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
    envelope: Callable[[str], dict[str, Any]]


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


@dataclass(frozen=True, slots=True)
class Happens(Effect):
    """Lets an event of the lifecycle happen to the session before the call is looked at."""

    name = "event"
    when = When.BEFORE
    event: Event

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Happens to the addressed session just before the call is looked at, if"
            " its state allows it.",
            "enum": sorted(
                each.value for each in Event if each not in (Event.ADMITTED, Event.RELEASED)
            ),
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(Event(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return delivery

    def event_before(self) -> Event | None:
        return self.event


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """An error in the provider's form."""

    name = "status"
    when = When.INSTEAD
    code: int
    error: str

    @staticmethod
    def schema() -> dict[str, Any]:
        code = {"type": "integer", "minimum": 200, "maximum": 599}
        return {
            "description": "Answer this status with a body in the provider's form.",
            "anyOf": [
                code,
                {
                    "type": "object",
                    "properties": {
                        "code": code,
                        "error": {"description": "The text.", "type": "string"},
                    },
                    "required": ["code"],
                    "additionalProperties": False,
                },
            ],
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        given = value if isinstance(value, dict) else {"code": value}
        code = int(given["code"])  # 503.0 is an integer, too, for a JSON schema
        return cls(code, given.get("error", _TEXTS.get(code, "Error.")))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        body = None if self.code in (204, 304) else context.envelope(self.error)
        return replace(delivery, status=self.code, headers={}, body=body)


@dataclass(frozen=True, slots=True)
class Page(Effect):
    """A body that is no JSON, as proxies and load balancers send it."""

    name = "page"
    text: str
    media: str

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Send this text as the body, HTML unless `type` says otherwise.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string"},
                        "type": {"type": "string", "pattern": _PRINTABLE},
                    },
                    "required": ["text"],
                    "additionalProperties": False,
                },
            ],
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        given = value if isinstance(value, dict) else {"text": value}
        return cls(given["text"], _one_line(given.get("type", "text/html; charset=utf-8")))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(
            delivery,
            headers={**delivery.headers, "Content-Type": self.media},
            body=self.text.encode(),
        )


@dataclass(frozen=True, slots=True)
class SetFields(Effect):
    """Puts fields into a JSON object."""

    name = "set"
    fields: Mapping[str, object]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Put these fields into the body, null included; known ones are changed.",
            "type": "object",
            "minProperties": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(value)

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        return replace(delivery, body=delivery.body | dict(self.fields))


@dataclass(frozen=True, slots=True)
class OmitFields(Effect):
    """Leaves fields of a JSON object out."""

    name = "omit"
    fields: tuple[str, ...]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Leave these fields out of the body.",
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(tuple(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        left = {key: each for key, each in delivery.body.items() if key not in self.fields}
        return replace(delivery, body=left)


@dataclass(frozen=True, slots=True)
class ShiftFields(Effect):
    """Moves instants in a JSON object, as a server with a wrong clock does."""

    name = "shift"
    spans_s: Mapping[str, float]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Move these instants of the body by a span: -10m is into the past.",
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": f"^-?{SPAN_PATTERN}$"},
            "minProperties": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(
            {
                key: -_span(text[1:]) if text.startswith("-") else _span(text)
                for key, text in value.items()
            }
        )

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        if not isinstance(delivery.body, dict):
            return delivery
        moved = {
            key: _moved_instant(instant, self.spans_s[key])
            for key, instant in delivery.body.items()
            if key in self.spans_s and isinstance(instant, str)
        }
        return replace(delivery, body=delivery.body | moved)


def _moved_instant(text: str, seconds: float) -> str:
    try:
        moved = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):  # no instant, or none that a calendar knows
        return text
    return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class Headers(Effect):
    """Sets headers: Retry-After, x-should-retry, anything."""

    name = "headers"
    headers: Mapping[str, str]

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Set these headers.",
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z0-9-]+$"},
            "additionalProperties": {"type": "string", "pattern": r"^[\x20-\x7e]*$"},
            "minProperties": 1,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        for name in value:
            if name.lower() in _FRAMING:
                raise ValueError(f"{name} is set by the server: use truncate, malformed, ...")
        return cls({_one_line(name): _one_line(text) for name, text in value.items()})

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, headers={**delivery.headers, **self.headers})


@dataclass(frozen=True, slots=True)
class ContentType(Effect):
    """Declares the body to be something that it is not."""

    name = "content_type"
    media: str

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Declare the body to be of this type, whatever it is.",
            "type": "string",
            "pattern": _PRINTABLE,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(_one_line(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, headers={**delivery.headers, "Content-Type": self.media})


def _just_true(description: str) -> dict[str, Any]:
    return {"description": description, "const": True}


@dataclass(frozen=True, slots=True)
class Malformed(Effect):
    """Breaks the JSON: its last byte is missing, and the length says so."""

    name = "malformed"

    @staticmethod
    def schema() -> dict[str, Any]:
        return _just_true("Send JSON whose last byte is missing; the length agrees with that.")

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls()

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, body=_raw(delivery.body)[:-1])


def _raw(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """Holds the whole answer back."""

    name = "delay"
    duration: Duration

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Hold the answer back this long, in the world's time.",
            "type": "string",
            "pattern": DURATION_PATTERN,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(parse_duration(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, wait_s=delivery.wait_s + self.duration.sample(context.number))


@dataclass(frozen=True, slots=True)
class Dribble(Effect):
    """Sends the body in drops."""

    name = "dribble"
    size: int
    every_s: float

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Send the body in pieces of `bytes` (1), each after `every` (50ms) of"
            " the world's time.",
            "type": "object",
            "properties": {
                "bytes": {"type": "integer", "minimum": 1},
                "every": {"type": "string", "pattern": f"^{SPAN_PATTERN}$"},
            },
            "additionalProperties": False,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(int(value.get("bytes", 1)), _span(value.get("every", "50ms")))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, pace=(self.size, self.every_s))


@dataclass(frozen=True, slots=True)
class Truncate(Effect):
    """Closes the connection in the middle of the body."""

    name = "truncate"
    sent: int

    @staticmethod
    def schema() -> dict[str, Any]:
        return {
            "description": "Close after so many bytes of the body; the length promises all.",
            "type": "integer",
            "minimum": 0,
        }

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(int(value))

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, sent=self.sent, ending=Ending.CLOSED)


class Silence(Effect):
    """No answer at all, in one of three ways."""

    ending: ClassVar[Ending]
    description: ClassVar[str]

    @classmethod
    def schema(cls) -> dict[str, Any]:
        return _just_true(cls.description)

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls()

    def apply(self, delivery: Delivery, context: Context) -> Delivery:
        return replace(delivery, silent=True, ending=self.ending)


@dataclass(frozen=True, slots=True)
class Reset(Silence):
    """The connection is reset."""

    name = "reset"
    when = When.INSTEAD
    ending = Ending.RESET
    description = "Reset the connection instead of answering."


@dataclass(frozen=True, slots=True)
class Empty(Silence):
    """The connection is closed in good order, without a byte."""

    name = "empty"
    when = When.INSTEAD
    ending = Ending.CLOSED
    description = "Close the connection without a byte."


@dataclass(frozen=True, slots=True)
class Hang(Silence):
    """The connection stays open, and nothing comes."""

    name = "hang"
    when = When.INSTEAD
    ending = Ending.HUNG
    description = "Keep the connection open and never answer."


@dataclass(frozen=True, slots=True)
class Lost(Silence):
    """The server has acted, and the client never hears of it."""

    name = "lost"
    when = When.ONLY_ACTED
    ending = Ending.RESET
    description = "Act on the request, then reset the connection: the reply is lost."


Kinds = tuple[type[Effect], ...]

EFFECTS: Kinds = (
    Happens,
    Status,
    Page,
    SetFields,
    OmitFields,
    ShiftFields,
    Headers,
    ContentType,
    Malformed,
    Delay,
    Dribble,
    Truncate,
    Reset,
    Empty,
    Hang,
    Lost,
)
"""Every kind of effect, in the order in which those of one answer are applied."""


def parse_effects(given: Mapping[str, Any], kinds: Kinds = EFFECTS) -> tuple[Effect, ...]:
    """Return the effects of a fault, in the order in which they are applied.

    Shape: `{name: value}`, valid by the schemas of `kinds`.

    Raises:
        ValueError: says which effect it is about.
    """
    effects = []
    for kind in kinds:
        if kind.name in given:
            try:
                effects.append(kind.parse(given[kind.name]))
            except ValueError as error:
                raise ValueError(f"{kind.name}: {error}") from error
    return tuple(effects)
