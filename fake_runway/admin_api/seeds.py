"""Seeds: the state in which a world begins, as data; a state that a world has, as a seed.

A seed is made of kinds, each a row of `KINDS`: its key in the file, the schema of its value, how it
is put into a world, and how a world's own is written down. A further kind is a further row.

A seed is applied as one act of the journal, so that a replay repeats it. It is played on a copy of
the world first: what is refused half-way leaves no trace. Ids are the world's own draws, and every
state begins at the instant of the act.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from contracts.wire.problems import where
from contracts.wire.schema import BodyValidator
from fake_runway.admin_api.calls import AdminCall, AdminRefused
from fake_runway.admin_api.declaration import WorldAct, WorldScoped, operation
from fake_runway.admin_api.sessions import made_session
from fake_runway.admin_api.worlds import world_view
from fake_runway.core.account import Account
from fake_runway.core.asset_calls import put_asset
from fake_runway.core.assets.kinds import ASSET_KINDS, AVATARS, DOCUMENTS, MADE, VOICES
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import Failure, State
from fake_runway.core.lifecycles.task import (
    TASK_ENDPOINTS,
    TASK_TRANSITIONS,
    TaskEvent,
    TaskState,
)
from fake_runway.core.problems import WrongScenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.scenario.workflow_forms import WORKFLOW_LIST, WORKFLOWS
from fake_runway.core.task_calls import apply_task_event, create_task
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.task import MOST_FILES, OutputForm, TaskRequest
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW, describe_workflow
from fake_runway.core.types import LARGEST_INTEGER, Json
from fake_runway.scenarios.check import breaches
from fake_runway.web.bodies import Bodies
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

MOST = 1_000
"""Resources of one kind in a seed."""


class SeedKind(NamedTuple):
    """A kind of what a seed holds.

    Attributes:
        key: in a seed.
        schema: of its value.
        apply: puts the value into the world of a call.
        export: returns the value by which `apply` makes what a world has; None: nothing.
        example: how `fake-runway init` shows it, as lines of YAML.
    """

    key: str
    schema: Json
    apply: Callable[[AdminCall, Any], None]
    export: Callable[[World], Any]
    example: str


def _closed(properties: Json, *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": list(required)} if required else {}),
    }


_FAILURE = _closed(
    {"code": {"type": "string", "minLength": 1}, "text": {"type": "string"}}, "code", "text"
)
_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST}


# Avatars


def _apply_avatars(call: AdminCall, ids: list[str]) -> None:
    world = call.world
    known = world.settings.avatars
    if known is None:
        return  # every one exists
    avatars = known | {each.lower() for each in ids}
    world.base = replace(world.base, avatars=(world.base.avatars or frozenset()) | avatars)
    world.account.change_settings(replace(world.settings, avatars=avatars), at=call.at)


def _export_avatars(world: World) -> list[str] | None:
    return sorted(world.settings.avatars) if world.settings.avatars else None


# Workflows


def _apply_workflows(call: AdminCall, workflows: list[Json]) -> None:
    try:
        given = WORKFLOWS.parse(workflows)
    except WrongScenario as error:
        first = error.problems[0]
        raise AdminRefused(first.sentence, where=where(("workflows", *first.path))) from error
    world, names = call.world, {each.name for each in given}

    def joined(settings: Settings) -> Settings:
        kept = (each for each in settings.workflows if each.name not in names)
        return replace(settings, workflows=(*kept, *given))

    world.base = joined(world.base)
    world.account.change_settings(joined(world.settings), at=call.at)


def _export_workflows(world: World) -> list[Json] | None:
    published = world.settings.workflows
    return [describe_workflow(each) for each in published if each != EXAMPLE_WORKFLOW] or None


# Sessions


def _apply_sessions(call: AdminCall, sessions: list[Json]) -> None:
    for index, each in enumerate(sessions):
        body = {key: part for key, part in each.items() if key != "count"}
        with _placed("sessions", index):
            for _ in range(each.get("count", 1)):
                made_session(call.world.account, call._replace(body=body))


def _export_sessions(world: World) -> list[Json] | None:
    found: list[Json] = []
    for session in list(world.account.sessions.values())[-MOST:]:
        each: dict[str, Any] = {
            "state": session.state.value,
            "max_duration_s": session.max_duration_s,
        }
        if session.failure is not None:
            each["failure"] = {"code": session.failure.code, "text": session.failure.text}
        found.append(each)
    return found or None


# Tasks

_FACTS = _closed(
    {
        "model": {"type": "string"},
        "pool": {"type": "string"},
        "quota": {"enum": [each.value for each in Quota]},
        "estimate": {"type": "number", "minimum": 0, "maximum": LARGEST_INTEGER},
        "charge": {"type": "integer", "minimum": 0, "maximum": LARGEST_INTEGER},
        "usual_s": {"type": "number", "minimum": 0, "maximum": 1_000_000},
        "output": _closed(
            {
                "format": {"type": "string", "pattern": "^[a-z0-9]{1,8}$"},
                "files": {"type": "integer", "minimum": 1, "maximum": MOST_FILES},
                "width": {"type": "integer", "minimum": 0, "maximum": 16_384},
                "height": {"type": "integer", "minimum": 0, "maximum": 16_384},
                "seconds": {"type": "number", "minimum": 0, "maximum": 86_400},
            },
            "format",
        ),
        "unpriced": {
            "description": "What the default price was taken for, each as `endpoint model`.",
            "type": "array",
            "maxItems": 100,
            "items": {"type": "string", "maxLength": 200},
        },
    },
    *("model", "pool", "quota", "estimate", "charge", "usual_s", "output"),
)
_EVENT_TO: Mapping[TaskState, tuple[TaskEvent, ...]] = {
    TaskState.THROTTLED: (),
    TaskState.PENDING: (),
    TaskState.RUNNING: (TaskEvent.STARTED,),
    TaskState.SUCCEEDED: (TaskEvent.STARTED, TaskEvent.SUCCEEDED),
    TaskState.FAILED: (TaskEvent.STARTED, TaskEvent.FAILED),
    TaskState.CANCELLED: (TaskEvent.CANCELLED,),
}


def _apply_tasks(call: AdminCall, tasks: list[Json]) -> None:
    bodies = Bodies()
    for index, each in enumerate(tasks):
        with _placed("tasks", index):
            if "request" in each:
                facts = each["request"]
                values = {
                    "quota": Quota(facts["quota"]),
                    "output": OutputForm(**facts["output"]),
                    "unpriced": tuple(facts.get("unpriced", ())),
                }
                request = TaskRequest(each["operation"], **{**facts, **values})
            else:
                bodies.check(each.get("body", {}), each["operation"], strict_keys=True)
                request = request_of(each["operation"], each.get("body", {}))
            for _ in range(each.get("count", 1)):
                _make_task(call.world.account, call.at, each, request)


def _make_task(account: Account, at: float, given: Json, request: TaskRequest) -> None:
    target = TaskState(given.get("state", TaskState.PENDING.value))
    reason = given.get("failure")
    failure = Failure(reason["code"], reason["text"]) if reason else None
    plan = replace(account.settings.task, happenings=())
    task = create_task(account, request, at=at, plan=plan)
    for event in _EVENT_TO[target]:
        if event in TASK_TRANSITIONS[task.state]:
            task = apply_task_event(account, task.id, event, at=at, failure=failure)
    if task.state is not target:
        raise AdminRefused(
            f"expected a task that is {target.value}, got one that is {task.state.value}"
        )


def _export_tasks(world: World) -> list[Json] | None:
    found: list[Json] = []
    for task in list(world.account.tasks.by_id.values())[-MOST:]:
        if task.deleted or task.request.nodes or not task.request.operation:
            continue  # the run of a workflow follows from its nodes, which are many
        facts = task.request._asdict()
        del facts["nodes"]
        unpriced = facts.pop("unpriced")
        each: dict[str, Any] = {
            "operation": facts.pop("operation"),
            "state": task.state.value,
            "request": {
                **facts,
                "quota": task.request.quota.value,
                "output": task.request.output._asdict(),
                **({"unpriced": list(unpriced)} if unpriced else {}),
            },
        }
        if task.failure is not None:
            each["failure"] = {"code": task.failure.code, "text": task.failure.text}
        found.append(each)
    return found or None


# Avatars, voices and documents that the API has made

_TEXTS: Mapping[str, str] = {
    AVATARS.name: "personality",
    VOICES.name: "description",
    DOCUMENTS.name: "text",
}
"""The field of each kind that a seed calls its text."""


def _apply_assets(call: AdminCall, assets: list[Json]) -> None:
    for index, each in enumerate(assets):
        kind, reason = ASSET_KINDS[each["kind"]], each.get("failure")
        failure = Failure(reason["code"], reason["text"]) if reason else None
        content = MADE[kind.name]
        if "name" in each:
            content = content._replace(name=each["name"])
        if "text" in each:
            content = content._replace(**{_TEXTS[kind.name]: each["text"]})
        with _placed("assets", index):
            for _ in range(each.get("count", 1)):
                try:
                    put_asset(
                        call.world.account,
                        kind,
                        content,
                        at=call.at,
                        state=each.get("state", ""),
                        failure=failure,
                    )
                except ValueError as error:
                    raise AdminRefused(str(error)) from error


def _export_assets(world: World) -> list[Json] | None:
    found: list[Json] = []
    kept = [each for each in world.account.assets.every() if each.kind in _TEXTS]
    for asset in sorted(kept, key=lambda each: each.rank)[-MOST:]:
        if asset.is_deleted:
            continue
        each: dict[str, Any] = {
            "kind": asset.kind,
            "state": asset.state.value,
            "name": asset.content.name,
        }
        if (text := getattr(asset.content, _TEXTS[asset.kind])) is not None:
            each["text"] = text
        if asset.failure is not None:
            each["failure"] = {"code": asset.failure.code, "text": asset.failure.text}
        found.append(each)
    return found or None


# Credits


def _apply_credits(call: AdminCall, left: int) -> None:
    call.world.account.grant(left, at=call.at)


def _export_credits(world: World) -> int | None:
    left = world.account.left
    return None if left is None else max(0, left)


KINDS: tuple[SeedKind, ...] = (
    SeedKind(
        "avatars",
        {
            "description": "Custom avatars that exist, beside those of the settings.",
            "type": "array",
            "maxItems": MOST,
            "items": {"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"},
        },
        _apply_avatars,
        _export_avatars,
        """\
