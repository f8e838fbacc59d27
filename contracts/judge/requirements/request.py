"""What the target sends to Runway for an avatar, and how it answers wrong requests."""

import re

import orjson

from contracts.judge.case import (
    Breach,
    Breaches,
    Case,
    Level,
    NotJudged,
    Requirement,
    rejected_body,
    requirement,
)
from contracts.judge.requirements.common import counted, right_ones_are_taken, sent
from contracts.judge.situation import Trait

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _tidied(case: Case) -> bool:
    """Tell whether the target made a known avatar of one that is written otherwise.

    In capitals, among white space, or alone in a list, as validators do that coerce types. It may
    do so if it then asks for the known one. To pass on what was sent is a mistake.
    """
    sent = case.seen.situation.request.avatar
    match sent:
        case [str(text)] | str(text):
            meant = text.strip().lower()
        case _:
            return False
    taken = [create.avatar == meant and create.status == 200 for create in case.seen.creates]
    return sent != meant and bool(taken) and all(taken)


def _rejected(case: Case) -> Breaches:
    """Check the status; a body that the target does not read to its end may be cut off."""
    if _tidied(case):
        return
    for answer in case.seen.answers:
        if answer.status is None and "closed" in answer.failure:
            continue
        if answer.status is None or not 400 <= answer.status < 500:
            yield Breach("a 4xx answer", str(answer))


def _rejection(
    id_: str, text: str, trait: Trait, *, source: str = "ours; RFC 9110", level: Level = Level.MUST
) -> Requirement:
    why = "The caller has to learn that its request is wrong."
    return requirement(
        id_, text, why=why, source=source, premise=right_ones_are_taken, traits={trait}, level=level
    )(_rejected)


request_json = _rejection(
    "request.bad-json", "A body that is not a JSON object is rejected with 4xx.", Trait.BAD_JSON
)
request_missing = _rejection(
    "request.missing-avatar",
    "A body without an avatar, or with an empty one, is rejected with 4xx.",
    Trait.NO_AVATAR,
)
request_type = _rejection(
    "request.wrong-type", "An avatarId that is not a string is rejected with 4xx.", Trait.WRONG_TYPE
)
request_unknown = _rejection(
    "request.unknown-avatar",
    "An avatarId that is neither a preset nor a UUID is rejected with 4xx.",
    Trait.UNKNOWN_AVATAR,
    source="seed B (validate avatar ids)",
)
request_hostile = _rejection(
    "request.hostile-avatar",
    "A hostile avatarId is rejected with 4xx like any other unknown one.",
    Trait.HOSTILE_AVATAR,
    source="seed B (validate avatar ids)",
)
request_big = _rejection(
    "request.big-body",
    "A body of megabytes is rejected, or its connection is closed.",
    Trait.BIG_BODY,
    level=Level.SHOULD,
)


@requirement(
    "request.no-upstream",
    "A wrong request creates no session.",
    why="Each create costs credits.",
    source="seed B (validate avatar ids); observed (2 credits at create)",
    premise=right_ones_are_taken,
    traits={Trait.REFUSED},
    unless={Trait.BIG_BODY},
)
def request_no_upstream(case: Case) -> Breaches:
    """Check the fake's journal."""
    created = sum(each.status == 200 for each in case.seen.creates)
    if created and not _tidied(case):
        yield Breach("no session", counted(created, "session"))


@requirement(
    "request.preset",
    "A preset is sent to Runway as {type: runway-preset, presetId}.",
    why="Runway accepts it in no other form.",
    source="seed A; published OpenAPI",
    premise=sent("createSession"),
    traits={Trait.SUCCESS},
    unless={Trait.CUSTOM_AVATAR},
)
def request_preset(case: Case) -> Breaches:
    """Check the body of creates, and that Runway does not reject it."""
    if _UUID.fullmatch(case.seen.avatar):
        raise NotJudged("the target takes custom avatars only (--avatars)")
    for create in case.seen.creates:
        avatar = create.body.get("avatar")
        avatar = avatar if isinstance(avatar, dict) else {}
        if avatar.get("type") != "runway-preset" or "presetId" not in avatar:
            yield Breach("the avatar {type: runway-preset, presetId}", str(avatar or "no avatar"))
        elif rejected_body(create):
            yield Breach("a create that Runway accepts", f"one that got {create.status}")


@requirement(
    "request.custom-avatar",
    "A UUID is sent to Runway as {type: custom, avatarId}.",
    why="Runway rejects a custom avatar under the wrong field.",
    source="published OpenAPI; observed (gateways that send it as a preset)",
    premise=sent("createSession"),
    traits={Trait.CUSTOM_AVATAR},
)
def request_custom_avatar(case: Case) -> Breaches:
    """Check the body of creates, or that there is one."""
    for answer in case.answered:
        if answer.status is not None and 400 <= answer.status < 500 and not case.seen.creates:
            raise NotJudged("the target takes no custom avatars, or not this one")
    right = {"type": "custom", "avatarId": case.seen.avatar}
    if right not in [each.body.get("avatar") for each in case.seen.creates if each.status == 200]:
        yield Breach(f"a create with the avatar {orjson.dumps(right).decode()}", "none")
