"""Everything about a world that somebody can choose, as plain values.

Where the real API is unknown or contradicts itself, the choice is a field here with a default and
a reason, never a constant in the code. `fake-runway serve` has a flag for each.
"""

from dataclasses import dataclass, field
from enum import Enum

from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import NO_TIME, Duration
from fake_runway.core.sessions.session import Plan

DEFAULT_MAX_DURATION_S = 300

EXAMPLE_AVATAR = "550e8400-e29b-41d4-a716-446655440000"
"""The one custom avatar that every world has by default: the id of Runway's own code samples."""


class ErrorStyle(Enum):
    """How missing credits are told: 402 as the setup guide says, or 400 as seen on task calls."""

    GUIDE = "guide"
    OBSERVED = "observed"


class KeyState(Enum):
    """What the server thinks of the API secret."""

    VALID = "valid"
    UNKNOWN = "unknown"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may use. None means no limit.

    Attributes:
        concurrency: sessions that may be PROVISIONING, READY or RUNNING at once; more are QUEUED.
        daily: creates in any 24 hours.
        credits: granted at the start.
        retained: terminal sessions that stay readable; older ones are forgotten and counted.

    Source: the highest usage tier of the public documentation.
    """

    concurrency: int | None = 20
    daily: int | None = 25_000
    credits: int | None = 100_000
    retained: int = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How one world behaves.

    Attributes:
        key: see `KeyState`.
        latency: every answer of the Runway API is held back this long, on the world's clock.
        unpaid: see `Unpaid`.
        deleted_again: DELETE on a terminal session is 204 without effect (True) or 404 (False).
        materialise: any well-formed unknown id becomes a session when first looked at, as with a
            stateless mock.
        avatars: custom avatars that exist; None: every UUID does.
        errors: see `ErrorStyle`.
        retry_after: send Retry-After with 429.
        version_required: refuse calls without the right X-Runway-Version (never on consume).
        strict_keys: refuse unknown keys in a body.
        strict_consume_body: refuse a consume whose declared content type is not JSON.
        doc_url: error bodies carry `docUrl`.
    """

    plan: Plan = field(default_factory=Plan)
    limits: Limits = field(default_factory=Limits)
    key: KeyState = KeyState.VALID
    latency: Duration = NO_TIME
    unpaid: Unpaid = Unpaid.COMPLETE
    deleted_again: bool = True
    materialise: bool = False
    avatars: frozenset[str] | None = frozenset({EXAMPLE_AVATAR})
    errors: ErrorStyle = ErrorStyle.GUIDE
    retry_after: bool = True
    version_required: bool = True
    strict_keys: bool = True
    strict_consume_body: bool = True
    doc_url: bool = True
