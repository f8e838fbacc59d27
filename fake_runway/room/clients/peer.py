"""One WebRTC connection with a client, by aiortc.

The client's addresses are not used, and the only one of ours is loopback (but for Firefox, see
`loopback`): a client on another machine, or before a container's mapped ports, never gets here.
aioice then waits without an end, so a connection that is not up in `CONNECT_S` counts as failed.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from fake_runway.clock import pause
from fake_runway.room.clients.loopback import only_loopback
from fake_runway.room.wire import sdp

T = TypeVar("T")

CONNECT_S = 12.0
"""How long a connection may take to come up; clients give up after 10 to 15 seconds."""
RELIABLE, LOSSY = "_reliable", "_lossy"
EVENTS = "events"
"""The channel of clients by WHEP."""
_MOST_WAITING = 256  # packets that wait for their channel to open
_MOST_BUFFERED = 8 * 1024 * 1024  # bytes that a client is behind
_GOODBYE_S = 1.0  # native clients close their media before they say that they leave
_FULL_SCALE = 32_768

_log = logging.getLogger("fake_runway")


class Listener(Protocol):
    """What wants to know of a connection."""

    def connected(self) -> None:
        """It is up."""

    def disconnected(self) -> None:
        """It is down, or did not come up in time."""

    def received(self, raw: bytes) -> None:
        """A data packet came."""

    def heard(self, level: float, seconds: float) -> None:
        """Some of the client's microphone came: its loudest sample, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A track of the avatar, and what its section is to be called."""

    track: MediaStreamTrack
    stream: str


