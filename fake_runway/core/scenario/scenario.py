"""Scenarios: named data saying how an account and its sessions behave, and what goes wrong.

Pure: from data that `scenario_schema` allows to values, and back. Reading files, finding names and
pointing at lines is done in `fake_runway/scenarios/`.

A scenario says only what is different. Everything else stays as the server was told at its start,
so `serve --credits 50 --scenario slow` means both. The words are those of the command line.

The two directions, `parse_scenario` and `describe`, are inverse to each other, because a recorded
run carries its settings with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fake_runway.core.draws import draw
from fake_runway.core.faults.fault import Fault
from fake_runway.core.scenario.forms import NOTHING, read_account, read_faults, read_session
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.core.types import Json


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, by its name and its data.

    Attributes:
        about, wire, state: what it is; what a client sees; what becomes of sessions and account.
        account, session: the two forms as given; empty: nothing is different there.
        avatars: the session forms that avatars are bound to, by preset id or UUID.
        seed: of the worlds made with it; None: the server's.
    """

    name: str
    about: str = ""
    wire: str = ""
    state: str = ""
    account: Json = field(default_factory=lambda: NOTHING)
    session: Json = field(default_factory=lambda: NOTHING)
    avatars: Mapping[str, "Scenario"] = field(default_factory=lambda: MappingProxyType({}))
    seed: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    def settings_over(self, base: Settings) -> Settings:
        """Return `base` with what this scenario changes."""
        settings = read_account(self.account, base) if self.account else base
        return replace(settings, plan=self.plan_over(settings.plan))

    def plan_over(self, base: Plan) -> Plan:
        """Return `base` with what the session form changes."""
        return read_session(self.session, base, scenario=self.name) if self.session else base

    @property
    def account_faults(self) -> tuple[Fault, ...]:
        """The faults of the account form: they are about all calls, and counted for the world."""
        return read_faults(self.account, prefix=f"{self.name}/account-", per_session=False)

    @property
    def selectable_by(self) -> tuple[str, ...]:
        """The doors that can choose it: what an avatar chooses is the session form alone."""
        through_avatar = ("avatar",) if self.session and not self.account else ()
        return ("tools", "address or header", "API secret", *through_avatar)

    @property
    def avatar(self) -> str:
        """The UUID of its ready-made avatar, the same on every server."""
        return avatar_of(self.name)


def avatar_of(name: str) -> str:
    """Return the UUID of the ready-made avatar of the scenario called `name`."""
    raw = draw("catalogue", "", name, 0).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:]}"


def parse_scenario(
    given: Json, *, default_name: str, named: Callable[[str], Scenario | None]
) -> Scenario:
    """Return the scenario that `given`, valid by `scenario_schema`, describes.

    Args:
        named: finds the scenarios that avatars are bound to.

    Raises:
        ValueError: something that the schema cannot say is wrong; the message says where.
    """
    name = given.get("name", default_name)
    seed = given.get("seed")
    scenario = Scenario(
        name=name,
        about=given.get("about", ""),
        wire=given.get("wire", ""),
        state=given.get("state", ""),
        account=given.get("account", NOTHING),
        session=given.get("session", NOTHING),
        avatars=_bound(given.get("avatars", NOTHING), named),
        seed=None if seed is None else str(seed),
    )
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    """Build everything once, so that a mistake shows now and not at some later call."""
    for part, build in (
        ("account", lambda: (read_account(scenario.account, Settings()), scenario.account_faults)),
        ("session", lambda: scenario.plan_over(Plan())),
    ):
        try:
            build()
        except ValueError as error:
            raise ValueError(f"{part}: {error}") from error


def _bound(avatars: Json, named: Callable[[str], Scenario | None]) -> Mapping[str, Scenario]:
    bound = {}
    for avatar, target in avatars.items():
        if isinstance(target, str):
            scenario = named(target)
            if scenario is None:
                raise ValueError(f"avatars.{avatar}: there is no scenario named {target}")
        else:
            scenario = Scenario(name=_inline_name(avatar), session=target)
            try:
                _check(scenario)
            except ValueError as error:
                raise ValueError(f"avatars.{avatar}: {error}") from error
        if not scenario.session:
            raise ValueError(f"avatars.{avatar}: {scenario.name} has no session form")
        if avatar.lower() in bound:
            raise ValueError(f"avatars.{avatar}: it is bound twice")
        bound[avatar.lower()] = scenario
    return MappingProxyType(bound)


# Back to data


def _inline_name(avatar: str) -> str:
    """Return the name of a session form that stands beside an avatar instead of a name."""
    return f"avatar-{avatar.lower()}"


def data_of(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario as the data of a scenario file, avatars bound as they were given."""
    data: dict[str, Any] = {
        "name": scenario.name,
        "about": scenario.about,
        "wire": scenario.wire,
        "state": scenario.state,
        "account": dict(scenario.account),
        "session": dict(scenario.session),
        "avatars": {
            avatar: dict(bound.session) if bound.name == _inline_name(avatar) else bound.name
            for avatar, bound in scenario.avatars.items()
        },
        "seed": scenario.seed,
    }
    return {key: value for key, value in data.items() if value not in ("", {}, None)}


def scenario_line(scenario: Scenario) -> dict[str, Any]:
    """Return what a list of scenarios tells of one: what it is, and how it can be chosen."""
    return {
        "name": scenario.name,
        "about": scenario.about,
        "wire": scenario.wire,
        "state": scenario.state,
        "doors": list(scenario.selectable_by),
        "avatar": scenario.avatar if "avatar" in scenario.selectable_by else None,
    }


# The schema
