"""Uploads over the wire: the slot, the form, what comes back, and what a journal keeps."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest

from fake_runway.core.scenario.settings import Settings
from fake_runway.core.uploads import UploadRules
from fake_runway.replay.record import record
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.support.fake.files import form, made
from tests.support.servers import SECRET, Fake, StartFake

SLOT = {"filename": "cat.png", "type": "ephemeral"}


async def slot_of(fake: Fake, filename: str = "cat.png") -> Any:
    """Ask for a slot, which has to succeed."""
    answer = await fake.call("POST", "/v1/uploads", json={**SLOT, "filename": filename})
    assert answer.status == 200, answer
    return answer.json


async def asked(method: str, url: str, **options: Any) -> tuple[int, Mapping[str, str], bytes]:
    """Ask the storage, without any header of the API."""
    async with aiohttp.ClientSession() as http, http.request(method, url, **options) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_a_file_comes_back_as_it_was_sent(start_fake: StartFake) -> None:
    """By GET and HEAD of the address that took it, and never as something to be shown."""
    fake = await start_fake()
    slot = await slot_of(fake, 'a "cat"\r\n.png')
    url, content = slot["uploadUrl"], made("png")
    assert (await asked("GET", url))[0] == 404
    assert (await asked("POST", url, data=form(slot, content)))[0] == 204

    for method in ("GET", "HEAD"):
        status, headers, body = await asked(method, url)
        assert (status, body) == (200, content if method == "GET" else b"")
        assert headers["Content-Length"] == str(len(content))
        assert headers["Content-Type"] == "image/png"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox")
        disposition = "attachment; filename*=UTF-8''a%20%22cat%22%0D%0A.png"
        assert headers["Content-Disposition"] == disposition
    fake.world.clock.jump(86_400)
    assert (await asked("GET", url))[0] == 404


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>" * 40, b"<svg/>" + b" " * 600])
async def test_what_is_no_media_is_never_shown_by_its_type(
    start_fake: StartFake, content: bytes
) -> None:
    """The type is that of the first bytes, and of others it is that of any bytes."""
    fake = await start_fake()
    slot = await slot_of(fake)
    assert (await asked("POST", slot["uploadUrl"], data=form(slot, content)))[0] == 204
    headers = (await asked("GET", slot["uploadUrl"]))[1]
    assert headers["Content-Type"] == "application/octet-stream"


async def test_each_slot_and_world_has_its_own_file(start_fake: StartFake) -> None:
    """Neither the id alone nor the address in another world leads to a file."""
    fake = await start_fake()
    slot = await slot_of(fake)
    url: str = slot["uploadUrl"]
    assert (await asked("POST", url, data=form(slot, made("png"))))[0] == 204
    other = url.replace(f"/w/{fake.world.name}/", "/w/another/")
    fake.worlds.named("another")

    assert (await asked("GET", url.partition("?")[0]))[0] == 403
    assert (await asked("GET", other))[0] == 404
    assert (await asked("GET", url.replace("/_uploads/", "/_uploads/x/")))[0] == 404
    assert (await asked("DELETE", url))[0] == 405
    assert (await asked("OPTIONS", url))[0] == 204


def _forms(slot: Any) -> dict[str, Any]:
    no_file = aiohttp.FormData(slot["fields"])
    no_file.add_field("other", io.BytesIO(b"x"), filename="a.png")
    before = aiohttp.FormData()
    before.add_field("file", io.BytesIO(made("png")), filename="a.png")
    before.add_field("key", slot["fields"]["key"])
    many = aiohttp.FormData(slot["fields"], default_to_multipart=True)
    for index in range(40):
        many.add_field(f"field{index}", "x")
    long = form({"fields": {**slot["fields"], "metadata": "x" * 100_000}}, made("png"))
    return {
        "no file": no_file,
        "fields behind the file": before,
        "no fields": form({"fields": {}}, made("png")),
        "many fields": many,
        "a long field": long,
        "no form": b"x" * 1000,
    }


async def test_what_is_no_form_of_the_slot_is_refused(start_fake: StartFake) -> None:
    """With 400, and the slot is as free as before."""
    fake = await start_fake()
    slot = await slot_of(fake)
    for name, data in _forms(slot).items():
        status, headers, _ = await asked("POST", slot["uploadUrl"], data=data)
        assert (status, headers["X-Fake-Code"]) == (400, "bad_form"), name
    raw = b"--b\r\nContent-Disposition: form-data; name=key\r\n"  # it ends too early
    declared = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (raw, b"", b"--b--\r\n", b"\xff" * 2000):
        status = (await asked("POST", slot["uploadUrl"], data=body, headers=declared))[0]
        assert status == 400, body
    assert (await asked("POST", slot["uploadUrl"], data=form(slot, made("png"))))[0] == 204


async def test_a_file_beyond_the_limit_is_read_and_not_kept(start_fake: StartFake) -> None:
    """The client gets its 413 after it has sent all, and no memory is taken."""
    fake = await start_fake(Settings(uploads=UploadRules(largest=100_000)))
    slot = await slot_of(fake)
    status, headers, _ = await asked("POST", slot["uploadUrl"], data=form(slot, b"x" * 3_000_000))
    assert (status, headers["X-Fake-Code"]) == (413, "upload_too_large")
    assert (await asked("GET", slot["uploadUrl"]))[0] == 404


async def test_the_journal_keeps_facts_and_a_replay_needs_no_bytes(start_fake: StartFake) -> None:
    """A record of uploads, good and bad ones, and of a task with one runs again alike."""
    fake = await start_fake()
    slot, other = await slot_of(fake), await slot_of(fake)
    content = made("png")
    await asked("POST", slot["uploadUrl"], data=form(slot, content))
    await asked("POST", other["uploadUrl"], data=form({"fields": {}}, content))
    await asked("POST", other["uploadUrl"], data=form(other, b"x"))
    for each in (slot, other):
        body = {"model": "magnific_precision_upscaler_v2", "imageUri": each["runwayUri"]}
        await fake.call("POST", "/v1/image_upscale", json=body)
    made_of = record(fake.world)

    raw = orjson.dumps(made_of)
    assert f"image/png;bytes={len(content)};width=640;height=480".encode() in raw
    assert len(raw) < 20_000
    codes = [each["response"]["code"] for each in made_of["journal"]]
    assert codes == [None, None, None, "bad_form", "upload_too_small", None, "bad_input"]
    replayed = replay(orjson.loads(raw), livekit=LiveKit())
    assert replayed.divergence is None
    assert replayed.world.uploads.bytes == fake.world.uploads.bytes == len(content)


async def test_a_snapshot_has_the_files_of_its_time(start_fake: StartFake) -> None:
    """A file that came later is not there once the snapshot is restored."""
    fake = await start_fake()
    slot = await slot_of(fake)
    fake.worlds.snapshot(fake.world, "before")
    await asked("POST", slot["uploadUrl"], data=form(slot, made("png")))
    fake.worlds.restore(fake.world, "before")
    assert (await asked("GET", slot["uploadUrl"]))[0] == 404
    assert (await asked("POST", slot["uploadUrl"], data=form(slot, made("png"))))[0] == 204
    assert SECRET not in slot["uploadUrl"]
