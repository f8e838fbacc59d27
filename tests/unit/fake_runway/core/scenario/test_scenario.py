"""Scenarios: from data to settings and back, one over another, and refusals with their paths."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.assets.kinds import asset_failure
from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.assets.settings import AssetRules, OtherClient
from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import LONGEST_S, NEVER, Duration, Fixed, Lognormal, Uniform
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.faults.schema import fault_schema
from fake_runway.core.lifecycles.session import Event, Failure, State
from fake_runway.core.lifecycles.task import TASK as TASK_KIND
from fake_runway.core.lifecycles.task import TASK_FAILURES, TASK_TRANSITIONS
from fake_runway.core.problems import Path, WrongScenario
from fake_runway.core.scenario.forms import describe_account, describe_session, describe_task
from fake_runway.core.scenario.scenario import (
    Scenario,
    avatar_of,
    bind_avatars,
    data_of,
    parse_scenario,
    scenario_line,
)
from fake_runway.core.scenario.schema import account_schema, scenario_schema, session_schema
from fake_runway.core.scenario.settings import (
    TASK,
    BadInputs,
    ConsumeBody,
    ErrorStyle,
    KeyState,
    Limits,
    Settings,
)
from fake_runway.core.sessions.session import Happening, Plan
from fake_runway.core.tasks.courses import NodeEnd, NodePlan, OnNodeError
from fake_runway.core.tasks.rules import TaskCost, TaskCosts
from fake_runway.core.tasks.task import Downloads, ProgressStep, TaskHappening, TaskPlan
from fake_runway.core.tasks.tiers import OF_THE_TIER, TaskLimits
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW, parse_workflow
from fake_runway.core.types import LARGEST_INTEGER
from fake_runway.core.uploads import UploadRules
from tests.unit.fake_runway.core.allowed import allowed_by
from tests.unit.fake_runway.core.playing import FOREIGN_ID, POSSIBLE, SLOW_LAW
from tests.unit.fake_runway.core.scenario.scripts import scripts, setups

ALLOWED = jsonschema.Draft202012Validator(scenario_schema())


def parsed(given_data: Mapping[str, Any], *, name: str = "made-up") -> Scenario:
    """Return the scenario that some data describes; there is no other."""
    ALLOWED.validate(given_data)
    scenario = parse_scenario(given_data, default_name=name)
    return replace(scenario, avatars=bind_avatars(given_data.get("avatars", {}), among()))


def among(*scenarios: Scenario) -> Callable[[str], Scenario]:
    """Return what finds these scenarios by their names."""
    by_name = {each.name: each for each in scenarios}

    def named(name: str) -> Scenario:
        if name not in by_name:
            raise ValueError(f"there is no {name}")
        return by_name[name]

    return named


# Settings and plans to try

spans_s = st.floats(0, LONGEST_S)
durations: st.SearchStrategy[Duration] = st.one_of(
    st.just(NEVER),
    st.builds(Fixed, spans_s),
    st.lists(spans_s, min_size=2, max_size=2).map(lambda two: Uniform(min(two), max(two))),
    st.builds(Lognormal, spans_s, st.floats(0, 10)),
)
limits = st.builds(
    Limits,
    concurrency=st.none() | st.integers(0, LARGEST_INTEGER),
    daily=st.none() | st.integers(0, LARGEST_INTEGER),
    credits=st.none() | st.integers(0, LARGEST_INTEGER),
    retained=st.integers(0, LARGEST_INTEGER),
)
happenings = st.lists(
    st.builds(
        lambda possible, after, failure, probability: Happening(
            possible[0], possible[1], after, failure, probability
        ),
        st.sampled_from(POSSIBLE),
        durations,
        st.none() | st.builds(Failure, st.text(min_size=1, max_size=5), st.text(max_size=5)),
        st.just(1.0) | st.floats(0, 1, exclude_min=True),
    ),
    max_size=3,
    unique_by=lambda happening: happening.state,
).map(tuple)


def is_a_fault(given_fault: dict[str, Any]) -> bool:
    """Return whether data that the schema allows does not contradict itself."""
    try:
        parse_fault(given_fault, name="a fault", per_session=True)
    except ValueError:
        return False
    return True


fault_forms = st.lists(allowed_by(fault_schema()).filter(is_a_fault), max_size=2)
names = st.sampled_from(["made-up", "x", "another-1"])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return a plan as a scenario of some name makes it, everything in it being anything."""
    name, faults = draw(names), draw(fault_forms)
    shown = [str(one.get("name", index)) for index, one in enumerate(faults, 1)]
    assume(len(set(shown)) == len(shown))
    of_faults = parsed({"session": {"faults": faults}}, name=name).plan_over(Plan())
    return Plan(
        queued=draw(durations),
        provision=draw(durations),
        expires_in_s=draw(spans_s),
        session_cap_s=draw(st.none() | spans_s),
        join=draw(st.none() | durations),
        happenings=draw(happenings),
        faults=of_faults.faults,
        token_room=draw(st.none() | st.text(min_size=1, max_size=5)),
        call=draw(setups),
        script=draw(scripts),
        scenario=name,
    )


