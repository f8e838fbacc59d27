"""Schemathesis plays the whole Runway API, operation by operation and call after call.

Left out beside what `test_schemathesis.py` leaves out: `positive_data_acceptance`, because the
published document says of no body that it is required, and does not say that what a call names has
to exist: files, cursors, slugs, resources.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode

from contracts.wire.documents import IMPORTED, whole
from contracts.wire.schema import load
from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.task import ROUTED, TASK_ENDPOINTS
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from tests.contract.test_schemathesis import FEWER, FRAMING, UNLIMITED, excluded
from tests.support.servers import SECRET, VERSION, serving_fake
from tests.support.threads import in_a_thread

SOON = AssetPlan(Fixed(0.0))
GENEROUS = replace(
    UNLIMITED,
    task=TaskPlan(pending=Fixed(0.01), run=Fixed(0.05)),
    task_limits=TaskLimits(concurrency=None, daily=None),
    avatar_plan=SOON,
    voice_plan=SOON,
)
ID = {"id": "$response.body#/id"}
STORED = ("Avatar", "Voice", "Document", "Router")
BEYOND_SCHEMA = "positive_data_acceptance"
MAKE_TASKS = (*TASK_ENDPOINTS, *ROUTED)
FEW = settings(FEWER, max_examples=15)  # also of an exhaustive run: there are 110 tests with them


def _operations(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        operation["operationId"]: operation
        for item in raw["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _linked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with links from each create to what can be done with what it made."""
    document: dict[str, Any] = deepcopy(dict(raw))
    operations = _operations(document)

    def link(create: str, *others: str, **more: Any) -> None:
        links = operations[create]["responses"]["200"].setdefault("links", {})
        for other in others:
            links[f"to {other}"] = {"operationId": other, "parameters": ID}
        links |= more

    for kind in STORED:
        link(f"create{kind}", f"get{kind}", f"update{kind}", f"delete{kind}")
    for create in MAKE_TASKS:
        link(create, "getTask", "deleteTask")
    link("createRouter", "listRouterRequests")
    link("runWorkflow", "getWorkflowInvocation")
    link("createSession", "getConversation", "deleteConversation")
    avatar = {"type": "custom", "avatarId": "$response.body#/id"}
    talk = {
        "operationId": "createSession",
        "requestBody": {"model": "gwm1_avatars", "avatar": avatar},
    }
    link("createAvatar", talk=talk)
    return document


document = _linked(whole().raw)
every = schemathesis.openapi.from_dict(document)
every.config.phases.coverage.enabled = False  # it tries all pairs of 61 shapes of a body, for hours
OPERATIONS, IMPORTED_OPERATIONS = _operations(document), [*_operations(load(IMPORTED).raw)]


@pytest.fixture(scope="module")
def fake_url() -> Iterator[str]:
    """A fake without limits, on which all is soon processed and made."""
    with in_a_thread(lambda: serving_fake(GENEROUS, rate=1)) as fake:
        yield fake.url


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation_id", IMPORTED_OPERATIONS)
@pytest.mark.parametrize("mode", GenerationMode)
def test_the_whole_api_keeps_its_contract(
    operation_id: str, mode: GenerationMode, fake_url: str
) -> None:
    """No undocumented status, header or body, no 5xx, for valid and invalid requests."""
    operation = every.find_operation_by_id(operation_id)

    @FEW
    @given(operation.as_strategy(generation_mode=mode))
    def played(case: schemathesis.Case[Any]) -> None:
        case.headers.update({"Authorization": f"Bearer {SECRET}"} | VERSION)
        response = case.call(base_url=fake_url)
        # the check that invalid data is rejected does not know that 413 is a rejection
        large = ("negative_data_rejection",) if response.status_code == 413 else ()
        left_out = excluded(operation_id, BEYOND_SCHEMA, *large)
        case.validate_response(response, excluded_checks=left_out)
        assert response.status_code < 500

    played()


PARTS = {
    "stored": (
        *(f"{verb}{kind}" for kind in STORED for verb in ("create", "get", "update", "delete")),
        *(f"list{kind}s" for kind in STORED),
        *("createSession", "getSession", "getConversation", "deleteConversation"),
    ),
    "tasks": (*MAKE_TASKS, "getTask", "deleteTask"),
    "all": tuple(OPERATIONS),
}
REACHED = {
    "stored": {(f"get{kind}", 200) for kind in ("Voice", "Document", "Router")},
    "tasks": {("getTask", 200), ("deleteTask", 204)},
    "all": set[tuple[str, int]](),
}
"""By part of the API: what has to have been answered, so that links are known to be followed."""


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", PARTS)
def test_calls_of_the_whole_api_that_follow_each_other_keep_the_contract(
    part: str, fake_url: str
) -> None:
    """What was made is read, changed, used and deleted, in any order."""
    machine: Any = every.include(operation_id=[*PARTS[part]]).as_state_machine()
    seen: set[tuple[str, int]] = set()
    runs = itertools.count()

    class Played(machine):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            super().setup()
            # a world for each run: what is answered has to be the same when a run is repeated
            self.secret = f"{part}-{next(runs)}"

        def before_call(self, case: schemathesis.Case[Any]) -> None:
            case.headers.update({"Authorization": f"Bearer {self.secret}"} | VERSION)
            for name in [each for each in case.headers if each.lower() in FRAMING]:
                del case.headers[name]  # what frames a request is the client's, and aiohttp's

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"base_url": fake_url}

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **_: Any) -> None:
            operation = case.operation.definition.raw["operationId"]
            seen.add((operation, response.status_code))
            left_out = excluded(operation, BEYOND_SCHEMA, "use_after_free")
            case.validate_response(response, excluded_checks=left_out)

    runs_of_it = settings(FEWER, max_examples=45, stateful_step_count=20)
    run_state_machine_as_test(Played, settings=runs_of_it)
    assert seen >= REACHED[part]
