"""What is sent to an endpoint, by its own form and by the situation."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.situation import AvatarSent, CallerRequest
from contracts.judge.target import Target

URL = "http://127.0.0.1:3000/connect"
PRESET = "music-superstar"
CUSTOM = "0b6f8a52-6c1e-4f0d-9a3b-5d2c7e914f60"


def sent(target: Target, chosen: str = PRESET, /, **request: Any) -> Any:
    """Return the parsed body of a request."""
    return json.loads(target.call_of(chosen, CallerRequest(**request)).body)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_an_avatar_of_any_type_stands_where_the_target_expects_it(avatar: Any) -> None:
    """The template says where; the rest of the body stays."""
    target = Target(URL, template='{"who": {"id": "$AVATAR"}, "page": 1}')
    assert sent(target, avatar=avatar) == {"who": {"id": avatar}, "page": 1}


def test_no_avatar_leaves_its_key_out() -> None:
    """An empty object is sent, where the avatar is all that the body has."""
    assert sent(Target(URL), avatar=AvatarSent.NONE) == {}


def test_keys_are_added_to_the_template() -> None:
    """The page of a foreign site may send more than the official component."""
    body = sent(Target(URL), keys={"model": "other"})
    assert body == {"avatarId": PRESET, "model": "other"}


def test_a_custom_avatar_has_a_template_of_its_own() -> None:
    """Only for a UUID."""
    target = Target(URL, custom_template='{"customAvatarId": "$AVATAR"}')
    assert sent(target) == {"avatarId": PRESET}
    assert sent(target, CUSTOM) == {"customAvatarId": CUSTOM}


@given(st.text(st.characters(codec="utf-8")))
def test_an_avatar_in_the_address_arrives_whole(avatar: str) -> None:
    """It is percent-encoded, and a GET has no body."""
    target = Target(f"{URL}?page=1&avatar=$AVATAR", method="GET")
    call = target.call_of(PRESET, CallerRequest(avatar=avatar))
    pairs = parse_qsl(urlsplit(call.url).query, keep_blank_values=True)
    assert (call.method, call.body, pairs) == ("GET", b"", [("page", "1"), ("avatar", avatar)])


def test_a_situation_may_send_another_request() -> None:
    """Method, query, headers and body are its own; a header replaces the one of every call."""
    target = Target(URL, headers={"authorization": "Bearer of-every-call"})
    request = CallerRequest(
        method="PUT",
        query=(("avatarId", "$AVATAR"),),
        content_type="text/plain",
        headers={"Authorization": "Bearer of-this-one"},
        body=b"I want $AVATAR",
    )
    call = target.call_of(PRESET, request)
    assert (call.method, call.url) == ("PUT", f"{URL}?avatarId={PRESET}")
    assert call.headers == {"Content-Type": "text/plain", "Authorization": "Bearer of-this-one"}
    assert call.body == b"I want music-superstar"


@pytest.mark.parametrize(
    ("target", "request_", "reason"),
    [
        (Target(URL), CallerRequest(avatar=42), ""),
        (Target(URL, template="{}"), CallerRequest(avatar="x"), "takes no avatar"),
        (Target(URL, template="{}"), CallerRequest(body=b"{"), ""),
        (Target(f"{URL}/$AVATAR", method="GET"), CallerRequest(avatar="x"), ""),
        (Target(f"{URL}/$AVATAR", method="GET"), CallerRequest(avatar=42), "as text only"),
        (Target(f"{URL}/$AVATAR", method="GET"), CallerRequest(body=b"{"), "has no body"),
        (Target(URL, template="a=$AVATAR"), CallerRequest(avatar=[]), "as text only"),
    ],
)
def test_what_has_no_meaning_for_an_endpoint(
    target: Target, request_: CallerRequest, reason: str
) -> None:
    """The reason is named."""
    assert reason in target.cannot_send(request_)
    assert bool(reason) == bool(target.cannot_send(request_))
