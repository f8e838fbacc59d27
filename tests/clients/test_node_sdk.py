"""The official Node clients against the fake: `@runwayml/sdk` and `@runwayml/avatars`.

They run in a process of their own that takes one call a line (`node/driver.mjs`), so clocks can be
moved between calls and everything is judged here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fake_runway.core.durations import NEVER
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import LiveKit, read
from fake_runway.runway_api.wire import instant
from fake_runway.worlds.naming import name_from_secret
from tests.clients.npm import Node
from tests.clients.processes import Program, environment, running
from tests.clients.watched import Watched, watching
from tests.support.fake.plans import failing
from tests.support.servers import CREATE, SECRET

UNKNOWN = "11111111-2222-4333-8444-555555555555"


class Thrown(Exception):
    """What a call threw in Node.

    Attributes:
        name: of its class.
        status: of an error of `@runwayml/sdk` that came from an answer.
        code: of an error of `@runwayml/avatars`.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.name = error["name"]
        self.status = error.get("status")
        self.code = error.get("code")


@dataclass(frozen=True, slots=True)
class Sdk:
    """The Node process and the fake that it talks to."""

    program: Program
    watched: Watched

    async def __call__(self, call: str, *args: Any) -> Any:
        """Return what the call resolves to.

        Raises:
            Thrown: what it rejects with.
        """
        answer = await self.program.ask({"call": call, "args": args})
        if "error" in answer:
            raise Thrown(answer["error"])
        return answer["value"]

    async def create(self, **more: Any) -> str:
        """Create a session and return its id."""
        session_id: str = (await self("realtimeSessions.create", CREATE | more))["id"]
        return session_id

    async def retrieve(self, session_id: str) -> Any:
        """Retrieve a session."""
        return await self("realtimeSessions.retrieve", session_id)

    async def consume(self, session_id: str, key: str) -> Any:
        """Consume as the setup guide does: a raw POST whose Authorization is the session's key."""
        headers = {"Authorization": f"Bearer {key}"}
        return await self(
            "post", f"/v1/realtime_sessions/{session_id}/consume", {"headers": headers}
        )

    async def poll(self, session_id: str, **options: Any) -> Any:
        """Call `pollUntilReady` of `@runwayml/avatars/api`, polling every 10 ms."""
        options = {"sessionId": session_id, "intervalMs": 10} | self._where() | options
        return await self("avatars.pollUntilReady", options)

    async def consume_session(self, session_id: str, key: str, **options: Any) -> Any:
        """Call `consumeSession` of `@runwayml/avatars/api`, the browser's consume."""
        options = {"sessionId": session_id, "sessionKey": key} | self._where() | options
        return await self("avatars.consumeSession", options)

    def _where(self) -> dict[str, str]:
        return {"baseUrl": self.watched.fake.url, "apiKey": SECRET}


@asynccontextmanager
async def driving(
    node: Node,
    tmp_path: Path,
    settings: Settings | None = None,
    *,
    rate: float = 0.0,
    secret: str = SECRET,
    suffix: str = "",
    **env: str,
) -> AsyncIterator[Sdk]:
    """Serve a fake and run the Node clients; `suffix` is added to the base URL."""
    async with watching(settings, rate=rate) as watched:
        variables = environment(watched.fake.url + suffix, secret, **env)
        command = (node.binary, node.script("driver.mjs"))
        errors = tmp_path / "stderr"
        async with running(command, errors=errors, env=variables, talk=True) as program:
            yield Sdk(program, watched)


def limited(**limits: Any) -> Settings:
    """Return settings with these limits."""
    return Settings(limits=replace(Limits(), **limits))


# @runwayml/sdk: the life of a session


