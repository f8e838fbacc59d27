"""Situations in which credentials have to be handed out."""

from collections.abc import Iterator

from contracts.judge.situation import Json, Situation, Trait
from contracts.judge.situations.building import AT_ONCE, ready_after, soon, succeeds

LATE_S = 1.0
"""READY so long before the deadline still has to be handed out."""
_ROOM = {"url": "wss://media-7.judge.invalid:7443/region/2", "roomName": "a room/of its own"}
_PLAIN: Json = {"content_type": "application/json"}  # usually with a charset
_OTHER_VALUES: tuple[Json, ...] = (
    {"match": {"operation": "createSession"}, "effect": _PLAIN},
    {"match": {"operation": "consumeSession"}, "effect": {"set": _ROOM, **_PLAIN}},
    {
        "match": {"operation": "getSession", "state": ["queued", "provisioning", "ready"]},
        "effect": {"shift": {"createdAt": "-1h"}, **_PLAIN},
    },
    {
        "match": {"operation": "getSession", "state": "running"},
        "effect": {"set": {"status": "READY"}},
    },
)
"""Of what Runway promises nothing about, the fake usually shows one choice; this is another."""


def successes(timeout_s: float, marker: str) -> Iterator[Situation]:
    queued = {"queued": f"{min(0.7, timeout_s / 4):.3f}s"}
    yield succeeds("ready-at-once", "The session is READY at the first poll.", session=AT_ONCE)
    yield succeeds(
        "ready-after-a-while",
        "The session becomes READY after the first polls.",
        Trait.SLOW,
        session=ready_after(min(1.2, timeout_s / 2)),
    )
    yield succeeds(
        "queued-then-ready",
        "The session waits in the queue before it is provisioned.",
        Trait.SLOW,
        session={**queued, **ready_after(min(0.3, timeout_s / 8))},
    )
    yield succeeds(
        "ready-at-the-last-moment",
        "The session becomes READY just before the deadline.",
        *(Trait.SLOW, Trait.LAST_MOMENT),
        session=ready_after(max(timeout_s - LATE_S, timeout_s * 0.5)),
        whole_deadline=True,
        to_the_second=True,
    )
    yield succeeds(
        "custom-avatar",
        "The caller asks for a custom avatar by its UUID.",
        Trait.CUSTOM_AVATAR,
        session=AT_ONCE,
        custom=True,
    )
    yield succeeds(
        "other-values",
        "The room has a name and a server of its own, Runway's clock is an hour behind, and a"
        " consumed session stays READY until a participant joins.",
        session={**soon(timeout_s), "faults": [*_OTHER_VALUES]},
    )
    new = {"set": {"newField": {"text": marker}}, "headers": {"X-Request-Id": f"{marker}-id"}}
    every_hop = [
        {"match": {"operation": operation}, "effect": new}
        for operation in ("createSession", "getSession", "consumeSession")
    ]
    yield succeeds(
        "new-fields",
        "Runway's answers have a field and a header that are new.",
        Trait.NEW_FIELDS,
        session={**AT_ONCE, "faults": every_hop},
    )
