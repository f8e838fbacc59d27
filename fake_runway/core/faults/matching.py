"""Which calls a fault is about."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fake_runway.core.lifecycles.session import State

OPERATIONS = (
    "createSession",
    "getSession",
    "deleteSession",
    "consumeSession",
    "connectBackend",
    "getOrganization",
    "queryUsage",
    "listAvatars",
    "getAvatar",
)


PATHS = (
    "/v1/realtime_sessions",
    "/v1/realtime_sessions/{id}",
    "/v1/realtime_sessions/{id}/consume",
    "/v1/realtime_sessions/{id}/connect_backend",
    "/v1/organization",
    "/v1/organization/usage",
    "/v1/avatars",
    "/v1/avatars/{id}",
)


class Moment(Enum):
    """A point in a session's life at which faults can be aimed."""

    CREATE = "create"  # a create has come and nothing is stored yet
    CREATED = "created"  # it is stored (not refused), and the reply is not out
    READY = "ready"  # any call about a session between READY and its consume
    CONSUME = "consume"  # a consume has come and the key is not used yet
    CONSUMED = "consumed"  # the key is used, and the reply is not out
    RUNNING = "running"  # any call about a session that runs


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls a fault is about. Empty: no condition.

    Attributes:
        operations: ids of the contract's operations.
        paths: path templates, e.g. `/v1/realtime_sessions/{id}`.
        sessions: ordinals of sessions, counted from 0.
        states: what the session is when the call comes (after acting: what it has become).
        statuses: of the answer that would go out; only after acting.
        nth: which of the calls that match otherwise, counted from 1.
    """

    operations: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    sessions: frozenset[int] = frozenset()
    states: frozenset[State] = frozenset()
    statuses: frozenset[int] = frozenset()
    nth: frozenset[int] = frozenset()

    def allows(self, operation: str) -> bool:
        """Tell whether a call of this operation can match at all."""
        return not self.operations or operation in self.operations

    def fits(self, facts: "CallFacts") -> bool:
        """Tell whether a call matches, `nth` left aside."""
        return (
            self.allows(facts.operation)
            and (not self.methods or facts.method in self.methods)
            and (not self.paths or facts.path in self.paths)
            and (not self.sessions or facts.session in self.sessions)
            and (not self.states or facts.state in self.states)
            and (not self.statuses or facts.status in self.statuses)
        )


class CallFacts(NamedTuple):
    """A call as faults see it.

    Attributes:
        path: the operation's template.
        session: the ordinal of the session that the call is about; of a create: the one it makes.
        addressed: whether the path names that session.
        status: of the answer; None before the server has acted.
    """

    operation: str
    method: str
    path: str
    at: float
    session: int | None = None
    addressed: bool = False
    state: State | None = None
    status: int | None = None
