"""Tasks over HTTP: creates, polls, deletes, downloads of outputs."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from fake_runway.client.fake import AsyncFake
from fake_runway.client.transport import AsyncTransport
from fake_runway.core.durations import Uniform
from fake_runway.core.lifecycles.task import TASK_ENDPOINTS
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, ErrorStyle, Limits, Settings
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.media import reading
from fake_runway.replay.record import journal_bytes, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.support.fake.tasks import (
    AUDIO,
    IMAGE,
    MOVIE,
    MOVIE_COSTS,
    MOVIE_RUNS_S,
    PICTURE,
    SPEECH,
    VIDEO,
    path_of_task,
    tagged,
)
from tests.support.servers import HEADERS, Fake, StartFake

REFERENCE = [{"uri": IMAGE}]
VOICE = {"type": "runway-preset", "presetId": "Maya"}

BODIES: Mapping[str, Mapping[str, Any]] = {
    "image_to_video": {
        "model": "gen4.5",
        "promptText": "x",
        "promptImage": IMAGE,
        "ratio": "1280:720",
        "duration": 5,
    },
    "text_to_video": MOVIE[1],
    "video_to_video": {"model": "aleph2", "videoUri": VIDEO, "promptText": "x"},
    "text_to_image": PICTURE[1],
    "image_upscale": {"model": "magnific_precision_upscaler_v2", "imageUri": IMAGE},
    "video_upscale": {"model": "magnific_video_upscaler_creative", "videoUri": VIDEO},
    "video_to_hdr": {"model": "ruby", "videoUri": VIDEO, "outputFormat": "hdr10"},
    "video_to_audio": {"model": "mirelo_sfx_2_0", "videoUri": VIDEO, "duration": 5},
    "character_performance": {
        "model": "act_two",
        "character": {"type": "image", "uri": IMAGE},
        "reference": {"type": "video", "uri": VIDEO},
    },
    "sound_effect": {"model": "eleven_text_to_sound_v2", "promptText": "A bell.", "duration": 2},
    "speech_to_speech": {
        "model": "eleven_multilingual_sts_v2",
        "media": {"type": "audio", "uri": AUDIO},
        "voice": VOICE,
    },
    "text_to_speech": SPEECH[1],
    "voice_dubbing": {"model": "eleven_voice_dubbing", "audioUri": AUDIO, "targetLang": "fr"},
    "voice_isolation": {"model": "eleven_voice_isolation", "audioUri": AUDIO},
    "avatar_videos": {
        "model": "gwm1_avatars",
        "avatar": {"type": "custom", "avatarId": EXAMPLE_AVATAR},
        "speech": {"type": "audio", "audio": AUDIO},
    },
    "recipes/ad_localization": {
        "version": "2026-06",
        "referenceImage": {"uri": IMAGE},
        "targetLanguage": "fr",
    },
    "recipes/marketing_stock_image": {"version": "2026-06", "prompt": "A cat."},
    "recipes/multi_shot_video": {"version": "2026-06", "mode": "auto", "prompt": "A cat."},
    "recipes/product_ad": {"version": "2026-06", "productImages": REFERENCE},
    "recipes/product_campaign_image": {
        "version": "2026-06",
        "image": {"uri": IMAGE},
        "prompt": "A cat.",
    },
    "recipes/product_swap": {
        "version": "2026-06",
        "referenceVideo": {"uri": VIDEO},
        "originalProductImage": {"uri": IMAGE},
        "newProductImages": REFERENCE,
    },
    "recipes/product_ugc": {
        "version": "2026-06",
        "characterImage": {"uri": IMAGE},
        "productImage": {"uri": IMAGE},
    },
}


async def create(fake: Fake, endpoint: str, body: Mapping[str, Any]) -> str:
    """Create a task, which has to succeed, and return its id."""
    answer = await fake.call("POST", f"/v1/{endpoint}", json=dict(body))
    assert answer.status == 200, answer
    task_id: str = answer.json["id"]
    return task_id


async def poll(fake: Fake, task_id: str) -> Any:
    """Get a task, which has to succeed, and return the body."""
    answer = await fake.call("GET", f"/v1/tasks/{task_id}")
    assert answer.status == 200, answer
    return answer.json


async def succeeded(fake: Fake, endpoint: str, body: Mapping[str, Any]) -> Any:
    """Create a task, let its time go by, and return it."""
    task_id = await create(fake, endpoint, body)
    fake.world.clock.jump(1_000)
    task = await poll(fake, task_id)
    assert task["status"] == "SUCCEEDED", task
    return task


async def test_the_first_look_at_what_succeeded_has_its_outputs(start_fake: StartFake) -> None:
    """On a clock that runs by itself nothing else has brought the task up to date."""
    fake = await start_fake(rate=1e6)
    task_id = await create(fake, *PICTURE)
    await asyncio.sleep(0.01)  # noqa: TID251  # hours of the world's time
    # a connection that is closed after each request takes the long way
    answer = await fake.call("GET", f"/v1/tasks/{task_id}", headers={"Connection": "close"})
    assert (answer.json["status"], len(answer.json["output"])) == ("SUCCEEDED", 1)


async def test_a_task_goes_its_way(start_fake: StartFake) -> None:
    """PENDING, RUNNING with progress, SUCCEEDED with an output and a cost, each as published."""
    fake = await start_fake()
    answer = await fake.call("POST", f"/v1/{MOVIE[0]}", json=dict(MOVIE[1]))
    assert answer.json == {"id": answer.json["id"], "estimatedCost": {"credits": MOVIE_COSTS}}
    task_id = answer.json["id"]
    assert (await poll(fake, task_id))["status"] == "PENDING"
    fake.world.clock.jump(46)
    running = await poll(fake, task_id)
    assert (running["status"], running["progress"]) == ("RUNNING", 0.5)
    fake.world.clock.jump(45)
    done = await poll(fake, task_id)
    assert (done["status"], done["cost"], len(done["output"])) == (
        "SUCCEEDED",
        {"credits": MOVIE_COSTS},
        1,
    )
    assert fake.world.account.spent == MOVIE_COSTS
    assert path_of_task(fake.world, task_id) == ["throttled", "pending", "running", "succeeded"]
    journal = (await fake.admin("GET", "/journal")).json["exchanges"]
    assert {each["task"] for each in journal} == {task_id}


@pytest.mark.parametrize("endpoint", BODIES)
async def test_every_endpoint_makes_a_task(start_fake: StartFake, endpoint: str) -> None:
    """The least body that the contract allows is enough, and the task succeeds."""
    fake = await start_fake()

    task = await succeeded(fake, endpoint, BODIES[endpoint])

    assert task["output"]
    assert task["cost"]["credits"] == fake.world.account.spent > 0


def test_every_endpoint_is_tried() -> None:
    """The table above has all of them."""
    assert set(BODIES) == set(TASK_ENDPOINTS.values())


async def test_a_body_is_checked_by_its_model(start_fake: StartFake) -> None:
    """The refusal names the field, an unknown model lists those that exist; nothing is charged."""
    fake = await start_fake()
    for change, where in (
        ({"duration": 99}, "$.duration"),
        ({"ratio": "1:1"}, "$.ratio"),
        ({"model": "no-such"}, "$.model"),
    ):
        answer = await fake.call("POST", "/v1/text_to_video", json={**MOVIE[1], **change})
        assert (answer.status, answer.headers["X-Fake-Where"]) == (400, where)
    assert fake.world.account.tasks.by_id == {}


async def test_a_deleted_task_is_not_found(start_fake: StartFake) -> None:
    """204, and 404 for a GET and a repeated DELETE; so it is for one that has ended."""
    fake = await start_fake()
    running, ended = [await create(fake, *MOVIE) for _ in range(2)]
    assert (await fake.call("DELETE", f"/v1/tasks/{running}")).status == 204
    fake.world.clock.jump(MOVIE_RUNS_S)
    [output] = (await poll(fake, ended))["output"]
    assert (await fake.call("DELETE", f"/v1/tasks/{ended}")).status == 204
    for task_id in (running, ended):
        for method in ("GET", "DELETE"):
            answer = await fake.call(method, f"/v1/tasks/{task_id}")
            assert (answer.status, answer.json["error"]) == (404, "Could not find Task")
    assert path_of_task(fake.world, running) == ["throttled", "pending", "cancelled"]
    assert (await fake.client.get(output.removeprefix(fake.url))).status == 404


async def test_a_cancelled_task_can_stay_readable(start_fake: StartFake) -> None:
    """With `deleted_task: cancelled` a GET shows the status CANCELLED and its cost."""
    fake = await start_fake(Settings(deleted_task_is_gone=False))
    task_id = await create(fake, *MOVIE)
    await fake.call("DELETE", f"/v1/tasks/{task_id}")
    task = await poll(fake, task_id)
    assert (task["status"], task["cost"]) == ("CANCELLED", {"credits": MOVIE_COSTS})


@pytest.mark.parametrize(("style", "status"), [(ErrorStyle.GUIDE, 402), (ErrorStyle.OBSERVED, 400)])
async def test_a_create_that_cannot_be_paid(
    start_fake: StartFake, style: ErrorStyle, status: int
) -> None:
    """It is refused in the form that the switch says."""
    fake = await start_fake(Settings(limits=Limits(credits=59), errors=style))
    answer = await fake.call("POST", f"/v1/{MOVIE[0]}", json=dict(MOVIE[1]))
    assert (answer.status, answer.headers["X-Fake-Code"]) == (status, "insufficient_credits")


async def test_the_quota_of_a_model_is_used_up(start_fake: StartFake) -> None:
    """429 with Retry-After, and another model goes on."""
    fake = await start_fake(Settings(task_limits=TaskLimits(daily=1)))
    await create(fake, *MOVIE)
    answer = await fake.call("POST", f"/v1/{MOVIE[0]}", json=dict(MOVIE[1]))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "86400")
    await create(fake, *PICTURE)


async def test_a_tag_selects_how_one_task_goes(start_fake: StartFake) -> None:
    """The others go as the world's scenario says."""
    fake = await start_fake()
    moderated = await create(fake, *tagged(MOVIE, "safety-input-text"))
    other = await create(fake, *MOVIE)
    fake.world.clock.jump(MOVIE_RUNS_S)
    failed = await poll(fake, moderated)
    assert (failed["status"], failed["failureCode"]) == ("FAILED", "SAFETY.INPUT.TEXT")
    assert (await poll(fake, other))["status"] == "SUCCEEDED"


