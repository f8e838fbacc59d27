"""The documents themselves: well formed, closed, described, and found by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import openapi_spec_validator
import pytest

from contracts.wire.documents import IMPORTED, NAMES, Contract, UnknownName, follow, load

ANNOTATIONS = {"$ref", "description", "deprecated", "title"}
OPEN_REQUESTS = {  # SOURCES.md says why
    "AnyObject",
    "Connect",
    "FaultEffect",
    "ScenarioData",
}
SHORTHANDS_THAT_ENGINES_READ_DIFFERENTLY = re.compile(r"\\[dDwWsSbB]")

DOCUMENTS = [load(name) for name in NAMES]


@pytest.fixture(params=DOCUMENTS, ids=NAMES)
def document(request: pytest.FixtureRequest) -> Contract:
    """Each document in turn."""
    found: Contract = request.param
    return found


def nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in `node`."""
    if isinstance(node, Mapping):
        yield node
    children = node.values() if isinstance(node, Mapping) else node
    if isinstance(node, Mapping | list):
        for child in children:
            yield from nodes(child)


def references(node: Any) -> Iterator[str]:
    """Yield every pointer in `node`, those of a discriminator's mapping too."""
    for inner in nodes(node):
        if isinstance(inner.get("$ref"), str):
            yield inner["$ref"]
        if "discriminator" in inner:
            yield from inner["discriminator"]["mapping"].values()


def reachable(document: Contract, start: Any) -> set[str]:
    """Return every pointer that `start` leads to, at any depth."""
    found: set[str] = set()
    todo = set(references(start))
    while todo:
        pointer = todo.pop()
        found.add(pointer)
        todo |= set(references(follow(document.raw, pointer))) - found
    return found


def test_is_valid_openapi(document: Contract) -> None:
    """Each document is an OpenAPI 3.1 document to an independent validator."""
    assert document.raw["openapi"] == "3.1.0"
    openapi_spec_validator.validate(dict(document.raw))


@pytest.mark.exhaustive
def test_the_imported_document_is_valid_openapi() -> None:
    """The one that a tool makes, too; that it is large takes the validator some time."""
    openapi_spec_validator.validate(dict(load(IMPORTED).raw))


def test_the_imported_document_is_of_our_form() -> None:
    """Its references lead somewhere, no shape is left over, contains itself or hides a rule."""
    document = load(IMPORTED)
    test_references_lead_somewhere(document)
    test_no_shape_is_left_over(document)
    test_beside_a_reference_stand_only_annotations(document)
    for name, shape in document.raw["components"]["schemas"].items():
        assert f"#/components/schemas/{name}" not in set(references(shape)), name


def test_references_lead_somewhere(document: Contract) -> None:
    """Every pointer, of references and discriminators, has a target in the same document."""
    pointers = set(references(document.raw))

    assert pointers
    for pointer in pointers:
        assert pointer.startswith("#/")
        follow(document.raw, pointer)


def test_no_shape_is_left_over(document: Contract) -> None:
    """Every shape is used by some operation, except `Error`, which unknown routes answer with."""
    shapes = {f"#/components/schemas/{name}" for name in document.raw["components"]["schemas"]}

    assert shapes - reachable(document, document.raw["paths"]) <= {"#/components/schemas/Error"}


def test_no_shape_contains_itself(document: Contract) -> None:
    """Shapes do not recur, which lets `schema.py` put every reference in place."""
    for name, shape in document.raw["components"]["schemas"].items():
        assert f"#/components/schemas/{name}" not in reachable(document, shape), name


def test_beside_a_reference_stand_only_annotations(document: Contract) -> None:
    """No rule hides beside a `$ref`, where putting the target in place would overwrite it."""
    for node in nodes(document.raw):
        if "$ref" in node:
            assert node.keys() <= ANNOTATIONS, node


def test_objects_declare_whether_they_are_open(document: Contract) -> None:
    """Every object shape says `additionalProperties`, and only the known ones are open."""
    for name, shape in document.raw["components"]["schemas"].items():
        for node in nodes(shape):
            if node.get("type") == "object" and "properties" in node:
                assert "additionalProperties" in node, name


