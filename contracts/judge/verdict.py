"""What a run found out, and the one judge of what was observed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from contracts.judge.case import Breach, Case, Context, Level, NotJudged, Requirement
from contracts.judge.observation import Observation

LOST_S = 0.3
"""A machine that was so late, in seconds, has spent the time that a last moment leaves."""


class Outcome(Enum):
    """What the judge says of a requirement."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One requirement, broken in one situation, and in what ways: at least one."""

    requirement: Requirement
    seen: Observation
    breaches: tuple[Breach, ...]

    @property
    def id(self) -> str:
        """The same in every report and in every run: `requirement@situation`."""
        return f"{self.requirement.id}@{self.seen.situation.id}"

    @property
    def is_note(self) -> bool:
        """Whether nothing is broken: an optional thing was not done."""
        return self.requirement.level is Level.MAY


@dataclass(frozen=True)
class Verdict:
    """What was found about one requirement.

    Attributes:
        judged: in how many situations.
        reason: of a skip or an error.
    """

    requirement: Requirement
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    judged: int = 0
    reason: str = ""

    def lines(self) -> list[str]:
        """Return each breach with its situation."""
        return [
            f"{finding.seen.situation.id}: {breach}"
            for finding in self.findings
            for breach in finding.breaches
        ]


@dataclass(frozen=True)
class Report:
    """Everything that a run found out.

    Attributes:
        observations: of every situation that was played.
        took_s: seconds.
        replay_token: replays what the fake saw; empty if it was too much.
        nothing_judged: why nothing could be judged, in a line; empty if something was.
    """

    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...]
    context: Context
    target_url: str
    seed: str
    took_s: float
    replay_token: str = ""
    nothing_judged: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the verdicts."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)

    def kept(self, *, strict: bool) -> bool:
        """Tell whether the run is good: something was judged, and nothing that counts is broken."""
        return not self.nothing_judged and not self.broken(strict=strict)

    def broken(self, *, strict: bool) -> list[Verdict]:
        """Return the verdicts that make the run a failure: MUST, and with `strict` SHOULD too."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.outcome is Outcome.FAIL and verdict.requirement.level.counts(strict=strict)
        ]


def judge(
    requirement: Requirement,
    played: Iterable[Observation],
    context: Context,
    *,
    unexercised: str = "",
) -> Verdict:
    """Judge one requirement by all situations that it is about.

    Args:
        unexercised: why the target was not exercised; nothing passes then.
    """
    findings, judged = [], 0
    reason = "none of the situations that it is about was played"
    for seen in played:
        situation = seen.situation
        if not requirement.is_about(situation):
            continue
        if situation.shape is not None and context.shape not in (None, situation.shape):
            reason = f"it is about targets that hand out the shape {situation.shape.value}"
            continue
        if situation.to_the_second and seen.lost_s > LOST_S:
            reason = f"this machine was too busy: it lost {seen.lost_s:.1f}s of a wait"
            continue
        try:
            breaches = list(requirement.check(Case(seen, context)))
        except NotJudged as why:
            reason = str(why)
            continue
        judged += 1
        if breaches:
            findings.append(Finding(requirement, seen, tuple(dict.fromkeys(breaches))))
    if findings:
        return Verdict(requirement, Outcome.FAIL, tuple(findings), judged)
    if not judged or unexercised:
        return Verdict(requirement, Outcome.SKIP, reason=unexercised if judged else reason)
    return Verdict(requirement, Outcome.PASS, judged=judged)
