"""The worlds of one server: made when first named, dropped when idle, copied on request."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from types import MappingProxyType

from fake_runway.clock import VirtualClock
from fake_runway.core.account import Account
from fake_runway.core.draws import Draws
from fake_runway.core.durations import Fixed
from fake_runway.core.faults import THE_WORLD, Fault, Key, Standing, Tally
from fake_runway.core.journal import DEFAULT_CAPACITY, Log
from fake_runway.core.scenario import Scenario
from fake_runway.core.session import Plan
from fake_runway.core.settings import Settings
from fake_runway.core.world import key_tag, scenario_in_name
from fake_runway.scenario_files import Catalogue

DEFAULT_SCENARIO = Scenario(
    name="default",
    about="Nothing goes wrong.",
    wire="NOT_READY, then READY with a key, then RUNNING once the key is used.",
    state="Sessions are provisioned, wait to be consumed, run, and end when somebody ends them.",
)
"""The scenario of the same name, without reading the catalogue; a test holds the two equal."""

_FEW_TALLIES = 256


class World:
    """Everything that callers of one world share, and nobody else sees.

    Args:
        name: the public one.
        origin: whose draws these are: the name, or for a fork that of the first of its line.
        seed: what its random choices follow from, whatever seed the scenario has.
        base: how the server was told to behave; the scenario changes it.
        clock: its own.
    """

    def __init__(
        self,
        name: str,
        *,
        origin: str,
        seed: str,
        base: Settings,
        scenario: Scenario,
        catalogue: Catalogue,
        clock: VirtualClock,
        journal: int = DEFAULT_CAPACITY,
    ) -> None:
        self.name = name
        self.origin = origin
        self.base = base
        self.scenario = scenario
        self.catalogue = catalogue
        self.clock = clock
        self.epoch = self.since = clock.now()
        self.first_rate = self.resumes_at_rate = clock.rate
        self.first_scenario = scenario
        self.given_seed: str | None = None
        self.draws = Draws(seed, origin)
        self.log = Log(journal)
        self.account = Account(
            draws=self.draws,
            key_tag=key_tag(origin),
            settings=scenario.settings_over(base),
            record=self.log.add_change,
        )
        self.calls = 0
        self.placed: dict[str, Standing] = {}
        self.tallies: dict[Key, Tally] = {}
        self.touched_at = 0.0
        self.held_back = 0
        self.snapshots: OrderedDict[str, World] = OrderedDict()
        self._of_scenario = _standing_of(scenario, self.epoch)
        self._plans: dict[str, Plan] = {}
        self._bound_at: dict[str, float] = {}
        self._stirred = asyncio.Event()
        self._watched = False

    def __repr__(self) -> str:
        return f"<World {self.name} {self.account!r}>"

    @property
    def settings(self) -> Settings:
        """How it behaves now."""
        return self.account.settings

    @property
    def standing(self) -> tuple[Standing, ...]:
        """The faults that are about all calls: the scenario's, then those put in place by hand."""
        return (*self._of_scenario, *self.placed.values()) if self.placed else self._of_scenario

    # What an admin can do

    def play(self, scenario: Scenario, *, at: float) -> None:
        """Follow another scenario from now on. Sessions keep the plan they were born with.

        Its faults count from zero; those put in place by hand stay, and what was counted for a
        session does.

        Args:
            at: now, POSIX seconds of the world's clock.
        """
        self.account.change_settings(scenario.settings_over(self.base), at=at)
        self.scenario = scenario
        self.since = at
        self._of_scenario = _standing_of(scenario, at)
        self._plans, self._bound_at = {}, {}
        self._count_anew(lambda _: True)

    def bind(self, avatar: str, form: Scenario, *, at: float) -> None:
        """Let creates for an avatar follow the session form of `form` from now on.

        Of all that was counted, only what its faults counted for creates begins anew.

        Args:
            avatar: a preset id or a UUID, in any case.
            at: now, POSIX seconds of the world's clock.
        """
        self._rebind({**self.scenario.avatars, avatar.lower(): form}, form)
        self._bound_at[form.name] = at
        self._count_anew(lambda fault: fault.startswith(f"{form.name}/"))

    def unbind(self, avatar: str) -> bool:
        """Let an avatar choose no form of the scenario's; tell whether it was bound to one."""
        bound = dict(self.scenario.avatars)
        form = bound.pop(avatar.lower(), None)
        if form is not None:
            self._rebind(bound, form)
        return form is not None

    def _rebind(self, bound: Mapping[str, Scenario], form: Scenario) -> None:
        self.scenario = replace(self.scenario, avatars=MappingProxyType(bound))
        self._plans.pop(form.name, None)

    def _count_anew(self, concerns: Callable[[str], bool]) -> None:
        """Forget what was counted for the world by the scenario's faults of certain names."""
        self.tallies = {
            key: tally
            for key, tally in self.tallies.items()
            if key[1] != THE_WORLD or key[0] in self.placed or not concerns(key[0])
        }

    def place(self, fault: Fault, *, at: float) -> None:
        """Put a fault in place; one of the same name is replaced, and its tally begins anew.

        Args:
            at: now, POSIX seconds of the world's clock.
        """
        self.lift(fault.name)
        self.placed[fault.name] = Standing(fault, at)

    def lift(self, name: str) -> bool:
        """Remove a fault that was put in place by hand; tell whether there was one."""
        if self.placed.pop(name, None) is None:
            return False
        self.tallies = {key: tally for key, tally in self.tallies.items() if key[0] != name}
        return True

    # What a call needs

    def next_latency_s(self) -> float:
        """Return how long this call's answer is to be held back, in seconds of this world."""
        ordinal = self.calls
        self.calls += 1
        latency = self.account.settings.latency
        if isinstance(latency, Fixed):  # no draw needed, and the usual case
            return latency.seconds
        return latency.sample(self.draws.number("latency", ordinal))

    def form_of(self, avatar: str) -> Scenario | None:
        """Return whose session form the avatar with this id (preset or UUID) chooses, if any."""
        bound = self.scenario.avatars.get(avatar.lower()) if self.scenario.avatars else None
        return bound or self.catalogue.of_avatar(avatar.lower())

    def since_of(self, form: Scenario) -> float:
        """Return when a session form was put in place, POSIX seconds of the world's clock."""
        return self._bound_at.get(form.name, self.since)

    def plan_of(self, scenario: Scenario) -> Plan:
        """Return the plan of the session form of `scenario`, the same object every time."""
        plan = self._plans.get(scenario.name)
        if plan is None:
            plan = self._plans[scenario.name] = scenario.plan_over(self.base.plan)
        return plan

    def count(self, changed: Mapping[Key, Tally]) -> None:
        """Keep the new tallies, and drop those of sessions that are forgotten."""
        self.tallies.update(changed)
        if len(self.tallies) > _FEW_TALLIES + 8 * len(self.account.sessions):
            known = {session.ordinal for session in self.account.sessions.values()} | {THE_WORLD}
            self.tallies = {key: tally for key, tally in self.tallies.items() if key[1] in known}

    # Waiting

    def stir(self) -> None:
        """Wake whoever waits for something to happen here."""
        if self._watched:
            self._stirred.set()
            self._stirred, self._watched = asyncio.Event(), False

    def watch(self) -> asyncio.Event:
        """Return what is set when the next call or act has been applied."""
        self._watched = True
        return self._stirred

    # Copies

    def copy(self, name: str, clock: VirtualClock) -> "World":
        """Return a world that goes on from here by itself. O(sessions and entries)."""
        twin = copy(self)
        twin.name, twin.clock, twin.resumes_at_rate = name, clock, clock.rate
        twin.log = self.log.copy()
        twin.account = self.account.copy(twin.log.add_change)
        twin.placed, twin.tallies = self.placed.copy(), self.tallies.copy()
        twin._plans, twin._bound_at = self._plans.copy(), self._bound_at.copy()
        twin.snapshots = OrderedDict()
        twin.touched_at, twin.held_back = 0.0, 0
        twin._stirred, twin._watched = asyncio.Event(), False
        return twin


