"""LiveKit access tokens: participant, room, lifetime and signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.warnings import InsecureKeyLengthWarning

from contracts.wire.schema import PlainValidator, load
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import State
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import Admission, JoinRefused, LiveKit, admit, mint, read
from tests.support.fake.plans import made_up
from tests.unit.fake_runway.core.playing import LAW

NOW = 1_770_000_000.75
ID = "123e4567-e89b-42d3-a456-426614174000"
LIVEKIT = LiveKit("wss://rooms.example", "an-api-key", "a-secret-of-more-than-thirty-two-bytes")
READY = made_up(
    id=ID,
    ordinal=0,
    created_at=NOW - 2,
    max_duration_s=120,
    plan=Plan(expires_in_s=300.0),
    state=State.READY,
    ready_at=NOW - 1,
)
RUNNING = made_up(READY, state=State.RUNNING, started_at=NOW)


def decoded_by_hand(token: str, secret: str) -> dict[str, Any]:
    """Return the claims of a token whose HS256 signature is right, without any JWT library."""
    signed, _, signature = token.rpartition(".")
    header, claims = (_unpacked(part) for part in signed.split("."))
    expected = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    assert json.loads(header) == {"alg": "HS256", "typ": "JWT"}
    assert hmac.compare_digest(_unpacked(signature), expected)
    parsed: dict[str, Any] = json.loads(claims)
    return parsed


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_user_may_talk_in_the_room_of_the_session() -> None:
    """Url and room name come with a token that lets one person join, speak and send data."""
    credentials = LIVEKIT.user(RUNNING, now=NOW)

    assert PlainValidator(load("runway").schema("Credentials")).problems(credentials) == []
    assert credentials["url"] == "wss://rooms.example"
    assert credentials["roomName"] == ID
    assert decoded_by_hand(credentials["token"], LIVEKIT.api_secret) == {
        "iss": "an-api-key",
        "sub": f"user:{ID}",
        "nbf": 1_770_000_000,
        "exp": 1_770_000_121,  # the end of the call, rounded up
        "video": {
            "roomJoin": True,
            "room": ID,
            "canSubscribe": True,
            "canPublish": True,
            "canPublishData": True,
        },
    }


def test_a_backend_is_hidden_and_publishes_no_media() -> None:
    """It joins the same room as another participant, hidden, and may send data."""
    credentials = LIVEKIT.backend(RUNNING, now=NOW)

    claims = decoded_by_hand(credentials["token"], LIVEKIT.api_secret)
    assert credentials["roomName"] == claims["video"]["room"] == ID
    assert claims["sub"] == f"backend:{ID}"
    assert claims["video"]["hidden"] is True
    assert claims["video"]["canPublish"] is False
    assert claims["video"]["canPublishData"] is True


@LAW
@given(
    now=st.floats(1.7e9, 2e9),
    max_duration_s=st.integers(10, 1800),
    cap=st.one_of(st.none(), st.floats(1, 2000)),
)
def test_a_token_holds_until_the_call_must_have_ended(
    now: float, max_duration_s: int, cap: float | None
) -> None:
    """It works from the moment it was made until the last instant, and a second later no more."""
    session = made_up(
        READY,
        state=State.RUNNING,
        plan=Plan(session_cap_s=cap),
        max_duration_s=max_duration_s,
        started_at=now,
    )
    ends_at = session.ends_at
    assert ends_at is not None

    token = LIVEKIT.user(session, now=now)["token"]

    assert read(token, LIVEKIT.api_secret, now=now)
    assert read(token, LIVEKIT.api_secret, now=math.nextafter(ends_at, 0))
    with pytest.raises(jwt.ExpiredSignatureError):
        read(token, LIVEKIT.api_secret, now=ends_at + 1)
    with pytest.raises(jwt.InvalidTokenError):
        read(token, LIVEKIT.api_secret, now=now - 1)


@pytest.mark.parametrize("state", [State.READY, State.CLAIMED])
def test_before_the_call_begins_a_token_holds_as_long_as_it_might_take(state: State) -> None:
    """The latest start is `expiresAt`; from there the call may run its full length."""
    session = made_up(READY, state=state, plan=Plan(expires_in_s=300.0, join=Fixed(9.0)))

    claims = read(LIVEKIT.user(session, now=NOW)["token"], LIVEKIT.api_secret)

    assert claims["exp"] == math.ceil(NOW - 1 + 300 + 120)


def test_a_token_of_another_secret_is_refused() -> None:
    """A token cannot be made or changed without the secret."""
    token = mint({"nbf": 0, "exp": 10}, "one-secret-of-more-than-thirty-two-bytes")
    header, claims, signature = token.split(".")
    forged = jwt.utils.base64url_encode(b'{"nbf":0,"exp":99}').decode()

    assert read(token, "one-secret-of-more-than-thirty-two-bytes") == {"nbf": 0, "exp": 10}
    with pytest.raises(jwt.InvalidSignatureError):
        read(token, "two-secret-of-more-than-thirty-two-bytes")
    with pytest.raises(jwt.InvalidSignatureError):
        read(f"{header}.{forged}.{signature}", "one-secret-of-more-than-thirty-two-bytes")
    with pytest.raises(jwt.DecodeError):
        read(claims, "one-secret-of-more-than-thirty-two-bytes")


@LAW
@given(identity=st.text(), room=st.text(), ends_at=st.integers(0, 9_999))
def test_a_token_is_what_pyjwt_makes_of_its_claims(identity: str, room: str, ends_at: int) -> None:
    """Byte for byte, so that records of runs made with PyJWT replay."""
    claims = {"iss": room, "sub": identity, "exp": ends_at, "video": {"room": room}}

    assert mint(claims, LIVEKIT.api_secret) == jwt.encode(claims, LIVEKIT.api_secret, "HS256")


def test_the_short_dev_secret_warns_only_outside_the_fake() -> None:
    """Minting and reading with LiveKit's dev pair is silent; PyJWT itself still warns."""
    dev = LiveKit()

    claims = read(dev.user(RUNNING, now=NOW)["token"], dev.api_secret)  # warnings are errors here

    assert claims["iss"] == "devkey"
    with pytest.warns(InsecureKeyLengthWarning):
        jwt.encode(claims, dev.api_secret, algorithm="HS256")


