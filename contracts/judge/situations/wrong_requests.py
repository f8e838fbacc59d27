"""Requests that have to be refused before anything reaches Runway."""

import json
from collections.abc import Iterator

from contracts.judge.case import Expect, Situation
from contracts.judge.situations.building import CUSTOM_AVATAR, situation


def wrong_requests() -> Iterator[Situation]:
    bodies: dict[str, tuple[str, bytes, str]] = {
        "bad-json": ("The body is no JSON.", b'{"avatarId": ', "bad-json"),
        "empty-body": ("The body is empty.", b"", "bad-json"),
        "no-avatar": ("The body names no avatar.", b"{}", "no-avatar"),
        "avatar-null": ("The avatar is null.", b'{"avatarId": null}', "no-avatar"),
        "avatar-number": ("The avatar is a number.", b'{"avatarId": 42}', "wrong-type"),
        "avatar-object": (
            "The avatar is an object.",
            b'{"avatarId": {"id": "music-superstar"}}',
            "wrong-type",
        ),
        "avatar-list": (
            "The avatar is a list with one in it.",
            b'{"avatarId": ["music-superstar"]}',
            "wrong-type",
        ),
        "avatar-empty": ("The avatar is an empty text.", b'{"avatarId": ""}', "no-avatar"),
        "body-list": ("The body is a list.", b'["music-superstar"]', "bad-json"),
        "body-null": ("The body is null.", b"null", "bad-json"),
        "more-than-json": (
            "Something follows the JSON.",
            b'{"avatarId": "music-superstar"}}',
            "bad-json",
        ),
        "not-utf-8": ("The body is no UTF-8.", b'{"avatarId": "\xff\xfe"}', "bad-json"),
        "unknown-preset": (
            "The avatar is no preset that exists.",
            b'{"avatarId": "no-such-avatar"}',
            "unknown",
        ),
        "part-of-a-preset": (
            "The avatar is a part of the name of a preset.",
            b'{"avatarId": "character"}',
            "unknown",
        ),
        "more-than-a-preset": (
            "The avatar begins like a preset.",
            b'{"avatarId": "music-superstar-2"}',
            "unknown",
        ),
        "preset-in-capitals": (
            "The avatar is a preset in capitals.",
            b'{"avatarId": "MUSIC-SUPERSTAR"}',
            "unknown",
        ),
        "more-than-a-uuid": (
            "There is a UUID somewhere in the avatar.",
            json.dumps({"avatarId": f"x{CUSTOM_AVATAR}x"}).encode(),
            "unknown",
        ),
        "uuid-and-line-break": (
            "The avatar is a UUID and a line break.",
            json.dumps({"avatarId": f"{CUSTOM_AVATAR}\n"}).encode(),
            "hostile",
        ),
        "hostile-path": (
            "The avatar tries to leave its place in a path.",
            b'{"avatarId": "../../v1/organization"}',
            "hostile",
        ),
        "hostile-object-name": (
            "The avatar is the name of something that every JavaScript object has.",
            b'{"avatarId": "__proto__"}',
            "hostile",
        ),
        "hostile-line-break": (
            "The avatar holds line breaks and a header.",
            json.dumps({"avatarId": "music-superstar\r\nX-Injected: 1"}).encode(),
            "hostile",
        ),
        "hostile-long": (
            "The avatar is 5,000 characters long.",
            json.dumps({"avatarId": "a" * 5_000}).encode(),
            "hostile",
        ),
        "big-body": (
            "The body is 2 MiB long.",
            json.dumps({"avatarId": "music-superstar", "x": "y" * (2 << 20)}).encode(),
            "big",
        ),
    }
    for id_, (about, body, tag) in bodies.items():
        yield situation(
            id_,
            about,
            Expect.REFUSAL,
            f"refused {tag}",
            session=None,
            body=body,
            quick=id_ in ("bad-json", "no-avatar", "unknown-preset", "avatar-number"),
        )