async def test_a_tag_may_stand_in_any_text(start_fake: StartFake) -> None:
    """An endpoint without a prompt has an address of an asset."""
    fake = await start_fake()
    body = {**BODIES["image_upscale"], "imageUri": f"{IMAGE}?[fake:asset-invalid]"}
    task_id = await create(fake, "image_upscale", body)
    fake.world.clock.jump(10)
    assert (await poll(fake, task_id))["failureCode"] == "ASSET.INVALID"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("no-such-thing-at-all", "got another."),
        ("safety-input-txt", "Did you mean safety-input-text?"),
        ("slow", "slow has none: select it by a header or the API secret."),
    ],
)
async def test_a_tag_has_to_name_a_task_form(start_fake: StartFake, name: str, hint: str) -> None:
    """400 with a code of ours and what to do, unless tags are turned off."""
    endpoint, body = tagged(MOVIE, name)
    fake = await start_fake()
    answer = await fake.call("POST", f"/v1/{endpoint}", json=dict(body))
    assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "unknown_tag")
    assert answer.json["error"].endswith(hint)
    without = await start_fake(Settings(prompt_tags=False))
    await create(without, endpoint, body)


async def test_an_unknown_custom_avatar_makes_no_video(start_fake: StartFake) -> None:
    """404, as for a session."""
    fake = await start_fake()
    avatar = {"type": "custom", "avatarId": "123e4567-e89b-42d3-a456-426614174000"}
    body = {**BODIES["avatar_videos"], "avatar": avatar}
    assert (await fake.call("POST", "/v1/avatar_videos", json=body)).status == 404


