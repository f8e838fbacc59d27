"""Everything about a world that can be chosen: the values, and the table of what sets them.

Where the real API is unknown or contradicts itself, the choice is a field here with a default and
a reason, never a constant in the code. A row of the table makes that field a key of scenarios, with
its JSON Schema and its description in recorded runs, an option of `serve` and `up`, a keyword of
`FakeRunway`, and a line of the tables in docs/scenarios.md and docs/fidelity.md (a test compares).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from operator import attrgetter
from typing import Any

from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import NO_TIME, Duration
from fake_runway.core.scenario.notations import (
    AVATARS,
    CAP,
    COUNT,
    DEFAULT_JOIN,
    DURATION,
    FLAG,
    JOIN_TIME,
    NUMBER,
    ROOM,
    RUNNING_ON,
    SPAN,
    Notation,
    choice,
)
from fake_runway.core.sessions.session import Plan

DEFAULT_MAX_DURATION_S = 300

EXAMPLE_AVATAR = "550e8400-e29b-41d4-a716-446655440000"
"""The one custom avatar that every world has by default: the id of Runway's own code samples."""


class ErrorStyle(Enum):
    """The answer to missing credits: 402 as the setup guide says, or 400 as seen on task calls."""

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
        materialise: any well-formed unknown id becomes a session at its first use, as with a
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


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: a field of `Settings` that scenarios and `serve` can set.

    Attributes:
        key: what the account form or the session form calls it.
        sets: the field of `Settings`, as a path such as `limits.credits`.
        notation: how its values are written.
        help: what it decides, in one sentence.
        source: where the default comes from; "assumed" where nothing is known of the real API.
        option: the option of `serve`; empty: the key; None: there is none.
        option_help: of the option, where it needs more words than `help`.
        merge: from the parsed value and the present one of the field to the new one.
    """

    key: str
    sets: str
    notation: Notation
    help: str
    source: str
    option: str | None = field(default="", kw_only=True)
    option_help: str = field(default="", kw_only=True)
    merge: Callable[[Any, Any], Any] = field(default=lambda value, _: value, kw_only=True)

    @property
    def option_name(self) -> str:
        """The name of its option, without the hyphens before it."""
        return (self.option or self.key).replace("_", "-")

    @property
    def default(self) -> Any:
        """What a server without options does, as data."""
        return self.described(Settings())

    def described(self, settings: Settings) -> Any:
        """Return the data by which a scenario sets it as in `settings`."""
        return self.notation.write(attrgetter(self.sets)(settings))

    def put(self, settings: Settings, value: Any) -> Settings:
        """Return `settings` with this one set to a parsed value."""
        *path, name = self.sets.split(".")
        changed: Any = attrgetter(path[0])(settings) if path else settings
        changed = replace(changed, **{name: self.merge(value, getattr(changed, name))})
        return replace(settings, **{path[0]: changed}) if path else changed


_HIGHEST_TIER = "The highest public tier."
_OURS = "Ours."
_ASSUMED = "Assumed."

ACCOUNT = (
    Setting("credits", "limits.credits", COUNT, "Granted at the start.", _HIGHEST_TIER),
    Setting(
        "concurrency",
        "limits.concurrency",
        COUNT,
        "Sessions active at once; more are queued.",
        _HIGHEST_TIER,
    ),
    Setting("daily", "limits.daily", COUNT, "Creates in any 24 hours.", _HIGHEST_TIER),
    Setting("retained", "limits.retained", NUMBER, "Ended sessions that stay readable.", _OURS),
    Setting(
        "key",
        "key",
        choice({each.value: each for each in KeyState}),
        "What the server thinks of the API secret.",
        "Ours: every text is a secret, and a world of its own.",
        option=None,
    ),
    Setting(
        "errors",
        "errors",
        choice({each.value: each for each in ErrorStyle}),
        "Missing credits: 402 as the setup guide says, or 400 as seen live.",
        "Setup guide; 400 was observed live on task calls.",
    ),
    Setting(
        "unpaid",
        "unpaid",
        choice({each.value: each for each in Unpaid}),
        "A running session that cannot be paid any more.",
        _ASSUMED,
    ),
    Setting(
        "retry_after",
        "retry_after",
        FLAG,
        "Send Retry-After when out of quota.",
        "Assumed, in seconds of the world's time; both SDKs read it.",
    ),
    Setting(
        "doc_url",
        "doc_url",
        FLAG,
        "Error bodies carry docUrl.",
        "Observed live; absent from the published document.",
    ),
    Setting(
        "delete_again",
        "deleted_again",
        choice({204: True, 404: False}),
        "DELETE of a session that has ended.",
        "Assumed: 204, and the session stays as it is.",
    ),
    Setting(
        "unknown_ids",
        "materialise",
        choice({"refuse": False, "materialise": True}),
        "materialise: any well-formed id is a session.",
        "Published 404. A session made by `materialise` costs no credits and no quota, but takes"
        " up capacity.",
        option_help="materialise: any well-formed id is a session, as with a stateless mock.",
    ),
    Setting(
        "unknown_keys",
        "strict_keys",
        choice({"refuse": True, "ignore": False}),
        "Keys that the API does not know.",
        "Observed live: 400 `Unrecognized key: ...`.",
        option_help="Keys in a body that the API does not know.",
    ),
    Setting(
        "consume_body",
        "strict_consume_body",
        choice({"strict": True, "lenient": False}),
        "strict: empty or JSON.",
        "The browser SDK sends none; 415 was observed live.",
        option_help="strict: empty or JSON, another content type is refused.",
    ),
    Setting(
        "version_header",
        "version_required",
        choice({"required": True, "ignored": False}),
        "X-Runway-Version on every call but consume.",
        "Published; 400 is assumed. Browsers send none with consume.",
    ),
    Setting(
        "custom_avatars",
        "avatars",
        AVATARS,
        "The UUIDs of custom avatars that exist.",
        "The id of Runway's own code samples; others are 404.",
        option="avatar",
        option_help="A custom avatar that exists; repeatable.",
    ),
    Setting("latency", "latency", DURATION, "Every answer is held back this long.", _OURS),
)
"""The settings of the account form."""

SESSION = (
    Setting(
        "queued",
        "plan.queued",
        DURATION,
        "Stays queued this long, whatever capacity there is.",
        _OURS,
        option=None,
    ),
    Setting(
        "provision_time",
        "plan.provision",
        DURATION,
        "From admitted to READY.",
        _ASSUMED,
        option_help="From create to READY: 1.5s, uniform(1s, 3s), lognormal(5s, 0.3), never.",
    ),
    Setting("expires_in", "plan.expires_in_s", SPAN, "From READY to expiresAt.", _ASSUMED),
    Setting(
        "session_cap",
        "plan.session_cap_s",
        CAP,
        "RUNNING ends after this at the latest.",
        "Published: maxDuration alone; 300 s were observed live.",
        option_help="RUNNING ends after this even if maxDuration is longer; live: 300s.",
    ),
    Setting(
        "running_on",
        "plan.join",
        RUNNING_ON,
        "What makes a READY session RUNNING.",
        "Assumed. With `join` the wire says READY until then.",
        merge=lambda word, join: None if word == "consume" else join or DEFAULT_JOIN,
    ),
    Setting(
        "join_time",
        "plan.join",
        JOIN_TIME,
        "With running_on: join, from consume to the participant; 1s.",
        _ASSUMED,
        option_help="With --running-on join: from consume to the first participant.",
        merge=lambda duration, join: None if join is None else duration,
    ),
    Setting(
        "token_room",
        "plan.token_room",
        ROOM,
        "The room that tokens let into; null: the session's own.",
        _OURS,
        option=None,
    ),
)
"""The settings of the session form; `running_on` comes first, because `join_time` depends on it."""
