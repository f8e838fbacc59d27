"""The JSON schema of scenario files."""

from typing import Any

from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
)
from fake_runway.core.faults.schema import fault_schema
from fake_runway.core.lifecycles.session import TERMINAL, Event, State
from fake_runway.core.scenario.settings import ErrorStyle, KeyState, Limits

NAME_PATTERN = "[a-z0-9]+(-[a-z0-9]+)*"


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
