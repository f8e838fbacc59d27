"""The ids of a request, the fields of a log line, and the secrets that it never holds."""

import asyncio
import io
import json
import logging
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.http import HttpProcessingError
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.telemetry.logs import (
    ELSEWHERE,
    JsonFormatter,
    LogFormat,
    LogLevel,
    TextFormatter,
    access,
    setup_logging,
)
from gateway.telemetry.record import CURRENT, Draw, Identity, RequestRecord, identify
from gateway.telemetry.redaction import REDACTED, Redaction

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
IDENTITY = Identity("req-1", TRACE, "1" * 16)

# The identity of a request

hex_digits = "0123456789abcdef"
wild = st.text(max_size=60) | st.text("0123456789abcdefABCF-", min_size=50, max_size=60)
nearly = st.builds(
    "{}-{}-{}-{}{}".format,
    st.text(hex_digits, min_size=2, max_size=2) | st.just("00"),
    st.text(hex_digits, min_size=31, max_size=33) | st.just("0" * 32) | st.just(TRACE),
    st.text(hex_digits, min_size=15, max_size=17) | st.just("0" * 16) | st.just(PARENT),
    st.text(hex_digits + "G", min_size=1, max_size=2),
    st.sampled_from(["", "-more", "more", "-", "\r\n"]),
)
draws: st.SearchStrategy[Draw] = st.builds(
    lambda seed: random.Random(seed).randbytes, st.integers()
) | st.just(bytes)  # bytes(n) is n zeros: the unluckiest draw
headers = st.lists(
    st.tuples(st.just("X-Request-Id"), wild) | st.tuples(st.just("TraceParent"), wild | nearly)
).map(CIMultiDict[str])


def drawn(size: int) -> bytes:
    """Draw the same bytes always."""
    return bytes(range(1, size + 1))


@given(headers, draws)
def test_the_ids_are_well_formed_for_any_headers(incoming: CIMultiDict[str], draw: Draw) -> None:
    """Both headers have their form, and no id is all zeros."""
    out = identify(incoming, draw).headers()

    assert re.fullmatch(r"[A-Za-z0-9._:/+=-]{1,128}", out["X-Request-Id"])
    form = r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]"
    assert re.fullmatch(form, out["traceparent"])


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255), draws)
def test_an_incoming_trace_is_continued(trace: int, parent: int, flags: int, draw: Draw) -> None:
    """The trace id survives, the caller's span is the parent, and only the known flag goes on."""
    incoming = CIMultiDict(traceparent=f"00-{trace:032x}-{parent:016x}-{flags:02x}")
    identity = identify(incoming, draw)

    assert identity.trace_id == f"{trace:032x}"
    assert identity.parent_id == f"{parent:016x}"
    assert identity.sampled == bool(flags % 2)
    assert identity.headers()["traceparent"].endswith(f"-0{flags % 2}")


@given(st.from_regex(r"[A-Za-z0-9._:/+=-]{1,128}", fullmatch=True))
def test_a_request_keeps_the_id_of_its_header(name: str) -> None:
    """A usable X-Request-Id is passed on as it is."""
    assert identify(CIMultiDict({"x-request-id": name}), drawn).request_id == name


@pytest.mark.parametrize(
    "name", ["", "a b", "ä", "x" * 129, "a\r\nSet-Cookie: b", "a\n", "<script>", "a,b"]
)
def test_a_malformed_id_is_replaced(name: str) -> None:
    """The request gets 16 hex digits instead."""
    assert identify(CIMultiDict({"X-Request-Id": name}), drawn).request_id == "0102030405060708"


@pytest.mark.parametrize(
    ("traceparent", "continued"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01-what the future brings", True),
        (f"cc-{TRACE}-{PARENT}-01.what", False),
        (f"00-{TRACE}-{PARENT}-01-more", False),
        (f"00-{TRACE}-{PARENT}-01-", False),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{TRACE.upper()}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE}-{PARENT}", False),
        (f"00-{TRACE}-{PARENT}-1", False),
        (f" 00-{TRACE}-{PARENT}-01", False),
    ],
)
def test_a_trace_is_continued_only_from_a_valid_header(traceparent: str, continued: bool) -> None:
    """Unknown versions are read as far as known; an invalid header starts a new trace."""
    identity = identify(CIMultiDict(traceparent=traceparent), drawn)

    assert (identity.trace_id == TRACE) is continued
    assert (identity.parent_id == PARENT) is continued


