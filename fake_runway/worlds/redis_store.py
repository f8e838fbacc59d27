"""Worlds that several workers share through a Redis: one truth, and each world in one worker.

The problem: many processes answer for the same worlds, on one machine or on several, and every call
has to see what was answered before it, wherever that was. Two designs were weighed.

*Replicas*: every worker applies every call of a world, in the order of a log in Redis. Then a read
has to ask Redis how far the log is, and each write is applied by all workers.

*Owners* (this one): a world is in one worker at a time, its owner. Calls that come elsewhere are
passed on; on one machine connections are led to the owner at once (`server/workers.py`). So a read
is answered from memory, at the price that it has without a store, a write is applied once, waits,
events and rooms have one place, and an answer waits for Redis only if something is not kept yet.
The price: a single world cannot use more than one core.

What makes that safe:

- An owner stands in Redis, and each commit is refused there unless it comes from the owner. So
  no other process can write into a world's log, whatever a worker believes.
- A worker has a lease, a key that expires. It answers only while it knows that the lease stands; it
  counts from the moment at which it asked for it, so its end comes earlier here than in Redis.
  Only the worlds of a worker without a lease can be taken over. A lease that has run out never
  comes back: the worker goes on under another name, with the worlds that are still its own.
- The log has numbers of our own. A commit that is sent again adds nothing twice, and one that finds
  a shorter log than there was (Redis has lost its end) writes the whole world again.
- An empty Redis has no world, and that makes no world new: its owner may have it. So none begins in
  the first moments of a Redis, nor as long as a worker runs that was there before and has not owned
  all its worlds again; that is 503. And a worker that ends keeps its worlds until Redis has them.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakSet

from fake_runway.clock import call_after, loop_time, pause
from fake_runway.core.draws import draw
from fake_runway.worlds.naming import key_tag
from fake_runway.worlds.preserved import (
    NotPreserved,
    contents_of,
    preserved,
    preserved_later,
)
from fake_runway.worlds.store import KeptWorlds, NotKept
from fake_runway.worlds.world import World

PREFIX = "fr1"
_VALID = 0.75
"""The part of its lease in which a worker answers: clocks of machines do not run equally fast."""
_RENEWED_EACH = 1 / 6
_OTHERS = 0.5
"""The part of a lease in which no world is new, after Redis has lost everything, or begun: its
owner may be about to keep it again. As long are owners spared whose lease ran out with ours.
"""
ANSWER_S = 5.0
_AGAIN_S = 0.2
_MOST_ENTRIES = 500
_SOON_S = 0.1
_SLOWEST = 10 << 20  # bytes of uploads that Redis takes in a second, at least

_log = logging.getLogger("fake_runway")

_KEEP = """
local owner = redis.call('GET', KEYS[1])
if owner ~= ARGV[1] then
  return owner and redis.call('EXISTS', KEYS[3]) == 1 and 'other' or 'gone'
end
local number = tonumber(ARGV[2])
if ARGV[3] ~= '' then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[3], 'world', ARGV[3], 'number', number)
else
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
  local known = last[1] and tonumber(string.match(last[1][1], '^%d+'))
  known = known or tonumber(redis.call('HGET', KEYS[3], 'number') or -1)
  if known < number then return 'short' end
  if known > number then number = known end
end
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  if ARGV[at + 1] == '' then redis.call('HDEL', KEYS[4], ARGV[at])
  else redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1]) end
  at = at + 2
end
for index = at, #ARGV do
  local own = tonumber(ARGV[2]) + index - at + 1
  if own > number then redis.call('XADD', KEYS[2], own .. '-0', 'e', ARGV[index]) end
end
return 'kept'
"""
"""Keep a world, or entries of it, and with both the bytes of uploads that came or (empty) went.

Its keys have its name as hash tag: one slot of a cluster.
"""

_SHORTEN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(redis.call('HGET', KEYS[3], 'number')) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[3], 'world', ARGV[3], 'number', ARGV[2])
return redis.call('XTRIM', KEYS[2], 'MINID', (tonumber(ARGV[2]) + 1) .. '-0')
"""

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and owner ~= ARGV[2] then
  if ARGV[3] ~= 'lost' or redis.call('EXISTS', KEYS[3]) == 1 then return {owner} end
end
redis.call('SET', KEYS[1], ARGV[1])
for index = 1, #KEYS do redis.call('PERSIST', KEYS[index]) end
local kept = redis.call('HMGET', KEYS[3], 'world', 'number')
return {ARGV[1], kept[1], kept[2], redis.call('XRANGE', KEYS[2], '-', '+'), owner or ''}
"""

_LEAVE = """
if redis.call('EXISTS', KEYS[1], KEYS[3]) == 0 then return 'gone' end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'other' end
redis.call('DEL', KEYS[1])
for index = 2, #KEYS do
  if ARGV[2] == '0' then redis.call('DEL', KEYS[index])
  else redis.call('PEXPIRE', KEYS[index], ARGV[2]) end
