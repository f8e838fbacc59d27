"""The wire spelling of the Runway API's answers.

Pure. Nothing else in the fake knows camelCase keys, RFC 3339 instants or statuses.

Source: the Runway OpenAPI document of 2024-11-06; error bodies also as observed live.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from fake_runway.core.lifecycles.session import State
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.core.sessions.session import Session
from fake_runway.core.tasks.task import Task
from fake_runway.core.types import Json

DOC_URL = "https://docs.dev.runwayml.com/api"
MODEL = "gwm1_avatars"

_STATUS: Mapping[State, str] = {
    State.QUEUED: "NOT_READY",
    State.PROVISIONING: "NOT_READY",
    State.READY: "READY",
    State.CLAIMED: "READY",
    State.RUNNING: "RUNNING",
    State.COMPLETED: "COMPLETED",
    State.FAILED: "FAILED",
    State.CANCELLED: "CANCELLED",
}


def instant(at: float) -> str:
    """Return POSIX seconds as RFC 3339 in UTC with milliseconds, e.g. 2026-01-31T12:00:00.250Z.

    `datetime` does the same in three times the time; it knows the second, which many instants have.
    """
    second = math.floor(at)
    microseconds = round((at - second) * 1e6)
    if microseconds == 1_000_000:
        second, microseconds = second + 1, 0
    return f"{_second(second)}.{microseconds // 1000:03}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


def session_body(session: Session, key_of: Callable[[Session], str]) -> Json:
    """Return the body of a GET of `session`; the published document closes it per status.

    Args:
        key_of: returns the session's key; called for a READY session only.
    """
    body: dict[str, Any] = {
        "id": session.id,
        "createdAt": instant(session.created_at),
        "status": _STATUS[session.state],
    }
    match session.state:
        case State.QUEUED:
            body["queued"] = True
        case State.PROVISIONING:
            body["queued"] = False
        case State.READY | State.CLAIMED if (expires_at := session.expires_at) is not None:
            body["expiresAt"] = instant(expires_at)
            body["sessionKey"] = key_of(session)
        case State.COMPLETED:
            body["duration"] = round(session.ran_for_s)
        case State.FAILED if session.failure is not None:
            body["failure"] = session.failure.text
            body["failureCode"] = session.failure.code
        case _:
            pass
    return body


def task_body(task: Task, *, now: float, outputs: Sequence[str] = ()) -> Json:
    """Return the body of a GET of `task`; the published document closes it per status.

    Args:
        outputs: the addresses of its files, if it has succeeded.
    """
    body: dict[str, Any] = {
        "id": task.id,
        "createdAt": instant(task.created_at),
        "status": task.state.name,
    }
    match task.state:
        case TaskState.RUNNING:
            body["progress"] = task.progress(now)
            body["estimatedCost"] = estimated_cost(task)
        case TaskState.THROTTLED | TaskState.PENDING:
            body["estimatedCost"] = estimated_cost(task)
        case _:
            body["cost"] = {"credits": task.cost}
    if task.state is TaskState.SUCCEEDED:
        body["output"] = list(outputs)
    elif task.failure is not None:
        body["failure"], body["failureCode"] = task.failure.text, task.failure.code
    return body


def estimated_cost(task: Task) -> Json:
    """Return what a task is said to cost, `{credits}`, before it has ended."""
    credits = task.request.estimate
    return {"credits": int(credits) if credits == int(credits) else credits}


LONGEST_NAME = 50
"""Characters in the name of a custom avatar."""


def error_body(message: str, *, doc_url: bool) -> Json:
    """Return the envelope of every error."""
    return {"error": message, "docUrl": DOC_URL} if doc_url else {"error": message}
