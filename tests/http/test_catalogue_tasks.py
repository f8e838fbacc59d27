"""The catalogue: tasks. Each is selected for a world by the secret; a tag selects its task form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest

from fake_runway.core.scenario.scenario import Scenario
from tests.support.checked import Answer
from tests.support.fake.catalogue import CATALOGUE, Chosen, Request, is_refusal, shows, shows_each
from tests.support.fake.tasks import (
    MOVIE,
    MOVIE_COSTS,
    MOVIE_RUNS_S,
    PICTURE,
    path_of_task,
    tagged,
)
from tests.support.servers import StartFake

BEFORE = ["throttled", "pending"]
RUNS = [*BEFORE, "running"]


async def call(
    chosen: Chosen, method: str, path: str, body: Mapping[str, Any] | None = None
) -> Answer:
    """Send a call about tasks."""
    headers = chosen.request("create").headers
    raw = b"" if body is None else orjson.dumps(body)
    return await chosen.send(Request(method, f"/v1/{path}", headers, raw))


async def created(chosen: Chosen, create: tuple[str, Mapping[str, Any]] = MOVIE) -> str:
    """Create a task, which has to succeed, and return its id."""
    answer = await call(chosen, "POST", *create)
    assert answer.status == 200, answer
    task_id: str = answer.json["id"]
    return task_id


async def poll(chosen: Chosen, task_id: str) -> Any:
    """Get a task, which has to succeed, and return the body."""
    answer = await call(chosen, "GET", f"tasks/{task_id}")
    assert answer.status == 200, answer
    return answer.json


@shows_each(
    {
        "safety-input-text": (MOVIE_COSTS, "SAFETY.INPUT.TEXT"),
        "safety-input-image": (MOVIE_COSTS, "SAFETY.INPUT.IMAGE"),
        "safety-input-video": (MOVIE_COSTS, "SAFETY.INPUT.VIDEO"),
        "safety-input-audio": (MOVIE_COSTS, "SAFETY.INPUT.AUDIO"),
        "safety-of-something": (MOVIE_COSTS, "SAFETY"),
        "text-refused-early": (MOVIE_COSTS, "INPUT_PREPROCESSING.SAFETY.TEXT"),
        "third-party-safety": (MOVIE_COSTS, "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY"),
        "input-not-prepared": (0, "INPUT_PREPROCESSING.INTERNAL"),
        "asset-invalid": (0, "ASSET.INVALID"),
    },
    avatar=False,
)
async def test_fails_before_it_runs(chosen: Chosen, expected: tuple[int, str]) -> None:
    """PENDING, then FAILED with its code; moderation is charged, other failures are not."""
    task_id = await created(chosen)
    assert (await poll(chosen, task_id))["status"] == "PENDING"
    chosen.jump(0.5)
    failed = await poll(chosen, task_id)
    assert (failed["cost"]["credits"], failed["failureCode"]) == expected
    assert (failed["status"], chosen.spent) == ("FAILED", expected[0])
    assert path_of_task(chosen.world, task_id) == [*BEFORE, "failed"]


@shows_each(
    {
        "safety-output-image": (91, MOVIE_COSTS, "SAFETY.OUTPUT.IMAGE"),
        "safety-output-video": (91, MOVIE_COSTS, "SAFETY.OUTPUT.VIDEO"),
        "safety-output-audio": (91, MOVIE_COSTS, "SAFETY.OUTPUT.AUDIO"),
        "bad-output": (91, 0, "INTERNAL.BAD_OUTPUT.CODE01"),
        "bad-output-by-number": (91, 0, "INTERNAL.BAD_OUTPUT.01"),
        "fails-without-a-code": (11, 0, None),
        "third-party-unavailable": (6, 0, "THIRD_PARTY.UNAVAILABLE"),
        "task-internal-error": (11, 0, "INTERNAL"),
        "fails-after-minutes": (241, 0, "INTERNAL"),
    },
    avatar=False,
)
async def test_fails_at_the_end_of_its_run(
    chosen: Chosen, expected: tuple[float, int, str | None]
) -> None:
    """RUNNING until then, FAILED with its code after it, if it has one."""
    after_s, cost, code = expected
    task_id = await created(chosen)
    chosen.jump(after_s - 0.25)
    assert (await poll(chosen, task_id))["status"] == "RUNNING"
    chosen.jump(0.25)
    failed = await poll(chosen, task_id)
    assert (failed["cost"]["credits"], failed.get("failureCode")) == (cost, code)
    assert path_of_task(chosen.world, task_id) == [*RUNS, "failed"]


@shows_each({"stuck-at-0": 0, "stuck-at-50": 0.5, "stuck-at-99": 0.99}, avatar=False)
async def test_makes_no_more_progress(chosen: Chosen, expected: float) -> None:
    """The progress stays the same for a day, and a DELETE ends it."""
    task_id = await created(chosen)
    chosen.jump(12)
    assert (await poll(chosen, task_id))["progress"] == expected
    chosen.jump(86_400)
    assert (await poll(chosen, task_id))["progress"] == expected
    assert (await call(chosen, "DELETE", f"tasks/{task_id}")).status == 204
    assert path_of_task(chosen.world, task_id) == [*RUNS, "cancelled"]


@shows_each(
    {
        "progress-jumps-back": ([(16, 0.4), (26, 0.8), (32, 0.1), (47, 0.6)], 61),
        "slow-then-fast": ([(6, 0.05), (60, 0.05), (62, 0.5), (72, 0.95)], 81),
        "slow-task": ([(61, 0.1), (301, 0.5)], 601),
    },
    avatar=False,
)
async def test_makes_its_own_progress(
    chosen: Chosen, expected: tuple[list[tuple[float, float]], float]
) -> None:
    """Progress as told at each time, then SUCCEEDED."""
    steps, ends_s = expected
    task_id = await created(chosen)
    start = chosen.world.clock.now()
    for after_s, progress in steps:
        chosen.world.clock.jump_to(start + after_s)
        assert (await poll(chosen, task_id))["progress"] == progress
    chosen.world.clock.jump_to(start + ends_s - 0.25)
    assert (await poll(chosen, task_id))["status"] == "RUNNING"
    chosen.jump(0.25)
    assert (await poll(chosen, task_id))["status"] == "SUCCEEDED"


@shows("throttled-for-a-minute", avatar=False)
async def test_waits_for_a_minute(chosen: Chosen) -> None:
    """THROTTLED for a minute, then as usual."""
    task_id = await created(chosen)
    chosen.jump(59.75)
    assert (await poll(chosen, task_id))["status"] == "THROTTLED"
    chosen.jump(0.25)
    assert (await poll(chosen, task_id))["status"] == "PENDING"


@shows("throttled-for-ever", avatar=False)
async def test_is_never_admitted(chosen: Chosen) -> None:
    """THROTTLED for a day; a DELETE ends it."""
    task_id = await created(chosen)
    chosen.jump(86_400)
    assert (await poll(chosen, task_id))["status"] == "THROTTLED"
    assert (await call(chosen, "DELETE", f"tasks/{task_id}")).status == 204
    assert path_of_task(chosen.world, task_id) == ["throttled", "cancelled"]


@shows("deleted-while-running", avatar=False)
async def test_is_deleted_by_another(chosen: Chosen) -> None:
    """RUNNING, and then a GET finds nothing."""
    task_id = await created(chosen)
    chosen.jump(5.75)
    assert (await poll(chosen, task_id))["status"] == "RUNNING"
    chosen.jump(0.25)
    assert is_refusal(await call(chosen, "GET", f"tasks/{task_id}"), 404)
    assert path_of_task(chosen.world, task_id) == [*RUNS, "cancelled"]


@shows("no-output", avatar=False)
async def test_succeeds_without_an_output(chosen: Chosen) -> None:
    """SUCCEEDED with an empty list, and paid."""
    task_id = await created(chosen)
    chosen.jump(MOVIE_RUNS_S)
    done = await poll(chosen, task_id)
    assert (done["status"], done["output"], chosen.spent) == ("SUCCEEDED", [], MOVIE_COSTS)


@shows("output-expires-soon", avatar=False)
async def test_the_address_of_an_output_expires(chosen: Chosen) -> None:
    """200 for a minute, then 403; another GET has an address that works."""
    task_id = await created(chosen, PICTURE)
    chosen.jump(60)
    [first] = (await poll(chosen, task_id))["output"]
    chosen.jump(61)
    [second] = (await poll(chosen, task_id))["output"]
    async with aiohttp.ClientSession() as http, http.get(first) as old, http.get(second) as new:
        assert (old.status, new.status) == (403, 200)


@shows_each(
    {
        "output-expired": [403, 403],
        "output-cannot-be-downloaded": [503, 503],
        "output-downloads-at-second-try": [503, 200],
        "output-of-another-type": [200, 200],
    },
    avatar=False,
)
async def test_an_output_is_not_there(chosen: Chosen, expected: list[int]) -> None:
    """The task has succeeded and is paid, and a download fails or is something else."""
    task_id = await created(chosen, PICTURE)
    chosen.jump(60)
    done = await poll(chosen, task_id)
    async with aiohttp.ClientSession() as http:
        for status in expected:
            async with http.get(done["output"][0]) as answer:
                is_image = answer.content_type == "image/png"
                assert answer.status == status
                assert is_image == (status == 200 and expected != [200, 200])
    assert done["status"] == "SUCCEEDED"


@shows("output-truncated", avatar=False)
async def test_an_output_breaks_off(chosen: Chosen) -> None:
    """The length in the head is that of the whole file, and half of it comes."""
    task_id = await created(chosen, PICTURE)
    chosen.jump(60)
    [url] = (await poll(chosen, task_id))["output"]
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.content_length is not None
        half = answer.content_length // 2
        assert len(await answer.content.readexactly(half)) == half
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.readany()


@shows_each(
    {
        "jumps-to-the-end": [("RUNNING", 0)] * 2 + [("SUCCEEDED", None)] * 2,
        "full-progress-then-fails": [("RUNNING", 1)] * 3 + [("FAILED", None)],
        "waits-for-a-worker": [("PENDING", None)] * 4,
        "throttled-then-fails": [("THROTTLED", None)] * 2 + [("FAILED", None)] * 2,
    },
    avatar=False,
)
async def test_what_polls_show_over_time(
    chosen: Chosen, expected: list[tuple[str, float | None]]
) -> None:
    """After 10, 40, 100 and 200 seconds."""
    task_id, shown = await created(chosen), []
    for seconds in (10, 30, 60, 100):
        chosen.jump(seconds)
        body = await poll(chosen, task_id)
        shown.append((body["status"], body.get("progress")))
    assert shown == expected


@shows("task-rate-limited", avatar=False)
async def test_creates_are_too_many_at_first(chosen: Chosen) -> None:
    """429 twice with the time to wait, then as usual, and one task is paid."""
    answers = [await call(chosen, "POST", *MOVIE) for _ in range(3)]
    assert [each.status for each in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert chosen.spent == MOVIE_COSTS


@shows("credits-gone-meanwhile", avatar=False)
async def test_credits_are_gone_after_the_look_at_the_balance(chosen: Chosen) -> None:
    """The balance is enough, and the create is refused in the words of the live API."""
    balance = (await call(chosen, "GET", "organization")).json["creditBalance"]
    answer = await call(chosen, "POST", *MOVIE)
    assert balance >= MOVIE_COSTS
    assert (answer.status, chosen.spent) == (400, 0)
    assert answer.json["error"] == "You do not have enough credits to run this task."


@shows("one-task-a-day", avatar=False)
async def test_each_model_has_its_quota(chosen: Chosen) -> None:
    """A second task of a model is refused until a day has passed; another model works."""
    answers = [await call(chosen, "POST", *each) for each in (MOVIE, MOVIE, PICTURE)]
    chosen.jump(86_400)
    answers.append(await call(chosen, "POST", *MOVIE))
    assert [each.status for each in answers] == [200, 429, 200, 200]


@shows("first-tier", avatar=False)
async def test_a_new_account_has_narrow_limits(chosen: Chosen) -> None:
    """One video and two images at once; the next of each waits."""
    tasks = [await created(chosen, each) for each in (MOVIE, MOVIE, PICTURE, PICTURE, PICTURE)]
    shown = [(await poll(chosen, each))["status"] for each in tasks]
    assert shown == ["PENDING", "THROTTLED", "PENDING", "PENDING", "THROTTLED"]


@shows("task-polls-fail", avatar=False)
async def test_polls_fail_at_first(chosen: Chosen) -> None:
    """503 twice for each task, then as usual."""
    for task_id in (await created(chosen), await created(chosen)):
        answers = [await call(chosen, "GET", f"tasks/{task_id}") for _ in range(3)]
        assert [each.status for each in answers] == [503, 503, 200]


@shows("task-create-reply-lost", avatar=False)
async def test_the_reply_to_the_create_is_lost(chosen: Chosen) -> None:
    """No answer, and the task is there and paid."""
    with pytest.raises(aiohttp.ClientError):
        await call(chosen, "POST", *MOVIE)
    assert (len(chosen.world.account.tasks.by_id), chosen.spent) == (1, MOVIE_COSTS)


@shows("task-unknown-status", avatar=False)
async def test_a_poll_shows_an_unknown_status(chosen: Chosen) -> None:
    """While the task runs; what it has become is right again."""
    task_id = await created(chosen)
    assert (await poll(chosen, task_id))["status"] == "PENDING"
    chosen.jump(5)
    assert (await poll(chosen, task_id))["status"] == "SURPRISE"
    chosen.jump(MOVIE_RUNS_S)
    assert (await poll(chosen, task_id))["status"] == "SUCCEEDED"


@shows("one-task-at-a-time", avatar=False)
async def test_one_at_a_time(chosen: Chosen) -> None:
    """The second waits until the first has ended; another model is free."""
    first, second = await created(chosen), await created(chosen)
    picture = await created(chosen, PICTURE)
    statuses = [(await poll(chosen, each))["status"] for each in (first, second, picture)]
    assert statuses == ["PENDING", "THROTTLED", "PENDING"]
    chosen.jump(MOVIE_RUNS_S)
    assert (await poll(chosen, second))["status"] == "PENDING"


@shows_each({"no-more-tasks-today": 429, "no-credits-for-tasks": 402}, avatar=False)
async def test_no_task_is_made(chosen: Chosen, expected: int) -> None:
    """The create is refused, and nothing is charged."""
    answer = await call(chosen, "POST", *MOVIE)
    assert is_refusal(answer, expected)
    assert ("Retry-After" in answer.headers) == (expected == 429)
    assert (chosen.world.account.tasks.by_id, chosen.spent) == ({}, 0)


REFUSED = {"task-rate-limited", "credits-gone-meanwhile"}
BY_PROMPT = [
    scenario
    for scenario in CATALOGUE
    if "prompt" in scenario.selectable_by and scenario.name not in REFUSED
]


@pytest.mark.parametrize("scenario", BY_PROMPT, ids=lambda each: each.name)
async def test_a_tag_selects_the_form_for_one_task(
    start_fake: StartFake, scenario: Scenario
) -> None:
    """The task follows the scenario's plan, and one without a tag that of the world."""
    fake = await start_fake()
    for create in (tagged(MOVIE, scenario.name), MOVIE):
        try:
            await fake.call("POST", f"/v1/{create[0]}", json=dict(create[1]))
        except aiohttp.ClientError:
            assert scenario.name == "task-create-reply-lost"

    plans = [task.plan for task in fake.world.account.tasks.by_id.values()]
    assert plans == [fake.world.task_plan_of(scenario), fake.world.settings.task]
    assert plans[0].scenario == scenario.name


@pytest.mark.parametrize("scenario", sorted(REFUSED))
async def test_a_tag_refuses_the_create_of_one_task(start_fake: StartFake, scenario: str) -> None:
    """A create with the tag is refused, and one without it is not."""
    fake = await start_fake()
    refused = await fake.call("POST", f"/v1/{MOVIE[0]}", json=dict(tagged(MOVIE, scenario)[1]))
    plain = await fake.call("POST", f"/v1/{MOVIE[0]}", json=dict(MOVIE[1]))
    assert refused.status in (400, 429)
    assert plain.status == 200
