"""The official Python SDK against the fake: all three of its HTTP backends, and its settings.

The SDK checks every answer against its own types (`_strict_response_validation`), so these tests
also show that the fake's shapes are the published ones.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from runwayml import (
    APIStatusError,
    AsyncRunwayML,
    AuthenticationError,
    BadRequestError,
    DefaultAioHttpClient,
    NotFoundError,
    RateLimitError,
    RunwayML,
)

from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import LiveKit, read
from fake_runway.runway_api.wire import instant as wire_instant
from fake_runway.worlds.naming import name_from_secret
from tests.clients.watched import Watched, watching
from tests.support.fake.plans import failing
from tests.support.servers import SECRET

MUSIC: Any = {"type": "runway-preset", "preset_id": "music-superstar"}
UNKNOWN = "11111111-2222-4333-8444-555555555555"


class Backend(Enum):
    """What the SDK sends requests with."""

    HTTPX_SYNC = "httpx-sync"
    HTTPX_ASYNC = "httpx-async"
    AIOHTTP = "aiohttp"


@dataclass(frozen=True, slots=True)
class Sdk:
    """One client, whichever its backend: `await sdk(lambda client: client.any.call(...))`."""

    client: Any

    async def __call__(self, call: Callable[[Any], Any]) -> Any:
        if isinstance(self.client, RunwayML):
            return await asyncio.to_thread(call, self.client)
        answer: Awaitable[Any] = call(self.client)
        return await answer

    async def create(self, **more: Any) -> str:
        """Create a session and return its id."""
        created = await self(
            lambda client: client.realtime_sessions.create(
                model="gwm1_avatars", avatar=MUSIC, **more
            )
        )
        session_id: str = created.id
        return session_id

    async def retrieve(self, session_id: str) -> Any:
        """Retrieve a session."""
        return await self(lambda client: client.realtime_sessions.retrieve(session_id))

    async def delete(self, session_id: str) -> None:
        """Cancel a session."""
        await self(lambda client: client.realtime_sessions.delete(session_id))

    async def consume(self, session_id: str, key: str) -> Any:
        """Consume as the setup guide does: a raw POST whose Authorization is the session's key."""
        return await self(
            lambda client: client.post(
                f"/v1/realtime_sessions/{session_id}/consume",
                cast_to=object,
                options={"headers": {"Authorization": f"Bearer {key}"}},
            )
        )

    async def refused(self, call: Callable[[Any], Any]) -> APIStatusError:
        """Return the exception that the call raises."""
        with pytest.raises(APIStatusError) as raised:
            await self(call)
        return raised.value


@asynccontextmanager
async def connected(
    backend: Backend, base_url: str | None = None, **options: Any
) -> AsyncIterator[Sdk]:
    """Use a client until the block ends; without a `base_url` the environment decides."""
    options = {"base_url": base_url, "api_key": SECRET if base_url else None} | options
    options["_strict_response_validation"] = True
    sdk = Sdk(_client(backend, options))
    try:
        yield sdk
    finally:
        await sdk(lambda client: client.close())


def _client(backend: Backend, options: dict[str, Any]) -> RunwayML | AsyncRunwayML:
    match backend:
        case Backend.HTTPX_SYNC:
            return RunwayML(**options)
        case Backend.HTTPX_ASYNC:
            return AsyncRunwayML(**options)
        case Backend.AIOHTTP:
            return AsyncRunwayML(http_client=DefaultAioHttpClient(), **options)


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    chosen: Backend = request.param
    return chosen


def settings(*, failure: Failure | None = None, **limits: Any) -> Settings:
    """Return settings with these limits, and sessions that end in `failure` if there is one."""
    plan = Plan() if failure is None else failing(failure)
    return Settings(plan=plan, limits=replace(Limits(), **limits))


def instant(at: float) -> datetime:
    """Return an instant of a world as the SDK parses it from the wire."""
    return datetime.fromtimestamp(at, UTC)


# The life of a session


