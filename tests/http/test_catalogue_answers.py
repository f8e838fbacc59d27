"""The catalogue: malformed or unexpected answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from fake_runway.room.tokens import LiveKit, read
from tests.support.checked import Answer
from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    KEY_HOLDS_S,
    PROVISIONED_S,
    Chosen,
    is_refusal,
    shows,
    shows_each,
)


async def _ready(chosen: Chosen) -> str:
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert chosen.state(session) == "ready"
    return session


def _media(answer: Answer) -> str:
    return answer.headers["Content-Type"].partition(";")[0]


def _room(token: str) -> Any:
    """Return the room that a token lets into, after checking its signature."""
    return read(token, LiveKit().api_secret)["video"]["room"]


def _lacks_its_end(answer: Answer) -> bool:
    """Return whether a body is JSON but for its last byte."""
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.body)
    return isinstance(orjson.loads(answer.body + b"}"), dict)


# Polls


@shows("unknown-status")
async def test_unknown_status(chosen: Chosen) -> None:
    """WARMING_UP while it is provisioned for 5 s, then READY as usual."""
    session = await chosen.created()
    for seconds in (4.75, 0.25):
        assert await chosen.status(session) == "WARMING_UP"
        assert chosen.state(session) == "provisioning"
        chosen.jump(seconds)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["sessionKey"]) == ("READY", chosen.key(session))
    assert chosen.path(session) == ["queued", "provisioning", "ready"]


@shows_each(
    {
        "unknown-status-for-ever": {"status": "PAUSED"},
        "poll-with-null-status": {"status": None},
        "poll-without-status": {},
    }
)
async def test_no_known_status(chosen: Chosen, expected: dict[str, object]) -> None:
    """No known status to any poll, while the session goes its way and expires."""
    session = await chosen.created()
    for state, seconds in (("provisioning", PROVISIONED_S), ("ready", KEY_HOLDS_S), ("failed", 1)):
        answer = await chosen.poll(session)
        assert answer.status == 200
        assert {key: each for key, each in answer.json.items() if key == "status"} == expected
        assert answer.json["id"] == session
        assert "createdAt" in answer.json
        assert chosen.state(session) == state
        chosen.jump(seconds)
    assert chosen.event(session) == "expired"


@shows_each(
    {
        "ready-without-a-session-key": {},
        "ready-with-a-null-session-key": {"sessionKey": None},
        "ready-with-an-empty-session-key": {"sessionKey": ""},
    }
)
async def test_ready_without_its_key(chosen: Chosen, expected: dict[str, object]) -> None:
    """READY with expiresAt and without a key to use, until it expires."""
    session = await chosen.created()
    assert await chosen.status(session) == "NOT_READY"
    chosen.jump(PROVISIONED_S)
    for seconds in (KEY_HOLDS_S - 0.25, 0.25):
        body = (await chosen.poll(session)).json
        assert (body["status"], bool(body["expiresAt"])) == ("READY", True)
        assert {key: each for key, each in body.items() if key == "sessionKey"} == expected
        assert chosen.state(session) == "ready"
        chosen.jump(seconds)
    assert await chosen.status(session) == "FAILED"
    assert (chosen.event(session), chosen.spent) == ("expired", CREATE_COSTS)


@shows("ready-with-the-wrong-session-key")
async def test_ready_with_the_wrong_key(chosen: Chosen) -> None:
    """READY with a key that gets 401 and leaves the session READY until it expires."""
    session = await _ready(chosen)
    body = (await chosen.poll(session)).json
    assert body["status"] == "READY"
    assert is_refusal(await chosen.consume(session, body["sessionKey"]), 401)
    chosen.jump(KEY_HOLDS_S - 0.25)
    assert chosen.state(session) == "ready"
    chosen.jump(0.25)
    assert (chosen.state(session), chosen.event(session)) == ("failed", "expired")
    assert chosen.spent == CREATE_COSTS


@shows("ready-without-expiry")
async def test_ready_without_expiry(chosen: Chosen) -> None:
    """READY with a key and no expiresAt; consumable as usual, and it expires as usual."""
    used, unused = await chosen.created(), await _ready(chosen)
    bodies = [(await chosen.poll(each)).json for each in (used, unused)]
    for body in bodies:
        assert set(body) == {"id", "createdAt", "status", "sessionKey"}
        assert body["status"] == "READY"
    chosen.jump(KEY_HOLDS_S - 0.25)
    assert (await chosen.consume(used, bodies[0]["sessionKey"])).status == 200
    chosen.jump(0.25)
    assert (chosen.state(used), chosen.state(unused)) == ("running", "failed")
    assert await chosen.status(unused) == "FAILED"
    assert chosen.event(unused) == "expired"


@shows_each({"clock-skewed-expiry": -10, "clock-skewed-ahead": 10})
async def test_clock_skewed_expiry(chosen: Chosen, expected: int) -> None:
    """The wire's expiresAt lies ten minutes off; the true one decides."""
    used, unused = await chosen.created(), await _ready(chosen)
    wire_expiry = datetime.fromisoformat((await chosen.poll(used)).json["expiresAt"])
    now = datetime.fromtimestamp(chosen.world.clock.now(), UTC)
    truth = now + timedelta(seconds=KEY_HOLDS_S)
    assert abs(wire_expiry - (truth + timedelta(minutes=expected))) < timedelta(milliseconds=2)
    assert (wire_expiry < now) is (expected < 0)
    chosen.jump(KEY_HOLDS_S - 0.25)
    assert (await chosen.consume(used)).status == 200
    assert (chosen.state(used), chosen.state(unused)) == ("running", "ready")
    chosen.jump(0.25)
    assert is_refusal(await chosen.consume(unused), 401)
    assert await chosen.status(unused) == "FAILED"
    assert (chosen.state(unused), chosen.event(unused)) == ("failed", "expired")


