"""What the checks of several families share: thresholds, and questions to an observation."""

import re
from collections.abc import Iterable, Iterator

from contracts.judge.case import SLACK_S, Breach, Context, NotJudged, Shape, Situation
from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall

SHORTEST_INTERVAL_S = 0.1
PROMPT_S = 6.0
"""How long after the end of a session its caller may wait for the answer, in seconds."""

KEY = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}")
SHAPE_KEYS = {
    Shape.CREDENTIALS: ("sessionId", "serverUrl", "token", "roomName"),
    Shape.SESSION_KEY: ("sessionId", "sessionKey"),
}


def shape_of(answer: TargetAnswer) -> Shape | None:
    """Return which shape an answer has, None if it is neither or both."""
    shapes = [shape for shape, keys in SHAPE_KEYS.items() if answer.fields.keys() >= {*keys}]
    return shapes[0] if len(shapes) == 1 else None


def answered(seen: Observation) -> Iterator[TargetAnswer]:
    """Yield the answers of the target, without the callers who got none."""
    return (answer for answer in seen.answers if answer.status is not None)


def in_time(seen: Observation, context: Context) -> Iterator[TargetAnswer]:
    """Yield the answers before the deadline; later ones are checked by `time.deadline`."""
    return (each for each in answered(seen) if each.took_s <= context.timeout_s + SLACK_S)


def handed_out(seen: Observation) -> Iterator[TargetAnswer]:
    """Yield the successes."""
    return (answer for answer in seen.answers if answer.ok)


def prompt_s(context: Context) -> float:
    """Return how soon a failure has to be answered: sooner than a short deadline would be."""
    return min(PROMPT_S, max(1.0, context.timeout_s * 0.7))


def rejected_body(call: UpstreamCall) -> bool:
    """Tell whether Runway rejected a create by itself, without an injected fault."""
    return call.status in (400, 404, 422) and not call.faults


def own_mistake(seen: Observation, context: Context) -> bool:
    """Tell whether the connect failed for a mistake that another requirement is about.

    Runway rejected the body of a create, or the key of a consume; or the consume went elsewhere.
    """
    if not seen.sessions and any(map(rejected_body, seen.creates)):
        return True
    return any(each.key_fits is False for each in seen.consumes) or went_elsewhere(seen, context)


def went_elsewhere(seen: Observation, context: Context) -> bool:
    """Tell whether a consume is missing after READY: it went to another host."""
    ready = any(each.shown == "READY" and each.arrives for each in seen.polls)
    consumes = context.shape is not Shape.SESSION_KEY
    return consumes and ready and not seen.consumes and not any(handed_out(seen))


def target_consumes(context: Context) -> None:
    """Raise `NotJudged` where the browser consumes."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")


def never_a_success(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Check that no answer is a success."""
    for answer in in_time(seen, context):
        if answer.ok:
            yield Breach("a non-2xx answer", f"{answer} with the keys {sorted(answer.fields)}")


def hands_out(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Check that every answer is a success."""
    if own_mistake(seen, context):
        return
    for answer in answered(seen):
        if not answer.ok:
            yield Breach("2xx with credentials", str(answer))
