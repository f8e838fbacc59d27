"""Random judging: play random situations side by side, and shrink one that breaks something.

The first MUST that breaks ends the search; SHOULD and MAY are looked at once all are played. The
shrinking is our own because hypothesis plays one example after the other: here as many simpler
situations are tried at once as the target has avatars, until none breaks the requirement any more
or the time is up.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import count

from contracts.judge.case import Context, Level, Requirement
from contracts.judge.observation import Observation
from contracts.judge.oracle import by_history
from contracts.judge.situation import CallerRequest, Expect, Json, Situation
from contracts.judge.verdict import Outcome, Verdict, judge

SHRINK_S = 20.0
"""How long the smallest situation is looked for, in seconds."""

Play = Callable[[Situation], Awaitable[Observation | None]]
"""Plays a situation against the target once there is an avatar for it; None: the target is gone."""
Notify = Callable[[Observation, int], None]


def require_hypothesis() -> None:
    """Check that random situations can be drawn.

    Raises:
        ImportError: hypothesis is not installed; the message says how it is.
    """
    if find_spec("hypothesis") is None:
        raise ImportError(
            "random situations need hypothesis:"
            " pip install -c constraints.txt '.[examples]' in the checkout"
        )


@dataclass(frozen=True)
class Smallest:
    """What was seen in the smallest situation that breaks something, and the verdicts on it.

    Attributes:
        situation: as it was drawn; that of `seen` has the traits that its history gave it.
    """

    situation: Situation
    seen: Observation
    broken: tuple[Verdict, ...]

    @property
    def level(self) -> Level:
        """The weightiest of what is broken."""
        return min((each.requirement.level for each in self.broken), key=list(Level).index)

    @property
    def ids(self) -> frozenset[str]:
        """What is broken of that level."""
        broken = (each.requirement for each in self.broken)
        return frozenset(each.id for each in broken if each.level is self.level)


@dataclass(frozen=True)
class Explorer:
    """Explores one target.

    Attributes:
        play: plays a situation.
        jobs: so many are played at once, but for wrong requests, whose calls upstream name no
            avatar, and crowds, which take all avatars.
        notify: gets each observation, with the number of those that it had until then.
    """

    play: Play
    context: Context
    requirements: Sequence[Requirement]
    jobs: int
    notify: Notify
    shrink_s: float = SHRINK_S

    async def explore(self, situations: Iterable[Situation]) -> Smallest | None:
        """Play situations until a MUST breaks, and return the smallest that breaks what it broke.

        None if nothing breaks.
        """
        found: list[Smallest] = []
        numbers = count(1)
        wrong, right, crowds = deque[Situation](), deque[Situation](), deque[Situation]()
        for each in situations:
            refused = each.expect is Expect.REFUSAL
            (wrong if refused else crowds if each.callers > 1 else right).append(each)
        await self._search(wrong, found, numbers)
        search = [self._search(right, found, numbers) for _ in range(self.jobs)]
        others = [asyncio.ensure_future(each) for each in search]
        try:
            for done in asyncio.as_completed(others):
                await done
                if _must(found):
                    break  # what is still played has an avatar of its own, and disturbs nothing
            await self._search(crowds, found, numbers)
            if not found:
                return None
            worst = min(found, key=lambda each: list(Level).index(each.level))
            return await self._shrunk(worst)
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _search(
        self, waiting: deque[Situation], found: list[Smallest], numbers: Iterator[int]
    ) -> None:
        while waiting and not _must(found):
            if (seen := await self._judged(waiting.popleft())) is None:
                waiting.clear()
                return
            self.notify(seen.seen, next(numbers))
            if seen.broken:
                found.append(seen)

    async def _judged(self, situation: Situation) -> Smallest | None:
        if (played := await self.play(situation)) is None:
            return None
        seen = by_history(played, self.context)
        verdicts = (judge(each, [seen], self.context) for each in self.requirements)
        return Smallest(
            situation, seen, tuple(each for each in verdicts if each.outcome is Outcome.FAIL)
        )

    async def _shrunk(self, found: Smallest) -> Smallest:
        """Return the smallest within the time; every step of it broke the same requirement."""
        smallest = found
        with suppress(TimeoutError):
            async with asyncio.timeout(self.shrink_s):
                while (smaller := await self._smaller(smallest)) is not None:
                    smallest = smaller
        return smallest

    async def _smaller(self, found: Smallest) -> Smallest | None:
        candidates = list(simpler(found.situation))
        for start in range(0, len(candidates), self.jobs):
            several = candidates[start : start + self.jobs]
            for seen in await asyncio.gather(*map(self._judged, several)):
                if seen is not None and seen.broken and seen.ids & found.ids:
                    return seen
        return None


def _must(found: Iterable[Smallest]) -> bool:
    return any(each.level is Level.MUST for each in found)


def simpler(situation: Situation) -> Iterator[Situation]:
    """Yield situations with one thing less that may go wrong, the greatest steps first."""
    form = situation.session or {}
    if _is_fixed(situation):
        return
    if situation.leaves_after_s is not None:
        yield replace(situation, leaves_after_s=None)
    if situation.custom:
        yield replace(situation, custom=False)
    for smaller in _simpler_forms(form):
        hangs = situation.retried_late and "hang" in str(smaller.get("faults"))
        yield replace(situation, session=smaller, retried_late=hangs)


def described(situation: Situation) -> str:
    """Return what a situation is, in a line: of a random one, all that is special about it."""
    if _is_fixed(situation):
        return situation.about
    left, custom = situation.leaves_after_s, situation.custom
    caller = f"; the caller hangs up after {left:g}s" if left is not None else ""
    avatar = "; the avatar is a custom one" if custom else ""
    return f"The smallest that was found: {json.dumps(situation.session)}{caller}{avatar}"


def _is_fixed(situation: Situation) -> bool:
    """Tell whether a situation was chosen as a whole, so that no part of it is to spare."""
    odd = situation.request != CallerRequest() or situation.callers > 1
    return odd or situation.session is None


def _simpler_forms(form: Json) -> Iterator[Json]:
    for name in ("then", "queued"):
        if name in form:
            yield {key: value for key, value in form.items() if key != name}
    faults = list(form.get("faults", ()))
    for index, each in enumerate(faults):
        others = [*faults[:index], *faults[index + 1 :]]
        yield {**form, "faults": others} if others else _without_faults(form)
        for name in ("skip", "times"):
            if name in each:
                always = {key: value for key, value in each.items() if key != name}
                yield {**form, "faults": [*faults[:index], always, *faults[index + 1 :]]}
    if form.get("provision_time") not in (None, "0ms"):
        yield {**form, "provision_time": "0ms"}


def _without_faults(form: Json) -> Json:
    return {key: value for key, value in form.items() if key != "faults"}
