"""Secrets are redacted wherever a client may have put them, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.history.redaction import (
    holds_nothing_secret,
    holds_secret,
    redacted_body,
    redacted_reply,
    redacted_text,
)

SECRET = "p@ss/w0rd+1="
KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"/v1/{SECRET}",
        "/v1/p%40ss%2Fw0rd%2B1%3D",
        f"/v1/realtime_sessions/{KEY}",
        KEY.replace("_", "%5F"),
        KEY.upper(),
        f"mine/{JWT}",
        "key_" + "0a" * 64,
    ],
)
def test_secrets_in_texts_are_redacted(text: str) -> None:
    """The caller's own in any spelling that a URL allows, and every kind of key."""
    covered = redacted_text(text, SECRET)

    assert "[covered]" in covered
    for secret in (SECRET, KEY[5:], JWT[:20], "0a0a0a0a", "w0rd"):
        assert secret.lower() not in covered.lower()
    assert holds_secret(text, SECRET)


@given(st.text(alphabet="abcdefgh /?=%20_-.", max_size=60))
def test_other_texts_stay_as_they_are(text: str) -> None:
    """Not even percent signs are touched where there is no secret."""
    assert redacted_text(text, SECRET) == text
    assert not holds_secret(text, SECRET)


def test_secrets_of_fakes_own_making_are_none() -> None:
    """`fake.<scenario>` names a world, and short texts stand anywhere by chance."""
    assert redacted_text("/w/fake.slow/x", "fake.slow") == "/w/fake.slow/x"
    assert redacted_text("/v1/abc", "abc") == "/v1/abc"


def test_integrations_keep_their_host_alone() -> None:
    """Token, path, query and user of an address may each be a secret."""
    body = {
        "personality": f"my key is {KEY} and {SECRET}",
        "tools": [{"name": "a", "description": SECRET}],
        "integration": {
            "type": "elevenlabs",
            "signedUrl": "wss://user:word@voice.example.com:8443/v1/hidden?sig=hidden",
        },
        "livekit": {
            "url": "wss://rooms.example.com/x?access_token=hidden",
            "token": "hidden",
            "roomName": "a room",
        },
    }

    covered = redacted_body(body, SECRET)

    assert covered["integration"]["signedUrl"] == "wss://voice.example.com:8443/covered"
    assert covered["livekit"]["url"] == "wss://rooms.example.com/covered"
    assert covered["livekit"]["token"] == "*" * len("hidden")
    assert covered["livekit"]["roomName"] == "a room"
    for secret in (SECRET, KEY, "hidden", "word@"):
        assert secret not in str(covered)


def test_a_body_without_secrets_is_the_same_object() -> None:
    """The journal keeps references, and most bodies have nothing to redact."""
    body = {"model": "gwm1_avatars", "avatar": {"type": "runway-preset"}, "maxDuration": 10}
    assert redacted_body(body, SECRET) is body


def test_replies_lose_keys_and_tokens() -> None:
    """A null or missing key stays null or missing."""
    assert redacted_reply({"sessionKey": KEY, "id": "1"}) == {"sessionKey": "[covered]", "id": "1"}
    assert redacted_reply({"token": None}) == {"token": None}
    assert redacted_reply([1]) == [1]


@pytest.mark.parametrize(
    "secret", [SECRET, "p%40ss%2Fw0rd%2B1%3D", KEY, f"x{JWT}y", "key_" + "0a" * 64]
)
def test_secrets_are_redacted_where_they_are_keys(secret: str) -> None:
    """At any depth, and among the parts of an integration."""
    body = {secret: 1, "a": [{secret: {secret: 2}}], "livekit": {secret: "b"}, "kept": {"key": 3}}
    redacted = redacted_body(body, SECRET)
    assert secret not in str(redacted)
    assert redacted["kept"] == {"key": 3}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"a word {JWT} another", "a word [covered] another"),
        (f"a word-{JWT}", "a word-[covered]"),
        ("eyj is no token, nor is eyJabc.def", "eyj is no token, nor is eyJabc.def"),
    ],
)
def test_what_stands_around_a_token_stays(text: str, redacted: str) -> None:
    """A text that only looks as if it held one is left alone."""
    assert redacted_text(text, SECRET) == redacted


def test_a_secret_of_four_characters_is_one() -> None:
    """Shorter ones are not, because they stand anywhere by chance."""
    assert redacted_text("/v1/abcd", "abcd") == "/v1/[covered]"
    assert redacted_text("/v1/abc", "abc") == "/v1/abc"


def test_only_integrations_have_addresses_and_tokens() -> None:
    """The same keys elsewhere, and an integration that is no object, are ordinary values."""
    plain = {"avatar": {"url": "https://a.example/x", "token": "x"}, "integration": "none"}
    assert redacted_body(plain, SECRET) is plain
    assert redacted_body({"livekit": ["a", SECRET]}, SECRET) == {"livekit": ["a", "[covered]"]}
    numbered = {"integration": {"token": 7, "url": None}}
    assert redacted_body(numbered, SECRET) is numbered


@pytest.mark.parametrize("url", ["wss://[broken/x", "wss://host:99999/x", "wss://host:word/x"])
def test_an_address_that_cannot_be_read_is_redacted_whole(url: str) -> None:
    """Nothing of it is known to be the host."""
    assert (
        redacted_body({"livekit": {"url": url}}, SECRET)["livekit"]["url"] == "://covered/covered"
    )


def test_a_reply_without_secrets_is_the_same_object() -> None:
    """Whatever it is; a word in a list is no key."""
    for reply in ({"id": "1"}, ["token"], "token", None):
        assert redacted_reply(reply) is reply


PIECES = (
    SECRET,
    KEY,
    KEY.upper(),
    JWT,
    "EYJ" + JWT[3:],
    "key_" + "0a" * 64,
    "%70%40ss",
    "é",
    "a b",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=3).map("".join)
BODIES = st.dictionaries(
    TEXTS | st.sampled_from(["integration", "livekit"]),
    st.recursive(
        TEXTS | st.integers(), lambda each: st.dictionaries(TEXTS, each, max_size=2), max_leaves=3
    ),
    max_size=3,
)


@given(BODIES, st.sampled_from([SECRET, "abc", "fake.slow", "sécret", 'quo"te']), st.booleans())
def test_what_is_passed_over_holds_nothing(
    body: dict[str, object], secret: str, in_ascii: bool
) -> None:
    """A body that is not looked through is one that would stay as it is."""
    raw = json.dumps(body | {"more": [secret] * in_ascii}, ensure_ascii=in_ascii).encode()
    if holds_nothing_secret(raw, secret):
        value = json.loads(raw)
        assert redacted_body(value, secret) is value


def test_the_usual_body_is_passed_over() -> None:
    """Else nothing would be gained."""
    avatar = {"type": "runway-preset", "presetId": "music-superstar"}
    raw = json.dumps({"model": "gwm1_avatars", "avatar": avatar}).encode()
    assert holds_nothing_secret(raw, SECRET)
    assert not holds_nothing_secret(raw, "gwm1_avatars")
    assert not holds_nothing_secret(raw, "gwm1")  # the shortest that is looked for
    assert holds_nothing_secret(raw, "gwm")
