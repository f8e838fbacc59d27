"""The catalogue: uploads, and the files that tasks name."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.http.test_catalogue_tasks import call, poll
from tests.support.fake.catalogue import Chosen, shows, shows_each
from tests.support.fake.files import data_uri, form, made
from tests.support.fake.tasks import path_of_task

UPSCALE = {"model": "magnific_precision_upscaler_v2"}
SLOT = {"filename": "cat.png", "type": "ephemeral"}


async def slot_of(chosen: Chosen) -> Any:
    """Ask for a slot, which has to succeed."""
    answer = await call(chosen, "POST", "uploads", SLOT)
    assert answer.status == 200, answer
    return answer.json


async def sent(slot: Any, content: bytes | None = None) -> int:
    """Send a file to its slot, and return the status of the answer; 0: there was none."""
    data = form(slot, made("png") if content is None else content)
    async with aiohttp.ClientSession() as http:
        try:
            async with http.post(slot["uploadUrl"], data=data) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


async def used(chosen: Chosen, slot: Any) -> Any:
    """Name an upload in a task, and return the answer."""
    body = {**UPSCALE, "imageUri": slot["runwayUri"]}
    return await call(chosen, "POST", "image_upscale", body)


def is_issue(answer: Any, text: str) -> bool:
    """Return whether an answer refuses the file at its place."""
    issues = answer.json.get("issues", [])
    return answer.status == 400 and [
        (each["path"], text in each["message"]) for each in issues
    ] == [(["imageUri"], True)]


@shows_each(
    {
        "upload-slot-expired": 403,
        "upload-refused": 403,
        "upload-too-large": 413,
        "upload-too-small": 400,
        "uploads-full": 507,
        "upload-wrong-type": 415,
    },
    avatar=False,
)
async def test_the_file_is_refused(chosen: Chosen, expected: int) -> None:
    """Its slot is answered, the file is not taken, and a task cannot use it."""
    slot = await slot_of(chosen)
    assert await sent(slot) == expected
    assert chosen.world.uploads.bytes == 0
    assert is_issue(await used(chosen, slot), "one without a file")


@shows("upload-slot-refused", avatar=False)
async def test_the_slot_is_refused(chosen: Chosen) -> None:
    """429, and nothing is there."""
    answer = await call(chosen, "POST", "uploads", SLOT)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
    assert len(chosen.world.uploads) == 0


@shows("upload-storage-down", avatar=False)
async def test_the_storage_is_down_once(chosen: Chosen) -> None:
    """The next upload works."""
    first, second = await slot_of(chosen), await slot_of(chosen)
    assert (await sent(first), await sent(second)) == (503, 204)
    assert (await used(chosen, second)).status == 200


@shows("upload-reply-lost", avatar=False)
async def test_the_reply_of_the_storage_is_lost(chosen: Chosen) -> None:
    """The file is there all the same."""
    slot = await slot_of(chosen)
    assert await sent(slot) == 0
    assert (await used(chosen, slot)).status == 200


@shows_each({"upload-expires-soon": 60.0, "upload-expired": 0.0}, avatar=False)
async def test_the_upload_expires(chosen: Chosen, expected: float) -> None:
    """On the world's clock, and then a task cannot name it."""
    slot = await slot_of(chosen)
    assert await sent(slot) == 204
    if expected:
        assert (await used(chosen, slot)).status == 200
        chosen.jump(expected)
    assert is_issue(await used(chosen, slot), "one that has expired")


@shows("unfit-files-are-refused", avatar=False)
async def test_a_file_that_does_not_fit_is_refused(chosen: Chosen) -> None:
    """At once, and nothing is charged."""
    body = {**UPSCALE, "imageUri": data_uri("png", made("png", 200, 200))}
    assert is_issue(await call(chosen, "POST", "image_upscale", body), "sides of 300 to 8000")
    assert chosen.spent == 0


@shows("files-are-not-looked-at", avatar=False)
@pytest.mark.parametrize("content", [made("png", 200, 200), b"no picture at all"])
async def test_files_are_not_looked_at(chosen: Chosen, content: bytes) -> None:
    """A task goes on with any of them."""
    body = {**UPSCALE, "imageUri": data_uri("png", content)}
    answer = await call(chosen, "POST", "image_upscale", body)
    assert answer.status == 200, answer
    chosen.jump(600.0)
    assert (await poll(chosen, answer.json["id"]))["status"] == "SUCCEEDED"
    assert path_of_task(chosen.world, answer.json["id"])[-1] == "succeeded"


@shows("upload-expires-soon", avatar=False)
async def test_a_file_of_another_kind_is_refused(chosen: Chosen) -> None:
    """A film cannot be enlarged as a picture, whatever its name promised."""
    slot = await slot_of(chosen)
    assert await sent(slot, made("mp4")) == 204
    assert is_issue(await used(chosen, slot), "expected image, got video/mp4")