async def test_usage_lists_what_tasks_cost(start_fake: StartFake) -> None:
    """By day and model, beside sessions; also models that only an SDK names."""
    fake = await start_fake()
    await fake.create()
    muse = {"model": "muse_image", "promptText": "A cat", "ratio": "1600:1600"}
    made = await fake.call("POST", "/v1/text_to_image", json=muse)
    await create(fake, *MOVIE)
    await create(fake, *tagged(MOVIE, "asset-invalid"))
    fake.world.clock.jump(10)
    today = datetime.fromtimestamp(fake.world.clock.now(), UTC).date()
    dates = {"startDate": f"{today}", "beforeDate": f"{today + timedelta(days=1)}"}
    answer = await fake.call("POST", "/v1/organization/usage", json=dates)
    assert answer.json["models"] == ["gen4.5", "gwm1_avatars", "muse_image"]
    amounts = {each["model"]: each["amount"] for each in answer.json["results"][0]["usedCredits"]}
    picture = made.json["estimatedCost"]["credits"]
    assert amounts == {"gwm1_avatars": 2, "gen4.5": MOVIE_COSTS, "muse_image": picture}


# Outputs


async def test_outputs_are_bounded_where_no_limit_is_published(start_fake: StartFake) -> None:
    """Any number of variants is accepted; as many files as a fake gives are made."""
    fake = await start_fake(Settings(limits=Limits(credits=None)))
    bell = {"model": "mirelo_sfx_2_0", "promptText": "A bell", "duration": 2}
    task = await succeeded(fake, "sound_effect", {**bell, "numVariants": 45_000_000})
    assert len(set(task["output"])) == len(task["output"]) == 100


