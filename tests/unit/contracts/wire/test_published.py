"""Making a document of shapes from small published ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.documents import COMPONENTS, Contract
from contracts.wire.published import MOST_PARTS, imported, operation_id, written
from contracts.wire.shapes import check
from contracts.wire.spec_files import BadDocument, read_spec

Node = dict[str, Any]


def document(schema: object, **more: Any) -> Node:
    """Return a published document with one operation, whose body is of `schema`."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "Prose."}}}
    return {"openapi": "3.1.0", "paths": {"/v1/things": {"post": operation}}, **more}


def shape_of(schema: object, **more: Any) -> Node:
    """Return what is made of a schema."""
    found: Node = imported(document(schema, **more))["components"]["schemas"]["CreateThings"]
    return found


def test_prose_stays_behind_and_names_of_fields_do_not() -> None:
    """Words about a shape are dropped; a field may be called like a keyword."""
    schema = {
        "title": "Thing",
        "description": "A thing.",
        "example": {"title": "x"},
        "x-note": "Prose.",
        "type": "object",
        "properties": {"title": {"type": "string", "examples": ["x"]}, "description": {}},
        "required": ["description", "title"],
        "additionalProperties": {},
    }

    assert shape_of(schema) == {
        "type": "object",
        "required": ["title", "description"],
        "properties": {"title": {"type": "string"}, "description": {}},
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
            {"type": ["string", "null"], "maxLength": 3},
        ),
        (
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
        ),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": ["string", "number"]}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 3},
        ),
        (
            {"type": "integer", "maximum": 3, "exclusiveMaximum": False},
            {"type": "integer", "maximum": 3},
        ),
        ({"type": "object", "additionalProperties": True}, {"type": "object"}),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
        ({"pattern": r"^\d[\d.]\/\\d$"}, {"pattern": r"^[0-9][0-9.]/\\d$"}),
        ({"$ref": "#/components/schemas/Named"}, {"type": "string"}),
        (
            {"$ref": "#/components/schemas/Named", "maxLength": 3},
            {"allOf": [{"type": "string"}, {"maxLength": 3}]},
        ),
        ({"$ref": "#/components/schemas/Named", "description": "Prose."}, {"type": "string"}),
        (
            {"$ref": "#/components/schemas/Tree"},
            {"type": "object", "properties": {"left": {}, "name": {"type": "string"}}},
        ),
    ],
)
def test_each_rule_has_one_spelling(schema: Node, expected: Node) -> None:
    """What has several spellings gets one, references are in place, and a circle is cut."""
    named = {
        "Named": {"type": "string"},
        "Tree": {
            "type": "object",
            "properties": {
                "left": {"$ref": "#/components/schemas/Tree"},
                "name": {"$ref": "#/components/schemas/Named"},
            },
        },
    }

    assert shape_of(schema, components={"schemas": named}) == expected


def cat(of: str, *, required: bool = True) -> Node:
    """Return an alternative whose `kind` is one value."""
    kind = {"kind": {"const": of}}
    return {"type": "object", "properties": kind, "required": ["kind"] if required else []}


def test_a_union_by_one_property_gets_names() -> None:
    """Alternatives that one property tells apart are named after its values."""
    made = imported(document({"oneOf": [cat("b"), cat("a.1")]}))["components"]["schemas"]

    assert list(made) == ["CreateThings", "CreateThings.a.1", "CreateThings.b"]
    assert made["CreateThings"]["discriminator"] == {
        "propertyName": "kind",
        "mapping": {
            "b": f"{COMPONENTS}CreateThings.b",
            "a.1": f"{COMPONENTS}CreateThings.a.1",
        },
    }


@pytest.mark.parametrize(
    "union",
    [
        [cat("a"), cat("a")],
        [cat("a"), cat("b", required=False)],
        [cat("a"), {"type": "string"}],
        [cat("a"), {**cat("b"), "properties": {"kind": {"type": "string"}}}],
    ],
)
def test_a_union_that_no_property_decides_stays_as_it_is(union: list[Node]) -> None:
    """A published discriminator that does not tell every alternative apart is not used."""
    made = shape_of({"oneOf": union, "discriminator": {"propertyName": "kind"}})

    assert "discriminator" not in made
    assert len(made["oneOf"]) == 2


def doubling(levels: int) -> Node:
    """Return shapes each of which refers to the next twice."""
    pointers = [{"$ref": f"#/components/schemas/S{number + 1}"} for number in range(levels)]
    shapes = {f"S{at}": {"anyOf": [each, each]} for at, each in enumerate(pointers)}
    return {"schemas": {**shapes, f"S{levels}": {"type": "string"}}}


