"""Play all situations against one target, then judge them. Reporters get a stream of events.

A target has one secret and so one world, where only the avatar tells which situation a call belongs
to: each situation has an avatar of its own while it is played, bound to its session form. The
number of avatars that the target takes bounds how many run side by side. Wrong requests come first,
one after the other, because their calls upstream name no avatar. Then comes a connect that is not
judged, because the first one of a process is its slowest.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from contracts.judge.case import SLACK_S, Context, Requirement
from contracts.judge.clock import now, sleep
from contracts.judge.fake import FakeClient
from contracts.judge.loop_lag import EventLoopLag
from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall
from contracts.judge.reached import why_no_connect, why_not_exercised
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.requirements.common import shape_of
from contracts.judge.situation import Expect, Situation
from contracts.judge.situations.building import CUSTOM_AVATAR, soon
from contracts.judge.target import Target
from contracts.judge.verdict import Report, judge

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
CANCELLED_WITHIN_S = 5.0
"""How long a target has to cancel a session that it did not hand out, in seconds."""
WATCHED_S = 1.2
"""How long the observation goes on after the answer, in seconds: a poll a second is noticed."""
STOOD_STILL_S = 0.5
"""A machine that ran nothing for so long, in seconds, has spoilt the observation."""
MOST_PLAYS = 3
"""How often a situation is played, at most, because the machine stood still."""


@dataclass(frozen=True)
class RunBegan:
    """The run has begun: so many situations, so many requirements."""

    situations: int
    requirements: int


@dataclass(frozen=True)
class SituationPlayed:
    """A situation is over."""

    seen: Observation
    done: int
    of: int


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
        avatars: that the target takes; so many situations run side by side.
        examples: so many random situations are played as well, one after the other.
        left_out: the situations that the quick profile leaves out.
    """

    situations: Sequence[Situation]
    context: Context
    avatars: Sequence[str] = PRESETS
    requirements: Sequence[Requirement] = REQUIREMENTS
    seed: str = "0"
    jobs: int = len(PRESETS)
    examples: int = 0
    left_out: Sequence[str] = ()