failures = st.builds(Failure, st.text(min_size=1, max_size=5), st.text(max_size=5)) | st.just(
    Failure("ASSET.INVALID", TASK_FAILURES["ASSET.INVALID"])
)
TASKS_CAN = [
    (state, event)
    for state, row in TASK_TRANSITIONS.items()
    for event in row
    if event not in TASK_KIND.automatic
]


@st.composite
def task_plans(draw: st.DrawFn) -> TaskPlan:
    """Return a plan of tasks as a scenario of some name makes it."""
    return TaskPlan(
        throttled=draw(durations),
        pending=draw(durations),
        run=draw(st.none() | durations),
        progress=draw(
            st.lists(
                st.builds(ProgressStep, st.floats(0, 1), after_s=spans_s)
                | st.builds(ProgressStep, st.floats(0, 1), percent=st.floats(0, 100)),
                max_size=2,
            ).map(tuple)
        ),
        failure=draw(st.none() | failures),
        nodes=draw(
            st.lists(
                st.builds(NodePlan, st.text(min_size=1, max_size=9), NODE_ENDS)
                | st.builds(
                    NodePlan, st.sampled_from(["first", "x"]), st.just(NodeEnd.FAILED), failures
                ),
                max_size=2,
            ).map(tuple)
        ),
        on_node_error=draw(st.sampled_from(OnNodeError)),
        happenings=draw(
            st.lists(
                st.builds(
                    lambda possible, after, failure, probability: TaskHappening(
                        possible[0], possible[1], after, failure, probability
                    ),
                    st.sampled_from(TASKS_CAN),
                    durations,
                    st.none() | failures,
                    st.just(1.0) | st.floats(0, 1, exclude_min=True),
                ),
                max_size=2,
                unique_by=lambda happening: happening.state,
            ).map(tuple)
        ),
        has_output=draw(st.booleans()),
        downloads=draw(st.sampled_from(Downloads)),
        output_lifetime_s=draw(spans_s),
        scenario="x",
    )


