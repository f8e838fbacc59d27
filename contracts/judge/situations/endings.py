"""Sessions that end, or never become READY, while the target waits."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.situation import Json, Shape, Situation, Trait
from contracts.judge.situations.building import (
    MORE_THAN_HALF,
    NEVER,
    fails,
    fault_form,
    late_create,
    ready_after,
)


def endings(marker: str) -> Iterator[Situation]:
    def ends(id_: str, about: str, *then: Json, **more: Any) -> Situation:
        session = {"provision_time": "600ms", "then": list(then), **more.pop("form", {})}
        return fails(id_, about, Trait.ENDS, *more.pop("traits", ()), session=session, **more)

    failed = {"event": "failed", "after": "500ms"}
    failure = {"code": "INTERNAL", "text": f"{marker}: it broke."}
    consumed = {"in": "ready", "event": "consumed"}
    yield ends(
        "fails-while-provisioning",
        "The session fails while it is provisioned.",
        {"in": "provisioning", **failed, "failure": failure},
    )
    yield ends(
        "fails-while-queued",
        "The session fails in the queue.",
        {"in": "queued", **failed},
        form={"queued": "never"},
    )
    yield ends(
        "cancelled-while-polling",
        "Another client cancels the session while the target waits.",
        {"in": "provisioning", "event": "cancelled", "after": "500ms"},
    )
    yield ends(
        "completed-while-polling",
        "The session is COMPLETED before the target has seen it READY.",
        consumed,
        {"in": "running", "event": "ended"},
    )
    yield ends(
        "running-before-ready",
        "The session is RUNNING before the target has seen it READY.",
        consumed,
        traits=[Trait.RUNNING],
    )
    for id_, about, event in (
        ("expired-before-consume", "The key expires before the consume.", "expired"),
        ("consumed-by-somebody-else", "Another client uses the key first.", "consumed"),
        ("cancelled-before-consume", "The session is cancelled before the consume.", "cancelled"),
    ):
        fault = {"match": {"moment": "consume"}, "effect": {"event": event}}
        session = {"provision_time": "300ms", "faults": [fault]}
        yield fails(id_, about, Trait.CONSUME, session=session, shape=Shape.CREDENTIALS)


def never_ready(timeout_s: float) -> Iterator[Situation]:
    def never(id_: str, about: str, session: Json, *traits: Trait) -> Situation:
        return fails(id_, about, *traits, session=session, whole_deadline=True)

    cancel_hangs = {**fault_form("deleteSession", {"hang": True}), **NEVER}
    key_omitted = fault_form("getSession", {"omit": ["sessionKey"]}, match={"state": "ready"})
    yield never("never-ready", "The session never becomes READY.", NEVER, Trait.DEADLINE)
    yield never(
        "queued-for-ever",
        "The session never leaves the queue.",
        {"queued": "never"},
        Trait.DEADLINE,
    )
    yield never(
        "ready-too-late",
        "The session becomes READY after the deadline.",
        ready_after(timeout_s + 2),
        Trait.DEADLINE,
    )
    yield never(
        "created-late-never-ready",
        "The create takes half of the deadline, and the session never becomes READY.",
        late_create(timeout_s * MORE_THAN_HALF),
        *(Trait.DEADLINE, Trait.LATE_ID),
    )
    yield never(
        "created-too-late",
        "The create is answered after the deadline.",
        late_create(timeout_s + 0.5),
        *(Trait.DEADLINE, Trait.LATE_ID),
    )
    yield never(
        "never-ready-cancel-hangs",
        "The session never becomes READY, and no cancel is answered.",
        cancel_hangs,
        *(Trait.DEADLINE, Trait.CANCEL_HANGS),
    )
    yield never(
        "ready-without-key",
        "The session is READY, and the answer has no key.",
        key_omitted,
        Trait.NO_KEY,
    )
    yield never(
        "unknown-status",
        "The session has a status that is not documented.",
        fault_form("getSession", {"set": {"status": "PAUSED"}}),
        Trait.UNKNOWN_STATUS,
    )
