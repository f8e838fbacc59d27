"""What all formats of a report share: the summary, families, and the zero of times."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from contracts.judge.case import Level
from contracts.judge.observation import Observation
from contracts.judge.verdict import ONLY_IN_FULL, Outcome, Report, Verdict

_WORST_FIRST = (
    *("survive", "request.preset", "request.custom-avatar", "header.version", "poll.waits"),
    *("consume.with-the-key", "consume.arrives", "shape", "secrecy", "consume"),
    *("time", "state", "terminal", "upstream", "retry", "cancel", "many", "slow"),
)
"""What to mend first: a connect that fails at its first hop before one that fails later, then what
a page gets wrong, then what costs money, then the rest. Ids, or families."""


@dataclass(frozen=True)
class Summary:
    """How many requirements had which outcome."""

    passed: int
    failed_must: int
    failed_should: int
    failed_may: int
    skipped: int
    not_observed: int

    @property
    def failed(self) -> int:
        """Of any level."""
        return self.failed_must + self.failed_should + self.failed_may

    def __str__(self) -> str:
        broken = self.failed_must + self.failed_should
        levels = f" ({self.failed_must} MUST, {self.failed_should} SHOULD)" if broken else ""
        unobserved = f", {self.not_observed} not observed" if self.not_observed else ""
        notes = f", {self.failed_may} MAY not done" if self.failed_may else ""
        sums = f"{self.passed} passed, {broken} failed{levels}"
        return f"{sums}{unobserved}, {self.skipped} skipped{notes}"


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
        not_observed=outcomes.count(Outcome.NOT_OBSERVED),
    )


def headline(report: Report, *, strict: bool) -> str:
    """Return the first line of every report: whether the contract is kept, and why not."""
    broken, unobserved = report.broken(strict=strict), len(report.unobserved)
    levels = [each.requirement.level for each in broken]
    counts = " and ".join(
        f"{levels.count(level)} {level.value}" for level in Level if level in levels
    )
    if report.nothing_judged:
        first = f"nothing was judged: {report.nothing_judged}"
    elif report.no_connect:
        first = report.no_connect
    elif broken:
        first = ""
    elif unobserved:
        rule = ", which does not count as kept with --strict" if strict else ""
        return f"kept as far as observed ({unobserved} not){rule}"
    else:
        return "kept"
    ends = first.endswith(("?", "."))
    rest = f"{'Broken' if ends else 'broken'}: {counts}" if broken else ""
    return (" " if ends else "; ").join(each for each in (first, rest) if each)


def reason(verdict: Verdict, report: Report) -> str:
    """Return why a requirement was not judged; what holds for the whole run is not said again."""
    if verdict.reason and verdict.reason == report.nothing_judged:
        return "nothing was judged: see the first line"
    return verdict.reason


def to_mend_first(report: Report) -> str:
    """Return the id of the requirement to mend first, empty if there is nothing to mend.

    A MUST comes before a SHOULD, then what a connect needs earlier, then what is broken in more
    situations. Where nothing was judged, or nothing is broken and no connect succeeded, it is what
    connects are for.
    """
    broken = [each for each in report.verdicts if each.outcome is Outcome.FAIL]
    broken = [each for each in broken if each.requirement.level is not Level.MAY]
    if not broken or report.nothing_judged:
        return "poll.waits" if report.not_exercised else ""

    def rank(verdict: Verdict) -> tuple[bool, int, int]:
        names = (verdict.requirement.id, verdict.requirement.family)
        ranks = [_WORST_FIRST.index(each) for each in names if each in _WORST_FIRST]
        must = verdict.requirement.level is Level.MUST
        return not must, min(ranks, default=len(_WORST_FIRST)), -len(verdict.findings)

    return min(broken, key=rank).requirement.id


def left_out(report: Report) -> str:
    """Return what the quick profile left out, in a line; empty if the run left out nothing."""
    if not report.left_out:
        return ""
    unplayed = [each.requirement.id for each in report.verdicts if each.reason == ONLY_IN_FULL]
    without = f", and so all of {', '.join(unplayed)}" if unplayed else ""
    return f"the quick profile left out {len(report.left_out)} situations{without}"


def families(verdicts: Iterable[Verdict]) -> list[tuple[str, list[Verdict]]]:
    """Return the verdicts by family, families in the order of their first."""
    order = list(dict.fromkeys(each.requirement.family for each in verdicts))
    ranked = sorted(verdicts, key=lambda each: order.index(each.requirement.family))
    grouped = groupby(ranked, key=lambda each: each.requirement.family)
    return [(family, list(members)) for family, members in grouped]


def began(observation: Observation) -> float:
    """Return when the first caller called, the zero of all times in reports."""
    return min(answer.sent_at for answer in observation.answers)
