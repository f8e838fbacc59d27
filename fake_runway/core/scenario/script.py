"""Scripts and the setup of calls as data: their JSON schema, parsing and describing.

Parsing and describing are inverse to each other, as in `forms.py`. A step is a mapping with one
key. Only a tool call has steps inside it, and those have none, so that a script has two levels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fake_runway.core.durations import parse_span, written_span
from fake_runway.core.problems import inside
from fake_runway.core.scenario.notations import SPAN, Notation, choice, member
from fake_runway.core.sessions.script import (
    DEFAULT_WORDS_PER_S,
    AvatarAppears,
    CallSetup,
    CallTool,
    DataDelivery,
    DropSocket,
    EndCall,
    FreezeVideo,
    Leave,
    MuteAudio,
    Say,
    SendClientEvent,
    SendData,
    StaySilent,
    Step,
    TranscriptForm,
    Wait,
    WaitForSpeech,
)
from fake_runway.core.types import Json

MOST_STEPS = 200
"""Of a script; after a tool call a tenth of it."""

REASONS = (
    *("CLIENT_INITIATED", "DUPLICATE_IDENTITY", "SERVER_SHUTDOWN", "PARTICIPANT_REMOVED"),
    *("ROOM_DELETED", "STATE_MISMATCH", "JOIN_FAILURE", "MIGRATION", "SIGNAL_CLOSE"),
    *("ROOM_CLOSED", "USER_UNAVAILABLE", "USER_REJECTED", "SIP_TRUNK_FAILURE"),
    *("CONNECTION_TIMEOUT", "MEDIA_FAILURE", "AGENT_ERROR"),
)
"""Why a server makes a client leave. Source: `DisconnectReason` of LiveKit's protocol."""

_TEXT = {"type": "string", "minLength": 1, "maxLength": 2_000}  # as long as a startScript
_TOOL = {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]{0,63}$"}  # as the API's Identifier
_ARGS = {"description": "What the tool is given.", "type": "object"}
_FLAG = {"type": "boolean"}


def _closed(properties: Json, *required: str, **more: Any) -> dict[str, Any]:
    shape = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return {**shape, "required": list(required)} if required else shape


class _Kind(NamedTuple):
    """One kind of step: the schema behind its key, and both directions."""

    type: type[Step]
    schema: Json
    parse: Callable[[Any], Step]
    write: Callable[[Any], object]


def _parse_say(value: str | Json) -> Say:
    if isinstance(value, str):
        return Say(value)
    return Say(value["text"], float(value.get("words_per_s", DEFAULT_WORDS_PER_S)))


def _write_say(step: Say) -> str | Json:
    if step.words_per_s == DEFAULT_WORDS_PER_S:
        return step.text
    return {"text": step.text, "words_per_s": step.words_per_s}


def _parse_call(value: Json) -> CallTool:
    timeout_s = None
    if "timeout" in value:
        with inside("timeout"):
            timeout_s = parse_span(value["timeout"])
    then = value.get("then", {})
    with inside("then"):
        after = {field: _parse_list(then.get(key, ()), key) for key, field in _AFTER.items()}
    return CallTool(value["tool"], dict(value.get("args", {})), timeout_s, **after)


def _parse_list(steps: Sequence[Json], key: str) -> tuple[Step, ...]:
    with inside(key):
        return parse_script(steps)


def _write_call(step: CallTool) -> Json:
    written: dict[str, Any] = {"tool": step.tool, "args": dict(step.args)}
    if step.timeout_s is not None:
        written["timeout"] = written_span(step.timeout_s)
    then = {key: describe_script(getattr(step, field)) for key, field in _AFTER.items()}
    if kept := {key: steps for key, steps in then.items() if steps}:
        written["then"] = kept
    return written


def _parse_listening(value: Json) -> WaitForSpeech:
    if "at_most" not in value:
        return WaitForSpeech()
    with inside("at_most"):
        return WaitForSpeech(parse_span(value["at_most"]))


def _write_listening(step: WaitForSpeech) -> Json:
    return {} if step.at_most_s is None else {"at_most": written_span(step.at_most_s)}


