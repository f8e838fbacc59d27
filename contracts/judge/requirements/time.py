"""When the caller has to be answered, and the answer at the deadline."""

from contracts.judge.case import SLACK_S, Breach, Breaches, Case, Level, requirement
from contracts.judge.requirements.common import (
    answered,
    connects,
    deadline_came,
    every,
    hands_out,
    in_connects,
    never_a_success,
    took_place,
)
from contracts.judge.situation import Trait


@requirement(
    "time.deadline",
    "The caller is answered by the declared deadline, whatever happens upstream.",
    why="A page that waits for ever shows no error to its user.",
    source="seed A (30 s); seed B (a server action without a limit)",
    premise=in_connects(every(took_place, answered)),
    unless={Trait.GONE, Trait.CANCEL_HANGS},
    stands_alone=True,
)
def time_deadline(case: Case) -> Breaches:
    """Check the time to the answer; where callers wait for each other, `many` does.

    A target that never used the fake may be no gateway: that it does not answer is no breach.
    """
    if len(case.seen.answers) > 1 and case.seen.late_starts > 1:
        return
    for answer in case.seen.answers if case.context.exercised else case.answered:
        late = answer.took_s > case.context.timeout_s + SLACK_S + case.seen.lost_s
        silent = answer.status is None and "closed" not in answer.failure
        if silent or late:
            yield Breach(f"an answer within {case.context.timeout_s:g}s", str(answer))


@requirement(
    "time.status",
    "A session that is not READY by the deadline is answered with 504, or another 5xx.",
    why="The caller may try again later.",
    source="seed A (504)",
    premise=deadline_came,
    traits={Trait.DEADLINE},
)
def time_status(case: Case) -> Breaches:
    """Check the status; without a create, the answer is about something else."""
    if not case.seen.creates:
        return
    for answer in case.in_time:
        if answer.status is not None and not 500 <= answer.status < 600:
            yield Breach("504 or another 5xx", str(answer))


def _created_in_time(case: Case) -> str:
    """The create was so early that the session was READY before the deadline."""
    late = bool(case.seen.creates) and case.seen.creates[0].at > case.seen.answer.sent_at + 0.4
    return "the create was so late that the session was not READY in time" if late else ""


@requirement(
    "time.last-moment",
    "A session that is READY a second before the deadline is handed out.",
    why="It has been paid for, and the caller is still there.",
    source="ours",
    premise=every(_created_in_time, connects),
    traits={Trait.LAST_MOMENT},
    level=Level.SHOULD,
)
def time_last_moment(case: Case) -> Breaches:
    """Check the answer, unless a late create has spent the second."""
    if not _created_in_time(case):
        yield from hands_out(case)


time_nothing = requirement(
    "time.nothing-to-hand-out",
    "Without a READY session, the answer at the deadline is not a success.",
    why="The SDK takes a 2xx answer for credentials.",
    source="SDK",
    premise=deadline_came,
    traits={Trait.DEADLINE},
)(never_a_success)
