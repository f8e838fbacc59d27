"""Checking bodies with two engines, and whole responses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.schema import (
    BodyValidator,
    ContractViolation,
    Kind,
    PlainValidator,
    Problem,
    load,
    validate,
)
from tests.unit.contracts.wire.examples import (
    AVATARS,
    CUSTOM,
    FULL,
    ORGANIZATION,
    OTHER_BRANCHES,
    SESSION_ID,
    SESSIONS,
    SMALLEST,
    avatar,
    page,
    replaced,
    session,
    spoiled,
)

RUNWAY, GATEWAY = load("runway"), load("gateway")
SECRET = "key_5f1d_do_not_print"

JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
SESSION_PATH = f"/v1/realtime_sessions/{SESSION_ID}"
AVATAR_PATH = f"/v1/avatars/{CUSTOM['avatarId']}"

SHAPES: Mapping[str, tuple[object, ...]] = {
    "CreateSession": (SMALLEST, FULL, OTHER_BRANCHES),
    "Session": tuple(map(session, SESSIONS)),
    "AvatarPage": (page(*AVATARS, following="2"), page()),
    "Organization": (ORGANIZATION,),
}
BODIES = st.one_of(
    [st.tuples(st.just(shape), spoiled(*originals)) for shape, originals in SHAPES.items()]
)

COMPILED = {shape: BodyValidator(RUNWAY.schema(shape)) for shape in SHAPES}
PLAIN = {shape: PlainValidator(RUNWAY.schema(shape)) for shape in SHAPES}
AS_PUBLISHED_COMPILED = {
    shape: jsonschema_rs.Draft202012Validator(dict(RUNWAY.schema(shape))) for shape in SHAPES
}
AS_PUBLISHED_PLAIN = {
    shape: jsonschema.Draft202012Validator(dict(RUNWAY.schema(shape))) for shape in SHAPES
}


@settings(deadline=None)
@given(BODIES)
def test_engines_find_the_same_problems(example: tuple[str, object]) -> None:
    """Both engines report the same problems in the same order."""
    shape, body = example

    assert COMPILED[shape].problems(body) == PLAIN[shape].problems(body)


@settings(deadline=None)
@given(BODIES)
def test_rewritten_unions_mean_the_same(example: tuple[str, object]) -> None:
    """A body is valid to the rewritten schema if and only if it is to the documents as written."""
    shape, body = example

    verdicts = {
        COMPILED[shape].is_valid(body),
        not COMPILED[shape].problems(body),
        AS_PUBLISHED_COMPILED[shape].is_valid(body),
        AS_PUBLISHED_PLAIN[shape].is_valid(body),
    }

    assert len(verdicts) == 1


@settings(deadline=None)
@given(BODIES)
def test_problems_name_a_place_that_exists(example: tuple[str, Any]) -> None:
    """The path of a problem leads into the body, but for the last step to a missing key."""
    shape, body = example
    for problem in COMPILED[shape].problems(body):
        inner = body
        for step in problem.path[:-1] if problem.kind is Kind.REQUIRED else problem.path:
            inner = inner[step]
        assert set(problem.keys) <= set(inner if problem.keys else ())


@given(
    st.permutations(
        [
            ("surprise", 1),
            ("model", "other"),
            ("tools", [{"type": "client_event", "name": "", "x": 1, "description": "d"}, 1]),
            ("maxDuration", 1),
        ]
    )
)
def test_problems_come_in_the_order_of_the_document(pairs: list[tuple[str, object]]) -> None:
    """Problems follow the schema's properties and the items of arrays, not the order of keys."""
    problems = COMPILED["CreateSession"].problems(dict(pairs))

    assert [(problem.path, problem.kind) for problem in problems] == [
        (("model",), Kind.CONST),
        (("avatar",), Kind.REQUIRED),
        (("maxDuration",), Kind.MINIMUM),
        (("tools", 0, "name"), Kind.MIN_LENGTH),
        (("tools", 0, "name"), Kind.PATTERN),
        (("tools", 0), Kind.UNKNOWN_KEY),
        (("tools", 1), Kind.TYPE),
        ((), Kind.UNKNOWN_KEY),
    ]


