"""Property-based judging of a target that runs: random situations, and the smallest that fails.

Hypothesis draws situations one after the other and, when one breaks a requirement, shrinks it. Each
is played for real, so this takes as long as the target takes.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.judge.case import Breach, Context, NotJudged, Requirement, Situation
from contracts.judge.observation import Observation

Play = Callable[[Situation], Coroutine[Any, Any, Observation]]
Told = Callable[[int, Situation, Observation], None]


@dataclass(frozen=True)
class Smallest:
    """The smallest situation that was found to break something, and what it breaks."""

    situation: Situation
    observation: Observation
    failures: tuple[tuple[Requirement, Breach], ...]


class _Broken(Exception):
    pass


async def explore(
    play: Play,
    *,
    context: Context,
    requirements: Sequence[Requirement],
    examples: int,
    seed: str,
    told: Told,
) -> Smallest | None:
    """Play so many random situations; return the smallest that fails, None if none does.

    Args:
        play: plays a situation against the target.
        told: hears of every one that was played.
    """
    import hypothesis

    from contracts.judge.strategies import situations

    loop = asyncio.get_running_loop()
    smallest: list[Smallest] = []
    played = 0

    def judge(situation: Situation) -> None:
        nonlocal played
        observation = asyncio.run_coroutine_threadsafe(play(situation), loop).result()
        played += 1
        told(played, situation, observation)
        failures = tuple(judged(situation, observation, context, requirements))
        if failures:
            smallest[:] = [Smallest(situation, observation, failures)]
            raise _Broken

    test = hypothesis.given(situations(context.timeout_s, context.marker))(judge)
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


def judged(
    situation: Situation,
    observation: Observation,
    context: Context,
    requirements: Sequence[Requirement],
) -> list[tuple[Requirement, Breach]]:
    """Return what is wrong with one observation, by requirement."""
    found: list[tuple[Requirement, Breach]] = []
    for requirement in requirements:
        if not requirement.is_about(situation):
            continue
        try:
            breaches = list(requirement.check(observation, situation, context))
        except NotJudged:
            continue
        found += [(requirement, breach) for breach in breaches]
    return found
