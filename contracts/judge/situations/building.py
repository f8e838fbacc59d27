"""What situations share: session forms, and the situations that have an expectation in common."""

from typing import Any

from contracts.judge.situation import Expect, Json, Situation, Trait

CUSTOM_AVATAR = "0b6f8a52-6c1e-4f0d-9a3b-5d2c7e914f60"
MORE_THAN_HALF = 0.6
"""A hop that takes this part of the deadline leaves no time for a second one of its length."""
AT_ONCE: Json = {"provision_time": "0s"}
NEVER: Json = {"provision_time": "never"}


def succeeds(id_: str, about: str, *traits: Trait, **more: Any) -> Situation:
    return Situation(id_, about, Expect.SUCCESS, {Trait.SUCCESS, *traits}, **more)


def fails(id_: str, about: str, *traits: Trait, **more: Any) -> Situation:
    return Situation(id_, about, Expect.FAILURE, {Trait.ERROR, *traits}, **more)


def ready_after(seconds: float) -> Json:
    return {"provision_time": f"{seconds:.3f}s"}


def soon(timeout_s: float) -> Json:
    """Return a session that is READY soon, with any deadline."""
    return ready_after(min(0.4, timeout_s / 4))


def fault_form(operation: str, effect: Json, **more: Any) -> Json:
    match = {"operation": operation, **more.pop("match", {})}
    return {"provision_time": "300ms", "faults": [{"match": match, "effect": effect, **more}]}


def late_create(after_s: float) -> Json:
    late = fault_form("createSession", {"delay": f"{after_s:.3f}s"})
    return {**late, **NEVER}


def error_effect(status: int, marker: str, **headers: str) -> Json:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return {
        "status": {"code": status, "error": f"{marker}: the upstream says {status}."},
        "headers": {"X-Request-Id": f"{marker}-{status}", **names},
    }
