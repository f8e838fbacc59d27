"""What happens in a world, or which worlds there are, as a stream of events.

The problem: thousands of entries may come in a second, listeners may be slow, come back after a
pause, or be many, and none of that may cost the calls of an application anything. The choice: no
entry is copied for a listener. A listener is a place in the journal; from there it reads what is
kept, some entries at a time, and then waits for the next call, act or due event of its world. So a
slow one takes no memory: what the journal no longer keeps by then is a gap, which an event says.
An event's id is that place, so that a listener who comes back continues there.

The stream of all worlds tells how each is now, a few times a second at most, and, for those who ask
for them, the entries that have come since. It cannot be continued: a listener who comes back learns
how all are.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import NamedTuple

from fake_runway.admin_api.calls import next_due_at
from fake_runway.admin_api.declaration import EventStream, Listening, operation
from fake_runway.admin_api.journal import findings_of
from fake_runway.admin_api.requests import AFTER, ENTRIES
from fake_runway.admin_api.worlds import listed_world
from fake_runway.clock import loop_now, next_turn, pause
from fake_runway.core.history.findings import finding_body
from fake_runway.core.history.journal import Entry
from fake_runway.core.history.views import entry_body
from fake_runway.core.types import Json
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

HEARTBEAT_S = 15.0
_PACE_S = 0.1  # what comes together is sent together
_PACE_OF_WORLDS_S = 0.25
_JUDGED_EVERY_S = 1.0
_ENTRIES_OF_A_TURN = 200
EVERYTHING = "0"
"""As `after`: all that the journal keeps."""


class StreamEvent(NamedTuple):
    """An event. `id` is empty where a listener cannot continue after it."""

    id: str
    kind: str
    world: str
    data: Json


@operation("getEvents", "GET /events", EventStream, answers="StreamEvent", query=(AFTER, ENTRIES))
def get_events(listening: Listening) -> AsyncGenerator[Sequence[StreamEvent], None]:
    """Yield events, some at a time; nothing when a heartbeat is due."""
    if listening.world is None:
        return _of_all(listening.worlds, with_entries=listening.entries)
    return _WorldEvents(listening.worlds, listening.world).after(listening.after)


class _WorldEvents:
    """The events of one world for one listener, also once another world has its name."""

    def __init__(self, worlds: Worlds, world: World) -> None:
        self._worlds = worlds
        self._world = world
        self._next = world.log.next_number  # of the next entry that the listener gets
        self._clears = world.log.clears
        self._found: dict[tuple[str, str | None], Json] = {}
        self._judged_next = -1
        self._judged_at = 0.0

    async def after(self, after: str) -> AsyncGenerator[Sequence[StreamEvent], None]:
        """Yield what happens after an event; with an empty text, from now on."""
        if after == EVERYTHING:
            self._next = 0
        elif after:
            life, _, number = after.rpartition(".")
            if life == self._life and int(number) <= self._world.log.next_number:
                self._next = int(number)
            else:  # of an earlier life of the world, or of another server
                yield [self._begun_anew()]
        yield [self._event("start", {"next": self._next, "clears": self._clears})]
        while True:
            changed = self._world.watch()
            await self._world.catch_up()
            if self._worlds.get(self._world.name) is not self._world:
                successor = self._worlds.get(self._world.name)
                if successor is None:
                    if self._worlds.has_moved(self._world):
                        return  # a listener who comes back gets all of it
                    yield [self._event("dropped", {})]
                    return
                self._world = successor
                yield [self._begun_anew()]
                continue
            if self._world.log.clears != self._clears:
                self._clears = self._world.log.clears
                yield [self._event("cleared", {"clears": self._clears})]
            for batch in self._entries():
                yield batch
                await next_turn()
            if fresh := await self._findings():
                yield fresh
            try:
                async with asyncio.timeout(self._patience_s()):
                    await changed.wait()
            except TimeoutError:
                yield []
            await pause(_PACE_S)

    @property
    def _life(self) -> str:
        return f"{self._worlds.begun}.{self._world.incarnation}"

    def _event(self, kind: str, data: Json) -> StreamEvent:
        return StreamEvent(f"{self._life}.{self._next}", kind, self._world.name, data)

    def _begun_anew(self) -> StreamEvent:
        """Return the event by which a listener forgets the world that it knows."""
        self._next, self._judged_next = 0, -1
        self._clears = self._world.log.clears
        self._found.clear()
        return self._event("reset", {})

    def _entries(self) -> Iterator[Sequence[StreamEvent]]:
        """Yield the entries that came since, and how many of them are no longer kept."""
        log = self._world.log
        end, entries = log.next_number, log.since(self._next)
        if missed := end - self._next - len(entries):
            yield [self._event("gap", {"missed": missed})]
        for start in range(0, len(entries), _ENTRIES_OF_A_TURN):
            yield [self._entry(each) for each in entries[start : start + _ENTRIES_OF_A_TURN]]
        self._next = end

    def _entry(self, entry: Entry) -> StreamEvent:
        self._next = entry.number + 1
        body = entry_body(entry)
        return self._event(body["kind"], body)

    async def _findings(self) -> Sequence[StreamEvent]:
        """Return the findings that are new or have changed, once they are to be looked for."""
        if self._judging_in() > 0 or self._judged_next == self._next:
            return ()
        self._judged_next = self._next
        found = {}
        for finding in await findings_of(self._world, at=self._world.clock.now()):
            body = finding_body(finding)
            found[body["id"], body["session"]] = body
        self._judged_at = loop_now()
        fresh = [body for key, body in found.items() if self._found.get(key) != body]
        self._found = found
        return [self._event("finding", body) for body in fresh]

    def _judging_in(self) -> float:
        return self._judged_at + _JUDGED_EVERY_S - loop_now()

    def _patience_s(self) -> float:
        """Return how long there is nothing to do unless a call or an act comes."""
        waits = [HEARTBEAT_S]
        clock, due = self._world.clock, next_due_at(self._world)
        if due is not None and clock.rate:
            waits.append((due - clock.now()) / clock.rate)
        if self._judged_next != self._next:
            waits.append(self._judging_in())
        return max(0.0, min(waits))


async def _of_all(
    worlds: Worlds, *, with_entries: bool
) -> AsyncGenerator[Sequence[StreamEvent], None]:
    """Yield how each world is, now and whenever it has changed, and perhaps its new entries."""
    places = {world.name: (world, world.log.next_number) for world in worlds}
    with worlds.listening() as changes:
        yield [StreamEvent("", "start", "", {}), *_worlds(worlds, [each.name for each in worlds])]
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await changes.seen.wait()
            except TimeoutError:
                yield []
            await pause(_PACE_OF_WORLDS_S)
            if names := changes.taken():
                yield list(_worlds(worlds, names))
            for name in names if with_entries else ():
                for batch in _entries_of(worlds.get(name), name, places):
                    yield batch
                    await next_turn()


def _entries_of(
    world: World | None, name: str, places: dict[str, tuple[World, int]]
) -> Iterator[Sequence[StreamEvent]]:
    """Yield the entries of a world that came since its place, and move that."""
    known, next_number = places.pop(name, (None, 0))
    if world is None:
        return
    if known is not world:
        next_number = 0
        if known is not None:
            yield [StreamEvent("", "reset", name, {})]
    end, entries = world.log.next_number, world.log.since(next_number)
    places[name] = world, end
    if missed := end - next_number - len(entries):
        yield [StreamEvent("", "gap", name, {"missed": missed})]
    for start in range(0, len(entries), _ENTRIES_OF_A_TURN):
        bodies = map(entry_body, entries[start : start + _ENTRIES_OF_A_TURN])
        yield [StreamEvent("", body["kind"], name, body) for body in bodies]


def _worlds(worlds: Worlds, names: Iterable[str]) -> Iterator[StreamEvent]:
    for name in names:
        world = worlds.get(name)
        if world is None:
            yield StreamEvent("", "dropped", name, {})
        else:
            yield StreamEvent("", "world", name, listed_world(world))
