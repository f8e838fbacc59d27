"""Which operation a request means.

A table of our own instead of aiohttp's router: every path exists with and without `/w/<world>`,
doubled slashes (a base URL with a trailing one) must work, 404 and 405 have the provider's form and
name the nearest route, and faults and the journal need the operation and its template rather than a
handler. It is also a quarter faster than the router for a poll.
"""

import re
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from fake_runway.web.errors import MethodNotAllowed
from fake_runway.web.paths import Path

_LONGEST_LIKE = 200  # characters; a longer path is like none, and comparing it would take long
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Route(Protocol):
    """An operation that a method and a path lead to."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def template(self) -> str:
        """The path, with at most one name in it, in braces."""


AnyRoute = TypeVar("AnyRoute", bound=Route)


class RouteMatch(NamedTuple, Generic[AnyRoute]):
    """What a path means.

    Attributes:
        operations: by method.
        world: as the path names it, None if it does not.
        name: what stands in the place of the braces, decoded; empty if there are none.
    """

    operations: dict[str, AnyRoute]
    world: str | None
    name: str

    @property
    def methods(self) -> list[str]:
        """The methods that the path allows."""
        return sorted([*self.operations, "OPTIONS"])

    @property
    def template(self) -> str:
        """The path with a name in braces."""
        return next(iter(self.operations.values())).template

    def operation(self, method: str) -> AnyRoute:
        """Return the operation of `method`.

        Raises:
            MethodNotAllowed: the path has no such method.
        """
        operation = self.operations.get(method)
        if operation is None:
            raise MethodNotAllowed(self.methods, self.template)
        return operation


class Routes(Generic[AnyRoute]):
    """The operations of an API as a tree of path segments."""

    def __init__(self, operations: Sequence[AnyRoute]) -> None:
        self._root: dict[str | None, Any] = {}  # by segment; None: any; "": the operations
        self._templates = sorted({operation.template for operation in operations})
        for operation in operations:
            node = self._root
            for segment in operation.template.split("/")[1:]:
                node = node.setdefault(None if segment.startswith("{") else segment, {})
            node.setdefault("", {})[operation.method] = operation

    def match(self, path: Path) -> RouteMatch[AnyRoute] | None:
        """Return what `path` means; None: no operation has it."""
        if path.ends_in_slash or path.problem:
            return None
        node, name = self._root, ""
        for segment in path.in_world:
            child = node.get(segment)
            if child is None and (child := node.get(None)) is not None:
                name = segment
            if child is None:
                return None
            node = child
        operations = node.get("")
        return None if operations is None else RouteMatch(operations, path.world, name)

    def nearest(self, path: Path) -> str | None:
        """Return the template most like `path`, None if none is. Worlds and ids do not count."""
        segments = path.segments[2:] if path.segments[:1] == ("w",) else path.segments
        if len(segments) > 1 and segments[0] == segments[1]:  # a base URL with the first of a path
            segments = segments[1:]
        bare = "/" + "/".join("{id}" if _ID.fullmatch(each) else each for each in segments)
        if len(bare) > _LONGEST_LIKE:
            return None
        from difflib import get_close_matches  # for mistakes only

        close = get_close_matches(bare, self._templates, n=1, cutoff=0.5)
        return close[0] if close else None