def nested(levels: int) -> Node:
    """Return a schema of so many levels."""
    schema: Node = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "expected an OpenAPI document, got array"),
        ({"swagger": "2.0"}, "found no `openapi` key (`swagger` means OpenAPI 2)"),
        ({"openapi": "2.0"}, "expected OpenAPI 3, got version '2.0'"),
        ({"openapi": "3.1.0"}, "paths: expected an object, got null"),
        (
            document({"$ref": "https://example.com/x.json"}),
            "the reference 'https://example.com/x.json' leads out of the document",
        ),
        (document({"$ref": "#/components/none"}), "'#/components/none' leads nowhere"),
        (document({"$ref": 7}), "POST /v1/things body $ref: expected a string, got integer"),
        (
            document({"properties": {"a": {"type": "string", "maxLength": "x"}}}),
            "POST /v1/things body.a: expected a number as maxLength, got string",
        ),
        (document({"pattern": "("}), "POST /v1/things body: expected a regular expression"),
        (document({"anyOf": {}}), "POST /v1/things body anyOf: expected an array, got object"),
        (document(nested(200)), "the document is nested too deeply"),
        (
            document({"$ref": "#/components/schemas/S0"}, components=doubling(25)),
            f"expected at most {MOST_PARTS} parts in all, got more",
        ),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": 7}}}, "GET /a: expected an object"),
    ],
)
def test_a_bad_document_is_refused_with_its_place(given: object, message: str) -> None:
    """The error says what was expected, what came, and where."""
    with pytest.raises(BadDocument) as error:
        imported(given)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not JSON"), ("[]", "got no object"), (None, "no such file or directory")],
)
def test_a_file_that_is_no_document_is_refused(tmp_path: Any, content: str, message: str) -> None:
    """The error names the file."""
    file = tmp_path / "spec.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadDocument) as error:
        read_spec(file)

    assert str(error.value).startswith(f"{file}: ")
    assert message in str(error.value)


@settings(max_examples=10)
@given(st.permutations(["/v1/b", "/v1/a/{id}", "/v1/a", "/v1/c"]))
def test_the_order_of_a_document_does_not_matter(paths: list[str]) -> None:
    """The same operations in another order give the same bytes."""
    item = document({"type": "object", "properties": {"b": {}, "a": {}}})["paths"]["/v1/things"]

    made = written(imported({"openapi": "3.1.0", "paths": dict.fromkeys(paths, item)}))

    again = dict.fromkeys(sorted(paths), item)
    assert made == written(imported({"openapi": "3.1.0", "paths": again}))


@settings(max_examples=20)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=20,
    )
)
def test_what_is_written_is_the_same_value(value: Any) -> None:
    """The readable form is JSON of the same value, in lines that fit where they can."""
    text = written({"value": value}).decode()

    assert json.loads(text) == {"value": value}
    assert text.endswith("}\n")


def test_media_other_than_json_and_vague_statuses_are_left_out() -> None:
    """A form is no shape of ours, and `default` promises nothing."""
    operation = {
        "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}}}},
        "responses": {"default": {"description": "x"}, "4XX": {}, "204": {}},
    }
    made = imported({"openapi": "3.0.3", "paths": {"/v1/a": {"put": operation}}})

    node = made["paths"]["/v1/a"]["put"]
    assert node == {
        "operationId": "putA",
        "parameters": [],
        "security": [],
        "responses": {"204": {"description": "No Content"}},
    }


@pytest.mark.parametrize(
    ("method", "template", "name"),
    [
        ("GET", "/v1/voices", "listVoices"),
        ("POST", "/v1/voices", "createVoice"),
        ("GET", "/v1/voices/{id}", "getVoice"),
        ("PATCH", "/v1/voices/{id}", "updateVoice"),
        ("DELETE", "/v1/voices/{id}", "deleteVoice"),
        ("POST", "/v1/text_to_video", "createTextToVideo"),
        ("GET", "/v1/organization", "getOrganization"),
        ("PUT", "/v2/a-b/{id}/c", "putABC"),
    ],
)
def test_operations_are_named_by_rule(method: str, template: str, name: str) -> None:
    """Names come from method and path."""
    assert operation_id(method, template, ["/v1/voices", "/v1/voices/{id}"]) == name


RULES: Mapping[str, Any] = {
    "type": "object",
    "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
    "required": ["a"],
}


@pytest.mark.parametrize(("value", "valid"), [({"a": 1}, True), ({"a": None}, True), ({}, False)])
def test_what_is_made_can_be_checked(value: object, valid: bool) -> None:
    """The document is of the form that the engines of this package take."""
    operation = Contract("made", imported(document(RULES))).operation("POST", "/v1/things")
    assert operation is not None
    assert operation.request is not None

    assert check(operation.request).is_valid(value) is valid
