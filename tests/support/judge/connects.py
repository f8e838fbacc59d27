"""Connects written by hand, and what a requirement says of them. They begin at second 0."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import NamedTuple

from contracts.judge.case import Case, Context, NotJudged
from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Shape, Situation
from tests.support.judge.made_reports import KEY, SECRET, SESSION, call

OTHER = "3f2a9c01-0000-4000-8000-000000000002"
AVATAR = "music-superstar"
PRESET = {"model": "gwm1_avatars", "avatar": {"type": "runway-preset", "presetId": AVATAR}}
MEDIA_URL = "wss://media.invalid"
CONTEXT = Context(8.0, None, SECRET, "upstreammarker", MEDIA_URL)
KEYS = replace(CONTEXT, shape=Shape.SESSION_KEY)
CREDENTIALS = replace(CONTEXT, shape=Shape.CREDENTIALS)
FAULT = ("avatar-x/a-fault",)
KEPT, NOT_JUDGED, NOT_OBSERVED = "kept", "not judged", "not observed"


def create(at_s: float = 0.0, **more: object) -> UpstreamCall:
    """Return a create of a preset that succeeds."""
    usual = replace(call(0, 0.0, "POST", body=PRESET), at=at_s)
    return replace(usual, **more)  # type: ignore[arg-type]  # names are checked when it is called


def poll(at_s: float, shown: str | None = "NOT_READY", **more: object) -> UpstreamCall:
    """Return a poll that succeeds."""
    usual = replace(call(0, 0.0, shown=shown), at=at_s)
    return replace(usual, **more)  # type: ignore[arg-type]


def consume(at_s: float, **more: object) -> UpstreamCall:
    """Return a consume that succeeds, by the session's key."""
    by_key = {"operation": "consumeSession", "key_fits": True, "content_type": "application/json"}
    usual = replace(call(0, 0.0, "POST", **by_key), at=at_s)
    return replace(usual, **more)  # type: ignore[arg-type]


def cancel(at_s: float, **more: object) -> UpstreamCall:
    """Return a cancel that succeeds."""
    usual = replace(call(0, 0.0, operation="deleteSession", shown=None, status=204), at=at_s)
    return replace(usual, **{"method": "DELETE", **more})  # type: ignore[arg-type]


def got(
    status: int | None, after_s: float = 2.0, body: object = b"", **more: object
) -> TargetAnswer:
    """Return an answer; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual = TargetAnswer(0.0, after_s, status, body=content)
    return replace(usual, **more)  # type: ignore[arg-type]


def success(after_s: float = 2.0, *, id_: object = SESSION, **fields: object) -> TargetAnswer:
    """Return a success, of the shape with the key unless `fields` replace it."""
    return got(200, after_s, {"sessionId": id_, **(fields or {"sessionKey": KEY})})


def credentials(token: object = "a-token", **fields: object) -> TargetAnswer:
    """Return a success with credentials."""
    usual = {"serverUrl": MEDIA_URL, "roomName": SESSION, "token": token}
    return success(**{**usual, **fields})  # type: ignore[arg-type]


def token_of(claims: object) -> str:
    """Return a token with these claims, whose signature has the length of a right one."""
    parts = (json.dumps(each).encode() for each in ({"alg": "HS256"}, claims))
    return ".".join([*(urlsafe_b64encode(each).decode().rstrip("=") for each in parts), "s" * 43])


def lived(*moves: tuple[float, str], id_: str = SESSION) -> ObservedSession:
    """Return a session that entered these states at these seconds, after its creation."""
    all_moves = ((0.0, "provisioning"), *moves)
    made = tuple((at_s, "moved", state) for at_s, state in all_moves)
    return ObservedSession(id_, all_moves[-1][1], made)


LIVE = lived()
FAILED = got(502, body={"error": "no"})
STRUCK = create(status=500, faults=FAULT)
STRUCK_POLL = poll(1.0, None, status=500, faults=FAULT)
STRUCK_CONSUME = consume(2.0, status=500, faults=FAULT)


def seen(
    *upstream: UpstreamCall,
    answers: tuple[TargetAnswer, ...] = (FAILED,),
    sessions: tuple[ObservedSession, ...] = (LIVE,),
    lost_s: float = 0.0,
    avatar: str = AVATAR,
    **more: object,
) -> Observation:
    """Return what was observed; `more` is of the situation."""
    usual = Situation("a-situation", "", Expect.EITHER)
    situation = replace(usual, **more)  # type: ignore[arg-type]
    return Observation(situation, avatar, answers, upstream, sessions, until=20.0, lost_s=lost_s)


class Row(NamedTuple):
    """What a requirement has to say of an observation.

    Attributes:
        said: one of KEPT, NOT_JUDGED, NOT_OBSERVED; or a part of what it says is broken.
    """

    id: str
    seen: Observation
    said: str
    context: Context = CONTEXT


def check(row: Row) -> None:
    """Assert that the requirement says so."""
    found = next(each for each in REQUIREMENTS if each.id == row.id)
    case = Case(row.seen, row.context)
    try:
        breaches = [*found.check(case)]
    except NotJudged:
        assert row.said == NOT_JUDGED
        return
    if breaches:
        assert row.said in "; ".join(map(str, breaches))
    else:
        assert (NOT_OBSERVED if found.premise(case) else KEPT) == row.said
