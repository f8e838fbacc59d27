"""The avatar that a body selects."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, UnknownAvatar
from gateway.flow.avatars import PRESETS, AllowList, Avatar, requested_avatar

UUID = "550e8400-e29b-41d4-a716-446655440000"
DEFAULT = AllowList.parse(["presets", "custom"])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("body", "avatar"),
    [
        ({"avatarId": "cat-character"}, Avatar("cat-character", custom=False)),
        ({"avatarId": UUID}, Avatar(UUID, custom=True)),
        ({"avatarId": "custom", "customAvatarId": UUID}, Avatar(UUID, custom=True)),
        ({"customAvatarId": UUID.upper()}, Avatar(UUID.upper(), custom=True)),
        ({"avatarId": "influencer", "customAvatarId": None}, Avatar("influencer", custom=False)),
        ({"avatarId": "influencer", "customAvatarId": ""}, Avatar("influencer", custom=False)),
        ({"avatarId": None, "customAvatarId": UUID}, Avatar(UUID, custom=True)),
        ({"avatarId": "", "customAvatarId": UUID}, Avatar(UUID, custom=True)),
        ({"avatarId": "influencer", "user": 7}, Avatar("influencer", custom=False)),
    ],
)
def test_bodies_and_the_avatars_they_select(body: dict[str, Any], avatar: Avatar) -> None:
    """A preset, a UUID, or the official examples' customAvatarId, which counts more."""
    assert requested_avatar(body, DEFAULT) == avatar


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "cat-character",
        {},
        {"avatarId": ""},
        {"avatarId": None},
        {"avatarId": 7},
        {"avatarId": ["cat-character"]},
        {"avatarId": "x" * 129},
        {"customAvatarId": "cat-character"},
        {"avatarId": "cat-character", "customAvatarId": 7},
        {"avatarId": 7, "customAvatarId": UUID},
        {"avatarId": "a" * 129, "customAvatarId": UUID},
    ],
)
def test_bodies_without_an_avatar_are_invalid(body: object) -> None:
    """The request itself is wrong."""
    with pytest.raises(InvalidRequest):
        requested_avatar(body, DEFAULT)


@pytest.mark.parametrize(
    "avatar_id",
    ["coding-teacher", "../../etc", "cat-character ", "CAT-CHARACTER", "\u212aat-character"],
)
def test_avatars_off_the_list_are_unknown(avatar_id: str) -> None:
    """Hostile or merely wrong: not on the list."""
    with pytest.raises(UnknownAvatar):
        requested_avatar({"avatarId": avatar_id}, DEFAULT)


def test_a_list_without_custom_takes_named_uuids_only() -> None:
    """An operator can name the custom avatars, too."""
    allowed = AllowList.parse([UUID, "influencer"])
    assert requested_avatar({"avatarId": UUID.upper()}, allowed).custom
    for other in (UUID[:-1] + "1", "cat-character"):
        with pytest.raises(UnknownAvatar):
            requested_avatar({"avatarId": other}, allowed)


@pytest.mark.parametrize(("length", "error"), [(128, UnknownAvatar), (129, InvalidRequest)])
def test_an_id_has_at_most_128_characters(length: int, error: type[Exception]) -> None:
    """A longer one is not looked up."""
    with pytest.raises(error):
        requested_avatar({"avatarId": "x" * length}, DEFAULT)


def test_an_operator_learns_what_the_gateway_does_not_know() -> None:
    """A newer preset or a typing error: neither a UUID nor a word, and in order."""
    assert AllowList.parse(["presets", "custom", UUID, "z-new", "a-new"]).unknown == [
        "a-new",
        "z-new",
    ]
    assert AllowList.parse(["influencer", UUID.upper()]).unknown == []


@pytest.mark.parametrize("entries", [[], ["Influencer"], ["a b"], ["presets", ""], ["a--b"]])
def test_a_list_that_makes_no_sense_is_refused(entries: list[str]) -> None:
    """Empty, or with an entry that is neither a preset's name nor a UUID."""
    with pytest.raises(ValueError, match=r"no preset id and no UUID|empty list"):
        AllowList.parse(entries)


@pytest.mark.parametrize("words", [["presets"], ["custom"], ["presets", "custom"]])
def test_the_words_allow_whole_kinds(words: list[str]) -> None:
    """Each one its own kind, and no other."""
    allowed = AllowList.parse(words)
    for kind, id_ in (("presets", "influencer"), ("custom", UUID)):
        if kind in words:
            assert allowed.avatar(id_) == Avatar(id_, custom=kind == "custom")
        else:
            with pytest.raises(UnknownAvatar):
                allowed.avatar(id_)


@given(json_values)
def test_any_json_is_an_avatar_on_the_list_or_refused(body: object) -> None:
    """The result is an allowed avatar or one of the contract's errors."""
    try:
        avatar = requested_avatar(body, DEFAULT)
    except (InvalidRequest, UnknownAvatar):
        return
    assert avatar.id in PRESETS
