"""The worlds of one server: made when a request first names them, dropped when idle, copied."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count, islice, takewhile

from fake_runway.clock import VirtualClock
from fake_runway.core.history.journal import DEFAULT_BYTES, DEFAULT_CAPACITY
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.values import dataclass
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.given_spec import GivenSpec, vocabulary_of
from fake_runway.worlds.naming import key_tag, scenario_in_name
from fake_runway.worlds.waiting import Alarms
from fake_runway.worlds.world import DEFAULT_SCENARIO, World


@dataclass(frozen=True, slots=True)
class Retention:
    """How many worlds are kept, and how long.

    Attributes:
        most: how many; beyond it the world that was used longest ago is dropped.
        idle_s: seconds of real time without a call after which a world is dropped.
        journal: exchanges that each world keeps.
        journal_bytes: of memory that they may take.
        journal_one_in: of the calls that went well, one in so many is among them.
    """

    most: int = 1_000
    idle_s: float = 3_600.0
    journal: int = DEFAULT_CAPACITY
    journal_bytes: int = DEFAULT_BYTES
    journal_one_in: int = 1


class ChangedWorlds:
    """The names of worlds that have changed since they were last taken.

    Attributes:
        seen: set while there are any.
    """

    def __init__(self) -> None:
        self.seen = asyncio.Event()
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """Add the name of a world that has changed."""
        if name not in self._names:
            self._names[name] = None
            self.seen.set()

    def taken(self) -> list[str]:
        """Return the names, in the order in which they came, and forget them."""
        names = list(self._names)
        self._names.clear()
        self.seen.clear()
        return names


class Worlds:
    """Finds, makes and drops worlds.

    Args:
        seed: all random choices of all worlds follow from it.
        settings: how new worlds behave.
        source: POSIX seconds that never run backwards.
        rate: how fast the clocks of new worlds go.
        scenario: what new worlds follow, unless their name selects another.
        spec: a newer published document that is served; None: what this release knows.

    Attributes:
        answered: calls, by operation and status.
        struck: calls that a fault struck.
        dropped: worlds, by reason.
        looking: held by the one who looks through all that is kept, so that thousands who want to
            at the same moment leave turns to others.
        alarms: of those who wait at most so long.
        seeding: puts into each new world what it begins with; None: it begins empty.
    """

    def __init__(
        self,
        *,
        seed: str,
        settings: Settings,
        source: Callable[[], float],
        rate: float = 1.0,
        scenario: Scenario = DEFAULT_SCENARIO,
        catalogue: Catalogue | None = None,
        retention: Retention | None = None,
        spec: GivenSpec | None = None,
    ) -> None:
        self.settings = settings
        self.spec = spec
        self.catalogue = catalogue or Catalogue.builtin(vocabulary_of(spec))
        self.scenario = scenario
        self.retention = retention or Retention()
        self.seed = seed
        self.rate = rate
        self.answered: Counter[tuple[str, int]] = Counter()
        self.struck = 0
        self.dropped: Counter[str] = Counter()
        self.looking = asyncio.Lock()
        self.alarms = Alarms()
        self._source = source
        self._by_name: OrderedDict[str, World] = OrderedDict()  # used longest ago first
        self._by_tag: dict[str, World] = {}
        self._incarnations = count()
        self._listeners: set[ChangedWorlds] = set()
        self.seeding: Callable[[World], None] | None = None

    def __len__(self) -> int:
        return len(self._by_name)

    @cached_property
    def begun(self) -> str:
        """What tells this server from others that had its address."""
        return f"{int(self._source() * 1000):x}"

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._by_name.values()))

    def now(self) -> float:
        """Return real POSIX seconds, as the clocks' source has them."""
        return self._source()

    def get(self, name: str) -> World | None:
        """Return the world of that name if there is one; it does not count as used."""
        return self._by_name.get(name)

    def found(self, name: str) -> World | None:
        """Return the world of that name if there is one, for a caller who would make none."""
        return self._by_name.get(name)

    def taken(self, name: str) -> bool:
        """Return whether there is a world of that name."""
        return name in self._by_name

    def names(self) -> list[str]:
        """Return the names of all worlds, that of the most recently used last."""
        return list(self._by_name)

    def has_moved(self, world: World) -> bool:
        """Return whether a world that was here goes on in another process."""
        del world
        return False

    def known(self, names: Sequence[str]) -> World | None:
        """Return the first world that has one of these names, if any; it counts as used now."""
        return next((world for name in names if (world := self.used(name)) is not None), None)

    def used(self, name: str) -> World | None:
        """Return the world of that name if there is one; it counts as used now."""
        world = self._by_name.get(name)
        if world is not None:
            self._by_name.move_to_end(name)
            world.touched_at = self._source()
        return world

    def named(self, name: str, scenario: Scenario | None = None) -> World:
        """Return the world of that name, a new one if there is none; it counts as used now.

        Args:
            scenario: what a new one follows; None: what its name selects, or the server's.
        """
        world = self.used(name)
        if world is None:
            if scenario is None:
                scenario = self.catalogue.get(scenario_in_name(name) or "") or self.scenario
            world = self._begun(self._new(name, scenario))
            self.drop_idle()
        return world

    def unlisted(self, name: str) -> World:
        """Return a new world that is in no list, to try something in."""
        return self._new(name, self.scenario)

    def of_tag(self, tag: str | None) -> World | None:
        """Return the world whose session keys carry `tag`, None if there is none."""
        world = None if tag is None else self._by_tag.get(tag)
        return None if world is None else self.named(world.name)

    def reset(
        self,
        world: World,
        *,
        scenario: Scenario | None = None,
        seed: str | None = None,
        rate: float | None = None,
    ) -> World:
        """Begin a world anew, as it began before except for what is given; return it."""
        fresh = self._new(
            world.name,
            scenario or world.first_scenario,
            seed=world.given_seed if seed is None else seed,
            rate=world.first_rate if rate is None else rate,
        )
        fresh.called_before = not world.only_admin
        return self._begun(fresh)

    def _begun(self, world: World) -> World:
        """Add a world that begins now; return it."""
        self.adopt(world)
        if self.seeding is not None:
            self.seeding(world)
        return world

    def drop(self, name: str, *, reason: str = "asked") -> bool:
        """Drop a world; return whether there was one."""
        world = self._by_name.pop(name, None)
        if world is None:
            return False
        self._forget_tag(world)
        world.release()
        self.dropped[reason] += 1
        self._tell(name)
        return True

    def drop_idle(self) -> None:
        """Drop the worlds that were not used for long, and those beyond the limit.

        One that holds answers back is in use: it is dropped only if there is no other.
        """
        most, gone_before = self.retention.most, self._source() - self.retention.idle_s
        oldest = islice(self._by_name.values(), max(0, len(self._by_name) - 1))  # the newest stays
        idle = takewhile(lambda world: world.touched_at < gone_before, oldest)
        for world in [world for world in idle if not world.held_back]:
            self.drop(world.name, reason="idle")
        while len(self._by_name) > max(most, 1):
            oldest_names = islice(self._by_name, len(self._by_name) - 1)
            unused = (name for name in oldest_names if not self._by_name[name].held_back)
            self.drop(next(unused, next(iter(self._by_name))), reason="count")

    def keep_whole(self, world: World) -> None:
        """Note that a world has changed otherwise than by a call or an act; here that is all."""

    # Copies

    def snapshot(self, world: World, name: str) -> None:
        """Keep a copy of `world` as it is now, under `name`."""
        frozen = VirtualClock(self._source, rate=0.0, start=world.clock.now())
        kept = world.snapshots[name] = world.copy(world.name, frozen)
        kept.resumes_at_rate = world.clock.rate
        world.snapshots.move_to_end(name)

    def restore(self, world: World, name: str) -> World:
        """Replace `world` by a copy of its snapshot, which stays; return the copy.

        Raises:
            KeyError: there is no such snapshot.
        """
        kept = world.snapshots[name]
        clock = VirtualClock(self._source, rate=kept.resumes_at_rate, start=kept.clock.now())
        restored = kept.copy(world.name, clock)
        restored.snapshots = world.snapshots
        restored.called_before = not world.only_admin
        return self.adopt(restored)

    def fork(self, world: World, name: str) -> World:
        """Add a copy of `world` under another name; return it."""
        clock = VirtualClock(self._source, rate=world.clock.rate, start=world.clock.now())
        forked = self.adopt(world.copy(name, clock))
        self.drop_idle()
        return forked

    def adopt(self, world: World) -> World:
        """Add a world, in place of one of its name; return it."""
        replaced = self._by_name.pop(world.name, None)
        if replaced is not None:
            self._forget_tag(replaced)
            replaced.release()
        self._by_name[world.name] = world
        tag = key_tag(world.origin)
        if world.name == world.origin or tag not in self._by_tag:
            self._by_tag[tag] = world
        world.touched_at = self._source()
        world.incarnation = next(self._incarnations)
        if self._listeners:
            world.heard = self._tell
            self._tell(world.name)
        return world

    # Listeners

    @contextmanager
    def listening(self) -> Iterator["ChangedWorlds"]:
        """Give the worlds that change until the block ends; calls pay for that only meanwhile."""
        changes = ChangedWorlds()
        self._listeners.add(changes)
        for world in self._by_name.values():
            world.heard = self._tell
        try:
            yield changes
        finally:
            self._listeners.discard(changes)
            if not self._listeners:
                for world in self._by_name.values():
                    world.heard = None

    def _tell(self, name: str) -> None:
        for changes in self._listeners:
            changes.add(name)

    def _forget_tag(self, world: World) -> None:
        tag = key_tag(world.origin)
        if self._by_tag.get(tag) is not world:
            return
        del self._by_tag[tag]
        for other in self._by_name.values():  # session keys of a fork outlive its origin
            if other is not world and other.origin == world.origin:
                self._by_tag[tag] = other
                return

    def _new(
        self, name: str, scenario: Scenario, *, seed: str | None = None, rate: float | None = None
    ) -> World:
        """Return a new world. The seed is the one given, else the scenario's, else the server's."""
        of_scenario = self.seed if scenario.seed is None else scenario.seed
        world = World(
            name,
            origin=name,
            seed=of_scenario if seed is None else seed,
            base=self.settings,
            scenario=scenario,
            catalogue=self.catalogue,
            clock=VirtualClock(self._source, rate=self.rate if rate is None else rate),
            journal=self.retention.journal,
            journal_bytes=self.retention.journal_bytes,
            journal_one_in=self.retention.journal_one_in,
            spec=self.spec,
        )
        world.given_seed = seed
        return world
