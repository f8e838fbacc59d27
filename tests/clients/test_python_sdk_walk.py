"""Every method of the official Python SDK, found by walking its client, is served.

Each is called with what the contract needs, by the sync and the async client, and the SDK checks
each answer against its own types. A method that a newer SDK has fails here until it is called.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from runwayml import AsyncRunwayML, RunwayML
from runwayml._resource import AsyncAPIResource, SyncAPIResource

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from tests.http.test_tasks import BODIES
from tests.support.fake.files import made

NOT_SERVED = frozenset(
    {
        *(f"avatars.{each}" for each in ("create", "update", "delete")),
        *(f"documents.{each}" for each in ("create", "delete", "list", "retrieve", "update")),
        *(f"generate.{each}.create" for each in ("audio", "image", "video")),
        *(f"organization.webapp.audit_logs.{each}" for each in ("list", "retrieve")),
        "organization.webapp.list_usage",
        *(f"routers.{each}" for each in ("create", "delete", "list", "retrieve", "update")),
        "routers.list_requests",
        *(f"voices.{each}" for each in ("create", "delete", "list", "preview", "retrieve")),
        "voices.update",
        *(f"workflows.{each}" for each in ("list", "retrieve", "run")),
        "workflow_invocations.retrieve",
    }
)
"""The methods whose operations the fake does not have yet."""

_CAPITAL = re.compile("([A-Z])")
SESSION: Any = {"model": "gwm1_avatars", "avatar": {"type": "custom", "avatarId": EXAMPLE_AVATAR}}
DAYS = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-02T00:00:00Z"}


def snake(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a body as the SDK's methods call them."""
    return {_CAPITAL.sub(r"_\1", key).lower(): each for key, each in body.items()}


def arguments(made_before: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """Return what each method is called with.

    Args:
        made_before: makes a session or a task, and returns its id.
    """
    creates = {
        f"recipes.{endpoint.partition('/')[2]}"
        if endpoint.startswith("recipes/")
        else f"{endpoint}.create": snake(body)
        for endpoint, body in BODIES.items()
    }
    return {
        **creates,
        "realtime_sessions.create": snake(SESSION),
        "realtime_sessions.retrieve": {"id": made_before("session")},
        "realtime_sessions.delete": {"id": made_before("session")},
        "tasks.retrieve": {"id": made_before("task")},
        "tasks.delete": {"id": made_before("task")},
        "avatars.list": {"limit": 1},
        "avatars.retrieve": {"id": EXAMPLE_AVATAR},
        "avatars.get_usage": DAYS,
        "avatar_conversations.list": {"limit": 1},
        "avatar_conversations.retrieve": {"id": made_before("session")},
        "avatar_conversations.delete": {"id": made_before("session")},
        "organization.retrieve": {},
        "organization.retrieve_usage": {},
        "uploads.create_ephemeral": {"file": ("cat.png", made("png"))},
    }


def methods(resource: Any, base: type, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every method of a client by its path, such as `tasks.retrieve`."""
    for name in dir(type(resource)):
        if name.startswith("_") or name in ("with_raw_response", "with_streaming_response"):
            continue
        here = inspect.getattr_static(type(resource), name)
        if inspect.isfunction(here):
            if path:  # the client's own are no operations
                yield ".".join((*path, name)), getattr(resource, name)
        elif isinstance(inner := getattr(resource, name), base):
            yield from methods(inner, base, (*path, name))


@pytest.fixture(scope="module")
def served() -> Iterator[Fake]:
    """A fake for the tests here."""
    with FakeRunway(frozen=True) as fake:
        yield fake


def test_every_method_is_called_or_listed() -> None:
    """And no listed one has an operation: who adds the operation takes it from the list."""
    with RunwayML(base_url="http://127.0.0.1:9", api_key="x") as client:
        known = {name for name, _ in methods(client, SyncAPIResource)}
    called = arguments(lambda kind: kind).keys()
    assert len(known) > 60
    assert known == called | NOT_SERVED
    assert not called & NOT_SERVED


def test_every_method_of_the_client_is_served(served: Fake) -> None:
    """Each answer is what the SDK's types say."""
    world = served.world()
    with RunwayML(
        base_url=world.base_url,
        api_key=world.secret,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:

        def make(kind: str) -> str:
            if kind == "task":
                return client.text_to_video.create(**snake(BODIES["text_to_video"])).id
            return client.realtime_sessions.create(**snake(SESSION)).id

        given = arguments(make)
        for name, method in methods(client, SyncAPIResource):
            if name not in NOT_SERVED:
                method(**given[name])


def test_every_method_of_the_async_client_is_served(served: Fake) -> None:
    """Each answer is what the SDK's types say."""
    world = served.world()

    async def call() -> None:
        with RunwayML(base_url=world.base_url, api_key=world.secret) as sync:

            def make(kind: str) -> str:
                if kind == "task":
                    return sync.text_to_video.create(**snake(BODIES["text_to_video"])).id
                return sync.realtime_sessions.create(**snake(SESSION)).id

            given = arguments(make)
        async with AsyncRunwayML(
            base_url=world.base_url,
            api_key=world.secret,
            max_retries=0,
            _strict_response_validation=True,
        ) as client:
            for name, method in methods(client, AsyncAPIResource):
                if name not in NOT_SERVED:
                    answer = method(**given[name])
                    await answer

    asyncio.run(call())


@pytest.mark.parametrize("name", sorted(NOT_SERVED))
def test_what_is_listed_is_not_served(served: Fake, name: str) -> None:
    """A path without an operation, or a method that it does not have."""
    world = served.world()
    with RunwayML(base_url=world.base_url, api_key=world.secret, max_retries=0) as client:
        method = dict(methods(client, SyncAPIResource))[name]
        needed = [
            each.name
            for each in inspect.signature(method).parameters.values()
            if each.default is inspect.Parameter.empty
        ]
        with pytest.raises(Exception, match=r"Error code: 40[45]"):
            method(**dict.fromkeys(needed, EXAMPLE_AVATAR))
