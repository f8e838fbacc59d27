"""Calls by WHEP: what a page of plain JavaScript sees, and what the session knows of it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from weakref import ref

import aiohttp
import pytest

from fake_runway.core.history.journal import Act
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.script import AvatarAppears, CallSetup, TranscriptForm
from fake_runway.room import call as call_module
from fake_runway.room.clients import whep
from fake_runway.room.media.tracks import AvatarAudio
from fake_runway.room.stage import ToolFailed
from fake_runway.room.tokens import LiveKit
from fake_runway.room.wire.sdp import LARGEST_SDP
from tests.support.processes import PATIENCE_S
from tests.support.room import HOSTED, Session, call_of, session_of, until
from tests.support.servers import Fake, StartFake
from tests.support.whep import Spectator, endpoint, headers, watching

Http = aiohttp.ClientSession


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client without any checks: WHEP stands in no contract of ours."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def fake(start_fake: StartFake) -> Fake:
    """A fake with a room, in running time."""
    return await start_fake(rate=1.0, livekit=HOSTED)


def setup(**call: Any) -> Settings:
    """Return settings of sessions whose call begins so."""
    settings = Settings()
    return replace(settings, plan=replace(settings.plan, call=CallSetup(**call)))


def reports(fake: Fake) -> list[str]:
    """Return the events that the room has reported."""
    acts = [each for each in fake.world.log.entries() if isinstance(each, Act)]
    return [act.given["event"] for act in acts if act.what == "reportCall"]


async def over(fake: Fake, session: Session) -> str:
    """Wait until the session has ended, and return its status."""
    await until(lambda: fake.world.account.has_ended(session.id))
    status: str = (await fake.get(session.id))["status"]
    return status


async def test_a_page_sees_the_avatar_and_hangs_up(fake: Fake, http: Http) -> None:
    """Pictures, words and events come; a DELETE with the token ends the session."""
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]) as page:
        assert page.status == 201, page.text
        await until(lambda: page.pictures > 5)
        assert (await fake.get(session.id))["status"] == "RUNNING"
        call = call_of(fake, session)
        call.talking(on=True)
        call.transcript("assistant", 1, "Grüezi")
        call.client_event("confetti", {"count": 3})
        await until(lambda: len(page.messages) == 4)
        wrong = await left(http, fake, page, "another token")
        right = await left(http, fake, page, session.user["token"])
        again = await left(http, fake, page, session.user["token"])
        assert (wrong, right, again) == (401, 200, 404)
    assert page.messages == [
        {"type": "joined", "session": session.id, "avatar": True},
        {"type": "speaking", "on": True},
        {"type": "transcription", "role": "assistant", "turn": 1, "text": "Grüezi"},
        {"type": "client_event", "tool": "confetti", "args": {"count": 3}},
    ]
    assert await over(fake, session) == "COMPLETED"
    assert reports(fake) == ["joined", "left", "closed"]


async def test_a_call_that_is_over_is_gone_without_a_search_for_circles(
    fake: Fake, http: Http
) -> None:
    """Python looks for circles of objects hundreds of calls later: none holds what a call had."""
    gc.disable()
    try:
        session = await session_of(fake)
        async with watching(http, endpoint(session.user), session.user["token"]) as page:
            await until(lambda: page.pictures)
            call = call_of(fake, session)
            [who] = call._present.values()
            assert who._publisher is not None
            had: list[ref[Any]] = [
                ref(call),
                ref(who),
                ref(who.video),
                ref(who._publisher._connection),
            ]
            del call, who
            await left(http, fake, page, session.user["token"])
        await over(fake, session)
        await until(lambda: [one() for one in had] == [None] * 4)
    finally:
        gc.enable()


async def left(http: Http, fake: Fake, page: Spectator, token: str) -> int:
    """Return the status of an answer to a DELETE."""
    async with http.delete(fake.url + page.location, headers=headers(token)) as answer:
        return answer.status


class Microphone(AvatarAudio):
    """A microphone into which a user speaks from the first picture on until told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.talking = True


async def test_a_page_that_sends_its_microphone_is_heard(fake: Fake, http: Http) -> None:
    """It is published once sound comes, and silence after it ends an utterance."""
    session, microphone = await session_of(fake), Microphone()
    url, token = endpoint(session.user), session.user["token"]
    async with watching(http, url, token, microphone) as page:
        await until(lambda: page.pictures)
        spoken = asyncio.ensure_future(call_of(fake, session).user_spoke())
        await until(lambda: "published" in reports(fake))
        microphone.talking = False
        async with asyncio.timeout(PATIENCE_S):
            assert await spoken > 0
        await left(http, fake, page, token)
    assert await over(fake, session) == "COMPLETED"
    assert reports(fake)[:3] == ["joined", "published", "spoke"]


