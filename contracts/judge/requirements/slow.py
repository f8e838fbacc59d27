"""Answers of Runway that are good and take their time."""

from contracts.judge.case import Breach, Breaches, Case, Level, requirement
from contracts.judge.requirements.common import connects, every, handed_out, hands_out, struck
from contracts.judge.situation import Trait

_WHY = "The session is fine and paid for, and its caller is still there."
_SOURCE = "SDK (waits 60 s for an answer); ours"

slow_create = requirement(
    "slow.create",
    "A create that takes a third of the deadline and then succeeds leads to a success.",
    why=_WHY,
    source=_SOURCE,
    premise=every(struck("createSession"), connects),
    traits={Trait.SLOW_CREATE},
)(hands_out)
slow_poll = requirement(
    "slow.poll",
    "One poll that takes a third of the deadline does not cost the caller the session.",
    why=_WHY,
    source=_SOURCE,
    premise=every(struck("getSession"), connects),
    traits={Trait.SLOW_POLL},
)(hands_out)
slow_consume = requirement(
    "slow.consume",
    "A consume that takes a third of the deadline and then succeeds leads to a success.",
    why=_WHY + " A key works once, so a consume that is given up cannot be tried again.",
    source=_SOURCE,
    premise=every(struck("consumeSession"), connects),
    traits={Trait.SLOW_CONSUME},
)(hands_out)
slow_hops = requirement(
    "slow.hops",
    "Hops that take a fifth of the deadline each lead to a success.",
    why=_WHY,
    source=_SOURCE,
    premise=every(struck("createSession"), connects),
    traits={Trait.SLOW_HOPS},
)(hands_out)
slow_polls = requirement(
    "slow.polls",
    "Polls that take a third of the deadline, or 2.5 s, lead to a success once one shows READY.",
    why="A target that gives up each poll sooner never learns anything from a busy upstream.",
    source=_SOURCE,
    premise=every(struck("getSession"), connects),
    traits={Trait.SLOW_POLLS},
    level=Level.SHOULD,
)(hands_out)


@requirement(
    "slow.one-poll-at-a-time",
    "No poll of a session is sent while the one before is unanswered.",
    why="Polls by a timer pile up when Runway is slow, and two READY answers consume twice.",
    source="SDK (polls again after the answer); ours",
    premise=every(struck("getSession"), handed_out),
    traits={Trait.SLOW_POLLS},
    level=Level.SHOULD,
)
def slow_one_poll(case: Case) -> Breaches:
    """Check the polls between the one that was used and its answer.

    One that the target has given up is unanswered for ever. So only those polls count whose answer
    it has waited for, since it has handed the session out.
    """
    for answer in case.handed_out:
        polls = [each for each in case.seen.polls if each.session == answer.fields.get("sessionId")]
        used = [each for each in polls if each.at + each.wait_s <= answer.came_at + 0.05]
        if not used:
            continue
        piled = sum(0 < each.at - used[-1].at < used[-1].wait_s * 0.95 for each in polls)
        if piled:
            yield Breach("one poll at a time", f"{piled + 1} unanswered at once")
