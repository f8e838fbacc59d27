"""How the target polls a session."""

from itertools import pairwise

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import (
    SHORTEST_INTERVAL_S,
    answered,
    connects,
    counted,
    every,
    hands_out,
    sent,
)
from contracts.judge.situation import Trait

LONGEST_INTERVAL_S = 5.0

poll_waits = requirement(
    "poll.waits",
    "The target waits until the session is READY and then hands it out.",
    why="That is what the endpoint is for.",
    source="seed A; seed B",
    premise=connects,
    traits={Trait.SUCCESS},
    unless={
        *(Trait.LAST_MOMENT, Trait.CUSTOM_AVATAR, Trait.MANY),
        *(Trait.SLOW_UPSTREAM, Trait.CHARSET),
    },
)(hands_out)


def _two_polls(case: Case) -> str:
    """There was an interval between two polls of a session."""
    sessions = [each.session for each in case.seen.polls]
    twice = len(set(sessions)) < len(sessions)
    return "" if twice else f"no session was polled twice: {case.stopped_at}"


@requirement(
    "poll.not-too-fast",
    "Two polls of a session are at least 100 ms apart.",
    why="A client that polls without a pause is a denial of service.",
    source="SDK (1 s); observed (0.4 s to 5 s)",
    premise=_two_polls,
    traits={Trait.SLOW, Trait.ERROR, Trait.GONE, Trait.MANY_ONE_SLOW},
)
def poll_not_too_fast(case: Case) -> Breaches:
    """Check the intervals; two short ones are forgiven, and a retry after a failure may be soon."""
    fast = [
        after.at - before.at
        for before, after in pairwise(case.seen.polls)
        if before.session == after.session
        and before.status == 200
        and before.arrives
        and after.at - before.at < SHORTEST_INTERVAL_S * 0.9
    ]
    if len(fast) >= 3:
        expected = f"at least {SHORTEST_INTERVAL_S:g}s between polls"
        yield Breach(expected, f"{len(fast)} shorter intervals, down to {min(fast):.3f}s")


@requirement(
    "poll.not-too-slow",
    "Two polls of a session are at most 5 s apart.",
    why="On average, a caller waits half of the interval after the session is READY.",
    source="SDK (1 s); observed (20 to 90 polls at 1 to 5 s)",
    premise=_two_polls,
    traits={Trait.SLOW, Trait.DEADLINE},
)
def poll_not_too_slow(case: Case) -> Breaches:
    """Check the intervals, and the one before the first poll."""
    calls = [*case.seen.creates[-1:], *case.seen.polls]
    slow = [after.at - before.at - before.wait_s for before, after in pairwise(calls)]
    if slow and max(slow) > LONGEST_INTERVAL_S * 1.1:
        expected = f"at most {LONGEST_INTERVAL_S:g}s between polls"
        yield Breach(expected, f"an interval of {max(slow):.1f}s")


@requirement(
    "poll.stops",
    "The target stops polling once the caller has its answer.",
    why="A poll loop that outlives its caller runs for ever, and uses up the account's limits.",
    source="ours; observed (poll loops without an end)",
    premise=every(sent("getSession"), answered),
    unless={Trait.GONE, Trait.MANY, Trait.MANY_ONE_SLOW, Trait.REFUSED},
)
def poll_stops(case: Case) -> Breaches:
    """Check the polls after the answer; one may be on its way."""
    if case.seen.answer.status is None:
        return
    late = [each for each in case.seen.polls if each.at > case.seen.answer.came_at + 0.5]
    if late:
        after = late[0].at - case.seen.answer.came_at
        got = f"{counted(len(late), 'poll')}, the first {after:.1f}s after it"
        yield Breach("no poll after the answer", got)
