"""Property-based judging of a target that runs: random situations, and the smallest that fails.

Hypothesis draws situations one after the other and, when one breaks a requirement, shrinks it. Each
is played for real, so this takes as long as the target takes.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.judge.case import Context, Requirement
from contracts.judge.observation import Observation
from contracts.judge.situation import Situation
from contracts.judge.verdict import Outcome, Verdict, judge

Play = Callable[[Situation], Coroutine[Any, Any, Observation]]
Notify = Callable[[int, Observation], None]


@dataclass(frozen=True)
class Smallest:
    """What was seen in the smallest situation that breaks something, and the verdicts on it."""

    seen: Observation
    broken: tuple[Verdict, ...]


class _Broken(Exception):
    """Tells hypothesis that a situation broke a requirement."""


async def explore(
    play: Play,
    *,
    context: Context,
    requirements: Sequence[Requirement],
    examples: int,
    seed: str,
    notify: Notify,
) -> Smallest | None:
    """Play so many random situations; return the smallest that fails, None if none does.

    Args:
        play: plays a situation against the target.
        notify: gets the number of each situation that was played, and what was observed.
    """
    import hypothesis

    from contracts.judge.strategies import situations

    loop = asyncio.get_running_loop()
    smallest: list[Smallest] = []
    played = 0

    def test(situation: Situation) -> None:
        nonlocal played
        seen = asyncio.run_coroutine_threadsafe(play(situation), loop).result()
        played += 1
        notify(played, seen)
        verdicts = [judge(each, [seen], context) for each in requirements]
        if broken := tuple(each for each in verdicts if each.outcome is Outcome.FAIL):
            smallest[:] = [Smallest(seen, broken)]
            raise _Broken

    test = hypothesis.given(situations(context.timeout_s, context.marker))(test)
    test = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )(test)
    test = hypothesis.seed(seed)(test)
    try:
        await asyncio.to_thread(test)
    except (_Broken, hypothesis.errors.Flaky):
        return smallest[0]
    return None
