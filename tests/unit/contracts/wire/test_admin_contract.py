"""The contract of the fake's answers beside the Runway API, and its shapes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fake_runway.admin_api.handler  # noqa: F401  # its rejections have codes, too
from contracts.wire.problems import Kind
from contracts.wire.schema import BodyValidator, load
from fake_runway.admin_api.declaration import WorldAct
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.admin_api.paths import ROOT
from fake_runway.client import aio, answers
from fake_runway.client.answers import View
from fake_runway.core.errors import Refused
from fake_runway.core.history.findings import RULES, Severity
from fake_runway.core.history.journal import CLOCK_ACTS
from fake_runway.replay.routes import REPLAY_OPERATIONS
from tests.support.fake import scenario_shapes

ADMIN = load("admin")
PAGE = Path(__file__).parents[4] / "docs" / "admin.md"
PUBLIC = {"/health", "/ready", "/metrics"}


@dataclass(frozen=True, slots=True)
class Facts:
    """The documented facts of an operation. Shapes are empty where there is no body."""

    request: str
    takes: str
    optional: bool
    answers: str
    query: frozenset[str]


def documented(id_: str) -> Facts:
    """Return the documented facts of an operation."""
    (operation,) = [each for each in ADMIN.operations() if each.id == id_]
    node = ADMIN.raw["paths"][operation.template][operation.method.lower()]
    parameters = [
        ADMIN.raw["components"]["parameters"][shape_in(each)] for each in node.get("parameters", ())
    ]
    return Facts(
        request=f"{operation.method} {operation.template.removeprefix(ROOT)}",
        takes=shape_in(node.get("requestBody", {})),
        optional=operation.request is not None and not operation.request_required,
        answers=shape_in([each for status, each in node["responses"].items() if status[0] == "2"]),
        query=frozenset(each["name"] for each in parameters if each["in"] == "query"),
    )


def shape_in(node: Any) -> str:
    """Return the name of the only shape that a part of the document refers to, empty if none."""
    names = set(re.findall(r'"\$ref": *"[^"]*/(\w+)"', json.dumps(node)))
    assert len(names) < 2, names
    return "".join(names)


class Sent(NamedTuple):
    """A request as a client's method writes it. `read`: the expression that reads the answer."""

    id: str
    request: str
    read: str
    query: frozenset[str]


def sent_by_the_client() -> Iterator[Sent]:
    """Yield every request in the source of the client."""
    for node in ast.walk(ast.parse(Path(aio.__file__).read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="_send") | ast.Name(id="stream"),
                args=[ast.Constant(value=id_), ast.Constant(value=request), read, *_],
            ):
                asked = [each.value for each in node.keywords if each.arg == "query"]
                names = [ast.literal_eval(key) for each in asked for key in each.keys]  # type: ignore[attr-defined]  # literal dicts
                yield Sent(str(id_), str(request), ast.unparse(read), frozenset(names))


def reads(read: str, shape: str) -> bool:
    """Return whether a client's reading of an answer has the keys of the shape."""
    if read == "dict":
        return shape == "Seed"
    if read == "nothing":
        return not shape
    if kept := re.fullmatch(r"Kept\.many\((\w+), '(\w+)'\)", read):
        view, key = kept.groups()
        assert set(ADMIN.raw["components"]["schemas"][shape]["required"]) - {key} <= GONE
    else:
        found = re.fullmatch(r"(\w+)\.(?:of|many\('(\w+)'\))", read)
        assert found, read
        view, key = found.groups()
    if key is not None:
        shape = shape_in(ADMIN.raw["components"]["schemas"][shape]["properties"][key])
    return fits(getattr(answers, view), shape)


def fits(view: type[View], shape: str) -> bool:
    """Return whether a view has all keys of a shape, and needs only those that are always there."""
    node = ADMIN.raw["components"]["schemas"][shape]
    needed = {each.name for each in fields(view) if each.default is MISSING}
    return (
        set(node["properties"]) - MADE <= {each.name for each in fields(view)}
        and needed == set(node["required"])
        and all(fits(kind, shape_in(node["properties"][key])) for key, kind in view.nested.items())
    )


DECLARED = {each.id: each for each in (*ADMIN_OPERATIONS, *REPLAY_OPERATIONS)}
DOCUMENTED = {each.id for each in ADMIN.operations() if each.template not in PUBLIC}
SENT = list(sent_by_the_client())
GONE = {"gone", "uncertain"}  # what a history no longer has
MADE = {"created"}  # a header says so too
NOT_IN_THE_CLIENT = {"getAdminDocument"}  # for tools that read OpenAPI


@pytest.mark.parametrize("id_", sorted({*DECLARED, *DOCUMENTED, *(each.id for each in SENT)}))
def test_an_operation_is_the_same_wherever_it_stands(id_: str) -> None:
    """Its declaration, the contract, the client's methods and the page of docs agree."""
    declared = DECLARED[id_]
    sent = [each for each in SENT if each.id == id_]

    assert documented(id_) == Facts(
        request=declared.request,
        takes=declared.takes,
        optional=declared.optional,
        answers=declared.answers,
        query=frozenset(each.name for each in declared.query),
    )
    assert bool(sent) == (id_ not in NOT_IN_THE_CLIENT)
    for each in sent:
        assert each.request == declared.request
        assert each.query == {parameter.name for parameter in declared.query}
        assert reads(each.read, declared.answers)
    assert declared.template.partition("{")[0] in PAGE.read_text()


