"""Sessions that end, or never become READY, while the target waits."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.case import Expect, Shape, Situation, Trait
from contracts.judge.observation import Json
from contracts.judge.situations.building import MORE_THAN_HALF, fault_form, late_create


def endings(marker: str) -> Iterator[Situation]:
    def ends(id_: str, about: str, *then: Json, **more: Any) -> Situation:
        session = {"provision_time": "600ms", "then": list(then), **more.pop("session", {})}
        traits = {Trait.ERROR, Trait.ENDS, *more.pop("traits", ())}
        return Situation(id_, about, Expect.FAILURE, traits, session=session, **more)

    failure = {"code": "INTERNAL", "text": f"{marker}: it broke."}
    yield ends(
        "fails-while-provisioning",
        "The session fails while it is provisioned.",
        {"in": "provisioning", "event": "failed", "after": "500ms", "failure": failure},
        quick=True,
    )
    yield ends(
        "fails-while-queued",
        "The session fails in the queue.",
        {"in": "queued", "event": "failed", "after": "500ms"},
        session={"queued": "never"},
    )
    yield ends(
        "cancelled-while-polling",
        "Another client cancels the session while the target waits.",
        {"in": "provisioning", "event": "cancelled", "after": "500ms"},
        quick=True,
    )
    yield ends(
        "completed-while-polling",
        "The session is COMPLETED before the target has seen it READY.",
        {"in": "ready", "event": "consumed"},
        {"in": "running", "event": "ended"},
    )
    yield ends(
        "running-before-ready",
        "The session is RUNNING before the target has seen it READY.",
        {"in": "ready", "event": "consumed"},
        traits={Trait.RUNNING},
        quick=True,
    )
    for id_, about, event in (
        ("expired-before-consume", "The key expires before the consume.", "expired"),
        ("consumed-by-somebody-else", "Another client uses the key first.", "consumed"),
        ("cancelled-before-consume", "The session is cancelled before the consume.", "cancelled"),
    ):
        yield Situation(
            id_,
            about,
            Expect.FAILURE,
            {Trait.ERROR, Trait.CONSUME},
            session={
                "provision_time": "300ms",
                "faults": [{"match": {"moment": "consume"}, "effect": {"event": event}}],
            },
            shape=Shape.CREDENTIALS,
        )


def never_ready(timeout_s: float) -> Iterator[Situation]:
    cancel_hangs = {**fault_form("deleteSession", {"hang": True}), "provision_time": "never"}
    key_omitted = fault_form("getSession", {"omit": ["sessionKey"]}, match={"state": "ready"})
    for id_, about, traits, session in (
        (
            "never-ready",
            "The session never becomes READY.",
            {Trait.DEADLINE},
            {"provision_time": "never"},
        ),
        (
            "queued-for-ever",
            "The session never leaves the queue.",
            {Trait.DEADLINE},
            {"queued": "never"},
        ),
        (
            "ready-too-late",
            "The session becomes READY after the deadline.",
            {Trait.DEADLINE},
            {"provision_time": f"{timeout_s + 2:.3f}s"},
        ),
        (
            "created-late-never-ready",
            "The create takes half of the deadline, and the session never becomes READY.",
            {Trait.DEADLINE, Trait.LATE_ID},
            late_create(timeout_s * MORE_THAN_HALF),
        ),
        (
            "created-too-late",
            "The create is answered after the deadline.",
            {Trait.DEADLINE, Trait.LATE_ID},
            late_create(timeout_s + 0.5),
        ),
        (
            "never-ready-cancel-hangs",
            "The session never becomes READY, and no cancel is answered.",
            {Trait.DEADLINE, Trait.CANCEL_HANGS},
            cancel_hangs,
        ),
        (
            "ready-without-key",
            "The session is READY, and the answer has no key.",
            {Trait.NO_KEY},
            key_omitted,
        ),
        (
            "unknown-status",
            "The session has a status that is not documented.",
            {Trait.UNKNOWN_STATUS},
            fault_form("getSession", {"set": {"status": "PAUSED"}}),
        ),
    ):
        traits = {Trait.ERROR, *traits}
        yield Situation(id_, about, Expect.FAILURE, traits, session=session, whole_deadline=True)