async def test_end_call_ends_the_session_and_the_page_is_told(fake: Fake, http: Http) -> None:
    """As with LiveKit's clients, and the reason is theirs."""
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]) as page:
        page.say({"type": "END_CALL"})
        await until(lambda: "ended" in page.kinds)
        assert page.messages[-1] == {"type": "ended", "reason": "ROOM_DELETED"}
        assert await over(fake, session) == "COMPLETED"
        await until(lambda: page.connection.connectionState == "closed")


async def test_a_page_that_is_gone_has_left_after_the_grace(fake: Fake, http: Http) -> None:
    """Its connection closes without a word: it is away for a while, then it has left."""
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]):
        call_of(fake, session)._grace_s = 0.1
    assert await over(fake, session) == "COMPLETED"
    await until(lambda: "closed" in reports(fake))
    assert reports(fake) == ["joined", "away", "left", "closed"]


async def test_a_tool_is_called_in_the_page(fake: Fake, http: Http) -> None:
    """Its result comes back, as does its error, and that there is no such tool."""
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]) as page:

        async def called(**answer: Any) -> Any:
            calling = call_of(fake, session).call_tool("add", {"a": 2}, 10.0)
            asked = len(page.messages)

            async def answering() -> None:
                await until(lambda: len(page.messages) > asked)
                message = page.messages[-1]
                assert message == {
                    "type": "tool_call",
                    "id": message["id"],
                    "tool": "add",
                    "args": {"a": 2},
                }
                page.say({"type": "tool_answer", "id": message["id"], **answer})

            result, _ = await asyncio.gather(calling, answering())
            return result

        assert await called(result={"sum": 5}) == {"sum": 5}
        with pytest.raises(ToolFailed, match="closed"):
            await called(error="the shop is closed")
        with pytest.raises(ToolFailed, match="Method not supported"):
            await called(error=None)


async def test_an_avatar_that_is_late_is_waited_for(start_fake: StartFake, http: Http) -> None:
    """No second offer is needed: the picture begins when it appears."""
    late = setup(avatar=AvatarAppears.LATE, avatar_after_s=0.3, transcript=TranscriptForm.NATIVE)
    fake = await start_fake(late, rate=1.0, livekit=HOSTED)
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]) as page:
        assert page.messages == [{"type": "joined", "session": session.id, "avatar": False}]
        assert page.pictures == 0
        await until(lambda: page.pictures > 2)
        assert page.kinds == ["joined", "avatar"]
        call = call_of(fake, session)
        call.transcript("assistant", 1, "Hello ")
        call.transcript("assistant", 1, "there")
        await until(lambda: len(page.messages) == 4)
        assert page.messages[-1] == {
            "type": "native_transcription",
            "id": "turn-1",
            "by": f"worker:{session.id}",
            "text": "Hello there",
        }


async def test_viewers_watch_and_the_session_knows_nothing_of_them(fake: Fake, http: Http) -> None:
    """Two see the same call; nothing that they do is reported, and they are asked for no tool."""
    session = await session_of(fake)
    before = fake.world.log.next_number
    answer = await fake.admin("POST", f"/sessions/{session.id}/viewer")
    url, token = fake.url + answer.json["path"], answer.json["token"]
    speaking = watching(http, url, token, Microphone())
    async with speaking as one, watching(http, url, token) as two:
        await until(lambda: min(one.pictures, two.pictures) > 10)
        one.say({"type": "END_CALL"})
        call = call_of(fake, session)
        with pytest.raises(ToolFailed, match="no participant"):
            await call.call_tool("add", {}, 10.0)
        call.transcript("assistant", 1, "Hello")
        await until(lambda: "transcription" in two.kinds)
        assert await left(http, fake, one, token) == 200
    await until(lambda: not call.identities)
    assert fake.world.log.next_number == before
    assert fake.world.account.sessions[session.id].state.value == "running"


