"""Accounts with tasks under test: settings, calls as data, and what can be seen of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.durations import NEVER, NO_TIME, Fixed, Uniform
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.task import TASK, TASK_TRANSITIONS, TaskEvent
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.task_calls import apply_task_event, create_task, delete_task, get_task
from fake_runway.core.tasks.courses import CourseNode, NodeEnd, NodePlan, OnNodeError
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.rules import TaskChange, TaskCost, TaskCosts
from fake_runway.core.tasks.task import (
    NodeRequest,
    OutputForm,
    ProgressStep,
    TaskHappening,
    TaskPlan,
    TaskRequest,
)
from fake_runway.core.tasks.tiers import WORKFLOWS, TaskLimits
from tests.unit.fake_runway.core.playing import FOREIGN_ID, START

MODERATED = Failure("SAFETY.INPUT.TEXT", "No.")
BROKEN = Failure("ASSET.INVALID", "Too large.")

MOVIE = TaskRequest("textToVideo", "film", "film", Quota.VIDEO, 60.0, 60, 90.0, OutputForm("mp4"))
PICTURE = TaskRequest("textToImage", "brush", "brush", Quota.IMAGE, 4.5, 5, 10.0, OutputForm("png"))


def _node(name: str, model: str, charge: int, usual_s: float, *after: int) -> NodeRequest:
    return NodeRequest(CourseNode(name, name, usual_s, after), model, charge, OutputForm("png"))


WORKFLOW = TaskRequest(
    "runWorkflow",
    WORKFLOWS,
    WORKFLOWS,
    Quota.VIDEO,
    70.0,
    70,
    100.0,
    OutputForm("png"),
    (
        _node("draw", "brush", 5, 10.0),
        _node("say", "voice", 5, 8.0),
        _node("move", "film", 60, 90.0, 0),
    ),
)
AVATAR_VIDEO = request_of(
    "createAvatarVideo",
    {
        "model": "gwm1_avatars",
        "avatar": {"type": "runway-preset", "presetId": "cat-character"},
        "speech": {"type": "text", "text": "Hello."},
    },
)


def account_with(record: Callable[[TaskChange], None] = lambda _: None, **given: Any) -> Account:
    """Return a new account; `given` are fields of its settings."""
    settings = Settings(**given)
    draws = Draws("1", "w")
    return Account(draws=draws, key_tag="0" * 12, settings=settings, record_task=record)


def limits(concurrency: int | None = None, daily: int | None = None) -> TaskLimits:
    """Return limits for every model."""
    return TaskLimits(concurrency=concurrency, daily=daily)


class Ask(Enum):
    """The kind of a script's call."""

    MOVIE = "movie"
    PICTURE = "picture"
    WORKFLOW = "workflow"
    AVATAR_VIDEO = "avatar video"
    SESSION = "session"
    GET = "get"
    DELETE = "delete"
    EVENT = "event"
    CHANGE = "change settings"


_REQUESTS = {
    Ask.MOVIE: MOVIE,
    Ask.PICTURE: PICTURE,
    Ask.WORKFLOW: WORKFLOW,
    Ask.AVATAR_VIDEO: AVATAR_VIDEO,
}


@dataclass(frozen=True, slots=True)
class TaskCall:
    """One call, `after_s` seconds after the one before, on the `which`th newest task."""

    after_s: float
    ask: Ask
    which: int = 0
    event: TaskEvent = TaskEvent.SUCCEEDED
    other: Settings | None = None


@dataclass(slots=True)
class TaskRun:
    """The results of a script. `recorded`: the changes of tasks, `after` each its account."""

    account: Account
    recorded: list[TaskChange]
    at: float = START
    answers: list[Any] = field(default_factory=list)
    sights: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def perform(run: TaskRun, call: TaskCall) -> Any:
    """Do one call. Refusals are raised."""
    account, at = run.account, run.at
    known = [*reversed(run.ids), FOREIGN_ID]
    task_id = known[call.which % len(known)]
    match call.ask:
        case Ask.MOVIE | Ask.PICTURE | Ask.WORKFLOW | Ask.AVATAR_VIDEO:
            task = create_task(account, _REQUESTS[call.ask], at=at)
            run.ids.append(task.id)
            return task
        case Ask.SESSION:
            return account.create(at=at)
        case Ask.GET:
            return get_task(account, task_id, at=at)
        case Ask.DELETE:
            return delete_task(account, task_id, at=at)
        case Ask.EVENT:
            return apply_task_event(account, task_id, call.event, at=at, failure=BROKEN)
        case Ask.CHANGE if call.other is not None:
            kept = account.settings.limits
            return account.change_settings(replace(call.other, limits=kept), at=at)
    return None