async def test_life_of_a_session(node: Node, tmp_path: Path) -> None:
    """A session is NOT_READY, READY with its key, RUNNING once consumed, then COMPLETED."""
    async with driving(node, tmp_path) as sdk:
        clock = sdk.watched.fake.world.clock
        created_at = clock.now()
        session_id = await sdk.create(maxDuration=60)
        waiting = await sdk.retrieve(session_id)
        clock.jump(1.5)
        ready = await sdk.retrieve(session_id)
        room = await sdk.consume(session_id, ready["sessionKey"])
        consumed_at = clock.now()
        running = await sdk.retrieve(session_id)
        clock.jump(60)
        completed = await sdk.retrieve(session_id)
    same = {"id": session_id, "createdAt": instant(created_at)}
    assert waiting == same | {"status": "NOT_READY", "queued": False}
    expiry = instant(created_at + 301.5)
    assert ready == same | {
        "status": "READY",
        "sessionKey": ready["sessionKey"],
        "expiresAt": expiry,
    }
    claims = read(room["token"], LiveKit().api_secret, now=consumed_at)
    assert claims["video"]["room"] == room["roomName"] == session_id
    assert running == same | {"status": "RUNNING"}
    assert completed == same | {"status": "COMPLETED", "duration": 60}
    assert all(each.agent.startswith("RunwayML/JS") for each in sdk.watched.seen)


async def test_queue_cancel_and_failure(node: Node, tmp_path: Path) -> None:
    """A second session is queued until the first one is cancelled, and then fails as planned."""
    failure = Failure("INTERNAL.BAD_OUTPUT.AVATAR", "The avatar could not be started.")
    settings = replace(limited(concurrency=1), plan=failing(failure))
    async with driving(node, tmp_path, settings) as sdk:
        first, second = await sdk.create(), await sdk.create()
        queued = await sdk.retrieve(second)
        await sdk("realtimeSessions.delete", first)
        cancelled = await sdk.retrieve(first)
        admitted = await sdk.retrieve(second)
        sdk.watched.fake.world.clock.jump(1.5)
        failed = await sdk.retrieve(second)
    assert (queued["status"], queued["queued"]) == ("NOT_READY", True)
    assert cancelled["status"] == "CANCELLED"
    assert (admitted["status"], admitted["queued"]) == ("NOT_READY", False)
    assert failed["status"] == "FAILED"
    assert (failed["failureCode"], failed["failure"]) == (failure.code, failure.text)


async def test_organization(node: Node, tmp_path: Path) -> None:
    """Limits, balance and usage show what the sessions of this account have used."""
    async with driving(node, tmp_path, limited(concurrency=3, daily=7, credits=100)) as sdk:
        await sdk.create()
        today = date.fromisoformat(instant(sdk.watched.fake.world.clock.now())[:10])
        tomorrow = today + timedelta(days=1)
        organization = await sdk("organization.retrieve")
        usage = await sdk(
            "organization.retrieveUsage", {"startDate": str(today), "beforeDate": str(tomorrow)}
        )
    limits = {"maxConcurrentGenerations": 3, "maxDailyGenerations": 7}
    assert organization["tier"]["models"]["gwm1_avatars"] == limits
    assert organization["creditBalance"] == 98
    assert organization["usage"]["models"]["gwm1_avatars"] == {"dailyGenerations": 1}
    spent = [{"model": "gwm1_avatars", "amount": 2}]
    assert usage["results"] == [{"date": str(today), "usedCredits": spent}]


# Its exceptions and retries


async def test_exceptions_for_bad_calls(node: Node, tmp_path: Path) -> None:
    """A bad maxDuration, an unknown id and a used key each throw their class, tried once."""
    async with driving(node, tmp_path) as sdk:
        with pytest.raises(Thrown, match="expected number to be <=1800") as bad:
            await sdk.create(maxDuration=1801)
        with pytest.raises(Thrown) as unknown:
            await sdk.retrieve(UNKNOWN)
        session_id, key = await sdk.watched.fake.ready()
        await sdk.consume(session_id, key)
        with pytest.raises(Thrown) as used:
            await sdk.consume(session_id, key)
    assert (bad.value.name, bad.value.status) == ("BadRequestError", 400)
    assert (unknown.value.name, unknown.value.status) == ("NotFoundError", 404)
    assert (used.value.name, used.value.status) == ("BadRequestError", 400)
    counted = [each for each in sdk.watched.retries if each[1] is not None]  # the SDK's own calls
    assert counted == [(400, "0"), (404, "0"), (200, "0"), (400, "0")]


