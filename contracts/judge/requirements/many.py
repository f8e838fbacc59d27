"""Several callers at once."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, NotJudged, Situation, Trait, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import handed_out, own_mistake

QUICK_S = 5.0


@requirement(
    "many.one-session-each",
    "Callers who connect at once get a session each.",
    why="A key works once: of two callers who share it, one is left without a call.",
    source="ours",
    traits={Trait.MANY},
)
def many_one_session_each(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Check the ids that were handed out."""
    _several(seen)
    if own_mistake(seen, context):
        return
    ours = {session.id for session in seen.sessions}
    ids = [answer.fields.get("sessionId") for answer in handed_out(seen)]
    known = [each for each in ids if isinstance(each, str) and each in ours]
    if failures := [answer for answer in seen.answers if not answer.ok]:
        yield Breach(f"{len(seen.answers)} successes", f"{failures[0]}, {len(failures)} times")
    if len(set(known)) != len(known):
        yield Breach(f"{len(known)} different sessions", str(len(set(known))))


@requirement(
    "many.not-in-a-row",
    "Callers who connect at once are served in parallel; a slow connect delays no other.",
    why="One slow session would stop the whole page.",
    source="ours",
    traits={Trait.MANY, Trait.MANY_ONE_SLOW},
)
def many_not_in_a_row(
    seen: Observation, situation: Situation, context: Context
) -> Iterable[Breach]:
    """Check the times of the quick callers; one may be late."""
    _several(seen)
    if own_mistake(seen, context):
        return
    if slow := seen.answers[: len(situation.slow_among(len(seen.answers)))]:
        first = min(slow, key=lambda answer: answer.came_at)
        if first.took_s < 1.0:
            raise NotJudged("the target does not wait, so no connect is slow")
        others = seen.answers[len(slow) :]
        late = [each for each in others if not each.ok or each.came_at >= first.came_at]
        if len(late) >= 2:
            yield Breach("the others before the slow one", f"{len(late)} after it, or {late[0]}")
    elif late := [answer for answer in seen.answers if answer.ok and answer.took_s > QUICK_S]:
        yield Breach(f"each within {QUICK_S:g}s", f"{len(late)} later, such as {late[0]}")


def _several(seen: Observation) -> None:
    if len(seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