async def test_a_server_takes_no_more_clients_than_it_can_serve(
    fake: Fake, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one gets 503 and a sentence; when one leaves, there is room for one again."""
    monkeypatch.setattr(whep, "MOST_CLIENTS", 1)
    session = await session_of(fake)
    viewer = (await fake.admin("POST", f"/sessions/{session.id}/viewer")).json["token"]
    async with watching(http, endpoint(session.user), session.user["token"]) as page:
        assert page.status == 201
        async with watching(http, endpoint(session.user), viewer) as one_more:
            assert one_more.status == 503
            assert one_more.text == "this fake serves 1 clients by WHEP already"
        assert await left(http, fake, page, session.user["token"]) == 200
    again = await session_of(fake)
    async with watching(http, endpoint(again.user), again.user["token"]) as page:
        assert page.status == 201, page.text


async def test_a_call_takes_no_more_viewers_than_there_is_room_for(
    fake: Fake, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted apart from users, whom they keep out of nothing."""
    monkeypatch.setattr(call_module, "MOST_PARTICIPANTS", 1)
    session = await session_of(fake)
    token = (await fake.admin("POST", f"/sessions/{session.id}/viewer")).json["token"]
    async with watching(http, endpoint(session.user), token) as viewer:
        assert viewer.status == 201, viewer.text
        async with watching(http, endpoint(session.user), token) as one_more:
            assert (one_more.status, one_more.text) == (
                503,
                "the room is full: 1 participants are in it",
            )
        async with watching(http, endpoint(session.user), session.user["token"]) as user:
            assert user.status == 201, user.text


async def test_a_viewer_is_admitted_to_calls_that_go_on(start_fake: StartFake) -> None:
    """Not to what is over, and not to a room on another server."""
    fake = await start_fake(livekit=HOSTED)
    session = await session_of(fake)
    await fake.call("DELETE", f"/v1/realtime_sessions/{session.id}")
    ended = await fake.admin("POST", f"/sessions/{session.id}/viewer")
    assert (ended.status, "cancelled" in ended.json["error"]) == (409, True)
    other = await start_fake(livekit=LiveKit(url="ws://elsewhere.test"))
    elsewhere = await other.admin("POST", f"/sessions/{await other.create()}/viewer")
    assert (elsewhere.status, "ws://elsewhere.test" in elsewhere.json["error"]) == (409, True)


REFUSALS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no token": ({"Authorization": ""}, 401, "expected a token"),
    "a bad token": ({"Authorization": "Bearer x"}, 401, "expected a token signed"),
    "another type": ({"Content-Type": "text/plain"}, 415, "expected Content-Type: application/sdp"),
    "another answer": ({"Accept": "text/html"}, 406, "expected application/sdp to be accepted"),
    "a long offer": ({"body": "v" * (LARGEST_SDP + 1)}, 413, "expected an offer of at most"),
    "no offer": ({"body": "v=0"}, 400, "expected 1 to 64 media sections"),
    "another world": ({"world": "never-named"}, 404, "expected the URL of a world"),
    "another method": ({"method": "PATCH"}, 405, "expected POST, got PATCH"),
    "no session any more": ({"over": True}, 409, "the session of this room is cancelled"),
}


@pytest.mark.parametrize("change", REFUSALS)
async def test_a_refusal_says_why(start_fake: StartFake, http: Http, change: str) -> None:
    """In words, to any origin, without the token; nothing is left of it."""
    wanted, status, text = REFUSALS[change]
    fake = await start_fake(livekit=HOSTED)
    session = await session_of(fake)
    if wanted.get("over"):
        await fake.call("DELETE", f"/v1/realtime_sessions/{session.id}")
    url = f"{fake.url}/w/{wanted.get('world', fake.world.name)}/whep"
    sent = headers(session.user["token"]) | {
        name: value for name, value in wanted.items() if name[0].isupper()
    }
    method = wanted.get("method", "POST")
    async with http.request(method, url, data=wanted.get("body", "v=0"), headers=sent) as answer:
        found = await answer.text()
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert text in found
    assert session.user["token"] not in found
    assert not reports(fake)


async def test_a_room_that_lets_nobody_in_lets_no_page_in(
    start_fake: StartFake, http: Http
) -> None:
    """As its scenario says."""
    fake = await start_fake(setup(refuses_join=True), livekit=HOSTED)
    session = await session_of(fake)
    async with watching(http, endpoint(session.user), session.user["token"]) as page:
        assert (page.status, "lets no participant in" in page.text) == (403, True)


async def test_a_page_of_another_origin_may_join(fake: Fake, http: Http) -> None:
    """A preflight grants what an offer needs, and the answer shows its Location."""
    session = await session_of(fake)
    asked = {"Access-Control-Request-Headers": "authorization,content-type"}
    for path, method in (("", "POST"), ("/PA_1-1", "DELETE")):
        async with http.options(endpoint(session.user) + path, headers=asked) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Methods"] == method
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
