"""Checks of the form of a success, on answers written by hand."""

from dataclasses import replace
from hashlib import sha256

import pytest

from contracts.judge.observation import ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.spellings import KEY as KEY_FORM
from tests.support.judge.connects import (
    CONTEXT,
    CREDENTIALS,
    FAILED,
    KEPT,
    KEYS,
    NOT_JUDGED,
    NOT_OBSERVED,
    OTHER,
    Row,
    check,
    consume,
    create,
    credentials,
    got,
    seen,
    success,
    token_of,
)
from tests.support.judge.made_reports import KEY, SESSION

ONE, ELSE, TYPES, ID = "shape.one-of-two", "shape.nothing-else", "shape.types", "shape.session-id"
DECLARED_AS, SHAPE = "shape.content-type", "shape.declared"
ROOM, KEY_OF = "shape.credentials", "shape.key"
NO_SHAPE = got(200, body={"id": SESSION})
TOKEN = token_of({"video": {"room": SESSION}})


def handed(id_: str, said: str, *answers: TargetAnswer) -> Row:
    """Return successes of a session that was created."""
    return Row(id_, seen(create(), answers=answers), said)


def typed(value: object, said: str) -> Row:
    """Return a success with this value as key."""
    return handed(TYPES, said, success(sessionKey=value))


