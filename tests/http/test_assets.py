"""Avatars, voices and documents over HTTP: what calls answer, and how one depends on another."""

from __future__ import annotations

from typing import Any

import pytest

from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.assets.settings import AssetRules
from fake_runway.core.durations import NEVER
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Settings
from fake_runway.media import reading
from fake_runway.replay.record import journal_bytes, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.support.checked import Answer
from tests.support.fake.assets import AVATAR, CREATES, DOCUMENT, PROCESSED_S
from tests.support.fake.tasks import IMAGE
from tests.support.servers import CREATE, Fake, StartFake

UNKNOWN = "88888888-e29b-41d4-a716-446655440000"
STUCK = AssetPlan(NEVER)
PREVIEW = {"prompt": "A calm voice, and quite deep.", "model": "eleven_ttv_v3"}
KINDS = pytest.mark.parametrize("kind", CREATES)


async def create(fake: Fake, kind: str, **body: Any) -> str:
    """Create one, which has to succeed, and return its id."""
    answer = await fake.call("POST", f"/v1/{kind}s", json={**CREATES[kind], **body})
    assert answer.status == 200, answer
    asset_id: str = answer.json["id"]
    return asset_id


async def ready(fake: Fake, kind: str, **body: Any) -> str:
    """Create one, let its time go by, and return its id."""
    asset_id = await create(fake, kind, **body)
    fake.world.clock.jump(PROCESSED_S[kind])
    return asset_id


async def get(fake: Fake, kind: str, asset_id: str) -> Any:
    """Get one, which has to succeed, and return the body."""
    answer = await fake.call("GET", f"/v1/{kind}s/{asset_id}")
    assert answer.status == 200, answer
    return answer.json


async def session(fake: Fake, avatar: str) -> Answer:
    """Create a session with a custom avatar."""
    custom = {"avatar": {"type": "custom", "avatarId": avatar}}
    return await fake.call("POST", "/v1/realtime_sessions", json=CREATE | custom)


async def video(fake: Fake, avatar: str, **speech: Any) -> Answer:
    """Create a video with a custom avatar."""
    body = {
        "model": "gwm1_avatars",
        "avatar": {"type": "custom", "avatarId": avatar},
        "speech": {"type": "text", "text": "Hello.", **speech},
    }
    return await fake.call("POST", "/v1/avatar_videos", json=body)


@pytest.mark.parametrize("kind", ["avatar", "voice"])
async def test_it_is_processed(start_fake: StartFake, kind: str) -> None:
    """PROCESSING until its time is over, then READY, with files that open for a day."""
    fake = await start_fake()
    asset_id = await create(fake, kind)
    fake.world.clock.jump(PROCESSED_S[kind] - 0.1)
    assert (await get(fake, kind, asset_id))["status"] == "PROCESSING"
    fake.world.clock.jump(0.1)
    shown = await get(fake, kind, asset_id)
    assert shown["status"] == "READY"
    url = shown["processedImageUri" if kind == "avatar" else "previewUrl"]
    file = await fake.client.get(url.removeprefix(fake.url))
    assert file.status == 200
    expected = "image" if kind == "avatar" else "audio"
    assert reading.read(file.body).kind == expected
    fake.world.clock.jump(86_401)
    assert (await fake.client.get(url.removeprefix(fake.url))).status == 403
    assert fake.world.account.spent == 0


@pytest.mark.parametrize("kind", ["avatar", "voice"])
async def test_processing_fails_for_a_reason(start_fake: StartFake, kind: str) -> None:
    """The text alone is on the wire; the code stands in the journal."""
    plan = AssetPlan(failure=Failure("NO_FACE", "There is no face."))
    fake = await start_fake(Settings(avatar_plan=plan, voice_plan=plan))
    asset_id = await create(fake, kind)
    shown = await get(fake, kind, asset_id)
    assert (shown["status"], shown["failureReason"]) == ("FAILED", "There is no face.")
    moves = [move.change.after.failure for move in fake.world.log.moves]
    assert moves == [None, plan.failure]


