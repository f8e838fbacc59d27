"""What all reports share: the first line, and what to mend first."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.case import Breach, Level
from contracts.judge.verdict import ONLY_IN_FULL, Finding, Outcome, Report, Verdict
from contracts.report.findings import headline, left_out, to_mend_first
from tests.support.judge import made_reports as reports


def broken(*requirements: tuple[str, Level, int]) -> Report:
    """Return a report in which each is broken in so many situations."""
    return reports.report(tuple(_broken(*each) for each in requirements), ())


def _broken(id_: str, level: Level, count: int) -> Verdict:
    made = reports.requirement(id_, level)
    finding = Finding(made, reports.ready_at_once(), (Breach("this", "that"),))
    return Verdict(made, Outcome.FAIL, (finding,) * count, judged=9)


@pytest.mark.parametrize(
    ("found", "first"),
    [
        (("cancel.late-id", Level.MAY, 3), ""),
        (("shape.content-type", Level.SHOULD, 9), "shape.content-type"),
        (("cancel.caller-gone", Level.MUST, 1), "cancel.caller-gone"),
        (("error.json", Level.MUST, 9), "error.json"),
        (("poll.waits", Level.MUST, 1), "poll.waits"),
        (("request.preset", Level.MUST, 1), "request.preset"),
    ],
)
def test_each_is_worse_than_those_before_it(found: tuple[str, Level, int], first: str) -> None:
    """A rejected create before a missing cancel, and any MUST before a SHOULD."""
    order = (
        ("cancel.late-id", Level.MAY, 3),
        ("shape.content-type", Level.SHOULD, 9),
        ("error.json", Level.MUST, 9),
        ("cancel.caller-gone", Level.MUST, 1),
        ("poll.waits", Level.MUST, 1),
        ("request.preset", Level.MUST, 1),
    )
    before = order[: order.index(found) + 1]

    assert to_mend_first(broken(found)) == first
    assert to_mend_first(broken(*before)) == first
    assert to_mend_first(broken(*before[::-1])) == first


def test_of_two_equals_the_one_in_more_situations_comes_first() -> None:
    """It is worth more."""
    few, many = ("cancel.again", Level.MUST, 1), ("cancel.caller-gone", Level.MUST, 2)

    assert to_mend_first(broken(few, many)) == "cancel.caller-gone"


def test_without_a_connect_the_plain_connect_comes_first() -> None:
    """Also if the requirement itself was left out of the run."""
    assert to_mend_first(reports.never_connected()) == "poll.waits"
    assert to_mend_first(reports.partly_observed()) == ""


@given(outcomes=st.sets(st.sampled_from([*Outcome]), min_size=1), strict=st.booleans())
def test_the_first_line_agrees_with_the_verdict(
    outcomes: Iterable[Outcome], *, strict: bool
) -> None:
    """It begins with "kept" where nothing that counts is broken and a connect succeeded."""
    verdicts = tuple(
        _broken("a.b", Level.MUST, 1)
        if outcome is Outcome.FAIL
        else Verdict(reports.requirement("a.b"), outcome, reason="why")
        for outcome in outcomes
    )
    report = reports.report(verdicts, ())
    first = headline(report, strict=strict)

    assert first.startswith("kept") == (not report.broken(strict=strict))
    assert (first == "kept") == report.kept(strict=True)
    assert headline(replace(report, no_connect="none"), strict=strict).startswith("none")


def test_what_quick_left_out_is_named() -> None:
    """How many situations, and the requirements that only a full run judges."""
    report = replace(reports.kept(), left_out=("never-ready", "queued-for-ever"))
    only_in_full = Verdict(reports.requirement("a.b"), Outcome.SKIP, reason=ONLY_IN_FULL)
    never = Verdict(reports.requirement("a.c"), Outcome.SKIP, reason="the endpoint chooses it")
    skipped = replace(report, verdicts=(only_in_full, never))

    assert left_out(reports.kept()) == ""
    assert left_out(report) == "the quick profile left out 2 situations"
    assert left_out(skipped) == "the quick profile left out 2 situations, and so all of a.b"


@pytest.mark.parametrize("end", ["?", "."])
def test_the_first_line_ends_its_sentence_before_it_counts(end: str) -> None:
    """What was broken stands after the reason, with one mark between them."""
    report = replace(broken(("error.json", Level.MUST, 1)), nothing_judged=f"no call came{end}")

    assert headline(report, strict=False) == f"nothing was judged: no call came{end} Broken: 1 MUST"
    assert to_mend_first(report) == "poll.waits"
