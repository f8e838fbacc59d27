"""Connects that waited in the target until others were over: it serves fewer at once than came.

Such an observation tells of the queue, not of its situation: the answer is late, or the caller had
left before the target began. Its create may even come while the next situation is played with the
same avatar. Pure.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise

from contracts.judge.observation import QUEUED_S, Observation, Queued
from contracts.judge.playing import Play
from contracts.judge.situation import Expect

SURELY_QUEUED_S = 2.0
"""So long, in seconds, no busy machine delays a connect that needs not wait for others."""


def in_a_queue(plays: Sequence[Play]) -> list[tuple[Observation, Queued]]:
    """Return what was observed of connects that seem to have waited for others, and how.

    The longest wait comes first. Only a play alone shows whether it was the others that it waited
    for.
    """
    connects = [(each, each.seen) for each in plays if each.seen and _is_connect(each.seen)]
    beside = [(play, seen) for play, seen in connects if seen.beside]
    found = [play for play, seen in beside if seen.late_starts]
    if not found:
        return []  # if some created nothing, that has another cause
    found += [play for play, seen in beside if _never_began(seen)]
    after = [play for play, seen in connects if len(seen.creates) > 1 and _follows(play, found)]
    mine = [(play, seen) for play, seen in connects if play in found or play in after]
    queued = [(seen, Queued(_waited_s(seen), *_in_flight(play, connects))) for play, seen in mine]
    return sorted(queued, key=lambda each: -each[1].waited_s)


def _is_connect(seen: Observation) -> bool:
    situation = seen.situation
    return situation.expect is not Expect.REFUSAL and situation.callers == 1 and not seen.loss


def _never_began(seen: Observation) -> bool:
    """Tell whether there was no create before the caller left, or for long."""
    answer = seen.answer
    return not seen.creates and (answer.status is None or answer.took_s > QUEUED_S)


def _follows(play: Play, queued: Collection[Play]) -> bool:
    """Tell whether a create of a play that had waited may have come in this one."""
    return any(
        each.instance is play.instance
        and {*each.avatars} & {*play.avatars}
        and each.began_at < play.began_at
        for each in queued
    )


def _waited_s(seen: Observation) -> float:
    began_at = seen.creates[0].at if seen.creates else seen.answer.came_at
    return began_at - seen.answer.sent_at


def _in_flight(play: Play, connects: Sequence[tuple[Play, Observation]]) -> tuple[int, int]:
    """Return how many connects the target worked on for most of one's wait, and how many were sent.

    Not the most at any instant: an answer that a busy machine reads late overlaps with the next.
    """
    seen = next(seen for each, seen in connects if each is play)
    sent_at, until = seen.answer.sent_at, seen.answer.sent_at + _waited_s(seen)
    others = [each for other, each in connects if other.instance is play.instance]
    spans = [(each.creates[0].at, _over_at(each)) for each in others if each.creates]
    edges = {edge for span in spans for edge in span if sent_at < edge < until}
    lasted: defaultdict[int, float] = defaultdict(float)
    for since, end in pairwise(sorted({sent_at, until, *edges})):
        lasted[sum(begin <= since < over for begin, over in spans)] += end - since
    mostly = max(lasted, key=lambda number: lasted[number], default=0)
    return mostly, sum(each.answer.sent_at <= sent_at < _over_at(each) for each in others)


def _over_at(seen: Observation) -> float:
    """Return when the target was done; after an answer it may cancel, which delays no other."""
    if seen.answer.status is not None:
        return seen.answer.came_at
    return max([seen.answer.came_at, *(each.at for each in seen.upstream)])