async def test_unauthorized(node: Node, tmp_path: Path) -> None:
    """The secret that is refused on purpose is an AuthenticationError, tried once."""
    async with driving(node, tmp_path, secret="fake.unauthorized") as sdk:
        with pytest.raises(Thrown) as thrown:
            await sdk.create()
    assert (thrown.value.name, thrown.value.status) == ("AuthenticationError", 401)
    assert sdk.watched.retries == [(401, "0")]


async def test_out_of_credits(node: Node, tmp_path: Path) -> None:
    """A create that cannot be paid is an APIError of 402, tried once."""
    async with driving(node, tmp_path, limited(credits=1)) as sdk:
        with pytest.raises(Thrown) as thrown:
            await sdk.create()
    assert (thrown.value.name, thrown.value.status) == ("APIError", 402)
    assert sdk.watched.retries == [(402, "0")]


async def test_quota_is_tried_three_times(node: Node, tmp_path: Path) -> None:
    """Out of quota, the SDK tries three times and throws; no session is made, nothing charged.

    Without Retry-After, because this SDK would obey it, however many hours it says.
    """
    async with driving(node, tmp_path, replace(limited(daily=0), retry_after=False)) as sdk:
        with pytest.raises(Thrown) as thrown:
            await sdk.create()
    assert (thrown.value.name, thrown.value.status) == ("RateLimitError", 429)
    assert sdk.watched.retries == [(429, "0"), (429, "1"), (429, "2")]
    assert sdk.watched.fake.world.account.spent == 0


async def test_retry_after_is_honest(node: Node, tmp_path: Path) -> None:
    """An SDK that waits as long as Retry-After says gets its session with the next try."""
    async with driving(node, tmp_path, limited(daily=1), rate=1.0) as sdk:
        await sdk.create()
        sdk.watched.fake.world.clock.jump(86_399.5)  # the quota frees up within the second
        await sdk.create()
    statuses = [status for status, _ in sdk.watched.retries]
    assert statuses in ([200, 429, 200], [200, 200])  # the second, if this machine was busy


# Where it sends its calls


@pytest.mark.parametrize("suffix", ["/w/checkout-tests", "/w/checkout-tests/"])
async def test_world_in_the_address(node: Node, tmp_path: Path, suffix: str) -> None:
    """A base URL that ends in /w/NAME, with or without a slash, leads to that world."""
    async with driving(node, tmp_path, suffix=suffix) as sdk:
        session_id = await sdk.create()
    assert list(sdk.watched.fake.worlds.named("checkout-tests").account.sessions) == [session_id]
    assert sdk.watched.live == 0


async def test_world_in_a_custom_header(node: Node, tmp_path: Path) -> None:
    """A world named by RUNWAYML_CUSTOM_HEADERS is the one that the calls go to."""
    headers = "X-Fake-World: from-a-header\nX-Other: 1"
    async with driving(node, tmp_path, RUNWAYML_CUSTOM_HEADERS=headers) as sdk:
        session_id = await sdk.create()
    assert list(sdk.watched.fake.worlds.named("from-a-header").account.sessions) == [session_id]


async def test_world_of_the_secret(node: Node, tmp_path: Path) -> None:
    """A secret with dots and spaces arrives as it is and names a world of its own."""
    async with driving(node, tmp_path, secret="my.own secret") as sdk:
        session_id = await sdk.create()
    world = sdk.watched.fake.worlds.named(name_from_secret("my.own secret"))
    assert list(world.account.sessions) == [session_id]


# @runwayml/avatars


@pytest.mark.parametrize("slash", ["", "/"])
async def test_poll_and_consume(node: Node, tmp_path: Path, slash: str) -> None:
    """pollUntilReady waits for READY and returns the key with which consumeSession gets a room.

    Both put "/v1" behind the base URL, so one that ends in a slash makes paths with two.
    """
    async with driving(node, tmp_path) as sdk:
        base_url = sdk.watched.fake.url + slash
        session_id = await sdk.watched.fake.create()
        polling = asyncio.create_task(sdk.poll(session_id, baseUrl=base_url))
        await sdk.watched.until(2, "GET")
        sdk.watched.fake.world.clock.jump(1.5)
        ready = await polling
        room = await sdk.consume_session(session_id, ready["sessionKey"], baseUrl=base_url)
        session = await sdk.watched.fake.get(session_id)
    assert sorted(ready) == ["sessionId", "sessionKey"]
    claims = read(room["token"], LiveKit().api_secret)
    assert claims["video"]["room"] == room["roomName"] == session_id
    assert session["status"] == "RUNNING"
    path = f"{slash}/v1/realtime_sessions/{session_id}"
    assert {each.path for each in sdk.watched.seen if each.agent == "node"} == {
        path,
        f"{path}/consume",
    }