def test_requests_are_closed(document: Contract) -> None:
    """A request body refuses unknown keys at every level, except where SOURCES.md opens it."""
    bodies = [
        item[method]["requestBody"]
        for item in document.raw["paths"].values()
        for method in ("post", "put")
        if "requestBody" in item.get(method, {})
    ]
    for pointer in reachable(document, bodies):
        name = pointer.rpartition("/")[2]
        for node in nodes(follow(document.raw, pointer)):
            if node.get("type") == "object" and name not in OPEN_REQUESTS:
                assert node["additionalProperties"] is False, name


def test_unions_are_selected_by_their_discriminator(document: Contract) -> None:
    """Each branch of a union requires the discriminator and fixes it to the mapped value."""
    for node in nodes(document.raw):
        if "discriminator" not in node:
            continue
        key, mapping = node["discriminator"]["propertyName"], node["discriminator"]["mapping"]
        assert [branch["$ref"] for branch in node["oneOf"]] == list(mapping.values())
        for value, pointer in mapping.items():
            branch = follow(document.raw, pointer)
            assert branch["properties"][key]["const"] == value
            assert key in branch["required"]


def test_other_alternatives_can_be_named(document: Contract) -> None:
    """Where no discriminator selects a branch, each has a name that a message can use."""
    for node in nodes(document.raw):
        if "discriminator" not in node:
            for branch in [*node.get("oneOf", ()), *node.get("anyOf", ())]:
                assert "title" in branch or "$ref" in branch, node


def test_patterns_mean_the_same_everywhere(document: Contract) -> None:
    """Patterns are anchored and use no class that differs between regular expression engines."""
    patterns = [n["pattern"] for n in nodes(document.raw) if isinstance(n.get("pattern"), str)]
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert "$" not in pattern[:-1]
        assert not SHORTHANDS_THAT_ENGINES_READ_DIFFERENTLY.search(pattern)


def test_texts_with_a_format_have_a_pattern_too(document: Contract) -> None:
    """A `format` is only an annotation: the pattern beside it decides."""
    for node in nodes(document.raw):
        if isinstance(node.get("format"), str):
            assert "pattern" in node, node


def test_shapes_are_described(document: Contract) -> None:
    """Each shape has a short description."""
    for name, shape in document.raw["components"]["schemas"].items():
        assert 0 < len(shape["description"]) <= 100, name


def test_operations_of_the_runway_contract() -> None:
    """Realtime sessions, reading avatars, conversations and their usage, and the organization."""
    found = {(o.id, o.method, o.template) for o in load("runway").operations()}

    session = "/v1/realtime_sessions/{id}"
    assert found == {
        ("createSession", "POST", "/v1/realtime_sessions"),
        ("getSession", "GET", session),
        ("deleteSession", "DELETE", session),
        ("consumeSession", "POST", f"{session}/consume"),
        ("connectBackend", "POST", f"{session}/connect_backend"),
        ("listAvatars", "GET", "/v1/avatars"),
        ("getAvatar", "GET", "/v1/avatars/{id}"),
        ("listConversations", "GET", "/v1/avatar_conversations"),
        ("getConversation", "GET", "/v1/avatar_conversations/{id}"),
        ("deleteConversation", "DELETE", "/v1/avatar_conversations/{id}"),
        ("getAvatarUsage", "GET", "/v1/avatar_usage"),
        ("getOrganization", "GET", "/v1/organization"),
        ("queryUsage", "POST", "/v1/organization/usage"),
    }


def test_only_consume_works_without_version_and_secret() -> None:
    """Every operation requires the version and the API secret, except consume."""
    runway = load("runway")
    assert runway.raw["security"] == [{"apiSecret": []}]
    for item in runway.raw["paths"].values():
        for operation in (item[method] for method in ("get", "post", "delete") if method in item):
            consume = operation["operationId"] == "consumeSession"
            headers = [
                parameter["$ref"].rpartition("/")[2]
                for parameter in operation["parameters"]
                if follow(runway.raw, parameter["$ref"])["in"] == "header"
            ]
            assert headers == ["OptionalVersion" if consume else "Version"]
            assert operation.get("security") == ([{"sessionKey": []}] if consume else None)


