"""The outcome of an item of pytest for each outcome of a requirement."""

from collections.abc import Callable

import pytest

from contracts.conformance import test_requirement as item
from contracts.judge.verdict import Outcome, Report
from tests.support.judge import made_reports as reports


def of(report: Report, outcome: Outcome, level: str) -> Callable[[], None]:
    """Return the item for the first requirement with an outcome and a level."""
    found = next(
        each.requirement
        for each in report.verdicts
        if each.outcome is outcome and each.requirement.level.value == level
    )
    return lambda: item(found, report)


def test_a_kept_requirement_passes() -> None:
    """Also in a run in which others were not observed."""
    of(reports.partly_observed(), Outcome.PASS, "MUST")()


def test_what_was_not_observed_is_skipped_with_its_cause() -> None:
    """It is neither a pass nor the target's failure."""
    with pytest.raises(pytest.skip.Exception, match="not observed: never-ready: no create reached"):
        of(reports.partly_observed(), Outcome.NOT_OBSERVED, "MUST")()


def test_what_was_not_observed_fails_where_no_connect_succeeded() -> None:
    """The run is no evidence, and the first line of the report is in the failure."""
    with pytest.raises(pytest.fail.Exception, match="no connect succeeded: in ready-at-once"):
        of(reports.never_connected(), Outcome.NOT_OBSERVED, "MUST")()


def test_a_broken_must_fails_and_a_broken_should_is_expected_to() -> None:
    """As with the command without --strict."""
    with pytest.raises(pytest.fail.Exception, match="expected no poll after the answer"):
        of(reports.mixed(), Outcome.FAIL, "MUST")()
    with pytest.raises(pytest.xfail.Exception, match="SHOULD"):
        of(reports.mixed(), Outcome.FAIL, "SHOULD")()
