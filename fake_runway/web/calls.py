"""What passes between the HTTP adapter and the operations: a call in, a reply out. No aiohttp.

Named tuples, not frozen dataclasses: one of each is made for every request, in a third of the time.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.web.tokens import LiveKit
from fake_runway.web.worlds import World


class Call(NamedTuple):
    """One request, checked: who asks, of which world, when, and with which validated body.

    Attributes:
        at: the world's instant at which the request arrived, POSIX seconds.
        session_id: a well-formed id, empty where the path has none.
        token: what came after `Bearer `.
        body: the validated JSON object, empty where the operation takes none.
    """

    world: World
    livekit: LiveKit
    at: float
    session_id: str
    token: str
    body: Mapping[str, Any]


class Reply(NamedTuple):
    """An answer before it is bytes. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
