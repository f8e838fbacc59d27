"""Checks of consumes, on connects written by hand."""

import pytest

from tests.support.judge.connects import (
    CREDENTIALS,
    FAULT,
    KEPT,
    KEYS,
    LIVE,
    NOT_JUDGED,
    NOT_OBSERVED,
    OTHER,
    Row,
    check,
    consume,
    create,
    credentials,
    lived,
    poll,
    seen,
    success,
)

ONCE, KEY, TYPE = "consume.once", "consume.with-the-key", "consume.content-type"
DECLARED, ARRIVES = "consume.declared-type", "consume.arrives"
ELSEWHERE = consume(3.0, session=OTHER)

ROWS = {
    "none, and the browser consumes": Row(ONCE, seen(), NOT_JUDGED, KEYS),
    "none, and the target should": Row(ONCE, seen(), NOT_OBSERVED, CREDENTIALS),
    "one": Row(ONCE, seen(consume(2.0)), KEPT),
    "two that succeed": Row(ONCE, seen(consume(2.0), consume(3.0)), "got 2 consumes", KEYS),
    "one after a failure": Row(ONCE, seen(consume(2.0, status=500), consume(3.0)), KEPT),
    "one after another that Runway did not act on": Row(
        ONCE, seen(consume(2.0, acted=False), consume(3.0)), KEPT
    ),
    "one for each of two sessions": Row(
        ONCE, seen(consume(2.0), ELSEWHERE, sessions=(LIVE, lived(id_=OTHER))), KEPT
    ),
    "another bearer token": Row(
        KEY,
        seen(consume(2.0, key_fits=False), consume(3.0), consume(4.0, key_fits=False)),
        "2 times",
    ),
    "the key": Row(KEY, seen(consume(2.0)), KEPT),
    "Runway did not look at the key": Row(KEY, seen(consume(2.0, key_fits=None)), NOT_OBSERVED),
    "the browser has the key": Row(KEY, seen(), NOT_JUDGED, KEYS),
    "a refused content type": Row(
        TYPE,
        seen(consume(2.0, status=415, arrives=False), consume(3.0, status=415)),
        "415, cut off",
    ),
    "a refusal that was injected": Row(TYPE, seen(consume(2.0, status=415, faults=FAULT)), KEPT),
    "no refusal": Row(TYPE, seen(consume(2.0)), KEPT),
    "the browser declares the type": Row(TYPE, seen(), NOT_JUDGED, KEYS),
    "the fake does not say which type": Row(
        DECLARED, seen(consume(2.0, content_type="")), NOT_JUDGED
    ),
    "no type with one of two": Row(
        DECLARED,
        seen(consume(2.0, content_type=""), consume(3.0, content_type=None)),
        "none with 1 consume",
    ),
    "a type": Row(DECLARED, seen(consume(2.0)), KEPT),
    "the browser declares it": Row(
        DECLARED, seen(consume(2.0, content_type=None)), NOT_JUDGED, KEYS
    ),
    "credentials of the session that was consumed": Row(
        ARRIVES, seen(consume(2.0), answers=(credentials(),)), KEPT
    ),
    "credentials of another one": Row(
        ARRIVES, seen(ELSEWHERE, answers=(credentials(),)), "credentials without one"
    ),
    "credentials of a session that is not known": Row(
        ARRIVES, seen(consume(2.0), answers=(credentials(id_=OTHER),)), KEPT
    ),
    "a key needs no consume": Row(ARRIVES, seen(ELSEWHERE, answers=(success(),)), KEPT),
    "nothing follows READY": Row(
        ARRIVES, seen(create(), poll(1.0, "READY")), "none, and the caller got 502"
    ),
    "nothing has to follow": Row(ARRIVES, seen(create(), poll(1.0, "READY")), NOT_JUDGED, KEYS),
    "nothing was READY": Row(ARRIVES, seen(create(), poll(1.0)), NOT_OBSERVED),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_consume_is_one_with_the_key_and_its_type(name: str) -> None:
    """Once for each session, at the configured host; only where the target consumes."""
    check(ROWS[name])
