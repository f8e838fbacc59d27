"""The rules of the Runway contract: every limit, every union, every kind of mistake."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.wire.schema import BodyValidator, Kind, PlainValidator, Problem, load
from tests.unit.contracts.wire.examples import (
    AVATARS,
    BACKEND_RPC,
    CLIENT_EVENT,
    CREATED_AT,
    CUSTOM,
    CUSTOM_VOICE,
    ELEVENLABS,
    FULL,
    LIVEKIT,
    LIVEKIT_ROOM,
    ORGANIZATION,
    OTHER_BRANCHES,
    PARAMETERS,
    PRESET_VOICE,
    SESSION_ID,
    SESSIONS,
    SMALLEST,
    USAGE,
    VOICES,
    Path,
    avatar,
    page,
    removed,
    replaced,
    session,
)

CREATE = BodyValidator(load("runway").schema("CreateSession"))

EVENT: Path = ("tools", 0)
RPC: Path = ("tools", 1)
PARAMETER: Path = (*EVENT, "parameters", 0)
ARRAY: Path = (*EVENT, "parameters", 4)
OBJECT: Path = (*EVENT, "parameters", 5)


def checked(shape: str, value: object) -> list[Problem]:
    """Return the problems of `value` as the shape `shape` of the Runway contract."""
    return PlainValidator(load("runway").schema(shape)).problems(value)


def found(problems: list[Problem]) -> list[tuple[Path, Kind]]:
    """Return where the problems are and of what kind."""
    return [(problem.path, problem.kind) for problem in problems]


@pytest.mark.parametrize(
    "body", [SMALLEST, FULL, OTHER_BRANCHES], ids=["smallest", "full", "other"]
)
def test_create_accepts(body: object) -> None:
    """The smallest body, one with every field, and one with the other branches are accepted."""
    assert CREATE.problems(body) == []
    assert CREATE.is_valid(body)


# place, what is still allowed, what is not, and the problem of that
LIMITS: list[tuple[Path, Any, Any, list[Kind]]] = [
    (("maxDuration",), 10, 9, [Kind.MINIMUM]),
    (("maxDuration",), 1800, 1801, [Kind.MAXIMUM]),
    (("personality",), "a", "", [Kind.MIN_LENGTH]),
    (("personality",), "a" * 10_000, "a" * 10_001, [Kind.MAX_LENGTH]),
    (("startScript",), "a", "", [Kind.MIN_LENGTH]),
    (("startScript",), "a" * 2000, "a" * 2001, [Kind.MAX_LENGTH]),
    (("tools",), [BACKEND_RPC] * 20, [BACKEND_RPC] * 21, [Kind.MAX_ITEMS]),
    *(
        limit
        for tool in (EVENT, RPC, PARAMETER)
        for limit in [
            ((*tool, "name"), "a", "", [Kind.MIN_LENGTH, Kind.PATTERN]),
            ((*tool, "name"), "a" * 64, "a" * 65, [Kind.MAX_LENGTH]),
            ((*tool, "name"), "_1", "1", [Kind.PATTERN]),
            ((*tool, "name"), "Az_09", "Az-09", [Kind.PATTERN]),
            ((*tool, "name"), "a", "a\n", [Kind.PATTERN]),
            ((*tool, "name"), "a", "é", [Kind.PATTERN]),
            ((*tool, "description"), "a", "", [Kind.MIN_LENGTH]),
            ((*tool, "description"), "a" * 1024, "a" * 1025, [Kind.MAX_LENGTH]),
        ]
    ),
    ((*EVENT, "parameters"), PARAMETERS[:1] * 20, PARAMETERS[:1] * 21, [Kind.MAX_ITEMS]),
    ((*RPC, "parameters"), PARAMETERS[:1] * 20, PARAMETERS[:1] * 21, [Kind.MAX_ITEMS]),
    ((*RPC, "timeoutSeconds"), 1, 0.99, [Kind.MINIMUM]),
    ((*RPC, "timeoutSeconds"), 8, 8.01, [Kind.MAXIMUM]),
    ((*PARAMETER, "enum"), ["a"] * 20, ["a"] * 21, [Kind.MAX_ITEMS]),
    ((*PARAMETER, "enum", 0), "a" * 64, "a" * 65, [Kind.MAX_LENGTH]),
    ((*OBJECT, "properties"), [None] * 20, [None] * 21, [Kind.MAX_ITEMS]),
    *(
        limit
        for room in ("integration", "livekit")
        for limit in [
            ((room, "token"), "a", "", [Kind.MIN_LENGTH]),
            ((room, "token"), "a" * 2048, "a" * 2049, [Kind.MAX_LENGTH]),
            ((room, "roomName"), "a", "", [Kind.MIN_LENGTH]),
            ((room, "roomName"), "a" * 256, "a" * 257, [Kind.MAX_LENGTH]),
            ((room, "agentIdentity"), "a", "", [Kind.MIN_LENGTH]),
            ((room, "agentIdentity"), "a" * 256, "a" * 257, [Kind.MAX_LENGTH]),
            ((room, "url"), "ws:x", "ws:", [Kind.PATTERN]),
            ((room, "url"), "wss://127.0.0.1:7880", "127.0.0.1:7880", [Kind.PATTERN]),
            ((room, "url"), "a+b-c.d:x", "", [Kind.PATTERN]),
            ((room, "url"), "wss://a/b", "wss://a b", [Kind.PATTERN]),
            ((room, "url"), "wss://a", "wss://a\n", [Kind.PATTERN]),
        ]
    ),
]


@pytest.mark.parametrize(("path", "allowed", "refused", "kinds"), LIMITS)
def test_create_limits(path: Path, allowed: object, refused: object, kinds: list[Kind]) -> None:
    """The last allowed value passes; one beyond is refused at exactly its place."""
    assert CREATE.problems(replaced(FULL, path, allowed)) == []

    problems = CREATE.problems(replaced(FULL, path, refused))

    assert found(problems) == [(path, kind) for kind in kinds]


WRONG_TYPES: list[tuple[Path, Any, tuple[str, ...]]] = [
    ((), None, ("object",)),
    ((), [], ("object",)),
    (("avatar",), "influencer", ("object",)),
    (("maxDuration",), "300", ("integer",)),
    (("maxDuration",), 10.5, ("integer",)),
    (("maxDuration",), True, ("integer",)),
    (("maxDuration",), None, ("integer",)),
    (("personality",), None, ("string",)),
    (("startScript",), 1, ("string",)),
    (("tools",), {}, ("array",)),
    (("tools",), None, ("array",)),
    (EVENT, "tool", ("object",)),
    ((*EVENT, "name"), 1, ("string",)),
    ((*EVENT, "parameters"), {}, ("array",)),
    ((*RPC, "timeoutSeconds"), "4", ("number",)),
    (PARAMETER, 1, ("object",)),
    ((*PARAMETER, "required"), "yes", ("boolean",)),
    ((*PARAMETER, "enum"), "a", ("array",)),
    ((*PARAMETER, "enum", 0), 1, ("string",)),
    ((*ARRAY, "items"), "string", ("object",)),
    ((*OBJECT, "properties"), {}, ("array",)),
    (("integration",), None, ("object",)),
    (("integration", "url"), 1, ("string",)),
    (("livekit",), [], ("object",)),
]


@pytest.mark.parametrize(("path", "value", "expected"), WRONG_TYPES)
def test_create_types(path: Path, value: object, expected: tuple[str, ...]) -> None:
    """A value of another type is one problem, at its place, with the type that was expected."""
    (problem,) = CREATE.problems(replaced(FULL, path, value))

    assert (problem.path, problem.kind, problem.expected) == (path, Kind.TYPE, expected)


def test_whole_floats_are_integers() -> None:
    """300.0 is an integer to JSON schema, as it is to JavaScript."""
    assert CREATE.is_valid(replaced(FULL, ("maxDuration",), 300.0))


REQUIRED: list[tuple[object, Path, tuple[str, ...]]] = [
    (FULL, ("model",), ("string",)),
    (FULL, ("avatar",), ("object",)),
    (FULL, ("avatar", "type"), ("string",)),
    (FULL, ("avatar", "presetId"), ("string",)),
    (OTHER_BRANCHES, ("avatar", "avatarId"), ("string",)),
    *((FULL, (*EVENT, key), ("string",)) for key in ("type", "name", "description")),
    *((FULL, (*RPC, key), ("string",)) for key in ("type", "name", "description")),
    *(
        (FULL, (*EVENT, "parameters", index, key), ("string",))
        for index in range(len(PARAMETERS))
        for key in ("type", "name", "description")
    ),
    (FULL, (*ARRAY, "items"), ("object",)),
    (FULL, (*ARRAY, "items", "type"), ("string",)),
    (FULL, (*OBJECT, "properties"), ("array",)),
    (OTHER_BRANCHES, ("integration", "signedUrl"), ("string",)),
    *((FULL, ("integration", key), ("string",)) for key in LIVEKIT if key != "agentIdentity"),
    *((FULL, ("livekit", key), ("string",)) for key in LIVEKIT_ROOM if key != "agentIdentity"),
]


@pytest.mark.parametrize(("body", "path", "expected"), REQUIRED)
def test_create_required(body: object, path: Path, expected: tuple[str, ...]) -> None:
    """A missing key is one problem, at the place where the key should be."""
    problems = CREATE.problems(removed(body, path))

    assert problems == [Problem(path, Kind.REQUIRED, expected, "nothing")]


OPTIONAL: list[Path] = [
    *((key,) for key in ("maxDuration", "personality", "startScript", "tools")),
    *((key,) for key in ("integration", "livekit")),
    *((room, "agentIdentity") for room in ("integration", "livekit")),
    *((*tool, "parameters") for tool in (EVENT, RPC)),
    (*RPC, "timeoutSeconds"),
    (*PARAMETER, "required"),
    (*PARAMETER, "enum"),
]


@pytest.mark.parametrize("path", OPTIONAL)
def test_create_optional(path: Path) -> None:
    """Optional fields can be left out."""
    assert CREATE.is_valid(removed(FULL, path))


OBJECTS: list[tuple[object, Path]] = [
    (FULL, ()),
    (FULL, ("avatar",)),
    (OTHER_BRANCHES, ("avatar",)),
    (FULL, EVENT),
    (FULL, RPC),
    *((FULL, (*EVENT, "parameters", index)) for index in range(len(PARAMETERS))),
    (FULL, (*ARRAY, "items")),
    (FULL, ("integration",)),
    (OTHER_BRANCHES, ("integration",)),
    (FULL, ("livekit",)),
]


@pytest.mark.parametrize(("body", "path"), OBJECTS)
def test_create_is_closed(body: object, path: Path) -> None:
    """Unknown keys are one problem of the object that has them, with their names."""
    body = replaced(body, (*path, "surprise"), 1)
    body = replaced(body, (*path, "a b"), None)

    problems = CREATE.problems(body)

    assert problems == [Problem(path, Kind.UNKNOWN_KEY, (), "object", keys=("surprise", "a b"))]


def test_object_parameters_hold_anything() -> None:
    """The properties of an object parameter are not checked."""
    anything: list[object] = [None, 1, "a", [], {"type": "nonsense"}]

    assert CREATE.is_valid(replaced(FULL, (*OBJECT, "properties"), anything))


CHOICES: list[tuple[Path, tuple[str, ...]]] = [
    (("avatar", "type"), ("runway-preset", "custom")),
    ((*EVENT, "type"), ("client_event", "backend_rpc")),
    ((*PARAMETER, "type"), ("string", "integer", "number", "boolean", "array", "object")),
    ((*ARRAY, "items", "type"), ("string", "integer", "number", "boolean")),
    (("integration", "type"), ("elevenlabs", "livekit")),
    (
        ("avatar", "presetId"),
        (
            "game-character",
            "music-superstar",
            "game-character-man",
            "cat-character",
            "influencer",
            "tennis-coach",
            "human-resource",
            "fashion-designer",
            "cooking-teacher",
        ),
    ),
]


@pytest.mark.parametrize("value", ["other", "", None, 1, ["custom"], {}], ids=repr)
@pytest.mark.parametrize(("path", "choices"), CHOICES)
def test_create_choices(path: Path, choices: tuple[str, ...], value: object) -> None:
    """A value outside a choice is one problem that lists the choices, for any type."""
    (problem,) = CREATE.problems(replaced(FULL, path, value))

    assert (problem.path, problem.kind, problem.expected) == (path, Kind.ENUM, choices)


@pytest.mark.parametrize("model", ["gen4.5", "", None, 1])
def test_create_model(model: object) -> None:
    """There is one model."""
    (problem,) = CREATE.problems(replaced(FULL, ("model",), model))

    assert (problem.path, problem.kind) == (("model",), Kind.CONST)
    assert problem.expected == "gwm1_avatars"


UNIONS: list[tuple[Path, list[dict[str, Any]]]] = [
    (("avatar",), [{"type": "runway-preset", "presetId": "influencer"}, CUSTOM]),
    (EVENT, [CLIENT_EVENT, BACKEND_RPC]),
    (PARAMETER, PARAMETERS),
    (("integration",), [ELEVENLABS, LIVEKIT]),
]


@pytest.mark.parametrize(
    ("path", "branch"), [(path, branch) for path, branches in UNIONS for branch in branches]
)
def test_unions_take_each_branch(path: Path, branch: dict[str, Any]) -> None:
    """Each branch of each union is accepted, and judged by its own rules when it is incomplete."""
    assert CREATE.is_valid(replaced(FULL, path, branch))

    problems = CREATE.problems(replaced(FULL, path, {"type": branch["type"]}))

    assert problems
    assert {(problem.path[:-1], problem.kind) for problem in problems} == {(path, Kind.REQUIRED)}


def test_fields_of_another_branch_are_unknown() -> None:
    """The discriminator decides: a field of the other branch is an unknown key."""
    body = replaced(FULL, (*EVENT, "timeoutSeconds"), 2)

    (problem,) = CREATE.problems(body)

    assert (problem.path, problem.keys) == (EVENT, ("timeoutSeconds",))


UUIDS = [
    ("7a3d1b52-90c4-4e0b-8c55-6f0a9d3e2b41", True),
    ("7A3D1B52-90C4-4E0B-BC55-6F0A9D3E2B41", True),
    ("7a3d1b52-90c4-1e0b-8c55-6f0a9d3e2b41", False),  # version 1
    ("7a3d1b52-90c4-4e0b-7c55-6f0a9d3e2b41", False),  # another variant
    ("7a3d1b5290c44e0b8c556f0a9d3e2b41", False),
    ("{7a3d1b52-90c4-4e0b-8c55-6f0a9d3e2b41}", False),
    ("7a3d1b52-90c4-4e0b-8c55-6f0a9d3e2b41\n", False),
    ("influencer", False),
]


@pytest.mark.parametrize(("text", "valid"), UUIDS)
def test_ids_are_version_4_uuids(text: str, valid: bool) -> None:
    """Ids of avatars, sessions, documents and voices are version 4 UUIDs, in either case."""
    avatar = CREATE.problems(replaced(OTHER_BRANCHES, ("avatar", "avatarId"), text))

    assert found(avatar) == ([] if valid else [(("avatar", "avatarId"), Kind.PATTERN)])
    for shape in ("AvatarId", "SessionId", "DocumentId", "VoiceId"):
        assert found(checked(shape, text)) == ([] if valid else [((), Kind.PATTERN)])


INSTANTS = [
    (CREATED_AT, True),
    ("2026-11-21T10:00:00Z", True),
    ("2026-11-21T23:59:59.123456789Z", True),
    ("2026-11-21T10:00:00+00:00", False),
    ("2026-11-21T10:00:00", False),
    ("2026-11-21 10:00:00Z", False),
    ("2026-11-21T24:00:00Z", False),
    ("2026-11-21T10:60:00Z", False),
    ("2026-13-21T10:00:00Z", False),
    ("2026-11-32T10:00:00Z", False),
    ("2026-11-21T10:00:00.Z", False),
    ("2026-11-21T10:00:00Z\n", False),
    ("2026-11-21", False),
]


@pytest.mark.parametrize(("text", "valid"), INSTANTS)
def test_instants(text: str, valid: bool) -> None:
    """Instants are UTC with Z, with or without a fraction."""
    assert (checked("DateTime", text) == []) is valid


@pytest.mark.parametrize("status", SESSIONS)
def test_session_by_status(status: str) -> None:
    """A session has exactly the keys of its status."""
    whole = session(status)
    assert checked("Session", whole) == []

    for key in whole.keys() - {"queued"}:
        assert found(checked("Session", removed(whole, (key,)))) == [((key,), Kind.REQUIRED)]
    for key in {"queued", "expiresAt", "sessionKey", "duration", "failure"} - whole.keys():
        (problem,) = checked("Session", {**whole, key: 1})
        assert (problem.path, problem.keys) == ((), (key,))


def test_session_status_is_one_of_six() -> None:
    """An unknown status is one problem, not as six shapes that do not fit."""
    (problem,) = checked("Session", {**session("RUNNING"), "status": "EXPIRED"})

    assert (problem.path, problem.kind) == (("status",), Kind.ENUM)
    assert problem.expected == tuple(SESSIONS)


def test_session_queued_is_optional() -> None:
    """A session that is not ready may omit `queued`."""
    assert checked("Session", removed(session("NOT_READY"), ("queued",))) == []


@pytest.mark.parametrize(
    ("value", "kind"), [(-1, Kind.MINIMUM), (1.5, Kind.TYPE), (None, Kind.TYPE)]
)
def test_session_duration(value: object, kind: Kind) -> None:
    """A duration is a whole number of seconds, not below zero."""
    problems = checked("Session", {**session("COMPLETED"), "duration": value})

    assert found(problems) == [(("duration",), kind)]


def test_created_session_is_an_id_only() -> None:
    """A create answers with the id and nothing else."""
    assert checked("CreatedSession", {"id": SESSION_ID}) == []
    assert found(checked("CreatedSession", {})) == [(("id",), Kind.REQUIRED)]
    assert found(checked("CreatedSession", session("RUNNING"))) == [((), Kind.UNKNOWN_KEY)]


def test_credentials() -> None:
    """Credentials are an address, a token and a room, none of them empty."""
    good = {"url": "ws://127.0.0.1:7880", "token": "t", "roomName": "r"}
    assert checked("Credentials", good) == []

    for key, kind in {
        "url": Kind.PATTERN,
        "token": Kind.MIN_LENGTH,
        "roomName": Kind.MIN_LENGTH,
    }.items():
        assert found(checked("Credentials", {**good, key: ""})) == [((key,), kind)]
        assert found(checked("Credentials", removed(good, (key,)))) == [((key,), Kind.REQUIRED)]
    assert found(checked("Credentials", {**good, "serverUrl": "x"})) == [((), Kind.UNKNOWN_KEY)]


@pytest.mark.parametrize("status", AVATARS)
def test_avatar_by_status(status: str) -> None:
    """An avatar has exactly the keys of its status, and only a failed one has a reason."""
    whole = avatar(status)
    assert checked("AvatarDetails", whole) == []

    for key in whole:
        assert found(checked("AvatarDetails", removed(whole, (key,)))) == [((key,), Kind.REQUIRED)]
    for key in {"failureReason", "failureCode", "presetId"} - whole.keys():
        (problem,) = checked("AvatarDetails", {**whole, key: "x"})
        assert (problem.path, problem.keys) == ((), (key,))


def test_avatar_status_is_one_of_three() -> None:
    """An unknown status is one problem, also one that only sessions have."""
    (problem,) = checked("AvatarDetails", {**avatar("READY"), "status": "RUNNING"})

    assert (problem.path, problem.kind) == (("status",), Kind.ENUM)
    assert problem.expected == ("PROCESSING", "READY", "FAILED")


@pytest.mark.parametrize("status", AVATARS)
def test_avatar_may_lack_three_things(status: str) -> None:
    """The script and the two pictures are null where there are none, and nothing else is."""
    whole = avatar(status)
    nullable = {"startScript", "referenceImageUri", "processedImageUri"}
    for key in nullable:
        assert checked("AvatarDetails", {**whole, key: None}) == []
        assert checked("AvatarDetails", {**whole, key: "x"}) == []

    for key in whole.keys() - nullable - {"status"}:
        (problem,) = checked("AvatarDetails", {**whole, key: None})
        assert (problem.path, problem.kind) == ((key,), Kind.TYPE)


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        (("id",), "influencer", Kind.PATTERN),
        (("name",), 1, Kind.TYPE),
        (("personality",), ["Kind."], Kind.TYPE),
        (("startScript",), 1, Kind.TYPE),
        (("voice",), "clara", Kind.TYPE),
        (("voice", "id"), "clara", Kind.PATTERN),
        (("voice", "deleted"), None, Kind.TYPE),
        (("referenceImageUri",), {}, Kind.TYPE),
        (("processedImageUri",), False, Kind.TYPE),
        (("documentIds",), {}, Kind.TYPE),
        (("documentIds", 0), "guide", Kind.PATTERN),
        (("documentIds", 0), None, Kind.TYPE),
        (("createdAt",), "2026-11-21", Kind.PATTERN),
        (("updatedAt",), 1_795_000_000, Kind.TYPE),
    ],
)
def test_avatar_refuses(path: Path, value: object, kind: Kind) -> None:
    """A wrong value is one problem, at its place."""
    problems = checked("AvatarDetails", replaced(avatar("READY"), path, value))

    assert found(problems) == [(path, kind)]


def test_avatar_failure_reason() -> None:
    """The reason of a failure is a text."""
    problems = checked("AvatarDetails", {**avatar("FAILED"), "failureReason": None})

    assert found(problems) == [(("failureReason",), Kind.TYPE)]


@pytest.mark.parametrize("voice", VOICES, ids=["preset", "custom", "deleted"])
def test_voice(voice: dict[str, Any]) -> None:
    """A voice is a preset, or of the account, which may have deleted it; each is closed."""
    assert checked("Voice", voice) == []

    (problem,) = checked("Voice", {**voice, "previewUrl": "x"})
    assert (problem.path, problem.keys) == ((), ("previewUrl",))


@pytest.mark.parametrize(
    ("voice", "optional"),
    [(PRESET_VOICE, set()), (CUSTOM_VOICE, {"name", "description"})],
    ids=["preset", "custom"],
)
def test_voice_keys(voice: dict[str, Any], optional: set[str]) -> None:
    """A preset voice has all keys; one of the account may lack name and description."""
    for key in voice:
        expected = [] if key in optional else [((key,), Kind.REQUIRED)]
        assert found(checked("Voice", removed(voice, (key,)))) == expected


@pytest.mark.parametrize(
    ("voice", "path", "kind"),
    [
        ({**PRESET_VOICE, "type": "runway-preset"}, ("type",), Kind.ENUM),
        ({**PRESET_VOICE, "presetId": "Maya"}, ("presetId",), Kind.ENUM),
        ({**PRESET_VOICE, "description": None}, ("description",), Kind.TYPE),
        ({**PRESET_VOICE, "deleted": False}, (), Kind.UNKNOWN_KEY),
        ({**CUSTOM_VOICE, "presetId": "clara"}, (), Kind.UNKNOWN_KEY),
        ({**CUSTOM_VOICE, "name": None}, ("name",), Kind.TYPE),
        ({**CUSTOM_VOICE, "deleted": "no"}, ("deleted",), Kind.TYPE),
    ],
)
def test_voice_refuses(voice: object, path: Path, kind: Kind) -> None:
    """The kinds of voices do not mix, and presets are those of live avatars."""
    assert found(checked("Voice", voice)) == [(path, kind)]


@pytest.mark.parametrize("body", [page(), page("READY"), page(*AVATARS, following="2")])
def test_avatar_page(body: dict[str, Any]) -> None:
    """A page may be empty, the last, or one with a cursor to the next; it has three keys."""
    assert checked("AvatarPage", body) == []

    for key in body:
        assert found(checked("AvatarPage", removed(body, (key,)))) == [((key,), Kind.REQUIRED)]
    assert found(checked("AvatarPage", {**body, "total": 1})) == [((), Kind.UNKNOWN_KEY)]


@pytest.mark.parametrize(
    ("path", "value", "place", "kind"),
    [
        (("data",), None, ("data",), Kind.TYPE),
        (("data", 0), "Ada", ("data", 0), Kind.TYPE),
        (("data", 0, "status"), "DONE", ("data", 0, "status"), Kind.ENUM),
        (("data", 0, "surprise"), 1, ("data", 0), Kind.UNKNOWN_KEY),
        (("hasMore",), None, ("hasMore",), Kind.TYPE),
        (("nextCursor",), 2, ("nextCursor",), Kind.TYPE),
    ],
)
def test_avatar_page_refuses(path: Path, value: object, place: Path, kind: Kind) -> None:
    """A wrong value, in the page or in one of its avatars, is one problem at its place."""
    problems = checked("AvatarPage", replaced(page("READY", following="2"), path, value))

    assert found(problems) == [(place, kind)]


@pytest.mark.parametrize(
    ("shape", "allowed", "refused", "kind"),
    [
        ("PageLimit", 1, 0, Kind.MINIMUM),
        ("PageLimit", 100, 101, Kind.MAXIMUM),
        ("PageLimit", 50, 49.5, Kind.TYPE),
        ("PageLimit", 50, "50", Kind.TYPE),
        ("PageCursor", "a", "", Kind.MIN_LENGTH),
        ("PageCursor", "a" * 1000, "a" * 1001, Kind.MAX_LENGTH),
        ("PageCursor", "1", 1, Kind.TYPE),
    ],
)
def test_page_query(shape: str, allowed: object, refused: object, kind: Kind) -> None:
    """A page has 1 to 100 items, and a cursor 1 to 1000 characters."""
    assert checked(shape, allowed) == []
    assert found(checked(shape, refused)) == [((), kind)]


def test_organization() -> None:
    """An account is described by limits (null is none), a balance and its use."""
    assert checked("Organization", ORGANIZATION) == []


@pytest.mark.parametrize(
    ("path", "value", "place", "kind"),
    [
        (("creditBalance",), -1, ("creditBalance",), Kind.MINIMUM),
        (("creditBalance",), None, ("creditBalance",), Kind.TYPE),
        (("tier", "models", "gpt-1"), {}, ("tier", "models"), Kind.UNKNOWN_KEY),
        (
            ("usage", "models", "gpt-1"),
            {"dailyGenerations": 1},
            ("usage", "models"),
            Kind.UNKNOWN_KEY,
        ),
        (
            ("tier", "models", "gwm1_avatars", "maxConcurrentGenerations"),
            -1,
            ("tier", "models", "gwm1_avatars", "maxConcurrentGenerations"),
            Kind.MINIMUM,
        ),
        (
            ("usage", "models", "gwm1_avatars"),
            {"dailyGenerations": None},
            ("usage", "models", "gwm1_avatars", "dailyGenerations"),
            Kind.TYPE,
        ),
    ],
)
def test_organization_refuses(path: Path, value: object, place: Path, kind: Kind) -> None:
    """Balances below zero, unknown models and missing counts are refused at their place."""
    problems = checked("Organization", replaced(ORGANIZATION, path, value))

    assert (place, kind) in found(problems)


@pytest.mark.parametrize("body", [{}, {"startDate": "2026-11-01"}, {"beforeDate": "2026-11-30"}])
def test_usage_query(body: object) -> None:
    """Each end of the range may be left out."""
    assert checked("UsageQuery", body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"startDate": "2026-11-1"}, (("startDate",), Kind.PATTERN)),
        ({"startDate": "2026-11-01T00:00:00Z"}, (("startDate",), Kind.PATTERN)),
        ({"beforeDate": None}, (("beforeDate",), Kind.TYPE)),
        ({"endDate": "2026-11-01"}, ((), Kind.UNKNOWN_KEY)),
    ],
)
def test_usage_query_refuses(body: object, expected: tuple[Path, Kind]) -> None:
    """Dates are plain days, and there are only two of them."""
    assert found(checked("UsageQuery", body)) == [expected]


def test_usage_report() -> None:
    """A report has days with credits by model, which a refund may make negative."""
    assert checked("UsageReport", USAGE) == []
    broken = replaced(USAGE, ("results", 0, "usedCredits", 0, "model"), "gpt-1")
    assert found(checked("UsageReport", broken)) == [
        (("results", 0, "usedCredits", 0, "model"), Kind.ENUM)
    ]


def test_error_envelope() -> None:
    """A refusal is a sentence, and may have an address and single issues with keys of their own."""
    issue = {"code": "custom", "path": ["tools", 0], "message": "m", "errors": []}
    whole = {"error": "No.", "docUrl": "https://docs.example.com", "issues": [issue]}
    assert checked("Error", whole) == []
    assert checked("Error", {"error": "No."}) == []

    assert found(checked("Error", {"error": ""})) == [(("error",), Kind.MIN_LENGTH)]
    assert found(checked("Error", {"message": "No."})) == [
        (("error",), Kind.REQUIRED),
        ((), Kind.UNKNOWN_KEY),
    ]
    assert found(checked("Error", removed(whole, ("issues", 0, "path")))) == [
        (("issues", 0, "path"), Kind.REQUIRED)
    ]
