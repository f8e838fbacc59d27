"""What a failure of each upstream hop means for the answer."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import (
    arrived,
    never,
    promptly_s,
)

upstream_create = never(
    "upstream.create",
    "A create that fails, in whatever way, is a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK; seed A (500)",
    "create",
    "repeat",
)


upstream_poll = never(
    "upstream.poll",
    "Looks that all fail, in whatever way, are a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "poll",
    "repeat keyless strange",
)


upstream_consume = never(
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
) -> Iterable[Breach]:
    """Judge the status."""
    for answer in arrived(seen):
        if answer.status in (401, 403):
            yield Breach("5xx", str(answer))


@requirement(
    "upstream.final-ends-the-wait",
    "An error of a look that will not pass (401, 402, 403, 404) ends the wait within seconds.",
    why="The next look will say the same.",
    source="observed (401 and 402 swallowed until the deadline)",
    tags="final",
)
def upstream_final(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the time from the first such error to the answer."""
    prompt_s = promptly_s(context)
    errors = [each.at for each in seen.polls if each.status is not None and each.status >= 400]
    for answer in arrived(seen):
        if errors and answer.came_at - errors[0] > prompt_s:
            waited = answer.came_at - errors[0]
            yield Breach(f"an answer within {prompt_s:g}s", f"{waited:.1f}s after the error")
