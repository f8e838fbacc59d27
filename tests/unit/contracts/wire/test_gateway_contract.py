"""The rules of the gateway contract."""

from __future__ import annotations

import pytest

from contracts.wire.schema import Kind, PlainValidator, Problem, load
from tests.unit.contracts.wire.examples import SESSION_ID, Path, removed

CUSTOM_ID = "7a3d1b52-90c4-4e0b-8c55-6f0a9d3e2b41"

CREDENTIALS = {"sessionId": SESSION_ID, "serverUrl": "wss://a", "token": "t", "roomName": "r"}
KEY = {"sessionId": SESSION_ID, "sessionKey": "stk_1"}


def checked(shape: str, value: object) -> list[tuple[Path, Kind]]:
    """Return where `value` breaks the shape `shape` of the gateway contract, and how."""
    problems: list[Problem] = PlainValidator(load("gateway").schema(shape)).problems(value)
    return [(problem.path, problem.kind) for problem in problems]


@pytest.mark.parametrize(
    "body",
    [
        {"avatarId": "influencer"},
        {"avatarId": CUSTOM_ID},
        {"avatarId": "a" * 128},
        {"customAvatarId": CUSTOM_ID},
        {"avatarId": "influencer", "customAvatarId": None},
        {"avatarId": "influencer", "customAvatarId": ""},
        {"avatarId": "", "customAvatarId": CUSTOM_ID},
        {"avatarId": None, "customAvatarId": CUSTOM_ID},
        {"avatarId": "influencer", "mood": {"of": "the frontend"}},
    ],
)
def test_connect_accepts(body: object) -> None:
    """A body names an avatar in one of two ways; a frontend may add keys."""
    assert checked("Connect", body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [((), Kind.TYPE)]),
        ({}, [((), Kind.ALTERNATIVES)]),
        ({"avatar": "influencer"}, [((), Kind.ALTERNATIVES)]),
        ({"customAvatarId": None}, [((), Kind.ALTERNATIVES)]),
        ({"avatarId": ""}, [((), Kind.ALTERNATIVES)]),
        ({"avatarId": "", "customAvatarId": ""}, [((), Kind.ALTERNATIVES)]),
        ({"avatarId": "a" * 129}, [(("avatarId",), Kind.MAX_LENGTH)]),
        ({"avatarId": None}, [((), Kind.ALTERNATIVES)]),
        ({"avatarId": 7}, [((), Kind.ALTERNATIVES), (("avatarId",), Kind.TYPE)]),
        ({"avatarId": 7, "customAvatarId": CUSTOM_ID}, [(("avatarId",), Kind.TYPE)]),
        ({"customAvatarId": "influencer"}, [(("customAvatarId",), Kind.PATTERN)]),
    ],
)
def test_connect_refuses(body: object, expected: list[tuple[Path, Kind]]) -> None:
    """A body that names no avatar, or names it badly, is refused at its place."""
    assert checked("Connect", body) == expected


@pytest.mark.parametrize("answer", [CREDENTIALS, KEY], ids=["credentials", "session-key"])
def test_connected_is_one_of_two_shapes(answer: dict[str, str]) -> None:
    """An answer is exactly one of the two shapes, complete and without further keys."""
    assert checked("Connected", answer) == []
    for key in answer:
        assert checked("Connected", removed(answer, (key,))) == [((), Kind.ALTERNATIVES)]
        assert checked("Connected", {**answer, key: ""}) == [((), Kind.ALTERNATIVES)]
    assert checked("Connected", {**CREDENTIALS, **KEY}) == [((), Kind.ALTERNATIVES)]


def test_connected_does_not_use_the_name_of_the_upstream() -> None:
    """The browser gets `serverUrl`; the `url` of a consume, passed on as it is, is refused."""
    renamed = {**removed(CREDENTIALS, ("serverUrl",)), "url": "wss://a"}

    assert checked("Connected", renamed) == [((), Kind.ALTERNATIVES)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": "No.", "code": "timeout"}, []),
        ({"error": "No."}, [(("code",), Kind.REQUIRED)]),
        ({"error": "", "code": "timeout"}, [(("error",), Kind.MIN_LENGTH)]),
        ({"error": "No.", "code": "TIMEOUT"}, [(("code",), Kind.ENUM)]),
        ({"error": "No.", "code": "timeout", "docUrl": "x"}, [((), Kind.UNKNOWN_KEY)]),
    ],
)
def test_error(body: object, expected: list[tuple[Path, Kind]]) -> None:
    """A refusal is a sentence and a known code, and nothing else."""
    assert checked("Error", body) == expected


def test_connect_answers() -> None:
    """Connect documents every status of the gateway; only a 429 must have a Retry-After."""
    connect = load("gateway").operation("POST", "/api/avatar/connect")

    assert connect
    assert list(connect.responses) == [200, 400, 401, 404, 405, 413, 415, 429, 500, 502, 503, 504]
    retry = {
        status: response.headers["Retry-After"].required
        for status, response in connect.responses.items()
        if "Retry-After" in response.headers
    }
    assert retry == {429: True, 503: False}