async def test_life_of_a_session(backend: Backend) -> None:
    """A session is NOT_READY, READY with its key, RUNNING once consumed, then COMPLETED."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        clock = watched.fake.world.clock
        created_at = clock.now()
        session_id = await sdk.create(max_duration=60)
        waiting = await sdk.retrieve(session_id)
        clock.jump(1.5)
        ready = await sdk.retrieve(session_id)
        room = await sdk.consume(session_id, ready.session_key)
        consumed_at = clock.now()
        running = await sdk.retrieve(session_id)
        clock.jump(60)
        completed = await sdk.retrieve(session_id)
    assert (waiting.status, waiting.queued) == ("NOT_READY", False)
    assert abs(waiting.created_at - instant(created_at)) < timedelta(milliseconds=1)
    assert ready.status == "READY"
    assert abs(ready.expires_at - instant(created_at + 301.5)) < timedelta(milliseconds=1)
    assert room["url"] == "ws://127.0.0.1:7880"
    claims = read(room["token"], LiveKit().api_secret, now=consumed_at)
    assert claims["video"]["room"] == room["roomName"] == session_id
    assert running.status == "RUNNING"
    assert (completed.status, completed.duration) == ("COMPLETED", 60)


async def test_the_conversation_of_a_session(backend: Backend) -> None:
    """The SDK reads what the room reported, lists it, counts it, and deletes it."""
    tools = [{"type": "backend_rpc", "name": "price", "description": "Asks for it."}]
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        world = watched.fake.world
        session_id = await sdk.create(tools=tools)
        world.clock.jump(1.5)
        await sdk.consume(session_id, (await sdk.retrieve(session_id)).session_key)
        world.report(session_id, {"event": "joined", "participant": "user:1", "hidden": False})
        said = {"role": "user", "turn": 1, "text": "How much?", "seconds": 1.0}
        world.report(session_id, {"event": "said", **said})
        called = {"call": "1", "tool": "price", "args": {"of": "it"}}
        world.report(session_id, {"event": "tool_called", **called})
        answer = {"call": "1", "result": {"eur": 5}, "error": None, "seconds": 0.25}
        world.report(session_id, {"event": "tool_answered", **answer})
        world.clock.jump(7)
        going_on = await sdk(lambda client: client.avatar_conversations.retrieve(session_id))
        world.report(session_id, {"event": "left", "participant": "user:1", "how": "leave"})
        ended = await sdk(lambda client: client.avatar_conversations.retrieve(session_id))
        page = await sdk(lambda client: client.avatar_conversations.list(limit=5))
        now = world.clock.now()
        days = {"start_date": wire_instant(now - 60), "end_date": wire_instant(now + 60)}
        usage = await sdk(lambda client: client.avatars.get_usage(**days))
        as_written = {"start_date": instant(now - 60), "end_date": instant(now + 60)}
        same = await sdk(lambda client: client.avatars.get_usage(**as_written))
        await sdk(lambda client: client.avatar_conversations.delete(session_id))
        gone = await sdk.refused(lambda client: client.avatar_conversations.retrieve(session_id))
    assert (going_on.status, going_on.duration) == ("in_progress", 7)
    assert (ended.status, ended.duration) == ("ended", 7)
    assert [entry.content for entry in ended.transcript] == ["How much?", None]
    assert ended.transcript[1].tool_results[0].result == {"eur": 5}
    assert [tool.name for tool in ended.tools] == ["price"]
    assert [(each.id, each.status, each.avatar.name) for each in page.data] == [
        (session_id, "ended", "Music Superstar")
    ]
    assert (usage.total_seconds, usage.total_sessions) == (7, 1)
    assert isinstance(gone, NotFoundError)
    assert same == usage  # the SDK writes +00:00, not Z


async def test_queue_and_cancel(backend: Backend) -> None:
    """A second session is queued until the first one is cancelled."""
    async with (
        watching(settings(concurrency=1)) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        first, second = await sdk.create(), await sdk.create()
        queued = await sdk.retrieve(second)
        await sdk.delete(first)
        await sdk.delete(first)  # again: an ended session may be deleted
        cancelled = await sdk.retrieve(first)
        admitted = await sdk.retrieve(second)
    assert (queued.status, queued.queued) == ("NOT_READY", True)
    assert cancelled.status == "CANCELLED"
    assert (admitted.status, admitted.queued) == ("NOT_READY", False)


async def test_failed_session(backend: Backend) -> None:
    """A session whose provisioning fails has its failure code."""
    failure = Failure("INTERNAL.BAD_OUTPUT.AVATAR", "The avatar could not be started.")
    async with (
        watching(settings(failure=failure)) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        session_id = await sdk.create()
        watched.fake.world.clock.jump(1.5)
        failed = await sdk.retrieve(session_id)
    assert failed.status == "FAILED"
    assert (failed.failure_code, failed.failure) == (failure.code, failure.text)


async def test_every_field_of_create(backend: Backend) -> None:
    """The fake accepts each field that the SDK's types allow in a create."""
    tool = {
        "type": "backend_rpc",
        "name": "look_up",
        "description": "Looks something up.",
        "timeout_seconds": 2,
        "parameters": [{"type": "string", "name": "what", "description": "What to look up."}],
    }
    room = {"url": "wss://rooms.example", "token": "a-token", "room_name": "a-room"}
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        session_id = await sdk.create(
            max_duration=10,
            personality="Kind.",
            start_script="Hello!",
            tools=[tool],
            integration={"type": "livekit", **room},
            livekit=room,
        )
        waiting = await sdk.retrieve(session_id)
    assert waiting.status == "NOT_READY"


