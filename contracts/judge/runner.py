"""Play all situations against a target, then judge them. Reporters get a stream of events.

An instance of the target has one secret and so one world, where only the avatar tells which
situation a call belongs to: each situation has an avatar of its own while it is played, bound to
its session form. The number of avatars that the target takes, and of its instances, bounds how many
run side by side. First comes a connect that is not judged, because the first one of a process is
its slowest; then wrong requests, one after the other, because their calls upstream name no avatar.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from contracts.judge.case import Context, Requirement
from contracts.judge.clock import now
from contracts.judge.explore import Explorer, described
from contracts.judge.instance import Instance
from contracts.judge.loop_lag import EventLoopLag
from contracts.judge.observation import Observation
from contracts.judge.output import Leak
from contracts.judge.places import Places
from contracts.judge.playing import Player
from contracts.judge.queueing import SURELY_QUEUED_S, in_a_queue
from contracts.judge.reached import why_no_connect, why_not_exercised
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.requirements.common import shape_of
from contracts.judge.situation import Expect, Situation
from contracts.judge.situations.building import soon
from contracts.judge.spellings import Searched
from contracts.judge.suspects import Suspects
from contracts.judge.verdict import Finding, NotPlayed, Report, judge

PRESETS = (
    "game-character",
    "music-superstar",
    "game-character-man",
    "cat-character",
    "influencer",
    "tennis-coach",
    "human-resource",
    "fashion-designer",
    "cooking-teacher",
)


@dataclass(frozen=True)
class RunBegan:
    """The run has begun: so many situations, so many requirements."""

    situations: int
    requirements: int


@dataclass(frozen=True)
class SituationPlayed:
    """A situation is over.

    Attributes:
        findings: what it breaks by itself; the rest of the run may show that more is broken, or
            that the target was not exercised.
    """

    seen: Observation
    done: int
    of: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class RunEnded:
    """The run is over."""

    report: Report


RunEvent = RunBegan | SituationPlayed | RunEnded
Listener = Callable[[RunEvent], None]


@dataclass(frozen=True)
class RunPlan:
    """What a run is to do.

    Attributes:
        jobs: at most so many situations run side by side.
        examples: so many random situations are played as well.
        left_out: the situations that the quick profile leaves out.
        not_applicable: situations that have no meaning for this target.
    """

    situations: Sequence[Situation]
    context: Context
    requirements: Sequence[Requirement] = REQUIREMENTS
    seed: str = "0"
    jobs: int = len(PRESETS)
    examples: int = 0
    left_out: Sequence[str] = ()
    not_applicable: Sequence[NotPlayed] = ()


class TargetGone(Exception):
    """There is no instance any more that a situation could be played with."""


class Runner:
    """Plays a plan against the instances of one target, which run already."""

    def __init__(self, plan: RunPlan, instances: Sequence[Instance], listen: Listener) -> None:
        self.plan = plan
        self.instances = instances
        self.listen = listen
        self._played: dict[str, Observation] = {}
        self._alone_s: float | None = None
        self._lag = EventLoopLag()
        self._player = Player(plan.context, self._lag)
        self._suspects = Suspects(self._player, self._settle, self._drop, self._changed)
        self._places = Places.of(instances, plan.jobs, self._suspects.on_trial)
        for instance in instances:
            instance.output.searched = Searched(plan.context.secret)

    async def run(self) -> Report:
        """Play everything, judge it, and return the report.

        Raises:
            FakeError: the fake is gone.
        """
        try:
            async with self._lag.measured():
                return await self._run()
        finally:
            await self._suspects.close()

    async def observe(self, situation: Situation, *, one_by_one: bool = False) -> Observation:
        """Play one situation on the next free avatar, and return what was observed.

        If the target is lost meanwhile, and other situations ran too, it is played again, alone or
        on a target that was started again: the observation of a situation that has a `loss` is that
        of its cause.

        Raises:
            TargetGone: the target was lost and does not come back.
        """
        while True:
            seats = await self._places.take(situation, one_by_one=one_by_one)
            if seats is None:
                raise TargetGone(self.instances[0].gone)
            avatars = [] if situation.session is None else seats.avatars
            try:
                seen = await self._player.play(situation, seats.instance, avatars)
            finally:
                await self._places.give_back(seats, retired=situation.retried_late)
            if not seen.loss:
                return seen
            if (settled := await self._suspects.settle(seats.instance, seen)) is not None:
                return settled

    async def _run(self) -> Report:
        plan, began_at = self.plan, now()
        calls_elsewhere = await self._calls_elsewhere()
        self.listen(RunBegan(len(plan.situations), len(plan.requirements)))
        wrong = [each for each in plan.situations if each.expect is Expect.REFUSAL]
        crowded = [each for each in plan.situations if each.callers > 1]
        single = [each for each in plan.situations if each not in wrong and each not in crowded]
        one_avatar = all(len(each.avatars) == 1 for each in self.instances)
        late = [each for each in single if each.retried_late and one_avatar]
        calls = await self._calls()
        if single or crowded or plan.examples:
            await self._all(self._warm_up(each) for each in self.instances)
        warm_calls = await self._calls()
        await self._all(self._play(each, one_by_one=True) for each in wrong)
        await self._complete(wrong, one_by_one=True)
        refused_calls = calls + await self._calls() - warm_calls
        first = [each for each in single if each not in late]
        await self._all(map(self._play, sorted(first, key=_longest_first)))
        await self._complete(first)
        await self._again_where_queued()
        for situation in (*crowded, *late):
            await self._play(situation)
        await self._complete([*crowded, *late])
        if plan.examples:
            await self._explore()
            await self._complete([])
        await self._clear_of_leaks()
        await self._add_late_cancels()
        return await self._report(
            began_at,
            reached=await self._calls() > refused_calls,
            elsewhere=await self._calls_elsewhere() > calls_elsewhere,
        )

    async def _report(self, began_at: float, *, reached: bool, elsewhere: bool) -> Report:
        plan, target = self.plan, self.instances[0].target
        ordered = [*dict.fromkeys((*(each.id for each in plan.situations), *self._played))]
        played = [self._played[each] for each in ordered if each in self._played]
        started = self.instances[0].program is not None
        unexercised = why_not_exercised(
            target.url, played, reached=reached, elsewhere=elsewhere, started=started
        )
        gone = next((each.gone for each in self.instances if each.gone), "it was not played")
        lost = [(each, gone) for each in plan.situations if each.id not in self._played]
        context = self._context()
        report = Report(
            verdicts=tuple(
                judge(
                    each,
                    played,
                    context,
                    unexercised=unexercised,
                    not_applicable=plan.not_applicable,
                    lost=lost,
                )
                for each in plan.requirements
            ),
            observations=tuple(played),
            context=plan.context,
            target_url=target.url,
            seed=plan.seed,
            took_s=now() - began_at,
            replay_token=await self.instances[0].fake.replay_token(),
            left_out=tuple(plan.left_out),
            nothing_judged=unexercised,
            no_connect="" if unexercised else why_no_connect(played, context.shape),
        )
        self.listen(RunEnded(report))
        return report

    async def _all(self, plays: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Run all, and end the others if one fails."""
        tasks = [asyncio.ensure_future(each) for each in plays]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _warm_up(self, instance: Instance) -> None:
        """Connect twice without judging it, and note how long the second takes alone.

        A target may load modules at its first connect.
        """
        if instance.lost.is_set():
            return
        avatar, patience_s = instance.avatars[0], self._player.patience_s
        calls = await instance.fake.calls()
        if (await instance.connect(avatar, patience_s=patience_s)).ok:
            session = soon(self.plan.context.timeout_s)
            answer = await instance.connect(avatar, patience_s=patience_s, session=session)
            used = await instance.fake.calls() > calls  # else no situation changes what it does
            if answer.ok:
                self._alone_s = max(self._alone_s or 0.0, answer.took_s)
            if not (answer.ok and used):
                instance.connected_at = None
                instance.connects_tell = False

    async def _play(self, situation: Situation, *, one_by_one: bool = False) -> None:
        """Play a situation, and keep the observation."""
        try:
            seen = await self.observe(situation, one_by_one=one_by_one)
        except TargetGone:
            return
        self._keep(seen)
        done, of = len(self._played), len(self.plan.situations)
        self.listen(SituationPlayed(seen, done, of, self._broken_by(seen)))

    def _broken_by(self, seen: Observation) -> tuple[Finding, ...]:
        context = self._context()
        verdicts = (judge(each, [seen], context) for each in self.plan.requirements)
        return tuple(finding for each in verdicts for finding in each.findings)

    async def _complete(self, situations: Sequence[Situation], *, one_by_one: bool = False) -> None:
        """Play again what is no evidence, because the target had ceased to connect anybody."""
        while True:
            await self._all(self._suspects.look_after(each) for each in self.instances)
            missing = [each for each in situations if each.id not in self._played]
            if not missing or all(each.gone for each in self.instances):
                return
            await self._all(self._play(each, one_by_one=one_by_one) for each in missing)

    async def _again_where_queued(self) -> None:
        """Play alone what waited in the target for others, and note the longest wait.

        Where a create is as late alone, the others were not the cause.
        """
        kept = {id(each) for each in self._played.values()}
        found = [each for each in in_a_queue(self._player.plays) if id(each[0]) in kept]
        waited = []
        for seen, queued in found:
            await self._play(seen.situation)
            again = self._played[seen.situation.id]
            if not again.loss and not again.late_starts:
                waited.append((again, queued))
        if waited and waited[0][1].waited_s > SURELY_QUEUED_S:
            again, longest = waited[0]
            self._keep(replace(again, queued=replace(longest, situations=len(waited))))

    def _keep(self, seen: Observation) -> None:
        self._played[seen.situation.id] = seen

    def _settle(self, seen: Observation) -> None:
        """Keep a cause, or what holds for a situation that is kept; not every random one is."""
        if seen.loss or seen.situation.id in self._played:
            self._keep(seen)

    def _drop(self, id_: str) -> None:
        self._played.pop(id_, None)

    async def _changed(self) -> None:
        await self._places.changed()

    async def _explore(self) -> None:
        """Play random situations; the smallest that breaks something joins the others."""
        from contracts.judge.schedule import examples  # needs hypothesis

        plan, before, numbers = self.plan, len(self._played), count(1)

        async def play(situation: Situation) -> Observation | None:
            named = replace(situation, id=f"example-{next(numbers)}")
            try:
                return await self.observe(named, one_by_one=situation.expect is Expect.REFUSAL)
            except TargetGone:
                return None

        def notify(seen: Observation, done: int) -> None:
            self.listen(SituationPlayed(seen, before + done, before + plan.examples))

        jobs = min(plan.jobs, sum(len(each.avatars) for each in self.instances))
        explorer = Explorer(play, self._context(), plan.requirements, max(1, jobs), notify)
        context = plan.context
        smallest = await explorer.explore(
            examples(context.timeout_s, context.marker, count=plan.examples, seed=plan.seed)
        )
        if smallest is not None:
            seen = smallest.seen
            about = described(smallest.situation)
            named = replace(seen.situation, id="example", about=about)
            self._keep(replace(seen, situation=named))

    async def _clear_of_leaks(self) -> None:
        """Find the situation that a secret in the output belongs to, where several ran then.

        Those that ran are played one by one until it is written again. If it never is, it stays
        with the first of them, which names the others.
        """
        kinds = dict.fromkeys(leak.what for seen in self._played.values() for leak in seen.leaks)
        for what in kinds:
            if any(_alone(leak, what) for seen in self._played.values() for leak in seen.leaks):
                self._drop_shared(what)
                continue
            suspect, leak = next(
                (seen.situation.id, leak)
                for seen in self._played.values()
                for leak in seen.leaks
                if leak.what == what
            )
            self._drop_shared(what)
            for id_ in (suspect, *leak.beside):
                if (seen := self._played.get(id_)) is None:
                    continue
                try:
                    again = await self.observe(seen.situation)
                except TargetGone:
                    break
                if again.leaks:
                    found = tuple(replace(each, beside=()) for each in again.leaks)
                    self._keep(replace(seen, leaks=(*seen.leaks, *found)))
                if any(each.what == what for each in again.leaks):
                    break
            else:
                seen = self._played[suspect]
                self._keep(replace(seen, leaks=(*seen.leaks, leak)))

    def _drop_shared(self, what: str) -> None:
        for seen in list(self._played.values()):
            kept = tuple(leak for leak in seen.leaks if leak.what != what or not leak.beside)
            if kept != seen.leaks:
                self._keep(replace(seen, leaks=kept))

    async def _add_late_cancels(self) -> None:
        """Add the cancels of handed-out sessions that came after their situations had been played.

        A job that cleans up may do so much later.
        """
        cancels = [call for each in self.instances for call in await each.fake.cancels()]
        for seen in list(self._played.values()):
            theirs = {answer.fields.get("sessionId") for answer in seen.answers if answer.ok}
            known = {each.number for each in seen.cancels if each.session in theirs}
            late = [each for each in cancels if each.session in theirs and each.number not in known]
            if late:
                self._keep(replace(seen, upstream=(*seen.upstream, *late)))

    async def _calls(self) -> int:
        """Return how many requests the target sent with its secret."""
        return sum([await each.fake.calls() for each in self.instances])

    async def _calls_elsewhere(self) -> int:
        """Return how many requests the fake got with other secrets."""
        return await self.instances[0].fake.calls_anywhere() - await self._calls()

    def _context(self) -> Context:
        """Return the context with the shape of the first success, if none was declared."""
        answers = (answer for seen in self._played.values() for answer in seen.answers)
        shapes = (shape_of(answer) for answer in answers if answer.ok)
        context = self.plan.context
        target = self.instances[0].target
        return replace(
            context,
            shape=context.shape or next(filter(None, shapes), None),
            upstream_url=self.instances[0].fake.url,
            method=target.method,
            alone_s=self._alone_s,
            started=self.instances[0].program is not None,
        )


def _longest_first(situation: Situation) -> int:
    """Order situations so that what takes a whole deadline, or may, goes on beside the others."""
    return 0 if situation.whole_deadline else 1 if situation.leaves_after_s is not None else 2


def _alone(leak: Leak, what: str) -> bool:
    """Tell whether a secret of this kind was written while one situation ran."""
    return leak.what == what and not leak.beside
