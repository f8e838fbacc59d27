"""What an overlay adds to a published document, and what makes none."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from contracts.cli import main
from contracts.wire.overlay import BadOverlay, Overlay, ours
from contracts.wire.published import imported, operations

Node = dict[str, Any]


def alternative(model: str, **fields: Node) -> Node:
    """Return an alternative of a body."""
    properties = {**fields, "model": {"const": model}}
    return {"type": "object", "properties": properties, "required": ["model"]}


TEXT = {"type": "string"}
LIMIT = {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}
PUBLISHED: Node = {
    "openapi": "3.1.0",
    "paths": {
        "/v1/make": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "oneOf": [
                                    alternative("old", size={"type": "string", "enum": ["s"]}),
                                    alternative("other", duration={"type": "integer"}),
                                ]
                            }
                        }
                    }
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "400": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "properties": {"code": TEXT}}
                            }
                        }
                    },
                    "429": {"content": {"application/json": {"schema": {"type": "object"}}}},
                },
            }
        },
        "/v1/things": {"get": {"parameters": [LIMIT], "responses": {"200": {}}}},
        "/v1/things/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": TEXT}],
                "responses": {"200": {}},
            }
        },
    },
}
WHY: Node = {"source": "a test", "certainty": "low"}


def made(*changes: Node, **sections: Any) -> Node:
    """Return the document with these changes."""
    return imported(PUBLISHED, Overlay({"changes": [WHY | each for each in changes], **sections}))


def schemas(*changes: Node, **sections: Any) -> Node:
    """Return its shapes."""
    found: Node = made(*changes, **sections)["components"]["schemas"]
    return found


def test_alternatives_are_made_of_fields() -> None:
    """A new model needs some fields and has others, by name, of its own or like another."""
    shapes = schemas(
        {
            "at": "POST /v1/make",
            "alternatives": {
                "new": {"needs": ["text"], "has": ["seed"], "fields": {"seed": "1 2"}},
                "twin": {"like": "new"},
            },
        },
        fields={"text": {"is": "Text"}},
        shapes={"Text": TEXT},
    )

    assert shapes["CreateMake.new"] == {
        "type": "object",
        "required": ["text", "model"],
        "properties": {
            "text": {"$ref": "#/components/schemas/Text"},
            "seed": {"type": "string", "enum": ["1", "2"]},
            "model": {"type": "string", "const": "new"},
        },
        "additionalProperties": False,
    }
    assert shapes["CreateMake.twin"]["required"] == ["text", "model"]
    assert [*shapes["CreateMake"]["discriminator"]["mapping"]] == ["old", "other", "new", "twin"]


def test_what_is_published_is_extended() -> None:
    """Alternatives get fields, choices and other shapes; those that are not named stay."""
    shapes = schemas(
        {"at": "POST /v1/make", "for": ["old"], "fields": {"seed": {"type": "integer"}}},
        {"at": "POST /v1/make", "for": ["old"], "choices": {"size": "m l"}},
        {"at": "POST /v1/make", "for": ["other"], "also": {"duration": {"const": "auto"}}},
    )

    assert shapes["CreateMake.old"]["properties"] == {
        "size": {"type": "string", "enum": ["s", "m", "l"]},
        "model": {"const": "old"},
        "seed": {"type": "integer"},
    }
    assert shapes["CreateMake.other"]["properties"]["duration"] == {
        "anyOf": [{"type": "integer"}, {"const": "auto"}]
    }


def test_queries_can_change() -> None:
    """A parameter becomes optional, or gets another shape."""
    document = made(
        {"at": "GET /v1/things", "optional": ["limit"], "query": {"limit": {"type": "string"}}}
    )

    (limit,) = document["paths"]["/v1/things"]["get"]["parameters"]
    assert limit == {"name": "limit", "in": "query", "required": False, "schema": TEXT}


def test_a_whole_operation_can_be_new() -> None:
    """It answers as another does."""
    document = made(
        {
            "at": "POST /v1/new",
            "answers-as": "POST /v1/make",
            "by": "model",
            "alternatives": {"first": {"needs": ["a"], "fields": {"a": TEXT}}},
        }
    )

    node = document["paths"]["/v1/new"]["post"]
    assert node["operationId"] == "createNew"
    assert node["responses"] == document["paths"]["/v1/make"]["post"]["responses"]
    assert document["components"]["schemas"]["CreateNew.first"]["required"] == ["a", "model"]


def test_operations_can_be_left_out_and_renamed() -> None:
    """What a document by hand describes stays out."""
    document = made(**{"by-hand": ["GET /v1/things"], "ids": {"POST /v1/make": "make"}})

    assert [*document["paths"]] == ["/v1/make", "/v1/things/{id}"]
    assert document["paths"]["/v1/make"]["post"]["operationId"] == "make"


def test_every_operation_gets_refusals() -> None:
    """By whether it has an id or a body, and its method; what is published with more keys stays."""
    error = {"type": "object", "properties": {"error": TEXT}}
    document = made(
        shapes={"Error": error, "Seconds": {"pattern": "^[0-9]+$"}},
        refusals={
            "shape": "Error",
            "every": [400],
            "path": [404],
            "body": [413],
            "POST": [429],
            "headers": {429: {"Retry-After": {"is": "Seconds"}}},
        },
    )
    paths = document["paths"]

    assert [*paths["/v1/things"]["get"]["responses"]] == ["200", "400"]
    assert [*paths["/v1/things/{id}"]["get"]["responses"]] == ["200", "400", "404"]
    assert [*paths["/v1/make"]["post"]["responses"]] == ["200", "400", "413", "429"]
    assert document["components"]["schemas"]["CreateMake400"]["anyOf"] == [
        {"type": "object", "properties": {"code": TEXT}},
        {"$ref": "#/components/schemas/Error"},
    ]
    assert paths["/v1/make"]["post"]["responses"]["429"]["headers"] == {
        "Retry-After": {"$ref": "#/components/headers/Retry-After"}
    }


NEWER: Node = copy.deepcopy(PUBLISHED)
(NEWER["paths"]["/v1/make"]["post"]["requestBody"]["content"]["application/json"]["schema"]) = {
    "oneOf": [
        alternative("old", size={"type": "string", "enum": ["s", "m"]}, seed={"type": "string"}),
        alternative("new", own={}),
    ]
}


def test_what_a_newer_document_has_is_left_alone() -> None:
    """The overlay then does nothing, and says so."""
    overlay = Overlay(
        {
            "changes": [
                WHY | {"at": "POST /v1/make", "alternatives": {"new": {}}},
                WHY | {"at": "POST /v1/make", "for": ["old"], "choices": {"size": "m"}},
                WHY | {"at": "POST /v1/make", "for": ["old"], "fields": {"seed": TEXT}},
                WHY | {"at": "POST /v1/make", "for": ["old"], "also": {"gone": TEXT}},
                WHY
                | {"at": "POST /v1/make", "for": ["old"], "in": ["gone"], "fields": {"a": TEXT}},
                WHY | {"at": "GET /v1/gone", "optional": ["limit"]},
                WHY | {"at": "POST /v1/x", "answers-as": "POST /v1/y", "by": "model"},
                WHY | {"at": "GET /v1/things", "optional": ["gone"], "query": {"gone": TEXT}},
            ]
        }
    )

    assert imported(NEWER, overlay) == imported(NEWER)
    assert overlay.idle(operations(NEWER)) == [
        "change 1 (a test): change 1 at POST /v1/make: new is published",
        "change 2 (a test): change 2 at POST /v1/make: there is nothing to add to size",
        "change 3 (a test): change 3 at POST /v1/make: seed is published",
        "change 4 (a test): change 4 at POST /v1/make: there is nothing to add to gone",
        "change 5 (a test): change 5 at POST /v1/make: there is no gone",
        "change 6 (a test): there is no GET /v1/gone",
        "change 7 (a test): there is no POST /v1/y to answer as",
        "change 8 (a test): change 8 at GET /v1/things: gone is optional",
        "change 8 (a test): change 8 at GET /v1/things: there is no gone",
    ]


def test_what_a_newer_document_has_no_more_is_left_alone() -> None:
    """A model that others are like, a field of it, or the alternatives of a body can be gone."""
    at = WHY | {"at": "POST /v1/make"}
    plain = {"answer": 200, "for": ["old"], "fields": {"seed": TEXT}}
    overlay = Overlay(
        {
            "changes": [
                at | {"alternatives": {"twin": {"like": "gone"}, "third": {"like": "twin"}}},
                at | {"alternatives": {"twin": {"like": "other", "has": ["gone"]}}},
                at | plain,
                at | {"answer": 200, "alternatives": {"twin": {}}},
            ]
        }
    )

    assert imported(PUBLISHED, overlay) == imported(PUBLISHED)
    assert overlay.idle(operations(PUBLISHED)) == [
        "change 1 (a test): change 1 at POST /v1/make twin: there is no gone to be like",
        "change 1 (a test): change 1 at POST /v1/make third: there is no twin to be like",
        "change 2 (a test): change 2 at POST /v1/make twin: other has no gone",
        (
            "change 3 (a test): change 3 at POST /v1/make: "
            "there are no alternatives that differ by one property"
        ),
        (
            "change 4 (a test): change 4 at POST /v1/make: "
            "there are no alternatives that differ by one property"
        ),
    ]


AT: Node = WHY | {"at": "POST /v1/make"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the overlay: expected an object, got list"),
        ({"surprise": 1}, "got ['surprise']"),
        ({"changes": [{"at": "x", "source": "y"}]}, "change 1: expected a source, and a certainty"),
        ({"changes": [{"at": "x", "certainty": "low"}]}, "change 1: expected a source"),
        ({"changes": [AT | {"alternatives": {"n": {"needs": ["a"]}}}]}, "nothing says what a is"),
        (
            {"changes": [AT | {"alternatives": {"n": {"fields": {"a": {}}}}}]},
            "expected fields that it needs or has, got ['a']",
        ),
        ({"shapes": {"A": {"is": "B"}}}, "shapes A: there is no shape B above"),
        ({"shapes": {"A": {"pattern": "("}}}, "shapes A: expected a regular expression"),
    ],
)
def test_a_bad_overlay_is_refused_with_its_place(data: object, message: str) -> None:
    """The error says what was expected, what came, and where."""
    with pytest.raises(BadOverlay) as error:
        imported(PUBLISHED, Overlay(data))

    assert message in str(error.value)


def test_ours_is_not_changed_by_what_it_changes() -> None:
    """An overlay can be used again."""
    empty = {"openapi": "3.1.0", "paths": {}}
    overlay = Overlay({"changes": [AT | {"for": ["old"], "choices": {"size": "m"}}]})
    assert imported(PUBLISHED, overlay) == imported(PUBLISHED, overlay)
    assert imported(empty, ours())["paths"] == {}


def test_the_command_takes_an_overlay(tmp_path: Any) -> None:
    """A file of one's own in place of ours, and what has no effect is reported."""
    spec, overlay = tmp_path / "spec.json", tmp_path / "overlay.yaml"
    spec.write_bytes(orjson.dumps(PUBLISHED))
    overlay.write_text(
        "ids: {POST /v1/make: make}\n"
        "changes: [{at: GET /v1/x, source: none, certainty: low, optional: [a]}]\n"
    )
    run = CliRunner().invoke

    result = run(main, ["import-spec", str(spec), "--overlay", str(overlay)])
    plain = run(main, ["import-spec", str(spec), "--plain"])

    assert result.stderr == "has no effect: change 1 (none): there is no GET /v1/x\n"
    assert orjson.loads(result.stdout)["paths"]["/v1/make"]["post"]["operationId"] == "make"
    assert orjson.loads(plain.stdout) == imported(PUBLISHED)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.json"], "Error: none.json: no such file or directory\n"),
        (["spec.json", "--overlay", "none.yaml"], "Error: none.yaml: no such file or directory\n"),
        (["spec.json", "--overlay", "spec.json"], "Error: spec.json: the overlay: expected keys"),
        (["spec.json", "--overlay", "a", "--plain"], "expected --overlay or --plain, got both"),
        (
            ["remote.json"],
            "Error: remote.json: the reference 'https://a' leads out of the document",
        ),
        (
            ["spec.json", "--plain", "-o", "no/where"],
            "Error: no/where: no such file or directory\n",
        ),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """One line names the file; the code is that of wrong usage."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.json").write_bytes(orjson.dumps(PUBLISHED))
    remote = {"openapi": "3.1.0", "paths": {"/a": {"$ref": "https://a"}}}
    (tmp_path / "remote.json").write_bytes(orjson.dumps(remote))

    result = CliRunner().invoke(main, ["import-spec", *arguments])

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
