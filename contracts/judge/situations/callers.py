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
    soon,
    succeeds,
)

SLOW_S = 2.5
"""How long a slow consume takes that others must not wait for, if the deadline leaves the time."""
SLOW_CANCEL_S = 4.0
"""How long a slow cancel takes, after an answer that others must not wait for."""
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

    def cancels(id_: str, what: str, trait: Trait, effect: Json, **more: Any) -> Situation:
        fault = {"match": {"operation": "deleteSession"}, "effect": effect, **more}
        session = {"provision_time": "300ms", "faults": [polls, fault]}
        return fails(id_, f"Every poll gets 404, and {what}.", trait, session=session)

    once = Trait.CANCEL_FAILS_ONCE
    refused, busy = error_effect(500, marker), error_effect(429, marker)
    yield cancels("cancel-500-once", "the first cancel 500", once, refused, times=1)
    yield cancels("cancel-429-once", "the first cancel 429", once, busy, times=1)
    yield cancels("cancel-500", "every cancel 500", Trait.CANCEL_FAILS, refused)


def several(timeout_s: float, marker: str) -> Iterator[Situation]:
    def some_slow(id_: str, about: str, *slow: Json, **more: Any) -> Situation:
        traits = {Trait.MANY_ONE_SLOW, *more.pop("traits", ())}
        more = {"session": AT_ONCE, **more}
        return Situation(id_, about, Expect.EITHER, traits, callers=ALL_AVATARS, slow=slow, **more)

    def slow_hop(name: str, operation: str, shape: Shape | None = None) -> Situation:
        slow = fault_form(operation, {"delay": f"{min(SLOW_S, timeout_s / 2):.3f}s"}, times=1)
        about = f"Some {name}s are answered seconds later while the others are quick."
        return some_slow(f"slow-{name}s", about, *({**slow, **AT_ONCE},) * 4, shape=shape)

    quick = soon(timeout_s)
    yield succeeds(
        "many-callers",
        "Many call at once, each for an avatar of its own.",
        Trait.MANY,
        session=quick,
        callers=ALL_AVATARS,
    )
    yield some_slow(
        "one-slow-connect",
        "One connect waits for its session while the others are quick.",
        ready_after(min(SLOW_CONNECT_S, timeout_s / 2)),
    )
    yield slow_hop("create", "createSession")
    yield slow_hop("poll", "getSession")
    yield slow_hop("consume", "consumeSession", Shape.CREDENTIALS)
    polls = {"match": {"operation": "getSession"}, "effect": error_effect(404, marker)}
    cancel = {"match": {"operation": "deleteSession"}, "effect": {"delay": f"{SLOW_CANCEL_S:g}s"}}
    yield some_slow(
        "slow-cancels",
        "Some sessions are gone, and their cancels are answered seconds later.",
        *({**quick, "faults": [polls, cancel]},) * 4,
        session=quick,
        traits=[Trait.SLOW_CANCELS],
    )
    yield succeeds(
        "same-avatar",
        "Two call at once for the same avatar.",
        Trait.MANY,
        session=quick,
        callers=2,
        same_avatar=True,
    )