@KINDS
async def test_what_was_deleted_is_gone(start_fake: StartFake, kind: str) -> None:
    """204, then 404 to every call about it, and it is on no page."""
    fake = await start_fake()
    asset_id = await create(fake, kind)
    assert (await fake.call("DELETE", f"/v1/{kind}s/{asset_id}")).status == 204
    for method in ("GET", "DELETE", "PATCH"):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        answer = await fake.call(method, f"/v1/{kind}s/{asset_id}", **body)
        assert (answer.status, answer.headers["X-Fake-Code"]) == (404, f"unknown_{kind}")
    listed = (await fake.call("GET", f"/v1/{kind}s")).json["data"]
    assert asset_id not in [each["id"] for each in listed]


@KINDS
async def test_an_update_changes_what_it_names(start_fake: StartFake, kind: str) -> None:
    """Nothing else; one without a field is refused, unless the switch takes it."""
    fake = await start_fake()
    asset_id = await ready(fake, kind)
    before = await get(fake, kind, asset_id)
    fake.world.clock.jump(5)
    answer = await fake.call("PATCH", f"/v1/{kind}s/{asset_id}", json={"name": "New"})
    assert answer.status == (204 if kind == "document" else 200)
    after = await get(fake, kind, asset_id)
    changed = {key for key in after if after[key] != before[key] and "Ur" not in key}
    assert changed == ({"name"} if kind == "voice" else {"name", "updatedAt"})
    empty = await fake.call("PATCH", f"/v1/{kind}s/{asset_id}", json={})
    assert (empty.status, empty.headers["X-Fake-Code"]) == (400, "nothing_to_update")

    lenient = await start_fake(Settings(asset_rules=AssetRules(refuse_empty_update=False)))
    asset_id = await create(lenient, kind)
    assert (await lenient.call("PATCH", f"/v1/{kind}s/{asset_id}", json={})).status < 300


async def test_a_session_needs_an_avatar_that_is_ready(start_fake: StartFake) -> None:
    """400 while it is processed, then a session, which goes on when the avatar is deleted."""
    fake = await start_fake()
    avatar = await create(fake, "avatar")
    for refused in (await session(fake, avatar), await video(fake, avatar)):
        assert (refused.status, refused.headers["X-Fake-Code"]) == (400, "asset_not_ready")
    fake.world.clock.jump(30)
    created = await session(fake, avatar.upper())
    assert (await video(fake, avatar)).status == created.status == 200
    fake.world.clock.jump(1.5)
    assert (await fake.call("DELETE", f"/v1/avatars/{avatar}")).status == 204

    assert (await fake.get(created.json["id"]))["status"] == "READY"
    for refused in (await session(fake, avatar), await video(fake, avatar)):
        assert (refused.status, refused.headers["X-Fake-Code"]) == (404, "unknown_avatar")
    talk = (await fake.call("GET", f"/v1/avatar_conversations/{created.json['id']}")).json
    assert talk["avatar"] == {"type": "custom", "id": None, "name": "Ada", "imageUrl": None}


async def test_a_new_image_is_processed_again(start_fake: StartFake) -> None:
    """409 while the one before is; a FAILED avatar gets another chance, with the plan of now."""
    fake = await start_fake(Settings(avatar_plan=AssetPlan(failure=Failure("NO_FACE", "None."))))
    avatar = await create(fake, "avatar")
    assert (await get(fake, "avatar", avatar))["status"] == "FAILED"
    account = {"avatar_failure": None, "avatar_processing": "5s"}
    data = {"name": "mine", "account": account}
    await fake.admin("PUT", "/scenario", {"scenario": data})
    again = await fake.call("PATCH", f"/v1/avatars/{avatar}", json={"referenceImage": IMAGE})
    assert again.json["status"] == "PROCESSING"
    assert "failureReason" not in again.json
    early = await fake.call("PATCH", f"/v1/avatars/{avatar}", json={"referenceImage": IMAGE})
    assert (early.status, early.headers["X-Fake-Code"]) == (409, "still_processing")
    named = await fake.call("PATCH", f"/v1/avatars/{avatar}", json={"name": "Bea"})
    assert (named.json["name"], named.json["status"]) == ("Bea", "PROCESSING")
    fake.world.clock.jump(5)
    assert (await get(fake, "avatar", avatar))["status"] == "READY"


