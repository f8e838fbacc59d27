"""Drift between our contract and a published document: the differences, and whose code they break.

The published document is made from ours, with every reference put in place, so that a change to it
concerns one place of one operation. It must then be the one difference that is reported.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import event, given, settings
from hypothesis import strategies as st

from contracts.cli import main
from contracts.drift.compare import JUDGED, ChangeKind, Difference, Judgement, Side, differences
from contracts.drift.explained import BadTable, explanation, explanations, fingerprint, parsed
from contracts.drift.openapi import calls
from contracts.wire.documents import METHODS, load
from contracts.wire.spec_files import DEEPEST, BadDocument
from tests.support.effort import examples

Node = dict[str, Any]

OURS = load("runway").raw
ADDED, REMOVED, NARROWED, WIDENED, RENAMED, CHANGED = ChangeKind
CLIENTS, US, HARMLESS = Judgement
PER_KIND = 1  # places in which each kind of change is tried, of each operation and side


def inlined(node: Any) -> Any:
    """Return a part of our document with every reference put in place."""
    match node:
        case {"$ref": str(pointer), **beside}:
            target: Any = OURS
            for step in pointer[2:].split("/"):
                target = target[step]
            return {**inlined(target), **beside}
        case {"discriminator": {"propertyName": key}, **rest}:
            return {**inlined(rest), "discriminator": {"propertyName": key}}
        case dict():
            return {key: inlined(value) for key, value in node.items()}
        case list():
            return [inlined(each) for each in node]
    return node


PUBLISHED: Mapping[str, Any] = {
    **{key: OURS[key] for key in ("openapi", "info", "security")},
    "components": {"securitySchemes": OURS["components"]["securitySchemes"]},
    "paths": inlined(OURS["paths"]),
}

Way = tuple[str | int, ...]
Apply = Callable[[Node], object]
Changed = tuple[str, Apply, ChangeKind, Judgement, str]


@dataclass(frozen=True, eq=False)
class Change:
    """A change to the published document, and the one difference that must be reported.

    `at` is the way to what is changed by `apply`; `aspect` is how the difference's id ends.
    """

    what: str
    operation: str
    at: Way
    apply: Callable[[Node], object]
    kind: ChangeKind
    judgement: Judgement
    aspect: str

    def __str__(self) -> str:
        return f"{self.operation} {self.what} {'/'.join(map(str, self.at[3:]))}"


def part(document: Any, way: Way) -> Any:
    """Return what lies at the end of `way`."""
    for step in way:
        document = document[step]
    return document


def changed(change: Change) -> Node:
    """Return the published document with one change, and of the paths only those concerned."""
    document = only(PUBLISHED, change)
    document["paths"] = copy.deepcopy(document["paths"])
    change.apply(part(document, change.at))
    return document


def only(document: Mapping[str, Any], change: Change) -> Node:
    """Return a document without the paths that a change does not concern: reading takes time."""
    paths = document["paths"]
    concerned = {change.at[1]: paths[change.at[1]]} if len(change.at) > 1 else paths
    return {**document, "paths": concerned}


@cache
def drift_of(change: Change) -> tuple[Difference, ...]:
    """Return the differences that a change makes."""
    return differences(changed(change), only(OURS, change))


def operations() -> Iterator[tuple[str, Way]]:
    """Yield each operation's id and the way to it."""
    for path, item in PUBLISHED["paths"].items():
        for method in METHODS:
            if method in item:
                yield item[method]["operationId"], ("paths", path, method)


def shapes(way: Way) -> Iterator[tuple[Side, Way, frozenset[str]]]:
    """Yield each shape sent in an operation's bodies, with the discriminators of unions."""
    operation = part(PUBLISHED, way)
    if "requestBody" in operation:
        body = (*way, "requestBody", "content", "application/json", "schema")
        yield from inner_shapes(Side.REQUEST, body)
    for status, response in operation["responses"].items():
        if status.startswith("2") and "content" in response:
            body = (*way, "responses", status, "content", "application/json", "schema")
            yield from inner_shapes(Side.RESPONSE, body)


