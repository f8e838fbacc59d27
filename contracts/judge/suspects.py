"""Which situation has ended the target, of those that were under way when it was lost.

They are played again one by one, on a target that was started again, until one ends it. The others
were only there: what they saw is dropped, and they are played once more.

A target may also go on answering, and connect no caller any more. Then all that was played since
its last success is suspect, and no evidence.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from contracts.judge.clock import now, sleep
from contracts.judge.instance import SILENT, Instance
from contracts.judge.observation import Observation
from contracts.judge.playing import Player
from contracts.judge.situation import Expect

RECENT_S = 10.0
"""A situation may end the target so long after its own end, in seconds."""
MOST_RECENT = 18


@dataclass
class Trial:
    """One loss of one instance.

    Attributes:
        alive_at: when it gave its last answer, or was lost, if it was not silent before; when the
            last success was asked for, if all connects fail.
        silent: it listens, so that only a call shows that it is lost.
        fails: it answers, and connects no caller.
        settled: what holds for a situation, by its id.
    """

    instance: Instance
    loss: str
    alive_at: float
    silent: bool
    fails: bool
    suspects: list[Observation] = field(default_factory=list)
    settled: dict[str, Observation] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


@dataclass
class Suspects:
    """Finds the causes of losses.

    Attributes:
        keep: gets what holds for a situation that was over at the loss.
        drop: gets the id of one that was over, and of which there is no evidence any more.
        changed: is called when an instance is back, or gone.
    """

    player: Player
    keep: Callable[[Observation], None]
    drop: Callable[[str], None]
    changed: Callable[[], Awaitable[None]]
    trials: dict[int, Trial] = field(default_factory=dict)

    def on_trial(self, instance: Instance) -> bool:
        """Tell whether an instance takes no situations, because it is or was lost."""
        return instance.lost.is_set() or id(instance) in self.trials

    async def settle(self, instance: Instance, seen: Observation) -> Observation | None:
        """Return what holds for a situation that was under way at a loss.

        None: it has to be played again.
        """
        trial = self.trials.get(id(instance)) or self._begin(instance, seen.loss)
        trial.suspects.append(seen)
        if trial.task is not None:
            await asyncio.shield(trial.task)
        return trial.settled.get(seen.situation.id)

    async def look_after(self, instance: Instance) -> None:
        """See whether an instance still connects, while nothing is played; if not, find out why."""
        if instance.gone or self.on_trial(instance):
            return
        await instance.check_answers(instance.avatars[0], patience_s=self.player.patience_s)
        if instance.lost.is_set() and (task := self._begin(instance, instance.loss).task):
            await asyncio.shield(task)

    def _begin(self, instance: Instance, loss: str) -> Trial:
        silent, alive_at = instance.fails or instance.loss == SILENT, now()
        if silent:
            answered_at = instance.connected_at if instance.fails else instance.answered_at
            alive_at = answered_at or alive_at
        trial = Trial(instance, loss, alive_at, silent, instance.fails)
        self.trials[id(instance)] = trial
        trial.task = asyncio.ensure_future(self._run(trial))
        return trial

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
            recent = self._recent(trial)
            if trial.fails:
                suspects, recent = (sorted(each, key=_spoilt_by) for each in (suspects, recent))
            found = await self._guilty_among(trial, suspects, were_over=False)
            if not found and not instance.gone:
                found = await self._guilty_among(trial, recent, were_over=True)
            if not found and (instance.gone or not trial.silent):
                if trial.fails:
                    suspects = sorted([*suspects, *recent], key=_spoilt_by)
                _blame_first(trial, suspects, alone=not instance.gone)
            if trial.fails:
                self._settle_what_was_over(trial, recent)
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
            if not were_over or trial.fails:
                trial.settled[seen.situation.id] = again
            elif again.loss:
                self.keep(again)
            if again.loss:
                return True
        return False

    def _recent(self, trial: Trial) -> list[Observation]:
        """Return what was over at the loss and may have caused it, the newest first.

        Where connects fail, that is everything since the last one that did not.
        """
        ids = {each.situation.id for each in trial.suspects}
        since = trial.alive_at - (0.0 if trial.fails else RECENT_S)
        recent = {
            play.situation.id: play.seen
            for play in reversed(self.player.plays)
            if play.instance is trial.instance
            and play.seen is not None
            and play.ended_at is not None
            and play.ended_at >= since
            and not play.seen.loss  # it has been settled
            and play.situation.id not in ids
        }
        return [*recent.values()][: None if trial.fails else MOST_RECENT]

    def _settle_what_was_over(self, trial: Trial, recent: list[Observation]) -> None:
        """Keep what holds of what was over, and drop the rest, which saw a target that fails."""
        for seen in recent:
            if settled := trial.settled.get(seen.situation.id):
                self.keep(settled)
            else:
                self.drop(seen.situation.id)


def _last_call_at(seen: Observation) -> float:
    return max((each.at for each in seen.upstream), default=0.0)


def _spoilt_by(seen: Observation) -> tuple[int, float]:
    """Order situations by how likely each is the one after which no connect succeeded.

    Such a target mostly sends nothing upstream any more, so the last one that met its fault comes
    first. Requests come next that are wrong in themselves: the first of them.
    """
    met = [each.at for each in seen.upstream if each.faults]
    if met:
        return 0, -min(met)
    usual = seen.situation.expect in (Expect.SUCCESS, Expect.FAILURE)
    return 2 if usual else 1, seen.answer.sent_at


def _blame_first(trial: Trial, suspects: list[Observation], *, alone: bool) -> None:
    """Count the loss for the first of these situations, and name the others.

    Args:
        alone: each was played again alone.
    """
    if not suspects:
        return
    first, *others = suspects
    names = ", ".join(each.situation.id for each in others[:MOST_RECENT])
    loss = trial.loss
    if others:
        loss += f", while {names} ran, too"
    if alone:
        loss += "; it did not when they were played again one by one"
    trial.settled[first.situation.id] = replace(first, loss=loss)