async def test_an_avatar_with_a_voice_of_its_own(start_fake: StartFake) -> None:
    """The voice has to be READY; renamed, the avatar shows it; deleted, it says so."""
    fake = await start_fake()
    voice = await create(fake, "voice", description="Slow.")
    choice = {"type": "custom", "id": voice}
    refused = await fake.call("POST", "/v1/avatars", json={**AVATAR, "voice": choice})
    assert (refused.status, refused.headers["X-Fake-Code"]) == (400, "asset_not_ready")
    fake.world.clock.jump(10)
    avatar = await create(fake, "avatar", voice=choice)
    await fake.call("PATCH", f"/v1/voices/{voice}", json={"name": "Deeper"})
    shown = (await get(fake, "avatar", avatar))["voice"]
    assert shown == {**choice, "deleted": False, "name": "Deeper", "description": "Slow."}
    await fake.call("DELETE", f"/v1/voices/{voice}")
    assert (await get(fake, "avatar", avatar))["voice"] == {**choice, "deleted": True}
    for body in ({"voice": choice}, {"documentIds": [UNKNOWN]}):
        answer = await fake.call("PATCH", f"/v1/avatars/{avatar}", json=body)
        assert answer.status == 404
    spoken = await video(fake, EXAMPLE_AVATAR, voice=choice)
    assert (spoken.status, spoken.headers["X-Fake-Code"]) == (404, "unknown_voice")


async def test_documents_say_who_uses_them(start_fake: StartFake) -> None:
    """The picture is there once the avatar is processed; a deleted document is detached."""
    fake = await start_fake()
    one, two = await create(fake, "document"), await create(fake, "document")
    avatar = await create(fake, "avatar", documentIds=[two, one, two])
    assert (await get(fake, "avatar", avatar))["documentIds"] == [two, one]
    used = {"id": avatar, "name": "Ada", "imageUrl": None}
    assert (await get(fake, "document", one))["usedBy"] == [used]
    fake.world.clock.jump(30)
    (user,) = (await get(fake, "document", one))["usedBy"]
    assert user["imageUrl"].startswith(fake.url)

    await fake.call("DELETE", f"/v1/documents/{two}")
    assert (await get(fake, "avatar", avatar))["documentIds"] == [one]
    await fake.call("PATCH", f"/v1/avatars/{avatar}", json={"documentIds": []})
    assert (await get(fake, "document", one))["usedBy"] == []


async def test_knowledge_has_a_limit(start_fake: StartFake) -> None:
    """Of a document, and of all documents of an avatar, also when one of them is changed."""
    rules = AssetRules(knowledge_tokens=5, document_characters=30)
    fake = await start_fake(Settings(asset_rules=rules))

    async def refused(method: str, path: str, body: Any) -> bool:
        answer = await fake.call(method, path, json=body)
        return answer.headers.get("X-Fake-Code") == "too_much_knowledge"

    assert await refused("POST", "/v1/documents", {"name": "x", "content": "x" * 31})
    long, short = (
        await create(fake, "document", content="x" * 15),
        await create(fake, "document", content="xxxxx"),
    )
    assert await refused("PATCH", f"/v1/documents/{long}", {"content": "x" * 31})
    avatar = await create(fake, "avatar", documentIds=[long, short])
    assert await refused("PATCH", f"/v1/documents/{short}", {"content": "xxxxxx"})
    third = await create(fake, "document", content="x")
    assert await refused("PATCH", f"/v1/avatars/{avatar}", {"documentIds": [long, short, third]})
    assert await refused("POST", "/v1/avatars", {**AVATAR, "documentIds": [long, short, third]})
    assert not await refused("PATCH", f"/v1/documents/{short}", {"content": "yyyyy"})


