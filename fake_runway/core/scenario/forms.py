"""The account form and the session form: from data to values, and back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import (
    Duration,
    parse_duration,
    parse_span,
    written,
    written_span,
)
from fake_runway.core.faults.fault import Fault
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.lifecycles.session import Event, Failure, State
from fake_runway.core.scenario.settings import ErrorStyle, KeyState, Settings
from fake_runway.core.sessions.session import Happening, Plan
from fake_runway.core.types import Json

NOTHING: Json = MappingProxyType({})


_DEFAULT_JOIN = "1s"


def read_account(account: Json, base: Settings) -> Settings:
    limits: dict[str, Any] = {
        name: _limit(account[name])
        for name in ("concurrency", "daily", "credits", "retained")
        if name in account
    }
    changes: dict[str, Any] = {"limits": replace(base.limits, **limits)}
    for name, read in _SWITCHES.items():
        if name in account:
            changes[_FIELDS.get(name, name)] = _read(account, name, read)
    return replace(base, **changes)


def _read(form: Json, name: str, read: Callable[[Any], Any]) -> Any:
    """Return what `form` says under `name`; a refusal says where it stands."""
    try:
        return read(form[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _limit(value: Any) -> int | None:
    return None if value == "unlimited" else int(value)


def _avatars(value: Any) -> frozenset[str] | None:
    return None if value == "any" else frozenset(each.lower() for each in value)


_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "delete_again": "deleted_again",
        "unknown_ids": "materialise",
        "unknown_keys": "strict_keys",
        "consume_body": "strict_consume_body",
        "version_header": "version_required",
        "custom_avatars": "avatars",
    }
)


_SWITCHES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "key": KeyState,
        "errors": ErrorStyle,
        "unpaid": Unpaid,
        "retry_after": bool,
        "doc_url": bool,
        "delete_again": lambda value: value == 204,
        "unknown_ids": lambda value: value == "materialise",
        "unknown_keys": lambda value: value == "refuse",
        "consume_body": lambda value: value == "strict",
        "version_header": lambda value: value == "required",
        "custom_avatars": _avatars,
        "latency": parse_duration,
    }
)


def read_session(session: Json, base: Plan, *, scenario: str) -> Plan:
    changes: dict[str, Any] = {"scenario": scenario}
    for name, attribute in (("queued", "queued"), ("provision_time", "provision")):
        if name in session:
            changes[attribute] = _read(session, name, parse_duration)
    if "expires_in" in session:
        changes["expires_in_s"] = _read(session, "expires_in", parse_span)
    if "session_cap" in session:
        capped = session["session_cap"] != "none"
        changes["session_cap_s"] = _read(session, "session_cap", parse_span) if capped else None
    if "running_on" in session or "join_time" in session:
        changes["join"] = _join(session, base.join)
    if "token_room" in session:
        changes["token_room"] = session["token_room"]
    if "then" in session:
        changes["happenings"] = _happenings(session["then"])
    if "faults" in session:
        changes["faults"] = read_faults(session, prefix=f"{scenario}/", per_session=True)
    return replace(base, **changes)


def _join(session: Json, base: Duration | None) -> Duration | None:
    """Return when somebody joins: as given, else as it was, else after the usual time."""
    given = _read(session, "join_time", parse_duration) if "join_time" in session else None
    running_on = session.get("running_on", "consume" if base is None else "join")
    if running_on == "join":
        return given or base or parse_duration(_DEFAULT_JOIN)
    if given is not None and "running_on" in session:
        raise ValueError("join_time: nobody joins with running_on: consume")
    return None


def _happenings(given: list[Json]) -> tuple[Happening, ...]:
    happenings: list[Happening] = []
    for index, each in enumerate(given):
        failure = each.get("failure")
        try:
            happening = Happening(
                State(each["in"]),
                Event(each["event"]),
                after=parse_duration(each.get("after", "0s")),
                failure=failure and Failure(failure["code"], failure["text"]),
            )
        except ValueError as error:
            raise ValueError(f"then[{index}]: {error}") from error
        if any(other.state is happening.state for other in happenings):
            raise ValueError(f"then[{index}]: something else already happens in {each['in']}")
        happenings.append(happening)
    return tuple(happenings)


def read_faults(form: Json, *, prefix: str, per_session: bool) -> tuple[Fault, ...]:
    faults: dict[str, Fault] = {}
    for index, given in enumerate(form.get("faults", ())):
        name = f"{prefix}{given.get('name', index + 1)}"
        if name in faults:
            raise ValueError(f"faults[{index}]: two faults are named {name}")
        try:
            faults[name] = parse_fault(given, name=name, per_session=per_session)
        except ValueError as error:
            raise ValueError(f"faults[{index}]: {error}") from error
    return tuple(faults.values())


def describe_account(settings: Settings) -> dict[str, Any]:
    """Return the account form that makes `settings` out of any others."""
    limits = settings.limits
    return {
        "concurrency": _unlimited(limits.concurrency),
        "daily": _unlimited(limits.daily),
        "credits": _unlimited(limits.credits),
        "retained": limits.retained,
        "key": settings.key.value,
        "errors": settings.errors.value,
        "unpaid": settings.unpaid.value,
        "retry_after": settings.retry_after,
        "doc_url": settings.doc_url,
        "delete_again": 204 if settings.deleted_again else 404,
        "unknown_ids": "materialise" if settings.materialise else "refuse",
        "unknown_keys": "refuse" if settings.strict_keys else "ignore",
        "consume_body": "strict" if settings.strict_consume_body else "lenient",
        "version_header": "required" if settings.version_required else "ignored",
        "custom_avatars": "any" if settings.avatars is None else sorted(settings.avatars),
        "latency": written(settings.latency),
    }


def describe_session(plan: Plan) -> dict[str, Any]:
    """Return the session form that makes `plan` out of any other."""
    form: dict[str, Any] = {
        "queued": written(plan.queued),
        "provision_time": written(plan.provision),
        "expires_in": written_span(plan.expires_in_s),
        "session_cap": "none" if plan.session_cap_s is None else written_span(plan.session_cap_s),
        "running_on": "consume" if plan.join is None else "join",
        "then": [_described(happening) for happening in plan.happenings],
        "faults": [dict(fault.given) for fault in plan.faults],
        "token_room": plan.token_room,
    }
    if plan.join is not None:
        form["join_time"] = written(plan.join)
    return form


def _unlimited(limit: int | None) -> int | str:
    return "unlimited" if limit is None else limit


def _described(happening: Happening) -> dict[str, Any]:
    described: dict[str, Any] = {
        "in": happening.state.value,
        "event": happening.event.value,
        "after": written(happening.after),
    }
    if happening.failure is not None:
        described["failure"] = {"code": happening.failure.code, "text": happening.failure.text}
    return described