@pytest.mark.parametrize("engine", [BodyValidator, PlainValidator])
def test_a_line_break_is_not_the_end(engine: type[BodyValidator | PlainValidator]) -> None:
    """`$` is the end of the text, also for Python's regular expressions."""
    (problem,) = engine(RUNWAY.schema("Identifier")).problems("name\n")

    assert problem.kind is Kind.PATTERN


@pytest.mark.parametrize("engine", [BodyValidator, PlainValidator])
@pytest.mark.parametrize(
    ("rules", "value", "expected"),
    [
        ({"multipleOf": 2}, 3, Problem((), Kind.OTHER, "multipleOf", "integer")),
        ({"minItems": 1}, [], Problem((), Kind.MIN_ITEMS, 1, "array")),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, Problem((), Kind.MAX_KEYS, 1, "object")),
        (
            {"propertyNames": {"pattern": "^[a-z]+$"}},
            {"a": 1, "B": 2, "c\n": 3},
            Problem((), Kind.UNKNOWN_KEY, (), "object", ("B", "c\n")),
        ),
        ({"type": ["integer", "null"]}, "", Problem((), Kind.TYPE, ("integer", "null"), "string")),
        (
            {"required": ["a"], "properties": {"a": {}}},
            {},
            Problem(("a",), Kind.REQUIRED, (), "nothing"),
        ),
        ({"required": ["a"]}, {}, Problem(("a",), Kind.REQUIRED, (), "nothing")),
        (
            {"additionalProperties": False},
            {"a": 1},
            Problem((), Kind.UNKNOWN_KEY, (), "object", ("a",)),
        ),
        ({"exclusiveMinimum": 0}, 0, Problem((), Kind.EXCLUSIVE_MINIMUM, 0, "integer")),
    ],
)
def test_rules_our_documents_do_not_use_yet(
    engine: type[BodyValidator | PlainValidator],
    rules: dict[str, Any],
    value: object,
    expected: Problem,
) -> None:
    """Rules that no document has today are reported, too."""
    assert engine(rules).problems(value) == [expected]


ALTERNATIVES = {
    "anyOf": [
        {"title": "never", "const": "never"},
        {"title": "a count", "type": "integer", "minimum": 1},
        {"title": "names", "type": "array", "items": {"enum": ["a", "b"]}},
    ]
}
NONE_OF_THEM = ("never", "a count", "names")


@pytest.mark.parametrize("engine", [BodyValidator, PlainValidator])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, Problem((), Kind.MINIMUM, 1, "integer")),
        (["a", "c"], Problem((1,), Kind.ENUM, ("a", "b"), "string")),
        (1.5, Problem((), Kind.ALTERNATIVES, NONE_OF_THEM, "number")),
        ("ever", Problem((), Kind.ALTERNATIVES, NONE_OF_THEM, "string")),
        ({}, Problem((), Kind.ALTERNATIVES, NONE_OF_THEM, "object")),
    ],
)
def test_the_alternative_that_was_meant_is_explained(
    engine: type[BodyValidator | PlainValidator], value: object, expected: Problem
) -> None:
    """It is the one of the value's type; a single word is not worth more than all of them."""
    assert engine(ALTERNATIVES).problems(value) == [expected]


@pytest.mark.parametrize("engine", [BodyValidator, PlainValidator])
def test_formats_count_if_they_are_given(engine: type[BodyValidator | PlainValidator]) -> None:
    """Then a parser decides about texts; without one a format is an annotation."""
    rules = {"items": {"format": "number"}}
    checked = engine(rules, formats={"number": float})

    assert engine(rules).problems(["x"]) == []
    assert checked.problems(["1.5", None]) == []
    (problem,) = checked.problems(["1.5", "x"])
    assert problem.sentence() == "expected a string of the format number, got a string at $[1]"


