"""Signalling: what a client asks for over its WebSocket, and what the room answers and does.

No sockets here and no peer connections: requests come in as protobuf, and actions go out as values,
so that every order of messages can be tried without either.

The order, by path. On `/rtc/v1` a client has one peer connection and makes every offer itself,
mostly with its first request already. On `/rtc` it has two: the server offers the one by which it
sends, and the client answers; the client offers the other. `ORDER` is the table: phase -> kind of
request -> next phase. A missing row is the error.

Source: LiveKit's protocol (livekit-protocol 1.1) and its published clients.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from google.protobuf.message import DecodeError
from livekit.protocol.models import (
    ClientConfiguration,
    ClientInfo,
    Codec,
    ParticipantInfo,
    ParticipantPermission,
    Room,
    SpeakerInfo,
    TrackInfo,
    TrackSource,
    TrackType,
    VideoLayer,
)
from livekit.protocol.rtc import (
    AddTrackRequest,
    JoinRequest,
    LeaveRequest,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    WrappedJoinRequest,
)

from fake_runway.core.text import printable
from fake_runway.room.tokens import Admission

LARGEST_FRAME = 256 * 1024
"""Bytes of a frame, and of a join request once it is unpacked."""
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15
MOST_TRACKS = 16
"""Tracks that one participant may publish."""

_SERVER_VERSION = "1.9.0"  # an empty one is refused by clients
_PROTOCOL = 16
_GZIP = 31  # zlib's number for it
_LONGEST_NAME = 256


class BadSignal(Exception):
    """A request that is none, or comes out of order. The message says why."""


class Phase(Enum):
    """Where the signalling of a participant is."""

    OPEN = "open"
    OFFERED = "offered"  # the room's offer waits for its answer
    GONE = "gone"


_ANY_TIME = ("add_track", "mute", "offer", "ping", "ping_req")
_IGNORED = (
    # the room's candidates are enough, and every client's checks come to them
    "trickle",
    # every client gets both tracks of the one avatar
    *("subscription", "track_setting", "update_data_subscription", "subscription_permission"),
    # about the quality of tracks, which are not forwarded
    *("update_layers", "update_audio_track", "update_video_track"),
    # belongs to a resume, and there is none
    "sync_state",
    *("simulate", "update_metadata"),
    *("publish_data_track_request", "unpublish_data_track_request"),
    *("store_data_blob_request", "get_data_blob_request"),
)

ORDER: Mapping[Phase, Mapping[str, Phase]] = MappingProxyType(
    {
        Phase.OPEN: {
            **dict.fromkeys((*_ANY_TIME, *_IGNORED), Phase.OPEN),
            "leave": Phase.GONE,
        },
        Phase.OFFERED: {
            **dict.fromkeys((*_ANY_TIME, *_IGNORED), Phase.OFFERED),
            "answer": Phase.OPEN,
            "leave": Phase.GONE,
        },
        Phase.GONE: {},
    }
)


# Joining


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer. `id` ties an answer to its offer."""

    sdp: str
    id: int


@dataclass(frozen=True, slots=True)
class Joining:
    """How a client wants to join.

    Attributes:
        single: with one peer connection, as on `/rtc/v1`.
        offer: its first, if that comes along.
        reconnect: it wants to resume what it had.
        client: its SDK and version, for people.
        tracks: what it publishes with its first offer.
    """

    single: bool
    offer: Description | None = None
    reconnect: bool = False
    client: str = ""
    tracks: tuple[AddTrackRequest, ...] = ()


def joining(query: Mapping[str, str], *, single: bool) -> Joining:
    """Return what the query of a join says.

    Raises:
        BadSignal: it has a join request that cannot be unpacked.
    """
    if not single:
        return Joining(
            single=False,
            reconnect=query.get("reconnect") in ("1", "true"),
            client=_shown(f"{query.get('sdk', '')} {query.get('version', '')}"),
        )
    request = _join_request(query.get("join_request", ""))
    offer = request.publisher_offer
    sdk = ClientInfo.SDK.Name(request.client_info.sdk).lower()
    return Joining(
        single=True,
        offer=Description(offer.sdp, offer.id) if offer.sdp else None,
        reconnect=request.reconnect,
        client=_shown(f"{sdk} {request.client_info.version}"),
        tracks=tuple(request.add_track_requests)[:MOST_TRACKS],
    )


