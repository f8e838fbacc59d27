"""Conversations: what was really said and done in a session, in lists, alone, and in numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Limits, Settings
from fake_runway.runway_api.wire import instant
from tests.support.checked import Answer
from tests.support.servers import Fake, StartFake, provisioned_in

LIST = "/v1/avatar_conversations"
FOREIGN_ID = "123e4567-e89b-42d3-a456-426614174000"
TOOLS: list[dict[str, Any]] = [
    {"type": "client_event", "name": "show", "description": "Shows it."},
    {"type": "backend_rpc", "name": "price", "description": "Asks for it.", "timeoutSeconds": 2},
]
CUSTOM = {"type": "custom", "avatarId": EXAMPLE_AVATAR.upper()}
UNLIMITED = Limits(concurrency=None, daily=None, credits=None)


async def report(fake: Fake, session_id: str, event: str, **facts: Any) -> None:
    """Report what happened in the room of a session."""
    body = {"event": event, **facts}
    answer = await fake.admin("POST", f"/sessions/{session_id}/call", body)
    assert answer.status == 200, answer


async def running(fake: Fake, **body: Any) -> str:
    """Return the id of a session that was consumed."""
    session_id, key = await fake.ready(**body)
    assert (await fake.consume(session_id, key)).status == 200
    return session_id


async def conversation(fake: Fake, session_id: str) -> dict[str, Any]:
    """Return a conversation."""
    answer = await fake.call("GET", f"{LIST}/{session_id}")
    assert answer.status == 200, answer
    body: dict[str, Any] = answer.json
    return body


async def listed(fake: Fake, query: str = "") -> list[dict[str, Any]]:
    """Return all conversations that a query finds, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(1_000):
        page = (await fake.call("GET", f"{LIST}?{query}{cursor}")).json
        found += page["data"]
        if not page["hasMore"]:
            assert page["nextCursor"] is None
            return found
        cursor = f"&cursor={page['nextCursor']}"
    raise AssertionError("the list has no end")


async def test_a_conversation_is_what_happened_in_the_room(start_fake: StartFake) -> None:
    """Its transcript has the reported utterances and tools with their instants, in order."""
    fake = await start_fake()
    session_id = await running(fake, tools=TOOLS, maxDuration=60)
    started = fake.world.clock.now()
    await report(fake, session_id, "joined", participant="user:1", hidden=False)
    said = {"role": "assistant", "turn": 1, "text": "Hello", "seconds": 1}
    await report(fake, session_id, "said", **said)
    fake.world.clock.jump(2)
    await report(fake, session_id, "client_event", tool="show", args={"it": [1]})
    await report(fake, session_id, "tool_called", call="7", tool="price", args={})
    answer = {"result": {"eur": 5}, "error": None, "seconds": 0.25}
    await report(fake, session_id, "tool_answered", call="7", **answer)
    await report(fake, session_id, "said", role="user", turn=1, text="Bye", seconds=1)
    going_on = await conversation(fake, session_id)
    fake.world.clock.jump(5)
    await report(fake, session_id, "left", participant="user:1", how="end_call")
    fake.world.clock.jump(60)
    ended = await conversation(fake, session_id)

    assert (going_on["status"], going_on["duration"]) == ("in_progress", 2)
    assert (ended["status"], ended["duration"], ended["maxDuration"]) == ("ended", 7, 60)
    assert ended["startedAt"] == instant(started)
    assert ended["endedAt"] == instant(started + 7)
    assert ended["recordingUrl"] is None
    assert ended["avatar"] == {"type": "runway-preset", "presetId": "music-superstar"}
    assert ended["tools"] == [
        {key: tool[key] for key in ("type", "name", "description")} for tool in TOOLS
    ]
    later = instant(started + 2)
    called = {"role": "assistant", "content": None, "timestamp": later}
    assert ended["transcript"] == [
        {"role": "assistant", "content": "Hello", "timestamp": instant(started)},
        {**called, "toolCalls": [{"name": "show", "arguments": {"it": [1]}}]},
        {
            **called,
            "toolCalls": [{"id": "7", "name": "price", "arguments": {}}],
            "toolResults": [
                {
                    "id": "7",
                    "name": "price",
                    "result": {"eur": 5},
                    "error": None,
                    "durationMs": 250,
                }
            ],
        },
        {"role": "user", "content": "Bye", "timestamp": later},
    ]
    assert going_on["transcript"] == ended["transcript"]


