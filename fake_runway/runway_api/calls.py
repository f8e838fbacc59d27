"""What the handler passes to the pipeline, and the pipeline to an operation. No aiohttp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fake_runway.core.history.journal import Exchange
from fake_runway.room.tokens import LiveKit
from fake_runway.web.bodies import Body
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World


class RunwayCall(NamedTuple):
    """One request to the Runway API, parsed and checked; or rejected, as its exchange says.

    Attributes:
        operation: None: the request fits none, and was rejected.
        token: the bearer token, an API secret or a session key.
    """

    world: World
    livekit: LiveKit
    operation: RunwayOperation | None
    exchange: Exchange
    token: str


class Auth(Enum):
    """What the bearer token of an operation is."""

    API_SECRET = "api-secret"
    SESSION_KEY = "session-key"


@dataclass(frozen=True, slots=True)
class RunwayOperation:
    """One method on one path template of the Runway API.

    Attributes:
        id: its operationId in the contract, by which its body is validated.
        answer: what carries it out: parse, call the account, render.
        versioned: X-Runway-Version is checked.
        query: the names of its query parameters.
        creates: a session; the reply names it as `id`.
    """

    id: str
    method: str
    template: str
    answer: Callable[[RunwayCall], Reply]
    auth: Auth = Auth.API_SECRET
    body: Body = Body.NONE
    versioned: bool = True
    query: tuple[str, ...] = ()
    creates: bool = False
