"""Model routers over HTTP: configurations, routed generation, what routers were asked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.replay.record import journal_bytes, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.support.checked import Answer
from tests.support.servers import HEADERS, Fake, StartFake

UNKNOWN = "11111111-2222-4333-8444-555555555555"
INPUTS: Mapping[str, Mapping[str, Any]] = {
    "video": {"promptText": "A cat.", "duration": 5},
    "image": {"promptText": "A cat."},
    "audio": {
        "type": "speech",
        "promptText": "A cat.",
        "voice": {"type": "preset", "presetId": "Maya"},
    },
}
LISTED: Mapping[str, Any] = {
    "models": {"mode": "allowlist_only", "ids": ["gen4.5", "happyhorse_1_0", "wan3"]}
}
FILTERS = ["capability", "prompt_length", "input_support", "allow_deny", "price"]


async def router(fake: Fake, slug: str = "films", /, **settings: Any) -> Any:
    """Create a router, which has to succeed, and return it."""
    body = {"slug": slug, "settings": settings} if settings else {"slug": slug}
    answer = await fake.call("POST", "/v1/routers", json=body)
    assert answer.status == 200, answer
    return answer.json


async def ask(fake: Fake, kind: str = "video", slug: str = "films", **more: Any) -> Answer:
    """Ask a router."""
    body = {"configId": slug, "input": {**INPUTS[kind], **more}}
    return await fake.call("POST", f"/v1/generate/{kind}", json=body)


async def routed(fake: Fake, kind: str = "video", slug: str = "films", **more: Any) -> Any:
    """Ask a router, which has to find a model, and return the answer's body."""
    answer = await ask(fake, kind, slug, **more)
    assert answer.status == 200, answer
    return answer.json


async def requests(fake: Fake, router_id: str) -> Any:
    """Return what a router was asked, newest first."""
    answer = await fake.call("GET", f"/v1/routers/{router_id}/requests")
    assert answer.status == 200, answer
    return answer.json["data"]


# Configurations


async def test_a_router_is_made_read_changed_and_deleted(start_fake: StartFake) -> None:
    """Defaults as published; settings are merged, and they alone grow the version."""
    fake = await start_fake()
    made = await router(fake)
    assert made["name"] == made["slug"] == "films"
    assert made["settings"] == {"schemaVersion": 1, "optimizeFor": "cost"}
    assert (made["version"], made["description"]) == (1, None)
    path = f"/v1/routers/{made['id']}"
    assert (await fake.call("GET", path)).json == made
    fake.world.clock.jump(60)
    named = (await fake.call("PATCH", path, json={"name": "Films", "description": "x"})).json
    assert (named["name"], named["version"]) == ("Films", 1)
    assert named["updatedAt"] > named["createdAt"] == made["createdAt"]
    settings = {"maxCreditsPerGeneration": {"video": 9}, "fallback": {"onCapacity": True}}
    await fake.call("PATCH", path, json={"settings": settings})
    settings = {"maxCreditsPerGeneration": {"image": 5}, "optimizeFor": "latency"}
    body = {"settings": settings, "description": None}
    changed = (await fake.call("PATCH", path, json=body)).json
    assert (changed["version"], changed["description"], changed["name"]) == (3, None, "Films")
    assert changed["settings"] == {
        "schemaVersion": 1,
        "optimizeFor": "latency",
        "maxCreditsPerGeneration": {"video": 9, "image": 5},
        "fallback": {"onCapacity": True},
    }
    assert (await fake.call("PATCH", path, json={})).json == changed
    assert (await fake.call("DELETE", path)).status == 204
    for method in ("GET", "DELETE"):
        assert (await fake.call(method, path)).status == 404
    assert (await ask(fake)).status == 404
    assert (await router(fake))["id"] != made["id"]  # the slug is free again


async def test_what_a_router_cannot_be_is_refused(start_fake: StartFake) -> None:
    """A slug that is taken or none, a model that does not exist, a ceiling of 0."""
    fake = await start_fake()
    await router(fake)
    unknown = {"models": {"mode": "allowlist_only", "ids": ["gen9"]}}
    sounds = {"models": {"mode": "allowlist_only", "ids": ["eleven_v3"]}}
    for body, code in (
        ({"slug": "films"}, "slug_taken"),
        ({"slug": "Films"}, "bad_body"),
        ({"slug": "x", "settings": unknown}, "unknown_model_id"),
        ({"slug": "x", "settings": sounds}, "unknown_model_id"),
        ({"slug": "x", "settings": {"maxCreditsPerGeneration": {"video": 0}}}, "bad_body"),
    ):
        answer = await fake.call("POST", "/v1/routers", json=body)
        assert (answer.status, answer.headers["X-Fake-Code"]) == (400, code)
    assert len((await fake.call("GET", "/v1/routers")).json["data"]) == 1


