"""What LiveKit's agents have an avatar say: streams of samples, which it is to play one by one.

An agent sends what it says as streams of bytes, awaits for each that the avatar has played it, and
may have it stop. The avatar moves its mouth and sounds as it always does for as long as each lasts:
the words themselves are not passed on.

Source: the topic, the methods and their payloads are those of the public package livekit-agents.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

TOPIC = "lk.audio_stream"
CLEAR, FINISHED = "lk.clear_buffer", "lk.playback_finished"
_MOST_WAITING = 100
_RATE, _CHANNELS = 16_000, 1  # where a stream does not say
_BYTES_OF_A_SAMPLE = 2

_log = logging.getLogger("fake_runway")


class AgentVoice:
    """What agents have said and was not played yet.

    Args:
        talk: moves the mouth, or stops that.
    """

    def __init__(self, talk: Callable[[bool], None]) -> None:
        self._talk = talk
        self._waiting: asyncio.Queue[tuple[Any, str]] = asyncio.Queue(_MOST_WAITING)
        self._stopped = asyncio.Event()

    def listen(self, room: Any) -> None:
        """Take what agents send in a room that was joined."""
        room.register_byte_stream_handler(TOPIC, self._take)
        room.local_participant.register_rpc_method(CLEAR, self._stop)

    def _take(self, stream: Any, identity: str) -> None:
        try:
            self._waiting.put_nowait((stream, identity))
        except asyncio.QueueFull:
            _log.warning("an agent sends more than the avatar can say")

    def _stop(self, _: Any) -> str:
        self._stopped.set()
        return "ok"

    async def play(self, room: Any) -> None:
        """Play one after the other, and tell the agent of each that it was played."""
        while True:
            stream, identity = await self._waiting.get()
            self._stopped.clear()
            self._talk(True)
            try:
                seconds = await self._play(stream)
            finally:
                self._talk(False)
            told = {"playback_position": seconds, "interrupted": self._stopped.is_set()}
            try:
                await room.local_participant.perform_rpc(
                    destination_identity=identity, method=FINISHED, payload=json.dumps(told)
                )
            except Exception as error:  # the agent may be gone, and what is raised is undocumented
                _log.debug("an agent was not told what was played: %s", error)

    async def _play(self, stream: Any) -> float:
        """Return how many seconds were played until its end, or until the agent stopped it."""
        per_s = _bytes_per_s(stream.info.attributes or {})
        played = 0.0
        async for data in stream:
            seconds = len(data) / per_s
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):  # it plays by the real clock, as media do
                    await self._stopped.wait()
            if self._stopped.is_set():
                break
            played += seconds
        return played


def _bytes_per_s(attributes: Mapping[str, str]) -> int:
    rate, channels = attributes.get("sample_rate", ""), attributes.get("num_channels", "")
    per_sample = int(channels) if channels.isdecimal() and int(channels) else _CHANNELS
    samples = int(rate) if rate.isdecimal() and int(rate) else _RATE
    return samples * per_sample * _BYTES_OF_A_SAMPLE
