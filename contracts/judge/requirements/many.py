"""Several callers at once."""

from contracts.judge.case import Breach, Breaches, Case, NotJudged, requirement
from contracts.judge.observation import TargetAnswer
from contracts.judge.requirements.common import connects, counted, every, several_handed_out
from contracts.judge.situation import Trait

QUICK_S = 5.0


def _slow(case: Case) -> tuple[TargetAnswer, ...]:
    """Return the answers of the callers who are slow."""
    answers = case.seen.answers
    return answers[: len(case.seen.situation.slow_among(len(answers)))]


def _the_slow_are_slow(case: Case) -> str:
    """The connects that have to wait did wait."""
    waited = all(answer.took_s >= 1.0 for answer in _slow(case))
    return "" if waited else "the target does not wait, so no connect is slow"


@requirement(
    "many.one-session-each",
    "Callers who connect at once get a session each.",
    why="A key works once: of two callers who share it, one is left without a call.",
    source="ours",
    premise=every(connects, several_handed_out),
    traits={Trait.MANY},
)
def many_one_session_each(case: Case) -> Breaches:
    """Check the ids that were handed out."""
    _several(case)
    if case.own_mistake:
        return
    ours = {session.id for session in case.seen.sessions}
    ids = [answer.fields.get("sessionId") for answer in case.handed_out]
    known = [each for each in ids if isinstance(each, str) and each in ours]
    if failures := [answer for answer in case.seen.answers if not answer.ok]:
        got = f"{counted(len(failures), 'failure')}, such as {failures[0]}"
        yield Breach(f"{len(case.seen.answers)} successes", got)
    if len(set(known)) != len(known):
        yield Breach(f"{len(known)} different sessions", f"only {len(set(known))} different")


@requirement(
    "many.not-in-a-row",
    "Callers who connect at once are served in parallel; a slow connect delays no other.",
    why="One slow session would stop the whole page.",
    source="ours",
    premise=every(connects, several_handed_out, _the_slow_are_slow),
    traits={Trait.MANY, Trait.MANY_ONE_SLOW},
)
def many_not_in_a_row(case: Case) -> Breaches:
    """Check the times of the quick callers; one may be late."""
    _several(case)
    if case.own_mistake:
        return
    if slow := _slow(case):
        first = min(slow, key=lambda answer: answer.came_at)
        if _the_slow_are_slow(case):
            return
        others = case.seen.answers[len(slow) :]
        late = [each for each in others if not each.ok or each.came_at >= first.came_at]
        if len(late) >= 2:
            expected = f"the other callers answered before the slow one, after {first.took_s:.1f}s"
            got = f"{len(late)} of {len(others)} that failed or came later, such as {late[0]}"
            yield Breach(expected, got)
    elif late := [answer for answer in case.seen.answers if answer.ok and answer.took_s > QUICK_S]:
        yield Breach(f"each within {QUICK_S:g}s", f"{len(late)} later, such as {late[0]}")


def _several(case: Case) -> None:
    if len(case.seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
