"""The account form, the session form and the task form: from data to values, and back."""

from collections.abc import Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from fake_runway.core.durations import parse_duration, written
from fake_runway.core.faults.fault import Fault
from fake_runway.core.lifecycles.session import Event, Failure, State
from fake_runway.core.problems import inside
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK, Settings, Switch
from fake_runway.core.scenario.shares import NOTHING_HAPPENS, parse_shares
from fake_runway.core.scenario.task_forms import describe_task_happening, parse_task_happenings
from fake_runway.core.sessions.session import Happening, Plan
from fake_runway.core.tasks.task import TaskHappening, TaskPlan
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass

NOTHING: Json = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Form:
    """One of the forms of a scenario, parsed. What is None or missing stays as it is.

    Attributes:
        data: what it was parsed from, to be returned as it was.
        settings: those of the table that it sets, each with its value.
        happenings: of a session form: what happens by itself.
        task_happenings: of a task form, the same.
        faults: what goes wrong: with any call (account), with calls about its resources (others).
    """

    data: Json = field(default_factory=lambda: NOTHING)
    settings: tuple[tuple[Switch, Any], ...] = ()
    happenings: tuple[Happening, ...] | None = None
    faults: tuple[Fault, ...] | None = None
    task_happenings: tuple[TaskHappening, ...] | None = None

    def over(self, base: Settings) -> Settings:
        """Return `base` with the settings that the form has."""
        for setting, value in self.settings:
            base = setting.put(base, value)
        return base


def parse_account(data: Json, *, scenario: str) -> Form:
    """Return the account form that `data`, valid by `account_schema`, describes.

    Raises:
        WrongScenario.
    """
    faults = _faults(data, prefix=f"{scenario}/account-", per_session=False)
    return Form(data, _settings(data, ACCOUNT), faults=faults)


def parse_session(data: Json, *, scenario: str) -> Form:
    """Return the session form that `data`, valid by `session_schema`, describes.

    Raises:
        WrongScenario.
    """
    settings = _settings(data, SESSION)
    if data.get("running_on") == "consume" and "join_time" in data:
        with inside("join_time"):
            raise ValueError("expected running_on: join with a join_time, got consume")
    happenings = _happenings(data["then"]) if "then" in data else None
    faults = _faults(data, prefix=f"{scenario}/", per_session=True)
    return Form(data, settings, happenings, faults)


def parse_task(data: Json, *, scenario: str) -> Form:
    """Return the task form that `data`, valid by `task_schema`, describes.

    Raises:
        WrongScenario.
    """
    settings = _settings(data, TASK)
    happenings = parse_task_happenings(data["then"]) if "then" in data else None
    faults = _faults(data, prefix=f"{scenario}/task-", per_session=True)
    return Form(data, settings, faults=faults, task_happenings=happenings)


def _settings(data: Json, table: Sequence[Switch]) -> tuple[tuple[Switch, Any], ...]:
    settings = []
    for setting in table:
        if setting.key in data:
            with inside(setting.key):
                settings.append((setting, setting.notation.parse(data[setting.key])))
    return tuple(settings)


def _happenings(data: Sequence[Json]) -> tuple[Happening, ...]:
    happenings: dict[int, Happening] = {}
    for index, each in enumerate(data):
        if each["event"] == NOTHING_HAPPENS:
            continue
        failure = each.get("failure")
        with inside("then", index):
            with inside("after"):
                after = parse_duration(each.get("after", "0s"))
            happenings[index] = Happening(
                State(each["in"]),
                Event(each["event"]),
                after=after,
                failure=failure and Failure(failure["code"], failure["text"]),
            )
    shares = parse_shares(data)
    return tuple(replace(each, probability=shares[index]) for index, each in happenings.items())


def _faults(data: Json, *, prefix: str, per_session: bool) -> tuple[Fault, ...] | None:
    if "faults" not in data:
        return None
    # all effects come with it, a tenth of what a start of `serve` would import
    from fake_runway.core.faults.parsing import parse_fault

    faults: dict[str, Fault] = {}
    for index, each in enumerate(data["faults"]):
        name = f"{prefix}{each.get('name', index + 1)}"
        with inside("faults", index):
            if name in faults:
                raise ValueError(f"expected a name of its own, got {name} again")
            faults[name] = parse_fault(each, name=name, per_session=per_session)
    return tuple(faults.values())


def describe_account(settings: Settings) -> dict[str, Any]:
    """Return the account form that makes `settings` out of any others."""
    return {setting.key: setting.described(settings) for setting in ACCOUNT}


def describe_session(plan: Plan) -> dict[str, Any]:
    """Return the session form that makes `plan` out of any other."""
    settings = Settings(plan=plan)
    form: dict[str, Any] = {setting.key: setting.described(settings) for setting in SESSION}
    if plan.join is None:
        del form["join_time"]  # it contradicts `running_on: consume`
    return form | {
        "then": [_described(happening) for happening in plan.happenings],
        "faults": [dict(fault.given) for fault in plan.faults],
    }


def describe_task(plan: TaskPlan) -> dict[str, Any]:
    """Return the task form that makes `plan` out of any other."""
    settings = Settings(task=plan)
    form: dict[str, Any] = {setting.key: setting.described(settings) for setting in TASK}
    return form | {
        "then": [describe_task_happening(happening) for happening in plan.happenings],
        "faults": [dict(fault.given) for fault in plan.faults],
    }


def _described(happening: Happening) -> dict[str, Any]:
    described: dict[str, Any] = {
        "in": happening.state.value,
        "event": happening.event.value,
        "after": written(happening.after),
    }
    if happening.failure is not None:
        described["failure"] = {"code": happening.failure.code, "text": happening.failure.text}
    if happening.probability < 1:
        described["probability"] = happening.probability
    return described