@shows("poll-with-extra-fields")
async def test_poll_with_extra_fields(chosen: Chosen) -> None:
    """The usual body and two fields more; the session goes as usual."""
    session = await chosen.created()
    body = (await chosen.poll(session)).json
    assert set(body) == {"id", "createdAt", "status", "queued", "region", "worker"}
    assert isinstance(body["worker"], dict)
    chosen.jump(PROVISIONED_S)
    body = (await chosen.poll(session)).json
    assert set(body) == {
        "id",
        "createdAt",
        "status",
        "expiresAt",
        "sessionKey",
        "region",
        "worker",
    }
    assert (await chosen.consume(session, body["sessionKey"])).status == 200
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running"]


@shows("poll-malformed-json")
async def test_poll_malformed_json(chosen: Chosen) -> None:
    """Three polls of each session lack their last byte; it goes its way meanwhile."""
    for _ in range(2):
        session = await chosen.created()
        for state in ("provisioning", "ready", "ready"):
            answer = await chosen.poll(session)
            assert (answer.status, _media(answer)) == (200, "application/json")
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            assert _lacks_its_end(answer)
            assert chosen.state(session) == state
            if state == "provisioning":
                chosen.jump(PROVISIONED_S)
        assert await chosen.status(session) == "READY"


@shows("poll-wrong-content-type")
async def test_poll_wrong_content_type(chosen: Chosen) -> None:
    """The usual body as text/plain; the session goes as usual."""
    session = await chosen.created()
    answers = [await chosen.poll(session)]
    chosen.jump(PROVISIONED_S)
    answers.append(await chosen.poll(session))
    assert [each.json["status"] for each in answers] == ["NOT_READY", "READY"]
    assert {(each.status, _media(each)) for each in answers} == {(200, "text/plain")}
    assert (await chosen.consume(session, answers[1].json["sessionKey"])).status == 200
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running"]


@shows("poll-html-page-with-200")
async def test_poll_html_page_with_200(chosen: Chosen) -> None:
    """200 with a page to every poll, while the session goes its way and expires."""
    session = await chosen.created()
    for state, seconds in (("provisioning", PROVISIONED_S), ("ready", KEY_HOLDS_S), ("failed", 1)):
        answer = await chosen.poll(session)
        assert (answer.status, _media(answer)) == (200, "text/html")
        assert answer.body.startswith(b"<html>")
        assert chosen.state(session) == state
        chosen.jump(seconds)
    assert chosen.event(session) == "expired"


# Creates


async def _expires_unknown(chosen: Chosen, sessions: int) -> None:
    """Check sessions whose ids never arrived: charged, and holding capacity until they expire."""
    unknown = chosen.sessions
    assert (len(unknown), chosen.active) == (sessions, sessions)
    assert chosen.spent == sessions * CREATE_COSTS
    chosen.jump(PROVISIONED_S + KEY_HOLDS_S - 0.25)
    assert chosen.active == sessions
    chosen.jump(0.25)
    assert chosen.active == 0
    assert {chosen.event(each) for each in unknown} == {"expired"}