@pytest.mark.parametrize(
    ("result", "shown"),
    [(None, None), ("a", "a"), ({"a": 1}, {"a": 1}), ([1, None], "[1,null]"), (5, "5")],
)
async def test_a_result_is_an_object_a_text_or_null(
    start_fake: StartFake, result: object, shown: object
) -> None:
    """The published shape has no others, so another value is shown as its JSON."""
    fake = await start_fake()
    session_id = await running(fake)
    await report(fake, session_id, "tool_called", call="1", tool="a", args={})
    facts = {"result": result, "error": None, "seconds": 1}
    await report(fake, session_id, "tool_answered", call="1", **facts)
    [entry] = (await conversation(fake, session_id))["transcript"]

    assert entry["toolResults"][0]["result"] == shown


async def test_a_tool_that_fails_has_its_error(start_fake: StartFake) -> None:
    """A tool that was not answered yet has no result."""
    fake = await start_fake()
    session_id = await running(fake)
    await report(fake, session_id, "tool_called", call="1", tool="a", args={})
    [before] = (await conversation(fake, session_id))["transcript"]
    facts = {"result": None, "error": "timeout", "seconds": 8}
    await report(fake, session_id, "tool_answered", call="1", **facts)
    [after] = (await conversation(fake, session_id))["transcript"]

    assert "toolResults" not in before
    assert after["toolResults"][0]["error"] == "timeout"


@pytest.mark.parametrize(
    ("state", "status", "ran"),
    [
        ("queued", "in_progress", False),
        ("provisioning", "in_progress", False),
        ("ready", "in_progress", False),
        ("claimed", "in_progress", False),
        ("running", "in_progress", True),
        ("completed", "ended", True),
        ("cancelled", "ended", False),
        ("failed", "failed", False),
    ],
)
async def test_every_session_is_a_conversation(
    start_fake: StartFake, state: str, status: str, ran: bool
) -> None:
    """From its create on, whatever becomes of it; one that an admin made has no avatar."""
    fake = await start_fake(provisioned_in(1.5))
    made = await fake.admin("POST", "/sessions", {"state": state})
    fake.world.clock.jump(3)
    body = await conversation(fake, made.json["id"])
    [summary] = await listed(fake)

    assert body["status"] == summary["status"] == status
    expected = (3 if state == "running" else 0) if ran else None
    assert body["duration"] == summary["duration"] == expected
    assert (body["startedAt"] is not None) == ran
    assert ("failure" in body) == (status == "failed")
    assert (body.get("endedAt") is not None) == (state == "completed")
    assert body["avatar"] is summary["avatar"] is None
    assert (body["transcript"], body["tools"], summary["hasTools"]) == ([], [], False)


async def test_the_newest_conversations_come_first(start_fake: StartFake) -> None:
    """Pages of any size make up the whole, also when more are created in between."""
    fake = await start_fake(Settings(limits=UNLIMITED))
    ids = [await fake.create() for _ in range(45)]
    ids.reverse()
    by_default = (await fake.call("GET", LIST)).json
    await fake.create()
    rest = (await fake.call("GET", f"{LIST}?limit=100&cursor={by_default['nextCursor']}")).json

    assert [each["id"] for each in by_default["data"]] == ids[:20]
    assert [each["id"] for each in rest["data"]] == ids[20:]
    for limit in (1, 7, 100):
        assert [each["id"] for each in await listed(fake, f"limit={limit}")][1:] == ids