async def test_documents_are_listed_in_the_order_that_is_asked_for(start_fake: StartFake) -> None:
    """By create, newest first, unless the call says otherwise; a cursor fits one order alone."""
    fake = await start_fake()
    ids = []
    for _ in range(3):
        ids.append(await create(fake, "document"))
        fake.world.clock.jump(1)
    await fake.call("PATCH", f"/v1/documents/{ids[1]}", json={"name": "Newest"})

    async def listed(query: str) -> list[int]:
        data = (await fake.call("GET", f"/v1/documents?{query}")).json["data"]
        assert all("content" not in each for each in data)
        return [ids.index(each["id"]) for each in data]

    assert await listed("") == await listed("sort=createdAt&order=desc") == [2, 1, 0]
    assert await listed("order=asc") == [0, 1, 2]
    assert await listed("sort=updatedAt&limit=100") == [1, 2, 0]
    assert await listed("sort=updatedAt&order=asc") == [0, 2, 1]
    cursor = (await fake.call("GET", "/v1/documents?limit=1")).json["nextCursor"]
    assert await listed(f"cursor={cursor}") == [1, 0]
    for query in (f"cursor={cursor}&order=asc", "cursor=x", "sort=name", "order=up", "limit=0"):
        assert (await fake.call("GET", f"/v1/documents?{query}")).status == 400


async def test_cursors_expire_or_are_forgiven_by_switches(start_fake: StartFake) -> None:
    """A lifetime makes them 400 with a code of its own; lenient, garbage is the first page."""
    fake = await start_fake(Settings(cursors=CursorRules(refuse_unknown=False, lifetime_s=60)))
    for _ in range(2):
        await create(fake, "voice")
    first = (await fake.call("GET", "/v1/voices?limit=1")).json
    assert (await fake.call("GET", "/v1/voices?limit=1&cursor=x")).json["data"] == first["data"]
    path = f"/v1/voices?cursor={first['nextCursor']}"
    assert len((await fake.call("GET", path)).json["data"]) == 1
    fake.world.clock.jump(60)
    answer = await fake.call("GET", path)
    assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "expired_cursor")


async def test_a_ready_made_avatar_becomes_the_clients_own(start_fake: StartFake) -> None:
    """Changed, it stays at its place in the list; deleted, it is as gone as any other."""
    fake = await start_fake()
    path = f"/v1/avatars/{EXAMPLE_AVATAR}"
    before = (await fake.call("GET", "/v1/avatars?limit=100")).json["data"]
    changed = (await fake.call("PATCH", path, json={"name": "Mine"})).json
    assert (changed["name"], changed["status"]) == ("Mine", "READY")
    assert changed["createdAt"] == before[0]["createdAt"] < changed["updatedAt"]
    after = (await fake.call("GET", "/v1/avatars?limit=100")).json["data"]
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert after[0]["name"] == "Mine"
    assert (await session(fake, EXAMPLE_AVATAR)).status == 200

    assert (await fake.call("DELETE", path)).status == 204
    assert (await fake.call("GET", path)).status == 404
    assert (await session(fake, EXAMPLE_AVATAR)).status == 404
    gone = (await fake.call("GET", "/v1/avatars?limit=100")).json["data"]
    assert [each["id"] for each in gone][:99] == [each["id"] for each in before[1:]]


async def test_assets_that_are_not_ready_can_be_accepted(start_fake: StartFake) -> None:
    """The switch takes them as if they were READY."""
    rules = AssetRules(refuse_unready=False)
    fake = await start_fake(Settings(avatar_plan=STUCK, document_plan=STUCK, asset_rules=rules))
    document = await create(fake, "document")
    avatar = await create(fake, "avatar", documentIds=[document])
    assert (await session(fake, avatar)).status == 200


