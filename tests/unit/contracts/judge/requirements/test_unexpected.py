"""Checks of requests that no page sends, on connects written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.situation import CallerRequest
from tests.support.judge.connects import (
    CONTEXT,
    KEPT,
    NOT_JUDGED,
    NOT_OBSERVED,
    OTHER,
    PRESET,
    Row,
    check,
    consume,
    create,
    got,
    poll,
    seen,
    success,
)

METHOD, FOREIGN, KEYS = "unexpected.method", "unexpected.foreign-request", "unexpected.extra-keys"
OPTIONS, OWN = "unexpected.options", "unexpected.own-credentials"
ORIGIN = "unexpected.foreign-origin"
OTHERS_SUCCEED = replace(CONTEXT, alone_s=1.0)
BY_GET = replace(CONTEXT, method="GET")
OF_GET = got(405, method="GET")
PERSONALITY = create(body={**PRESET, "personality": "a pirate"})
VERSION = CallerRequest(headers={"X-Runway-Version": "2020-01-01"})
COOKIE, WITH_COOKIE = CallerRequest(headers={"Cookie": "a=b"}), create(cookies=True)


def allows(said: str, **headers: str) -> Row:
    """Return an answer with CORS headers, whose names are written without their beginning."""
    named = {f"Access-Control-Allow-{name.title()}": text for name, text in headers.items()}
    return Row(ORIGIN, seen(answers=(got(403, headers=named),)), said)


def both(row: Row) -> dict[str, Row]:
    """Return the same for another method and for a foreign request."""
    return {id_: row._replace(id=id_) for id_ in (METHOD, FOREIGN)}


ROWS = {
    f"{about}: {id_}": row
    for about, said in {
        "a session": Row(
            "", seen(create(), answers=(OF_GET,)), "no session, got 1 session after GET"
        ),
        "two sessions": Row("", seen(create(), create(), answers=(OF_GET,)), "got 2 sessions"),
        "no session": Row("", seen(create(status=400), answers=(OF_GET,)), KEPT),
        "a target for GET": Row("", seen(create(), answers=(OF_GET,)), NOT_JUDGED, BY_GET),
        "a target that never creates": Row(
            "", seen(answers=(OF_GET,)), NOT_OBSERVED, replace(CONTEXT, creates=False)
        ),
    }.items()
    for id_, row in both(said).items()
} | {
    "avatar and model": Row(KEYS, seen(create(), answers=(success(),)), KEPT),
    "they, where every connect succeeds": Row(
        KEYS, seen(create(), answers=(success(),)), KEPT, OTHERS_SUCCEED
    ),
    "another key": Row(
        KEYS, seen(create(body={**PRESET, "secret": "x", "host": "y"})), "also host, secret"
    ),
    "an option": Row(KEYS, seen(PERSONALITY, answers=(success(),)), KEPT),
    "an option, where they are looked at": Row(OPTIONS, seen(PERSONALITY), "also personality"),
    "no option": Row(OPTIONS, seen(create(), answers=(success(),)), KEPT),
    "a create that Runway rejects": Row(
        KEYS, seen(create(status=400, body={"x": 1})), "it rejects: 400", OTHERS_SUCCEED
    ),
    "a session of another account": Row(
        KEYS, seen(create(), answers=(success(id_=OTHER),)), "got another session"
    ),
    "a failure": Row(
        KEYS, seen(create(), answers=(got(500),)), "or a rejection, got 500 after", OTHERS_SUCCEED
    ),
    "a failure, as of every connect": Row(KEYS, seen(create(), answers=(got(500),)), KEPT),
    "a rejection": Row(KEYS, seen(answers=(got(499),)), KEPT, OTHERS_SUCCEED),
    "a version of the caller's": Row(
        OWN, seen(create(versioned=False), answers=(success(),), request=VERSION), "or none"
    ),
    "a version of the target's": Row(
        OWN, seen(create(), poll(1.0), answers=(success(),), request=VERSION), KEPT
    ),
    "no version with a consume": Row(
        OWN,
        seen(create(), consume(1.0, versioned=False), answers=(success(),), request=VERSION),
        KEPT,
    ),
    "no version, and none is sent": Row(
        OWN, seen(create(versioned=False), answers=(success(),)), KEPT
    ),
    "a cookie of the caller's": Row(
        OWN, seen(WITH_COOKIE, answers=(success(),), request=COOKIE), "got a Cookie header"
    ),
    "a cookie of the target's": Row(OWN, seen(WITH_COOKIE, answers=(success(),)), KEPT),
    "a cookie that is kept back": Row(
        OWN, seen(create(), answers=(success(),), request=COOKIE), KEPT
    ),
    "an origin with credentials": allows(
        "https://evil.invalid with them", origin="https://evil.invalid", credentials="TRUE"
    ),
    "an origin": allows(KEPT, origin="*"),
    "an origin without credentials": allows(KEPT, origin="*", credentials="false"),
    "credentials": allows(KEPT, credentials="true"),
    "no answer to look at": Row(ORIGIN, seen(answers=(got(None),)), NOT_OBSERVED),
    "a charset": Row("unexpected.charset", seen(create(), answers=(success(),)), KEPT),
    "a charset that is refused": Row(
        "unexpected.charset", seen(answers=(got(415),)), "got 415 after 2.0s: no create"
    ),
    "the upstream's 404 for a wrong body": Row(
        "unexpected.charset", seen(create(status=422), sessions=()), NOT_OBSERVED
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_no_page_sends_does_not_reach_runway(name: str) -> None:
    """It creates nothing, or a session as any other one."""
    check(ROWS[name])
