"""What a target must not die of."""

from contracts.judge.case import SURVIVE, Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import requested


@requirement(
    f"{SURVIVE}.anything",
    "The target goes on connecting callers, whatever Runway answers and whatever callers do.",
    why="One bad answer or request would end the calls of everybody else.",
    source="observed (a crash on a malformed answer, or on the rejection of a cancel); ours",
    premise=requested,
    stands_alone=True,
)
def survive_anything(case: Case) -> Breaches:
    """Check whether the target ended, stopped answering, or connects no caller any more."""
    if case.seen.loss:
        yield Breach("a target that goes on connecting callers", f"one that {case.seen.loss}")
