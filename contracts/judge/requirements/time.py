"""By when a caller has to be answered, and with what."""

from collections.abc import Iterable

from contracts.judge.case import SLACK_S, Breach, Context, Level, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import (
    NotJudged,
    arrived,
    in_time,
    never,
    own_mistake,
)


@requirement(
    "time.deadline",
    "Whatever happens upstream, the caller is answered by the declared deadline.",
    why="A page that waits for ever shows nothing and tells nobody.",
    source="seed A (30 s); seed B (a server action without a limit)",
    unless="gone kept",
)
def time_deadline(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the time to the answer."""
    for answer in seen.answers:
        late = answer.took_s > context.timeout_s + SLACK_S + seen.lost_s
        silent = answer.status is None and "closed" not in answer.failure
        if silent or late:
            yield Breach(f"an answer within {context.timeout_s:g}s", str(answer))


@requirement(
    "time.status",
    "A session that is not READY by the deadline is a 504, or another 5xx.",
    why="The caller may try again later.",
    source="seed A (504)",
    tags="deadline",
)
def time_status(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the status."""
    for answer in in_time(seen, context):
        if answer.status is not None and not 500 <= answer.status < 600:
            yield Breach("504 or another 5xx", str(answer))


@requirement(
    "time.last-moment",
    "A session that is READY a second before the deadline is handed out.",
    why="It has been paid for, and the caller is still there.",
    source="ours",
    tags="last",
    level=Level.SHOULD,
)
def time_last_moment(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the answer."""
    if own_mistake(seen, context):
        return
    if seen.creates and seen.creates[0].at > seen.answer.sent_at + 0.4:
        raise NotJudged("the create came so late that the session was not READY in time")
    for answer in arrived(seen):
        if not answer.ok:
            yield Breach("2xx with credentials", str(answer))


time_nothing = never(
    "time.nothing-to-hand-out",
    "Without a READY session there is no success at the deadline.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "deadline",
)
