"""What a failure of each upstream hop means for the answer."""

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import (
    FINAL_STATUSES,
    answered,
    every,
    failure_met,
    never_a_success,
    struck,
)
from contracts.judge.situation import Trait

upstream_create = requirement(
    "upstream.create",
    "A create that fails, in any way, is answered with a non-2xx status.",
    why="The SDK takes a 2xx answer for credentials.",
    source="SDK; seed A (500)",
    premise=every(struck("createSession"), answered),
    traits={Trait.CREATE},
    unless={Trait.PASSING},
)(never_a_success)
upstream_poll = requirement(
    "upstream.poll",
    "Polls that all fail, in any way, are answered with a non-2xx status.",
    why="The SDK takes a 2xx answer for credentials.",
    source="SDK",
    premise=every(struck("getSession"), answered),
    traits={Trait.POLL},
    unless={Trait.PASSING, Trait.UNKNOWN_STATUS},
)(never_a_success)
upstream_consume = requirement(
    "upstream.consume",
    "A consume that fails, in any way, is answered with a non-2xx status.",
    why="The SDK takes a 2xx answer for credentials.",
    source="SDK; observed (the consume's answer used unchecked)",
    premise=every(struck("consumeSession"), answered),
    traits={Trait.CONSUME},
)(never_a_success)


@requirement(
    "upstream.not-the-callers-fault",
    "Runway's 401 and 403 are not passed on: the answer is a 5xx.",
    why="The gateway's API secret is wrong; a 401 makes the browser ask its user to log in.",
    source="ours; observed (upstream status passed on)",
    premise=every(failure_met, answered),
    traits={Trait.UNAUTHORIZED},
)
def upstream_not_the_callers_fault(case: Case) -> Breaches:
    """Check the status; a target may ask its callers to log in, before it asks Runway."""
    if failure_met(case):
        return
    for answer in case.answered:
        if answer.status in (401, 403):
            yield Breach("a 5xx", str(answer))


@requirement(
    "upstream.final-ends-the-wait",
    "A create, poll or consume that fails with 400, 401, 402, 403 or 404 ends the wait within"
    " seconds.",
    why="The next attempt gets the same answer.",
    source="observed (401 and 402 swallowed until the deadline); Runway's guidance (no retry)",
    premise=every(failure_met, answered),
    traits={Trait.FINAL},
)
def upstream_final(case: Case) -> Breaches:
    """Check the time from the first such error to the answer."""
    limit_s = case.prompt_s
    calls = (*case.seen.creates, *case.seen.polls, *case.seen.consumes)
    errors = [each.at for each in calls if each.status in FINAL_STATUSES]
    for answer in case.answered:
        if errors and answer.came_at - min(errors) > limit_s + case.seen.lost_s:
            waited_s = answer.came_at - min(errors)
            expected = f"an answer within {limit_s:g}s of the error"
            yield Breach(expected, f"one after {waited_s:.1f}s")
