"""The cancel of sessions that are not handed out."""

from functools import partial

from contracts.judge.case import (
    CANCELLED_WITHIN_S,
    SLACK_S,
    Breach,
    Breaches,
    Case,
    Level,
    requirement,
)
from contracts.judge.observation import TERMINAL
from contracts.judge.requirements.common import (
    answered,
    caller_left,
    deadline_came,
    every,
    failure_met,
    handed_out,
    left_over,
    sent,
    struck,
)
from contracts.judge.situation import Trait

_OVER = ("COMPLETED", "FAILED", "CANCELLED")


def _cancelled(case: Case) -> Breaches:
    """Check what became of the sessions whose id the target knows."""
    if any(case.handed_out):
        return
    if case.seen.situation.leaves_after_s is None and not any(case.answered):
        return  # the target was still at work when the observation ended: see time.deadline
    for session in case.seen.known:
        polls = (each for each in case.seen.polls if each.session == session.id and each.arrives)
        if session.state in TERMINAL or any(each.shown in _OVER for each in polls):
            continue  # it is over, or a poll said so
        tried = [each for each in case.seen.cancels if each.session == session.id]
        if any(each.faults for each in tried):
            continue  # Runway refused it; another attempt is asked for by cancel.again
        got = "one that did not succeed" if tried else "none"
        yield Breach(f"a DELETE of {session.id}", f"{got}, and the session is {session.state}")


_cancels = partial(
    requirement,
    why="No other client knows the session, and it costs credits until it expires.",
    source="observed (orphaned sessions of 44 credits each); ours",
)
cancel_deadline = _cancels(
    "cancel.at-the-deadline",
    "A session that is not READY by the deadline is cancelled.",
    premise=every(left_over, deadline_came),
    traits={Trait.DEADLINE},
    unless={Trait.LATE_ID, Trait.CANCEL_HANGS},
)(_cancelled)
cancel_failure = _cancels(
    "cancel.after-a-failure",
    "A session that cannot be handed out because of an error is cancelled.",
    premise=every(failure_met, left_over, answered),
    traits={Trait.POLL, Trait.CONSUME, Trait.NO_KEY, Trait.UNKNOWN_STATUS, Trait.RUNNING},
)(_cancelled)
cancel_gone = _cancels(
    "cancel.caller-gone",
    "The session of a caller who has hung up is cancelled, by the deadline at the latest.",
    premise=every(caller_left, left_over),
    traits={Trait.GONE},
    unless={Trait.LATE_ID, Trait.GONE_WHILE_CONSUMING, Trait.GONE_AT_THE_HAND_OVER},
)(_cancelled)


@requirement(
    "cancel.caller-gone-soon",
    f"The session of a caller who has hung up is cancelled within {CANCELLED_WITHIN_S:g}s.",
    why="Until then it costs credits and takes one of the places for sessions at the same time.",
    source="ours (a server that notices only when it writes cancels at the deadline)",
    premise=every(caller_left, left_over, sent("deleteSession")),
    traits={Trait.GONE},
    unless={Trait.LATE_ID, Trait.GONE_WHILE_CONSUMING},
    level=Level.SHOULD,
)
def cancel_gone_soon(case: Case) -> Breaches:
    """Check when; whether at all is for `cancel.caller-gone`."""
    left_at = case.seen.answer.came_at
    if caller_left(case) or left_over(case):
        return
    for session in case.seen.known:
        # the first that was sent counts: Runway may refuse it, or let it hang
        tried_at = [each.at for each in case.seen.cancels if each.session == session.id]
        late_s = min(tried_at, default=left_at) - left_at
        if late_s > CANCELLED_WITHIN_S + case.seen.lost_s:
            got = f"one {late_s:.1f}s after the caller had left"
            yield Breach(f"a DELETE of {session.id} within {CANCELLED_WITHIN_S:g}s", got)


cancel_gone_consuming = _cancels(
    "cancel.caller-gone-at-the-end",
    "The session of a caller who hangs up when only the consume is left is cancelled.",
    premise=every(struck("consumeSession"), caller_left, left_over),
    traits={Trait.GONE_WHILE_CONSUMING},
    unless={Trait.GONE_AT_THE_HAND_OVER},
    level=Level.SHOULD,
)(_cancelled)
cancel_late_id = _cancels(
    "cancel.late-id",
    "A session whose create is answered late is cancelled once its id arrives.",
    premise=left_over,
    traits={Trait.LATE_ID},
    level=Level.MAY,  # a closed connection looks like one that waits, so a target may not know
)(_cancelled)


@requirement(
    "cancel.delays-nobody",
    "The caller is answered without waiting for a cancel.",
    why="A cancel that hangs would keep the caller beyond the deadline.",
    source="ours",
    premise=sent("deleteSession"),
    traits={Trait.CANCEL_HANGS},
    level=Level.MAY,
)
def cancel_delays_nobody(case: Case) -> Breaches:
    """Check the time to the answer where no cancel is answered."""
    for answer in case.seen.answers:
        waited = any(each.at < answer.came_at for each in case.seen.cancels)
        if waited and answer.took_s > case.context.timeout_s + SLACK_S + case.seen.lost_s:
            yield Breach(f"an answer within {case.context.timeout_s:g}s", str(answer))


@requirement(
    "cancel.again",
    "A cancel that fails once with 429 or 500 is retried.",
    why="The session goes on costing credits, and a cancel too many does no harm.",
    source="SDK (retries DELETE); ours",
    premise=struck("deleteSession"),
    traits={Trait.CANCEL_FAILS_ONCE},
    level=Level.MAY,
)
def cancel_again(case: Case) -> Breaches:
    """Check the number of cancels, if there was one at all."""
    if len(cancels := case.seen.cancels) == 1:
        yield Breach("another DELETE", f"none after {cancels[0]}")


@requirement(
    "cancel.not-what-was-handed-out",
    "A session that was handed out is not cancelled.",
    why="The caller is about to use it, and its call would be over.",
    source="ours",
    premise=handed_out,
    traits={Trait.SUCCESS},
)
def cancel_not_handed_out(case: Case) -> Breaches:
    """Check the cancels until the run ends."""
    theirs = {answer.fields.get("sessionId") for answer in case.handed_out}
    for call in case.seen.cancels:
        if call.session in theirs:
            yield Breach("no DELETE of a session that was handed out", str(call))
