"""The form of a success."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from typing import Any

import orjson

from contracts.judge.case import Breach, Breaches, Case, Level, NotJudged, requirement
from contracts.judge.observation import SHAPE_KEYS, TargetAnswer
from contracts.judge.requirements.common import handed_out, shape_of
from contracts.judge.situation import Shape, Trait
from contracts.judge.spellings import KEY


@requirement(
    "shape.one-of-two",
    "A success is either {sessionId, sessionKey} or {sessionId, serverUrl, token, roomName}, in"
    " this spelling.",
    why="The SDK does not check a success: LiveKit gets undefined for a missing field.",
    source="seed A; SDK",
    premise=handed_out,
    traits={Trait.SUCCESS, Trait.PASSING, Trait.MANY_ONE_SLOW},
)
def shape_one_of_two(case: Case) -> Breaches:
    """Check the keys of successes."""
    for answer in case.handed_out:
        keys = sorted(answer.fields)
        both = "sessionKey" in keys and ("serverUrl" in keys or "token" in keys)
        if shape_of(answer) is None or both:
            yield Breach("one of the two shapes", f"an answer with the keys {keys}")


@requirement(
    "shape.nothing-else",
    "A success has no keys but those of its shape.",
    why="Other fields of a session are internal, and the page does not need them.",
    source="seed A; ours",
    premise=handed_out,
    traits={Trait.SUCCESS, Trait.PASSING, Trait.MANY_ONE_SLOW},
    level=Level.SHOULD,
)
def shape_nothing_else(case: Case) -> Breaches:
    """Check the keys of successes that have one of the two shapes."""
    for answer in case.handed_out:
        if (shape := shape_of(answer)) is None or {"sessionKey", "token"} <= answer.fields.keys():
            continue  # checked by shape.one-of-two
        if more := sorted(answer.fields.keys() - SHAPE_KEYS[shape]):
            expected = f"no keys but {', '.join(SHAPE_KEYS[shape])}"
            yield Breach(expected, f"the keys {', '.join(more)} as well")


@requirement(
    "shape.types",
    "Every field of a success is a non-empty string.",
    why="The SDK takes a null serverUrl for a present one, and the call fails without an error.",
    source="SDK",
    premise=handed_out,
    traits={Trait.SUCCESS, Trait.MANY_ONE_SLOW, Trait.ERROR, Trait.ODD_KEY},
)
def shape_types(case: Case) -> Breaches:
    """Check the values of successes."""
    for answer in case.handed_out:
        for name in (*SHAPE_KEYS[Shape.CREDENTIALS], "sessionKey"):
            value = answer.fields.get(name, "absent")
            if not isinstance(value, str) or not value:
                yield Breach(f"a non-empty string as {name}", _in_words(value))


@requirement(
    "shape.session-id",
    "sessionId is the id of a session that was created for this call.",
    why="The page shows and ends that session.",
    source="seed A; seed B",
    premise=handed_out,
    traits={Trait.SUCCESS},
)
def shape_session_id(case: Case) -> Breaches:
    """Check the id against the fake's."""
    ids = {session.id for session in case.seen.sessions}
    for answer in case.handed_out:
        if shape_of(answer) is not None and answer.fields["sessionId"] not in ids:
            created = f"one of {', '.join(sorted(ids))}" if ids else "none: no session was created"
            yield Breach(f"as sessionId {created}", "another sessionId")


@requirement(
    "shape.content-type",
    "Successes and failures are declared as application/json.",
    why="Clients that check the content type parse nothing else.",
    source="seed A (Response.json, res.json)",
    premise=handed_out,
    unless={Trait.GONE, Trait.BIG_BODY, Trait.UNEXPECTED},
    level=Level.SHOULD,
)
def shape_content_type(case: Case) -> Breaches:
    """Check the header."""
    for answer in case.answered:
        declared = {key.lower(): text for key, text in answer.headers.items()}.get("content-type")
        if answer.body and "json" not in (declared or "none"):
            yield Breach("application/json", declared or "no content type")


