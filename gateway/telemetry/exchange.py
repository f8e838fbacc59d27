"""What the connect flow tells about itself, to whoever wants to count it, and for which request.

An `Exchange` is what becomes known about one request: its ids are the caller's or are drawn, the
rest is filled in on the way, and log line and span are made of it at the end. A context variable
carries it, so that every log line of a connect, and of the cancellation that it leaves behind, has
the request's ids.

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
        sampled: somebody records the trace.
    """

    request_id: str
    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = False

    def headers(self) -> dict[str, str]:
        """Return what every answer says about its request."""
        traceparent = f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"
        return {"X-Request-Id": self.request_id, "traceparent": traceparent}


@dataclass(slots=True)
class Exchange:
    """One request and what is known about it so far.

    Attributes:
        code: `ok`, an error's code, `caller_gone`, or `not_ready` for who asks whether it is.
        status: HTTP status of the answer; 0 before there is one.
        caller: who asks, as far as authentication or the address tells.
        session_id: of the session that was handed out.
        avatar: `preset` or `custom`.
    """

    identity: Identity
    code: str = "ok"
    status: int = 0
    caller: str = ""
    session_id: str = ""
    avatar: str = ""


CURRENT: ContextVar[Exchange | None] = ContextVar("gateway_exchange", default=None)
"""The request that is being answered; tasks started meanwhile inherit it."""


def identify(headers: MultiMapping[str], draw: Draw) -> Identity:
    """Return the ids of a request: the caller's where they are well formed, else new ones.

    A header that comes more than once counts as absent: nobody could say which one is meant.
    """
    name = _only(headers, "X-Request-Id")
    request_id = name if _REQUEST_ID.fullmatch(name) else draw(8).hex()
    came = _TRACEPARENT.fullmatch(_only(headers, "traceparent"))
    # what follows the flags is for versions to come; version 00 ends there
    if came is None or (came["version"] == "00" and came["more"]):
        return Identity(request_id, _drawn_id(draw, 16), _drawn_id(draw, 8))
    sampled = bool(int(came["flags"], 16) & _SAMPLED)
    return Identity(request_id, came["trace"], _drawn_id(draw, 8), came["parent"], sampled)


def _only(headers: MultiMapping[str], name: str) -> str:
    values = headers.getall(name, ())
    return values[0] if len(values) == 1 else ""


def _drawn_id(draw: Draw, size: int) -> str:
    number = int.from_bytes(draw(size)) or 1  # zero means "none"
    return f"{number:0{2 * size}x}"
