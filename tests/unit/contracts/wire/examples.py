"""Bodies the contracts allow, and ways to spoil them, for the tests of this folder."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import strategies as st

Path = tuple[str | int, ...]

SESSION_ID = "0b9ff1c8-1d7f-4a6e-9f5b-2f3f6a1c7e10"
CREATED_AT = "2026-11-21T10:00:00.250Z"

PRESET = {"type": "runway-preset", "presetId": "influencer"}
CUSTOM = {"type": "custom", "avatarId": "7a3d1b52-90c4-4e0b-8c55-6f0a9d3e2b41"}
LIVEKIT_ROOM = {
    "url": "wss://rooms.example.com",
    "token": "t",
    "roomName": "room",
    "agentIdentity": "agent",
}
LIVEKIT = {"type": "livekit", **LIVEKIT_ROOM}
ELEVENLABS = {"type": "elevenlabs", "signedUrl": "wss://voices.example.com/agent?signature=1"}

PARAMETERS: list[dict[str, Any]] = [
    {"type": "string", "name": "city", "description": "d", "required": False, "enum": ["Oslo"]},
    {"type": "integer", "name": "days", "description": "d"},
    {"type": "number", "name": "budget", "description": "d"},
    {"type": "boolean", "name": "indoor", "description": "d", "required": True},
    {"type": "array", "name": "tags", "description": "d", "items": {"type": "string"}},
    {"type": "object", "name": "more", "description": "d", "properties": [{"any": ["thing"]}, 1]},
]
CLIENT_EVENT = {
    "type": "client_event",
    "name": "show_map",
    "description": "d",
    "parameters": PARAMETERS,
}
BACKEND_RPC = {
    "type": "backend_rpc",
    "name": "find_flight",
    "description": "d",
    "parameters": [],
    "timeoutSeconds": 2.5,
}

SMALLEST = {"model": "gwm1_avatars", "avatar": PRESET}
FULL = {
    **SMALLEST,
    "maxDuration": 300,
    "personality": "Kind.",
    "startScript": "Hello!",
    "tools": [CLIENT_EVENT, BACKEND_RPC],
    "integration": LIVEKIT,
    "livekit": LIVEKIT_ROOM,
}
OTHER_BRANCHES = {"model": "gwm1_avatars", "avatar": CUSTOM, "integration": ELEVENLABS}

SESSIONS: dict[str, dict[str, Any]] = {
    "NOT_READY": {"queued": True},
    "READY": {"expiresAt": "2026-11-21T10:05:00Z", "sessionKey": "stk_1"},
    "RUNNING": {},
    "COMPLETED": {"duration": 0},
    "FAILED": {"failure": "It broke.", "failureCode": "INTERNAL"},
    "CANCELLED": {},
}

PRESET_VOICE = {
    "type": "runway-live-preset",
    "presetId": "clara",
    "name": "Clara",
    "description": "Soft.",
}
CUSTOM_VOICE = {
    "type": "custom",
    "id": "c2a0f7de-3b55-4d9c-a1f4-8e6b0d2c9f13",
    "deleted": False,
    "name": "Mine",
    "description": None,
}
DELETED_VOICE = {"type": "custom", "id": CUSTOM_VOICE["id"], "deleted": True}
VOICES: list[dict[str, Any]] = [PRESET_VOICE, CUSTOM_VOICE, DELETED_VOICE]

AVATARS: dict[str, dict[str, Any]] = {
    "PROCESSING": {"startScript": None, "processedImageUri": None, "documentIds": []},
    "READY": {"voice": CUSTOM_VOICE},
    "FAILED": {
        "voice": DELETED_VOICE,
        "referenceImageUri": None,
        "processedImageUri": None,
        "failureReason": "No face was found.",
    },
}

ORGANIZATION = {
    "tier": {
        "maxMonthlyCreditSpend": 100_000,
        "models": {
            "gwm1_avatars": {"maxConcurrentGenerations": 20, "maxDailyGenerations": None},
            "gen4.5": {"maxConcurrentGenerations": None, "maxDailyGenerations": 0},
        },
    },
    "creditBalance": 0,
    "usage": {"models": {"gwm1_avatars": {"dailyGenerations": 3}}},
}

USAGE = {
    "results": [
        {"date": "2026-11-20", "usedCredits": [{"model": "gwm1_avatars", "amount": -2}]},
        {"date": "2026-11-21", "usedCredits": []},
    ],
    "models": ["gwm1_avatars"],
}


def session(status: str) -> dict[str, Any]:
    """Return a session as a GET shows it in `status`."""
    return {"id": SESSION_ID, "createdAt": CREATED_AT, "status": status, **SESSIONS[status]}


def avatar(status: str) -> dict[str, Any]:
    """Return an avatar as a GET shows it in `status`; each status has another voice."""
    return {
        "id": CUSTOM["avatarId"],
        "name": "Ada",
        "personality": "Kind.",
        "startScript": "Hello!",
        "voice": PRESET_VOICE,
        "referenceImageUri": "https://pictures.example.com/given.jpg",
        "processedImageUri": "https://pictures.example.com/shown.jpg",
        "documentIds": ["e4d7a610-5c2f-4b8e-9a03-71f6c8d5b2e9"],
        "createdAt": CREATED_AT,
        "updatedAt": CREATED_AT,
        "status": status,
        **AVATARS[status],
    }


def page(*statuses: str, following: str | None = None) -> dict[str, Any]:
    """Return a page with an avatar in each of `statuses`; `following` is the next cursor."""
    data = [avatar(status) for status in statuses]
    return {"data": data, "hasMore": following is not None, "nextCursor": following}


def at(body: Any, path: Path) -> Any:
    """Return the value at `path` in `body`."""
    for step in path:
        body = body[step]
    return body


def replaced(body: Any, path: Path, value: object) -> Any:
    """Return a copy of `body` with `value` at `path`, which may be a new key."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def removed(body: Any, path: Path) -> Any:
    """Return a copy of `body` without the value at `path`."""
    changed = copy.deepcopy(body)
    del at(changed, path[:-1])[path[-1]]
    return changed


