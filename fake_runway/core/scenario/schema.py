"""The JSON schema of scenario files."""

from collections.abc import Iterable
from typing import Any

from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import TERMINAL, Event, State
from fake_runway.core.lifecycles.task import TASK as TASK_KIND
from fake_runway.core.lifecycles.task import TASK_TERMINAL, TaskEvent, TaskState
from fake_runway.core.lifecycles.vocabulary import Vocabulary
from fake_runway.core.scenario.notations import DURATION
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK, Switch
from fake_runway.core.scenario.shares import NOTHING_HAPPENS, SHARE_SCHEMA
from fake_runway.core.scenario.task_forms import FAILURE_SCHEMA
from fake_runway.core.sessions.session import OF_THE_ACCOUNT

NAME_PATTERN = "[a-z0-9]+(-[a-z0-9]+)*"


def _closed(description: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def _of_settings(table: Iterable[Switch]) -> dict[str, Any]:
    return {
        setting.key: {
            "description": setting.help,
            **setting.notation.schema,
            **({"default": setting.default} if setting.notation.shows_default else {}),
        }
        for setting in table
    }


def account_schema(vocabulary: Vocabulary = RUNWAY_API) -> dict[str, Any]:
    """Return the JSON schema of the account form."""
    from fake_runway.core.faults.schema import fault_schema  # see `forms.py`

    return _closed(
        "How the account behaves. What is not said stays as the server was told at its start.",
        {
            **_of_settings(ACCOUNT),
            "faults": {
                "description": "What goes wrong with any call; counted for the whole world.",
                "type": "array",
                "items": fault_schema(vocabulary=vocabulary),
            },
        },
    )


def session_schema(vocabulary: Vocabulary = RUNWAY_API) -> dict[str, Any]:
    """Return the JSON schema of the session form."""
    from fake_runway.core.faults.schema import fault_schema  # see `forms.py`

    happening = _closed(
        "Something that happens by itself.",
        {
            "in": {
                "description": "The state in which it happens.",
                "enum": [state.value for state in State if state not in TERMINAL],
            },
            "event": {
                "description": "What happens.",
                "enum": [
                    *sorted(event.value for event in set(Event) - OF_THE_ACCOUNT),
                    NOTHING_HAPPENS,
                ],
            },
            "after": {"description": "How long after entering the state; 0s.", **DURATION.schema},
            "failure": _closed(
                "Why a session failed.",
                {"code": {"type": "string", "minLength": 1}, "text": {"type": "string"}},
                required=["code", "text"],
            ),
            **SHARE_SCHEMA,
        },
        required=["in", "event"],
    )
    return _closed(
        "How sessions go. This is the part that an avatar can choose.",
        {
            **_of_settings(SESSION),
            "then": {
                "description": "What happens by itself; of several things for a state at most one.",
                "type": "array",
                "items": happening,
            },
            "faults": {
                "description": "What goes wrong with calls about these sessions; counted for each"
                " session apart, creates for the world.",
                "type": "array",
                "items": fault_schema(vocabulary=vocabulary),
            },
        },
    )


def task_schema(vocabulary: Vocabulary = RUNWAY_API) -> dict[str, Any]:
    """Return the JSON schema of the task form."""
    from fake_runway.core.faults.schema import fault_schema  # see `forms.py`

    happening = _closed(
        "Something that happens by itself.",
        {
            "in": {
                "description": "The state in which it happens.",
                "enum": [state.value for state in TaskState if state not in TASK_TERMINAL],
            },
            "event": {
                "description": "What happens.",
                "enum": [
                    *sorted(event.value for event in set(TaskEvent) - TASK_KIND.automatic),
                    NOTHING_HAPPENS,
                ],
            },
            "after": {"description": "How long after entering the state; 0s.", **DURATION.schema},
            "failure": dict(FAILURE_SCHEMA),
            **SHARE_SCHEMA,
        },
        required=["in", "event"],
    )
    return _closed(
        "How tasks go. This is the part that a tag in a prompt can choose.",
        {
            **_of_settings(TASK),
            "then": {
                "description": "What happens by itself; of several things for a state at most one.",
                "type": "array",
                "items": happening,
            },
            "faults": {
                "description": "What goes wrong with calls about these tasks; counted for each"
                " task apart, creates for the world.",
                "type": "array",
                "items": fault_schema(vocabulary=vocabulary),
            },
        },
    )


def scenario_schema(vocabulary: Vocabulary = RUNWAY_API) -> dict[str, Any]:
    """Return the JSON schema of a scenario file, for editors and for our own check.

    Args:
        vocabulary: what its faults may name.
    """
    sentence = {"type": "string", "minLength": 1}
    bound = {
        "anyOf": [{"type": "string", "pattern": f"^{NAME_PATTERN}$"}, session_schema(vocabulary)]
    }
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
                "account": account_schema(vocabulary),
                "session": session_schema(vocabulary),
                "task": task_schema(vocabulary),
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