def test_a_repeated_header_counts_as_absent() -> None:
    """Two ids are ambiguous, even if they are equal."""
    parent = f"00-{TRACE}-{PARENT}-01"
    twice = [("traceparent", parent)] * 2 + [("X-Request-Id", "a"), ("x-request-id", "a")]
    identity = identify(CIMultiDict(twice), drawn)

    assert identity.request_id == "0102030405060708"
    assert identity.trace_id != TRACE


# The fields of a line


def a_record(message: object = "hello", *args: object, **extra: object) -> logging.LogRecord:
    """Return a record as a logger creates it."""
    record = logging.LogRecord("gateway", logging.INFO, __file__, 1, message, args, None)
    record.created = 1_700_000_000.0625
    record.__dict__.update(extra)
    return record


def lines(record: logging.LogRecord, *secrets: str) -> tuple[str, str]:
    """Return a record as a line of JSON and as a line of text."""
    redaction = Redaction(secrets)
    return JsonFormatter(redaction).format(record), TextFormatter(redaction).format(record)


def test_a_line_is_an_object_with_the_documented_fields() -> None:
    """Time is RFC 3339 in UTC; of `extra`, the listed fields are shown."""
    as_json, as_text = lines(a_record("hello %s", "you", status=200, hop=None, made_up=1))

    assert json.loads(as_json) == {
        "time": "2023-11-14T22:13:20.062Z",
        "level": "info",
        "logger": "gateway",
        "message": "hello you",
        "status": 200,
    }
    assert as_text == "2023-11-14T22:13:20.062Z INFO    gateway hello you status=200"


@given(st.text(), st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists))
def test_any_record_is_one_line(message: str, value: object) -> None:
    """No text can begin a line of its own, and JSON stays JSON, lone surrogates included."""
    as_json, as_text = lines(a_record("%s", message, reason=value))

    assert not {"\n", "\r"} & set(as_json)
    assert json.loads(as_json)["message"] == Redaction([]).text(message)
    assert len(as_text.splitlines()) == 1
    assert as_text.isprintable()


def test_a_traceback_is_a_field_or_indented_lines() -> None:
    """An error's text cannot pass for a line of the log."""
    record = a_record("failed")
    error = ValueError("first\n2023-11-14T22:13:20.062Z INFO    gateway forged")
    record.exc_info = (ValueError, error, None)
    as_json, as_text = lines(record)
    first, *rest = as_text.splitlines()

    assert json.loads(as_json)["exception"].startswith("ValueError: first\n")
    assert "forged" in as_json
    assert first.endswith("failed")
    assert rest
    assert all(line.startswith("    ") for line in rest)


async def test_lines_of_a_request_carry_its_ids_in_every_task_it_starts() -> None:
    """A task of a request has its ids, even after the answer; other tasks have none."""

    async def later() -> dict[str, Any]:
        await asyncio.sleep(0)  # noqa: TID251 - no time passes
        found: dict[str, Any] = json.loads(lines(a_record())[0])
        return found

    before = asyncio.ensure_future(later())
    token = CURRENT.set(RequestRecord(IDENTITY))
    within = asyncio.ensure_future(later())
    CURRENT.reset(token)

    assert (await within)["request_id"] == "req-1"
    assert (await within)["trace_id"] == TRACE
    assert "request_id" not in await before


# Secrets that a line never holds

odd_characters = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("\\\\'\"é%"),
    min_size=8,
    max_size=40,
)
surroundings = st.text(st.sampled_from("ab =:,{}[]'\"\\"), max_size=6)