async def download(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    """Download from an address as it is: status, headers, body."""
    async with aiohttp.ClientSession() as http, http.request(method, url, headers=headers) as got:
        return got.status, got.headers, await got.read()


async def test_a_picture_can_be_downloaded(start_fake: StartFake) -> None:
    """It has the asked size, and its type and length are right, for HEAD as for GET."""
    fake = await start_fake()
    [url] = (await succeeded(fake, *PICTURE))["output"]
    status, headers, body = await download(url)
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert int(headers["Content-Length"]) == len(body)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert struct.unpack_from(">II", body, 16) == (1280, 720)
    head = await download(url, "HEAD")
    assert (head[0], head[1]["Content-Length"], head[2]) == (200, str(len(body)), b"")


async def test_an_id_in_capitals_has_outputs_as_well(start_fake: StartFake) -> None:
    """So has one that is made because it was asked for."""
    fake = await start_fake(Settings(materialise=True))
    task = await succeeded(fake, *PICTURE)
    assert (await poll(fake, task["id"].upper()))["output"] == task["output"]
    [url] = (await poll(fake, "123e4567-e89b-42d3-a456-426614174000"))["output"]
    assert (await download(url))[0] == 200


async def test_a_sound_can_be_downloaded(start_fake: StartFake) -> None:
    """It lasts as long as the text takes to be spoken."""
    fake = await start_fake()
    [url] = (await succeeded(fake, *SPEECH))["output"]
    _, headers, body = await download(url)
    with wave.open(io.BytesIO(body)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(3.3)
    assert headers["Content-Type"] == "audio/wav"


async def test_a_part_can_be_downloaded(start_fake: StartFake) -> None:
    """206 with the part, 416 beyond the end, and the whole for what is no range."""
    fake = await start_fake()
    [url] = (await succeeded(fake, *SPEECH))["output"]
    _, _, whole = await download(url)
    length = len(whole)
    for asked, part in (
        ("bytes=0-3", whole[:4]),
        ("bytes=44-", whole[44:]),
        ("bytes=-10", whole[-10:]),
        (f"bytes=10-{length + 9}", whole[10:]),
    ):
        status, headers, body = await download(url, Range=asked)
        assert (status, body) == (206, part)
        assert headers["Content-Range"].endswith(f"/{length}")
    assert (await download(url, Range=f"bytes={length}-"))[0] == 416
    assert (await download(url, Range="lines=1-2"))[2] == whole


async def test_an_address_expires_and_another_get_has_a_new_one(start_fake: StartFake) -> None:
    """403 once its time in the world is over, or if somebody changed it."""
    fake = await start_fake(Settings(task=TaskPlan(output_lifetime_s=60)))
    task = await succeeded(fake, *PICTURE)
    [first] = task["output"]
    assert (await poll(fake, task["id"]))["output"] == [first]  # at the same instant
    fake.world.clock.jump(59)
    [second] = (await poll(fake, task["id"]))["output"]
    assert (await download(first))[0] == 200
    fake.world.clock.jump(2)
    assert [(await download(each))[0] for each in (first, second)] == [403, 200]
    longer = second.replace("expires=", "expires=9")
    assert (await download(longer))[0] == 403


async def test_other_addresses_lead_nowhere(start_fake: StartFake) -> None:
    """404 without a world, a number, or a task; 405 for other methods."""
    fake = await start_fake()
    [url] = (await succeeded(fake, *PICTURE))["output"]
    parts = urlsplit(url)
    for path in ("/_media/x", "/w/no-such/_media/x/0.png", f"{parts.path}/more", parts.path):
        assert (await download(f"{fake.url}{path}"))[0] == 404
    assert (await download(url, "POST"))[0] == 405


async def test_a_film_can_be_downloaded_and_read_in_parts(start_fake: StartFake) -> None:
    """It is what the body asked for, whole or by a range."""
    fake = await start_fake()
    [url] = (await succeeded(fake, *MOVIE))["output"]
    assert urlsplit(url).path.endswith("/0.mp4")
    status, headers, content = await download(url)
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    assert reading.read(content).seconds == pytest.approx(MOVIE[1]["duration"], abs=0.1)
    _, _, part = await download(url, Range="bytes=4-7")
    assert part == b"ftyp"


# Runs


async def live(fake: Fake) -> list[str]:
    """Let tasks of all kinds begin, end, fail and be deleted, with sessions between them."""
    tasks = [
        await create(fake, *MOVIE),
        await create(fake, *tagged(MOVIE, "safety-input-text")),
        await create(fake, *tagged(PICTURE, "task-polls-fail")),
    ]
    await fake.create()
    fake.world.clock.jump(15)
    for task_id in tasks:
        await fake.call("GET", f"/v1/tasks/{task_id}")
    await fake.call("DELETE", f"/v1/tasks/{tasks[0]}")
    tasks.append(await create(fake, *SPEECH))
    await fake.call("POST", f"/v1/{MOVIE[0]}", json={**MOVIE[1], "duration": 99})
    fake.world.clock.jump(500)
    for task_id in tasks:
        await fake.call("GET", f"/v1/tasks/{task_id}")
    return tasks


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(task=TaskPlan(run=Uniform(1.0, 20.0)), task_limits=TaskLimits(1))],
)
async def test_a_run_with_tasks_is_replayed(start_fake: StartFake, settings: Settings) -> None:
    """To the same bytes, addresses of outputs and progress included, whatever the settings."""
    fake = await start_fake(settings)
    await live(fake)

    recorded = record(fake.world)
    again = replay(read(token_of(recorded)), livekit=LiveKit())

    assert again.divergence is None
    assert journal_bytes(again.world) == journal_bytes(fake.world)
    assert again.world.account.tasks == fake.world.account.tasks