def inner_shapes(
    side: Side, way: Way, keys: frozenset[str] = frozenset()
) -> Iterator[tuple[Side, Way, frozenset[str]]]:
    """Yield a shape and those inside it."""
    node = part(PUBLISHED, way)
    yield side, way, keys
    for name in node.get("properties", ()):
        if name not in keys:
            yield from inner_shapes(side, (*way, "properties", name))
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), dict):
            yield from inner_shapes(side, (*way, word))
    told_by = frozenset([node["discriminator"]["propertyName"]] if "discriminator" in node else ())
    for number in range(len(node.get("oneOf", ()))):
        yield from inner_shapes(side, (*way, "oneOf", number), told_by)


def setting(key: str, value: object) -> Apply:
    """Return a change that sets one key."""

    def apply(node: Node) -> None:
        node[key] = value

    return apply


def dropping(key: str) -> Apply:
    """Return a change that removes one key."""

    def apply(node: Node) -> None:
        del node[key]

    return apply


def instead(value: Node) -> Apply:
    """Return a change that puts another shape in place."""

    def apply(node: Node) -> None:
        node.clear()
        node.update(copy.deepcopy(value))

    return apply


def without(name: str) -> Apply:
    """Return a change that removes a property."""

    def apply(node: Node) -> None:
        del node["properties"][name]
        node["required"] = [each for each in node.get("required", ()) if each != name]

    return apply


def renaming(name: str, to: str) -> Apply:
    """Return a change that renames a property."""

    def apply(node: Node) -> None:
        node["properties"] = {
            to if each == name else each: shape for each, shape in node["properties"].items()
        }
        node["required"] = [to if each == name else each for each in node.get("required", ())]

    return apply


def adding(name: str, *, required: bool) -> Apply:
    """Return a change that adds a property."""

    def apply(node: Node) -> None:
        node["properties"][name] = {"type": "array", "items": {"type": "string"}}
        node["required"] = [*node.get("required", ()), *([name] if required else [])]

    return apply


def requiring(name: str, *, required: bool) -> Apply:
    """Return a change that makes a property required or optional."""

    def apply(node: Node) -> None:
        others = [each for each in node.get("required", ()) if each != name]
        node["required"] = [*others, name] if required else others

    return apply


def object_changes(side: Side, node: Node, keys: frozenset[str]) -> Iterator[Changed]:
    """Yield the changes to a shape with properties."""
    asked = side is Side.REQUEST
    if node["additionalProperties"] is False:
        yield "open", setting("additionalProperties", True), WIDENED, HARMLESS, ":closed"
    else:
        yield "close", setting("additionalProperties", False), NARROWED, US, ":closed"
    new = adding("brandNew", required=False)
    yield "add", new, ADDED, HARMLESS, ".brandNew:added"
    needed = adding("brandNew", required=True)
    yield "add required", needed, ADDED, CLIENTS if asked else US, ".brandNew:added"
    for name in sorted(node["properties"].keys() - keys)[:PER_KIND]:
        lost = US if asked else CLIENTS
        yield f"remove {name}", without(name), REMOVED, lost, f".{name}:removed"
        other = renaming(name, f"{name}Anew")
        yield f"rename {name}", other, RENAMED, CLIENTS, f".{name}:renamed"
        if name in node.get("required", ()):
            free = requiring(name, required=False)
            whom = HARMLESS if asked else CLIENTS
            yield f"free {name}", free, WIDENED, whom, f".{name}:required"
        else:
            need = requiring(name, required=True)
            whom = CLIENTS if asked else US
            yield f"require {name}", need, NARROWED, whom, f".{name}:required"


