"""The catalogue: avatars, voices and documents. Each scenario is selected by the secret alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest

from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.kinds import ASSET_FAILURES
from tests.support.checked import Answer
from tests.support.fake.assets import AVATAR, CREATES, VOICE
from tests.support.fake.catalogue import Chosen, Request, shows, shows_each
from tests.support.fake.tasks import IMAGE


async def call(
    chosen: Chosen, method: str, path: str, body: Mapping[str, Any] | None = None
) -> Answer:
    """Send a call."""
    headers = chosen.request("create").headers
    raw = b"" if body is None else orjson.dumps(body)
    return await chosen.send(Request(method, f"/v1/{path}", headers, raw))


async def created(chosen: Chosen, kind: str, **body: Any) -> str:
    """Create one, which has to succeed, and return its id."""
    answer = await call(chosen, "POST", f"{kind}s", {**CREATES[kind], **body})
    assert answer.status == 200, answer
    asset_id: str = answer.json["id"]
    return asset_id


async def get(chosen: Chosen, kind: str, asset_id: str) -> Any:
    """Get one, which has to succeed, and return the body."""
    answer = await call(chosen, "GET", f"{kind}s/{asset_id}")
    assert answer.status == 200, answer
    return answer.json


def stored(chosen: Chosen, kind: str) -> list[Asset]:
    """Return what there is of a kind, the oldest first."""
    chosen.world.account.advance(chosen.world.clock.now())
    return [*chosen.world.account.assets.of_kind(kind).values()]


def refused(answer: Answer, code: str, status: int = 400) -> bool:
    """Return whether a call was refused for a reason."""
    return (answer.status, answer.headers.get("X-Fake-Code")) == (status, code)


async def with_avatar(chosen: Chosen, avatar: str) -> Answer:
    """Create a session with a custom avatar."""
    return await chosen.create(avatar={"type": "custom", "avatarId": avatar})


@shows_each({"avatar-stuck": 86_400, "avatar-slow": 599}, avatar=False)
async def test_avatar_stays_processing(chosen: Chosen, expected: float) -> None:
    """PROCESSING all the time, and no session with it."""
    avatar = await created(chosen, "avatar")
    chosen.jump(expected)
    assert (await get(chosen, "avatar", avatar))["status"] == "PROCESSING"
    assert refused(await with_avatar(chosen, avatar), "asset_not_ready")
    again = await call(chosen, "PATCH", f"avatars/{avatar}", {"referenceImage": IMAGE})
    assert refused(again, "still_processing", 409)
    chosen.jump(1)
    is_slow = chosen.name == "avatar-slow"
    assert stored(chosen, "avatar")[0].is_ready is is_slow
    assert (await call(chosen, "DELETE", f"avatars/{avatar}")).status == 204
    assert stored(chosen, "avatar") == []


@shows_each(
    {
        "avatar-no-face": ("avatar", "NO_FACE"),
        "avatar-moderated": ("avatar", "MODERATION"),
        "avatar-image-invalid": ("avatar", "IMAGE_INVALID"),
        "avatar-internal-error": ("avatar", "INTERNAL"),
        "voice-moderated": ("voice", "MODERATION"),
        "voice-sample-too-short": ("voice", "AUDIO_TOO_SHORT"),
        "voice-sample-too-noisy": ("voice", "AUDIO_TOO_NOISY"),
        "voice-sample-invalid": ("voice", "AUDIO_INVALID"),
    },
    avatar=False,
)
async def test_processing_fails(chosen: Chosen, expected: tuple[str, str]) -> None:
    """PROCESSING for five seconds, then FAILED with its reason; it cannot be used."""
    kind, code = expected
    asset_id = await created(chosen, kind)
    chosen.jump(4.9)
    assert (await get(chosen, kind, asset_id))["status"] == "PROCESSING"
    chosen.jump(0.1)
    failed = await get(chosen, kind, asset_id)
    assert (failed["status"], failed["failureReason"]) == ("FAILED", ASSET_FAILURES[code])
    (asset,) = stored(chosen, kind)
    assert asset.failure is not None
    assert asset.failure.code == code
    if kind == "voice":
        body = {**AVATAR, "voice": {"type": "custom", "id": asset_id}}
        assert refused(await call(chosen, "POST", "avatars", body), "asset_not_ready")
        return
    assert refused(await with_avatar(chosen, asset_id), "asset_not_ready")
    again = await call(chosen, "PATCH", f"avatars/{asset_id}", {"referenceImage": IMAGE})
    assert again.json["status"] == "PROCESSING"
    chosen.jump(5)
    assert (await get(chosen, kind, asset_id))["status"] == "FAILED"


@shows("avatar-text-refused", avatar=False)
async def test_avatar_text_is_refused(chosen: Chosen) -> None:
    """400 in the words that were observed, to a create and to a change."""
    ready_made = (await call(chosen, "GET", "avatars?limit=1")).json["data"][0]["id"]
    for method, path, body in (
        ("POST", "avatars", AVATAR),
        ("PATCH", f"avatars/{ready_made}", {"name": "Mine"}),
    ):
        answer = await call(chosen, method, path, body)
        assert answer.status == 400
        assert answer.json["error"] == "This text cannot be used for an avatar."
    assert stored(chosen, "avatar") == []


@shows("avatar-create-reply-lost", avatar=False)
async def test_reply_of_an_avatar_is_lost(chosen: Chosen) -> None:
    """The list has an avatar that its client knows nothing of; the next create is answered."""
    with pytest.raises(aiohttp.ClientError):
        await created(chosen, "avatar")
    (lost,) = stored(chosen, "avatar")
    second = await created(chosen, "avatar")
    listed = (await call(chosen, "GET", "avatars?limit=2")).json["data"]
    assert [each["id"] for each in listed] == [second, lost.id]


@shows("avatar-deleted-while-polled", avatar=False)
async def test_avatar_is_deleted_by_another_client(chosen: Chosen) -> None:
    """Two polls show it, the third finds it gone."""
    avatar = await created(chosen, "avatar")
    for _ in range(2):
        assert (await get(chosen, "avatar", avatar))["status"] == "PROCESSING"
    assert refused(await call(chosen, "GET", f"avatars/{avatar}"), "unknown_avatar", 404)
    assert stored(chosen, "avatar") == []


@shows_each(
    {
        "avatar-limit-reached": ("avatar", 0),
        "avatar-limit-of-two": ("avatar", 2),
        "voice-limit-reached": ("voice", 0),
        "document-limit-reached": ("document", 0),
    },
    avatar=False,
)
async def test_limit_is_reached(chosen: Chosen, expected: tuple[str, int]) -> None:
    """So many creates succeed, then 400; a deletion makes room for one."""
    kind, most = expected
    ids = [await created(chosen, kind) for _ in range(most)]
    assert refused(await call(chosen, "POST", f"{kind}s", CREATES[kind]), "asset_limit_reached")
    assert len(stored(chosen, kind)) == most
    if ids:
        await call(chosen, "DELETE", f"{kind}s/{ids[0]}")
        await created(chosen, kind)


@shows("voice-stuck", avatar=False)
async def test_voice_stays_processing(chosen: Chosen) -> None:
    """PROCESSING all the time, and no avatar with it."""
    voice = await created(chosen, "voice")
    chosen.jump(86_400)
    assert (await get(chosen, "voice", voice))["status"] == "PROCESSING"
    body = {**AVATAR, "voice": {"type": "custom", "id": voice}}
    assert refused(await call(chosen, "POST", "avatars", body), "asset_not_ready")


@shows("voice-preview-unavailable", avatar=False)
async def test_previews_fail(chosen: Chosen) -> None:
    """Two previews get 503, the third is answered."""
    body = {key: VOICE["from"][key] for key in ("prompt", "model")}
    answers = [await call(chosen, "POST", "voices/preview", body) for _ in range(3)]
    assert [each.status for each in answers] == [503, 503, 200]


@shows_each({"document-stuck": 0.0, "document-failed": 5.0}, avatar=False)
async def test_document_cannot_be_used(chosen: Chosen, expected: float) -> None:
    """The document itself looks as ever; an avatar that is to have it gets 400."""
    document = await created(chosen, "document")
    chosen.jump(expected)
    assert (await get(chosen, "document", document))["usedBy"] == []
    body = {**AVATAR, "documentIds": [document]}
    assert refused(await call(chosen, "POST", "avatars", body), "asset_not_ready")
    (asset,) = stored(chosen, "document")
    assert asset.is_processing is (chosen.name == "document-stuck")


@shows("document-too-large", avatar=False)
async def test_document_is_too_large(chosen: Chosen) -> None:
    """A thousand characters are stored, one more is refused, by a create and by a change."""
    long = {"name": "x", "content": "x" * 1_001}
    assert refused(await call(chosen, "POST", "documents", long), "too_much_knowledge")
    document = await created(chosen, "document", content="x" * 1_000)
    change = await call(chosen, "PATCH", f"documents/{document}", long)
    assert refused(change, "too_much_knowledge")
    assert (await get(chosen, "document", document))["name"] == "Notes"


@shows("knowledge-full", avatar=False)
async def test_knowledge_is_full(chosen: Chosen) -> None:
    """400 characters are a hundred tokens; one more is refused."""
    ids = [await created(chosen, "document", content="x" * 200) for _ in range(3)]
    avatar = await created(chosen, "avatar", documentIds=ids[:2])
    for method, path, body in (
        ("POST", "avatars", {**AVATAR, "documentIds": ids}),
        ("PATCH", f"avatars/{avatar}", {"documentIds": ids}),
        ("PATCH", f"documents/{ids[0]}", {"content": "x" * 201}),
    ):
        assert refused(await call(chosen, method, path, body), "too_much_knowledge")
    assert (await get(chosen, "avatar", avatar))["documentIds"] == ids[:2]


@shows_each({"page-grows": 2, "page-shrinks": -2}, avatar=False)
async def test_page_changes_while_it_is_read(chosen: Chosen, expected: int) -> None:
    """What stays is on one page each, in its order, whatever else comes and goes."""
    for kind in CREATES:
        ids = [await created(chosen, kind) for _ in range(7)]
        read: list[str] = []
        query = "limit=2"
        for number in range(3):
            page = (await call(chosen, "GET", f"{kind}s?{query}")).json
            read += [each["id"] for each in page["data"]]
            query = f"limit=2&cursor={page['nextCursor']}"
            if number == 1:
                break
        now = [each.id for each in stored(chosen, kind)]
        assert len(now) == 7 + expected
        assert len(set(read)) == len(read) == 4
        assert read == [each for each in reversed(ids) if each in {*now, *read}][:4]


@shows_each({"cursor-expired": 60.0, "cursor-lost": 0.0}, avatar=False)
async def test_cursor_no_longer_works(chosen: Chosen, expected: float) -> None:
    """400 with a code of its own; the first page is answered as ever."""
    for kind in CREATES:
        for _ in range(2):
            await created(chosen, kind)
        page = (await call(chosen, "GET", f"{kind}s?limit=1")).json
        path = f"{kind}s?limit=1&cursor={page['nextCursor']}"
        if expected:
            chosen.jump(expected - 0.1)
            assert (await call(chosen, "GET", path)).status == 200
            chosen.jump(0.1)
        assert refused(await call(chosen, "GET", path), "expired_cursor")
        assert (await call(chosen, "GET", f"{kind}s?limit=1")).status == 200
