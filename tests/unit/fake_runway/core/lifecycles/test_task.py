"""The table of tasks."""

from __future__ import annotations

import pytest

from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.task import (
    TASK,
    TASK_ACTIVE,
    TASK_FAILURES,
    TASK_TERMINAL,
    TASK_TRANSITIONS,
    TaskEvent,
    TaskState,
    is_moderation,
)
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject, references


def test_every_state_is_reachable() -> None:
    """From THROTTLED, in which each task begins, events lead to every state."""
    reached, todo = {TaskState.THROTTLED}, [TaskState.THROTTLED]
    while todo:
        for target in TASK_TRANSITIONS[todo.pop()].values():
            if target not in reached:
                reached.add(target)
                todo.append(target)

    assert reached == set(TASK_TRANSITIONS) == set(TaskState)


def test_terminal_states_have_no_events() -> None:
    """SUCCEEDED, FAILED and CANCELLED are the ends; every other state can fail or be cancelled."""
    assert {TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED} == TASK_TERMINAL
    for state in set(TaskState) - TASK_TERMINAL:
        assert TASK_TRANSITIONS[state][TaskEvent.FAILED] is TaskState.FAILED
        assert TASK_TRANSITIONS[state][TaskEvent.CANCELLED] is TaskState.CANCELLED


def test_capacity_is_taken_up_from_admission_to_the_end() -> None:
    """Neither a task that waits nor one that has ended takes up capacity."""
    assert {TaskState.PENDING, TaskState.RUNNING} == TASK_ACTIVE
    for state, row in TASK_TRANSITIONS.items():
        for event, target in row.items():
            begins = state not in TASK_ACTIVE and target in TASK_ACTIVE
            assert begins == (event is TaskEvent.ADMITTED)


def test_only_the_account_admits_a_task() -> None:
    """No fault, plan or admin can make the two events happen that belong to capacity."""
    assert TASK.automatic == {TaskEvent.ADMITTED, TaskEvent.RELEASED}
    assert {"started", "succeeded"} <= set(RUNWAY_API.events)


@pytest.mark.parametrize(
    ("code", "moderated"),
    [
        ("SAFETY.INPUT.TEXT", True),
        ("SAFETY", True),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", True),
        ("INPUT_PREPROCESSING.INTERNAL", False),
        ("ASSET.INVALID", False),
    ],
)
def test_moderation_is_a_part_of_the_code(code: str, moderated: bool) -> None:
    """The code says whether moderation rejected something."""
    assert is_moderation(code) is moderated


def test_every_failure_has_a_text() -> None:
    """A code is upper case words with dots between them, and its text is a sentence."""
    for code, text in TASK_FAILURES.items():
        assert code == code.upper()
        assert text.endswith(".")


def test_entries_about_others_do_not_name_tasks() -> None:
    """Records of runs from before there were tasks have no key of theirs."""
    assert "task" not in references(NO_SUBJECT, RUNWAY_API.kinds)
    assert "task" not in references(Subject("session", "1"), RUNWAY_API.kinds)
    assert references(Subject("task", "1"), RUNWAY_API.kinds)["task"] == "1"
