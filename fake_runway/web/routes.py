"""Which operation a request means.

A table of our own instead of aiohttp's router: every path exists with and without `/w/<world>`,
doubled slashes (a base URL with a trailing one) must work, 404 and 405 have the provider's form and
name the nearest route, and whatever looks at calls later (faults, journal) needs the operation and
its template rather than a handler. It is also a quarter faster than the router for the hot path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, NamedTuple

from fake_runway.web.calls import Call, Reply
from fake_runway.web.errors import MethodNotAllowed


class Auth(Enum):
    """What the bearer token of an operation is."""

    API_SECRET = "api-secret"
    SESSION_KEY = "session-key"


class Body(Enum):
    """What an operation does with the request's body."""

    NONE = "none"  # not read
    IGNORED = "ignored"  # empty or JSON; its content does not matter
    OPTIONAL = "optional"  # validated; empty means {}
    REQUIRED = "required"  # validated


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path template.

    Attributes:
        id: its operationId in the contract, by which its body is validated.
        answer: the handler: parse, call, render.
        versioned: X-Runway-Version is looked at.
    """

    id: str
    method: str
    template: str
    answer: Callable[[Call], Reply]
    auth: Auth = Auth.API_SECRET
    body: Body = Body.NONE
    versioned: bool = True


class Match(NamedTuple):
    """What a path means: its operations by method, its world if it names one, its session id."""

    operations: dict[str, Operation]
    world: str | None
    session_id: str

    @property
    def methods(self) -> list[str]:
        """The methods that the path answers to."""
        return sorted([*self.operations, "OPTIONS"])

    def operation(self, method: str) -> Operation:
        """Return the operation of `method`.

        Raises:
            MethodNotAllowed: there are only others.
        """
        operation = self.operations.get(method)
        if operation is None:
            raise MethodNotAllowed(self.methods)
        return operation


class Routes:
    """The operations of a server as a tree of path segments."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._root: dict[str | None, Any] = {}  # by segment; None: any; "": the operations
        self._templates = sorted({operation.template for operation in operations})
        for operation in operations:
            node = self._root
            for segment in operation.template.split("/")[1:]:
                node = node.setdefault(None if segment == "{id}" else segment, {})
            node.setdefault("", {})[operation.method] = operation

    def match(self, path: str) -> Match | None:
        """Return what `path` means, None if no operation has it. Empty segments do not count."""
        segments = [segment for segment in path.split("/") if segment]
        world = None
        if len(segments) > 2 and segments[0] == "w":
            world = segments[1]
            segments = segments[2:]
        node, session_id = self._root, ""
        for segment in segments:
            child = node.get(segment)
            if child is None and (child := node.get(None)) is not None:
                session_id = segment
            if child is None:
                return None
            node = child
        operations = node.get("")
        if operations is None or path.endswith("/"):
            return None
        return Match(operations, world, session_id)

    def nearest(self, path: str) -> str | None:
        """Return the template most like `path`, None if none is."""
        close = get_close_matches(path, self._templates, n=1, cutoff=0.5)
        return close[0] if close else None
