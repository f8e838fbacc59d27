"""What the page of a run is told: whole, redacted, and in order of what counts."""

import json
from dataclasses import replace

import pytest

from contracts.judge.case import Breach, Level
from contracts.judge.runner import RunBegan, RunEnded, SituationPlayed
from contracts.judge.verdict import Finding, Report
from contracts.live.messages import Message, message
from tests.support.judge import made_reports as reports


def told(event: RunBegan | SituationPlayed | RunEnded, *, strict: bool = False) -> Message:
    """Return the message of an event."""
    return message(event, 3, reports.SECRET, strict=strict)


def played(*levels: Level) -> SituationPlayed:
    """Return a situation that breaks a requirement of each of these levels."""
    seen = reports.observation("create-500", reports.answer(200, b"{}"))
    findings = [
        Finding(reports.requirement(f"some.{level.value}", level), seen, (Breach("a", "b"),))
        for level in levels
    ]
    return SituationPlayed(seen, 2, 9, tuple(findings))


@pytest.mark.parametrize(
    ("levels", "strict", "outcome", "shown"),
    [
        ((), False, "pass", []),
        ((Level.MAY,), True, "pass", []),
        ((Level.SHOULD,), False, "warn", ["some.SHOULD"]),
        ((Level.SHOULD,), True, "fail", ["some.SHOULD"]),
        ((Level.MUST, Level.MAY), False, "fail", ["some.MUST"]),
    ],
)
def test_a_situation_is_as_bad_as_what_it_breaks(
    levels: tuple[Level, ...], outcome: str, shown: list[str], *, strict: bool
) -> None:
    """What fails the run is red, what does not is yellow, what may be left out is nothing."""
    found = told(played(*levels), strict=strict)

    assert (found["outcome"], [each["id"] for each in found["findings"]]) == (outcome, shown)


def test_a_situation_says_what_was_expected_and_what_came() -> None:
    """As the report does in the end."""
    found = told(played(Level.MUST))

    assert (found["situation"], found["done"], found["of"]) == ("create-500", 2, 9)
    assert found["expected"] == "a JSON error, not 2xx"
    assert found["got"].startswith("200")
    assert found["findings"][0]["breaches"] == [{"expected": "a", "got": "b"}]


def test_no_message_holds_a_secret_or_a_control_character() -> None:
    """Whatever the target sent."""
    text = f"{reports.SECRET} {reports.KEY} {reports.JWT}\x1b[31m\u202e"
    seen = reports.observation("x", reports.answer(500, text.encode(), failure=text))
    finding = Finding(reports.requirement("some.id"), seen, (Breach(text, text),))
    events = (SituationPlayed(seen, 1, 1, (finding,)), RunEnded(replace(reports.mixed())))

    for event in events:
        sent = json.dumps(told(event), ensure_ascii=False)
        for secret in (reports.SECRET, reports.KEY, reports.JWT, "\x1b", "\u202e"):
            assert secret not in sent


@pytest.mark.parametrize("report", [reports.kept(), reports.mixed()])
def test_the_end_says_whether_the_contract_is_kept(report: Report) -> None:
    """And which report to show."""
    found = told(RunEnded(report))

    assert (found["kept"], found["run"]) == (report.kept(strict=False), 3)
    assert found["headline"].startswith("kept" if found["kept"] else "broken")
