"""The record of one request, from which its log line and its span are made.

A context variable carries it, so that every log line of a connect, and of the cancellation that it
leaves behind, has the request's ids.

Source of the header `traceparent`: W3C Trace Context, level 1 (2021-11-23).
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from multidict import MultiMapping

Draw = Callable[[int], bytes]
"""Returns that many random bytes: `os.urandom`, or `randbytes` of a seeded `random.Random`."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})"
    r"-(?!0{32})(?P<trace>[0-9a-f]{32})"
    r"-(?!0{16})(?P<parent>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
NOT_READY = "not_ready"
_SAMPLED = 0x01  # the only flag that level 1 knows


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of one request. All well formed, so that they may stand in headers and log lines.

    Attributes:
        request_id: the caller's own, if it sent one that can be used.
        trace_id: 32 hex digits, not all zero; the caller's, if it sent one.
        span_id: 16 hex digits, not all zero: this request within the trace.
        parent_id: the caller's span; empty if the trace begins here.
        sampled: the trace is recorded.
    """

    request_id: str
    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = False

    def headers(self) -> dict[str, str]:
        """Return the headers that every answer has about its request."""
        traceparent = f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"
        return {"X-Request-Id": self.request_id, "traceparent": traceparent}


@dataclass(slots=True)
class RequestRecord:
    """One request and what is known about it so far.

    Attributes:
        path: of the route; empty if none fits, because callers put secrets into paths.
        code: `ok`, an error's code, `caller_gone`, or `not_ready` of `/ready`.
        status: HTTP status of the answer; 0 before there is one.
        caller: the caller's name by authentication or by address.
        session_id: of the session that was handed out.
        avatar: `preset` or `custom`.
        size: bytes of the answer's body.
    """

    identity: Identity
    method: str = ""
    path: str = ""
    code: str = "ok"
    status: int = 0
    caller: str = ""
    session_id: str = ""
    avatar: str = ""
    size: int = 0


CURRENT: ContextVar[RequestRecord | None] = ContextVar("gateway_request", default=None)
"""The request that is being answered; tasks started meanwhile inherit it."""


def identify(headers: MultiMapping[str], draw: Draw) -> Identity:
    """Return the ids of a request: the caller's where they are well formed, else new ones.

    A header that is repeated counts as absent: it is not known which one is meant.
    """
    name = _only(headers, "X-Request-Id")
    request_id = name if _REQUEST_ID.fullmatch(name) else draw(8).hex()
    context = _TRACEPARENT.fullmatch(_only(headers, "traceparent"))
    # what follows the flags is for versions to come; version 00 ends there
    if context is None or (context["version"] == "00" and context["more"]):
        return Identity(request_id, _drawn_id(draw, 16), _drawn_id(draw, 8))
    sampled = bool(int(context["flags"], 16) & _SAMPLED)
    return Identity(request_id, context["trace"], _drawn_id(draw, 8), context["parent"], sampled)


def _only(headers: MultiMapping[str], name: str) -> str:
    values = headers.getall(name, ())
    return values[0] if len(values) == 1 else ""


def _drawn_id(draw: Draw, size: int) -> str:
    number = int.from_bytes(draw(size)) or 1  # zero means "none"
    return f"{number:0{2 * size}x}"