async def test_poll_of_a_failing_session(node: Node, tmp_path: Path) -> None:
    """pollUntilReady throws CONNECTION_FAILED when the session fails before it is ready."""
    settings = Settings(plan=failing(Failure("INTERNAL", "No.")))
    async with driving(node, tmp_path, settings) as sdk:
        session_id = await sdk.watched.fake.create()
        sdk.watched.fake.world.clock.jump(1.5)
        with pytest.raises(Thrown, match="failed before becoming ready") as thrown:
            await sdk.poll(session_id)
    assert (thrown.value.name, thrown.value.code) == ("AvatarError", "CONNECTION_FAILED")


async def test_poll_gives_up(node: Node, tmp_path: Path) -> None:
    """pollUntilReady throws CONNECTION_FAILED when its own time is over."""
    async with driving(node, tmp_path, Settings(plan=Plan(provision=NEVER))) as sdk:
        session_id = await sdk.watched.fake.create()
        with pytest.raises(Thrown, match="timed out") as thrown:
            await sdk.poll(session_id, timeoutMs=100)
    assert thrown.value.code == "CONNECTION_FAILED"


async def test_poll_of_an_unknown_session(node: Node, tmp_path: Path) -> None:
    """pollUntilReady throws at once, with the fake's own words, for an unknown id."""
    async with driving(node, tmp_path) as sdk:
        with pytest.raises(Thrown, match=r"Failed to retrieve session: 404 .*Could not find"):
            await sdk.poll(UNKNOWN)
    assert [each.status for each in sdk.watched.seen] == [404]


async def test_consume_session_works_once(node: Node, tmp_path: Path) -> None:
    """The second consumeSession, and one with another key, throw CONSUME_FAILED."""
    async with driving(node, tmp_path) as sdk:
        session_id, key = await sdk.watched.fake.ready()
        with pytest.raises(Thrown, match="Failed to consume session: 401") as wrong:
            await sdk.consume_session(session_id, key[:-1] + ("1" if key[-1] == "0" else "0"))
        await sdk.consume_session(session_id, key)
        with pytest.raises(Thrown, match=r"Failed to consume session: 400 .*already") as second:
            await sdk.consume_session(session_id, key)
    assert wrong.value.code == second.value.code == "CONSUME_FAILED"


# @runwayml/sdk: routers, workflows, what a linked workspace did


async def test_routers_and_workflows(node: Node, tmp_path: Path) -> None:
    """A routed request makes a task, a run has outputs, and both are in usage and audit log."""
    async with driving(node, tmp_path) as sdk:
        clock = sdk.watched.fake.world.clock
        made = await sdk("routers.create", {"slug": "any"})
        asked = {"configId": "any", "input": {"promptText": "A cat."}}
        routed = await sdk("generate.image.create", asked)
        [workflow] = (await sdk("workflows.list"))["data"]
        run = await sdk("workflows.run", workflow["versions"][0]["id"], {})
        clock.jump(120)
        done = await sdk("workflowInvocations.retrieve", run["id"])
        kept = await sdk("routers.listRequests", made["id"])
        moments = {"from": instant(clock.now() - 900), "to": instant(clock.now() + 900)}
        usage = await sdk("organization.webapp.listUsage", moments)
        log = await sdk("organization.webapp.auditLogs.list")
        await sdk("routers.delete", made["id"])
        with pytest.raises(Thrown) as gone:
            await sdk("generate.image.create", asked)
    assert (done["status"], len(done["output"])) == ("SUCCEEDED", 3)
    assert kept["data"][0]["taskId"] == routed["id"]
    tools = {each["tool"] for each in usage["data"]}
    assert tools == {routed["routing"]["model"], "workflows"}
    assert len(log["data"]) == 3
    assert (gone.value.name, gone.value.status) == ("NotFoundError", 404)
