"""The contract of what the fake answers beside the Runway API: what its shapes take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contracts.wire.problems import Kind
from contracts.wire.schema import BodyValidator, load
from fake_runway.admin_api.calls import AdminOperation
from fake_runway.admin_api.handler import SERVER_OPERATIONS
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.admin_api.waits import WAITS
from fake_runway.core.durations import DURATION_PATTERN
from fake_runway.core.errors import Refused
from fake_runway.core.history.findings import RULES, Severity
from fake_runway.core.history.journal import CLOCK_ACTS
from fake_runway.replay.routes import REPLAYS
from fake_runway.web.bodies import Body

ADMIN = load("admin")
EVERY = (*SERVER_OPERATIONS, *ADMIN_OPERATIONS, *REPLAYS, *WAITS)
PUBLIC = {"/health", "/ready", "/metrics"}
WORDS = ("title", "description", "default")
IN_THE_DOCUMENTS_SPELLING = {
    DURATION_PATTERN: DURATION_PATTERN.replace(r"\s", " "),
    "^/v1/": "^/v1/[!-~]*$",
}


def node(operation: AdminOperation) -> Mapping[str, Any]:
    """Return what the document says of an operation."""
    found: Mapping[str, Any] = ADMIN.raw["paths"][operation.template][operation.method.lower()]
    return found


def test_the_document_has_every_operation_and_no_other() -> None:
    """Methods, paths and ids are those of the code."""
    documented = {(o.id, o.method, o.template) for o in ADMIN.operations()}

    assert {each for each in documented if each[2] not in PUBLIC} == {
        (each.id, each.method, each.template) for each in EVERY
    }


@pytest.mark.parametrize("operation", EVERY, ids=lambda each: each.id)
def test_an_operation_takes_what_the_document_says(operation: AdminOperation) -> None:
    """Whether there is a body, whether it may be missing, and which query parameters there are."""
    body = node(operation).get("requestBody")
    parameters = [
        ADMIN.raw["components"]["parameters"][each["$ref"].rpartition("/")[2]]
        for each in node(operation).get("parameters", ())
    ]

    assert (body is not None) == (operation.body is not Body.NONE)
    assert body is None or body["required"] == (operation.body is Body.REQUIRED)
    queried = {each["name"] for each in parameters if each["in"] == "query"}
    assert queried == set(operation.query)


def test_the_acts_are_those_of_the_code() -> None:
    """What can stand as an act in a journal is what the code writes down."""
    acts = {each.id for each in ADMIN_OPERATIONS if each.acts}

    assert set(ADMIN.raw["components"]["schemas"]["Act"]["enum"]) == acts
    assert acts >= CLOCK_ACTS


def test_findings_are_those_of_the_code() -> None:
    """Every rule has its id in the document, and there are no other severities."""
    shapes = ADMIN.raw["components"]["schemas"]

    assert shapes["FindingId"]["enum"] == list(RULES)
    assert shapes["Severity"]["enum"] == [each.value for each in Severity]


def subclasses(kind: type[Refused]) -> Iterator[type[Refused]]:
    """Yield every kind of refusal there is."""
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


def test_the_codes_of_errors_exist() -> None:
    """No code stands in the document that no refusal has."""
    codes = {each.code for each in subclasses(Refused)}

    assert set(ADMIN.raw["components"]["schemas"]["ErrorCode"]["enum"]) <= codes


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
        ("ScenarioChoice", {"scenario": {"anything": 1}}, None),
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
    ],
)
def test_bodies(shape: str, body: object, kind: Kind | None) -> None:
    """What fits passes, and what does not is refused for the rule that it breaks."""
    problems = BodyValidator(ADMIN.schema(shape)).problems(body)

    assert [each.kind for each in problems] == ([] if kind is None else [kind])
