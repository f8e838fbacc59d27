"""The account against a model of it that is too simple to be wrong (see `model.py`).

Hypothesis makes up settings, calls and jumps of time, mostly to the very instants at which
something is due, and after every step all that can be seen of both must be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import inf, nextafter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import Event, Failure
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Settings
from fake_runway.core.sessions.rules import Change
from fake_runway.core.sessions.session import Plan, Session
from tests.support.effort import examples
from tests.unit.fake_runway.core.model import Model, No, Row, instant_after
from tests.unit.fake_runway.core.playing import FOREIGN_ID, START, all_settings

FOREIGN_IDS = (FOREIGN_ID, "00000000-0000-4000-8000-000000000000")

which_session = st.integers(0, 11)


class AccountAndModel(RuleBasedStateMachine):
    """Does everything to both."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = [*FOREIGN_IDS]
        self.now = START

    @initialize(given_settings=all_settings)
    def begin(self, given_settings: Settings) -> None:
        """Both start from the same settings, and the model is told the draws."""
        draws = Draws("seed", "world")
        self.recorded: list[Change] = []
        self.account = Account(
            draws=draws, key_tag="0" * 12, settings=given_settings, record=self.recorded.append
        )
        self.model = Model(given_settings, number=draws.number)

    def pick(self, which: int) -> str:
        """Return the newest ids first, so that small numbers are of interest."""
        return self.ids[::-1][which % len(self.ids)]

    def both(self, real: Callable[[], Session], model: Callable[[], Row]) -> None:
        """Do the same to both; they answer the same session or the same refusal."""
        expected: tuple[Any, ...] | dict[str, Any]
        came: tuple[Any, ...] | dict[str, Any]
        try:
            came = of_session(real())
        except Refused as refusal:
            wait = refusal.retry_after_s
            came = (refusal.code,) if wait is None else (refusal.code, wait)
        try:
            expected = self.of_row(model())
        except No as refusal:
            expected = refusal.args
        assert came == expected

    def of_row(self, row: Row) -> dict[str, Any]:
        """Return what the account should say of a session."""
        due = self.model.due(row)
        return {
            "number": row.number,
            "id": row.id,
            "state": row.state,
            "event": row.by,
            "created_at": row.born_at,
            "changed_at": row.since,
            "due_at": due and due[0],
            "due_event": due and due[1],
            "expires_at": None if row.ready_at is None else self.model.expiry(row),
            "ends_at": None
            if row.started_at is None
            else instant_after(row.started_at, row.longest_s),
            "blocks": row.blocks,
            "failure": row.reason,
        }

    # What can be done

    @rule(
        max_duration_s=st.sampled_from([10, 12, 13, 300]),
        avatar=st.sampled_from([None, None, None, None, EXAMPLE_AVATAR, FOREIGN_ID]),
        plan=st.none() | all_settings.map(lambda one: one.plan),
    )
    def create(self, max_duration_s: int, avatar: str | None, plan: Plan | None) -> None:
        """Create a session, maybe with a plan of its own; the model takes over the id."""
        created: list[str] = []

        def real() -> Session:
            session = self.account.create(
                at=self.now, max_duration_s=max_duration_s, avatar=avatar, plan=plan
            )
            created.append(session.id)
            return session

        def model() -> Row:
            session_id = created[0] if created else "none was created"
            return self.model.create(
                self.now, session_id, max_duration_s=max_duration_s, avatar=avatar, plan=plan
            )

        self.both(real, model)
        assert not set(created) & set(self.ids)
        self.ids += created

    @rule(which=which_session)
    def get(self, which: int) -> None:
        """Look at a session, maybe one that never was or is forgotten."""
        one = self.pick(which)
        self.both(lambda: self.account.get(one, at=self.now), lambda: self.model.get(self.now, one))

    @rule(which=which_session)
    def consume(self, which: int) -> None:
        """Use the right key, if there is one."""
        one = self.pick(which)
        session = self.account.sessions.get(one)
        key = "stk_none" if session is None else self.account.session_key(session)
        self.both(
            lambda: self.account.consume(one, key, at=self.now),
            lambda: self.model.consume(self.now, one, right_key=session is not None),
        )

    @rule(which=which_session, other=which_session)
    def consume_with_another_key(self, which: int, other: int) -> None:
        """Use a key that belongs to another session, or to none."""
        one, another = self.pick(which), self.account.sessions.get(self.pick(other))
        foreign = another is None or another.id == one
        key = "" if another is None or foreign else self.account.session_key(another)
        self.both(
            lambda: self.account.consume(one, key, at=self.now),
            lambda: self.model.consume(self.now, one, right_key=False),
        )

    @rule(max_duration_s=st.sampled_from([10, 12, 300]))
    def begin_a_call(self, max_duration_s: int) -> None:
        """Create a session and consume it as soon as something is due, to get beyond READY."""
        self.create(max_duration_s, None, None)
        if self.model.next_due_at is not None:
            self.move_to(self.model.next_due_at)
        self.consume(0)

    @rule(which=which_session)
    def let_a_backend_in(self, which: int) -> None:
        """Ask for a backend's credentials."""
        one = self.pick(which)
        self.both(
            lambda: self.account.admit_backend(one, at=self.now),
            lambda: self.model.backend(self.now, one),
        )

    @rule(which=which_session)
    def delete(self, which: int) -> None:
        """Cancel a session."""
        one = self.pick(which)
        self.both(
            lambda: self.account.delete(one, at=self.now), lambda: self.model.delete(self.now, one)
        )

    @rule(
        which=which_session,
        event=st.sampled_from(Event),
        failure=st.sampled_from([None, Failure("MADE.UP", "Because.")]),
    )
    def occur(self, which: int, event: Event, failure: Failure | None) -> None:
        """Let anything happen to any session, possible or not."""
        one, reason = self.pick(which), None if failure is None else failure.code
        self.both(
            lambda: self.account.apply_event(one, event, at=self.now, failure=failure),
            lambda: self.model.occur(self.now, one, event.value, reason=reason),
        )

    @rule(other=all_settings)
    def change_settings(self, other: Settings) -> None:
        """Behave otherwise from now on, in any respect."""
        self.account.change_settings(other, at=self.now)
        self.model.change_settings(self.now, other)

    @rule(credits=st.integers(0, 12))
    def grant(self, credits: int) -> None:
        """Grant a few credits."""
        self.account.grant(credits, at=self.now)
        self.model.grant(self.now, credits)

    @rule()
    def go_on_with_a_copy(self) -> None:
        """Go on with a copy of the account, while the original comes to another end."""
        original, self.recorded = self.account, [*self.recorded]
        self.account = original.copy(self.recorded.append)
        for one in tuple(original.sessions):
            with suppress(Refused):
                original.delete(one, at=self.now + 1)
        original.change_settings(Settings(), at=self.now + 1)
        original.create(at=self.now + 1)

    # Time

    def move_to(self, now: float) -> None:
        """Bring both up to `now`; the same things have happened in the same order."""
        self.now = max(self.now, now)
        came = [
            (change.at, change.after.id, change.event.value)
            for change in self.account.advance(self.now)
            if change.event is not None
        ]
        assert came == self.model.advance(self.now)

    @rule(seconds=st.sampled_from([0.25, 1.0, 1.5, 6.0, 10.0, 60.0, 300.0, 86_400.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.move_to(self.now + seconds)

    @rule(seconds=st.floats(0, 20))
    def wait_any_time(self, seconds: float) -> None:
        """Let an odd time pass."""
        self.move_to(self.now + seconds)

    @precondition(lambda self: self.model.next_due_at is not None)
    @rule(just_before=st.booleans())
    def wait_until_something_is_due(self, just_before: bool) -> None:
        """Jump to the very instant of the next event, or to the last one before it."""
        assert self.model.next_due_at is not None
        self.move_to(
            nextafter(self.model.next_due_at, -inf) if just_before else self.model.next_due_at
        )

    @precondition(lambda self: self.model.creates)
    @rule(which=which_session)
    def wait_until_the_quota_frees(self, which: int) -> None:
        """Jump to the instant at which a create leaves the window."""
        creates = self.model.creates
        self.move_to(creates[which % len(creates)] + 86_400)

    # What must hold

    @invariant()
    def all_that_can_be_seen_is_the_same(self) -> None:
        """Sessions, queue, counters and the next due instant agree."""
        account, model = self.account, self.model
        known = {one: self.of_row(row) for one, row in model.known.items()}
        assert {one: of_session(session) for one, session in account.sessions.items()} == known
        assert account.queued == tuple(row.id for row in model.waiting)
        assert account.active == len(model.active)
        assert account.evicted == len(model.gone)
        assert account.spent == model.spent
        assert account.left == model.left
        assert dict(account.spent_by_day) == model.spent_by_day
        assert account.used_today == len(model.recent(self.now))
        assert account.next_due_at == model.next_due_at
        assert account.settings == model.settings

    @invariant()
    def all_that_happened_was_told(self) -> None:
        """The account has told every change, births included, in the order of the model's log."""
        told = [
            (change.at, change.after.id, change.event and change.event.value)
            for change in self.recorded
        ]
        assert told == [(at, row.id, event) for at, row, event in self.model.log]


def of_session(session: Session) -> dict[str, Any]:
    """Return a session in the model's words."""
    return {
        "number": session.ordinal,
        "id": session.id,
        "state": session.state.value,
        "event": session.event and session.event.value,
        "created_at": session.created_at,
        "changed_at": session.changed_at,
        "due_at": session.due_at,
        "due_event": session.due_event and session.due_event.value,
        "expires_at": session.expires_at,
        "ends_at": session.ends_at,
        "blocks": session.blocks,
        "failure": session.failure and session.failure.code,
    }


class TestAccountAgainstModel(AccountAndModel.TestCase):  # type: ignore[misc,valid-type]
    """Everything that can be seen of an account is what the simple model says."""

    settings = settings(
        max_examples=examples(100),
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
