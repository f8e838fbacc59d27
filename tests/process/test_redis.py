"""Limits that replicas share through a real Redis: together, through outages, and without secrets.

Two replicas are two connection pools with a limiter and leases each. Time that has to pass does so
on a clock that the test moves, or by shortening what Redis keeps.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import cast

import pytest

from gateway.clock import LoopClock
from gateway.errors import LimitsUnavailable, RateLimited, TooManySessions
from gateway.limits.in_flight import KEY, InFlightLimit
from gateway.limits.rates import PREFIX, RateLimiter, parse_rate
from gateway.limits.settings import LimitSettings
from gateway.limits.storage import PROBE_EVERY_S, Outage, Storage
from gateway.limits.window import MARGIN_S, Counters, Rate
from tests.support.gateway.redis_server import RedisServer, redis_server

PASSWORD = "correct-horse"
LONGEST_S = 90.0
PATIENT_S = 60.0  # a busy machine is no outage
IMPATIENT_S = 0.05  # where the server is frozen, and every wait is real


class HandClock(LoopClock):
    """A clock that stands until the test moves it."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """Return the instant that the test has set."""
        return self.at


COUNT = """
local clock = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], clock[1] + clock[2] / 1000000, '+inf')
"""


class Replica:
    """The own objects of one gateway."""

    def __init__(self, storage: Storage, rates: tuple[Rate, ...], most: int) -> None:
        self.storage = storage
        self.limiter = RateLimiter(rates, storage=storage, clock=LoopClock())
        self.leases = InFlightLimit(most, storage=storage, longest_s=LONGEST_S)

    async def passes(self, caller: str = "token-1") -> bool:
        """Return whether one connect is within the rate."""
        try:
            await self.limiter.hit(caller)
        except RateLimited:
            return False
        return True

    async def in_flight(self) -> int:
        """Return how many leases have not ended yet, by the clock of Redis."""
        return cast(int, await self.redis("EVAL", COUNT, 1, KEY))

    async def redis(self, *words: str | float) -> object:
        """Send a command as an operator would."""
        return await self.storage.command(*words)


@asynccontextmanager
async def replica(
    url: str,
    *,
    rate: str = "3/minute",
    most: int = 2,
    policy: Outage = Outage.CLOSED,
    answer_s: float = PATIENT_S,
    clock: LoopClock | None = None,
) -> AsyncIterator[Replica]:
    """Open one replica, and close it in the order that a gateway does."""
    settings = LimitSettings(rates=parse_rate(rate), storage=url, on_outage=policy, in_flight=most)
    storage = settings.open_storage(clock or LoopClock(), answer_s)
    assert storage is not None
    one = Replica(storage, settings.rates, settings.in_flight)
    try:
        yield one
    finally:
        await one.leases.close()
        await one.storage.close()


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis with a password."""
    with redis_server(password=PASSWORD) as running:
        yield running


# Rates


async def test_a_rate_holds_over_all_replicas(server: RedisServer) -> None:
    """Of a hundred connects at once to two replicas, exactly the amount passes."""
    async with (
        replica(server.url, rate="30/hour") as one,
        replica(server.url, rate="30/hour") as two,
    ):
        passed = await asyncio.gather(
            *(each.passes() for _ in range(50) for each in (one, two)),
        )
    assert sum(passed) == 30