end
return 'left'
"""

_LIFE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('SET', KEYS[1], now .. ' ' .. ARGV[1], 'NX')
local life = redis.call('GET', KEYS[1])
return {life, now - tonumber(string.match(life, '^%d+'))}
"""
"""Name the time from one loss of everything to the next; say how many milliseconds it is old."""

_MEET = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
for index = 3, #ARGV do
  local here = redis.call('ZSCORE', KEYS[1], ARGV[index])
  if not here then redis.call('SADD', KEYS[2], ARGV[index]) end
end
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[2])
  redis.call('SREM', KEYS[2], ARGV[2])
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
"""Join those who own all their worlds, and await those who did before Redis lost everything."""

_MEETING = (f"{PREFIX}:{{workers}}:here", f"{PREFIX}:{{workers}}:awaited")


class NotHere(BaseException):
    """A world that is not in this worker, or may not be: `SharedWorlds.settle` finds out.

    No `Exception`, because it is no failure: the request is handled again, or elsewhere.

    Args:
        name, tag: of the world.
        known: names, the first of which that a world has is wanted.
        taken: a name that is to be free.
        all_: the names of all worlds are wanted, which no store knows.
    """

    def __init__(
        self,
        name: str = "",
        *,
        tag: str = "",
        known: Sequence[str] = (),
        taken: str = "",
        all_: bool = False,
    ) -> None:
        super().__init__(name or tag or taken)
        self.name = name
        self.tag = tag
        self.known = tuple(known)
        self.taken = taken
        self.all = all_


@dataclass(slots=True)
class _Line:
    """What waits to be kept of one world.

    Attributes:
        owner: the name of this worker by which it is owned in Redis.
        life: of the Redis in which it is owned.
        number: of the last entry that is kept.
        whole: the whole world, after the entries before it.
        entries: those after it, not sent yet.
        sent: what was sent and may be kept; each has a number.
        waits: of the answers that tell of all that.
        length: how many entries there are since the whole world was kept last.
        contents: the digests of the bytes of uploads that belong to it.
        changed: those that came and were not kept yet, and (empty) those that went.
        gone: Redis knows no owner of it.
    """

    world: World
    owner: str
    life: str
    number: int = 0
    whole: bytes = b""
    entries: list[Callable[[], bytes]] = field(default_factory=list)
    waits: asyncio.Future[None] | None = None
    sent: list[bytes] = field(default_factory=list)
    length: int = 0
    contents: set[str] = field(default_factory=set)
    changed: dict[str, bytes] = field(default_factory=dict)
    gone: bool = False

    @property
    def waiting(self) -> bool:
        """Whether something is not kept yet."""
        return bool(self.whole or self.sent or self.entries or self.changed)

    def seal(self) -> int:
        """Give the entries a number, as one; return the last number there is."""
        if self.entries:
            self.sent.append(b"\n".join([each() for each in self.entries]))
            self.length += len(self.entries)
            self.entries.clear()
        return self.number + len(self.sent)

    def has(self, found: Mapping[str, bytes]) -> None:
        """Note the bytes of uploads that belong to the world now."""
        gone = self.contents - found.keys()
        self.changed.update({digest: found[digest] for digest in found.keys() - self.contents})
        self.changed.update(dict.fromkeys(gone, b""))
        self.contents = set(found)


class _Sent(NamedTuple):
    """What was sent of a world: whole or not, so many entries, in whose name; and who waits."""

    line: _Line
    entries: int
    whole: bytes
    changed: dict[str, bytes]
    waits: asyncio.Future[None] | None
    me: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of a claim: the world as it is kept (None: it is new), or its owner's address."""

    snapshot: bytes | None = None
    entries: Sequence[bytes] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)
    number: int = 0
    elsewhere: str = ""