@pytest.mark.parametrize("engine", [BodyValidator, PlainValidator])
def test_bad_keys_of_open_maps_in_an_alternative_are_kept(
    engine: type[BodyValidator | PlainValidator],
) -> None:
    """The path is exact there as well."""
    rules = {"anyOf": [{"type": "null"}, {"additionalProperties": {"type": "integer"}}]}

    (problem,) = engine(rules).problems({"007": "x"})

    assert problem.path == ("007",)


@pytest.mark.parametrize("key", ["", "7", "a/b", "a~1", "gen4.5"])
def test_keys_of_open_maps_are_kept(key: str) -> None:
    """The path of a problem has the exact key, also where an engine's own path loses it."""
    entries = {"additionalProperties": {"items": {"type": "integer"}}}

    (problem,) = BodyValidator(entries).problems({key: [1, "a"]})

    assert problem.path == (key, 1)


def test_importing_is_light() -> None:
    """Neither engine is imported before something is checked."""
    code = "import sys, contracts.wire.schema as s; s.load('runway'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert not {"jsonschema", "jsonschema_rs"} & set(loaded.stdout.split())


# --- responses: accepted ones ---------------------------------------------------------------------


def check_answer(
    method: str,
    path: str,
    status: int,
    body: object = None,
    *,
    headers: Mapping[str, str] = JSON_HEADERS,
    document: str = "runway",
) -> None:
    """Validate a response; `body` may be bytes, or a value that is sent as JSON."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    validate(load(document), method, path, status=status, headers=headers, body=raw)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("POST", "/v1/realtime_sessions", 200, {"id": SESSION_ID}),
        ("POST", "/v1/realtime_sessions", 429, {"error": "Too many today."}),
        ("POST", "/v1/realtime_sessions", 402, {"error": "No.", "docUrl": "https://a"}),
        *(("GET", SESSION_PATH, 200, session(status)) for status in SESSIONS),
        ("GET", "/v1/realtime_sessions/not-a-uuid", 400, {"error": "Invalid UUID"}),
        ("DELETE", SESSION_PATH, 204, b""),
        (
            "POST",
            f"{SESSION_PATH}/consume",
            200,
            {"url": "wss://a", "token": "t", "roomName": "r"},
        ),
        ("GET", "/v1/avatars", 200, page()),
        ("GET", "/v1/avatars?limit=3", 200, page(*AVATARS, following="2")),
        ("GET", "/v1/avatars?limit=0", 400, {"error": "Too small"}),
        *(("GET", AVATAR_PATH, 200, avatar(status)) for status in AVATARS),
        ("GET", "/v1/avatars/influencer", 400, {"error": "Invalid UUID"}),
        ("GET", AVATAR_PATH, 404, {"error": "No such avatar."}),
        ("DELETE", AVATAR_PATH, 405, {"error": "Not so."}),
        ("GET", "/v1/organization", 200, ORGANIZATION),
        ("PUT", "/v1/organization", 405, {"error": "Not so."}),
        ("GET", "/v1/unknown", 405, {"error": "Not so."}),
        ("GET", "/v1/unknown", 404, {"error": "No such thing."}),
        ("OPTIONS", f"{SESSION_PATH}/consume", 204, b""),
        ("get", f"{SESSION_PATH}?debug=1", 200, session("RUNNING")),
    ],
)
def test_right_answers_pass(method: str, path: str, status: int, body: object) -> None:
    """Documented answers pass, and so do refused methods, paths and preflights."""
    check_answer(method, path, status, body)


@pytest.mark.parametrize("document", ["gateway", "admin"])
def test_other_documents_pass(document: str) -> None:
    """Each document judges its own routes and refuses in its own words."""
    health = {"status": "ok", "version": "1"} if document == "admin" else {"status": "ok"}
    code = "unknown_route" if document == "admin" else "not_found"
    refusal = {"error": "No.", "code": code}

    check_answer("GET", "/health", 200, health, document=document)
    check_answer("GET", "/nowhere", 404, refusal, document=document)


def test_header_names_and_media_types_have_no_case() -> None:
    """Headers are found in any spelling, and parameters of the content type do not matter."""
    headers = {"content-TYPE": "Application/JSON;charset=UTF-8"}

    check_answer("GET", SESSION_PATH, 200, session("RUNNING"), headers=headers)


# --- responses: refused ones ---------------------------------------------------------------------

WRONG: list[tuple[str, tuple[Any, ...], Mapping[str, str], str]] = [
    (
        "unknown operation",
        ("GET", "/v1/unknown", 200, {}),
        JSON_HEADERS,
        "GET /v1/unknown answered 200: no operation of the runway contract; expected 404 or 405",
    ),
    (
        "404 for a path that exists, by another method",
        ("PUT", SESSION_PATH, 404, {"error": "No."}),
        JSON_HEADERS,
        (
            f"PUT {SESSION_PATH} answered 404: no operation of the runway contract; "
            "expected 404 or 405"
        ),
    ),
    (
        "undocumented status",
        ("POST", "/v1/realtime_sessions", 201, {"id": SESSION_ID}),
        JSON_HEADERS,
        "createSession answered 201: expected one of 200, 400, 401, 402, 404, 413, 415, 429",
    ),
    (
        "wrong content type",
        ("POST", "/v1/realtime_sessions", 200, {"id": SESSION_ID}),
        {"Content-Type": "text/plain"},
        "createSession answered 200: expected content type application/json, got text/plain",
    ),
    (
        "no content type",
        ("POST", "/v1/realtime_sessions", 200, {"id": SESSION_ID}),
        {},
        "createSession answered 200: expected content type application/json, got none",
    ),
    (
        "not JSON",
        ("POST", "/v1/realtime_sessions", 200, b'{"id": '),
        JSON_HEADERS,
        "createSession answered 200: expected a JSON body, got 7 bytes that are not JSON",
    ),
    (
        "no body",
        ("POST", "/v1/realtime_sessions", 200, b""),
        JSON_HEADERS,
        "createSession answered 200: expected a JSON body, got 0 bytes that are not JSON",
    ),
    (
        "a body where none belongs",
        ("DELETE", SESSION_PATH, 204, b"{}"),
        JSON_HEADERS,
        "deleteSession answered 204: expected no body, got 2 bytes",
    ),
    (
        "a preflight with a body",
        ("OPTIONS", SESSION_PATH, 204, b"ok"),
        JSON_HEADERS,
        f"OPTIONS {SESSION_PATH} answered 204: expected no body, got 2 bytes",
    ),
    (
        "two faults in a body",
        ("POST", "/v1/realtime_sessions", 200, {"id": 7, "status": "NOT_READY"}),
        JSON_HEADERS,
        (
            "createSession answered 200: expected a string, got an integer at $.id; "
            'expected no other keys, got "status" at $'
        ),
    ),
    (
        "a fault inside a union",
        ("GET", SESSION_PATH, 200, {**session("READY"), "expiresAt": "soon"}),
        JSON_HEADERS,
        (
            r"getSession answered 200: expected a string like ^[0-9]{4}-(0[1-9]|1[0-2])-"
            r"(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?Z$, "
            "got a string at $.expiresAt"
        ),
    ),
    (
        "a fault inside a union inside a union",
        ("GET", "/v1/avatars", 200, replaced(page("READY"), ("data", 0, "voice", "deleted"), 0)),
        JSON_HEADERS,
        ("listAvatars answered 200: expected a boolean, got an integer at $.data[0].voice.deleted"),
    ),
    (
        "a list without its envelope",
        ("GET", "/v1/avatars", 200, [avatar("READY")]),
        JSON_HEADERS,
        "listAvatars answered 200: expected an object, got an array at $",
    ),
    (
        "a list that does not exist",
        ("GET", "/v1/avatars", 404, {"error": "No."}),
        JSON_HEADERS,
        "listAvatars answered 404: expected one of 200, 400, 401",
    ),
    (
        "a refusal in other words",
        ("GET", "/v1/unknown", 404, {"message": "Not Found"}),
        JSON_HEADERS,
        (
            "GET /v1/unknown answered 404: expected a string, got nothing at $.error; "
            'expected no other keys, got "message" at $'
        ),
    ),
    (
        "a header of another form",
        ("POST", "/v1/realtime_sessions", 429, {"error": "No."}),
        {**JSON_HEADERS, "Retry-After": "soon"},
        (
            "createSession answered 429: header Retry-After: "
            "expected a string like ^[0-9]+$, got a string at $"
        ),
    ),
]


@pytest.mark.parametrize(
    ("arguments", "headers", "message"),
    [case[1:] for case in WRONG],
    ids=[case[0] for case in WRONG],
)
def test_wrong_answers_are_refused(
    arguments: tuple[Any, ...], headers: Mapping[str, str], message: str
) -> None:
    """Each kind of wrong answer is refused; the message says "expected ..., got ..."."""
    with pytest.raises(ContractViolation) as caught:
        check_answer(*arguments, headers=headers)

    assert str(caught.value) == message


def test_a_text_is_not_parsed() -> None:
    """An answer that is no JSON has to be of its content type, and nothing more."""
    text = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    check_answer("GET", "/metrics", 200, b"calls 1", headers=text, document="admin")

    with pytest.raises(ContractViolation, match="expected content type text/plain, got applica"):
        check_answer("GET", "/metrics", 200, {}, document="admin")


def test_a_required_header_must_be_there() -> None:
    """A gateway that refuses by rate has to send Retry-After."""
    body = {"error": "Slow down.", "code": "rate_limited"}
    connect = ("POST", "/api/avatar/connect", 429, body)

    with pytest.raises(ContractViolation, match="expected a header Retry-After, got none"):
        check_answer(*connect, document="gateway")

    check_answer(*connect, headers={**JSON_HEADERS, "retry-after": "3"}, document="gateway")


def test_a_violation_has_its_parts() -> None:
    """Operation, status and reason of a violation can be read one by one."""
    with pytest.raises(ContractViolation) as caught:
        check_answer("DELETE", SESSION_PATH, 204, b"x")

    violation = caught.value
    assert (violation.operation, violation.status) == ("deleteSession", 204)
    assert violation.reason == "expected no body, got 1 bytes"


def test_the_query_stays_out_of_messages() -> None:
    """A query can hold a secret, so that no message repeats it."""
    with pytest.raises(ContractViolation) as caught:
        check_answer("GET", f"/v1/unknown?key={SECRET}", 200, {})

    assert SECRET not in str(caught.value)


@settings(deadline=None)
@given(BODIES, st.sampled_from([SECRET, [SECRET], {"name": SECRET}]))
def test_values_stay_out_of_messages(example: tuple[str, Any], secret: object) -> None:
    """No value of a body, wherever it stands and however wrong, occurs in a problem."""
    shape, body = example
    planted = _planted(body, secret)

    for problem in COMPILED[shape].problems(planted):
        assert SECRET not in repr(problem)
        assert SECRET not in problem.sentence()


@settings(deadline=None)
@given(BODIES)
def test_values_stay_out_of_violations(example: tuple[str, Any]) -> None:
    """No value of a response body occurs in the violation it causes, also if it is not JSON."""
    planted = orjson.dumps({"sessionKey": _planted(example[1], SECRET), "id": SECRET})

    for raw in (planted, planted[:-1]):
        with pytest.raises(ContractViolation) as caught:
            check_answer("GET", SESSION_PATH, 200, raw)
        assert SECRET not in str(caught.value)


def _planted(body: Any, secret: object) -> Any:
    """Return `body` with `secret` in the place of every text."""
    match body:
        case dict():
            return {key: _planted(value, secret) for key, value in body.items()}
        case list():
            return [_planted(value, secret) for value in body]
        case str():
            return secret
    return body
