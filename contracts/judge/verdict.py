"""What a run found out, and the one judge of what was observed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from contracts.judge.case import (
    SURVIVE,
    Breach,
    Case,
    Context,
    Level,
    NotJudged,
    Requirement,
)
from contracts.judge.observation import Observation
from contracts.judge.situation import Expect, Situation

ONLY_IN_FULL = "its situations are played by the full profile only (--profile full)"
"""Why a requirement is not applicable to a quick run that is to a full one."""
LOST_S = 0.3
"""A machine that was so late, in seconds, has spent the time that a last moment leaves."""


class Outcome(Enum):
    """What the judge says of a requirement."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"  # not applicable to this target, or to this run
    NOT_OBSERVED = "not observed"  # what its judgement rests on did not happen


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
        judged: in how many situations its premise held, or it was broken.
        reason: why it is not applicable, or the first cause why it was not observed.
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
        no_connect: that no connect succeeded, where and what came, in a line; empty if one did, or
            if the run had none that has to succeed.
        left_out: the situations that the quick profile left out.
    """

    verdicts: tuple[Verdict, ...]
    observations: tuple[Observation, ...]
    context: Context
    target_url: str
    seed: str
    took_s: float
    replay_token: str = ""
    nothing_judged: str = ""
    no_connect: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def not_exercised(self) -> str:
        """Why the run is no evidence for the target, in a line: it never exits 0 then."""
        return self.nothing_judged or self.no_connect

    @property
    def unobserved(self) -> list[Verdict]:
        """The MUSTs that were not observed."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.outcome is Outcome.NOT_OBSERVED and verdict.requirement.level is Level.MUST
        ]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the verdicts."""
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)

    def kept(self, *, strict: bool) -> bool:
        """Tell whether the run is good.

        The target was exercised, nothing that counts is broken, and with `strict` every MUST was
        observed.
        """
        if self.not_exercised or self.broken(strict=strict):
            return False
        return not (strict and self.unobserved)

    def broken(self, *, strict: bool) -> list[Verdict]:
        """Return the verdicts that make the run a failure: MUST, and with `strict` SHOULD too."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.outcome is Outcome.FAIL and verdict.requirement.level.counts(strict=strict)
        ]


NotPlayed = tuple[Situation, str]
"""A situation that was not played, and why."""


def judge(
    requirement: Requirement,
    played: Sequence[Observation],
    context: Context,
    *,
    unexercised: str = "",
    not_applicable: Sequence[NotPlayed] = (),
    lost: Sequence[NotPlayed] = (),
) -> Verdict:
    """Judge one requirement by all situations that it is about.

    It is broken if one of them breaks it, and kept if none does and its premise held in one. What
    happened in the rest of the run counts for a premise: `Context.creates` is taken from `played`.

    Args:
        unexercised: why the target was not exercised; nothing passes then.
        not_applicable: situations that have no meaning for this target.
        lost: situations that were not played, because there was no target any more.
    """
    context = replace(context, creates=_creates(played))
    findings, judged, missing = [], 0, ""
    reason = "none of the situations that it is about was played"
    if why := next((why for each, why in not_applicable if requirement.is_about(each)), ""):
        reason = why
    for seen in played:
        situation = seen.situation
        if not requirement.is_about(situation):
            continue
        if situation.shape is not None and context.shape not in (None, situation.shape):
            reason = f"it is about targets that hand out the shape {situation.shape.value}"
            continue
        if situation.to_the_second and seen.lost_s > LOST_S:
            busy = f"this machine was too busy: it lost {seen.lost_s:.1f}s of a wait"
            missing = missing or f"{situation.id}: {busy}"
            continue
        if seen.loss and requirement.family != SURVIVE:
            missing = missing or f"{situation.id}: the target {seen.loss}"
            continue
        case = Case(seen, context)
        try:
            breaches = list(requirement.check(case))
        except NotJudged as why:
            reason = str(why)
            continue
        if not breaches and (unmet := requirement.premise(case)):
            missing = missing or f"{situation.id}: {unmet}"
            continue
        judged += 1
        if breaches:
            findings.append(Finding(requirement, seen, tuple(dict.fromkeys(breaches))))
    missing = missing or next(
        (f"{each.id}: {why}" for each, why in lost if requirement.is_about(each)), ""
    )
    if findings:
        return Verdict(requirement, Outcome.FAIL, tuple(findings), judged)
    if unexercised and (judged or missing):
        return Verdict(requirement, Outcome.NOT_OBSERVED, reason=unexercised)
    if judged:
        return Verdict(requirement, Outcome.PASS, judged=judged)
    if missing:
        return Verdict(requirement, Outcome.NOT_OBSERVED, reason=missing)
    return Verdict(requirement, Outcome.SKIP, reason=reason)


def _creates(played: Sequence[Observation]) -> bool | None:
    """Return whether a right request made the target create; None without a right request."""
    right = [seen for seen in played if seen.situation.expect is not Expect.REFUSAL]
    return any(seen.creates for seen in right) if right else None
