"""Scenarios: named data saying how an account and its sessions behave, and what goes wrong.

Pure: from data that `scenario_schema` allows to values, once. Reading files, finding names and
pointing at lines is done in `fake_runway/scenarios/`.

A scenario changes what it names. Everything else stays as the options of the server set it, so
`serve --credits 50 --scenario slow` means both. The words are those of the command line.

Parsing, `parse_scenario`, and describing (`forms.py`) are inverse to each other, because a recorded
run carries its settings with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from fake_runway.core.draws import draw
from fake_runway.core.faults.fault import Fault
from fake_runway.core.problems import ScenarioProblem, WrongScenario, noting
from fake_runway.core.scenario.forms import (
    NOTHING,
    Form,
    parse_account,
    parse_session,
    parse_task,
)
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    Attributes:
        about, wire, state: what it is; what a client sees; what becomes of sessions and account.
        account, session, task: the forms; an empty one changes nothing.
        avatars: the scenarios whose session forms avatars are bound to, by preset id or UUID.
        seed: of the worlds made with it; None: the server's.
    """

    name: str
    about: str = ""
    wire: str = ""
    state: str = ""
    account: Form = field(default_factory=Form)
    session: Form = field(default_factory=Form)
    task: Form = field(default_factory=Form)
    avatars: Mapping[str, "Scenario"] = field(default_factory=lambda: MappingProxyType({}))
    seed: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    def settings_over(self, base: Settings) -> Settings:
        """Return `base` with what this scenario changes."""
        settings = self.account.over(base)
        task = self.task_plan_over(settings.task)
        return replace(settings, plan=self.plan_over(settings.plan), task=task)

    def plan_over(self, base: Plan) -> Plan:
        """Return `base` with what the session form changes."""
        form = self.session
        if not form.data:
            return base
        plan = form.over(Settings(plan=base)).plan
        return replace(
            plan,
            scenario=self.name,
            happenings=plan.happenings if form.happenings is None else form.happenings,
            faults=plan.faults if form.faults is None else form.faults,
        )

    def task_plan_over(self, base: TaskPlan) -> TaskPlan:
        """Return `base` with what the task form changes."""
        form = self.task
        if not form.data:
            return base
        plan, happenings = form.over(Settings(task=base)).task, form.task_happenings
        return replace(
            plan,
            scenario=self.name,
            happenings=plan.happenings if happenings is None else happenings,
            faults=plan.faults if form.faults is None else form.faults,
        )

    @property
    def account_faults(self) -> tuple[Fault, ...]:
        """The faults of the account form: they are about all calls, and counted for the world."""
        return self.account.faults or ()

    @property
    def selectable_by(self) -> tuple[str, ...]:
        """The ways to select it; an avatar selects the session form alone, a prompt the task's."""
        by_avatar = ("avatar",) if self.session.data and not self.account.data else ()
        by_prompt = ("prompt",) if self.task.data and not self.account.data else ()
        return ("tools", "address or header", "API secret", *by_avatar, *by_prompt)

    @property
    def avatar(self) -> str:
        """The UUID of its ready-made avatar, the same on every server."""
        return avatar_of(self.name)


def avatar_of(name: str) -> str:
    """Return the UUID of the ready-made avatar of the scenario called `name`."""
    raw = draw("catalogue", "", name, 0).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:]}"


def parse_scenario(data: Json, *, default_name: str) -> Scenario:
    """Return the scenario that `data`, valid by `scenario_schema`, describes, without `avatars`.

    They are left to `bind_avatars`, because a scenario may be bound to itself.

    Raises:
        WrongScenario: with what the schema cannot say, of each form that is wrong.
    """
    name, seed = data.get("name", default_name), data.get("seed")
    account, session, task = Form(), Form(), Form()
    problems: list[ScenarioProblem] = []
    with noting(problems, "account"):
        account = parse_account(data.get("account", NOTHING), scenario=name)
    with noting(problems, "session"):
        session = parse_session(data.get("session", NOTHING), scenario=name)
    with noting(problems, "task"):
        task = parse_task(data.get("task", NOTHING), scenario=name)
    if problems:
        raise WrongScenario(problems)
    return Scenario(
        name=name,
        about=data.get("about", ""),
        wire=data.get("wire", ""),
        state=data.get("state", ""),
        account=account,
        session=session,
        task=task,
        seed=None if seed is None else str(seed),
    )


def bind_avatars(avatars: Json, named: Callable[[str], Scenario]) -> Mapping[str, Scenario]:
    """Return the scenarios that the `avatars` of a scenario file binds; ids in lower case.

    Args:
        named: finds a scenario by its name; raises ValueError if there is none.

    Raises:
        WrongScenario: with what is wrong with each avatar.
    """
    bound: dict[str, Scenario] = {}
    problems: list[ScenarioProblem] = []
    for avatar, target in avatars.items():
        with noting(problems, "avatars", avatar):
            if isinstance(target, str):
                scenario = named(target)
            else:
                name = _inline_name(avatar)
                scenario = Scenario(name, session=parse_session(target, scenario=name))
            if not scenario.session.data:
                raise ValueError(f"expected a scenario with a session form, got {scenario.name}")
            if avatar.lower() in bound:
                raise ValueError("expected each avatar once, got it again")
            bound[avatar.lower()] = scenario
    if problems:
        raise WrongScenario(problems)
    return MappingProxyType(bound)


# Back to data


def _inline_name(avatar: str) -> str:
    """Return the name of a session form that is given in place, beside an avatar."""
    return f"avatar-{avatar.lower()}"


def data_of(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as the data of a scenario file, avatars bound as they were given."""
    data: dict[str, Any] = {
        "name": scenario.name,
        "about": scenario.about,
        "wire": scenario.wire,
        "state": scenario.state,
        "account": dict(scenario.account.data),
        "session": dict(scenario.session.data),
        "task": dict(scenario.task.data),
        "avatars": {
            avatar: dict(bound.session.data) if bound.name == _inline_name(avatar) else bound.name
            for avatar, bound in scenario.avatars.items()
        },
        "seed": scenario.seed,
    }
    return {key: value for key, value in data.items() if value not in ("", {}, None)}


def scenario_act(scenario: Scenario) -> Json:
    """Return what the log keeps when a world begins to follow `scenario`.

    Shape: `given` of `ActStep` in contracts/wire/schemas/admin.json: the scenario's `name`, its
    data as `scenario`, and as `bound` the data of the scenarios that its avatars are bound to, by
    name.
    """
    bound = {each.name: data_of(each) for each in scenario.avatars.values()}
    return {"name": scenario.name, "scenario": data_of(scenario), "bound": bound}


def scenario_line(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as a list of them shows it: what it is, and the ways to select it."""
    return {
        "name": scenario.name,
        "about": scenario.about,
        "wire": scenario.wire,
        "state": scenario.state,
        "doors": list(scenario.selectable_by),
        "avatar": scenario.avatar if "avatar" in scenario.selectable_by else None,
    }
