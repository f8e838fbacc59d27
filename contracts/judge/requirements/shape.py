"""What a success looks like."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Level, Shape, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import (
    CREDENTIAL_KEYS,
    KEY,
    SESSION_KEY_KEYS,
    NotJudged,
    arrived,
    handed_out,
    of_shape,
    room_of,
    shape_of,
)

# Answers: shape


@requirement(
    "shape.one-of-two",
    "A success is exactly one of {sessionId, sessionKey} and {sessionId, serverUrl, token,"
    " roomName}, spelled so.",
    why="The SDK takes anything else as it is, and LiveKit is given undefined.",
    source="seed A; SDK",
    tags="success repeat one-slow",
)
def shape_one_of_two(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the keys of successes."""
    for answer in handed_out(seen):
        keys = sorted(answer.fields)
        both = "sessionKey" in keys and ("serverUrl" in keys or "token" in keys)
        if shape_of(answer) is None or both:
            yield Breach("one of the two shapes", f"an answer with the keys {keys}")


@requirement(
    "shape.nothing-else",
    "A success has no key but those of its shape.",
    why="Whatever else a server knows of a session is not meant for a page.",
    source="seed A; ours",
    tags="success repeat one-slow",
    level=Level.SHOULD,
)
def shape_nothing_else(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the keys of successes that have one of the two shapes."""
    keys = {Shape.CREDENTIALS: CREDENTIAL_KEYS, Shape.SESSION_KEY: SESSION_KEY_KEYS}
    for answer in handed_out(seen):
        if (shape := shape_of(answer)) is None or {"sessionKey", "token"} <= answer.fields.keys():
            continue  # which is the affair of shape.one-of-two
        if more := sorted(answer.fields.keys() - keys[shape]):
            yield Breach(", ".join(keys[shape]), f"also {', '.join(more)}")


@requirement(
    "shape.types",
    "Every field of a success is a text that is not empty.",
    why="A null serverUrl counts as present for the SDK, and the call fails without a word.",
    source="SDK",
    tags="success repeat one-slow error",
)
def shape_types(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the values of successes."""
    for answer in handed_out(seen):
        for name in (*CREDENTIAL_KEYS, "sessionKey"):
            value = answer.fields.get(name, "absent")
            if not isinstance(value, str) or not value:
                yield Breach(f"a text as {name}", type(value).__name__)


@requirement(
    "shape.session-id",
    "sessionId is the id of a session that was created for this call.",
    why="The page shows and ends that session.",
    source="seed A; seed B",
    tags="success",
)
def shape_session_id(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the id against the fake's."""
    ids = {session.id for session in seen.sessions}
    for answer in handed_out(seen):
        if shape_of(answer) is not None and answer.fields["sessionId"] not in ids:
            yield Breach(" or ".join(sorted(ids)) or "none", "another sessionId")


@requirement(
    "shape.content-type",
    "Successes and failures are declared as application/json.",
    why="Clients that look at the declared type parse nothing else.",
    source="seed A (Response.json, res.json)",
    unless="gone big",
    level=Level.SHOULD,
)
def shape_content_type(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the header."""
    for answer in arrived(seen):
        declared = {key.lower(): text for key, text in answer.headers.items()}.get("content-type")
        if answer.body and "json" not in (declared or "none"):
            yield Breach("application/json", declared or "no content type")


@requirement(
    "shape.declared",
    "The shape is the one that was declared (--shape).",
    why="The vanilla SDK takes only {sessionId, sessionKey}.",
    source="SDK",
    tags="success",
)
def shape_declared(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the shape; without a declaration there is nothing to judge."""
    if context.shape is None:
        raise NotJudged("no shape was declared, and none was seen")
    for answer in handed_out(seen):
        came = shape_of(answer)
        if context.shape is not None and came not in (None, context.shape):
            yield Breach(context.shape.value, came.value if came else "neither")


@requirement(
    "shape.credentials",
    "serverUrl, token and roomName are what the consume of that session answered.",
    why="Any others lead into no room, or into somebody else's.",
    source="seed A; seed B",
    tags="success",
)
def shape_credentials(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge against what the fake hands out: the room is named like the session."""
    rooms = {session.id for session in seen.sessions}
    for answer in of_shape(seen, Shape.CREDENTIALS):
        fields = answer.fields
        room = fields["sessionId"] if fields["sessionId"] in rooms else fields["roomName"]
        if not isinstance(fields["roomName"], str) or not isinstance(fields["token"], str):
            continue  # which is the affair of shape.types
        if fields["serverUrl"] != context.media_url and isinstance(fields["serverUrl"], str):
            yield Breach(f"serverUrl {context.media_url}", "another serverUrl")
        if fields["roomName"] != room or fields["roomName"] not in rooms:
            yield Breach("the room of that session", "another roomName")
        if seen.consumes and room_of(fields["token"]) != room:
            yield Breach("the token that opens that room", "another token")


@requirement(
    "shape.key",
    "sessionKey is the key of that session, not used yet.",
    why="The browser consumes it, once.",
    source="seed A",
    tags="success",
)
def shape_key(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the key, and that nobody has used it."""
    for answer in of_shape(seen, Shape.SESSION_KEY):
        if not isinstance(answer.fields["sessionKey"], str):
            continue  # which is the affair of shape.types
        if not KEY.fullmatch(answer.fields["sessionKey"]):
            yield Breach("the session's key", "something else as sessionKey")
        used = [each for each in seen.consumes if each.status == 200]
        if any(each.session == answer.fields["sessionId"] for each in used):
            yield Breach("a key that nobody has used", "one that the target has consumed")
