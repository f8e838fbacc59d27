"""Situations in which credentials have to be handed out."""

from collections.abc import Iterator

from contracts.judge.case import Expect, Situation, Trait

LATE_S = 1.0
"""READY so long before the deadline still has to be handed out."""


def successes(timeout_s: float) -> Iterator[Situation]:
    yield Situation(
        "ready-at-once",
        "The session is READY at the first poll.",
        Expect.SUCCESS,
        {Trait.SUCCESS},
        session={"provision_time": "0s"},
        quick=True,
    )
    yield Situation(
        "ready-after-a-while",
        "The session becomes READY after 1.2 s.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.SLOW},
        session={"provision_time": "1.2s"},
        quick=True,
    )
    yield Situation(
        "queued-then-ready",
        "The session waits in the queue before it is provisioned.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.SLOW},
        session={"queued": "700ms", "provision_time": "300ms"},
    )
    yield Situation(
        "ready-at-the-last-moment",
        "The session becomes READY just before the deadline.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.SLOW, Trait.LAST_MOMENT},
        session={"provision_time": f"{max(timeout_s - LATE_S, timeout_s * 0.5):.3f}s"},
        whole_deadline=True,
        to_the_second=True,
    )
    yield Situation(
        "custom-avatar",
        "The caller asks for a custom avatar by its UUID.",
        Expect.SUCCESS,
        {Trait.SUCCESS, Trait.CUSTOM_AVATAR},
        session={"provision_time": "0s"},
        custom=True,
        quick=True,
    )
