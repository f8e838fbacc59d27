"""The organization's limits, and what the linked workspace says happened in the world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from tests.support.fake.tasks import MOVIE, MOVIE_COSTS, MOVIE_RUNS_S, PICTURE, SPEECH
from tests.support.servers import Fake, StartFake

USAGE = "/v1/organization/webapp/usage"
AUDIT = "/v1/organization/webapp/audit_logs"


def window(fake: Fake, *, days: float = 1.0, spelled: str = "Z") -> str:
    """Return the query of a time window that has everything so far."""
    now = datetime.fromtimestamp(fake.world.clock.now(), UTC)
    texts = [(now + timedelta(days=each)).isoformat()[:19] + spelled for each in (-days, days)]
    return f"from={quote(texts[0])}&to={quote(texts[1])}"


async def got(fake: Fake, path: str) -> Any:
    """Return the body of a GET that has to succeed."""
    answer = await fake.call("GET", path)
    assert answer.status == 200, answer
    return answer.json


async def create(fake: Fake, endpoint: str, body: Any) -> str:
    """Create a task, which has to succeed, and return its id."""
    answer = await fake.call("POST", f"/v1/{endpoint}", json=dict(body))
    assert answer.status == 200, answer
    task_id: str = answer.json["id"]
    return task_id


async def test_the_tier_lists_the_limits_of_every_model(start_fake: StartFake) -> None:
    """By the tier or as the settings say, with what is used of the daily ones."""
    fake = await start_fake(Settings(task_limits=TaskLimits(1)))
    await create(fake, *MOVIE)
    await create(fake, *PICTURE)
    organization = await got(fake, "/v1/organization")
    limits, used = organization["tier"]["models"], organization["usage"]["models"]
    assert limits.keys() == used.keys()
    assert {"gen4.5", "gen4_image", "gwm1_avatars", "gen3a_turbo", "seed_audio"} <= limits.keys()
    assert limits["gen4.5"] == {"maxConcurrentGenerations": 1, "maxDailyGenerations": 50}
    assert limits["gen4_image"] == {"maxConcurrentGenerations": 2, "maxDailyGenerations": 200}
    assert {model for model, each in used.items() if each["dailyGenerations"]} == {
        "gen4.5",
        "gen4_image",
    }
    fake.world.clock.jump(86_400)
    used = (await got(fake, "/v1/organization"))["usage"]["models"]
    assert not any(each["dailyGenerations"] for each in used.values())


async def test_usage_has_what_was_charged_and_given_back(start_fake: StartFake) -> None:
    """A row for each, newest first; together they are what was spent."""
    failing = TaskPlan(failure=Failure("ASSET.INVALID", "No."))
    fake = await start_fake(Settings(task=failing))
    await create(fake, *MOVIE)
    fake.world.clock.jump(MOVIE_RUNS_S + 1)
    await create(fake, *SPEECH)
    await fake.create()
    await fake.call("POST", f"/v1/workflows/{EXAMPLE_WORKFLOW.version_id(1)}", json={})
    for spelled in ("Z", "+00:00"):
        page = await got(fake, f"{USAGE}?{window(fake, spelled=spelled)}")
        rows = [(each["tool"], each["credits"], each["type"]) for each in page["data"]]
        assert rows[-2:] == [
            ("gen4.5", -MOVIE_COSTS, "refund"),
            ("gen4.5", MOVIE_COSTS, "charge"),
        ]
        assert sum(credits for _, credits, _ in rows) == fake.world.account.spent
        assert {tool for tool, _, _ in rows} == {
            "gen4.5",
            "gwm1_avatars",
            "workflows",
            "eleven_multilingual_v2",
        }
    first = await got(fake, f"{USAGE}?{window(fake)}&limit=2")
    second = await got(fake, f"{USAGE}?{window(fake)}&limit=100&cursor={first['nextCursor']}")
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    assert first["data"] + second["data"] == page["data"]


async def test_usage_keeps_to_its_window_and_workspaces(start_fake: StartFake) -> None:
    """The start is inclusive, the end is not; other workspaces have none."""
    fake = await start_fake()
    await create(fake, *PICTURE)
    now = datetime.fromtimestamp(fake.world.clock.now(), UTC)
    at, later = (each.isoformat()[:19] + "Z" for each in (now, now + timedelta(seconds=1)))
    assert len((await got(fake, f"{USAGE}?from={at}&to={later}"))["data"]) == 1
    assert (await got(fake, f"{USAGE}?from={later}&to={later}"))["data"] == []
    assert (await got(fake, f"{USAGE}?from={at}&to={at}"))["data"] == []
    everything = f"{USAGE}?{window(fake)}"
    assert (await got(fake, f"{everything}&workspaceIds=2,3"))["data"] == []
    assert len((await got(fake, f"{everything}&workspaceIds=1,2"))["data"]) == 1
    for wrong in (
        f"{USAGE}?from={at}",
        f"{USAGE}?from=2026-02-30T00:00:00Z&to={at}",
        f"{USAGE}?from=yesterday&to={at}",
        f"{everything}&workspaceIds=one",
        f"{everything}&workspaceIds={','.join(str(each) for each in range(51))}",
        f"{everything}&cursor=x",
        f"{everything}&limit=0",
    ):
        assert (await fake.call("GET", wrong)).status == 400, wrong


async def test_the_audit_log_has_what_happened(start_fake: StartFake) -> None:
    """The link, each generation, and models that are disabled; filters choose among them."""
    fake = await start_fake(Settings(disabled_models=frozenset({"gen4.5"})))
    task = await create(fake, *PICTURE)
    fake.world.clock.jump(1)
    session = await fake.create()
    page = await got(fake, AUDIT)
    assert [each["action"] for each in page["data"]] == [
        "GenerationCreated",
        "GenerationCreated",
        "OrganizationDisabledModelsUpdated",
        "AccountLinkCreated",
    ]
    entries = [await got(fake, f"{AUDIT}/{each['eventId']}") for each in page["data"]]
    assert [each["resourceId"] for each in entries] == [session, task, None, None]
    assert entries[1]["metadata"] == {"Model": "gen4_image", "Operation": "createTextToImage"}
    assert "aiohttp" in entries[1]["userAgent"]
    for each, entry in zip(page["data"], entries, strict=True):
        assert each.items() <= entry.items()
    ids = [each["eventId"] for each in page["data"]]
    assert sorted(ids[:2], reverse=True) == ids[:2]  # version 7 sorts by time
    for query, count in (
        ("actions=GenerationCreated", 2),
        ("actions=UserLogin,AccountLinkCreated", 1),
        ("actorEmails=nobody@example.com", 0),
        ("actorEmails=nobody@example.com,developer@example.com", 4),
        ("workspaceIds=7", 0),
        (window(fake), 4),
        ("limit=1", 1),
    ):
        assert len((await got(fake, f"{AUDIT}?{query}"))["data"]) == count, query
    assert (await fake.call("GET", f"{AUDIT}?actions=Nothing")).status == 400
    assert (await fake.call("GET", f"{AUDIT}/{ids[0][:-6]}abcdef")).status == 404
    assert (await fake.call("GET", f"{AUDIT}/{EXAMPLE_WORKFLOW.version_id(1)}")).status == 400


async def test_without_a_linked_workspace_pages_are_empty(start_fake: StartFake) -> None:
    """And no entry is found."""
    fake = await start_fake()
    await create(fake, *PICTURE)
    [entry, _] = (await got(fake, AUDIT))["data"]
    unlinked = await start_fake(Settings(workspace=False))
    await create(unlinked, *PICTURE)
    assert (await got(unlinked, f"{USAGE}?{window(unlinked)}"))["data"] == []
    assert (await got(unlinked, AUDIT))["data"] == []
    assert (await unlinked.call("GET", f"{AUDIT}/{entry['eventId']}")).status == 404