async def test_unknown_ids_exist_where_the_settings_say_so(start_fake: StartFake) -> None:
    """Each is READY, can be named by others, and exists again after its deletion."""
    fake = await start_fake(Settings(materialise=True))
    for kind in CREATES:
        path = f"/v1/{kind}s/{UNKNOWN}"
        for _ in range(2):
            assert (await get(fake, kind, UNKNOWN)).get("status", "READY") == "READY"
            assert (await fake.call("PATCH", path, json={"name": "x"})).status < 300
            assert (await fake.call("DELETE", path)).status == 204
    body = {**AVATAR, "voice": {"type": "custom", "id": UNKNOWN}, "documentIds": [UNKNOWN]}
    assert (await fake.call("POST", "/v1/avatars", json=body)).status == 200
    assert (await session(fake, UNKNOWN)).status == (await video(fake, UNKNOWN)).status == 200


async def test_a_preview_stores_nothing(start_fake: StartFake) -> None:
    """The same prompt has the same sample, which plays; the path is not that of a voice."""
    fake = await start_fake()
    answer = await fake.call("POST", "/v1/voices/preview", json=PREVIEW)
    assert (await fake.call("POST", "/v1/voices/preview", json=PREVIEW)).json == answer.json
    sample = await fake.client.get(answer.json["url"].removeprefix(fake.url))
    seconds = reading.read(sample.body).seconds
    assert seconds == pytest.approx(answer.json["durationSecs"], abs=0.1)
    assert (await fake.call("GET", "/v1/voices")).json["data"] == []
    assert (await fake.call("PATCH", "/v1/voices/preview", json={"name": "x"})).status == 405


async def live(fake: Fake) -> str:
    """Let calls about all kinds come, of all sorts, and return the id of an avatar."""
    voice = await ready(fake, "voice")
    document = await ready(fake, "document")
    choice = {"type": "custom", "id": voice}
    avatar = await ready(fake, "avatar", voice=choice, documentIds=[document])
    await session(fake, avatar)
    await fake.call("PATCH", f"/v1/avatars/{avatar}", json={"referenceImage": IMAGE})
    await fake.call("PATCH", f"/v1/documents/{document}", json={"content": "x"})
    await fake.call("DELETE", f"/v1/voices/{voice}")
    for kind in CREATES:
        page = (await fake.call("GET", f"/v1/{kind}s?limit=1")).json
        await fake.call("GET", f"/v1/{kind}s?limit=1&cursor={page['nextCursor'] or 'x'}")
    await fake.call("PATCH", f"/v1/avatars/{EXAMPLE_AVATAR}", json={"name": "Mine"})
    await fake.call("POST", "/v1/voices/preview", json=PREVIEW)
    await fake.call("POST", "/v1/documents", json={**DOCUMENT, "content": ""})
    fake.world.clock.jump(100)
    return avatar


async def test_a_run_is_replayed_to_the_same_bytes(start_fake: StartFake) -> None:
    """Ids, cursors and addresses of files included."""
    fake = await start_fake()
    await live(fake)
    fake.world.account.advance(fake.world.clock.now())

    again = replay(read(token_of(record(fake.world))), livekit=LiveKit())

    assert again.divergence is None
    assert journal_bytes(again.world) == journal_bytes(fake.world)
    assert again.world.account.assets == fake.world.account.assets


async def test_a_fork_and_a_snapshot_have_them(start_fake: StartFake) -> None:
    """What happens to them afterwards happens there alone; a restored world has them again."""
    fake = await start_fake()
    avatar = await live(fake)
    await fake.admin("POST", "/fork", {"name": "fork"})
    await fake.admin("POST", "/snapshots", {"name": "kept"})
    await fake.call("DELETE", f"/v1/avatars/{avatar}")
    there = await fake.call("GET", f"/w/fork/v1/avatars/{avatar}")
    assert there.json["status"] == "READY"
    assert (await fake.call("GET", f"/v1/avatars/{avatar}")).status == 404
    await fake.admin("POST", "/snapshots/kept/restore")
    assert (await get(fake, "avatar", avatar))["status"] == "READY"


