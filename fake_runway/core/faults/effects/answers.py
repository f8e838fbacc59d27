"""Effects on the status and the headers of an answer, and on its body as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from fake_runway.core.faults.effects.base import Delivery, Effect, EffectContext, When
from fake_runway.core.types import Json

_TEXTS: Mapping[int, str] = {
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


_PRINTABLE = r"^[\x20-\x7e]+$"
_STATUS: Json = {"type": "integer", "minimum": 200, "maximum": 599}


def _one_line(text: str) -> str:
    """Return `text` if it fits into a header: `$` in a pattern accepts a trailing line break."""
    if text.endswith("\n"):
        raise ValueError(f"a header is one line, got {text!r}")
    return text


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """An error in the provider's form."""

    name = "status"
    when = When.INSTEAD
    schema: ClassVar[Json] = {
        "description": "Answer this status with a body in the provider's form.",
        "anyOf": [
            _STATUS,
            {
                "type": "object",
                "properties": {
                    "code": _STATUS,
                    "error": {"description": "The text.", "type": "string"},
                },
                "required": ["code"],
                "additionalProperties": False,
            },
        ],
    }
    code: int
    error: str

    @classmethod
    def parse(cls, value: Any) -> Self:
        given = value if isinstance(value, dict) else {"code": value}
        code = int(given["code"])  # for a JSON schema, 503.0 is an integer too
        return cls(code, given.get("error", _TEXTS.get(code, "Error.")))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        body = None if self.code in (204, 304) else context.envelope(self.error)
        return delivery._replace(status=self.code, headers={}, body=body)


@dataclass(frozen=True, slots=True)
class Page(Effect):
    """A body that is not JSON, as proxies and load balancers send it."""

    name = "page"
    schema: ClassVar[Json] = {
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
    text: str
    media: str

    @classmethod
    def parse(cls, value: Any) -> Self:
        given = value if isinstance(value, dict) else {"text": value}
        return cls(given["text"], _one_line(given.get("type", "text/html; charset=utf-8")))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(
            headers={**delivery.headers, "Content-Type": self.media},
            body=self.text.encode(),
        )


_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class Headers(Effect):
    """Sets headers: Retry-After, x-should-retry, anything."""

    name = "headers"
    schema: ClassVar[Json] = {
        "description": "Set these headers.",
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z0-9-]+$"},
        "additionalProperties": {"type": "string", "pattern": r"^[\x20-\x7e]*$"},
        "minProperties": 1,
    }
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, value: Any) -> Self:
        for name in value:
            if name.lower() in _FRAMING:
                raise ValueError(f"{name} is set by the server: use truncate, malformed, ...")
        return cls({_one_line(name): _one_line(text) for name, text in value.items()})

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(headers={**delivery.headers, **self.headers})


@dataclass(frozen=True, slots=True)
class ContentType(Effect):
    """Declares another content type than that of the body."""

    name = "content_type"
    schema: ClassVar[Json] = {
        "description": "Declare the body to be of this type, whatever it is.",
        "type": "string",
        "pattern": _PRINTABLE,
    }
    media: str

    @classmethod
    def parse(cls, value: Any) -> Self:
        return cls(_one_line(value))

    def apply(self, delivery: Delivery, context: EffectContext) -> Delivery:
        return delivery._replace(headers={**delivery.headers, "Content-Type": self.media})
