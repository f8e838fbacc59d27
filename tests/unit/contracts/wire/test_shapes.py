"""Checking bodies by the alternative that they name, queries, and documents given at start."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from contracts.wire.documents import (
    IMPORTED,
    Contract,
    ContractOperation,
    UnknownName,
    follow,
    load,
    whole,
)
from contracts.wire.problems import Kind, Problem
from contracts.wire.schema import BodyValidator, PlainValidator
from contracts.wire.shapes import ByDiscriminator, OperationShapes, QueryCheck, Shapes, check
from contracts.wire.spec_files import BadDocument
from tests.unit.contracts.wire.sampled import sampled
from tests.unit.contracts.wire.test_overlay import PUBLISHED, TEXT, alternative

SHAPES = Shapes.load()
TEXT_TO_VIDEO = SHAPES.for_operation("POST", "/v1/text_to_video")
GEN = {"model": "gen4.5", "promptText": "a cat", "ratio": "1280:720", "duration": 5}
TAKING = [each for each in SHAPES if each.operation.request]
Node = dict[str, Any]


def problems(body: object, path: str = "text_to_video") -> list[Problem]:
    """Return what is wrong with a body."""
    found = SHAPES.for_operation("POST", f"/v1/{path}").body
    assert found is not None
    return found.problems(body)


def agreement(operation: ContractOperation, count: int) -> set[bool]:
    """Compare what checks a body with four other ways; return the verdicts."""
    request = operation.request
    assert request is not None
    mine, union = check(request), BodyValidator(request)
    published = jsonschema_rs.Draft202012Validator(dict(request))
    plain = jsonschema.Draft202012Validator(dict(request))
    verdicts = set()
    for number, value in enumerate(sampled(request, count, seed=operation.id)):
        verdict = mine.is_valid(value)
        assert verdict == (not mine.problems(value)) == published.is_valid(value), value
        assert mine.problems(value) == union.problems(value), value
        if number < count // 2:  # of the slow ones
            assert plain.is_valid(value) is verdict, value
        verdicts.add(verdict)
    return verdicts


@pytest.mark.parametrize("shapes", TAKING, ids=lambda each: each.operation.id)
def test_a_branch_alone_says_what_the_union_says(shapes: OperationShapes) -> None:
    """What checks one alternative agrees with both engines on the schema as it is written."""
    agreement(shapes.operation, 6)


@pytest.mark.exhaustive
@pytest.mark.parametrize("shapes", TAKING, ids=lambda each: each.operation.id)
def test_a_branch_alone_says_what_the_union_says_of_many_values(shapes: OperationShapes) -> None:
    """The same, of many values, and of answers to the problems of both engines."""
    request = shapes.operation.request
    assert request is not None
    if shapes.operation.id != "queryUsage":  # a body of two optional dates is hardly ever wrong
        assert agreement(shapes.operation, 200) == {True, False}
    plain, compiled = PlainValidator(request), BodyValidator(request)
    for value in sampled(request, 10, seed="engines"):
        assert plain.problems(value) == compiled.problems(value), value


def test_every_body_of_alternatives_is_checked_by_its_discriminator() -> None:
    """All published unions are usable: each body has a discriminator or is one object."""
    unions = [each for each in TAKING if isinstance(each.body, ByDiscriminator)]

    assert {each.body.key for each in unions if isinstance(each.body, ByDiscriminator)} == {
        "model",
        "mode",
    }
    assert len(unions) == 15
    assert all(each.body is None or each.alternatives for each in SHAPES)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({**GEN, "model": "gen5"}, 'expected one of "gen4.5", "veo3.1", '),
        ({**GEN, "model": 7}, 'expected one of "gen4.5", "veo3.1", '),
        ({**GEN, "model": []}, 'expected one of "gen4.5", "veo3.1", '),
        ({"promptText": "a"}, "expected a string, got nothing at $.model"),
        ([], "expected an object, got an array at $"),
        ({**GEN, "duration": 11}, "expected a number of at most 10, got an integer at $.duration"),
        ({"model": "gen4.5"}, "expected a string, got nothing at $.promptText"),
    ],
)
def test_a_problem_names_what_was_expected_and_where(body: object, sentence: str) -> None:
    """A wrong discriminator names the allowed values; everything else is of the alternative."""
    assert problems(body)[0].sentence().startswith(sentence)


def test_a_problem_inside_leads_to_its_place() -> None:
    """Alternatives by type do not hide a problem in one of them."""
    body = {
        "model": "seedance2",
        "promptImage": [{"uri": "ftp://example.com/a.png", "position": "middle"}],
    }

    assert [each.sentence() for each in problems(body, "image_to_video")] == [
        "expected HttpsUri or RunwayUri or ImageData, got a string at $.promptImage[0].uri",
        'expected one of "first", "last", got a string at $.promptImage[0].position',
    ]


def test_unknown_keys_can_be_let_through() -> None:
    """As of `BodyValidator`."""
    body = {"model": "veo3.1_fast", "promptText": "a", "ratio": "1280:720"}
    closed = {"model": "seedance2", "promptText": "a", "surprise": 1}

    assert problems({**body, "surprise": 1}) == []  # published as open
    assert [each.kind for each in problems(closed)] == [Kind.UNKNOWN_KEY]
    assert TEXT_TO_VIDEO.body is not None
    assert TEXT_TO_VIDEO.body.problems(closed, unknown_keys=False) == []


def test_nothing_is_compiled_before_it_is_needed() -> None:
    """Loading compiles nothing, imports no engine, and no parser of YAML."""
    code = "import sys; from contracts.wire.shapes import Shapes; Shapes.load();print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"jsonschema", "jsonschema_rs", "yaml", "contracts.wire.published"} & {*modules}


def test_one_alternative_is_compiled_alone() -> None:
    """A body compiles the alternative that it names."""
    request = TEXT_TO_VIDEO.operation.request
    assert request is not None
    body = ByDiscriminator(request)

    assert body.is_valid(GEN)
    assert [*body._checks] == ["gen4.5"]  # what nothing public shows


def test_the_engine_fetches_nothing() -> None:
    """A reference out of a schema is an error, not a request."""
    schema = {"items": {"properties": {"a": {"allOf": [{"x": 1}]}}}}
    validator = BodyValidator(schema)
    validator._schema["$ref"] = "http://127.0.0.1:9/schema.json"  # as no document of ours has it

    with pytest.raises(Exception, match="expected references within the document"):
        validator.is_valid([])


# Whole and joined documents


def test_the_whole_api_is_both_documents() -> None:
    """Every operation is there once, with all that it refers to."""
    found = {(each.method, each.template): each.id for each in whole().operations()}

    assert len(found) == len({*found.values()}) == 68
    assert found["POST", "/v1/realtime_sessions"] == "createSession"
    assert found["GET", "/v1/tasks/{id}"] == "getTask"
    assert whole().operation("POST", "/v1/voices/preview") is not None
    for each in load("runway").operations():
        assert SHAPES.for_operation(each.method, each.template).operation.request == (
            each.request and {**each.request, "components": whole_components()}
        )


def whole_components() -> Node:
    """Return what a schema of the whole document refers to."""
    return {"schemas": whole().raw["components"]["schemas"]}


def test_shapes_of_the_same_name_are_the_same() -> None:
    """Where both documents have a name, it means one thing, but for words."""
    by_hand, made = (load(name).raw["components"]["schemas"] for name in ("runway", IMPORTED))
    shared = by_hand.keys() & made.keys()

    assert {"Error", "Issue"} <= shared
    for name in shared:
        assert _rules(by_hand[name]) == _rules(made[name]), name


def _rules(node: Any) -> Any:
    if isinstance(node, dict):
        open_ = node.get("additionalProperties") is True
        left = {"description"} | ({"additionalProperties"} if open_ else set())
        return {key: _rules(value) for key, value in node.items() if key not in left}
    return node


def test_an_unknown_operation_is_an_error() -> None:
    """Nothing is guessed, of operations or of statuses."""
    with pytest.raises(UnknownName, match="has no POST /v1/nothing"):
        SHAPES.for_operation("POST", "/v1/nothing")
    with pytest.raises(UnknownName, match="createTextToVideo does not answer 418"):
        TEXT_TO_VIDEO.reply(418)


def test_replies_have_their_shape() -> None:
    """By status; an answer without a body has none."""
    created = TEXT_TO_VIDEO.reply(200)
    assert created is not None
    task = {"id": "17f20503-6c24-4c16-946b-35dbbce2af2f", "estimatedCost": {"credits": 2.5}}

    assert PlainValidator(created).problems(task) == []
    assert PlainValidator(created).problems({"id": task["id"]}) != []
    assert SHAPES.for_operation("DELETE", "/v1/tasks/{id}").reply(204) is None


def test_what_creates_tasks_is_known_by_its_answer() -> None:
    """All generation endpoints and recipes; avatar videos answer no estimate."""
    creating = {each.operation.template for each in SHAPES if each.creates_task}

    assert len(creating) == 21
    assert {"/v1/text_to_video", "/v1/video_to_hdr", "/v1/recipes/product_ad"} <= creating
    assert not {"/v1/avatar_videos", "/v1/voices", "/v1/realtime_sessions"} & creating


# Queries

DOCUMENTS = SHAPES.for_operation("GET", "/v1/documents").query
USAGE = SHAPES.for_operation("GET", "/v1/organization/webapp/usage").query
DAY = "2026-01-01T00:00:00"


def test_a_query_has_values_and_defaults() -> None:
    """Numbers are read, what is left out has its default, other parameters are left alone."""
    assert DOCUMENTS.values({"limit": "7", "cursor": "7", "other": "x"}) == {
        "limit": 7,
        "cursor": "7",
        "sort": "createdAt",
        "order": "desc",
    }
    assert DOCUMENTS.problems({"other": "x"}) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"limit": "0"}, "expected a number of at least 1, got an integer at $.limit"),
        ({"limit": "seven"}, "expected an integer, got a string at $.limit"),
        ({"limit": "7.5"}, "expected an integer, got a string at $.limit"),
        ({"limit": "9" * 400}, "expected an integer, got a string at $.limit"),
        ({"limit": "\N{ARABIC-INDIC DIGIT SEVEN}"}, "expected an integer, got a string at $.limit"),
        ({"order": "up"}, 'expected one of "asc", "desc", got a string at $.order'),
        ({"cursor": ""}, "expected a string of length 1 or more, got a string at $.cursor"),
    ],
)
def test_a_wrong_query_is_told_by_its_parameter(query: dict[str, str], sentence: str) -> None:
    """What was expected, what came, and of which parameter."""
    assert [each.sentence() for each in DOCUMENTS.problems(query)] == [sentence]


@pytest.mark.parametrize(
    ("since", "valid"),
    [
        (f"{DAY}Z", True),
        (f"{DAY}.117000+00:00", True),
        (f"{DAY}+01:00", False),
        (DAY, False),
        ("", False),
    ],
)
def test_instants_are_of_utc_in_either_spelling(since: str, *, valid: bool) -> None:
    """The Python SDK spells UTC +00:00; a query without a required parameter is wrong."""
    assert (USAGE.problems({"from": since, "to": f"{DAY}Z"}) == []) is valid
    assert USAGE.problems({"from": since})[-1].path == ("to",)


def test_other_types_are_read_too() -> None:
    """Booleans and numbers, in the spelling of JSON."""
    from contracts.wire.documents import ContractParameter

    query = QueryCheck(
        {
            "flag": ContractParameter(required=False, schema={"type": "boolean"}),
            "share": ContractParameter(required=False, schema={"type": "number"}),
        }
    )

    assert query.values({"flag": "true", "share": "-0.5"}) == {"flag": True, "share": -0.5}
    assert len(query.problems({"flag": "yes", "share": "nan"})) == 2


# A document given at start


def published(*alternatives: Node, path: str = "/v1/text_to_video") -> Node:
    """Return a published document with one operation that creates tasks."""
    answer = {
        "type": "object",
        "required": ["id", "estimatedCost"],
        "properties": {"id": TEXT, "estimatedCost": {"type": "object"}},
    }
    operation = {
        "requestBody": {"content": {"application/json": {"schema": {"oneOf": [*alternatives]}}}},
        "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
    }
    return {"openapi": "3.1.0", "paths": {path: {"post": operation}}}


def test_a_newer_document_brings_models_and_fields() -> None:
    """They are accepted at once, and named; everything else stays as it is."""
    gen = alternative("gen4.5", promptText=TEXT, surprise=TEXT)
    newer = SHAPES.with_spec(published(gen, alternative("gen6", mood=TEXT)))
    body = newer.for_operation("POST", "/v1/text_to_video").body
    assert body is not None

    assert body.is_valid({"model": "gen6", "mood": "calm"})
    assert not body.is_valid({"model": "gen6", "mood": 7})
    assert problems({"model": "gen6"}) != []
    assert SHAPES.news(newer) == [
        "POST /v1/text_to_video has new fields of gen4.5: surprise",
        "POST /v1/text_to_video has a new model: gen6",
    ]
    for shapes in SHAPES:
        route = (shapes.operation.method, shapes.operation.template)
        if route != ("POST", "/v1/text_to_video"):
            again = newer.for_operation(*route)
            assert again.alternatives == shapes.alternatives
            assert again.operation.responses.keys() == shapes.operation.responses.keys()


def test_a_newer_document_may_have_a_new_endpoint() -> None:
    """An endpoint that creates tasks is taken over; others of the document are not."""
    document = published(alternative("gen6"), path="/v1/text_to_smell")
    document["paths"]["/v1/other"] = {"get": {"responses": {"200": {}}}}

    newer = SHAPES.with_spec(document)

    assert SHAPES.news(newer) == ["POST /v1/text_to_smell is new"]
    assert newer.for_operation("POST", "/v1/text_to_smell").alternatives == {
        "gen6": frozenset({"model"})
    }


def test_the_same_document_has_no_news() -> None:
    """What is imported of our own document is what we have."""
    assert SHAPES.news(SHAPES.with_spec(load(IMPORTED).raw)) == []
    assert SHAPES.news(SHAPES.with_spec(PUBLISHED)) == []


def test_shapes_of_a_given_document_do_not_mix_with_ours() -> None:
    """A shape of the same name and another meaning changes no operation of ours."""
    newer = SHAPES.with_spec(published(alternative("gen4.5")))
    request = newer.for_operation("POST", "/v1/image_to_video").operation.request
    assert request is not None

    assert follow(request, "#/components/schemas/CreateTextToVideo.gen4.5") == follow(
        TEXT_TO_VIDEO.operation.request or {}, "#/components/schemas/CreateTextToVideo.gen4.5"
    )
    assert isinstance(newer.contract, Contract)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"type": "strin"}, "POST /v1/text_to_video: expected rules of JSON schema"),
        ({"pattern": "("}, "expected a regular expression"),
        ({"pattern": "(?<a>x)\\k<a>(?<!y+)"}, "expected"),
        ({"$ref": "http://127.0.0.1:9/x"}, "leads out of the document"),
        ({"const": {"$ref": "http://127.0.0.1:9/x"}}, "expected no reference in const, got one"),
    ],
)
def test_rules_that_cannot_be_checked_are_refused_at_start(rule: Node, message: str) -> None:
    """Not with the first request."""
    with pytest.raises(BadDocument, match=message.replace("(", "[(]")):
        SHAPES.with_spec(published(alternative("gen6", x=rule)))
