"""Situations in which credentials have to be handed out."""

from collections.abc import Iterator

from contracts.judge.case import Expect, Situation
from contracts.judge.situations.building import situation

LATE_S = 1.0
"""READY so long before the deadline still has to be handed out."""


def successes(timeout_s: float) -> Iterator[Situation]:
    success = Expect.SUCCESS
    yield situation(
        "ready-at-once",
        "The session is READY at the first look.",
        success,
        "success",
        session={"provision_time": "0s"},
        quick=True,
    )
    yield situation(
        "ready-after-a-while",
        "The session becomes READY after 1.2 s.",
        success,
        "success slow",
        session={"provision_time": "1.2s"},
        quick=True,
    )
    yield situation(
        "queued-then-ready",
        "The session waits in the queue before it is provisioned.",
        success,
        "success slow",
        session={"queued": "700ms", "provision_time": "300ms"},
    )
    last = max(timeout_s - LATE_S, timeout_s * 0.5)
    yield situation(
        "ready-at-the-last-moment",
        "The session becomes READY just before the deadline.",
        success,
        "success slow last",
        session={"provision_time": f"{last:.3f}s"},
        whole_deadline=True,
    )
    yield situation(
        "custom-avatar",
        "The caller asks for a custom avatar by its UUID.",
        success,
        "success custom",
        session={"provision_time": "0s"},
        custom=True,
        quick=True,
    )
