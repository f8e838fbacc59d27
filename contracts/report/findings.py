"""What all formats of a report share: the summary, families, and the zero of times."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from contracts.judge.case import Level
from contracts.judge.observation import Observation
from contracts.judge.verdict import Outcome, Report, Verdict


@dataclass(frozen=True)
class Summary:
    """How many requirements had which outcome."""

    passed: int
    failed_must: int
    failed_should: int
    failed_may: int
    skipped: int
    errors: int

    @property
    def failed(self) -> int:
        """Of any level."""
        return self.failed_must + self.failed_should + self.failed_may

    def __str__(self) -> str:
        broken = self.failed_must + self.failed_should
        levels = f" ({self.failed_must} MUST, {self.failed_should} SHOULD)" if broken else ""
        errors = f", {self.errors} not judged" if self.errors else ""
        notes = f", {self.failed_may} MAY not done" if self.failed_may else ""
        return (
            f"{self.passed} passed, {broken} failed{levels}, {self.skipped} skipped{errors}{notes}"
        )


def summary(report: Report) -> Summary:
    """Count the verdicts."""
    failed = [each.requirement.level for each in report.verdicts if each.outcome is Outcome.FAIL]
    outcomes = [each.outcome for each in report.verdicts]
    return Summary(
        passed=outcomes.count(Outcome.PASS),
        failed_must=failed.count(Level.MUST),
        failed_should=failed.count(Level.SHOULD),
        failed_may=failed.count(Level.MAY),
        skipped=outcomes.count(Outcome.SKIP),
        errors=outcomes.count(Outcome.ERROR),
    )


def families(verdicts: Iterable[Verdict]) -> list[tuple[str, list[Verdict]]]:
    """Return the verdicts by family, families in the order of their first."""
    order = list(dict.fromkeys(each.requirement.family for each in verdicts))
    ranked = sorted(verdicts, key=lambda each: order.index(each.requirement.family))
    grouped = groupby(ranked, key=lambda each: each.requirement.family)
    return [(family, list(members)) for family, members in grouped]


def began(observation: Observation) -> float:
    """Return when the first caller called, the zero of all times in reports."""
    return min(answer.sent_at for answer in observation.answers)