def texts(value: object) -> Iterator[str]:
    """Yield every text within a JSON value."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from (key, *texts(inner))
        case list():
            for inner in value:
                yield from texts(inner)
        case _:
            yield str(value)


def planted(secret: str, before: str, after: str, where: str) -> logging.LogRecord:
    """Return a record that holds a secret."""
    text = f"{before}{secret}{after}"
    match where:
        case "message":
            return a_record(text)
        case "argument":
            return a_record("got %s", text)
        case "repr":
            return a_record("got %r", text)
        case "two arguments":
            return a_record("got %s%s", text[: len(text) // 2], text[len(text) // 2 :])
        case "nested argument":
            return a_record("got %s and %s", {"k": [text]}, (text,))
        case "extra":
            return a_record(caller=text, reason={"k": [{text: text}]}, status={text})
        case "json":
            return a_record("got %s", json.dumps({"k": text}))
    error = KeyError(text)
    error.__cause__ = ValueError(text)
    record = a_record("failed")
    record.exc_info = (KeyError, error, None)
    record.stack_info = text
    return record


PLACES = ("message", "argument", "repr", "two arguments", "nested argument", "extra", "json", "exc")


@given(odd_characters, surroundings, surroundings, st.sampled_from(PLACES))
def test_no_planted_secret_is_logged(secret: str, before: str, after: str, where: str) -> None:
    """A secret in any place, plain, quoted or escaped, is redacted in both forms."""
    as_json, as_text = lines(planted(secret, before, after, where), secret)

    assert REDACTED in as_json
    assert REDACTED in as_text
    for text in (as_json, as_text, *texts(json.loads(as_json))):
        for spelling in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
            assert spelling not in text


@pytest.mark.parametrize("secret", ["it'sasecret", 'it"sasecret', "it\\sasecret"])
def test_a_secret_is_redacted_in_any_quoting(secret: str) -> None:
    """Quotes and backslashes get further backslashes in a repr, and in the repr of a repr."""
    around = f"\"'{secret}"
    as_json, as_text = lines(a_record("%r and %r", around, repr(around)), secret)

    assert as_json.count(REDACTED) == as_text.count(REDACTED) == 2
    assert "sasecret" not in as_json + as_text


TOKEN = "abc.DEF-123_x/y+z=="
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {TOKEN}", TOKEN),
        (f"{{'authorization': 'bearer  {TOKEN}'}}", TOKEN),
        (f"(b'Authorization', b'{TOKEN}')", TOKEN),
        (f"Basic {TOKEN}", TOKEN),
        (f"key {KEY}.", KEY),
        ('{"sessionKey": "whatever form"}', "whatever"),
        ('"{\\"sessionKey\\":\\"whatever\\"}"', "whatever"),
        ("{'session_key': 'whatever'}", "whatever"),
        ("?token=whatever&x=1", "whatever"),
        ('{"token":"whatever"}', "whatever"),
        (f"GET /x?t={JWT} HTTP/1.1", JWT),
        (f"{JWT.rpartition('.')[0]}", "eyJzdWIi"),
        ("redis://user:whatever@host:6379/0", "whatever"),
        ("rediss://:whatever@host", "whatever"),
        ("api_secret=whatever", "whatever"),
    ],
)
def test_texts_of_the_form_of_a_secret_are_redacted(text: str, secret: str) -> None:
    """Tokens, session keys and passwords are known by their form or by their name."""
    as_json, as_text = lines(a_record("%s", text))

    assert secret not in as_json + as_text
    assert REDACTED in as_json


def test_a_value_under_the_name_of_a_secret_is_redacted() -> None:
    """Nested extras are judged by their keys too."""
    as_json, _ = lines(a_record(reason={"sessionKey": ["a1"], "token": "b2", "tokens": "c3"}))

    assert json.loads(as_json)["reason"] == {
        "sessionKey": REDACTED,
        "token": REDACTED,
        "tokens": "c3",
    }


@pytest.mark.parametrize(
    "text",
    [
        "session 0f3c-aa handed out for music-superstar",
        "upstream: create: HTTP 503",
        "traces go to http://collector:4318/v1/traces",
        "no token came; expected a bearer",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    """Words other than secrets are not redacted."""
    assert json.loads(lines(a_record(text), "key_secret")[0])["message"] == text


def test_a_secret_that_begins_like_another_one_is_redacted_whole() -> None:
    """The longer of two secrets is tried first."""
    assert Redaction(["abcd", "abcd-efgh"]).text("x abcd-efgh abcd") == f"x {REDACTED} {REDACTED}"


def test_a_very_short_secret_leaves_words_whole() -> None:
    """Up to 3 characters are redacted where they stand alone, and longer secrets everywhere."""
    redaction = Redaction(["w", "abc", "abc-efgh", "ijkl"])
    text = redaction.text("answered abcd: w, 'abc' abc-efgh xijklx")
    assert text == f"answered abcd: {REDACTED}, '{REDACTED}' {REDACTED} x{REDACTED}x"


parts_of_texts = st.lists(
    st.sampled_from(
        ["w", "abcd", "a'b\\c", "\\", "'", "\n", "x", " ", "TOKEN=", "://u:p@h", "eyJ"]
    ),
    max_size=5,
).map("".join)
some_secrets = st.lists(st.sampled_from(["w", "abcd", "a'b\\c", "\\x\n'y"]), max_size=3)


@given(st.lists(parts_of_texts, max_size=4), some_secrets)
@example(["w", "x"], ["w"])
def test_texts_that_are_cleared_together_hold_no_secret(
    parts: list[str], secrets: list[str]
) -> None:
    """One search over all texts of a line misses nothing that a search in each would find."""
    redaction = Redaction(secrets)
    if redaction.clears(parts):
        assert [redaction.text(each) for each in parts] == parts
    assert redaction.clears(["answered", "ann", "/api/avatar/connect", "x" * 36])


def test_a_redaction_does_not_show_its_secrets() -> None:
    """Neither it nor a formatter has a repr with secrets in it."""
    redaction = Redaction(["abcd-efgh"])

    assert "abcd" not in repr(redaction) + repr(JsonFormatter(redaction))


def test_a_request_that_cannot_be_parsed_is_not_quoted() -> None:
    """aiohttp's error holds the received bytes; the log has its name only."""
    record = a_record("Error handling request")
    error = HttpProcessingError(message="Bad line: POST /?key=whatever HTTP/9")
    record.exc_info = (type(error), error, None)
    as_json, as_text = lines(record)

    assert json.loads(as_json)["exception"] == "HttpProcessingError"
    assert "whatever" not in as_json + as_text


