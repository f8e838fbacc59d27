"""Our Runway contract differs from the published one exactly as SOURCES.md lists.

The published document is not ours to ship. The tests read it from where RUNWAY_OPENAPI points, else
from beside the repository, and are skipped if it is not there.
"""

from __future__ import annotations

import copy
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from contracts.drift.compare import differences
from contracts.drift.explained import explanation, explanations
from contracts.wire.documents import load

BESIDE = Path(__file__).parents[5] / "shared" / "reference" / "runway-openapi.json"
Node = dict[str, Any]


@pytest.fixture(scope="module")
def published() -> Node:
    """The published document."""
    file = Path(os.environ.get("RUNWAY_OPENAPI", BESIDE))
    if not file.is_file():
        pytest.skip(f"the published OpenAPI document is not at {file}; set RUNWAY_OPENAPI")
    document: Node = orjson.loads(file.read_bytes())
    return document


def operations_by_id(
    published: Node, ours: Mapping[str, Any], *, outside: bool = False
) -> dict[str, set[str]]:
    """Return the ids of all differences, each with the operations that meet it."""
    found: dict[str, set[str]] = defaultdict(set)
    for difference in differences(published, ours, outside=outside):
        found[difference.id].add(difference.operation)
    return dict(found)


def test_each_difference_has_its_line(published: Node) -> None:
    """The differences are those of the table, no more and no fewer, at the same operations."""
    listed = {each.id: set(each.operations) for each in explanations().values()}

    assert operations_by_id(published, load("runway").raw) == listed


def test_each_difference_is_explained(published: Node) -> None:
    """Each line still speaks of what is published: no fixed text has changed behind its id."""
    found = differences(published, load("runway").raw)

    assert [each.id for each in found if explanation(each) is None] == []


def shape(name: str, *path: str) -> Callable[[Node], Node]:
    """Return a function that finds a part of a shape in a document."""

    def find(document: Node) -> Node:
        node: Node = document["components"]["schemas"][name]
        for step in path:
            node = node[step]
        return node

    return find


def sessions(document: Node) -> Node:
    """Return the methods of the path on which sessions are created."""
    methods: Node = document["paths"]["/v1/realtime_sessions"]
    return methods


def avatars(document: Node) -> Node:
    """Return the operation that lists avatars."""
    operation: Node = document["paths"]["/v1/avatars"]["get"]
    return operation


def cursor(document: Node) -> Node:
    """Return the parameter that sets where a page begins."""
    parameter: Node = document["components"]["parameters"]["Cursor"]
    return parameter


VERSION_AND_LIMIT = [
    {"$ref": "#/components/parameters/Version"},
    {"$ref": "#/components/parameters/Limit"},
]
ALL_BUT_VOICE = [
    name
    for name in load("runway").raw["components"]["schemas"]["AvatarFailed"]["required"]
    if name != "voice"
]
PERSONALITY = shape("CreateSession", "properties", "personality")

