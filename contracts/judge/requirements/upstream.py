"""What a failure of each upstream hop means for the answer."""

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import (
    FINAL_STATUSES,
    answered,
    every,
    failure_met,
    never_a_success,
    requested,
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


@requirement(
    "upstream.base-url",
    "Every call to Runway goes to RUNWAYML_BASE_URL, not to a host in the source code.",
    why="A host in the source code is production, in tests too: they spend credits.",
    source="observed (helpers and public code that name the host)",
    premise=requested,
    traits={Trait.SUCCESS},
)
def upstream_base_url(case: Case) -> Breaches:
    """Check what the fake got in place of Runway's own hosts, where it stands in for them."""
    for call in case.seen.upstream:
        if call.bypass is not None:
            host, client = call.bypass
            what = f"{call.method} {call.path.replace(call.session or call.path, '{id}')}"
            came = f"{what} to https://{host} by {client or 'a client without a name'}"
            yield Breach("a call to RUNWAYML_BASE_URL", f"{came}{_helper(call.operation, client)}")
            return


def _helper(operation: str, client: str) -> str:
    """Return which published helper sends such a call there, in a clause; empty: none is known."""
    if operation == "consumeSession" and ("node" in client or "undici" in client):
        return "; consumeSession of the avatars SDK does so without its option baseUrl"
    return ""
