"""Which avatar a request means, and whether it is on the operator's allow-list. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.errors import InvalidRequest, UnknownAvatar

PRESETS = (
    "game-character",
    "music-superstar",
    "game-character-man",
    "cat-character",
    "influencer",
    "tennis-coach",
    "human-resource",
    "fashion-designer",
    "cooking-teacher",
)
"""Runway's preset avatars. Source: the OpenAPI document of 2024-11-06."""

LONGEST_ID = 128
_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
)
_PRESET = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Avatar:
    """An avatar as the upstream knows it: a preset's name, or the UUID of a custom one."""

    id: str
    custom: bool


@dataclass(frozen=True, slots=True)
class AllowList:
    """The avatars that sessions may be created for.

    Attributes:
        ids: presets and UUIDs in lower case.
        any_custom: every UUID is allowed; the upstream knows only those of the operator's account.
    """

    ids: frozenset[str]
    any_custom: bool

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "AllowList":
        """Build from preset ids, UUIDs and the words `presets` and `custom`.

        Raises:
            ValueError: an entry is none of these, or there is no entry.
        """
        ids: set[str] = set()
        words = set(entries)
        for word in words - {"presets", "custom"}:
            if not _PRESET.fullmatch(word) and not _UUID.fullmatch(word):
                raise ValueError(f"no preset id and no UUID: {word!r}")
            ids.add(word.lower())
        if not words:
            raise ValueError("got an empty list, with which every connect would be refused")
        if "presets" in words:
            ids.update(PRESETS)
        return cls(frozenset(ids), any_custom="custom" in words)

    @property
    def unknown(self) -> list[str]:
        """What is neither a preset of `PRESETS` nor a UUID: a newer preset, or a typing error."""
        return sorted(each for each in self.ids - set(PRESETS) if not _UUID.fullmatch(each))

    def avatar(self, avatar_id: object) -> Avatar:
        """Return the avatar with this id: a preset's name, or the UUID of a custom one.

        Raises:
            InvalidRequest: no text, an empty one, or one that is too long.
            UnknownAvatar: not on this list.
        """
        text = _id("avatarId", avatar_id)
        if not text:
            raise InvalidRequest("avatarId is required: a non-empty string")
        custom = _UUID.fullmatch(text) is not None
        if (text.lower() if custom else text) in self.ids or (custom and self.any_custom):
            return Avatar(text, custom)
        raise UnknownAvatar


def requested_avatar(body: object, allowed: AllowList) -> Avatar:
    """Return the avatar that a request body asks for.

    Shape: `{"avatarId": preset id or UUID}`, or `{"customAvatarId": UUID}` as the official
    examples send it, which counts more where both are given; null or empty is not given. Other keys
    are the frontend's own.

    Raises:
        InvalidRequest: the body has another form.
        UnknownAvatar: well formed, but not on the allow-list.
    """
    if not isinstance(body, Mapping):
        raise InvalidRequest("Expected a JSON object with an avatarId")
    custom, named = (_id(key, body.get(key)) for key in ("customAvatarId", "avatarId"))
    if custom and not _UUID.fullmatch(custom):
        raise InvalidRequest("customAvatarId must be a UUID")
    return allowed.avatar(custom or named)


def _id(key: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{key} must be a string")
    if len(value) > LONGEST_ID:
        raise InvalidRequest(f"{key} must have at most {LONGEST_ID} characters")
    return value