def places(body: object, here: Path = ()) -> Iterator[Path]:
    """Yield the path of `body` itself and of everything in it."""
    yield here
    if isinstance(body, dict):
        for key, value in body.items():
            yield from places(value, (*here, key))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from places(value, (*here, index))


# No line breaks: the plain engine reads `$` as Python does; `test_schema.py` has that case.
TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=5)
SMALL = st.integers(-1, 2000)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    SMALL,
    st.floats(0, 10),
    st.just(300.0),
    TEXTS,
    st.sampled_from([0, 1, 63, 64, 65, 257, 1025, 2049]).map(lambda length: "a" * length),
    st.sampled_from(["custom", "livekit", "string", "object", "backend_rpc", "READY", "a:b"]),
    st.just([]),
    st.lists(st.one_of(TEXTS, SMALL), min_size=19, max_size=21),
    st.sampled_from([{}, PRESET, CUSTOM, LIVEKIT, ELEVENLABS, CLIENT_EVENT, PARAMETERS]),
    st.dictionaries(TEXTS, SMALL, max_size=2),
)


@st.composite
def spoiled(draw: st.DrawFn, *originals: object) -> Any:
    """Draw one of `originals` with up to four changes, as it would come off the wire.

    Half of them are only nudged, so that a good part of the results is still valid.
    """
    body: Any = draw(st.sampled_from(originals))
    change = draw(st.sampled_from([_nudge, _upset]))
    for _ in range(draw(st.integers(0, 4))):
        body = change(draw, body, draw(st.sampled_from(list(places(body)))))
    return orjson.loads(orjson.dumps(body))


def _nudge(draw: st.DrawFn, body: Any, path: Path) -> Any:
    """Put another value of the same type in the place of one."""
    match at(body, path):
        case bool():
            return replaced(body, path, draw(st.booleans()))
        case int() | float():
            return replaced(body, path, draw(st.integers(1, 300)))
        case str() as text:
            longer = text + "a" * draw(st.integers(0, 64))
            return replaced(body, path, draw(st.sampled_from([text.upper(), longer])))
        case list() as items:
            return replaced(body, path, items * draw(st.integers(0, 5)))
    return removed(body, path) if path else body


def _upset(draw: st.DrawFn, body: Any, path: Path) -> Any:
    """Replace or remove a value, or add a key."""
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "remove" and path:
        return removed(body, path)
    if how == "add" and isinstance(at(body, path), dict):
        key = draw(st.one_of(TEXTS, st.sampled_from(["type", "livekit", "enum", "queued"])))
        return replaced(body, (*path, key), draw(VALUES))
    return replaced(body, path, draw(VALUES))
