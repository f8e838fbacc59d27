"""Callers who leave, and several callers at once."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.situation import Expect, Json, Shape, Situation, Trait
from contracts.judge.situations.building import (
    AT_ONCE,
    NEVER,
    error_effect,
    fails,
    fault_form,
    late_create,
    ready_after,
    succeeds,
)

SLOW_S = 2.5
"""How long a slow consume takes that others must not wait for, if the deadline leaves the time."""
SLOW_CONNECT_S = 8.0
"""How long a slow session takes to become READY that others must not wait for."""
ALL_AVATARS = 99  # as many callers as there are avatars


def leaving() -> Iterator[Situation]:
    def leaves(id_: str, about: str, session: Json, *traits: Trait, **more: Any) -> Situation:
        traits_ = {Trait.GONE, *traits}
        return Situation(
            id_, about, Expect.NO_ANSWER, traits_, session=session, leaves_after_s=0.7, **more
        )

    yield leaves("caller-gone", "The caller hangs up while the session is provisioned.", NEVER)
    yield leaves(
        "caller-gone-then-ready",
        "The caller hangs up, and the session becomes READY a second later.",
        {"provision_time": "1.7s"},
    )
    yield leaves(
        "caller-gone-while-creating",
        "The caller hangs up before the create is answered.",
        late_create(1.5),
        Trait.LATE_ID,
    )
    yield leaves(
        "caller-gone-while-consuming",
        "The caller hangs up before the consume is answered.",
        {**fault_form("consumeSession", {"delay": "2s"}), **AT_ONCE},
        Trait.GONE_WHILE_CONSUMING,
        shape=Shape.CREDENTIALS,
    )


def cancel_errors(marker: str) -> Iterator[Situation]:
    polls = {"match": {"operation": "getSession"}, "effect": error_effect(404, marker)}
    cancel = {"match": {"operation": "deleteSession"}, "effect": error_effect(500, marker)}
    yield fails(
        "cancel-500-once",
        "Every poll gets 404, and the first cancel 500.",
        Trait.CANCEL_FAILS_ONCE,
        session={"provision_time": "300ms", "faults": [polls, {**cancel, "times": 1}]},
    )


def several(timeout_s: float) -> Iterator[Situation]:
    def one_slow(id_: str, about: str, *slow: Json, shape: Shape | None = None) -> Situation:
        return Situation(
            id_,
            about,
            Expect.EITHER,
            {Trait.MANY_ONE_SLOW},
            session=AT_ONCE,
            callers=ALL_AVATARS,
            slow=slow,
            shape=shape,
        )

    soon = ready_after(min(0.4, timeout_s / 4))
    slow_s = min(SLOW_S, timeout_s / 2)
    slow_consume = fault_form("consumeSession", {"delay": f"{slow_s:.3f}s"})
    yield succeeds(
        "many-callers",
        "Many call at once, each for an avatar of its own.",
        Trait.MANY,
        session=soon,
        callers=ALL_AVATARS,
    )
    yield one_slow(
        "one-slow-connect",
        "One connect waits for its session while the others are quick.",
        ready_after(min(SLOW_CONNECT_S, timeout_s / 2)),
    )
    yield one_slow(
        "slow-consumes",
        "Some consumes are answered seconds later while the others are quick.",
        *({**slow_consume, **AT_ONCE},) * 4,
        shape=Shape.CREDENTIALS,
    )
    yield succeeds(
        "same-avatar",
        "Two call at once for the same avatar.",
        Trait.MANY,
        session=soon,
        callers=2,
        same_avatar=True,
    )