def _join_request(text: str) -> JoinRequest:
    if not text:
        raise BadSignal("expected join_request in the query, got none")
    try:
        bare = text.rstrip("=").replace("-", "+").replace("_", "/")
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        wrapped = WrappedJoinRequest.FromString(raw)
        packed = wrapped.join_request
        if wrapped.compression == WrappedJoinRequest.Compression.Value("GZIP"):
            reader = zlib.decompressobj(_GZIP)
            packed = reader.decompress(packed, LARGEST_FRAME)
            if reader.unconsumed_tail:
                raise BadSignal(
                    f"expected a join request of at most {LARGEST_FRAME} bytes, got more"
                )
        return JoinRequest.FromString(packed)
    except (binascii.Error, ValueError, zlib.error, DecodeError):
        raise BadSignal(
            "expected join_request to be a WrappedJoinRequest in base64, got other bytes"
        ) from None


def _shown(text: str) -> str:
    return printable(text.strip()[:_LONGEST_NAME])


# The conversation


@dataclass(frozen=True, slots=True)
class Send:
    """Send a response."""

    response: SignalResponse


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer an offer of the client's."""

    offer: Description


@dataclass(frozen=True, slots=True)
class Settle:
    """Take the client's answer to our offer."""

    answer: Description


@dataclass(frozen=True, slots=True)
class Publish:
    """The client publishes a track. `cid` is the client's own id of it."""

    cid: str
    track: TrackInfo


@dataclass(frozen=True, slots=True)
class Depart:
    """The client leaves."""


Action = Send | Answer | Settle | Publish | Depart


@dataclass(frozen=True, slots=True)
class Signalling:
    """The signalling of one participant: a value.

    Attributes:
        sid: of the participant; names its tracks.
        published: how many tracks it has published so far.
    """

    sid: str
    phase: Phase = Phase.OPEN
    published: int = 0
    may_publish: bool = True

    def offered(self) -> "Signalling":
        """Return it after an offer of the room's."""
        return replace(self, phase=Phase.OFFERED)

    def receive(self, raw: bytes, *, now_ms: int) -> tuple["Signalling", Sequence[Action]]:
        """Return what it becomes with a frame of the client's, and what is to be done.

        Raises:
            BadSignal: the frame is no request, or the request is out of order.
        """
        try:
            request = SignalRequest.FromString(raw)
        except DecodeError:
            raise BadSignal("expected a SignalRequest in each frame, got other bytes") from None
        kind = request.WhichOneof("message")
        if kind is None:  # of a newer client
            return self, ()
        phase = ORDER[self.phase].get(kind)
        if phase is None:
            raise BadSignal(f"expected no {kind} from a participant that is {self.phase.value}")
        return replace(self, phase=phase)._handle(kind, request, now_ms)

    def publish(self, wanted: AddTrackRequest) -> tuple["Signalling", Sequence[Action]]:
        """Return what it becomes with another track, and what is to be done.

        Raises:
            BadSignal: it may not publish, or has too many tracks.
        """
        if not self.may_publish:
            raise BadSignal("expected no track from a participant without the grant canPublish")
        if self.published >= MOST_TRACKS:
            raise BadSignal(f"expected at most {MOST_TRACKS} tracks, got more")
        track = TrackInfo(
            sid=f"TR_{self.sid.removeprefix('PA_')}{self.published}",
            type=wanted.type,
            source=wanted.source,
            name=wanted.name[:_LONGEST_NAME],
            muted=wanted.muted,
            width=wanted.width,
            height=wanted.height,
            mime_type="audio/opus" if wanted.type == TrackType.Value("AUDIO") else "video/VP8",
            layers=wanted.layers[:4],
            stream=wanted.stream[:_LONGEST_NAME],
        )
        response = SignalResponse()
        response.track_published.cid = wanted.cid
        response.track_published.track.CopyFrom(track)
        after = replace(self, published=self.published + 1)
        return after, (Send(response), Publish(wanted.cid, track))

    def _handle(
        self, kind: str, request: SignalRequest, now_ms: int
    ) -> tuple["Signalling", Sequence[Action]]:
        match kind:
            case "offer":
                return self, (Answer(Description(request.offer.sdp, request.offer.id)),)
            case "answer":
                return self, (Settle(Description(request.answer.sdp, request.answer.id)),)
            case "add_track":
                return self.publish(request.add_track)
            case "ping":
                return self, (Send(SignalResponse(pong=now_ms)),)
            case "ping_req":
                response = SignalResponse()
                response.pong_resp.last_ping_timestamp = request.ping_req.timestamp
                response.pong_resp.timestamp = now_ms
                return self, (Send(response),)
            case "leave":
                return self, (Depart(),)
        return self, ()


# What the room says


