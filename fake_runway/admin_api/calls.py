"""What an operation of the admin API gets, and how it refuses."""

from collections.abc import Mapping
from typing import NamedTuple

from fake_runway.core.types import Json
from fake_runway.room.tokens import LiveKit
from fake_runway.web.errors import RequestRefused
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
    """What an admin operation about one world gets.

    Attributes:
        name: what stands in the path: a session's id, a fault's name.
    """

    worlds: Worlds
    world: World
    livekit: LiveKit
    at: float
    name: str
    body: Json
    query: Mapping[str, str]


def limit_of(query: Mapping[str, str]) -> int:
    """Return how many items a checked query asks for at most."""
    return int(query.get("limit", _DEFAULT_LIMIT))
