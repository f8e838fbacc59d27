"""The official Python SDK makes tasks and waits for them, without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from runwayml import AsyncRunwayML, NotFoundError, RunwayML, TaskFailedError, TaskTimeoutError
from runwayml.lib import polling

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake

MOVIE: Any = {
    "model": "gen4.5",
    "prompt_text": "A cat.",
    "ratio": "1280:720",
    "duration": 5,
}


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


@pytest.fixture
def client(fake: Fake) -> Iterator[RunwayML]:
    """A client that checks every answer against the SDK's types."""
    with RunwayML(
        base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
    ) as client:
        yield client


def tagged(scenario: str) -> Any:
    """Return a create with the tag of a scenario."""
    return {**MOVIE, "prompt_text": f"A cat. [fake:{scenario}]"}


def test_a_task_is_waited_for_in_no_time(client: RunwayML, fake: Fake) -> None:
    """The sleeps of the helper are moves of the world's clock, from 4.5 to 7.5 seconds each."""
    before = fake.clock.now()
    task = client.text_to_video.create(**MOVIE).wait_for_task_output()
    assert task.status == "SUCCEEDED"
    assert len(task.output) == 1
    assert task.cost.credits == 60
    assert 91 <= fake.clock.now() - before < 91 + 7.5
    polls = fake.journal.list(operation="getTask").exchanges
    assert 13 <= len(polls) <= 22
    assert client.tasks.retrieve(task.id).wait_for_task_output().id == task.id


def test_a_task_that_failed_raises(client: RunwayML) -> None:
    """With the details of the task."""
    with pytest.raises(TaskFailedError) as raised:
        client.text_to_video.create(**tagged("safety-input-text")).wait_for_task_output()
    assert raised.value.task_details.status == "FAILED"
    assert raised.value.task_details.failure_code == "SAFETY.INPUT.TEXT"


def test_a_task_that_never_ends_times_out_in_the_worlds_time(client: RunwayML, fake: Fake) -> None:
    """The helper's timeout is counted by its sleeps, as much as the world's clock was moved."""
    before = fake.clock.now()
    with pytest.raises(TaskTimeoutError):
        client.text_to_video.create(**tagged("stuck-at-99")).wait_for_task_output(timeout=60)
    assert 60 < fake.clock.now() - before <= 67.5


def test_a_deleted_task_is_not_found(client: RunwayML) -> None:
    """The refusal leaves the helper."""
    task = client.text_to_video.create(**MOVIE)
    client.tasks.delete(task.id)
    with pytest.raises(NotFoundError):
        task.wait_for_task_output()


def test_the_async_helper_waits_in_no_time_as_well(fake: Fake) -> None:
    """Success and timeout, by its own clock of sleeps."""

    async def wait() -> None:
        async with AsyncRunwayML(
            base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
        ) as client:
            created = await client.text_to_video.create(**MOVIE)
            assert (await created.wait_for_task_output()).status == "SUCCEEDED"
            stuck = await client.text_to_video.create(**tagged("stuck-at-50"))
            with pytest.raises(TaskTimeoutError):
                await stuck.wait_for_task_output(timeout=60)

    asyncio.run(wait())


def test_the_sdk_takes_its_time_from_the_names_that_are_replaced() -> None:
    """A newer SDK that does otherwise makes this fail, and not tests of users slow."""
    assert {"time", "anyio"} <= vars(polling).keys()
