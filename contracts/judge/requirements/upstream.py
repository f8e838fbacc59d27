"""What a failure of each upstream hop means for the answer."""

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import (
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
    "A poll that fails with 401, 402, 403 or 404 ends the wait within seconds.",
    why="The next poll gets the same answer.",
    source="observed (401 and 402 swallowed until the deadline)",
    premise=every(struck("getSession"), answered),
    traits={Trait.FINAL},
)
def upstream_final(case: Case) -> Breaches:
    """Check the time from the first such error to the answer."""
    limit_s = case.prompt_s
    errors = [each.at for each in case.seen.polls if each.status is not None and each.status >= 400]
    for answer in case.answered:
        if errors and answer.came_at - errors[0] > limit_s:
            waited_s = answer.came_at - errors[0]
            expected = f"an answer within {limit_s:g}s of the error"
            yield Breach(expected, f"one after {waited_s:.1f}s")
