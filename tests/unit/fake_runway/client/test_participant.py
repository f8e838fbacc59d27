"""What a participant makes of the packets that come, how its waits end, and its tools."""

from __future__ import annotations

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from fake_runway import FakeRunway
from fake_runway.client import ClientEvent, Conflict, NoLiveKit, Participant
from fake_runway.client.participant import _handler


def said(text: str, *, turn: int = 1, role: str = "assistant") -> bytes:
    """Return a piece of a transcript, as the room sends it."""
    return json.dumps({"type": "transcription", "role": role, "turn": turn, "text": text}).encode()


def event(tool: str, **args: Any) -> bytes:
    """Return a client event, as the room sends it."""
    return json.dumps({"type": "client_event", "tool": tool, "args": args}).encode()


def receiving(*packets: bytes) -> Participant:
    """Return a participant who has received some packets."""
    participant = Participant()
    for packet in packets:
        participant.receive(packet)
    return participant


async def test_pieces_of_a_turn_are_added_up() -> None:
    """By role and turn; what the avatar said is a line for each of its turns."""
    participant = receiving(
        said("Good"), said(" day."), said("Hi.", role="user"), said("So?", turn=2)
    )

    assert participant.lines == {
        ("assistant", 1): "Good day.",
        ("user", 1): "Hi.",
        ("assistant", 2): "So?",
    }
    assert participant.heard == "Good day.\nSo?"
    assert repr(participant) == "<Participant in the call, 3 lines, 0 events>"


@pytest.mark.parametrize(
    "packet",
    [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b'{"type": "transcription"}', b'{"type": 5}'],
    ids=lambda packet: repr(packet[:20]),
)
async def test_other_packets_are_ignored(packet: bytes) -> None:
    """Anything can come over a data channel."""
    participant = receiving(packet)
    assert (participant.lines, participant.events) == ({}, [])


async def test_client_events_are_returned_one_after_the_other() -> None:
    """Those that came before the wait count, each once; others are skipped, and kept."""
    participant = receiving(event("show", n=1), event("hide"), event("show", n=2))

    assert await participant.client_event("show") == {"n": 1}
    assert await participant.client_event("show", within="5s") == {"n": 2}
    assert participant.events[1] == ClientEvent("hide", {})
    with pytest.raises(TimeoutError, match="waited for a client event for hide; heard ''"):
        await participant.client_event("hide", within=0)


async def test_a_wait_ends_when_the_thing_comes() -> None:
    """Words that come in pieces, an event, the end of the call."""
    participant = Participant()
    waits = [
        asyncio.ensure_future(each)
        for each in (participant.hears("Good day."), participant.client_event("show"))
    ]
    over = asyncio.ensure_future(participant.ended())
    for packet in (said("Good"), event("show"), said(" day.")):
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        participant.receive(packet)
    await asyncio.gather(*waits)
    assert not over.done()
    participant.end("ROOM_DELETED")
    participant.end("CLIENT_INITIATED")
    assert await over == "ROOM_DELETED"


async def test_a_wait_that_is_over_says_what_came() -> None:
    """So that the report of a failed test shows it."""
    participant = receiving(said("Good day."), event("show"), event("hide"))
    with pytest.raises(
        TimeoutError, match=r"^waited for 'Bye'; heard 'Good day.', client events: show, hide$"
    ):
        await participant.hears("Bye", within="1ms")


@pytest.mark.parametrize("payload", ['{"args": {"item": "kettle"}}', '{"item": "kettle"}'])
async def test_a_tool_gets_its_arguments_and_its_answer_is_json(payload: str) -> None:
    """Whether they are wrapped or not, and whether it is awaited or not."""

    async def awaited(args: Any) -> Any:
        return [args]

    asked = SimpleNamespace(payload=payload)

    assert json.loads(await _handler(lambda args: args["item"])(asked)) == "kettle"
    assert json.loads(await _handler(awaited)(asked)) == [{"item": "kettle"}]


async def test_without_livekit_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before anything is asked of the server."""
    monkeypatch.setitem(sys.modules, "livekit", None)
    async with FakeRunway(frozen=True) as fake:
        session = await fake.sessions.make("ready")
        with pytest.raises(NoLiveKit, match=r"expected the package livekit, .* install livekit"):
            async with fake.room(session.id):
                pass
        assert (await fake.sessions.get(session.id)).state == "ready"
        assert len(await fake.journal.list()) == 0


async def test_only_a_ready_session_can_be_joined() -> None:
    """The sentence has the status; what the server refuses is an error with its words."""
    pytest.importorskip("livekit.rtc")
    async with FakeRunway(frozen=True) as fake:
        session = await fake.sessions.make()
        with pytest.raises(Conflict, match="expected a session that is READY, got NOT_READY"):
            async with fake.room(session):
                pass
        with pytest.raises(Conflict, match="Could not find"):
            async with fake.room("00000000-0000-4000-8000-000000000000"):
                pass
