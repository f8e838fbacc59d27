"""The lifecycle of sessions: states, events, transitions, and what may be said about them.

`TRANSITIONS` alone decides which state follows which. A missing row *is* the error. Terminal states
have an empty row. `SESSION` is the declaration that faults, journal and findings read.

What a session is, and which event is due next, is in `sessions/session.py`. State is ours, status
is the wire's: CLAIMED exists only here. A session is CLAIMED when its key was used and no
participant has joined its room yet; the wire still calls it READY.

Source: the Runway OpenAPI document of 2024-11-06 for the statuses, the public documentation's
lifecycle diagram and observations of others for the transitions. Assumed: what happens to a READY
session that is never consumed (FAILED), and when READY becomes RUNNING (a switch).
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from fake_runway.core.lifecycles.vocabulary import (
    ApiOperation,
    Custody,
    Moment,
    Phase,
    ResourceKind,
    Role,
    quick_to_find,
)
from fake_runway.core.values import dataclass


@quick_to_find
class State(Enum):
    """The state of a session."""

    QUEUED = "queued"
    PROVISIONING = "provisioning"
    READY = "ready"
    CLAIMED = "claimed"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@quick_to_find
class Event(Enum):
    """What can happen to a session."""

    RELEASED = "released"  # its plan no longer keeps it from waiting for capacity
    ADMITTED = "admitted"  # capacity became free
    PROVISIONED = "provisioned"
    CONSUMED = "consumed"  # the key was used, and using it starts the session
    CLAIMED = "claimed"  # the key was used, and the session starts when a participant joins
    JOINED = "joined"
    ENTERED = "entered"  # the avatar is in the room that its create named
    BILLED = "billed"  # another block of RUNNING was charged
    ENDED = "ended"  # END_CALL, or an admin call
    CAPPED = "capped"  # maxDuration, or the account's session cap
    UNPAID = "unpaid"  # a block could not be paid
    EXPIRED = "expired"  # READY, and not started by `expiresAt`
    FAILED = "failed"
    CANCELLED = "cancelled"  # DELETE


_ANY_LIVE = {Event.FAILED: State.FAILED, Event.CANCELLED: State.CANCELLED}

TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.QUEUED: {
            Event.RELEASED: State.QUEUED,
            Event.ADMITTED: State.PROVISIONING,
            **_ANY_LIVE,
        },
        State.PROVISIONING: {Event.PROVISIONED: State.READY, **_ANY_LIVE},
        State.READY: {
            Event.CONSUMED: State.RUNNING,
            Event.CLAIMED: State.CLAIMED,
            Event.ENTERED: State.RUNNING,
            Event.EXPIRED: State.FAILED,
            **_ANY_LIVE,
        },
        State.CLAIMED: {Event.JOINED: State.RUNNING, Event.EXPIRED: State.FAILED, **_ANY_LIVE},
        State.RUNNING: {
            Event.BILLED: State.RUNNING,
            Event.ENDED: State.COMPLETED,
            Event.CAPPED: State.COMPLETED,
            Event.UNPAID: State.COMPLETED,
            **_ANY_LIVE,
        },
        State.COMPLETED: {},
        State.FAILED: {},
        State.CANCELLED: {},
    }
)

STATE_AFTER: Mapping[Event | None, State] = MappingProxyType(
    {
        None: State.QUEUED,
        **{event: state for row in TRANSITIONS.values() for event, state in row.items()},
    }
)
"""The state that an event leads to, from whichever state; that of a new session for None."""

ACTIVE = frozenset({State.PROVISIONING, State.READY, State.CLAIMED, State.RUNNING})
"""The states that take up capacity."""

TERMINAL = frozenset(state for state, row in TRANSITIONS.items() if not row)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a resource FAILED. `code` is the stable part; `text` is for people."""

    code: str
    text: str


EXPIRED_FAILURE = Failure(
    "INTERNAL", "The session was not consumed before its credentials expired."
)
UNEXPLAINED_FAILURE = Failure("INTERNAL", "An internal error occurred.")

_PATH = "/v1/realtime_sessions"
_CREATE, _CONSUME = "createSession", "consumeSession"
_OK = frozenset({200})

SESSION = ResourceKind(
    "session",
    TRANSITIONS,
    moments=(
        Moment("create", "before it is stored", _CREATE, phase=Phase.BEFORE),
        Moment("created", "stored, the reply not out", _CREATE, phase=Phase.AFTER, statuses=_OK),
        Moment("ready", "any call between READY and consume", state=State.READY),
        Moment("consume", "before the key is used", _CONSUME, phase=Phase.BEFORE),
        Moment("consumed", "used, the reply not out", _CONSUME, phase=Phase.AFTER, statuses=_OK),
        Moment("running", "any call about a running session", state=State.RUNNING),
    ),
    automatic=frozenset({Event.ADMITTED, Event.RELEASED}),
    unrecorded=frozenset({Event.BILLED}),
    reasons={
        Event.RELEASED: "its own time in the queue is over",
        Event.ADMITTED: "there is capacity",
        Event.CONSUMED: "its key was used",
        Event.CLAIMED: "its key was used, and no participant has joined",
        Event.JOINED: "a participant joined",
        Event.ENTERED: "the avatar is in the room that the create named",
        Event.ENDED: "the call was ended",
        Event.CAPPED: "it reached its longest duration",
        Event.UNPAID: "a block could not be paid",
        Event.EXPIRED: "it was not consumed in time",
        Event.CANCELLED: "it was deleted",
    },
    custody=Custody(
        waiting="NOT_READY",
        ready="READY",
        over=frozenset({"COMPLETED", "FAILED", "CANCELLED"}),
        key="sessionKey",
        used=frozenset({Event.CONSUMED, Event.CLAIMED, Event.JOINED, Event.ENTERED}),
        expired=Event.EXPIRED,
        ran_out=frozenset({Event.EXPIRED, Event.CAPPED, Event.UNPAID, Event.ENDED}),
        cancelled=State.CANCELLED,
        # source: the public agent plugins, which read the id of a create and call nothing else
        handed_over=frozenset({"integration", "livekit"}),
    ),
)
"""What faults, journal and findings may say about sessions."""

SESSION_OPERATIONS = (
    ApiOperation(_CREATE, "POST", _PATH, "session", Role.CREATE),
    ApiOperation("getSession", "GET", f"{_PATH}/{{id}}", "session", Role.POLL),
    ApiOperation("deleteSession", "DELETE", f"{_PATH}/{{id}}", "session", Role.CANCEL),
    ApiOperation(  # browsers do not send the version header
        _CONSUME, "POST", f"{_PATH}/{{id}}/consume", "session", Role.USE, versioned=False
    ),
    ApiOperation("connectBackend", "POST", f"{_PATH}/{{id}}/connect_backend", "session"),
)
