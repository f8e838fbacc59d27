"""Applications that serve for as long as a test runs, and fixtures of the catalogue's tests."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from contracts.wire.schema import ContractViolation
from fake_runway.server.serving import LONGEST_LINE
from tests.support.checked import CheckedClient, attach
from tests.support.fake.catalogue import Chosen, choosing
from tests.support.servers import (
    Fake,
    StartApp,
    StartFake,
    StartGateway,
    gateway_application,
    serving_fake,
)


@pytest.fixture
async def start_app(
    aiohttp_server: AiohttpServer, aiohttp_client: AiohttpClient
) -> AsyncIterator[StartApp]:
    """Applications of whose answers each is checked, those at their shutdown included.

    aiohttp's test server cancels the handler of a caller who leaves.
    """
    clients: list[TestClient[web.Request, None]] = []
    violations: list[list[ContractViolation]] = []

    async def start(app: web.Application, document: str) -> CheckedClient:
        violations.append(attach(app, document))
        server = await aiohttp_server(
            app, access_log=None, shutdown_timeout=1, max_line_size=LONGEST_LINE
        )
        client: TestClient[web.Request, None] = await aiohttp_client(server)
        clients.append(client)
        return CheckedClient(client.session, str(client.make_url("")).rstrip("/"), document)

    yield start
    while clients:
        await clients.pop().close()
    assert [each for each in violations if each] == []


@pytest.fixture
async def start_fake() -> AsyncIterator[StartFake]:
    """Fakes in front of which gateways can be started."""
    async with AsyncExitStack() as fakes:

        async def start(*settings: Any, **options: Any) -> Fake:
            return await fakes.enter_async_context(serving_fake(*settings, **options))

        yield start


@pytest.fixture
def start_gateway(start_app: StartApp) -> StartGateway:
    """Gateways in front of an upstream."""

    async def start(upstream: str, **config: Any) -> CheckedClient:
        return await start_app(gateway_application(upstream, **config), "gateway")

    return start


@pytest.fixture
async def chosen(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Chosen]:
    """A caller of a world with the test's scenario; unasked errors fail the test."""
    async with choosing(request.param) as chosen:
        yield chosen
    complaints = [each for each in caplog.get_records("call") if each.levelno >= logging.WARNING]
    assert not complaints
