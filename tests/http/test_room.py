"""Calls in the fake's own room, by LiveKit's Python client."""

from __future__ import annotations

import asyncio
import json

import pytest
from livekit import rtc

from fake_runway.core.durations import Fixed
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.call import Utterance
from fake_runway.core.sessions.session import Plan
from fake_runway.replay.record import read, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.stage import ToolFailed, ToolTimeout
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.processes import PATIENCE_S
from tests.support.room import HOSTED, call_of, gathers_candidates, joined, session_of, until
from tests.support.servers import Fake, StartFake

pytestmark = pytest.mark.skipif(
    not gathers_candidates(), reason="LiveKit's client needs an address that is not loopback"
)


@pytest.fixture
async def fake(start_fake: StartFake) -> Fake:
    """A fake with a room, in running time."""
    return await start_fake(rate=1.0, livekit=HOSTED)


@pytest.mark.parametrize("single", [True, False])
async def test_a_user_sees_and_hears_the_avatar_and_hangs_up(fake: Fake, *, single: bool) -> None:
    """By either path: the avatar is there first, both tracks flow, END_CALL ends the session."""
    session = await session_of(fake)
    async with joined(session.user, single=single) as guest:
        assert guest.others == [f"worker:{session.id}"]
        await until(lambda: min(guest.frames.values()) >= 5)
        await guest.say({"type": "END_CALL"})
        await until(lambda: guest.reason)
    assert guest.reason == "ROOM_DELETED"
    assert (await fake.get(session.id))["status"] == "COMPLETED"


async def test_a_user_who_leaves_without_a_word_ends_the_session(fake: Fake) -> None:
    """A closing tab sends its leave and nothing else."""
    session = await session_of(fake)
    async with joined(session.user):
        assert (await fake.get(session.id))["status"] == "RUNNING"
    await until(lambda: fake.world.account.has_ended(session.id))
    assert (await fake.get(session.id))["status"] == "COMPLETED"


async def test_what_the_avatar_says_reaches_the_user(fake: Fake) -> None:
    """Transcripts, client events, raw packets and who speaks come in order; audio is heard."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        call = call_of(fake, session)
        call.talking(on=True)
        call.transcript("assistant", 1, "Hello")
        call.client_event("confetti", {"count": 3})
        call.send_raw(b"raw", times=2)
        await until(lambda: len(guest.packets) == 4 and guest.loudest > 100)
        call.talking(on=False)
        await until(lambda: "silent" in guest.seen)
    assert guest.messages == [
        {"type": "transcription", "role": "assistant", "turn": 1, "text": "Hello"},
        {"type": "client_event", "tool": "confetti", "args": {"count": 3}},
    ]
    assert guest.packets[2:] == [b"raw", b"raw"]
    assert guest.seen[:2] == ["speaking", "silent"]


async def test_a_hidden_backend_serves_the_tools(fake: Fake) -> None:
    """Users do not see it; its answers, its errors and its silence come back as what they are."""
    session = await session_of(fake)
    async with joined(session.user) as user, joined(session.backend) as backend:
        local = backend.room.local_participant
        hanging, asked_slow = asyncio.Event(), asyncio.Event()

        async def weather(call: rtc.RpcInvocationData) -> str:
            return json.dumps({"asked": json.loads(call.payload), "by": call.caller_identity})

        async def broken(_: rtc.RpcInvocationData) -> str:
            raise rtc.RpcError(4_000, "no such city")

        async def slow(_: rtc.RpcInvocationData) -> str:
            asked_slow.set()
            await hanging.wait()
            return "at last"

        for method in (weather, broken, slow):
            local.register_rpc_method(method.__name__, method)
        call = call_of(fake, session)
        await until(lambda: len(call.joined_identities) == 2)
        answer = await call.call_tool("weather", {"city": "Bern"}, 10.0)
        with pytest.raises(ToolFailed, match="no such city"):
            await call.call_tool("broken", {}, 10.0)
        with pytest.raises(ToolFailed):
            await call.call_tool("unknown", {}, 10.0)
        late: list[tuple[object, str | None]] = []
        # The client counts the time-out as well, in real time: only the world's may pass here.
        asked = asyncio.create_task(
            call.call_tool("slow", {}, PATIENCE_S, late=lambda *answer: late.append(answer))
        )
        async with asyncio.timeout(PATIENCE_S):
            await asked_slow.wait()
        fake.world.clock.jump(PATIENCE_S)
        with pytest.raises(ToolTimeout):
            await asked
        assert late == []
        hanging.set()
        await until(lambda: late == [("at last", None)])
        assert user.others == [f"worker:{session.id}"]
    assert answer == {"asked": {"args": {"city": "Bern"}}, "by": f"worker:{session.id}"}


async def test_a_method_of_the_avatar_is_refused(fake: Fake) -> None:
    """The avatar serves no RPC, and says so at once."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        with pytest.raises(rtc.RpcError) as refused:
            await guest.room.local_participant.perform_rpc(
                destination_identity=f"worker:{session.id}", method="dance", payload=""
            )
    assert refused.value.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD


@pytest.mark.parametrize("single", [True, False])
async def test_an_avatar_can_come_late(fake: Fake, *, single: bool) -> None:
    """A user waits in the room; once the avatar is announced, both tracks flow."""
    session = await session_of(fake)
    async with joined(session.backend):
        call_of(fake, session).announced = False
        async with joined(session.user, single=single) as guest:
            assert guest.others == []
            call_of(fake, session).announce()
            await until(lambda: min(guest.frames.values()) >= 5)
            assert guest.others == [f"worker:{session.id}"]


async def test_the_room_hears_a_user_speak(fake: Fake) -> None:
    """A tone and then silence on the user's microphone is one utterance."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        source = rtc.AudioSource(48_000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("mic", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await guest.room.local_participant.publish_track(track, options)
        hearing = asyncio.ensure_future(call_of(fake, session).user_spoke())

        async def speak() -> None:
            for chunk in range(1_000):
                value = 8_000 if chunk < 50 else 0
                samples = b"".join(
                    (value if i // 50 % 2 else -value).to_bytes(2, "little", signed=True)
                    for i in range(480)
                )
                await source.capture_frame(rtc.AudioFrame(samples, 48_000, 1, 480))

        speaking = asyncio.ensure_future(speak())
        async with asyncio.timeout(15):
            seconds = await hearing
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    assert 0.2 < seconds < 2.0


async def test_a_client_whose_socket_is_lost_comes_back(fake: Fake) -> None:
    """It joins anew within the grace, and the session goes on."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        call = call_of(fake, session)
        await until(lambda: call.joined_identities)
        call.drop_socket()
        await until(lambda: "reconnected" in guest.seen)
        before = guest.frames["video"]
        await until(lambda: guest.frames["video"] > before + 5)
        assert (await fake.get(session.id))["status"] == "RUNNING"


async def test_a_second_client_of_the_same_identity_takes_over(fake: Fake) -> None:
    """The first is sent away with the reason; the session goes on."""
    session = await session_of(fake)
    async with joined(session.user) as first, joined(session.user) as second:
        await until(lambda: first.reason)
        await until(lambda: second.frames["video"])
        assert first.reason == "DUPLICATE_IDENTITY"
        assert (await fake.get(session.id))["status"] == "RUNNING"


async def test_a_deleted_session_closes_its_room(fake: Fake) -> None:
    """The core rules the room: whatever ends the session sends everyone away."""
    session = await session_of(fake)
    async with joined(session.user) as guest, joined(session.backend) as backend:
        await fake.call("DELETE", f"/v1/realtime_sessions/{session.id}")
        await until(lambda: guest.reason and backend.reason)
    assert (guest.reason, backend.reason) == ("ROOM_DELETED", "ROOM_DELETED")
    assert (await fake.get(session.id))["status"] == "CANCELLED"


async def test_the_longest_duration_closes_the_room(fake: Fake) -> None:
    """A clock that jumps over it takes the room along."""
    session = await session_of(fake, maxDuration=60)
    async with joined(session.user) as guest:
        fake.world.clock.jump(60.0)
        await until(lambda: guest.reason)
    body = await fake.get(session.id)
    assert (guest.reason, body["status"], body["duration"]) == ("ROOM_CLOSED", "COMPLETED", 60)


async def test_a_server_that_stops_says_so(fake: Fake) -> None:
    """Clients get the reason, and do not come back."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        assert fake.rooms is not None
        await fake.rooms.close()
        await until(lambda: guest.reason)
    assert guest.reason == "SERVER_SHUTDOWN"


async def test_a_flood_of_packets_harms_no_other_call(fake: Fake) -> None:
    """3,000 packets of one client are counted; another call's picture goes on meanwhile."""
    noisy, calm = await session_of(fake), await session_of(fake)
    async with joined(noisy.user) as sender, joined(calm.user) as guest:
        await until(lambda: guest.frames["video"])
        before = guest.frames["video"]
        for _ in range(3_000):
            await sender.room.local_participant.publish_data(b"noise")
        call = call_of(fake, noisy)
        await until(lambda: call.data_count == 3_000)
        await until(lambda: guest.frames["video"] > before + 15)
        assert guest.reason is None