async def test_organization(backend: Backend) -> None:
    """Limits, balance and usage show what the sessions of this account have used."""
    async with (
        watching(settings(concurrency=3, daily=7, credits=100)) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        await sdk.create()
        today = instant(watched.fake.world.clock.now()).date()
        organization = await sdk(lambda client: client.organization.retrieve())
        usage = await sdk(
            lambda client: client.organization.retrieve_usage(
                start_date=today, before_date=today + timedelta(days=1)
            )
        )
    limits = organization.tier.models["gwm1_avatars"]
    assert (limits.max_concurrent_generations, limits.max_daily_generations) == (3, 7)
    assert organization.credit_balance == 98
    assert organization.usage.models["gwm1_avatars"].daily_generations == 1
    assert [(each.date, each.used_credits[0].amount) for each in usage.results] == [(today, 2)]


# Its exceptions


def creating(client: Any) -> Any:
    """Create a session."""
    return client.realtime_sessions.create(model="gwm1_avatars", avatar=MUSIC)


async def test_bad_request(backend: Backend) -> None:
    """A maxDuration above the limit is a BadRequestError with the observed sentence."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        error = await sdk.refused(
            lambda client: client.realtime_sessions.create(
                model="gwm1_avatars", avatar=MUSIC, max_duration=1801
            ),
        )
    assert isinstance(error, BadRequestError)
    assert isinstance(error.body, dict)
    assert error.body["error"] == "Too big: expected number to be <=1800"
    assert watched.retries == [(400, "0")]


async def test_unauthorized(backend: Backend) -> None:
    """The secret that is refused on purpose is an AuthenticationError, tried once."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url, api_key="fake.unauthorized") as sdk,
    ):
        error = await sdk.refused(creating)
    assert isinstance(error, AuthenticationError)
    assert watched.retries == [(401, "0")]


