"""The official Python SDK: every method of routers, routed generation, workflows, organization.

Each call is made by the blocking client and by the one of asyncio, both with strict validation.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from runwayml import (
    AsyncRunwayML,
    BadRequestError,
    NotFoundError,
    RunwayML,
    WorkflowInvocationFailedError,
)

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from tests.support.fake.tasks import IMAGE

FAMILIES = (
    *("routers", "workflows", "workflow_invocations", "organization"),
    *("generate.video", "generate.image", "generate.audio"),
    *("organization.webapp", "organization.webapp.audit_logs"),
)
FILM, WORKFLOW = EXAMPLE_WORKFLOW.nodes[-1].id, EXAMPLE_WORKFLOW.version_id(2)
VOICE: Any = {"type": "preset", "preset_id": "Maya"}

Call = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def served() -> Iterator[Fake]:
    """A fake for all tests here; each has a world of its own."""
    with FakeRunway(frozen=True) as fake:
        yield fake


@pytest.fixture
def fake(served: Fake, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A world whose clock is moved by the SDK's sleeps."""
    world = served.world()
    world.no_waiting(monkeypatch)
    return world


def of(client: object, name: str) -> Any:
    """Return what a dotted name means in a client."""
    return reduce(getattr, name.split("."), client)


def methods(client: object) -> set[str]:
    """Return the methods of all families, by their dotted names."""
    found = set()
    for family in FAMILIES:
        for name, each in inspect.getmembers(type(of(client, family)), inspect.isfunction):
            if not name.startswith("_") and name not in ("with_raw_response",):
                found.add(f"{family}.{name}")
                assert callable(each)
    return found


async def everything(call: Call, fake: Fake) -> set[str]:
    """Call every method of the families once at least; return those that were called."""
    called: set[str] = set()

    async def do(name: str, *args: Any, **options: Any) -> Any:
        called.add(name)
        return await call(name, *args, **options)

    made = await do("routers.create", slug="any", settings={"optimize_for": "cost"})
    assert (await do("routers.retrieve", made.id)).slug == "any"
    changed = await do("routers.update", made.id, settings={"fallback": {"on_capacity": True}})
    assert (changed.version, changed.settings.fallback.on_capacity) == (2, True)
    assert [each.id for each in (await do("routers.list", limit=10)).data] == [made.id]
    for kind, asked in (
        ("video", {"prompt_text": "A cat.", "duration": 5}),
        ("image", {"prompt_text": "A cat."}),
        ("audio", {"type": "speech", "prompt_text": "A cat.", "voice": VOICE}),
    ):
        created = await do(f"generate.{kind}.create", config_id="any", input=asked)
        assert created.routing.model
        task = await call("tasks.retrieve", created.id)
        assert task.status == "PENDING"
    page = await do("routers.list_requests", made.id, limit=2)
    assert len(page.data) == 2
    assert (
        len((await call("routers.list_requests", made.id, limit=2, cursor=page.next_cursor)).data)
        == 1
    )
    too_much = {"prompt_text": "A cat.", "seed": 1, "reference_images": [{"uri": IMAGE}] * 16}
    with pytest.raises(BadRequestError) as refused:
        await call("generate.image.create", config_id="any", input=too_much)
    assert refused.value.body["code"] == "no_eligible_model"  # type: ignore[index]
    await do("routers.delete", made.id)
    with pytest.raises(NotFoundError):
        await call("routers.retrieve", made.id)

    [listed] = (await do("workflows.list")).data
    assert [each.version for each in listed.versions] == [2, 1]
    assert (await do("workflows.retrieve", WORKFLOW)).graph.nodes
    run = await do("workflows.run", WORKFLOW)
    assert (await do("workflow_invocations.retrieve", run.id)).status == "PENDING"

    organization = await do("organization.retrieve")
    assert organization.usage.models["gen4_image"].daily_generations == 0
    start = datetime.fromtimestamp(fake.clock.now(), UTC)
    window = {"from_": start - timedelta(days=1), "to": start + timedelta(days=1)}
    usage = await do(
        "organization.retrieve_usage",
        start_date=str(start.date()),
        before_date=str(start.date() + timedelta(days=1)),
    )
    spent = sum(each.amount for each in usage.results[0].used_credits)
    rows = (await do("organization.webapp.list_usage", limit=100, **window)).data
    assert sum(each.credits for each in rows) == spent
    log = (await do("organization.webapp.audit_logs.list", limit=100, **window)).data
    assert {each.action for each in log} == {"GenerationCreated", "AccountLinkCreated"}
    entry = await do("organization.webapp.audit_logs.retrieve", log[0].event_id)
    assert entry.resource_type == "generation"
    return called


def test_every_method_of_the_blocking_client(fake: Fake) -> None:
    """Each answer is as the SDK's types say, and none is left out."""
    with RunwayML(
        base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
    ) as client:

        async def call(name: str, *args: Any, **options: Any) -> Any:
            return of(client, name)(*args, **options)

        assert asyncio.run(everything(call, fake)) == methods(client)


def test_every_method_of_the_client_of_asyncio(fake: Fake) -> None:
    """The same calls."""

    async def run() -> None:
        async with AsyncRunwayML(
            base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
        ) as client:

            async def call(name: str, *args: Any, **options: Any) -> Any:
                return await of(client, name)(*args, **options)

            assert await everything(call, fake) == methods(client)

    asyncio.run(run())


def test_an_invocation_is_waited_for_in_no_time(fake: Fake) -> None:
    """By its own helper; a run with a failed node raises, with the errors of its nodes."""
    with RunwayML(
        base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
    ) as client:
        run = client.workflows.run(WORKFLOW)
        done: Any = client.workflow_invocations.retrieve(run.id).wait_for_task_output()
        assert (done.status, done.cost.credits, len(done.output[FILM])) == ("SUCCEEDED", 66, 1)
        script = EXAMPLE_WORKFLOW.nodes[1].id
        tag: Any = {"type": "primitive", "value": "Hello. [fake:workflow-last-node-fails]"}
        run = client.workflows.run(WORKFLOW, node_outputs={script: {"text": tag}})
        with pytest.raises(WorkflowInvocationFailedError) as raised:
            client.workflow_invocations.retrieve(run.id).wait_for_task_output()
    details: Any = raised.value.invocation_details
    assert (details.status, {*details.node_errors}) == ("FAILED", {FILM})