NODE_ENDS = st.sampled_from([NodeEnd.EMPTY, NodeEnd.STUCK])
OWN_WORKFLOW = parse_workflow(
    {
        "name": "Own",
        "nodes": [
            {"name": "Loud", "gives": {"key": "loud", "type": "boolean", "value": False}},
            {
                "name": "Bell",
                "id": FOREIGN_ID,
                "endpoint": "sound_effect",
                "body": {"model": "eleven_text_to_sound_v2", "promptText": "A bell."},
                "after": ["Loud"],
            },
        ],
    }
)
model_sets = st.sampled_from([None, frozenset[str](), frozenset({"gen4.5"})])
asset_plans = st.builds(
    AssetPlan,
    durations,
    st.sampled_from([None, asset_failure("NO_FACE"), Failure("OURS", "Something else.")]),
)
all_settings = st.builds(
    Settings,
    plan=plans(),
    limits=limits,
    key=st.sampled_from(KeyState),
    latency=durations,
    unpaid=st.sampled_from(Unpaid),
    deleted_again=st.booleans(),
    materialise=st.booleans(),
    avatars=st.none() | st.frozensets(st.uuids().map(str), max_size=2),
    errors=st.sampled_from(ErrorStyle),
    retry_after=st.booleans(),
    version_required=st.booleans(),
    strict_keys=st.booleans(),
    consume_body=st.sampled_from(ConsumeBody),
    doc_url=st.booleans(),
    task_limits=st.builds(
        TaskLimits,
        st.integers(1, 5),
        st.sampled_from([None, OF_THE_TIER, 0, 3]),
        st.sampled_from([None, OF_THE_TIER, 0, 3]),
        st.sampled_from([None, 0, 3]),
        model_sets,
    ),
    task_costs=st.builds(
        TaskCosts, st.sampled_from(TaskCost), st.sampled_from([TaskCost.FULL, TaskCost.ZERO])
    ),
    deleted_task_is_gone=st.booleans(),
    prompt_tags=st.booleans(),
    uploads=st.builds(
        UploadRules,
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from([None, 0, 9]),
        spans_s,
        spans_s,
    ),
    bad_inputs=st.sampled_from(BadInputs),
    retired_models=st.booleans(),
    workflows=st.sampled_from([(EXAMPLE_WORKFLOW,), (), (OWN_WORKFLOW, EXAMPLE_WORKFLOW)]),
    task_delete_ends_runs=st.booleans(),
    disabled_models=model_sets,
    ranking=st.booleans(),
    unique_slugs=st.booleans(),
    workspace=st.booleans(),
    avatar_plan=asset_plans,
    voice_plan=asset_plans,
    document_plan=asset_plans,
    asset_rules=st.builds(
        AssetRules,
        *[st.none() | st.integers(0, 9)] * 5,
        st.booleans(),
        st.booleans(),
        st.sampled_from(OtherClient),
    ),
    cursors=st.builds(CursorRules, st.booleans(), st.sampled_from([inf, 0.0, 90.0])),
    default_price=st.integers(0, 1_000),
)


# There and back


@SLOW_LAW
@given(all_settings, all_settings)
def test_described_settings_come_back_over_any_others(settings: Settings, base: Settings) -> None:
    """Written as JSON and read again, they are the same over any base."""
    data = {"account": describe_account(settings), "session": describe_session(settings.plan)}

    scenario = parsed(json.loads(json.dumps(data)), name=settings.plan.scenario)

    assert scenario.settings_over(base) == settings


@SLOW_LAW
@given(plans(), plans())
def test_a_described_plan_comes_back_over_any_other(plan: Plan, base: Plan) -> None:
    """The session form alone makes the plan, faults and their data included."""
    scenario = parsed({"session": describe_session(plan)}, name=plan.scenario)

    assert scenario.plan_over(base) == plan
    assert [one.given for one in scenario.plan_over(base).faults] == [
        one.given for one in plan.faults
    ]


def test_the_default_settings_come_back_without_a_name() -> None:
    """A server without any scenario can describe what it does."""
    data = {"account": describe_account(Settings()), "session": describe_session(Plan())}

    scenario = parse_scenario(data, default_name="")

    assert (
        scenario.settings_over(Settings(deleted_again=False, plan=Plan(join=NEVER))) == Settings()
    )