class RedisStore:
    """The store of one worker.

    Args:
        redis: a client of redis-py, of one server or of a cluster, which returns bytes.
        seed: of the names that it goes by; no two workers have the same.
        expires_s: how long a world stays in Redis that no worker has.
        lease_s: how long its lease lasts.

    Attributes:
        address: where other workers reach it; to be set before `open`.
        me: the name that it goes by now.
        named: is called with each name.
        forgets: Redis keeps nothing on disk.
        is_first: there was no other worker when this one joined.
    """

    def __init__(
        self, redis: Any, *, seed: str, expires_s: float, lease_s: float, worlds: "SharedWorlds"
    ) -> None:
        from redis.exceptions import RedisClusterException, RedisError

        self._redis = redis
        self._failures = (RedisError, RedisClusterException, OSError, TimeoutError)
        self._seed = seed
        self._lease_s = lease_s
        self._expires_ms = str(int(expires_s * 1_000))
        self._worlds = worlds
        self._generation = 0
        self.me = self.address = ""
        self.named: Callable[[str], None] = lambda _: None
        self.forgets = self.is_first = False
        self._valid_until = 0.0
        self._life = self._met_in = ""
        self._others: list[str] = []
        self._spares_until = 0.0
        self._runs_until: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()
        self._lines: dict[str, _Line] = {}
        self._dirty: dict[str, None] = {}
        self._wanted = asyncio.Event()
        self._sending = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self._renewing: asyncio.Task[None] | None = None
        self._down = ""
        self._waits_until = 0.0
        self._leaving: dict[str, asyncio.Task[None]] = {}

    @property
    def valid(self) -> bool:
        """Whether the lease surely stands."""
        return loop_time(self._loop) < self._valid_until

    async def ensure_valid(self) -> None:
        """Return once the lease surely stands, and the worlds here are this worker's.

        Raises:
            NotKept: Redis does not answer.
        """
        if not self.valid:
            await self.renew()

    async def open(self) -> None:
        """Ask for a lease, and begin to keep."""
        await self.renew()
        self.is_first = not self._others
        self._tasks = [
            asyncio.ensure_future(self._keep_lease()),
            asyncio.ensure_future(self._keep_all()),
        ]
        await pause(max(0.0, self._waits_until - loop_time(self._loop)))

    # The lease

    async def _keep_lease(self) -> None:
        while not self._closed:
            await pause(self._lease_s * _RENEWED_EACH)
            with suppress(NotKept):
                await self.renew()

    async def renew(self) -> None:
        """Ask for the lease again; after it has run out, go on under another name.

        Raises:
            NotKept: Redis does not answer.
        """
        if self._renewing is None:  # one for all who wait for it
            self._renewing = asyncio.ensure_future(self._renewed())
            self._renewing.add_done_callback(self._has_renewed)
        await asyncio.shield(self._renewing)

    def _has_renewed(self, done: asyncio.Task[None]) -> None:
        self._renewing = None
        if not done.cancelled():
            done.exception()  # else asyncio complains where no caller waits any more

    async def _renewed(self) -> None:
        if not self.address:
            raise NotKept("This worker is starting: try again.")
        asked = loop_time(self._loop)
        key, ms = f"{PREFIX}:worker:{self.me}", int(self._lease_s * 1_000)
        if not self.me or not await self._command("SET", key, self.address, "XX", "PX", ms):
            self._valid_until = 0.0
            await self._see_life()
            self._generation += 1
            me = draw(self._seed, self.address, "worker", self._generation).hex()
            asked = loop_time(self._loop)
            await self._command("SET", f"{PREFIX}:worker:{me}", self.address, "PX", ms)
            if self.me:
                _log.warning("the lease in Redis ran out; this worker goes on under another name")
                # if it was Redis that did not answer, the leases of others have run out too
                self._spares_until = asked + self._lease_s * _OTHERS
            self.me = me
            self.named(me)
        if self._met_in != self._life:
            await self._meet("", *self._others)
        # those that no other worker has taken over since the lease ran out; also of an earlier time
        # at which Redis did not answer for all of them
        for line in [each for each in self._lines.values() if each.owner != self.me]:
            await self._claim_again(line)
        self._others = await self._meet(self.address)
        self._met_in = self._life
        self._valid_until = asked + self._lease_s * _VALID

    async def _meet(self, address: str, *lost: str) -> list[str]:
        """Say that this worker owns all its worlds (empty: not yet); return who else does."""
        ms = int(self._lease_s * 1_000)
        answer = await self._command("EVAL", _MEET, 2, *_MEETING, ms, address, *lost)
        return [name for each in answer if (name := each.decode()) != self.address]

    async def _see_life(self) -> None:
        """Find out whether Redis has lost everything since it was last asked, or has just begun."""
        new = draw(self._seed, self.me, "born", self._generation).hex()
        found, age_ms = await self._command("EVAL", _LIFE, 1, f"{PREFIX}:born", new)
        before, self._life = self._life, found.decode()
        if self._life == before:
            return
        # others have their turn to keep their worlds again, before anybody makes new ones
        age_s = 0.0 if before else age_ms / 1_000
        self._waits_until = loop_time(self._loop) + self._lease_s * _OTHERS - age_s
        if before:
            known = ", ".join(self._others) or "none"
            _log.warning("Redis has lost its data; other workers that may have worlds: %s", known)

    async def _claim_again(self, line: _Line) -> None:
        """Own a world that is here still, unless another worker has it, or had it meanwhile."""
        name, me, before, dead = line.world.name, self.me, line.owner, line.owner
        lost = line.gone or line.life != self._life
        while True:
            # who has claimed it since Redis lost it, and has kept nothing, is refused when it does
            answer = await self._script(_CLAIM, name, me, dead, "lost" if lost else "")
            if (owner := answer[0].decode()) == me:
                break
            if await self._command("GET", f"{PREFIX}:worker:{owner}") is not None:
                self._lose(line)
                return
            dead = owner
        line.owner, line.life, line.gone = me, self._life, False
        number = -1 if answer[1] is None else _number_of(answer)
        others = answer[4].decode() not in (before, me)  # had it
        behind = 0 <= number < line.number or (lost and number < 0)
        if others and not behind and (not lost or number > line.number + len(line.sent)):
            await self._leave(name, self._expires_ms)
            self._lose(line)
        elif behind or number < 0:
            _log.warning("Redis has lost what world %s did last: it is kept again", name)
            self._queue_whole(line)

    # Worlds

    async def claim(self, name: str) -> Claimed:
        """Become the owner of a world, unless another worker is.

        Raises:
            NotKept: Redis does not answer.
        """
        if (leaving := self._leaving.get(name)) is not None:
            _, still = await asyncio.wait([leaving], timeout=ANSWER_S)
            if still:
                raise NotKept("The world is on its way to Redis, which does not answer: try again.")
        await self._notice_loss()
        if await self._command("EXISTS", *_keys(name)) == 0:
            await self._check_nothing_lost()  # who claims it now would take it from its owner
        dead = ""
        while True:
            answer = await self._script(_CLAIM, name, self.me, dead)
            owner = answer[0].decode()
            if owner == self.me:
                if answer[1] is not None:
                    await self._command("PERSIST", f"{PREFIX}:tag:{key_tag(name)}")
                    entries = [each for _, fields in answer[3] for each in fields[1].split(b"\n")]
                    contents = await self._contents_of(name)
                    return Claimed(answer[1], entries, contents, _number_of(answer))
                try:
                    await self._check_nothing_lost()  # nor just before it was claimed
                except NotKept:
                    await self._leave(name, "0")
                    raise
                return Claimed()
            address = await self._command("GET", f"{PREFIX}:worker:{owner}")
            if address is not None:
                return Claimed(elsewhere=address.decode())
            if loop_time(self._loop) < self._spares_until:
                raise NotKept("The worker of this world may be about to own it again: try again.")
            dead = owner

    async def _contents_of(self, name: str) -> dict[str, bytes]:
        """Return the bytes of a world's uploads; one at a time, because they may be large."""
        key = _keys(name)[3]
        return {
            digest.decode(): await self._command("HGET", key, digest)
            for digest in await self._command("HKEYS", key)
        }

    async def _notice_loss(self) -> None:
        if await self._command("GET", f"{PREFIX}:born") != self._life.encode():
            self._valid_until = 0.0
            await self.renew()

    async def _check_nothing_lost(self) -> None:
        """Check that a world which is not in Redis is nowhere.

        Raises:
            NotKept: Redis has lost everything, and its owner may be about to keep it again.
        """
        await self._notice_loss()
        if loop_time(self._loop) < self._waits_until:
            raise NotKept("Redis has lost its data, and workers keep their worlds again.")
        for address in await self._command("SMEMBERS", _MEETING[1]):
            if await self._runs(address.decode()):
                raise NotKept("Redis has lost its data, and a worker is yet to keep its worlds.")
            _log.warning("worker %s ended before Redis had its worlds again", address.decode())
            await self._command("SREM", _MEETING[1], address)

    async def _runs(self, address: str) -> bool:
        """Return whether a worker runs, or stands still: its connections are accepted for it."""
        now = loop_time(self._loop)
        if now < self._runs_until.get(address, 0.0):  # they are accepted up to a number
            return True
        where = urlsplit(address)
        try:
            async with asyncio.timeout(ANSWER_S):
                _, writer = await asyncio.open_connection(where.hostname, where.port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        self._runs_until[address] = now + self._lease_s * _RENEWED_EACH
        return True

    async def name_of(self, tag: str) -> str | None:
        """Return the name of the world whose session keys carry a tag, if there is one.

        Raises:
            NotKept: Redis does not answer, or has just lost everything.
        """
        name = await self._command("GET", f"{PREFIX}:tag:{tag}")
        if name is not None:
            return str(name.decode())
        await self._check_nothing_lost()
        return None

    async def first_of(self, names: Sequence[str]) -> str | None:
        """Return the first of these names that a world has, if any.

        Raises:
            NotKept: Redis does not answer, or has just lost everything.
        """
        for name in names:
            if await self._command("HEXISTS", _keys(name)[2], "number"):
                return name
        await self._check_nothing_lost()
        return None

    async def address_of(self, name: str) -> str:
        """Return where a world is, or the address of another worker; empty if there is none."""
        owner = await self._command("GET", _keys(name)[0])
        if owner is not None and (known := owner.decode()) != self.me:
            address = await self._command("GET", f"{PREFIX}:worker:{known}")
            if address is not None:
                return str(address.decode())
        return next(iter(await self.others()), "")

    async def others(self) -> list[str]:
        """Return the addresses of all other workers.

        Raises:
            NotKept: Redis does not answer.
        """
        return [each for each in await self.addresses() if each != self.address]

    async def addresses(self) -> list[str]:
        """Return the addresses of all workers."""
        try:
            async with asyncio.timeout(ANSWER_S):
                keys = [key async for key in self._redis.scan_iter(f"{PREFIX}:worker:*")]
        except self._failures as error:
            self._note_down(error)
            raise NotKept("The store does not answer: try again.") from None
        found = [await self._command("GET", key) for key in keys]
        return [each.decode() for each in found if each]

    async def forget_worker(self, id_: str) -> None:
        """Take the lease of a worker that has surely ended; in time it ends by itself."""
        with suppress(NotKept):
            await self._command("DEL", f"{PREFIX}:worker:{id_}")

    def holds(self, world: World, claimed: Claimed) -> None:
        """Note that a world is here, as it was claimed."""
        contents = set(claimed.contents)
        self._lines[world.name] = _Line(
            world, self.me, self._life, claimed.number, contents=contents
        )

    # What has to be kept

    def entry(self, world: World, raw: Callable[[], bytes], *, soon: bool) -> None:
        """Keep an entry, as of `Store`."""
        line = self._lines[world.name]
        if soon:
            line.entries.append(raw)
            if self._timer is None and world.name not in self._dirty:
                self._timer = call_after(_SOON_S, self._flush_soon)
            return
        written = raw()
        line.entries.append(lambda: written)
        self._queue(line)
        account = world.account
        kept = len(account.sessions) + len(account.tasks.by_id) + len(world.log)
        if line.length > _MOST_ENTRIES + kept:
            line.length = 0
            shortening = asyncio.ensure_future(self._shorten(line))
            self._tasks.append(shortening)
            shortening.add_done_callback(self._tasks.remove)

    async def _shorten(self, line: _Line) -> None:
        """Keep a world as it is now, and drop the entries before that from its log."""
        world, name = line.world, line.world.name
        # at one moment: calls that came since this was begun are in the world, and not behind it
        number, written = line.seal(), preserved_later(world, self._worlds.catalogue)
        raw = await asyncio.to_thread(written)
        while line.number < number and self._lines.get(name) is line:
            await pause(_SOON_S)  # its log is not so long yet
        if self._lines.get(name) is line and line.world is world:
            with suppress(NotKept):  # the next one does it as well
                await self._script(_SHORTEN, name, self.me, number, raw)

    def contents(self, world: World, found: Mapping[str, bytes]) -> None:
        """Keep bytes of uploads, as of `Store`."""
        self._lines.setdefault(world.name, _Line(world, self.me, self._life)).has(found)

    def whole(self, world: World, raw: bytes) -> None:
        """Keep a whole world, as of `Store`."""
        line = self._lines.setdefault(world.name, _Line(world, self.me, self._life))
        line.world = world
        self._queue_whole(line, raw)

    def drop(self, world: World, *, reason: str) -> None:
        """Forget a world, as of `Store`: in Redis too if that was asked for."""
        name, line = world.name, self._lines.pop(world.name, None)
        self._dirty.pop(name, None)
        if line is None:
            return
        lasts = "0" if reason == "asked" else self._expires_ms
        leaving = self._leaving[name] = asyncio.ensure_future(self._give_away(line, lasts))
        leaving.add_done_callback(lambda _: self._leaving.pop(name, None))
        if lasts == "0":
            world.unkept = leaving

    async def _give_away(self, line: _Line, lasts_ms: str) -> None:
        """Leave a world, with all of it kept: it is here until Redis says that it has it."""
        async with self._sending:
            pass  # what is on its way has come, and cannot come after what is sent below
        while lasts_ms != "0":
            with suppress(NotKept):
                await self.ensure_valid()
                if line.gone or line.owner != self.me:
                    await self._claim_again(line)
                while line.waiting and await self._round([line]):
                    pass
                if not line.waiting:
                    line.gone = await self._leave(line.world.name, lasts_ms) == b"gone"
                    if not line.gone:
                        break
                    self._valid_until = 0.0  # the lease is gone, too
            await pause(_AGAIN_S)
        else:
            await self._leave(line.world.name, lasts_ms)
        if line.waits is not None:
            self._end(line.world, line.waits, None)

    async def _leave(self, name: str, lasts_ms: str) -> bytes:
        """Return `left`; or `other`, if another worker has it, or `gone`, if Redis has lost it."""
        tag = f"{PREFIX}:tag:{key_tag(name)}"
        answer: bytes = await self._script(_LEAVE, name, self.me, lasts_ms)
        if lasts_ms == "0":
            await self._command("DEL", tag)
        else:
            await self._command("PEXPIRE", tag, lasts_ms)
        return answer

    def _queue_whole(self, line: _Line, raw: bytes | None = None) -> None:
        line.number = line.seal() + 1  # nothing else has the number of this state
        line.sent.clear()
        if raw is None:  # Redis has lost it
            raw = preserved(line.world, self._worlds.catalogue)
            line.contents.clear()
            line.has(contents_of(line.world))
        line.whole = raw
        line.length = 0
        self._queue(line)

    def _queue(self, line: _Line) -> None:
        if line.waits is None:
            line.waits = self._loop.create_future()
        line.world.unkept = line.waits
        self._dirty[line.world.name] = None
        self._wanted.set()

    def _flush_soon(self) -> None:
        self._timer = None
        for name, line in self._lines.items():
            if line.entries:
                self._dirty[name] = None
        if self._dirty:
            self._wanted.set()

    async def _keep_all(self) -> None:
        while not self._closed:
            await self._wanted.wait()
            self._wanted.clear()
            async with self._sending:
                names, self._dirty = list(self._dirty), {}
                lines = [line for name in names if (line := self._lines.get(name)) is not None]
                fine = not lines or await self._round(lines)
            if not fine:
                await self._own_again(lines)
                for line in lines:
                    if self._lines.get(line.world.name) is line:
                        self._dirty[line.world.name] = None
                await pause(_AGAIN_S)
                self._wanted.set()

    async def _own_again(self, lines: list[_Line]) -> None:
        """Claim the worlds of these whose owner Redis has lost, although the lease stands.

        As after a node of a cluster has lost its data, or a full Redis has evicted keys.
        """
        me = self.me
        for line in [each for each in lines if each.gone]:
            with suppress(NotKept):
                await self.ensure_valid()
                if self.me == me and self._lines.get(line.world.name) is line:
                    await self._claim_again(line)

    async def _round(self, lines: list[_Line]) -> bool:
        """Send what waits of some worlds; return whether Redis answered."""
        sent, size = [], 0
        pipeline: Any = self._redis.pipeline(transaction=False)
        for line in lines:
            line.seal()
            entries, whole, waits = line.sent[:], line.whole, line.waits
            name, me, changed = line.world.name, self.me, line.changed.copy()
            files = itertools.chain.from_iterable(changed.items())
            words = [me, line.number, whole, len(changed), *files, *entries]
            pipeline.execute_command("EVAL", _KEEP, len(_keys(name)), *_keys(name), *words)
            size += sum(map(len, changed.values()))
            if whole:
                # a key of a fork is that of its origin, as long as there is one
                fork = () if name == line.world.origin else ("NX",)
                tag = f"{PREFIX}:tag:{key_tag(line.world.origin)}"
                pipeline.execute_command("SET", tag, name, *fork)
            line.waits = None
            sent.append(_Sent(line, len(entries), whole, changed, waits, me))
        try:
            async with asyncio.timeout(ANSWER_S + size / _SLOWEST):
                answers = await pipeline.execute(raise_on_error=False)
        except self._failures as error:
            self._note_down(error)
            answers = [error] * 2 * len(sent)
        fine, at = True, 0
        for each in sent:
            answer, at = answers[at], at + (2 if each.whole else 1)
            fine = self._took(each, answer) and fine
        return fine

    def _took(self, sent: "_Sent", answer: object) -> bool:
        """Take the answer to what was sent; return whether nothing has to be sent again."""
        line, waits, world = sent.line, sent.waits, sent.line.world
        if isinstance(answer, Exception):
            self._note_down(answer)
            self._end(world, waits, NotKept("The store does not answer, or is full: try again."))
            return False
        if answer == b"kept":
            self._down = ""
            if line.whole is sent.whole:
                line.whole = b""
                del line.sent[: sent.entries]
                line.number += sent.entries
                for digest, content in sent.changed.items():
                    if line.changed.get(digest) == content:
                        del line.changed[digest]
            self._end(world, waits, None)
            return True
        if answer == b"short":
            _log.warning("Redis has lost what world %s did last: it is kept again", world.name)
            self._wait_on(line, waits)  # until that is kept
            self._queue_whole(line)
            return True
        if answer == b"gone" or sent.me != self.me:
            self._wait_on(line, waits)
            line.gone = answer == b"gone"
            self._valid_until = 0.0  # the lease is gone too, or will be had under another name
            return False
        self._end(world, waits, NotKept("Another worker has taken over this world: try again."))
        self._lose(line)
        return True

    def _wait_on(self, line: _Line, waits: asyncio.Future[None] | None) -> None:
        """Let answers wait until what is sent next is kept."""
        if line.waits is None:
            line.waits = waits
        elif waits is not None:
            line.waits.add_done_callback(lambda d: self._end(line.world, waits, d.exception()))

    def _end(
        self, world: World, waits: asyncio.Future[None] | None, error: BaseException | None
    ) -> None:
        if waits is None or waits.done():
            return
        if error is None:
            waits.set_result(None)
        else:
            waits.set_exception(error)
            waits.exception()  # else asyncio complains where no answer waits for it
        if world.unkept is waits:
            world.unkept = None

    def _lose(self, line: _Line) -> None:
        """Forget a world that another worker has."""
        name = line.world.name
        _log.warning("world %s is with another worker now", name)
        line.whole = b""
        line.sent.clear()
        line.entries.clear()
        line.changed.clear()
        self._lines.pop(name, None)
        if line.waits is not None:
            self._end(line.world, line.waits, NotKept("Another worker has this world: try again."))
        self._worlds.lost(name)

    def _note_down(self, error: object) -> None:
        text = type(error).__name__ if isinstance(error, TimeoutError) else str(error)
        if self._down != text:
            _log.error("Redis does not keep what is given to it: %s", text)
            self._down = text

    async def _script(self, script: str, name: str, *words: str | int | bytes) -> Any:
        """Run a script on a world; as of `_command`."""
        keys = _keys(name)
        return await self._command("EVAL", script, len(keys), *keys, *words)

    async def _command(self, *words: Any) -> Any:
        """Send a command.

        Raises:
            NotKept: there is no answer.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._redis.execute_command(*words)
        except self._failures as error:
            self._note_down(error)
            raise NotKept("The store does not answer: try again.") from None

    async def left(self, within_s: float) -> None:
        """Return once Redis has all worlds that were given away, or has not for so long."""
        if self._leaving:
            await asyncio.wait(self._leaving.values(), timeout=within_s)

    async def close(self) -> None:
        """Keep what waits, give the worlds away, and end."""
        for line in list(self._lines.values()):
            self.drop(line.world, reason="moved")
        await self.left(ANSWER_S)
        if self._leaving:
            _log.error(
                "Redis does not answer: what it lost of %d worlds is lost", len(self._leaving)
            )
        self._closed = True  # asyncio.wait_for of Python 3.11, in the client, may swallow a cancel
        tasks = [*self._tasks, *self._leaving.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.forget_worker(self.me)  # else the lease ends by itself
        with suppress(NotKept):
            await self._command("ZREM", _MEETING[0], self.address)
        await self._redis.aclose()


class SharedWorlds(KeptWorlds):
    """The worlds of one worker. Set `store` and `load` before the first is used.

    Attributes:
        load: makes a world of what is kept of it.
        leaving: this worker ends: it takes no worlds any more.
    """

    store: RedisStore
    load: Callable[[bytes, Sequence[bytes], Mapping[str, bytes]], World]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._mine: set[str] = set()
        self._settling: dict[str, asyncio.Lock] = {}
        self._no_such_tag = ""
        self._none_of: tuple[str, ...] = ()
        self._taken = ""
        self._names: list[str] | None = None
        self._moved = WeakSet[World]()
        self.leaving = False

    def used(self, name: str) -> World | None:
        """Return the world of that name if there is one; it counts as used now.

        Raises:
            NotHere: it is not known here.
        """
        if not name:
            return None
        if name in self._mine and self.store.valid:
            return super().used(name)
        raise NotHere(name)

    def known(self, names: Sequence[str]) -> World | None:
        """Return the first world that has one of these names, if any; it counts as used now.

        Raises:
            NotHere: it is not known here.
        """
        if not self.store.valid:
            raise NotHere(known=names)
        for name in names:
            if name in self._mine and (world := super().used(name)) is not None:
                return world
        if self._none_of != tuple(names):
            raise NotHere(known=names)
        self._none_of = ()
        return None

    def found(self, name: str) -> World | None:
        """Return the world of that name if there is one, here or elsewhere.

        Raises:
            NotHere: it is not known here.
        """
        if name in self._mine and self.store.valid:
            return self.get(name)
        raise NotHere(name)

    def taken(self, name: str) -> bool:
        """Return whether there is a world of that name, here or elsewhere; if not, it is ours.

        Raises:
            NotHere: it is not known here.
        """
        if name in self._mine and self.store.valid:
            return super().taken(name)
        if self._taken != name:
            raise NotHere(taken=name)
        self._taken = ""
        return True

    def names(self) -> list[str]:
        """Return the names of all worlds, that of the most recently used last.

        Raises:
            NotHere: they are not known here; `have_names` says them.
        """
        if self._names is None:
            raise NotHere(all_=True)
        names, self._names = self._names, None
        return names

    def have_names(self, names: list[str]) -> None:
        """Say the names of all worlds to who asks next, which is at once."""
        self._names = names

    def has_moved(self, world: World) -> bool:
        """Return whether a world that was here goes on in another worker, or may."""
        return world in self._moved

    def of_tag(self, tag: str | None) -> World | None:
        """Return the world whose session keys carry `tag`, None if there is none.

        Raises:
            NotHere: it is not known here.
        """
        if tag is None:
            return None
        world = super().of_tag(tag)
        if world is None and self._no_such_tag != tag:
            raise NotHere(tag=tag)
        self._no_such_tag = ""
        return world

    def adopt(self, world: World) -> World:
        """Add a world and keep it, in place of one of its name; return it.

        Raises:
            NotHere: its name is not this worker's.
        """
        if world.name not in self._mine:
            raise NotHere(world.name)
        return super().adopt(world)

    def drop(self, name: str, *, reason: str = "asked") -> bool:
        """Drop a world, as of `KeptWorlds`."""
        self._mine.discard(name)
        if reason != "asked" and (world := self.get(name)) is not None:
            self._moved.add(world)
        return super().drop(name, reason=reason)

    def lost(self, name: str) -> None:
        """Forget a world that another worker has."""
        self._mine.discard(name)
        world = self.get(name)
        if world is not None:
            self._moved.add(world)
            self._leave(world)
            super(KeptWorlds, self).drop(name, reason="moved")

    def leave_all(self) -> None:
        """Give all worlds away, and take none from now on."""
        self.leaving = True
        for world in self:
            self.drop(world.name, reason="moved")
        self._mine.clear()

    async def settle(self, need: NotHere) -> str:
        """Find a world that was not here; return the address of its worker, empty if it is here.

        Raises:
            NotKept: Redis does not answer.
        """
        await self.store.ensure_valid()
        if need.known:
            name = await self.store.first_of(need.known)
        else:
            name = need.name or need.taken or await self.store.name_of(need.tag)
        if self.leaving:
            return await self.store.address_of(name or "")
        if name is None:
            # who asks again does so at once
            self._no_such_tag, self._none_of = need.tag, need.known
            return ""
        async with self._settling.setdefault(name, asyncio.Lock()):
            if name in self._mine:
                return ""
            claimed = await self.store.claim(name)
            if claimed.elsewhere and need.taken:
                self._taken = name
                return ""
            if claimed.elsewhere:
                return claimed.elsewhere
            if claimed.snapshot is not None:
                try:
                    world = self.load(claimed.snapshot, claimed.entries, claimed.contents)
                except NotPreserved as error:
                    _log.error("world %s: %s", name, error)
                    raise NotKept(f"The world cannot be read: {error}") from None
                self._mine.add(name)
                self.adopt_kept(world)
                self.store.holds(world, claimed)
                self.drop_idle()
            else:
                self._mine.add(name)
        self._settling.pop(name, None)
        return ""


def _keys(name: str) -> tuple[str, ...]:
    """Return the keys of a world: its owner, its log, itself, and the bytes of its uploads."""
    return tuple(f"{PREFIX}:{{{name}}}:{part}" for part in ("owner", "log", "world", "files"))


def _number_of(claimed: Sequence[Any]) -> int:
    """Return the number of the last entry that a claim has shown."""
    if claimed[3]:
        return int(claimed[3][-1][0].partition(b"-")[0])
    return int(claimed[2])
