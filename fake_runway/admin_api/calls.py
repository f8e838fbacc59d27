"""What an operation of the admin API gets, and how it refuses."""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

from fake_runway.core.types import Json
from fake_runway.room.tokens import LiveKit
from fake_runway.web.errors import RequestRefused
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_DEFAULT_LIMIT = 100


class AdminRefused(RequestRefused):
    """A request that the admin API rejects."""

    code = "bad_request"


class NoSuch(AdminRefused):
    """There is no such world, fault, snapshot or scenario."""

    code = "unknown"
    status = 404


class Conflict(AdminRefused):
    """The name is taken, or the state of the world does not allow it."""

    code = "conflict"
    status = 409


class AdminCall(NamedTuple):
    """What an admin operation about one world gets.

    Attributes:
        at: the instant of the world's clock at which it is carried out, POSIX seconds.
        name: what stands in the path, such as a session's id or a fault's name; else empty.
    """

    worlds: Worlds
    world: World
    livekit: LiveKit
    at: float
    name: str
    body: Json
    query: Mapping[str, str]


def next_due_at(world: World) -> float | None:
    """Return when the next event of a world is due, as of its clock; None: never."""
    due = world.account.next_due_at
    return None if due is None or math.isinf(due) else due


def unused_name(prefix: str, taken: Collection[str]) -> str:
    """Return `prefix` with the lowest number above the count of `taken` that is free."""
    number = len(taken) + 1
    while f"{prefix}-{number}" in taken:
        number += 1
    return f"{prefix}-{number}"


def limit_of(query: Mapping[str, str]) -> int:
    """Return how many items a checked query asks for at most."""
    return int(query.get("limit", _DEFAULT_LIMIT))
