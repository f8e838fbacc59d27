"""Waiting: looks at the session, time, and sessions that cannot be handed out."""

from collections.abc import Iterable
from itertools import pairwise

from contracts.case import SLACK_S, Context, Level, Requirement, Situation, requirement
from contracts.evidence import TERMINAL, Observation
from contracts.requirements.common import (
    LONGEST_INTERVAL_S,
    SHORTEST_INTERVAL_S,
    NotJudged,
    arrived,
    in_time,
    own_mistake,
    promptly_s,
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
def poll_waits(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the answer."""
    if own_mistake(seen, context):
        return
    for answer in arrived(seen):
        if not answer.ok:
            yield f"allowed: 2xx with credentials; came: {answer}"


@requirement(
    "poll.not-too-fast",
    "Two looks at a session are at least 100 ms apart.",
    why="A client that polls without a pause is a denial of service.",
    source="SDK (1 s); observed (0.4 s to 5 s)",
    tags="slow error gone one-slow",
)
def poll_not_too_fast(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
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
        yield (
            f"allowed: at least {SHORTEST_INTERVAL_S:g}s between looks; came: {len(fast)} gaps"
            f" down to {min(fast):.3f}s"
        )


@requirement(
    "poll.not-too-slow",
    "Two looks at a session are at most 5 s apart.",
    why="A caller waits for half of the pause, on average, after the session is READY.",
    source="SDK (1 s); observed (20 to 90 polls at 1 to 5 s)",
    tags="slow deadline",
)
def poll_not_too_slow(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the gaps between looks, and the one before the first."""
    looks = [*seen.creates[-1:], *seen.polls]
    slow = [after.at - before.at - before.wait_s for before, after in pairwise(looks)]
    if slow and max(slow) > LONGEST_INTERVAL_S * 1.1:
        yield f"allowed: at most {LONGEST_INTERVAL_S:g}s between looks; came: {max(slow):.1f}s"


@requirement(
    "poll.stops",
    "Nothing looks at the session any more once the caller has its answer.",
    why="Polling that nobody waits for goes on for ever, and costs the account its limits.",
    source="ours; observed (poll loops without an end)",
    unless="gone many one-slow refused",
)
def poll_stops(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the looks after the answer; one may be on its way."""
    if seen.answer.status is None:
        return
    late = [each for each in seen.polls if each.at > seen.answer.came_at + 0.5]
    if late:
        after = late[0].at - seen.answer.came_at
        yield f"allowed: no look after the answer; came: {len(late)}, the first {after:.1f}s later"


# Time


@requirement(
    "time.deadline",
    "Whatever happens upstream, the caller is answered by the declared deadline.",
    why="A page that waits for ever shows nothing and tells nobody.",
    source="seed A (30 s); seed B (a server action without a limit)",
    unless="gone kept",
)
def time_deadline(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time to the answer."""
    for answer in seen.answers:
        late = answer.took_s > context.timeout_s + SLACK_S + seen.lost_s
        silent = answer.status is None and "closed" not in answer.failure
        if silent or late:
            yield f"allowed: an answer within {context.timeout_s:g}s; came: {answer}"


@requirement(
    "time.status",
    "A session that is not READY by the deadline is a 504, or another 5xx.",
    why="The caller may try again later.",
    source="seed A (504)",
    tags="deadline",
)
def time_status(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the status."""
    for answer in in_time(seen, context):
        if answer.status is not None and not 500 <= answer.status < 600:
            yield f"allowed: 504 or another 5xx; came: {answer}"


@requirement(
    "time.last-moment",
    "A session that is READY a second before the deadline is handed out.",
    why="It has been paid for, and the caller is still there.",
    source="ours",
    tags="last",
    level=Level.SHOULD,
)
def time_last_moment(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the answer."""
    if own_mistake(seen, context):
        return
    if seen.creates and seen.creates[0].at > seen.answer.sent_at + 0.4:
        raise NotJudged("the create came so late that the session was not READY in time")
    for answer in arrived(seen):
        if not answer.ok:
            yield f"allowed: 2xx with credentials; came: {answer}"


# The session ends, or is nothing that can be handed out


@requirement(
    "terminal.ends-the-wait",
    "A session that has ended ends the wait within seconds, and not at the deadline.",
    why="Nothing will come of it any more.",
    source="seed A (COMPLETED, FAILED, CANCELLED throw); observed (only FAILED looked at)",
    tags="ends",
    unless="running",
)
def terminal_ends_the_wait(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time from the end of the session to the answer."""
    prompt_s = promptly_s(context)
    for answer, session in zip(seen.answers, seen.sessions, strict=False):
        ended = [at for at, _, state in session.moves if state in TERMINAL]
        if (
            answer.status is not None
            and ended
            and answer.came_at - ended[0] > prompt_s + seen.lost_s
        ):
            waited = answer.came_at - ended[0]
            yield (
                f"allowed: an answer within {prompt_s:g}s of the end ({session.state});"
                f" came: {waited:.1f}s later"
            )


def _never_a_success(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    for answer in in_time(seen, context):
        if not answer.ok:
            continue
        yield f"allowed: a non-2xx answer; came: {answer} with the keys {sorted(answer.fields)}"


def _never(id_: str, text: str, why: str, source: str, tags: str, unless: str = "") -> Requirement:
    made = requirement(id_, text, why=why, source=source, tags=tags, unless=unless)
    return made(_never_a_success)


terminal_failure = _never(
    "terminal.is-a-failure",
    "A session that has ended is a non-2xx answer.",
    "The SDK throws on a non-2xx answer, and takes a 2xx one for credentials.",
    "SDK; seed A",
    "ends",
    "running",
)
state_running = _never(
    "state.running",
    "RUNNING is never handed out: somebody else has used the key.",
    "What is handed out cannot be consumed any more.",
    "published OpenAPI (no key in RUNNING); observed (RUNNING taken as READY)",
    "running",
)
state_keyless = _never(
    "state.ready-without-key",
    "READY without a session key is never handed out.",
    "There is nothing to consume.",
    "SDK",
    "keyless",
)
state_strange = _never(
    "state.unknown",
    "A status that nobody knows, or none, is never handed out.",
    "What it means is not known; that it is not READY is.",
    "ours",
    "strange",
)
time_nothing = _never(
    "time.nothing-to-hand-out",
    "Without a READY session there is no success at the deadline.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "deadline",
)
upstream_create = _never(
    "upstream.create",
    "A create that fails, in whatever way, is a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK; seed A (500)",
    "create",
    "repeat",
)
upstream_poll = _never(
    "upstream.poll",
    "Looks that all fail, in whatever way, are a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "poll",
    "repeat keyless strange",
)
upstream_consume = _never(
    "upstream.consume",
    "A consume that fails, in whatever way, is a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK; observed (the consume's answer used unchecked)",
    "consume",
)


@requirement(
    "upstream.not-the-callers-fault",
    "Runway's 401 and 403 are never the caller's: the answer is a 5xx.",
    why="The caller's browser would ask its user to log in; the gateway's secret is wrong.",
    source="ours; observed (upstream status passed on)",
    tags="unauthorized",
)
def upstream_not_the_callers_fault(
    seen: Observation, _: Situation, context: Context
) -> Iterable[str]:
    """Judge the status."""
    for answer in arrived(seen):
        if answer.status in (401, 403):
            yield f"allowed: 5xx; came: {answer}"


@requirement(
    "upstream.final-ends-the-wait",
    "An error of a look that will not pass (401, 402, 403, 404) ends the wait within seconds.",
    why="The next look will say the same.",
    source="observed (401 and 402 swallowed until the deadline)",
    tags="final",
)
def upstream_final(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time from the first such error to the answer."""
    prompt_s = promptly_s(context)
    errors = [each.at for each in seen.polls if each.status is not None and each.status >= 400]
    for answer in arrived(seen):
        if errors and answer.came_at - errors[0] > prompt_s:
            waited = answer.came_at - errors[0]
            yield f"allowed: an answer within {prompt_s:g}s; came: {waited:.1f}s after the error"