def seen(account: Account, at: float) -> Any:
    """Return what can be seen of an account with tasks, copied."""
    return {
        "tasks": dict(account.tasks.by_id),
        "progress": [task.progress(at) for task in account.tasks.by_id.values()],
        "nodes": [task.nodes_at(at) for task in account.tasks.by_id.values()],
        "uses": {
            model: (use.active, [*use.queue], [*use.created])
            for model, use in account.tasks.models.items()
        },
        "sessions": dict(account.sessions),
        "spent": (account.spent, dict(account.tasks.spent), dict(account.spent_by_day)),
        "counts": (account.tasks.created_count, account.tasks.live, account.tasks.evicted),
        "next": account.next_due_at,
    }


Between = Callable[[Account, float, float], None]


def play(
    settings: Settings, script: Sequence[TaskCall], *, between: Between | None = None
) -> TaskRun:
    """Perform a script; `between` acts in the gap before each call."""
    recorded: list[TaskChange] = []
    draws = Draws("1", "w")
    account = Account(draws=draws, key_tag="0" * 12, settings=settings, record_task=recorded.append)
    return go_on(TaskRun(account, recorded), script, between=between)


def go_on(run: TaskRun, script: Sequence[TaskCall], *, between: Between | None = None) -> TaskRun:
    """Perform a script on the account of a run."""
    for call in script:
        since, run.at = run.at, run.at + call.after_s
        if between is not None:
            between(run.account, since, run.at)
        run.account.advance(run.at)
        try:
            run.answers.append(perform(run, call))
        except Refused as refusal:
            run.answers.append((refusal.code, refusal.retry_after_s))
        run.sights.append(seen(run.account, run.at))
    return run


# Strategies

_spans = [NO_TIME, Fixed(1.0), Fixed(5.0), Fixed(90.0), Uniform(0.0, 9.0), NEVER]
_gaps = st.sampled_from([0.0, 0.0, 0.5, 1.0, 5.0, 10.0, 60.0, 90.0, 86_400.0]) | st.floats(0, 20)
_possible = [
    (state, event)
    for state, row in TASK_TRANSITIONS.items()
    for event in row
    if event not in TASK.automatic
]
_happenings = st.lists(
    st.builds(
        lambda where, after, failure: TaskHappening(where[0], where[1], after, failure),
        st.sampled_from(_possible),
        st.sampled_from(_spans),
        st.sampled_from([None, MODERATED, BROKEN]),
    ),
    max_size=2,
    unique_by=lambda each: each.state,
).map(tuple)
_steps = st.lists(
    st.builds(
        ProgressStep,
        st.sampled_from([0.0, 0.3, 0.5, 0.99]),
        st.none() | st.just(5.0),
        st.sampled_from([0.0, 50.0]),
    ),
    max_size=2,
).map(tuple)
_nodes = st.lists(
    st.builds(
        NodePlan,
        st.sampled_from(["first", "middle", "last", "all", "say"]),
        st.sampled_from(NodeEnd),
        st.sampled_from([MODERATED, BROKEN]),
    ).filter(lambda each: each.end is not NodeEnd.SKIPPED),
    max_size=2,
).map(tuple)
plans = st.builds(
    TaskPlan,
    throttled=st.sampled_from([NO_TIME, NO_TIME, *_spans]),
    pending=st.sampled_from(_spans),
    run=st.sampled_from([None, *_spans]),
    progress=_steps,
    failure=st.sampled_from([None, None, MODERATED, BROKEN]),
    happenings=st.just(()) | _happenings,
    nodes=st.just(()) | _nodes,
    on_node_error=st.sampled_from(OnNodeError),
)
task_settings = st.builds(
    Settings,
    task=plans,
    task_limits=st.builds(
        TaskLimits,
        st.integers(1, 5),
        st.sampled_from([None, 1, 1, 2, -1]),
        st.sampled_from([None, None, 0, 2]),
        st.sampled_from([None, 1]),
        st.sampled_from([frozenset(), frozenset(), frozenset({"film"}), None]),
    ),
    task_costs=st.builds(
        TaskCosts,
        st.sampled_from(TaskCost),
        st.sampled_from([TaskCost.FULL, TaskCost.ZERO]),
    ),
    deleted_task_is_gone=st.booleans(),
    limits=st.builds(
        Limits,
        credits=st.sampled_from([None, None, 130]),
        retained=st.sampled_from([10_000, 10_000, 0, 2]),
    ),
)
task_scripts = st.lists(
    st.builds(
        TaskCall,
        _gaps,
        st.sampled_from([Ask.MOVIE, Ask.MOVIE, Ask.PICTURE, Ask.WORKFLOW, *Ask]),
        st.integers(0, 5),
        st.sampled_from(TaskEvent),
        st.none() | task_settings,
    ),
    min_size=1,
    max_size=14,
)
