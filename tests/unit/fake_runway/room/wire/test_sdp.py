"""Session descriptions as text, on offers written by hand after those of browsers."""

from __future__ import annotations

import pytest

from fake_runway.room.wire.sdp import (
    LARGEST_SDP,
    MOST_SECTIONS,
    BadDescription,
    answer_text,
    is_of_firefox,
    offer_text,
    receiving,
    sections,
    stream_id,
    without_candidates,
)

RID = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED = "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1 2 3",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=recvonly",
        "a=candidate:1 1 udp 2113937151 b6f0.local 51000 typ host",
        "a=end-of-candidates",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:1",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        RID,
        REPAIRED,
        "a=sendonly",
        "a=msid:- camera-of-the-user",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:2",
        RID,
        "a=recvonly",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:3",
        "",
    ]
)
ANSWER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=sendonly",
        "a=mid:0",
        "a=msid:random stream",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=inactive",
        "a=mid:1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=sendonly",
        "a=mid:2",
        "a=msid:random other",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:3",
        "",
    ]
)


def test_sections_have_ids_kinds_directions_and_tracks() -> None:
    """A section without a direction goes both ways."""
    found = [(each.mid, each.kind, each.direction, each.track) for each in sections(OFFER)]
    assert found == [
        ("0", "audio", "recvonly", ""),
        ("1", "video", "sendonly", "camera-of-the-user"),
        ("2", "video", "recvonly", ""),
        ("3", "application", "sendrecv", ""),
    ]


def test_the_avatar_is_sent_where_the_client_only_receives() -> None:
    """Not in the section of the client's own camera, although that is the first of its kind."""
    assert receiving(sections(OFFER), "audio") == "0"
    assert receiving(sections(OFFER), "video") == "2"
    assert receiving(sections(ANSWER), "video") == ""


def test_the_avatar_is_sent_where_the_client_sends_as_well_if_there_is_no_other_place() -> None:
    """As clients by WHEP offer it."""
    both = sections(OFFER.replace("a=recvonly", "a=sendrecv"))
    assert (receiving(both, "audio"), receiving(both, "video")) == ("0", "2")


def test_an_offer_of_firefox_is_known_by_its_origin() -> None:
    """Where a title says the same, it is another's."""
    origin = "o=mozilla...THIS_IS_SDPARTA-99.0 5 0 IN IP4 0.0.0.0"
    assert is_of_firefox(OFFER.replace("o=- 1 2 IN IP4 127.0.0.1", origin))
    assert not is_of_firefox(OFFER.replace("s=-", f"s={origin}"))


def test_the_addresses_of_a_client_are_dropped() -> None:
    """Nothing else of its offer changes."""
    lines = without_candidates(OFFER).split("\r\n")
    assert [line for line in OFFER.split("\r\n") if line not in lines] == [
        "a=candidate:1 1 udp 2113937151 b6f0.local 51000 typ host",
        "a=end-of-candidates",
    ]
    assert [line for line in lines if line not in OFFER.split("\r\n")] == []


def test_the_answer_names_participant_and_track() -> None:
    """The stream ids of aiortc are replaced, in the sections of the avatar alone."""
    text = answer_text(ANSWER, OFFER, {"0": stream_id("PA_a", "TR_x"), "2": "PA_a|TR_y TR_y"})
    audio, camera, picture, _ = sections(text)
    assert [line for line in audio.lines if "msid" in line] == ["a=msid:PA_a|TR_x TR_x"]
    assert [line for line in picture.lines if "msid" in line] == ["a=msid:PA_a|TR_y TR_y"]
    assert [line for line in camera.lines if "msid" in line] == []


def test_the_answer_gives_the_rid_extensions_back() -> None:
    """Each video section has those of the same section of the offer, once, and no others."""
    text = answer_text(ANSWER, OFFER, {})
    _, camera, picture, _ = sections(text)
    assert [line for line in camera.lines if "extmap" in line] == [RID, REPAIRED]
    assert [line for line in picture.lines if "extmap" in line] == [RID]
    assert answer_text(text, OFFER, {}) == text


def test_an_offer_of_ours_names_its_tracks_alike() -> None:
    """There is nothing to give back there."""
    text = offer_text(ANSWER, {"0": "PA_a|TR_x TR_x"})
    assert sections(text)[0].lines[-1] == "a=msid:PA_a|TR_x TR_x"
    assert "extmap" not in text
    assert text.endswith("\r\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1 to 64 media sections, got 0"),
        ("v=0\r\n", "1 to 64 media sections, got 0"),
        ("v=0\r\nm=audio 9 X 1\r\n", "got none for 'audio'"),
        ("m=audio 9 X 1\r\na=mid:0\r\n" * (MOST_SECTIONS + 1), "media sections, got 65"),
        ("x" * (LARGEST_SDP + 1), f"at most {LARGEST_SDP} characters"),
    ],
)
def test_what_cannot_be_answered_is_refused(text: str, problem: str) -> None:
    """The refusal says what was expected and what came."""
    with pytest.raises(BadDescription, match=problem):
        sections(text)
