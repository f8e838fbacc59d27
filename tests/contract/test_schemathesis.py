"""Schemathesis plays every document against its server, also call after call.

Left out, each for its reason: `ignored_auth`, because any non-empty secret is valid by design (401
is tested by hand); `positive_data_acceptance` where a schema cannot express a rule of the API;
`use_after_free`, because a session that was deleted stays readable, as at Runway.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from contracts.wire.schema import load
from fake_runway.admin_api.requests import outlined
from fake_runway.core.durations import Fixed
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from tests.support.effort import examples
from tests.support.servers import SECRET, VERSION, serving_fake, serving_gateway
from tests.support.threads import in_a_thread

UNLIMITED = Settings(
    plan=Plan(provision=Fixed(0.05)), limits=Limits(None, None, None), avatars=None
)
EXAMPLES = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck)
)
# there are many operations, and most take no body
FEWER = settings(EXAMPLES, max_examples=examples(15))
BY_DESIGN = ["ignored_auth"]
FRAMING = frozenset({"transfer-encoding", "content-length", "expect", "content-encoding"})
RULES_BEYOND_SCHEMA = {
    "queryUsage": "90 days at the most, and dates that exist",
    "createSession": "tool names are unique",
    "listAvatars": "a cursor is one that a page before gave",
    "listConversations": "a cursor is one that a page before gave, and dates exist",
    "getAvatarUsage": "90 days at the most, and dates that exist",
    "consumeSession": "it has its moment",
    "connectBackend": "it has its moment",
    "connectAvatar": "avatars are on the allow-list, and the shape may be fixed",
    "moveClock": "a clock moves ten years at the most",
    "putScenario": "a scenario has a schema of its own",
    "bindAvatar": "a session form has a schema of its own",
    "addFault": "a fault must not contradict itself",
    "makeSession": "only what fails has a failure",
    "occur": "only what fails has a failure",
    "makeAsset": "only what fails has a failure",
    "occurToAsset": "only what fails has a failure",
    "direct": "steps have a schema of their own",
    "reportCall": "a report must not contradict the call so far",
    "awaitSession": "it may wait in vain",
    "awaitCalls": "it may wait in vain",
    "postReplay": "few texts are a record",
    "applySeed": "the rules of seeds",
    "makeTask": "only a task that failed has a failure",
    "awaitTask": "it may wait in vain",
}
IN_TWO_DOCUMENTS = ("listAvatars", "getAvatar")
"""Operations whose path has other methods in the imported document."""
SHORT_WAIT = {"description": "Short, because most waits here are in vain.", "enum": ["0s", "1ms"]}

runway = schemathesis.openapi.from_dict(dict(load("runway").raw))
gateway = schemathesis.openapi.from_dict(dict(load("gateway").raw))
# a text that is too long may be so long that the body is too big
_refused = gateway.config.checks.negative_data_rejection
_refused.expected_statuses = [*_refused.expected_statuses, "413"]


def _admin() -> dict[str, Any]:
    """Return the admin document, with scenarios in outline: thousands would be made of them.

    The tests of scenario files hold their schema against what is accepted.
    """
    raw: dict[str, Any] = deepcopy(dict(load("admin").raw))
    raw["components"]["schemas"] = outlined(raw["components"]["schemas"])
    return raw


def _waiting_shortly() -> dict[str, Any]:
    """Return the same without the right to wait long."""
    raw = _admin()
    shapes = raw["components"]["schemas"]
    shapes["Timeout"] = SHORT_WAIT
    for name in ("SessionWait", "TaskWait", "CallsWait"):
        shapes[name]["required"] = [*shapes[name].get("required", ()), "timeout"]
    return raw


WAITS = ["awaitSession", "awaitTask", "awaitCalls"]
admin = schemathesis.openapi.from_dict(_admin()).exclude(
    operation_id=[*WAITS, "getEvents"]  # it has no end
)
waits = schemathesis.openapi.from_dict(_waiting_shortly()).include(operation_id=WAITS)
waits.config.generation.update(modes=[GenerationMode.POSITIVE])


@pytest.fixture(scope="module")
def fake_url() -> Iterator[str]:
    """A fake without limits, whose sessions soon become READY."""
    with in_a_thread(lambda: serving_fake(UNLIMITED, rate=1)) as fake:
        yield fake.url


@pytest.fixture(scope="module")
def gateway_url() -> Iterator[str]:
    """A gateway in front of such a fake."""
    with in_a_thread(_gateway) as url:
        yield url


@asynccontextmanager
async def _gateway() -> AsyncIterator[str]:
    async with serving_fake(UNLIMITED, rate=1) as fake, serving_gateway(fake.url) as client:
        yield client.base_url


def excluded(operation_id: str, *more: str) -> list[Any]:
    """Return the checks that are left out for an operation."""
    names = [*BY_DESIGN, *more]
    if operation_id in RULES_BEYOND_SCHEMA:
        names.append("positive_data_acceptance")
    if operation_id in IN_TWO_DOCUMENTS:
        names += ["unsupported_method", "allow_header_conformance"]
    return [each for each in CHECKS.get_all() if each.__name__ in names]


@runway.parametrize()
@EXAMPLES
def test_the_fake_keeps_its_contract(case: schemathesis.Case[Any], fake_url: str) -> None:
    """No undocumented status, header or body, no 5xx, for valid and invalid requests."""
    case.headers.update({"Authorization": f"Bearer {SECRET}"} | VERSION)
    operation = case.operation.definition.raw["operationId"]
    response = case.call_and_validate(base_url=fake_url, excluded_checks=excluded(operation))
    assert response.status_code < 500


@gateway.parametrize()
@EXAMPLES
def test_the_gateway_keeps_its_contract(case: schemathesis.Case[Any], gateway_url: str) -> None:
    """The same for the gateway."""
    operation = case.operation.definition.raw["operationId"]
    response = case.call_and_validate(base_url=gateway_url, excluded_checks=excluded(operation))
    assert response.status_code < 500


@admin.parametrize()
@FEWER
def test_the_admin_api_keeps_its_contract(case: schemathesis.Case[Any], fake_url: str) -> None:
    """The same for everything that the fake answers beside the Runway API."""
    case.headers.setdefault("X-Fake-World", "played-with")
    operation = case.operation.definition.raw["operationId"]
    response = case.call_and_validate(base_url=fake_url, excluded_checks=excluded(operation))
    assert response.status_code < 500


@waits.parametrize()
@EXAMPLES
def test_waits_keep_their_contract(case: schemathesis.Case[Any], fake_url: str) -> None:
    """The same for waits, which are all short here; bodies that are wrong are refused elsewhere."""
    case.headers.setdefault("X-Fake-World", "waited-in")
    operation = case.operation.definition.raw["operationId"]
    response = case.call_and_validate(base_url=fake_url, excluded_checks=excluded(operation))
    assert response.status_code < 500


def test_calls_that_follow_each_other_keep_the_contract(fake_url: str) -> None:
    """Created sessions are read, consumed, joined and deleted, in any order."""
    machine: Any = runway.as_state_machine()
    seen: set[tuple[str, int]] = set()

    class Played(machine):  # type: ignore[misc]  # made at run time
        def before_call(self, case: schemathesis.Case[Any]) -> None:
            case.headers.update({"Authorization": f"Bearer {_token_for(case, fake_url)}"} | VERSION)
            for name in [each for each in case.headers if each.lower() in FRAMING]:
                del case.headers[name]  # what frames a request is the client's, and aiohttp's

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"base_url": fake_url}

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **_: Any) -> None:
            operation = case.operation.definition.raw["operationId"]
            seen.add((operation, response.status_code))
            left_out = excluded(operation, "use_after_free")
            case.validate_response(response, excluded_checks=left_out)

    runs = settings(EXAMPLES, max_examples=examples(30), stateful_step_count=12)
    run_state_machine_as_test(Played, settings=runs)
    assert seen >= {(name, 200) for name in ("createSession", "getSession", "consumeSession")}
    assert ("deleteSession", 204) in seen


def _token_for(case: schemathesis.Case[Any], url: str) -> str:
    """Return the session's key for a consume, where there is one; the secret for all else."""
    if case.operation.definition.raw["operationId"] != "consumeSession":
        return SECRET
    path = str(case.path_parameters.get("id", "")) if case.path_parameters else ""
    if not path.replace("-", "").isalnum() or not path.isascii():
        return SECRET
    headers = {"Authorization": f"Bearer {SECRET}"} | VERSION
    body = httpx.get(f"{url}/v1/realtime_sessions/{path}", headers=headers).json()
    return str(body.get("sessionKey", SECRET))
