"""What the target tries again, how often and how soon."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from contracts.judge.case import Breach, Breaches, Case, Level, requirement
from contracts.judge.observation import UpstreamCall
from contracts.judge.requirements.common import (
    FINAL_STATUSES,
    SHORTEST_INTERVAL_S,
    answered,
    counted,
    every,
    struck,
)
from contracts.judge.situation import RETRY_AFTER_S, Trait

MOST_ATTEMPTS = 6
"""How often a request may be attempted that keeps failing."""
AT_ONCE_S = 0.2
"""A retry so soon after a broken connection is the HTTP library's own."""
LONGEST_BURST = 5
"""So often an HTTP library repeats a GET at once."""


def _failures_in_a_row(calls: Iterable[UpstreamCall]) -> list[UpstreamCall]:
    """Return the longest run of failed calls."""
    longest: list[UpstreamCall] = []
    run: list[UpstreamCall] = []
    for call in calls:
        failed = call.status is None or call.status >= 400 or not call.arrives
        run = [*run, call] if failed else []
        longest = max(longest, run, key=len)
    return longest


def _attempts(calls: Sequence[UpstreamCall]) -> list[UpstreamCall]:
    """Return the calls without those that repeat a broken connection at once.

    HTTP libraries do that by themselves: once, or for a GET some times in a burst.
    """
    attempts: list[UpstreamCall] = []
    repeated = 0  # since the last attempt
    for call in calls:
        broken = bool(attempts) and not attempts[-1].arrives
        most = LONGEST_BURST if call.method == "GET" else 1
        if broken and repeated < most and call.at - attempts[-1].at < AT_ONCE_S:
            attempts[-1] = call
            repeated += 1
            continue
        attempts.append(call)
        repeated = 0
    return attempts


@requirement(
    "retry.bounded",
    "A create or a consume that keeps failing is given up after a few attempts.",
    why="Each attempt may cost credits, and clients that hammer make an outage worse.",
    source="SDK (2 repetitions); ours",
    premise=struck("createSession", "consumeSession"),
    traits={Trait.CREATE, Trait.CONSUME},
)
def retry_bounded(case: Case) -> Breaches:
    """Check the number of attempts."""
    for name, calls in (("creates", case.seen.creates), ("consumes", case.seen.consumes)):
        if (count := len(_failures_in_a_row(calls))) > MOST_ATTEMPTS:
            yield Breach(f"at most {MOST_ATTEMPTS} {name} in a row", f"{count} {name}")


@requirement(
    "retry.spaced",
    "There is a pause between two attempts of the same request.",
    why="A request that failed a millisecond ago fails again.",
    source="SDK (0.5 s and more); observed (Runway's guidance: exponential backoff)",
    premise=struck("createSession", "getSession", "consumeSession", "deleteSession"),
    traits={Trait.CREATE, Trait.POLL, Trait.CONSUME, Trait.CANCEL_FAILS},
)
def retry_spaced(case: Case) -> Breaches:
    """Check the pauses; a library's own retry on a fresh connection counts as one attempt."""
    of_sessions = [
        [each for each in calls if each.session == session]
        for calls in (case.seen.polls, case.seen.consumes, case.seen.cancels)
        for session in dict.fromkeys(each.session for each in calls)
    ]
    for calls in (case.seen.creates, *of_sessions):
        attempts = _attempts(_failures_in_a_row(calls))
        pauses = [after.at - before.at for before, after in pairwise(attempts)]
        # two in a row, because creates for two sessions side by side may meet now and then
        if any(max(two) < SHORTEST_INTERVAL_S * 0.9 for two in pairwise(pauses)):
            fast = [pause for pause in pauses if pause < SHORTEST_INTERVAL_S * 0.9]
            expected = f"pauses of at least {SHORTEST_INTERVAL_S:g}s between attempts"
            got = f"{counted(len(fast), 'shorter pause')}, down to {min(fast):.3f}s"
            yield Breach(expected, got)


@requirement(
    "retry.honours-retry-after",
    "An attempt is not repeated before the time that Retry-After names.",
    why="The server has said when a retry makes sense.",
    source="SDK (honours it up to 60 s); RFC 9110",
    premise=struck("createSession"),
    traits={Trait.RETRY_AFTER},
    level=Level.SHOULD,
)
def retry_after(case: Case) -> Breaches:
    """Check the pauses between creates."""
    pauses = [after.at - before.at for before, after in pairwise(case.seen.creates)]
    if pauses and min(pauses) < RETRY_AFTER_S - 0.1:
        expected = f"at least {RETRY_AFTER_S}s between creates"
        yield Breach(expected, f"a pause of {min(pauses):.3f}s")


@requirement(
    "retry.create-not-blindly",
    "A create whose reply was lost, or is late, is not retried.",
    why="Runway has no idempotency key: each create makes a session and costs credits.",
    source="observed (2 credits at create; SDKs send no idempotency header)",
    premise=struck("createSession"),
    traits={Trait.LOST_REPLY, Trait.SLOW_CREATE},
)
def retry_create_not_blindly(case: Case) -> Breaches:
    """Check the number of creates that Runway acted on."""
    if (created := sum(each.acted for each in case.seen.creates)) > 1:
        yield Breach("one create", f"{created} creates, each with a session of its own")


@requirement(
    "retry.passing-error",
    "A poll that fails once does not cost the caller the session.",
    why="The session is fine, and has been paid for.",
    source="SDK (retries GET); ours",
    premise=every(struck("getSession"), answered),
    traits={Trait.PASSING},
    unless={Trait.CREATE},
    level=Level.SHOULD,
)
def retry_passing_error(case: Case) -> Breaches:
    """Check that there is another poll; other requirements check what becomes of it."""
    for answer in case.answered:
        if not answer.ok and len(case.seen.polls) == 1:
            yield Breach("another poll after the first", f"{answer} instead")


@requirement(
    "retry.busy",
    "A create that is rejected once with 429 or 503 and Retry-After: 1 is retried.",
    why="The server certainly did not act, and has said when to come back.",
    source="SDK (retries 429 and 503)",
    premise=every(struck("createSession"), answered),
    traits={Trait.PASSING},
    unless={Trait.POLL},
    level=Level.SHOULD,
)
def retry_busy(case: Case) -> Breaches:
    """Check that there is another create; other requirements check what becomes of it."""
    for answer in case.answered:
        if not answer.ok and len(case.seen.creates) == 1 and case.seen.creates[0].faults:
            yield Breach("another create after the first", f"{answer} instead")


@requirement(
    "retry.not-final",
    "A create or a consume that fails with 400, 401, 402, 403 or 404 is not retried.",
    why="The same request gets the same answer.",
    source="SDK (does not retry them); Runway's guidance (400, 401 and 404 never)",
    premise=struck("createSession", "consumeSession"),
    traits={Trait.FINAL},
    unless={Trait.POLL},
    level=Level.SHOULD,
)
def retry_not_final(case: Case) -> Breaches:
    """Check the number of attempts."""
    for name, calls in (("create", case.seen.creates), ("consume", case.seen.consumes)):
        failed = [each for each in calls if each.status in FINAL_STATUSES and each.faults]
        if len(failed) > 1:
            yield Breach(
                f"one {name}",
                f"{counted(len(failed), name)}, though the first got {failed[0].reply}",
            )
