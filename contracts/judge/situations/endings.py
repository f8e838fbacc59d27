"""Sessions that end, or never become READY, while the target waits."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.case import Expect, Shape, Situation
from contracts.judge.situations.building import Json, fault_form, late_create, situation

MORE_THAN_HALF = 0.6
"""What takes this part of the deadline leaves less than as much again."""


def endings(marker: str) -> Iterator[Situation]:
    def ends(id_: str, about: str, *then: Json, tags: str = "", **more: Any) -> Situation:
        session = {"provision_time": "600ms", "then": list(then), **more.pop("session", {})}
        return situation(id_, about, Expect.FAILURE, f"error ends {tags}", session=session, **more)

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
        "Somebody else cancels the session while the target waits.",
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
        tags="running made",
        quick=True,
    )
    for id_, about, event in (
        ("expired-before-consume", "The key expires before the consume.", "expired"),
        ("consumed-by-somebody-else", "Somebody else uses the key first.", "consumed"),
        ("cancelled-before-consume", "The session is cancelled before the consume.", "cancelled"),
    ):
        yield situation(
            id_,
            about,
            Expect.FAILURE,
            "error consume" + (" made" if event == "consumed" else ""),
            session={
                "provision_time": "300ms",
                "faults": [{"match": {"moment": "consume"}, "effect": {"event": event}}],
            },
            shape=Shape.CREDENTIALS,
        )


def never_ready(timeout_s: float) -> Iterator[Situation]:
    yield situation(
        "never-ready",
        "The session never becomes READY.",
        Expect.FAILURE,
        "error deadline made",
        session={"provision_time": "never"},
        whole_deadline=True,
    )
    yield situation(
        "queued-for-ever",
        "The session never leaves the queue.",
        Expect.FAILURE,
        "error deadline made",
        session={"queued": "never"},
        whole_deadline=True,
    )
    yield situation(
        "ready-too-late",
        "The session becomes READY after the deadline.",
        Expect.FAILURE,
        "error deadline made late",
        session={"provision_time": f"{timeout_s + 2:.3f}s"},
        whole_deadline=True,
    )
    yield situation(
        "created-late-never-ready",
        "The create takes half of the deadline, and the session never becomes READY.",
        Expect.FAILURE,
        "error deadline late-id",
        session=late_create(timeout_s * MORE_THAN_HALF),
        whole_deadline=True,
    )
    yield situation(
        "created-too-late",
        "The create is answered after the deadline.",
        Expect.FAILURE,
        "error deadline late-id",
        session=late_create(timeout_s + 0.5),
        whole_deadline=True,
    )
    yield situation(
        "never-ready-cancel-hangs",
        "The session never becomes READY, and no cancel is answered.",
        Expect.FAILURE,
        "error deadline kept",
        session={**fault_form("deleteSession", {"hang": True}), "provision_time": "never"},
        whole_deadline=True,
    )
    for id_, about, effect, state, tags in (
        (
            "ready-without-key",
            "The session is READY, and the answer has no key.",
            {"omit": ["sessionKey"]},
            "ready",
            "keyless",
        ),
        (
            "unknown-status",
            "The session has a status that nobody knows.",
            {"set": {"status": "PAUSED"}},
            None,
            "strange",
        ),
    ):
        match: Json = {"state": state} if state else {}
        yield situation(
            id_,
            about,
            Expect.FAILURE,
            f"error made may-wait {tags}",
            session=fault_form("getSession", effect, match=match),
            whole_deadline=True,
        )