def value_changes(side: Side, node: Node) -> Iterator[Changed]:
    """Yield the changes to a shape of a plain value."""
    asked = side is Side.REQUEST
    wider, other = (HARMLESS, US) if asked else (CLIENTS, CLIENTS)
    types = node.get("type", "string")
    named = [types] if isinstance(types, str) else types
    if "const" not in node and "enum" not in node:
        null = [each for each in named if each != "null"]
        if "null" in named:
            yield "never null", setting("type", null), NARROWED, US, ":nullable"
        else:
            yield "null", setting("type", [*named, "null"]), WIDENED, wider, ":nullable"
    else:
        choices = node["enum"] if "enum" in node else [node["const"]]
        more = {"enum": [*choices, "brand-new"]}
        yield "add value", instead(more), WIDENED, wider, ":choices"
        yield "any value", instead({"type": "string"}), WIDENED, wider, ":choices"
        yield "other values", instead({"enum": ["new", "newer"]}), CHANGED, CLIENTS, ":choices"
        if len(choices) > 1:
            yield "remove value", instead({"enum": choices[1:]}), NARROWED, US, ":choices"
    if "boolean" not in named:
        yield "other type", instead({"type": "boolean"}), CHANGED, CLIENTS, ":type"
    if named == ["integer"]:
        yield "any number", setting("type", "number"), WIDENED, wider, ":type"
    if named == ["number"]:
        yield "whole number", setting("type", "integer"), NARROWED, US, ":type"
    for limit, step in (("minLength", 1), ("minimum", 1), ("maxLength", -1), ("maximum", -1)):
        if limit in node:
            tight, loose = node[limit] + step, node[limit] - step
            yield f"tighter {limit}", setting(limit, tight), NARROWED, US, f":{limit}"
            if limit != "minLength" or loose:
                yield f"looser {limit}", setting(limit, loose), WIDENED, wider, f":{limit}"
            yield f"no {limit}", dropping(limit), WIDENED, wider, f":{limit}"
        elif named == ["string"] and limit == "maxLength" and not {"enum", "const"} & node.keys():
            yield "new limit", setting(limit, 7), NARROWED, US, f":{limit}"
    for rule in ("pattern", "format"):
        if rule in node:
            yield f"no {rule}", dropping(rule), WIDENED, wider, f":{rule}"
            yield f"other {rule}", setting(rule, "email"), CHANGED, other, f":{rule}"
        elif named == ["string"] and not {"enum", "const"} & node.keys():
            yield f"new {rule}", setting(rule, "email"), NARROWED, US, f":{rule}"
    if "default" in node:
        whom = US if asked else HARMLESS
        yield "no default", dropping("default"), CHANGED, whom, ":default"


def union_changes(side: Side, node: Node) -> Iterator[Changed]:
    """Yield the changes to a shape with alternatives."""
    key = node["discriminator"]["propertyName"]
    first = node["oneOf"][0]["properties"][key]["const"]
    new = {"type": "object", "required": [key], "properties": {key: {"const": "brand-new"}}}
    whom = HARMLESS if side is Side.REQUEST else CLIENTS
    yield "add branch", lambda it: it["oneOf"].append(new), ADDED, whom, "<brand-new>:added"
    yield "remove branch", lambda it: it["oneOf"].pop(0), REMOVED, US, f"<{first}>:removed"
    only = instead(node["oneOf"][-1])
    if len(node["oneOf"]) == 2:
        yield "one branch", only, REMOVED, US, f"<{first}>:removed"


def body_changes() -> Iterator[Change]:
    """Yield changes to what is sent and answered, a few of each kind for each operation."""
    for operation, way in operations():
        tried: Counter[tuple[Side, str, ChangeKind, Judgement, str]] = Counter()
        for side, at, keys in shapes(way):
            node = part(PUBLISHED, at)
            if "oneOf" in node:
                every = union_changes(side, node)
            elif "properties" in node:
                every = object_changes(side, node, keys)
            elif node.keys() & {"type", "const", "enum"} and node.get("type") != "object":
                every = value_changes(side, node)
            else:
                continue
            for what, apply, kind, judgement, aspect in every:
                sort = (side, what.partition(" ")[0], kind, judgement, aspect[0] + aspect[-8:])
                tried[sort] += 1
                if tried[sort] <= PER_KIND:
                    yield Change(what, operation, at, apply, kind, judgement, aspect)


CONFLICT = {"description": "new", "content": {"application/json": {"schema": {}}}}


def call_changes() -> Iterator[Change]:
    """Yield changes to the operations themselves: what they take and answer."""
    for operation, way in operations():
        node = part(PUBLISHED, way)
        every = (*parameter_changes(node), *request_changes(node), *answer_changes(node))
        for what, apply, kind, judgement, aspect in every:
            yield Change(what, operation, way, apply, kind, judgement, aspect)


