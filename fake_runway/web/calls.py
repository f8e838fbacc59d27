"""What passes between the HTTP adapter and the operations: a call in, a reply out. No aiohttp."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_runway.web.tokens import LiveKit
from fake_runway.web.worlds import World


@dataclass(frozen=True, slots=True)
class Call:
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


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is bytes. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