@SLOW_LAW
@given(task_plans(), task_plans(), st.sets(st.sampled_from([each.key for each in TASK])))
def test_a_described_plan_of_tasks_comes_back_over_any_other(
    plan: TaskPlan, base: TaskPlan, left_out: set[str]
) -> None:
    """The task form makes the plan; what it leaves out stays."""
    form = {key: each for key, each in describe_task(plan).items() if key not in left_out}

    scenario = parsed(json.loads(json.dumps({"task": form})), name="x")
    result = Settings(task=scenario.task_plan_over(base))

    for setting in TASK:
        kept = Settings(task=base if setting.key in left_out else plan)
        assert setting.described(result) == setting.described(kept)
    assert result.task.happenings == plan.happenings
    if not left_out:
        assert result.task == plan


def test_the_task_form_is_a_part_of_the_settings() -> None:
    """A scenario with one has the ways to select it that a session form has, but by a prompt."""
    scenario = parsed({"task": {"run": "5s", "failure": "INTERNAL"}}, name="x")

    plan = scenario.settings_over(Settings()).task
    assert (plan.run, plan.failure) == (Fixed(5.0), Failure("INTERNAL", TASK_FAILURES["INTERNAL"]))
    assert "prompt" in scenario.selectable_by
    assert "avatar" not in scenario.selectable_by
    of_the_account = parsed({"task": {"run": "5s"}, "account": {"credits": 1}}, name="x")
    assert "prompt" not in of_the_account.selectable_by


# One over another

ACCOUNT: Mapping[str, Callable[[Settings], object]] = {
    "concurrency": lambda one: one.limits.concurrency,
    "daily": lambda one: one.limits.daily,
    "credits": lambda one: one.limits.credits,
    "retained": lambda one: one.limits.retained,
    "key": lambda one: one.key,
    "errors": lambda one: one.errors,
    "unpaid": lambda one: one.unpaid,
    "retry_after": lambda one: one.retry_after,
    "doc_url": lambda one: one.doc_url,
    "delete_again": lambda one: one.deleted_again,
    "unknown_ids": lambda one: one.materialise,
    "unknown_keys": lambda one: one.strict_keys,
    "consume_body": lambda one: one.consume_body,
    "version_header": lambda one: one.version_required,
    "custom_avatars": lambda one: one.avatars,
    "latency": lambda one: one.latency,
    "tier": lambda one: one.task_limits.tier,
    "task_concurrency": lambda one: one.task_limits.concurrency,
    "task_daily": lambda one: one.task_limits.daily,
    "failed_task_cost": lambda one: one.task_costs.failed,
    "cancelled_task_cost": lambda one: one.task_costs.cancelled,
    "deleted_task": lambda one: one.deleted_task_is_gone,
    "prompt_tags": lambda one: one.prompt_tags,
    "bad_inputs": lambda one: one.bad_inputs,
    "retired_models": lambda one: one.retired_models,
    "smallest_upload": lambda one: one.uploads.smallest,
    "largest_upload": lambda one: one.uploads.largest,
    "upload_bytes": lambda one: one.uploads.kept,
    "upload_slot": lambda one: one.uploads.slot_s,
    "upload_lifetime": lambda one: one.uploads.lifetime_s,
    "workflows": lambda one: one.workflows,
    "workflow_concurrency": lambda one: one.task_limits.workflows,
    "workflow_delete": lambda one: one.task_delete_ends_runs,
    "busy_models": lambda one: one.task_limits.busy,
    "disabled_models": lambda one: one.disabled_models,
    "router_ranking": lambda one: one.ranking,
    "same_slug": lambda one: one.unique_slugs,
    "workspace": lambda one: one.workspace,
    "avatar_processing": lambda one: one.avatar_plan.processing,
    "avatar_failure": lambda one: one.avatar_plan.failure,
    "voice_processing": lambda one: one.voice_plan.processing,
    "voice_failure": lambda one: one.voice_plan.failure,
    "document_processing": lambda one: one.document_plan.processing,
    "document_failure": lambda one: one.document_plan.failure,
    "max_avatars": lambda one: one.asset_rules.max_avatars,
    "max_voices": lambda one: one.asset_rules.max_voices,
    "max_documents": lambda one: one.asset_rules.max_documents,
    "knowledge_tokens": lambda one: one.asset_rules.knowledge_tokens,
    "document_characters": lambda one: one.asset_rules.document_characters,
    "assets_not_ready": lambda one: one.asset_rules.refuse_unready,
    "empty_update": lambda one: one.asset_rules.refuse_empty_update,
    "unknown_cursor": lambda one: one.cursors.refuse_unknown,
    "cursor_lifetime": lambda one: one.cursors.lifetime_s,
    "other_client": lambda one: one.asset_rules.other_client,
    "default_price": lambda one: one.default_price,
}
SESSION: Mapping[str, Callable[[Plan], object]] = {
    "queued": lambda one: one.queued,
    "provision_time": lambda one: one.provision,
    "expires_in": lambda one: one.expires_in_s,
    "session_cap": lambda one: one.session_cap_s,
    "running_on": lambda one: one.join,
    "then": lambda one: one.happenings,
    "faults": lambda one: one.faults,
    "token_room": lambda one: one.token_room,
    "call": lambda one: one.call,
    "script": lambda one: one.script,
}