def parameter_changes(node: Node) -> Iterator[Changed]:
    """Yield changes to parameters and to authentication."""
    yield "no security", setting("security", [{}]), CHANGED, CLIENTS, ":security"
    for required, whom in ((False, HARMLESS), (True, CLIENTS)):
        page = {"name": "page", "in": "query", "required": required, "schema": {}}
        more = [*node["parameters"], page]
        new = setting("parameters", more)
        yield f"new parameter {required}", new, ADDED, whom, ".page:added"
    fewer, version = node["parameters"][:-1], node["parameters"][-1]["name"]
    yield "no version", setting("parameters", fewer), REMOVED, US, f".{version}:removed"
    for number, each in enumerate(node["parameters"]):
        before, after, name = (
            node["parameters"][:number],
            node["parameters"][number + 1 :],
            each["name"],
        )
        flipped = {**each, "required": not each["required"]}
        flip = setting("parameters", [*before, flipped, *after])
        kind, whom = (WIDENED, HARMLESS) if each["required"] else (NARROWED, CLIENTS)
        yield f"flip {name}", flip, kind, whom, f".{name}:required"
        called = {**each, "name": f"{name}s"}
        rename = setting("parameters", [*before, called, *after])
        yield f"rename {name}", rename, RENAMED, CLIENTS, f".{name}:renamed"


def request_changes(node: Node) -> Iterator[Changed]:
    """Yield changes to the body as a whole."""
    if "requestBody" not in node:
        body = {"content": {"application/json": {"schema": {"type": "object"}}}}
        yield "new body", setting("requestBody", body), ADDED, HARMLESS, ":request-added"
        needed = {**body, "required": True}
        yield "needed body", setting("requestBody", needed), ADDED, CLIENTS, ":request-added"
        return
    request = node["requestBody"]
    flipped = setting("requestBody", {**request, "required": not request["required"]})
    kind, whom = (WIDENED, HARMLESS) if request["required"] else (NARROWED, CLIENTS)
    yield "flip body", flipped, kind, whom, ":request-required"
    yield "no body", dropping("requestBody"), REMOVED, US, ":request-removed"
    media = {**request["content"], "text/plain": {"schema": {}}}
    another = setting("requestBody", {**request, "content": media})
    yield "another type", another, ADDED, HARMLESS, ".request:content"


def answer_changes(node: Node) -> Iterator[Changed]:
    """Yield changes to the statuses."""
    answers = node["responses"]
    for status in list(answers)[:3]:
        fewer = {key: answer for key, answer in answers.items() if key != status}
        whom = CLIENTS if status.startswith("2") else US
        yield f"no {status}", setting("responses", fewer), REMOVED, whom, f".{status}:removed"
    more = {**answers, "409": CONFLICT}
    yield "new status", setting("responses", more), ADDED, CLIENTS, ".409:added"
    good = {key: answer for key, answer in answers.items() if key.startswith("2")}
    yield "no refusals", setting("responses", good), REMOVED, US, ":refusals"


def path_changes() -> Iterator[Change]:
    """Yield changes to paths and methods of which one operation is left, moved or gone."""
    for operation, (_, path, method) in operations():

        def gone(paths: Node, path: Any = path, method: Any = method) -> None:
            del paths[path][method]

        def moved(paths: Node, path: Any = path, method: Any = method) -> None:
            item = {**paths[path], method: paths[path].pop(method)}
            shared = {key: item[key] for key in ("parameters", method) if key in item}
            paths[path.replace("v1/", "v1/live_")] = shared

        def another_method(paths: Node, path: Any = path, method: Any = method) -> None:
            paths[path]["put"] = paths[path].pop(method)

        yield Change("gone", operation, ("paths",), gone, REMOVED, CLIENTS, ":unpublished")
        yield Change("moved", operation, ("paths",), moved, RENAMED, CLIENTS, ":renamed")
        yield Change("put", operation, ("paths",), another_method, RENAMED, CLIENTS, ":renamed")


CHANGES = [*body_changes(), *call_changes(), *path_changes()]


