"""The page: its structure, its diagrams, and the escaping of all text of a target."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as XML

import pytest

from contracts.judge.case import Context
from contracts.judge.observation import TargetAnswer
from contracts.judge.situation import Expect
from contracts.judge.verdict import Report
from contracts.report import Format, render
from contracts.report.redaction import Redaction
from contracts.report.sequence import Arrow, DeadlineLine, Fold, Lane, Mark, Row, Tone, sequence
from tests.support.judge import made_reports as reports

CONTEXT = Context(4.0, None, "", "marker", "wss://media.invalid")


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page(report: Report, *, strict: bool = False) -> str:
    """Return the page of a report."""
    return render(report, Format.HTML, strict=strict)


def situations(text: str) -> list[tuple[str | None, bool]]:
    """Return the situations of a page in order: id, and whether it is open."""
    return [
        (attributes["id"], "open" in attributes)
        for tag, attributes in Elements(text).found
        if tag == "details" and (attributes.get("class") or "").startswith("situation")
    ]


def drawings(text: str) -> list[XML.Element]:
    """Return the diagrams, parsed."""
    return [XML.fromstring(each) for each in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


def rows(situation_id: str, *, broken: bool = False) -> tuple[Row, ...]:
    """Return the rows of a situation of the mixed report."""
    report = reports.mixed()
    (seen,) = [each for each in report.observations if each.situation.id == situation_id]
    return sequence(seen, CONTEXT, Redaction(""), broken=broken)


def answered(expect: Expect, *answers: TargetAnswer, broken: bool = False) -> list[Arrow]:
    """Return the arrows of a situation in which upstream is not asked."""
    seen = reports.observation("made-up", *answers, expect=expect)
    found = sequence(seen, CONTEXT, Redaction(""), broken=broken)
    return [row for row in found if isinstance(row, Arrow)]


def test_failing_situations_come_first_and_open() -> None:
    """The rest follows, closed."""
    assert situations(page(reports.mixed())) == [
        ("poll-500", True),
        ("never-ready", True),
        ("ready-at-once", False),
    ]


def test_every_situation_has_a_diagram_with_three_lifelines() -> None:
    """Each is a well-formed drawing that names the three."""
    found = drawings(page(reports.mixed()))

    assert len(found) == 3
    for drawing in found:
        texts = "\n".join(drawing.itertext())
        assert all(name in texts for name in ("browser", "gateway", "fake Runway"))
        assert drawing.get("role") == "img"


def test_a_diagram_says_expected_and_got() -> None:
    """At the answer, and for each broken requirement."""
    (texts,) = [
        "\n".join(each.itertext())
        for each in drawings(page(reports.mixed()))
        if "never-ready" in "".join(each.itertext())
    ]

    assert "504 too late" in texts
    assert "expected: a JSON error, not 2xx" in texts
    assert "✗ poll.stops@never-ready" in texts
    assert re.search(r"expected: no poll after the answer\ngot: +2, the first 0.5s later", texts)


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    """No script, no resource with an address, and a policy that forbids both."""
    found = Elements(page(reports.hostile())).found

    assert {tag for tag, _ in found} & {"script", "img", "iframe", "object", "i-"} == set()
    assert [name for _, attributes in found for name in attributes if name.startswith("on")] == []
    addresses = [
        attributes[name] or ""
        for _, attributes in found
        for name in ("src", "href", "action", "srcset")
        if name in attributes
    ]
    assert [each for each in addresses if not each.startswith(("#", "data:,"))] == []
    policies = [each["content"] for tag, each in found if tag == "meta" and "http-equiv" in each]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_links_lead_to_elements_of_the_page() -> None:
    """Ids are there once, and every link finds its own."""
    found = Elements(page(reports.mixed())).found
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    links = {attributes["href"] for tag, attributes in found if tag == "a"}

    assert len(ids) == len(set(ids))
    assert links
    assert {str(link).removeprefix("#") for link in links} <= set(ids)


def test_the_page_follows_the_scheme_of_its_reader() -> None:
    """Colours are given for light and for dark."""
    text = page(reports.kept())

    assert "color-scheme: light dark" in text
    assert "--page: light-dark(" in text


@pytest.mark.parametrize(
    ("report", "strict", "says"),
    [
        (reports.mixed(), False, "The contract is broken: 1 MUST"),
        (reports.kept(), True, "The contract is kept"),
        (reports.partly_observed(), False, "The contract is kept as far as observed (1 not)"),
        (reports.never_connected(), False, f"N{reports.never_connected().no_connect[1:]}"),
    ],
)
def test_the_page_shows_the_verdict_first(report: Report, says: str, *, strict: bool) -> None:
    """The verdict is in its heading."""
    assert f"<h1>{says}</h1>" in page(report, strict=strict)


def test_a_page_of_a_run_that_judged_nothing_calls_nothing_right() -> None:
    """Its heading has the reason, and no answer gets a tick."""
    text = page(reports.unexercised())

    assert "<h1>Nothing was judged: not one request reached the fake" in text
    assert "✓" not in text
    assert "What is right" not in text


def test_a_broken_may_is_a_note_on_the_page() -> None:
    """Its situation is right, and its row is a note."""
    text = page(reports.optional(), strict=True)

    assert situations(text) == [("ready-at-once", False)]
    assert "What is broken" not in text
    assert '<tr class="skip" id="header.more"><td><span class="badge">note<' in text


def test_skips_stand_with_their_reason() -> None:
    """In the table of requirements."""
    row = re.search(r'<tr class="skip" id="time.status">.*?</tr>', page(reports.mixed()), re.DOTALL)

    assert row is not None
    assert "nothing was played" in row.group()


def test_the_page_shows_what_was_not_observed() -> None:
    """A MUST stands out, and each row has its cause."""
    text = page(reports.partly_observed())

    assert "<b>3</b> not observed" in text
    rows = re.findall(r'<tr class="(\w+)" id="cancel.*?</tr>', text, re.DOTALL)
    assert rows == ["warn", "skip", "skip"]
    assert text.count("never-ready: no create reached Runway") == 3


def test_the_page_shows_many_callers() -> None:
    """Callers have numbers."""
    many = drawings(page(reports.everywhere()))[0]
    texts = list(many.itertext())

    assert "POST, caller 2" in texts
    assert "200, caller 4 [1]" in texts
    untold = replace(reports.kept(), replay_token="")
    assert "fake-runway replay" not in page(untold)


def test_templates_are_for_pages_only() -> None:
    """A command that makes no page starts without the template engine."""
    code = "import sys, contracts.cli, contracts.report; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert "jinja2" not in loaded.stdout.split()


# Sequences


def test_equal_polls_are_folded() -> None:
    """Of nine polls the first and the last are shown, and the number of those between."""
    found = rows("never-ready")
    polls = [row for row in found if isinstance(row, Arrow) and row.label.startswith("GET")]
    (fold,) = [row for row in found if isinstance(row, Fold)]

    assert fold.label.startswith("6 more of the same, one each 0.45s")
    assert len(polls) == 3  # the answer and the deadline come before the ninth


def test_effects_of_a_call_stand_between_request_and_reply() -> None:
    """A session is created between the create and its answer."""
    labels = [row.label for row in rows("never-ready")][1:5]

    assert labels == [
        "POST /v1/realtime_sessions",
        "queued (created)",
        "provisioning (admitted)",
        "200",
    ]


def test_rows_are_in_the_order_of_time_and_count_from_the_call() -> None:
    """The first is the call, at zero."""
    times = [row.at_s for row in rows("never-ready")]

    assert times == sorted(times)
    assert times[0] == 0


def test_the_deadline_is_drawn_where_it_matters() -> None:
    """A connect that is over long before shows none."""
    assert [row.at_s for row in rows("never-ready") if isinstance(row, DeadlineLine)] == [4.0]
    assert [row for row in rows("poll-500") if isinstance(row, DeadlineLine)] == []


def test_injected_trouble_is_shown_as_such() -> None:
    """The reply names the fault."""
    (trouble,) = [
        row for row in rows("poll-500") if isinstance(row, Arrow) and row.tone is Tone.TROUBLE
    ]

    assert (trouble.label, trouble.detail) == ("500", "injected: poll-fails/1")


def test_marks_stand_for_changes_of_state() -> None:
    """One for each."""
    marks = [row for row in rows("never-ready") if isinstance(row, Mark)]

    assert [row.label for row in marks] == ["queued (created)", "provisioning (admitted)"]


@pytest.mark.parametrize(
    ("expect", "status", "tone"),
    [
        (Expect.SUCCESS, 200, Tone.GOOD),
        (Expect.SUCCESS, 502, Tone.BAD),
        (Expect.FAILURE, 502, Tone.GOOD),
        (Expect.FAILURE, 200, Tone.BAD),
        (Expect.FAILURE, None, Tone.BAD),
        (Expect.REFUSAL, 400, Tone.GOOD),
        (Expect.REFUSAL, 500, Tone.BAD),
        (Expect.EITHER, 500, Tone.GOOD),
        (Expect.EITHER, None, Tone.BAD),
        (Expect.NO_ANSWER, None, Tone.GOOD),
    ],
)
def test_an_answer_is_marked_right_or_wrong(expect: Expect, status: int | None, tone: Tone) -> None:
    """The mark compares it with the expectation."""
    *_, last = answered(expect, reports.answer(status, failure="closed"))

    assert (last.tone, last.lost) == (tone, status is None)


def test_nothing_is_marked_right_where_something_is_broken() -> None:
    """A tick beside a finding would contradict it."""
    *_, last = answered(Expect.FAILURE, reports.answer(401), broken=True)

    assert last.tone is Tone.PLAIN


def test_a_reply_that_does_not_arrive_is_lost() -> None:
    """Cut off, or never sent; the arrow ends in a cross."""
    cut = reports.call(1, 0.1, arrives=False)
    silent = reports.call(2, 0.2, status=None, shown=None)
    seen = reports.observation("made-up", reports.answer(502), upstream=(cut, silent))
    found = sequence(seen, CONTEXT, Redaction(""), broken=False)
    replies = [row for row in found if isinstance(row, Arrow) and row.source is Lane.FAKE]

    assert [(row.label, row.lost) for row in replies] == [
        ("200, cut off NOT_READY", True),
        ("no answer", True),
    ]


def test_a_flood_of_calls_is_cut() -> None:
    """Thousands of different rows would make a page that no browser can open."""
    calls = tuple(reports.call(number, number / 1000, status=200 + number) for number in range(300))
    seen = reports.observation("made-up", reports.answer(502), upstream=calls)
    found = sequence(seen, CONTEXT, Redaction(""), broken=False)

    assert len(found) < 100
    assert any(isinstance(row, Fold) and "more rows" in row.label for row in found)