def sent_as(said: str, *answers: TargetAnswer, **headers: str) -> Row:
    """Return a success, and other answers, with these headers."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return handed(DECLARED_AS, said, *(replace(each, headers=named) for each in answers))


def opened(said: str, *answers: TargetAnswer, consumed: bool = True) -> Row:
    """Return credentials of a session that was consumed."""
    return Row(ROOM, seen(*[consume(1.0)][:consumed], answers=answers), said)


def key(said: str, answer: TargetAnswer, *upstream: UpstreamCall) -> Row:
    """Return a success with a key, and what was sent upstream."""
    return Row(KEY_OF, seen(*upstream, answers=(answer,)), said)


def of_session(
    said: str,
    answer: TargetAnswer,
    its_key: str,
    *moves: tuple[float, str, str],
    upstream: tuple[UpstreamCall, ...] = (),
) -> Row:
    """Return a success, of a session with this key to which that happened."""
    digest = sha256(its_key.encode()).hexdigest()
    session = ObservedSession(SESSION, "ready", moves, digest)
    return Row(KEY_OF, seen(create(), *upstream, answers=(answer,), sessions=(session,)), said)


ROWS = {
    "a key": handed(ONE, KEPT, success()),
    "credentials": handed(ONE, KEPT, credentials()),
    "neither": handed(ONE, "the keys ['id']", NO_SHAPE),
    "a key and a token": handed(ONE, "the keys", success(sessionKey=KEY, token="t")),
    "a key and a URL": handed(ONE, "the keys", success(sessionKey=KEY, serverUrl="u")),
    "a key and a room": handed(ONE, KEPT, success(sessionKey=KEY, roomName="r")),
    "both": handed(ONE, "the keys", credentials(sessionKey=KEY)),
    "no success": handed(ONE, NOT_OBSERVED, FAILED),
    "more keys": handed(ELSE, "the keys a, b as well", success(sessionKey=KEY, b=1, a=2)),
    "more keys beside credentials": handed(ELSE, "but sessionId, serverUrl", credentials(a=1)),
    "no more keys": handed(ELSE, KEPT, success()),
    "more keys in neither shape": handed(ELSE, KEPT, NO_SHAPE),
    "more keys in a mixed one": handed(ELSE, KEPT, success(sessionKey=KEY, token="t", a=1)),
    "more keys in the second": handed(ELSE, "the keys a", NO_SHAPE, credentials(a=1)),
    "a text": typed("x", KEPT),
    "null": typed(None, "a non-empty string as sessionKey, got null"),
    "true": typed(True, "got true or false"),
    "an empty text": typed("", "got an empty string"),
    "a list": typed([], "got an array or an object"),
    "an object": typed({"a": 1}, "got an array or an object"),
    "a number": typed(5, "got a number"),
    "null as room": handed(TYPES, "string as roomName, got null", credentials(roomName=None)),
    "the id of a session": handed(ID, KEPT, success()),
    "another id": handed(ID, f"as sessionId one of {SESSION}", success(id_=OTHER)),
    "an id without a session": Row(ID, seen(answers=(success(),), sessions=()), "none: no session"),
    "an id in neither shape": handed(ID, KEPT, got(200, body={"sessionId": "x"})),
    "JSON": sent_as(KEPT, success(), Content_Type="application/json"),
    "text": sent_as("application/json, got text/plain", success(), content_type="text/plain"),
    "a failure as text": sent_as("got text/plain", FAILED, content_type="text/plain"),
    "no type": sent_as("got no content type", success()),
    "no body": sent_as(NOT_OBSERVED, got(502)),
    "the declared shape": Row(SHAPE, seen(answers=(success(),)), KEPT, KEYS),
    "another shape": Row(
        SHAPE, seen(answers=(credentials(),)), "shape session-key, got the shape cred", KEYS
    ),
    "no declared shape": Row(SHAPE, seen(answers=(credentials(),)), KEPT),
    "no shape": Row(SHAPE, seen(answers=(NO_SHAPE,)), KEPT, KEYS),
    "the room and its token": opened(KEPT, credentials(TOKEN)),
    "another URL": opened("got another serverUrl", credentials(TOKEN, serverUrl="wss://other")),
    "a URL that is no text": opened(KEPT, credentials(TOKEN, serverUrl=None)),
    "another room": opened("got another roomName", credentials(TOKEN, roomName=OTHER)),
    "a room that is no text": opened(KEPT, credentials("x", roomName=None)),
    "a token that is no text": opened(KEPT, credentials(None, roomName=OTHER)),
    "the second has another room": opened(
        "got another roomName", credentials(None), credentials(TOKEN, roomName=OTHER)
    ),
    "another session's room and token": opened(
        "got another roomName",
        credentials(token_of({"video": {"room": OTHER}}), id_=OTHER, roomName=OTHER),
    ),
    "a session under another name": opened(KEPT, credentials(TOKEN, id_=OTHER)),
    "another token": opened("got another token", credentials(token_of({"video": {"room": OTHER}}))),
    "no token": opened("got another token", credentials("no token")),
    "nothing in the token": opened("got another token", credentials(token_of({}))),
    "a list in the token": opened("got another token", credentials(token_of([SESSION]))),
    "no JSON in the token": opened("got another token", credentials(f"a.bb.{'s' * 43}")),
    "no base64 in the token": opened("got another token", credentials(f"a.b.{'s' * 43}")),
    "another token, and no consume": opened(KEPT, credentials("no token"), consumed=False),
    "keys, where credentials are looked at": Row(
        ROOM, seen(answers=(success(),)), NOT_JUDGED, KEYS
    ),
    "the address that the consume answered": Row(
        ROOM,
        seen(
            consume(1.0, fields={"url": "ws://fake:4010/w/x"}),
            consume(1.5, fields={"error": "The session has already been consumed."}),
            answers=(credentials(TOKEN, serverUrl="ws://fake:4010/w/x"),),
        ),
        KEPT,
    ),
    "another address than the consume answered": Row(
        ROOM,
        seen(consume(1.0, fields={"url": "ws://fake:4010/w/x"}), answers=(credentials(TOKEN),)),
        "another serverUrl",
    ),
    "keys, where it is not known what comes": Row(ROOM, seen(answers=(success(),)), KEPT),
    "keys, where credentials are declared": Row(
        ROOM, seen(answers=(success(),)), KEPT, CREDENTIALS
    ),
    "credentials, where keys are declared": Row(
        ROOM, seen(answers=(credentials(TOKEN, serverUrl="x"),)), "another serverUrl", KEYS
    ),
    "an unused key": key(KEPT, success()),
    "another value": key("got another value as sessionKey", success(sessionKey="x")),
    "a key and more": key("got another value", success(sessionKey=f"{KEY}0")),
    "a key that is no text": key(KEPT, success(sessionKey=5), consume(1.0)),
    "a consumed key": key("got one that the target has consumed", success(), consume(1.0)),
    "a consume that failed": key(KEPT, success(), consume(1.0, status=500)),
    "a consume of another": key(KEPT, success(), consume(1.0, session=OTHER)),
    "its key": of_session(KEPT, success(), KEY),
    "the key of another session": of_session(
        "expected the session's key, got the key of another session", success(), f"{KEY[:-1]}0"
    ),
    "a key whose session is not known": of_session(KEPT, success(id_=OTHER), f"{KEY[:-1]}0"),
    "a key for an id that is no text": of_session(KEPT, success(id_=[1]), f"{KEY[:-1]}0"),
    "a key that was used, whatever the answer": of_session(
        "got one that the target has consumed",
        success(),
        KEY,
        (2.0, "consumed", "running"),
        upstream=(consume(2.0, status=502),),
    ),
    "a key that was claimed": of_session(
        "got one that the target has consumed",
        success(),
        KEY,
        (2.0, "claimed", "claimed"),
        upstream=(consume(2.0, status=502),),
    ),
    "a key that somebody else used": of_session(KEPT, success(), KEY, (2.0, "consumed", "running")),
    "a consumed key behind an unused one": Row(
        KEY_OF,
        seen(consume(1.0), answers=(success(id_=OTHER), success())),
        "got one that the target has consumed",
    ),
    "a bad one behind one that is no text": Row(
        KEY_OF, seen(answers=(success(sessionKey=5), success(sessionKey="x"))), "another value"
    ),
} | {
    f"a token of another length: {more}": opened(
        KEPT, credentials(token_of({"video": {"room": SESSION}, "sub": "x" * more}))
    )
    for more in range(4)
}


@pytest.mark.parametrize("name", ROWS)
def test_a_success_has_one_of_two_forms(name: str) -> None:
    """With the values that the fake gave, and declared as JSON."""
    check(ROWS[name])


def test_the_key_of_these_tests_has_the_form_of_keys() -> None:
    """So that rows with it are about what they say."""
    assert KEY_FORM.fullmatch(KEY)
    assert CONTEXT.shape is None