def test_there_are_enough_changes() -> None:
    """At least a hundred changes are tried, of every kind and with every judgement."""
    assert len(CHANGES) >= 100
    assert {change.kind for change in CHANGES} == set(ChangeKind)
    assert {change.judgement for change in CHANGES} == set(Judgement)
    assert {change.operation for change in CHANGES} == {name for name, _ in operations()}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_change_is_the_one_difference(change: Change) -> None:
    """A change of the published document is reported once, with place, kind and consequence."""
    found = drift_of(change)

    assert [(each.kind, each.judgement) for each in found] == [(change.kind, change.judgement)]
    assert found[0].operation == change.operation
    assert found[0].id.endswith(change.aspect)
    assert found[0].was != found[0].now
    assert len(found[0].places) <= 1


def test_every_judgement_occurs() -> None:
    """No row of the table is unused by the changes, but for those named here."""
    made = {
        (each.side, each.kind, each.consequence) for change in CHANGES for each in drift_of(change)
    }
    rare = {
        "A default does not change what is answered.",
        "The fake may answer keys that Runway never does.",
        "A name inside a template; nothing else on the wire.",
        "Clients do not get the body that the fake answers.",
        "Clients may get a content type that the fake never sends.",
        "Clients may get a success that the fake never answers.",
        "Clients may get values of another form than the fake's.",
        "The fake accepts a content type that Runway refuses.",
        "The fake accepts unknown keys, which Runway refuses.",
        "The fake does not know it and answers 404 or 405.",
    }
    judged = {(side, kind, sentence) for (side, _, kind), (_, sentence) in JUDGED.items()}
    assert {sentence for _, _, sentence in judged - made} <= rare


def one(document: Node) -> Difference:
    """Return the only difference of a document."""
    (found,) = differences(document, OURS)
    return found


def variant() -> Node:
    """Return the published document, to be changed."""
    return copy.deepcopy(dict(PUBLISHED))


def test_an_unchanged_document_has_no_difference() -> None:
    """Ours against itself, and ours with every reference in place, differ in nothing."""
    assert differences(OURS, OURS) == ()
    assert differences(PUBLISHED, OURS) == ()
    assert differences(OURS, PUBLISHED) == ()


def shuffled(node: Any, draw: Callable[[Any], Any]) -> Any:
    """Return `node` with the keys of its objects, and lists without order, in another order."""
    if isinstance(node, dict):
        keys = draw(st.permutations(list(node)))
        return {
            key: draw(st.permutations(inner))
            if key in ("required", "enum") and isinstance(inner, list)
            else inner
            for key, inner in ((key, shuffled(node[key], draw)) for key in keys)
        }
    return [shuffled(each, draw) for each in node] if isinstance(node, list) else node


@pytest.mark.parametrize("base", [OURS, PUBLISHED], ids=["references", "in place"])
def test_the_order_is_no_difference(base: Node) -> None:
    """Keys, required names, values and alternatives in the opposite order are no difference."""

    def turned(node: Any) -> Any:
        if isinstance(node, dict):
            return {
                key: turned(value)[::-1]
                if key in ("required", "enum", "oneOf", "parameters") and isinstance(value, list)
                else turned(value)
                for key, value in reversed(node.items())
            }
        return [turned(each) for each in node] if isinstance(node, list) else node

    assert differences(turned(base), OURS) == ()


@settings(max_examples=examples(10), deadline=None)
@given(st.data())
def test_any_order_is_no_difference(data: st.DataObject) -> None:
    """The order of keys makes no difference."""
    way = ("paths", "/v1/realtime_sessions/{id}")
    document = variant()
    document["paths"][way[1]] = shuffled(part(document, way), data.draw)

    assert differences(document, OURS) == ()


def test_other_spellings_are_no_difference() -> None:
    """Null as an alternative, a split object, words and brackets around a pattern are no change."""
    document = variant()
    create = body(document)
    create["description"] = "Other words."
    avatar = document["paths"]["/v1/avatars"]["get"]["responses"]["200"]["content"]
    page = avatar["application/json"]["schema"]["properties"]
    page["nextCursor"] = {"anyOf": [{**page["nextCursor"], "type": "string"}, {"type": "null"}]}
    both = {key: create.pop(key) for key in ("required", "additionalProperties")}
    create["allOf"] = [{"properties": create.pop("properties")}, both]
    custom = create["allOf"][0]["properties"]["avatar"]["oneOf"][1]["properties"]["avatarId"]
    custom["pattern"] = f"^({custom['pattern'][1:-1]})$"
    custom["title"] = "AnotherName"

    assert differences(document, OURS) == ()


