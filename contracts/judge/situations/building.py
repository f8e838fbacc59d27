"""What situations are put together from."""

from typing import Any

from contracts.judge.case import Expect, Situation

Json = dict[str, Any]


CUSTOM_AVATAR = "0b6f8a52-6c1e-4f0d-9a3b-5d2c7e914f60"


def situation(id_: str, about: str, expect: Expect, tags: str, **more: Any) -> Situation:
    return Situation(id_, about, expect, frozenset(tags.split()), **more)


def fault_form(operation: str, effect: Json, **more: Any) -> Json:
    match = {"operation": operation, **more.pop("match", {})}
    return {"provision_time": "300ms", "faults": [{"match": match, "effect": effect, **more}]}


def late_create(after_s: float) -> Json:
    late = fault_form("createSession", {"delay": f"{after_s:.3f}s"})
    return {**late, "provision_time": "never"}


def error_effect(status: int, marker: str, **headers: str) -> Json:
    effect: Json = {"status": {"code": status, "error": f"{marker}: the upstream says {status}."}}
    if headers:
        effect["headers"] = {name.replace("_", "-"): text for name, text in headers.items()}
    return effect
