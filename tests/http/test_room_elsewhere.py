"""The avatar as a guest on a LiveKit server. That server is another fake with a room.

It forwards neither media nor data from client to client, so those end there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from fake_runway.core.durations import NO_TIME
from fake_runway.core.history.journal import Act, Exchange
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.replay.record import record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.named import Reach
from fake_runway.room.tokens import LiveKit
from tests.support.room import HOSTED, gathers_candidates, joined, session_of, until
from tests.support.servers import Fake, StartFake

pytestmark = pytest.mark.skipif(
    not gathers_candidates(), reason="LiveKit's client needs an address that is not loopback"
)


class Both(NamedTuple):
    """What `both` returns. `user`: the credentials that the fake gave to the user."""

    server: Fake
    fake: Fake
    session_id: str
    user: dict[str, str]


async def both(start_fake: StartFake, **options: object) -> Both:
    """Return a LiveKit server, a fake whose avatars join there, and a session that both know.

    Equal seeds, secrets and calls give equal ids.
    """
    server = await start_fake(rate=1.0, livekit=HOSTED)
    there = await session_of(server)
    livekit = LiveKit(url=livekit_url(server), joined=True)
    fake = await start_fake(rate=1.0, livekit=livekit, **options)
    here = await session_of(fake)
    assert here.id == there.id
    return Both(server, fake, here.id, here.user)


def livekit_url(server: Fake) -> str:
    """Return where the rooms of a server's world are."""
    return f"{server.url.replace('http', 'ws', 1)}/w/{server.world.name}"


def reports(fake: Fake, session_id: str) -> list[tuple[str, str]]:
    """Return the events that a room has reported, each with who or what it is about."""
    given = [
        each.given
        for each in fake.world.log.entries()
        if isinstance(each, Act) and each.subject.id == session_id
    ]
    return [
        (each["event"], str(each.get("source") or each.get("reason") or each.get("how") or ""))
        for each in given
        if "event" in each
    ]


def paths(server: Fake) -> list[str]:
    """Return what a server was asked for in its world."""
    return [each.path for each in server.world.log.entries() if isinstance(each, Exchange)]


async def test_the_avatar_joins_and_publishes(start_fake: StartFake) -> None:
    """It is there before any user, with camera and microphone."""
    server, _, session_id, _ = await both(start_fake)
    await until(lambda: ("published", "camera") in reports(server, session_id))
    assert ("published", "microphone") in reports(server, session_id)


async def test_users_who_come_and_go_are_reported(start_fake: StartFake) -> None:
    """The session is the avatar's own fake's: the user who leaves ends it, there and elsewhere."""
    server, fake, session_id, user = await both(start_fake)
    async with joined(user):
        await until(lambda: ("joined", "") in reports(fake, session_id))
        answer = await fake.admin(
            "POST", f"/sessions/{session_id}/script", {"steps": [{"send": {"data": "hi"}}]}
        )
        assert answer.status in (200, 202), answer
        await until(lambda: ("data", "") in reports(server, session_id))
    await until(lambda: ("closed", "ended") in reports(fake, session_id))
    assert ("left", "leave") in reports(fake, session_id)
    assert (await fake.get(session_id))["status"] == "COMPLETED"


async def test_the_avatar_leaves_a_session_that_is_cancelled(start_fake: StartFake) -> None:
    """The core rules: the server sees it go, and is asked to delete the room."""
    server, fake, session_id, _ = await both(start_fake)
    await until(lambda: ("published", "camera") in reports(server, session_id))
    await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}")
    await until(lambda: ("left", "leave") in reports(server, session_id))
    assert reports(fake, session_id) == [("closed", "cancelled")]
    await until(lambda: "/twirp/livekit.RoomService/DeleteRoom" in paths(server))


async def test_an_avatar_whom_no_server_takes_is_reported(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says where it wanted to go; the session goes on, and no token is in the log."""
    fake = await start_fake(rate=1.0, livekit=LiveKit(url="ws://127.0.0.1:1", joined=True))
    session = await session_of(fake)
    await until(lambda: ("closed", "failed") in reports(fake, session.id))
    assert "is not in its room at ws://127.0.0.1:1" in caplog.text
    assert "eyJ" not in caplog.text
    assert (await fake.get(session.id))["status"] == "RUNNING"


# A room that a create names


async def named_by(start_fake: StartFake, **options: Any) -> Both:
    """Return a LiveKit server, and a fake with a session whose create names a room there."""
    server = await start_fake(rate=1.0, livekit=HOSTED)
    there = await session_of(server)
    settings = Settings(plan=Plan(provision=NO_TIME))
    fake = await start_fake(settings, rate=1.0, livekit=options.pop("livekit", HOSTED))
    room = {"url": livekit_url(server), "token": there.user["token"], "roomName": "agents"}
    here = await fake.create(livekit={**room, **options})
    return Both(server, fake, here, there.user)


async def test_the_avatar_joins_the_room_that_a_create_names(start_fake: StartFake) -> None:
    """With the token that stands there, as soon as the session is READY: that starts it."""
    server, fake, session_id, user = await named_by(start_fake)
    await until(lambda: ("published", "camera") in reports(server, user["roomName"]))
    assert ("published", "microphone") in reports(server, user["roomName"])
    assert reports(fake, session_id) == [("entered", "")]
    assert (await fake.get(session_id))["status"] == "RUNNING"

    await server.call("DELETE", f"/v1/realtime_sessions/{user['roomName']}")
    await until(lambda: fake.world.account.has_ended(session_id))
    assert (await fake.get(session_id))["status"] == "COMPLETED"
    assert user["token"] not in token_of(record(fake.world))
    assert replay(record(fake.world), livekit=LiveKit()).divergence is None


async def test_the_avatar_leaves_a_named_room_and_the_room_stays(start_fake: StartFake) -> None:
    """It is a guest there: the server is not asked to delete anything."""
    server, fake, session_id, user = await named_by(start_fake)
    await until(lambda: ("published", "camera") in reports(server, user["roomName"]))
    await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}")
    await until(lambda: ("left", "leave") in reports(server, user["roomName"]))
    assert not [each for each in paths(server) if "DeleteRoom" in each]


@pytest.mark.parametrize("reach", [Reach.OFF, Reach.LOOPBACK])
async def test_an_address_that_is_not_allowed_is_asked_nothing(
    start_fake: StartFake, caplog: pytest.LogCaptureFixture, reach: Reach
) -> None:
    """The create is answered, the log names the option, and the session stays READY."""
    fake = await start_fake(
        Settings(plan=Plan(provision=NO_TIME)),
        livekit=LiveKit(url="", hosted=True, reach=reach),
    )
    room = {"url": "ws://192.0.2.1:7880", "token": "t", "roomName": "r"}
    session_id = await fake.create(livekit=room)
    await until(lambda: "the avatar joins no room" in caplog.text)
    assert (await fake.get(session_id))["status"] == "READY"
