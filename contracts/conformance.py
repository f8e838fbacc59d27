"""The contract as tests: `pytest --pyargs contracts.conformance --gateway-url URL`.

Import everything from here to have the same items in a test file of your own.
"""

from typing import TYPE_CHECKING

import pytest

from contracts.judge.case import Level, Requirement
from contracts.judge.requirements import REQUIREMENTS

if TYPE_CHECKING:
    from contracts.judge.run import Report

__all__ = ["test_requirement"]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.id)
def test_requirement(requirement: Requirement, gateway_report: "Report") -> None:
    """The gateway keeps this requirement; one that only SHOULD be kept is a warning."""
    from contracts.judge.verdict import Outcome
    from contracts.report.findings import headline
    from contracts.report.redaction import Redaction

    verdict = next(
        each for each in gateway_report.verdicts if each.requirement.id == requirement.id
    )
    redact, nothing = Redaction.of(gateway_report), ""
    if gateway_report.not_exercised:
        nothing = redact.line(headline(gateway_report, strict=False), longest=600)
    if verdict.outcome is Outcome.NOT_OBSERVED:
        reason = f"not observed: {redact.line(verdict.reason)}"
        if nothing:
            pytest.fail(f"{reason}\n{nothing}", pytrace=False)
        pytest.skip(reason)
    if verdict.outcome is Outcome.SKIP:
        pytest.skip(verdict.reason)
    lines = verdict.lines()
    if verdict.outcome is Outcome.FAIL and requirement.level is not Level.MUST:
        pytest.xfail(f"{requirement.level.value}: {requirement.text}\n" + "\n".join(lines))
    if verdict.outcome is not Outcome.PASS:
        pytest.fail("\n".join([requirement.text, *lines, nothing or verdict.reason]), pytrace=False)