_AFTER: Mapping[str, str] = {"answered": "answered", "failed": "failed", "timeout": "timed_out"}
_JUST_TRUE = {"const": True}
_KINDS: Mapping[str, _Kind] = {
    "say": _Kind(
        Say,
        {
            "description": "Says a text, in the transcript word by word; the startScript is said"
            f" before all steps. {DEFAULT_WORDS_PER_S:g} words per second.",
            "anyOf": [
                _TEXT,
                _closed(
                    {
                        "text": _TEXT,
                        "words_per_s": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
                    },
                    "text",
                ),
            ],
        },
        _parse_say,
        _write_say,
    ),
    "client_event": _Kind(
        SendClientEvent,
        {
            "description": "Calls a client_event tool that the session declared.",
            **_closed({"tool": _TOOL, "args": _ARGS}, "tool"),
        },
        lambda value: SendClientEvent(value["tool"], dict(value.get("args", {}))),
        lambda step: {"tool": step.tool, "args": dict(step.args)},
    ),
    "call_tool": _Kind(
        CallTool,
        {
            "description": "Calls a backend_rpc tool that the session declared, and goes on by what"
            " comes of it.",
            **_closed(
                {
                    "tool": _TOOL,
                    "args": _ARGS,
                    "timeout": {
                        "description": "Without it, as the tool declared.",
                        **SPAN.schema,
                    },
                },
                "tool",
            ),
        },
        _parse_call,
        _write_call,
    ),
    "wait": _Kind(
        Wait,
        {"description": "Waits, and does what the admin API tells it meanwhile.", **SPAN.schema},
        lambda value: Wait(parse_span(value)),
        lambda step: written_span(step.span_s),
    ),
    "silence": _Kind(
        StaySilent,
        {"description": "Waits; what the admin API tells it is done afterwards.", **SPAN.schema},
        lambda value: StaySilent(parse_span(value)),
        lambda step: written_span(step.span_s),
    ),
    "wait_for_speech": _Kind(
        WaitForSpeech,
        {
            "description": "Waits until a user has spoken, by the level of the sound.",
            **_closed({"at_most": SPAN.schema}),
        },
        _parse_listening,
        _write_listening,
    ),
    "leave": _Kind(
        Leave,
        {
            "description": "The server makes everyone leave the room.",
            **_closed({"reason": {"enum": list(REASONS)}}, "reason"),
        },
        lambda value: Leave(value["reason"]),
        lambda step: {"reason": step.reason},
    ),
    "end": _Kind(
        EndCall,
        {"description": "Ends the call; the session is completed.", **_JUST_TRUE},
        lambda _: EndCall(),
        lambda _: True,
    ),
    "freeze_video": _Kind(
        FreezeVideo,
        {"description": "The picture stands still, or moves again.", **_FLAG},
        lambda value: FreezeVideo(on=value),
        lambda step: step.on,
    ),
    "mute_audio": _Kind(
        MuteAudio,
        {"description": "No sound comes, or comes again.", **_FLAG},
        lambda value: MuteAudio(on=value),
        lambda step: step.on,
    ),
    "drop_socket": _Kind(
        DropSocket,
        {"description": "Breaks everyone's connection, as a bad network does.", **_JUST_TRUE},
        lambda _: DropSocket(),
        lambda _: True,
    ),
    "send": _Kind(
        SendData,
        {
            "description": "Sends a data packet of any text.",
            **_closed(
                {
                    "data": {"type": "string", "maxLength": 15_000},  # a reliable packet's limit
                    "times": {"type": "integer", "minimum": 1, "maximum": 1_000},
                },
                "data",
            ),
        },
        lambda value: SendData(value["data"], int(value.get("times", 1))),
        lambda step: {"data": step.text, "times": step.times},
    ),
}
_KEY_OF = {kind.type: key for key, kind in _KINDS.items()}


def _step_schema(*, then: Json | None = None) -> dict[str, Any]:
    steps = {key: kind.schema for key, kind in _KINDS.items()}
    if then is not None:
        call = _KINDS["call_tool"].schema
        steps["call_tool"] = {**call, "properties": {**call["properties"], "then": then}}
    return _closed(steps, minProperties=1, maxProperties=1)


def script_schema() -> dict[str, Any]:
    """Return the JSON schema of a script."""
    after = {"type": "array", "items": _step_schema(), "maxItems": MOST_STEPS // 10}
    then = _closed(dict.fromkeys(_AFTER, after))
    then["description"] = "What follows an answer, an error, and neither in time."
    return {"type": "array", "items": _step_schema(then=then), "maxItems": MOST_STEPS}


def parse_script(steps: Sequence[Json]) -> tuple[Step, ...]:
    """Return the steps that data, valid by `script_schema`, describes.

    Raises:
        WrongScenario: with the first place that is wrong.
    """
    parsed = []
    for index, step in enumerate(steps):
        ((key, value),) = step.items()
        with inside(index, key):
            parsed.append(_KINDS[key].parse(value))
    return tuple(parsed)


def describe_script(script: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the data from which `parse_script` makes `script`."""
    keys = [_KEY_OF[type(step)] for step in script]
    return [{key: _KINDS[key].write(step)} for key, step in zip(keys, script, strict=True)]


# The setup of a call


class _Part(NamedTuple):
    """A key of the setup: the field of `CallSetup` that it sets, and how it is written."""

    field: str
    notation: Notation
    description: str


_SETUP: Mapping[str, _Part] = {
    "join": _Part(
        "refuses_join",
        choice({"accept": False, "refuse": True}),
        "What becomes of those who join.",
    ),
    "avatar": _Part(
        "avatar",
        member(AvatarAppears),
        "When the avatar appears; if it never does, no script is played.",
    ),
    "avatar_after": _Part("avatar_after_s", SPAN, "From the first join to an avatar that is late."),
    "transcript": _Part(
        "transcript",
        member(TranscriptForm),
        "How transcripts are sent: as data of Runway's, as LiveKit's own packets, or as both.",
    ),
    "data": _Part(
        "data", member(DataDelivery), "What becomes of each transcript and client event."
    ),
}


def setup_schema() -> dict[str, Any]:
    """Return the JSON schema of the setup of calls."""
    parts = {
        key: {"description": part.description, **part.notation.schema}
        for key, part in _SETUP.items()
    }
    return _closed(parts)


def parse_setup(given: Json) -> Mapping[str, Any]:
    """Return the fields of `CallSetup` that data, valid by `setup_schema`, sets.

    Raises:
        WrongScenario: with the first place that is wrong.
    """
    fields = {}
    for key, value in given.items():
        with inside(key):
            fields[_SETUP[key].field] = _SETUP[key].notation.parse(value)
    return fields


def merge_setup(fields: Mapping[str, Any], setup: CallSetup) -> CallSetup:
    """Return `setup` with parsed fields set."""
    return replace(setup, **fields)


def describe_setup(setup: CallSetup) -> dict[str, Any]:
    """Return the data from which `parse_setup` makes every field of `setup`."""
    return {key: part.notation.write(getattr(setup, part.field)) for key, part in _SETUP.items()}