def body(document: Node) -> Node:
    """Return the shape of the body of a create."""
    request = document["paths"]["/v1/realtime_sessions"]["post"]["requestBody"]
    shape: Node = request["content"]["application/json"]["schema"]
    return shape


def test_alike_names_are_renames() -> None:
    """Of several removed and added properties, those with like names are renamed ones."""
    document = variant()
    properties = body(document)["properties"]
    properties["person_ality"] = properties.pop("personality")
    properties["colour"] = {"type": "string"}
    del properties["startScript"]

    found = {(each.id, each.kind) for each in differences(document, OURS)}

    assert found == {
        ("CreateSession.personality:renamed", RENAMED),
        ("CreateSession.startScript:removed", REMOVED),
        ("CreateSession.colour:added", ADDED),
    }


def test_a_name_in_a_template_is_harmless() -> None:
    """The name in `{id}` is not on the wire: a change is harmless."""
    document = variant()
    item = document["paths"].pop("/v1/avatars/{id}")
    item["parameters"][0]["name"] = "avatarId"
    document["paths"]["/v1/avatars/{avatarId}"] = item

    found = differences(document, OURS)

    assert {each.judgement for each in found} == {HARMLESS}
    assert found[0].id == "getAvatar:path-name"


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("/v1/realtime_sessions/{id}/transcript", True),
        ("/v1/avatars/{id}/voices", True),
        ("/v1/image_to_video", False),
    ],
)
def test_new_operations_near_ours_are_reported(path: str, *, reported: bool) -> None:
    """Operations beside ours are reported, the rest of the API only on request."""
    document = variant()
    document["paths"][path] = {"get": {"responses": {"200": {"description": "fine"}}}}

    near, all_ = differences(document, OURS), differences(document, OURS, outside=True)

    assert [each.id for each in near] == [f"GET {path}:new"] * reported
    assert [(each.kind, each.judgement) for each in all_] == [(ADDED, HARMLESS)]


def test_further_kinds_of_differences() -> None:
    """Content types, successes and headers are compared as well."""
    document = variant()
    create = document["paths"]["/v1/realtime_sessions"]["post"]
    create["requestBody"]["content"]["text/json"] = create["requestBody"]["content"].pop(
        "application/json"
    )
    good = create["responses"]["200"]
    good["content"]["text/json"] = good["content"].pop("application/json")
    create["responses"]["201"] = {"description": "new"}
    del create["responses"]["429"]["headers"]
    get = document["paths"]["/v1/realtime_sessions/{id}"]["get"]
    get["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "string"}

    found = {(each.id, each.kind, each.judgement) for each in differences(document, OURS)}

    assert found == {
        ("createSession.request:content", REMOVED, US),
        ("createSession.request:content", ADDED, HARMLESS),
        ("createSession.200:content", REMOVED, CLIENTS),
        ("createSession.200:content", ADDED, CLIENTS),
        ("createSession.201:added", ADDED, CLIENTS),
        ("createSession.429.Retry-After:removed", REMOVED, CLIENTS),
        ("Session:type", CHANGED, CLIENTS),
    }


def test_a_shape_inside_itself_ends() -> None:
    """A published shape that contains itself is compared as far as ours goes."""
    document = variant()
    document["components"]["schemas"] = {
        "Tree": {"properties": {"children": {"items": {"$ref": "#/components/schemas/Tree"}}}}
    }
    body(document)["properties"]["tree"] = {"$ref": "#/components/schemas/Tree"}

    assert one(document).id == "CreateSession.tree:added"


# Documents that are none


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "expected an OpenAPI document, got array"),
        ({}, "found no `openapi` key"),
        ({"swagger": "2.0"}, "OpenAPI 2"),
        ({"openapi": "2.1"}, "expected OpenAPI 3"),
        ({"openapi": "3.1.0"}, "paths: expected an object, got null"),
        ({"openapi": "3.1.0", "paths": {"/a": 7}}, "/a: expected an object, got integer"),
    ],
)
def test_other_documents_are_refused(document: object, message: str) -> None:
    """A document other than OpenAPI 3 is a `BadDocument` with the reason."""
    with pytest.raises(BadDocument, match=message):
        calls(document)


