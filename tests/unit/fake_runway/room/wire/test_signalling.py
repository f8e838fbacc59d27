"""The signalling of a room: joins, the order of messages, and what each is answered with."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest
from livekit.protocol.rtc import (
    AddTrackRequest,
    JoinRequest,
    SessionDescription,
    SignalRequest,
    SignalResponse,
    WrappedJoinRequest,
)

from fake_runway.room.tokens import Admission
from fake_runway.room.wire import signalling
from fake_runway.room.wire.signalling import (
    LARGEST_FRAME,
    MOST_TRACKS,
    ORDER,
    Answer,
    Avatar,
    BadSignal,
    Depart,
    Description,
    Phase,
    Publish,
    Send,
    Settle,
    Signalling,
    client_info,
    goodbye,
    joining,
    welcome,
)

KINDS = {field.name for field in SignalRequest.DESCRIPTOR.oneofs_by_name["message"].fields}
ME = Signalling("PA_me")


def received(state: Signalling, **message: Any) -> tuple[Signalling, list[signalling.Action]]:
    """Return what a participant becomes with a request, and the actions."""
    after, actions = state.receive(SignalRequest(**message).SerializeToString(), now_ms=7_000)
    return after, list(actions)


def parameter(raw: bytes, *, compression: str = "NONE") -> str:
    """Return a join request's bytes as the parameter of a query."""
    wrapped = WrappedJoinRequest(join_request=raw, compression=compression)
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


# Joining


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_a_join_request_is_unpacked(*, compressed: bool, padded: bool) -> None:
    """Plain or gzipped, with or without padding: the first offer, its id and its tracks."""
    request = JoinRequest(
        client_info={"sdk": "JS", "version": "2.23.0"},
        publisher_offer=SessionDescription(type="offer", sdp="v=0", id=1),
        add_track_requests=[AddTrackRequest(cid="mic")],
    ).SerializeToString()
    text = parameter(
        gzip.compress(request) if compressed else request,
        compression="GZIP" if compressed else "NONE",
    )

    wanted = joining({"join_request": text if padded else text.rstrip("=")}, single=True)

    assert wanted.single
    assert wanted.offer == Description("v=0", 1)
    assert [track.cid for track in wanted.tracks] == ["mic"]
    assert (wanted.client, wanted.reconnect) == ("js 2.23.0", False)


def test_a_join_without_an_offer_makes_one_later() -> None:
    """As Firefox does it."""
    text = parameter(JoinRequest(reconnect=True).SerializeToString())
    wanted = joining({"join_request": text}, single=True)
    assert (wanted.offer, wanted.reconnect) == (None, True)


def test_the_older_path_has_its_options_in_the_query() -> None:
    """No join request is needed there."""
    wanted = joining({"sdk": "python", "version": "1.2", "reconnect": "1"}, single=False)
    assert (wanted.single, wanted.client, wanted.reconnect) == (False, "python 1.2", True)
    assert not joining({}, single=False).reconnect


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "a",
        "\N{SNOWMAN}",
        base64.urlsafe_b64encode(b"\xff\xff\xff").decode(),
        parameter(b"\xff\xff\xff"),
        parameter(b"no gzip", compression="GZIP"),
        parameter(gzip.compress(b"\xff" * 99, mtime=0), compression="GZIP"),
    ],
)
def test_a_join_request_that_is_none_is_refused(text: str) -> None:
    """The refusal says what was expected, and quotes nothing."""
    with pytest.raises(BadSignal, match="expected join_request"):
        joining({"join_request": text}, single=True)


def test_a_join_request_that_unpacks_to_too_much_is_refused() -> None:
    """A gzip bomb is unpacked to the limit and no further."""
    bomb = gzip.compress(bytes(64 * LARGEST_FRAME))
    with pytest.raises(BadSignal, match=f"at most {LARGEST_FRAME} bytes"):
        joining({"join_request": parameter(bomb, compression="GZIP")}, single=True)


# The order


def test_every_kind_of_request_has_its_place_in_the_order() -> None:
    """The table knows all that the protocol has; an answer has to be asked for."""
    assert set(ORDER[Phase.OFFERED]) == KINDS
    assert set(ORDER[Phase.OPEN]) == KINDS - {"answer"}
    assert not ORDER[Phase.GONE]


def test_an_offer_is_answered_with_its_id() -> None:
    """The client's ids begin with 0 or 1, so the id says nothing but which offer it is."""
    after, actions = received(ME, offer=SessionDescription(type="offer", sdp="v=0", id=0))
    assert actions == [Answer(Description("v=0", 0))]
    assert after == ME