async def test_a_summary_names_the_avatar(start_fake: StartFake) -> None:
    """A preset by its display name, a custom one by its own, and a deleted one by none."""
    gone = "eeeeeeee-e29b-41d4-a716-446655440000"
    fake = await start_fake()
    await fake.admin("PUT", f"/avatars/{gone}", {"provision_time": "1s"})
    await fake.create(tools=TOOLS)
    await fake.create(avatar=CUSTOM)
    deleted = await fake.create(avatar={"type": "custom", "avatarId": gone})
    await fake.admin("DELETE", f"/avatars/{gone}")
    third, second, first = await listed(fake)

    assert first["avatar"] == {
        "type": "runway-preset",
        "presetId": "music-superstar",
        "name": "Music Superstar",
    }
    assert (first["hasTools"], second["hasTools"]) == (True, False)
    assert second["avatar"] == {"type": "custom", "id": EXAMPLE_AVATAR, "name": "Custom avatar"}
    assert third["avatar"] == {"type": "custom", "id": None, "name": None}
    assert (await conversation(fake, deleted))["avatar"] == {**third["avatar"], "imageUrl": None}
    for query in (f"avatar={EXAMPLE_AVATAR}", f"avatar={EXAMPLE_AVATAR.upper()}"):
        assert await listed(fake, query) == [second]
    assert await listed(fake, f"avatar={FOREIGN_ID}") == []


async def test_dates_filter_by_the_create(start_fake: StartFake) -> None:
    """The first instant is in the range, the last is not, as the wire spells them."""
    fake = await start_fake()
    sessions = []
    for _ in range(3):
        sessions.append(await fake.get(await fake.create()))
        fake.world.clock.jump(10.0003)
    first, second, third = (each["createdAt"] for each in sessions)

    async def found(query: str) -> list[str]:
        return [each["createdAt"] for each in await listed(fake, query)]

    assert await found(f"startDate={second}") == [third, second]
    assert await found(f"endDate={second}") == [first]
    assert await found(f"startDate={second}&endDate={third}") == [second]
    assert await found(f"startDate={second}&endDate={second}") == []


async def test_a_deleted_conversation_is_gone_for_good(start_fake: StartFake) -> None:
    """The session goes on, and nothing that is said in it later comes back."""
    fake = await start_fake()
    session_id = await running(fake)
    await report(fake, session_id, "tool_called", call="1", tool="a", args={})
    first = await fake.call("DELETE", f"{LIST}/{session_id}")
    facts = {"result": None, "error": None, "seconds": 1}
    await report(fake, session_id, "tool_answered", call="1", **facts)
    await report(fake, session_id, "said", role="user", turn=1, text="Hello", seconds=1)
    again = await fake.call("DELETE", f"{LIST}/{session_id}")
    got = await fake.call("GET", f"{LIST}/{session_id}")

    assert (first.status, again.status, got.status) == (204, 404, 404)
    assert got.headers["X-Fake-Code"] == "unknown_conversation"
    assert await listed(fake) == []
    assert (await fake.get(session_id))["status"] == "RUNNING"
    assert fake.world.account.call(session_id).transcript == ()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_conversation_is_not_found(start_fake: StartFake, method: str) -> None:
    """An id of another form is malformed, as for sessions."""
    fake = await start_fake()
    unknown = await fake.call(method, f"{LIST}/{FOREIGN_ID}")
    malformed = await fake.call(method, f"{LIST}/no-id")

    assert (unknown.status, unknown.json["error"]) == (404, "Could not find conversation.")
    assert malformed.status == 400


USAGE = "/v1/avatar_usage?startDate={}&endDate={}"


async def used(fake: Fake, since: str, until: str) -> Answer:
    """Return the usage in a range."""
    return await fake.call("GET", USAGE.format(since, until))