@pytest.mark.parametrize(
    ("pointer", "message"),
    [
        ("#/components/schemas/Nowhere", "leads nowhere"),
        ("#/security/first", "leads nowhere"),
        ("#/openapi/version", "leads nowhere"),
        ("other.json#/Shape", "leads out of the document"),
        ("#/components/schemas/Loop", "leads to itself"),
    ],
)
def test_bad_references_are_refused(pointer: str, message: str) -> None:
    """A reference that leads nowhere, out of the document or to itself is reported."""
    document = variant()
    document["components"]["schemas"] = {"Loop": {"$ref": "#/components/schemas/Loop"}}
    body(document)["properties"]["model"] = {"$ref": pointer}

    with pytest.raises(BadDocument, match=message):
        differences(document, OURS)


JUNK = st.sampled_from([None, 7, "text", [], {}, True, [None], [7], {"a": 7}, {"$ref": "#/paths"}])


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data(), junk=JUNK)
def test_junk_anywhere_is_a_difference_or_refused(data: st.DataObject, junk: object) -> None:
    """Junk anywhere in a document is compared or refused; no other error occurs."""
    document = variant()
    del document["paths"]["/v1/organization"], document["paths"]["/v1/organization/usage"]
    node: Any = document
    for _ in range(data.draw(st.integers(0, 14))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        inner = [key for key in keys if isinstance(node[key], dict | list) and node[key]]
        if not inner:
            break
        node = node[data.draw(st.sampled_from(inner))]
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    node[data.draw(st.sampled_from(keys))] = junk

    try:
        found = differences(document, OURS)
    except BadDocument as error:
        event(f"refused: {error}"[:40])
    else:
        assert found, "the two organization operations are gone at the least"


# Explained differences


def row(name: str, published: str) -> str:
    """Return a table with one line."""
    head = "## Differences from the published OpenAPI\n\n| id |\n|---|\n"
    return f"{head}| `{name}` | createSession, getSession | there | {published} | ours | a reason |"


def test_a_reason_holds_for_its_operations_and_text() -> None:
    """A line explains its id at its operations, and a fixed text only as it was."""
    change = next(change for change in CHANGES if change.what == "tighter maximum")
    (found,) = drift_of(change)
    row_of = parsed(row(found.id, f"`{fingerprint(found.now)}`, so far"))[found.id]

    assert row_of.explains(found)
    assert parsed(row(found.id, "less"))[found.id].explains(found)
    assert not row_of.explains(replace(found, now="9"))
    assert not row_of.explains(replace(found, operation="deleteSession"))
    assert explanation(found) is None


def test_a_badly_written_table_is_refused() -> None:
    """A line of another form, or a second line for an id, is an error."""
    good = row("a:b", "none")
    for bad in (good + "\n| `c` | too few |", good + "\n" + good.splitlines()[-1]):
        with pytest.raises(BadTable):
            parsed(bad)


def test_a_long_text_has_a_short_fingerprint() -> None:
    """A pattern is known by eight digits, a word by itself."""
    assert fingerprint('"uri"') == "uri"
    assert len(fingerprint("^[a-z]{3,}(x|y)+$")) == 8


def test_the_table_is_well_written() -> None:
    """Our own table can be read, and every line has its reason."""
    assert all(each.why for each in explanations().values())


# The command


def run(file: Path, document: object, *options: str) -> tuple[int, str]:
    """Write a file, run the check, and return exit code and output."""
    text = document if isinstance(document, str) else json.dumps(document)
    file.write_text(text)
    result = CliRunner().invoke(main, ["drift", "--spec", str(file), *options])
    return result.exit_code, result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the published document is."""
    return tmp_path / "spec.json"


def breaking() -> Node:
    """Return a document that demands more."""
    document = variant()
    body(document)["required"].append("personality")
    return document


def test_no_drift_is_no_error(file: Path) -> None:
    """The same contract exits with 0 and reports no difference."""
    code, output = run(file, PUBLISHED)

    assert code == 0
    assert "0 breaking for clients, 0 breaking for us, 0 harmless; 0 known" in output


def test_a_break_is_shown_with_its_consequence(file: Path) -> None:
    """A break exits with 1, and shows place, both sides, the judgement and what follows."""
    code, output = run(file, breaking())

    assert code == 1
    expected = (
        "createSession  POST /v1/realtime_sessions",
        "[breaking for clients] narrowed: CreateSession.personality:required",
        "at   request $.personality",
        "was  optional",
        "is   required",
        "Runway refuses requests without it.",
    )
    assert [line for line in expected if line not in output] == []


def test_harmless_or_explained_differences_are_no_error(file: Path) -> None:
    """Wider requests exit with 0; known differences are shown by --all only."""
    document = variant()
    document["paths"]["/v1/avatars"]["get"]["responses"].pop("400")
    document["paths"]["/v1/avatars"]["get"]["responses"].pop("401")
    body(document)["properties"]["colour"] = {"type": "string"}

    code, output = run(file, document)
    all_code, all_output = run(file, document, "--all")

    assert (code, all_code) == (0, 0)
    assert "[harmless] added: CreateSession.colour:added" in output
    assert "1 known and explained (shown by --all)" in output
    assert "[explained] removed: listAvatars:refusals" not in output
    assert "[explained] removed: listAvatars:refusals" in all_output


def test_other_parts_of_the_api_are_shown_by_all(file: Path) -> None:
    """An operation elsewhere in the API is listed with --all only."""
    document = variant()
    document["paths"]["/v1/tasks"] = {"get": {"responses": {}}}

    assert "/v1/tasks" not in run(file, document)[1]
    assert "GET /v1/tasks\n  [harmless] added" in run(file, document, "--all")[1]


def test_json_has_the_documented_keys(file: Path) -> None:
    """The JSON form has the content of the text; its keys are those of the documentation."""
    code, output = run(file, breaking(), "--json")
    report = json.loads(output)
    (found,) = report["differences"]

    page = (Path(__file__).parents[4] / "docs" / "drift.md").read_text()
    assert code == 1
    assert report["version"] == 1
    assert report["breaking"] is True
    assert report["counts"]["breaking for clients"] == 1
    assert found["was"] == "optional"
    assert found["is"] == "required"
    assert found["explained"] is None
    assert [key for key in (*report, *found) if f'"{key}"' not in page] == []


def test_yaml_is_read(tmp_path: Path) -> None:
    """A YAML file with unquoted dates and statuses is read as its JSON is."""
    yaml = pytest.importorskip("yaml")
    text = yaml.safe_dump(json.loads(json.dumps(PUBLISHED))).replace("'200':", "200:")
    text = text.replace("const: '2024-11-06'", "const: 2024-11-06")

    assert run(tmp_path / "spec.yaml", text)[0] == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("spec.json", "openapi: 3.1.0", "not JSON"),
        ("spec.yaml", "a: [", "expected YAML"),
        ("spec.yaml", "a: &a [*a]", "expected YAML"),
        ("spec.json", '{"a": ' + "[" * 5000, f"not JSON: {DEEPEST}"),
        *(
            ("spec.yaml", "a: " + "[" * levels + "]" * levels, f"as JSON: {DEEPEST}")
            for levels in (260, 5000)
        ),
        ("spec.json", "[1]", "got no object"),
        ("spec.json", "{}", "found no `openapi` key"),
        ("spec.json", '{"openapi": "3.1.0"}', "paths: expected an object"),
    ],
)
def test_a_bad_file_is_a_usage_error(tmp_path: Path, name: str, content: str, message: str) -> None:
    """An unreadable file exits with 2 and one line with the reason."""
    code, output = run(tmp_path / name, content)

    assert code == 2
    assert message in output
    assert len(output.splitlines()) == 1
    assert output.startswith("Error: ")


def test_brackets_in_texts_are_no_levels(tmp_path: Path) -> None:
    """A file that is broken for another reason is not called deep."""
    _, output = run(tmp_path / "spec.json", '{"a": "' + '[\\"' * 500 + '" "b"}')

    assert "not JSON" in output
    assert DEEPEST not in output


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A file that is not there, or is a directory, exits with 2 and one line."""
    for path, why in ((tmp_path / "none.json", "no such file"), (tmp_path, "is a directory")):
        result = CliRunner().invoke(main, ["drift", "--spec", str(path)])
        assert (result.exit_code, why in result.output) == (2, True)
        assert len(result.output.splitlines()) == 1