def test_an_answer_settles_the_offer_of_the_room_once() -> None:
    """A second one, or one before any offer, is out of order."""
    answer = SessionDescription(type="answer", sdp="v=0", id=1)
    with pytest.raises(BadSignal, match="expected no answer from a participant that is open"):
        received(ME, answer=answer)
    after, actions = received(ME.offered(), answer=answer)
    assert actions == [Settle(Description("v=0", 1))]
    assert after.phase is Phase.OPEN


def test_pings_are_answered_in_both_forms() -> None:
    """Clients send both, and take silence for a lost connection."""
    _, [pong] = received(ME, ping=5)
    _, [timed] = received(ME, ping_req={"timestamp": 5})
    assert pong == Send(SignalResponse(pong=7_000))
    assert timed == Send(SignalResponse(pong_resp={"last_ping_timestamp": 5, "timestamp": 7_000}))


def test_a_track_is_published_at_once() -> None:
    """The response has the client's own id and a new one of the track."""
    wanted = AddTrackRequest(cid="mic", type="AUDIO", source="MICROPHONE", name="m" * 999)
    after, [send, publish] = received(ME, add_track=wanted)
    assert isinstance(send, Send)
    assert isinstance(publish, Publish)
    assert send.response.track_published.cid == publish.cid == "mic"
    assert send.response.track_published.track == publish.track
    assert (publish.track.sid, publish.track.mime_type) == ("TR_me0", "audio/opus")
    assert len(publish.track.name) == 256
    assert signalling.source_name(publish.track) == "microphone"
    _, [_, other] = received(after, add_track=AddTrackRequest(cid="cam", type="VIDEO"))
    assert isinstance(other, Publish)
    assert (other.track.sid, other.track.mime_type) == ("TR_me1", "video/VP8")
    assert signalling.source_name(other.track) == "other"


def test_tracks_are_bounded_and_need_the_grant() -> None:
    """Neither a client without canPublish nor one that publishes without end gets in."""
    with pytest.raises(BadSignal, match="canPublish"):
        received(Signalling("PA_me", may_publish=False), add_track=AddTrackRequest(cid="mic"))
    state = ME
    for number in range(MOST_TRACKS):
        state, _ = received(state, add_track=AddTrackRequest(cid=str(number)))
    with pytest.raises(BadSignal, match=f"at most {MOST_TRACKS} tracks"):
        received(state, add_track=AddTrackRequest(cid="more"))


def test_nothing_comes_after_a_leave() -> None:
    """The client said that it goes."""
    after, actions = received(ME, leave={})
    assert actions == [Depart()]
    with pytest.raises(BadSignal, match="expected no ping"):
        received(after, ping=5)


@pytest.mark.parametrize("kind", sorted(KINDS - {"answer", "leave", "add_track", "offer"}))
def test_all_else_changes_nothing(kind: str) -> None:
    """Candidates, subscriptions and the like are accepted; pings alone are answered."""
    message = SignalRequest()
    if kind == "ping":
        message.ping = 1
    else:
        getattr(message, kind).SetInParent()
    after, actions = ME.receive(message.SerializeToString(), now_ms=0)
    assert after == ME
    assert len(actions) == (kind in ("ping", "ping_req"))


def test_a_frame_that_is_no_request_is_refused() -> None:
    """A frame of a newer client, with a kind that is not known, is passed over."""
    with pytest.raises(BadSignal, match="expected a SignalRequest"):
        ME.receive(b"\xff\xff\xff", now_ms=0)
    assert ME.receive(b"", now_ms=0) == (ME, ())


# What the room says


def test_the_welcome_names_the_avatar_first() -> None:
    """Clients take the first participant for the avatar, and refuse an empty version."""
    admission = Admission("user:1", "room", hidden=False)
    avatar = Avatar("worker:1", "PA_avatar")
    join = welcome(
        "room", "RM_1", client_info(admission, "PA_me"), [avatar.info()], single=True
    ).join
    [first] = join.other_participants
    assert (first.identity, first.sid) == ("worker:1", "PA_avatar")
    assert [track.sid for track in first.tracks] == ["TR_avatara", "TR_avatarv"]
    assert [track.source for track in first.tracks] == [2, 1]
    assert (join.room.name, join.participant.identity) == ("room", "user:1")
    assert join.server_version
    assert not join.subscriber_primary
    assert join.client_configuration.resume_connection == 1  # DISABLED
    assert welcome("r", "RM", client_info(admission, "P"), [], single=False).join.subscriber_primary


def test_a_goodbye_says_why_and_whether_to_come_again() -> None:
    """By LiveKit's names; another name is a mistake of ours."""
    assert goodbye("ROOM_DELETED").leave.reason == 5
    assert goodbye("ROOM_DELETED").leave.action == 0
    assert goodbye("STATE_MISMATCH", again=True).leave.action == 2
    with pytest.raises(ValueError, match="BORED"):
        goodbye("BORED")
