"""Waiting: looks at the session, time, and sessions that cannot be handed out."""

from collections.abc import Iterable
from itertools import pairwise

from contracts.judge.case import Breach, Context, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import (
    LONGEST_INTERVAL_S,
    SHORTEST_INTERVAL_S,
    arrived,
    own_mistake,
)

# Polling


@requirement(
    "poll.waits",
    "The target waits until the session is READY and then hands it out.",
    why="That is what the endpoint is for.",
    source="seed A; seed B",
    tags="success",
    unless="last custom many",
)
def poll_waits(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the answer."""
    if own_mistake(seen, context):
        return
    for answer in arrived(seen):
        if not answer.ok:
            yield Breach("2xx with credentials", str(answer))


@requirement(
    "poll.not-too-fast",
    "Two looks at a session are at least 100 ms apart.",
    why="A client that polls without a pause is a denial of service.",
    source="SDK (1 s); observed (0.4 s to 5 s)",
    tags="slow error gone one-slow",
)
def poll_not_too_fast(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the gaps between looks; a repetition after a failure may be sooner, once."""
    fast = [
        after.at - before.at
        for before, after in pairwise(seen.polls)
        if before.session == after.session
        and before.status == 200
        and before.arrives
        and after.at - before.at < SHORTEST_INTERVAL_S * 0.9
    ]
    if len(fast) >= 3:
        yield Breach(
            f"at least {SHORTEST_INTERVAL_S:g}s between looks",
            f"{len(fast)} gaps down to {min(fast):.3f}s",
        )


@requirement(
    "poll.not-too-slow",
    "Two looks at a session are at most 5 s apart.",
    why="A caller waits for half of the pause, on average, after the session is READY.",
    source="SDK (1 s); observed (20 to 90 polls at 1 to 5 s)",
    tags="slow deadline",
)
def poll_not_too_slow(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the gaps between looks, and the one before the first."""
    looks = [*seen.creates[-1:], *seen.polls]
    slow = [after.at - before.at - before.wait_s for before, after in pairwise(looks)]
    if slow and max(slow) > LONGEST_INTERVAL_S * 1.1:
        yield Breach(f"at most {LONGEST_INTERVAL_S:g}s between looks", f"{max(slow):.1f}s")


@requirement(
    "poll.stops",
    "Nothing looks at the session any more once the caller has its answer.",
    why="Polling that nobody waits for goes on for ever, and costs the account its limits.",
    source="ours; observed (poll loops without an end)",
    unless="gone many one-slow refused",
)
def poll_stops(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the looks after the answer; one may be on its way."""
    if seen.answer.status is None:
        return
    late = [each for each in seen.polls if each.at > seen.answer.came_at + 0.5]
    if late:
        after = late[0].at - seen.answer.came_at
        yield Breach("no look after the answer", f"{len(late)}, the first {after:.1f}s later")


# Time


# The session ends, or is nothing that can be handed out
