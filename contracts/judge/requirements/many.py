"""Several callers at once."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import NotJudged, handed_out, own_mistake


@requirement(
    "many.one-session-each",
    "Callers who call at once get a session each, and nobody gets another's.",
    why="A key works once: of two who share it, one is left without a call.",
    source="ours",
    tags="many",
)
def many_one_session_each(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the ids that were handed out."""
    if len(seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
    if own_mistake(seen, context):
        return
    ours = {session.id for session in seen.sessions}
    ids = [answer.fields.get("sessionId") for answer in handed_out(seen)]
    known = [each for each in ids if isinstance(each, str) and each in ours]
    refused = [answer for answer in seen.answers if not answer.ok]
    if refused:
        yield Breach(f"{len(seen.answers)} successes", f"{refused[0]}, {len(refused)} times")
    if len(set(known)) != len(known):
        yield Breach(f"{len(known)} different sessions", str(len(set(known))))


@requirement(
    "many.not-in-a-row",
    "Callers who call at once are served side by side; a slow connect delays nobody.",
    why="One slow session would stop the whole page.",
    source="ours",
    tags="many one-slow",
)
def many_not_in_a_row(
    seen: Observation, situation: Situation, context: Context
) -> Iterable[Breach]:
    """Judge the times: those of the slow ones are their own."""
    if len(seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
    if own_mistake(seen, context):
        return
    if slow := seen.answers[: len(situation.slow_among(len(seen.answers)))]:
        first = min(slow, key=lambda answer: answer.came_at)
        if first.took_s < 1.0:
            raise NotJudged("the target does not wait, so nobody is slow")
        others = seen.answers[len(slow) :]
        late = [each for each in others if not each.ok or each.came_at >= first.came_at]
        if len(late) >= 2:
            yield Breach("the others before the slow one", f"{len(late)} after, or {late[0]}")
        return
    late = [answer for answer in seen.answers if answer.ok and answer.took_s > 5.0]
    if late:
        yield Breach("each within 5s", f"{len(late)} later, such as {late[0]}")