async def test_the_same_slug_again_can_replace(start_fake: StartFake) -> None:
    """By a switch; then the other router is gone."""
    fake = await start_fake(Settings(unique_slugs=False))
    first, second = await router(fake), await router(fake)
    [left] = (await fake.call("GET", "/v1/routers")).json["data"]
    assert first["id"] != second["id"] == left["id"]


async def test_routers_are_listed_page_by_page(start_fake: StartFake) -> None:
    """Newest first; what is made or deleted between two pages moves nothing else."""
    fake = await start_fake()
    made = []
    for slug in "abcde":
        made.append(await router(fake, slug))
        fake.world.clock.jump(1)
    first = (await fake.call("GET", "/v1/routers?limit=2")).json
    assert [each["slug"] for each in first["data"]] == ["e", "d"]
    await router(fake, "f")
    await fake.call("DELETE", f"/v1/routers/{made[3]['id']}")
    path = "/v1/routers?limit=2&cursor="
    second = (await fake.call("GET", path + first["nextCursor"])).json
    assert [each["slug"] for each in second["data"]] == ["c", "b"]
    third = (await fake.call("GET", path + second["nextCursor"])).json
    assert ([each["slug"] for each in third["data"]], third["hasMore"]) == (["a"], False)
    assert third["nextCursor"] is None
    assert (await fake.call("GET", "/v1/routers?cursor=x")).status == 400


async def test_an_admin_sees_routers(start_fake: StartFake) -> None:
    """In a list, with a timeline; an event can delete one."""
    fake = await start_fake()
    made = await router(fake)
    path = f"/v1/routers/{made['id']}"
    await fake.call("PATCH", path, json={"name": "Films"})
    [seen] = (await fake.admin("GET", "/assets?kind=router")).json["assets"]
    assert (seen["id"], seen["name"], seen["state"]) == (made["id"], "Films", "ready")
    lines = (await fake.admin("GET", f"/assets/{made['id']}/timeline")).json["lines"]
    assert any("a client changed it" in line for line in lines)
    body = {"event": "deleted"}
    assert (await fake.admin("POST", f"/assets/{made['id']}/events", body)).status == 200
    assert (await fake.call("GET", path)).status == 404
    journal = (await fake.admin("GET", "/journal")).json["exchanges"]
    assert {each["router"] for each in journal} == {made["id"]}


# Generation


@pytest.mark.parametrize("kind", INPUTS)
async def test_a_routed_request_makes_a_task(start_fake: StartFake, kind: str) -> None:
    """As the chosen model's own endpoint does: a task, a cost, a file of that kind."""
    fake = await start_fake()
    await router(fake)
    answer = await routed(fake, kind)
    routing = answer["routing"]
    assert routing["configId"] == "films"
    assert routing["resolvedSettings"] == {"optimizeFor": "cost", "priceCeiling": None}
    assert "capacityFallback" not in routing
    fake.world.clock.jump(1_000)
    task = (await fake.call("GET", f"/v1/tasks/{answer['id']}")).json
    assert task["status"] == "SUCCEEDED"
    credits = task["cost"]["credits"]
    assert credits == fake.world.account.spent >= routing["estimatedCost"]["credits"]
    assert {model for _, model in fake.world.account.tasks.spent} == {routing["model"]}


async def test_the_filters_follow_each_other(start_fake: StartFake) -> None:
    """In the published order, each with what it left; then the cheapest is chosen."""
    fake = await start_fake()
    made = await router(fake, **LISTED, maxCreditsPerGeneration={"video": 60})
    answer = await routed(fake, resolution="720p")
    assert answer["routing"]["model"] == "wan3"
    assert answer["routing"]["estimatedCost"] == {"credits": 50}
    assert answer["routing"]["resolvedSettings"]["priceCeiling"] == 60
    expected = {"duration": 5, "ratio": "1280:720", "resolution": "720p"}
    assert answer["routing"]["resolvedInput"] == expected
    [kept] = await requests(fake, made["id"])
    *filters, rank = kept["pipeline"]
    assert [step["filter"] for step in filters] == FILTERS
    left = [set(step["models"]) for step in filters]
    assert all(after <= before for before, after in itertools.pairwise(left))
    assert left[3] == {"gen4.5", "happyhorse_1_0", "wan3"}
    assert left[4] == {"gen4.5", "wan3"}
    assert rank == {"type": "rank", "outcome": "cost"}
    assert (kept["status"], kept["reasonCode"]) == ("routed", "lowest_cost")
    assert (kept["taskId"], kept["estimatedCredits"]) == (answer["id"], 50)
    assert kept["provider"] == "alibaba"