async def test_a_fork_and_a_snapshot_have_the_tasks(start_fake: StartFake) -> None:
    """What happens to them afterwards happens there alone; a restored world has them again."""
    fake = await start_fake()
    task_id = await create(fake, *MOVIE)
    await fake.admin("POST", "/fork", {"name": "fork"})
    await fake.admin("POST", "/snapshots", {"name": "pending"})
    await fake.call("DELETE", f"/v1/tasks/{task_id}")
    there = await fake.client.get(f"/w/fork/v1/tasks/{task_id}", headers=HEADERS)
    assert there.json["status"] == "PENDING"
    await fake.admin("POST", "/snapshots/pending/restore")
    assert (await poll(fake, task_id))["status"] == "PENDING"


async def test_polls_do_not_change_what_happens(start_fake: StartFake) -> None:
    """The moves of tasks are the same with a poll each second as with none."""

    async def moves(*, polled: bool) -> list[object]:
        fake = await start_fake()
        start = fake.world.clock.now()
        task_id = await create(fake, *tagged(MOVIE, "progress-jumps-back"))
        for _ in range(70):
            fake.world.clock.jump(1)
            if polled:
                await poll(fake, task_id)
        fake.world.account.advance(fake.world.clock.now())
        return [(move.change.event, round(move.at - start, 3)) for move in fake.world.log.moves]

    assert await moves(polled=True) == await moves(polled=False)