def _standing_of(scenario: Scenario, at: float) -> tuple[Standing, ...]:
    return tuple(Standing(fault, at) for fault in scenario.account_faults)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How many worlds are kept, and how long.

    Attributes:
        most: beyond it the world that was used longest ago is dropped.
        idle_s: seconds of real time without a call after which a world is dropped.
        journal: exchanges that each world keeps.
    """

    most: int = 1_000
    idle_s: float = 3_600.0
    journal: int = DEFAULT_CAPACITY


class Worlds:
    """Finds, makes and drops worlds.

    Args:
        seed: what all random choices of all worlds follow from.
        settings: how new worlds behave.
        source: POSIX seconds that never run backwards.
        rate: how fast the clocks of new worlds go.
        scenario: what new worlds follow, unless their name says otherwise.
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
        upkeep: Upkeep = Upkeep(),  # a frozen value
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue or Catalogue.builtin()
        self.scenario = scenario
        self.upkeep = upkeep
        self.seed = seed
        self.rate = rate
        self.answered: Counter[tuple[str, int]] = Counter()  # by operation and status
        self.struck = 0  # how often faults did
        self.dropped: Counter[str] = Counter()  # worlds, by reason
        self._source = source
        self._by_name: OrderedDict[str, World] = OrderedDict()  # used longest ago first
        self._by_tag: dict[str, World] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._by_name.values()))

    def now(self) -> float:
        """Return real POSIX seconds, as the clocks' source has them."""
        return self._source()

    def get(self, name: str) -> World | None:
        """Return the world of that name if there is one; this is no use of it."""
        return self._by_name.get(name)

    def named(self, name: str, scenario: Scenario | None = None) -> World:
        """Return the world of that name, made now if need be.

        Args:
            scenario: what it follows if it is new; None: what its name says, or the server's.
        """
        world = self._by_name.get(name)
        if world is None:
            if scenario is None:
                scenario = self.catalogue.get(scenario_in_name(name) or "") or self.scenario
            world = self._put(self._new(name, scenario))
            self.drop_idle()
        else:
            self._by_name.move_to_end(name)
        world.touched_at = self._source()
        return world

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
        """Begin a world anew, as it began the last time but for what is given; return it."""
        return self._put(
            self._new(
                world.name,
                scenario or world.first_scenario,
                seed=world.given_seed if seed is None else seed,
                rate=world.first_rate if rate is None else rate,
            )
        )

    def drop(self, name: str, *, reason: str = "asked") -> bool:
        """Forget a world; tell whether there was one."""
        world = self._by_name.pop(name, None)
        if world is None:
            return False
        self._forget_tag(world)
        self._release(world)
        self.dropped[reason] += 1
        return True

    def drop_idle(self) -> None:
        """Drop the worlds that nobody has used for long, and those that are too many.

        One that holds answers back is in use, and goes only if there is no other.
        """
        gone_before, most = self._source() - self.upkeep.idle_s, self.upkeep.most
        oldest = list(self._by_name.values())[:-1]  # oldest first; the newest stays
        if len(oldest) < most and (not oldest or oldest[0].touched_at >= gone_before):
            return
        for world in sorted(oldest, key=lambda each: each.held_back > 0):
            if len(self._by_name) > most:
                self.drop(world.name, reason="count")
            elif world.touched_at < gone_before and not world.held_back:
                self.drop(world.name, reason="idle")

    # Copies

    def snapshot(self, world: World, name: str) -> None:
        """Keep what `world` is now under `name`."""
        frozen = VirtualClock(self._source, rate=0.0, start=world.clock.now())
        kept = world.snapshots[name] = world.copy(world.name, frozen)
        kept.resumes_at_rate = world.clock.rate
        world.snapshots.move_to_end(name)

    def restore(self, world: World, name: str) -> World:
        """Let `world` go on from a snapshot, which stays; return the world that is now there.

        Raises:
            KeyError: there is no such snapshot.
        """
        kept = world.snapshots[name]
        clock = VirtualClock(self._source, rate=kept.resumes_at_rate, start=kept.clock.now())
        restored = kept.copy(world.name, clock)
        restored.snapshots = world.snapshots
        return self._put(restored)

    def fork(self, world: World, name: str) -> World:
        """Let a copy of `world` go on under another name; return it."""
        clock = VirtualClock(self._source, rate=world.clock.rate, start=world.clock.now())
        forked = self._put(world.copy(name, clock))
        self.drop_idle()
        return forked

    def adopt(self, world: World) -> World:
        """Take in a world that was made elsewhere, in place of one of its name; return it."""
        return self._put(world)

    def _put(self, world: World) -> World:
        replaced = self._by_name.pop(world.name, None)
        if replaced is not None:
            self._forget_tag(replaced)
            self._release(replaced)
        self._by_name[world.name] = world
        tag = key_tag(world.origin)
        if world.name == world.origin or tag not in self._by_tag:
            self._by_tag[tag] = world
        world.touched_at = self._source()
        return world

    def _forget_tag(self, world: World) -> None:
        tag = key_tag(world.origin)
        if self._by_tag.get(tag) is not world:
            return
        del self._by_tag[tag]
        for other in self._by_name.values():  # session keys of a fork outlive its origin
            if other is not world and other.origin == world.origin:
                self._by_tag[tag] = other
                return

    def _release(self, world: World) -> None:
        """Let everything that is held back by the clock of a world that is gone go out."""
        world.clock.release()
        world.stir()

    def _new(
        self,
        name: str,
        scenario: Scenario,
        *,
        seed: str | None = None,
        rate: float | None = None,
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
            journal=self.upkeep.journal,
        )
        world.given_seed = seed
        return world