@SLOW_LAW
@given(all_settings, all_settings, st.sets(st.sampled_from([*ACCOUNT, *SESSION])))
def test_unset_values_stay(settings: Settings, base: Settings, names: set[str]) -> None:
    """A scenario that sets a few values changes those and nothing else."""
    account = {key: each for key, each in describe_account(settings).items() if key in names}
    session = {key: each for key, each in describe_session(settings.plan).items() if key in names}
    if "running_on" in session and settings.plan.join is not None:
        session["join_time"] = describe_session(settings.plan)["join_time"]
    scenario = parsed({"account": account, "session": session}, name=settings.plan.scenario)

    result = scenario.settings_over(base)

    for key, field in ACCOUNT.items():
        assert field(result) == field(settings if key in names else base)
    for key, part in SESSION.items():
        assert part(result.plan) == part(settings.plan if key in names else base.plan)
    assert result.plan.scenario == (scenario.name if session else base.plan.scenario)


def test_every_word_of_the_forms_is_tried() -> None:
    """The tables above have all keys of the schemas but the two that stand for themselves."""
    assert set(ACCOUNT) == set(account_schema()["properties"]) - {"faults"}
    assert set(SESSION) == set(session_schema()["properties"]) - {"join_time"}


@pytest.mark.parametrize(
    ("session", "base", "join"),
    [
        ({"running_on": "join"}, None, Fixed(1.0)),
        ({"running_on": "join"}, Fixed(5.0), Fixed(5.0)),
        ({"running_on": "join", "join_time": "3s"}, Fixed(5.0), Fixed(3.0)),
        ({"running_on": "join", "join_time": "0s"}, None, Fixed(0.0)),
        ({"join_time": "3s"}, Fixed(5.0), Fixed(3.0)),
        ({"join_time": "3s"}, None, None),
        ({"running_on": "consume"}, Fixed(5.0), None),
    ],
)
def test_the_time_of_joining_follows_the_base(
    session: dict[str, Any], base: Duration | None, join: Duration | None
) -> None:
    """The time stays if only the switch is set, and the switch if only the time is."""
    assert parsed({"session": session}).plan_over(Plan(join=base)).join == join


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([{"name": "A", "gives": {"key": "a", "type": "string", "value": "x"}}], "an endpoint"),
        ([{"name": "A", "endpoint": "text_to_image", "body": {"model": "x"}}], "its models"),
        ([{"name": "A", "endpoint": "nowhere", "body": {"model": "gen4_image"}}], "its models"),
        (
            [
                {
                    "name": "A",
                    "endpoint": "text_to_image",
                    "body": {"model": "gen4_image"},
                    "after": ["A"],
                }
            ],
            "a node before it",
        ),
        (
            2 * [{"name": "A", "endpoint": "text_to_image", "body": {"model": "gen4_image"}}],
            "of their own",
        ),
    ],
)
def test_what_the_schema_cannot_say_of_workflows_is_checked(nodes: Any, said: str) -> None:
    """Nodes without a model, circles, names that come twice; the place is named."""
    with pytest.raises(WrongScenario) as raised:
        parsed({"account": {"workflows": [{"name": "W", "nodes": nodes}]}})
    [problem] = raised.value.problems
    assert problem.path[:3] == ("account", "workflows", 0)
    assert said in problem.sentence