@pytest.mark.parametrize(
    ("prefers", "model", "code", "outcome"),
    [
        ("cost", "wan3", "lowest_cost", "cost"),
        ("latency", "gen4.5", "best_latency", "selected"),
        ("quality", "happyhorse_1_0", "best_quality", "selected"),
    ],
)
async def test_the_preference_decides(
    start_fake: StartFake, prefers: str, model: str, code: str, outcome: str
) -> None:
    """The cheapest, the one that usually takes least time, or the dearest."""
    fake = await start_fake()
    made = await router(fake, optimizeFor=prefers, **LISTED)
    assert (await routed(fake))["routing"]["model"] == model
    [kept] = await requests(fake, made["id"])
    assert (kept["reasonCode"], kept["pipeline"][-1]["outcome"]) == (code, outcome)


async def test_one_eligible_model_is_not_ranked(start_fake: StartFake) -> None:
    """It is the only one; models that are excluded are all the others."""
    fake = await start_fake()
    made = await router(fake, models={"mode": "allowlist_only", "ids": ["gen4.5"]})
    assert (await routed(fake))["routing"]["model"] == "gen4.5"
    [kept] = await requests(fake, made["id"])
    assert kept["reasonCode"] == "only_eligible_model"
    assert kept["pipeline"][-1] == {"type": "rank", "outcome": "single_candidate"}
    without: dict[str, Any] = {"mode": "allow_new_except", "ids": ["gen4.5", "wan3", "h3_max"]}
    await router(fake, "others", models=without)
    assert (await routed(fake, slug="others"))["routing"]["model"] not in without["ids"]


@pytest.mark.parametrize(
    ("settings", "more", "emptied_by"),
    [
        ({}, {"duration": 30, "resolution": "4k", "aspectRatio": "21:9"}, "capability"),
        ({}, {"negativePrompt": "x", "aspectRatio": "1:1"}, "input_support"),
        (
            {"models": {"mode": "allowlist_only", "ids": ["gen4.5"]}},
            {"promptText": "x" * 2_000},
            "allow_deny",
        ),
        ({"maxCreditsPerGeneration": {"video": 1}}, {}, "price"),
    ],
)
async def test_no_eligible_model_is_the_documented_refusal(
    start_fake: StartFake, settings: Any, more: Any, emptied_by: str
) -> None:
    """400 with the code, the steps and the filter that left none; it is kept, nothing is paid."""
    fake = await start_fake()
    made = await router(fake, **settings)
    answer = await ask(fake, **more)
    assert (answer.status, answer.json["code"]) == (400, "no_eligible_model")
    assert answer.json["emptiedBy"] == [emptied_by]
    assert answer.json["pipeline"][-1] == {"type": "filter", "filter": emptied_by, "models": []}
    assert (fake.world.account.tasks.by_id, fake.world.account.spent) == ({}, 0)
    [kept] = await requests(fake, made["id"])
    assert (kept["status"], kept["model"], kept["taskId"]) == ("no_eligible_model", None, None)
    assert (kept["emptiedBy"], kept["pipeline"]) == ([emptied_by], answer.json["pipeline"])


async def test_an_unknown_slug_is_the_documented_refusal(start_fake: StartFake) -> None:
    """404 with its code; a router's id is no slug."""
    fake = await start_fake()
    answer = await ask(fake)
    assert (answer.status, answer.json["code"]) == (404, "router_config_not_found")


