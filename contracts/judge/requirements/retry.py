"""Failures: what the caller is told, and what is tried again."""

from collections.abc import Iterable
from itertools import pairwise

from contracts.judge.case import Breach, Context, Level, Situation, requirement
from contracts.judge.observation import Observation, Upstream
from contracts.judge.requirements.common import (
    AT_ONCE_S,
    MOST_ATTEMPTS,
    SHORTEST_INTERVAL_S,
    arrived,
)

# Errors


# Repetitions


def _row(calls: Iterable[Upstream]) -> list[Upstream]:
    """Return the longest row of calls that failed, one after the other."""
    longest: list[Upstream] = []
    row: list[Upstream] = []
    for call in calls:
        failed = call.status is None or call.status >= 400 or not call.arrives
        row = [*row, call] if failed else []
        longest = row if len(row) > len(longest) else longest
    return longest


def _attempts(calls: list[Upstream]) -> list[Upstream]:
    """Return the calls without those that repeat a broken connection at once: one each."""
    attempts: list[Upstream] = []
    forgiven = False
    for call in calls:
        broken = bool(attempts) and not attempts[-1].arrives
        if broken and not forgiven and call.at - attempts[-1].at < AT_ONCE_S:
            attempts[-1], forgiven = call, True
            continue
        attempts.append(call)
        forgiven = False
    return attempts


@requirement(
    "retry.bounded",
    "A create or a consume that fails again and again is given up after a few attempts.",
    why="Each attempt may cost credits, and an outage is made worse by clients that hammer.",
    source="SDK (2 repetitions); ours",
    tags="create consume",
)
def retry_bounded(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the number of attempts."""
    for name, calls in (("creates", seen.creates), ("consumes", seen.consumes)):
        if len(row := _row(calls)) > MOST_ATTEMPTS:
            yield Breach(f"at most {MOST_ATTEMPTS} {name} in a row", str(len(row)))


@requirement(
    "retry.spaced",
    "Between two attempts of the same request there is a pause.",
    why="What failed a millisecond ago fails again.",
    source="SDK (0.5 s and more); observed (Runway's guidance: exponential backoff)",
    tags="create poll consume",
)
def retry_spaced(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the gaps; a library's own repetition on a fresh connection counts as one attempt."""
    about_sessions = [
        [each for each in calls if each.session == session]
        for calls in (seen.polls, seen.consumes)
        for session in {each.session: None for each in calls}
    ]
    for calls in (seen.creates, *about_sessions):
        gaps = [after.at - before.at for before, after in pairwise(_attempts(_row(calls)))]
        fast = [gap for gap in gaps if gap < SHORTEST_INTERVAL_S * 0.9]
        # in a row, because creates for two sessions side by side may meet now and then
        if any(max(two) < SHORTEST_INTERVAL_S * 0.9 for two in pairwise(gaps)):
            yield Breach(
                f"pauses of {SHORTEST_INTERVAL_S:g}s and more",
                f"{len(fast)} attempts after {min(fast):.3f}s",
            )


@requirement(
    "retry.honours-retry-after",
    "An attempt is not repeated before the time that Retry-After names.",
    why="The server has said when it makes sense.",
    source="SDK (honours it up to 60 s); RFC 9110",
    tags="after",
    level=Level.SHOULD,
)
def retry_after(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the gaps between creates: Retry-After was 1."""
    early = [
        after.at - before.at
        for before, after in pairwise(seen.creates)
        if after.at - before.at < 0.9
    ]
    if early:
        yield Breach("1s and more between creates", f"{min(early):.3f}s")


@requirement(
    "retry.create-not-blindly",
    "A create whose reply was lost is not repeated.",
    why="Runway has no idempotency key: each create makes a session and costs credits.",
    source="observed (2 credits at create; SDKs send no idempotency header)",
    tags="lost",
)
def retry_create_not_blindly(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the number of creates that were acted on."""
    made = [each for each in seen.creates if each.acted]
    if len(made) > 1:
        yield Breach("one create", f"{len(made)}, each with a session of its own")


@requirement(
    "retry.passing-error",
    "A look that fails once does not cost the caller the session.",
    why="The session is fine, and has been paid for.",
    source="SDK (retries GET); ours",
    tags="repeat",
    unless="create",
    level=Level.SHOULD,
)
def retry_passing_error(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge whether there was another look; what came of it is judged elsewhere."""
    for answer in arrived(seen):
        if not answer.ok and len(seen.polls) == 1:
            yield Breach("another look", f"{answer} after the first")


@requirement(
    "retry.busy",
    "A create that is refused once with 429 or 503 and Retry-After: 1 is tried again.",
    why="The server certainly did not act, and has said when to come back.",
    source="SDK (retries 429 and 503)",
    tags="repeat",
    unless="poll",
    level=Level.SHOULD,
)
def retry_busy(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge whether there was another create; what came of it is judged elsewhere."""
    for answer in arrived(seen):
        if not answer.ok and len(seen.creates) == 1 and seen.creates[0].faults:
            yield Breach("another create", f"{answer} after the first")
