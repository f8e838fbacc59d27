"""Checks of the form of failures, of headers, and of the end of the target."""

from dataclasses import replace

import pytest

from tests.support.judge.connects import (
    FAILED,
    KEPT,
    KEYS,
    NOT_JUDGED,
    NOT_OBSERVED,
    Row,
    check,
    consume,
    create,
    got,
    poll,
    seen,
    success,
)

ERROR, VERSION, ON_CONSUME = "error.json", "header.version", "header.version-on-consume"


def failure(body: object) -> Row:
    """Return an observation with such a failure; the caller puts in what is said."""
    return Row(ERROR, seen(answers=(got(502, body=body),)), KEPT)


ROWS = {
    "an error": failure({"error": "no"}),
    "an empty error": failure({"error": ""})._replace(said="the keys ['error']"),
    "a number as error": failure({"error": 5})._replace(said="a body {error: string}"),
    "no error": failure({"message": "no"})._replace(said="502 after 2.0s with the keys"),
    "a list": failure([])._replace(said="no JSON object"),
    "no JSON": failure(b"oops")._replace(said="no JSON object"),
    "a success": Row(ERROR, seen(answers=(success(),)), NOT_OBSERVED),
    "a success and an error": Row(ERROR, seen(answers=(success(), FAILED)), KEPT),
    "no answer": Row(ERROR, seen(answers=(got(None),)), NOT_OBSERVED),
    "no version on a create and a poll": Row(
        VERSION,
        seen(create(versioned=False), poll(1.0, versioned=False)),
        "2 requests without it, such as POST",
    ),
    "no version on a consume alone": Row(
        VERSION, seen(create(), poll(1.0), consume(2.0, versioned=False)), KEPT
    ),
    "no poll to look at": Row(VERSION, seen(create()), NOT_OBSERVED),
    "no version on a consume": Row(
        ON_CONSUME, seen(consume(2.0, versioned=False), consume(3.0)), "1 consume without it"
    ),
    "a version on a consume": Row(ON_CONSUME, seen(consume(2.0)), KEPT),
    "the browser consumes": Row(ON_CONSUME, seen(), NOT_JUDGED, KEYS),
    "the target ended": Row(
        "survive.anything", replace(seen(create()), loss="ended"), "one that ended"
    ),
    "the target goes on": Row("survive.anything", seen(create()), KEPT),
    "the target asked nothing": Row("survive.anything", seen(), NOT_OBSERVED),
}


@pytest.mark.parametrize("name", ROWS)
def test_failures_headers_and_the_end_are_judged(name: str) -> None:
    """By the keys of a failure, by the version of each request, by what ended."""
    check(ROWS[name])
