"""What an agent has the avatar say: it takes its time, and the agent hears when it was played."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from fake_runway.room.voice import CLEAR, FINISHED, TOPIC, AgentVoice
from tests.support.simulation import simulate


class Room:
    """A stand-in for LiveKit's client."""

    def __init__(self) -> None:
        self.local_participant = self
        self.handlers: dict[str, Any] = {}
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.gone = False

    def register_byte_stream_handler(self, topic: str, handler: Any) -> None:
        """Keep a handler."""
        self.handlers[topic] = handler

    def register_rpc_method(self, method: str, handler: Any) -> None:
        """Keep a handler."""
        self.handlers[method] = handler

    async def perform_rpc(self, *, destination_identity: str, method: str, payload: str) -> None:
        """Note what the agent is told."""
        if self.gone:
            raise RuntimeError("recipient not found")
        self.told.append((destination_identity, method, json.loads(payload)))


class Stream:
    """Some seconds of silence, in pieces of half a second."""

    def __init__(self, seconds: float, attributes: dict[str, str], rate: int) -> None:
        self.info = SimpleNamespace(attributes=attributes)
        self._pieces = [bytes(rate)] * int(seconds * 2)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        for piece in self._pieces:
            yield piece


def heard(
    *streams: Stream, seconds: float, stop_after: float | None = None, gone: bool = False
) -> tuple[Room, list[tuple[float, bool]]]:
    """Return the room after some seconds, and when the mouth moved."""

    async def main() -> tuple[Room, list[tuple[float, bool]]]:
        room, mouth = Room(), []
        loop = asyncio.get_running_loop()
        began = loop.time()
        voice = AgentVoice(lambda on: mouth.append((round(loop.time() - began, 3), on)))
        voice.listen(room)
        room.gone = gone
        playing = asyncio.ensure_future(voice.play(room))
        for stream in streams:
            room.handlers[TOPIC](stream, "agent")
        if stop_after is not None:
            await asyncio.wait({playing}, timeout=stop_after)
            assert room.handlers[CLEAR](None) == "ok"
        await asyncio.wait({playing}, timeout=seconds)
        playing.cancel()
        return room, mouth

    return simulate(main())


@pytest.mark.parametrize(
    ("attributes", "rate"),
    [
        ({"sample_rate": "24000", "num_channels": "1"}, 24_000),
        ({"sample_rate": "16000", "num_channels": "2"}, 32_000),
        ({"sample_rate": "0", "num_channels": "many"}, 16_000),
        ({}, 16_000),
    ],
)
def test_the_avatar_talks_as_long_as_it_lasts(attributes: dict[str, str], rate: int) -> None:
    """By the rate and channels that the stream says, if they make sense."""
    room, mouth = heard(Stream(2.0, attributes, rate), seconds=5)
    assert mouth == [(0.0, True), (2.0, False)]
    assert room.told == [("agent", FINISHED, {"playback_position": 2.0, "interrupted": False})]


def test_one_is_played_after_the_other() -> None:
    """Each is told of."""
    room, mouth = heard(Stream(1.0, {}, 16_000), Stream(0.5, {}, 16_000), seconds=5)
    assert [on for _, on in mouth] == [True, False, True, False]
    assert [each["playback_position"] for _, _, each in room.told] == [1.0, 0.5]


def test_an_agent_that_is_interrupted_has_it_stop() -> None:
    """It hears how far it came."""
    room, mouth = heard(Stream(4.0, {}, 16_000), seconds=5, stop_after=1.2)
    assert mouth[-1] == (1.2, False)
    assert room.told == [("agent", FINISHED, {"playback_position": 1.0, "interrupted": True})]


def test_an_agent_that_is_gone_is_no_trouble() -> None:
    """The next one is played."""
    _, mouth = heard(Stream(0.5, {}, 16_000), Stream(0.5, {}, 16_000), seconds=5, gone=True)
    assert mouth[-1] == (1.0, False)