@requirement(
    "shape.declared",
    "The shape is the declared one (--shape).",
    why="The vanilla SDK takes only {sessionId, sessionKey}.",
    source="SDK",
    premise=handed_out,
    traits={Trait.SUCCESS},
)
def shape_declared(case: Case) -> Breaches:
    """Check the shape; without a declaration there is nothing to check."""
    declared = case.context.shape
    for answer in case.handed_out:
        if declared and (shape := shape_of(answer)) and shape is not declared:
            yield Breach(f"the shape {declared.value}", f"the shape {shape.value}")


@requirement(
    "shape.credentials",
    "serverUrl, token and roomName are those that the consume of that session returned.",
    why="Any others lead to no room, or to the room of another caller.",
    source="seed A; seed B",
    premise=handed_out,
    traits={Trait.SUCCESS},
)
def shape_credentials(case: Case) -> Breaches:
    """Check them against the fake's: it names a room like its session, or as the situation says."""
    rooms = {session.id for session in case.seen.sessions}
    given = case.seen.situation.set_in("consumeSession")
    # a fake names its own room by the host at which the target has called it
    urls = {
        each.session: each.fields["url"]
        for each in case.seen.consumes
        if each.fields and each.fields.get("url")
    }
    for answer in _of_shape(case, Shape.CREDENTIALS):
        fields = answer.fields
        room = fields["sessionId"] if fields["sessionId"] in rooms else fields["roomName"]
        if not isinstance(fields["roomName"], str) or not isinstance(fields["token"], str):
            continue  # checked by shape.types
        url = given.get("url", urls.get(room, case.context.media_url))
        if fields["serverUrl"] != url and isinstance(fields["serverUrl"], str):
            yield Breach(f"serverUrl {url}", "another serverUrl")
        if room not in rooms or fields["roomName"] != given.get("roomName", room):
            yield Breach("the room of that session", "another roomName")
        if case.seen.consumes and _room_of(fields["token"]) != room:
            yield Breach("the token that opens that room", "another token")


@requirement(
    "shape.key",
    "sessionKey is the unused key of that session.",
    why="The browser consumes it, once.",
    source="seed A",
    premise=handed_out,
    traits={Trait.SUCCESS, Trait.PASSING, Trait.MANY_ONE_SLOW},
)
def shape_key(case: Case) -> Breaches:
    """Check the key against the fake's, and that the target has not consumed it.

    Of the fake's key only the hash is known, so that no report can show an unused key.
    """
    sessions = {session.id: session for session in case.seen.sessions}
    tried = {each.session for each in case.seen.consumes}
    consumed = {each.session for each in case.seen.consumes if each.status == 200}
    for answer in _of_shape(case, Shape.SESSION_KEY):
        key, id_ = answer.fields["sessionKey"], answer.fields["sessionId"]
        if not isinstance(key, str):
            continue  # checked by shape.types
        session = sessions.get(id_) if isinstance(id_, str) else None
        if not KEY.fullmatch(key):
            yield Breach("the session's key", "another value as sessionKey")
        elif session is not None and session.has_key(key) is False:
            yield Breach("the session's key", "the key of another session")
        if session is None or session.id not in tried:
            continue  # if it was used, another client has done so
        if session.used or session.id in consumed:
            yield Breach("an unused key", "one that the target has consumed")


def _of_shape(case: Case, shape: Shape) -> Iterator[TargetAnswer]:
    """Yield the successes of one shape.

    Raises:
        NotJudged: the target hands out another shape.
    """
    fitting = [answer for answer in case.handed_out if shape_of(answer) is shape]
    if not fitting and case.context.shape not in (None, shape):
        raise NotJudged(f"the target does not hand out the shape {shape.value}")
    yield from fitting


def _in_words(value: Any) -> str:
    """Return what a field holds instead of a non-empty string."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "an empty string"
        case list() | dict():
            return "an array or an object"
        case _:
            return "a number"


_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{43}")  # signed with HMAC-SHA256


def _room_of(token: Any) -> str | None:
    """Return the room that a LiveKit token opens, None if it is no such token."""
    if not _TOKEN.fullmatch(str(token)):
        return None
    try:
        _, claims, _ = str(token).split(".")
        parsed = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return str(parsed["video"]["room"])
    except (ValueError, NotBase64, KeyError, TypeError):
        return None