async def test_out_of_credits(backend: Backend) -> None:
    """A create that cannot be paid is an APIStatusError of 402, tried once."""
    async with (
        watching(settings(credits=1)) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        error = await sdk.refused(creating)
    assert error.status_code == 402
    assert watched.retries == [(402, "0")]


async def test_unknown_session(backend: Backend) -> None:
    """An id that never was is a NotFoundError."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        error = await sdk.refused(
            lambda client: client.realtime_sessions.retrieve(UNKNOWN),
        )
    assert isinstance(error, NotFoundError)
    assert watched.retries == [(404, "0")]


async def test_second_consume(backend: Backend) -> None:
    """The key works once; the second consume is a BadRequestError, which the SDK does not retry."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        session_id, key = await watched.fake.ready()
        await sdk.consume(session_id, key)
        with pytest.raises(BadRequestError):
            await sdk.consume(session_id, key)
    assert watched.retries[-2:] == [(200, "0"), (400, "0")]


# Its retries


async def test_quota_is_tried_three_times(backend: Backend) -> None:
    """Out of quota, the SDK tries three times and raises; no session is made, nothing charged.

    Retry-After is up to a day, which the SDK deems too long to obey: it falls back to short waits.
    """
    async with (
        watching(settings(daily=0)) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        error = await sdk.refused(creating)
    assert isinstance(error, RateLimitError)
    assert 60 < int(error.response.headers["Retry-After"]) <= 86_400
    assert watched.retries == [(429, "0"), (429, "1"), (429, "2")]
    assert watched.fake.world.account.spent == 0


async def test_retry_after_is_honest(backend: Backend) -> None:
    """An SDK that waits as long as Retry-After says gets its session with the next try."""
    async with (
        watching(settings(daily=1), rate=1.0) as watched,
        connected(backend, watched.fake.url) as sdk,
    ):
        await sdk.create()
        watched.fake.world.clock.jump(86_399.5)  # the quota frees up within the second
        await sdk.create()
    statuses = [status for status, _ in watched.retries]
    assert statuses in ([200, 429, 200], [200, 200])  # the second, if this machine was busy


# Where it sends its calls


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the variables that the SDK reads."""

    def configure(base_url: str, **more: str) -> None:
        values = {"RUNWAYML_BASE_URL": base_url, "RUNWAYML_API_SECRET": SECRET} | more
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return configure


async def one_create(watched: Watched, backend: Backend) -> None:
    """Create a session with a client that is configured by the environment alone."""
    async with connected(backend) as sdk:
        await sdk.create()
    assert [each.status for each in watched.seen] == [200]


async def test_environment(backend: Backend, configured: Callable[..., None]) -> None:
    """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET are all that an application needs."""
    async with watching() as watched:
        configured(watched.fake.url)
        await one_create(watched, backend)
    assert watched.live == 1  # in the world that the secret names
    expected = "RunwayML/Python" if backend is Backend.HTTPX_SYNC else "AsyncRunwayML/Python"
    assert watched.seen[0].agent.startswith(expected)


async def test_world_in_the_address(backend: Backend, configured: Callable[..., None]) -> None:
    """A base URL that ends in /w/NAME leads to that world, for any secret."""
    async with watching() as watched:
        configured(f"{watched.fake.url}/w/checkout-tests")
        await one_create(watched, backend)
    assert len(watched.fake.worlds.named("checkout-tests").account.sessions) == 1
    assert watched.live == 0


async def test_trailing_slash(backend: Backend, configured: Callable[..., None]) -> None:
    """A base URL that ends in a slash works as well."""
    async with watching() as watched:
        configured(f"{watched.fake.url}/w/slashed/")
        await one_create(watched, backend)
    assert len(watched.fake.worlds.named("slashed").account.sessions) == 1


async def test_world_in_a_custom_header(backend: Backend, configured: Callable[..., None]) -> None:
    """A world named by RUNWAYML_CUSTOM_HEADERS is the one that the calls go to."""
    async with watching() as watched:
        configured(
            watched.fake.url, RUNWAYML_CUSTOM_HEADERS="X-Fake-World: from-a-header\nX-Other: 1"
        )
        await one_create(watched, backend)
    assert len(watched.fake.worlds.named("from-a-header").account.sessions) == 1


async def test_secrets_share_no_sessions(backend: Backend) -> None:
    """A session created with one secret is unknown to another."""
    async with (
        watching() as watched,
        connected(backend, watched.fake.url, api_key="another secret with spaces") as sdk,
    ):
        session_id = await watched.fake.create()
        error = await sdk.refused(
            lambda client: client.realtime_sessions.retrieve(session_id),
        )
    assert isinstance(error, NotFoundError)
    other = watched.fake.worlds.named(name_from_secret("another secret with spaces"))
    assert not other.account.sessions
