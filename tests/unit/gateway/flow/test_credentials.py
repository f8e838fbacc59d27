"""What a caller gets, in the two shapes that browser SDKs accept."""

from gateway.flow.credentials import HandedOut, RoomCredentials


def test_a_session_is_handed_out_by_its_key_or_by_its_room() -> None:
    """Never both: the keys of the other shape are not there."""
    assert HandedOut("s", "k").body() == {"sessionId": "s", "sessionKey": "k"}
    assert HandedOut("s", RoomCredentials("wss://r", "t", "n")).body() == {
        "sessionId": "s",
        "serverUrl": "wss://r",
        "token": "t",
        "roomName": "n",
    }


def test_no_repr_shows_a_secret() -> None:
    """Neither the key nor the room's token."""
    shown = repr([HandedOut("s", "planted"), RoomCredentials("u", "planted", "n")])
    assert "planted" not in shown
