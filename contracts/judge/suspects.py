"""Which situation has ended the target, of those that were under way when it was lost.

They are played again one by one, on a target that was started again, until one ends it. The others
were only there: what they saw is dropped, and they are played once more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from contracts.judge.clock import now, sleep
from contracts.judge.instance import SILENT, Instance
from contracts.judge.observation import Observation
from contracts.judge.playing import Player

RECENT_S = 10.0
"""A situation may end the target so long after its own end, in seconds."""
MOST_RECENT = 18


@dataclass
class Trial:
    """One loss of one instance.

    Attributes:
        alive_at: when it gave its last answer, or was lost, if it was not silent before.
        settled: what holds for a situation, by its id.
    """

    instance: Instance
    loss: str
    alive_at: float
    silent: bool
    suspects: list[Observation] = field(default_factory=list)
    settled: dict[str, Observation] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


@dataclass
class Suspects:
    """Finds the causes of losses.

    Attributes:
        keep: gets the observation of a situation that was over when it ended the target.
        changed: is called when an instance is back, or gone.
    """

    player: Player
    keep: Callable[[Observation], None]
    changed: Callable[[], Awaitable[None]]
    trials: dict[int, Trial] = field(default_factory=dict)

    def on_trial(self, instance: Instance) -> bool:
        """Tell whether an instance takes no situations, because it is or was lost."""
        return instance.lost.is_set() or id(instance) in self.trials

    async def settle(self, instance: Instance, seen: Observation) -> Observation | None:
        """Return what holds for a situation that was under way at a loss.

        None: it has to be played again.
        """
        trial = self.trials.get(id(instance))
        if trial is None:
            silent = instance.loss == SILENT
            alive_at = (instance.answered_at if silent else None) or now()
            trial = Trial(instance, seen.loss, alive_at, silent)
            self.trials[id(instance)] = trial
            trial.task = asyncio.ensure_future(self._run(trial))
        trial.suspects.append(seen)
        if trial.task is not None:
            await asyncio.shield(trial.task)
        return trial.settled.get(seen.situation.id)

    async def close(self) -> None:
        """End what is under way."""
        tasks = [each.task for each in self.trials.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, trial: Trial) -> None:
        instance = trial.instance
        try:
            while self.player.under_way(instance):
                await sleep(0.02)
            suspects = sorted(trial.suspects, key=_last_call_at, reverse=True)
            found = await self._guilty_among(trial, suspects, were_over=False)
            if not found and not instance.gone:
                found = await self._guilty_among(trial, self._recent(trial), were_over=True)
            if not found and (instance.gone or not trial.silent):
                _blame_first(trial, suspects, alone=not instance.gone)
            await instance.revive(patience_s=self.player.patience_s)
        finally:
            del self.trials[id(instance)]
            await self.changed()

    async def _guilty_among(
        self, trial: Trial, suspects: list[Observation], *, were_over: bool
    ) -> bool:
        """Play suspects one by one; return whether one has ended the target."""
        instance = trial.instance
        for seen in suspects:
            if not await instance.revive(patience_s=self.player.patience_s):
                return False
            again = await self.player.play(
                seen.situation, instance, seen.avatars, suspected=trial.silent
            )
            if not were_over:
                trial.settled[seen.situation.id] = again
            elif again.loss:
                self.keep(again)
            if again.loss:
                return True
        return False

    def _recent(self, trial: Trial) -> list[Observation]:
        ids = {each.situation.id for each in trial.suspects}
        recent = [
            play.seen
            for play in reversed(self.player.plays)
            if play.instance is trial.instance
            and play.seen is not None
            and play.ended_at is not None
            and play.ended_at > trial.alive_at - RECENT_S
            and play.situation.id not in ids
        ]
        return recent[:MOST_RECENT]


def _last_call_at(seen: Observation) -> float:
    return max((each.at for each in seen.upstream), default=0.0)


def _blame_first(trial: Trial, suspects: list[Observation], *, alone: bool) -> None:
    """Count the loss for the situation that called Runway last, and name the others.

    Args:
        alone: each was played again alone.
    """
    first, *others = suspects
    names = ", ".join(each.situation.id for each in others)
    loss = trial.loss
    if others:
        loss += f", while {names} ran, too"
    if alone:
        loss += "; it did not when they were played again one by one"
    trial.settled[first.situation.id] = replace(first, loss=loss)