@KINDS
async def test_faults_strike_by_moment_ordinal_and_state(start_fake: StartFake, kind: str) -> None:
    """A lost reply stores it, a refused create does not, and an event happens before a call."""
    fake = await start_fake(Settings(document_plan=STUCK))
    for fault in (
        {"effect": {"status": 503}, "match": {"moment": f"{kind}-create", kind: 0}, "times": 1},
        {"effect": {"event": "failed"}, "match": {"moment": f"{kind}-processing"}},
    ):
        assert (await fake.admin("POST", "/faults", fault)).status < 300
    assert (await fake.call("POST", f"/v1/{kind}s", json=dict(CREATES[kind]))).status == 503
    assert not fake.world.account.assets.of_kind(kind)
    asset_id = await create(fake, kind)
    await get(fake, kind, asset_id)
    assert fake.world.account.assets.of_kind(kind)[asset_id].failure is not None


# The admin API


async def test_an_admin_makes_one_in_any_state(start_fake: StartFake) -> None:
    """It is there for clients at once, and its timeline says why."""
    fake = await start_fake(Settings(asset_rules=AssetRules(max_avatars=0)))
    for state in ("processing", "ready", "failed", "deleted"):
        failure = {"failure": {"code": "NO_FACE", "text": "No."}} if state == "failed" else {}
        body = {"kind": "avatar", "state": state, "name": "Made", **failure}
        made = await fake.admin("POST", "/assets", body)
        assert (made.status, made.json["state"], made.json["name"]) == (201, state, "Made")
        shown = await fake.call("GET", f"/v1/avatars/{made.json['id']}")
        assert shown.status == (404 if state == "deleted" else 200)
        assert (await fake.admin("GET", f"/assets/{made.json['id']}")).json == made.json
        lines = (await fake.admin("GET", f"/assets/{made.json['id']}/timeline")).json["lines"]
        assert any(f"* {state}" in line or f"-> {state}" in line for line in lines)
    listed = (await fake.admin("GET", "/assets?kind=avatar&limit=3")).json["assets"]
    assert [each["state"] for each in listed] == ["deleted", "failed", "ready"]
    assert (await fake.admin("GET", "/assets?state=failed")).json["assets"] == [listed[1]]
    assert (await fake.admin("GET", "/assets?kind=voice")).json == {"assets": [], "gone": 0}
    wrong = {"kind": "voice", "failure": {"code": "X", "text": "x"}}
    assert (await fake.admin("POST", "/assets", wrong)).status == 400
    assert (await fake.admin("GET", f"/assets/{UNKNOWN}")).status == 404


@KINDS
async def test_an_admin_lets_an_event_happen(start_fake: StartFake, kind: str) -> None:
    """By the table; the act is replayed."""
    fake = await start_fake(Settings(avatar_plan=STUCK, voice_plan=STUCK, document_plan=STUCK))
    asset_id = await create(fake, kind)
    path = f"/assets/{asset_id}/events"
    failed = {"event": "failed", "failure": {"code": "X", "text": "x"}}
    assert (await fake.admin("POST", path, failed)).json["failure"] == failed["failure"]
    assert (await fake.admin("POST", path, {"event": "processed"})).status == 409
    assert (await fake.admin("POST", path, {"event": "updated"})).status == 400
    assert (await fake.admin("POST", path, {"event": "deleted"})).json["state"] == "deleted"
    assert (await fake.admin("POST", path, {"event": "deleted"})).status == 409
    await fake.admin("POST", "/assets", {"kind": kind, "state": "ready"})

    again = replay(read(token_of(record(fake.world))), livekit=LiveKit())
    assert again.divergence is None
    assert again.world.account.assets == fake.world.account.assets
