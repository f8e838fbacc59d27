"""Searching foreign text takes time in proportion to its length, however it was made up."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import process_time
from typing import Any

import pytest

from contracts.report.redaction import Redaction as ReportRedaction
from contracts.wire.problems import is_like
from fake_runway.core.durations import DURATION_PATTERN, SPAN_PATTERN, parse_duration
from fake_runway.core.history.redaction import redacted_body, redacted_text
from fake_runway.core.text import quoted
from fake_runway.scenarios.yaml_lines import NotYaml, read_documents
from gateway.telemetry.redaction import Redaction as GatewayRedaction
from tests.support.patterns import inline, methods_of, patterns, worst_texts

SIZES = (100, 400, 1_600, 6_400)
MOST_GROWTH = 8.0
"""Of the time for four times the text: 4 if it is linear, 16 if it is quadratic."""
MOST_SLOWER = 150.0
"""Of the time for the worst text to that for a plain one of the same length."""
UNNOTICED_S = 0.005
"""Growth is not looked at below: that is noise. A quadratic search takes ten times this."""

EVERY_PATTERN = patterns()
DYNAMIC = {
    "span": re.compile(f"^{SPAN_PATTERN}$"),
    "duration": re.compile(DURATION_PATTERN),
}
NAMED = {**EVERY_PATTERN, **DYNAMIC}


def seconds(work: Callable[[], object], *, tries: int = 3) -> float:
    """Return the processor time of the fastest of some tries."""
    times = []
    for _ in range(tries):
        began = process_time()
        work()
        times.append(process_time() - began)
        if times[-1] < UNNOTICED_S:
            break
    return min(times)


def assert_linear(work: Callable[[str], object], texts: Callable[[int], list[str]]) -> None:
    """Check that four times the text takes about four times the time."""
    for sizes in zip(*map(texts, SIZES), strict=True):
        shorter = 0.0
        for text in sizes:  # the short ones first: a bad search would never end with the longest
            longer = seconds(partial(work, text))
            assert longer < MOST_GROWTH * max(shorter, UNNOTICED_S / MOST_GROWTH), text[:80]
            shorter = longer


def test_every_pattern_is_a_constant() -> None:
    """A literal that is searched for in place would escape the test below."""
    assert inline() == []
    assert len(EVERY_PATTERN) > 40


@pytest.mark.parametrize("place", NAMED)
def test_every_pattern_is_linear(place: str) -> None:
    """On the texts that are made from the pattern itself to be its worst, and their doubles."""

    pattern, methods = NAMED[place], methods_of(place)

    def search(text: str) -> None:
        subject: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
        if methods - {"match", "fullmatch"}:
            pattern.sub(pattern.pattern[:0], subject)
        else:
            pattern.fullmatch(subject)

    assert_linear(search, lambda size: list(worst_texts(pattern, size)))


QUADRATIC = (
    *(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+", r"\{[^}]*\}", r"(?<=://)\S+@"),
    *(r"\s+$", r"(\w+[_-])?token"),
)


@pytest.mark.parametrize("text", QUADRATIC)
def test_a_quadratic_pattern_is_found(text: str) -> None:
    """The test above can fail."""
    pattern = re.compile(text)
    with pytest.raises(AssertionError):
        assert_linear(
            lambda given: pattern.sub("", given), lambda size: list(worst_texts(pattern, size))
        )


PIECES = (
    *(
        "eyJ",
        "eyJ.",
        "-eyJ",
        "eyJaaaaaaaa.",
        ".eyJ-",
        "stk_",
        "stk_0",
        "key_0",
        "bearer ",
        "Bearer\t",
    ),
    *(
        "basic+",
        "bearer%20",
        "authorization:",
        'api_key="',
        "token=",
        "://",
        "://a:",
        "://a:b",
        "a@",
    ),
    *(
        "\\",
        '"',
        "'",
        "\\'",
        '\\"',
        "%",
        "%2",
        "%41",
        "%C3",
        "\u2028",
        "\x1b[",
        "secret",
        "{",
        "[",
        " ",
    ),
)
ENDS = ("", "\x00", '"', "@", ".x")
SECRETS = ("s3cret-of-ours", '"quoted', "\\\\slashed", "'")


def made_up(size: int) -> list[str]:
    """Return texts of about `size` characters for searches of several patterns."""
    return [piece * (size // len(piece)) + end for piece in PIECES for end in ENDS]


def read_yaml(text: str) -> None:
    """Read a text that is a scenario file or not."""
    with suppress(NotYaml):
        read_documents(text)


def read_duration(text: str) -> None:
    """Read a text that is a duration or not."""
    with suppress(ValueError):
        parse_duration(text)


FOREIGN: dict[str, Callable[[str], object]] = {
    "a text that the fake journals": lambda text: redacted_text(text, SECRETS[0]),
    "a body that the fake journals": lambda text: redacted_body(
        {"a": [text], "integration": {"token": text, "url": text, "signedUrl": f"wss://{text}"}},
        "s",
    ),
    "a text in a message": quoted,
    "a duration": read_duration,
    "a scenario file": read_yaml,
    "a text in a report": ReportRedaction(SECRETS[0], keys=frozenset(SECRETS)).block,
    "a line of a report": ReportRedaction(SECRETS[0], tokens=frozenset(SECRETS)).line,
    "a line of the gateway's log": GatewayRedaction(SECRETS).text,
    "a value in the gateway's log": lambda text: GatewayRedaction(SECRETS).plain({text: [text]}),
    "a pattern of a schema": lambda text: is_like(DURATION_PATTERN, text),
}


@pytest.mark.parametrize("work", FOREIGN.values(), ids=FOREIGN)
def test_foreign_text_is_read_in_linear_time(work: Callable[[str], object]) -> None:
    """Everything that redacts or parses a text of others, on texts made up against it."""
    assert_linear(work, made_up)


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_is_redacted_much_more_slowly_than_another(piece: str) -> None:
    """A body of a megabyte is redacted at once: what is linear may still be slow."""
    size = 200_000
    # of ten times as much, which takes long enough to be measured on any machine
    harmless = seconds(lambda: redacted_text("a" * (10 * size), "s3cret-of-ours"))
    hostile = seconds(lambda: redacted_text(piece * (size // len(piece)), "s3cret-of-ours"))
    assert hostile < MOST_SLOWER / 10 * harmless


@pytest.mark.parametrize("secret", SECRETS)
def test_escaped_secrets_are_looked_for_in_linear_time(secret: str) -> None:
    """Runs of backslashes, which a repr may have doubled, are gone through once."""
    redaction = GatewayRedaction([secret])
    assert_linear(
        redaction.text, lambda size: ["\\" * size, "\\" * size + "x", '\\"' * (size // 2)]
    )


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
AROUND = (
    "",
    "x",
    "x-",
    "eyJ",
    "eyJ.eyJ.",
    "a.b.",
    "eyJaaaaaaaaaa.",
    "token=",
    "-",
    "(",
    "é",
    "eyJeyJ",
)


@pytest.mark.parametrize("before", AROUND)
@pytest.mark.parametrize("after", ["", ".x", "=", ")", "-x", " eyJ", ".eyJ"])
def test_tokens_are_found_wherever_they_stand(before: str, after: str) -> None:
    """Also in the middle of a word, and after something that begins like one."""
    assert JWT.split(".")[1] not in redacted_text(before + JWT + after, "")
    assert "c2lnbmF0dXJl" not in redacted_text(before + JWT, "")


@pytest.mark.parametrize(
    "before", ["", "-", "eyJ.", "a.b.", "eyJaaaaaaaaaa.", "token=", "x-", "(", "é "]
)
def test_reports_show_no_token(before: str) -> None:
    """At the beginning of any word of the text."""
    shown = ReportRedaction("no-secret-here").line(f"{before}{JWT} and {json.dumps(JWT)}")
    assert JWT.split(".")[1] not in shown
    assert shown.startswith(before.partition("eyJ")[0])
