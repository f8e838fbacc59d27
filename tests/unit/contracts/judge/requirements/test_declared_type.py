"""What is said of the content type of a consume, and where there is no consume."""

from contracts.judge.case import Context
from contracts.judge.observation import Observation
from contracts.judge.requirements.consume import consume_declared_type
from contracts.judge.situation import Expect, Situation, Trait
from contracts.judge.verdict import Outcome, judge
from tests.support.judge.made_reports import answer, call

SITUATION = Situation("ready-at-once", "", Expect.SUCCESS, {Trait.SUCCESS})
CONTEXT = Context(9.0, None, "a-secret", "marker", "wss://media.invalid")


def test_a_missing_consume_is_not_the_fakes_fault() -> None:
    """Nothing was observed; that an old fake does not say the type is about consumes that came."""
    none = Observation(SITUATION, "an-avatar", (answer(500),), (), (), until=9.0)
    consume = call(3, 0.2, operation="consumeSession", shown=None)
    untold = Observation(SITUATION, "an-avatar", (answer(500),), (consume,), (), until=9.0)

    assert judge(consume_declared_type, [none], CONTEXT).outcome is Outcome.NOT_OBSERVED
    assert "this fake" in judge(consume_declared_type, [untold], CONTEXT).reason
