"""What keeps a situation from being judged, and what a report counts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from contracts.judge.case import Breach, Breaches, Case, Context, Level, Requirement
from contracts.judge.observation import Observation
from contracts.judge.situation import Shape, Situation, Trait
from contracts.judge.verdict import LOST_S, Finding, Outcome, Report, Verdict, judge
from tests.support.judge.connects import CONTEXT, CREDENTIALS, KEYS, create, seen
from tests.support.judge.made_reports import (
    kept,
    mixed,
    observation,
    report,
    requirement,
    situation,
)

ABOUT = frozenset({Trait.SUCCESS})


def check(case: Case) -> Breaches:
    """Find as many breaches, of one kind, as there are requests."""
    return (Breach("nothing", "a request") for _ in case.seen.upstream)


MADE_UP = replace(requirement("made.up"), check=check, premise=lambda _: "", traits=ABOUT)
SURVIVES = replace(MADE_UP, id="survive.anything")
BROKEN = seen(create(), create(), traits=ABOUT)
FINE = seen(traits=ABOUT)
SKIPPED, FAIL, PASS = Outcome.SKIP, Outcome.FAIL, Outcome.PASS
UNSEEN = Outcome.NOT_OBSERVED
LOST = "a-situation: the target ended"
BUSY = "a-situation: this machine was too busy: it lost 0.4s of a wait"
NONE = "none of the situations that it is about was played"


def shaped(shape: Shape) -> Observation:
    """Return a broken situation that is about one shape alone."""
    return replace(BROKEN, situation=replace(BROKEN.situation, shape=shape))


def to_the_second(lost_s: float) -> Observation:
    """Return a broken situation on a machine that was so late."""
    exact = replace(BROKEN.situation, to_the_second=True)
    return replace(BROKEN, situation=exact, lost_s=lost_s)


@pytest.mark.parametrize(
    ("of", "played", "context", "outcome", "reason"),
    [
        (MADE_UP, [BROKEN], CONTEXT, FAIL, ""),
        (MADE_UP, [FINE], CONTEXT, PASS, ""),
        (MADE_UP, [], CONTEXT, SKIPPED, NONE),
        (MADE_UP, [seen(create())], CONTEXT, SKIPPED, NONE),
        (MADE_UP, [seen(create()), BROKEN], CONTEXT, FAIL, ""),
        (MADE_UP, [shaped(Shape.SESSION_KEY)], KEYS, FAIL, ""),
        (MADE_UP, [shaped(Shape.SESSION_KEY)], CONTEXT, FAIL, ""),
        (MADE_UP, [shaped(Shape.SESSION_KEY)], CREDENTIALS, SKIPPED, "the shape session-key"),
        (MADE_UP, [shaped(Shape.SESSION_KEY), BROKEN], CREDENTIALS, FAIL, ""),
        (MADE_UP, [to_the_second(LOST_S)], CONTEXT, FAIL, ""),
        (MADE_UP, [to_the_second(0.4)], CONTEXT, UNSEEN, BUSY),
        (MADE_UP, [to_the_second(0.4), BROKEN], CONTEXT, FAIL, ""),
        (MADE_UP, [to_the_second(0.4), to_the_second(0.7)], CONTEXT, UNSEEN, BUSY),
        (MADE_UP, [replace(BROKEN, lost_s=0.4)], CONTEXT, FAIL, ""),
        (MADE_UP, [replace(BROKEN, loss="ended")], CONTEXT, UNSEEN, LOST),
        (MADE_UP, [replace(BROKEN, loss="ended"), BROKEN], CONTEXT, FAIL, ""),
        (MADE_UP, [replace(FINE, loss="ended"), to_the_second(0.4)], CONTEXT, UNSEEN, LOST),
        (SURVIVES, [replace(BROKEN, loss="ended")], CONTEXT, FAIL, ""),
    ],
)
def test_a_situation_is_judged_where_it_means_something(
    of: Requirement, played: Sequence[Observation], context: Context, outcome: Outcome, reason: str
) -> None:
    """For the shape that it is about, on a machine in time, while the target was there."""
    verdict = judge(of, played, context)

    assert verdict.outcome is outcome
    assert reason in verdict.reason
    assert bool(verdict.reason) is bool(reason)
    assert verdict.judged == (outcome in (FAIL, PASS))


def test_a_busy_machine_has_lost_more_than_a_third_of_a_second() -> None:
    """A last moment leaves no more."""
    assert 0.25 < LOST_S < 0.35


def test_a_breach_is_said_once() -> None:
    """However often it was found in one situation."""
    verdict = judge(MADE_UP, [BROKEN, FINE], CONTEXT)

    assert verdict.lines() == ["a-situation: expected nothing, got a request"]
    assert verdict.judged == 2


@pytest.mark.parametrize("about", [True, False])
def test_what_was_not_played_is_the_reason(about: bool) -> None:
    """Because it has no meaning for the target, or as there was no target; if it is about that."""
    other: Situation = replace(situation("other"), traits=ABOUT if about else frozenset())

    skipped = judge(MADE_UP, [], CONTEXT, not_applicable=[(other, "no meaning")])
    lost = judge(MADE_UP, [], CONTEXT, lost=[(other, "the target ended")])

    assert skipped.reason == ("no meaning" if about else NONE)
    assert (lost.outcome, lost.reason) == (
        (UNSEEN, "other: the target ended") if about else (SKIPPED, NONE)
    )


def of_level(level: Level, outcome: Outcome) -> Report:
    """Return a report with one verdict."""
    about = requirement("made.up", level)
    finding = Finding(about, observation("a-situation"), (Breach("this", "that"),))
    findings = (finding,) if outcome is FAIL else ()
    return report((Verdict(about, outcome, findings),), ())


@pytest.mark.parametrize(
    ("level", "outcome", "good", "strictly"),
    [
        (Level.MUST, PASS, True, True),
        (Level.MUST, FAIL, False, False),
        (Level.MUST, UNSEEN, True, False),
        (Level.MUST, SKIPPED, True, True),
        (Level.SHOULD, FAIL, True, False),
        (Level.SHOULD, UNSEEN, True, True),
        (Level.MAY, FAIL, True, True),
        (Level.MAY, UNSEEN, True, True),
    ],
)
def test_a_run_is_good_by_its_levels(
    level: Level, outcome: Outcome, good: bool, strictly: bool
) -> None:
    """A broken MUST is never good; strictly, a broken SHOULD and an unseen MUST are not either."""
    made = of_level(level, outcome)

    assert (made.kept(strict=False), made.kept(strict=True)) == (good, strictly)
    assert [each.outcome for each in made.unobserved] == (
        [UNSEEN] if outcome is UNSEEN and level is Level.MUST else []
    )
    assert [each.is_note for each in made.findings] == (
        [level is Level.MAY] if outcome is FAIL else []
    )


def test_a_run_without_evidence_is_not_good() -> None:
    """Whatever it found; the first reason is that nothing was judged."""
    unreached, unconnected = (
        replace(kept(), nothing_judged="wrong address", no_connect="none"),
        replace(kept(), no_connect="none"),
    )

    assert (unreached.not_exercised, unconnected.not_exercised) == ("wrong address", "none")
    assert kept().kept(strict=True)
    assert not unreached.kept(strict=False)
    assert not unconnected.kept(strict=False)


def test_findings_have_an_id_of_requirement_and_situation() -> None:
    """In the order of the verdicts."""
    assert [each.id for each in mixed().findings] == [
        "poll.stops@never-ready",
        "poll.stops@poll-500",
        "shape.content-type@poll-500",
    ]
