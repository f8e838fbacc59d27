"""A reference model of the account, written for correctness alone.

One list of sessions in order of creation and one log of changes. Everything else (active and
waiting sessions, spent credits, due events) is computed from them again each time. No
heap, no queue, no counters. States and events are plain words, and `MOVES` was written down from
the design and the facts sheet, not from the code. Nothing is imported from the code under test but
the settings it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from fake_runway.core.billing import Unpaid
from fake_runway.core.scenario.settings import Settings

DAY = 24 * 60 * 60

MOVES = {
    "queued": {
        "released": "queued",
        "admitted": "provisioning",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    "provisioning": {"provisioned": "ready", "failed": "failed", "cancelled": "cancelled"},
    "ready": {
        "consumed": "running",
        "claimed": "claimed",
        "entered": "running",
        "expired": "failed",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    "claimed": {
        "joined": "running",
        "expired": "failed",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    "running": {
        "billed": "running",
        "ended": "completed",
        "capped": "completed",
        "unpaid": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    "completed": {},
    "failed": {},
    "cancelled": {},
}
OVER = {"completed", "failed", "cancelled"}


class No(Exception):
    """The call is refused; the argument is the code."""


def instant_after(at: float, span: float) -> float:
    """Return when a span that begins at `at` is over: in whole microseconds, unless it is none."""
    if span in (0, inf):
        return at + span
    return max(at, float(f"{at + span:.6f}"))


@dataclass(eq=False)
class Row:
    """One session."""

    number: int
    id: str
    born_at: float
    longest_s: float
    plan: Any
    waits_since: float
    entered_at: float
    since: float
    state: str = "queued"
    by: str | None = None
    ready_at: float | None = None
    started_at: float | None = None
    blocks: int = 0
    reason: str | None = None


class Model:
    """The expected account. Every call takes the instant `at`."""

    def __init__(
        self,
        settings: Settings,
        *,
        number: Callable[[str, int], float],
    ) -> None:
        self.settings = settings
        self.number = number
        self.rows: list[Row] = []
        self.gone: list[Row] = []
        self.ended: list[Row] = []
        self.log: list[tuple[float, Row, str | None]] = []
        self.creates: list[float] = []
        self.charges: list[tuple[float, int]] = []

    # Its state, computed anew each time

    def in_state(self, *states: str) -> list[Row]:
        """Return the sessions in these states, in order of creation."""
        return [row for row in self.rows if row.state in states]

    @property
    def active(self) -> list[Row]:
        """The sessions that take up capacity."""
        return self.in_state("provisioning", "ready", "claimed", "running")

    @property
    def waiting(self) -> list[Row]:
        """The sessions that wait for capacity, in the order in which they began to."""
        waiting = [row for row in self.in_state("queued") if row.waits_since < inf]
        return sorted(waiting, key=lambda row: (row.waits_since, row.number))

    @property
    def known(self) -> dict[str, Row]:
        """The readable sessions, by id."""
        return {row.id: row for row in self.rows if row not in self.gone}

    @property
    def spent(self) -> int:
        """Credits charged."""
        return sum(amount for _, amount in self.charges)

    @property
    def left(self) -> int | None:
        """Credits that remain; None: no limit."""
        granted = self.settings.limits.credits
        return None if granted is None else granted - self.spent

    @property
    def spent_by_day(self) -> dict[int, int]:
        """Credits by UTC day."""
        days = {int(at // DAY) for at, _ in self.charges}
        return {
            day: sum(amount for at, amount in self.charges if int(at // DAY) == day) for day in days
        }

    def recent(self, at: float) -> list[float]:
        """Return the creates of the last 24 hours."""
        return [created for created in self.creates if created + DAY > at]

    def due(self, row: Row) -> tuple[float, str, str | None] | None:
        """Return the next due event of `row`: its instant, its name, and its failure."""
        usual = self.usually_due(row)
        for one in row.plan.happenings:
            if one.state.value == row.state:
                after = one.after.sample(self.number(f"then-{row.state}", row.number))
                strikes_at = instant_after(row.entered_at, after)
                if usual is None or strikes_at <= usual[0]:
                    reason = getattr(one.failure, "code", None)
                    return strikes_at, one.event.value, reason
        return None if usual is None else (*usual, None)

    def usually_due(self, row: Row) -> tuple[float, str] | None:
        """Return the due event of `row` without any happening of its plan."""
        match row.state:
            case "queued" if row.waits_since == inf:
                wait = row.plan.queued.sample(self.number("queued", row.number))
                return instant_after(row.born_at, wait), "released"
            case "provisioning":
                wait = row.plan.provision.sample(self.number("provision", row.number))
                return instant_after(row.since, wait), "provisioned"
            case "ready":
                return self.expiry(row), "expired"
            case "claimed":
                join = row.plan.join
                wait = join.sample(self.number("join", row.number)) if join else inf
                joined_at = instant_after(row.since, wait)
                if joined_at < self.expiry(row):
                    return joined_at, "joined"
                return self.expiry(row), "expired"
            case "running":
                assert row.started_at is not None
                next_block = instant_after(row.started_at, 6 * row.blocks)
                cap = instant_after(row.started_at, row.longest_s)
                return (next_block, "billed") if next_block < cap else (cap, "capped")
        return None

    def expiry(self, row: Row) -> float:
        """Return `expiresAt`."""
        assert row.ready_at is not None
        return instant_after(row.ready_at, row.plan.expires_in_s)

    @property
    def next_due_at(self) -> float | None:
        """The instant of the next due event."""
        instants = [due[0] for row in self.rows if (due := self.due(row))]
        return min((at for at in instants if at < inf), default=None)

    # Events

    def advance(self, now: float) -> list[tuple[float, str, str | None]]:
        """Apply every event due by `now`, the earliest first, of equals the oldest."""
        mark = len(self.log)
        while True:
            ready = [
                (due[0], row.number, row, *due[1:])
                for row in self.rows
                if (due := self.due(row)) and due[0] <= now
            ]
            if not ready:
                return [(at, row.id, event) for at, row, event in self.log[mark:]]
            at, _, row, event, reason = min(ready)
            broke = self.left is not None and self.left < 2
            if event == "billed" and broke and self.settings.unpaid is not Unpaid.OVERDRAW:
                event = "unpaid" if self.settings.unpaid is Unpaid.COMPLETE else "failed"
                reason = "INSUFFICIENT_CREDITS"
            self.happen(row, event, at, reason=reason)

    def happen(self, row: Row, event: str, at: float, *, reason: str | None = None) -> None:
        """Apply `event` to `row` and admit the sessions that there is room for."""
        if event not in MOVES[row.state]:
            raise No("illegal_transition")
        self._move(row, event, at, reason=reason)
        if event == "billed":
            self.charges.append((at, 2))
        self.admit(at)

    def _move(self, row: Row, event: str, at: float, *, reason: str | None = None) -> None:
        after = MOVES[row.state][event]
        if after != row.state:
            row.entered_at = at
        row.state, row.by, row.since = after, event, at
        if event == "released":
            row.waits_since = at
        if event == "provisioned":
            row.ready_at = at
        if event in ("consumed", "joined", "entered"):
            row.started_at = at
        if event == "billed":
            row.blocks += 1
        if row.state == "failed":
            row.reason = "INTERNAL" if event == "expired" else reason or "INTERNAL"
        self.log.append((at, row, event))
        if row.state in OVER:
            self.ended.append(row)
            self.forget()

    def forget(self) -> None:
        """Drop the terminal sessions but for the newest ones."""
        kept = [row for row in self.ended if row not in self.gone]
        self.gone += kept[: max(0, len(kept) - self.settings.limits.retained)]

    def admit(self, at: float) -> None:
        """Admit the longest waiting sessions, as far as there is room."""
        limit = self.settings.limits.concurrency
        while (waiting := self.waiting) and (limit is None or len(self.active) < limit):
            self._move(waiting[0], "admitted", at)

    def add(self, session_id: str, at: float, *, max_duration_s: int, cost: int, plan: Any) -> Row:
        """Add a session."""
        cap = plan.session_cap_s
        longest = max_duration_s if cap is None else min(max_duration_s, cap)
        waits_since = at if getattr(plan.queued, "seconds", None) == 0 else inf
        row = Row(len(self.rows), session_id, at, longest, plan, waits_since, at, at)
        self.rows.append(row)
        self.log.append((at, row, None))
        if cost:
            self.charges.append((at, cost))
        self.admit(at)
        self.advance(at)
        return row

    # Calls

    def change_settings(self, at: float, settings: Settings) -> None:
        """Behave otherwise from now on."""
        self.advance(at)
        self.settings = settings
        self.admit(at)
        self.forget()
        self.advance(at)

    def grant(self, at: float, credits: int) -> None:
        """Make it so that `credits` are left."""
        self.advance(at)
        limits = replace(self.settings.limits, credits=self.spent + credits)
        self.change_settings(at, replace(self.settings, limits=limits))

    def create(
        self, at: float, session_id: str, *, max_duration_s: int, avatar: Any, plan: Any
    ) -> Row:
        """Create a session, which the account has called `session_id`."""
        self.advance(at)
        if self.refuses_avatar(avatar):
            raise No("unknown_avatar")
        if self.left is not None and self.left < 2:
            raise No("insufficient_credits")
        daily = self.settings.limits.daily
        if daily is not None and len(self.recent(at)) >= daily:
            raise No("quota_reached", self.retry_after_s(at, daily))
        self.creates.append(at)
        plan = plan or self.settings.plan
        return self.add(session_id, at, max_duration_s=max_duration_s, cost=2, plan=plan)

    def refuses_avatar(self, avatar: str | None) -> bool:
        """Return whether a custom avatar is unknown."""
        known = self.settings.avatars
        return avatar is not None and known is not None and avatar not in known

    def retry_after_s(self, at: float, daily: int) -> float:
        """Return how long to wait for room in the quota; a whole day where there is none ever."""
        for created in self.recent(at):
            if len(self.recent(created + DAY)) < daily:
                return created + DAY - at
        return DAY

    def get(self, at: float, session_id: str) -> Row:
        """Read a session."""
        self.advance(at)
        if session_id in self.known:
            return self.known[session_id]
        if not self.settings.materialise:
            raise No("unknown_session")
        plan = self.settings.plan
        return self.add(session_id, at, max_duration_s=300, cost=0, plan=plan)

    def consume(self, at: float, session_id: str, *, right_key: bool) -> Row:
        """Use a key."""
        row = self.get(at, session_id)
        if not right_key:
            raise No("key_refused")
        if row.by == "expired":
            raise No("key_expired")
        if row.state in OVER:
            raise No("session_over")
        if row.state in ("running", "claimed"):
            raise No("already_consumed")
        if row.state != "ready":
            raise No("not_ready")
        return self.occur(at, row.id, "consumed" if row.plan.join is None else "claimed")

    def backend(self, at: float, session_id: str) -> Row:
        """Admit a backend."""
        row = self.get(at, session_id)
        if row.state in OVER:
            raise No("session_over")
        if row.state in ("queued", "provisioning"):
            raise No("not_ready")
        return row

    def delete(self, at: float, session_id: str) -> Row:
        """Cancel."""
        row = self.get(at, session_id)
        if row.state not in OVER:
            return self.occur(at, row.id, "cancelled")
        if not self.settings.deleted_again:
            raise No("unknown_session")
        return row

    def occur(self, at: float, session_id: str, event: str, *, reason: str | None = None) -> Row:
        """Apply an event of an admin or of the room; no session is admitted that way."""
        row = self.get(at, session_id)
        if event in ("admitted", "released"):
            raise No("illegal_transition")
        self.happen(row, event, at, reason=reason)
        self.advance(at)
        return row
