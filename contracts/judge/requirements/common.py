"""What the checks of several families share."""

from contracts.judge.case import Breach, Breaches, Case, NotJudged
from contracts.judge.observation import TargetAnswer
from contracts.judge.situation import Shape

SHORTEST_INTERVAL_S = 0.1
SHAPE_KEYS = {
    Shape.CREDENTIALS: ("sessionId", "serverUrl", "token", "roomName"),
    Shape.SESSION_KEY: ("sessionId", "sessionKey"),
}


def shape_of(answer: TargetAnswer) -> Shape | None:
    """Return which shape an answer has, None if it is neither or both."""
    shapes = [shape for shape, keys in SHAPE_KEYS.items() if answer.fields.keys() >= {*keys}]
    return shapes[0] if len(shapes) == 1 else None


def target_consumes(case: Case) -> None:
    """Raise `NotJudged` where the browser consumes."""
    if case.context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")


def never_a_success(case: Case) -> Breaches:
    """Check that no answer is a success."""
    for answer in case.in_time:
        if answer.ok:
            yield Breach("a non-2xx answer", f"{answer} with the keys {sorted(answer.fields)}")


def hands_out(case: Case) -> Breaches:
    """Check that every answer is a success."""
    for answer in case.answered:
        if not answer.ok and not case.own_mistake:
            yield Breach("2xx with credentials", str(answer))
