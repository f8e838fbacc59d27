"""What passes between the HTTP adapter and the operations. No aiohttp.

An `Arrival` is a request after the door: read, checked, or refused there. A `Call` is what an
operation gets, a `Reply` what it returns. Named tuples, not frozen dataclasses: one of each is made
for every request, in a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from fake_runway.core.errors import Refused
from fake_runway.web.bodies import Body
from fake_runway.web.replies import NO_BODY, NO_QUERY, Reply

if TYPE_CHECKING:
    from fake_runway.room.tokens import LiveKit
    from fake_runway.worlds.world import World


class Arrival(NamedTuple):
    """One request to the Runway API, as it came through the door.

    Attributes:
        operation: None for a request that nobody expected.
        path: without the world's prefix and the query.
        session_id: a well-formed id, empty where the path has none of a session.
        token: what came after `Bearer `, for the operations that need it.
        body: the validated JSON object, empty where the operation takes none.
        query: the parameters that the operation takes, as text; the first of each name.
        refusal: why it goes no further; None if it does.
        avatar_id: as `session_id`, of an avatar.
        others: as in `journal.Exchange`.
    """

    operation: Operation | None
    method: str
    path: str
    session_id: str = ""
    token: str = ""
    body: Mapping[str, Any] = NO_BODY
    query: Mapping[str, str] = NO_QUERY
    refusal: Refused | None = None
    agent: str = ""
    retry: int | None = None
    versioned: bool = False
    secret_in_url: bool = False
    avatar_id: str = ""


class Call(NamedTuple):
    """What an operation gets to know: who asks, of which world, when, and with what.

    Attributes:
        at: the world's instant at which the request is applied, POSIX seconds.
        session_id, token, body, query, avatar_id: as in `Arrival`.
    """

    world: World
    livekit: LiveKit
    at: float
    session_id: str
    token: str
    body: Mapping[str, Any]
    query: Mapping[str, str] = NO_QUERY
    avatar_id: str = ""


class Auth(Enum):
    """What the bearer token of an operation is."""

    API_SECRET = "api-secret"
    SESSION_KEY = "session-key"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path template of the Runway API.

    Attributes:
        id: its operationId in the contract, by which its body is validated.
        answer: the handler: parse, call, render.
        versioned: X-Runway-Version is looked at.
        query: the names of its query parameters.
        of_avatar: the id in its path is an avatar's, not a session's.
    """

    id: str
    method: str
    template: str
    answer: Callable[[Call], Reply]
    auth: Auth = Auth.API_SECRET
    body: Body = Body.NONE
    versioned: bool = True
    query: tuple[str, ...] = ()
    of_avatar: bool = False
