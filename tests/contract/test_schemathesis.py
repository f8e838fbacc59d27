"""Schemathesis plays both documents against both servers.

Left out, each for its reason: `ignored_auth`, because any non-empty secret is valid by design (401
is tested by hand); `positive_data_acceptance` where a rule of the API cannot be said in a schema.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from contracts.schema import load
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycle import Plan
from fake_runway.core.settings import Limits, Settings
from tests.support.servers import SECRET, VERSION, serving_fake, serving_gateway
from tests.support.threads import in_a_thread

UNLIMITED = Settings(
    plan=Plan(provision=Fixed(0.05)), limits=Limits(None, None, None), avatars=None
)
EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
BY_DESIGN = ["ignored_auth"]
RULES_BEYOND_SCHEMA = {
    "queryUsage": "90 days at the most, and dates that exist",
    "createSession": "tool names are unique",
    "connectAvatar": "avatars are on the allow-list, and the shape may be fixed",
}

runway = schemathesis.openapi.from_dict(dict(load("runway").raw))
gateway = schemathesis.openapi.from_dict(dict(load("gateway").raw))


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


def excluded(operation_id: str) -> list[Any]:
    """Return the checks that are left out for an operation."""
    names = [*BY_DESIGN]
    if operation_id in RULES_BEYOND_SCHEMA:
        names.append("positive_data_acceptance")
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
