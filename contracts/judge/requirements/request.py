"""What is asked for, and callers who are wrong."""

import json
from collections.abc import Iterable
from typing import Any

from contracts.judge.case import Breach, Context, Level, Requirement, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import UUID, NotJudged, arrived

# Requests


def _tidied(seen: Observation, situation: Situation) -> bool:
    """Tell whether the target made an avatar that exists of white space or capitals around one.

    It may do so, and then asks for what was meant. Passing on what was sent is another matter.
    """
    try:
        sent = json.loads(situation.body or b"")["avatarId"]
        meant = sent.strip().lower()
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    taken = [create.avatar == meant and create.status == 200 for create in seen.creates]
    return sent != meant and bool(taken) and all(taken)


def _refused(seen: Observation, situation: Situation, _: Context) -> Iterable[Breach]:
    if _tidied(seen, situation):
        return
    for answer in seen.answers:
        if answer.status is None and "closed" in answer.failure:
            continue  # a body that is not wanted may be cut off
        if answer.status is None or not 400 <= answer.status < 500:
            yield Breach("4xx", str(answer))


def _refusal(id_: str, text: str, tags: str, **more: Any) -> Requirement:
    made = requirement(
        id_,
        text,
        why="The caller is wrong, and has to hear that it is.",
        source=more.pop("source", "ours; RFC 9110"),
        tags=tags,
        **more,
    )
    return made(_refused)


request_json = _refusal("request.bad-json", "A body that is no JSON object is 4xx.", "bad-json")
request_missing = _refusal(
    "request.missing-avatar", "A body without an avatar (or an empty one) is 4xx.", "no-avatar"
)
request_type = _refusal("request.wrong-type", "An avatarId that is no text is 4xx.", "wrong-type")
request_unknown = _refusal(
    "request.unknown-avatar",
    "An avatarId that is neither a preset nor a UUID is 4xx.",
    "unknown",
    source="seed B (validate avatar ids)",
)
request_hostile = _refusal(
    "request.hostile-avatar",
    "A hostile avatarId is 4xx like any other unknown one.",
    "hostile",
    source="seed B (validate avatar ids)",
)
request_big = _refusal(
    "request.big-body",
    "A body of megabytes is refused, or its connection closed.",
    "big",
    level=Level.SHOULD,
)


@requirement(
    "request.no-upstream",
    "No session is created for a caller who is wrong.",
    why="Each create costs credits.",
    source="seed B (validate avatar ids); observed (2 credits at create)",
    tags="refused",
    unless="big",
)
def request_no_upstream(
    seen: Observation, situation: Situation, context: Context
) -> Iterable[Breach]:
    """Judge the fake's journal."""
    if _tidied(seen, situation):
        return
    made = [each for each in seen.creates if each.status == 200]
    if made:
        yield Breach("no session", str(len(made)))


@requirement(
    "request.preset",
    "A preset is asked for as {type: runway-preset, presetId}.",
    why="Runway knows it by nothing else.",
    source="seed A; published OpenAPI",
    tags="success",
    unless="custom",
)
def request_preset(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the body of creates, and that Runway does not refuse it."""
    if UUID.fullmatch(seen.avatar):
        return  # the target takes custom avatars only (--avatars)
    for create in seen.creates:
        avatar = create.body.get("avatar")
        avatar = avatar if isinstance(avatar, dict) else {}
        if avatar.get("type") != "runway-preset" or "presetId" not in avatar:
            yield Breach("{type: runway-preset, presetId}", str(avatar or "no avatar"))
        elif create.status in (400, 404, 422) and not create.faults:
            yield Breach("a create that Runway takes", f"one that it refuses, {create.status}")


@requirement(
    "request.custom-avatar",
    "A UUID is asked for as {type: custom, avatarId}.",
    why="A custom avatar under the wrong field is refused by Runway.",
    source="published OpenAPI; observed (gateways that send it as a preset)",
    tags="custom",
)
def request_custom_avatar(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the body of creates, or the lack of any."""
    for answer in arrived(seen):
        if answer.status is not None and 400 <= answer.status < 500 and not seen.creates:
            raise NotJudged("the target takes no custom avatars, or not this one")
    right = {"type": "custom", "avatarId": seen.avatar}
    if not any(each.body.get("avatar") == right and each.status == 200 for each in seen.creates):
        yield Breach(f"a create with the avatar {right}", "none")
