"""Where situations are played: a place is one avatar of one instance of the target.

Only the avatar of a create tells the situations of an instance apart. So each place is taken by one
situation at a time, and an instance whose endpoint chooses the avatar itself has one place.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.judge.fake import ANY_AVATAR
from contracts.judge.instance import Instance
from contracts.judge.situation import Situation
from contracts.judge.situations.building import CUSTOM_AVATAR

CROWD = 4
"""So many call at once where the endpoint chooses the avatar itself."""


@dataclass(eq=False)
class Place:
    """One avatar of one instance.

    Attributes:
        alone: a single caller may take it; others are there for situations with many callers.
        retired: a create may still come for its avatar, much later.
    """

    instance: Instance
    avatar: str
    alone: bool = True
    free: bool = True
    retired: bool = False


@dataclass
class Seats:
    """The places that a situation has taken: one, or all of an instance for several callers."""

    instance: Instance
    places: Sequence[Place]
    avatars: Sequence[str]


@dataclass
class Places:
    """All places of a run.

    Attributes:
        closed: tells whether an instance takes no situations now.
        jobs: so many situations run side by side.
    """

    places: Sequence[Place]
    closed: Callable[[Instance], bool]
    jobs: int
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    def of(
        cls, instances: Sequence[Instance], jobs: int, closed: Callable[[Instance], bool]
    ) -> "Places":
        """Return the places of all instances.

        Args:
            closed, jobs: as attributes.
        """
        most = max(len(each.avatars) for each in instances)
        row = [each.avatars[number:][:1] for number in range(most) for each in instances]
        pairs = zip(list(instances) * most, row, strict=True)
        places = [Place(instance, avatar[0]) for instance, avatar in pairs if avatar]
        for place in places[max(1, jobs) :]:
            place.alone = False
        customs = [Place(each, CUSTOM_AVATAR) for each in instances if each.target.takes_avatar]
        return cls([*places, *customs], closed, max(1, jobs))

    async def take(self, situation: Situation, *, one_by_one: bool = False) -> Seats | None:
        """Wait for places for a situation and take them; None if every instance is gone.

        Args:
            one_by_one: only the first place of an instance is used.
        """
        async with self._changed:
            while True:
                if all(place.instance.gone for place in self.places):
                    return None
                if (seats := self._fitting(situation, one_by_one=one_by_one)) is not None:
                    for place in seats.places:
                        place.free = False
                    return seats
                await self._changed.wait()

    async def give_back(self, seats: Seats, *, retired: bool = False) -> None:
        """Free the places again.

        Args:
            retired: their avatars are used again only where there are no others.
        """
        async with self._changed:
            for place in seats.places:
                place.free, place.retired = True, place.retired or retired
            self._changed.notify_all()

    async def changed(self) -> None:
        """Look again which instances take situations."""
        async with self._changed:
            self._changed.notify_all()

    def _fitting(self, situation: Situation, *, one_by_one: bool) -> Seats | None:
        for instance in dict.fromkeys(place.instance for place in self.places):
            if instance.gone or self.closed(instance):
                continue
            mine = [place for place in self.places if place.instance is instance]
            preset = [place for place in mine if place.avatar != CUSTOM_AVATAR]
            usable = [place for place in preset if not place.retired] or preset
            if situation.callers > 1 and not situation.same_avatar:
                if all(place.free for place in mine):
                    avatars = [place.avatar for place in usable]
                    if avatars == [ANY_AVATAR]:
                        avatars *= CROWD
                    return Seats(instance, usable, avatars)
                continue
            if sum(not place.free for place in self.places) >= self.jobs:
                return None
            wanted = (
                [place for place in mine if place not in preset] if situation.custom else usable
            )
            wanted = wanted[:1] if one_by_one else [place for place in wanted if place.alone]
            if (place := next((each for each in wanted if each.free), None)) is not None:
                return Seats(instance, [place], [place.avatar])
        return None