def test_only_lists_and_usage_take_a_query() -> None:
    """A limit, a cursor and filters may stand in the query of a list; usage needs its range."""
    runway = load("runway")
    found = {
        (operation["operationId"], parameter["name"], parameter["required"])
        for item in runway.raw["paths"].values()
        for operation in (item[method] for method in ("get", "post", "delete") if method in item)
        for parameter in (follow(runway.raw, p["$ref"]) for p in operation["parameters"])
        if parameter["in"] == "query"
    }

    filters = ("limit", "cursor", "avatar", "startDate", "endDate")
    assert found == {
        ("listAvatars", "limit", False),
        ("listAvatars", "cursor", False),
        *(("listConversations", name, False) for name in filters),
        ("getAvatarUsage", "startDate", True),
        ("getAvatarUsage", "endDate", True),
    }


def test_load_reads_once() -> None:
    """Loading a document again gives the same object."""
    assert load("runway") is load("runway")


def test_load_names_the_choices() -> None:
    """An unknown document is refused with the known names."""
    with pytest.raises(UnknownName, match="'runwy'; choose one of runway, gateway, admin"):
        load("runwy")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/realtime_sessions", "createSession"),
        ("get", "/v1/realtime_sessions/anything", "getSession"),
        ("DELETE", "/v1/realtime_sessions/anything?now=1", "deleteSession"),
        ("POST", "/v1/realtime_sessions/anything/consume", "consumeSession"),
        ("GET", "/v1/organization", "getOrganization"),
        ("GET", "/v1/avatars?limit=2&cursor=next", "listAvatars"),
        ("GET", "/v1/avatars/anything", "getAvatar"),
        ("DELETE", "/v1/avatar_conversations/anything", "deleteConversation"),
        ("GET", "/v1/avatar_usage?startDate=a", "getAvatarUsage"),
        ("POST", "/v1/avatars", None),
        ("DELETE", "/v1/avatars/anything", None),
        ("GET", "/v1/avatars/", None),
        ("PUT", "/v1/organization", None),
        ("GET", "/v1/realtime_sessions/", None),
        ("GET", "/v1/realtime_sessions/a/b", None),
        ("GET", "/v1/realtime", None),
        ("POST", "/v1/realtime_sessions//consume", None),
    ],
)
def test_operation_by_path(method: str, path: str, expected: str | None) -> None:
    """A concrete path finds its template; the query does not matter, an empty id does not count."""
    operation = load("runway").operation(method, path)

    assert (operation and operation.id) == expected


def test_operation_knows_its_bodies() -> None:
    """An operation says which body it takes, whether it needs one, and what it may answer."""
    runway = load("runway")
    create = runway.operation("POST", "/v1/realtime_sessions")
    consume = runway.operation("POST", f"/v1/realtime_sessions/{'x'}/consume")
    delete = runway.operation("DELETE", "/v1/realtime_sessions/x")
    avatars = runway.operation("GET", "/v1/avatars")
    avatar = runway.operation("GET", "/v1/avatars/x")

    assert create
    assert create.request == runway.schema("CreateSession")
    assert create.request_required
    assert list(create.responses) == [200, 400, 401, 402, 404, 413, 415, 429]
    assert create.responses[429].headers["Retry-After"].required is False
    assert consume
    assert consume.request == runway.schema("AnyObject")
    assert not consume.request_required
    assert delete
    assert delete.request is None
    assert delete.responses[204].schema is None
    assert avatars
    assert list(avatars.responses) == [200, 400, 401]
    assert avatars.responses[200].schema == runway.schema("AvatarPage")
    assert avatar
    assert avatar.request is None
    assert list(avatar.responses) == [200, 400, 401, 404]
    assert avatar.responses[200].schema == runway.schema("AvatarDetails")


def test_a_pointer_may_escape_its_steps() -> None:
    """Slashes and tildes in keys are escaped, as RFC 6901 says."""
    assert follow({"paths": {"/a~b": {"x": 1}}}, "#/paths/~1a~0b/x") == 1


def test_schema_by_name_or_pointer() -> None:
    """A shape is found by its name and by its pointer."""
    runway = load("runway")

    assert runway.schema("Session") == runway.schema("#/components/schemas/Session")


def test_schema_names_the_shapes() -> None:
    """An unknown shape is refused with the known names."""
    with pytest.raises(UnknownName, match="admin has no shape 'Session'; it has Alive, "):
        load("admin").schema("Session")