avatars:
  - 123e4567-e89b-42d3-a456-426614174000
""",
    ),
    SeedKind(
        "workflows",
        {
            "description": "Workflows that are published, beside those of the settings, as a"
            " scenario writes them.",
            **WORKFLOW_LIST,
        },
        _apply_workflows,
        _export_workflows,
        """\
workflows:
  - name: Poster
    versions: 3
    nodes:
      - {name: Prompt, gives: {key: prompt, type: string, value: A lighthouse}}
      - name: Picture
        endpoint: text_to_image
        body: {model: gen4_image, ratio: "1280:720"}
        takes: [{field: promptText, from: Prompt}]
""",
    ),
    SeedKind(
        "sessions",
        {
            "description": "Sessions, each in the state that it is in when the world begins.",
            "type": "array",
            "maxItems": MOST,
            "items": _closed(
                {
                    "state": {"enum": [state.value for state in State]},
                    "max_duration_s": {"type": "integer", "minimum": 10, "maximum": 1800},
                    "failure": _FAILURE,
                    "count": _COUNT,
                },
                "state",
            ),
        },
        _apply_sessions,
        _export_sessions,
        """\
sessions:
  - {state: completed, count: 3}
  - {state: ready}
  - {state: failed, failure: {code: INTERNAL, text: The avatar worker was lost.}}
