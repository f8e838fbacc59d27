"""What all formats of a report share: findings with stable ids, and the summary."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from contracts.judge.case import Breach, Level, Requirement, Situation
from contracts.judge.observation import Observation
from contracts.judge.verdict import Outcome, Report, Verdict


@dataclass(frozen=True)
class Finding:
    """One requirement, broken in one situation.

    Attributes:
        breaches: at least one.
        counts: whether it makes the run fail.
    """

    requirement: Requirement
    situation: Situation
    observation: Observation
    breaches: tuple[Breach, ...]
    counts: bool

    @property
    def id(self) -> str:
        """The same in every report and in every run: `requirement@situation`."""
        return f"{self.requirement.id}@{self.situation.id}"

    @property
    def is_note(self) -> bool:
        """Whether nothing is broken: an optional thing was not done."""
        return self.requirement.level is Level.MAY


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


def findings(report: Report, *, strict: bool) -> tuple[Finding, ...]:
    """Return all findings, in the order of the verdicts."""
    counting = {each.requirement.id for each in report.broken(strict=strict)}
    return tuple(
        finding
        for verdict in report.verdicts
        for finding in _of(verdict, report, counts=verdict.requirement.id in counting)
    )


def _of(verdict: Verdict, report: Report, *, counts: bool) -> Iterator[Finding]:
    known = {each.id: each for each in report.situations}
    for failure in verdict.failures:
        situation = known[failure.observation.situation]
        yield Finding(verdict.requirement, situation, failure.observation, failure.breaches, counts)


def families(verdicts: Iterable[Verdict]) -> list[tuple[str, list[Verdict]]]:
    """Return the verdicts by family, families in the order of their first."""
    order = list(dict.fromkeys(each.requirement.family for each in verdicts))
    ranked = sorted(verdicts, key=lambda each: order.index(each.requirement.family))
    grouped = groupby(ranked, key=lambda each: each.requirement.family)
    return [(family, list(members)) for family, members in grouped]


def observed(report: Report, requirement: Requirement) -> Iterator[Observation]:
    """Yield the observations of the situations that a requirement is about."""
    situations = {each.id: each for each in report.situations}
    for observation in report.observations:
        if requirement.is_about(situations[observation.situation]):
            yield observation


def began(observation: Observation) -> float:
    """Return when the first caller called, the zero of all times in reports."""
    return min(answer.sent_at for answer in observation.answers)