class Peer:
    """One peer connection.

    Args:
        connect_s: how long it may take to come up.

    Attributes:
        attached: the section of each track that is sent, by kind.
    """

    def __init__(self, listener: Listener, *, connect_s: float = CONNECT_S) -> None:
        self._listener = listener
        self._connection = RTCPeerConnection(
            # without a list aiortc asks a public STUN server
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._channels: dict[str, RTCDataChannel] = {}
        self._waiting: list[tuple[str, bytes | str]] = []
        self._streams: dict[str, str] = {}  # by mid
        self.attached: dict[str, str] = {}
        self._up = self._down = False
        self._negotiating = asyncio.Lock()
        self._negotiations: set[asyncio.Task[Any]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._start(self._limit(connect_s), self._tasks)
        self._connection.on("connectionstatechange", self._changed)
        self._connection.on("datachannel", self._opened)
        self._connection.on("track", self._tracked)

    async def answer(self, offer: str, outgoing: Mapping[str, Outgoing]) -> str:
        """Answer an offer of the client's; attach tracks of ours where it takes them.

        Args:
            outgoing: by kind; those that are attached already stay so.

        Raises:
            BadDescription: it cannot be answered.
        """
        work = self._answer(offer, outgoing)
        return await self._undisturbed(work, and_others=sdp.is_of_firefox(offer))

    async def offer(self, outgoing: Mapping[str, Outgoing]) -> str:
        """Return an offer of ours, with all tracks and the data channels.

        Raises:
            BadDescription: the connection is closed.
        """
        return await self._undisturbed(self._offer(outgoing))

    async def settle(self, answer: str) -> None:
        """Take the client's answer to our offer.

        Raises:
            BadDescription: it does not fit.
        """
        sdp.sections(answer)
        await self._undisturbed(self._apply("answer", sdp.without_candidates(answer)))

    async def _undisturbed(self, work: Coroutine[Any, Any, T], *, and_others: bool = False) -> T:
        """Do the work, one after the other, and to its end.

        A caller that is cancelled would leave a socket open that is just being bound.

        Args:
            and_others: as of `only_loopback`.
        """

        async def in_turn() -> T:
            async with self._negotiating:
                with only_loopback(and_others=and_others):
                    return await work

        return await asyncio.shield(self._start(in_turn(), self._negotiations))

    async def _answer(self, offer: str, outgoing: Mapping[str, Outgoing]) -> str:
        offered = sdp.sections(offer)
        await self._apply("offer", sdp.without_candidates(offer))
        for kind, each in outgoing.items():
            if kind not in self.attached and (mid := sdp.receiving(offered, kind)):
                self._attach(mid, kind, each)
        self._decline_pictures()
        await self._describe()
        return sdp.answer_text(self._connection.localDescription.sdp, offer, self._streams)

    async def _offer(self, outgoing: Mapping[str, Outgoing]) -> str:
        added = {}
        for kind, each in outgoing.items():
            if kind not in self.attached:
                added[kind] = self._connection.addTransceiver(each.track, direction="sendonly")
        if not self._channels:
            # after the tracks: aiortc closes a transport that is not of the first section
            self._opened(self._connection.createDataChannel(RELIABLE))
            self._opened(self._connection.createDataChannel(LOSSY, ordered=False, maxRetransmits=0))
        await self._describe()
        for kind, transceiver in added.items():
            mid = transceiver.mid or ""  # it has one, now that it is offered
            self.attached[kind], self._streams[mid] = mid, outgoing[kind].stream
        return sdp.offer_text(self._connection.localDescription.sdp, self._streams)

    async def _describe(self) -> None:
        try:
            await self._connection.setLocalDescription()
        except Exception as error:
            raise _bad(error) from error

    async def _apply(self, kind: str, text: str) -> None:
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(text, kind))
        except Exception as error:  # it is text from outside, and aiortc raises what comes
            raise _bad(error) from error

    def _attach(self, mid: str, kind: str, outgoing: Outgoing) -> None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.mid == mid:
                transceiver.sender.replaceTrack(outgoing.track)
                # no more is answered than was offered; no camera is taken, see below
                transceiver.direction = "sendrecv" if kind == "audio" else "sendonly"
                self.attached[kind] = mid
                self._streams[mid] = outgoing.stream

    def _decline_pictures(self) -> None:
        """Take no camera: it would be decoded for nothing, and no client minds."""
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "video" and transceiver.mid not in self.attached.values():
                transceiver.direction = "inactive"

    def send(self, raw: bytes | str, *, label: str = RELIABLE) -> None:
        """Send a packet once the channel is open; drop it if the client is far behind."""
        channel = self._channels.get(label)
        if channel is None or channel.readyState == "connecting":
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append((label, raw))
        elif channel.readyState == "open" and channel.bufferedAmount < _MOST_BUFFERED:
            channel.send(raw)

    async def close(self) -> None:
        """End it, and everything that it started."""
        self._down = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._negotiations, return_exceptions=True)
        await self._connection.close()
        _cut_circles(self._connection)
        for channel in self._channels.values():
            channel.remove_all_listeners()

    # Events of aiortc

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._up:
            self._up = True
            self._listener.connected()
        elif state in ("failed", "closed") and not self._down:
            self._down = True
            self._start(self._disconnected(), self._tasks)

    async def _disconnected(self) -> None:
        await pause(_GOODBYE_S)
        self._listener.disconnected()

    async def _limit(self, connect_s: float) -> None:
        await pause(connect_s)
        if not self._up and not self._down:
            self._down = True
            self._listener.disconnected()

    def _opened(self, channel: RTCDataChannel) -> None:
        label = channel.label
        if label in (RELIABLE, LOSSY, EVENTS):
            self._channels[label] = channel

        def message(content: bytes | str) -> None:
            self._listener.received(content.encode() if isinstance(content, str) else content)

        def opened() -> None:
            waiting, self._waiting = self._waiting, []
            for name, raw in waiting:
                self.send(raw, label=name)

        channel.on("message", message)
        channel.on("open", opened)
        if channel.readyState == "open":
            opened()

    def _tracked(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._start(self._listen(track), self._tasks)

    def _start(
        self, work: Coroutine[Any, Any, T], among: set[asyncio.Task[Any]]
    ) -> "asyncio.Task[T]":
        task = asyncio.ensure_future(work)
        among.add(task)
        task.add_done_callback(among.discard)
        return task

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, AudioFrame) and frame.sample_rate:
                self._listener.heard(_loudest(frame), frame.samples / frame.sample_rate)


def _cut_circles(connection: RTCPeerConnection) -> None:
    """Let a closed connection go as soon as nothing of ours refers to it.

    aiortc removes the listeners of the connection itself to that end, and leaves those of its
    transports, which lead back to it. Such a circle, 0.2 MiB, waits until Python looks for those
    among all objects, which in a server with little else to do is some hundred calls later.
    """
    secured = {each.receiver.transport for each in connection.getTransceivers()}
    if connection.sctp is not None:
        secured.add(connection.sctp.transport)
        connection.sctp.remove_all_listeners()
    for transport in secured:
        for emitter in (transport, transport.transport, transport.transport.iceGatherer):
            emitter.remove_all_listeners()


def _loudest(frame: AudioFrame) -> float:
    """Return the loudest of some samples, from 0 to 1; aiortc decodes to 16 bit."""
    samples = memoryview(frame.planes[0]).cast("B").cast("h")[::16]
    return max(map(abs, samples), default=0) / _FULL_SCALE


def _bad(error: Exception) -> sdp.BadDescription:
    return sdp.BadDescription(f"expected a description that can be negotiated: {error}")