""",
    ),
    SeedKind(
        "tasks",
        {
            "description": "Tasks, each with the body of its create.",
            "type": "array",
            "maxItems": MOST,
            "items": _closed(
                {
                    "operation": {"enum": list(TASK_ENDPOINTS)},
                    "body": {"type": "object"},
                    "request": {"description": "What an export has in place of a body.", **_FACTS},
                    "state": {"enum": [state.value for state in TaskState]},
                    "failure": _FAILURE,
                    "count": _COUNT,
                },
                "operation",
            ),
        },
        _apply_tasks,
        _export_tasks,
        """\
tasks:
  - operation: createTextToImage
    body: {model: gen4_image, promptText: A lighthouse, ratio: "1280:720"}
    state: succeeded
""",
    ),
    SeedKind(
        "assets",
        {
            "description": "Avatars, voices and documents that the API has made.",
            "type": "array",
            "maxItems": MOST,
            "items": _closed(
                {
                    "kind": {"enum": list(_TEXTS)},
                    "state": {
                        "enum": [
                            each.value for each in ASSET_KINDS[AVATARS.name].resource.transitions
                        ]
                    },
                    "name": {"type": "string", "minLength": 1, "maxLength": 200},
                    "text": {
                        "description": "A personality, a description, or what a document says.",
                        "type": "string",
                        "maxLength": 200_000,
                    },
                    "failure": _FAILURE,
                    "count": _COUNT,
                },
                "kind",
            ),
        },
        _apply_assets,
        _export_assets,
        """\
assets:
  - {kind: voice, name: Deep voice, state: ready}
  - {kind: document, name: Handbook, text: Be kind.}
  - {kind: avatar, state: failed, failure: {code: NO_FACE, text: No face was found.}}
""",
    ),
    SeedKind(  # the last: what the others cost is no part of what is left
        "credits",
        {
            "description": "How many are left.",
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_INTEGER,
        },
        _apply_credits,
        _export_credits,
        "credits: 500\n",
    ),
)
"""The kinds, in the order in which they are put into a world."""


def seed_schema() -> Json:
    """Return the JSON schema of a seed."""
    return _closed({kind.key: kind.schema for kind in KINDS})


class _Placed:
    """Names the place of what is refused in its block."""

    def __init__(self, *path: str | int) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Refused):
            inner = error.headers.get("X-Fake-Where", "").removeprefix("$")
            text = error.message
            raise AdminRefused(text, where=where(self._path) + inner) from error


_placed = _Placed


@operation("getSeed", "GET /seed", WorldScoped, answers="Seed")
def get_seed(call: AdminCall) -> Reply:
    """Answer the state of the world as a seed."""
    found = {kind.key: kind.export(call.world) for kind in KINDS}
    return Reply(200, {key: value for key, value in found.items() if value is not None})


@operation("applySeed", "POST /seed", WorldAct, takes="Seed", answers="World")
def apply_seed(call: AdminCall) -> Reply:
    """Put what a seed holds into the world."""
    problems = breaches(BodyValidator(seed_schema()), call.body)
    if problems:
        first = problems[0]
        raise AdminRefused(f"{first.sentence}.", where=where(first.path))
    trial = call.world.copy(call.world.name, call.world.clock)
    for world in (trial, call.world):
        for kind in KINDS:
            if kind.key in call.body:
                kind.apply(call._replace(world=world), call.body[kind.key])
    return Reply(200, world_view(call.world))