def test_an_empty_scenario_changes_nothing() -> None:
    """Not even the name of the scenario that sessions come from."""
    base = Settings(plan=Plan(scenario="before"))

    assert parsed({"about": "Nothing."}).settings_over(base) == base


# Faults


def test_faults_are_named_after_their_scenario() -> None:
    """By their name, or by their place in the form; no two of a scenario share a name."""
    delayed = {"effect": {"delay": "1s"}}
    forms = [{**delayed, "name": "slow"}, delayed]
    scenario = parsed({"session": {"faults": forms}, "account": {"faults": forms}})

    of_sessions, of_account = scenario.plan_over(Plan()).faults, scenario.account_faults

    assert [one.name for one in of_sessions] == ["made-up/slow", "made-up/2"]
    assert len({one.name for one in (*of_sessions, *of_account)}) == 4
    assert all(one.per_session for one in of_sessions)
    assert not any(one.per_session for one in of_account)


# Avatars


def test_avatars_are_bound_to_session_forms() -> None:
    """By the name of a scenario or with a form in place; ids are compared in lower case."""
    slow = parsed({"session": {"provision_time": "9s"}}, name="slow")
    data = {
        "avatars": {
            "Music-Superstar": "slow",
            FOREIGN_ID.upper(): {"expires_in": "3s"},
        }
    }
    ALLOWED.validate(data)

    bound = bind_avatars(data["avatars"], among(slow))

    assert set(bound) == {"music-superstar", FOREIGN_ID}
    assert bound["music-superstar"] is slow
    assert bound[FOREIGN_ID].plan_over(Plan()).expires_in_s == 3.0
    assert bound[FOREIGN_ID].plan_over(Plan()).scenario != "made-up"


def test_ready_made_avatars_are_distinct_uuids_of_version_4() -> None:
    """Each name has its own, the same at every read."""
    names = [f"scenario-{number}" for number in range(2000)]

    avatars = [avatar_of(name) for name in names]

    assert len(set(avatars)) == len(names)
    for avatar in avatars:
        assert str(UUID(avatar)) == avatar
        assert (UUID(avatar).version, UUID(avatar).variant) == (4, "specified in RFC 4122")
    assert Scenario("scenario-7").avatar == avatars[7]
    assert avatar_of("slow") == "0cb20abf-d5b2-40a7-8f35-dbf8928de01d"  # docs/scenarios.md


@pytest.mark.parametrize(
    ("account", "session", "by_avatar"),
    [
        ({}, {}, False),
        ({"credits": 1}, {}, False),
        ({"credits": 1}, {"queued": "1s"}, False),
        ({}, {"queued": "1s"}, True),
    ],
)
def test_the_ways_to_select_a_scenario(
    account: dict[str, Any], session: dict[str, Any], by_avatar: bool
) -> None:
    """All but the avatar select everything; an avatar selects the session form and needs one."""
    scenario = parsed({"account": account, "session": session})
    ways = scenario.selectable_by

    assert ways[:3] == ("tools", "address or header", "API secret")
    assert ways[3:] == (("avatar",) if by_avatar else ())
    line = scenario_line(scenario)
    assert line["doors"] == list(ways)
    assert line["avatar"] == (scenario.avatar if by_avatar else None)


# Refusals

ILLEGAL = {"in": "ready", "event": "provisioned"}
FAILS = {"in": "ready", "event": "failed"}
SAME = [{"effect": {"reset": True}, "name": "2"}, {"effect": {"reset": True}}]
WRONG = {"effect": {"delay": "1s"}, "acted": False}