def test_the_acts_are_those_of_the_code() -> None:
    """The acts of the document are those that the code records."""
    acts = {each.id: each.scope for each in ADMIN_OPERATIONS if isinstance(each.scope, WorldAct)}

    assert set(ADMIN.raw["components"]["schemas"]["Act"]["enum"]) == set(acts)
    assert {id_ for id_, act in acts.items() if act.repeat is None} == {
        *CLOCK_ACTS,
        "direct",
        "reportDownload",
    }


def test_findings_are_those_of_the_code() -> None:
    """Every rule has its id in the document, and there are no other severities."""
    shapes = ADMIN.raw["components"]["schemas"]

    assert shapes["FindingId"]["enum"] == list(RULES)
    assert shapes["Severity"]["enum"] == [each.value for each in Severity]


def subclasses(kind: type[Refused]) -> Iterator[type[Refused]]:
    """Yield every class of refusal."""
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


def test_the_codes_of_errors_exist() -> None:
    """No code stands in the document that no refusal has."""
    codes = {each.code for each in subclasses(Refused)}

    assert set(ADMIN.raw["components"]["schemas"]["ErrorCode"]["enum"]) <= codes


def test_the_shapes_of_scenarios_are_those_of_scenario_files() -> None:
    """What describes scenarios is made of their schema, and the document is up to date."""
    assert scenario_shapes.DOCUMENT.read_text() == scenario_shapes.document()


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a part of the document."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(each)


def test_generators_of_types_read_the_document_right() -> None:
    """No map looks like an empty object, and no key that may be left out like a required one.

    Generators take an object that says nothing of its keys for an empty one, and a key with a
    default for one that is always there.
    """
    for name, shape in ADMIN.raw["components"]["schemas"].items():
        for node in objects(shape):
            kinds = node.get("type", ())
            if kinds == "object" or "object" in kinds:
                assert node.keys() & {"properties", "additionalProperties"}, name
            for part in node.get("properties", {}).values():
                assert "default" not in part, name


@pytest.mark.parametrize(
    ("shape", "body", "kind"),
    [
        ("ClockMove", {"by": "1.5s"}, None),
        ("ClockMove", {"to": "next"}, None),
        ("ClockMove", {"to": 1_800_000_000.5}, None),
        ("ClockMove", {}, Kind.MIN_KEYS),
        ("ClockMove", {"by": "1s", "to": "next"}, Kind.MAX_KEYS),
        ("ClockMove", {"by": "1"}, Kind.PATTERN),
        ("ClockMove", {"to": "last"}, Kind.ALTERNATIVES),
        ("ClockRate", {"rate": 1_000_000}, None),
        ("ClockRate", {"rate": 1_000_001}, Kind.MAXIMUM),
        ("ClockRate", {"rate": -1}, Kind.MINIMUM),
        ("ScenarioChoice", {"name": "slow"}, None),
        ("ScenarioChoice", {"scenario": {"account": {"credits": 1}}}, None),
        ("ScenarioChoice", {"scenario": {"anything": 1}}, Kind.UNKNOWN_KEY),
        ("ScenarioChoice", {"name": "slow", "scenario": {}}, Kind.MAX_KEYS),
        ("NewSession", {"state": "ready", "max_duration_s": 10}, None),
        ("NewSession", {"state": "READY"}, Kind.ENUM),
        ("Occurrence", {"event": "admitted"}, Kind.ENUM),
        ("Occurrence", {"event": "failed", "failure": {"code": "X"}}, Kind.REQUIRED),
        ("CreditsLeft", {"left": -1}, Kind.MINIMUM),
        ("CallsWait", {}, None),
        ("CallsWait", {"count": 0}, Kind.MINIMUM),
        ("CallsWait", {"match": {"operatoin": "getSession"}}, Kind.UNKNOWN_KEY),
        ("SessionWait", {"states": []}, Kind.MIN_ITEMS),
        ("Fault", {"effect": {"status": 500}, "times": 2}, None),
        ("Fault", {"times": 2}, Kind.REQUIRED),
        ("Fault", {"effect": {"statsu": 500}}, Kind.UNKNOWN_KEY),
        ("BoundForm", {}, Kind.MIN_KEYS),
        ("BoundForm", {"provision_time": "soon"}, Kind.PATTERN),
        ("Direction", {"say": "Hello."}, None),
        ("Direction", {"steps": [{"say": "Hello."}, {"end": True}]}, None),
    ],
)
def test_bodies(shape: str, body: object, kind: Kind | None) -> None:
    """A fitting body passes, and another is refused for the rule that it breaks."""
    problems = BodyValidator(ADMIN.schema(shape)).problems(body)

    assert [each.kind for each in problems] == ([] if kind is None else [kind])
