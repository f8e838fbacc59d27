"""Names of worlds and the secrets that lead to them."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.scenario.settings import Settings
from fake_runway.worlds.naming import (
    BadWorldName,
    SecretRefused,
    check_secret,
    explicit_name,
    key_tag,
    name_from_secret,
    tag_of_key,
)
from tests.unit.fake_runway.core.playing import LAW, START

HEX = "0123456789abcdef"

any_text = st.text(st.characters(codec=None), min_size=1, max_size=60)  # lone surrogates, too
good_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}", fullmatch=True)


# Names


@LAW
@given(good_names)
def test_a_well_formed_name_is_taken_as_it_is(name: str) -> None:
    """Letters, digits and . _ ~ - name a world."""
    assert explicit_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", ".hidden", "-x", "a b", "a/b", "a%20b", "a\n", "é", "a" * 101, "x?y", "٣"]
)
def test_any_other_name_is_refused(name: str) -> None:
    """The message describes a valid name, and does not repeat the rejected one."""
    with pytest.raises(BadWorldName, match="1 to 100 letters") as refused:
        explicit_name(name)

    assert refused.value.status == 400
    assert len(name) < 3 or name not in str(refused.value)


@LAW
@given(any_text)
def test_every_secret_names_a_world(secret: str) -> None:
    """Any bytes of a header lead to a well-formed name, always the same."""
    name = name_from_secret(secret)

    assert explicit_name(name) == name == name_from_secret(secret)


@LAW
@given(any_text)
def test_a_hashed_name_shows_nothing_of_the_secret(secret: str) -> None:
    """It is `s-` and the beginning of the SHA-256; the secret does not occur in it."""
    assume(not secret.startswith("fake."))
    name = name_from_secret(secret)

    assert re.fullmatch(r"s-[0-9a-f]{12}", name)
    assert name[2:] == hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()[:12]
    assert len(secret) < 6 or secret not in name


@LAW
@given(st.from_regex(r"fake\.[A-Za-z0-9._~-]{0,95}", fullmatch=True))
def test_a_fake_secret_names_its_world(secret: str) -> None:
    """`fake.*` is shown as it is."""
    assert name_from_secret(secret) == secret


@pytest.mark.parametrize("secret", ["fake.a b", "fake.é", "fake." + "x" * 100, "fake.a/b"])
def test_a_fake_secret_that_is_no_name_is_hashed(secret: str) -> None:
    """A fake secret that cannot stand in a path is treated as any other secret."""
    assert re.fullmatch(r"s-[0-9a-f]{12}", name_from_secret(secret))


@LAW
@given(st.sets(any_text, min_size=2, max_size=10))
def test_different_secrets_have_different_worlds(secrets: set[str]) -> None:
    """No two secrets share a world by accident."""
    assert len({name_from_secret(secret) for secret in secrets}) == len(secrets)


# Secrets


@LAW
@given(any_text)
def test_any_other_secret_is_accepted(secret: str) -> None:
    """A secret may hold anything, spaces and dots as well."""
    assume(not secret.startswith(("stk_", "key_")) and secret != "fake.unauthorized")

    check_secret(secret)


@LAW
@given(st.text(HEX, min_size=128, max_size=128))
def test_a_real_looking_key_is_refused_and_not_repeated(digits: str) -> None:
    """The refusal says why, and shows no part of the key."""
    with pytest.raises(SecretRefused, match="looks like a real Runway API key") as refused:
        check_secret("key_" + digits)

    assert refused.value.status == 401
    assert digits not in str(refused.value)
    assert digits[:8] not in str(refused.value)


@pytest.mark.parametrize("length", [0, 1, 127, 129])
def test_a_key_of_another_length_is_no_real_one(length: int) -> None:
    """Made-up keys of the same style are welcome."""
    check_secret("key_" + "0" * length)


@LAW
@given(st.text(max_size=60))
def test_a_session_key_is_no_secret(rest: str) -> None:
    """A session key in place of the API secret has a refusal of its own, without the key."""
    with pytest.raises(SecretRefused, match="session key") as refused:
        check_secret("stk_" + rest)

    assert len(rest) < 20 or rest not in str(refused.value)


@pytest.mark.parametrize(
    ("secret", "text"), [("", "No API key"), ("fake.unauthorized", "not valid")]
)
def test_no_secret_and_the_refused_one(secret: str, text: str) -> None:
    """A missing key and one that is refused on purpose have different refusals."""
    with pytest.raises(SecretRefused, match=text):
        check_secret(secret)


# Session keys


@LAW
@given(good_names)
def test_a_session_key_leads_to_its_world(world: str) -> None:
    """The tag inside the key is the one of the world that made it."""
    tag = key_tag(world)
    account = Account(draws=Draws("1", world), key_tag=tag, settings=Settings())
    key = account.session_key(account.create(at=START))

    assert re.fullmatch(r"[0-9a-f]{12}", tag)
    assert tag_of_key(key) == tag


@LAW
@given(st.sets(good_names, min_size=2, max_size=10))
def test_different_worlds_have_different_tags(worlds: set[str]) -> None:
    """A key leads to one world only."""
    assert len({key_tag(world) for world in worlds}) == len(worlds)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "stk_",
        "stk_0123456789ab",
        "stk_0123456789ab_" + "0" * 31,
        "stk_0123456789ab_" + "0" * 33,
        "stk_0123456789ab_" + "0" * 32 + "\n",
        "stk_0123456789AB_" + "0" * 32,
        "key_0123456789ab_" + "0" * 32,
        " stk_0123456789ab_" + "0" * 32,
    ],
)
def test_a_key_of_another_form_leads_nowhere(key: str) -> None:
    """Only the exact form carries a tag."""
    assert tag_of_key(key) is None
