"""The room that a create names: which one it is, and where the avatar does not go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fake_runway.room.named import NamedRoom, OutOfReach, Reach, room_named, within_reach

ROOM = {"url": "ws://127.0.0.1:7880", "token": "t", "roomName": "r"}


def reached(url: str, reach: Reach) -> str:
    """Return where the avatar goes."""
    return asyncio.run(within_reach(url, reach))


@pytest.mark.parametrize(
    ("body", "room"),
    [
        ({}, None),
        (None, None),
        ({"integration": {"type": "elevenlabs", "signedUrl": "wss://x"}}, None),
        ({"livekit": ROOM}, NamedRoom(ROOM["url"], "t", "r")),
        (
            {"integration": {"type": "livekit", **ROOM, "agentIdentity": "a"}},
            NamedRoom(ROOM["url"], "t", "r", "a"),
        ),
    ],
)
def test_a_create_names_a_room_by_either_key(
    body: dict[str, Any] | None, room: NamedRoom | None
) -> None:
    """The older key says the same; another integration names none."""
    assert room_named(body) == room


def test_its_token_is_not_shown() -> None:
    """Neither is the URL, which may hold secrets."""
    room = NamedRoom("wss://u:secret@h:1/secret", "token", "room")
    assert (repr(room), room.server) == ("<NamedRoom room>", "wss://h:1")


@pytest.mark.parametrize(
    ("url", "reach", "goes_to"),
    [
        ("ws://127.0.0.1:7880", Reach.LOOPBACK, "ws://127.0.0.1:7880"),
        ("HTTP://LocalHost:7880/a/?token=x#y", Reach.LOOPBACK, "ws://localhost:7880/a"),
        ("ws://user:pass@127.0.0.1:1", Reach.LOOPBACK, "ws://127.0.0.1:1"),
        ("ws://8.8.8.8\\@127.0.0.1", Reach.LOOPBACK, "ws://127.0.0.1:80"),
        ("ws://127.0.0.1#@8.8.8.8:99999", Reach.LOOPBACK, "ws://127.0.0.1:80"),
        ("ws://[::1]:1", Reach.LOOPBACK, "ws://[::1]:1"),
        ("ws://[::ffff:127.0.0.1]", Reach.LOOPBACK, "ws://127.0.0.1:80"),
        ("wss://192.168.0.5", Reach.PRIVATE, "wss://192.168.0.5:443"),
        ("ws://[fd00::1]:2", Reach.PRIVATE, "ws://[fd00::1]:2"),
        ("wss://rooms.example", Reach.ANY, "wss://rooms.example:443"),
        ("https://8.8.8.8:8443", Reach.ANY, "wss://8.8.8.8:8443"),
    ],
)
def test_a_url_within_reach_is_put_together_anew(url: str, reach: Reach, goes_to: str) -> None:
    """From scheme, host, port and path alone: no two readers find two hosts in it."""
    assert reached(url, reach) == goes_to


@pytest.mark.parametrize("reach", [Reach.LOOPBACK, Reach.PRIVATE])
@pytest.mark.parametrize(
    "url",
    [
        "ws://8.8.8.8",
        "ws://169.254.169.254",  # where clouds serve credentials
        "ws://0.0.0.0:1",
        "ws://100.64.0.1",
        "ws://[::ffff:8.8.8.8]",
        "ws://[fe80::1]",
        "wss://rooms.example",
        "ws://127.0.0.1@8.8.8.8",
        "ftp://127.0.0.1",
        "127.0.0.1:7880",
        "ws://",
        "ws://127.0.0.1/a b",
    ],
)
def test_what_lies_outside_is_not_asked(url: str, reach: Reach) -> None:
    """Nor is what is no URL of a server."""
    with pytest.raises(OutOfReach):
        reached(url, reach)


@pytest.mark.parametrize("url", ["ws://10.0.0.1", "ws://2130706433", "ws://rooms.example"])
def test_by_default_only_this_machine_is_reached(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is resolved either."""
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", None)
    with pytest.raises(OutOfReach, match="--livekit-rooms loopback allows this machine alone"):
        reached(url, Reach.LOOPBACK)


@pytest.mark.parametrize(
    ("found", "goes_to"),
    [
        (["10.0.0.7"], "ws://10.0.0.7:7880"),
        (["127.0.0.1", "10.0.0.7"], "ws://127.0.0.1:7880"),
        (["10.0.0.7", "8.8.8.8"], None),
        ([], None),
    ],
)
def test_a_private_name_is_resolved_once(
    found: list[str], goes_to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it stood for is connected to, so that it cannot stand for something else then."""

    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return [(0, 0, 0, "", (each, 7880)) for each in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    if goes_to is not None:
        assert reached("ws://livekit:7880", Reach.PRIVATE) == goes_to
        return
    with pytest.raises(OutOfReach):
        reached("ws://livekit:7880", Reach.PRIVATE)


def test_none_is_joined_where_that_is_off() -> None:
    """Not even on this machine."""
    with pytest.raises(OutOfReach, match="is told to join no room"):
        reached(ROOM["url"], Reach.OFF)