REFUSED: list[tuple[dict[str, Any], Path, str]] = [
    ({"account": {"latency": "uniform(3s, 1s)"}}, ("account", "latency"), "expected a duration"),
    (
        {"account": {"faults": [{"effect": {"reset": True}}, WRONG]}},
        ("account", "faults", 1),
        "acted: false",
    ),
    ({"account": {"faults": SAME}}, ("account", "faults", 1), "expected a name of its own"),
    ({"session": {"queued": "uniform(3s, 1s)"}}, ("session", "queued"), "expected a duration"),
    ({"session": {"provision_time": "99999h"}}, ("session", "provision_time"), "expected"),
    ({"session": {"expires_in": "99999h"}}, ("session", "expires_in"), "expected a span"),
    ({"session": {"session_cap": "99999h"}}, ("session", "session_cap"), "expected a span"),
    ({"session": {"join_time": "99999h"}}, ("session", "join_time"), "expected"),
    (
        {"session": {"running_on": "consume", "join_time": "1s"}},
        ("session", "join_time"),
        "expected running_on: join",
    ),
    ({"session": {"then": [FAILS, ILLEGAL]}}, ("session", "then", 1), "while ready"),
    (
        {"session": {"then": [{**FAILS, "after": "99999h"}]}},
        ("session", "then", 0, "after"),
        "expected",
    ),
    ({"session": {"then": [FAILS, FAILS]}}, ("session", "then", 1), "expected a probability"),
    ({"session": {"faults": SAME}}, ("session", "faults", 1), "expected a name of its own"),
    ({"session": {"faults": [WRONG]}}, ("session", "faults", 0), "acted: false"),
    (
        {"session": {"faults": [{"effect": {"reset": True}, "from": "99999h"}]}},
        ("session", "faults", 0, "from"),
        "expected a span",
    ),
    (
        {"session": {"faults": [{"effect": {"reset": True, "hang": True}}]}},
        ("session", "faults", 0, "effect"),
        "with reset no answer comes",
    ),
    (
        {"session": {"faults": [{"effect": {"delay": "99999h"}}]}},
        ("session", "faults", 0, "effect", "delay"),
        "expected",
    ),
    (
        {"session": {"script": [{"say": "Hello."}, {"wait": "99999h"}]}},
        ("session", "script", 1, "wait"),
        "expected a span",
    ),
    (
        {"session": {"script": [{"call_tool": {"tool": "a", "timeout": "99999h"}}]}},
        ("session", "script", 0, "call_tool", "timeout"),
        "expected a span",
    ),
    (
        {
            "session": {
                "script": [
                    {
                        "call_tool": {
                            "tool": "a",
                            "then": {"timeout": [{"wait_for_speech": {"at_most": "99999h"}}]},
                        }
                    }
                ]
            }
        },
        (
            *("session", "script", 0, "call_tool", "then", "timeout", 0),
            *("wait_for_speech", "at_most"),
        ),
        "expected a span",
    ),
    (
        {"session": {"call": {"avatar_after": "99999h"}}},
        ("session", "call", "avatar_after"),
        "expected a span",
    ),
    ({"avatars": {"an-id": "nobody"}}, ("avatars", "an-id"), "there is no nobody"),
    ({"avatars": {"an-id": {}}}, ("avatars", "an-id"), "expected a scenario with a session form"),
    ({"avatars": {"an-id": {"then": [ILLEGAL]}}}, ("avatars", "an-id", "then", 0), "while ready"),
    (
        {"avatars": {"Id": {"queued": "1s"}, "iD": {"queued": "2s"}}},
        ("avatars", "iD"),
        "expected each avatar once",
    ),
]


@pytest.mark.parametrize(("data", "path", "start"), REFUSED, ids=lambda one: str(one)[:70])
def test_a_refusal_has_its_path(data: dict[str, Any], path: Path, start: str) -> None:
    """A mistake that the schema cannot express is refused with its path and the reason."""
    with pytest.raises(WrongScenario, match=re.escape(start)) as refusal:
        parsed(data)

    (problem,) = refusal.value.problems
    assert problem.path == path
    assert problem.sentence.startswith(start)