@shows_each({"create-without-id": {}, "create-with-null-id": {"id": None}})
async def test_create_without_its_id(chosen: Chosen, expected: dict[str, object]) -> None:
    """200 without the id of the session that was made and charged."""
    answers = [await chosen.create() for _ in range(2)]
    assert [(each.status, each.json) for each in answers] == [(200, expected)] * 2
    await _expires_unknown(chosen, 2)


@shows("create-malformed-json")
async def test_create_malformed_json(chosen: Chosen) -> None:
    """200 with a body that lacks its last byte, and a session that was made and charged."""
    for _ in range(2):
        answer = await chosen.create()
        assert answer.status == 200
        assert _lacks_its_end(answer)
        assert int(answer.headers["Content-Length"]) == len(answer.body)
    await _expires_unknown(chosen, 2)


@shows("create-with-extra-fields")
async def test_create_with_extra_fields(chosen: Chosen) -> None:
    """The id and estimatedCost; the session goes as usual."""
    answer = await chosen.create()
    assert (answer.status, set(answer.json)) == (200, {"id", "estimatedCost"})
    session = answer.json["id"]
    assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)
    chosen.jump(PROVISIONED_S)
    assert await chosen.status(session) == "READY"
    assert (await chosen.consume(session)).status == 200


@shows("create-wrong-content-type")
async def test_create_wrong_content_type(chosen: Chosen) -> None:
    """The usual body as text/plain, and a session that exists."""
    answer = await chosen.create()
    assert (answer.status, _media(answer)) == (200, "text/plain")
    assert set(answer.json) == {"id"}
    assert (chosen.sessions, chosen.spent) == ([answer.json["id"]], CREATE_COSTS)
    assert await chosen.status(answer.json["id"]) == "NOT_READY"


# Credentials


async def _used_and_billed(chosen: Chosen, session: str) -> None:
    """Check a session whose only consume was answered: a second one fails, and it is billed."""
    assert is_refusal(await chosen.consume(session), 400)
    assert await chosen.status(session) == "RUNNING"
    assert (chosen.state(session), chosen.spent) == ("running", CREATE_COSTS + BLOCK_COSTS)
    chosen.jump(6)
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


@shows_each(
    {
        "consume-without-token": {"url", "roomName"},
        "consume-without-url": {"token", "roomName"},
        "consume-with-extra-fields": {"url", "token", "roomName", "expiresAt", "region"},
    }
)
async def test_consume_with_other_fields(chosen: Chosen, expected: set[str]) -> None:
    """200 with these fields, of which the usual ones are as usual; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert (answer.status, set(answer.json)) == (200, expected)
    assert answer.json["roomName"] == session
    assert answer.json.get("url", chosen.room_url) == chosen.room_url
    assert "token" not in expected or _room(answer.json["token"]) == session
    await _used_and_billed(chosen, session)


@shows("consume-with-null-token")
async def test_consume_with_null_token(chosen: Chosen) -> None:
    """200 with null as the token; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert answer.status == 200
    assert answer.json == {"url": chosen.room_url, "token": None, "roomName": session}
    await _used_and_billed(chosen, session)


@shows("consume-malformed-json")
async def test_consume_malformed_json(chosen: Chosen) -> None:
    """200 with a body that lacks its last byte; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert answer.status == 200
    assert _lacks_its_end(answer)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    await _used_and_billed(chosen, session)


@shows("consume-wrong-content-type")
async def test_consume_wrong_content_type(chosen: Chosen) -> None:
    """The usual body as text/plain; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert (answer.status, _media(answer)) == (200, "text/plain")
    assert set(answer.json) == {"url", "token", "roomName"}
    assert _room(answer.json["token"]) == session
    await _used_and_billed(chosen, session)


@shows("token-for-the-wrong-room")
async def test_token_for_the_wrong_room(chosen: Chosen) -> None:
    """The session's roomName, and a good token for another room; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert (answer.status, answer.json["roomName"]) == (200, session)
    assert _room(answer.json["token"]) not in ("", session)
    await _used_and_billed(chosen, session)


@shows("unreachable-media-server")
async def test_unreachable_media_server(chosen: Chosen) -> None:
    """A good token, and a url that leads nowhere; RUNNING and billed."""
    session = await _ready(chosen)
    answer = await chosen.consume(session)
    assert answer.status == 200
    assert answer.json["url"].startswith("wss://")
    assert answer.json["url"].endswith(".invalid")  # reserved, so that no resolver knows it
    assert _room(answer.json["token"]) == session
    await _used_and_billed(chosen, session)
