"""The pipeline redacts a call in one place, and a replay of what is left is identical."""

import pytest

from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.history.views import exchange_body
from fake_runway.replay.record import read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.runway_api.wire import DOC_URL
from tests.support.fake.runs import LIVEKIT, PRESET, Ask, Player, alone

SECRET = "a caller's own"
KEY = f"stk_{'0a' * 6}_{'0b' * 16}"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk"
BY_ID = {operation.id: operation for operation in OPERATIONS}


def assert_replays(player: Player) -> None:
    """Replay the record of a world."""
    text = token_of(record(player.world))
    assert replay(read(text), livekit=LIVEKIT).divergence is None


@pytest.mark.parametrize("secret", [SECRET, KEY, JWT])
def test_no_secret_of_a_request_gets_into_the_journal(secret: str) -> None:
    """Neither a User-Agent nor a body, an address and a query keep what the caller sent."""
    player = alone()
    room = {"url": f"wss://rooms.example/{secret}", "token": secret, "roomName": "a room"}
    body = {"model": "gwm1_avatars", "avatar": PRESET, "personality": secret, "livekit": room}
    create = Exchange("createSession", "POST", "/v1/realtime_sessions", agent=secret, body=body)
    listing = Exchange("listAvatars", "GET", "/v1/avatars", query={"cursor": f"x{secret}"})
    for exchange in (create, listing):
        call = RunwayCall(player.world, LIVEKIT, BY_ID[exchange.operation], exchange, SECRET)
        apply_call(call)

    shown = [str(exchange_body(each)) for each in player.world.log.exchanges]
    assert all(secret not in text and "[covered]" in text for text in shown)
    assert_replays(player)


def test_a_rejection_loses_its_secrets_on_the_way_out_and_in_the_journal() -> None:
    """The message goes to the client and into the journal, and neither holds the secret."""
    player = alone()
    rejection = Rejection("bad_body", 400, f"wrong: {SECRET}", {"X-Fake-Where": f"$.{KEY}"})
    exchange = Exchange("", "GET", f"/v1/{SECRET}", rejection=rejection)

    delivery = apply_call(RunwayCall(player.world, LIVEKIT, None, exchange, SECRET))

    expected = ("bad_body", 400, "wrong: [covered]", {"X-Fake-Where": "$.[covered]"}, ())
    assert delivery.body == {"error": expected[2], "docUrl": DOC_URL}
    assert delivery.headers["X-Fake-Where"] == "$.[covered]"
    assert (exchange.path, exchange.rejection) == ("/v1/[covered]", expected)
    assert_replays(player)


def test_the_journal_has_no_key_that_a_reply_has() -> None:
    """The client gets the key of a READY session, and the exchange a redacted copy."""
    player = alone()
    player.ask(Ask("createSession", body={"model": "gwm1_avatars", "avatar": PRESET}))
    player.world.clock.jump(2.0)

    answer = player.ask(Ask("getSession"))

    assert isinstance(answer.body, dict)
    assert answer.body["sessionKey"].startswith("stk_")
    [*_, exchange] = player.world.log.exchanges
    assert exchange.reply == answer.body | {"sessionKey": "[covered]"}
