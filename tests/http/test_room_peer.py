"""One peer connection of the room, with aiortc as the client: loopback alone is enough for that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aioice import ice
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from fake_runway.room.clients.loopback import ADDRESS, only_loopback
from fake_runway.room.clients.peer import LOSSY, RELIABLE, Outgoing, Peer
from fake_runway.room.media.tracks import AvatarAudio, AvatarVideo
from fake_runway.room.wire.sdp import BadDescription, sections
from tests.support.processes import PATIENCE_S


class Heard:
    """What a peer told of."""

    def __init__(self) -> None:
        self.up, self.down, self.spoken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()

    def connected(self) -> None:
        """Note it."""
        self.up.set()

    def disconnected(self) -> None:
        """Note it."""
        self.down.set()

    def received(self, raw: bytes) -> None:
        """Keep it."""
        self.packets.put_nowait(raw)

    def heard(self, level: float, seconds: float) -> None:
        """Note that there was sound."""
        assert 0 < seconds < 0.1
        if level > 0.01:
            self.spoken.set()


@pytest.fixture
async def client() -> AsyncIterator[RTCPeerConnection]:
    """A client with no address but loopback."""
    connection = RTCPeerConnection(
        RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    )
    yield connection
    await connection.close()


@pytest.fixture
async def heard() -> Heard:
    """What the room's side tells of."""
    return Heard()


def avatar() -> dict[str, Outgoing]:
    """Return new tracks."""
    return {
        "audio": Outgoing(AvatarAudio(), "PA|TR_a TR_a"),
        "video": Outgoing(AvatarVideo(), "PA|TR_v TR_v"),
    }


async def offered(client: RTCPeerConnection) -> str:
    """Return the client's next offer."""
    with only_loopback():
        await client.setLocalDescription(await client.createOffer())
    return client.localDescription.sdp


async def frames(tracks: list[MediaStreamTrack]) -> None:
    """Return once each track has shown something."""
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(track.recv() for track in tracks))


async def test_tracks_and_data_flow_by_the_answer_to_one_offer(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """The client's addresses are not used, and the only one of ours is loopback."""
    tracks: list[MediaStreamTrack] = []
    client.on("track", tracks.append)
    client.addTransceiver("audio", direction="recvonly")
    client.addTransceiver("video", direction="recvonly")
    client.addTransceiver("video", direction="recvonly")
    channel = client.createDataChannel(RELIABLE)
    got: asyncio.Queue[bytes] = asyncio.Queue()
    channel.on("message", got.put_nowait)
    peer = Peer(heard)
    peer.send(b"before the channel is open")
    answer = await peer.answer(await offered(client), avatar())
    await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(PATIENCE_S):
        await heard.up.wait()
        assert await got.get() == b"before the channel is open"
        channel.send(b"from the client")
        assert await heard.packets.get() == b"from the client"
    await frames(tracks[:2])
    await peer.close()
    hosts = set(re.findall(r"a=candidate:\S+ \d udp \d+ (\S+)", answer))
    assert hosts == {ADDRESS}
    assert [each.direction for each in sections(answer)[:3]] == ["sendonly", "sendonly", "inactive"]
    assert [each.track for each in sections(answer)[:3]] == ["TR_a", "TR_v", ""]


async def test_firefox_gets_an_address_beside_loopback(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """It pairs none of loopback with the addresses that it has."""
    client.addTransceiver("audio", direction="recvonly")
    offer = (await offered(client)).replace("o=-", "o=mozilla...THIS_IS_SDPARTA-99.0")
    peer = Peer(heard)
    hosts = re.findall(r"a=candidate:\S+ \d udp \d+ (\S+)", await peer.answer(offer, {}))
    await peer.close()
    others = ice.get_host_addresses(use_ipv4=True, use_ipv6=False)
    assert set(hosts) == {ADDRESS, *others}


async def test_a_late_track_is_attached_in_the_answer_to_a_second_offer(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """The first answer declines both sections."""
    tracks: list[MediaStreamTrack] = []
    client.on("track", tracks.append)
    client.addTransceiver("audio", direction="recvonly")
    client.addTransceiver("video", direction="recvonly")
    peer = Peer(heard)
    answer = await peer.answer(await offered(client), {})
    assert [each.direction for each in sections(answer)] == ["inactive", "inactive"]
    await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(PATIENCE_S):
        await heard.up.wait()
    answer = await peer.answer(await offered(client), avatar())
    await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await frames(tracks)
    assert set(peer.attached) == {"audio", "video"}
    await peer.close()


async def test_an_offer_of_ours_carries_tracks_and_channels(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """As clients with two peer connections want it."""
    tracks: list[MediaStreamTrack] = []
    got: asyncio.Queue[bytes] = asyncio.Queue()
    labels = []

    def opened(channel: object) -> None:
        labels.append(channel.label)  # type: ignore[attr-defined]  # aiortc's event has no type
        channel.on("message", got.put_nowait)  # type: ignore[attr-defined]

    client.on("track", tracks.append)
    client.on("datachannel", opened)
    peer = Peer(heard)
    offer = await peer.offer(avatar())
    await client.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    with only_loopback():
        await client.setLocalDescription(await client.createAnswer())
    await peer.settle(client.localDescription.sdp)
    peer.send(b"hello")
    await frames(tracks)
    async with asyncio.timeout(PATIENCE_S):
        assert await got.get() == b"hello"
    await peer.close()
    assert sorted(labels) == sorted([RELIABLE, LOSSY])


async def test_the_microphone_of_a_client_is_heard(client: RTCPeerConnection, heard: Heard) -> None:
    """And its camera is declined."""
    microphone = Tone()
    client.addTrack(microphone)
    client.addTransceiver("video", direction="sendonly")
    peer = Peer(heard)
    answer = await peer.answer(await offered(client), {})
    await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(PATIENCE_S):
        await heard.spoken.wait()
    await peer.close()
    assert [each.direction for each in sections(answer)] == ["recvonly", "inactive"]


async def test_a_connection_that_does_not_come_up_has_failed(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """A client that hears nothing more would wait without an end."""
    client.addTransceiver("audio", direction="recvonly")
    peer = Peer(heard, connect_s=0.01)
    await peer.answer(await offered(client), {})
    async with asyncio.timeout(PATIENCE_S):
        await heard.down.wait()
    assert not heard.up.is_set()
    await peer.close()


async def test_a_client_that_goes_takes_its_connection_along(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """The room is told, after a moment for the client's goodbye."""
    client.createDataChannel(RELIABLE)
    peer = Peer(heard)
    answer = await peer.answer(await offered(client), {})
    await client.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(PATIENCE_S):
        await heard.up.wait()
        await client.close()
        await heard.down.wait()
    await peer.close()


async def test_a_closed_connection_answers_and_offers_nothing(
    client: RTCPeerConnection, heard: Heard
) -> None:
    """Whatever aiortc makes of it."""
    client.addTransceiver("audio", direction="recvonly")
    offer = await offered(client)
    peer = Peer(heard)
    await peer.close()
    await peer.close()
    with pytest.raises(BadDescription):
        await peer.answer(offer, {})
    with pytest.raises(BadDescription):
        await peer.offer({})
    with pytest.raises(BadDescription):
        await peer.settle(offer)


class Tone(AvatarAudio):
    """A microphone with a tone."""

    def __init__(self) -> None:
        super().__init__()
        self.talking = True
