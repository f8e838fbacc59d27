"""Play one situation against one instance of the target, and observe both ends."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace

from contracts.judge.case import CANCELLED_WITHIN_S, SLACK_S, Context
from contracts.judge.clock import now, sleep
from contracts.judge.fake import ANY_AVATAR
from contracts.judge.instance import Instance
from contracts.judge.loop_lag import EventLoopLag
from contracts.judge.observation import TERMINAL, Observation, TargetAnswer, UpstreamCall
from contracts.judge.output import Leak
from contracts.judge.requirements.cancel import cancel_gone
from contracts.judge.situation import Expect, Situation
from contracts.judge.target import GIVEN_UP

WATCHED_S = 1.2
"""How long the observation goes on after the answer, in seconds: a poll a second is noticed."""
QUIET_S = 1.0
"""A target that sent nothing about a session for so long, in seconds, is done with it."""
STOOD_STILL_S = 0.5
"""A machine that ran nothing for so long, in seconds, has spoilt the observation."""
MOST_PLAYS = 3
"""How often a situation is played, at most, because the machine stood still."""
UNKNOWN_S = 3.0
"""A target that has connected no caller for so long, in seconds, is asked whether it still does."""
PATIENCE_S = SLACK_S + 3
"""A caller gives up so long after the target's own deadline, in seconds."""


@dataclass(eq=False)
class Play:
    """One situation on one instance.

    Attributes:
        ended_at: None while it is under way.
        seen: what was observed, once it has ended.
        suspected: the target is asked afterwards whether it still answers.
    """

    situation: Situation
    instance: Instance
    avatars: Sequence[str]
    began_at: float
    ended_at: float | None = None
    seen: Observation | None = None
    suspected: bool = False


@dataclass
class Player:
    """Plays situations, and remembers which were under way at the same time."""

    context: Context
    lag: EventLoopLag
    plays: list[Play] = field(default_factory=list)
    _claimed: dict[int, int] = field(default_factory=dict)

    @property
    def patience_s(self) -> float:
        """How long a caller waits, in seconds."""
        return self.context.timeout_s + PATIENCE_S

    def under_way(self, instance: Instance) -> list[Play]:
        """Return what is being played on an instance."""
        return [each for each in self.plays if each.instance is instance and each.ended_at is None]

    async def play(
        self,
        situation: Situation,
        instance: Instance,
        avatars: Sequence[str],
        *,
        suspected: bool = False,
    ) -> Observation:
        """Play a situation, again if the machine stood still, and return once the target is quiet.

        Whether it is played again does not depend on what the target did. The observation of an
        instance that was lost meanwhile has a `loss`.

        Args:
            suspected: it may leave a target behind that answers nothing any more.
        """
        for _ in range(MOST_PLAYS):
            play = Play(situation, instance, avatars, now(), suspected=suspected)
            self.plays.append(play)
            try:
                seen = play.seen = await self._observe(play)
                if not seen.loss:
                    await self._quiet(seen, instance, avatars)
            finally:
                play.ended_at = now()
            if seen.loss or seen.stood_still_s < STOOD_STILL_S or situation.retried_late:
                break
        return seen

    async def _observe(self, play: Play) -> Observation:
        situation, instance, avatars = play.situation, play.instance, play.avatars
        mark = instance.output.written
        slow = situation.slow_among(len(avatars))
        quick = (situation.session or {} for _ in avatars[len(slow) :])
        forms = dict(zip(avatars, (*slow, *quick), strict=True))
        for avatar, form in forms.items():
            await instance.fake.bind(avatar, form)
        before = await instance.fake.newest_create()
        beside = len(self.under_way(instance)) - 1
        answers = await self._answers(play)
        if situation.expect is not Expect.REFUSAL:
            await self._aftermath(play, answers, before)
        await instance.check()
        seen = await self._observation(play, answers, before, mark)
        for avatar in forms:
            await instance.fake.unbind(avatar)
        doubted = not situation.custom and _in_doubt(play, answers)  # which need not be taken
        if not seen.loss and (play.suspected or doubted):
            avatar = instance.avatars[0] if situation.custom else [*avatars, *instance.avatars][0]
            await instance.check_answers(avatar, patience_s=self.patience_s)
        loss = _loss(instance) if instance.lost.is_set() else seen.loss
        return replace(seen, loss=loss, beside=beside)

    async def _answers(self, play: Play) -> tuple[TargetAnswer, ...]:
        """Return the answer of each caller, or that it got none because the instance was lost."""
        situation, began_at = play.situation, now()
        callers = [*play.avatars] * (situation.callers if situation.same_avatar else 1)
        calls = [
            asyncio.ensure_future(
                play.instance.call(
                    avatar,
                    situation.request,
                    patience_s=self.patience_s,
                    leaves_after_s=situation.leaves_after_s,
                )
            )
            for avatar in callers or [ANY_AVATAR]
        ]
        try:
            await _unless_lost(play.instance, asyncio.wait(calls))
            await asyncio.wait(calls, timeout=0.2)  # a connection may just be ending
        finally:
            for call in calls:
                call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        lost = TargetAnswer(began_at, now(), failure=f"the target {play.instance.loss}")
        return tuple(lost if each.cancelled() else each.result() for each in calls)

    async def _aftermath(self, play: Play, answers: Sequence[TargetAnswer], before: int) -> None:
        """Wait for what the target does after its answer, unless it is lost."""
        instance = play.instance
        if not all(answer.ok for answer in answers):
            mine = await _creates(instance, play.avatars, before)
            known = [each.session for each in mine if each.session and each.arrives]
            within_s = self._time_to_cancel(play.situation, answers)
            ends = (instance.fake.ended(each, within_s=within_s) for each in known)
            await _unless_lost(instance, asyncio.gather(*ends))
        await _unless_lost(instance, sleep(WATCHED_S))

    def _time_to_cancel(self, situation: Situation, answers: Sequence[TargetAnswer]) -> float:
        """Return how long to wait for cancels, in seconds.

        Some servers notice that a caller has left when they write the answer, at the deadline.
        """
        if not cancel_gone.is_about(situation):
            return CANCELLED_WITHIN_S
        answer_is_due = answers[0].sent_at + self.context.timeout_s + SLACK_S
        return max(CANCELLED_WITHIN_S, answer_is_due - now())

    async def _observation(
        self, play: Play, answers: Sequence[TargetAnswer], before: int, mark: int
    ) -> Observation:
        instance, avatars = play.instance, play.avatars
        mine = await _creates(instance, avatars, before)
        upstream, sessions = list(mine), []
        for session_id in dict.fromkeys(each.session for each in mine if each.session):
            calls, session = await instance.fake.timeline(session_id)
            upstream += [each for each in calls if each.operation != "createSession"]
            sessions.append(session)
        sent_at, until = answers[0].sent_at, now()
        return Observation(
            situation=play.situation,
            avatar=avatars[0] if avatars else "",
            avatars=tuple(avatars),
            answers=tuple(answers),
            upstream=tuple(sorted(upstream, key=lambda each: each.number)),
            sessions=tuple(sessions),
            until=until,
            output=instance.output.since(mark),
            leaks=self._leaks(play, mark),
            loss=_loss(instance) if instance.lost.is_set() else "",
            lost_s=self.lag.within(sent_at, answers[0].came_at),
            stood_still_s=self.lag.longest_within(sent_at, until),
        )

    def _leaks(self, play: Play, mark: int) -> tuple[Leak, ...]:
        """Return the secrets written during a play, and those that no play has been given yet.

        What was written before the first play is its own; later, it may be of the one before.
        """
        output, here = play.instance.output, id(play.instance)
        claimed = min(mark, self._claimed.get(here, 0))
        others = [each for each in self.plays if each.instance is play.instance and each != play]
        beside = [each for each in others if each.ended_at is None or each.ended_at > play.began_at]
        before = [each for each in others if each not in beside][-1:]
        self._claimed[here] = output.written
        return tuple(
            replace(
                leak,
                beside=tuple(
                    dict.fromkeys(
                        each.situation.id for each in (beside if leak.at >= mark else before)
                    )
                ),
            )
            for leak in output.leaks_since(claimed)
        )

    async def _quiet(self, seen: Observation, instance: Instance, avatars: Sequence[str]) -> None:
        """Wait until the target sends nothing more about these sessions, as long as it may.

        Its late calls would meet the next situation of the same avatar.
        """
        give_up_at = now() + self.context.timeout_s
        last = max((each.at for each in seen.upstream), default=0.0)
        sessions = [each.id for each in seen.sessions if each.state not in TERMINAL]
        first = min((each.number for each in seen.creates), default=1 << 60)
        while seen.upstream and now() - last < QUIET_S and now() < give_up_at:
            if await _unless_lost(instance, sleep(QUIET_S / 4)):
                return
            calls = _of_avatars(await instance.fake.creates(after=first), avatars)
            for session in sessions:
                calls += (await instance.fake.timeline(session))[0]
            last = max((each.at for each in calls), default=last)