def test_repr_shows_no_secret() -> None:
    """The address and the public half of the pair are shown."""
    assert repr(LIVEKIT) == "<LiveKit wss://rooms.example as an-api-key>"


# Joining


def joined_with(*, video: object = None, **claims: Any) -> Admission:
    """Return what a token with these claims admits to; None leaves a claim out."""
    grants = {"roomJoin": True, "room": ID} if video is None else video
    given = {"iss": LIVEKIT.api_key, "sub": "user:1", "exp": NOW + 10, "video": grants} | claims
    kept = {name: value for name, value in given.items() if value is not None}
    return admit(mint(kept, LIVEKIT.api_secret), LIVEKIT, now=NOW)


def test_the_credentials_of_a_session_admit_to_its_room() -> None:
    """A user may do all; a backend is hidden and publishes nothing."""
    user = admit(LIVEKIT.user(RUNNING, now=NOW)["token"], LIVEKIT, now=NOW)
    backend = admit(LIVEKIT.backend(RUNNING, now=NOW)["token"], LIVEKIT, now=NOW)

    assert user == Admission(f"user:{ID}", ID)
    assert backend == Admission(f"backend:{ID}", ID, hidden=True, can_publish=False)


def test_grants_that_are_not_given_are_granted() -> None:
    """As LiveKit has it; only a plain false takes one away."""
    assert joined_with() == Admission("user:1", ID)
    denied = {"canPublish": False, "canPublishData": False, "canSubscribe": False}
    assert joined_with(video={"roomJoin": True, "room": ID, **denied}, name="Ann") == Admission(
        "user:1", ID, name="Ann", can_publish=False, can_publish_data=False, can_subscribe=False
    )


@pytest.mark.parametrize(
    ("claims", "status", "problem"),
    [
        ({"iss": "another"}, 401, "API key an-api-key"),
        ({"iss": None}, 401, "API key"),
        ({"exp": None}, 401, r"an end \(exp\)"),
        ({"exp": True}, 401, r"an end \(exp\)"),
        ({"exp": NOW - 61}, 401, "holds now"),
        ({"nbf": NOW + 61}, 401, "holds now"),
        ({"video": {"room": ID}}, 401, "roomJoin"),
        ({"video": {"roomJoin": "yes", "room": ID}}, 401, "roomJoin"),
        ({"video": []}, 401, "roomJoin"),
        ({"video": {"roomJoin": True}}, 401, "names a room"),
        ({"video": {"roomJoin": True, "room": 5}}, 401, "names a room"),
        ({"sub": ""}, 400, "identity"),
        ({"sub": None}, 400, "identity"),
        ({"sub": "x" * 201}, 400, "at most 200 characters"),
    ],
)
def test_a_token_that_admits_to_nothing_is_refused(
    claims: dict[str, Any], status: int, problem: str
) -> None:
    """With livekit-server's status, and a sentence that an application can show."""
    with pytest.raises(JoinRefused, match=problem) as refused:
        joined_with(**claims)
    assert refused.value.status == status


def test_clocks_may_be_a_minute_apart() -> None:
    """As far as LiveKit's own leeway goes."""
    assert joined_with(exp=NOW - 59)
    assert joined_with(nbf=NOW + 59)


@pytest.mark.parametrize("text", ["", "no-token", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_of_ours_is_refused(text: str) -> None:
    """The refusal does not quote it; an unsigned token is none."""
    with pytest.raises(JoinRefused) as refused:
        admit(text, LIVEKIT, now=NOW)
    assert refused.value.status == 401
    assert not text or text not in refused.value.message


@pytest.mark.parametrize(
    ("livekit", "address"),
    [
        (LIVEKIT, "wss://rooms.example"),
        (LiveKit(url="", hosted=True), "ws://localhost:4010/w/a-world"),
        (LiveKit(url="wss://a.example/x", hosted=True), "wss://a.example/x/w/a-world"),
    ],
)
def test_a_hosted_room_is_where_the_fake_was_called(livekit: LiveKit, address: str) -> None:
    """The world is in its path; an address that was given replaces the host."""
    assert livekit.address(host="localhost:4010", world="a-world") == address
