"""Callers who leave, and several callers at once."""

from collections.abc import Iterator

from contracts.judge.case import Expect, Shape, Situation
from contracts.judge.situations.building import error_effect, fault_form, late_create, situation

SLOW_S = 2.5
"""A consume that others must not wait for takes so long, if the deadline leaves the time."""


SLOW_CONNECT_S = 8.0
"""So does a session that others must not wait for, until it is READY."""


def callers(timeout_s: float, marker: str) -> Iterator[Situation]:
    yield situation(
        "caller-gone",
        "The caller hangs up while the session is provisioned.",
        Expect.NOBODY,
        "gone made",
        session={"provision_time": "never"},
        leaves_after_s=0.7,
        quick=True,
    )
    yield situation(
        "caller-gone-then-ready",
        "The caller hangs up, and the session becomes READY a second later.",
        Expect.NOBODY,
        "gone made",
        session={"provision_time": "1.7s"},
        leaves_after_s=0.7,
    )
    yield situation(
        "caller-gone-while-creating",
        "The caller hangs up before the create is answered.",
        Expect.NOBODY,
        "gone late-id",
        session=late_create(1.5),
        leaves_after_s=0.7,
    )
    yield situation(
        "caller-gone-while-consuming",
        "The caller hangs up before the consume is answered.",
        Expect.NOBODY,
        "gone made consuming",
        session={**fault_form("consumeSession", {"delay": "2s"}), "provision_time": "0s"},
        leaves_after_s=0.7,
        shape=Shape.CREDENTIALS,
    )
    yield situation(
        "cancel-500-once",
        "Every look gets 404, and the first cancel 500.",
        Expect.FAILURE,
        "error cancel-again",
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
    yield situation(
        "many-callers",
        "Many call at once, each for an avatar of its own.",
        Expect.SUCCESS,
        "success many",
        session={"provision_time": "400ms"},
        callers=99,  # as many as there are avatars
    )
    yield situation(
        "one-slow-connect",
        "One connect waits for its session while the others are quick.",
        Expect.EITHER,
        "one-slow",
        session={"provision_time": "0s"},
        callers=99,
        slow=({"provision_time": f"{min(SLOW_CONNECT_S, timeout_s / 2):.3f}s"},),
    )
    slow_s = min(SLOW_S, timeout_s / 2)
    slow_consume = fault_form("consumeSession", {"delay": f"{slow_s:.3f}s"})
    yield situation(
        "slow-consumes",
        "Some consumes are answered seconds later while the others are quick.",
        Expect.EITHER,
        "one-slow",
        session={"provision_time": "0s"},
        callers=99,
        slow=({**slow_consume, "provision_time": "0s"},) * 4,
        shape=Shape.CREDENTIALS,
    )
    yield situation(
        "same-avatar",
        "Two call at once for the same avatar.",
        Expect.SUCCESS,
        "success many",
        session={"provision_time": "400ms"},
        callers=2,
        same_avatar=True,
    )
