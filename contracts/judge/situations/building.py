"""Session forms that situations share."""

from typing import Any

from contracts.judge.observation import Json

CUSTOM_AVATAR = "0b6f8a52-6c1e-4f0d-9a3b-5d2c7e914f60"
MORE_THAN_HALF = 0.6
"""A hop that takes this part of the deadline leaves no time for a second one of its length."""


def fault_form(operation: str, effect: Json, **more: Any) -> Json:
    match = {"operation": operation, **more.pop("match", {})}
    return {"provision_time": "300ms", "faults": [{"match": match, "effect": effect, **more}]}


def late_create(after_s: float) -> Json:
    late = fault_form("createSession", {"delay": f"{after_s:.3f}s"})
    return {**late, "provision_time": "never"}


def error_effect(status: int, marker: str, **headers: str) -> Json:
    effect = {"status": {"code": status, "error": f"{marker}: the upstream says {status}."}}
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return {**effect, "headers": names} if names else effect
