"""Requests that have to be refused before anything reaches Runway."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.judge.situation import AvatarSent, CallerRequest, Expect, Situation, Trait
from contracts.judge.situations.building import CUSTOM_AVATAR


def wrong_requests() -> Iterator[Situation]:
    for trait, requests in _requests().items():
        for id_, about, sent in requests:
            request = CallerRequest(body=sent) if isinstance(sent, bytes) else sent
            traits = {Trait.REFUSED, trait}
            yield Situation(id_, about, Expect.REFUSAL, traits, session=None, request=request)


def _requests() -> Mapping[Trait, tuple[tuple[str, str, bytes | CallerRequest], ...]]:
    """Return id, what the request is, and what is sent, by what is wrong with it."""
    return {
        Trait.BAD_JSON: (
            ("bad-json", "The body is no JSON.", b'{"avatarId": '),
            ("empty-body", "The body is empty.", b""),
            ("body-list", "The body is a list.", b'["music-superstar"]'),
            ("body-null", "The body is null.", b"null"),
            ("more-than-json", "Something follows the JSON.", b'{"avatarId": "music-superstar"}}'),
            ("not-utf-8", "The body is not UTF-8.", b'{"avatarId": "\xff\xfe"}'),
        ),
        Trait.NO_AVATAR: (
            ("no-avatar", "The body names no avatar.", _for(AvatarSent.NONE)),
            ("avatar-null", "The avatar is null.", _for(None)),
            ("avatar-empty", "The avatar is an empty string.", _for("")),
        ),
        Trait.WRONG_TYPE: (
            ("avatar-number", "The avatar is a number.", _for(42)),
            ("avatar-object", "The avatar is an object.", _for({"id": "music-superstar"})),
            ("avatar-list", "The avatar is a list with a preset.", _for(["music-superstar"])),
            (
                "avatar-list-of-two",
                "The avatar is a list of two presets.",
                _for(["music-superstar", "cat-character"]),
            ),
        ),
        Trait.UNKNOWN_AVATAR: (
            ("unknown-preset", "There is no such preset.", _for("no-such-avatar")),
            (
                "part-of-a-preset",
                "The avatar is a part of the name of a preset.",
                _for("character"),
            ),
            ("more-than-a-preset", "The avatar begins like a preset.", _for("music-superstar-2")),
            ("preset-in-capitals", "The avatar is a preset in capitals.", _for("MUSIC-SUPERSTAR")),
            ("before-a-uuid", "Something precedes a UUID.", _for(f"x{CUSTOM_AVATAR}")),
            ("after-a-uuid", "Something follows a UUID.", _for(f"{CUSTOM_AVATAR}x")),
        ),
        Trait.HOSTILE_AVATAR: (
            (
                "uuid-and-line-break",
                "The avatar is a UUID and a line break.",
                _for(f"{CUSTOM_AVATAR}\n"),
            ),
            (
                "hostile-path",
                "The avatar tries to leave its place in a path.",
                _for("../../v1/organization"),
            ),
            (
                "hostile-object-name",
                "The avatar is the name of a property that every JavaScript object has.",
                _for("__proto__"),
            ),
            (
                "hostile-line-break",
                "The avatar holds line breaks and a header.",
                _for("music-superstar\r\nX-Injected: 1"),
            ),
            ("hostile-long", "The avatar is 5,000 characters long.", _for("a" * 5_000)),
        ),
        Trait.BIG_BODY: (
            (
                "big-body",
                "The body is 2 MiB long.",
                CallerRequest(keys={"x": "y" * (2 << 20)}, avatar="music-superstar"),
            ),
        ),
    }


def _for(avatar: Any) -> CallerRequest:
    return CallerRequest(avatar=avatar)