def _in_doubt(play: Play, answers: Sequence[TargetAnswer]) -> bool:
    """Tell whether the target may have ceased to answer, or to connect anybody.

    Failures are right in many situations, and then a target that only fails looks well.
    """
    if any(each.failure == GIVEN_UP for each in answers):
        return True
    situation, connected_at = play.situation, play.instance.connected_at
    if connected_at is None or connected_at >= max(each.sent_at for each in answers):
        return False
    wanted = situation.expect is Expect.SUCCESS or situation.callers > 1
    return wanted or now() - connected_at > UNKNOWN_S


def _loss(instance: Instance) -> str:
    words = instance.last_words()
    return f"{instance.loss}, with the last words: {words}" if words else instance.loss


async def _unless_lost(instance: Instance, waiting: Awaitable[object]) -> bool:
    """Wait for something unless the instance is lost before; return whether it was."""
    task, lost = asyncio.ensure_future(waiting), asyncio.ensure_future(instance.lost.wait())
    try:
        await asyncio.wait((task, lost), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task  # it may have raised
    finally:
        for each in (task, lost):
            each.cancel()
        await asyncio.gather(task, lost, return_exceptions=True)
    return instance.lost.is_set()


async def _creates(instance: Instance, avatars: Sequence[str], before: int) -> list[UpstreamCall]:
    """Return the creates of a situation: those for its avatars, or all if it has none."""
    new = await instance.fake.creates(after=before)
    # a create whose body the fake could not read names no avatar: one stands for all
    return (
        _of_avatars(new, avatars)
        or [each for each in new if not each.avatar and each.status == 400][:1]
    )


def _of_avatars(creates: Sequence[UpstreamCall], avatars: Sequence[str]) -> list[UpstreamCall]:
    wanted = {avatar.lower() for avatar in avatars}
    every = not wanted or ANY_AVATAR in wanted
    return [each for each in creates if every or each.avatar.lower() in wanted]
