"""Sessions that nobody takes, and many callers at once."""

from collections.abc import Iterable

from contracts.judge.case import (
    SLACK_S,
    Breach,
    Context,
    Level,
    Requirement,
    Situation,
    requirement,
)
from contracts.judge.observation import TERMINAL, Observation
from contracts.judge.requirements.common import arrived, handed_out

# Cancelling


def _left_behind(seen: Observation, situation: Situation, _: Context) -> Iterable[Breach]:
    if any(answer.ok for answer in seen.answers):
        return  # handed out, rightly or wrongly
    if situation.leaves_after_s is None and not [*arrived(seen)]:
        return  # it was still at it when looking ended: time.deadline's affair
    for session in seen.known:
        if session.state in TERMINAL:
            continue
        tried = any(each.session == session.id for each in seen.calls("deleteSession"))
        what = "a cancel that did not succeed" if tried else "no DELETE"
        yield Breach(f"a DELETE of {session.id}", f"{what}; it is {session.state}")


def _cancelled(
    id_: str, text: str, tags: str, unless: str = "", level: Level = Level.MUST
) -> Requirement:
    made = requirement(
        id_,
        text,
        why="Nobody else knows the session, and it goes on costing credits until it expires.",
        source="observed (orphaned sessions of 44 credits each); ours",
        tags=tags,
        unless=unless,
        level=level,
    )
    return made(_left_behind)


cancel_deadline = _cancelled(
    "cancel.at-the-deadline",
    "A session that is not READY by the deadline is cancelled.",
    "deadline",
    "late-id kept",
)
cancel_failure = _cancelled(
    "cancel.after-a-failure",
    "A session that cannot be handed out because of an error is cancelled.",
    "poll consume keyless strange running",
    "deadline",
)
cancel_gone = _cancelled(
    "cancel.caller-gone",
    "The session of a caller who has hung up is cancelled.",
    "gone",
    "late-id consuming",
)
cancel_gone_consuming = _cancelled(
    "cancel.caller-gone-at-the-end",
    "So is that of a caller who hangs up when only the consume is left.",
    "consuming",
    level=Level.SHOULD,
)
cancel_late_id = _cancelled(
    "cancel.late-id",
    "A create is not given up halfway: its session is cancelled once the id comes, however late.",
    "late-id",
    level=Level.MAY,  # nothing tells a target that has closed the connection from one that waits
)


@requirement(
    "cancel.delays-nobody",
    "The caller is answered without waiting for a cancel.",
    why="A cancel that hangs would keep the caller beyond the deadline.",
    source="ours",
    tags="kept",
    level=Level.MAY,
)
def cancel_delays_nobody(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the time to the answer where no cancel is answered."""
    for answer in seen.answers:
        waited = any(each.at < answer.came_at for each in seen.calls("deleteSession"))
        if waited and answer.took_s > context.timeout_s + SLACK_S + seen.lost_s:
            yield Breach(f"an answer within {context.timeout_s:g}s", str(answer))


@requirement(
    "cancel.again",
    "A cancel that fails once with 500 is tried again.",
    why="The session goes on costing credits, and a cancel that was too much does no harm.",
    source="SDK (retries DELETE); ours",
    tags="cancel-again",
    level=Level.MAY,
)
def cancel_again(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the number of cancels, if there was one at all."""
    if len(cancels := seen.calls("deleteSession")) == 1:
        yield Breach("another DELETE", f"none after {cancels[0]}")


@requirement(
    "cancel.not-what-was-handed-out",
    "A session that was handed out is not cancelled.",
    why="The caller is about to use it, and finds a call that is over.",
    source="ours",
    tags="success",
)
def cancel_not_handed_out(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the cancels for as long as looking goes on."""
    theirs = {answer.fields.get("sessionId") for answer in handed_out(seen)}
    for call in seen.calls("deleteSession"):
        if call.session in theirs:
            yield Breach("no DELETE of what was handed out", str(call))


# Many callers
