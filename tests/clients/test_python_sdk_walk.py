"""Every method of the official Python SDK, found by walking its client, is served.

Each is called with what the contract needs, by the sync and the async client, and the SDK checks
each answer against its own types. A method that a newer SDK has fails here until it is called.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from runwayml import AsyncRunwayML, RunwayML
from runwayml._resource import AsyncAPIResource, SyncAPIResource

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from tests.http.test_tasks import BODIES
from tests.support.fake.files import made
from tests.support.fake.tasks import IMAGE

_CAPITAL = re.compile("([A-Z])")
SESSION: Any = {"model": "gwm1_avatars", "avatar": {"type": "custom", "avatarId": EXAMPLE_AVATAR}}
DAYS = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-02T00:00:00Z"}
EVER: Any = {"from_": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "limit": 10}
PAGE = {"limit": 1, "order": "asc", "sort": "createdAt"}
AVATAR: Any = {
    "name": "Ada",
    "personality": "You like to count.",
    "reference_image": IMAGE,
    "voice": {"type": "runway-live-preset", "preset_id": "clara"},
}
DESIGN: Any = {"prompt": "A calm voice, and quite deep.", "model": "eleven_ttv_v3"}
VOICE: Any = {"name": "Deep", "from_": {"type": "text", **DESIGN}}
DOCUMENT: Any = {"name": "Facts", "content": "A cat has nine lives."}
ROUTED: Mapping[str, Any] = {
    "video": {"prompt_text": "A cat.", "duration": 5},
    "image": {"prompt_text": "A cat."},
    "audio": {
        "type": "speech",
        "prompt_text": "A cat.",
        "voice": {"type": "preset", "preset_id": "Maya"},
    },
}
WORKFLOW = EXAMPLE_WORKFLOW.version_id(1)


def snake(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a body as the SDK's methods call them."""
    return {_CAPITAL.sub(r"_\1", key).lower(): each for key, each in body.items()}


def arguments(made_before: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """Return what each method is called with.

    Args:
        made_before: makes a resource of a kind, and returns its id.
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
        "avatars.create": AVATAR,
        "avatars.list": {"limit": 1},
        "avatars.retrieve": {"id": EXAMPLE_AVATAR},
        "avatars.update": {"id": made_before("avatar"), "name": "Eve"},
        "avatars.delete": {"id": made_before("avatar")},
        "avatars.get_usage": DAYS,
        "avatar_conversations.list": {"limit": 1},
        "avatar_conversations.retrieve": {"id": made_before("session")},
        "avatar_conversations.delete": {"id": made_before("session")},
        "voices.create": VOICE,
        "voices.list": {"limit": 1},
        "voices.preview": DESIGN,
        "voices.retrieve": {"id": made_before("voice")},
        "voices.update": {"id": made_before("voice"), "name": "Low"},
        "voices.delete": {"id": made_before("voice")},
        "documents.create": DOCUMENT,
        "documents.list": PAGE,
        "documents.retrieve": {"id": made_before("document")},
        "documents.update": {"id": made_before("document"), "name": "More"},
        "documents.delete": {"id": made_before("document")},
        "routers.create": {"slug": "one-more"},
        "routers.list": {"limit": 1},
        "routers.list_requests": {"id": made_before("router"), "limit": 1},
        "routers.retrieve": {"id": made_before("router")},
        "routers.update": {"id": made_before("router"), "name": "Films"},
        "routers.delete": {"id": made_before("router")},
        **{
            f"generate.{kind}.create": {"config_id": made_before("slug"), "input": given}
            for kind, given in ROUTED.items()
        },
        "workflows.list": {},
        "workflows.retrieve": {"id": WORKFLOW},
        "workflows.run": {"id": WORKFLOW},
        "workflow_invocations.retrieve": {"id": made_before("run")},
        "organization.webapp.list_usage": EVER,
        "organization.webapp.audit_logs.list": EVER,
        "organization.webapp.audit_logs.retrieve": {"event_id": made_before("event")},
        "organization.retrieve": {},
        "organization.retrieve_usage": {},
        "uploads.create_ephemeral": {"file": ("cat.png", made("png"))},
    }


def maker(client: RunwayML) -> Callable[[str], str]:
    """Return what makes a resource of a kind and returns its id, or what else names it."""
    ordinals = count()

    def make(kind: str) -> str:
        router: Any = {"slug": f"films-{next(ordinals)}"}
        match kind:
            case "task":
                return client.text_to_video.create(**snake(BODIES["text_to_video"])).id
            case "avatar":
                return client.avatars.create(**AVATAR).id
            case "voice":
                return client.voices.create(**VOICE).id
            case "document":
                return client.documents.create(**DOCUMENT).id
            case "router":
                return client.routers.create(**router).id
            case "slug":
                return client.routers.create(**router).slug
            case "run":
                return client.workflows.run(WORKFLOW).id
            case "event":
                return client.organization.webapp.audit_logs.list(**EVER).data[0].event_id
            case _:
                return client.realtime_sessions.create(**snake(SESSION)).id

    return make


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


def test_every_method_is_called() -> None:
    """A method that a newer SDK has needs its arguments here."""
    with RunwayML(base_url="http://127.0.0.1:9", api_key="x") as client:
        known = {name for name, _ in methods(client, SyncAPIResource)}
    assert len(known) > 60
    assert known == arguments(lambda kind: kind).keys()


def test_every_method_of_the_client_is_served(served: Fake) -> None:
    """Each answer is what the SDK's types say."""
    world = served.world()
    with RunwayML(
        base_url=world.base_url,
        api_key=world.secret,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        given = arguments(maker(client))
        for name, method in methods(client, SyncAPIResource):
            method(**given[name])


def test_every_method_of_the_async_client_is_served(served: Fake) -> None:
    """Each answer is what the SDK's types say."""
    world = served.world()
    with RunwayML(base_url=world.base_url, api_key=world.secret) as sync:
        given = arguments(maker(sync))

    async def call() -> None:
        async with AsyncRunwayML(
            base_url=world.base_url,
            api_key=world.secret,
            max_retries=0,
            _strict_response_validation=True,
        ) as client:
            for name, method in methods(client, AsyncAPIResource):
                answer = method(**given[name])
                await answer

    asyncio.run(call())
