"""What a situation turned out to be an instance of, by what happened while it was played. Pure.

A random situation says what may go wrong; the exchanges say what did, before the target answered.
From them follow the traits, and by them the requirements that judge it. A trait is given only
where its requirements are certain: what a right target may take either way gives none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from contracts.judge.case import Context
from contracts.judge.observation import TERMINAL, Got, Observation, TargetAnswer, UpstreamCall
from contracts.judge.situation import RETRY_AFTER_S, Trait

BUSY = (429, 503)
FINAL = (401, 402, 403, 404)
STATUSES = ("NOT_READY", "READY", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
_USED_OR_OVER = TERMINAL | {"claimed", "running"}
AT_ONCE_S = 0.5
"""A target may need so long from an upstream answer to its own, in seconds."""
LONG_S = 1.0
"""A target may give up on a poll that takes longer, or notice late what else happens."""
CLOCKS_S = 0.05
"""How far instants of the fake and of the caller may be apart, in seconds."""
LAST_MOMENT_S = 1.0
"""READY so long before the deadline is in time for a target that polls often."""


def by_history(seen: Observation, context: Context) -> Observation:
    """Return an observation whose situation has the traits that its history gives it.

    Traits that are known before stay alone: what is wrong with the request itself, or that there
    are many callers.
    """
    situation = seen.situation
    if situation.traits:
        return seen
    traits = frozenset(_History(seen, context).traits())
    last_moment = Trait.LAST_MOMENT in traits
    return replace(seen, situation=replace(situation, traits=traits, to_the_second=last_moment))


@dataclass(frozen=True)
class _History:
    """One connect of one caller."""

    seen: Observation
    context: Context

    def traits(self) -> Iterator[Trait]:
        """Yield what the connect is an instance of, some of it more than once."""
        yield Trait.ERROR  # its requirements are about every connect
        yield from self._repeats()
        yield from self._cancels()
        if self.left:
            yield from self._leaving()
            return
        if self.answer.status is None:
            return  # checked by time.deadline
        lacking = set(self._lacking())
        yield from lacking
        if not lacking and (self.answer.ok or self._has_all_in_time()):
            yield Trait.SUCCESS
        if self._nothing_struck():
            if self.seen.situation.custom:
                yield Trait.CUSTOM_AVATAR
            if not self._refused_custom():
                yield from self._undisturbed()
        if not self.answer.ok and not lacking:
            yield Trait.POLL  # whatever the reason: the session has to be cancelled
        if not lacking or not self.answer.ok:
            yield from self._passing()

    @property
    def answer(self) -> TargetAnswer:
        """The answer of the only caller."""
        return self.seen.answer

    @property
    def left(self) -> bool:
        """Whether the caller has left without an answer."""
        return self.seen.situation.leaves_after_s is not None and self.answer.status is None

    @property
    def deadline_at(self) -> float:
        """When the caller has to be answered."""
        return self.answer.sent_at + self.context.timeout_s

    def _came(self, call: UpstreamCall) -> bool:
        """Tell whether the answer to a call was there before the target's own."""
        return call.answered_at <= self.answer.came_at + CLOCKS_S

    def _usable(self, call: UpstreamCall) -> bool:
        return self._came(call) and self.seen.got(call) is not Got.NOTHING

    @cached_property
    def ready(self) -> UpstreamCall | None:
        """The first poll that showed a key."""
        showing = (
            each
            for each in self.seen.polls
            if each.shown == "READY"
            and isinstance((each.fields or {}).get("sessionKey"), str)
            and self.seen.got(each) is not Got.NOTHING
        )
        return min(showing, key=lambda each: each.answered_at, default=None)

    # What a success needs

    def _lacking(self) -> Iterator[Trait]:
        """Yield what makes a success impossible; nothing if a success may be right."""
        if not any(map(self._usable, self.seen.creates)):
            yield from self._no_id()
        elif self.ready is None or not self._came(self.ready):
            yield from self._no_key()
        elif self._consume_failed():
            yield Trait.CONSUME

    def _no_id(self) -> Iterator[Trait]:
        failed = [each for each in self.seen.creates if self._is_struck(each)]
        if any(self.seen.got(each) is Got.NOTHING for each in failed):
            yield Trait.CREATE
        elif self.seen.creates and self._at_the_deadline():
            yield Trait.DEADLINE
            yield Trait.LATE_ID

    def _no_key(self) -> Iterator[Trait]:
        found = set[Trait]()
        for poll in filter(self._came, self.seen.polls):
            effects = self.seen.effects_on(poll)
            read = (
                poll.status == 200 and poll.arrives and not {"malformed", "page"} & effects.keys()
            )
            if read and poll.shown not in STATUSES:
                found.add(Trait.UNKNOWN_STATUS)
            elif self.seen.got(poll) is Got.NOTHING:
                found.add(Trait.POLL)
            elif poll.shown == "READY":
                found.add(Trait.NO_KEY)
            elif poll.shown == "RUNNING":
                found.add(Trait.RUNNING)
        if any(self.seen.got(poll) is Got.NOTHING for poll in self.seen.polls):
            found.add(Trait.POLL)  # one that is never answered
        if Trait.POLL in found and self._final():
            found.add(Trait.FINAL)
        if self._ends():
            found.add(Trait.ENDS)
        if not found and (self.answer.ok or self._at_the_deadline()):
            found.add(Trait.DEADLINE)
            if self._id_is_late():
                found.add(Trait.LATE_ID)
        yield from found

    def _consume_failed(self) -> bool:
        """Tell whether the target consumes, and got nothing without a mistake of its own."""
        consumes = self.seen.consumes
        mistaken = any(each.key_fits is False and not each.faults for each in consumes)
        return bool(consumes) and not mistaken and not any(map(self._usable, consumes))

    def _final(self) -> bool:
        """Tell whether the first error of a poll does not pass, and nothing good came after it."""
        polls = [each for each in self.seen.polls if each.at <= self.answer.came_at]
        errors = [n for n, each in enumerate(polls) if (each.status or 0) >= 400]
        if not errors or polls[errors[0]].status not in FINAL:
            return False
        if polls[errors[0]].wait_s > AT_ONCE_S:
            return False
        return all(self.seen.got(each) is Got.NOTHING for each in polls[errors[0] :])

    def _ends(self) -> bool:
        """Tell whether the session ended by itself, and every poll could show it at once."""
        if len(self.seen.sessions) != 1 or not self._undisturbed_calls(AT_ONCE_S):
            return False
        ended_at = self.seen.sessions[0].ended_at
        cancelled = [each.at for each in self.seen.cancels]
        return ended_at is not None and ended_at < min([self.answer.came_at, *cancelled])

    # What a target has to manage

    def _has_all_in_time(self) -> bool:
        """Tell whether the target got everything for a success, and early enough."""
        if self.ready is None or self.ready.answered_at > self.deadline_at - LAST_MOMENT_S:
            return False
        if not self._came(self.ready):
            return False
        consumes = self.seen.consumes
        needed = [self.ready, *self.seen.creates, *consumes]
        if any(self.seen.got(each) is Got.DOUBTFUL for each in needed):
            return False
        limit_at = self.deadline_at - AT_ONCE_S
        return all(not each.faults or each.answered_at <= limit_at for each in consumes)

    def _nothing_struck(self) -> bool:
        """Tell whether Runway did its best, and no other client used or ended the session."""
        own = [each.at for each in (*self.seen.consumes, *self.seen.cancels)]
        moved = [
            at
            for session in self.seen.sessions
            for at, _, after in session.moves
            if after in _USED_OR_OVER and at <= self.answer.came_at + CLOCKS_S
        ]
        alone = all(any(abs(at - each) < CLOCKS_S for each in own) for at in moved)
        waits = all(each.shown in (None, "NOT_READY", "READY") for each in self.seen.polls)
        one_slow = sum(each.wait_s > LONG_S for each in self.seen.polls) <= 1
        return alone and waits and one_slow and self._undisturbed_calls(self._slow_s)

    def _undisturbed_calls(self, slow_s: float) -> bool:
        """Tell whether nothing struck a call, but a delay that is not longer."""
        asked = (*self.seen.creates, *self.seen.polls, *self.seen.consumes)
        return not any(self._is_struck(each) or each.wait_s > slow_s for each in asked)

    @property
    def _slow_s(self) -> float:
        """How long a call may take without being a failure to any target."""
        return self.context.timeout_s / 3 + 0.05

    def _is_struck(self, call: UpstreamCall) -> bool:
        return bool(self.seen.effects_on(call).keys() - {"delay"})

    def _undisturbed(self) -> Iterator[Trait]:
        """Yield what follows from when the session is READY, if nothing else happens."""
        form = self.seen.situation.session or {}
        calls = (*self.seen.creates, *self.seen.polls, *self.seen.consumes)
        waits_s = sum(each.wait_s for each in calls)
        ready_s = span_s(form.get("provision_time", "0s")) + span_s(form.get("queued", "0s"))
        left_s = self.context.timeout_s - ready_s - waits_s
        pause_s = min(5.0, self.context.timeout_s / 2) if ready_s else 0.0
        if left_s >= max(LAST_MOMENT_S, pause_s):
            yield Trait.SUCCESS
            yield Trait.SLOW
        elif left_s >= LAST_MOMENT_S and not waits_s:
            yield Trait.SUCCESS
            yield Trait.LAST_MOMENT

    def _refused_custom(self) -> bool:
        """Tell whether the target takes no custom avatars, which it need not."""
        return self.seen.situation.custom and not self.seen.creates

    def _at_the_deadline(self) -> bool:
        return self.answer.took_s >= self.context.timeout_s - AT_ONCE_S

    def _id_is_late(self) -> bool:
        """Tell whether an id came so late that a target may have given up on it."""
        limit_at = self.answer.came_at - AT_ONCE_S
        half_s = self.context.timeout_s / 2
        return any(
            each.answered_at > limit_at or each.wait_s > half_s for each in self.seen.creates
        )

    # What is tried again

    def _repeats(self) -> Iterator[Trait]:
        calls = self.seen.upstream
        if any(each.status in (401, 403) and each.faults for each in calls):
            yield Trait.UNAUTHORIZED
        creates = self.seen.creates
        if any(each.acted and not each.arrives for each in creates):
            yield Trait.LOST_REPLY
        if creates and all(
            self._retry_after_s(each) >= RETRY_AFTER_S for each in creates[:-1] or creates
        ):
            yield Trait.RETRY_AFTER

    def _passing(self) -> Iterator[Trait]:
        """Yield that an error passed, or would have passed: a target that gave up cannot know."""
        creates, polls = self.seen.creates, self.seen.polls
        early_at = self.answer.sent_at + self.context.timeout_s / 3
        if any(self.seen.got(each) is Got.NOTHING for each in creates):
            busy = self._is_busy(creates[0]) and creates[0].answered_at < early_at
            if (busy and not self.answer.ok) or any(map(self._usable, creates)):
                yield Trait.CREATE
                yield Trait.PASSING
        elif len(polls) == 1 and not self.answer.ok and self._passes(polls[0], by=early_at):
            yield Trait.POLL
            yield Trait.PASSING

    def _is_busy(self, call: UpstreamCall) -> bool:
        return call.status in BUSY and bool(call.faults) and self._retry_after_s(call) == 1

    def _passes(self, call: UpstreamCall, *, by: float) -> bool:
        """Tell whether a poll failed in a way that passes by all accounts, while there was time."""
        effects = self.seen.effects_on(call)
        if call.answered_at >= by:
            return False
        if effects.keys() & {"reset", "empty", "lost"}:
            return True
        after = effects.get("headers", {}).get("Retry-After", "0")
        busy = call.status == 429 or (call.status or 0) >= 500
        return bool(call.faults) and busy and after in ("0", "1")

    def _retry_after_s(self, call: UpstreamCall) -> float:
        after: Any = self.seen.effects_on(call).get("headers", {}).get("Retry-After", "")
        return float(after) if call.status in BUSY and after.isdecimal() else 0.0

    # Cancels, and callers who leave

    def _cancels(self) -> Iterator[Trait]:
        cancels = self.seen.cancels
        if any(each.faults and each.at < self.answer.came_at for each in cancels):
            yield Trait.CANCEL_HANGS  # a target that waits for it may be late
        failing = cancels and cancels[0].faults and (cancels[0].status or 0) >= 500
        if failing and "headers" not in self.seen.effects_on(cancels[0]):  # such as Retry-After
            yield Trait.CANCEL_FAILS_ONCE

    def _leaving(self) -> Iterator[Trait]:
        """Yield what leaving means, by how far the connect was at that time."""
        yield Trait.GONE
        noticed_at = self.answer.came_at + AT_ONCE_S
        if any(each.answered_at > self.answer.came_at - 0.1 for each in self.seen.creates):
            yield Trait.LATE_ID
        if any(map(self._holds_up, (*self.seen.polls, *self.seen.consumes))):
            yield Trait.GONE_AT_THE_HAND_OVER
        if self.ready is None or self.ready.answered_at > noticed_at:
            return
        consumes = self.seen.consumes
        if not consumes or any(each.answered_at <= noticed_at for each in consumes):
            yield Trait.GONE_AT_THE_HAND_OVER
        elif consumes[0].at <= noticed_at:
            yield Trait.GONE_WHILE_CONSUMING

    def _holds_up(self, call: UpstreamCall) -> bool:
        """Tell whether a target that waits for the answer to a call notices late that it is alone.

        Then it cancels late, too, and the judge does not watch for so long.
        """
        longest_s = LONG_S if call.operation == "getSession" else 2 * LONG_S
        left_s = call.answered_at - self.answer.came_at
        return "hang" in self.seen.effects_on(call) or (call.wait_s > LONG_S and left_s > longest_s)


def span_s(text: str) -> float:
    """Return the seconds of a span of a scenario that is given in ms, in s, or as never."""
    if text == "never":
        return float("inf")
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))