async def test_a_model_without_capacity_is_passed_over_if_the_router_says_so(
    start_fake: StartFake,
) -> None:
    """The next best is chosen, and the answer says which was skipped; without, the task waits."""
    fake = await start_fake(Settings(task_limits=TaskLimits(concurrency=1)))
    made = await router(fake, fallback={"onCapacity": True}, **LISTED)
    await router(fake, "patient", **LISTED)
    models, fallbacks = [], []
    for _ in range(4):
        routing = (await routed(fake))["routing"]
        models.append(routing["model"])
        fallbacks.append(routing.get("capacityFallback"))
    assert models == ["wan3", "gen4.5", "happyhorse_1_0", "wan3"]
    assert fallbacks[0] is None
    assert fallbacks[1] == {"skipped": ["wan3"], "allExhausted": False}
    assert fallbacks[2] == {"skipped": ["wan3", "gen4.5"], "allExhausted": False}
    assert fallbacks[3] == {"skipped": [], "allExhausted": True}
    steps = [each["pipeline"][-2] for each in await requests(fake, made["id"])]
    assert steps[0] == {"type": "capacity", "skipped": [], "allExhausted": True}
    assert steps[3]["type"] == "filter"
    waits = await routed(fake, slug="patient")
    assert waits["routing"]["model"] == "wan3"
    task = (await fake.call("GET", f"/v1/tasks/{waits['id']}")).json
    assert task["status"] == "THROTTLED"


async def test_a_refused_create_is_kept_as_an_error(start_fake: StartFake) -> None:
    """Credits and the daily quota of the chosen model hold as for any task."""
    fake = await start_fake(Settings(limits=Limits(credits=10)))
    made = await router(fake, **LISTED)
    assert (await ask(fake)).status == 402
    [kept] = await requests(fake, made["id"])
    assert (kept["status"], kept["model"], kept["taskId"]) == ("error", "wan3", None)
    fake = await start_fake(Settings(task_limits=TaskLimits(daily=1)))
    await router(fake, **LISTED)
    await routed(fake)
    assert (await ask(fake)).status == 429


async def test_a_dry_run_makes_nothing(start_fake: StartFake) -> None:
    """The choice alone is answered; no task, no charge, no record."""
    fake = await start_fake()
    assert fake.app is not None
    made = await router(fake)
    body = {"configId": "films", "input": dict(INPUTS["image"]), "dryRun": True}
    url = f"{fake.url}/v1/generate/image"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body, headers=HEADERS) as answer,
    ):
        assert answer.status == 200
        assert (await answer.json()).keys() == {"routing"}
    [undocumented] = (
        fake.app.violations
    )  # the published answer has an id, and only notes know dryRun
    assert "$.id" in str(undocumented)
    fake.app.violations.clear()
    assert (fake.world.account.tasks.by_id, fake.world.account.spent) == ({}, 0)
    assert await requests(fake, made["id"]) == []


async def test_a_tag_in_the_prompt_selects_a_scenario(start_fake: StartFake) -> None:
    """As in any create; one that is no scenario is refused."""
    fake = await start_fake()
    await router(fake)
    answer = await routed(fake, promptText="A cat. [fake:safety-input-text]")
    fake.world.clock.jump(1)
    task = (await fake.call("GET", f"/v1/tasks/{answer['id']}")).json
    assert (task["status"], task["failureCode"]) == ("FAILED", "SAFETY.INPUT.TEXT")
    refused = await ask(fake, promptText="A cat. [fake:no-such]")
    assert refused.headers["X-Fake-Code"] == "unknown_tag"


async def test_unknown_ids_and_slugs_can_be_made(start_fake: StartFake) -> None:
    """With `unknown_ids: materialise` any exist, and a request without a prompt is routed."""
    fake = await start_fake(Settings(materialise=True))
    assert (await fake.call("GET", f"/v1/routers/{UNKNOWN}")).json["id"] == UNKNOWN
    assert (await fake.call("PATCH", f"/v1/routers/{UNKNOWN}", json={})).status == 200
    assert (await fake.call("DELETE", f"/v1/routers/{UNKNOWN}")).status == 204
    assert await requests(fake, UNKNOWN) == []
    body: dict[str, Any] = {"configId": "n6_", "input": {}}
    assert (await fake.call("POST", "/v1/generate/video", json=body)).status == 200


async def test_a_fork_and_a_replay_have_the_routers(start_fake: StartFake) -> None:
    """The replay answers the same; what happens in a fork happens there alone."""
    fake = await start_fake()
    made = await router(fake, **LISTED)
    await routed(fake)
    await fake.admin("POST", "/fork", {"name": "fork"})
    path = f"/v1/routers/{made['id']}"
    forked = f"/w/fork{path}"
    assert len((await fake.call("GET", f"{forked}/requests")).json["data"]) == 1
    assert (await fake.call("DELETE", forked)).status == 204
    assert (await fake.call("GET", path)).json == made
    await ask(fake, slug="no-such")
    recorded = record(fake.world)
    again = replay(read(token_of(recorded)), livekit=LiveKit())
    assert again.divergence is None
    assert journal_bytes(again.world) == journal_bytes(fake.world)
    assert again.world.account.routed == fake.world.account.routed
