"""What the fake keeps of a run over real sockets: what clients knew, and what it has counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import aiohttp
import pytest

from fake_runway.client import AsyncAdmin
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.worlds.registry import Retention
from tests.support.fake.waiting import WAIT_S
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


async def test_neither_journal_nor_record_depends_on_a_clients_connections(
    start_fake: StartFake,
) -> None:
    """What may be unread is known to findings alone; a replay is identical without it."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    async with aiohttp.ClientSession(fake.url) as one, aiohttp.ClientSession(fake.url) as other:
        await consume(one, session_id, key)
        await consume(other, session_id, key)
        await consume(one, session_id, key)
    calls = [each for each in fake.world.log.exchanges if each.operation == "consumeSession"]
    first, second, _ = (each.number for each in calls)
    recorded = await fake.admin("GET", "/replay")
    again = {"name": "again", "token": recorded.json["token"]}
    assert [each.unread for each in calls] == [(), (first,), (second,)]
    assert b"unread" not in recorded.body
    assert (await fake.admin("POST", "/replay", again)).json["identical"]
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


# Counting outlives the journal


async def polled_long(start_fake: StartFake, *, polls: int, journal: int) -> tuple[Fake, str]:
    """Return a fake whose journal has lost the create of a session, and the session's id."""
    fake = await start_fake(retention=Retention(journal=journal))
    session_id = await fake.create()
    for _ in range(polls):
        await fake.get(session_id)
    return fake, session_id


async def test_a_wait_and_the_journal_know_the_create_of_a_long_run(start_fake: StartFake) -> None:
    """More polls than the journal keeps: there was one create, and it is gone."""
    fake, session_id = await polled_long(start_fake, polls=30, journal=10)
    wait = {"match": {"operation": "createSession", "session": session_id}, "timeout": "10ms"}
    seen = await fake.admin("POST", "/await/calls", wait)
    late = await fake.admin("POST", "/await/calls", {**wait, "since": 1})
    journal = (await fake.admin("GET", "/journal?operation=createSession")).json
    polls = (await fake.admin("GET", f"/journal?session={session_id}&status=200&limit=3")).json
    other = (await fake.admin("GET", "/journal?operation=deleteSession")).json
    assert (seen.status, seen.json) == (200, {"exchanges": [], "gone": 1, "uncertain": 0})
    assert late.status == 408
    assert "there are 0, and 1 that are no longer kept may be among them" in late.json["error"]
    assert {name: journal[name] for name in ("exchanges", "total", "gone", "uncertain")} == {
        "exchanges": [], "total": 1, "gone": 1, "uncertain": 0,
    }  # fmt: skip
    assert (len(polls["exchanges"]), polls["total"], polls["gone"]) == (3, 31, 21)
    assert (other["total"], other["gone"]) == (0, 0)


async def test_a_wait_for_more_calls_than_are_kept_ends(start_fake: StartFake) -> None:
    """Those that were evicted meanwhile count as well."""
    fake, session_id = await polled_long(start_fake, polls=3, journal=2)
    wait = {"match": {"operation": "getSession"}, "count": 6, "timeout": f"{WAIT_S}s"}
    waiting = asyncio.create_task(fake.admin("POST", "/await/calls", wait))
    for _ in range(3):
        await fake.get(session_id)
    seen = await waiting
    assert (seen.status, len(seen.json["exchanges"]), seen.json["gone"]) == (200, 2, 4)


async def test_timeline_and_findings_say_what_is_gone(start_fake: StartFake) -> None:
    """Neither takes what is left for all that there was."""
    fake, session_id = await polled_long(start_fake, polls=30, journal=10)
    timeline = (await fake.admin("GET", f"/sessions/{session_id}/timeline")).json
    found = (await fake.admin("GET", "/findings")).json
    assert timeline["gone"] == found["gone"] == 21
    assert timeline["lines"][0] == "(21 earlier entries are no longer kept)"
    young = await fake.create()
    timeline = (await fake.admin("GET", f"/sessions/{young}/timeline")).json
    assert (timeline["gone"], timeline["uncertain"]) == (0, 0)
    assert not timeline["lines"][0].startswith("(")


async def test_a_session_of_which_nothing_is_left_is_known(start_fake: StartFake) -> None:
    """Neither the account nor the journal has it any more: its timeline says how much there was."""
    fake = await start_fake(Settings(limits=Limits(retained=0)), retention=Retention(journal=1))
    session_id = await fake.create()
    await fake.call("DELETE", f"{SESSIONS}/{session_id}")
    for _ in range(9):
        await fake.call("DELETE", f"{SESSIONS}/{await fake.create()}")
    answer = await fake.admin("GET", f"/sessions/{session_id}/timeline")
    wait = {"states": ["cancelled"], "session": session_id, "timeout": "10ms"}
    waited = await fake.admin("POST", "/await/session", wait)
    assert "there is no such session, but 10 that ended are no longer kept" in waited.json["error"]
    assert (await fake.admin("GET", "/sessions")).json == {"sessions": [], "gone": 10}
    unknown = await fake.admin("GET", "/sessions/00000000-0000-4000-8000-000000000000/timeline")
    assert (answer.status, answer.json["entries"]) == (200, [])
    assert answer.json["gone"] == 5  # two calls, three moves
    assert unknown.status == 404


async def test_a_run_too_long_to_record_says_what_to_raise(start_fake: StartFake) -> None:
    """The number in the refusal is enough for the same run."""
    fake, _ = await polled_long(start_fake, polls=30, journal=10)
    refused = await fake.admin("GET", "/replay")
    found = re.search(r"--journal (\d+) --journal-mib 1 or more", refused.json["error"])
    assert refused.status == 409
    assert found
    fake, _ = await polled_long(start_fake, polls=30, journal=int(found[1]))
    assert (await fake.admin("GET", "/replay")).status == 200


@pytest.mark.parametrize("polls", [0, 98, 99, 100, 250])
async def test_the_client_lists_all_that_is_kept(start_fake: StartFake, polls: int) -> None:
    """Page by page, in order and each once, whatever the size of a page; a limit is kept."""
    fake, session_id = await polled_long(start_fake, polls=polls, journal=1_000)
    await fake.call("GET", "/v1/unknown")
    async with AsyncAdmin(fake.url, world=fake.world.name) as admin:
        every = await admin.journal.list()
        newest = await admin.journal.list(session=session_id, limit=2)
        unmatched = await admin.journal.unmatched()
    numbers = [each.number for each in every]
    assert numbers == [each.number for each in fake.world.log.exchanges]
    assert (every.total, every.gone) == (polls + 2, 0)
    assert len(newest) == min(2, polls + 1)
    assert len(unmatched) == 1


async def test_the_client_says_what_is_gone(start_fake: StartFake) -> None:
    """Lists, waits and findings carry the numbers."""
    fake, session_id = await polled_long(start_fake, polls=230, journal=150)
    async with AsyncAdmin(fake.url, world=fake.world.name) as admin:
        every = await admin.journal.list()
        creates = await admin.wait_for_calls(operation="createSession")
        findings = await admin.findings()
        timeline = await admin.timeline(session_id)
    assert (len(every), every.total, every.gone) == (150, 231, 81)
    assert (creates, creates.gone, creates.uncertain) == ((), 1, 0)
    assert (findings, findings.gone) == ((), 81)
    assert timeline.gone == 81
