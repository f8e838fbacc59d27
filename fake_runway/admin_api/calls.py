"""What the operations of the admin API have in common: what they get, and how they refuse."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fake_runway.room.tokens import LiveKit
from fake_runway.web.bodies import Body
from fake_runway.web.errors import RequestRefused
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

ROOT = "/__admin"
_DEFAULT_LIMIT = 100


class AdminRefused(RequestRefused):
    """Something that the admin API does not do."""

    code = "bad_request"


class NoSuch(AdminRefused):
    """A world, fault, snapshot or scenario that does not exist."""

    code = "unknown"
    status = 404


class Conflict(AdminRefused):
    """It exists, or the moment is wrong."""

    code = "conflict"
    status = 409


class AdminCall(NamedTuple):
    """What an admin operation gets: as `calls.Call`, with all the worlds.

    Attributes:
        name: what stands in the path: a session's id, a fault's name.
    """

    worlds: Worlds
    world: World
    livekit: LiveKit
    at: float
    name: str
    body: Mapping[str, Any]
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """An operation of the admin API.

    Attributes:
        id: its operationId in the admin document, by which its body is validated.
        template: with the one name in it as `{id}` (of a session) or `{name}`.
        query: the names of its query parameters.
        acts: it changes the world, and a replay repeats it.
        carry_out, of_server, waits: one of these does it: for one world, for all, taking time.
    """

    id: str
    method: str
    template: str
    carry_out: Callable[[AdminCall], Reply] | None = None
    body: Body = Body.NONE
    query: tuple[str, ...] = ()
    acts: bool = False
    of_server: Callable[[Worlds], Reply] | None = None
    waits: Callable[[AdminCall], Awaitable[Reply]] | None = None


def limit_of(query: Mapping[str, str]) -> int:
    """Return how many items a checked query asks for at most."""
    return int(query.get("limit", _DEFAULT_LIMIT))
