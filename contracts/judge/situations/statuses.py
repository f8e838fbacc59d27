"""Statuses with other fields than belong to them, each shown by the first poll alone.

The session is READY in truth, so its key stands beside the status, and a target that takes the key
could use it. Who polls again sees READY.
"""

from collections.abc import Iterator
from typing import Any

from contracts.judge.situation import Expect, Json, Situation, Trait
from contracts.judge.situations.building import AT_ONCE, fails, succeeds

_ODD: tuple[tuple[str, str, Any], ...] = (
    ("unknown-status-with-key", "PAUSED, which is not documented", "PAUSED"),
    ("ready-in-small-letters", "ready in small letters", "ready"),
    ("ready-and-a-space", "READY and a space", "READY "),
    ("more-than-ready", "a status that begins like READY", "READY_SOON"),
    ("status-empty", "an empty status", ""),
    ("status-null", "null as the status", None),
    ("status-true", "true as the status", True),
    ("status-number", "a number as the status", 1),
    ("status-list", "a list with READY as the status", ["READY"]),
    ("status-object", "an object as the status", {"value": "READY"}),
    ("running-with-key", "RUNNING", "RUNNING"),
    ("completed-with-key", "COMPLETED", "COMPLETED"),
    ("failed-with-key", "FAILED", "FAILED"),
    ("cancelled-with-key", "CANCELLED", "CANCELLED"),
)


def statuses() -> Iterator[Situation]:
    def shown_once(effect: Json) -> Json:
        fault = {"match": {"operation": "getSession"}, "effect": effect, "times": 1}
        return {**AT_ONCE, "faults": [fault]}

    for id_, what, status in _ODD:
        session = shown_once({"set": {"status": status}})
        about = f"The first poll shows {what}, with a key beside it."
        yield Situation(id_, about, Expect.EITHER, {Trait.ODD_STATUS}, session=session)
    yield succeeds(
        "not-ready-with-key",
        "The first poll shows NOT_READY, with a key beside it.",
        Trait.ODD_STATUS,
        session=shown_once({"set": {"status": "NOT_READY"}}),
    )
    for id_, what, key in (
        ("ready-key-null", "null", None),
        ("ready-key-empty", "an empty string", ""),
    ):
        session = shown_once({"set": {"sessionKey": key}})
        about = f"The first poll shows READY with {what} as the key."
        yield Situation(id_, about, Expect.EITHER, {Trait.ODD_KEY}, session=session)
    broken = {"in": "provisioning", "event": "failed", "after": "300ms"}
    bare = {
        "match": {"operation": "getSession", "state": "failed"},
        "effect": {"omit": ["failure", "failureCode"]},
    }
    yield fails(
        "fails-without-a-reason",
        "The session fails, and nothing says why.",
        Trait.ENDS,
        session={"provision_time": "600ms", "then": [broken], "faults": [bare]},
    )