async def test_the_timeline_has_what_happened_in_the_room(fake: Fake) -> None:
    """Joins, tracks, data and departures are reported, and a replay needs no room."""
    session = await session_of(fake)
    async with joined(session.user) as guest:
        source = rtc.AudioSource(48_000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("mic", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await guest.room.local_participant.publish_track(track, options)
        await guest.say({"type": "something"})
        await until(lambda: call_of(fake, session).data_count)
        await guest.say({"type": "END_CALL"})
        await until(lambda: guest.reason)
    acts = [entry for entry in fake.world.log.entries() if isinstance(entry, Act)]
    assert [(act.given["event"], act.given.get("participant")) for act in acts] == [
        ("joined", f"user:{session.id}"),
        ("published", f"user:{session.id}"),
        ("data", f"user:{session.id}"),
        ("left", f"user:{session.id}"),
        ("closed", None),
    ]
    assert acts[-2].given["how"] == "end_call"
    assert acts[-1].given["reason"] == "ended"
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    assert replay(read(token_of(recorded)), livekit=LiveKit()).divergence is None
    steps = {step["operation"]: step for step in recorded["steps"] if "operation" in step}
    assert steps["consumeSession"]["media_url"] == session.user["url"]
    assert session.user["url"].startswith(fake.url.replace("http", "ws") + "/w/")


def scenario(name: str) -> Scenario:
    """Return a scenario of the catalogue."""
    found = Catalogue.builtin().get(name)
    assert found is not None
    return found


async def test_the_script_of_a_scenario_is_played(start_fake: StartFake) -> None:
    """The avatar greets, says its line and hangs up; what it said stands in the session's call."""
    fake = await start_fake(
        rate=20.0, livekit=HOSTED, scenario=scenario("call-ended-by-the-avatar")
    )
    session = await session_of(fake, startScript="Hello there.")
    async with joined(session.user) as guest:
        await until(lambda: guest.reason)
    texts: dict[int, str] = {}
    for message in guest.messages:
        texts[message["turn"]] = texts.get(message["turn"], "") + message["text"]
    assert texts == {1: "Hello there.", 2: "It was nice to meet you. Goodbye."}
    assert guest.reason == "ROOM_DELETED"
    assert (await fake.get(session.id))["status"] == "COMPLETED"
    kept = fake.world.account.call(session.id).transcript
    assert [each.text for each in kept if isinstance(each, Utterance)] == list(texts.values())


async def test_a_late_avatar_comes_when_its_scenario_says(start_fake: StartFake) -> None:
    """The world's clock decides when; the tracks then flow at once."""
    fake = await start_fake(livekit=HOSTED, scenario=scenario("call-late-avatar"))
    session = await session_of(fake)
    async with joined(session.user) as guest:
        call = call_of(fake, session)
        await until(lambda: call.joined_identities)
        assert guest.others == []
        fake.world.clock.jump(5.0)
        await until(lambda: guest.frames["video"])
        assert guest.others == [f"worker:{session.id}"]


async def test_a_room_that_refuses_lets_no_client_in(start_fake: StartFake) -> None:
    """It says so in a leave, as a room does whose join fails."""
    fake = await start_fake(livekit=HOSTED, scenario=scenario("call-join-refused"))
    session = await session_of(fake)
    with pytest.raises(rtc.ConnectError):
        async with joined(session.user):
            pass
    assert (await fake.get(session.id))["status"] == "RUNNING"


async def test_a_session_can_start_when_a_participant_joins(start_fake: StartFake) -> None:
    """With a join time, consuming the key alone does not start it; joining the room does."""
    plan = Plan(join=Fixed(3_600.0))
    fake = await start_fake(Settings(plan=plan), rate=1.0, livekit=HOSTED)
    session = await session_of(fake)
    assert fake.world.account.sessions[session.id].state is State.CLAIMED
    async with joined(session.user):
        await until(lambda: fake.world.account.sessions[session.id].state is State.RUNNING)
    await until(lambda: fake.world.account.has_ended(session.id))
