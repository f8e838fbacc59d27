"""Checks of wrong requests, and of what a right one sends, on connects written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.observation import Observation, UpstreamCall
from contracts.judge.situation import CallerRequest, Json
from tests.support.judge.connects import (
    AVATAR,
    CONTEXT,
    FAULT,
    KEPT,
    NOT_JUDGED,
    NOT_OBSERVED,
    PRESET,
    Row,
    check,
    create,
    got,
    seen,
)

REJECTED, NOTHING = "request.unknown-avatar", "request.no-upstream"
PRESETS, CUSTOM = "request.preset", "request.custom-avatar"
UUID = "3f2a9c01-0000-4000-8000-00000000000a"
CREATES = replace(CONTEXT, creates=True)
NEVER = replace(CONTEXT, creates=False)
RIGHT = {"type": "custom", "avatarId": UUID}
CLOSED = got(None, failure="the connection was closed")


def refused(status: int, said: str) -> Row:
    """Return a wrong request that gets this status."""
    return Row(REJECTED, seen(answers=(got(status),)), said, CREATES)


def asked(avatar: object, *upstream: UpstreamCall, status: int = 200) -> Observation:
    """Return what became of a request for this avatar."""
    return seen(*upstream, answers=(got(status),), request=CallerRequest(avatar=avatar))


def sent(said: str, body: Json, status: int = 200, faults: tuple[str, ...] = ()) -> Row:
    """Return a create with this body."""
    return Row(PRESETS, seen(create(body=body, status=status, faults=faults)), said)


def custom(said: str, answered: int, *upstream: UpstreamCall) -> Row:
    """Return a request for a custom avatar that is answered so."""
    return Row(CUSTOM, seen(*upstream, answers=(got(answered),), avatar=UUID), said)


IN_CAPITALS = f" {AVATAR.upper()} "
OTHER_AVATAR = create(body={"avatar": {"type": "runway-preset", "presetId": "other"}})

ROWS = {
    "399": refused(399, "a 4xx answer, got 399"),
    "400": refused(400, KEPT),
    "499": refused(499, KEPT),
    "500": refused(500, "a 4xx answer, got 500"),
    "the connection is closed": Row(REJECTED, seen(answers=(CLOSED,)), KEPT, CREATES),
    "no answer": Row(
        REJECTED, seen(answers=(got(None, failure="too late"),)), "no answer after 2.0s", CREATES
    ),
    "one is closed, and another gets a success": Row(
        REJECTED, seen(answers=(CLOSED, got(200))), "200 after", CREATES
    ),
    "right requests create nothing either": Row(
        REJECTED, seen(answers=(got(400),)), NOT_OBSERVED, NEVER
    ),
    "it is not known what right ones do": Row(REJECTED, seen(answers=(got(400),)), KEPT),
    "the avatar is tidied": Row(REJECTED, asked(IN_CAPITALS, create()), KEPT, CREATES),
    "it is taken out of a list": Row(REJECTED, asked([AVATAR], create()), KEPT, CREATES),
    "the first is taken out of a list": Row(
        REJECTED, asked([AVATAR, "x"], create()), "200 after", CREATES
    ),
    "it is taken out of two lists": Row(
        REJECTED, asked([[AVATAR]], create()), "200 after", CREATES
    ),
    "the list is empty": Row(REJECTED, asked([], create()), "200 after", CREATES),
    "another avatar is made of it": Row(
        REJECTED, asked(IN_CAPITALS, OTHER_AVATAR), "200 after", CREATES
    ),
    "another one as well": Row(
        REJECTED, asked(IN_CAPITALS, create(), OTHER_AVATAR), "200 after", CREATES
    ),
    "the tidied one is rejected": Row(
        REJECTED, asked(IN_CAPITALS, create(status=400)), "200 after", CREATES
    ),
    "nothing is created": Row(REJECTED, asked(IN_CAPITALS), "200 after", CREATES),
    "there was nothing to tidy": Row(REJECTED, asked(AVATAR, create()), "200 after", CREATES),
    "it was no text": Row(REJECTED, asked(5, create()), "200 after", CREATES),
    "a session is created": Row(
        NOTHING, asked("x", create(), status=400), "got 1 session", CREATES
    ),
    "a create is rejected": Row(NOTHING, asked("x", create(status=400), status=400), KEPT, CREATES),
    "a session is created with a tidied avatar": Row(
        NOTHING, asked(IN_CAPITALS, create()), KEPT, CREATES
    ),
    "a preset": sent(KEPT, PRESET),
    "a preset of another type": sent(
        "'type': 'custom'", {"avatar": {"type": "custom", "presetId": "x"}}
    ),
    "a preset under another key": sent(
        "'avatarId': 'x'", {"avatar": {"type": "runway-preset", "avatarId": "x"}}
    ),
    "no avatar": sent("got no avatar", {}),
    "a text as avatar": sent("got no avatar", {"avatar": AVATAR}),
    "a preset that Runway rejects": sent("one that got 400", PRESET, 400),
    "a preset that meets a fault": sent(KEPT, PRESET, 400, FAULT),
    "no create": Row(PRESETS, seen(), NOT_OBSERVED),
    "custom avatars only": Row(PRESETS, seen(create(), avatar=UUID), NOT_JUDGED),
    "custom avatars are refused": custom(NOT_JUDGED, 400),
    "they are refused by another status": custom(NOT_JUDGED, 499),
    "they are failures": custom("got none", 500),
    "they are redirected": custom("got none", 399),
    "a custom avatar": custom(KEPT, 200, create(body={"avatar": RIGHT})),
    "a custom avatar whose session fails": custom(KEPT, 400, create(body={"avatar": RIGHT})),
    "a custom avatar that Runway rejects": custom(
        "got none", 400, create(body={"avatar": RIGHT}, status=404)
    ),
    "a custom avatar as a preset": custom("got none", 200, create()),
    "a custom avatar without any create": custom("got none", 200),
}


@pytest.mark.parametrize("name", ROWS)
def test_wrong_requests_are_rejected_and_right_ones_sent_right(name: str) -> None:
    """By a 4xx and without a session, unless it is tidied; in the form that Runway takes."""
    check(ROWS[name])
