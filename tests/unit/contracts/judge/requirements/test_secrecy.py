"""Checks of what must not leave the target, on answers written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.case import Case, NotJudged
from contracts.judge.observation import TargetAnswer
from contracts.judge.output import Leak
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import CallerRequest, Expect
from contracts.judge.spellings import API_SECRET, PART_OF_SECRET, SESSION_KEY
from tests.support.judge.connects import (
    CONTEXT,
    FAILED,
    KEPT,
    NOT_JUDGED,
    NOT_OBSERVED,
    OTHER,
    STRUCK_POLL,
    Row,
    check,
    create,
    credentials,
    got,
    poll,
    seen,
    success,
    token_of,
)
from tests.support.judge.made_reports import KEY, SECRET, SESSION

SECRET_IN, KEY_IN, TOKEN_IN = "secrecy.api-secret", "secrecy.session-key", "secrecy.token"
OUTPUT, PARTS, CALLERS = "secrecy.output", "secrecy.output-parts", "secrecy.callers-credentials"
CACHED, ADDRESS, TRACE = "secrecy.cached", "secrecy.upstream-address", "secrecy.trace"
ID_IN, TEXT_IN = "secrecy.session-id", "secrecy.upstream-text"
UPSTREAM = replace(CONTEXT, upstream_url="http://127.0.0.1:9876")
TOKEN = token_of({"sub": "a caller"})
CALLER = "Bearer caller-credentials"
WHOLE, PART, OF_KEY = (
    Leak(each, f"line {each}", 0) for each in (API_SECRET, PART_OF_SECRET, SESSION_KEY)
)


def in_answer(id_: str, said: str, *answers: TargetAnswer) -> Row:
    """Return a connect with a create and a READY poll that gets these answers."""
    return Row(id_, seen(create(), poll(1.0, "READY"), answers=answers), said, UPSTREAM)


def failed(id_: str, said: str, body: bytes = b"", **headers: str) -> Row:
    """Return a connect that a fault lets fail, with this answer."""
    answers = (got(502, body=body, headers=headers),)
    return Row(id_, seen(create(), STRUCK_POLL, answers=answers), said, UPSTREAM)


def written(id_: str, said: str, *leaks: Leak, output: str = "a line") -> Row:
    """Return a connect during which the target wrote this."""
    return Row(id_, replace(seen(create()), output=output, leaks=leaks), said)


def from_caller(said: str, answer: TargetAnswer = FAILED, output: str = "") -> Row:
    """Return a connect of a caller with credentials of its own."""
    request = CallerRequest(headers={"Authorization": CALLER})
    return Row(CALLERS, replace(seen(answers=(answer,), request=request), output=output), said)


def success_with(**headers: str) -> TargetAnswer:
    """Return a success with headers."""
    return replace(success(), headers=headers)


def trace_at_the_end_of(size: int) -> bytes:
    """Return a body with a trace, so that body and the empty headers have so many characters."""
    return b"app.py:1".rjust(size - len("\n\n"))


KEY_BODY = {"message": KEY}

ROWS = {
    "no secret": in_answer(SECRET_IN, KEPT, success()),
    "the secret in a body": in_answer(
        SECRET_IN, "in an answer's body", got(500, body=SECRET.encode())
    ),
    "the secret in a header": in_answer(
        SECRET_IN, "in an answer's headers", got(500, headers={"X": SECRET})
    ),
    "a part of it in a body": in_answer(SECRET_IN, "no part", got(500, body=SECRET[:9].encode())),
    "a part of it in a header": in_answer(
        SECRET_IN, "no part", got(500, headers={"X": SECRET[:9]})
    ),
    "the secret in a URL": Row(SECRET_IN, seen(create(secret_in_url=True)), "no secret in a URL"),
    "a wrong request": Row(SECRET_IN, seen(create(), expect=Expect.REFUSAL), NOT_OBSERVED),
    "no request upstream": Row(SECRET_IN, seen(), NOT_OBSERVED),
    "the key in a success": in_answer(KEY_IN, KEPT, success()),
    "the key in the header of a success": in_answer(KEY_IN, "no session key", success_with(X=KEY)),
    "the key in credentials": in_answer(KEY_IN, "no session key", credentials(more=KEY)),
    "the key in a failure": in_answer(KEY_IN, "no session key", got(500, body=KEY_BODY)),
    "the key in a failure of the shape": in_answer(
        KEY_IN, "no session key", replace(success(), status=500)
    ),
    "READY was never shown": Row(KEY_IN, seen(create(), poll(1.0)), NOT_OBSERVED),
    "no output": written(OUTPUT, NOT_JUDGED, output=""),
    "harmless output": written(OUTPUT, KEPT),
    "the secret in the output": written(
        OUTPUT, f"no API secret in the target's output, got one: {WHOLE.line}", WHOLE
    ),
    "the secret in an output that is gone": written(OUTPUT, WHOLE.line, WHOLE, output=""),
    "the first line of each kind": written(
        OUTPUT, "got one: line API secret", WHOLE, replace(WHOLE, line="another")
    ),
    "other situations ran": written(
        OUTPUT, "one (while one, two ran, too): line", replace(OF_KEY, beside=("one", "two"))
    ),
    "a part is for the other requirement": written(OUTPUT, KEPT, PART),
    "a part in the output": written(PARTS, PART.line, PART),
    "a part and a key": written(PARTS, f"got one: {PART.line}", OF_KEY, PART),
    "a part beside the whole": written(PARTS, KEPT, PART, WHOLE),
    "a key is for the other requirement": written(PARTS, KEPT, OF_KEY),
    "the token of credentials": in_answer(TOKEN_IN, KEPT, credentials(TOKEN)),
    "the token twice": in_answer(TOKEN_IN, "got one, with 200", credentials(TOKEN, more=TOKEN)),
    "a token under another name": in_answer(TOKEN_IN, "got one, with 200", success(other=TOKEN)),
    "a token in a header": in_answer(TOKEN_IN, "got one, with 200", success_with(X=TOKEN)),
    "a token in a failure": in_answer(
        TOKEN_IN, "got one, with 500", got(500, body={"token": TOKEN})
    ),
    "a number as token": in_answer(TOKEN_IN, KEPT, credentials(5)),
    "the caller's own in no place": from_caller(KEPT),
    "the caller's own in an answer": from_caller("in an answer", got(500, body=CALLER.encode())),
    "the caller's own in a header": from_caller("in an answer", got(500, headers={"X": CALLER})),
    "the caller's own in the output": from_caller("in the target's output", output=CALLER),
    "every caller's": Row(
        CALLERS,
        replace(seen(), output="all-callers"),
        "target's output",
        replace(CONTEXT, caller_tokens=("all-callers",)),
    ),
    "the port": failed(ADDRESS, "got port 9876, with 502", b"dial port 9876"),
    "the port in another spelling": failed(ADDRESS, "got port=9876", b"port=9876"),
    "the host": failed(ADDRESS, "got 127.0.0.1:9876", b"connect 127.0.0.1:9876"),
    "the path": failed(ADDRESS, "got /v1/realtime_sessions", b"port 9876 /v1/realtime_sessions"),
    "the path in a header": failed(ADDRESS, "got /v1/realtime_sessions", x="/v1/realtime_sessions"),
    "no address": failed(ADDRESS, KEPT, b"port"),
    "an address that is not known": failed(ADDRESS, KEPT, b"port None")._replace(context=CONTEXT),
    "the address in a success": Row(
        ADDRESS,
        seen(create(), STRUCK_POLL, answers=(success(more="port 9876"), FAILED)),
        KEPT,
        UPSTREAM,
    ),
    "a trace": failed(TRACE, "one with a trace, with 502", b"app.py:1"),
    "a trace in a header": failed(TRACE, "one with a trace", x="app.py:1"),
    "no trace": failed(TRACE, KEPT, b"app.py"),
    "a trace in what is searched": failed(TRACE, "one with", trace_at_the_end_of(65_536)),
    "a trace behind it": failed(TRACE, KEPT, trace_at_the_end_of(65_537)),
    "a trace in a success": Row(TRACE, seen(answers=(success(more="app.py:1"), FAILED)), KEPT),
    "the id in a failure": failed(ID_IN, "got one, with 502", SESSION.encode()),
    "another id in a failure": failed(ID_IN, KEPT, OTHER.encode()),
    "the id in a success": Row(ID_IN, seen(create(), answers=(success(), FAILED)), KEPT),
    "the upstream's text": failed(TEXT_IN, "the upstream's, with 502", b"an upstreammarker"),
    "the upstream's header": failed(TEXT_IN, "the upstream's, with 502", x="upstreammarker"),
    "a text of its own": failed(TEXT_IN, KEPT, b"oops"),
    "no declaration": Row(CACHED, seen(answers=(success(),)), KEPT),
    "no success": Row(CACHED, seen(), NOT_OBSERVED),
}

HEADERS = {
    "no-store, max-age=60": KEPT,
    "Private": KEPT,
    "no-cache": KEPT,
    "public": "got public",
    "immutable": "got immutable",
    "Max-Age=60": "got max-age=60",
    "s-maxage=60, public": "got public, s-maxage=60",
    "max-age=0": KEPT,
    "public, max-age=0": "got public",
    "must-revalidate": KEPT,
}


@pytest.mark.parametrize("name", ROWS)
def test_secrets_and_internals_stay_in_the_target(name: str) -> None:
    """In each place where they may leave it, and only there."""
    check(ROWS[name])


@pytest.mark.parametrize("control", HEADERS)
def test_a_success_is_not_declared_as_one_for_caches(control: str) -> None:
    """By Cache-Control."""
    answer = success_with(**{"Cache-Control": control})

    check(Row(CACHED, seen(answers=(answer,)), HEADERS[control]))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Expires": "0"}, KEPT),
        ({"expires": "-1"}, KEPT),
        ({"Expires": "Thu"}, "got Expires: thu"),
        ({"Expires": "Thu", "Cache-Control": ""}, "got Expires: thu"),
        ({"Expires": "Thu", "Cache-Control": "must-revalidate"}, KEPT),
        ({"Expires": "Thu", "Cache-Control": "private"}, KEPT),
    ],
)
def test_expires_counts_where_nothing_else_is_declared(headers: dict[str, str], said: str) -> None:
    """A date in it, of the second success too."""
    private = success_with(**{"Cache-Control": "private"})

    check(Row(CACHED, seen(answers=(private, success_with(**headers))), said))


def test_a_long_declaration_is_cut() -> None:
    """So that a report stays readable."""
    cached = next(each for each in REQUIREMENTS if each.id == CACHED)
    observed = seen(answers=(success_with(Expires="x" * 200),))

    assert [len(each.got) for each in cached.check(Case(observed, CONTEXT))] == [100]


@pytest.mark.parametrize(
    ("started", "why"),
    [(True, "the target wrote no output"), (False, "the judge did not start the target")],
)
def test_why_there_is_no_output_is_said(*, started: bool, why: str) -> None:
    """One of the two: only what the judge started writes where it can read."""
    requirement = next(each for each in REQUIREMENTS if each.id == OUTPUT)
    case = Case(seen(create()), replace(CONTEXT, started=started))

    with pytest.raises(NotJudged, match=why):
        [*requirement.check(case)]