async def test_callers_are_counted_apart(server: RedisServer) -> None:
    """A caller's connects do not count for another."""
    async with replica(server.url, rate="1/hour") as one:
        first = [await one.passes("token-1"), await one.passes("token-1")]
        other = await one.passes("2001:db8::/64")
    assert (first, other) == ([True, False], True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", ["1/second", "3/minute", "2/minute;3/hour", "7/3 seconds"])
async def test_waiting_for_retry_after_is_enough(server: RedisServer, rate: str, seed: int) -> None:
    """After a refusal the next connect passes once the time it names has gone by."""
    draws = random.Random(seed)
    async with replica(server.url, rate=rate) as one:
        refused = 0
        while refused < 4:
            await age(one, draws.uniform(0, 2) * draws.choice([0, 0, 1, 30]))
            wait_s = await named_wait(one, "caller")
            if wait_s:
                assert wait_s <= max(each.window_s for each in parse_rate(rate)) + MARGIN_S
                await age(one, wait_s)
                assert await one.passes("caller")
                refused += 1


async def test_a_refusal_uses_up_no_rate(server: RedisServer) -> None:
    """A connect that the longer rate refuses leaves the shorter one as it was."""
    async with replica(server.url, rate="5/minute;2/hour") as one:
        passed = [await one.passes("caller") for _ in range(9)]
        counts = [await one.redis("GET", f"{PREFIX}:{{caller:{each}}}") for each in (60, 3_600)]
    assert passed == [True] * 2 + [False] * 7
    assert counts == [b"2", b"2"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", ["3/minute", "2/minute;5/hour", "7/30 seconds,9/minute,20/hour"])
async def test_redis_decides_as_the_counters_in_process_do(
    server: RedisServer, rate: str, seed: int
) -> None:
    """The same connects pass, and the same waits are named, but at instants too close to decide."""
    draws, clock = random.Random(seed), LoopClock()
    counters, passed_by, refusals = Counters(parse_rate(rate)), 0.0, 0
    late_s = 2.0  # of this machine between a call to Redis and the counters
    async with replica(server.url, rate=rate) as one:
        for _ in range(60):
            pause = draws.uniform(0, 40) * draws.choice([0, 0, 1, 1, 30])
            await age(one, pause)
            passed_by += pause
            now = clock.now() + passed_by
            early, late = (deepcopy(counters).take("caller", now + late) for late in (0, late_s))
            named = await named_wait(one, "caller")
            if bool(early) != bool(late):  # too close to decide: reset both
                counters = Counters(parse_rate(rate))
                await one.redis("FLUSHALL")
                continue
            ours = counters.take("caller", clock.now() + passed_by)
            assert named == pytest.approx(ours, abs=late_s)
            refusals += bool(named)
    assert 0 < refusals < 60


async def named_wait(one: Replica, caller: str) -> float:
    """Connect, and return the seconds that a refusal names, 0 if it passed."""
    try:
        await one.limiter.hit(caller)
    except RateLimited as error:
        return error.retry_after_s or 0.0
    return 0.0


AGE = """
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
    redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[2])
end
"""
"""One script, because its clock stands: no millisecond gets lost between reading and writing."""


async def age(one: Replica, seconds: float) -> None:
    """Let time pass for the windows: each key of theirs ends that much sooner."""
    await one.redis("EVAL", AGE, 0, f"{PREFIX}:*", int(seconds * 1000))


async def test_keys_of_a_caller_expire(server: RedisServer) -> None:
    """There are at most two keys per rate, and each expires within two windows."""
    async with replica(server.url, rate="5/minute") as one:
        for _ in range(9):
            await one.passes("token-1")
        keys = await one.redis("KEYS", "*")
        assert keys == [b"gateway:rate:{token-1:60}"]
        left_ms = await one.redis("PTTL", keys[0])
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= 120_000


# InFlightLimit


@pytest.mark.parametrize("seed", range(3))
async def test_never_more_are_in_flight_than_allowed(server: RedisServer, seed: int) -> None:
    """In a storm over two replicas, with callers who leave at any moment, the limit holds."""
    draws = random.Random(seed)
    most = draws.randint(1, 5)
    inside = highest = refused = entered = 0

    async def connect(each: Replica, turns: int) -> None:
        nonlocal inside, highest, refused, entered
        try:
            async with each.leases.held("caller"):
                inside, entered = inside + 1, entered + 1
                highest = max(highest, inside)
                try:
                    for _ in range(turns):
                        await each.storage.problem()
                finally:
                    inside -= 1
        except TooManySessions:
            refused += 1

    async with replica(server.url, most=most) as one, replica(server.url, most=most) as two:
        tasks = []
        for _ in range(150):
            task = asyncio.create_task(connect(draws.choice([one, two]), draws.randrange(4)))
            tasks.append(task)
            for _ in range(draws.randrange(4)):
                await one.storage.problem()
            if draws.random() < 0.3:
                draws.choice(tasks[-3:]).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await one.leases.close()
        await two.leases.close()
        left = await one.redis("ZCARD", KEY)
    assert 0 < highest <= most
    assert refused
    assert entered > most
    assert left == 0


async def test_a_lease_is_given_back_when_its_holder_is_cancelled(server: RedisServer) -> None:
    """Cancelling a connect frees its place, also when it is cancelled again while it gives back."""
    async with replica(server.url, most=1) as one, replica(server.url, most=1) as two:
        holds = asyncio.Event()

        async def connect() -> None:
            async with one.leases.held("caller"):
                holds.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(connect())
        await holds.wait()
        with pytest.raises(TooManySessions):
            await enter(two)
        task.cancel()
        await LoopClock().sleep(0)  # it begins to give back
        task.cancel()
        await asyncio.wait([task])
        await one.leases.close()
        assert await two.in_flight() == 0
        await enter(two)
    assert task.cancelled()


async def test_a_lease_whose_reply_was_lost_is_given_back(server: RedisServer) -> None:
    """A caller who leaves during the call to Redis may hold a lease, and does not keep it."""
    async with replica(server.url, most=1) as one, replica(server.url, most=1) as two:
        await asyncio.gather(one.storage.problem(), one.storage.problem())  # two open connections
        server.freeze()
        task = asyncio.create_task(enter(one))
        for _ in range(20):
            await LoopClock().sleep(0)  # the question goes out
        task.cancel()
        for _ in range(20):
            await LoopClock().sleep(0)
        server.thaw()
        await asyncio.wait([task])
        await one.leases.close()
        assert await two.in_flight() == 0
        entered = await two.redis("SLOWLOG", "GET", -1)
    assert task.cancelled()
    assert isinstance(entered, list)
    words = [word for call in entered for word in call[3] if call[3][0] == b"EVAL"]
    assert any(word.startswith(b"caller:") for word in words)  # else nothing was tested


async def test_a_place_is_free_once_the_block_is_left(server: RedisServer) -> None:
    """A caller who connects again after an answer is not refused for its own lease."""
    async with replica(server.url, most=1) as one:
        for _ in range(50):
            await enter(one)
        assert await one.in_flight() == 0


async def enter(one: Replica) -> None:
    """Take a lease and give it back."""
    async with one.leases.held("caller"):
        pass


async def redis_time(one: Replica) -> tuple[float, float]:
    """Return the time by Redis' clock, which decides, and how long the key of leases lives then."""
    found = await one.redis("EVAL", LEFT, 1, KEY)
    seconds, microseconds, left_ms = cast(list[bytes], found)
    return int(seconds) + int(microseconds) / 1_000_000, int(left_ms) / 1000


LEFT = """
local clock = redis.call('TIME')
return {clock[1], clock[2], redis.call('PTTL', KEYS[1])}
"""
"""One script for both, as above."""


async def test_a_replica_that_died_holds_nothing_for_ever(server: RedisServer) -> None:
    """A lease that is not released ends by itself, and the whole key some time later."""
    async with replica(server.url, most=1) as one, replica(server.url, most=1) as two:
        began_at, _ = await redis_time(one)
        held = one.leases.held("caller")
        async with held:  # never left, as far as Redis knows
            with pytest.raises(TooManySessions):
                await enter(two)
            names = await one.redis("ZRANGE", KEY, 0, -1, "WITHSCORES")
            assert isinstance(names, list)
            lease, ends_at = names[0], float(names[1])
            at, key_left_s = await redis_time(one)
            assert began_at + LONGEST_S <= ends_at <= at + LONGEST_S
            assert ends_at <= at + key_left_s <= ends_at + 2
            await one.redis("ZINCRBY", KEY, -LONGEST_S, lease)
            assert await two.in_flight() == 0
            async with two.leases.held("caller"):
                assert await two.in_flight() == 1


# Outages


@pytest.mark.parametrize("policy", Outage)
async def test_an_outage_is_decided_by_policy_and_logged_once(
    server: RedisServer, policy: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    """While Redis is gone connects pass or are refused; afterwards the limit holds again."""
    caplog.set_level(logging.INFO, "gateway")
    clock = HandClock()
    async with replica(server.url, rate="2/hour", policy=policy, clock=clock) as one:
        assert await one.passes()
        server.stop()
        for _ in range(20):
            await expect(policy, one)
        assert await one.storage.problem()
        server.start()
        await expect(policy, one)  # no probe is due yet
        clock.at += PROBE_EVERY_S
        assert await one.storage.problem() is None
        assert [await one.passes() for _ in range(3)] == [True, True, False]
        await enter(one)
    assert [(record.levelname, PASSWORD in record.getMessage()) for record in caplog.records] == [
        ("WARNING", False),
        ("INFO", False),
    ]


async def expect(policy: Outage, one: Replica) -> None:
    """Connect once during an outage."""
    if policy is Outage.OPEN:
        await one.limiter.hit("token-1")
        await enter(one)
        return
    with pytest.raises(LimitsUnavailable):
        await one.limiter.hit("token-1")
    with pytest.raises(LimitsUnavailable):
        await enter(one)


async def test_a_frozen_server_mixes_up_no_answers(server: RedisServer) -> None:
    """Calls without an answer are refused, and late answers reach no other call."""
    clock = HandClock()
    async with replica(server.url, rate="1/hour", clock=clock) as one:
        await asyncio.gather(*(one.storage.problem() for _ in range(8)))  # connections to be lost
        server.freeze()
        one.storage.outages._answer_s = IMPATIENT_S
        for _ in range(100):
            with pytest.raises(LimitsUnavailable):
                await one.limiter.hit("token-1")
        server.thaw()
        one.storage.outages._answer_s = PATIENT_S
        clock.at += PROBE_EVERY_S
        assert await one.storage.problem() is None
        for caller in ("a", "b", "c"):
            assert [await one.passes(caller), await one.passes(caller)] == [True, False]
        async with one.leases.held("caller"):
            assert await one.in_flight() == 1


async def test_an_outage_at_the_release_is_made_good(server: RedisServer) -> None:
    """A lease that could not be given back is given back with the next call that succeeds."""
    clock = HandClock()
    async with replica(server.url, most=1, clock=clock) as one, replica(server.url, most=1) as two:
        async with one.leases.held("caller"):
            await two.redis("CONFIG", "SET", "requirepass", "changed")
            await two.redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert await two.in_flight() == 1
        await two.redis("CONFIG", "SET", "requirepass", PASSWORD)
        with pytest.raises(LimitsUnavailable):
            await enter(one)
        clock.at += PROBE_EVERY_S
        await enter(one)
        assert await two.in_flight() == 0
        await enter(two)


async def test_the_end_of_an_outage_lets_every_caller_in(server: RedisServer) -> None:
    """Of callers who come at once when Redis is back, empty, none is refused."""
    clock, callers = HandClock(), range(40)

    async def connect(one: Replica, number: int) -> bool:
        try:
            await one.limiter.hit(f"caller {number}")
            async with one.leases.held("caller"):
                return True
        except LimitsUnavailable:
            return False

    async with replica(server.url, rate="9/hour", most=100, clock=clock) as one:

        async def passed() -> int:
            return sum(await asyncio.gather(*(connect(one, number) for number in callers)))

        seen = [await passed()]
        server.stop()
        for _ in range(3):  # the second has broken connections, the third probes in vain
            seen.append(await passed())
            clock.at += PROBE_EVERY_S
        server.start()
        seen += [await passed(), await passed()]
    assert seen == [len(callers), 0, 0, 0, len(callers), len(callers)]


async def test_a_wrong_password_is_an_outage_that_shows_no_password(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """No log line, error or repr of a storage holds the password."""
    caplog.set_level(logging.DEBUG)
    url = server.url.replace(PASSWORD, "wrong-horse")
    settings = LimitSettings(rates=parse_rate("1/minute"), storage=url)
    async with replica(url) as one:
        with pytest.raises(LimitsUnavailable) as caught:
            await one.limiter.hit("token-1")
        outputs = [caplog.text, repr(settings), repr(caught.value), str(caught.value.__cause__)]
    assert "AuthenticationError" in caplog.text
    assert [text for text in outputs if "horse" in text] == []
