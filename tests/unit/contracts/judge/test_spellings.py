"""How secrets are recognised."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.spellings import (
    API_SECRET,
    LIVEKIT_TOKEN,
    PART,
    PART_OF_SECRET,
    Searched,
    tokens_in,
)


def test_the_credentials_of_a_caller_are_found_in_its_headers() -> None:
    """Without the scheme; each cookie by itself; not in headers of another kind."""
    headers = {
        "Authorization": "Bearer abcdef",
        "Cookie": "session=one-value; theme=a; csrf=other-value",
        "X-Api-Key": "key-of-caller",
        "Accept-Language": "en-GB, en",
    }
    assert tokens_in(headers) == ("abcdef", "one-value", "other-value", "key-of-caller")


SECRET = "key_4f9a2c7e51d0b386"


def kinds(text: str, secret: str = SECRET) -> set[str]:
    """Return what is found in a text."""
    return {each.what for each in Searched(secret).found_in(text)}


@given(before=st.binary(max_size=4), after=st.binary(max_size=4))
def test_a_secret_is_found_in_base64_wherever_it_stands_in_the_text(
    before: bytes, after: bytes
) -> None:
    """Base64 spells the same bytes in three ways, by their place."""
    text = b64encode(before + SECRET.encode() + after).decode()

    assert kinds(f"Authorization: Basic {text}") == {API_SECRET}


@pytest.mark.parametrize(
    "text", [SECRET.encode().hex(), SECRET.encode().hex().upper(), SECRET[::-1], f"%22{SECRET}"]
)
def test_other_spellings_are_the_secret(text: str) -> None:
    """Hexadecimal in both cases, backwards, and beside anything."""
    assert kinds(f"x{text}y") == {API_SECRET}


@given(first=st.integers(0, len(SECRET) - PART))
def test_a_part_of_the_secret_is_found_wherever_it_stands(first: int) -> None:
    """Twelve characters in a row are enough."""
    (found,) = Searched(SECRET).found_in(f"<{SECRET[first : first + PART]}>")

    assert (found.what, found.begin, found.end) == (PART_OF_SECRET, 1, 1 + PART)


def test_the_beginning_and_the_end_are_parts_if_they_are_longer_than_a_mask() -> None:
    """Eight characters there show which secret it is, and seven do not."""
    assert kinds(f"{SECRET[:8]}...") == kinds(f"...{SECRET[-8:]}") == {PART_OF_SECRET}
    assert kinds(f"{SECRET[:7]}...{SECRET[-7:]}") == set()


def test_parts_that_may_be_words_are_no_part() -> None:
    """`api-secret` is a word of texts."""
    assert kinds("the api-secret-of-mine is missing", "api-secret-of-mine-1") == set()


def test_a_token_is_found_at_the_beginning_of_a_word_alone() -> None:
    """Three parts, the first two of JSON."""
    token = f"eyJ{'a' * 20}.eyJ{'b' * 30}.{'c' * 43}"

    assert kinds(f"token={token}") == {LIVEKIT_TOKEN}
    assert kinds(f"x{token}") == set()
