"""Several callers at once."""

from itertools import pairwise

from contracts.judge.case import Breach, Breaches, Case, Level, NotJudged, requirement
from contracts.judge.observation import QUEUED_S, TargetAnswer
from contracts.judge.requirements.common import (
    connects,
    counted,
    created,
    every,
    sent,
    several_handed_out,
)
from contracts.judge.situation import Trait

QUICK_S = 5.0
"""So soon each of several callers is answered, in seconds, if no connect succeeded alone."""
DELAYED_S = 2.0
"""How much later than one alone each of several callers may be answered, in seconds."""
SPREAD_S = 1.5
"""How far apart creates may be of callers who come at once, in seconds, if they come one by one.

Not much less than `DELAYED_S`: where a connect takes much work, a busy machine makes steps, too.
"""
STEP = 1 / 5
"""No step between two creates is a larger part of all: few workers make larger ones."""


def _slow(case: Case) -> tuple[TargetAnswer, ...]:
    """Return the answers of the callers who are slow."""
    answers = case.seen.answers
    return answers[: len(case.seen.situation.slow_among(len(answers)))]


def _the_slow_are_slow(case: Case) -> str:
    """The connects that have to wait did wait, or the cancels."""
    if Trait.SLOW_CANCELS in case.seen.situation.traits:
        return sent("deleteSession")(case)
    waited = all(answer.took_s >= 1.0 for answer in _slow(case))
    return "" if waited else "the target does not wait, so no connect is slow"


def _in_flight_for_long(case: Case) -> str:
    """The connect was in flight for a second, so that others had to go on beside it."""
    long = case.seen.queued is not None or case.seen.answer.took_s >= QUEUED_S
    return "" if long else "no connect was in flight for long"


@requirement(
    "many.one-session-each",
    "Callers who connect at once get a session each, with a key or a token of its own.",
    why="A key works once: of two callers who share it, one is left without a call.",
    source="ours",
    premise=every(connects, several_handed_out),
    traits={Trait.MANY},
)
def many_one_session_each(case: Case) -> Breaches:
    """Check the ids that were handed out."""
    _several(case)
    if case.mistake:
        return
    ours = {session.id for session in case.seen.sessions}
    ids = [answer.fields.get("sessionId") for answer in case.handed_out]
    known = [each for each in ids if isinstance(each, str) and each in ours]
    if failures := [answer for answer in case.seen.answers if not answer.ok]:
        got = f"{counted(len(failures), 'failure')}, such as {failures[0]}"
        yield Breach(f"{len(case.seen.answers)} successes", got)
    if len(set(known)) != len(known):
        yield Breach(f"{len(known)} different sessions", f"only {len(set(known))} different")
        return
    for name in ("sessionKey", "token"):
        values = [str(answer.fields[name]) for answer in case.handed_out if name in answer.fields]
        if len(set(values)) != len(values):
            yield Breach(f"{len(values)} different values as {name}", f"only {len(set(values))}")


@requirement(
    "many.not-in-a-row",
    "Callers who connect at once are served in parallel; a slow connect delays no other.",
    why="One slow session would stop the whole page.",
    source="ours",
    premise=every(connects, several_handed_out, _the_slow_are_slow),
    traits={Trait.MANY, Trait.MANY_ONE_SLOW, Trait.SLOW_CANCELS},
)
def many_not_in_a_row(case: Case) -> Breaches:
    """Check the times of the quick callers; one may be late.

    They are compared with the slow ones beside them, and with a connect that had the target for
    itself, whose session took as long as theirs at least.
    """
    _several(case)
    cancels = Trait.SLOW_CANCELS in case.seen.situation.traits
    # whose consumes wait for the cancels of others looks like one that sends them elsewhere
    connects_alone = cancels and case.context.alone_s is not None
    if (case.mistake and not connects_alone) or _the_slow_are_slow(case):
        return
    slow = _slow(case)
    quick = case.seen.answers[len(slow) :]
    if slow and not cancels:
        first = min(slow, key=lambda answer: answer.came_at)
        late = [each for each in quick if not each.ok or each.came_at >= first.came_at]
        if len(late) >= 2:
            expected = f"the other callers answered before the slow one, after {first.took_s:.1f}s"
            got = f"{len(late)} of {len(quick)} that failed or came later, such as {late[0]}"
            yield Breach(expected, got)
            return
    if not slow:
        yield from _one_by_one(case)
    alone_s = case.context.alone_s
    limit_s = QUICK_S if alone_s is None else alone_s + DELAYED_S
    late = [each for each in quick if each.took_s > limit_s + case.seen.lost_s]
    if len(late) >= 2:
        alone = "" if alone_s is None else f", as one alone takes {alone_s:.1f}s"
        yield Breach(f"each within {limit_s:.1f}s{alone}", f"{len(late)} later, such as {late[0]}")


def _one_by_one(case: Case) -> Breaches:
    """Check that the creates do not come in even steps, as behind a lock; one may be late."""
    at_s = sorted(each.at for each in case.seen.creates)[: len(case.seen.answers)][:-1]
    steps_s = [later - before for before, later in pairwise(at_s)]
    spread_s = sum(steps_s)
    if spread_s > SPREAD_S + case.seen.lost_s and max(steps_s) <= spread_s * STEP:
        expected = f"the creates of all callers within {SPREAD_S:.1f}s, or some at once"
        yield Breach(expected, f"one after the other, the last but one after {spread_s:.1f}s")


@requirement(
    "many.side-by-side",
    "As many connects are in flight at once as callers come, up to --jobs.",
    why="A connect takes as long as a session needs: who waits in a queue waits for all before.",
    source="ours (servers with five threads, or one)",
    premise=every(created, _in_flight_for_long),
    level=Level.SHOULD,
)
def many_side_by_side(case: Case) -> Breaches:
    """Check the longest wait of the run."""
    if not case.seen.beside and case.seen.queued is None:
        raise NotJudged("connects came one after the other (--jobs, --avatars)")
    if (queued := case.seen.queued) is not None:
        others = counted(queued.situations, "situation")
        got = (
            f"{queued.in_flight} in flight at once, while one waited {queued.waited_s:.1f}s for"
            f" its create; {others} that waited so came again, each alone. More workers or"
            f" threads of the target help, or --jobs {max(1, queued.in_flight)}"
        )
        yield Breach(f"{queued.sent} connects in flight at once, as were sent", got)


def _several(case: Case) -> None:
    if len(case.seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