def test_a_mistake_in_one_part_hides_none_in_another() -> None:
    """Both forms are parsed, and every avatar is bound, in spite of mistakes in the others."""
    forms = {"account": {"faults": SAME}, "session": {"then": [ILLEGAL]}}
    with pytest.raises(WrongScenario) as of_forms:
        parse_scenario(forms, default_name="made-up")
    with pytest.raises(WrongScenario) as of_avatars:
        bind_avatars({"one": "nobody", "two": {}}, among())

    assert [each.path[0] for each in of_forms.value.problems] == ["account", "session"]
    assert [each.path[1] for each in of_avatars.value.problems] == ["one", "two"]


def test_an_avatar_cannot_be_bound_to_what_has_no_session_form() -> None:
    """A scenario that is about the account alone has nothing for an avatar."""
    poor = parsed({"account": {"credits": 0}}, name="poor")

    with pytest.raises(WrongScenario, match=r"expected a scenario with a session form, got poor$"):
        bind_avatars({"an-id": "poor"}, among(poor))


# The schema


@pytest.mark.parametrize("schema", [account_schema, session_schema, scenario_schema])
def test_the_schemas_are_schemas(schema: Callable[[], dict[str, Any]]) -> None:
    """They are valid, both engines can use them, and unknown keys are refused."""
    jsonschema.Draft202012Validator.check_schema(schema())

    for engine in (jsonschema.Draft202012Validator, jsonschema_rs.Draft202012Validator):
        assert engine(schema()).is_valid({})
        assert not engine(schema()).is_valid({"something": 1})


def test_the_schema_offers_what_a_plan_can_make_happen() -> None:
    """Every pair that the table allows can be written; terminal states cannot be named."""
    happening = session_schema()["properties"]["then"]["items"]["properties"]

    assert set(happening["in"]["enum"]) == {state.value for state, _ in POSSIBLE}
    assert set(happening["event"]["enum"]) == {"nothing"} | {event.value for _, event in POSSIBLE}


ANY = parsed({"session": {"then": []}}, name="x")


@SLOW_LAW
@given(allowed_by(scenario_schema()), st.booleans())
def test_what_the_schema_allows_is_parsed_or_refused(data: dict[str, Any], known: bool) -> None:
    """Nothing but a ValueError is raised, and a scenario that was parsed works over any base."""
    assert ALLOWED.is_valid(data)
    try:
        scenario = parse_scenario(data, default_name="made-up")
        avatars = bind_avatars(data.get("avatars", {}), (lambda _: ANY) if known else among())
    except ValueError:
        return

    settings = scenario.settings_over(Settings(plan=Plan(join=Fixed(1.0))))

    name = settings.plan.scenario or "made-up"
    described = {
        "account": describe_account(settings),
        "session": describe_session(settings.plan),
        "task": describe_task(settings.task),
    }
    assert parsed(described, name=name).settings_over(Settings()) == replace(
        settings,
        plan=replace(settings.plan, scenario=name),
        task=replace(settings.task, scenario=name),
    )
    for bound in avatars.values():
        bound.plan_over(settings.plan)


def test_states_and_events_are_written_as_they_are_called() -> None:
    """A happening in a file is the happening of a plan."""
    then = [{"in": "running", "event": "ended", "after": "3s"}]
    happening = Happening(State.RUNNING, Event.ENDED, Fixed(3.0))

    assert parsed({"session": {"then": then}}).plan_over(Plan()).happenings == (happening,)


def test_a_form_beside_an_avatar_is_data_again() -> None:
    """The scenario that a world shows is accepted by it unchanged."""
    given = {"name": "mine", "avatars": {"music-superstar": {"provision_time": "3s"}}}
    assert data_of(parsed(given)) == given