# what we break, how, and the difference that must show
BREAKS: list[tuple[Callable[[Node], Node], str, Any, str]] = [
    (PERSONALITY, "maxLength", 2000, "CreateSession.personality:maxLength"),
    (PERSONALITY, "minLength", 0, "CreateSession.personality:minLength"),
    (PERSONALITY, "type", ["string", "null"], "CreateSession.personality:nullable"),
    (PERSONALITY, "type", "integer", "CreateSession.personality:type"),
    (PERSONALITY, "pattern", "^a$", "CreateSession.personality:pattern"),
    (
        shape("CreateSession", "properties", "maxDuration"),
        "maximum",
        300,
        "CreateSession.maxDuration:maximum",
    ),
    (
        shape("CreateSession", "properties", "maxDuration"),
        "minimum",
        1,
        "CreateSession.maxDuration:minimum",
    ),
    (
        shape("CreateSession", "properties", "maxDuration"),
        "default",
        60,
        "CreateSession.maxDuration:default",
    ),
    (shape("CreateSession", "properties", "tools"), "maxItems", 21, "CreateSession.tools:maxItems"),
    (shape("CreateSession"), "required", ["model"], "CreateSession.avatar:required"),
    (shape("CreateSession", "properties"), "extra", {}, "CreateSession.extra:removed"),
    (shape("CreateSession", "properties", "model"), "const", "gwm2", "CreateSession.model:choices"),
    (shape("PresetId"), "enum", ["influencer"], "PresetId:choices"),
    (shape("Identifier"), "pattern", "^[a-z]+$", "Identifier:pattern"),
    (shape("ToolParameter"), "oneOf", [], "ToolParameter:type"),
    (
        shape("StringParameter", "properties", "enum", "items"),
        "maxLength",
        65,
        "StringParameter.enum[]:maxLength",
    ),
    (shape("SessionReady"), "additionalProperties", True, "SessionReady:closed"),
    (shape("ApiVersion"), "const", "2025-01-01", "ApiVersion:choices"),
    (sessions, "put", {"operationId": "new", "responses": {}}, "new:unpublished"),
    (avatars, "parameters", VERSION_AND_LIMIT, "listAvatars.cursor:added"),
    (cursor, "required", True, "listAvatars.cursor:required"),
    (shape("PageLimit"), "minimum", 0, "PageLimit:minimum"),
    (shape("PageLimit"), "maximum", 50, "PageLimit:maximum"),
    (shape("PageLimit"), "default", 20, "PageLimit:default"),
    (shape("PageCursor"), "minLength", 0, "PageCursor:minLength"),
    (shape("PageCursor"), "maxLength", 100, "PageCursor:maxLength"),
    (shape("AvatarPage"), "required", ["data", "hasMore"], "AvatarPage.nextCursor:required"),
    (
        shape("AvatarPage", "properties", "nextCursor"),
        "type",
        "string",
        "AvatarPage.nextCursor:nullable",
    ),
    (shape("AvatarDetails"), "oneOf", [], "AvatarDetails:type"),
    (
        shape("AvatarReady", "properties", "startScript"),
        "type",
        "string",
        "AvatarReady.startScript:nullable",
    ),
    (
        shape("AvatarReady", "properties", "personality"),
        "type",
        ["string", "null"],
        "AvatarReady.personality:nullable",
    ),
    (
        shape("AvatarReady", "properties", "processedImageUri"),
        "type",
        ["object", "null"],
        "AvatarReady.processedImageUri:type",
    ),
    (shape("AvatarProcessing"), "additionalProperties", True, "AvatarProcessing:closed"),
    (shape("AvatarFailed"), "required", ALL_BUT_VOICE, "AvatarFailed.voice:required"),
    (shape("AvatarFailed", "properties"), "failureCode", {}, "AvatarFailed.failureCode:removed"),
    (shape("DocumentId"), "pattern", "^[a-z]+$", "DocumentId:pattern"),
    (shape("Voice"), "oneOf", [], "Voice:type"),
    (shape("VoicePresetId"), "enum", ["clara"], "VoicePresetId:choices"),
    (shape("VoiceId"), "pattern", "^[a-z]+$", "VoiceId:pattern"),
    (
        shape("CustomVoice"),
        "required",
        ["type", "id", "deleted", "name"],
        "CustomVoice.name:required",
    ),
    (
        shape("CustomVoice", "properties", "description"),
        "type",
        "string",
        "CustomVoice.description:nullable",
    ),
]


@pytest.mark.parametrize(("find", "key", "value", "expected"), BREAKS, ids=[b[3] for b in BREAKS])
def test_a_break_shows(
    published: Node, find: Callable[[Node], Node], key: str, value: object, expected: str
) -> None:
    """Breaking our document in one place gives one more difference, at that place."""
    raw = load("runway").raw
    broken = copy.deepcopy(dict(raw))
    find(broken)[key] = value

    more = operations_by_id(published, broken).keys() - operations_by_id(published, raw).keys()
    if find is cursor:  # two lists share it
        more -= {"listConversations.cursor:required"}

    assert more == {expected}


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("/v1/organization", "GET /v1/organization:new"),
        ("/v1/organization/usage", "POST /v1/organization/usage:new"),
        ("/v1/avatars", "GET /v1/avatars:new"),
        ("/v1/avatars/{id}", "GET /v1/avatars/{id}:new"),
        ("/v1/avatar_usage", "GET /v1/avatar_usage:new"),
    ],
)
def test_a_missing_operation_shows(published: Node, path: str, gone: str) -> None:
    """Forgetting a published operation is a difference, and ends those that were inside it."""
    raw = load("runway").raw
    broken = copy.deepcopy(dict(raw))
    del broken["paths"][path]

    before = operations_by_id(published, raw, outside=True)
    after = operations_by_id(published, broken, outside=True)

    assert after.keys() - before.keys() == {gone}
    assert before.keys() - after.keys()