# The handler


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger without handlers; afterwards it is as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers[:] = [logging.NullHandler()]
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_setup_puts_one_handler_in_charge(root: logging.Logger) -> None:
    """However often it is called, a line is written once, to the last stream, from its level up."""
    first, last = io.StringIO(), io.StringIO()
    setup_logging(LogLevel.DEBUG, LogFormat.TEXT, [], stream=first)
    setup_logging(LogLevel.INFO, LogFormat.JSON, ["whatever"], stream=last)
    logging.getLogger("gateway.somewhere").info("got %s", "whatever")
    logging.getLogger("gateway.somewhere").debug("details")

    assert len(root.handlers) == 1
    assert first.getvalue() == ""
    assert [json.loads(line)["message"] for line in last.getvalue().splitlines()] == [
        f"got {REDACTED}"
    ]


class Unspeakable:
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("whatever")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("%d tokens", ("whatever",)), ("%s %s", ("whatever",)), ("%s", (Unspeakable(),))],
)
@pytest.mark.usefixtures("root")
def test_an_unformattable_line_is_reported_without_its_arguments(
    message: str, arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`logging` would print the arguments to standard error."""
    stream = io.StringIO()
    setup_logging(LogLevel.INFO, LogFormat.JSON, [], stream=stream)
    logging.getLogger("gateway").info(message, *arguments, extra={"reason": Unspeakable()})
    line = json.loads(stream.getvalue())

    assert line["message"] == f"{message} (its arguments do not fit)"
    assert line["reason"] == "(a Unspeakable)"
    assert "whatever" not in stream.getvalue() + "".join(capsys.readouterr())


@pytest.mark.usefixtures("root")
def test_a_line_that_cannot_be_written_is_lost_in_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A closed stream raises nothing, and the record is not printed instead."""
    stream = io.StringIO()
    setup_logging(LogLevel.INFO, LogFormat.JSON, [], stream=stream)
    stream.close()
    logging.getLogger("gateway").info("got %s", "whatever")

    assert "".join(capsys.readouterr()) == ""


# The line of each request


@pytest.mark.usefixtures("root")
def test_a_request_is_logged_with_its_outcome() -> None:
    """Method, path, status, code, time, caller, session and size; unknown values are left out."""
    stream = io.StringIO()
    setup_logging(LogLevel.INFO, LogFormat.JSON, [], stream=stream)
    record = RequestRecord(IDENTITY, "POST", "/api", status=200, avatar="preset", size=321)
    record.caller, record.session_id = "ann", "id-1"
    level = logging.INFO
    access(record, seconds=1.23456, level=level)
    late = RequestRecord(IDENTITY, method="X", path="/", code="timeout", status=504, size=1)
    access(late, seconds=0, level=level)
    good, bad = map(json.loads, stream.getvalue().splitlines())
    for line in (good, bad):
        del line["time"], line["level"]

    assert good == {
        **{"logger": "gateway.access", "message": "answered", "method": "POST", "path": "/api"},
        **{"status": 200, "code": "ok", "ms": 1234.6, "caller": "ann", "session_id": "id-1"},
        **{"bytes": 321, "avatar": "preset"},
    }
    assert bad == {
        **{"logger": "gateway.access", "message": "answered", "method": ELSEWHERE, "path": "/"},
        **{"status": 504, "code": "timeout", "ms": 0, "bytes": 1},
    }