@dataclass
class Runner:
    """Plays a plan against one target."""

    plan: RunPlan
    target: Target
    fake: FakeClient
    listen: Listener
    _played: dict[str, Observation] = field(default_factory=dict)
    _playing: list[str] = field(default_factory=list)
    _alone_s: float | None = None
    _lag: EventLoopLag = field(default_factory=EventLoopLag)

    async def run(self) -> Report:
        """Play everything, judge it, and return the report.

        Raises:
            FakeError: the fake is gone.
        """
        async with self._lag.measured():
            return await self._run()

    def under_way(self) -> list[str]:
        """Return the situations being played, after the last one if it got no answer.

        That a target has ended may be noticed only at its next call.
        """
        last = list(self._played.values())[-1:]
        failed = [seen.situation.id for seen in last if seen.answer.status is None]
        return list(dict.fromkeys((*failed, *self._playing)))

    async def _run(self) -> Report:
        plan, began_at = self.plan, now()
        calls_elsewhere = await self.fake.calls_elsewhere()
        self.listen(RunBegan(len(plan.situations), len(plan.requirements)))
        wrong = [each for each in plan.situations if each.expect is Expect.REFUSAL]
        crowded = [each for each in plan.situations if each.callers > 1]
        single = [each for each in plan.situations if each not in wrong and each not in crowded]
        for situation in wrong:
            await self._play(situation, [])
        refused_calls = await self.fake.calls()
        if single or crowded:
            await self._warm_up(plan.avatars[0])
        await self._side_by_side(sorted(single, key=lambda each: not each.whole_deadline))
        for situation in crowded:
            if situation.same_avatar:
                await self._play(situation, list(plan.avatars[:1]))
            elif not situation.slow or len(plan.avatars) > 1:
                await self._play(situation, list(plan.avatars))
        if plan.examples:
            await self._explore()
        ordered = [*dict.fromkeys((*(each.id for each in plan.situations), *self._played))]
        played = [self._played[each] for each in ordered if each in self._played]
        unexercised = why_not_exercised(
            self.target.url,
            played,
            reached=await self.fake.calls() > refused_calls,
            elsewhere=await self.fake.calls_elsewhere() > calls_elsewhere,
        )
        context = self._context()
        report = Report(
            verdicts=tuple(
                judge(each, played, context, unexercised=unexercised) for each in plan.requirements
            ),
            observations=tuple(played),
            context=plan.context,
            target_url=self.target.url,
            seed=plan.seed,
            took_s=now() - began_at,
            replay_token=await self.fake.replay_token(),
            left_out=tuple(plan.left_out),
            nothing_judged=unexercised,
            no_connect="" if unexercised else why_no_connect(played, context.shape),
        )
        self.listen(RunEnded(report))
        return report

    async def _warm_up(self, avatar: str) -> None:
        """Connect twice without judging it, and note how long the second takes alone.

        A target may load modules at its first connect.
        """
        for form in ({"provision_time": "0s"}, soon(self.plan.context.timeout_s)):
            await self.fake.bind(avatar, form)
            answer = await self._call(Situation("warm-up", "", Expect.EITHER), avatar)
            await self.fake.unbind(avatar)
            self._alone_s = answer.took_s if answer.ok else None
            if not answer.ok:
                return

    async def _side_by_side(self, situations: Iterable[Situation]) -> None:
        free: asyncio.Queue[str] = asyncio.Queue()
        for avatar in self.plan.avatars[: max(1, self.plan.jobs)]:
            free.put_nowait(avatar)
        custom = asyncio.Lock()

        async def play(situation: Situation, avatar: str) -> None:
            try:
                await self._play(situation, [avatar])
            finally:
                if not situation.retried_late or len(self.plan.avatars) == 1:
                    free.put_nowait(avatar)

        async def play_custom(situation: Situation) -> None:
            async with custom:
                await self._play(situation, [CUSTOM_AVATAR])

        tasks = []
        try:
            for situation in situations:
                if situation.custom:
                    tasks.append(asyncio.ensure_future(play_custom(situation)))
                else:
                    avatar = await free.get()
                    tasks.append(asyncio.ensure_future(play(situation, avatar)))
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _explore(self) -> None:
        """Play random situations; the smallest that breaks something joins the others."""
        from contracts.judge.explore import explore  # needs hypothesis

        plan, loop = self.plan, asyncio.get_running_loop()
        before = len(self._played)

        async def play(situation: Situation) -> Observation:
            return await self._observe(situation, list(plan.avatars[:1]))

        def notify(number: int, seen: Observation) -> None:
            of = before + max(number, plan.examples)
            event = SituationPlayed(seen, before + number, of)
            loop.call_soon_threadsafe(self.listen, event)

        smallest = await explore(
            play,
            context=self._context(),
            requirements=plan.requirements,
            examples=plan.examples,
            seed=plan.seed,
            notify=notify,
        )
        if smallest is not None:
            situation = smallest.seen.situation
            about = f"The smallest that was found: {json.dumps(situation.session)}"
            found = replace(smallest.seen, situation=replace(situation, about=about))
            self._played[situation.id] = found

    async def _play(self, situation: Situation, avatars: list[str]) -> None:
        """Play a situation, again if the machine stood still meanwhile, and keep the observation.

        Whether it is played again does not depend on what the target did.
        """
        for _ in range(MOST_PLAYS):
            self._playing.append(situation.id)
            try:
                observation = await self._observe(situation, avatars)
            finally:
                self._playing.remove(situation.id)
            if observation.stood_still_s < STOOD_STILL_S or situation.retried_late:
                break
        self._played[situation.id] = observation
        done, of = len(self._played), len(self.plan.situations)
        self.listen(SituationPlayed(observation, done, of))

    async def _observe(self, situation: Situation, avatars: list[str]) -> Observation:
        mark = len(self.target.output.text)
        slow = situation.slow_among(len(avatars))
        quick = (situation.session or {} for _ in avatars[len(slow) :])
        for avatar, form in zip(avatars, (*slow, *quick), strict=True):
            await self.fake.bind(avatar, form)
        before = {each.number for each in await self.fake.creates()}
        callers = avatars * (situation.callers if situation.same_avatar else 1)
        answers = await asyncio.gather(*(self._call(situation, each) for each in callers or [""]))
        observation = await self._observation(situation, avatars, answers, before, mark)
        for avatar in avatars:
            await self.fake.unbind(avatar)
        return observation

    async def _call(self, situation: Situation, avatar: str) -> TargetAnswer:
        return await self.target.call(
            avatar,
            situation.request,
            patience_s=self.plan.context.timeout_s + SLACK_S + 3,
            leaves_after_s=situation.leaves_after_s,
        )

    async def _observation(
        self,
        situation: Situation,
        avatars: list[str],
        answers: Sequence[TargetAnswer],
        before: set[int],
        mark: int,
    ) -> Observation:
        """Wait for what the target does after its answer, and collect the observation."""
        mine = await self._creates(avatars, before)
        if situation.expect is not Expect.REFUSAL:
            if not all(answer.ok for answer in answers):
                known = [each.session for each in mine if each.session and each.arrives]
                await asyncio.gather(
                    *(self.fake.ended(each, within_s=CANCELLED_WITHIN_S) for each in known)
                )
            await sleep(WATCHED_S)
            mine = await self._creates(avatars, before)
        upstream, sessions = list(mine), []
        for session_id in dict.fromkeys(each.session for each in mine if each.session):
            calls, session = await self.fake.timeline(session_id)
            upstream += [each for each in calls if each.operation != "createSession"]
            sessions.append(session)
        sent_at, until = answers[0].sent_at, now()
        return Observation(
            situation=situation,
            avatar=avatars[0] if avatars else "",
            answers=tuple(answers),
            upstream=tuple(sorted(upstream, key=lambda each: each.number)),
            sessions=tuple(sessions),
            until=until,
            output=self.target.output.since(mark),
            lost_s=self._lag.within(sent_at, answers[0].came_at),
            stood_still_s=self._lag.longest_within(sent_at, until),
        )

    async def _creates(self, avatars: list[str], before: set[int]) -> list[UpstreamCall]:
        """Return the creates of this situation: those for its avatars, or all if it has none."""
        new = [each for each in await self.fake.creates() if each.number not in before]
        wanted = {avatar.lower() for avatar in avatars}
        mine = [each for each in new if not wanted or each.avatar.lower() in wanted]
        # a create whose body the fake could not read names no avatar: one stands for all
        return mine or [each for each in new if not each.avatar and each.status == 400][:1]

    def _context(self) -> Context:
        """Return the context with the shape of the first success, if none was declared."""
        answers = (answer for seen in self._played.values() for answer in seen.answers)
        shapes = (shape_of(answer) for answer in answers if answer.ok)
        context = self.plan.context
        return replace(
            context,
            shape=context.shape or next(filter(None, shapes), None),
            upstream_url=self.fake.url,
            method=self.target.method,
            alone_s=self._alone_s,
        )
