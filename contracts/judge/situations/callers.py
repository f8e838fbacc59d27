"""Callers who leave, and several callers at once."""

from collections.abc import Iterator

from contracts.judge.case import Expect, Shape, Situation, Trait
from contracts.judge.situations.building import error_effect, fault_form, late_create

SLOW_S = 2.5
"""How long a slow consume takes that others must not wait for, if the deadline leaves the time."""
SLOW_CONNECT_S = 8.0
"""How long a slow session takes to become READY that others must not wait for."""
ALL_AVATARS = 99  # as many callers as there are avatars


def callers(timeout_s: float, marker: str) -> Iterator[Situation]:
    yield Situation(
        "caller-gone",
        "The caller hangs up while the session is provisioned.",
        Expect.NO_ANSWER,
        {Trait.GONE},
        session={"provision_time": "never"},
        leaves_after_s=0.7,
        quick=True,
    )
    yield Situation(
        "caller-gone-then-ready",
        "The caller hangs up, and the session becomes READY a second later.",
        Expect.NO_ANSWER,
        {Trait.GONE},
        session={"provision_time": "1.7s"},
        leaves_after_s=0.7,
    )
    yield Situation(
        "caller-gone-while-creating",
        "The caller hangs up before the create is answered.",
        Expect.NO_ANSWER,
        {Trait.GONE, Trait.LATE_ID},
        session=late_create(1.5),
        leaves_after_s=0.7,
    )
    yield Situation(
        "caller-gone-while-consuming",
        "The caller hangs up before the consume is answered.",
        Expect.NO_ANSWER,
        {Trait.GONE, Trait.GONE_WHILE_CONSUMING},
        session={**fault_form("consumeSession", {"delay": "2s"}), "provision_time": "0s"},
        leaves_after_s=0.7,
        shape=Shape.CREDENTIALS,
    )
    yield Situation(
        "cancel-500-once",
        "Every poll gets 404, and the first cancel 500.",
        Expect.FAILURE,
        {Trait.ERROR, Trait.CANCEL_FAILS_ONCE},
        session={
            "provision_time": "300ms",
            "faults": [
                {"match": {"operation": "getSession"}, "effect": error_effect(404, marker)},
                {
                    "match": {"operation": "deleteSession"},
                    "effect": error_effect(500, marker),
                    "times": 1,
                },
            ],
        },
    )
    yield Situation(
        "many-callers",
        "Many call at once, each for an avatar of its own.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.MANY},
        session={"provision_time": "400ms"},
        callers=ALL_AVATARS,
    )
    yield Situation(
        "one-slow-connect",
        "One connect waits for its session while the others are quick.",
        Expect.EITHER,
        {Trait.MANY_ONE_SLOW},
        session={"provision_time": "0s"},
        callers=ALL_AVATARS,
        slow=({"provision_time": f"{min(SLOW_CONNECT_S, timeout_s / 2):.3f}s"},),
    )
    slow_s = min(SLOW_S, timeout_s / 2)
    slow_consume = fault_form("consumeSession", {"delay": f"{slow_s:.3f}s"})
    yield Situation(
        "slow-consumes",
        "Some consumes are answered seconds later while the others are quick.",
        Expect.EITHER,
        {Trait.MANY_ONE_SLOW},
        session={"provision_time": "0s"},
        callers=ALL_AVATARS,
        slow=({**slow_consume, "provision_time": "0s"},) * 4,
        shape=Shape.CREDENTIALS,
    )
    yield Situation(
        "same-avatar",
        "Two call at once for the same avatar.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.MANY},
        session={"provision_time": "400ms"},
        callers=2,
        same_avatar=True,
    )