async def test_usage_counts_conversations_by_day(start_fake: StartFake) -> None:
    """All count on the day of their create, and those that ended with their time, too."""
    fake = await start_fake()
    clock = fake.world.clock
    midnight = (clock.now() // 86_400 + 1) * 86_400
    clock.jump_to(midnight + 10)
    for seconds in (7, 10):
        session_id = await running(fake)
        clock.jump(seconds)
        await report(fake, session_id, "joined", participant="user:1", hidden=False)
        await report(fake, session_id, "left", participant="user:1", how="leave")
    await fake.create()
    clock.jump_to(midnight + 2 * 86_400)
    await running(fake)
    days = [
        datetime.fromtimestamp(midnight + day * 86_400, UTC).date().isoformat() for day in range(4)
    ]
    answer = await used(fake, f"{days[0]}T00:00:00Z", f"{days[3]}T00:00:00.000Z")

    assert answer.json == {
        "totalSeconds": 17,
        "totalSessions": 4,
        "avgDurationSeconds": round(17 / 2),
        "byDay": [
            {"date": days[0], "sessions": 3, "seconds": 17},
            {"date": days[1], "sessions": 0, "seconds": 0},
            {"date": days[2], "sessions": 1, "seconds": 0},
        ],
    }
    part = await used(fake, f"{days[0]}T00:00:11.500Z", f"{days[1]}T00:01Z")
    assert [each["date"] for each in part.json["byDay"]] == days[:2]
    assert part.json["totalSessions"] == 2


async def test_an_empty_range_has_no_usage(start_fake: StartFake) -> None:
    """Zeros, and no day; a range of 90 days is the longest."""
    fake = await start_fake()
    now = "2026-01-01T12:00:00Z"
    empty = await used(fake, now, now)
    longest = await used(fake, now, "2026-04-01T12:00:00Z")

    assert empty.json == {
        "totalSeconds": 0,
        "totalSessions": 0,
        "avgDurationSeconds": 0,
        "byDay": [],
    }
    assert len(longest.json["byDay"]) == 91  # the first and the last are parts of days


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"{LIST}?limit=0", "Too small: expected number to be >=1"),
        (f"{LIST}?limit=101", "Too big: expected number to be <=100"),
        (f"{LIST}?limit=many", "Invalid input: expected number, received string"),
        (f"{LIST}?cursor=next", "Invalid cursor"),
        (f"{LIST}?cursor={'9' * 16}", "Invalid cursor"),
        (f"{LIST}?avatar=music-superstar", "Invalid UUID"),
        (f"{LIST}?startDate=2026-01-01", "Invalid ISO datetime"),
        (f"{LIST}?endDate=2026-02-30T00:00:00Z", "Invalid ISO datetime"),
        (f"{LIST}?endDate=2026-02-03T00:00:00%2B01:00", "Invalid ISO datetime"),
        (f"{LIST}?startDate=0000-01-01T00:00:00Z", "Invalid ISO datetime"),
        ("/v1/avatar_usage", "Invalid input: expected string, received undefined"),
        (
            "/v1/avatar_usage?startDate=2026-01-01T00:00:00Z",
            "Invalid input: expected string, received undefined",
        ),
        (
            USAGE.format("2026-01-01T00:00:00Z", "2026-04-01T00:00:01Z"),
            "The date range must not exceed 90 days",
        ),
        (
            USAGE.format("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
            "endDate must not be before startDate",
        ),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(
    start_fake: StartFake, path: str, message: str
) -> None:
    """In the words of the provider's validation library, where they are known."""
    fake = await start_fake()
    answer = await fake.call("GET", path)

    assert (answer.status, answer.json["error"]) == (400, message)
    assert answer.headers["X-Fake-Code"] == "bad_query"


async def test_conversations_are_part_of_the_timeline_of_their_session(
    start_fake: StartFake,
) -> None:
    """A conversation has the id of its session, so calls about it are calls about that."""
    fake = await start_fake()
    session_id = await fake.create()
    await conversation(fake, session_id)
    timeline = (await fake.admin("GET", f"/sessions/{session_id}/timeline")).json

    assert f"GET {LIST}/{session_id} -> 200 in_progress" in timeline["lines"][-1]
    assert (await fake.admin("GET", "/findings")).json["findings"] == []
