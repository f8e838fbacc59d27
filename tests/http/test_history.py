"""What the fake keeps of a run over real sockets: what clients knew, and what it has counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import pytest

from tests.support.servers import SECRET, VERSION, Fake, StartFake

SESSIONS = "/v1/realtime_sessions"


async def ids(fake: Fake) -> list[str]:
    """Return the ids of the findings."""
    return [each["id"] for each in (await fake.admin("GET", "/findings")).json["findings"]]


async def consume(
    http: aiohttp.ClientSession, session_id: str, key: str, headers: Mapping[str, str] = {}
) -> None:
    """Consume by a client of its own, and read the answer."""
    path = f"{SESSIONS}/{session_id}/consume"
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    async with http.post(path, headers=sent) as answer:
        await answer.read()


# Order and overlap


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
async def test_a_consume_that_follows_the_answer_is_found_at_once(
    start_fake: StartFake, headers: dict[str, str]
) -> None:
    """On the same connection or, because the first was closed, on a new one; no time passes."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    async with aiohttp.ClientSession(fake.url) as http:
        await consume(http, session_id, key, headers)
        await consume(http, session_id, key, headers)
    assert await ids(fake) == ["consumed-twice"]


async def test_consumes_of_two_connections_may_have_been_sent_together(
    start_fake: StartFake,
) -> None:
    """As long as both are open nothing is certain, in whatever order the server reads them."""
    fake = await start_fake()
    for _ in range(20):
        session_id, key = await fake.ready()
        async with aiohttp.ClientSession(fake.url) as http:
            await asyncio.gather(*(consume(http, session_id, key) for _ in range(2)))
    assert await ids(fake) == []


async def test_the_journal_lists_what_may_be_unread(start_fake: StartFake) -> None:
    """Nothing before the first consume of a session; the first, before one beside it."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    async with aiohttp.ClientSession(fake.url) as one, aiohttp.ClientSession(fake.url) as other:
        await consume(one, session_id, key)
        await consume(other, session_id, key)
        await consume(one, session_id, key)
    calls = (await fake.admin("GET", "/journal?operation=consumeSession")).json["exchanges"]
    first, second, _ = (each["number"] for each in calls)
    assert [each["request"]["unread"] for each in calls] == [[], [first], [second]]
    assert await ids(fake) == ["consumed-twice"]


@pytest.mark.parametrize(
    ("declared", "kept"), [("application/json", "application/json"), ("text/plain", "text/plain")]
)
async def test_the_journal_has_the_content_type(
    start_fake: StartFake, declared: str, kept: str
) -> None:
    """As declared, refused ones too; null where a client declares none."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    await fake.consume(session_id, key, **{"Content-Type": declared})
    async with aiohttp.ClientSession(
        fake.url, skip_auto_headers=["Content-Type"], headers={**VERSION, "X-Fake-World": "other"}
    ) as http:
        bearer = {"Authorization": f"Bearer {SECRET}"}
        async with http.post(f"{SESSIONS}/{session_id}/connect_backend", headers=bearer) as answer:
            await answer.read()
    [consumed] = (await fake.admin("GET", "/journal?operation=consumeSession")).json["exchanges"]
    [bare] = (await fake.client.get("/w/other/__admin/journal")).json["exchanges"]
    assert consumed["request"]["content_type"] == kept
    assert bare["request"]["content_type"] is None
