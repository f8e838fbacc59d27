"""Scenarios: named data saying how an account and its sessions behave, and what goes wrong.

Pure: from data that `scenario_schema` allows to values, and back. Reading files, finding names and
pointing at lines is done in `fake_runway/scenario_files.py`.

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
from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
    Duration,
    parse_duration,
    parse_span,
    written,
    written_span,
)
from fake_runway.core.faults import Fault, fault_schema, parse_fault
from fake_runway.core.lifecycle import TERMINAL, Event, Failure, State
from fake_runway.core.session import Happening, Plan
from fake_runway.core.settings import ErrorStyle, KeyState, Limits, Settings, Unpaid

Json = Mapping[str, Any]

NAME_PATTERN = "[a-z0-9]+(-[a-z0-9]+)*"

_NOTHING: Json = MappingProxyType({})
_DEFAULT_JOIN = "1s"


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
    account: Json = field(default_factory=lambda: _NOTHING)
    session: Json = field(default_factory=lambda: _NOTHING)
    avatars: Mapping[str, "Scenario"] = field(default_factory=lambda: MappingProxyType({}))
    seed: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    def settings_over(self, base: Settings) -> Settings:
        """Return `base` with what this scenario changes."""
        settings = _settings(self.account, base) if self.account else base
        return replace(settings, plan=self.plan_over(settings.plan))

    def plan_over(self, base: Plan) -> Plan:
        """Return `base` with what the session form changes."""
        return _plan(self.session, base, scenario=self.name) if self.session else base

    @property
    def account_faults(self) -> tuple[Fault, ...]:
        """The faults of the account form: they are about all calls, and counted for the world."""
        return _faults(self.account, prefix=f"{self.name}/account-", per_session=False)

    @property
    def doors(self) -> tuple[str, ...]:
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
        account=given.get("account", _NOTHING),
        session=given.get("session", _NOTHING),
        avatars=_bound(given.get("avatars", _NOTHING), named),
        seed=None if seed is None else str(seed),
    )
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    """Build everything once, so that a mistake shows now and not at some later call."""
    for part, build in (
        ("account", lambda: (_settings(scenario.account, Settings()), scenario.account_faults)),
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


def _settings(account: Json, base: Settings) -> Settings:
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


def _plan(session: Json, base: Plan, *, scenario: str) -> Plan:
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
        changes["faults"] = _faults(session, prefix=f"{scenario}/", per_session=True)
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


def _faults(form: Json, *, prefix: str, per_session: bool) -> tuple[Fault, ...]:
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
        "doors": list(scenario.doors),
        "avatar": scenario.avatar if "avatar" in scenario.doors else None,
    }


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


# The schema


def _count(description: str, default: int | None) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    return {
        "description": description,
        "anyOf": [number, {"const": "unlimited"}],
        "default": default,
    }


def _switch(description: str, *values: object) -> dict[str, Any]:
    return {"description": description, "enum": list(values), "default": values[0]}


def _flag(description: str) -> dict[str, Any]:
    return {"description": description, "type": "boolean", "default": True}


def _duration(description: str) -> dict[str, Any]:
    return {"description": description, "type": "string", "pattern": DURATION_PATTERN}


def _closed(description: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def account_schema() -> dict[str, Any]:
    """Return the JSON schema of the account form."""
    limits = Limits()
    uuids = {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"}}
    return _closed(
        "How the account behaves. What is not said stays as the server was told at its start.",
        {
            "credits": _count("Granted at the start.", limits.credits),
            "concurrency": _count("Sessions active at once; more are queued.", limits.concurrency),
            "daily": _count("Creates in any 24 hours.", limits.daily),
            "retained": {
                "description": "Ended sessions that stay readable.",
                "type": "integer",
                "minimum": 0,
            },
            "key": _switch(
                "What the server thinks of the API secret.", *(each.value for each in KeyState)
            ),
            "errors": _switch(
                "Missing credits: 402 as the setup guide says, or 400 as seen live.",
                *(each.value for each in ErrorStyle),
            ),
            "unpaid": _switch(
                "A running session that cannot be paid any more.", *(each.value for each in Unpaid)
            ),
            "retry_after": _flag("Send Retry-After when out of quota."),
            "doc_url": _flag("Error bodies carry docUrl."),
            "delete_again": _switch("DELETE of a session that has ended.", 204, 404),
            "unknown_ids": _switch(
                "materialise: any well-formed id is a session.", "refuse", "materialise"
            ),
            "unknown_keys": _switch("Keys that the API does not know.", "refuse", "ignore"),
            "consume_body": _switch("strict: empty or JSON.", "strict", "lenient"),
            "version_header": _switch(
                "X-Runway-Version on every call but consume.", "required", "ignored"
            ),
            "custom_avatars": {
                "description": "The UUIDs of custom avatars that exist.",
                "anyOf": [{"const": "any"}, uuids],
            },
            "latency": _duration("Every answer is held back this long."),
            "faults": {
                "description": "What goes wrong with any call; counted for the whole world.",
                "type": "array",
                "items": fault_schema(),
            },
        },
    )


def session_schema() -> dict[str, Any]:
    """Return the JSON schema of the session form."""
    span = {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}
    capped = {"anyOf": [{"const": "none"}, span]}
    happening = _closed(
        "Something that happens by itself.",
        {
            "in": {
                "description": "The state in which it happens.",
                "enum": [state.value for state in State if state not in TERMINAL],
            },
            "event": {
                "description": "What happens.",
                "enum": sorted(
                    event.value
                    for event in Event
                    if event not in (Event.ADMITTED, Event.RELEASED, Event.BILLED)
                ),
            },
            "after": _duration("How long after entering the state; 0s."),
            "failure": _closed(
                "Why a session failed.",
                {"code": {"type": "string", "minLength": 1}, "text": {"type": "string"}},
                required=["code", "text"],
            ),
        },
        required=["in", "event"],
    )
    return _closed(
        "How sessions go. This is the part that an avatar can choose.",
        {
            "queued": _duration("Stays queued this long, whatever capacity there is."),
            "provision_time": _duration("From admitted to READY."),
            "expires_in": {"description": "From READY to expiresAt.", **span},
            "session_cap": {"description": "RUNNING ends after this at the latest.", **capped},
            "running_on": _switch("What makes a READY session RUNNING.", "consume", "join"),
            "join_time": _duration("With running_on: join, from consume to the participant; 1s."),
            "token_room": {
                "description": "The room that tokens let into; null: the session's own.",
                "anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}],
            },
            "then": {
                "description": "What happens by itself, at most one thing for a state.",
                "type": "array",
                "items": happening,
            },
            "faults": {
                "description": "What goes wrong with calls about these sessions; counted for each"
                " session apart, creates for the world.",
                "type": "array",
                "items": fault_schema(),
            },
        },
    )


def scenario_schema() -> dict[str, Any]:
    """Return the JSON schema of a scenario file, for editors and for our own check."""
    sentence = {"type": "string", "minLength": 1}
    bound = {"anyOf": [{"type": "string", "pattern": f"^{NAME_PATTERN}$"}, session_schema()]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of the fake Runway",
        **_closed(
            "How an account and its sessions behave, and what goes wrong.",
            {
                "name": {
                    "description": "Without one, the file's.",
                    "type": "string",
                    "pattern": f"^{NAME_PATTERN}$",
                },
                "about": {"description": "What it is, in one sentence.", **sentence},
                "wire": {"description": "What a client sees.", **sentence},
                "state": {"description": "What becomes of sessions and account.", **sentence},
                "account": account_schema(),
                "session": session_schema(),
                "avatars": {
                    "description": "Binds preset ids and UUIDs to other scenarios, by name or"
                    " with a session form in place. Bound ids exist.",
                    "type": "object",
                    "additionalProperties": bound,
                },
                "seed": {
                    "description": "Of the worlds made with it.",
                    "anyOf": [{"type": "string"}, {"type": "integer"}],
                },
            },
        ),
    }
