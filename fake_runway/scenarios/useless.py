"""Settings of a scenario that can have no effect: usually something else was meant.

They are no mistakes, because the options of a server or another scenario may give them one; so they
are warnings of `scenarios validate`. What a scenario leaves out counts as the default.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fake_runway.core.durations import NEVER, Fixed, parse_duration, parse_span
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.problems import Path, ScenarioProblem
from fake_runway.core.types import Json

_AFTER_READY = ("ready", "claimed", "running")


def useless_settings(data: Json) -> list[ScenarioProblem]:
    """Return what has no effect in a scenario in which nothing is wrong, with its place."""
    account, session, task = (data.get(form, {}) for form in ("account", "session", "task"))
    found = [*_of_account(account), *_of_session(session, ("session",)), *_of_task(task)]
    for avatar, form in data.get("avatars", {}).items():
        if isinstance(form, Mapping):
            found += _of_session(form, ("avatars", avatar))
    if account.get("key", "valid") != "valid":
        found += [
            _useless((form,), f"account.key {account['key']}, by which every create is refused")
            for form in ("session", "task")
            if data.get(form)
        ]
    return found


def _useless(path: Path, because: str) -> ScenarioProblem:
    return ScenarioProblem(path, f"has no effect with {because}")


def _of_account(form: Json) -> Iterator[ScenarioProblem]:
    for key in ("unpaid", "errors"):
        if key in form and form.get("credits") == "unlimited":
            yield _useless(("account", key), "credits: unlimited")
    daily, tasks = form.get("daily"), form.get("task_daily")
    if "retry_after" in form and daily == tasks == "unlimited":
        yield _useless(("account", "retry_after"), "daily and task_daily: unlimited")
    if (
        "tier" in form
        and form.get("task_concurrency", "tier") != "tier"
        and tasks
        not in (
            None,
            "tier",
        )
    ):
        yield _useless(("account", "tier"), "task_concurrency and task_daily of their own")
    yield from _of_faults(form, ("account",), "")


def _of_session(form: Json, at: Path) -> Iterator[ScenarioProblem]:
    call = form.get("call", {})
    if "join_time" in form and form.get("running_on", "consume") == "consume":
        yield _useless((*at, "join_time"), "running_on: consume")
    if "avatar_after" in call and call.get("avatar") != "late":
        yield _useless((*at, "call", "avatar_after"), f"avatar: {call.get('avatar', 'at once')}")
    for key, value in (("avatar", "never"), ("join", "refuse")):
        if form.get("script") and call.get(key) == value:
            yield _useless((*at, "script"), f"call.{key}: {value}")
    unreached: tuple[str, ...] = ()
    because = ""
    if _fixed(form.get("queued", "0s")) == NEVER.seconds:
        unreached, because = ("provisioning", *_AFTER_READY), "queued: never"
        if "provision_time" in form:
            yield _useless((*at, "provision_time"), because)
    elif _fixed(form.get("provision_time", "0s")) == NEVER.seconds:
        unreached, because = _AFTER_READY, "provision_time: never"
    elif form.get("running_on", "consume") == "consume":
        unreached, because = ("claimed",), "running_on: consume"
    moved_on = {each["in"] for each in form.get("then", ()) if each["event"] != "nothing"}
    if not moved_on & {"queued", "provisioning"}:  # else a session may get there another way
        for key in ("expires_in", "session_cap") if "ready" in unreached else ():
            if key in form:
                yield _useless((*at, key), because)
        yield from _unreached(form, at, unreached, because)
    yield from _overtaken(
        form,
        at,
        {
            "provisioning": ("provision_time", form.get("provision_time", "1.5s"), parse_duration),
            "ready": ("expires_in", form.get("expires_in", "300s"), parse_span),
        },
    )
    yield from _of_faults(form, at, SESSION.name)


def _of_task(form: Json) -> Iterator[ScenarioProblem]:
    if form.get("failure") is not None:
        for key in ("output", "output_lifetime"):
            if key in form:
                yield _useless(("task", key), "a failure")
    if "output_lifetime" in form and form.get("output") == "none":
        yield _useless(("task", "output_lifetime"), "output: none")
    if form.get("progress") and form.get("run") == "0s":
        yield _useless(("task", "progress"), "run: 0s")
    if _fixed(form.get("pending", "0s")) == NEVER.seconds:
        for key in ("run", "progress", "failure", "output", "output_lifetime"):
            if key in form:
                yield _useless(("task", key), "pending: never")
        yield from _unreached(form, ("task",), ("running",), "pending: never")
    yield from _overtaken(
        form, ("task",), {"pending": ("pending", form.get("pending", "1s"), parse_duration)}
    )
    yield from _of_faults(form, ("task",), TASK.name)


def _fixed(text: str) -> float | None:
    duration = parse_duration(text)
    return duration.seconds if isinstance(duration, Fixed) else None


def _unreached(
    form: Json, at: Path, states: Sequence[str], because: str
) -> Iterator[ScenarioProblem]:
    for index, each in enumerate(form.get("then", ())):
        if each["in"] in states:
            yield _useless((*at, "then", index), because)


def _overtaken(
    form: Json, at: Path, usual: Mapping[str, tuple[str, str, Callable[[str], Any]]]
) -> Iterator[ScenarioProblem]:
    """Yield what is to happen in a state after the session or task has left it."""
    for index, each in enumerate(form.get("then", ())):
        if each["in"] not in usual or each["event"] == "nothing":
            continue
        key, text, parse = usual[each["in"]]
        span = parse(text)
        left_after = span.seconds if isinstance(span, Fixed) else span
        after = _fixed(each.get("after", "0s"))
        if isinstance(left_after, float) and after is not None and after > left_after:
            yield _useless((*at, "then", index), f"{key}: {text}, which comes before it")


def _of_faults(form: Json, at: Path, kind: str) -> Iterator[ScenarioProblem]:
    for index, fault in enumerate(form.get("faults", ())):
        match, where = fault.get("match", {}), (*at, "faults", index)
        operations = _several(match.get("operation", []))
        if kind and operations:
            others = [each for each in operations if _kind_of(each) != kind]
            if len(others) == len(operations):
                because = f"calls that are about no {kind}: {', '.join(others)}"
                yield _useless((*where, "match", "operation"), because)
        nth, skip, every = (
            _several(match.get("nth", [])),
            fault.get("skip", 0),
            fault.get("every", 1),
        )
        if nth and not any(each > skip and (each - skip) % every == 0 for each in nth):
            because = f"skip: {skip}" if all(each <= skip for each in nth) else f"every: {every}"
            yield _useless((*where, "match", "nth"), because)
        elif nth and fault.get("times", 0) >= len(nth):
            yield _useless((*where, "times"), f"as few as {len(nth)} nth")


def _kind_of(operation: str) -> str:
    """Return the kind that an operation is about; all that newer documents bring create tasks."""
    known = RUNWAY_API.operation.get(operation)
    return TASK.name if known is None else known.kind


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