@dataclass(frozen=True, slots=True)
class Avatar:
    """The avatar as a participant.

    Attributes:
        identity: begins with `worker:`, which the published backend package asks for.
    """

    identity: str
    sid: str
    name: str = "Avatar"
    width: int = 320
    height: int = 180

    @property
    def audio_sid(self) -> str:
        """The id of its audio track."""
        return f"TR_{self.sid.removeprefix('PA_')}a"

    @property
    def video_sid(self) -> str:
        """The id of its video track."""
        return f"TR_{self.sid.removeprefix('PA_')}v"

    def track_sid(self, kind: str) -> str:
        """Return the id of its track of a kind, audio or video."""
        return self.audio_sid if kind == "audio" else self.video_sid

    def info(self) -> ParticipantInfo:
        """Return it as clients see it. Its client protocol stays 0, so they keep to RPC v1."""
        high = VideoLayer(quality="HIGH", width=self.width, height=self.height)
        return ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            name=self.name,
            kind="AGENT",
            state="ACTIVE",
            is_publisher=True,
            permission=ParticipantPermission(
                can_subscribe=True, can_publish=True, can_publish_data=True
            ),
            tracks=[
                TrackInfo(
                    sid=self.audio_sid,
                    type="AUDIO",
                    source="MICROPHONE",
                    mime_type="audio/opus",
                ),
                TrackInfo(
                    sid=self.video_sid,
                    type="VIDEO",
                    source="CAMERA",
                    mime_type="video/VP8",
                    width=self.width,
                    height=self.height,
                    layers=[high],
                ),
            ],
        )


def client_info(
    admission: Admission, sid: str, *, tracks: Iterable[TrackInfo] = (), gone: bool = False
) -> ParticipantInfo:
    """Return a client as others see it."""
    state = "DISCONNECTED" if gone else "ACTIVE"
    published = [] if gone else list(tracks)
    return ParticipantInfo(
        sid=sid,
        identity=admission.identity,
        name=admission.name[:_LONGEST_NAME],
        metadata=admission.metadata[:_LONGEST_NAME],
        state=state,
        is_publisher=bool(published),
        tracks=published,
        permission=ParticipantPermission(
            can_subscribe=admission.can_subscribe,
            can_publish=admission.can_publish,
            can_publish_data=admission.can_publish_data,
            hidden=admission.hidden,
        ),
    )


def welcome(
    room: str,
    room_sid: str,
    me: ParticipantInfo,
    others: Iterable[ParticipantInfo],
    *,
    single: bool,
) -> SignalResponse:
    """Return the first response to a client. The avatar has to be the first of `others`."""
    response = SignalResponse()
    join = response.join
    join.room.CopyFrom(Room(sid=room_sid, name=room))
    join.participant.CopyFrom(me)
    join.other_participants.extend(others)
    join.server_version = join.server_info.version = _SERVER_VERSION
    join.server_info.protocol = _PROTOCOL
    join.subscriber_primary = not single
    join.ping_interval, join.ping_timeout = PING_INTERVAL_S, PING_TIMEOUT_S
    # a lost socket is joined anew: there is no ICE restart to resume with
    join.client_configuration.CopyFrom(ClientConfiguration(resume_connection="DISABLED"))
    join.enabled_publish_codecs.extend([Codec(mime="audio/opus"), Codec(mime="video/VP8")])
    join.fast_publish = True
    return response


def described(kind: str, sdp: str, *, id: int, tracks: Mapping[str, str]) -> SignalResponse:
    """Return an answer or offer of the room's.

    Args:
        kind: answer or offer.
        tracks: the id of the track in each section that has one, by mid.
    """
    response = SignalResponse()
    description = response.answer if kind == "answer" else response.offer
    description.CopyFrom(
        SessionDescription(type=kind, sdp=sdp, id=id, mid_to_track_id=dict(tracks))
    )
    return response


def updated(*participants: ParticipantInfo) -> SignalResponse:
    """Return news of participants."""
    response = SignalResponse()
    response.update.participants.extend(participants)
    return response


def wants_sections(count: int = 0) -> SignalResponse:
    """Return the request for another offer, with so many more sections for audio and for video."""
    response = SignalResponse()
    response.media_sections_requirement.SetInParent()
    response.media_sections_requirement.num_audios = count
    response.media_sections_requirement.num_videos = count
    return response


def speaking(sid: str, *, on: bool) -> SignalResponse:
    """Return that a participant speaks, or no longer does."""
    response = SignalResponse()
    level = 0.5 if on else 0.0
    response.speakers_changed.speakers.append(SpeakerInfo(sid=sid, level=level, active=on))
    return response


def goodbye(reason: str, *, again: bool = False) -> SignalResponse:
    """Return the last response to a client.

    Args:
        reason: the name of a LiveKit DisconnectReason.
        again: the client is to join anew, at once.

    Raises:
        ValueError: LiveKit has no such reason.
    """
    action = "RECONNECT" if again else "DISCONNECT"
    return SignalResponse(leave=LeaveRequest(reason=reason, action=action))


def source_name(track: TrackInfo) -> str:
    """Return what a track shows, in a report's words."""
    source = TrackSource.Name(track.source).lower()
    return source if source in ("microphone", "camera", "screen_share") else "other"
