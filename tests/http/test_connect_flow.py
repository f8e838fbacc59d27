"""The connect flow over real sockets: a POST with an avatar id is answered with credentials."""

from fake_runway.room.tokens import LiveKit, read
from tests.support.servers import StartFake, StartGateway, provisioned_in

LIVEKIT = LiveKit("wss://rooms.example", "a-key", "a-secret-that-is-long-enough-for-hs256")


async def test_credentials_come_from_a_consumed_session(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """The default shape carries url, room and a token that the configured pair has signed."""
    fake = await start_fake(provisioned_in(0.2), rate=1.0, livekit=LIVEKIT)
    gateway = await start_gateway(fake.url)
    answer = await gateway.post("/api/avatar/connect", json={"avatarId": "music-superstar"})
    session = await fake.get(answer.json["sessionId"])
    assert answer.status == 200
    assert session["status"] == "RUNNING"
    assert answer.json["serverUrl"] == "wss://rooms.example"
    assert answer.json["roomName"] == session["id"]
    claims = read(answer.json["token"], LIVEKIT.api_secret, now=fake.world.clock.now())
    assert claims["iss"] == "a-key"
    assert claims["sub"] == f"user:{session['id']}"
    assert claims["video"]["room"] == session["id"]
    assert claims["video"]["roomJoin"] is True
    assert 299 <= claims["exp"] - fake.world.clock.now() <= 301


async def test_session_key_shape_leaves_consume_to_the_browser(
    start_fake: StartFake, start_gateway: StartGateway
) -> None:
    """With ?shape=session-key the session stays READY and its key works."""
    fake = await start_fake(provisioned_in(0.2), rate=1.0)
    gateway = await start_gateway(fake.url)
    answer = await gateway.post(
        "/api/avatar/connect?shape=session-key", json={"avatarId": "music-superstar"}
    )
    session = await fake.get(answer.json["sessionId"])
    consumed = await fake.consume(session["id"], answer.json["sessionKey"])
    assert session["status"] == "READY"
    assert consumed.status == 200
    assert consumed.json["roomName"] == session["id"]