async def test_the_admin_api_shows_tasks(start_fake: StartFake) -> None:
    """All of them, newest first, and what happened to each; deleted ones too."""
    fake = await start_fake()
    first, second = await create(fake, *MOVIE), await create(fake, *tagged(PICTURE, "bad-output"))
    fake.world.clock.jump(46)
    admin = AsyncFake(AsyncTransport(fake.url, fake.world.name, None))
    views = await admin.tasks.list()
    assert [(each.id, each.state) for each in views] == [(second, "failed"), (first, "running")]
    assert [each.id for each in await admin.tasks.list(state="running", limit=5)] == [first]
    assert (views[0].cost, views[0].scenario) == (0, "bad-output")
    assert views[0].failure is not None
    view = await admin.tasks.get(first)
    assert (view.progress, view.estimate, view.cost, view.model) == (0.5, 60, 60, "gen4.5")
    assert view.next is not None
    assert view.next.event == "succeeded"
    await fake.call("DELETE", f"/v1/tasks/{second}")
    assert (await admin.tasks.get(second)).deleted
    timeline = await admin.tasks.timeline(first)
    assert [each["kind"] for each in timeline.entries] == ["move", "move", "exchange", "move"]
    assert "throttled -> pending: its model has capacity" in str(timeline)
    for path in ("", "/timeline"):
        unknown = await fake.admin("GET", f"/tasks/123e4567-e89b-42d3-a456-426614174000{path}")
        assert (unknown.status, unknown.json["code"]) == (404, "unknown_task")


async def test_the_admin_api_says_where_outputs_are(start_fake: StartFake) -> None:
    """Paths on the server, as soon as the task has succeeded, as long as it is not deleted."""
    fake = await start_fake()
    task_id = await create(fake, *PICTURE)
    path = f"/tasks/{task_id}/outputs"
    assert (await fake.admin("GET", path)).json == {"outputs": []}
    fake.world.clock.jump(600)
    (output,) = (await fake.admin("GET", path)).json["outputs"]
    status, _, raw = await download(f"{fake.url}{output}")
    assert (status, raw[:4]) == (200, b"\x89PNG")
    await fake.call("DELETE", f"/v1/tasks/{task_id}")
    assert (await fake.admin("GET", path)).json == {"outputs": []}
    assert (
        await fake.admin("GET", "/tasks/00000000-0000-4000-8000-000000000000/outputs")
    ).status == 404
